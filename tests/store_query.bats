#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-store: questions about conversations, contacts and words.

load helper
load store_helper

# in_talk CONVERSATION ADDRESS SECOND: a message of another conversation.
in_talk() {
	came "$3" | sed "s/\"c1\"/\"$1\"/; s/+15550123/$2/; s/09:00:00/09:01:$(printf %02d "$3")/"
}

@test "conversations: the last written to first, with who takes part and the last words" {
	{
		sent 1
		in_talk c2 +15550124 2
		in_talk c3 +15550125 3
		in_talk c2 +15550126 4
		event 5 chat-opened
	} | put
	want 0 omni-store conversations
	[ "$(get .id | tr '\n' ' ')" = 'c2 c3 c1 ' ]
	[ "$(get 'select(.id == "c2") | [.messages, .ours, .first_at, .last_at, .last_direction, .last_text] | @csv')" = \
		'2,"+15550100","2026-01-14T09:01:02.000Z","2026-01-14T09:01:04.000Z","in","Hi"' ]
	[ "$(get 'select(.id == "c2").participants[].address' | tr '\n' ' ')" = '+15550124 +15550126 ' ]
	[ "$(get 'select(.id == "c1").participants[0].name')" = Ann ]
	[ "$(get 'select(.id == "c1").state')" = open ]
	[ "$(omni-store conversations --direction out | jq -r .id)" = c1 ]
	[ "$(omni-store conversations --with +15550126 | jq -r .id)" = c2 ]
	[ "$(omni-store conversations --until 2026-01-14T09:01:03Z --reverse | jq -r .id | tr '\n' ' ')" = 'c1 c3 ' ]
	cursor=$(omni-store conversations --limit 1 | jq -r .store.cursor)
	[ "$(omni-store conversations --cursor "$cursor" | jq -r .id | tr '\n' ' ')" = 'c3 c1 ' ]
}

@test "one conversation: itself, then a page of its messages, with its events if asked for" {
	{ sent 1; event 2 typing; came 3; event 4 participant-left; } | put
	want 0 omni-store conversation c1
	[ "$(get .kind | tr '\n' ' ')" = 'conversation message message ' ]
	want 0 omni-store conversation --events --reverse c1
	[ "$(get '.event // .kind' | tr '\n' ' ')" = 'conversation message message typing participant-left ' ]
	want 0 omni-store conversation --limit 1 c1
	[ "$(wc -l <out)" -eq 2 ]
	want 0 omni-store conversation --limit 1 --cursor "$(tail -n 1 out | jq -r .store.cursor)" c1
	[ "$(tail -n 1 out | jq -r .id)" = "$(uuid 1)" ]
	want 1 omni-store conversation c9
	says 'no such conversation'
}

@test "a conversation opens and closes by time, whatever comes first" {
	{ event 5 chat-closed; event 3 chat-opened; } | put
	[ "$(omni-store conversation c1 | jq -r .state)" = closed ]
	event 7 chat-opened | put
	[ "$(omni-store conversation c1 | jq -r .state)" = open ]
	{ event 8 participant-left; event 6 participant-joined; event 9 read; } | put
	[ "$(omni-store conversation c1 | jq -c '.participants[0] | [.joined_at, .left_at, .read_at]')" = \
		'["2026-01-14T09:00:06.000Z","2026-01-14T09:00:08.000Z","2026-01-14T09:00:09.000Z"]' ]
}

@test "contacts: the last name, consent for each of our addresses, moves" {
	{
		sent 1
		came 2 | sed 's/"+15550123"/&,"name":"Anna"/; s/09:00:00/09:00:02/'
		came 3 | sed 's/"+15550123"/&,"name":"Older"/; s/09:00:00/08:00:00/'
		event 4 opt-out
		event 3 opt-in | sed 's/0003"/0013"/'
		event 5 opt-out | sed 's/+15550100/+15550101/'
	} | put
	want 0 omni-store contact +15550123
	[ "$(get 'select(.kind == "contact") | [.name, (.consent[] | .address, .state)] | @csv')" = \
		'"Anna","+15550100","opt-out","+15550101","opt-out"' ]
	[ "$(get 'select(.kind == "conversation").id')" = c1 ]
	event 6 opt-in | put
	[ "$(omni-store contacts --consent opt-in | jq -r .address)" = +15550123 ]
	event 7 number-changed ',"carrier_data":{"system":{"wa_id":"15550199"}}' | put
	[ "$(omni-store contact +15550123 | jq -r '.moved.to // empty')" = +15550199 ]
	want 1 omni-store contact +1
	says 'no such contact'
}

@test "what a person writes is searched: words, phrases, beginnings, without; text, captions, names" {
	{
		came 1 | sed 's/"Hi"/"Where is my order 1042, please?"/'
		came 2 | sed 's/"Hi"/"The ORDER came; thanks"/'
		came 3 ',"media":[{"kind":"document","name":"invoice.pdf","caption":"café bill"}]'
		came 4 ',"location":{"latitude":1,"longitude":2,"name":"Vondelpark"}'
		came 5 | sed 's/"Hi"/"李雷 привет"/'
	} | put
	found() {
		omni-store search "$@" | jq -r '.id[-1:]' | tr '\n' ' '
	}
	[ "$(found order)" = '2 1 ' ]
	[ "$(found --reverse order)" = '1 2 ' ]
	[ "$(found '"my order"')" = '1 ' ]
	[ "$(found '"order my"')" = '' ]
	[ "$(found 'order -thanks')" = '1 ' ]
	[ "$(found 'vondel*')" = '4 ' ]
	[ "$(found 'CAFE invoice')" = '3 ' ]
	[ "$(found 'Привет')" = '5 ' ]
	[ "$(found --limit 1 'order!')" = '2 ' ]
	[ "$(found --until 2026-01-01 order)" = '' ]
	[ "$(found --expert 'order NOT thanks')" = '1 ' ]
	cursor=$(omni-store search --limit 1 order | jq -r .store.cursor)
	[ "$(found --limit 1 --cursor "$cursor" order)" = '1 ' ]
	want 64 omni-store search --cursor "$cursor" orders
}

@test "no text is a mistake of syntax, unless it is meant as syntax" {
	came 1 | put
	local text
	for text in '"' '""' 'a"b' 'AND' 'a AND' 'NEAR(' '(a' 'a:b' 'words:a' '^a' '{a b}:c' '-a b' '*' 'a*b' "it's" 'a -' $'a\tb' '%' 'NOT' '+a' 'a"*' '\' ; do
		rc=0
		omni-store search -- "$text" >out 2>err || rc=$?
		case $rc in 0) ;; 64) says 'no word' ;; *) echo "$text: $rc"; cat err; return 1 ;; esac
	done
	want 64 omni-store search --expert 'a AND ('
	says 'fts5'
	want 64 omni-store search ''
}
