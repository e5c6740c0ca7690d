#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-deliver against a server that fails in every way: what is sent, what is tried again, over whom, and what leaves.

load helper
load deliver_helper

lease=',"lease":{"queue":"q","seq":1,"token":"t"}'

# What a test that failed leaves running would hold up all others.
teardown() {
	local running
	running=$(jobs -p)
	# shellcheck disable=SC2086 # numbers
	[ -z "$running" ] || kill $running 2>/dev/null || :
}

@test "a message is sent: it leaves with what the carrier calls it, and a record of the attempt" {
	conf good=ok
	message good 1 "$lease" >in
	want 0 omni-deliver -q -c omni.json in
	get '.kind' >kinds
	printf 'message\ndelivery\n' | diff - kinds
	[ "$(get 'select(.kind == "message").external_id')" = "$(get 'select(.kind == "delivery").external_id')" ]
	get 'select(.kind == "delivery") | [.message, .carrier, .account, .attempt, .outcome, .http.status, .to[0].address]' >got
	is got '["0198c0de-0000-7000-8000-000000000001","bandwidth","good",1,"sent",202,"+15550201"]'
	get '[.lease.part, .lease.parts]' >shares
	printf '[1,2]\n[2,2]\n' | diff - shares
	[ "$(received)" -eq 1 ]
}

@test "what leaves is as the models have it" {
	conf good=ok bad=status-400
	{ message good 1; message bad 2; message nobody 3; } >in
	want 1 omni-deliver -q -c omni.json in
	for kind in message delivery reject; do
		jq -c "select(.kind == \"$kind\")" out >"$kind"
		[ "$(wc -l <"$kind")" -eq 2 ]
		omni-validate -q --no-verify --schema "$kind" <"$kind" | jq -c 'select(.stage == "validate")' | nothing
	done
}

@test "all else passes, byte for byte: what came in, what a carrier has a name for, receipts, echoes of what was read" {
	conf good=ok
	cat >in <<'END'
{"kind":"message","direction":"in","carrier":"bandwidth","text":"Hi" }
{"kind":"message","direction":"out","carrier":"bandwidth","account":"good","external_id":"x1","to":[{"address":"+15550123"}],"type":"text","text":"Hi"}
{"kind":"status","direction":"out","external_id":"x1","status":"sent"}
{"id":"324db4d8-fd97-51c4-baa9-7ac68f1e53ef","kind":"event","event":"read","direction":"out","carrier":"bandwidth","account":"good"}
{"kind":"webhook","carrier":"bandwidth"}
{"kind":"reject","record":{"kind":"message","direction":"out"}}
END
	want 0 omni-deliver -q -c omni.json in
	cmp in out
	[ "$(received)" -eq 0 ]
}

@test "what can not be sent says why, and nothing is asked of anybody" {
	conf good=ok
	cat >in <<'END'
{"kind":"message","direction":"out","carrier":"bandwidth","account":"good","to":[{"address":"+15550123"}],"type":"text","text":"a"}
{"id":"2","kind":"message","direction":"out","to":[{"address":"+15550123"}],"type":"text","text":"b"}
{"id":"3","kind":"message","direction":"out","carrier":"bandwidth","account":"gone","to":[{"address":"+15550123"}],"type":"text","text":"c"}
{"id":"4","kind":"message","direction":"out","carrier":"bandwidth","account":"good","to":[{}],"type":"text","text":"d"}
{"id":"5","kind":"message","direction":"out","carrier":"bandwidth","account":"good","expires_at":"tomorrow","to":[{"address":"+15550123"}],"type":"text","text":"e"}
{"id":"6","kind":"message","direction":"out","carrier":"bandwidth","account":"good","expires_at":"2020-01-01T00:00:00Z","from":{"address":"+15550100"},"to":[{"address":"+15550123"}],"type":"text","text":"e"}
{"id":"7","kind":"message","direction":"out","carrier":"bandwidth","account":"good","send_at":"2199-01-01T00:00:00Z","from":{"address":"+15550100"},"to":[{"address":"+15550124"}],"type":"text","text":"e"}
END
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "reject") | [.class, .code]' >got
	cat >should <<'END'
["data","message-malformed"]
["data","no-route"]
["data","account-unknown"]
["data","message-malformed"]
["data","message-malformed"]
["denied","expired"]
["temp","too-early"]
END
	sort should | diff - <(sort got)
	[ "$(get 'select(.code == "too-early").retry_at')" = 2199-01-01T00:00:00.000Z ]
	[ "$(received)" -eq 0 ]
}

@test "a message to nobody or to thousands, a text of a megabyte, a carrier that nobody knows: one clear word each" {
	conf good=ok
	message good 1 | sed 's/"to":\[[^]]*\]/"to":[]/' >in
	message good 2 | jq -c '.to = [range(257) | {address: "+1202\(5550000 + .)"}]' >>in
	message good 3 | jq -c '.text = "x" * 1000000' >>in
	message good 4 | sed 's/"carrier":"bandwidth"/"carrier":"telegraph"/' >>in
	message good 5 | sed 's/Hi 5/\\ud83d/' >>in
	message good 7 | jq -c '.carrier = "twilio" | del(.account)' >>in
	message other 8 >>in
	message good 6 | jq -c '.to = [range(256) | {address: "+1202\(5550000 + .)"}]' >ok
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "reject") | "\(.class) \(.code): \(.detail)"' | sed 's/byte [0-9]*$/byte N/' | sort >got
	sort <<-'END' | diff - got
		data message-malformed: it can not be sent: it has no recipients
		data message-malformed: it can not be sent: it has 257 recipients, more than 256; make several messages of it
		data text-too-long: bandwidth would get it in 489 parts, and more than 64 are no message
		data account-unknown: the configuration has no account "other" of the carrier "bandwidth"
		data account-unknown: the configuration has no account of the carrier "twilio"
		data account-unknown: the configuration has no carrier "telegraph"
		data not-json: not JSON: no low surrogate in string at byte N
	END
	[ "$(received)" -eq 0 ]
	want 0 omni-deliver -q -c omni.json ok
	[ "$(received)" -eq 256 ]
	want 1 omni-route -c omni.json in
	[ "$(get 'select(.kind == "reject").code' | sort | uniq -c | tr -s ' \n' ' ')" = ' 2 message-malformed 3 no-candidate 1 not-json ' ]
}

@test "a failure that passes is tried again here, and each attempt has its record" {
	conf flaky=status-503,status-503,ok
	message flaky 1 >in
	want 0 omni-deliver -q -c omni.json in
	get 'select(.kind == "delivery") | [.attempt, .outcome]' >got
	printf '[1,"retry"]\n[2,"retry"]\n[3,"sent"]\n' | diff - got
	get 'select(.kind == "delivery" and .attempt < 3) | [.error.class, (.retry_at > .at)]' | sort -u >got
	is got '["temp",true]'
}

@test "what does not pass goes back, with the time to try again; the message itself has not gone" {
	conf bad=status-503
	message bad 1 "$lease" >in
	want 1 omni-deliver -q -c omni.json --retry-within 0 in
	get 'select(.kind == "reject") | [.class, .code, .record.text, (.retry_at > "2026"), .lease.part, .lease.parts]' >got
	is got '["temp","unavailable","Hi 1",true,2,2]'
	get 'select(.kind == "message")' | nothing
	[ "$(received)" -eq 1 ]
}

@test "Retry-After is heeded: a short one here, a long one by who comes later" {
	conf short=after-1,ok long=after-3600
	{ message short 1; message long 2; } >in
	before=$(date +%s)
	want 1 omni-deliver -q -c omni.json in
	[ "$(get 'select(.account == "short" and .kind == "delivery") | .outcome' | tr '\n' ' ')" = 'retry sent ' ]
	at=$(date -d "$(get 'select(.kind == "reject").retry_at')" +%s)
	[ "$((at - before))" -ge 3599 ]
	[ "$(get 'select(.kind == "reject").code')" = throttled ]
}

@test "who is told to end while it waits as a carrier asked gives that time to who comes later" {
	conf short=after-25,ok
	message short 1 >in
	mkfifo feed
	omni-deliver -q -c omni.json -l sent.db --retry-within 1m feed >out 2>err 3>&- &
	pid=$!
	exec 9<>feed
	cat in >&9
	judged() { [ "$(sqlite3 sent.db 'SELECT outcome IS NOT NULL FROM part')" = 1 ]; }
	until_true judged
	kill "$pid"
	wait "$pid" || [ $? -eq 1 ]
	exec 9>&-
	[ "$(get 'select(.kind == "reject").code')" = stopped ]
	[ "$(get 'select(.kind == "reject").retry_at')" = "$(get 'select(.kind == "delivery").retry_at')" ]
}

@test "another account takes over where one is down, refuses, or has wrong credentials" {
	conf dead=dead bad=status-503 closed=status-401 no=status-400 good=ok
	n=0
	for account in dead bad closed no; do
		message x "$((++n))" ",\"route\":{\"carrier\":\"bandwidth\",\"account\":\"$account\",\"from\":\"+15550111\",\"fallback\":[{\"carrier\":\"bandwidth\",\"account\":\"good\",\"from\":\"+15550112\"}]}"
	done >in
	want 0 omni-deliver -q -c omni.json --retry-within 0 in
	get 'select(.kind == "message") | [.account, .from.address]' | sort | uniq -c | sed 's/^ *//' >got
	is got '4 ["good","+15550112"]'
	[ "$(get 'select(.kind == "delivery" and .outcome == "sent").from.address' | sort -u)" = +15550112 ]
	[ "$(get 'select(.kind == "delivery" and .outcome == "retry").account' | sort | tr '\n' ' ')" = 'bad closed dead no ' ]
}

@test "nobody takes over where nobody knows whether it was sent" {
	conf reset=reset garbage=garbage good=ok
	n=0
	for account in reset garbage; do
		message x "$((++n))" ",\"route\":{\"carrier\":\"bandwidth\",\"account\":\"$account\",\"fallback\":[{\"carrier\":\"bandwidth\",\"account\":\"good\"}]}"
	done >in
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "reject") | [.class, .code]' | sort -u >got
	is got '["denied","outcome-unknown"]'
	[ "$(get 'select(.kind == "delivery").outcome' | sort -u)" = unknown ]
	[ "$(received)" -eq 2 ]
}

@test "an answer that comes too late is not known, and one that breaks off in its middle neither" {
	conf late=late-5000 close=close
	{ message late 1; message close 2; } >in
	want 1 omni-deliver -q -c omni.json --timeout 1s in
	[ "$(get 'select(.kind == "delivery") | "\(.account) \(.outcome)"' | sort | tr '\n' ' ')" = 'close unknown late unknown ' ]
}

@test "429 for everything: all goes back, and the other account is not held up" {
	conf full=after-2 good=ok
	for n in $(seq 40); do message full "$n"; message good "$((n + 40))"; done >in
	want 1 omni-deliver -q -c omni.json --retry-within 1s in
	[ "$(get 'select(.kind == "delivery" and .outcome == "sent").account' | sort | uniq -c | sed 's/^ *//')" = '40 good' ]
	[ "$(get 'select(.kind == "reject").class' | sort | uniq -c | sed 's/^ *//')" = '40 temp' ]
}

@test "a dead destination is asked a few times, not once for every message; it is probed, and taken up again" {
	conf bad=file
	echo status-503 >"$BATS_FILE_TMPDIR/log.mode"
	for n in $(seq 99); do message bad "$n"; done >in
	want 1 omni-deliver -q -c omni.json --retry-within 0 in
	[ "$(get 'select(.kind == "reject") | .class' | sort | uniq -c | sed 's/^ *//')" = '99 temp' ]
	[ "$(received)" -lt 40 ]
	get 'select(.code == "account-down")' | grep -q .
	# A stream: down, then up; what comes after the probe's time is sent.
	mkfifo feed
	omni-deliver -q -c omni.json --retry-within 0 feed >out 2>err 3>&- &
	exec 9<>feed
	for n in $(seq 30); do message bad "$n"; done >&9
	rejects() { [ "$(get 'select(.kind == "reject").code' | wc -l)" -eq "$1" ]; }
	until_true rejects 30
	echo ok >"$BATS_FILE_TMPDIR/log.mode"
	n=100
	probed() {
		n=$((n + 1))
		message bad "$n" >&9
		sleep 0.2
		get 'select(.outcome == "sent").message' | grep .
	}
	until_true probed
	for n in $(seq 50 60); do message bad "$n"; done >&9
	exec 9>&-
	wait $! || [ $? -eq 1 ]
	get 'select(.outcome == "sent").message[-3:]' | grep '^0[56]' | sort | diff - <(seq -f '0%.0f' 50 60)
}

@test "messages of a conversation arrive in their order, even where the first is tried again" {
	conf flaky=status-503,status-503,ok
	for n in 1 2 3 4 5; do message flaky "$n" ',"conversation":"c1"'; done >in
	want 0 omni-deliver -q -c omni.json in
	grep "/$BATS_TEST_NUMBER/" "$BATS_FILE_TMPDIR/log" | jq -r '.body | fromjson.text' | uniq >order
	printf 'Hi 1\nHi 2\nHi 3\nHi 4\nHi 5\n' | diff - order
}

@test "several recipients each get theirs, and a long text arrives in its parts, in order" {
	conf good=ok
	text=$(printf 'word %.0s' $(seq 900))
	message good 1 ",\"to\":[{\"address\":\"+15550201\"},{\"address\":\"+15550202\"}]" | sed 's/"to":\[{"address":"+15550201"}\],"type/"type/' >in
	message good 2 | sed "s/Hi 2/$text/" >>in
	want 0 omni-deliver -q -c omni.json in
	[ "$(get 'select(.kind == "delivery" and .message[-1:] == "1").recipient' | tr '\n' ' ')" = '+15550201 +15550202 ' ]
	get 'select(.kind == "delivery" and .message[-1:] == "2") | .part' >parts
	seq "$(wc -l <parts)" | diff - parts
	[ "$(wc -l <parts)" -gt 1 ]
	grep "/$BATS_TEST_NUMBER/" "$BATS_FILE_TMPDIR/log" | jq -rj '.body | fromjson | select(.text | test("word")).text' | tr -d ' ' >sent
	printf '%s' "$text" | tr -d ' ' | cmp - sent
}

@test "a long text is refused where the configuration says so" {
	EXTRA='"deliver": { "long_text": "refuse" },' conf good=ok
	text=$(printf 'word %.0s' $(seq 900))
	message good 2 | sed "s/Hi 2/$text/" >in
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["data","text-too-long"]'
	[ "$(received)" -eq 0 ]
}

# ---- the ledger ----

@test "what the ledger knows to be sent is not sent again, and leaves as it did" {
	conf good=ok
	{ message good 1; message good 2; } >in
	want 0 omni-deliver -q -c omni.json -l sent.db in
	sort out >first
	want 0 omni-deliver -q -c omni.json -l sent.db in
	sort out | diff first -
	[ "$(received)" -eq 2 ]
}

@test "what failed is sent when it comes again, as another attempt" {
	conf bad=status-400,ok
	message bad 1 >in
	want 1 omni-deliver -q -c omni.json -l sent.db in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["data","refused"]'
	want 0 omni-deliver -q -c omni.json -l sent.db in
	get 'select(.kind == "delivery") | [.attempt, .outcome]' >got
	is got '[2,"sent"]'
}

@test "a program that is killed over a request: nobody knows, nobody sends it again but who is told to" {
	conf slow=wait,ok
	message slow 1 >in
	omni-deliver -q -c omni.json -l sent.db in >out 2>err 3>&- &
	pid=$!
	until_true received_are 1
	kill -9 "$pid"
	wait "$pid" || :
	[ ! -s out ]
	for _ in 1 2; do
		want 1 omni-deliver -q -c omni.json -l sent.db in
		get '[.kind, .outcome, .code]' >got
		printf '["message",null,null]\n["delivery","unknown",null]\n["reject",null,"outcome-unknown"]\n' | diff - got
		cat out >>twice
	done
	[ "$(sort -u twice | wc -l)" -eq 3 ]
	[ "$(received)" -eq 1 ]
	want 0 omni-deliver -q -c omni.json -l sent.db --resend-unknown in
	get 'select(.kind == "delivery") | [.attempt, .outcome]' >got
	is got '[2,"sent"]'
	[ "$(received)" -eq 2 ]
}

@test "while one process sends it, another that shares the ledger does not" {
	conf slow=held
	message slow 1 >in
	omni-deliver -q -c omni.json -l sent.db in >one 2>err1 3>&- &
	until_true received_are 1
	want 1 omni-deliver -q -c omni.json -l sent.db in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["temp","in-flight"]'
	: >"$BATS_FILE_TMPDIR/log.open"
	wait
	rm "$BATS_FILE_TMPDIR/log.open"
	[ "$(jq -r 'select(.kind == "delivery").outcome' one)" = sent ]
	[ "$(received)" -eq 1 ]
}

@test "several processes with one ledger and the same messages send each once" {
	plain
	conf good=late-5
	for n in $(seq 300); do message good "$n" ",\"conversation\":\"c$n\""; done >in
	for k in 1 2 3; do omni-deliver -q -c omni.json -l sent.db in >"out$k" 2>"err$k" 3>&- & done
	wait
	[ "$(received)" -eq 300 ]
	cat out1 out2 out3 | jq -r 'select(.outcome == "sent").message' | sort -u | wc -l >n
	is n 300
	cat err1 err2 err3 | nothing
}

@test "an idempotency_key is one message, whatever its id is" {
	conf good=ok
	{ message good 1 ',"idempotency_key":"k1"'; message good 2 ',"idempotency_key":"k1"'; } | sed 's/+1555020[12]/+15550299/' >in
	want 1 omni-deliver -q -c omni.json -l sent.db in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["duplicate","sent-already"]'
	[ "$(received)" -eq 1 ]
}

@test "of several recipients only those who have it not are sent to again" {
	conf half=ok,after-3600,ok
	message half 1 ",\"to\":[{\"address\":\"+15550201\"},{\"address\":\"+15550202\"}]" | sed 's/"to":\[{"address":"+15550201"}\],"type/"type/' >in
	want 1 omni-deliver -q -c omni.json -l sent.db in
	[ "$(get 'select(.kind == "reject").class')" = temp ]
	want 0 omni-deliver -q -c omni.json -l sent.db in
	[ "$(get 'select(.outcome == "sent").recipient' | tr '\n' ' ')" = '+15550201 +15550202 ' ]
	[ "$(received)" -eq 3 ]
}

@test "without a ledger what was sent to some is not given back as a whole" {
	conf half=ok,after-3600,ok
	message half 1 ",\"to\":[{\"address\":\"+15550201\"},{\"address\":\"+15550202\"}]" | sed 's/"to":\[{"address":"+15550201"}\],"type/"type/' >in
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["data","partly-sent"]'
}

@test "a ledger that is something else is refused, and stays as it is" {
	conf good=ok
	message good 1 >in
	echo hello >sent.db
	want 78 omni-deliver -q -c omni.json -l sent.db in
	is sent.db hello
	sqlite3 other.db 'CREATE TABLE t(x)' 2>/dev/null || skip 'no sqlite3'
	want 78 omni-deliver -q -c omni.json -l other.db in
}

@test "a ledger on a read-only file system is said to be that, and stays as it is" {
	unshare -rm true 2>/dev/null || skip 'needs a mount of its own'
	conf good=ok
	message good 1 >in
	mkdir disk
	cat >try <<-'END'
		mount -t tmpfs none disk
		omni-deliver -q -c omni.json -l disk/sent.db in >/dev/null
		mount -o remount,ro disk
		before=$(cat disk/* | cksum)
		omni-deliver -q -c omni.json -l disk/sent.db in
		code=$?
		[ "$before" = "$(cat disk/* | cksum)" ] || echo changed
		exit $code
	END
	want 74 unshare -rm bash try
	is err 'omni-deliver: disk/sent.db: can not be written to: Read-only file system'
	[ ! -s out ]
	[ "$(received)" -eq 1 ]
}

@test "the ledger forgets what was sent long ago" {
	conf good=ok
	for n in $(seq 600); do message good "$n" ",\"conversation\":\"c$n\""; done >in
	OMNI_CLOCK=2026-01-01T00:00:00Z want 0 omni-deliver -q -c omni.json -l sent.db --keep 1d in
	for n in $(seq 601 1200); do message good "$n" ",\"conversation\":\"c$n\""; done >in2
	OMNI_CLOCK=2026-01-10T00:00:00Z want 0 omni-deliver -q -c omni.json -l sent.db --keep 1d in2
	OMNI_CLOCK=2026-01-10T00:00:00Z want 0 omni-deliver -q -c omni.json -l sent.db --keep 1d in
	[ "$(received)" -gt 1600 ]
}

# ---- the rest ----

@test "SIGTERM: what is under way ends, what is not goes back unsent" {
	ACCOUNT=',"concurrency":2' conf slow=held
	for n in $(seq 10); do message slow "$n"; done >in
	mkfifo feed
	omni-deliver -q -c omni.json feed >out 2>err 3>&- &
	pid=$!
	exec 9<>feed
	cat in >&9
	until_true received_are 2
	until_true read_up 9
	kill "$pid"
	heard() { ! catches "$pid" && state "$pid" S; } # a second one would kill, and it waits again
	until_true heard
	: >"$BATS_FILE_TMPDIR/log.open"
	exec 9>&-
	wait "$pid" || [ $? -eq 1 ]
	rm "$BATS_FILE_TMPDIR/log.open"
	[ "$(get 'select(.outcome == "sent").message' | wc -l)" -eq 2 ]
	[ "$(get 'select(.kind == "reject") | .code' | sort | uniq -c | sed 's/^ *//')" = '8 stopped' ]
	[ "$(received)" -eq 2 ]
}

@test "no more requests are under way to an account than it may have" {
	ACCOUNT=',"concurrency":3' conf slow=late-100
	for n in $(seq 12); do message slow "$n"; done >in
	start=$(date +%s%N)
	want 0 omni-deliver -q -c omni.json in
	# Twelve, three at a time, each a tenth of a second: no earlier than after four of them.
	[ "$((($(date +%s%N) - start) / 1000000))" -ge 400 ]
}

@test "the health file tells of each account that was used" {
	EXTRA='"health": "health.ndjson",' conf good=ok bad=status-503
	{ message good 1; message bad 2; } >in
	want 1 omni-deliver -q -c omni.json --retry-within 0 in
	jq -c '[.carrier, .account, .success, .circuit.state]' health.ndjson >got
	printf '["bandwidth","good",1,"closed"]\n["bandwidth","bad",0,"closed"]\n' | diff - got
	omni-validate -q --no-verify --schema carrier-health <health.ndjson | jq -c 'select(.stage == "validate")' | nothing
}

@test "no secret is in what leaves, and none on standard error" {
	conf bad=status-401 reset=reset dead=dead good=ok
	{ message bad 1; message reset 2; message dead 3; message good 4; } >in
	want 1 omni-deliver -v -c omni.json --retry-within 0 in
	cat out err >all
	no grep -E 'TOK3N|S3CRET|VE9LM04' all
	omni-deliver -q -c omni.json -n in >all
	omni-deliver -q -c omni.json --dry-run=json in >>all
	no grep -E 'TOK3N|S3CRET|VE9LM04' all
}

@test "the command that -n shows does what would be done" {
	conf good=ok
	message good 1 | sed "s/Hi 1/It's \$HOME \`id\` \\\\\\\\ \\\\u001b[31m \\\\n2/" >in
	want 0 omni-deliver -q -c omni.json -n in
	no grep -q $'\033' out
	BANDWIDTH_API_TOKEN=TOK3N BANDWIDTH_API_SECRET=S3CRET sh out >answer
	jq -e .id answer
	want 0 omni-deliver -q -c omni.json in
	grep "/$BATS_TEST_NUMBER/" "$BATS_FILE_TMPDIR/log" | jq -cS '[.method, .path, .body, .headers.authorization, .headers["content-type"]]' | sort | uniq -c | sed 's/^ *//;s/ .*//' >got
	is got 2
}

@test "omni-ratelimit learns from the attempts" {
	conf full=after-3600
	message full 1 >in
	want 1 omni-deliver -q -c omni.json in
	echo '{ "limits": { "name": "number", "key": "{from.address}", "rate": "10/s" } }' >limits.json
	omni-ratelimit -q -c limits.json --state rates --mode tag <out >/dev/null
	omni-ratelimit --stat -c limits.json --state rates number=+15550100 >stat
	[ "$(jq .rate stat)" = 5 ]
}

@test "omni-store shows what became of it" {
	conf good=ok bad=status-400 flaky=status-503,ok
	{ message good 1 ',"conversation":"c1"'; message bad 2 ',"conversation":"c1"'; message flaky 3 ',"conversation":"c1"'; } >in
	omni-deliver -q -c omni.json in | omni-store put --file s.db >/dev/null
	omni-store messages --file s.db --conversation c1 --reverse | jq -c '[.text, .store.status]' >got
	printf '["Hi 1","accepted"]\n["Hi 2","failed"]\n["Hi 3","accepted"]\n' | diff - got
}

@test "a message leaves in the conversation that its answer will be in, and so does one that was refused" {
	conf good=ok bad=status-400
	{ message good 1; message bad 1; message good 2 ',"conversation":"mine"'; } >in
	want 1 omni-deliver -q -c omni.json in
	# UUIDv5 of channel, our address and theirs
	id=$(python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("6f6d6e69-0000-5000-8000-000000000000"), "sms/+15550100/+15550201"))')
	get 'select(.kind == "message" or .kind == "delivery") | [.kind, .conversation]' | sort | uniq -c | sed 's/^ *//' >got
	printf '%s\n' "2 [\"delivery\",\"$id\"]" '1 ["delivery","mine"]' "2 [\"message\",\"$id\"]" '1 ["message","mine"]' | sort | diff - <(sort got)
	# where another number takes over, the answer comes in to that
	message x 1 ",\"conversation\":\"$id\",\"route\":{\"carrier\":\"bandwidth\",\"account\":\"bad\",\"from\":\"+15550100\",\"fallback\":[{\"carrier\":\"bandwidth\",\"account\":\"good\",\"from\":\"+15550111\"}]}" >in
	want 0 omni-deliver -q -c omni.json in
	other=$(python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("6f6d6e69-0000-5000-8000-000000000000"), "sms/+15550111/+15550201"))')
	[ "$(get 'select(.kind == "message").conversation')" = "$other" ]
}

@test "a full disk, a closed pipe and a bad option are said" {
	conf good=ok
	message good 1 >in
	rc=0
	omni-deliver -q -c omni.json in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	want 64 omni-deliver -c omni.json --dry-run=xml in
	want 64 omni-deliver -c omni.json --resend-unknown in
	want 64 omni-deliver -c omni.json --timeout soon in
	echo '{ "deliver": { "retry": { "first": "soon" } } }' >bad.json
	want 78 omni-deliver -c bad.json in
	says '/deliver/retry/first'
}

@test "when its output is gone it waits for the answers that it is owed, and the ledger has them" {
	conf good=late-500
	for n in $(seq 20); do message good "$n"; done >in
	echo '{"kind":"status","direction":"out"}' >>in
	rc=0
	timeout 60 omni-deliver -q -c omni.json -l sent.db in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	want 0 omni-deliver -q -c omni.json -l sent.db in
	[ "$(get 'select(.kind == "delivery").outcome' | sort | uniq -c | tr -s ' ')" = ' 20 sent' ]
	[ "$(received)" -eq 20 ]
}

@test "a carrier that is down for ten minutes: the queue drains afterwards, and the other carrier was not held up" {
	plain
	conf broken=file good=ok
	echo status-503 >"$BATS_FILE_TMPDIR/log.mode"
	for n in $(seq 60); do message broken "$n"; message good "$((n + 60))"; done | omni-queue put outbound --dir q -q >/dev/null
	# A second is two minutes, and the same time for all: down for five of them.
	OMNI_CLOCK="@$(date -u +%FT%T.%3NZ) x120"
	export OMNI_CLOCK
	began=$SECONDS
	mkfifo taken
	omni-queue take outbound --follow --lease 2h --max-attempts 0 --dir q -q >taken 2>take.err 3>&- &
	taker=$!
	<taken omni-deliver -q -c omni.json -l sent.db 2>deliver.err 3>&- | tee out |
		omni-queue settle outbound --dir q -q >/dev/null 2>settle.err 3>&- &
	left() {
		[ "$(omni-queue stat outbound --dir q --json -q | jq '.ready + .delayed + .leased + .dead')" -eq "$1" ]
	}
	until_true left 60
	sleep 4
	left 60
	# 60 are good, and who is down is asked now and then: not once for each message and each of its times.
	[ "$(received)" -lt $((160 + 10 * (SECONDS - began))) ]
	echo ok >"$BATS_FILE_TMPDIR/log.mode"
	until_true left 0
	kill "$taker"
	wait
	[ "$(jq -r 'select(.outcome == "sent").message' out | sort | uniq -c | awk '$1 == 1' | wc -l)" -eq 120 ]
}
