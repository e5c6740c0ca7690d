#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Memory and disk fail, at each call in turn: what was said is so, and what was not said can be done again.

load helper
export OMNI_QUEUE_DIR=.

# In memory where that can be had: syncs are counted, not waited for.
setup() {
	work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
	cd "$work" || return
}

teardown() {
	rm -rf "$work"
}

# failing(kind, n, command...): the n-th call of the kind fails; false once the command makes fewer.  Leaves $rc.
failing() {
	local kind=$1 n=$2
	shift 2
	rc=0
	timeout 60 env OMNI_FAIL_CALL="$kind" OMNI_FAIL_AT="$n" LD_PRELOAD="$BUILD/fail.so" "$@" >said 2>err || rc=$?
	! grep -q 'not reached' err || { [ "$rc" = 0 ] && return 1; }
	case $rc in
	0 | 75) ;;
	71 | 74) grep -q omni-queue err ;;
	*) echo "$kind $n: exit $rc"; cat err; return 2 ;;
	esac
}

# each(kind, check): the check with 1, 2, 3 ... until it says that there are no more such calls.
each() {
	local kind=$1 n=0 code
	while :; do
		n=$((n + 1 + n / 8))
		code=0
		"$2" "$kind" "$n" || code=$?
		[ "$code" -ne 1 ] || break
		[ "$code" -eq 0 ] || { echo "$2, $kind $n"; cat err; return 1; }
	done
	[ "$n" -gt 1 ] # it has failed at least once
}

numbers() {
	jq .n | sort -n
}

# left: what is in the queue, sorted, in a sound file whose counters are right.
left() {
	sqlite3 q.queue 'PRAGMA integrity_check' 'SELECT records - (SELECT count(*) FROM record) FROM meta' \
		'SELECT CAST(line AS TEXT) FROM record' >rows
	[ "$(head -n 2 rows | xargs)" = 'ok 0' ] || return 2
	sed 1,2d rows | numbers
}

# fresh(n): the queue q with n records, made once and copied.
fresh() {
	if [ ! -e "fresh.$1" ]; then
		rm -f q.queue*
		seq -f '{"n":%.0f}' "$1" | omni-queue put q >/dev/null
		sqlite3 q.queue 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
		cp q.queue "fresh.$1"
	fi
	rm -f q.queue*
	cp "fresh.$1" q.queue
}

put() {
	fresh 1
	failing "$1" "$2" omni-queue put q --batch 10 in || return
	left >have || return 2
	numbers <said | sort | comm -23 - <(sort have) | nothing || return 2
	# Batches are whole, and in order.
	head -n "$(wc -l <have)" <(seq 31) | diff - have || return 2
	[ $(($(wc -l <have) % 10)) = 1 ] || return 2
	[ "$rc" != 0 ] || [ "$(wc -l <said)" = 30 ] || return 2
	# Each that was said had a sync of its own that did not fail.
	[ "$1" != sync ] || [ "$rc" = 0 ] || [ "$(wc -l <said)" -le $((10 * ($2 - 1))) ] || return 2
}

take() {
	fresh 10
	failing "$1" "$2" omni-queue take q --batch 4 || return
	[ "$rc" != 0 ] || [ "$(wc -l <said)" = 10 ] || return 2
	# Nothing is lost: what did not come out comes when its lease is over.
	OMNI_CLOCK=+2m omni-queue take q | numbers | diff <(seq 10) - || return 2
}

settle() {
	rm -f q.queue*
	cp taken.queue q.queue
	failing "$1" "$2" omni-queue settle q verdicts || return
	left >have || return 2
	omni-queue dead q export | jq .n >dead || return 2
	# What came out is settled, and what did not come out may be.
	jq 'select(.n).n' said | sort >settled
	sort have | comm -12 - settled | nothing || return 2
	jq 'select(.kind == "reject" and .class == "data").record.n' said | sort >gone
	sort dead | comm -13 - gone | nothing || return 2
	[ "$rc" != 0 ] || [ "$(wc -l <said)" = 10 ] || return 2
	# Again, until all have been heard: each record is in one place.
	omni-queue settle q verdicts >again || return 2
	left >have || return 2
	{ cat have; omni-queue dead q export | jq .n; jq 'select(.n).n' verdicts; } | sort -n | diff <(seq 10) - || return 2
}

@test "put: whatever fails, what came out is in the queue" {
	plain
	seq -f '{"n":%.0f}' 2 31 >in
	for kind in malloc write pwrite sync; do
		each "$kind" put
	done
}

@test "take: whatever fails, nothing is lost" {
	plain
	for kind in malloc write pwrite sync; do
		[ "$kind" = sync ] || each "$kind" take
	done
}

@test "settle: whatever fails, what came out is settled, and nothing is lost" {
	plain
	fresh 10
	omni-queue take q >taken
	sqlite3 q.queue 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	cp q.queue taken.queue
	jq -c 'if .n % 3 == 0 then {kind: "reject", class: "data", code: "x", record: del(.lease), lease}
		elif .n % 4 == 0 then {kind: "reject", class: "temp", code: "x", retry_at: "2020-01-01T00:00:00Z", record: del(.lease), lease}
		else . end' taken >verdicts
	for kind in malloc write pwrite sync; do
		each "$kind" settle
	done
}
