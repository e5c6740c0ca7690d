#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What every stage does with its input, output, signals and options, whatever it does with a record.

load helper

stages=(omni-validate omni-normalize omni-route)

# records(n): n records that no stage knows, numbered from 1.
records() {
	seq "$1" | sed 's/.*/{"kind":"zzz","n":&}/'
}

# bytes(n, c): n times the character c.
bytes() {
	head -c "$1" /dev/zero | tr '\0' "$2"
}

# record_of(n): a record that is a line of exactly n bytes, line end aside.
record_of() {
	printf '{"kind":"zzz","pad":"'
	bytes $(($1 - 23)) x
	printf '"}\n'
}

# ---- where records come from ----

@test "records come from the operands, one after the other, and - is standard input" {
	records 3 >a
	echo '{"kind":"b"}' >b
	for stage in "${stages[@]}"; do
		want 0 "$stage" a - b <<<'{"kind":"in"}'
		{ cat a; echo '{"kind":"in"}'; cat b; } | cmp - out
		want 0 "$stage" <b
		cmp b out
		want 0 "$stage" -- a
		cmp a out
	done
}

@test "no input makes no output" {
	for stage in "${stages[@]}"; do
		want 0 "$stage" </dev/null
		[ ! -s out ] && [ ! -s err ]
		want 0 "$stage" -j 3 </dev/null
		[ ! -s out ]
	done
}

@test "an operand that is not there keeps no other from being read: exit 74" {
	records 2 >a
	for jobs in 1 3; do
		want 74 omni-route -j "$jobs" a missing a
		cat a a | cmp - out
		says 'omni-route: missing: No such file or directory'
		want 74 omni-route -j "$jobs" a . a
		cat a a | cmp - out
		says '.: is a directory'
	done
}

@test ".zst and .gz operands are decompressed, frames and members one after the other too" {
	records 100000 >a
	head -n 10 a | zstd -q >a.zst
	tail -n +11 a | zstd -q >>a.zst
	head -n 10 a | gzip >a.gz
	tail -n +11 a | gzip >>a.gz
	for jobs in 1 2; do
		want 0 omni-route -j "$jobs" a.zst
		cmp a out
		want 0 omni-route -j "$jobs" a.gz
		cmp a out
	done
	want 0 omni-route a.gz a a.zst
	cat a a a | cmp - out
}

@test "a compressed operand that was cut gives the whole lines before: exit 65 names it" {
	records 100000 >a
	zstd -q a
	gzip -k a
	for file in a.zst a.gz; do
		head -c $(($(wc -c <"$file") - 1000)) "$file" >"cut.${file#a.}"
	done
	for file in cut.zst cut.gz; do
		echo '{"kind":"last"}' >last
		want 65 omni-route "$file" last
		says "omni-route: $file: "
		[ "$(tail -n 1 out)" = '{"kind":"last"}' ]
		# What was whole is as it was; the line that was cut is the only one that was refused.
		n=$(grep -c '"kind":"zzz"' <(grep -v '"kind":"reject"' out))
		[ "$n" -gt 10000 ]
		grep -v '"kind":"reject"' out | head -n "$n" | cmp - <(head -n "$n" a)
		[ "$(grep -c '"kind":"reject"' out)" -le 1 ]
	done
}

@test "a compressed operand that is damaged, empty or something else: exit 65 names it" {
	records 1000 | zstd -q --no-check >good.zst
	{ cat good.zst; echo 'no frame'; } >tail.zst
	records 5 >text.gz
	records 5 >text.zst
	: >empty.gz
	for file in tail.zst text.gz text.zst; do
		want 65 omni-route "$file"
		says "omni-route: $file: "
	done
	want 65 omni-route tail.zst
	records 1000 | cmp - out
}

@test "what has been decompressed from a FIFO comes out before more is sent" {
	mkfifo pipe.gz
	omni-route pipe.gz >out &
	exec 9>pipe.gz
	records 1000 | gzip >&9
	until_true lines_are out 1000
	exec 9>&-
	wait $!
}

@test "a byte order mark at the start of each input is dropped" {
	printf '\xef\xbb\xbf{"kind":"a"}\n{"kind":"b"}\n' >a
	printf '\xef\xbb\xbf{"kind":"c"}' >c
	printf '\xef\xbb\xbf' >only
	for jobs in 1 2; do
		want 0 omni-route -j "$jobs" a only c
		printf '{"kind":"a"}\n{"kind":"b"}\n{"kind":"c"}\n' | cmp - out
	done
	printf '{"kind":"a"}\n\xef\xbb\xbf{"kind":"b"}\n' >a
	want 1 omni-route a
	[ "$(get .kind | paste -sd' ')" = 'a reject' ]
}

@test "a line may end in CR and LF, and the last one in nothing" {
	printf '{"kind":"a"}\r\n\r\n{"kind":"b"}\r\n{"kind":"c"}' >a
	want 0 omni-route a
	printf '{"kind":"a"}\n{"kind":"b"}\n{"kind":"c"}\n' | cmp - out
	printf '{"kind":"a"}\r' >a
	want 0 omni-route a
	is out '{"kind":"a"}'
}

@test "an empty line is dropped; one of white space is a reject" {
	printf '\n\n{"kind":"a"}\n\n \t \n' >a
	want 1 omni-route a
	[ "$(get '[.kind, .code, .line, .raw] | @json' | paste -sd' ')" = '["a",null,null,null] ["reject","not-json",5," \t "]' ]
}

# ---- what is no record ----

@test "what is no JSON object is a reject with its line number, its bytes and the reason" {
	printf '%s\n' '{"kind":"a"}' '{' '[]' '"x"' '12' 'null' 'true' '{"a":1}{"b":2}' "{'a':1}" '{"a":1,}' '{"a":"\ud800"}' \
		'{"kind":"b"}' >a
	for stage in "${stages[@]}"; do
		want 1 "$stage" a
		[ "$(wc -l <out)" -eq 12 ]
		[ "$(get 'select(.kind != "reject").kind' | paste -sd' ')" = 'a b' ]
		[ "$(get 'select(.kind == "reject").line' | paste -sd' ')" = '2 3 4 5 6 7 8 9 10 11' ]
		get 'select(.kind == "reject").raw' | cmp - <(sed -n 2,11p a)
		[ "$(get 'select(.code == "not-object").line' | paste -sd' ')" = '3 4 5 6 7' ]
		[ "$(get 'select(.kind == "reject") | .class, .stage' | sort -u | paste -sd' ')" = "data ${stage#omni-}" ]
	done
}

@test "a reject of bytes that are no text has them as base64" {
	printf '\xff\xfe{"kind":"a"}\n{"kind":"\xc3"}\n{"a":"\xed\xa0\x80"}\n' >a
	want 1 omni-route a
	[ "$(get .code | sort -u)" = not-utf8 ]
	for n in 1 2 3; do
		jq -r "select(.line == $n).raw64" out | base64 -d | cmp - <(sed -n "${n}p" a | tr -d '\n')
	done
}

@test "a NUL in a line is a reject that keeps it" {
	printf '{"kind":"a","t":"x\0y"}\n{"kind":"b"}\n' >a
	want 1 omni-route a
	[ "$(get 'select(.kind == "reject").raw' )" = "$(jq -n -r '"{\"kind\":\"a\",\"t\":\"x\u0000y\"}"' | cat)" ]
	[ "$(tail -n 1 out)" = '{"kind":"b"}' ]
}

@test "of a member that stands twice the first counts, and the line stays as it is" {
	echo '{"kind":"zzz","kind":"webhook","a":1,"a":2}' >a
	want 0 omni-validate a
	cmp a out
}

@test "a million levels of nesting are a line like any other" {
	{
		printf '{"kind":"zzz","a":'
		bytes 500000 '['
		bytes 500000 ']'
		printf '}\n{"kind":"webhook","request":'
		bytes 500000 '['
		bytes 500000 ']'
		printf '}\n'
		bytes 1000000 '['
		printf '\n{"kind":"b"}\n'
	} >a
	for stage in omni-validate omni-normalize; do
		want 1 "$stage" a
		[ "$(grep -c '"kind":"reject"' out)" -eq 2 ]
		cmp <(head -n 1 a) <(head -n 1 out)
		[ "$(tail -n 1 out)" = '{"kind":"b"}' ]
	done
}

# ---- long lines ----

@test "a line of 1 MiB passes; one more byte is a reject that keeps the start and says so" {
	{
		record_of 1048576
		record_of 1048577
		echo '{"kind":"b"}'
	} >a
	for jobs in 1 2; do
		want 1 omni-route -j "$jobs" a
		[ "$(wc -l <out)" -eq 3 ]
		cmp <(head -n 1 a) <(head -n 1 out)
		[ "$(tail -n 1 out)" = '{"kind":"b"}' ]
		sed -n 2p out >two
		[ "$(jq -r '[.kind, .class, .code, .line] | @json' two)" = '["reject","data","line-too-long",2]' ]
		[[ $(jq -r .detail two) == *1048577* ]]
		kept=$(jq -r .raw two | head -c -1 | wc -c)
		[ "$kept" -ge 262144 ]
		[[ $(jq -r .detail two) == *"first $kept are kept"* ]]
		cmp <(jq -r .raw two | head -c -1) <(sed -n 2p a | head -c "$kept")
	done
}

@test "the stream goes on behind lines of 2 and 5 MiB, and behind one that never ends" {
	{
		record_of 2097152
		echo '{"kind":"a"}'
		record_of 5242880
		record_of 1310720
		echo '{"kind":"b"}'
		record_of 5242880 | head -c -1
	} >a
	echo '{"kind":"c"}' >c
	for jobs in 1 2; do
		want 1 omni-route -j "$jobs" a c
		[ "$(get .kind | paste -sd' ')" = 'reject a reject reject b reject c' ]
		[ "$(get 'select(.kind == "reject").line' | paste -sd' ')" = '1 3 4 6' ]
		[ "$(get 'select(.line == 6).detail | match("of ([0-9]+) bytes").captures[0].string')" = 5242880 ]
	done
	want 1 omni-route - <a
	mv out first
	want 1 omni-route - < <(cat a)
	cmp first out
}

@test "a long line is cut between characters, whatever they are" {
	for pad in '' x xx; do
		printf '{"pad":"%s' "$pad"
		yes '世' | head -n 500000 | tr -d '\n'
		printf '"}\n'
	done >a
	want 1 omni-route a
	[ "$(get .code | sort -u)" = line-too-long ]
	[ "$(get 'has("raw")' | sort -u)" = true ]
	for n in 1 2 3; do
		jq -r "select(.line == $n).raw" out | head -c -1 >kept
		cmp kept <(sed -n "${n}p" a | head -c "$(wc -c <kept)")
	done
}

@test "a reject is a line that the next stage takes, whatever was refused" {
	{
		bytes 1048576 '\001'
		echo
		bytes 1048576 '\377'
		echo
		bytes 1048576 '"'
		echo
		bytes 3000000 '\001'
		echo
		bytes 3000000 '\377'
		echo
		record_of 1048576 | tr -d '}'
	} >a
	want 1 omni-validate a
	mv out b
	want 0 omni-normalize b
	cmp b out
	want 0 omni-route out
	mv out c
	[ "$(jq -r .kind b | sort | uniq -c | tr -s ' ')" = ' 6 reject' ]
	[ "$(jq -r 'select(.detail | test("kept")) | .line' b | paste -sd' ')" = '1 2 3 4 5' ]
}

@test "a record that a stage has made longer than 1 MiB passes the next one" {
	printf '{"id":"0198c0de-0000-7000-8000-000000000001","kind":"webhook","at":"2026-01-14T09:00:00.000Z","carrier":"nobody","pad":"' >a
	bytes $((1048576 - 2 - $(wc -c <a))) x >>a
	printf '"}\n' >>a
	want 1 omni-validate a
	[ "$(wc -c <out)" -gt 1048577 ]
	mv out b
	want 0 omni-normalize b
	cmp b out
}

# ---- rejects ----

# A stage that refuses these: webhooks that are none.
mixed() {
	printf '%s\n' '{"kind":"zzz","n":1}' '{"id":"w1","kind":"webhook","n":2}' 'oops' '{"kind":"zzz","n":4}' \
		'{"id":"w2","kind":"webhook","n":5}'
}

@test "rejects come in band, in the place of what was refused: exit 1" {
	mixed >a
	want 1 omni-validate a
	[ "$(get '.n // .record.n // .line' | paste -sd' ')" = '1 2 3 4 5' ]
	[ "$(get .kind | paste -sd' ')" = 'zzz reject reject zzz reject' ]
	jq -e -s 'all(.[] | select(.record); .stage == "validate" and (.class | type == "string") and (.code | type == "string")
		and (.detail | type == "string") and (.id | test("^[0-9a-f]{8}-[0-9a-f]{4}-5")))' out >/dev/null
	[ "$(jq -c 'select(.record).record' out)" = "$(grep webhook a)" ]
	[ ! -s err ]
}

@test "--rejects FILE takes them out of band, appending; a reject that comes by stays on standard output" {
	mixed >a
	echo '{"kind":"reject","stage":"recv","class":"data"}' >>a
	want 1 omni-validate --rejects r a
	[ "$(get .kind | paste -sd' ')" = 'zzz zzz reject' ]
	[ "$(jq -r .stage out | tail -n 1)" = recv ]
	[ "$(jq -r '.record.n // .line' r | paste -sd' ')" = '2 3 5' ]
	want 1 omni-validate -r r a
	[ "$(wc -l <r)" -eq 6 ]
	cmp <(head -n 3 r) <(tail -n 3 r)
	want 74 omni-validate -r no/such/dir a
	says no/such/dir
}

@test "a reject of an earlier program is none of ours: exit 0" {
	echo '{"kind":"reject","stage":"recv","class":"data","code":"x","raw":"y"}' >a
	for stage in "${stages[@]}"; do
		want 0 "$stage" a
		cmp a out
	done
}

@test "--strict ends at the first reject, which comes out: exit 65" {
	mixed >a
	for jobs in 1 2; do
		want 65 omni-validate -j "$jobs" --strict a
		[ "$(get .kind | paste -sd' ')" = 'zzz reject' ]
		says 'a: line 2: '
	done
}

# ---- order, and threads ----

# stream: records of all sizes in blocks of more than 256 KiB, with refused and over-long lines in their midst.
stream() {
	records 20000
	mixed
	record_of 1048576
	record_of 1310000
	records 5000 | sed '1~7s/.*/{"id":"&","kind":"webhook"}/; 1~11s/..$//'
	bytes 300000 '['
	echo
	record_of 3000000
	records 20000
	printf '{"kind":"last"}'
}

@test "the order of the input is kept" {
	records 100000 >a
	for jobs in 1 2 5; do
		want 0 omni-route -j "$jobs" a
		cmp a out
	done
}

@test "-j N gives the bytes of -j 1, with rejects and over-long lines in the midst and several files" {
	stream >a
	records 3 | zstd -q >b.zst
	printf '\xef\xbb\xbf{"kind":"b"}' >c
	want 1 omni-validate -r r1 a b.zst c a
	mv out one
	for jobs in 2 4 7; do
		rm -f rN
		want 1 omni-validate -j "$jobs" -r rN a b.zst c a
		cmp one out
		cmp r1 rN
		want 1 omni-validate -j "$jobs" a b.zst c a
		mv out inband
		want 1 omni-validate a b.zst c a
		cmp inband out
	done
	want 1 omni-validate -j 4 - < <(cat a)
	mv out piped
	want 1 omni-validate a
	cmp piped out
}

@test "-j takes a number of threads from 1 to 256" {
	for bad in 0 257 -1 x 1x '' 99999999999999999999; do
		want 64 omni-route -j "$bad" </dev/null
		says 'jobs'
	done
	want 0 omni-route --jobs=256 </dev/null
}

# ---- flush before block ----

@test "a line that came comes out before the next one is waited for" {
	for args in '-j 1' '-j 3'; do
		for stage in "${stages[@]}"; do
			coproc stage { exec "$stage" $args 2>err; }
			for n in 1 2 3; do
				echo '{"kind":"zzz","n":'$n'}' >&"${stage[1]}"
				read -r -t 60 line <&"${stage[0]}"
				[ "$line" = '{"kind":"zzz","n":'$n'}' ]
			done
			# shellcheck disable=SC2154 # of the coprocess
			pid=$stage_PID
			eval "exec ${stage[1]}>&-"
			wait "$pid"
		done
	done
}

@test "a stage that waits for input uses no processor time" {
	plain
	mkfifo in
	for jobs in 1 2; do
		omni-route -j "$jobs" <in >out &
		exec 9>in
		echo '{"kind":"a"}' >&9
		until_true lines_are out 1
		# In hundredths of a second, of which one that spins takes a hundred, if it gets them.
		read -r -a before <"/proc/$!/stat"
		sleep 1
		read -r -a stat <"/proc/$!/stat"
		exec 9>&-
		wait $!
		[ $((stat[13] + stat[14] - before[13] - before[14])) -lt 15 ]
	done
}

@test "a reader that is slow loses nothing" {
	records 200000 >a
	omni-route -j 2 a | { sleep 0.3; cat >out; }
	cmp a out
}

# ---- signals ----

@test "SIGTERM while there is nothing to read ends the program: exit 0" {
	mkfifo in
	for jobs in 1 2; do
		exec 9<>in
		omni-route -j "$jobs" <in >out &
		echo '{"kind":"a"}' >&9
		until_true lines_are out 1
		kill -TERM $!
		until_true gone $!
		wait $!
		exec 9>&-
		is out '{"kind":"a"}'
	done
}

@test "SIGTERM while a FIFO has no writer yet ends the program: exit 0" {
	mkfifo in
	omni-route in 9>&- &
	pid=$!
	until_true catches $pid
	kill -TERM $pid
	until_true gone $pid
	wait $pid
}

@test "SIGTERM in the middle of a line waits for its rest" {
	mkfifo in
	for jobs in 1 2; do
		exec 9<>in
		omni-route -j "$jobs" <in >out 9>&- &
		printf '{"kind":"a"}\n{"kind":"b",' >&9
		until_true lines_are out 1
		until_true read_up 9
		kill -TERM $!
		sleep 0.2
		printf '"n":1}\n' >&9
		until_true gone $!
		wait $!
		printf '{"kind":"a"}\n{"kind":"b","n":1}\n' | cmp - out
		exec 9>&-
	done
}

@test "SIGTERM in the middle of a line that never ends: its start is a reject after two seconds" {
	mkfifo in
	exec 9<>in
	omni-route -v <in >out 2>err 9>&- &
	printf '{"kind":"a"}\n{"kind":"b",' >&9
	until_true lines_are out 1
	until_true read_up 9
	start=$EPOCHREALTIME
	kill -TERM $!
	rc=0
	wait $! || rc=$?
	[ "$rc" -eq 1 ]
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	[ "$took" -ge 1500 ]
	[ "$(get .kind | paste -sd' ')" = 'a reject' ]
	[ "$(get 'select(.raw).raw')" = '{"kind":"b",' ]
	exec 9>&-
}

@test "SIGTERM under load: what was read comes out once, what was not is there for the next reader" {
	mkfifo in
	for jobs in 1 2; do
		exec 8<>in
		rm -f one
		records 300000 >a
		cat a >in 8>&- &
		writer=$!
		omni-route -j "$jobs" <in >one 8>&- &
		pid=$!
		until_true test -s one
		kill -TERM "$pid"
		until_true gone "$pid"
		wait "$pid"
		omni-route <in >two 8>&- &
		pid=$!
		wait "$writer"
		exec 8>&-
		wait "$pid"
		cat one two | cmp - a
	done
}

@test "a second SIGTERM kills" {
	mkfifo in
	exec 9<>in
	omni-route <in >out 9>&- &
	printf '{"kind":"a"}\n{"kind":' >&9
	until_true lines_are out 1
	until_true read_up 9
	kill -TERM $!
	# The first has been heard: the second is no longer caught.
	heard() { ! catches "$1"; }
	until_true heard $!
	kill -TERM $!
	rc=0
	wait $! || rc=$?
	exec 9>&-
	[ "$rc" -eq 143 ]
}

@test "SIGUSR1 shows what was done so far, and the work goes on" {
	mkfifo in
	for jobs in 1 2; do
		exec 9<>in
		omni-route -q -j "$jobs" <in >out 2>err 9>&- &
		printf '{"kind":"a"}\nx\n' >&9
		until_true lines_are out 2
		kill -USR1 $!
		until_true grep -q 'omni-route: 2 records in, 2 out, 1 rejected (1 data)' err
		echo '{"kind":"b"}' >&9
		until_true lines_are out 3
		kill -TERM $!
		rc=0
		wait $! || rc=$?
		exec 9>&-
		[ "$rc" -eq 1 ]
	done
}

# ---- what is said about the work ----

@test "nothing is said unless asked; -v sums up at the end" {
	mixed >a
	want 1 omni-validate a
	[ ! -s err ]
	want 1 omni-validate -v a
	[ "$(wc -l <err)" -eq 1 ]
	says 'omni-validate: 5 records in, 5 out, 3 rejected (3 data), '
	want 1 omni-validate -v -r r a
	says '5 records in, 5 out, 3 rejected'
}

@test "--progress shows nothing where standard error is no terminal" {
	records 1000 >a
	want 0 omni-route --progress a
	[ ! -s err ]
}

@test "--progress shows a bar with share, records, bytes and rate on a terminal" {
	command -v script >/dev/null || skip 'needs script(1)'
	records 1000 >a
	script -qec "omni-route --progress a >out" screen </dev/null >/dev/null
	cmp a out
	grep -qE 'route \[#+ *\] +100%  1000 records  0\.0 MB  [0-9]+/s' screen
	mkfifo pipe
	cat a >pipe &
	script -qec "omni-route --progress pipe >out" screen </dev/null >/dev/null
	wait $!
	grep -qE 'route  1000 records' screen
}

@test "a terminal as standard input with no operand is a mistake, not a wait" {
	command -v script >/dev/null || skip 'needs script(1)'
	rc=0
	script -qec "omni-route" screen </dev/tty >/dev/null 2>&1 || script -qec omni-route screen </dev/null >/dev/null || rc=$?
	grep -q 'standard input is a terminal' screen
}

@test "--metrics keeps a Prometheus file, changed as a whole" {
	mixed >a
	want 1 omni-validate --metrics m.prom a
	grep -qx 'omni_records_in_total{stage="validate"} 5' m.prom
	grep -qx 'omni_records_out_total{stage="validate"} 5' m.prom
	grep -qx 'omni_rejects_total{stage="validate",class="data"} 3' m.prom
	grep -qx 'omni_rejects_total{stage="validate",class="denied"} 0' m.prom
	grep -qx "omni_bytes_in_total{stage=\"validate\"} $(wc -c <a)" m.prom
	grep -qx "omni_bytes_out_total{stage=\"validate\"} $(wc -c <out)" m.prom
	[ "$(grep -c '^# TYPE .* counter$' m.prom)" -eq 5 ]
	echo old >m.prom
	inode=$(stat -c %i m.prom)
	ln m.prom held
	want 1 omni-validate --metrics m.prom a
	[ "$(stat -c %i m.prom)" != "$inode" ]
	[ "$(cat held)" = old ]
	[ "$(find . -name "*tmp*" | wc -l)" -eq 0 ]
}

@test "--metrics is current while the program waits" {
	mkfifo in
	exec 9<>in
	omni-route --metrics m <in >out 9>&- &
	echo '{"kind":"a"}' >&9
	until_true grep -qsx 'omni_records_in_total{stage="route"} 1' m
	printf '{"kind":"a"}\n{"kind":"a"}\n' >&9
	until_true grep -qsx 'omni_records_in_total{stage="route"} 3' m
	kill -TERM $!
	wait $!
	exec 9>&-
}

@test "metrics that can not be written are warned about, and the work is done" {
	records 3 >a
	rc=0
	omni-route --metrics no/such/dir/m a >out 2>err || rc=$?
	cmp a out
	says no/such/dir/m
}

@test "metrics that can not be written for a while are written again afterwards, and that is said once" {
	mkfifo in
	exec 9<>in
	omni-route --metrics gone/m <in >out 2>err 9>&- 3>&- &
	echo '{"kind":"a"}' >&9
	until_true grep -qs gone/m err
	mkdir gone
	until_true grep -qsx 'omni_records_in_total{stage="route"} 1' gone/m
	kill -TERM $!
	wait $!
	exec 9>&-
	[ "$(wc -l <err)" -eq 1 ]
}

# ---- the command line ----

@test "wrong usage says why, how, and exits 64" {
	for stage in "${stages[@]}"; do
		for args in --nonsense -Z --reject --jobs '-j' '--rejects a --rejects b' '--strict=1' '--verb'; do
			want 64 "$stage" $args </dev/null
			[ ! -s out ]
			says "usage: $stage [OPTION...]"
			[ "$(grep -vc "^$stage: " err)" -eq 0 ]
		done
	done
}

@test "--help fits on a screen and ends with an example; --version has the version last" {
	for program in omni-recv "${stages[@]}"; do
		want 0 "$program" --help
		[ "$(wc -l <out)" -le 36 ] && [ ! -s err ]
		grep -q '^usage: ' out
		grep -q ' | ' out
		[ "$(awk 'length > 100' out)" = '' ]
		want 0 "$program" -V
		[[ $(head -n 1 out) =~ ^$program\ \(omni\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "options end at the first operand" {
	records 1 >a
	cp a ./-q
	want 0 omni-route a -q
	cat a a | cmp - out
}

@test "one input of more than memory should hold is held in little" {
	plain
	for jobs in 1 2; do
		yes '{"kind":"zzz","pad":"0123456789012345678901234567890123456789012345678901234567890123456789"}' |
			head -c 300000000 | (ulimit -v 200000 && exec omni-route -j "$jobs") | wc -c >n
		[ "$(cat n)" -ge 300000000 ]
	done
}

@test "a program whose reader has gone ends at once, though nothing comes in" {
	mkfifo in
	exec 7<>in
	for n in 1 2; do
		rc=0
		timeout 60 omni-route -j $n in 7>&- > >(true) || rc=$?
		[ "$rc" -eq 141 ]
	done
	rc=0
	(trap '' PIPE; exec timeout 60 omni-route -j 2 in 7>&-) > >(true) 2>err || rc=$?
	[ "$rc" -eq 74 ]
	says 'standard output: the reader is gone'
	echo '{"kind":"x"}' | omni-queue put --dir . q >/dev/null
	rc=0
	timeout 60 omni-queue settle --dir . q in 7>&- > >(true) 2>err || rc=$?
	[ "$rc" -eq 74 ]
	exec 7>&-
}
