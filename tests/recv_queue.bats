#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-recv --queue: committed before it is answered, and what happens when the queue can not be had.

load helper

form='Body=Hello&From=%2B15550123&To=%2B15550100&MessageSid=SM00000000000000000000000000000a01'

# shellcheck disable=SC2164 # bats fails the test
setup() {
	cd "$BATS_TEST_TMPDIR"
	export OMNI_QUEUE_DIR=$PWD
	pids=()
}

teardown() {
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || :
	done
}

# start [option...]: the service with the queue "inbound", ready, on $url; its words in err.
start() {
	rm -f ready # left by the one before
	# shellcheck disable=SC2094
	omni-recv -v --listen 127.0.0.1:0 --queue inbound -d 3 "$@" >stdout 2>err 3>ready &
	pid=$!
	pids+=("$pid")
	until_true test -s ready
	port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' err)
	url=http://127.0.0.1:$port
}

# stop: SIGTERM; it must exit with 0.
stop() {
	kill -TERM "$pid"
	wait "$pid"
}

# status [curl-option...] path: the status that is answered.
status() {
	curl -s -o answer -w '%{http_code}' --max-time 120 "${@:1:$#-1}" "$url${*: -1}"
}

# answers status curl-argument...: that is what is answered.
answers() {
	sleep 0.2
	[ "$(status "${@:2}")" = "$1" ]
}

# queued [-s]: what has come into the queue since it was asked last, in the file out; with -s it is gone then.
queued() {
	"$BUILD/serve/queued" "$@" inbound >out
}

@test "a record is in the queue when its request is answered, and nowhere else" {
	start
	[ "$(status -d "$form" /webhooks/twilio)" = 200 ]
	[ "$(cat answer)" = '<?xml version="1.0" encoding="UTF-8"?><Response/>' ]
	queued
	[ "$(get '.kind + " " + .request.body')" = "webhook $form" ]
	[ "$(stat -c %a inbound.queue)" = 600 ]
	[ "$(status -d two /webhooks/twilio)" = 200 ]
	stop
	queued
	[ "$(get .request.body)" = two ]
	[ ! -s stdout ]
}

@test "bodies of every size and of any bytes come through the queue as they were" {
	start
	head -c 900000 /dev/urandom | base64 -w0 | head -c 900000 >large
	head -c 300000 /dev/urandom >binary
	[ "$(status --data-binary @large /webhooks/twilio)" = 200 ]
	[ "$(status --data-binary @binary /webhooks/twilio)" = 200 ]
	[ "$(status -d '' /webhooks/twilio)" = 200 ]
	queued
	get 'select(.request.body | length > 0) | .request.body' | tr -d '\n' | cmp - large
	get '.request.body64 // empty' | base64 -d | cmp - binary
	[ "$(wc -l <out)" -eq 3 ]
}

@test "SIGTERM under load: what was answered is in the queue once, and nothing else is lost" {
	start
	"$BUILD/serve/load" "$port" 32 60 >answered 2>summary &
	loader=$!
	taken() { [ "$(curl -s "$url/metrics" | sed -n 's/^omni_recv_records_total{carrier="twilio"} //p')" -ge 200 ]; }
	until_true taken
	stop
	kill "$loader"
	wait "$loader" || { cat summary; return 1; }
	grep -q 'lost 0, cut 0' summary
	[ "$(wc -l <answered)" -gt 50 ]
	queued
	get .request.url | sed 's/.*n=//' | sort | diff - <(sort answered)
}

@test "two services, of several threads, share a queue" {
	start --threads 3
	other=$pid port1=$port
	start --threads 2
	"$BUILD/serve/load" "$port1" 8 0.6 >answered 2>summary &
	loader=$!
	"$BUILD/serve/load" -f 1000000 "$port" 8 0.6 >answered2 2>summary2
	wait "$loader"
	kill "$other"
	stop
	queued
	get .request.url | sed 's/.*n=//' | sort | diff - <(sort answered answered2)
}

@test "over its size limit: 503 with Retry-After and nothing stored, and all goes on by itself when there is room" {
	start --max-size 4k
	head -c 2000 /dev/zero | tr '\0' a >body
	[ "$(status --data-binary @body /webhooks/twilio)" = 200 ]
	[ "$(status --data-binary @body /webhooks/twilio)" = 503 ]
	[ "$(status -D head -d small /webhooks/twilio)" = 503 ] # it is known by now, and the body is not even read
	grep -qi '^retry-after: 10' head
	[ "$(status /health)" = 503 ]
	says 'inbound: the queue is full: requests are answered with 503'
	queued -s
	[ "$(get '.request.body | length')" = 2000 ]
	until_true answers 200 -d after /webhooks/twilio
	[ "$(status /health)" = 200 ]
	says 'records are taken again'
	stop
	queued
	[ "$(get .request.body)" = after ]
}

@test "a full disk: 503 with Retry-After, whole records only, and all goes on by itself when there is room" {
	# shellcheck disable=SC2094
	(
		trap '' XFSZ
		exec omni-recv -v --listen 127.0.0.1:0 --queue inbound -d 3 2>err 3>ready
	) &
	pid=$!
	pids+=("$pid")
	until_true test -s ready
	url=http://127.0.0.1:$(sed -n 's/.*127.0.0.1:\([0-9]*\)$/\1/p' err)
	[ "$(status -d before /webhooks/twilio)" = 200 ]
	prlimit --pid "$pid" --fsize=200000:unlimited
	head -c 150000 /dev/zero | tr '\0' a >body
	for _ in 1 2 3 4; do
		answered=$(status -D head --data-binary @body /webhooks/twilio)
		[ "$answered" = 200 ] || break
	done
	[ "$answered" = 503 ]
	grep -qi '^retry-after: 10' head
	says 'requests are answered with 503'
	prlimit --pid "$pid" --fsize=unlimited:unlimited
	until_true answers 200 -d after /webhooks/twilio
	stop
	queued
	[ "$(get .request.body | sed -n '1p;$p' | tr '\n' ' ')" = 'before after ' ]
	[ "$(get '.request.body | length' | sort -u | tr '\n' ' ')" = '150000 5 6 ' ] || [ "$(wc -l <out)" -eq 2 ]
}

@test "a queue that somebody else has locked: 503 after a while, and all goes on by itself when it is free" {
	command -v python3 >/dev/null || skip 'python3 is not installed'
	start
	[ "$(status -d before /webhooks/twilio)" = 200 ]
	mkfifo free
	python3 - inbound.queue <<-'EOF' &
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("BEGIN IMMEDIATE")
		open("locked", "w").close()
		open("free").read()
		db.execute("ROLLBACK")
	EOF
	pids+=($!)
	until_true test -e locked
	[ "$(status -D head -d refused /webhooks/twilio)" = 503 ]
	grep -qi '^retry-after: 10' head
	[ "$(status -d refused /webhooks/twilio)" = 503 ] # at once: nothing is let in behind a commit that hangs
	echo >free
	until_true answers 200 -d after /webhooks/twilio
	stop
	queued
	[ "$(get .request.body | sed -n '1p;$p' | tr '\n' ' ')" = 'before after ' ]
}

@test "a queue that can not be used ends the program before it listens" {
	head -c 8192 /dev/urandom >garbage.queue
	want 78 omni-recv --listen 127.0.0.1:0 --queue garbage
	says garbage.queue
	want 78 omni-recv --listen 127.0.0.1:0 --queue 'no name'
	want 78 omni-recv --listen 127.0.0.1:0 --queue nothing://here
	mkdir dir
	want 74 omni-recv --listen 127.0.0.1:0 --queue "sqlite:$PWD/dir"
}

@test "requests from files go into the queue too, rejects among them" {
	printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none' >request
	printf 'nonsense' >bad
	want 1 omni-recv --from --queue inbound request bad
	[ ! -s out ]
	queued
	[ "$(get .kind | tr '\n' ' ')" = 'webhook reject ' ]
	for i in $(seq 1000); do
		printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d' "$i"
	done >many
	want 0 omni-recv --from --queue "sqlite:$PWD/inbound.queue" many
	queued
	get .request.body | diff - <(seq -f %04g 1000)
	want 75 omni-recv --from --queue inbound --max-size 1k many
	says 'the queue is full'
}

@test "--max-line: a webhook of 4 MiB goes through the server, the queue and all stages, and is refused without" {
	# 3,600 messages of 1 KiB, with quotes that records escape.
	jq -nc '[range(3600) | { from: "15550123", id: "wamid.\(.)", timestamp: "1767225600", type: "text",
		text: { body: ("\"say\" " + "x" * 1000) } }] | { object: "whatsapp_business_account", entry: [{ id: "1", changes: [{
		field: "messages", value: { messaging_product: "whatsapp", metadata: { display_phone_number: "15550100",
		phone_number_id: "2" }, contacts: [], messages: . } }] }] }' >body
	[ "$(stat -c %s body)" -gt 3900000 ]
	start
	[ "$(status --data-binary @body /webhooks/whatsapp)" = 413 ]
	stop
	start --max-line 6M
	[ "$(status --data-binary @body /webhooks/whatsapp)" = 200 ]
	stop
	queued
	mv out record
	want 0 omni-normalize --unverified --max-line 6M record
	[ "$(wc -l <out)" -eq 3600 ]
	mv out messages
	omni-pipe --max-line 6M normalize --unverified record >out
	cmp out messages
	want 1 omni-normalize --unverified record
	[ "$(get .code)" = line-too-long ]
	want 64 omni-normalize --max-line 500k record
	want 64 omni-normalize --max-line 65M record
}

@test "options of the queue" {
	want 64 omni-recv --queue inbound -o file
	says 'exclude each other'
	want 64 omni-recv --max-size 1k
	says 'need --queue'
	want 64 omni-recv --from --dir . /dev/null
	want 64 omni-recv --queue inbound --max-size 0
	mkdir elsewhere
	start --dir elsewhere
	stop
	[ -e elsewhere/inbound.queue ]
}

@test "killed at a random moment under load: what was answered is in the queue exactly once" {
	"$BATS_TEST_DIRNAME/serve/kill" 5 7
}
