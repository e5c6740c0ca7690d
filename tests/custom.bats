# SPDX-License-Identifier: MIT
# Carriers without C: described in the configuration, through the same slots as the built-in ones.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	cat >acme.jq <<-'END'
		if .json.type == "sms" then
			{ kind: "message", direction: "in", channel: "sms", type: "text", external_id: .json.id,
			  from: .json.from, to: [.json.to], text: .json.text }
		elif .json.type == "receipt" then
			.json.receipts[] | { kind: "status", direction: "out", channel: "sms", external_id: .id, status: .state }
		elif .json.type == "bad" then { kind: "message" }
		elif .json.type == "boom" then error("boom")
		else empty end
	END
	printf '{"type":"sms","id":"m1","from":"+15550123","to":"+15550100","text":"hi"}' >body
}

# conf(verify...): a configuration with one carrier of the user's own.
conf() {
	(umask 077; printf '{"public_url":"https://hooks.example.com","carriers":{"acme":{"secret":%s,"normalize":"acme.jq","verify":%s}}}' \
		"$1" "$2" >conf)
}

# request(header...): the body as it comes over HTTP, with the headers.
request() {
	printf 'POST /webhooks/acme HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\n'
	[ $# -eq 0 ] || printf '%s\r\n' "$@"
	printf 'Content-Length: %s\r\n\r\n' "$(wc -c <body)"
	cat body
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

# hmac(algorithm, key) of standard input, in bytes.
hmac() { openssl dgst "-$1" -mac HMAC -macopt "hexkey:$(printf %s "$2" | hex)" -binary; }

chain() {
	omni-recv --from -q -c conf --at 2026-01-14T09:00:00Z "$@" | omni-validate -c conf | omni-normalize -c conf
}

@test "an HMAC over the body, and records made by jq" {
	conf '"s3cr3t"' '{"scheme":"hmac-sha256","header":"X-Acme-Signature","prefix":"sha256="}'
	request "X-Acme-Signature: sha256=$(hmac sha256 s3cr3t <body | hex)" >r
	[ "$(chain r | jq -c '[.kind,.carrier,.account,.external_id,.from.address,.to[0].address,.text]')" = \
		'["message","acme","acme","m1","+15550123","+15550100","hi"]' ]
	[ "$(chain r | jq -r .id)" = "$(chain r | jq -r .id)" ]
}

@test "each algorithm, encoding and message" {
	for h in sha1 sha256 sha512; do
		conf '["old","s3cr3t"]' '{"scheme":"hmac-'$h'","header":"sig","encoding":"base64","signed":"{method} {path}|{header:x-time}|{body}"}'
		sig=$( { printf 'POST /webhooks/acme|7|'; cat body; } | hmac $h s3cr3t | base64 -w0)
		request "Sig: $sig" 'X-Time: 7' >r
		[ "$(chain r | jq -r .kind)" = message ]
		request "Sig: $sig" 'X-Time: 8' >r
		[ "$(chain r | jq -r '.kind + .code')" = rejectsignature-mismatch ]
	done
}

@test "basic and bearer: the credential is taken out of what omni-validate writes" {
	conf '"user:pa55word"' '{"scheme":"basic"}'
	request "Authorization: Basic $(printf user:pa55word | base64)" >r
	[ "$(chain r | jq -r .kind)" = message ]
	omni-recv --from -q -c conf r | omni-validate -c conf >v
	[ "$(jq -c .verified v)" = '{"scheme":"basic","account":"acme","redacted":true}' ]
	[ "$(grep -ci authorization v)" -eq 0 ]
	request "Authorization: Basic $(printf user:wrong | base64)" >r
	omni-recv --from -q -c conf r | omni-validate -c conf >v || true
	[ "$(jq -r .code v)" = signature-mismatch ]
	[ "$(grep -ci authorization v)" -eq 0 ]
	conf '"t0ken"' '{"scheme":"bearer","header":"x-api-key"}'
	request "X-Api-Key: t0ken" >r
	[ "$(chain r | jq -r .kind)" = message ]
	request >r
	[ "$(chain r | jq -r .code)" = signature-missing ]
}

@test "what had its credentials taken out is not verified twice, unless --redacted says so" {
	conf '"t0ken"' '{"scheme":"bearer"}'
	request "Authorization: Bearer t0ken" >r
	omni-recv --from -q -c conf r | omni-validate -c conf >v
	want 1 omni-validate -c conf v
	grep -q 'say --redacted' out
	omni-validate -c conf --redacted v >again
	cmp v again
}

@test "Standard Webhooks, with the time against the record's" {
	key=$(printf 0123456789abcdef01234567 | base64)
	conf "\"whsec_$key\"" '{"scheme":"standard-webhooks"}'
	now=$(date -ud 2026-01-14T09:00:00Z +%s)
	sign() { { printf 'msg_1.%s.' "$1"; cat body; } | hmac sha256 0123456789abcdef01234567 | base64 -w0; }
	request 'webhook-id: msg_1' "webhook-timestamp: $now" "webhook-signature: v1,AAAA v1,$(sign "$now")" >r
	[ "$(chain r | jq -r .kind)" = message ]
	old=$((now - 301))
	request 'webhook-id: msg_1' "webhook-timestamp: $old" "webhook-signature: v1,$(sign $old)" >r
	[ "$(chain r | jq -r .code)" = signature-expired ]
}

@test "several records of one webhook, none, malformed ones and a failing program" {
	conf '"k"' '{"scheme":"none"}'
	printf '{"type":"receipt","receipts":[{"id":"a","state":"delivered"},{"id":"b","state":"failed"}]}' >body
	request >r
	[ "$(chain r | jq -c '[.kind,.external_id,.status,.rank]')" = '["status","a","delivered",5]
["status","b","failed",8]' ]
	echo '{"type":"other"}' >body
	request >r
	[ "$(chain r | jq -r '.kind + " " + .event')" = 'event unsupported' ]
	echo '{"type":"bad"}' >body
	request >r
	[ "$(chain r | jq -r '.code + ": " + .detail')" = 'record-malformed: the member "type" must be a string' ]
	echo '{"type":"boom"}' >body
	request >r
	[ "$(chain r | jq -r .code)" = expr-failed ]
}

@test "a description that is wrong is an error of the configuration" {
	conf '"k"' '{"scheme":"hmac-md5","header":"x"}'
	want 78 omni-validate -c conf /dev/null
	says '/carriers/acme/verify/scheme: must be hmac-sha1'
	conf '"k"' '{"scheme":"hmac-sha256"}'
	want 78 omni-validate -c conf /dev/null
	says 'needs the header'
	echo '{"carriers":{"acme":{"verify":{"scheme":"bearer"},"normalize":"acme.jq"}}}' >conf
	want 78 omni-validate -c conf /dev/null
	says 'has no secret'
	echo '{"carriers":{"acme":{"verify":{"scheme":"none"},"normalize":"missing.jq"}}}' >conf
	want 78 omni-normalize -c conf /dev/null
	says 'missing.jq: No such file'
	echo '{"carriers":{"twillio":{}}}' >conf
	want 78 omni-validate -c conf /dev/null
	says '/carriers/twillio: unknown key; did you mean "twilio"'
}
