#!/bin/sh
# SPDX-License-Identifier: MIT
# demo-live.sh: the pipeline as a service, from a webhook to the conversation, and what is left of it after a kill -9.
# The programs must be in PATH; `make demo` sees to that.  Everything it makes is below a directory of its own.
set -eu

here=$(dirname -- "$0")/demo
# shellcheck source=/dev/null
. "$here/secrets"
# shellcheck source=pipelines/demo/live.sh
. "$here/live.sh"
export OMNI_CONFIG="$here/omni.json"
url=https://hooks.example.com/webhooks/twilio # public_url of the configuration: what Twilio signs
posted=0 taken=0

# post(id, text): a message as Twilio sends it, signed as Twilio signs: HMAC-SHA1 of the URL and the sorted fields.
post() {
	fields="Body$2From+15550123MessageSid$1NumMedia0To+15550100"
	sign=$(printf %s "$url$fields" | openssl dgst -sha1 -hmac "$TWILIO_AUTH_TOKEN" -binary | openssl base64)
	code=$(curl -s -o "$tmp/answer" -w '%{http_code}' --unix-socket "$tmp/recv.sock" \
		-H "X-Twilio-Signature: $sign" --data-urlencode From=+15550123 --data-urlencode To=+15550100 \
		--data-urlencode MessageSid="$1" --data-urlencode NumMedia=0 --data-urlencode Body="$2" \
		http://hooks.example.com/webhooks/twilio)
	posted=$((posted + 1))
	[ "$code" != 200 ] || taken=$((taken + 1))
	printf '  POST /webhooks/twilio  %-4s %-36s %s-> %s%s\n' "$1" "\"$2\"" "$dim" "$code" "$plain"
}

# The consumer: as a service it would be a unit; each stage is a process, and one of them will be killed.
start() {
	{
		sh -c 'echo $$ >"$0"; exec omni-queue take inbound --follow --lease 2s' "$tmp/taker" |
			omni-validate |
			sh -c 'echo $$ >"$0"; exec omni-normalize --keep-verified' "$tmp/victim" |
			omni-route |
			omni-store put |
			omni-queue settle inbound >/dev/null
	} 2>>"$tmp/log" &
	consumer=$!
}

stored() { [ "$(omni-store messages 2>/dev/null | wc -l)" -ge "$1" ]; }
settled() { [ "$(omni-queue stat inbound --json | jq '.ready + .delayed + .leased + .held')" -eq 0 ]; }
state() { omni-queue stat inbound --json | jq -r '"  in the queue: \(.ready + .held) ready, \(.leased) leased, \(.dones) done, \(.dead) dead letters"'; }

head 'RECEIVE   omni-recv --listen unix:recv.sock --queue inbound'
omni-recv --listen "unix:$tmp/recv.sock" --queue inbound 2>>"$tmp/log" &
started=$!
until_true 10 test -S "$tmp/recv.sock"
head 'CONSUME   take inbound --follow | validate | normalize | route | store put | settle inbound'
start
post SM1 'Hello, is anybody there?'
post SM2 'My order has not come'
post SM3 'It was to be here on Monday'
until_true 20 stored 3
until_true 20 settled
state

head "KILL -9   omni-normalize, in the middle of the pipe; the carrier goes on"
kill -9 "$(cat "$tmp/victim")"
post SM4 'Are you still there?'
post SM5 'The number is 4711'
post SM6 'Thank you!'
state

head 'AGAIN     the consumer is started once more; leases of the dead one run out'
wait "$consumer" 2>/dev/null || :
start
until_true 30 stored 6
until_true 30 settled
post SM3 'It was to be here on Monday' # carriers send twice what they are not sure of
until_true 20 settled
state

head 'THE CONVERSATION   omni-store conversation ID'
omni-store conversations | jq -r .id | while read -r id; do
	omni-store conversation "$id" --reverse |
		jq -r 'select(.kind == "message") | "  \(.at[11:19])  \(.from.address)  \(.text)"'
done
messages=$(omni-store messages | wc -l)
printf '\n%s%d webhooks were sent, %d answered 200; %d different messages are in the store, each once%s\n' \
	"$bold" "$posted" "$taken" "$messages" "$plain"
[ "$posted" -eq 7 ] && [ "$taken" -eq 7 ] && [ "$messages" -eq 6 ]
