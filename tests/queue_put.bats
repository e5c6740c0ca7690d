#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-queue put: what is stored, what is refused, and that it says so only when it is on the disk.

load helper
export OMNI_QUEUE_DIR=.

# held(queue): the lines in the table, in order, as they stand there.
held() {
	sqlite3 "$1.queue" 'SELECT CAST(line AS TEXT) FROM record ORDER BY seq'
}

@test "what is put is stored and passed on byte for byte" {
	printf '%s\n' '{"id":"1"}' ' {"a" : 1.50 ,"b":"\u00e9é"}	' '{}' >in
	want 0 omni-queue put q in
	cmp in out
	held q | diff - in
	[ "$(stat -c %a q.queue)" = 600 ]
}

@test "a lease of another queue is passed on and not stored" {
	echo '{"id":"1","lease":{"queue":"a","seq":1,"token":"t"},"x":2}' >in
	want 0 omni-queue put q in
	cmp in out
	held q | diff - <(echo '{"id":"1","x":2}')
}

@test "rejects pass; with --all they are put" {
	echo '{"id":"1","kind":"reject","class":"data","code":"x","record":{}}' >in
	want 0 omni-queue put q in
	cmp in out
	want 0 omni-queue put q --all in
	cmp in out
	[ "$(held q | wc -l)" = 1 ]
}

@test "what is no record is rejected and not stored, and the rest is" {
	printf '%s\n' '{"id":"1"}' 'nonsense' '[1]' '{"id":"2"}' >in
	want 1 omni-queue put q in
	[ "$(held q)" = "$(printf '%s\n' '{"id":"1"}' '{"id":"2"}')" ]
	[ "$(jq -r 'select(.kind == "reject").code' out | sort)" = "$(printf '%s\n' not-json not-object)" ]
	[ "$(wc -l <out)" = 4 ]
}

@test "an id is refused while it is in the queue, and until the window is over when it is done" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	echo '{"id":"1"}' >in
	want 0 omni-queue put q --id /id --window 1h in
	want 1 omni-queue put q --id /id --window 1h in in
	[ "$(get .class)" = "$(printf 'duplicate\nduplicate')" ]
	omni-queue take q | omni-queue settle q >ended
	cmp in ended
	OMNI_CLOCK=2026-01-14T09:59:59Z want 1 omni-queue put q --id /id in
	[ "$(get .code)" = id-known ]
	OMNI_CLOCK=2026-01-14T10:00:00Z want 0 omni-queue put q --id /id in
	want 1 omni-queue put q --id /none in
	[ "$(get .code)" = id-missing ]
	echo '{"id":{}}' | want 1 omni-queue put q --id /id
	[ "$(get .code)" = malformed ]
}

@test "priorities and times come from options or from the record" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	printf '%s\n' '{"n":1,"p":7}' '{"n":2,"p":"0"}' '{"n":3}' '{"n":4,"p":null}' |
		want 0 omni-queue put q --priority /p
	echo '{"n":5}' | want 0 omni-queue put q --priority 4
	echo '{"n":6}' | want 0 omni-queue put q --delay 1h
	echo '{"n":7}' | want 0 omni-queue put q --at 2026-01-14T11:00:00+01:00
	echo '{"n":8,"t":"2026-01-14T10:00:00Z"}' | want 0 omni-queue put q --at /t
	echo '{"n":9,"t":"2026-01-14T08:00:00Z"}' | want 0 omni-queue put q --at /t
	[ "$(omni-queue take q | jq -c .n | xargs)" = "2 5 3 4 9 1" ]
	OMNI_CLOCK=2026-01-14T09:59:59.999Z want 0 omni-queue take q --lease 12h
	[ "$(get .n | sort | xargs)" = "1 2 3 4 5 9" ] # again: their leases ran out
	OMNI_CLOCK=2026-01-14T10:00:00Z want 0 omni-queue take q
	[ "$(get .n | xargs)" = "6 7 8" ]
	printf '%s\n' '{"p":10}' '{"p":-1}' '{"p":1.5}' '{"p":"x"}' '{"p":[]}' | want 1 omni-queue put q --priority /p
	[ "$(get .code | uniq -c | xargs)" = "5 priority-malformed" ]
	echo '{"t":"tomorrow"}' | want 1 omni-queue put q --at /t
	[ "$(get .code)" = time-malformed ]
}

@test "a full queue rejects with a time to try again, and what follows does not overtake" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	printf '{"n":%d}\n' 1 2 3 4 >in
	want 1 omni-queue put q --max-records 2 in
	[ "$(get '[.n // .record.n, .class, .code, .retry_at]')" = '[1,null,null,null]
[2,null,null,null]
[3,"temp","queue-full","2026-01-14T09:00:10.000Z"]
[4,"temp","queue-full","2026-01-14T09:00:10.000Z"]' ]
	printf '%s\n' '{"long":"xxxxxxxxxxxxx"}' '{}' | want 1 omni-queue put q --max-size 20
	[ "$(get .code | uniq -c | xargs)" = "2 queue-full" ]
	[ "$(held q | wc -l)" = 2 ]
}

@test "with --wait it waits until there is room, and on SIGTERM says what it did not put" {
	printf '{"n":%d}\n' 1 2 3 4 5 >in
	omni-queue put q --max-records 2 --wait in >out &
	put=$!
	holds() { [ -e q.queue ] && [ "$(held q | wc -l)" = "$1" ]; }
	until_true holds 2
	for _ in 1 2; do
		until_true holds 2
		omni-queue take q --limit 1 | omni-queue settle q >>ended
	done
	fourth() { [ "$(sqlite3 q.queue 'SELECT max(seq) FROM record')" = 4 ]; }
	until_true fourth
	kill -TERM "$put"
	rc=0
	wait "$put" || rc=$?
	[ "$rc" = 1 ]
	[ "$(get '.n // .code' | xargs)" = "1 2 3 4 queue-full" ]
	diff ended <(head -n 2 in)
}

@test "a queue is a name or a URL, and what is neither is refused" {
	echo '{}' | want 0 omni-queue put sqlite:./x.queue
	[ "$(omni-queue take x | jq -r .lease.queue)" = x ]
	echo '{}' | want 0 omni-queue put x --dir deep/er
	[ -e deep/er/x.queue ]
	want 78 omni-queue put nats://host/q /dev/null
	says '"nats"'
	want 78 omni-queue put ../x /dev/null
	says 'sqlite:PATH'
	want 64 omni-queue put
	want 64 omni-queue put q --priority 10 /dev/null
	want 64 omni-queue put q --id id /dev/null
	want 64 omni-queue put q --at 2h --delay 2h /dev/null
}

@test "a file that is none of ours, or newer, or damaged is left alone with a clear word" {
	sqlite3 other.queue 'CREATE TABLE t(x)'
	echo '{}' | want 78 omni-queue put other
	says 'not a queue'
	head -c 20000 /dev/urandom >noise.queue
	echo '{}' | want 78 omni-queue put noise
	says 'not an SQLite file'
	echo '{}' | want 0 omni-queue put q
	sqlite3 other.queue 'PRAGMA journal_mode' >mode
	is mode delete # what is not ours was not changed
	sqlite3 q.queue 'PRAGMA user_version = 99'
	echo '{}' | want 78 omni-queue put q
	says 'version 99'
}

@test "a damaged page is an error, nothing is said to be put, and other queues go on" {
	seq -f '{"n":%.0f,"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}' 2000 | want 0 omni-queue put q
	sqlite3 q.queue 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	root=$(sqlite3 q.queue "SELECT rootpage FROM sqlite_schema WHERE name = 'record'")
	dd if=/dev/urandom of=q.queue bs=8192 seek=$((root - 1)) count=1 conv=notrunc status=none
	echo '{}' | want 74 omni-queue put q
	says 'damaged'
	[ ! -s out ]
	want 74 omni-queue take q
	[ ! -s out ]
	echo '{}' | want 0 omni-queue put sound
}

@test "a read-only file ends it with 74, with nothing said to be put" {
	local as=()
	# Root writes to read-only files, unless what allows it is taken away.
	[ "$(id -u)" -ne 0 ] || as=(setpriv --bounding-set '-dac_override,-dac_read_search')
	printf '%s\n' '{"n":1}' '{"n":2}' | want 0 omni-queue put q
	want 0 omni-queue take q --limit 1
	mv out taken
	chmod 400 q.queue
	echo '{}' | want 74 "${as[@]}" omni-queue put q
	says 'can not be written to'
	[ ! -s out ]
	want 74 "${as[@]}" omni-queue take q
	[ ! -s out ]
	want 74 "${as[@]}" omni-queue settle q taken
	[ ! -s out ]
	chmod 600 q.queue
	want 0 omni-queue settle q taken
	[ "$(held q)" = '{"n":2}' ]
}

@test "a name is the name of a file, whatever it means to SQLite" {
	for name in :memory: file:q 'file:q?mode=memory'; do
		echo '{"n":1}' | want 0 omni-queue put "sqlite:$name"
		want 0 omni-queue take "sqlite:$name"
		[ "$(get .n)" = 1 ]
		[ -s "$name" ]
	done
}

@test "a full disk ends it with 74 and all that was said to be put is there" {
	seq -f '{"n":%.0f,"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}' 20000 >in
	# A limit on the size of files is the full disk that needs no root.
	(
		trap '' XFSZ
		ulimit -f 600
		want 74 omni-queue put q --batch 100 in
	)
	[ "$(wc -l <out)" -lt 20000 ]
	omni-queue take q | jq -c 'del(.lease)' >have
	head -n "$(wc -l <out)" have | diff -q - out
	echo '{}' | want 0 omni-queue put q
}

@test "one that waits too long for another ends with 75, having done nothing" {
	plain # its time is measured in seconds
	echo '{}' | want 0 omni-queue put q
	mkfifo free
	python3 - q.queue 3>&- <<-'EOF' &
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("BEGIN IMMEDIATE")
		open("locked", "w").close()
		open("free").read()
	EOF
	until_true test -e locked
	echo '{}' | want 75 omni-queue put q
	says 'locked by another process'
	[ ! -s out ]
	: >free
	wait
}

@test "a full output is an error, and what was put stays put" {
	echo '{}' >in
	rc=0
	omni-queue put q in >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ]
	[ "$(held q | wc -l)" = 1 ]
}

@test "nothing is said that is not on the disk: the order of system calls" {
	command -v strace >/dev/null || skip 'no strace'
	plain
	seq -f '{"n":%.0f}' 10 >in
	strace -f -e trace=fdatasync,fsync,write,pwrite64 -o calls omni-queue put q in >out || skip 'strace may not trace'
	# The last write to standard output comes after a sync that comes after the last write to the log.
	awk '/pwrite64/ { log_at = NR } /f(data)?sync/ { sync_at = NR } /write\(1,/ { out_at = NR; synced = sync_at; logged = log_at }
		END { exit !(logged < synced && synced < out_at) }' calls
}
