#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-sandbox: takes what carriers take, refuses what they refuse, calls back as they do, and fails as it is told.

load helper

AC=AC0123456789abcdef0123456789abcdef
APP=93de2206-9669-4e07-948d-329f4b722ee2

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cat >omni.json <<'END'
{ "public_url": "https://hooks.example.com",
  "carriers": {
    "twilio": { "account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "twilio-secret" },
    "whatsapp": { "phone_number_id": "200000000000002", "app_secret": "app-secret", "access_token": "EAAG-secret" },
    "bandwidth": { "application_id": "93de2206-9669-4e07-948d-329f4b722ee2", "callback_user": "hook",
                   "callback_password": "hook:secret", "account_id": "9900000", "api_token": "token", "api_secret": "bw-secret" },
    "livechat": { "webhook_secret": "lc-secret", "organization_id": "0a1b2c3d-1111-4222-8333-444455556666",
                  "account_id": "ann@example.org", "access_token": "dal:secret" },
    "messagebird": { "signing_key": "mb-secret", "access_key": "live_secret" },
    "inteliquent": { "api_key": "iq-secret", "numbers": ["+12025550101"] } } }
END
	chmod 600 omni.json
}

teardown() {
	[ -z "${sandbox:-}" ] || kill "$sandbox" 2>/dev/null || :
	[ -z "${recv:-}" ] || kill "$recv" 2>/dev/null || :
	wait
}

# start(option...): run the sandbox; $at is where it is.
start() {
	mkfifo ready
	omni-sandbox -c omni.json --listen 127.0.0.1:0 -v -o record -d 4 "$@" 2>sandbox.err 3>&- 4>ready &
	sandbox=$!
	read -r _ <ready
	rm ready
	at=http://$(sed -n 's/.*listening on //p' sandbox.err)
}

# receive: run omni-recv for the callbacks; $hooks is where it is.
receive() {
	mkfifo ready
	omni-recv -c omni.json --listen 127.0.0.1:0 -v -o in -d 4 2>recv.err 3>&- 4>ready &
	recv=$!
	read -r _ <ready
	rm ready
	hooks=http://$(sed -n 's/.*listening on //p' recv.err)
}

# stop: end it; it must end well.
stop() {
	kill "$sandbox"
	wait "$sandbox"
	sandbox=
}

ask() {
	curl -sS --max-time 10 "$@"
}

twilio() {
	ask -u "$AC:twilio-secret" "$at/twilio/2010-04-01/Accounts/$AC/Messages.json" --data-urlencode To=+15550123 --data-urlencode From=+15550100 "$@"
}

whatsapp() {
	ask -H 'Authorization: Bearer EAAG-secret' -H 'Content-Type: application/json' "$at/whatsapp/v23.0/200000000000002/messages" -d "$@"
}

bandwidth() {
	ask -u token:bw-secret -H 'Content-Type: application/json; charset=utf-8' "$at/bandwidth/api/v2/users/9900000/messages" -d "$@"
}

livechat() {
	ask -u ann@example.org:dal:secret -H 'Content-Type: application/json' "$at/livechat/v3.5/agent/action/$1" -d "$2"
}

messagebird() {
	ask -H 'Authorization: AccessKey live_secret' -H 'Content-Type: application/json' "$at/messagebird/$1" -d "$2"
}

inteliquent() {
	ask -H 'Authorization: Bearer iq-secret' -H 'Content-Type: application/json' "$at/inteliquent/msgbroker/rest/publishMessages" -d "$@"
}

# send_all(text): a message over each of the six; of MessageBird over two of its APIs.
send_all() {
	twilio --data-urlencode "Body=$1" >/dev/null
	whatsapp '{"messaging_product":"whatsapp","to":"+15550123","type":"text","text":{"body":"'"$1"'"},"biz_opaque_callback_data":"m"}' >/dev/null
	bandwidth '{"applicationId":"'$APP'","to":["+12025550144"],"from":"+12025550101","text":"'"$1"'","tag":"m"}' >/dev/null
	livechat send_event '{"chat_id":"PQ0ZZ9YY8X","event":{"type":"message","text":"'"$1"'","custom_id":"m"}}' >/dev/null
	messagebird messages '{"originator":"15550100","recipients":["15550123"],"body":"'"$1"'","reference":"m"}' >/dev/null
	messagebird v1/send '{"to":"+15550123","from":"ch1","type":"text","content":{"text":"'"$1"'"}}' >/dev/null
	inteliquent '{"from":"12025550101","to":["12025550144"],"text":"'"$1"'"}' >/dev/null
}

# callbacks(n): so many have been delivered.
callbacks() {
	[ "$(ask "$at/_sandbox/counts" | jq .delivered)" -ge "$1" ]
}

@test "the loop of all six: receipts and replies come back through omni-recv, are genuine, and are what they should be" {
	receive
	echo '{"rules":[{"replies":[{"text":"Ja, \u00e9 / \ud83d\udc4b","after":"10ms"}],"receipts":{"statuses":["sent","delivered","failed"],"delay":"5ms"}}]}' >scenario
	start --callback "$hooks" -s scenario
	send_all 'Hi?'
	until_true callbacks 25
	stop
	omni-validate -c omni.json in | omni-normalize -c omni.json >out
	[ "$(get 'select(.kind == "reject")')" = '' ]
	[ "$(get 'select(.kind == "message") | "\(.carrier) \(.direction) \(.text)"' | sort | uniq -c | sed 's/^ *//')" = \
		'1 bandwidth in Ja, é / 👋
1 inteliquent in Ja, é / 👋
1 livechat in Ja, é / 👋
2 messagebird in Ja, é / 👋
1 twilio in Ja, é / 👋
1 whatsapp in Ja, é / 👋' ]
	# Each receipt is about a message that was taken, under the id that its sender was told.
	jq -r 'select(.what == "request") | "\(.carrier) \(.message.external_id)"' record | sort >taken
	get 'select(.kind == "status") | "\(.carrier) \(.external_id)"' | sort -u >told
	diff told <(grep -v '^livechat' taken)
	[ "$(get 'select(.kind == "status" and .status == "failed") | .carrier' | sort | tr '\n' ' ')" = \
		'bandwidth inteliquent messagebird messagebird twilio whatsapp ' ]
	[ "$(jq -r 'select(.what == "callback") | .outcome' record | sort -u)" = "done" ]
}

@test "all that omni-deliver makes of the cases of the carriers is taken: two who read the same descriptions agree" {
	local carrier dir
	for carrier in twilio whatsapp bandwidth livechat messagebird inteliquent; do
		for dir in "$BATS_TEST_DIRNAME/carriers/$carrier"/send-*/; do
			# Those with a configuration of their own are about that; a file that the carrier has is not here.
			[ -e "$dir/conf.json" ] || jq -c 'select(all(.media[]?; .external_id == null))' "$dir/message.ndjson"
		done >"$carrier.ndjson"
		[ -s "$carrier.ndjson" ]
	done
	# Expiry and schedules in the cases are of one day.
	OMNI_CLOCK=2026-01-14T09:00:00Z start --seed 1
	jq --arg at "$at" '.carriers |= with_entries(.value.base_url = $at + "/" + .key)' omni.json >sends.json
	chmod 600 sends.json
	for carrier in twilio whatsapp bandwidth livechat messagebird inteliquent; do
		OMNI_CLOCK=2026-01-14T09:00:00Z omni-deliver -c sends.json --retry-within 0 "$carrier.ndjson" >out 2>err || [ $? -eq 1 ]
		[ "$(jq -r 'select(.what == "request" and .carrier == "'$carrier'" and .taken) | .seq' record | wc -l)" -ge 5 ] || { echo "$carrier"; cat err; false; }
	done
	jq -c 'select(.what == "request" and .answer.status >= 400) | [.carrier, .request.target, .answer, .request.body]' record | nothing
}

@test "the commands that -n shows are taken when the secrets are put in: the same requests as omni-deliver makes" {
	local carrier dir at_day=2026-01-14T09:00:00Z
	for carrier in twilio whatsapp bandwidth livechat messagebird inteliquent; do
		for dir in "$BATS_TEST_DIRNAME/carriers/$carrier"/send-*/; do
			[ -e "$dir/conf.json" ] || jq -c 'select(all(.media[]?; .external_id == null and .path == null))' "$dir/message.ndjson"
		done >"$carrier.ndjson"
		# One of each: they all have the same ids.
		jq -cs 'to_entries[] | .value + {id: "0198c0de-0000-7000-8000-\(1000 + .key + 100000000000)"}' "$carrier.ndjson" >in && mv in "$carrier.ndjson"
	done
	OMNI_CLOCK=$at_day start --seed 1
	jq --arg at "$at" '.carriers |= with_entries(.value.base_url = $at + "/" + .key)
		| .carriers.twilio.auth_token = "env:TW" | .carriers.whatsapp.access_token = "file:'"$PWD"'/token"' omni.json >sends.json
	echo EAAG-secret >token
	chmod 600 sends.json token
	export TW=twilio-secret BANDWIDTH_API_TOKEN=token BANDWIDTH_API_SECRET=bw-secret LIVECHAT_ACCESS_TOKEN=dal:secret \
		MESSAGEBIRD_ACCESS_KEY=live_secret INTELIQUENT_API_KEY=iq-secret
	for carrier in twilio whatsapp bandwidth livechat messagebird inteliquent; do
		OMNI_CLOCK=$at_day omni-deliver -q -c sends.json -n "$carrier.ndjson" >script
		sh -eu script >/dev/null
		told() { jq -c 'select(.what == "request") | .request | [.method, .target, .headers["content-type"], .body]' record | sort; }
		told >pasted
		[ "$(wc -l <pasted)" -ge 5 ]
		: >record
		OMNI_CLOCK=$at_day omni-deliver -c sends.json --retry-within 0 "$carrier.ndjson" >out 2>err || [ $? -eq 1 ]
		# What a second request needs the answer of the first for is not shown.
		told >sent
		comm -23 pasted sent >strange
		cut -c1-300 strange | nothing
		: >record
	done
	ask "$at/_sandbox/counts" | jq -e '.refused == 0'
}

@test "a file for Bird goes where its answer says, below the name of a host too" {
	local below url
	echo '{}' >nothing
	for below in '' /bird; do
		jq --arg url "http://box.example/messagebird$below" '.carriers.messagebird.base_url = $url' omni.json >below.json
		mv below.json omni.json
		chmod 600 omni.json
		start
		messagebird "${below#/}${below:+/}workspaces/w1/channel-media/presigned-upload" '{"contentType":"text/plain"}' >place
		url=$(jq -r .uploadUrl place)
		[ "${url%/*}" = "http://box.example/messagebird$below/_upload" ]
		[ "$(ask -o answer -w '%{http_code}' "$at${url#http://box.example}" -F key="$(jq -r .uploadFormData.key place)" -F file=@nothing)" = 204 ]
		url=$(jq -r .mediaUrl place)
		ask -H 'Authorization: AccessKey live_secret' "$at${url#http://box.example}" | cmp - nothing
		stop
	done
}

@test "LiveChat tells only that a person has seen it" {
	receive
	start --callback "$hooks"
	livechat send_event '{"chat_id":"PQ0ZZ9YY8X","event":{"type":"message","text":"Hi"}}' >/dev/null
	until_true callbacks 1
	stop
	omni-validate -c omni.json in | omni-normalize -c omni.json >out
	[ "$(get '[.kind,.event,.conversation != null]')" = '["event","read",true]' ]
}

@test "whoever has no credentials is refused in the carrier's words" {
	start
	local filter
	one() {
		ask -o body -w '%{http_code} ' "$@" && jq -c "$filter" body
	}
	filter=.code one -u "$AC:wrong" "$at/twilio/2010-04-01/Accounts/$AC/Messages.json" -d To=1 >>got
	filter=.error.code one -H 'Authorization: Bearer wrong' "$at/whatsapp/v23.0/200000000000002/messages" -d '{}' >>got
	filter=.type one -u token:wrong "$at/bandwidth/api/v2/users/9900000/messages" -d '{}' >>got
	filter=.error.type one -H 'Authorization: Bearer wrong' "$at/livechat/v3.5/agent/action/send_event" -d '{}' >>got
	filter='.errors[0].code' one -H 'Authorization: AccessKey wrong' "$at/messagebird/messages" -d '{}' >>got
	filter='.errors[0].code' one -H 'Authorization: AccessKey wrong' "$at/messagebird/v1/send" -d '{}' >>got
	filter=.error.type one -H 'Authorization: Bearer wrong' "$at/messagebird/v1/sms/messages" -d '{}' >>got
	filter=.statusCode one "$at/inteliquent/msgbroker/rest/publishMessages" -d '{}' >>got
	diff - got <<'END'
401 20003
401 190
401 "unauthorized"
401 "authentication"
401 2
401 1001
401 "auth_error"
401 "401001"
END
	ask "$at/_sandbox/messages" | nothing
}

@test "Twilio refuses what lacks something, with the code of it" {
	start
	to() {
		ask -u "$AC:twilio-secret" "$at/twilio/2010-04-01/Accounts/$AC/Messages.json" "$@" | jq -c '[.status,.code]'
	}
	long=$(printf 'x%.0s' {1..1601})
	[ "$(to -d From=%2B15550100 -d Body=x)" = '[400,21604]' ]
	[ "$(to -d To=%2B15550123 -d Body=x)" = '[400,21603]' ]
	[ "$(to -d To=555 -d From=%2B15550100 -d Body=x)" = '[400,21211]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100)" = '[400,21602]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100 -d Body="$long")" = '[400,21617]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100 -d MediaUrl=ftp:x)" = '[400,21620]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550123 -d Body=x)" = '[400,21266]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100 -d Body=x -d ValidityPeriod=0)" = '[400,21624]' ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100 -d Body=x -d ScheduleType=fixed -d SendAt=2030-01-01T00:00:00Z)" = '[400,35118]' ]
	[ "$(to -d To=whatsapp:%2B15550123 -d From=%2B15550100 -d Body=x)" = '[400,63007]' ]
	[ "$(ask -u "$AC:twilio-secret" "$at/twilio/2010-04-01/Accounts/ACx/Messages.json" -d To=1 | jq .code)" = 20404 ]
	[ "$(to -d To=%2B15550123 -d From=%2B15550100 -d Body=x -d Unknown=y)" = '["queued",null]' ]
	[ "$(to -d To=%2B15550123 -d MessagingServiceSid=MG0123456789abcdef0123456789abcdef -d Body=x)" = '["accepted",null]' ]
}

@test "WhatsApp refuses what lacks something, and takes every kind" {
	start
	base='"messaging_product":"whatsapp","to":"15550123"'
	code() {
		whatsapp "$1" | jq -c '.error.code // .messages[0].id[0:6] // .success'
	}
	[ "$(code '{"to":"15550123","type":"text","text":{"body":"x"}}')" = 100 ]
	[ "$(code '{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}')" = 100 ]
	[ "$(code "{$base,\"type\":\"text\",\"text\":{}}")" = 100 ]
	[ "$(code "{$base,\"type\":\"dance\",\"dance\":{}}")" = 100 ]
	[ "$(code "{$base,\"type\":\"image\",\"image\":{\"id\":\"1\"}}")" = 100 ]
	[ "$(code "{$base,\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{\"text\":\"x\"},\"action\":{\"buttons\":[]}}}")" = 131009 ]
	[ "$(code 'no json')" = 100 ]
	for body in '"text":{"body":"x"}' '"image":{"link":"https://x.example/a.jpg","caption":"c"}' '"audio":{"link":"https://x.example/a.ogg"}' \
		'"location":{"latitude":"1.5","longitude":2}' '"reaction":{"message_id":"wamid.1","emoji":""}' \
		'"contacts":[{"name":{"formatted_name":"A","first_name":"A"}}]' '"template":{"name":"t","language":{"code":"en"}}' \
		'"interactive":{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]}}' \
		'"interactive":{"type":"list","body":{"text":"x"},"action":{"button":"B","sections":[{"rows":[{"id":"1","title":"R"}]}]}}'; do
		type=${body#\"}
		[ "$(code "{$base,\"type\":\"${type%%\"*}\",$body}")" = '"wamid."' ] || { echo "$body"; false; }
	done
	[ "$(code '{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}')" = true ]
	[ "$(ask -H 'Authorization: Bearer EAAG-secret' "$at/whatsapp/v23.0/3/messages" -d '{}' | jq .error.error_subcode)" = 33 ]
}

@test "Bandwidth, LiveChat, MessageBird and Inteliquent refuse what lacks something" {
	start
	[ "$(bandwidth '{"applicationId":"'$APP'","to":["15550123"],"from":"+12025550101","text":"x"}' | jq -r '.fieldErrors[0].fieldName')" = to ]
	[ "$(bandwidth '{"to":["+15550123"],"from":"+12025550101","text":"x"}' | jq -r '.fieldErrors[0].fieldName')" = applicationId ]
	[ "$(bandwidth '{"applicationId":"'$APP'","to":["+15550123"],"from":"+12025550101"}' | jq -r '.fieldErrors[0].fieldName')" = text ]
	[ "$(bandwidth '{' | jq -r .type)" = request-validation ]
	[ "$(ask -u token:bw-secret -H 'Content-Type: text/plain' "$at/bandwidth/api/v2/users/9900000/messages" -d '{}' | jq -r .type)" = unsupported-content-type ]
	[ "$(ask -u token:bw-secret -H 'Content-Type: application/json' "$at/bandwidth/api/v2/users/1/messages" -d '{}' | jq -r .type)" = forbidden ]
	[ "$(livechat send_event '{"event":{"type":"message","text":"x"}}' | jq -r .error.type)" = validation ]
	[ "$(livechat send_event '{"chat_id":"A","event":{"type":"file","url":"https://elsewhere.example/a.png"}}' | jq -r .error.type)" = validation ]
	[ "$(livechat resume_chat '{"chat":{"id":"A","thread":{"events":[{"type":"message","text":"x"}]}}}' | jq '.event_ids | length')" = 1 ]
	[ "$(livechat send_typing_indicator '{"chat_id":"A","is_typing":true}')" = '{}' ]
	[ "$(messagebird messages '{"originator":"x","recipients":[],"body":"x"}' | jq '.errors[0].code')" = 9 ]
	[ "$(messagebird messages '{"originator":"a name that is long","recipients":[15550123],"body":"x"}' | jq '.errors[0].code')" = 10 ]
	[ "$(messagebird v1/send '{"to":"+15550123","from":"c","type":"text","content":{"image":{}}}' | jq '.errors[0].code')" = 21 ]
	[ "$(messagebird workspaces/w/channels/c/messages '{"receiver":{"contacts":[{"identifierKey":"phonenumber","identifierValue":"+15550123"}]},"body":{"type":"text","text":{"text":"x"}}}' | jq -r .status)" = accepted ]
	[ "$(inteliquent '{"from":"+12025550101","to":["12025550144"],"text":"x"}' | jq -c '[.success,.reason]')" = '[false,"INVALID_REQUEST"]' ]
	[ "$(inteliquent '{"from":"12025550101","to":"12025550144","text":"x"}' | jq .success)" = false ]
}

@test "a member of a wrong type is refused however deep it stands, with its place; one that nobody knows is not" {
	start
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"text","text":{"body":"x","preview_url":"yes"}}' |
		jq -c '[.error.code, (.error.error_data.details | startswith("text.preview_url: "))]' >got
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"interactive","interactive":{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":7,"url":"https://x.example/"}}}}' |
		jq -c '[.error.code, (.error.error_data.details | startswith("interactive.action.parameters.display_text: "))]' >>got
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"template","template":{"name":"t","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text"}]}]}}' |
		jq -c '[.error.code, (.error.error_data.details | startswith("template.components.0.parameters.0: "))]' >>got
	bandwidth '{"applicationId":"'$APP'","to":["+12025550144"],"from":"+12025550101","text":"x","priority":1}' | jq -c '[.type, .fieldErrors[0].fieldName]' >>got
	livechat send_event '{"chat_id":"A","event":{"type":"rich_message","template_id":"cards","elements":[{"title":"x","image":{"url":5}}]}}' |
		jq -c '[.error.type, (.error.message | startswith("`event.elements.0.image.url`"))]' >>got
	messagebird messages '{"originator":"15550100","recipients":["15550123"],"body":"x","validity":"long"}' | jq -c '.errors[0] | [.code, .parameter]' >>got
	messagebird v1/send '{"to":"+15550123","from":"c","type":"text","content":{"text":"x"},"trackId":7}' | jq -c '.errors[0] | [.code, .parameter]' >>got
	inteliquent '{"from":"12025550101","to":["12025550144"],"text":"x","referenceId":[]}' | jq -c '[.success, (.detail | startswith("referenceId: "))]' >>got
	ask -u "$AC:twilio-secret" -H 'Content-Type: application/json' "$at/twilio/v1/Content" -d '{"language":"en","types":{"twilio/text":{"body":7}}}' | jq -c '[.status, .code]' >>got
	diff - got <<-'END'
		[100,true]
		[100,true]
		[100,true]
		["request-validation","priority"]
		["validation",true]
		[10,"validity"]
		[21,"trackId"]
		[false,true]
		[400,20001]
	END
	ask "$at/_sandbox/messages" | nothing
	[ "$(inteliquent '{"from":"12025550101","to":["12025550144"],"text":"x","more":1}' | jq .success)" = true ]
	[ "$(whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":7,"text":{"body":"x"}}' | jq -r .error.message)" = \
		'(#100) Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO} - got "7".' ]
}

@test "no member of any request is taken with another type, but for numbers where carriers take both" {
	start
	"$BATS_TEST_DIRNAME/server/mistypes" "${at##*:}" >got
	[ "$(tail -n 1 got)" -gt 1000 ]
	sed '$d' got | LC_ALL=C sort -u >taken
	diff - taken <<-'END'
		messagebird messages originator number
		messagebird messages recipients number
		messagebird messages recipients string
		messagebird messages recipients.0 number
		messagebird mms originator number
		messagebird mms recipients number
		messagebird mms recipients string
		messagebird mms recipients.0 number
		messagebird send to number
		whatsapp messages location.latitude string
		whatsapp messages location.longitude string
	END
	[ "$(bandwidth '{"applicationId":"'$APP'","to":"+12025550144","from":"+12025550101","text":"x","more":1}' | jq -r .direction)" = out ]
}

@test "the Bird platform sends once for a key, and refuses another message under it" {
	start
	with() {
		ask -H 'Authorization: Bearer live_secret' -H 'Content-Type: application/json' -H "Idempotency-Key: $1" "$at/messagebird/v1/sms/messages" \
			-d '{"to":"+15550123","from":"+15550100","text":"'"$2"'","category":"transactional"}'
	}
	with k1 Hi >one
	with k1 Hi >two
	cmp one two
	[ "$(with k1 Ho | jq -r .error.code)" = E01005 ]
	[ "$(with k2 Hi | jq -r .id)" != "$(jq -r .id one)" ]
	[ "$(ask "$at/_sandbox/messages" | wc -l)" -eq 2 ]
}

@test "a failure has the class that the scenario says, in the words of the carrier" {
	cat >scenario <<'END'
{ "rules": [
	{ "when": { "text": "code" }, "answer": { "code": 21612 } },
	{ "when": { "text": "word", "carrier": "livechat" }, "answer": { "code": "chat_inactive" } },
	{ "when": { "text": "status" }, "answer": { "status": 502 } },
	{ "when": { "to": ["*0199", "*0198"] }, "answer": { "class": "opted-out" } },
	{ "when": { "text": "slow" }, "answer": { "class": "throttled", "retry_after": "1500ms" } },
	{ "when": { "text": "temp" }, "answer": { "class": "temp" } } ] }
END
	start -s scenario
	[ "$(twilio -d Body=code | jq -c '[.status,.code]')" = '[400,21612]' ]
	[ "$(twilio -d Body=status | jq .status)" = 502 ]
	[ "$(livechat send_event '{"chat_id":"A","event":{"type":"message","text":"word"}}' | jq -r .error.type)" = chat_inactive ]
	[ "$(inteliquent '{"from":"12025550101","to":["12025550199"],"text":"x"}' | jq -r .detail)" = 'recipient has opted out' ]
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"text","text":{"body":"slow"}}' -i | tr -d '\r' >out
	grep -qx 'HTTP/1.1 429 .*' out
	grep -qx 'Retry-After: 2' out
	grep -q '"code":130429' out
	send_all temp
	[ "$(jq -r 'select(.what == "request" and .answer.status >= 500) | .carrier' record | sort | uniq -c | sed 's/^ *//')" = \
		'1 bandwidth
1 inteliquent
1 livechat
2 messagebird
2 twilio
1 whatsapp' ]
	ask "$at/_sandbox/messages" | nothing
}

@test "a carrier that does not answer, closes, breaks off, or answers with rubbish" {
	cat >scenario <<'END'
{ "rules": [
	{ "when": { "text": "silent" }, "answer": { "fault": "silent" } },
	{ "when": { "text": "close" }, "answer": { "fault": "close", "taken": false } },
	{ "when": { "text": "cut" }, "answer": { "fault": "cut" } },
	{ "when": { "text": "garbage" }, "answer": { "fault": "garbage" } } ] }
END
	start -s scenario
	rc() {
		local rc=0
		twilio --max-time 1 -o body -d Body="$1" 2>/dev/null || rc=$?
		echo "$rc"
	}
	[ "$(rc silent)" = 28 ]
	[ "$(rc close)" = 52 ]
	[ "$(rc cut)" = 18 ]
	grep -q '"status":"queued"' body
	[ "$(rc garbage)" = 0 ]
	grep -q 'It works' body
	[ "$(ask "$at/_sandbox/messages" | jq -r .text)" = $'silent\ncut\ngarbage' ]
	stop
	[ "$(jq -c 'select(.what == "request") | [.answer.fault,.taken]' record)" = \
		$'["silent",true]\n["close",false]\n["cut",true]\n["garbage",true]' ]
}

@test "only the first attempts fail: the same again is another attempt" {
	echo '{"rules":[{"when":{"attempts":2},"answer":{"class":"temp"}}]}' >scenario
	start -s scenario
	for body in same same other same same; do twilio -d Body=$body >/dev/null; done
	[ "$(jq -c 'select(.what == "request") | [.attempt,.answer.status]' record)" = \
		$'[1,503]\n[2,503]\n[1,503]\n[3,201]\n[4,201]' ]
}

@test "chance is of seed and message, not of what came before" {
	cat >scenario <<'END'
{ "seed": 5, "rules": [ { "when": { "share": 0.5 }, "answer": { "class": "temp" } } ] }
END
	start -s scenario
	for i in $(seq 40); do twilio -d Body="m$i" >/dev/null; done
	stop
	jq -c 'select(.what == "request") | [.request.body,.answer.status,.message.external_id]' record | sort >one
	rm record
	start -s scenario
	for i in $(seq 40 -1 1); do twilio -d Body="m$i" >/dev/null; done
	stop
	jq -c 'select(.what == "request") | [.request.body,.answer.status,.message.external_id]' record | sort >two
	diff one two
	n=$(grep -c ',503,' one)
	[ "$n" -ge 8 ] && [ "$n" -le 32 ]
}

@test "a rate is kept for each account; what is more is throttled" {
	echo '{"rules":[{"rate":"1/d","burst":3,"retry_after":"30s"}]}' >scenario
	start -s scenario
	for i in 1 2 3 4 5; do twilio -D headers -d Body="$i" | jq -c '[.status,.code]'; done >out
	diff - out <<'END'
["queued",null]
["queued",null]
["queued",null]
[429,20429]
[429,20429]
END
	grep -q '^Retry-After: 30' headers
	[ "$(inteliquent '{"from":"12025550101","to":["12025550144"],"text":"x"}' | jq .success)" = true ]
}

@test "ten minutes of outage pass in a moment on a fast clock" {
	echo '{"rules":[{"when":{"until":"10m"},"answer":{"class":"temp"}}]}' >scenario
	OMNI_CLOCK=x600 start -s scenario
	[ "$(twilio -d Body=first | jq .status)" = 503 ]
	over() {
		[ "$(twilio -d Body=x | jq -r .status)" = queued ]
	}
	until_true over
	[ "$(ask "$at/_sandbox/counts" | jq '.since_ms >= 600000')" = true ]
}

@test "receipts are lost, doubled and shuffled by share, and the same each time" {
	receive
	cat >scenario <<'END'
{ "seed": 3, "rules": [ { "receipts": { "statuses": ["queued", "sending", "sent", "delivered"], "delay": "1ms", "lose": 0.2, "duplicate": 0.3, "shuffle": true } } ] }
END
	OMNI_CLOCK=2026-01-14T09:00:00Z start -s scenario --callback "$hooks"
	for i in $(seq 20); do twilio -d Body="m$i" >/dev/null; done
	settled() {
		[ "$(ask "$at/_sandbox/counts" | jq '.waiting == 0 and .delivered == .callbacks')" = true ]
	}
	until_true settled
	stop
	lost=$(jq -r .counts.lost <<<"$(tail -n 1 record)")
	[ "$lost" -gt 4 ] && [ "$lost" -lt 32 ]
	got=$(jq -c 'select(.what == "callback")' record | wc -l)
	[ "$got" -gt $((80 - lost)) ]
	jq -r 'select(.what == "callback") | .external_id + .status' record | sort | uniq -d | grep -q .
	# In some other order than they happened.
	jq -r 'select(.what == "callback") | [.external_id, .status] | @tsv' record |
		awk '{ r["queued"] = 1; r["sending"] = 2; r["sent"] = 3; r["delivered"] = 4; if (r[$2] < last[$1]) n++; last[$1] = r[$2] } END { exit n == 0 }'
}

@test "a callback that is refused is sent again as the carrier does, Twilio's is not" {
	receive
	kill "$recv" && wait "$recv"
	recv=
	OMNI_CLOCK=x1000 start --callback "$hooks"
	twilio -d Body=x >/dev/null
	inteliquent '{"from":"12025550101","to":["12025550144"],"text":"x"}' >/dev/null
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"text","text":{"body":"x"}}' >/dev/null
	many() {
		[ "$(jq -r 'select(.what == "callback" and .carrier == "whatsapp") | .outcome' record | grep -c failed)" -ge 3 ]
	}
	until_true many
	stop
	[ "$(jq -r 'select(.what == "callback" and .carrier == "twilio") | .outcome' record | sort -u)" = failed ]
	[ "$(jq -r 'select(.what == "callback" and .carrier == "whatsapp" and .status == "sent") | "\(.try) \(.outcome)"' record)" = \
		$'1 again\n2 again\n3 again\n4 again\n5 again\n6 again\n7 failed' ]
}

@test "somebody writes: text and files come in, and the files can be fetched as each carrier wants it" {
	receive
	start --callback "$hooks"
	for carrier in twilio whatsapp bandwidth livechat messagebird inteliquent; do
		ask "$at/_sandbox/inbound" -d '{"carrier":"'$carrier'","from":"+15550123","to":"+12025550101","text":"look","media":[{"mime":"text/plain","text":"the bytes"}]}' |
			jq -e .external_id >/dev/null
	done
	until_true callbacks 6
	omni-validate -c omni.json in | omni-normalize -c omni.json >out
	[ "$(get 'select(.kind == "message") | .carrier' | sort | tr '\n' ' ')" = 'bandwidth inteliquent livechat messagebird twilio whatsapp ' ]
	url() {
		get 'select(.kind == "message" and .carrier == "'"$1"'") | .media[0] | .url // .external_id'
	}
	# Twilio leads elsewhere, where its own credentials are refused.
	ask -i -u "$AC:twilio-secret" "$(url twilio)" | tr -d '\r' >answer_head
	place=$(sed -n 's/^Location: //p' answer_head)
	[ "$(ask "$place")" = 'the bytes' ]
	ask -u "$AC:twilio-secret" "$place" | grep -q 'Unsupported Authorization Type'
	[ "$(ask -L -u "$AC:twilio-secret" "$(url twilio)")" = 'the bytes' ]
	# WhatsApp takes two steps.
	place=$(ask -H 'Authorization: Bearer EAAG-secret' "$at/whatsapp/v23.0/$(url whatsapp)" | jq -r .url)
	[ "$(ask -H 'Authorization: Bearer EAAG-secret' "$place")" = 'the bytes' ]
	[ "$(ask -o /dev/null -w '%{http_code}' "$place")" = 401 ]
	[ "$(ask -u token:bw-secret "$(url bandwidth)")" = 'the bytes' ]
	[ "$(ask "$(url livechat)")" = 'the bytes' ]
	[ "$(ask -H 'Authorization: AccessKey live_secret' "$(url messagebird)")" = 'the bytes' ]
	[ "$(ask "$(url inteliquent)")" = 'the bytes' ]
}

@test "files are uploaded to WhatsApp, Bandwidth and LiveChat, and sent" {
	start
	printf 'GIF89a\0\n--x' >a.gif
	id=$(ask -H 'Authorization: Bearer EAAG-secret' "$at/whatsapp/v23.0/200000000000002/media" -F messaging_product=whatsapp -F 'file=@a.gif;type=image/gif' | jq -r .id)
	whatsapp '{"messaging_product":"whatsapp","to":"15550123","type":"image","image":{"id":"'"$id"'"}}' | jq -e '.messages[0].id' >/dev/null
	place=$(ask -H 'Authorization: Bearer EAAG-secret' "$at/whatsapp/v23.0/$id")
	[ "$(jq -r .sha256 <<<"$place")" = "$(sha256sum <a.gif | cut -d' ' -f1)" ]
	ask -H 'Authorization: Bearer EAAG-secret' "$(jq -r .url <<<"$place")" | cmp - a.gif
	ask -u token:bw-secret -T a.gif -H 'Content-Type: image/gif' "$at/bandwidth/api/v2/users/9900000/media/u/a.gif"
	ask -u token:bw-secret "$at/bandwidth/api/v2/users/9900000/media/u/a.gif" | cmp - a.gif
	url=$(ask -u ann@example.org:dal:secret "$at/livechat/v3.5/agent/action/upload_file" -F 'file=@a.gif;type=image/gif' | jq -r .url)
	livechat send_event '{"chat_id":"A","event":{"type":"file","url":"'"$url"'"}}' | jq -e .event_id >/dev/null
	ask "$url" | cmp - a.gif
}

@test "the record tells all and no secret; what is not in it was not answered" {
	receive
	start --callback "$hooks"
	send_all 'Hi'
	ask -H 'Authorization: Bearer EAAG-secret' "$at/whatsapp/v23.0/1?access_token=EAAG-secret&x=1" >/dev/null
	until_true callbacks 12
	stop
	no grep -qE 'secret' <(jq -c 'del(.request.body)' record)
	[ "$(jq -r .what record | head -n 1)" = start ]
	[ "$(tail -n 1 record | jq -c '[.what,.counts.requests,.counts.taken]')" = '["end",8,7]' ]
	[ "$(jq -r .run record | sort -u | wc -l)" -eq 1 ]
	[ "$(jq -c 'select(.seq) | .seq' record)" = "$(seq "$(jq -c 'select(.seq)' record | wc -l)")" ]
	[ "$(jq -r .kind record | sort -u)" = sandbox ]
	want 0 omni-route record
	cmp out record
}

@test "a record that can not be written ends it: nobody is told that a message was taken" {
	want 74 timeout 60 omni-sandbox -c omni.json --listen 127.0.0.1:0 -o /dev/full
	says 'No space left on device'
}

@test "thousands of callbacks to who does not answer wait, take little memory, and are all accounted for at the end" {
	plain
	python3 -c 'if 1:
		import socket, time
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen(512)
		print(s.getsockname()[1], flush=True)
		time.sleep(60)' >deaf 3>&- &
	recv=$!
	until_true test -s deaf
	echo '{"rules":[{"receipts":{"statuses":["sent","delivered"],"delay":"1ms"},"replies":[{"text":"Ja","after":"1ms"}]}]}' >scenario
	start -s scenario --callback "http://127.0.0.1:$(cat deaf)"
	for _ in $(seq 4000); do echo "--next"; printf 'url = "%s"\nuser = "%s"\ndata = "To=%%2B15550123&From=%%2B15550100&Body=Hi"\noutput = /dev/null\n' \
		"$at/twilio/2010-04-01/Accounts/$AC/Messages.json" "$AC:twilio-secret"; done | sed 1d | sed 's/^--//' | timeout 60 curl -sS -K -
	# On a slow machine some have given up by now.
	[ "$(ask "$at/_sandbox/counts" | jq -c '[.taken, .delivered, .failed + .abandoned + .waiting]')" = '[4000,0,12000]' ]
	[ "$(awk '/^VmRSS/ { print $2 < 65536 }' "/proc/$sandbox/status")" = 1 ]
	stop
	[ "$(jq -c 'select(.what == "end").counts | [.delivered + .failed + .abandoned + .waiting, .waiting]' record)" = '[12000,0]' ]
}

@test "what it can not use it says: a scenario, a place, a configuration" {
	echo '{"rules":[{"answer":{"class":"busy"}}]}' >scenario
	want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
	says 'scenario: /rules/0/answer/class'
	echo '{"rules":[{"rate":"5/0s"}]}' >scenario
	want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
	says 'scenario: /rules/0/rate'
	# What has the right form, and makes no sense.
	while IFS='|' read -r rule where; do
		printf '{"rules":[{},%s]}' "$rule" >scenario
		want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
		says "scenario: /rules/1/$where"
	done <<-'END'
		{"latency":["2s","1s"]}|latency: the longer time
		{"receipts":{"delay":{"median":"2s","p99":"1s"}}}|receipts/delay: the longer time
		{"latency":"99999999999999999999s"}|latency: must be a time
		{"when":{"after":"2m","until":"1m"}}|when/until: must be later
		{"when":{"after":"1m","until":"1m"}}|when/until: must be later
		{"when":{"carrier":"twilo"}}|when/carrier: must be bandwidth, inteliquent,
		{"when":{"carrier":["fcm","w*","x*"]}}|when/carrier: must be bandwidth, inteliquent,
		{"when":{"kind":"messages"}}|when/kind: must be message, media,
		{"receipts":{"lose":2}}|receipts/lose: must be
		{"receipts":{"statuses":["deliverd"]}}|receipts/statuses/0: must be one of
		{"receipts":{"loose":1}}|receipts/loose: is not allowed here
		{"latency":{"median":"2s"}}|latency: must have "p99"
		{"burst":3}|burst: means something with rate only
		{"rate":"1/1000d","burst":1000000}|burst: takes longer
	END
	echo '{"seed":18446744073709551616}' >scenario
	want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
	says 'scenario: /seed'
	: >scenario
	want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
	says 'scenario: line 1'
	printf '{\n"rules": [}\n' >scenario
	want 78 omni-sandbox -c omni.json -s scenario --listen 127.0.0.1:0
	says 'scenario: line 2'
	want 78 omni-sandbox -c omni.json -s missing
	says missing
	want 64 omni-sandbox -c omni.json --callback hooks.example.com
	want 64 omni-sandbox -c omni.json --tls-cert x
	want 64 omni-sandbox -c omni.json extra
	echo '{"carriers":{"twilio":{"auth_tokn":"x"}}}' >wrong.json
	want 78 omni-sandbox -c wrong.json
	says auth_token
}

@test "asked about itself it tells messages and counts, and forgets when it is told to" {
	start
	twilio -d Body=one >/dev/null
	inteliquent '{"from":"12025550101","to":["12025550144"],"text":"two","referenceId":"r2"}' >/dev/null
	[ "$(ask "$at/_sandbox/messages?carrier=twilio" | jq -r .text)" = one ]
	[ "$(ask "$at/_sandbox/messages?tag=r2" | jq -r .text)" = two ]
	[ "$(ask "$at/_sandbox/messages?to=12025550144" | jq -r .text)" = two ]
	[ "$(ask -X POST -o /dev/null -w '%{http_code}' "$at/_sandbox/reset")" = 204 ]
	ask "$at/_sandbox/messages" | nothing
	[ "$(ask "$at/_sandbox/counts" | jq -c '[.requests,.taken]')" = '[0,0]' ]
	[ "$(ask -o /dev/null -w '%{http_code}' "$at/nowhere")" = 404 ]
	[ "$(ask -o /dev/null -w '%{http_code}' "$at/_sandbox/inbound" -d '{}')" = 400 ]
}

@test "who writes to us is refused for what it lacks, by its name" {
	start --callback http://127.0.0.1:1
	why() {
		ask -w ' %{http_code}\n' "$at/_sandbox/inbound" -d "$1" | tr -d '\n'
		echo
	}
	m='"from":"+15550123","to":"+12025550101","text":"x"'
	{
		why '{'"$m"'}'
		why '{"carrier":"telegram",'"$m"'}'
		why '{"carrier":"fcm",'"$m"'}'
		why '{"carrier":"twilio","account":"other",'"$m"'}'
		why '{"carrier":"twilio","to":"+12025550101"}'
		why '{"carrier":"twilio","from":"+15550123","to":["+12025550101"]}'
		why '{"carrier":"twilio","from":"+15550123","to":"+12025550101","text":7}'
		why '{"carrier":"twilio","after":"soon",'"$m"'}'
		why '{"carrier":"twilio","media":{"url":"http://x.example/"},'"$m"'}'
	} >got
	diff - got <<-'END'
		{"error":"\"carrier\" is missing: over whom"} 400
		{"error":"\"carrier\": there is no carrier \"telegram\""} 400
		{"error":"\"carrier\": nobody writes over fcm, which only pushes"} 400
		{"error":"\"account\": the configuration has no account \"other\" of twilio"} 400
		{"error":"\"from\" is missing: who writes"} 400
		{"error":"\"to\" must be a string"} 400
		{"error":"\"text\" must be a string"} 400
		{"error":"\"after\" is no time span (500ms, 2s, 5m, 1h)"} 400
		{"error":"\"media\" is an array of at most 16 objects with \"mime\" and \"text\", \"data\" (base64) or \"url\""} 400
	END
	stop
	jq 'del(.carriers.bandwidth)' omni.json >other.json
	mv other.json omni.json
	chmod 600 omni.json
	start
	why '{"carrier":"bandwidth",'"$m"'}' >got
	why '{"carrier":"twilio",'"$m"'}' >>got
	diff - got <<-'END'
		{"error":"\"carrier\": the configuration has no account of bandwidth"} 400
		{"error":"there are no callbacks: start omni-sandbox with --callback, which says where webhooks go"} 400
	END
}

@test "hostile requests are refused, and it goes on" {
	start --max-body 64k
	head -c 100000 /dev/zero >zeros
	[ "$(ask -o /dev/null -w '%{http_code}' -u "$AC:twilio-secret" "$at/twilio/2010-04-01/Accounts/$AC/Messages.json" --data-binary @zeros)" = 413 ]
	for body in '' '[]' 'null' '{"to":{}}' '{"to":[[]],"from":[],"text":{},"media":{}}' "$(printf '[%.0s' {1..5000})" '{"recipients":[1e400,-1,{}],"originator":{},"body":1}'; do
		for path in whatsapp/v23.0/200000000000002/messages bandwidth/api/v2/users/9900000/messages messagebird/messages messagebird/mms messagebird/v1/send \
			messagebird/workspaces/a/channels/b/messages messagebird/v1/sms/messages inteliquent/msgbroker/rest/publishMessages \
			livechat/v3.5/agent/action/send_event livechat/v3.5/agent/action/start_chat _sandbox/inbound; do
			case $path in
			whatsapp*) auth='Authorization: Bearer EAAG-secret' ;;
			bandwidth*) auth='Authorization: Basic dG9rZW46Ynctc2VjcmV0' ;;
			messagebird/v1/sms*) auth='Authorization: Bearer live_secret' ;;
			messagebird*) auth='Authorization: AccessKey live_secret' ;;
			inteliquent*) auth='Authorization: Bearer iq-secret' ;;
			*) auth='Authorization: Bearer dal:secret' ;;
			esac
			code=$(ask -o /dev/null -w '%{http_code}' -H "$auth" -H 'Content-Type: application/json' "$at/$path" --data-binary "$body")
			case $code in 4??) ;; *) echo "$path $body: $code"; false ;; esac
		done
	done
	ask -o /dev/null -H 'Authorization: Bearer EAAG-secret' -H 'Content-Type: multipart/form-data; boundary=' "$at/whatsapp/v23.0/200000000000002/media" --data-binary 'x'
	ask -o /dev/null -H 'Authorization: Bearer EAAG-secret' -H 'Content-Type: multipart/form-data; boundary=b' "$at/whatsapp/v23.0/200000000000002/media" --data-binary $'--b\r\n\r\n--b'
	twilio -d Body=still | jq -e .sid >/dev/null
	stop
}

@test "SIGUSR1 asks for the summary" {
	start
	twilio -d Body=one >/dev/null
	kill -USR1 "$sandbox"
	until_true grep -q '1 requests, 1 messages taken, 0 refused' sandbox.err
}

@test "it takes an inherited socket, and says when it is ready" {
	mkfifo ready
	"$BUILD/serve/activate" port omni-sandbox -c omni.json -d 4 4>ready 3>&- &
	sandbox=$!
	read -r _ <ready
	ask "http://127.0.0.1:$(cat port)/health" | jq -e .run >/dev/null
	stop
}

@test "a record that is a FIFO is waited for until it has a reader; SIGTERM ends that" {
	mkfifo record
	omni-sandbox -c omni.json --listen 127.0.0.1:0 -o record 2>err 3>&- &
	sandbox=$!
	until_true begun "$sandbox"
	until_true state "$sandbox" S
	kill "$sandbox"
	until_true gone "$sandbox"
}
