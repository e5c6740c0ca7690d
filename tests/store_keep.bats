#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-store: the change log, and what removes, copies and checks.

load helper
load store_helper

# several: a message of ours with all that can happen to it, and one of theirs.
several() {
	sent 1
	delivery 2 1 SM1
	status 3 SM1 delivered ',"recipient":"+15550123"'
	came 4
	event 5 opt-out
	rec 6 '"kind":"message","type":"reaction","direction":"in","at":"2026-01-14T09:00:06Z","carrier":"twilio","account":"AC1","external_id":"SM6","conversation":"c1","from":{"address":"+15550123"},"to":[{"address":"+15550100"}],"reaction":{"emoji":"x","message":"SM1"}'
	status 7 SM99 sent ',"recipient":"+15550123"'
}

# follow FILE COMMAND...: run it in the background, its output in the file; wait_lines FILE N
follow() {
	local file=$1
	shift
	"$@" >"$file" 2>"$file.err" 3>&- &
	follower=$!
}
has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}
wait_lines() {
	until_true has_lines "$1" "$2" || { cat "$1" "$1.err"; return 1; }
}

@test "changes: what was put and what it changed, with images of before and after" {
	several | put
	want 0 omni-store changes
	[ "$(get '.op + " " + .table' | tr '\n' ',')" = 'insert messages,insert conversations,insert contacts,update messages,update messages,insert messages,update contacts,insert messages,update messages,' ]
	[ "$(get 'select(.seq) | .seq' | sort -nu | wc -l)" -eq 9 ]
	[ "$(get 'select(.op == "update" and .table == "messages") | [.before.store.status, .after.store.status] | @csv' | head -n 2 | tr '\n' ' ')" = ',"accepted" "accepted","delivered" ' ]
	[ "$(get 'select(.op == "update" and .table == "messages").record' | head -n 1)" = "$(uuid 2)" ]
	[ "$(get 'select(.op == "update" and .table == "contacts") | .before.consent, .after.consent[0].state' | tr '\n' ' ')" = 'null opt-out ' ]
	# A put that changes nothing is no change.
	several | put
	[ "$(omni-store changes | wc -l)" -eq 9 ]
	omni-store changes >again
	cmp again out
	want 0 omni-validate --schema change again
}

@test "a record nested deeper than SQLite reads is stored, changed, listed and erased like others" {
	deep=$(printf '[%.0s' $(seq 5000))$(printf ']%.0s' $(seq 5000))
	{ sent 1 ',"carrier_data":{"deep":'"$deep"'}'; delivery 2 1 SM1 ',"x":'"$deep"; } | put
	want 0 omni-store changes
	[ "$(wc -l <out)" -eq 4 ]
	grep -c "\"record\":\"$(uuid 2)\"" out
	want 0 omni-store messages
	want 0 omni-store check
	want 0 omni-store erase +15550123
	[ "$(omni-store messages | wc -l)" -eq 0 ]
}

@test "a cursor goes on where it stood, and is only moved when the line is out" {
	several | put
	[ "$(omni-store changes --cursor a --limit 4 | wc -l)" -eq 4 ]
	[ "$(omni-store changes --cursor a | wc -l)" -eq 5 ]
	[ "$(omni-store changes --cursor a | wc -l)" -eq 0 ]
	[ "$(omni-store changes --cursor a --from 5 | wc -l)" -eq 6 ]
	rc=0
	omni-store changes --cursor full >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	[ "$(omni-store changes --cursor full | wc -l)" -eq 9 ]
	[ "$(omni-store changes --from now | wc -l)" -eq 0 ]
	want 64 omni-store changes --from 4711
	want 64 omni-store changes --cursor 'a b'
	want 64 omni-store changes --hold
}

@test "a held cursor moves when the end of the pipe has acknowledged, and never back" {
	several | put
	omni-store changes --cursor a --hold --limit 3 >three
	[ "$(omni-store changes --cursor a --hold | wc -l)" -eq 9 ]
	want 0 omni-store ack --cursor a three
	cmp three out
	[ "$(omni-store changes --cursor a --hold | wc -l)" -eq 6 ]
	head -n 1 three | want 0 omni-store ack --cursor a
	[ "$(omni-store changes --cursor a --hold | wc -l)" -eq 6 ]
	want 64 omni-store ack
}

@test "--follow sees what another program puts, and ends at SIGTERM with its cursor moved" {
	sent 1 | put
	follow log omni-store changes --follow --cursor f
	wait_lines log 3
	came 2 | put
	wait_lines log 4
	delivery 3 1 SM1 | put
	wait_lines log 5
	kill -TERM "$follower"
	wait "$follower"
	status 4 SM1 read | put
	[ "$(omni-store changes --cursor f | jq -r .after.store.status)" = read ]
}

@test "what was pruned before it was read is an error, never silence" {
	OMNI_CLOCK=2026-01-14T09:00:00Z omni-store put <<<"$(several)" >/dev/null
	omni-store changes --cursor late --limit 2 >/dev/null
	OMNI_CLOCK=2026-06-01T00:00:00Z want 0 omni-store prune --keep 90d
	want 65 omni-store changes --cursor late
	says 'have been pruned'
	[ ! -s out ]
	want 0 omni-store changes --cursor late --from start
	[ "$(get .op | sort -u)" = delete ]
	want 0 omni-store changes --cursor late
}

@test "prune removes what is old and over, and keeps what lives, and every opt-out" {
	OMNI_CLOCK=2026-01-14T09:00:00Z omni-store put <<<"$(several; sent 8 | sed 's/"c1"/"c2"/; s/+15550123/+15550124/')" >/dev/null
	# A receipt of today keeps its message, and the message all that happened to it.
	OMNI_CLOCK=2026-05-30T00:00:00Z omni-store put <<<"$(status 9 SM1 read)" >/dev/null
	export OMNI_CLOCK=2026-06-01T00:00:00Z
	want 0 omni-store prune --keep 90d --dry-run
	[ "$(get .messages)" -eq 3 ]
	cp out dry
	[ "$(omni-store messages | wc -l)" -eq 4 ]
	want 0 omni-store prune --keep 90d
	[ "$(get '[.messages, .records] | @csv')" = '3,2' ]
	[ "$(jq '[.messages, .records] | @csv' dry)" = "$(jq '[.messages, .records] | @csv' out)" ]
	[ "$(omni-store messages | jq -r .id)" = "$(uuid 1)" ]
	[ "$(omni-store message "$(uuid 1)" | jq -r 'select(.step == "receipt").record.status' | tr '\n' ' ')" = 'delivered read ' ]
	[ "$(omni-store conversations | jq -r .id)" = c1 ]
	[ "$(omni-store contacts | jq -r '.address')" = +15550123 ]
	want 0 omni-store check
	# Even when nothing else is left of the person.
	want 0 omni-store prune --keep 0
	[ "$(omni-store messages | wc -l)" -eq 0 ]
	[ "$(omni-store contacts --consent opt-out | jq -r '.address')" = +15550123 ]
	want 0 omni-store check
	want 64 omni-store prune
}

@test "erase leaves nothing of a person in the file, its log, its index or its changes" {
	{
		several | sed 's/"Ann"/"Annabelle"/; s/"Hi"/"my unmistakable word"/'
		# A group, in which others stay; the person is told of, reacts, has a receipt.
		rec 20 '"kind":"message","at":"2026-01-14T09:00:00Z","direction":"out","carrier":"twilio","account":"AC1","external_id":"G1","channel":"sms","conversation":"g","from":{"address":"+15550100"},"to":[{"address":"+15550777"}],"type":"text","text":"To the group"'
		status 21 G1 read ',"recipient":"+15550123"'
		status 22 G1 read ',"recipient":"+15550777"'
		rec 23 '"kind":"event","event":"number-changed","at":"2026-01-14T09:00:00Z","carrier":"whatsapp","from":{"address":"+15550777"},"carrier_data":{"system":{"wa_id":"15550123"}}'
		rec 24 '"kind":"message","at":"2026-01-14T09:00:00Z","direction":"in","carrier":"twilio","channel":"sms","conversation":"g","from":{"address":"+15550777"},"to":[{"address":"+15550100"}],"type":"text","text":"call +15550123"'
	} | put
	want 0 omni-store erase --dry-run +15550123
	[ "$(omni-store search unmistakable | wc -l)" -eq 1 ]
	cp out dry
	want 0 omni-store erase +15550123
	diff <(jq -c 'del(.dry)' dry) <(jq -c 'del(.dry)' out)
	[ "$(get '[.messages, .mentioned] | @csv')" = '3,2' ]
	# What others wrote stays, and is counted: one text, one event.
	[ "$(omni-store messages | jq -r .text | tr '\n' ' ')" = 'call +15550123 To the group ' ]
	[ "$(omni-store messages | jq -r '.store.receipts[]?.recipient')" = +15550777 ]
	[ "$(sqlite3 store.db .dump | grep -v words | grep -c '15550123')" -eq 2 ]
	cat store.db store.db-wal 2>/dev/null | strings -a | grep -iE 'annabelle|unmistakable' | nothing
	vocabulary="create virtual table temp.v using fts5vocab('main', 'words', 'row'); select term from temp.v"
	sqlite3 store.db "$vocabulary" | grep -q group
	sqlite3 store.db "$vocabulary" | grep -E 'unmistakable|annabelle' | nothing
	want 0 omni-store check
	want 1 omni-store contact +15550123
	[ "$(omni-store changes | jq -r 'select(.op == "delete").table' | sort | uniq -c | tr -s ' ' | tr '\n' ',')" = ' 1 contacts, 1 conversations, 3 messages,' ]
	omni-store changes | grep -F 15550123 | grep -vF 'call +15550123' | nothing
}

@test "an address of our own is not erased by mistake" {
	several | put
	want 64 omni-store erase +15550100
	says 'an address of ours'
	[ "$(omni-store messages | wc -l)" -eq 3 ]
	want 0 omni-store erase --force +15550100
	[ "$(omni-store messages | wc -l)" -eq 0 ]
}

@test "a backup is whole, while others write" {
	several | put
	{ for n in $(seq 100 1500); do came "$n"; done; } >rest
	omni-store put --batch 10 rest >/dev/null &
	want 0 omni-store backup copy.db
	wait
	want 0 omni-store check -f copy.db
	[ "$(omni-store messages -f copy.db | wc -l)" -ge 3 ]
	want 0 omni-store messages -f copy.db --limit 1
	want 74 omni-store backup /proc/none/copy.db
}

@test "check finds a damaged page, rows that point to nothing, and an index that disagrees" {
	several | put
	want 0 omni-store check
	[ ! -s out ]
	cp store.db good.db
	sqlite3 store.db "delete from records where seq = 1"
	want 1 omni-store check
	[ "$(get .table | sort -u | tr '\n' ' ')" = 'ids records refs words ' ]
	rm -f store.db*
	cp good.db store.db
	sqlite3 store.db "update records set text = 'other' where seq = 1"
	want 1 omni-store check
	[ "$(get .table)" = words ]
	rm -f store.db*
	cp good.db store.db
	pages=$(sqlite3 store.db 'pragma page_count')
	dd if=/dev/urandom of=store.db bs=4096 seek=$((pages / 2)) count=1 conv=notrunc status=none
	rc=0
	omni-store check >out 2>err || rc=$?
	[ "$rc" -eq 1 ] || [ "$rc" -eq 74 ]
	[ "$rc" -eq 74 ] || [ -s out ]
}

@test "stat counts what is there" {
	several | put
	omni-store changes --cursor a --limit 2 >/dev/null
	want 0 omni-store stat
	[ "$(get '[.messages, .statuses, .events, .deliveries, .waiting, .conversations, .contacts, .changes] | @csv')" = '3,2,1,1,1,1,1,9' ]
	[ "$(get '.cursors[0].name')" = a ]
}

@test "a store of an older version is brought forward by the first who opens it" {
	several | put
	local older='drop index changes_ref; drop table devices; pragma user_version = 1'
	sqlite3 store.db "$older"
	want 0 omni-store messages
	[ "$(wc -l <out)" -eq 3 ]
	[ "$(sqlite3 store.db 'pragma user_version')" -eq 3 ]
	sqlite3 store.db "$older"
	came 50 | put
	[ "$(sqlite3 store.db "select count(*) from sqlite_schema where name = 'changes_ref'")" -eq 1 ]
	want 0 omni-store check
}

@test "two that put the same at once store it once" {
	{ for n in $(seq 1 300); do came "$n"; done; } >in
	omni-store put --batch 7 in >one 3>&- &
	omni-store put --batch 5 in >two
	wait
	[ "$(cat one two | jq -c 'select(.store.new)' | wc -l)" -eq 300 ]
	[ "$(omni-store messages | wc -l)" -eq 300 ]
	want 0 omni-store check
}
