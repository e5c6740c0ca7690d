#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-normalize, beside what the carriers' cases show.

load helper

cases=$BATS_TEST_DIRNAME/carriers

# hook(carrier, case): the webhook of a case, verified, in the file hook.
hook() {
	omni-recv --from -q -C "$1" --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001 \
		-c "$cases/$1/conf.json" "$cases/$1/$2/request.http" | omni-validate -q -c "$cases/$1/conf.json" >hook
}

# map(program): run with it as --map on hook; expects the exit code $1.
map() {
	printf '%s\n' "$2" >map.jq
	want "$1" omni-normalize --map map.jq hook
}

batch="batch-ten-messages"

@test "a webhook that was not verified is refused, unless --unverified says so" {
	hook twilio sms-text
	want 0 omni-normalize hook
	mv out made
	for change in 'del(.verified)' '.verified = null' '.verified = true' '.verified = {}' '.verified = "yes"' '.verified = []' \
		'.verified.scheme = ""' '.verified.scheme = 1'; do
		jq -c "$change" hook >bad
		want 1 omni-normalize bad
		[ "$(get '[.kind, .stage] | @json')" = '["reject","normalize"]' ] || { echo "$change"; return 1; }
		[[ $(get '[.class, .code] | @json') =~ ^\[\"(denied\",\"not-verified|data\",\"webhook-malformed)\"\]$ ]]
		get .record | cmp - bad
	done
	jq -c 'del(.verified)' hook >bare
	want 0 omni-normalize --unverified bare
	cmp made out
}

@test "a batch becomes as many records; a lease is shared among them, a trace goes to all" {
	hook whatsapp "$batch"
	sed -i 's/}$/,"lease":{"queue":"q","seq":7,"token":"t","x":{"part":1}}}/' hook
	want 0 omni-normalize hook
	[ "$(wc -l <out)" -eq 10 ]
	[ "$(get .lease.part | paste -sd' ')" = '1 2 3 4 5 6 7 8 9 10' ]
	[ "$(get '[.lease.parts, .lease.queue, .lease.seq, .lease.token, .lease.x.part] | @json' | sort -u)" = '[10,"q",7,"t",1]' ]
	[ "$(get .trace | sort -u)" = "$(jq -r .trace hook)" ]
	# A share of a share.
	jq -c '.lease += {part: 2, parts: 3}' hook >share
	want 0 omni-normalize share
	[ "$(get .lease.part | paste -sd' ')" = '11 12 13 14 15 16 17 18 19 20' ]
	[ "$(get .lease.parts | sort -u)" = 30 ]
}

@test "a single record keeps the lease as it was; a reject has it too" {
	hook twilio sms-text
	sed -i 's/}$/,"lease":{"queue":"q","seq":7,"token":"t"}}/' hook
	want 0 omni-normalize hook
	[ "$(get '.lease | @json')" = '{"queue":"q","seq":7,"token":"t"}' ]
	jq -c 'del(.verified)' hook >bare
	want 1 omni-normalize bare
	[ "$(get '.lease | @json')" = '{"queue":"q","seq":7,"token":"t"}' ]
}

@test "--keep-verified lets every record say how its webhook was verified, whatever a map says" {
	hook whatsapp "$batch"
	want 0 omni-normalize --keep-verified hook
	[ "$(get .verified | sort | uniq -c | tr -s ' ')" = ' 10 '"$(jq -c .verified hook)" ]
	jq -c 'del(.verified)' out >bare
	want 0 omni-normalize hook
	diff <(jq -c . out) bare
	printf '.verified = {"scheme":"mine"}' >map.jq
	want 0 omni-normalize --keep-verified --map map.jq hook
	[ "$(get .verified | sort -u)" = "$(jq -c .verified hook)" ]
	want 0 omni-normalize --map map.jq hook
	[ "$(get .verified | sort -u)" = null ]
}

@test "a share that is none becomes 0 of 0, which settles nothing; large ones do no harm" {
	hook whatsapp "$batch"
	for lease in '{"part":0,"parts":0}' '{"part":-1,"parts":5}' '{"part":9,"parts":2}' '{"part":"a","parts":[]}' \
		'{"part":9223372036854775807,"parts":9223372036854775807}' '{"part":1,"parts":1e300}' '{"part":1.5,"parts":2}'; do
		sed "s/}\$/,\"lease\":$lease}/" hook >odd
		want 0 omni-normalize odd
		[ "$(get '.lease | [.part, .parts] | @json' | uniq -c | tr -d ' ')" = '10[0,0]' ] || { echo "$lease"; return 1; }
	done
	for lease in null 1 '"x"' '[]'; do
		sed "s/}\$/,\"lease\":$lease}/" hook >odd
		want 0 omni-normalize odd
	done
}

@test "a lease of any size comes out whole" {
	hook whatsapp "$batch"
	{
		head -c -2 hook
		printf ',"lease":{"queue":"'
		head -c 300000 /dev/zero | tr '\0' q
		printf '"}}\n'
	} >big
	want 0 omni-normalize big
	[ "$(get '.lease.queue | length' | sort -u)" = 300000 ]
}

@test "--map changes each record" {
	hook whatsapp "$batch"
	map 0 '.text |= ascii_upcase | .seen = true'
	[ "$(wc -l <out)" -eq 10 ]
	[ "$(get '.seen' | sort -u)" = true ]
	omni-normalize hook | jq -r '.text | ascii_upcase' >text
	get .text | cmp - text
}

@test "--map . changes nothing but how numbers and texts are written" {
	for pair in "whatsapp $batch" 'twilio sms-text' 'whatsapp location'; do
		hook $pair
		omni-normalize hook | jq -cS . >plain
		map 0 .
		jq -cS . out | cmp - plain
	done
}

@test "--map may make several records of one; the lease is shared among all" {
	hook whatsapp "$batch"
	sed -i 's/}$/,"lease":{"queue":"q"}}/' hook
	map 0 '., (select(.text | test("1")) | {kind: "note", id: .id, text: .text})'
	n=$(wc -l <out)
	[ "$n" -gt 10 ]
	[ "$(get .lease.parts | sort -u)" = "$n" ]
	[ "$(get .lease.part | paste -sd' ')" = "$(seq "$n" | paste -sd' ')" ]
}

@test "--map that sets trace or lease does not double them" {
	hook twilio sms-text
	sed -i 's/}$/,"lease":{"queue":"q"}}/' hook
	map 0 '.trace = "mine" | .lease = {"a": 1}'
	[ "$(grep -o '"trace"' out | wc -l)" -eq 1 ]
	[ "$(grep -o '"lease"' out | wc -l)" -eq 1 ]
	[ "$(get .lease.queue)" = q ]
}

@test "--map that makes nothing, fails or makes no object: the whole webhook is a reject" {
	hook whatsapp "$batch"
	for program in empty 'error("no")' '.text | tonumber' 1 '"x"' null '[.]' '., 2' 'if .text | test("9|10|ten") then error("late") else . end' '{}[0]' \
		'limit(1; error)'; do
		map 1 "$program"
		[ "$(get '[.kind, .stage, .class] | @json' | sort -u)" = '["reject","normalize","data"]' ] || { echo "$program"; cat out; return 1; }
		[ "$(wc -l <out)" -eq 1 ]
		get .record | cmp - <(jq -c . hook)
	done
}

@test "--map that runs away is stopped, and the next webhook is handled" {
	hook twilio sms-text
	cp hook two
	echo '{"kind":"zzz"}' >>two
	for program in 'def f: f; f' '[range(1e12)]' 'def f: 1 + f; f'; do
		printf '%s\n' "$program" >map.jq
		want 1 timeout 60 omni-normalize --map map.jq two || { echo "$program"; return 1; }
		[ "$(get '.kind' | paste -sd' ')" = 'reject zzz' ]
		[ "$(head -n 1 out | jq -r .class)" = data ]
	done
}

@test "--map sees no environment, no files and no other input" {
	hook twilio sms-text
	export LEAK=leaked
	for program in '.x = env.LEAK' '.x = $ENV.LEAK' '.x = input' '.x = [inputs]' 'include "m"; .' 'import "m" as m; .' '.x = $__loc__' \
		'.x = input_filename' '.x = now' 'halt' 'halt_error' '.x = get_search_list' 'debug' 'stderr' '.x = input_line_number' 'getpath(["a"]) as [$x] | .' \
		'.x = modulemeta' '.x = ("x" | localtime)' '.x = (0 | localtime)'; do
		printf '%s\n' "$program" >map.jq
		echo 'def f: 1;' >m.jq
		rc=0
		TZ=Asia/Tokyo timeout 60 omni-normalize --map map.jq hook >out 2>err || rc=$?
		case $rc in 0 | 1 | 78) ;; *) echo "exit $rc: $program"; return 1 ;; esac
		no grep -h leaked out err
		no grep -h Tokyo out err
	done
}

@test "--map that is no program, or is not there: exit 78 before anything is read" {
	hook twilio sms-text
	export ASAN_OPTIONS=detect_leaks=0 # libjq 1.6 loses a string on some syntax errors
	for program in '.text |' 'nosuchfunction' '.a b' '"' $'.text = 1\n| nosuch'; do
		map 78 "$program"
		says 'map.jq'
		[ ! -s out ]
	done
	want 78 omni-normalize --map missing.jq hook
	says 'missing.jq: No such file or directory'
	head -c 2000000 /dev/zero | tr '\0' ' ' >map.jq
	want 78 omni-normalize --map map.jq hook
	says 'map.jq: '
}

@test "--map works in several threads as in one" {
	hook whatsapp "$batch"
	for _ in {1..150}; do cat hook; done >many
	echo '.n = (.text | length)' >map.jq
	want 0 omni-normalize --map map.jq many
	mv out one
	want 0 omni-normalize -j 3 --map map.jq many
	cmp one out
}

@test "a webhook of a carrier that is unknown, or that is none, is a reject" {
	hook twilio sms-text
	jq -c '.carrier = "pigeon"' hook >bad
	want 1 omni-normalize bad
	[ "$(get '[.class, .code] | @json')" = '["data","carrier-unknown"]' ]
	jq -c 'del(.request)' hook >bad
	want 1 omni-normalize bad
	[ "$(get '[.class, .code] | @json')" = '["data","webhook-malformed"]' ]
}

@test "ids follow from what the carrier sent, not from when or as which record it came" {
	hook twilio sms-text
	want 0 omni-normalize hook
	id=$(get .id)
	jq -c '.id = "0198c0de-0000-7000-8000-00000000ffff" | .at = "2027-01-01T00:00:00.000Z" | .trace = "x"' hook >again
	want 0 omni-normalize again
	[ "$(get .id)" = "$id" ]
}

@test "other kinds pass as they are" {
	printf '%s\n' '{"kind":"message","text":"x"}' '{"kind":"status" }' '{"verified":{"scheme":"x"},"carrier":"twilio"}' >a
	want 0 omni-normalize a
	cmp a out
}
