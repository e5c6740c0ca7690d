#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# SIGKILL inside a commit, at each of its writes and syncs in turn: what was said is so, what was not said is whole or not there.

load helper
export OMNI_QUEUE_DIR=.

# crash(n, command...): it dies at the n-th call that changes the log; false once it runs to its end.
crash() {
	local n=$1 rc=0
	shift
	OMNI_KILL_AT=$n LD_PRELOAD=$BUILD/kill.so "$@" 2>err || rc=$?
	[ "$rc" = 137 ] || { [ "$rc" = 0 ] && says 'not reached' && return 1; }
}

# fresh(n): the queue q with n records and nothing else.
fresh() {
	rm -f q.queue*
	seq -f '{"n":%.0f,"pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}' "$1" >in
	omni-queue put q --batch 10 "${@:2}" in >/dev/null
}

numbers() {
	jq .n | sort -n
}

# left: the numbers of what is in the queue, sorted, with the file looked over.
left() {
	[ "$(sqlite3 q.queue 'PRAGMA integrity_check')" = ok ]
	[ "$(sqlite3 q.queue 'SELECT records FROM meta')" = "$(sqlite3 q.queue 'SELECT count(*) FROM record')" ]
	sqlite3 q.queue 'SELECT CAST(line AS TEXT) FROM record' | numbers
}

@test "put: what came out is in, and of the rest whole batches or nothing" {
	plain
	local n=0 crashes=0
	while :; do
		n=$((n + 1))
		fresh 1
		seq -f '{"n":%.0f}' 2 31 >in
		crash "$n" omni-queue put q --batch 10 in >said || break
		crashes=$((crashes + 1))
		left >held
		numbers <said | sort | comm -23 - <(sort held) | nothing
		[ "$(($(wc -l <held) % 10))" = 1 ]
		head -n "$(wc -l <held)" <(seq 31) | diff - held
	done
	[ "$crashes" -ge 8 ]
}

@test "put of what needs a plan and an id: the same" {
	plain
	local n=0 crashes=0
	while :; do
		n=$((n + 1))
		fresh 1 --id /n
		seq -f '{"n":%.0f}' 2 21 >in
		crash "$n" omni-queue put q --batch 10 --priority 3 --lane /n --id /n in >said || break
		crashes=$((crashes + 1))
		left >held
		numbers <said | sort | comm -23 - <(sort held) | nothing
		# What is in is refused, and what is not is taken: ids and records are of one mind.
		omni-queue put q --id /n in >again || [ $? = 1 ]
		left | diff <(seq 21) -
	done
	[ "$crashes" -ge 8 ]
}

@test "take: nothing is lost, and what did not come out comes when its lease is over" {
	plain
	local n=0 crashes=0
	while :; do
		n=$((n + 1))
		fresh 30
		crash "$n" omni-queue take q --batch 10 >said || break
		crashes=$((crashes + 1))
		OMNI_CLOCK=+2m omni-queue take q --batch 30 | numbers | diff <(seq 30) -
	done
	[ "$crashes" -ge 6 ]
}

@test "settle: what came out is gone, and the rest comes again" {
	plain
	local n=0 crashes=0
	while :; do
		n=$((n + 1))
		fresh 20
		omni-queue take q >taken
		# One of each kind: done, to be tried again, dead.
		jq -c 'if .n % 3 == 0 then {kind: "reject", class: "data", code: "x", record: del(.lease), lease}
			elif .n % 7 == 0 then {kind: "reject", class: "temp", code: "x", retry_at: "2020-01-01T00:00:00Z", record: del(.lease), lease}
			else . end' taken >verdicts
		crash "$n" omni-queue settle q verdicts >said || break
		crashes=$((crashes + 1))
		jq -r 'select(.n).n' said | sort >gone
		left | sort | comm -12 - gone | nothing
		# Each record is in one place: gone, waiting, or dead.
		{
			left
			omni-queue dead q export | jq .n
			[ "$(omni-queue stat q --json | jq .dones)" = 0 ] || jq -r 'select(.n).n' verdicts
		} | sort -n | diff <(seq 20) -
	done
	[ "$crashes" -ge 6 ]
}

@test "the file of a queue is made whole or made by the next one" {
	plain
	local n=0
	while :; do
		n=$((n + 1))
		rm -f q.queue*
		echo '{"n":1}' >in
		crash "$n" omni-queue put q in >said || break
		echo '{"n":2}' | omni-queue put q >/dev/null
		left | comm -13 - <({ numbers <said; echo 2; } | sort -n) | nothing
	done
	[ "$n" -ge 10 ]
}
