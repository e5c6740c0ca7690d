#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-store put, and what of a message it makes.

load helper
load store_helper

# best: status and its rank, of the first message.
best() {
	omni-store messages --reverse --limit 1 | jq -r '.store | "\(.status) \(.rank)"'
}

@test "each record is stored once, and says so" {
	{ came 1; came 2; came 1; } | want 0 omni-store put
	[ "$(get '[.store.seq, .store.new] | @csv' | tr '\n' ' ')" = '1,true 6,true 1,false ' ]
	came 2 | want 0 omni-store put
	[ "$(get .store.new)" = false ]
	[ "$(omni-store messages | wc -l)" -eq 2 ]
	{ came 2; came 3; } | want 1 omni-store put --dedupe
	[ "$(get '.class // .store.new' | tr '\n' ' ')" = 'duplicate true ' ]
	[ "$(get 'select(.kind=="reject").code')" = stored-already ]
}

@test "what it does not store passes byte for byte, rejects among it" {
	printf '%s\n' '{"kind":"webhook", "id":"x"}' '{"kind":"reject","class":"data","record":{"kind":"message"}}' '{"a":1}' >in
	want 0 omni-store put in
	cmp in out
	[ "$(sqlite3 store.db 'select count(*) from records')" -eq 0 ]
}

@test "the line is kept without lease and store, and shown with what became of it" {
	came 1 ',"lease":{"queue":"q","seq":1,"token":"t"},"store":{"seq":77},"carrier_data":{"n":1.50}' | put
	[ "$(jq -c .lease put.out)" = '{"queue":"q","seq":1,"token":"t"}' ]
	want 0 omni-store messages
	[ "$(get '.lease')" = null ]
	[ "$(get '.store.seq')" = 1 ]
	diff <(came 1 ',"carrier_data":{"n":1.50}' | sed 's/}$//') <(sed 's/,"store".*//' out)
}

@test "a record that lacks what the store needs is rejected, and nothing of it is stored" {
	{
		rec 1 '"kind":"message","at":"2026-01-14T09:00:00Z"'
		rec 2 '"kind":"message","direction":"in","at":"soon"'
		echo '{"id":"1","kind":"message","direction":"in","at":"2026-01-14T09:00:00Z"}'
		rec 4 '"kind":"status","at":"2026-01-14T09:00:00Z","external_id":"SM1"'
		rec 5 '"kind":"delivery","at":"2026-01-14T09:00:00Z","message":"SM1"'
		rec 6 '"kind":"message","direction":"in","at":"2026-01-14T09:00:00Z","from":"+15550123"'
		rec 7 '"kind":"message","direction":"in","at":"2026-01-14T09:00:00Z","from":{"address":"'"$(printf '%01025d' 0)"'"}'
	} | want 1 omni-store put
	[ "$(get .code | sort | uniq -c | tr -s ' ')" = ' 7 record-malformed' ]
	[ "$(sqlite3 store.db 'select count(*) from records')" -eq 0 ]
}

@test "receipts in any order: the highest rank stays" {
	local order
	for order in '3 4 5' '5 4 3' '4 5 3' '5 3 4'; do
		rm -f store.db*
		{
			sent 1
			delivery 2 1 SM1
			for n in $order; do
				case $n in 3) status 3 SM1 queued ;; 4) status 4 SM1 sent ;; 5) status 5 SM1 delivered ;; esac
			done
		} | put
		[ "$(best)" = 'delivered 5' ]
		[ "$(omni-store message 019bbbbb-0000-7000-8000-000000000001 | jq -c 'select(.step == "receipt")' | wc -l)" -eq 3 ]
	done
	status 9 SM1 nonsense | put
	[ "$(best)" = 'delivered 5' ]
	status 8 SM1 failed ',"error":{"class":"permanent"}' | put
	[ "$(best)" = 'failed 8' ]
	status 7 SM1 read | put
	[ "$(best)" = 'failed 8' ]
	[ "$(omni-store messages | jq -r .store.error.class)" = permanent ]
}

@test "a receipt that comes before its message, or before the delivery that names it, waits" {
	status 5 SM1 delivered | put
	[ "$(sqlite3 store.db 'select count(*) from parked')" -gt 0 ]
	sent 1 | put
	[ "$(best)" = 'null null' ]
	delivery 2 1 SM1 | put
	[ "$(best)" = 'delivered 5' ]
	[ "$(sqlite3 store.db 'select count(*) from parked')" -eq 0 ]
	# The delivery itself may be early, too.
	rm -f store.db*
	{ status 5 SM1 delivered; delivery 2 1 SM1; sent 1; } | put
	[ "$(best)" = 'delivered 5' ]
	[ "$(omni-store message 019bbbbb-0000-7000-8000-000000000001 | jq -r .step | tr '\n' ' ')" = 'null stored attempt receipt ' ]
	# And one whose delivery did not know its account.
	rm -f store.db*
	{ status 5 SM1 delivered; sent 1; delivery 2 1 SM1 | sed 's/"account":"AC1",//'; status 6 SM1 read; } | put
	[ "$(best)" = 'read 6' ]
	[ "$(sqlite3 store.db 'select count(*) from parked')" -eq 0 ]
}

@test "receipts of two carriers or accounts that use one id are not mixed up" {
	{
		sent 1
		delivery 2 1 SM1
		status 5 SM1 delivered | sed 's/AC1/AC2/'
		status 6 SM1 read | sed 's/twilio/bandwidth/'
	} | put
	[ "$(best)" = 'accepted 1' ]
}

@test "parts and recipients each have their receipt" {
	{
		sent 1
		delivery 2 1 SM1 ',"part":1'
		delivery 3 1 SM2 ',"part":2'
		status 5 SM1 delivered
		status 6 SM2 sent
		status 7 SM2 delivered ',"part":2'
	} | put
	want 0 omni-store messages
	[ "$(get '.store.receipts[] | "\(.part) \(.status)"' | tr '\n' ' ')" = '1 delivered 2 delivered ' ]
	rm -f store.db*
	{
		sent 1 | sed 's/"to":\[/&{"address":"+15550124"},/'
		delivery 2 1 SM1
		status 3 SM1 failed ',"recipient":"+15550123"'
	} | put
	[ "$(best)" = 'accepted 1' ]
	status 4 SM1 delivered ',"recipient":"+15550124"' | put
	[ "$(best)" = 'delivered 5' ]
	want 0 omni-store messages
	[ "$(get '[.store.receipts[] | select(.recipient) | .status] | @csv')" = '"failed","delivered"' ]
	# Nobody is left to be reached.
	status 5 SM1 undelivered ',"recipient":"+15550124"' | put
	[ "$(best)" = 'undelivered 8' ]
}

@test "edits, deletes, reactions and read marks touch their message" {
	{
		came 1
		rec 2 '"kind":"event","event":"message-edited","at":"2026-01-14T09:00:03Z","carrier":"twilio","account":"AC1","reply_to":"SM1","text":"Second"'
		rec 3 '"kind":"event","event":"message-edited","at":"2026-01-14T09:00:02Z","carrier":"twilio","account":"AC1","reply_to":"SM1","text":"First"'
		rec 4 '"kind":"event","event":"read","at":"2026-01-14T09:00:04Z","carrier":"twilio","account":"AC1","reply_to":"SM1"'
	} | put
	want 0 omni-store messages
	[ "$(get '[.text, .store.edited, .store.read] | @csv')" = '"Second","2026-01-14T09:00:03.000Z","2026-01-14T09:00:04.000Z"' ]
	want 0 omni-store message -C twilio -A AC1 SM1
	[ "$(get 'select(.step == "event").record.text // empty' | tr '\n' ' ')" = 'First Second ' ]
	[ "$(get 'select(.step == "stored").record.text')" = Hi ]
	react() {
		rec "$1" '"kind":"message","type":"reaction","direction":"in","at":"2026-01-14T09:00:'"$2"'Z","carrier":"twilio","account":"AC1","external_id":"SM'"$1"'","from":{"address":"'"$3"'"},"reaction":{"emoji":"'"$4"'","message":"SM1"}'
	}
	{ react 5 05 +1555 a; react 6 06 +1555 b; react 7 07 +1556 c; react 8 04 +1555 d; } | put
	[ "$(omni-store messages --type text | jq -r '.store.reactions[] | .from + .emoji' | tr '\n' ' ')" = '+1555b +1556c ' ]
	react 9 08 +1555 '' | put
	[ "$(omni-store messages --type text | jq -r '.store.reactions[] | .from + .emoji' | tr '\n' ' ')" = '+1556c ' ]
	rec 10 '"kind":"event","event":"message-deleted","at":"2026-01-14T09:00:09Z","carrier":"twilio","account":"AC1","reply_to":"SM1"' | put
	[ "$(omni-store messages --type text | jq -r .store.deleted)" = 2026-01-14T09:00:09.000Z ]
	sqlite3 store.db "insert into words(words) values ('integrity-check')"
}

@test "the timeline tells when a message was received, how it was verified and routed" {
	came 1 ',"trace":"00-019bbbbb000070008000000000000001-8000000000000001-01","verified":{"scheme":"twilio"},"route":{"rule":"x","to":["a"]}' | put
	want 0 omni-store message 019bbbbb-0000-7000-8000-000000000001
	[ "$(get .step | tr '\n' ' ')" = 'null received verified routed stored ' ]
	[ "$(get 'select(.step == "received").at')" = 2026-01-14T08:59:13.280Z ]
	[ "$(get 'select(.step == "routed").route.rule')" = x ]
	want 1 omni-store message 019bbbbb-0000-7000-8000-00000000ffff
	says 'no such message'
	want 64 omni-store message SM1
}

@test "filters and pages of messages" {
	for n in $(seq 30); do came "$n" | sed "s/09:00:00/09:00:$(printf %02d $((n / 3)))/"; done | put
	sent 31 | put
	[ "$(omni-store messages --direction out | wc -l)" -eq 1 ]
	[ "$(omni-store messages --direction in --until 2026-01-14T09:00:04Z | wc -l)" -eq 14 ]
	[ "$(omni-store messages --since 2026-01-14T09:00:04Z | wc -l)" -eq 19 ]
	[ "$(omni-store messages --to +15550100 | wc -l)" -eq 30 ]
	[ "$(omni-store messages --to +15550123 | wc -l)" -eq 1 ]
	[ "$(omni-store messages --carrier other | wc -l)" -eq 0 ]
	local way cursor
	for way in '' --reverse; do
		omni-store messages $way | jq -r .id >all
		cursor=
		: >pages
		while :; do
			omni-store messages $way --limit 7 ${cursor:+--cursor "$cursor"} >page
			[ -s page ] || break
			jq -r .id page >>pages
			cursor=$(tail -n 1 page | jq -r .store.cursor)
		done
		cmp all pages
	done
	want 64 omni-store messages --cursor "$cursor"
	says 'another query'
	want 64 omni-store messages --reverse --cursor x
	says 'is no cursor'
	want 64 omni-store messages --reverse --cursor "${cursor%???}AAA/"
}

@test "the file: made with its directories and mode 0600, refused if newer or foreign" {
	export OMNI_STORE=$PWD/a/b/store.db
	want 78 omni-store messages
	came 1 | put
	[ "$(stat -c %a a/b/store.db)" = 600 ]
	sqlite3 a/b/store.db 'pragma user_version = 99'
	want 78 omni-store messages
	says 'a store of version 99'
	came 2 | want 78 omni-store put
	echo hello >text
	came 2 | want 78 omni-store put -f text
	sqlite3 other.db 'create table t (x)'
	came 2 | want 78 omni-store put -f other.db
	says 'not a store'
}

@test "what is not stored is not said: output that can not be written, a read-only file, a full disk" {
	came 1 | put
	for n in $(seq 2 300); do came "$n"; done >rest
	rc=0
	omni-store put rest >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	chmod 444 store.db
	[ "$(id -u)" -eq 0 ] || { want 74 omni-store put rest; [ ! -s out ]; }
	chmod 600 store.db
	for n in $(seq 301 600); do came "$n"; done >rest
	(
		ulimit -f 64
		trap '' XFSZ
		want 74 omni-store put rest
		[ ! -s out ]
	)
	want 0 omni-store put rest
	[ "$(omni-store messages | wc -l)" -eq 600 ]
}

@test "when any call fails, put says so or has stored it, and the store is in order" {
	plain
	{ sent 1; delivery 2 1 SM1; status 3 SM1 delivered; for n in 4 5 6; do came "$n"; done; } >in
	local kind n rc
	for kind in malloc write; do
		for n in 1 2 3 5 8 13 21 34 55 89 144 233 377 610; do
			rm -f store.db*
			rc=0
			timeout 60 env OMNI_FAIL_CALL=$kind OMNI_FAIL_AT="$n" LD_PRELOAD="$BUILD/fail.so" omni-store put in >out 2>err || rc=$?
			case $rc in 0 | 71 | 74 | 75) ;; *) echo "$kind $n: $rc"; cat err; return 1 ;; esac
			[ "$rc" -eq 0 ] || [ -s err ]
			# All of it is in the store where all was passed on; and then it can be done again.
			[ "$rc" -ne 0 ] || [ "$(omni-store messages | wc -l)" -eq 4 ]
			omni-store put in >again
			[ "$(omni-store messages | wc -l)" -eq 4 ]
			omni-store check
		done
	done
}
