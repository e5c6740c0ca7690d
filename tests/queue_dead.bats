#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-queue dead, redrive and purge: what is looked at by people, and what they do with it.

load helper

export OMNI_QUEUE_DIR=.

# died(time, code, from, to): records with these numbers died so.
died() {
	local i
	for ((i = $3; i <= $4; i++)); do
		printf '{"id":"id-%d","kind":"note","n":%d}\n' "$i" "$i"
	done | OMNI_CLOCK=2026-01-14T08:00:00Z omni-queue put q >/dev/null
	export OMNI_CLOCK=$1
	omni-queue take q --limit $(($4 - $3 + 1)) |
		jq -c '{id: "r", kind: "reject", stage: "test", class: "data", code: "'"$2"'", detail: "why \(.n)", record: del(.lease), lease}' |
		omni-queue settle q >/dev/null
}

some() {
	died 2026-01-14T09:00:00Z bad-phone 1 2
	died 2026-01-14T10:00:00Z forged 3 3
	died 2026-01-14T11:00:00Z bad-phone 4 5
	export OMNI_CLOCK=2026-01-14T12:00:00Z
}

# numbers(option...): which dead letters they are.
numbers() {
	omni-queue dead q export "$@" | jq .n | paste -sd' '
}

counts() {
	omni-queue stat q --json | jq -c '[.ready, .delayed, .leased, .held, .dead]'
}

@test "they are listed for people and for programs, the oldest first" {
	some
	want 0 omni-queue dead q
	[ "$(wc -l <out)" -eq 6 ]
	head -n 1 out | grep -q '^ *SEQ  DIED'
	sed -n 2p out | grep -qx ' *1  2026-01-14T09:00:00.000Z      1  bad-phone  *id-1'
	cp out text
	want 0 omni-queue dead q list
	cmp text out
	want 0 omni-queue dead q list --json
	head -n 1 out | jq -e '. == {seq: 1, id: "id-1", born: "2026-01-14T08:00:00.000Z", at: "2026-01-14T09:00:00.000Z",
		attempts: 1, stage: "test", code: "bad-phone", detail: "why 1", bytes: 33}'
	get .id | paste -sd' ' | grep -x 'id-1 id-2 id-3 id-4 id-5'
}

@test "by reason, by time and by id or number, and by all of them" {
	some
	[ "$(numbers)" = '1 2 3 4 5' ]
	[ "$(numbers --reason bad-phone)" = '1 2 4 5' ]
	[ -z "$(numbers --reason bad)" ]
	[ "$(numbers --since 2026-01-14T10:00:00Z)" = '3 4 5' ]
	[ "$(numbers --until 2026-01-14T10:00:00Z)" = '1 2' ]
	[ "$(numbers --since -2h --until 2026-01-14T11:00:00Z)" = 3 ]
	[ "$(numbers id-5 2 id-5)" = '2 5' ]
	[ "$(numbers --reason bad-phone --since -90m id-5 id-1)" = 5 ]
	want 1 omni-queue dead q show id-9
	says 'there is no such dead letter'
	want 0 omni-queue dead q --reason none
}

@test "show tells all that is known" {
	some
	want 0 omni-queue dead q show id-3
	for line in 'seq       3' 'id        id-3' 'born      2026-01-14T08:00:00.000Z' 'died      2026-01-14T10:00:00.000Z' \
		'attempts  1' 'stage     test' 'reason    forged' 'detail    why 3' \
		'history   2026-01-14T10:00:00.000Z  try 1  forged  why 3' 'record    {"id":"id-3","kind":"note","n":3}'; do
		grep -qxF "$line" out || { echo "$line"; cat out; return 1; }
	done
	grep -q '^reject    {"id":"r",' out
	want 0 omni-queue dead q show 3 --json
	get '[.record.n, .reject.code, .history[0].code]' | grep -xF '[3,"forged","forged"]'
}

@test "export gives the originals back, and with --why the reason" {
	some
	want 0 omni-queue dead q export
	head -n 1 out | grep -xF '{"id":"id-1","kind":"note","n":1}'
	want 0 omni-queue dead q export --why
	head -n 1 out | grep -xF '{"id":"id-1","kind":"note","n":1,"dead":{"at":"2026-01-14T09:00:00.000Z","attempts":1,"stage":"test","code":"bad-phone","detail":"why 1"}}'
	# mended, put again, and thrown away
	omni-queue dead q export --reason bad-phone | jq -c '.n += 100' | omni-queue put mended >/dev/null
	[ "$(omni-queue take mended | jq .n | paste -sd' ')" = '101 102 104 105' ]
}

@test "what a record or a reason says does not steer the terminal" {
	printf '{"id":"\\u001b[2J\\u0007","kind":"note"}\n' | omni-queue put q >/dev/null
	omni-queue take q | jq -c '{id: "r", kind: "reject", class: "data", code: "a\u001b[1mb\nc", detail: "\u009bx", lease}' |
		omni-queue settle q >/dev/null
	want 0 omni-queue dead q
	grep -F 'a\x1b[1mb\x0ac' out
	want 0 omni-queue dead q show
	grep -F '\x9bx' out
	no grep -P '[\x00-\x08\x0b-\x1f\x7f]' out
}

@test "what was taken too often is a dead letter with its history" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	echo '{"id":"1","kind":"note"}' | omni-queue put q >/dev/null
	for minute in 0 2 4; do
		OMNI_CLOCK=2026-01-14T09:0$minute:00Z omni-queue take q --max-attempts 2 >"$minute"
	done
	[ -s 2 ] && [ ! -s 4 ]
	want 0 omni-queue dead q show --json
	get '[.id, .code, .stage, .attempts, has("reject"), (.history | length)]' | grep -xF '["1","attempts","queue",2,false,3]' ||
		{ cat out; return 1; }
}

@test "redrive puts them back, dry run first" {
	some
	want 0 omni-queue redrive q --reason bad-phone -n
	is out '4 would be put back'
	[ "$(counts)" = '[0,0,0,0,5]' ]
	want 0 omni-queue redrive q --reason bad-phone
	is out '4 put back'
	[ "$(counts)" = '[4,0,0,0,1]' ]
	omni-queue take q | jq -c '[.n, .lease.attempt]' | paste -sd' ' | grep -xF '[1,1] [2,1] [4,1] [5,1]'
	want 0 omni-queue redrive q id-3
	is out '1 put back'
	want 1 omni-queue redrive q id-3
	is out '0 put back'
	want 0 omni-queue redrive q --all
	is out '0 put back'
}

@test "a redriven record keeps its history" {
	some
	omni-queue redrive q 3 >/dev/null
	omni-queue take q | jq -c '{id: "r", kind: "reject", class: "denied", code: "again", lease}' | omni-queue settle q >/dev/null
	[ "$(omni-queue dead q show 3 --json | jq -c '[.history[].code]')" = '["forged","again"]' ]
}

@test "redrive and purge do nothing that was not said" {
	some
	want 64 omni-queue redrive q
	says 'say which dead letters'
	want 64 omni-queue redrive q -n
	want 64 omni-queue redrive q --all id-1
	want 64 omni-queue purge q
	want 64 omni-queue purge q --yes
	says 'say what'
	want 64 omni-queue purge q --dead
	says '--yes does it'
	want 64 omni-queue purge q --dead -n --yes
	want 64 omni-queue purge q --all --dead --yes
	want 64 omni-queue purge q --all id-1 --yes
	want 64 omni-queue dead q wipe
	want 64 omni-queue dead q show --why
	want 64 omni-queue dead q export --json
	want 64 omni-queue dead q --since then-ish
	[ "$(counts)" = '[0,0,0,0,5]' ]
}

@test "purge deletes dead letters, or everything" {
	some
	want 0 omni-queue purge q --reason forged -n
	is out '1 would be deleted'
	want 0 omni-queue purge q --reason forged --yes
	is out '1 deleted'
	[ "$(numbers)" = '1 2 4 5' ]
	want 0 omni-queue purge q --until -2h --yes
	[ "$(numbers)" = '4 5' ]
	printf '{"id":"%s","kind":"x"}\n' a b c | omni-queue put q --id /id >/dev/null
	omni-queue take q --limit 1 >taken
	echo '{"id":"d","kind":"x"}' | omni-queue put q --delay 1h >/dev/null
	[ "$(counts)" = '[2,1,1,0,2]' ]
	want 0 omni-queue purge q --all -n
	is out '6 would be deleted'
	want 0 omni-queue purge q --all --yes
	is out '6 deleted'
	[ "$(counts)" = '[0,0,0,0,0]' ]
	want 0 omni-queue settle q taken -v # its lease is gone with it
	says '1 settled too late'
	# the ids are free again, and the queue goes on
	printf '{"id":"%s","kind":"x"}\n' a b c | want 0 omni-queue put q --id /id
	[ "$(omni-queue take q | jq -r .id | paste -sd' ')" = 'a b c' ]
}

@test "of many dead letters a page at a time is in memory" {
	plain
	head -c 700000 /dev/zero | tr '\0' x >big
	for i in {10..89}; do
		printf '{"id":"%d","kind":"note","text":"' "$i"
		cat big
		echo '"}'
	done | omni-queue put q >/dev/null
	omni-queue take q | sed 's/"kind":"note"/"kind":"reject","class":"data","code":"x"/' | omni-queue settle q >/dev/null
	# 80 records and their rejects are 112 MB
	bash -c 'ulimit -v 100000; exec omni-queue dead q export' >out
	[ "$(wc -l <out)" -eq 80 ]
}

@test "a full disk and a reader that goes away" {
	some
	want 74 bash -c 'omni-queue dead q >/dev/full'
	want 74 bash -c 'omni-queue redrive q --all -n >/dev/full'
	omni-queue dead q | head -n 1
	want 78 omni-queue dead none
	want 78 omni-queue redrive none --all
	want 78 omni-queue purge none --all --yes
	[ ! -e none.queue ]
}
