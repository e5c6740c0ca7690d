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

# torture(call, command...): let each of the calls fail once, of those for memory the 1st, 2nd, 4th, 8th, and so on; then
# do it again without.
torture() {
	local call=$1 n rc codes=' '
	shift
	for ((n = 1; n < 10000000; n += $([ "$call" = malloc ] && echo $n || echo 1))); do
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
		[ $rc != 0 ] || continue
		timeout 60 "$@" >out || return 1
		diff -u sound out || { echo "$call $n, again"; return 1; }
		find o/new -type f | nothing
	done
	echo "$call fails for ever"
	return 1
}

@test "memory, writes, syncs and names that fail while files are fetched leave no half object" {
	plain
	files
	want 0 omni-media fetch --objects o --files . m
	cp out sound
	for call in write sync rename; do
		: >codes
		torture $call omni-media fetch --objects o --files . m
		# It is the store that fails here: it must have been noticed.
		grep -q ' 74 ' codes
	done
	torture malloc omni-media fetch --objects o --files . m
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
		torture $call omni-media fit --objects o in
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

# to_make: what can be made to fit only anew, a picture and a film, each in a store of its own; in.picture, in.film.
to_make() {
	ffmpeg -v error -y -f lavfi -i testsrc2=size=900x900,noise=alls=60:allf=t -frames:v 1 picture.png
	ffmpeg -v error -y -f lavfi -i testsrc2=size=320x240:rate=10,noise=alls=60:allf=t -t 2 -c:v mpeg4 -q:v 2 film.mp4
	for f in picture.png film.mp4; do
		printf '{"kind":"message","id":"1","direction":"out","carrier":"twilio","channel":"mms","media":[{"path":"%s"}]}\n' $f |
			omni-media fetch --objects kept.$f --files . | sed "s,$PWD/kept.$f,$PWD/disk/o,g" >in.$f
	done
}

@test "a disk that gets full, and files that may not grow, while something is made to fit cost no message" {
	unshare -rm sh -c "mount -t tmpfs none /mnt" 2>/dev/null || skip 'no name spaces here'
	to_make
	mkdir disk
	cat >full <<-'EOF'
		mount -t tmpfs -o size=$(($(du -sk kept.$1 | cut -f1) + 40))k none disk
		cp -r kept.$1 disk/o
		rc=0
		omni-media fit --objects disk/o in.$1 >out 2>err || rc=$?
		find disk/o/new -mindepth 1 >left
		mount -o remount,size=20m disk
		omni-media fit --objects disk/o in.$1 >again
		exit $rc
	EOF
	for f in picture.png film.mp4; do
		rc=0
		unshare -rm sh full $f || rc=$?
		[ "$rc" = 74 ] || { cat out err; return 1; }
		says 'No space left on device'
		nothing <out
		nothing <left
		[ "$(jq -r .kind again)" = message ]
		rm -rf disk/o
		cp -r kept.$f disk/o
		rc=0
		(
			ulimit -f 40
			omni-media fit --objects disk/o in.$f >out 2>err
		) || rc=$?
		[ "$rc" = 74 ] || { cat out err; return 1; }
		says 'File too large'
		nothing <out
	done
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
