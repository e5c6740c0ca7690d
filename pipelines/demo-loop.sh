#!/bin/sh
# SPDX-License-Identifier: MIT
# demo-loop.sh: the whole circle on one machine: out of a queue and over a carrier, its receipts and an answer back in, all
# of it in one conversation; and a second carrier that takes over when the first one fails.  omni-sandbox plays the carriers.
# The programs must be in PATH; `make demo` sees to that.  Everything it makes is below a directory of its own.
set -eu

pipelines=$(dirname -- "$0")
here=$pipelines/demo
# shellcheck source=/dev/null
. "$here/secrets"
# shellcheck source=pipelines/demo/live.sh
. "$here/live.sh"
export OMNI_CONFIG="$tmp/omni.json"
mkdir -m 700 "$OMNI_QUEUE_DIR"

# listening(program): where it says that it listens.
listening() { sed -n "s/^$1: listening on //p" "$tmp/log"; }
listens() { [ -n "$(listening "$1")" ]; }

# configure(sed-expression): omni.json, made of loop.json.
configure() {
	(umask 077 && sed "$1" "$here/loop.json" >"$OMNI_CONFIG")
}

# Each takes a port that is free, and then the others are told.
start() {
	configure /public_url/d
	omni-recv --listen 127.0.0.1:0 --queue inbound -v 2>>"$tmp/log" &
	started=$!
	until_true 10 listens omni-recv
	recv=$(listening omni-recv)
	configure "s|@RECV@|$recv|"
	omni-sandbox --listen 127.0.0.1:0 -v --callback "http://$recv" --scenario "$here/loop-scenario.json" --record "$tmp/sandbox.ndjson" 2>>"$tmp/log" &
	started="$started $!"
	until_true 10 listens omni-sandbox
	configure "s|@RECV@|$recv|; s|@SANDBOX@|$(listening omni-sandbox)|"
	"$pipelines/inbound.sh" 2>>"$tmp/log" &
	started="$started $!"
	"$pipelines/outbound.sh" 2>>"$tmp/log" &
	started="$started $!"
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

# write_to(address, text): into the queue of what is to go out.
write_to() {
	jq -nc --arg id "$(cat /proc/sys/kernel/random/uuid)" --arg at "$(now)" --arg to "$1" --arg text "$2" \
		'{$id, kind: "message", $at, direction: "out", channel: "sms", to: [{address: $to}], type: "text", $text}' |
		omni-queue put outbound >/dev/null
	printf '  to %s  %s"%s"%s\n' "$1" "$dim" "$2" "$plain"
}

# delivered(address): all that went there has arrived.  answered(address): somebody there has written.
delivered() {
	omni-store messages --to "$1" 2>/dev/null |
		jq -es 'length > 0 and all(.[]; .store.status == "delivered")' >/dev/null
}
answered() { [ "$(omni-store messages --from "$1" 2>/dev/null | wc -l)" -ge 1 ]; }

# attempts(address): to send what went there.
attempts() {
	omni-store messages --to "$1" | jq -r .id | while read -r id; do omni-store message "$id"; done |
		jq -c 'select(.step == "attempt").record'
}

# conversation(address): all of it, each line with the time since the message was written into the queue.
conversation() {
	{
		attempts "$1"
		omni-store messages --to "$1"
		omni-store messages --from "$1"
	} | jq -rs '
		def ms: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
		(map(.at | ms) | min) as $start |
		[.[] | if .kind == "delivery" then
				{at, line: "   attempt \(.attempt): \(.carrier) answers HTTP \(.http.status) after \(.http.ms) ms: \(.outcome)"}
			elif .direction == "out" then
				{at, line: "-> \(.to[0].address): \(.text)"}
			else
				{at, line: "<- \(.from.address), over \(.carrier): \(.text)"}
			end,
			((.store.receipts // [])[] | {at, line: "   \(.status)"})] |
		sort_by(.at)[] | "  +\((.at | ms) - $start) ms\t\(.line)"' |
		expand -t 14
}

head 'START     omni-sandbox plays Twilio and Bandwidth; omni-recv, inbound.sh and outbound.sh'
start
sed -n "s/^omni-\([a-z]*\): listening on /  \1: /p" "$tmp/log"

head 'SEND      omni-queue put outbound; take | route | ratelimit | deliver | store put | settle'
write_to +15550123 'Your parcel comes today. Will you be at home?'
until_true 30 delivered +15550123
until_true 30 answered +15550123
head 'THE CONVERSATION   its receipts and the answer came back through omni-recv'
conversation +15550123

head 'FAILURE   Twilio answers 503 for another number: Bandwidth takes over'
write_to +15550177 'Your parcel 4712 has left'
until_true 30 delivered +15550177
conversation +15550177

settled() { [ "$(omni-queue stat outbound --json | jq '.ready + .delayed + .leased + .held')" -eq 0 ]; }
until_true 20 settled
sent=$(jq -s 'map(select(.what == "request" and .taken)) | length' "$tmp/sandbox.ndjson")
printf '\n%s2 messages were to go out: carriers took %d; %d came back; dead letters: %d%s\n' \
	"$bold" "$sent" "$(omni-store messages --direction in | wc -l)" \
	"$(omni-queue stat outbound --json | jq .dead)" "$plain"
[ "$sent" -eq 2 ]
