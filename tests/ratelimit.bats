#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-ratelimit: outbound records go when all their keys allow it.

load helper

# conf(limits): a configuration with these limits in omni.json.
conf() {
	printf '{"limits":%s}\n' "$1" >omni.json
}

# message(id, members): an outbound message.
message() {
	printf '{"id":"%s","kind":"message","direction":"out","carrier":"twilio","account":"acme","from":{"address":"+1"},%s}\n' "$1" "$2"
}

# to(id, address)
to() {
	message "$1" '"to":[{"address":"'"$2"'"}]'
}

limit() {
	omni-ratelimit -c omni.json "$@"
}

export OMNI_CLOCK=2026-01-14T09:00:00Z

@test "what no limit holds up goes at once, and says so" {
	conf '[{"name":"pair","key":"{from.address}>{to.0.address}","rate":"1/6s"}]'
	{ to a +2 && to b +3 && message c '"x":1'; } | want 0 limit
	[ "$(get '[.id,.limit.wait_ms,.limit.by]')" = $'["a",0,null]\n["b",0,null]\n["c",0,null]' ]
}

@test "only what is to be sent is limited: other records pass as they are" {
	conf '{"name":"all","key":"x","rate":"1/d"}'
	printf '%s\n' '{"kind":"message","direction":"in"}' '{"kind":"status","direction":"out"}' \
		'{"kind":"reject","record":{}}' '{"kind":"change"}' >in
	want 0 limit --mode reject in
	cmp out in
	{ printf '{"kind":"push","id":"1"}\n{"kind":"push","id":"2"}\n'; } | want 1 limit --mode reject
	[ "$(get .kind)" = $'push\nreject' ]
}

@test "a record is rejected with the time to come back, and settles into the queue" {
	conf '[{"name":"account","key":"{carrier}/{account}","rate":"1/m"},{"name":"pair","key":"{to.0.address}","rate":"1/2m"}]'
	{ to a +2 && to b +2 && to c +3; } | want 1 limit --mode reject
	[ "$(get '[.kind,.class,.code,.retry_at,.record.id]')" = \
		'["message",null,null,null,null]
["reject","temp","rate-limited","2026-01-14T09:02:00.000Z","b"]
["reject","temp","rate-limited","2026-01-14T09:01:00.000Z","c"]' ]
	grep -q 'limit \\"pair\\" lets it go in 120000 ms' out
}

@test "a record counts for all of its keys or for none" {
	conf '[{"name":"account","key":"{account}","rate":"1/s","burst":3},{"name":"pair","key":"{to.0.address}","rate":"1/s","burst":1}]'
	{ to a +2 && to b +2 && to c +2 && to d +3 && to e +4; } | want 1 limit --mode reject
	[ "$(get 'select(.kind == "message").id' | tr '\n' ' ')" = 'a d e ' ]
}

@test "mode tag says how long a record should have waited, and lets it go" {
	conf '{"name":"all","key":"{account}","rate":"2/s","burst":1}'
	{ to a +2 && to b +2 && to c +2; } | want 0 limit --mode tag
	[ "$(get '[.id,.limit.wait_ms,.limit.by]')" = $'["a",0,null]\n["b",500,"all"]\n["c",500,"all"]' ]
}

@test "a limit may hold for some records only, and count by a member" {
	conf '{"name":"marketing","key":"{account}","rate":"10/s","when":{"eq":{"category":"marketing"}},"cost":"/route/segments"}'
	{
		message a '"category":"marketing","route":{"segments":6}'
		message b '"category":"marketing","route":{"segments":6}'
		message c '"category":"marketing","route":{"segments":4}'
		message d '"category":"otp","route":{"segments":60}'
		message e '"category":"marketing","route":{"segments":"x"}'
	} | want 1 limit --mode reject
	[ "$(get '[.id // .record.id,.code]')" = $'["a",null]\n["b","rate-limited"]\n["c",null]\n["d",null]\n["e","limit-cost"]' ] ||
		[ "$(get '[.record.id // .id,.code]')" = $'["a",null]\n["b","rate-limited"]\n["c",null]\n["d",null]\n["e","limit-cost"]' ]
}

@test "records wait for their time, in their order, and nobody waits for another's key" {
	unset OMNI_CLOCK
	conf '{"name":"pair","key":"{to.0.address}","rate":"20/s","burst":1}'
	{ to a1 +2 && to a2 +2 && to a3 +2 && to b1 +3; } | want 0 limit
	[ "$(get .id | tr '\n' ' ')" = 'a1 b1 a2 a3 ' ]
	get 'select(.id == "a3").limit | .wait_ms > 0 and .by == "pair"' | grep -qx true
}

@test "records of one conversation keep their order though their limits differ" {
	unset OMNI_CLOCK
	conf '{"name":"media","key":"{type}","rate":"10/s","burst":1,"when":{"eq":{"type":"media"}}}'
	for id in 1 2 3 4 5 6; do
		[ $((id % 3)) -eq 0 ] && type=text || type=media
		message $id '"conversation":"c","type":"'$type'"'
	done >in
	message 7 '"conversation":"d","type":"text"' >>in
	want 0 limit in
	[ "$(get .id | tr '\n' ' ')" = '7 1 2 3 4 5 6 ' ] || [ "$(get .id | tr '\n' ' ')" = '1 7 2 3 4 5 6 ' ]
}

@test "what would wait longer than --max-hold is rejected instead" {
	unset OMNI_CLOCK
	conf '{"name":"all","key":"{account}","rate":"20/s","burst":1}'
	for id in 1 2 3 4 5; do to $id +2; done >in
	want 1 limit --max-hold 120ms in
	[ "$(get 'select(.kind == "message").id' | tr '\n' ' ')" = '1 2 3 ' ]
	[ "$(get 'select(.kind == "reject").record.id' | tr '\n' ' ')" = '4 5 ' ]
	[ "$(get 'select(.kind == "reject") | .retry_at | length')" = $'24\n24' ]
}

@test "no more than --max-held records wait: the rest is not read yet" {
	unset OMNI_CLOCK
	conf '{"name":"all","key":"{account}","rate":"100/s","burst":1}'
	for id in $(seq 50); do to "$id" +2; done | want 0 limit --max-held 5
	[ "$(get .id | sort -n | uniq | wc -l)" -eq 50 ]
	[ "$(get .id)" = "$(seq 50)" ]
}

@test "SIGTERM gives back what waits, with its time" {
	unset OMNI_CLOCK
	conf '{"name":"all","key":"{account}","rate":"1/h","burst":1}'
	mkfifo in
	omni-ratelimit -c omni.json --max-hold 2h <in >out & pid=$!
	exec 9>in
	{ to a +2 && to b +2 && to c +2; } >&9
	until_true test -s out
	until_true read_up 9
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	exec 9>&-
	[ "$rc" -eq 1 ]
	[ "$(get '[.kind,.code,(.record.id // .id)]')" = $'["message",null,"a"]\n["reject","rate-limited","b"]\n["reject","rate-limited","c"]' ] ||
		{ cat out; false; }
}

@test "the state file is shared by processes and outlives them" {
	conf '{"name":"all","key":"{account}","rate":"1/s","burst":2}'
	to a +2 | want 0 limit --mode reject --state st
	to b +2 | want 0 limit --mode reject --state st
	to c +2 | want 1 limit --mode reject --state st
	[ "$(stat -c %a st)" = 600 ]
	to c +2 | OMNI_CLOCK=2026-01-14T09:00:01Z want 0 limit --mode reject --state st
}

@test "a file that is no state is refused" {
	conf '{"name":"all","key":"{account}","rate":"1/s"}'
	echo '{"this":"is mine"}' >mine
	want 78 limit --state mine </dev/null
	says 'mine: not a table of rate limits'
	is mine '{"this":"is mine"}'
	want 74 omni-ratelimit --stat -c omni.json --state none
}

@test "a carrier that throttles is sent less, and more again when it takes what it gets" {
	conf '{"name":"all","key":"{account}","rate":"64/s","burst":1}'
	delivery() {
		printf '{"kind":"delivery","account":"acme","outcome":"%s","http":{"status":%d}}\n' "$1" "$2"
	}
	delivery retry 429 | want 0 limit --state st
	want 0 omni-ratelimit --stat -c omni.json --state st all=acme
	[ "$(get '[.limit,.key,.rate,.burst]')" = '["all","acme",32,1]' ]
	want 0 omni-ratelimit --stat -c omni.json --state st
	[ "$(get .slowed)" = 1 ]
	printf '{"kind":"delivery","account":"acme","error":{"class":"throttled"}}\n' |
		OMNI_CLOCK=2026-01-14T09:00:02Z want 0 limit --state st
	OMNI_CLOCK=2026-01-14T09:00:03Z want 0 omni-ratelimit --stat -c omni.json --state st all=acme
	[ "$(get .rate)" = 16 ]
	for _ in $(seq 80); do delivery sent 200; done | want 0 limit --state st
	want 0 omni-ratelimit --stat -c omni.json --state st all=acme
	[ "$(get .rate)" = 64 ]
	want 64 omni-ratelimit --stat -c omni.json --state st other=acme
	says '"other=acme" is not LIMIT=KEY'
}

@test "--explain tells what each key asks" {
	conf '[{"name":"account","key":"{carrier}/{account}","rate":80},{"name":"pair","key":"{to.0.address}","rate":"1/6s","burst":3},{"name":"none","key":"{nothing}","rate":1}]'
	to a +2 | want 0 limit --explain
	[ "$(get .limit)" = '{"wait_ms":0,"keys":[{"limit":"account","key":"twilio/acme","rate":80,"burst":80,"cost":1,"wait_ms":0},{"limit":"pair","key":"+2","rate":0.166667,"burst":3,"cost":1,"wait_ms":0}]}' ]
}

@test "--simulate reckons a campaign without waiting for it" {
	conf '[{"name":"account","key":"{account}","rate":"100/s"},{"name":"pair","key":"{to.0.address}","rate":"1/h","burst":1}]'
	jq -nc 'range(20000) | {id:"m\(.)",kind:"message",direction:"out",account:"acme",to:[{address:"+\(. % 19999)"}]}' |
		want 0 limit --simulate
	[ "$(get .kind | sort | uniq -c | tr -d ' ')" = 20000plan ]
	[ "$(tail -n 1 out)" = '{"id":"m19999","kind":"plan","at":"2026-01-14T10:00:00.000Z","wait_ms":3600000,"by":"pair"}' ]
	says '20000 records, 19900 of them wait; the first goes at 2026-01-14T09:00:00.000Z, the last at 2026-01-14T10:00:00.000Z, 3600.0 s later'
	[ "$(sed -n 19999p out | jq -r .at)" = 2026-01-14T09:03:18.990Z ]
}

@test "without limits all passes at once, with one warning; an empty array is meant, and needs none" {
	{ to a +1; to a +2; to a +3; } >in
	echo '{}' >omni.json
	want 0 limit in
	[ "$(get .limit.wait_ms | tr '\n' ' ')" = '0 0 0 ' ]
	is err 'omni-ratelimit: omni.json: no "limits": all records go at once'
	conf '[]'
	want 0 limit in
	[ "$(get .limit.wait_ms | tr '\n' ' ')" = '0 0 0 ' ]
	[ ! -s err ]
	want 0 limit --simulate -q in
	[ "$(get '[.kind, .wait_ms]' | uniq -c | sed 's/^ *//')" = '3 ["plan",0]' ]
	want 0 omni-ratelimit -q in
}

@test "what is wrong with a limit is said with its place" {
	refused() {
		conf "$1"
		want 78 limit </dev/null
		says "omni-ratelimit: omni.json: $2"
	}
	refused "[$(printf '{"name":"a","key":"x","rate":1},%.0s' $(seq 32)){\"name\":\"a\",\"key\":\"x\",\"rate\":1}]" '/limits: must be a limit, or an array of up to 32'
	refused '[{"key":"x","rate":1}]' '/limits/0/name: a limit needs a name'
	refused '[{"name":"a","rate":1}]' '/limits/0/key: a limit needs a key'
	refused '[{"name":"a","key":"{x","rate":1}]' '/limits/0/key: "{x": a brace without its other half at character 1'
	refused '[{"name":"a","key":"x"}]' '/limits/0/rate: must be a number'
	refused '[{"name":"a","key":"x","rate":"80"}]' '/limits/0/rate: must be a number'
	refused '[{"name":"a","key":"x","rate":"80/parsec"}]' '/limits/0/rate: must be a number'
	refused '[{"name":"a","key":"x","rate":0}]' '/limits/0/rate: must be a number'
	refused '[{"name":"a","key":"x","rate":1},{"name":"a","key":"y","rate":1}]' '/limits/1/name: a limit before it has this name'
	refused '[{"name":"a","key":"x","rate":1,"when":{"eqq":{"a":1}}}]' '/limits/0/when'
	refused '[{"name":"a","key":"x","rate":1,"brust":1}]' '/limits/0/brust'
}

@test "a full disk is an error" {
	conf '{"name":"all","key":"{account}","rate":"1/s"}'
	to a +2 >in
	rc=0
	limit in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
}

@test "a delivery passes, whatever a limit could make of it" {
	conf '{"name":"all","key":"x","rate":"1/s","cost":"/n"}'
	echo '{"kind":"delivery","outcome":"sent","n":"much"}' >in
	want 0 limit in
	cmp in out
}

@test "what waits only for its conversation names no limit" {
	conf '{"name":"pair","key":"{to.0.address}","rate":"1/s"}'
	unset OMNI_CLOCK
	{ for id in a b; do message $id '"conversation":"c","to":[{"address":"+2"}]'; done
	  message c '"conversation":"c"'; } | want 0 limit --explain
	[ "$(get '[.id,.limit.by,(.limit.keys|length)]')" = $'["a",null,1]\n["b","pair",1]\n["c",null,0]' ]
}

@test "a state file that the disk has no room for is refused at once" {
	conf '{"name":"all","key":"x","rate":"1/s"}'
	to a +2 >in
	ulimit -f 1000
	trap '' XFSZ
	want 74 limit --state limits in
	grep -q 'no room for a table of 1000000 keys' err
	[ ! -s out ]
	want 0 limit --state limits --keys 1000 in
}

@test "a full disk, or a reader that has gone, ends it also while records are held" {
	unset OMNI_CLOCK
	conf '{"name":"all","key":"{account}","rate":"20/s","burst":1}'
	{ to a +2 && to b +2 && to c +2; } >in
	rc=0
	limit in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	# The reader takes the first record and goes; the next one is due when nobody reads.
	mkfifo pipe
	{
		rc=0
		timeout 60 omni-ratelimit -c omni.json in >pipe 2>err || rc=$?
		echo "$rc" >code
	} &
	head -n 1 pipe >first
	wait
	[ "$(jq -r .id first)" = a ]
	[ "$(cat code)" -ne 0 ]
	[ "$(cat code)" -ne 124 ]
}

@test "whichever allocation or write fails, it says so, and loses no line quietly" {
	plain
	conf '[{"name":"a","key":"{account}","rate":"100/s","burst":1},{"name":"b","key":"{to.0.address}","rate":9,"when":{"eq":{"direction":"out"}}}]'
	{ to 1 +2 && to 2 +3 && to 3 +4; } >in
	for mode in pace tag simulate; do
		case $mode in
		pace) command=(omni-ratelimit -q -c omni.json --state st in) && unset OMNI_CLOCK ;;
		tag) command=(omni-ratelimit -q -c omni.json --mode tag --explain in) && export OMNI_CLOCK=2026-01-14T09:00:00Z ;;
		simulate) command=(omni-ratelimit -q -c omni.json --simulate in) ;;
		esac
		for kind in malloc write; do
			for n in 1 2 3 4 5 7 9 12 16 21 28 37 50 67 90 120 160 215 290 390 520 700 940; do
				rm -f st
				rc=0
				timeout 60 env OMNI_FAIL_CALL=$kind OMNI_FAIL_AT=$n LD_PRELOAD="$BUILD/fail.so" "${command[@]}" >out 2>err || rc=$?
				case $rc in
				0) [ "$(wc -l <out)" -eq 3 ] ;;
				71 | 74 | 75 | 78) [ -s err ] ;;
				*) false ;;
				esac || {
					echo "$mode, $kind $n: exit $rc"
					cat err
					return 1
				}
				! grep -q 'not reached' err || break
			done
		done
	done
}
