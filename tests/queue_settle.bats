#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-queue settle and extend: what becomes of records that were taken.

load helper

export OMNI_QUEUE_DIR=.

# filled(n): the queue q holds n records.
filled() {
	seq "$1" | sed 's/.*/{"id":"&","kind":"note","n":&}/' >put
	omni-queue put q put >/dev/null
}

# rejected(class, code, more): jq that makes of a taken record a reject.
rejected() {
	printf '{id: ("r" + .id), kind: "reject", stage: "test", class: "%s", code: "%s", detail: "because"%s, record: del(.lease), lease}' "$@"
}

# counts: ready, delayed, leased, held and dead records of the queue.
counts() {
	omni-queue stat "${1-q}" --json | jq -c '[.ready, .delayed, .leased, .held, .dead]'
}

# holds(counts): what the queue holds.
holds() {
	local have
	have=$(counts "${2-q}")
	[ "$have" = "$1" ] || { echo "holds $have, not $1"; return 1; }
}

@test "what is taken and settled is what was put, byte for byte" {
	printf '%s\n' '{"id":"1","kind":"note" , "n" : 1.50 ,"é":"\u00e9"}' '{ "kind":"x"}' '{"lease":null,"kind":"y"}' >put
	want 0 omni-queue put q put
	omni-queue take q >taken
	holds '[0,0,3,0,0]'
	want 0 omni-queue settle q taken
	head -n 2 put | diff - <(head -n 2 out)
	jq -e '.kind == "y" and (has("lease") | not)' <(tail -n 1 out)
	holds '[0,0,0,0,0]'
	omni-queue take q | nothing
}

@test "a record is done when all that was made of it has arrived" {
	filled 1
	omni-queue take q | jq -c '(.lease.part, .lease.parts) = 0 | .lease.parts = 3 | .lease.part = (1, 2, 3)' >parts
	sed -n 1p parts | want 0 omni-queue settle q
	holds '[0,0,1,0,0]' # one process has seen one share: it does not know of the others
	cat parts parts | want 0 omni-queue settle q
	holds '[0,0,0,0,0]'
	[ "$(wc -l <out)" -eq 6 ]
	get 'has("lease")' | sort -u | diff - <(echo false)
}

@test "shares of shares add up, in any order, and one that is missing keeps the record" {
	filled 2
	omni-queue take q >taken
	# of each 1/2 and 2/2, the second as 3/6 4/6.. of which the fifth is 9/12 and 10/12
	jq -c '.lease += ({part: 1, parts: 2}, {part: 4, parts: 6}, {part: 9, parts: 12}, {part: 10, parts: 12}, {part: 6, parts: 6})' taken |
		sort -t: -k 9 >shares
	grep -v '"n":2.*"part":9' shares | want 0 omni-queue settle q -v
	says '1 done'
	holds '[0,0,1,0,0]'
	want 0 omni-queue settle q shares
	holds '[0,0,0,0,0]'
}

@test "data and denied make dead letters, with the reason and the reject; duplicate is done" {
	filled 4
	omni-queue take q >taken
	{
		sed -n 1p taken | jq -c "$(rejected data bad-data '')"
		sed -n 2p taken | jq -c "$(rejected denied forged '')"
		sed -n 3p taken | jq -c "$(rejected duplicate seen '')"
		sed -n 4p taken | jq -c "$(rejected odd what '')"
	} >in
	want 0 omni-queue settle q in -v
	says '1 done, 3 dead'
	holds '[0,0,0,0,3]'
	omni-queue dead q show --json >dead
	jq -c '[.id, .stage, .code, .detail, .attempts, .record.n]' dead | diff - <(printf '%s\n' \
		'["1","test","bad-data","because",1,1]' '["2","test","forged","because",1,2]' '["4","test","what","because",1,4]')
	# the reject is kept as it came
	diff <(jq -c .reject dead) <(grep -v duplicate in)
}

@test "temp waits until retry_at" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 3
	omni-queue take q >taken
	{
		sed -n 1p taken | jq -c "$(rejected temp away ', retry_at: "2026-01-14T10:00:00Z"')"
		sed -n 2p taken | jq -c "$(rejected temp away ', retry_at: "2026-01-14T08:00:00Z"')" # gone by
		sed -n 3p taken | jq -c "$(rejected temp away ', retry_at: "9999-01-01T00:00:00Z"')"
	} | want 0 omni-queue settle q
	holds '[1,2,0,0,0]'
	[ "$(omni-queue take q | jq -c '[.n, .lease.attempt]')" = '[2,2]' ]
	export OMNI_CLOCK=2026-01-14T09:59:59.999Z
	omni-queue take q | jq -c .n | { grep -v 2 || :; } | nothing # its lease ran out
	export OMNI_CLOCK=2026-01-14T10:00:00Z
	omni-queue take q | jq -c .n | grep -x 1
	export OMNI_CLOCK=2026-02-13T09:00:00Z # no wait is longer than 30 days
	omni-queue take q | jq -c .n | grep -x 3
}

@test "temp without a time waits longer the older it is" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 1
	waits=() now=$(date -ud 2026-01-14T09:00:00Z +%s)
	for ((try = 1; try <= 5; try++)); do
		omni-queue take q | jq -c "$(rejected temp away '')" | want 0 omni-queue settle q --backoff 10s --backoff-max 70s
		from=0 to=70
		while [ $from -lt $to ]; do # the first second at which it is ready
			at=$(((from + to) / 2))
			OMNI_CLOCK=$(date -ud "@$((now + at))" +%FT%TZ)
			if [ "$(counts)" = '[1,0,0,0,0]' ]; then to=$at; else from=$((at + 1)); fi
		done
		waits+=("$to")
		now=$((now + to))
		OMNI_CLOCK=$(date -ud "@$now" +%FT%TZ)
	done
	echo "${waits[*]}"
	# the n-th try about 10 n² s after the birth: waits of 10, 30, 50 s, each less up to a quarter, and none above 70 s
	[ "${waits[0]}" -ge 8 ] && [ "${waits[0]}" -le 10 ]
	[ "${waits[1]}" -ge 20 ] && [ "${waits[1]}" -le 30 ]
	[ "${waits[2]}" -ge 30 ] && [ "${waits[2]}" -le 50 ]
	[ "${waits[4]}" -ge 52 ] && [ "${waits[4]}" -le 70 ]
}

@test "of several rejects temp is heard, the latest; else the first share, in whatever order they come" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 2
	omni-queue take q >taken
	share() { jq -c "select(.n == $1) | .lease += {part: $2, parts: 4} | $3" taken; }
	{
		share 1 2 "$(rejected denied second '')"
		share 1 1 .
		share 1 4 "$(rejected temp early ', retry_at: "2026-01-14T09:10:00Z"')"
		share 1 3 "$(rejected temp late ', retry_at: "2026-01-14T09:20:00Z"')"
		share 2 4 "$(rejected data fourth '')"
		share 2 3 "$(rejected duplicate third '')"
		share 2 1 .
		share 2 2 "$(rejected denied second '')"
	} | want 0 omni-queue settle q
	holds '[0,1,0,0,1]'
	[ "$(omni-queue dead q --json | jq -c '[.id, .code]')" = '["2","second"]' ]
	export OMNI_CLOCK=2026-01-14T09:19:59Z
	holds '[0,1,0,0,1]'
	export OMNI_CLOCK=2026-01-14T09:20:00Z
	holds '[1,0,0,0,1]'
	omni-queue take q | jq -c "$(rejected data gone '')" | want 0 omni-queue settle q
	[ "$(omni-queue dead q show 1 --json | jq -c '[.history[].code]')" = '["late","gone"]' ]
}

@test "a lease that somebody else took meanwhile changes nothing, and is no error" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 2
	omni-queue take q --lease 10s >first
	export OMNI_CLOCK=2026-01-14T09:00:10Z
	omni-queue take q >second
	[ "$(jq -c .lease.attempt second | paste -sd' ')" = '2 2' ]
	jq -c "if .n == 1 then $(rejected data bad '') else . end" first | want 0 omni-queue settle q -v --metrics m
	says '2 settled too late'
	grep -x 'omni_settled_total{stage="settle",result="lost"} 2' m || grep -x 'omni_settled_total{result="lost"} 2' m
	holds '[0,0,2,0,0]'
	want 0 omni-queue settle q second
	holds '[0,0,0,0,0]'
	want 0 omni-queue settle q second -v # twice: the records are gone
	says '2 settled too late'
}

@test "a lease that ran out and that nobody took since is settled all the same" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 1
	omni-queue take q --lease 10s >first
	export OMNI_CLOCK=2026-01-14T09:01:00Z
	want 0 omni-queue settle q first -v
	says '1 done'
	holds '[0,0,0,0,0]'
}

@test "without a lease, and with that of another queue, a record passes as it is" {
	filled 1
	cp put before
	omni-queue put other put >/dev/null
	{
		printf '%s\n' '{"kind":"x"}' ' {"lease" : 7}' '{"lease":{}}' '{"kind":"reject","class":"data"}'
		omni-queue take other
	} >in
	want 0 omni-queue settle q in
	cmp in out
	holds '[1,0,0,0,0]'
	holds '[0,0,1,0,0]' other
}

@test "a lease that no queue has given out settles nothing" {
	filled 1
	omni-queue take q >taken
	{
		jq -c '.lease.token = ("", "x", "1.1.0000000000000000", "99.1.0123456789abcdef", "1", ("a" * 70000), "\u0000", 7, null)' taken
		jq -c '.lease += ({part: 0, parts: 1}, {part: 2, parts: 1}, {part: -1, parts: 1}, {part: 1}, {parts: 1}, {part: "1", parts: 1},
			{part: 0, parts: 0}, {part: 0.5, parts: 1}, {part: {}, parts: 1})' taken
		jq -c '.lease.queue = ("", "Q", "q.queue", 7, null, [])' taken
		sed 's/"token"/"part":1,"parts":9223372036854775808,&/' taken
		sed 's/"token"/"part":9223372036854775807,"parts":9223372036854775807,&/' taken
	} >in
	want 0 omni-queue settle q in
	[ "$(wc -l <out)" -eq "$(wc -l <in)" ]
	holds '[0,0,1,0,0]'
}

@test "a file joins the shares that come in at several settlers, and outlasts them" {
	filled 300
	omni-queue take q >taken
	jq -c '.lease += ({part: 1, parts: 3}, {part: 2, parts: 3})' taken >a
	jq -c '.lease += {part: 3, parts: 3}' taken | sort -R --random-source=put >b
	shuf --random-source=put a >a.mixed
	head -n 400 a.mixed | want 0 omni-queue settle q --join j
	[ "$(counts | jq '.[2]')" = 300 ]
	tail -n 200 a.mixed | omni-queue settle q --join j >/dev/null &
	omni-queue settle q --join j b >/dev/null
	wait $!
	holds '[0,0,0,0,0]'
	[ "$(sqlite3 j 'select count(*) from lease')" = 0 ]
}

@test "each settler of a fan-out settles its share: FIFOs of omni-route, and one file" {
	echo '{"routes":[{"name":"a","when":{"range":{"n":{"max":150}}},"to":["x","y"]},{"to":"y"}]}' >omni.json
	for ((i = 1; i <= 200; i++)); do
		echo '{"id":"'"$i"'","kind":"message","direction":"in","n":'"$i"'}'
	done | omni-queue put q >/dev/null
	mkfifo x y
	timeout 60 omni-queue settle q --join j x >out-x &
	timeout 60 omni-queue settle q --join j y >out-y &
	omni-queue take q | want 0 omni-route -c omni.json --split '%s'
	wait
	[ "$(wc -l <out-x)" -eq 150 ]
	[ "$(wc -l <out-y)" -eq 200 ]
	holds '[0,0,0,0,0]'
}

@test "a join file that is something else, or damaged, is said so, and nothing is settled" {
	filled 1
	omni-queue take q | jq -c '.lease += {part: 1, parts: 2}' >half
	echo text >j
	want 78 omni-queue settle q --join j half
	says 'j: not an SQLite file'
	want 78 omni-queue settle q --join q.queue half
	says 'q.queue: an SQLite file, but not a file of joins'
	rm j
	want 0 omni-queue settle q --join j half
	sqlite3 j "update lease set spans = '1/0-7'"
	sed 's/"part":1/"part":2/' half | want 74 omni-queue settle q --join j
	says 'j: holds shares that are none'
	holds '[0,0,1,0,0]'
}

@test "a reader that goes away ends it with 74, and what was not settled comes again" {
	filled 20000
	omni-queue take q --limit 20000 >taken 2>/dev/null
	rc=0
	{ omni-queue settle q taken 2>err || echo $? >rc; } | head -n 1 >/dev/null
	[ "$(cat rc)" -eq 74 ]
	says 'standard output'
	left=$(counts | jq '.[2]')
	[ "$left" -gt 0 ] && [ "$left" -lt 20000 ]
	rc=0
	omni-queue settle q taken >/dev/full 2>err || rc=$?
	[ $rc -eq 74 ]
}

@test "on a full disk it ends with 74, having settled and written nothing" {
	filled 500
	omni-queue take q >taken
	want 74 bash -c 'trap "" XFSZ; ulimit -f 1; exec omni-queue settle q taken'
	says './q.queue: '
	[ ! -s out ]
	holds '[0,0,500,0,0]'
	want 0 omni-queue settle q taken
	holds '[0,0,0,0,0]'
}

@test "after SIGTERM what was read is settled and written" {
	filled 3
	omni-queue take q >taken
	mkfifo in
	omni-queue settle q in >out &
	pid=$!
	exec 7>in
	head -n 2 taken >&7
	until_true lines_are out 2
	holds '[0,0,1,0,0]' # at once, though no more came
	sed -n 3p taken | tr -d '\n' >&7
	until_true read_up 7
	kill "$pid"
	sleep 0.1
	echo >&7
	rc=0
	wait "$pid" || rc=$?
	exec 7>&-
	[ "$rc" -eq 0 ]
	holds '[0,0,0,0,0]'
	cmp put out
}

@test "two settlers at once, each with half of the leases" {
	filled 4000
	omni-queue take q --limit 4000 >taken
	sed -n 'p;n' taken | omni-queue settle q >odd &
	sed -n 'n;p' taken | omni-queue settle q >even
	wait $!
	holds '[0,0,0,0,0]'
	sort -t: -k 4n odd even | cmp - put
}

@test "extend makes leases last longer, and rejects what is lost" {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	filled 3
	omni-queue take q --lease 10s >taken
	sed -n 1,2p taken >two
	echo '{"kind":"x"}' >>two
	want 0 omni-queue extend q --lease 10m two -v
	says '2 extended'
	cmp two out
	export OMNI_CLOCK=2026-01-14T09:05:00Z
	[ "$(omni-queue take q | jq .n)" = 3 ]
	want 1 omni-queue extend q taken
	[ "$(get '[.class, .code, .record.n // .n]' | paste -sd' ')" = '[null,null,1] [null,null,2] ["duplicate","lease-lost",3]' ]
	cp out extended
	want 0 omni-queue settle q extended -v
	says '2 done, 1 settled too late'
	holds '[0,0,1,0,0]'
}

@test "at the end of a pipe it waits for the take in front of it to make the queue" {
	{
		sleep 0.3
		filled 1
		omni-queue take q
	} | want 0 omni-queue settle q
	cmp put out
	holds '[0,0,0,0,0]'
}

@test "what is wrong with the command line is said" {
	filled 1
	want 64 omni-queue settle </dev/null
	says 'QUEUE is missing'
	want 78 omni-queue settle none </dev/null
	says './none.queue: No such file'
	want 64 omni-queue settle q --backoff soon </dev/null
	says '--backoff takes a time span'
	want 64 omni-queue extend q --lease 1ms </dev/null
	for verb in settle extend; do
		want 0 omni-queue $verb --help
		grep -q "^usage: omni-queue $verb \[OPTION...\] QUEUE \[FILE...\]" out
	done
}
