#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-queue take: order, leases, attempts, waiting, and what is left when it is stopped or killed.

load helper
export OMNI_QUEUE_DIR=.

# put(queue, n): n records.
put() {
	seq -f '{"n":%.0f}' "$2" | omni-queue put "$1" >/dev/null
}

# numbers: the members n of out, in one line.
numbers() {
	get .n | xargs
}

# extended: the lease that ends first ends later than when this was asked first.
extended() {
	local until_ms
	until_ms=$(sqlite3 q.queue 'SELECT min(until_ms) FROM lease')
	: "${extended:=$until_ms}"
	[ "$until_ms" -gt "$extended" ]
}

@test "a record comes out as it was put, with its lease at the end" {
	printf '%s\n' '{"id":"1","x": [1.0, "\u00e9"]}' '{}' | OMNI_CLOCK=2026-01-14T09:00:00Z omni-queue put q >/dev/null
	want 0 omni-queue take q
	sed -E 's/"token":"[0-9]+\.[0-9]+\.[0-9a-f]{16}"/"token":"T"/' out | diff - <(
		echo '{"id":"1","x": [1.0, "\u00e9"],"lease":{"queue":"q","seq":1,"token":"T","born":"2026-01-14T09:00:00.000Z","attempt":1}}'
		echo '{"lease":{"queue":"q","seq":2,"token":"T","born":"2026-01-14T09:00:00.000Z","attempt":1}}'
	)
}

@test "a lease that somebody wrote into the file is replaced" {
	put q 1
	sqlite3 q.queue "UPDATE record SET line = CAST('{\"leas\\u0065\":1,\"n\":1}' AS BLOB)"
	want 0 omni-queue take q
	[ "$(get 'keys_unsorted | join(",")')" = n,lease ]
	[ "$(grep -o leas out | wc -l)" = 1 ]
}

@test "what was taken is not taken again before its lease runs out, and then is counted" {
	put q 3
	want 0 omni-queue take q --limit 2
	[ "$(numbers)" = "1 2" ]
	want 0 omni-queue take q
	[ "$(numbers)" = 3 ]
	want 0 omni-queue take q
	[ ! -s out ]
	OMNI_CLOCK=+61s want 0 omni-queue take q
	[ "$(get '[.n, .lease.attempt]' | xargs)" = "[1,2] [2,2] [3,2]" ]
}

@test "after too many attempts a record is buried, with its history" {
	put q 1
	for i in 1 2 3; do
		OMNI_CLOCK=+${i}0m want 0 omni-queue take q --max-attempts 3
		[ "$(get .lease.attempt)" = "$i" ]
	done
	OMNI_CLOCK=+40m want 0 omni-queue take q --max-attempts 3
	[ ! -s out ]
	want 0 omni-queue dead q --json
	[ "$(get '[.code, .attempts]')" = '["attempts",3]' ]
	want 0 omni-queue dead q show
	[ "$(grep -oE 'try [0-9]  (expired|attempts)' out | xargs)" = 'try 1 expired try 2 expired try 3 expired try 3 attempts' ]
}

@test "lanes come in order, the next only when the one before is settled" {
	printf '{"n":%d,"c":"%s"}\n' 1 a 2 a 3 b 4 a 5 b | omni-queue put q --lane /c >/dev/null
	echo '{"n":6}' | omni-queue put q --lane /c >/dev/null
	want 0 omni-queue take q
	[ "$(numbers)" = "1 3 6" ]
	mv out first
	want 0 omni-queue take q
	[ ! -s out ]
	grep '"c":"b"' first | want 0 omni-queue settle q
	want 0 omni-queue take q
	[ "$(numbers)" = 5 ]
	jq -c 'select(.n == 1) | {kind: "reject", class: "temp", code: "x", retry_at: "2020-01-01T00:00:00Z", record: del(.lease), lease}' first |
		omni-queue settle q >/dev/null
	want 0 omni-queue take q
	[ "$(get '[.n, .lease.attempt]')" = '[1,2]' ]
	mv out second
	want 0 omni-queue settle q second
	want 0 omni-queue take q
	[ "$(numbers)" = 2 ]
}

@test "follow writes what is put while it waits, and ends on SIGTERM with 0" {
	omni-queue take q --follow >out &
	take=$!
	for i in 1 2 3; do
		until_true test -e q.queue
		echo "{\"n\":$i}" | omni-queue put q >/dev/null
		until_true lines_are out "$i"
	done
	kill -TERM "$take"
	wait "$take"
	[ "$(numbers)" = "1 2 3" ]
}

@test "follow wakes at its time for what is delayed, and for leases that run out" {
	echo '{"n":2}' | omni-queue put q >/dev/null
	want 0 omni-queue take q --lease 4s
	[ "$(numbers)" = 2 ]
	echo '{"n":1}' | omni-queue put q --delay 2s >/dev/null
	want 0 timeout 60 omni-queue take q --follow --limit 2
	[ "$(get '[.n, .lease.attempt]' | sort | xargs)" = "[1,1] [2,2]" ]
}

@test "follow has no more out than it may, and goes on as they are settled" {
	put q 10
	mkfifo settled
	omni-queue take q --follow --in-flight 4 >out &
	take=$!
	until_true lines_are out 4
	sleep 0.3
	[ "$(wc -l <out)" = 4 ]
	head -n 3 out | omni-queue settle q >/dev/null
	until_true lines_are out 7
	kill -TERM "$take"
	wait "$take"
	[ "$(numbers)" = "1 2 3 4 5 6 7" ]
}

@test "follow extends the leases of what is out as long as it lives, and not longer than --hold" {
	put q 1
	# A lease that is long for a slow machine, and seen to be longer.
	omni-queue take q --follow --lease 15s >out 3>&- &
	take=$!
	until_true extended
	[ "$(omni-queue stat q --json | jq .expiries)" = 0 ]
	kill -TERM "$take"
	wait "$take"
	sqlite3 q.queue 'UPDATE lease SET until_ms = 0'
	omni-queue take q --follow --lease 2s --hold 3s >out 3>&- &
	take=$!
	until_true eval '[ "$(wc -l <out)" -ge 2 ]' # it was held for too long
	kill -TERM "$take"
	wait "$take"
	[ "$(get .lease.attempt | head -n 2 | xargs)" = "2 3" ]
}

@test "leases are extended while the pipe is full" {
	seq -f '{"n":%.0f,"pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}' 1000 |
		omni-queue put q >/dev/null
	omni-queue take q --follow --lease 15s --limit 1000 | { until_true extended && cat; } >out
	[ "$(get .lease.attempt | sort | uniq -c | xargs)" = "1000 1" ]
	omni-queue settle q out >/dev/null
	[ "$(omni-queue stat q --json | jq -c '[.dones, .expiries]')" = '[1000,0]' ]
}

@test "any number of takers at once share the records, each comes once" {
	put q 3000
	for i in 1 2 3 4; do
		omni-queue take q --batch 7 >"out.$i" &
	done
	wait
	cat out.* >out
	get .n | sort -n | diff - <(seq 3000)
}

@test "a taker that is killed leaves nothing behind but leases that run out" {
	put q 500
	omni-queue take q --follow --lease 2s >taken &
	take=$!
	until_true test -s taken
	kill -KILL "$take"
	wait "$take" || :
	OMNI_CLOCK=+3s want 0 omni-queue take q
	get .n | sort -n | diff - <(seq 500)
}

@test "clock steps of an hour, back and forth, lose nothing and lock nothing" {
	put q 4
	want 0 omni-queue take q --limit 2
	OMNI_CLOCK=-1h want 0 omni-queue take q # what is ready is ready
	[ "$(numbers)" = "3 4" ]
	OMNI_CLOCK=-58m want 0 omni-queue take q # and what is leased comes back after a lease, not after an hour
	[ "$(numbers)" = "1 2 3 4" ]
	OMNI_CLOCK=+1h want 0 omni-queue take q
	[ "$(numbers)" = "1 2 3 4" ]
	mv out taken
	OMNI_CLOCK=+1h want 0 omni-queue settle q taken
	[ "$(omni-queue stat q --json | jq -c '[.ready, .leased, .dones]')" = '[0,0,4]' ]
}

@test "follow ends with 74 when its reader is gone, also while there is nothing to write" {
	put q 1
	rc=0
	{ timeout 60 omni-queue take q --follow 2>err || echo "$?" >rc; } | head -n 1 >out
	[ "$(cat rc)" = 74 ]
	says 'standard output'
}

@test "a full output is an error, and the record is still there" {
	put q 1
	rc=0
	omni-queue take q >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ]
	OMNI_CLOCK=+2m want 0 omni-queue take q
	[ "$(numbers)" = 1 ]
}

@test "wrong words are refused" {
	want 78 omni-queue take none
	says 'none.queue'
	want 64 omni-queue take
	want 64 omni-queue take q --lease 1s
	want 64 omni-queue take q --lease 60
	want 64 omni-queue take q --hold 5m
	says -- '--follow'
	want 64 omni-queue take q --in-flight 5
	want 64 omni-queue take q --batch 0
	want 64 omni-queue take q extra
}

@test "an idle follower does not spin" {
	plain
	put q 1
	omni-queue take q --follow >out &
	take=$!
	until_true test -s out
	# What spins takes all of a processor: two hundred hundredths in two seconds, if it gets one.
	before=$(awk '{ print $14 + $15 }' "/proc/$take/stat")
	sleep 2
	after=$(awk '{ print $14 + $15 }' "/proc/$take/stat")
	kill -TERM "$take"
	wait "$take"
	[ $((after - before)) -le 15 ]
}
