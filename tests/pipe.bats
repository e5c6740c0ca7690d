#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-pipe: what the programs write in a pipe, byte for byte, and their exit code as the shell tells it with pipefail.

load helper

fixed=(--from -q --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001)

# In $files: conf.json for all stages; hooks, verified, made, routed: what each program makes of all cases, leased; odd: what
# is nobody's, or no record; all: all of these.
setup_file() {
	local cases=$BATS_TEST_DIRNAME/carriers carrier
	export files=$BATS_FILE_TMPDIR
	cd "$files" || return
	jq -s 'reduce .[] as $c ({}; . * $c) + {
		routes: [
			{name: "odd", when: {regex: {"/text": "[0-9]"}}, to: ["odd", "all"], continue: true},
			{name: "jq", when: {all: [{eq: {kind: "message"}}, {jq: ".text | length > 3"}]}, to: "long"},
			{name: "again", when: {jq: ".route.to | length > 0"}, to: "again"},
			{name: "events", when: {eq: {kind: "event"}}, to: "events"},
			{name: "rest", when: {not: {eq: {kind: "status"}}}, to: ["all"]}
		]}' "$cases"/*/conf.json >conf.json
	chmod 600 conf.json
	for carrier in "$cases"/*/; do
		omni-recv "${fixed[@]}" -C "$(basename "$carrier")" "$carrier"*/request.http || [ $? -eq 1 ]
	done | awk '{ sub(/}$/, ",\"lease\":{\"queue\":\"q\",\"seq\":" NR ",\"token\":\"t" NR "\"}}"); print }' >hooks
	omni-validate -c conf.json hooks >verified || [ $? -eq 1 ]
	omni-normalize --unverified hooks >made || [ $? -eq 1 ]
	omni-route -c conf.json made >routed || [ $? -eq 1 ]
	cat >odd <<-'EOF2'
	{"kind":"zzz"}
	 	{ "kind" : "zzz" , "a\u0062\/" : [ 1e5, -0.0 ,1.50,"\ud83d\ude00é" ]	}  
	{"a":{"kind":"message"},"kind":"push","kind":"webhook","kind":"message"}
	{}
	{"kind":null}
	{"kind":["message"]}
	{"kind":"Message","n":123456789012345678901234567890.000000000000000000001}
	{"id":"x","kind":"delivery","outcome":"sent","verified":1,"route":2}
	{"kind":"reject","stage":"recv","class":"data","code":"x","detail":"y","raw":"z"}
	no record
	{"kind":"webhook"}
	[]

	{"id":"w","kind":"webhook","request":{}}
	{"kind":"message"}
	{"kind":"message","direction":"in","text":"STOP","type":"text","channel":"sms"}
	 { "route" : [1] , "kind":"message" ,"\u0072oute":{} , "text":"7" , "verified":0 }
	{"kind":"status","route":{"to":[1]}} 
	{"kind":"message","text":12}
	EOF2
	{
		printf '{"kind":"zzz","a":1}\r\r\n{"kind":"message","b":1} \r\r\n\r\n\r\r\n\xff\xfe\n{"kind":"\xc3"}\n{"t":"x\0y"}\n'
		printf ' \n\t{"kind":"event"}\n'
		for keep in 9 18 27; do
			shuf -n "$keep" --random-source=conf.json verified |
				sed 's/^{/{ "verified":{"scheme":"none"}, "\\u0076erified" : 1 ,/; s/}$/ ,"verified":[{"a":"}"}] }/'
		done
	} >>odd
	cat hooks verified odd made routed odd hooks >all
}

# both([OPTION...] STAGE...): run the stages as programs in a pipe, and with omni-pipe, over the file $input as standard input:
# what they write, rejects and split files included, and the exit codes must be the same.
both() {
	local command='' word opts=() rc=0 have=0

	while [[ $1 == -* ]]; do
		opts+=("$1")
		shift
	done
	for word; do
		case $word in
		,) command+=' | ' ;;
		validate | normalize | route) command+="omni-$word " ;;
		*) command+="$(printf %q "$word") " ;;
		esac
	done
	rm -rf pipe chain
	mkdir pipe chain
	(cd pipe && set -o pipefail && eval "$command" <"$input" >out 2>../pipe.err) || rc=$?
	(cd chain && omni-pipe "${opts[@]}" "$@" <"$input" >out 2>../chain.err) || have=$?
	if [ "$have" -ne "$rc" ] || ! diff -rq pipe chain; then
		printf 'exit %d, of the pipe %d: omni-pipe %s\n' "$have" "$rc" "${opts[*]} $*"
		cat chain.err
		cmp pipe/out chain/out
		return 1
	fi
}

@test "every case of every carrier comes out as of the three programs in a pipe, with the options of the case" {
	for case in "$BATS_TEST_DIRNAME"/carriers/*/*/; do
		[[ $case != */send-*/ ]] || continue
		case=${case%/} carrier=${case%/*}
		conf=$case/conf.json
		[ -e "$conf" ] || conf=$carrier/conf.json
		args=()
		[ ! -e "$case/args" ] || read -r -a args <"$case/args"
		for ((i = 0; i < ${#args[@]}; i++)); do
			[ ! -e "$BATS_TEST_DIRNAME/../${args[i]}" ] || args[i]=$BATS_TEST_DIRNAME/../${args[i]}
		done
		rc=0
		omni-recv "${fixed[@]}" -C "${carrier##*/}" -c "$conf" "$case/request.http" >hook || [ $? -eq 1 ]
		omni-pipe -q -c "$conf" validate hook , normalize "${args[@]}" >out 2>err || rc=$?
		cmp out "$case/want.ndjson"
		# Of a reject of omni-recv the chain knows nothing.
		[[ $(<out) == *'"kind":"reject"'* && $(<hook) != *'"kind":"reject"'* ]] && want=1 || want=0
		[ "$rc" -eq "$want" ]
		[ ! -s err ]
	done
}

@test "chains of one to four stages over all that the cases make, leased, and what is no record" {
	input=$files/all c=$files/conf.json
	for j in -j1 -j3; do
		both $j validate -c "$c"
		both $j normalize
		both $j route -c "$c"
		both $j validate -c "$c" , normalize , route -c "$c"
		both $j validate -c "$c" --redacted , normalize --unverified , route -c "$c" --explain
		both $j normalize --unverified , validate -c "$c" , route -c "$c"
		both $j route -c "$c" , route -c "$c" --explain , route -c "$c"
		both $j validate -c "$c" , validate --redacted -c "$c" , normalize , normalize
		both $j route -c "$c" , validate -c "$c" , normalize --unverified , route -c "$c"
		both $j validate -c "$c" --models , normalize --unverified , route -c "$c" , validate --no-verify --models --output basic
	done
}

@test "rejects out of band, of each stage to its own file" {
	input=$files/all c=$files/conf.json
	for j in -j1 -j3; do
		both $j validate -c "$c" -r r1 , normalize -r r2 , route -c "$c" -r r3
		[ -s chain/r1 ] && [ -s chain/r2 ]
		both $j normalize -r r1 , validate -c "$c" , route -c "$c"
		both $j route -c "$c" , normalize -r r1 , validate -c "$c" -r r2
	done
}

@test "records split by destination, at the end and in the midst" {
	input=$files/all c=$files/conf.json
	for j in -j1 -j3; do
		both $j validate -c "$c" , normalize --unverified , route -c "$c" --split 'to.%s'
		[ -s chain/to.long ] && [ -s chain/to.all ]
		both $j normalize --unverified , route -c "$c" --split 'to.%s' -r r1 , validate -c "$c"
	done
}

@test "--strict ends at the first reject of that stage, where the pipe ends" {
	input=$files/all c=$files/conf.json
	grep -v -x -F -f <(grep -a -v '^{.*}$' "$files/odd") "$files/all" | grep -a '^{.*}$' >plain
	for j in -j1 -j3; do
		both $j validate -c "$c" --strict , normalize , route -c "$c"
		both $j validate -c "$c" , normalize --strict , route -c "$c"
		both $j validate -c "$c" , normalize , route -c "$c" --strict
		input=$PWD/plain
		both $j validate -c "$c" --strict , normalize --strict , route -c "$c" --strict
		both $j normalize --unverified , route -c "$c" , validate -c "$c" --strict
	done
	rc=0
	omni-pipe validate -c "$c" plain , normalize --strict >out 2>err || rc=$?
	[ "$rc" -eq 65 ]
	says 'omni-pipe: normalize: line '
	want 65 omni-pipe --strict validate -c "$c" "$files/all" , normalize
	says "omni-pipe: validate: $files/all: line "
}

@test "-r and -c before the first stage are for all stages that say nothing else" {
	c=$files/conf.json
	input=$files/all
	both validate -c "$c" -r r , normalize -c "$c" -r r2 , route -c "$c" -r r3
	(cd chain && rm -f ./* && omni-pipe -c "$c" -r r3 validate -r r "$files/all" , normalize -r r2 , route >out || [ $? -eq 1 ])
	diff -rq pipe chain
	rm -f all1 all3
	omni-pipe -c "$c" -r all1 validate "$files/all" , normalize , route >out || [ $? -eq 1 ]
	[ "$(jq -r .stage all1 | sort -u | paste -sd' ')" = 'normalize route validate' ]
	[ "$(wc -l <all1)" -eq "$(cat chain/r* | wc -l)" ]
	omni-pipe -j 3 -c "$c" -r all3 validate "$files/all" , normalize , route >out || [ $? -eq 1 ]
	cmp all1 all3
}

# lines(n): records without an id that a later stage refuses, among others of all sizes: some blocks' worth.
lines() {
	awk -v n="$1" 'BEGIN {
		srand(11)
		for (i = 0; i < n; i++) {
			r = rand()
			if (r < 0.01)
				printf "{\"kind\":\"webhook\",\"n\":%d}\n", i
			else if (r < 0.012)
				printf "%s\n", substr("{\"kind\":\"webhook\",", 1, 3 + int(rand() * 14))
			else if (r < 0.014)
				print ""
			else {
				printf "{\"kind\":\"zzz\",\"n\":%d,\"pad\":\"", i
				for (k = int(rand() * rand() * 60); k > 0; k--)
					printf "0123456789abcdef"
				print "\"}"
			}
		}
	}'
}

@test "a later stage's rejects are numbered by the lines that came to it, with threads too" {
	lines 20000 >in
	input=$PWD/in c=$files/conf.json
	[ "$(wc -c <in)" -gt 3000000 ]
	for j in -j1 -j2 -j5; do
		both $j route -c "$c" , validate -c "$c"
		both $j route -c "$c" -r r1 , route -c "$c" , validate -c "$c" -r r2
		[ "$(wc -l <chain/r2)" -gt 100 ]
		both $j route -c "$c" , validate -c "$c" --strict
	done
}

# record_of(n, members): a record that is a line of n bytes.
record_of() {
	local head='{"kind":"'$2',"pad":"'
	printf '%s' "$head"
	head -c $(($1 - ${#head} - 2)) /dev/zero | tr '\0' x
	printf '"}\n'
}

@test "lines at the limit, beyond it, and made longer by the stages" {
	{
		record_of 1048576 'zzz"'
		record_of 1048577 'zzz"'
		record_of 1048576 'message","direction":"in"'
		record_of 1048560 'message","direction":"in","lease":{"queue":"q","seq":1,"token":"t"}'
		record_of 1150000 'message","direction":"in","lease":{"queue":"q","seq":1,"token":"t"}'
		record_of 1179640 'message","direction":"in","lease":{"queue":"q","seq":1,"token":"t"}'
		record_of 1179640 'message","direction":"in","type":"text","channel":"sms","text":"stop","from":{"address":"+15550100"},"lease":{"queue":"q"}'
		record_of 1048576 'webhook","carrier":"nobody","id":"w","at":"2026-01-14T09:00:00Z"'
		record_of 1179640 'webhook","route":{},"id":"w"'
		record_of 3000000 'zzz"'
		head -c 1048576 /dev/zero | tr '\0' '\001'
		echo
		head -c 2000000 /dev/zero | tr '\0' '\377'
		echo
		echo '{"kind":"last"}'
	} >in
	input=$PWD/in c=$files/conf.json
	for j in -j1 -j3; do
		both $j route -c "$c" , route -c "$c" --explain , validate -c "$c" , normalize
		both $j validate -c "$c" , normalize , route -c "$c"
		both $j normalize , validate -c "$c" , route -c "$c" , validate -c "$c"
	done
}

@test "what jq makes of records goes on as it was written" {
	echo 'if .kind == "message" then (., {kind: "webhook", id, at, n: [1.0, 1e3, "\u0000é"]}, {}) else . end' >map.jq
	input=$files/hooks c=$files/conf.json
	both normalize --unverified --map "$PWD/map.jq" , validate -c "$c" , route -c "$c" , normalize --map "$PWD/map.jq"
	[ "$(grep -c '"stage":"validate"' chain/out)" -gt 3 ]
}

# One line of the files, or what is made of one: cut, doubled, joined, of other bytes.
mix() {
	awk -v seed="$1" -v n="$2" '
		{ pool[NR] = $0 }
		function line() { return pool[1 + int(rand() * NR)] }
		END {
			srand(seed)
			for (i = 0; i < n; i++) {
				l = line()
				r = rand()
				if (r < 0.03) l = substr(l, 1, int(rand() * length(l)))
				else if (r < 0.05) l = l line()
				else if (r < 0.07) { at = int(rand() * length(l)); l = substr(l, 1, at) sprintf("%c", 1 + int(rand() * 254)) substr(l, at + 2) }
				else if (r < 0.09) sub(/"id":"[^"]*",/, "", l)
				else if (r < 0.11) sub(/}$/, " , \"route\" : {\"to\":[\"x\"]} , \"verified\":{\"scheme\":\"s\"} } ", l)
				else if (r < 0.12) l = " " l "\r"
				print l
			}
		}' "$files/all"
}

@test "random mixes of records and garbage through random chains" {
	RANDOM=4711
	c=$files/conf.json input=$PWD/in
	for ((round = 0; round < 24; round++)); do
		LC_ALL=C mix "$round" 400 >in
		words=()
		for ((i = RANDOM % 4; i >= 0; i--)); do
			case $((RANDOM % 6)) in
			0) words+=(validate -c "$c") ;;
			1) words+=(validate --redacted -c "$c") ;;
			2) words+=(normalize) ;;
			3) words+=(normalize --unverified) ;;
			4) words+=(route -c "$c") ;;
			5) words+=(validate --no-verify --models --output basic) ;;
			esac
			[ $((RANDOM % 4)) -gt 0 ] || words+=(-r "r$i")
			[ "$i" -eq 0 ] || words+=(',')
		done
		both "-j$((1 + RANDOM % 3))" "${words[@]}"
	done
}

@test "what the tests of the stages give to them, given to a chain that begins with them" {
	mkdir shim seen
	ln -s "$BUILD"/* shim
	for stage in validate normalize route; do
		rm shim/omni-$stage
		# What it is called with goes to a directory of its own: input, files and the configuration.
		cat >shim/omni-$stage <<-EOF2
		#!/bin/bash
		d=\$(mktemp -d "$PWD/seen/XXXXXX")
		echo $stage >"\$d/stage"
		n=0 config=
		for word; do
			[ -z "\$config" ] || cp "\$word" "\$d/conf.json" 2>/dev/null
			config=
			[ "\$word" != -c ] || { config=1; continue; }
			if [ -f "\$word" ] && [[ \$word != *.json && \$word != *.jq ]]; then cat "\$word" >>"\$d/in"; fi
		done
		if [ ! -e "\$d/in" ] && [ ! -t 0 ]; then
			cat >"\$d/in"
			exec "$BUILD/omni-$stage" "\$@" <"\$d/in"
		fi
		exec "$BUILD/omni-$stage" "\$@"
		EOF2
		chmod 755 shim/omni-$stage
	done
	for file in validate normalize route; do
		BUILD=$PWD/shim bats "$BATS_TEST_DIRNAME/$file.bats" >log 2>&1 || :
		[ "$(grep -c '^ok' log)" -gt 5 ] || { cat log; return 1; }
	done
	# All that was given with the same configuration is one input.
	for d in seen/*/; do
		[ -s "$d/in" ] || continue
		[ -e "$d/conf.json" ] || cp "$files/conf.json" "$d"
		name=$(md5sum <"$d/conf.json")
		cp "$d/conf.json" "${name%% *}.json"
		{ cat "$d/in"; echo; } >>"${name%% *}.in"
	done
	chmod 600 ./*.json
	turn=0
	for input in "$PWD"/*.in; do
		c=${input%.in}.json
		if ((turn++ % 2)); then
			both validate -c "$c" , normalize , route -c "$c"
		else
			both normalize --unverified , route -c "$c" , validate -c "$c"
		fi
	done
	[ "$turn" -ge 40 ] && [ "$(cat ./*.in | wc -l)" -ge 500 ]
}

# ---- the command line ----

@test "a configuration that several stages name is read once" {
	mkfifo once
	cat "$files/conf.json" >once &
	timeout 60 omni-pipe -q validate -c once "$files/hooks" , normalize -c once , route -c once >out || [ $? -eq 1 ]
	wait $!
	omni-pipe -q -c "$files/conf.json" validate "$files/hooks" , normalize , route >want || [ $? -eq 1 ]
	cmp out want
}

@test "a configuration that is wrong names its stage: exit 78, and nothing is written" {
	echo '{"routes":[{"tu":"a"}]}' >bad.json
	want 78 omni-pipe validate -c "$files/conf.json" "$files/hooks" , route -c bad.json
	says 'bad.json'
	[ ! -s out ]
	echo '{"routes":[{"when":{"regex":{"a":"("}}}]}' >bad.json
	want 78 omni-pipe validate -c "$files/conf.json" "$files/hooks" , route -c bad.json
	says 'omni-pipe: route: bad.json'
	[ ! -s out ]
}

@test "wrong usage says why: exit 64" {
	refused() {
		local text=$1
		shift
		want 64 omni-pipe "$@" </dev/null
		says "$text"
		says 'usage: omni-pipe [OPTION...] STAGE'
		[ ! -s out ]
	}
	refused 'a stage is missing: validate, normalize, route'
	refused 'nothing stands before ","' , normalize
	refused 'nothing stands behind ","' normalize ,
	refused 'a stage is missing' normalize , , route
	refused '"recv" is no pure stage: those are validate, normalize, route' recv
	refused '"omni-route" is no pure stage' normalize , omni-route
	refused 'normalize: unknown option --nonsense' normalize --nonsense
	refused 'normalize: unknown option -j; what is for the whole process stands before the first stage' normalize -j 2
	refused 'route: "a": only the first stage reads files' normalize , route a
	refused 'normalize: "route": only the first stage reads files' route x , normalize route
	refused 'jobs' -j 0 normalize
}

@test "--help of the program and of a stage in it" {
	want 0 omni-pipe --help
	grep -q 'usage: omni-pipe \[OPTION...\] STAGE' out
	want 0 omni-pipe route --help
	grep -q 'usage: omni-pipe route ' out
	grep -q -- --explain out
	no grep -q -- --jobs out
	want 0 omni-pipe --version
}

@test "-v sums up each stage; metrics have a row for each" {
	want 1 omni-pipe -v --metrics m -c "$files/conf.json" validate "$files/hooks" , normalize , route , route
	n=$(wc -l <"$files/hooks")
	says "omni-pipe: validate: $n records in, $n out, "
	says "omni-pipe: normalize: $n records in, "
	says 'omni-pipe: route: '
	says 'omni-pipe: route-2: '
	grep -qx "omni_records_in_total{stage=\"validate\"} $n" m
	grep -qx "omni_records_out_total{stage=\"route-2\"} $(wc -l <out)" m
	grep -qx "omni_bytes_out_total{stage=\"route-2\"} $(wc -c <out)" m
	grep -qx "omni_bytes_in_total{stage=\"validate\"} $(wc -c <"$files/hooks")" m
	[ "$(grep -c '^omni_bytes' m)" -eq 2 ]
	[ "$(sort m | grep -v '^#' | cut -d' ' -f1 | uniq -d | wc -l)" -eq 0 ]
}

@test "output that can not be written is a failure: exit 74" {
	for j in -j1 -j2; do
		rc=0
		omni-pipe $j -c "$files/conf.json" validate "$files/all" , normalize , route >/dev/full 2>err || rc=$?
		[ "$rc" -eq 74 ]
		says 'omni-pipe: standard output: No space left on device'
		rc=0
		omni-pipe $j -c "$files/conf.json" validate "$files/all" , normalize -r /dev/full , validate >out 2>err || rc=$?
		[ "$rc" -eq 74 ] || [ "$rc" -eq 1 ]
		says /dev/full
	done
}

@test "an operand that is not there: the others are read, and the code is the pipe's" {
	want 74 omni-pipe validate missing "$files/odd2" , route </dev/null
	printf '{"kind":"zzz"}\n' >a
	want 74 omni-pipe validate missing a , normalize
	cmp a out
	says 'omni-pipe: missing: No such file or directory'
}

@test "whichever allocation or write fails, it says so and never crashes nor loses a line quietly" {
	plain
	jq 'del(.routes[] | select(.when.jq or .name == "jq"))' "$files/conf.json" >conf.json # libjq 1.6 does not mind its own
	head -n 3 "$files/hooks" >few
	command=(omni-pipe -q -c conf.json validate few ',' normalize ',' route)
	"${command[@]}" >want || [ $? -eq 1 ]
	for kind in malloc write; do
		for n in $(seq 1 40) $(seq 50 45 1500); do
			rc=0
			timeout 60 env OMNI_FAIL_CALL=$kind OMNI_FAIL_AT="$n" LD_PRELOAD="$BUILD/fail.so" "${command[@]}" >out 2>err || rc=$?
			case $rc in
			0 | 1) cmp want out ;;
			65 | 71 | 74 | 75 | 78) ;;
			*) echo "$kind $n: exit $rc"; cat err; return 1 ;;
			esac
			! grep -q 'not reached' err || break
		done
	done
}
