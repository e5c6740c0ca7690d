#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The laws that hold for every program (omni(7)), over the webhooks of every case and what becomes of them.

load helper

stages=(omni-validate omni-normalize omni-route)
fixed=(--from -q --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001)

# In $files: conf.json for all stages; hooks, verified, made, routed: what each program makes of all cases, leased; others:
# records that nobody knows, rejects and lines that are no records; all: all of these.
setup_file() {
	local cases=$BATS_TEST_DIRNAME/carriers carrier
	export files=$BATS_FILE_TMPDIR
	cd "$files" || return
	jq -s 'reduce .[] as $c ({}; . * $c) + {
		routes: [
			{name: "odd", when: {regex: {"/text": "[0-9]"}}, to: ["odd", "all"], continue: true},
			{name: "jq", when: {all: [{eq: {kind: "message"}}, {jq: ".text | length > 3"}]}, to: "long"},
			{name: "events", when: {eq: {kind: "event"}}, to: "events"},
			{name: "rest", to: ["all"]}
		]}' "$cases"/*/conf.json >conf.json
	chmod 600 conf.json
	for carrier in "$cases"/*/; do
		omni-recv "${fixed[@]}" -C "$(basename "$carrier")" "$carrier"*/request.http || [ $? -eq 1 ]
	done | awk '{ sub(/}$/, ",\"lease\":{\"queue\":\"q\",\"seq\":" NR ",\"token\":\"t" NR "\"}}"); print }' >hooks
	omni-validate -c conf.json hooks >verified || [ $? -eq 1 ]
	omni-normalize --unverified hooks >made || [ $? -eq 1 ]
	omni-route -c conf.json made >routed || [ $? -eq 1 ]
	cat >others <<-'EOF'
	{"kind":"zzz"}
	 	{ "kind" : "zzz" , "a\u0062\/" : [ 1e5, -0.0 ,1.50,"\ud83d\ude00é" ]	}  
	{"a":{"kind":"message"},"kind":"push","kind":"webhook","kind":"message"}
	{}
	{"kind":null}
	{"kind":["message"]}
	{"kind":"Message","n":123456789012345678901234567890.000000000000000000001}
	{"id":"x","kind":"delivery","outcome":"sent","verified":1,"route":2}
	{"id":"x","kind":"change","":{"":""},"\u0000":"\u0000","long":"\u00e9\n\t\b\f\r\\\""}
	{"kind":"reject","stage":"recv","class":"data","code":"x","detail":"y","raw":"z"}
	{"kind":"reject","stage":"queue","class":"temp","code":"x","detail":"y","record":{"kind":"message"},"lease":{"seq":-1}}
	EOF
	{
		cat hooks verified others made routed
		printf 'no record\n{"kind":"webhook"}\n[]\n{"kind":"webhook","request":{}}\n{"kind":"message"}\n{"kind":"status"}\n'
		cat others hooks
	} >all
}

# run(command...): it may refuse, not fail; its output goes to standard output.
run_stage() {
	"$@" 2>>said || [ $? -eq 1 ]
}

# with_conf(stage): the stage's command, with the configuration where it takes one, into the array command.
with_conf() {
	command=("$1" -q)
	[ "$1" = omni-normalize ] || command+=(-c "$files/conf.json")
}

@test "the webhooks of the cases are there, and something becomes of most" {
	[ "$(wc -l <"$files/hooks")" -ge 40 ]
	[ "$(grep -c '"verified":{' "$files/verified")" -ge 40 ]
	[ "$(grep -c '"kind":"message"' "$files/made")" -ge 20 ]
	[ "$(jq -r '.route | objects | .to[]' "$files/routed" | sort | uniq -c | wc -l)" -ge 4 ]
}

@test "conservation: the shares that come out for each lease add up to one, after every stage and all" {
	whole() {
		jq -n -e --argjson n "$(wc -l <"$files/hooks")" '
			reduce inputs.lease as $l ({};
				.["\($l.seq)"] += [[$l.part // 1, $l.parts // 1]])
			| length == $n and all(.[];
				(map(1 / .[1]) | add - 1 | fabs < 1e-9) and (map(.[0] / .[1]) | length == (unique | length))
				and all(.[]; .[0] >= 1 and .[0] <= .[1]))' "$1" >/dev/null
	}
	whole "$files/hooks"
	whole "$files/verified"
	whole "$files/made"
	whole "$files/routed"
	run_stage omni-validate -c "$files/conf.json" "$files/hooks" | run_stage omni-normalize |
		run_stage omni-route -c "$files/conf.json" >out
	whole out
	[ "$(jq 'select(.lease.parts > 1)' out | wc -l)" -gt 2 ]
	run_stage omni-route -c "$files/conf.json" out >again
	whole again
}

@test "conservation: every line comes out as at least one, in its order" {
	awk '{ print NR "\t" $0 }' "$files/all" >numbered
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		run_stage "${command[@]}" "$files/all" >out
		[ "$(wc -l <out)" -ge "$(wc -l <"$files/all")" ]
		[ "$(jq -c . out | wc -l)" -eq "$(wc -l <out)" ]
		# What passed as it was is there in its order: nothing is missing, doubled or moved among the others.
		grep -Fxf "$files/others" "$files/all" >passing
		grep -Fxf "$files/others" out | cmp - passing
	done
}

@test "a replay gives the same bytes" {
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		run_stage "${command[@]}" "$files/all" >one
		run_stage "${command[@]}" - <"$files/all" >two
		cmp one two
		OMNI_CLOCK=2030-01-01T00:00:00Z TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 run_stage "${command[@]}" "$files/all" >three
		cmp one three
	done
}

@test "a stage that gets its own output gives the same again" {
	run_stage omni-validate -q --redacted -c "$files/conf.json" "$files/verified" >out
	cmp out "$files/verified"
	grep -v '"event":"opt-' "$files/routed" >routed
	run_stage omni-route -q -c "$files/conf.json" routed | grep -v '"event":"opt-' | jq -c 'del(.lease)' >out
	jq -c 'del(.lease)' routed | cmp - out
	# An opt-out is found again, with the same id: whoever keeps ids drops it.
	run_stage omni-route -q -c "$files/conf.json" "$files/routed" | jq -r .id | sort -u >out
	jq -r .id "$files/routed" | sort -u | cmp - out
	run_stage omni-normalize -q "$files/made" >out
	cmp out "$files/made"
}

@test "members that a stage appends are replaced, never doubled, however they are written" {
	grep '"carrier":"twilio"' "$files/verified" | grep -m 1 '"verified":{' | jq -c 'del(.verified)' >plain
	sed 's/^{/{"verified":{"scheme":"none"}, "\\u0076erified" : 1,/; s/}$/,"verified":[{"a":"}"}] }/' plain >odd
	run_stage omni-validate -q -c "$files/conf.json" plain >want
	run_stage omni-validate -q -c "$files/conf.json" odd >out
	jq -c . want >want.json
	jq -c . out | cmp - want.json
	[ "$(grep -o verified out | wc -l)" -eq 1 ]
	grep -m 1 '"kind":"message"' "$files/made" >plain
	sed 's/^{/{"route":{"rule":"none"}, "\\u0072oute" : 1,/; s/}$/,"route":[{"a":"}"}] }/' plain >odd
	run_stage omni-route -q -c "$files/conf.json" plain | jq -c . >want
	run_stage omni-route -q -c "$files/conf.json" odd | jq -c . | cmp - want
}

@test "-j 4 gives the bytes of -j 1" {
	for _ in {1..12}; do cat "$files/all"; done >big
	[ "$(wc -c <big)" -gt 2000000 ]
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		rm -f one.rejects
		run_stage "${command[@]}" -r one.rejects big >one
		for jobs in 2 4; do
			rm -f rejects
			run_stage "${command[@]}" -j "$jobs" -r rejects big >out
			cmp one out
			cmp one.rejects rejects
		done
	done
}

@test "kinds that are nobody's pass byte for byte, and so do rejects" {
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		want 0 "${command[@]}" "$files/others"
		cmp "$files/others" out
	done
}

@test "output that can not be written is a failure: exit 74" {
	case=$(ls -d "$BATS_TEST_DIRNAME"/carriers/twilio/*/ | head -n 1)
	for _ in {1..5}; do cat "$files/all"; done >big
	full() {
		rc=0
		"$@" >/dev/full 2>err || rc=$?
		if [ "$rc" -ne 74 ]; then
			echo "exit $rc: $*"
			return 1
		fi
		says 'standard output: No space left on device'
	}
	full omni-recv "${fixed[@]}" -C twilio "$case/request.http"
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		full "${command[@]}" "$files/others"
		full "${command[@]}" big
		full "${command[@]}" -j 3 big
		rc=0
		"${command[@]}" -r /dev/full "$files/all" >out 2>err || rc=$?
		[ "$rc" -eq 74 ]
		says /dev/full
	done
	for program in omni-recv "${stages[@]}"; do
		full "$program" --help
		full "$program" --version
	done
}

@test "closed standard output is a failure too, and no file takes its place" {
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		rc=0
		"${command[@]}" "$files/others" >&- 2>err || rc=$?
		[ "$rc" -eq 74 ]
		rc=0
		"${command[@]}" -r rejects "$files/others" >&- 2>err || rc=$?
		[ "$rc" -eq 74 ]
		[ ! -s rejects ]
	done
}

@test "a closed pipe ends a program quietly" {
	for _ in {1..5}; do cat "$files/all"; done >big
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		"${command[@]}" big 2>err | head -n 1 >out
		[ "$(wc -l <out)" -eq 1 ] && [ ! -s err ]
		"${command[@]}" -j 2 big 2>err | head -n 1 >out
		[ "$(wc -l <out)" -eq 1 ] && [ ! -s err ]
	done
}

@test "no secret is in any output" {
	jq -r '.carriers[] | .. | objects | to_entries[] | select(.key | test("secret|token|password|key")) | .value | .. | strings' \
		"$files/conf.json" | sort -u >secrets
	[ "$(wc -l <secrets)" -ge 2 ]
	for stage in "${stages[@]}"; do
		with_conf "$stage"
		# What comes in may hold what a carrier sends along; omni-validate takes it out.
		[ "$stage" = omni-validate ] && input=$files/hooks || input=out.of.validate
		rm -f rejects
		"${command[@]}" -v -j 2 --metrics metrics -r rejects "$input" >out 2>err || [ $? -eq 1 ]
		no grep -Ff secrets out err rejects metrics
		[ "$stage" != omni-validate ] || cat out rejects >out.of.validate
	done
	omni-recv "${fixed[@]}" -v -c "$files/conf.json" -C twilio "$BATS_TEST_DIRNAME"/carriers/*/*/request.http >out 2>err || [ $? -eq 1 ]
	no grep -Ff secrets err
	# Nor in what is said of a configuration that is wrong.
	for wrong in '.carriers.twilio.auth_token |= {a: .}' '.carriers.twilio.auth_token |= [[.]]' '.carriers.twilio.auth_tokn = .carriers.twilio.auth_token' \
		'.carriers.twilio.auth_token |= [range(9) as $i | .]' '.carriers.whatsapp.app_secret |= [., 1]' '.carriers.whatsapp |= .app_secret' \
		'.carriers.twilio.auth_token as $s | .carriers.twilio.public_url = $s | .public_url = ""'; do
		jq "$wrong" "$files/conf.json" >wrong.json
		for program in omni-recv omni-validate omni-route; do
			args=()
			[ "$program" != omni-recv ] || args=("${fixed[@]}" -C twilio)
			"$program" "${args[@]}" -c wrong.json "$files/hooks" >out 2>err || :
			no grep -Ff secrets err
		done
	done
	head -c -40 "$files/conf.json" >wrong.json
	want 78 omni-validate -c wrong.json "$files/hooks"
	no grep -Ff secrets err
}

# one_by_one(kind, n...): with the n-th call of a kind failing for each n, $command must end with a code of the contract, and with
# all of its output (in the file want) if that is 0 or 1.  Stops behind the last call.
one_by_one() {
	local kind=$1 n rc
	shift
	for n; do
		rc=0
		timeout 60 env OMNI_FAIL_CALL="$kind" OMNI_FAIL_AT="$n" LD_PRELOAD="$BUILD/fail.so" "${command[@]}" >out 2>err ||
			rc=$?
		case $rc in
		0 | 1) cmp -s want out ;;
		65 | 71 | 74 | 75 | 78) ;;
		*) false ;;
		esac || {
			echo "$kind $n: exit $rc: ${command[*]}"
			cat err
			return 1
		}
		! grep -q 'not reached' err || return 0
	done
}

# The numbers of the calls that fail: all of the first, then fewer and fewer, up to a hundred thousand.
calls() {
	awk 'BEGIN { srand(7); for (n = 1; n < 1e5; n += n < 40 ? 1 : n < 200 ? 7 : int(n * (0.1 + 0.1 * rand()))) print n }'
}

@test "whichever allocation fails, a program says so and never crashes nor loses a line quietly" {
	plain
	head -n 3 "$files/hooks" >few
	sed -n '/"kind":"message"/p' "$files/made" | head -n 3 >messages
	# Without jq: libjq 1.6 calls whatever its handler for this points to.
	jq 'del(.routes[] | select(.name == "jq"))' "$files/conf.json" >conf.json
	for command in "omni-validate -q -c $files/conf.json few" 'omni-normalize --unverified few' \
		"omni-route -q -c conf.json messages" "omni-validate -q -j 2 -c $files/conf.json few" \
		"omni-recv ${fixed[*]} -C twilio $BATS_TEST_DIRNAME/carriers/twilio/sms-text/request.http"; do
		read -r -a command <<<"$command"
		run_stage "${command[@]}" >want
		# shellcheck disable=SC2046 # a list of numbers
		one_by_one malloc $(calls)
	done
}

@test "whichever write fails, a program says so" {
	plain
	for _ in {1..3}; do cat "$files/all"; done >big
	for command in "omni-validate -q -c $files/conf.json --metrics m big" 'omni-normalize -q -r r big' \
		"omni-route -q -c $files/conf.json -j 2 big" "omni-recv ${fixed[*]} -C twilio $BATS_TEST_DIRNAME/carriers/twilio/sms-text/request.http"; do
		read -r -a command <<<"$command"
		run_stage "${command[@]}" >want
		one_by_one write 1 2 3 4 5 6 7 8 9 10 15 20 40
	done
}
