-- Posts the file that WEBHOOK_BODY names, as Twilio does, with the signature WEBHOOK_SIGNATURE.
local f = io.open(os.getenv("WEBHOOK_BODY"))
wrk.method = "POST"
wrk.body = f:read("*a")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["X-Twilio-Signature"] = os.getenv("WEBHOOK_SIGNATURE")
f:close()
