#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-route: rules to destinations, opt-out words to events.

load helper

# conf(rules): a configuration with these routes in omni.json.
conf() {
	printf '{"routes":%s}\n' "$1" >omni.json
}

# message(members): an inbound message with these members besides.
message() {
	printf '{"id":"m1","kind":"message","direction":"in","channel":"sms","type":"text",%s}\n' "$1"
}

# matches(condition, members): a record with these members is routed by a rule with this condition.
matches() {
	conf '[{"name":"hit","when":'"$1"',"to":"x"},{"name":"miss","to":"x"}]'
	message "$2" | want 0 omni-route -c omni.json
	[ "$(get .route.rule)" = "${3:-hit}" ]
}

# misses(condition, members): it is not.
misses() {
	matches "$1" "$2" miss
}

# refused(rules, text): the configuration is an error that says the text.
refused() {
	conf "$1"
	want 78 omni-route -c omni.json </dev/null
	says "omni-route: omni.json: $2"
	[ ! -s out ]
}

@test "without rules every record gets a route to nowhere" {
	message '"text":"a"' >in
	printf '{}' >omni.json
	want 0 omni-route -c omni.json in
	is out '{"id":"m1","kind":"message","direction":"in","channel":"sms","type":"text","text":"a","route":{"rule":null,"to":[]}}'
	[ ! -s err ]
}

@test "the first rule that matches wins" {
	conf '[{"name":"no","when":{"eq":{"channel":"rcs"}},"to":"a"},
	       {"name":"yes","when":{"eq":{"channel":"sms"}},"to":["b","c"]},
	       {"name":"late","to":"d"}]'
	message '"text":"a"' | want 0 omni-route -c omni.json
	[ "$(get .route)" = '{"rule":"yes","to":["b","c"]}' ]
}

@test "the rest of the line stays as it is, byte for byte" {
	conf '[{"to":"a"}]'
	printf '{"kind" : "message","n":1.50e1, "u":"\\u00e9\\/","kind2":[1, 2] }  \r\n' >in
	want 0 omni-route -c omni.json in
	is out '{"kind" : "message","n":1.50e1, "u":"\u00e9\/","kind2":[1, 2],"route":{"rule":"rule-1","to":["a"]}}'
}

@test "rules without a name are called by their number" {
	conf '[{"when":{"eq":{"channel":"rcs"}},"to":"a"},{"to":"b"}]'
	message '"text":"a"' | want 0 omni-route -c omni.json
	[ "$(get .route.rule)" = rule-2 ]
}

@test "a single rule needs no array, and a rule may send to nowhere" {
	conf '{"name":"drop","to":[]}'
	message '"text":"a"' | want 0 omni-route -c omni.json
	[ "$(get .route)" = '{"rule":"drop","to":[]}' ]
}

@test "a rule with continue lets the later ones add to it" {
	conf '[{"name":"one","to":["a","b"],"continue":true},
	       {"name":"no","when":{"exists":"media"},"to":"z","continue":true},
	       {"name":"two","to":["b","c","b"],"continue":true},
	       {"name":"three","to":"a"},
	       {"name":"four","to":"d"}]'
	message '"text":"a"' | want 0 omni-route -c omni.json
	[ "$(get .route)" = '{"rule":"one","to":["a","b","c"],"also":["two","three"]}' ]
}

@test "a rule with continue that stays alone looks like any other" {
	conf '[{"name":"one","to":"a","continue":true},{"name":"no","when":{"exists":"media"},"to":"z"}]'
	message '"text":"a"' | want 0 omni-route -c omni.json
	[ "$(get .route)" = '{"rule":"one","to":["a"]}' ]
}

@test "eq compares strings, numbers by value, true, false and null" {
	matches '{"eq":{"channel":"sms"}}' '"text":"a"'
	matches '{"eq":{"/from/address":"+1","text":"a"}}' '"text":"a","from":{"address":"+1"}'
	matches '{"eq":{"n":15}}' '"n":1.5e1'
	matches '{"eq":{"b":true,"c":null}}' '"b":true,"c":null'
	misses '{"eq":{"n":15}}' '"n":"15"'
	misses '{"eq":{"c":null}}' '"n":1'
	misses '{"eq":{"channel":"sms","text":"b"}}' '"text":"a"'
}

@test "in, prefix, suffix, exists" {
	matches '{"in":{"channel":["rcs","sms"]}}' '"n":1'
	misses '{"in":{"channel":["rcs","mms"]}}' '"n":1'
	matches '{"prefix":{"/to/0/address":["+44","+1"]}}' '"to":[{"address":"+15"}]'
	misses '{"prefix":{"/to/0/address":"+44"}}' '"to":[{"address":"+15"}]'
	matches '{"suffix":{"text":"bye"}}' '"text":"good bye"'
	misses '{"suffix":{"text":"bye"}}' '"text":"byes"'
	matches '{"exists":["text","/from"]}' '"text":"","from":null'
	misses '{"exists":["text","/from"]}' '"text":""'
}

@test "range, regex" {
	matches '{"range":{"n":{"min":1,"below":3}}}' '"n":1'
	misses '{"range":{"n":{"min":1,"below":3}}}' '"n":3'
	matches '{"regex":{"text":"(?i)^order +\\d+$"}}' '"text":"Order 12"'
	misses '{"regex":{"text":"^\\d+$"}}' '"text":"12\n"'
}

@test "all, any, not, and several keys in one condition" {
	matches '{"all":[{"eq":{"n":1}},{"not":{"eq":{"n":2}}}]}' '"n":1'
	matches '{"any":[{"eq":{"n":1}},{"eq":{"n":2}}],"eq":{"channel":"sms"}}' '"n":2'
	misses '{"any":[{"eq":{"n":1}},{"eq":{"n":2}}],"eq":{"channel":"rcs"}}' '"n":2'
	misses '{"not":{"any":[{"eq":{"n":1}},{"eq":{"n":2}}]}}' '"n":2'
}

@test "jq decides what is left to it" {
	matches '{"jq":".text | length > 2 # long"}' '"text":"abc"'
	misses '{"jq":".text | length > 2"}' '"text":"ab"'
	misses '{"jq":"error","eq":{"channel":"rcs"}}' '"text":"ab"'
	matches '{"any":[{"jq":"error"},{"eq":{"channel":"sms"}}]}' '"text":"ab"'
}

@test "jq filters of many rules keep to their own rule" {
	conf '[{"name":"a","when":{"jq":".n == 1"},"to":"a"},{"name":"b","when":{"jq":".n == 2 # )"},"to":"b"},
	       {"name":"c","when":{"any":[{"jq":".n == 3"},{"jq":".n == 4"}]},"to":"c"}]'
	for n in 1 2 3 4 5; do
		message '"n":'$n
	done >in
	want 0 omni-route -c omni.json in
	[ "$(get .route.rule | paste -sd' ')" = 'a b c c null' ]
}

@test "a record on which a jq filter fails becomes a reject that names the rule" {
	conf '[{"name":"vip","when":{"jq":".from.address"},"to":"a"}]'
	{ message '"from":7'; message '"from":{"address":"x"}'; message '"from":7'; } >in
	want 1 omni-route -c omni.json in
	[ "$(get .kind | paste -sd' ')" = 'reject message reject' ]
	sed -i 3d out
	[ "$(get 'select(.kind == "reject") | .stage, .class, .code' | paste -sd' ')" = 'route data expr-failed' ]
	[[ $(get 'select(.kind == "reject") | .detail') = 'rule "vip": '*'Cannot index number'* ]]
	[ "$(get 'select(.kind == "reject") | .record' )" = "$(head -n 1 in)" ]
}

@test "a jq filter that does not end is stopped" {
	conf '[{"name":"loop","when":{"jq":"last(range(1e15))"},"to":"a"}]'
	message '"n":1' | want 1 omni-route -c omni.json
	[ "$(get .code)" = expr-timeout ]
}

@test "a jq filter sees no environment, and not ~/.jq" {
	echo 'def secret: 1;' >.jq
	# shellcheck disable=SC2016 # jq's variable, not the shell's
	conf '[{"name":"env","when":{"jq":"env.SECRET or $ENV.SECRET"},"to":"a"},{"name":"rest","to":"b"}]'
	message '"n":1' | HOME=$PWD SECRET=1 want 0 omni-route -c omni.json
	[ "$(get .route.rule)" = rest ]
	conf '[{"when":{"jq":"secret"},"to":"a"}]'
	HOME=$PWD want 78 omni-route -c omni.json </dev/null
	says 'secret/0 is not defined'
}

@test "--explain names the condition that failed and what was found" {
	conf '[{"name":"a","when":{"eq":{"channel":"rcs"}},"to":"a"},
	       {"name":"b","when":{"all":[{"exists":"text"},{"prefix":{"/from/address":"+44"}}]},"to":"b"},
	       {"name":"c","when":{"not":{"range":{"n":{"min":1}}}},"to":"c"},
	       {"name":"d","when":{"exists":"media"},"to":"d"},
	       {"name":"e","to":"e"},
	       {"name":"f","when":{"exists":"media"},"to":"f"}]'
	message '"text":"x","from":{"address":"+1555"},"n":5' | want 0 omni-route -c omni.json --explain
	[ "$(get .route.rule)" = e ]
	get '.route.why[]' >why
	is why '{"rule":"a","condition":"/when/eq/channel","found":"sms"}
{"rule":"b","condition":"/when/all/1/prefix/~1from~1address","found":"+1555"}
{"rule":"c","condition":"/when/not/range/n","found":5}
{"rule":"d","condition":"/when/exists","found":null}'
}

@test "--explain cuts what it found at a character's end" {
	conf '[{"name":"a","when":{"eq":{"text":"x"}},"to":"a"}]'
	message '"text":"'"$(printf 'é%.0s' {1..80} | sed 's/^/a/')"'"' | want 0 omni-route -c omni.json --explain
	[ "$(get '.route.why[0].found | utf8bytelength')" -eq 63 ]
	conf '[{"name":"a","when":{"eq":{"text":"x"}},"to":"a"}]'
	message '"text":[1,{"a":2}]' | want 0 omni-route -c omni.json --explain
	[ "$(get '.route.why[0].found')" = '[1,{"a":2}]' ]
}

@test "--explain with a thousand rules stays within a line" {
	conf "[$(for i in {1..1000}; do printf '{"name":"%060d","when":{"eq":{"channel":"none"}},"to":"a"},' "$i"; done | sed 's/,$//')]"
	message '"text":"x"' | want 0 omni-route -c omni.json --explain
	[ "$(wc -c <out)" -lt 60000 ]
	[ "$(get '.route.why | length - 1 + .[-1].more')" -eq 1000 ]
}

@test "messages, statuses and events are routed, outbound messages and other kinds pass byte for byte" {
	conf '[{"to":"a"}]'
	cat >pass <<-'END'
		{"kind":"message" , "direction":"out","text":"a"}
		{"kind":"webhook","x":1.0}
		{"kind": "reject"}
		{"kind":"delivery"}
		{"kind":7}
		{"nothing":[]}
	END
	want 0 omni-route -c omni.json pass
	cmp pass out
	printf '{"kind":"%s"}\n' message status event >in
	echo '{"kind":"status","direction":"out"}' >>in # about a message that went out, and came in all the same
	want 0 omni-route -c omni.json in
	[ "$(get '.route.to[0]' | paste -sd' ')" = 'a a a a' ]
}

@test "a route that is there already is replaced" {
	conf '[{"to":"new"}]'
	echo '{"kind":"status","route":{"rule":"old","to":["old"]},"x":1}' | want 0 omni-route -c omni.json
	is out '{"kind":"status","x":1,"route":{"rule":"rule-1","to":["new"]}}'
}

stop='"carrier":"twilio","account":"AC1","external_id":"SM1","conversation":"c1","at":"2026-01-14T09:00:00.000Z","from":{"address":"+1555"},"to":[{"address":"+1666"}],"trace":"00-a-b-01"'

@test "an opt-out word makes an event after the message" {
	conf '[{"name":"events","when":{"eq":{"kind":"event"}},"to":"consent"},{"name":"rest","to":"inbox"}]'
	message "$stop"',"text":"  Stop!"' | want 0 omni-route -c omni.json
	[ "$(get .kind | paste -sd' ')" = 'message event' ]
	[ "$(get .route.to[0] | paste -sd' ')" = 'inbox consent' ]
	[ "$(tail -n 1 out | jq -c 'del(.id)')" = '{"kind":"event","at":"2026-01-14T09:00:00.000Z","event":"opt-out","direction":"in","carrier":"twilio","account":"AC1","channel":"sms","external_id":"SM1","conversation":"c1","from":{"address":"+1555"},"to":[{"address":"+1666"}],"text":"  Stop!","trace":"00-a-b-01","route":{"rule":"events","to":["consent"]}}' ]
	[[ $(tail -n 1 out | jq -r .id) =~ ^[0-9a-f]{8}-[0-9a-f]{4}-5 ]]
}

@test "message and event share the lease" {
	conf '[]'
	message "$stop"',"text":"START","lease":{"queue":"q","seq":7,"token":"t"}' | want 0 omni-route -c omni.json
	[ "$(get .event | paste -sd' ')" = 'null opt-in' ]
	get .lease >leases
	is leases '{"queue":"q","seq":7,"token":"t","part":1,"parts":2}
{"queue":"q","seq":7,"token":"t","part":2,"parts":2}'
}

@test "only the whole text of an inbound text message on a phone channel is a keyword" {
	printf '{}' >omni.json
	cat >in <<-'END'
		{"kind":"message","direction":"in","channel":"sms","type":"text","text":"stop it please"}
		{"kind":"message","direction":"in","channel":"chat","type":"text","text":"STOP"}
		{"kind":"message","direction":"in","channel":"sms","type":"media","text":"STOP"}
		{"kind":"message","direction":"out","channel":"sms","type":"text","text":"STOP"}
		{"kind":"message","direction":"in","channel":"sms","type":"text","text":"HELP"}
		{"kind":"status","direction":"in","channel":"sms","type":"text","text":"STOP"}
	END
	want 0 omni-route -c omni.json in
	[ "$(wc -l <out)" -eq 6 ]
	printf '{"kind":"message","direction":"in","channel":"%s","type":"text","text":"STOP"}\n' sms mms whatsapp rcs >in
	want 0 omni-route -c omni.json in
	[ "$(get 'select(.event).channel' | paste -sd' ')" = 'sms mms whatsapp rcs' ]
}

@test "what the carrier said stands above the words" {
	printf '{}' >omni.json
	{
		message '"external_id":"1","text":"no more","context":{"keyword":"opt-out"}'
		message '"external_id":"2","text":"STOP","context":{"keyword":"help"}'
		message '"external_id":"3","text":"STOP","context":{"keyword":"opt-in"}'
		message '"external_id":"4","text":"STOP","context":{"forwarded":true}'
	} >in
	want 0 omni-route -c omni.json in
	[ "$(get 'select(.event) | .external_id + .event' | paste -sd' ')" = '1opt-out 3opt-in 4opt-out' ]
	[ "$(get 'select(.event).id' | sort -u | wc -l)" -eq 3 ]
}

@test "words of the user's own are compared like the others" {
	echo '{"keywords":{"opt_out":["Kein Interesse","стоп"],"opt_in":"JA","help":["hilfe"]}}' >omni.json
	for text in 'kein interesse.' 'СТОП!' ' ja' Hilfe kein; do
		message "\"external_id\":\"$text\",\"text\":\"$text\""
	done >in
	want 0 omni-route -c omni.json in
	[ "$(get 'select(.event).event' | paste -sd' ')" = 'opt-out opt-out opt-in' ]
}

@test "keywords that can not be are errors" {
	echo '{"keywords":{"help":["STOP"]}}' >omni.json
	want 78 omni-route -c omni.json </dev/null
	says 'omni.json: /keywords/help/0: "STOP" means opt-out already'
	echo '{"keywords":{"opt_out":"a. b"}}' >omni.json
	want 78 omni-route -c omni.json </dev/null
	says 'omni.json: /keywords/opt_out: "a. b" can not be a keyword'
	echo '{"keywords":{"optout":"a"}}' >omni.json
	want 78 omni-route -c omni.json </dev/null
	says 'omni.json: /keywords/optout: unknown key; did you mean "opt_out"'
}

@test "--split writes each record to the files of its destinations" {
	conf '[{"when":{"eq":{"n":1}},"to":["a","b"]},{"when":{"eq":{"n":2}},"to":"b"},{"when":{"eq":{"n":4}},"to":"c"}]'
	{ message '"n":1'; message '"n":2'; message '"n":3'; echo '{"kind":"push"}'; } >in
	mkdir d
	want 0 omni-route -c omni.json --split 'd/%s.ndjson' in
	[ "$(jq -c .n d/a.ndjson | paste -sd' ')" = 1 ]
	[ "$(jq -c .n d/b.ndjson | paste -sd' ')" = '1 2' ]
	[ ! -e d/c.ndjson ]
	[ "$(get '.n // .kind' | paste -sd' ')" = '3 push' ]
}

@test "with --split each copy of a record has its own share of the lease" {
	conf '[{"when":{"eq":{"n":1}},"to":["a","b","c"]},{"to":"b"}]'
	message '"n":1,"text":"STOP","lease":{"queue":"q","seq":7,"token":"t"}' >in
	message '"n":2,"lease":{"queue":"q","seq":8,"token":"u"}' >>in
	want 0 omni-route -c omni.json --split '%s' in
	# the message three times, and what is in b alone: the event that STOP is, a third message with the lease as it was
	cat a b c | jq -c '[.lease.seq, .lease.part, .lease.parts, .kind]' | sort >shares
	printf '%s\n' '[7,1,6,"message"]' '[7,2,2,"event"]' '[7,2,6,"message"]' '[7,3,6,"message"]' '[8,null,null,"message"]' |
		diff - shares
}

@test "--split writes to FIFOs" {
	conf '[{"when":{"eq":{"n":1}},"to":"a"},{"to":"b"}]'
	mkfifo a b
	timeout 60 cat a >got-a 3>&- & # should the program not open them, the test must end all the same
	timeout 60 cat b >got-b 3>&- &
	{ message '"n":1'; message '"n":2'; message '"n":1'; } >in
	want 0 omni-route -c omni.json --split '%s' in
	wait
	[ "$(jq -c .n got-a | paste -sd' ')" = '1 1' ]
	[ "$(jq -c .n got-b)" = 2 ]
	[ ! -s out ]
}

@test "the same bytes come out again, in any number of threads" {
	conf '[{"when":{"eq":{"n":1}},"to":["a","b"],"continue":true},{"when":{"jq":".n % 2 == 0"},"to":"even"},
	       {"when":{"jq":".n.x"},"to":"never"},{"to":"b"}]'
	for n in {1..3000}; do
		message '"external_id":"'"$n"'","text":"Stop","lease":{"seq":'"$n"'},"n":'"$((n % 3 ? n % 7 : n))"
	done >in
	message '"n":1' >>in
	want 1 omni-route -c omni.json in
	cp out first
	[ "$(wc -l <first)" -gt 3000 ]
	want 1 omni-route -c omni.json in
	cmp first out
	for jobs in 2 4; do
		want 1 omni-route -c omni.json -j "$jobs" in
		cmp first out
	done
}

@test "errors in the rules name file, path and what was meant" {
	refused '[{"to":"a"},{"when":{"prefx":{"a":"b"}},"to":"a"}]' '/routes/1/when/prefx: unknown condition; did you mean "prefix"'
	refused '[{"wen":{},"to":"a"}]' '/routes/0/wen: unknown key; did you mean "when"'
	refused '[{"when":{"regex":{"text":"("}},"to":"a"}]' '/routes/0/when/regex/text: regular expression: missing closing parenthesis'
	refused '[{"when":{"jq":".a"},"to":"a"},{"when":{"jq":".a |\n| .b"},"to":"a"}]' '/routes/1/when/jq: line 2: syntax error'
	refused '[{"when":[],"to":"a"}]' '/routes/0/when: must be a condition'
	refused '[{"when":{"eq":{"a":1}}}]' '/routes/0: a rule needs "to"'
	refused '{"when":{"eq":{"a":[]}},"to":"a"}' '/routes/when/eq/a: must be a string, a number, true, false or null'
	refused '[{"continue":"yes","to":"a"}]' '/routes/0/continue: must be true or false'
	refused '[7]' '/routes/0: must be an object'
}

@test "destinations are names of files" {
	for name in '' .a ../a a/b 'a b' é "$(printf 'a%.0s' {1..65})"; do
		refused '[{"to":["ok","'"$name"'"]}]' '/routes/0/to/1: the name of a destination'
	done
	refused '[{"to":7}]' '/routes/0/to: must be the name'
	conf '[{"to":["A-z_0.9","'"$(printf 'a%.0s' {1..64})"'"]}]'
	want 0 omni-route -c omni.json </dev/null
}

@test "names of rules are given once" {
	refused '[{"name":"a","to":"a"},{"name":"a","to":"b"}]' '/routes/1: a rule before it has the name "a"'
	refused '[{"name":"rule-2","to":"a"},{"to":"b"}]' '/routes/1: a rule before it has the name "rule-2"'
	refused '[{"name":"","to":"a"}]' '/routes/0/name: must have 1 to 64 bytes'
}
