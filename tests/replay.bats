#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-replay: what goes once more, how fast, how far it came, and what must not go.

load helper

# records(from, to): records, one a second from 09:00 on, of two carriers, with ids.
records() {
	seq "$1" "$2" | awk '{
		t = 32400 + $1
		printf "{\"id\":\"%08x-0000-5000-8000-%012d\",\"kind\":\"%s\",\"at\":\"2026-01-14T%02d:%02d:%02d.000Z\",\"carrier\":\"%s\",", \
			($1 * 2654435761) % 4294967296, $1, $1 % 5 ? "message" : "status", t / 3600, t / 60 % 60, t % 60, $1 % 2 ? "twilio" : "whatsapp"
		printf "\"direction\":\"in\",\"n\":%d,\"text\":\"%s\"}\n", $1, substr("the quick brown fox jumps over the lazy dog", 1, $1 % 43)
	}'
}

# archive(): the records of the file in as the stream s of the archive a.
archive() {
	omni-archive import -q -d a -s s --frame 16k in
}

@test "an archive, files and standard input come out as they are" {
	records 1 5000 >in
	printf '{"kind":"zzz" , "n":1.50e1}  \n' >odd
	archive
	want 0 omni-replay -d a
	cmp in out
	want 0 omni-replay -d a -s s
	cmp in out
	want 0 omni-replay in odd
	cat in odd | cmp - out
	want 0 omni-replay <in
	cmp in out
	zstd -q in
	want 0 omni-replay odd in.zst
	cat odd in | cmp - out
	[ ! -s err ]
}

@test "ranges are closed at their beginning and open at their end, in archives and files" {
	records 1 9000 >in
	archive
	for source in '-d a' in; do
		# shellcheck disable=SC2086 # words
		want 0 omni-replay --from 2026-01-14T09:30:00Z --to 2026-01-14T10:00:00Z $source
		sed -n 1800,3599p in | cmp - out
		# shellcheck disable=SC2086 # words
		OMNI_CLOCK=2026-01-14T11:00:00Z want 0 omni-replay --from -1h --to now $source
		sed -n '3600,7199p' in | cmp - out
		# shellcheck disable=SC2086 # words
		OMNI_CLOCK=2026-01-15T01:02:03Z want 0 omni-replay --from yesterday --to today $source
		cmp in out
		# shellcheck disable=SC2086 # words
		OMNI_CLOCK=2026-01-16T01:02:03Z want 0 omni-replay --from yesterday $source
		[ ! -s out ]
	done
	want 64 omni-replay --from 2026-01-15 --to 2026-01-14 in
	says '--from is not before --to'
	want 64 omni-replay --from tomorrow in
	says '--from takes a time'
}

@test "a record without a time has that of the one before" {
	printf '%s\n' '{"kind":"a","n":1}' '{"kind":"a","n":2,"at":"2026-01-14T09:00:00Z"}' '{"kind":"a","n":3}' \
		'{"kind":"a","n":4,"at":"2026-01-14T10:00:00Z"}' '{"kind":"a","n":5,"at":"never"}' >in
	want 0 omni-replay --from 2026-01-14T10:00:00Z in
	[ "$(get .n | paste -sd' ')" = '4 5' ]
	want 0 omni-replay --to 2026-01-14T10:00:00Z in
	[ "$(get .n | paste -sd' ')" = '2 3' ]
	want 0 omni-replay in
	cmp in out
}

@test "--filter takes a condition of omni-route, --jq a filter, and both must hold" {
	records 1 200 >in
	want 0 omni-replay --filter '{"eq":{"carrier":"twilio"},"range":{"n":{"below":10}}}' in
	[ "$(get .n | paste -sd' ')" = '1 3 5 7 9' ]
	want 0 omni-replay --jq '.n > 190 and .kind == "status"' in
	[ "$(get .n | paste -sd' ')" = '195 200' ]
	want 0 omni-replay --jq '.n > 190' --filter '{"eq":{"kind":"status","carrier":"twilio"}}' in
	[ "$(get .n | paste -sd' ')" = 195 ]
	echo '{ "prefix": { "/text": "the quick brown fox jumps over the lazy" } } // a person wrote it' >rule.json
	want 0 omni-replay --filter @rule.json in
	jq -c 'select(.text | startswith("the quick brown fox jumps over the lazy"))' in | cmp - out
	want 64 omni-replay --filter '{"eq":' in
	says '--filter takes a condition as in the rules of omni-route'
	want 78 omni-replay --filter '{"eqq":{}}' in
	says 'unknown condition; did you mean "eq"'
	want 78 omni-replay --jq '.n |' in
	says --jq
	want 1 omni-replay --jq '.n / (.n - 7)' in
	[ "$(get 'select(.kind == "reject") | .code + " " + .stage + " " + (.record.n | tostring)')" = 'expr-failed replay 7' ]
}

# Files are parsed line by line; of an archive lines are passed over that lack what the condition needs.
@test "--filter takes the same records out of an archive as out of a file, however they are spelled" {
	records 1 2000 | awk '
		NR % 5 == 1 { sub(/twilio/, "\\u0074wilio") }
		NR % 5 == 2 { sub(/"carrier"/, "\"carr\\u0069er\"") }
		NR % 7 == 1 { sub(/quick brown/, "twil\\/io") }
		NR % 7 == 2 { sub(/the quick/, "\\\"twilio\\\"") }
		NR % 7 == 3 { sub(/}$/, ",\"carrier\":\"twilio\" }") }
		1' >in
	archive
	while read -r rule; do
		want 0 omni-replay --filter "$rule" in
		[ -s out ]
		mv out plain
		want 0 omni-replay --filter "$rule" -d a
		cmp plain out
	done <<-'EOF'
		{"eq":{"carrier":"twilio"}}
		{"eq":{"carrier":"whatsapp"},"range":{"n":{"below":700}}}
		{"in":{"carrier":["telegram","twilio"]},"not":{"eq":{"kind":"status"}}}
		{"any":[{"prefix":{"carrier":"tw"}},{"suffix":{"text":"lazy dog"}}]}
		{"prefix":{"text":"the twil/io"}}
		{"prefix":{"text":"\"twilio\""}}
		{"eq":{"carrier":"twilio"},"jq":".n % 3 == 0"}
	EOF
	want 0 omni-replay --from 2026-01-14T09:10:00Z --filter '{"eq":{"carrier":"twilio"}}' in
	mv out plain
	want 0 omni-replay --from 2026-01-14T09:10:00Z --filter '{"eq":{"carrier":"twilio"}}' -d a
	cmp plain out
}

@test "--ids takes the records whose ids a file names, plain or as records" {
	records 1 3000 >in
	archive
	sed -n '7p;2000p' in | jq -r .id >ids
	sed -n '100p' in >>ids
	printf '\n  \nnobody\n' >>ids
	want 0 omni-replay --ids ids -d a
	sed -n '7p;100p;2000p' in | cmp - out
	printf '\n' >none
	want 64 omni-replay --ids none in
	says 'none: there is no id in it'
}

@test "--limit ends after so many" {
	records 1 300 >in
	want 0 omni-replay --limit 7 --filter '{"eq":{"carrier":"whatsapp"}}' in
	[ "$(get .n | paste -sd' ')" = '2 4 6 8 10 12 14' ]
}

@test "messages that would be sent again are refused loudly, unless that is allowed" {
	printf '%s\n' '{"id":"a","kind":"message","direction":"out","text":"x"}' '{"id":"b","kind":"message","direction":"out","external_id":"SM1"}' \
		'{"id":"c","kind":"push","to":[]}' '{"id":"d","kind":"message","direction":"in"}' '{"id":"e","kind":"delivery","outcome":"sent"}' >in
	want 1 omni-replay in
	[ "$(get '.record.id // .id' | paste -sd' ')" = 'a b c d e' ]
	[ "$(get 'select(.kind == "reject") | .record.id + " " + .class + " " + .code' | paste -sd,)" = 'a denied outbound-replay,c denied outbound-replay' ]
	want 1 omni-replay -r rejects in
	[ "$(get .id | paste -sd' ')" = 'b d e' ]
	[ "$(jq -r .record.id rejects | paste -sd' ')" = 'a c' ]
	want 0 omni-replay --allow-outbound in
	cmp in out
	want 1 omni-replay -n --json in
	[ "$(get .records)" = 3 ]
}

@test "--shift-to moves our own times and nothing of what a carrier said" {
	printf '%s\n' '{"id":"w","kind":"webhook","at":"2026-01-14T09:00:00.500Z","request":{"body":"2026-01-14T09:00:00.500Z","at":"2026-01-14T09:00:00Z"}}' \
		'{"kind":"delivery","at":"2026-01-14T10:30:00+01:00","retry_at":"2026-01-14T09:31:00.000Z"}' '{"kind":"zzz","at":12}' >in
	want 0 omni-replay --shift-to 2026-02-01T00:00:00Z in
	[ "$(get .at | paste -sd' ')" = '2026-02-01T00:00:00.000Z 2026-02-01T00:29:59.500Z 12' ]
	[ "$(get '.retry_at // empty')" = 2026-02-01T00:30:59.500Z ]
	cmp <(jq -c .request in) <(jq -c .request out)
	OMNI_CLOCK=2026-03-01T12:00:00Z want 0 omni-replay --shift-to now in
	[ "$(head -n 1 out | jq -r .at)" = 2026-03-01T12:00:00.000Z ]
}

@test "--new-ids gives ids that are the same for the same run; --mark says when, in which run, and of what" {
	records 1 20 >in
	want 0 omni-replay --new-ids --run r1 in
	mv out one
	want 0 omni-replay --new-ids --run r1 in
	cmp one out
	want 0 omni-replay --new-ids --run r2 in
	[ "$(cat in one out | jq -r .id | sort -u | wc -l)" -eq 60 ]
	cmp <(jq -c 'del(.id)' in) <(jq -c 'del(.id)' out)
	OMNI_CLOCK=2026-03-01T12:00:00Z want 0 omni-replay --mark --run nightly in
	[ "$(get .replay | sort -u)" = '{"at":"2026-03-01T12:00:00.000Z","run":"nightly"}' ]
	sed 's/,"replay":{[^}]*}//' out | cmp - in
	mv out marked
	want 0 omni-replay --mark --new-ids --run again marked
	[ "$(get .replay.of | sort)" = "$(jq -r .id in | sort)" ]
	[ "$(grep -o '"replay"' out | wc -l)" -eq 20 ]
	want 0 omni-replay --mark in
	[ "$(get .replay.run | sort -u | wc -l)" -eq 1 ]
	omni-validate --no-verify --schema replay-mark <<<"$(get .replay | head -n 1)" >/dev/null
}

@test "what is no record is a reject, and the rest goes" {
	printf '{"kind":"a"}\nno record\n[]\n\n{"kind":"b"}\r\n' >in
	head -c 1500000 /dev/zero | tr '\0' 'x' >>in
	printf '\n{"kind":"c"}' >>in
	want 1 omni-replay in
	[ "$(get .kind | paste -sd' ')" = 'a reject reject b reject c' ]
	[ "$(get 'select(.kind == "reject") | .code + " " + (.line | tostring)' | paste -sd,)" = 'not-json 2,not-object 3,line-too-long 6' ]
	omni-validate out >again
	cmp out again
}

@test "a damaged archive: the rest goes, and the code is 1" {
	records 1 5000 >in
	archive
	f=$(find a -name '*.ndjson.zst' | head -n 1)
	chmod u+w "$f"
	printf 'xxxx' | dd of="$f" bs=1 seek=700 conv=notrunc 2>/dev/null
	want 1 omni-replay -d a
	[ -s err ]
	[ "$(wc -l <out)" -gt 1000 ]
	grep -vxFf in out | nothing
}

# ---- the pace ----

@test "--rate spreads records over time, and says how well" {
	records 1 300 >in
	start=$EPOCHREALTIME
	want 0 omni-replay -v --rate 200/s in
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	cmp in out
	[ "$took" -ge 1400 ]
	says 'omni-replay: 300 records in, 300 out'
	says 'where 200.000/s was asked for'
}

@test "--speed keeps the distances of the records, divided" {
	records 1 6 >in
	start=$EPOCHREALTIME
	want 0 omni-replay --speed 10x in
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	cmp in out
	[ "$took" -ge 490 ]
	want 0 timeout 60 omni-replay --speed max in
	for bad in 0x x 10 -1x 1.x 1..5x max1; do
		want 64 omni-replay --speed "$bad" in
		says '--speed takes'
	done
	for bad in 0 0/s 5/d /s -1/s 1e3/s 99999999999/s; do
		want 64 omni-replay --rate "$bad" in
		says '--rate takes'
	done
	want 64 omni-replay --rate 1/s --speed 1x in
}

@test "a record that is due comes out before the next one is waited for" {
	records 1 3 >in
	omni-replay --rate 1/m in >out &
	until_true test -s out
	kill -TERM $!
	wait $!
	head -n 1 in | cmp - out
}

@test "what comes on standard input goes out at once" {
	mkfifo pipe
	omni-replay <pipe >out &
	exec 9>pipe
	echo '{"kind":"a"}' >&9
	until_true test -s out
	exec 9>&-
	wait $!
	is out '{"kind":"a"}'
}

# ---- the cursor ----

@test "a replay that was stopped goes on where it was" {
	records 1 3000 >in
	archive
	for source in '-d a' 'in' '- in'; do
		rm -f c all
		for _ in {1..40}; do
			# shellcheck disable=SC2086 # words
			omni-replay --cursor c --rate 20000/s $source <in >out &
			sleep 0.02
			kill -TERM $! 2>/dev/null || :
			wait $! || :
			sed '/^$/d' out >>all
			! grep -q '"done":true' c || break
		done
		# shellcheck disable=SC2086 # words
		omni-replay --cursor c $source <in | sed '/^$/d' >>all
		if [ "$source" = '- in' ]; then cat in in; else cat in; fi | cmp - all
		# shellcheck disable=SC2086 # words
		want 0 omni-replay --cursor c $source <in
		[ ! -s out ]
	done
}

@test "killed again and again: nothing is missing, and no more than the last block comes twice" {
	plain
	records 1 40000 >in
	archive
	RANDOM=42
	for source in '-d a' in; do
		rm -f c all
		kills=0
		for _ in {1..60}; do
			# shellcheck disable=SC2086 # words
			(omni-replay --cursor c --rate 100000/s --mark --run one $source | dd bs=4096 2>/dev/null >>all) &
			sleep "0.0$((RANDOM % 9))"
			pkill -KILL -P $! -x omni-replay || :
			wait $! || :
			kills=$((kills + 1))
			! grep -q '"done":true' c 2>/dev/null || break
		done
		# shellcheck disable=SC2086 # words
		omni-replay --cursor c --mark --run one $source >>all
		# What was cut in the middle is no record; every record is there, in order but for what came twice.
		jq -R 'fromjson? | .n' all >numbers
		sort -nu numbers | cmp - <(seq 40000)
		awk -v kills="$kills" '
			$1 <= last { twice += last - $1 + 1; if (last - $1 > 3000) bad = 1 }
			$1 > last + 1 && last { bad = 1 }
			{ last = $1 }
			END { exit bad || NR > 40000 + kills * 3000 }' numbers
	done
}

@test "a cursor that another replay has is a temporary failure: exit 75, and nothing comes out" {
	records 1 100 >in
	omni-replay --cursor c --rate 1/m in >slow &
	until_true test -s slow
	want 75 omni-replay --cursor c in
	says 'omni-replay: c: another replay has it'
	[ ! -s out ]
	kill -TERM $!
	wait $!
}

@test "a cursor belongs to one set of options, and must be one" {
	records 1 100 >in
	want 0 omni-replay --cursor c --limit 10 in
	want 64 omni-replay --cursor c --limit 20 in
	says 'the cursor is of a replay with other options'
	for text in 'x' '{}' '[]' '{"cursor":2}' '{"cursor":1,"options":1,"line":-1}'; do
		echo "$text" >bad
		want 65 omni-replay --cursor bad in
		says 'bad: is not a cursor of omni-replay'
		[ "$(cat bad)" = "$text" ]
	done
	want 74 omni-replay --cursor no/such/dir in
}

@test "yesterday of another day: what was interrupted is brought to its end, and then comes the new day" {
	for day in 14 15 16; do
		records 1 20 | sed "s/2026-01-14/2026-01-$day/; s/\"n\":/\"day\":$day,&/"
	done >in
	archive
	day=(--from yesterday --to today --cursor c -d a)
	OMNI_CLOCK=2026-01-15T03:00:00Z want 0 omni-replay "${day[@]}"
	[ "$(get .day | sort | uniq -c | tr -s ' ')" = ' 20 14' ]
	OMNI_CLOCK=2026-01-15T04:00:00Z want 0 omni-replay "${day[@]}"
	[ ! -s out ]
	OMNI_CLOCK=2026-01-16T03:00:00Z omni-replay --rate 1/m "${day[@]}" >first &
	until_true test -s first
	kill -TERM $!
	wait $!
	OMNI_CLOCK=2026-01-17T03:00:00Z want 0 omni-replay "${day[@]}"
	cat first out | sed '/^$/d' | jq -c '[.day, .n]' | cmp - <(for d in 15 16; do seq 20 | sed "s/.*/[$d,&]/"; done)
}

@test "shifted times and new ids stay what they were when a replay goes on" {
	records 1 100 >in
	OMNI_CLOCK=2026-05-01T00:00:00Z omni-replay --cursor c --shift-to now --new-ids --mark --rate 1/m in >first &
	until_true test -s first
	kill -TERM $!
	wait $!
	OMNI_CLOCK=2026-05-02T00:00:00Z want 0 omni-replay --cursor c --shift-to now --new-ids --mark in
	cat first out | sed '/^$/d' >all
	[ "$(jq -r .at all | sed -n '1p;$p' | paste -sd' ')" = '2026-05-01T00:00:00.000Z 2026-05-01T00:01:39.000Z' ]
	[ "$(jq -r .replay.run all | sort -u | wc -l)" -eq 1 ]
	[ "$(jq -r .id all | sort -u | wc -l)" -eq 100 ]
}

# ---- --dry-run ----

@test "--dry-run says what would go: kinds, carriers, hours, bytes and time, and changes nothing" {
	records 1 7200 >in
	archive
	want 0 omni-replay -n --rate 100/s --cursor c -d a
	grep -qx 'kind *message *5760 .*' out
	grep -qx ' *whatsapp *3600 .*' out
	grep -qx ' *2026-01-14T10 *3600 .*' out
	grep -qx "all *7200 .*" out
	grep -qx 'would take 1m 11s' out
	[ ! -s c ]
	want 0 omni-replay -n --json --speed 2x --filter '{"eq":{"carrier":"twilio"}}' -d a
	[ "$(get '[.records, .duration_ms, .first, .last, .hours["2026-01-14T09"].records, .kinds.status.records, .carriers.twilio.records]')" = \
		'[3600,3599000,"2026-01-14T09:00:01.000Z","2026-01-14T10:59:59.000Z",1800,720,3600]' ]
	[ "$(get .bytes)" -eq "$(jq -c 'select(.carrier == "twilio")' in | wc -c)" ]
	want 64 omni-replay --json in
	want 0 omni-replay -n --json <<<'{"a":1}'
	[ "$(get '[.kinds, .hours]')" = '[{"(none)":{"records":1,"bytes":8}},{}]' ]
}

# ---- the contract of a program ----

@test "output that can not be written is 74; a pipe that is closed ends it quietly" {
	records 1 5000 >in
	rc=0
	omni-replay --cursor c in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	says 'standard output: No space left on device'
	no grep -q '"done":true' c
	omni-replay in 2>err | head -n 1 >out
	[ ! -s err ]
	want 74 omni-replay missing in
	cmp in out
	want 74 omni-replay -d nowhere
	want 64 omni-replay -d a in
}

@test "-v, --metrics and SIGUSR1 tell what was done" {
	records 1 500 >in
	want 0 omni-replay -v --metrics m in
	says 'omni-replay: 500 records in, 500 out'
	grep -qx 'omni_records_out_total{stage="replay"} 500' m
	omni-replay --rate 1/m in >slow 2>err &
	until_true test -s slow
	kill -USR1 $!
	until_true grep -q 'records in, 1 out' err
	kill -TERM $!
	wait $!
}

# ---- --diff ----

# hooks(): webhooks of all cases of a carrier in the file hooks, and two configurations, old.json and new.json.
hooks() {
	omni-recv --from -q -C twilio --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001 \
		"$BATS_TEST_DIRNAME"/carriers/twilio/*/request.http >hooks || [ $? -eq 1 ]
	echo '{"routes":[{"name":"long","when":{"jq":".text | length > 10"},"to":"long"},{"name":"rest","to":["a","b"]}]}' >old.json
	echo '{"routes":[{"name":"long","when":{"jq":".text | length > 12"},"to":"long"},{"name":"others","to":["a","b"]}]}' >new.json
}

@test "--diff of a configuration with itself finds nothing: exit 0" {
	hooks
	want 0 omni-replay --diff old.json old.json hooks
	grep -qx " *$(wc -l <hooks) records read" out
	grep -qx ' *0 of them have another outcome' out
	want 0 omni-replay --json --diff old.json old.json --exec "$BUILD" hooks
	[ "$(get '[.differ, .changed, .only_a, .only_b, .members]')" = '[0,0,0,0,{}]' ]
	omni-pipe normalize --unverified hooks , route -c old.json >all || [ $? -eq 1 ]
	[ "$(get .same)" -eq "$(wc -l <all)" ]
}

@test "--diff shows what differs, member by member, as the programs make it: exit 1" {
	hooks
	for conf in old new; do
		omni-normalize -q --unverified hooks | omni-route -q -c $conf.json >$conf.out || :
	done
	jq -c '[.id, .route]' old.out >old.routes
	jq -c '[.id, .route]' new.out >new.routes
	differ=$(paste old.routes new.routes | awk -F'\t' '$1 != $2' | wc -l)
	[ "$differ" -gt 3 ]
	want 1 omni-replay --diff old.json new.json --json hooks
	[ "$(grep -c '"change":"changed"' out)" -eq "$differ" ]
	jq -c 'select(.change) | .id' out | sort | cmp - <(paste old.routes new.routes | awk -F'\t' '$1 != $2 { print $1 }' | jq -c '.[0]' | sort)
	[ "$(tail -n 1 out | jq -c '.members | keys')" = '["/route/rule","/route/to"]' ] || [ "$(tail -n 1 out | jq -c '.members | keys')" = '["/route/rule"]' ]
	jq -c 'select(.change) | [.id, .members["/route/rule"]]' out | sort |
		cmp - <(paste old.routes new.routes | awk -F'\t' '$1 != $2' | jq -sc '[.[]] | _nwise(2) | [.[0][0], [.[0][1].rule, .[1][1].rule]]' | sort)
	mv out here
	want 1 omni-replay --json --exec "$BUILD" --diff old.json new.json hooks
	cmp here out
	want 1 omni-replay --diff old.json new.json hooks
	grep -qF '    /route/rule: "rest" -> "others"' out
	grep -qx " *$differ are changed" out
}

@test "--diff finds records that only one side makes, and reads ranges of an archive" {
	hooks
	archive_in() { omni-archive import -q -d a -s hooks hooks; }
	archive_in
	echo '{"keywords":{"opt_out":"basta"}}' >new.json
	echo '{}' >old.json
	sed -n 1p hooks | sed 's/"body":"[^"]*"/"body":"From=%2B15550123\&To=%2B15550100\&Body=basta\&MessageSid=SM1"/' >one
	want 1 omni-replay --json --diff old.json new.json one
	[ "$(get 'select(.change) | .change + " " + .record.event')" = 'only-b opt-out' ]
	want 1 omni-replay --json --diff new.json old.json one
	[ "$(get 'select(.change) | .change + " " + .record.event')" = 'only-a opt-out' ]
	want 0 omni-replay --json --diff old.json old.json -d a --from 2026-01-14 --to 2026-01-15
	[ "$(get .read)" -eq "$(wc -l <hooks)" ]
	want 0 omni-replay --json --diff old.json old.json -d a --from 2026-01-15
	[ "$(get .read)" -eq 0 ]
}

@test "--diff refuses what has no meaning, and says what fails" {
	hooks
	want 64 omni-replay --diff old.json
	says '--diff takes two configurations'
	for option in '--cursor c' '--rate 1/s' --mark --new-ids -n; do
		# shellcheck disable=SC2086 # words
		want 64 omni-replay --diff old.json new.json $option hooks
		says 'and --diff can not both be'
	done
	want 64 omni-replay --exec . hooks
	want 64 omni-replay --diff old.json new.json --exec nowhere hooks
	says 'nowhere/omni-pipe: No such file or directory'
	echo '{"routes":[{"tu":"a"}]}' >bad.json
	want 78 omni-replay --diff old.json bad.json hooks
	says 'bad.json: /routes/0/tu'
	want 74 omni-replay --diff bad.json old.json --exec "$BUILD" hooks
	says 'omni-pipe: ended before its input did'
	want 64 omni-replay -d a --diff old.json new.json -d b
	says '--root is given twice'
}
