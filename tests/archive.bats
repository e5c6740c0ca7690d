#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-archive: what passes is kept, is found again, can be checked, and survives what happens to disks and processes.

load helper

# records(from, to): records, one a second from 09:00 on, with ids that do not follow the time.
records() {
	seq "$1" "$2" | awk '{
		t = 32400 + $1
		printf "{\"id\":\"%08x-0000-5000-8000-%012d\",\"kind\":\"message\",\"at\":\"2026-01-14T%02d:%02d:%02d.000Z\",", \
			($1 * 2654435761) % 4294967296, $1, t / 3600, t / 60 % 60, t % 60
		printf "\"external_id\":\"x%d\",\"text\":\"%s\"}\n", $1 % 700, substr("the quick brown fox jumps over the lazy dog", 1, $1 % 43)
	}'
}

# keep(option...): standard input into the archive a by import, where the hours are those of the records.
keep() {
	omni-archive import -d a -s s --frame 16k "$@"
}

# segments: paths of the sealed segments in a.
segments() {
	find a -name '*.ndjson.zst' 2>/dev/null | sort
}

# flip(file, offset): turn one bit.
flip() {
	chmod u+w "$1"
	python3 - "$1" "$2" <<-'END'
		import sys
		with open(sys.argv[1], 'r+b') as f:
		    f.seek(int(sys.argv[2])); b = f.read(1); f.seek(int(sys.argv[2])); f.write(bytes([b[0] ^ 0x10]))
	END
}

# ---- write ----

@test "write passes its input through, byte for byte, and keeps it so that zstd alone reads it" {
	printf '{"kind" : "zzz","n":1.50e1, "u":"\\u00e9\\/" }  \n{"id":"b"}\n' >in
	records 1 5000 >>in
	want 0 omni-archive write -d a -s in in
	cmp in out
	[ "$(segments | wc -l)" -eq 1 ]
	segments | xargs zstd -qdc | cmp - in
	want 0 omni-archive cat -d a
	cmp in out
}

@test "files are named by stream, hour and number, sealed ones can not be written, and the manifest has their digest" {
	for _ in 1 2; do
		records 1 10 | OMNI_CLOCK=2026-01-14T09:59:59Z want 0 omni-archive write -d a -s web.hooks_1
	done
	segments >have
	is have 'a/web.hooks_1/2026/01/14/09/web.hooks_1-20260114T090000Z-000001.ndjson.zst
a/web.hooks_1/2026/01/14/09/web.hooks_1-20260114T090000Z-000002.ndjson.zst'
	[ "$(stat -c %a "$(head -n 1 have)")" = 440 ]
	jq -r '.sha256 + "  a/web.hooks_1/" + .path' a/web.hooks_1/MANIFEST.ndjson | sha256sum -c --quiet
	[ "$(jq -s 'map(.lines) | add' a/web.hooks_1/MANIFEST.ndjson)" -eq 20 ]
	jq -es 'all(.[]; .from == "2026-01-14T09:00:01.000Z" and .to == "2026-01-14T09:00:10.000Z")' a/web.hooks_1/MANIFEST.ndjson
}

@test "a stream has the name of a directory below the archive" {
	for name in '' .a ../a a/b 'a b' "$(printf 'a%.0s' {1..65})"; do
		want 64 omni-archive write -d a -s "$name" </dev/null
	done
	want 0 omni-archive write -d a -s "$(printf 'a%.0s' {1..64})" <<<'{}'
}

@test "what is no record is kept as the reject that passes on" {
	printf '{"id":"a"}\nno record\n{"id":"b"}\n' >in
	want 1 omni-archive write -d a -s s in
	[ "$(wc -l <out)" -eq 3 ]
	cp out passed
	want 0 omni-archive cat -d a
	cmp passed out
	[ "$(get 'select(.kind == "reject").raw')" = 'no record' ]
}

@test "what has come out has been kept: a reader finds it while the writer waits" {
	mkfifo pipe
	omni-archive write -d a -s s <pipe >passed 3>&- &
	exec 7>pipe
	records 1 3 >&7
	until_true eval '[ "$(wc -l <passed)" -eq 3 ]'
	want 0 omni-archive cat -d a
	cmp passed out
	records 4 5 >&7
	until_true eval '[ "$(wc -l <passed)" -eq 5 ]'
	want 0 omni-archive cat -d a
	cmp passed out
	want 0 omni-archive list -d a --json
	[ "$(get .state)" = open ]
	kill %1
	exec 7>&-
	wait %1
	want 0 omni-archive list -d a --json
	[ "$(get .state)" = sealed ]
	want 0 omni-archive verify -d a
}

@test "SIGHUP ends the segment, and the next record begins another" {
	mkfifo pipe
	omni-archive write -d a -s s <pipe >passed 3>&- &
	exec 7>pipe
	records 1 3 >&7
	until_true eval '[ "$(wc -l <passed)" -eq 3 ]'
	kill -HUP %1
	until_true eval '[ "$(segments | wc -l)" -eq 1 ]'
	records 4 5 >&7
	exec 7>&-
	wait %1
	[ "$(segments | wc -l)" -eq 2 ]
	want 0 omni-archive cat -d a
	cmp passed out
}

@test "a segment ends when its time is over, though nothing comes" {
	mkfifo pipe
	OMNI_CLOCK='2026-01-14T09:59:59Z x60' omni-archive write -d a -s s --every 1m <pipe >passed 3>&- &
	exec 7>pipe
	records 1 1 >&7
	until_true eval '[ "$(segments | wc -l)" -eq 1 ]'
	records 2 2 >&7
	until_true eval '[ "$(segments | wc -l)" -eq 2 ]'
	exec 7>&-
	wait %1
	[ "$(segments | wc -l)" -eq 2 ]
	want 64 omni-archive write -d a --every 7m </dev/null
}

@test "a segment ends with its size" {
	records 1 20000 >in
	want 0 omni-archive write -d a -s s --size 512k --sync none in
	[ "$(segments | wc -l)" -gt 3 ]
	want 0 omni-archive cat -d a
	cmp in out
}

@test "--sync says what is on the disk; what is read is the same" {
	records 1 2000 >in
	for level in frame segment none; do
		want 0 omni-archive write -d "a/$level" -s s --sync "$level" in
		cmp in out
		want 0 omni-archive cat -d "a/$level"
		cmp in out
	done
	want 64 omni-archive write -d a --sync never in
}

@test "the second writer of a stream is refused, one of another stream is not" {
	mkfifo pipe
	omni-archive write -d a -s s <pipe >passed 3>&- &
	exec 7>pipe
	records 1 3 >&7
	until_true test -s passed
	want 75 omni-archive write -d a -s s <<<'{}'
	says 'another program holds it'
	[ ! -s out ]
	want 75 omni-archive recover -d a
	want 0 omni-archive write -d a -s t <<<'{}'
	exec 7>&-
	wait %1
	want 0 omni-archive write -d a -s s <<<'{}'
	want 0 omni-archive verify -d a
}

# ---- finding ----

@test "a range is closed at its start, open at its end, and given as people say it" {
	records 1 9000 | keep
	[ "$(segments | wc -l)" -eq 3 ]
	want 0 omni-archive cat -d a --from 2026-01-14T09:30:00Z --to 2026-01-14T10:15:00Z
	records 1800 4499 | cmp - out
	OMNI_CLOCK=2026-01-14T10:00:00Z want 0 omni-archive cat -d a --from -10s
	records 3590 9000 | cmp - out
	OMNI_CLOCK=2026-01-15T10:00:00Z want 0 omni-archive cat -d a --from yesterday --to today
	records 1 9000 | cmp - out
	want 0 omni-archive cat -d a --from 2026-01-15
	[ ! -s out ]
	want 64 omni-archive cat -d a --from 2026-01-15 --to 2026-01-15
	want 64 omni-archive cat -d a --from tomorrowish
	want 74 omni-archive cat -d nowhere
	want 74 omni-archive cat -d a -s nothing
}

@test "records that came late or early are in the range all the same" {
	{ records 3500 3700; records 10 20; records 3590 3610; } >in
	keep <in
	want 0 omni-archive cat -d a --from 2026-01-14T09:59:55Z --to 2026-01-14T10:00:05Z
	awk -F'"at":"' '{ t = substr($2, 12, 8) } t >= "09:59:55" && t < "10:00:05"' in | cmp - out
}

@test "get finds an id in a frame, and others by a member, with an index and without" {
	records 1 5000 >in
	keep --index external_id <in
	for n in 1 2500 5000; do
		want 0 omni-archive get -d a "$(sed -n "${n}p" in | jq -r .id)"
		sed -n "${n}p" in | cmp - out
	done
	want 0 omni-archive get -d a --by external_id x77
	jq -c 'select(.external_id == "x77")' in | cmp - out
	want 0 omni-archive get -d a --by text 'the quick'
	jq -c 'select(.text == "the quick")' in | cmp - out
	want 1 omni-archive get -d a no-such-id
	[ ! -s out ] && [ ! -s err ]
	want 64 omni-archive get -d a
}

@test "list has each segment, and what is between them" {
	{ records 1 10; records 4000 4010; } | keep
	want 0 omni-archive list -d a --json
	[ "$(get '[.lines, .gap_ms, .state]' | paste -sd' ')" = '[10,null,"sealed"] [11,3990000,"sealed"]' ]
	want 0 omni-archive list -d a
	[ "$(tail -n 1 out | awk '{ print $1, $2 }')" = 'total 21' ]
	want 0 omni-archive list -d a --json --to 2026-01-14T09:30:00Z
	[ "$(wc -l <out)" -eq 1 ]
}

# ---- damage ----

@test "a bit that flips in a segment: verify names the frame, cat gives the rest and exits 1" {
	records 1 5000 >in
	keep <in
	file=$(segments | head -n 1)
	size=$(stat -c %s "$file")
	cp -a "$file" whole
	for n in 1 2 3 4 5; do
		flip "$file" $((size * n / 6))
		want 1 omni-archive verify -d a
		[ "$(get 'select(.problem == "frame").frame' | wc -l)" -eq 1 ]
		get 'select(.problem == "sha256").path' | grep -q .
		frame=$(get 'select(.problem == "frame").frame')
		want 1 omni-archive cat -d a
		says "frame $frame,"
		# What is missing is one run of lines: those of the frame.
		diff in out >missing || :
		[ "$(grep -c '^[0-9]' missing)" -eq 1 ]
		no grep -q '^>' missing
		mv -f out with
		rm "${file%.ndjson.zst}.idx" # without the index the seek table leads past it, and without that the magic numbers
		want 1 omni-archive cat -d a
		cmp with out
		truncate -s -9 "$file"
		want 1 omni-archive cat -d a
		cmp with out
		chmod u+w "$file" && cp -a whole "$file"
		want 0 omni-archive recover -d a
		want 0 omni-archive verify -d a
	done
}

@test "a bit that flips in an index is seen, and everything is still found" {
	records 1 5000 >in
	keep <in
	file=$(segments | head -n 1)
	index=${file%.ndjson.zst}.idx
	id=$(sed -n 2500p in | jq -r .id)
	for page in 0 1 2 5; do
		cp -a "$index" whole
		flip "$index" $((page * 4096 + 77))
		want 1 omni-archive verify -d a
		get .problem | grep -qx index
		# A search that needs the page says so, and reads the segment instead.
		omni-archive get -d a "$id" >out 2>err || [ $? -eq 1 ]
		sed -n 2500p in | cmp - out
		omni-archive cat -d a >out 2>err || [ $? -eq 1 ]
		cmp in out
		mv -f whole "$index"
		want 0 omni-archive verify -d a
	done
}

@test "a bit that flips in the manifest: no segment is forgotten" {
	records 1 9000 >in
	keep <in
	for at in 3 60 200 500; do
		cp a/s/MANIFEST.ndjson whole
		flip a/s/MANIFEST.ndjson $at
		want 1 omni-archive verify -d a
		get .problem | grep -qx manifest
		want 1 omni-archive cat -d a
		cmp in out
		want 0 omni-archive recover -d a
		[ "$(get .done)" = listed ]
		want 0 omni-archive verify -d a
		cp whole a/s/MANIFEST.ndjson
	done
	rm a/s/MANIFEST.ndjson
	want 0 omni-archive cat -d a
	cmp in out
	want 0 omni-archive recover -d a
	want 0 omni-archive verify -d a
	diff <(jq -c 'del(.sealed, .crc, .level)' whole) <(jq -c 'del(.sealed, .crc, .level)' a/s/MANIFEST.ndjson)
}

@test "a segment that is gone, or another in its place, is named" {
	records 1 9000 | keep
	rm "$(segments | head -n 1)"
	want 1 omni-archive verify -d a --quick
	[ "$(get .problem)" = missing ]
	want 1 omni-archive cat -d a
	records 3600 9000 | cmp - out
	cp -f "$(segments | tail -n 1)" "$(segments | head -n 1)"
	want 1 omni-archive verify -d a
	get .problem | grep -qx sha256
}

# ---- crashes ----

@test "killed in the middle: the next writer keeps all that had passed, and goes on" {
	mkfifo pipe
	omni-archive write -d a -s s <pipe >passed 3>&- &
	exec 7>pipe
	records 1 2000 >&7
	until_true eval '[ "$(wc -l <passed)" -eq 2000 ]'
	kill -9 %1
	wait %1 || :
	exec 7>&-
	want 1 omni-archive verify -d a
	[ "$(get .problem)" = unfinished ]
	want 0 omni-archive cat -d a
	cmp passed out
	records 2001 2100 | want 0 omni-archive write -d a -s s
	want 0 omni-archive verify -d a
	want 0 omni-archive cat -d a
	records 1 2100 | cmp - out
}

@test "cut anywhere in the last frame, every line of every whole frame is kept" {
	mkfifo pipe
	omni-archive write -d a -s s --frame 4k <pipe >passed 3>&- &
	exec 7>pipe
	for from in 1 41 81; do # 40 records are more than a frame: the last frame is a short one
		records "$from" $((from + 39)) >&7
		until_true eval '[ "$(wc -l <passed)" -ge '$((from + 39))' ]'
	done
	kill -9 %1
	wait %1 || :
	exec 7>&-
	file=$(find a -name '*.open')
	size=$(stat -c %s "$file")
	cp -a a left
	# The frames that are whole, and where the last of them ends, as zstd sees it.
	last=$(python3 - "$file" <<-'END'
		import sys
		data = open(sys.argv[1], 'rb').read()
		print(data.rindex(b'\x28\xb5\x2f\xfd'))
	END
	)
	kept=$(head -c "$last" "$file" | zstd -qdc | wc -l)
	[ "$kept" -ge 40 ] && [ "$kept" -lt 120 ]
	for ((n = size; n >= last; n -= 3)); do
		rm -rf a
		cp -a left a
		truncate -s $n "$file"
		omni-archive recover -d a >did
		omni-archive verify -d a
		omni-archive cat -d a >have
		count=$(wc -l <have)
		head -n "$count" passed | cmp - have
		[ "$n" -lt "$size" ] || [ "$count" -eq 120 ]
		[ "$count" -le "${before:-120}" ]
		[ "$count" -ge "$kept" ]
		before=$count
	done
	omni-archive write -d a -s s <<<'{"id":"after"}' >/dev/null
	omni-archive verify -d a
	[ "$(omni-archive cat -d a | tail -n 1)" = '{"id":"after"}' ]
}

@test "whatever it does when it dies, by a kill or a power cut, nothing that had come out is lost" {
	plain
	env -u MAKEFLAGS -u MFLAGS make -s -C "$BATS_TEST_DIRNAME/.." BUILD="$BUILD" "$BUILD/crash.so"
	"$BATS_TEST_DIRNAME/serve/crash-archive" 4 7 # make crash-archive does it 200 times
}

@test "a full disk ends the writer with 74, nothing is half sealed, and what had passed is there" {
	plain
	records 1 30000 >in
	rc=0
	(ulimit -f 64; trap '' XFSZ; exec omni-archive write -d a -s s in) > >(cat >passed) 2>err || rc=$?
	wait
	[ "$rc" -eq 74 ]
	says 'File too large'
	segments | nothing
	[ ! -e a/s/MANIFEST.ndjson ]
	want 0 omni-archive recover -d a
	want 0 omni-archive verify -d a
	[ ! -s out ]
	want 0 omni-archive cat -d a
	head -c "$(stat -c %s passed)" out | cmp - passed
	want 0 omni-archive write -d a -s s <<<'{"id":"after"}'
	want 0 omni-archive verify -d a
}

@test "whichever write or allocation fails, it is said, and what had passed is there" {
	plain
	records 1 400 >in
	for call in write malloc; do
		for n in {1..400}; do
			rm -rf a
			rc=0
			OMNI_FAIL_CALL=$call OMNI_FAIL_AT=$n LD_PRELOAD=$BUILD/fail.so \
				omni-archive write -d a -s s --frame 8k in >passed 2>err || rc=$?
			if grep -q 'not reached' err; then break; fi
			case $rc in 0) cmp in passed ;; 71 | 74) ;; *) echo "$call $n: exit $rc"; cat err; return 1 ;; esac
			[ -d a/s ] || continue
			omni-archive recover -d a >did
			omni-archive verify -d a
			omni-archive cat -d a >have
			head -c "$(stat -c %s passed)" have | cmp - passed
		done
		[ "$n" -lt 400 ]
		[ "$rc" -eq 0 ]
	done
}

@test "whichever allocation fails in reading, it is said, or everything is there" {
	plain
	export OMNI_ARCHIVE=$PWD/a
	records 1 60 >in
	omni-archive import -s s --frame 4k in
	mkfifo pipe
	omni-archive write -s s --frame 4k <pipe >passed 3>&- &
	exec 7>pipe
	cat in >&7
	until_true eval '[ "$(wc -l <passed)" -eq 60 ]'
	kill -9 %1
	wait %1 || :
	exec 7>&-
	for verb in cat 'get --by external_id x7' 'list --json' recover; do
		# shellcheck disable=SC2086 # words
		[ "$verb" = recover ] || omni-archive $verb >whole
		for n in {1..200}; do
			rc=0
			# shellcheck disable=SC2086
			OMNI_FAIL_AT=$n LD_PRELOAD=$BUILD/fail.so omni-archive $verb >got 2>err || rc=$?
			if grep -q 'not reached' err; then break; fi
			case $rc in 0) [ "$verb" = recover ] || cmp whole got ;; 71 | 74) ;; *) echo "$verb $n: exit $rc"; cat err; return 1 ;; esac
			if [ "$verb" = recover ] && [ "$rc" -eq 0 ]; then break; fi
		done
		[ "$n" -lt 200 ]
	done
	omni-archive cat | cmp - <(cat in in)
	omni-archive verify
}

@test "standard output that can not be written is 74" {
	records 1 10 | keep
	for verb in 'cat -d a' 'get -d a --by kind message' 'list -d a' 'list -d a --json'; do
		rc=0
		# shellcheck disable=SC2086 # words
		omni-archive $verb >/dev/full 2>err || rc=$?
		[ "$rc" -eq 74 ]
	done
}

# ---- keeping and letting go ----

@test "compact makes segments smaller, and nothing else: lines, places and manifest stay true" {
	records 1 9000 >in
	keep --index external_id <in
	before=$(segments | xargs cat | wc -c)
	want 0 omni-archive compact -d a --level 12 --dry-run
	[ "$(get .done | sort -u)" = 'would compact' ]
	want 0 omni-archive compact -d a --level 12
	[ "$(get .done | wc -l)" -eq 3 ]
	[ "$(segments | xargs cat | wc -c)" -lt $((before * 9 / 10)) ]
	want 0 omni-archive verify -d a
	want 0 omni-archive cat -d a
	cmp in out
	want 0 omni-archive get -d a --by external_id x77
	[ "$(wc -l <out)" -eq 13 ]
	want 0 omni-archive compact -d a --level 12
	[ ! -s out ]
}

@test "compact leaves a damaged segment as it is" {
	records 1 9000 | keep
	flip "$(segments | head -n 1)" 3000
	cp "$(segments | head -n 1)" damaged
	want 1 omni-archive compact -d a --level 12
	says 'damaged, left as it is'
	cmp damaged "$(segments | head -n 1)"
	[ "$(get .done | sort | uniq -c | awk '{ print $1 $2 }' | paste -sd' ')" = '2compacted 1left' ]
}

@test "prune removes what is older, but not what is held" {
	records 1 16000 | keep --index external_id
	[ "$(segments | wc -l)" -eq 5 ]
	want 64 omni-archive prune -d a
	export OMNI_CLOCK=2026-01-15T12:00:00Z
	want 0 omni-archive prune -d a --keep 25h --dry-run # what ends before 11:00
	[ "$(get .done | paste -sd,)" = 'would remove,would remove' ]
	[ "$(segments | wc -l)" -eq 5 ]
	echo '{"stream":"s","from":"2026-01-14T10:10:00Z","to":"2026-01-14T10:20:00Z","reason":"case 12"}' >a/HOLD.ndjson
	want 0 omni-archive prune -d a --keep 25h
	[ "$(get '[.done, .reason]' | sort | paste -sd' ')" = '["held","case 12"] ["removed",null]' ]
	[ "$(segments | wc -l)" -eq 4 ]
	want 0 omni-archive verify -d a
	# x5 is in all of them, no-such-id in none.
	printf '{"by":"external_id","value":"x5","to":"2026-01-14T10:00:00Z"}\n\n{"by":"id","value":"no-such"}\n' >hold
	want 0 omni-archive prune -d a --keep 0 --hold hold --dry-run
	[ "$(get .done | sort | uniq -c | awk '{ print $1 $2 }' | paste -sd' ')" = '1held 3would' ]
	want 0 omni-archive prune -d a --keep-size 0 --hold hold
	[ "$(segments | wc -l)" -eq 1 ]
	[ ! -d a/s/2026/01/14/12 ]
	want 0 omni-archive verify -d a
}

@test "a hold that can not be read holds everything: nothing is removed" {
	records 1 9000 | keep
	for hold in 'no' '{"form":"2026-01-14T10:10:00Z"}' '{"from":"now"}' '{"by":"id"}' '{"stream":7}' '[]'; do
		echo "$hold" >a/HOLD.ndjson
		want 78 omni-archive prune -d a --keep 0
		says 'HOLD.ndjson: line 1: '
	done
	echo '{"form":"x"}' >a/HOLD.ndjson
	want 78 omni-archive prune -d a --keep 0
	says 'unknown member "form"; did you mean "from"'
	rm a/HOLD.ndjson
	want 78 omni-archive prune -d a --keep 0 --hold nowhere
	[ "$(segments | wc -l)" -eq 3 ]
}

@test "compact and prune do not disturb a writer, nor each other" {
	mkfifo pipe
	OMNI_CLOCK=2026-01-14T09:00:00Z omni-archive write -d a -s s <pipe >passed 3>&- &
	exec 7>pipe
	records 1 3 >&7
	until_true test -s passed
	records 4 5000 | OMNI_CLOCK=2026-01-14T08:00:00Z omni-archive write -d a -s t >/dev/null
	want 0 omni-archive compact -d a --level 12
	want 0 omni-archive prune -d a --keep 0
	exec 8>a/t/.maintain.lock
	flock 8
	want 75 omni-archive compact -d a -s t
	want 75 omni-archive prune -d a -s t --keep 0
	exec 8>&-
	records 4 5 >&7
	exec 7>&-
	wait %1
	want 0 omni-archive verify -d a
	want 0 omni-archive cat -d a
	records 1 5 | cmp - out
}

# ---- to others, and from others ----

@test "export makes bundles that tar, unzip and sha256sum take" {
	records 1 9000 >in
	keep <in
	want 0 omni-archive export -d a all.tar.zst
	mkdir tar && tar -C tar -xf all.tar.zst
	(cd tar && sha256sum -c --quiet SHA256SUMS && find . -name '*.zst' | sort | xargs zstd -qdc) | cmp - in
	cmp tar/s/MANIFEST.ndjson a/s/MANIFEST.ndjson
	want 0 omni-archive export -d a all.zip
	mkdir zip && python3 -c 'import sys, zipfile; zipfile.ZipFile("all.zip").extractall("zip")'
	diff -r tar zip
	want 0 omni-archive export -d a --from 2026-01-14T10:30:00Z --to 2026-01-14T10:31:00Z part.tar.gz
	[ "$(tar -tzf part.tar.gz | grep -c zst)" -eq 1 ]
	want 64 omni-archive export -d a all.rar
	want 64 omni-archive export -d a
	find . -maxdepth 1 -name '.new*' | nothing
	flip "$(segments | head -n 1)" 3000
	want 1 omni-archive export -d a bad.tar.zst
	says 'not the file that was sealed'
}

@test "import and cat read what others made, whatever it is packed in" {
	records 1 9000 >in
	head -n 4000 in >one.ndjson
	tail -n +4001 in >two.jsonl
	gzip -k one.ndjson
	zstd -q two.jsonl
	mkdir -p d/e
	cp one.ndjson.gz d
	cp two.jsonl.zst d/e
	echo 'no record' >d/README
	tar -cf b.tar d
	tar -czf b.tgz d
	tar -c d | zstd -q >b.tar.zst
	python3 -c 'import zipfile, sys
z = zipfile.ZipFile("b.zip", "w", zipfile.ZIP_DEFLATED)
for f in ("one.ndjson.gz", "two.jsonl"): z.write(f)'
	for set in 'one.ndjson two.jsonl' 'one.ndjson.gz two.jsonl.zst' b.tar b.tgz b.tar.zst b.zip; do
		# shellcheck disable=SC2086 # names
		want 0 omni-archive cat $set
		sort out | cmp - <(sort in)
		rm -rf a
		# shellcheck disable=SC2086
		want 0 omni-archive import -d a -s s $set
		want 0 omni-archive cat -d a
		sort out | cmp - <(sort in)
		want 0 omni-archive verify -d a
	done
	want 64 omni-archive cat -d a b.zip
	want 74 omni-archive cat nowhere.zst
}

@test "what is no record is imported as a reject, and a damaged file is said after what is whole in it" {
	printf '{"id":"a"}\nno record\n\n{"id":"b"}' >in.ndjson
	want 1 omni-archive import -d a -s s in.ndjson
	want 0 omni-archive cat -d a
	[ "$(get '.id // .' | wc -l)" -eq 3 ]
	[ "$(get 'select(.kind == "reject") | [.stage, .code, .line]')" = '["archive","not-json",2]' ]
	records 1 9000 >in
	zstd -q in
	truncate -s -100 in.zst
	want 65 omni-archive import -d b -s s in.zst
	says 'ends in the middle'
	want 0 omni-archive verify -d b
	want 0 omni-archive cat -d b
	[ "$(wc -l <out)" -gt 1000 ]
	head -n "$(($(wc -l <out) - 1))" out | cmp - <(head -n "$(($(wc -l <out) - 1))" in)
	want 1 omni-archive cat in.zst
}

@test "an archive that was exported and imported again has the same records" {
	records 1 9000 >in
	keep <in
	want 0 omni-archive export -d a all.tar.zst
	want 0 omni-archive import -d b -s s all.tar.zst
	want 0 omni-archive cat -d b
	cmp in out
	diff <(segments) <(find b -name '*.ndjson.zst' | sort | sed 's/^b/a/')
}

@test "a sealed segment that lost its end is told of, wherever it was cut" {
	local file size n
	for n in $(seq 400); do echo '{"id":"'"$n"'","kind":"note","at":"2026-01-14T09:00:00Z","text":"'"$(cksum <<<"$n")"'"}'; done |
		want 0 omni-archive import -d a -s in --frame 4k
	file=$(find a -name '*.zst')
	size=$(stat -c %s "$file")
	chmod u+w "$file"
	cp "$file" whole
	for n in 1 5 400 $((size / 2)) $((size - 100)) $((size - 1)); do
		head -c "$n" whole >"$file"
		want 1 omni-archive cat -d a
		says 'its end is missing or damaged'
	done
	cp whole "$file"
	want 0 omni-archive cat -d a
	[ "$(wc -l <out)" -eq 400 ]
}

@test "what is not a file is never replaced by one" {
	mkfifo pipe
	echo '{"id":"1","kind":"note","at":"2026-01-14T09:00:00Z"}' >in
	want 74 omni-archive write -d a --metrics pipe in
	says 'pipe: not a file'
	ln pipe x.tar
	want 74 omni-archive export -d a x.tar
	[ -p pipe ] && [ -p x.tar ]
}
