#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media: whatever fails on the way, there is never half a file under the name of a whole one, and it is said.

load helper

files() {
	ffmpeg -v error -y -f lavfi -i testsrc2=size=900x60 -frames:v 1 a.png
	printf '%%PDF-1.7\n1 0 obj' >b.pdf
	printf '{"kind":"message","id":"1","direction":"out","carrier":"twilio","channel":"mms","media":[{"path":"a.png"},{"path":"b.pdf"},{"path":"b.pdf"}]}\n' >m
}

# whole(dir): each object is what its name says, and no line names one that is not there.
whole() {
	local file name
	while read -r file; do
		name=$(sha256sum <"$file")
		[ "${name%% *}" = "${file##*/}" ] || { echo "$file is not whole"; return 1; }
	done < <(find "$1" -type f -path '*/??/??/*')
	{ jq -r 'select(.kind == "message").media[].path // empty' 2>/dev/null || :; } <out >paths
	while read -r file; do
		[ -e "$file" ] || { echo "$file is not there"; return 1; }
	done <paths
}

# torture(call, most, command...): let each of the calls fail once; then do it again without.
torture() {
	local call=$1 most=$2 n rc codes=' '
	shift 2
	for ((n = 1; n <= most; n++)); do
		rm -rf o
		rc=0
		[ ! -d kept ] || cp -r kept o
		timeout 60 env OMNI_FAIL_CALL="$call" OMNI_FAIL_AT=$n LD_PRELOAD="$BUILD/fail.so" "$@" >out 2>err || rc=$?
		case $rc in 0 | 1 | 71 | 74 | 75) ;; *) echo "$call $n: exit $rc"; cat err; return 1 ;; esac
		# What was not said to be wrong is there.
		if [ $rc = 0 ]; then
			diff -u sound out || { echo "$call $n"; return 1; }
		elif [ $rc != 1 ]; then
			[ -s err ] || { echo "$call $n: exit $rc and no word"; return 1; }
		fi
		whole o
		codes+="$rc "
		if grep -q 'not reached' err; then
			[ "$n" -gt 1 ]
			echo "$codes" >>codes
			return 0
		fi
		timeout 60 "$@" >out || return 1
		diff -u sound out || { echo "$call $n, again"; return 1; }
		find o/new -type f | nothing
	done
	echo "$codes" >>codes
}

@test "memory, writes, syncs and names that fail while files are fetched leave no half object" {
	plain
	files
	want 0 omni-media fetch --objects o --files . m
	cp out sound
	for call in write sync rename; do
		: >codes
		torture $call 60 omni-media fetch --objects o --files . m
		# It is the store that fails here: it must have been noticed.
		grep -q ' 74 ' codes
	done
	torture malloc 40 omni-media fetch --objects o --files . m
}

@test "the same of what is made to fit" {
	plain
	files
	omni-media fetch --objects kept --files . m | sed "s,$PWD/kept,$PWD/o," >in
	cp -r kept o
	want 0 omni-media fit --objects o in
	cp out sound
	for call in write sync rename; do
		: >codes
		torture $call 60 omni-media fit --objects o in
		grep -q ' 74 ' codes
	done
}

@test "a disk that is full is 74 and says so, and with room again all is done" {
	unshare -rm sh -c "mount -t tmpfs none /mnt" 2>/dev/null || skip 'no name spaces here'
	head -c 200000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >large
	printf '%%PDF-1.7\n1 0 obj' >b.pdf
	for f in b.pdf large; do
		printf '{"kind":"message","id":"%s","direction":"out","channel":"chat","media":[{"path":"%s"}]}\n' $f $f
	done >m
	mkdir disk
	cat >full <<-'EOF'
		mount -t tmpfs -o size=100k none disk
		rc=0
		omni-media fetch --objects disk/o --files . m >out 2>err || rc=$?
		find disk/o/?? -type f | wc -l >n
		for f in $(find disk/o/?? -type f); do [ "$(sha256sum <$f | cut -c1-64)" = "${f##*/}" ] || echo half >>n; done
		mount -o remount,size=10m disk
		omni-media fetch --objects disk/o --files . m >again
		find disk/o/new -type f | wc -l >>n
		exit $rc
	EOF
	want_rc=0
	unshare -rm sh full || want_rc=$?
	[ "$want_rc" = 74 ]
	says 'No space left on device'
	[ "$(paste -sd' ' n)" = '1 0' ]
	[ "$(jq -r .id again | paste -sd' ')" = 'b.pdf large' ]
}

@test "a file that may not grow any more is an error of the store, not the end by a signal" {
	head -c 200000 /dev/zero >large
	printf '{"kind":"message","id":"1","direction":"out","channel":"chat","media":[{"path":"large"}]}\n' >m
	rc=0
	(
		ulimit -f 50
		omni-media fetch --objects o --files . m >out 2>err
	) || rc=$?
	[ "$rc" = 74 ]
	says 'File too large'
	find o -type f | nothing
}
