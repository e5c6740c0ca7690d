#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The whole way out, from the queue through omni-route, omni-ratelimit and omni-deliver, over carriers that are all in trouble.

load helper

each=${OMNI_OUTBOUND:-25} # messages over each carrier

teardown() {
	[ -z "${taker:-}" ] || kill "$taker" 2>/dev/null || :
	[ -z "${sandbox:-}" ] || kill "$sandbox" 2>/dev/null || :
	[ -z "${trouble:-}" ] || kill "$trouble" 2>/dev/null || :
	wait
}

# conf(url, [trouble]): the carriers are below the one, those that are down below the other.
conf() {
	cat >omni.json <<-END
		{ "carriers": {
			"twilio": { "account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "twilio-secret", "base_url": "$1/twilio" },
			"whatsapp": { "phone_number_id": "200000000000002", "access_token": "EAAG-secret", "base_url": "${2:-$1}/whatsapp" },
			"bandwidth": { "application_id": "93de2206-9669-4e07-948d-329f4b722ee2", "account_id": "9900000", "api_token": "token",
				"api_secret": "bw-secret", "base_url": "${2:-$1}/bandwidth" },
			"livechat": { "organization_id": "0a1b2c3d-1111-4222-8333-444455556666", "account_id": "ann@example.org",
				"access_token": "dal:secret", "base_url": "$1/livechat" },
			"messagebird": { "access_key": "live_secret", "base_url": "$1/messagebird" },
			"inteliquent": { "api_key": "iq-secret", "numbers": ["+12025550101"], "base_url": "$1/inteliquent" } },
		  "limits": { "name": "account", "key": "{carrier}/{account}", "rate": "50/s" } }
	END
	chmod 600 omni.json
}

scenarios() {
	cat >down <<-'END'
		{ "rules": [
			{ "when": { "carrier": "bandwidth" }, "answer": { "class": "temp" } },
			{ "when": { "carrier": "whatsapp" }, "answer": { "class": "throttled" } } ] }
	END
	cat >scenario <<-'END'
		{ "seed": 5, "rules": [
			{ "when": { "carrier": "twilio", "share": 0.3 }, "answer": { "fault": "garbage" } },
			{ "when": { "carrier": "inteliquent", "share": 0.3 }, "answer": { "fault": "cut" } },
			{ "when": { "carrier": "messagebird", "share": 0.1 }, "latency": "1h" } ] }
	END
}

messages() {
	jq -cn --argjson each "$each" '
		[["twilio", "sms"], ["whatsapp", "whatsapp"], ["bandwidth", "sms"], ["livechat", "chat"], ["messagebird", "sms"],
		 ["inteliquent", "sms"]] as $over | range(0; $each * 6) as $n | $over[$n % 6] as [$carrier, $channel] |
		{id: "0198c0de-0000-7000-8000-\("00000000000\($n)"[-12:])", kind: "message", direction: "out", channel: $channel, carrier: $carrier,
		 from: {address: (if $channel == "chat" then "ann@example.org" elif $carrier == "whatsapp" then "200000000000002" else "+12025550101" end)},
		 to: [{address: (if $channel == "chat" then "PQ\($n % 97)" else "+1202556\("000\($n % 997)"[-4:])" end)}],
		 conversation: (if $channel == "chat" then "PQ\($n % 97)" else "c\($n % 997)/\($carrier)" end),
		 type: "text", text: "no. \($n)"}
		| if $channel == "whatsapp" then .template = {name: "hello", language: "en"} | .type = "template" | del(.text) else . end'
}

nothing_waits() {
	[ "$(omni-queue stat outbound --dir q --json -q | jq '.ready + .delayed + .leased')" -eq 0 ]
}

# For as long as it takes, which is a day of the fast clock for many messages, and no wait where all goes well.
until_done() {
	local end=$((SECONDS + 120 + each))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain for: $*"; return 1; }
		sleep 0.1
	done
}

# ended: all that went over carriers which are not down has its end.
ended() {
	[ "$(jq -r 'select(.kind == "delivery" and (.outcome == "sent" or .outcome == "unknown")).message' out | sort -u | wc -l)" -eq $((each * 4)) ]
}

# later: ten minutes of the clock have passed.
later() {
	[ $((SECONDS - began)) -gt 5 ]
}

@test "a carrier that is down for ten minutes, one that is too busy, garbage, answers cut or too late: the queue drains, each message goes once, nobody is held up" {
	plain
	# Two minutes a second, and the same time for all.
	began=$SECONDS
	OMNI_CLOCK="@$(date -u +%FT%T.%3NZ) x120"
	export OMNI_CLOCK
	scenarios
	mkfifo ready
	conf http://127.0.0.1:1 http://127.0.0.1:1
	# What is down is another, which has its socket from outside: it comes again with nobody refused.
	"$BUILD/serve/activate" port omni-sandbox -q -c omni.json -s down -o troubled -d 4 >risen 2>trouble.err 3>&- 4>up &
	trouble=$!
	until_done test -s up
	omni-sandbox -q -c omni.json --listen 127.0.0.1:0 -v -s scenario -o record -d 4 2>sandbox.err 3>&- 4>ready &
	sandbox=$!
	read -r _ <ready
	conf "http://$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' sandbox.err | head -n 1)" "http://127.0.0.1:$(cat port)"
	messages >in
	omni-queue put outbound --dir q -q --lane /conversation in >/dev/null
	mkfifo taken
	omni-queue take outbound --follow --lease 2h --max-attempts 0 --dir q -q >taken 2>take.err 3>&- &
	taker=$!
	<taken omni-route -q -c omni.json 2>route.err 3>&- | omni-ratelimit -q -c omni.json 2>ratelimit.err 3>&- |
		omni-deliver -q -c omni.json -l sent.db --timeout "$((each > 100 ? 1 : 5))s" 2>deliver.err 3>&- | tee out |
		omni-queue settle outbound --dir q -q >/dev/null 2>settle.err 3>&- &
	# Nobody is held up by those: the others are through while not one has gone over these.
	until_done ended
	until_done later
	jq -c 'select(.what == "request" and .taken)' troubled | nothing
	echo '{ "rules": [] }' >down
	kill -HUP "$trouble"
	until_done test -s risen
	until_done nothing_waits
	kill "$taker"
	kill "$sandbox"
	kill "$trouble"
	wait
	taker='' sandbox='' trouble=''
	cat take.err route.err ratelimit.err deliver.err settle.err | nothing

	# Each has one end: it was sent, or nobody knows whether it was.
	jq -r 'select(.kind == "delivery" and (.outcome == "sent" or .outcome == "unknown")) | "\(.message) \(.id)"' out |
		sort -u | cut -d ' ' -f 1 >ends
	[ "$(wc -l <ends)" -eq $((each * 6)) ]
	sort -u ends | wc -l >n
	is n $((each * 6))
	# Nobody knows is said of those that answered so, and those alone are dead letters.
	jq -r 'select(.outcome == "unknown").carrier' out | sort -u >names
	printf 'inteliquent\nmessagebird\ntwilio\n' | diff - names
	jq -r 'select(.outcome == "unknown").message' out | sort -u >unknown
	omni-queue dead outbound export --dir q -q | jq -r '.record.id // .id' | sort | diff unknown -
	# Each carrier got each of its messages, and none a second time.
	cat record troubled >all
	jq -r 'select(.what == "request" and .taken) | .carrier' all | sort | uniq -c | awk '{ print $1 }' | sort -u >n
	is n "$each"
	jq -r 'select(.what == "request" and .taken) | .message | .tag // .text' all | sort -u | wc -l >n
	is n "$((each * 6))"
}

@test "each conversation arrives in its order, once, though its messages are held, tried again and taken over by another account" {
	cat >scenario <<-'END'
		{ "seed": 3, "rules": [
			{ "when": { "carrier": "twilio", "share": 0.5 }, "answer": { "class": "temp" } },
			{ "when": { "carrier": "bandwidth", "share": 0.2, "attempts": 2 }, "answer": { "class": "throttled" } },
			{ "latency": ["1ms", "40ms"] } ] }
	END
	ways() {
		conf "$1"
		jq '.numbers = [{number: "+12025550101", carrier: "twilio"}, {number: "+12025550102", carrier: "bandwidth"}]
			| .carriers |= {twilio, bandwidth} | .policies = [{name: "lot", order: ["weight"]}]
			| .limits = [{name: "person", key: "{to.0.address}", rate: "30/s", burst: 2}]
			| .deliver = {retry: {first: "10ms", attempts: 3}}' omni.json >ways.json
		chmod 600 ways.json
	}
	mkfifo ready
	ways http://127.0.0.1:1
	omni-sandbox -q -c ways.json --listen 127.0.0.1:0 -v -s scenario -o record -d 4 2>sandbox.err 3>&- 4>ready &
	sandbox=$!
	read -r _ <ready
	ways "http://$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' sandbox.err | head -n 1)"
	jq -cn 'range(60) | {id: "0198c0de-0000-7000-8000-\("00000000000\(.)"[-12:])", kind: "message", direction: "out", channel: "sms",
		to: [{address: "+1202555020\(. % 4)"}], conversation: "c\(. % 4)", type: "text", text: "\(.)"}' >in
	omni-route -q -c ways.json in | omni-ratelimit -q -c ways.json | omni-deliver -q -c ways.json -l sent.db --retry-within 1m >out
	[ "$(jq -r 'select(.what == "request" and (.taken | not)) | .carrier' record | sort -u | tr '\n' ' ')" = 'bandwidth twilio ' ]
	# Twilio fails for half of all, three times in a row for some: Bandwidth takes over.
	jq -es 'map(select(.kind == "delivery")) | group_by(.message) | any((map(.carrier) | unique | length) == 2)' out >/dev/null
	jq -r 'select(.what == "request" and .taken) | "\(.message.to[0]) \(.message.text)"' record | sort -s -k1,1 >arrived
	jq -r '"\(.to[0].address) \(.text)"' in | sort -s -k1,1 | diff - arrived
}
