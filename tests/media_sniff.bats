#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media: what files hold, by libmagic in a process that has nothing.  The files are made by ffmpeg, libvips's tools, zip
# and tar; what file(1) says of each stands beside what we say.

load helper


pictures() {
	local f
	ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48 -frames:v 1 a.png
	ffmpeg -v error -y -i a.png a.bmp
	ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48 -frames:v 3 a.gif
	for f in jpg tif webp heic avif; do vips copy a.png "a.$f"; done
	echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >a.svg
	printf '<?xml version="1.0"?>\n<!-- x -->\n<svg width="1"/>' >b.svg
}

sounds() {
	local tone='-f lavfi -i sine=duration=0.3'
	# shellcheck disable=SC2086 # options
	for f in mp3 m4a wav flac aac; do ffmpeg -v error -y $tone "a.$f"; done
	# shellcheck disable=SC2086
	ffmpeg -v error -y $tone -id3v2_version 0 -write_xing 0 -map_metadata -1 bare.mp3
	# shellcheck disable=SC2086
	ffmpeg -v error -y $tone -c:a libopus opus.ogg
	# shellcheck disable=SC2086
	ffmpeg -v error -y $tone -c:a libvorbis vorbis.ogg
	printf '#!AMR\n<\221\027\026\276f' >a.amr
	printf '#!AMR-WB\n<\221\027\026\276f' >a.awb
}

films() {
	local f
	ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48:rate=5 -t 1 -c:v libx264 -pix_fmt yuv420p a.mp4
	for f in mov 3gp 3g2 m4v mkv avi; do ffmpeg -v error -y -i a.mp4 -c copy "a.$f"; done
	ffmpeg -v error -y -i a.mp4 -c copy -movflags frag_keyframe+empty_moov fragments.mp4
	ffmpeg -v error -y -i a.mp4 a.webm
	ffmpeg -v error -y -i a.mp4 a.ogv
}

# office(name, file...): an office document, or a zip that is none, of these members.
office() {
	local name=$1
	shift
	rm -f "$name"
	(cd z && zip -q "../$name" "$@")
}

documents() {
	mkdir -p z/word z/xl z/ppt z/_rels
	for f in '[Content_Types].xml' _rels/.rels word/document.xml xl/workbook.xml ppt/presentation.xml; do echo "<$f/>" >"z/$f"; done
	office a.docx '[Content_Types].xml' _rels/.rels word/document.xml
	office a.xlsx '[Content_Types].xml' _rels/.rels xl/workbook.xml
	office a.pptx '[Content_Types].xml' _rels/.rels ppt/presentation.xml
	office late.docx word/document.xml _rels/.rels '[Content_Types].xml'
	office folder.zip word/document.xml
	printf application/vnd.oasis.opendocument.text >z/mimetype
	office a.odt -X0 mimetype
	printf '%%PDF-1.7\n1 0 obj' >a.pdf
	{ head -c 700 /dev/zero | tr '\0' x; printf '\n%%PDF-1.4\n1 0 obj\n'; } >late.pdf
	printf '\320\317\021\340\241\261\032\341aaaaaaaaa' >a.doc
	printf '{\\rtf1 x}' >a.rtf
	echo words | gzip -c >a.gz
	tar cf a.tar a.pdf
	printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n' >a.vcf
	printf 'begin:vcard\nversion:2.1\n' >b.vcf
	printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n' >a.ics
	printf '<smil><head><layout/></head><body/></smil>' >a.smil
	printf '<?xml version="1.0"?><smil><head/></smil>' >b.smil
}

words() {
	printf 'Gr\303\274\303\237e an alle\n' >utf8.txt
	printf 'Gr\374\337e\n' >latin1.txt
	printf '\377\376h\0e\0l\0l\0o\0\n\0' >utf16.txt
	printf 'Dear all,\nimport this from there, and\nclass dismissed\n' >letter.txt
	printf 'From: a\nTo: b\nSubject: c\n\nx\n' >mail.txt
	printf '/* hello */\n#include <stdio.h>\n' >c.txt
	printf '{"a":1}\n' >json.txt
	printf 'a,b,c\n1,2,3\n4,5,6\n' >a.csv
	printf '#!/bin/sh\nls\n' >script.txt
	printf '<html><body>x' >a.html
	printf '\n  <!-- x -->\n<script>alert(1)</script>' >b.html
	cp /bin/true program
	head -c 3000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >noise
}

# what we say, the file, and why where file(1) says something else
expected() {
	cat <<-'EOF'
		image/png a.png
		image/bmp a.bmp others call it so
		image/gif a.gif
		image/jpeg a.jpg
		image/tiff a.tif
		image/webp a.webp
		image/heic a.heic the decoder for it is what counts
		image/avif a.avif the decoder for it is what counts
		image/svg+xml a.svg
		image/svg+xml b.svg
		audio/mpeg a.mp3
		audio/mpeg bare.mp3
		audio/mp4 a.m4a others call it so
		audio/wav a.wav others call it so
		audio/flac a.flac others call it so
		audio/aac a.aac others call it so
		audio/ogg opus.ogg
		audio/ogg vorbis.ogg
		audio/amr a.amr others write it so
		audio/amr-wb a.awb one name for two formats
		video/mp4 a.mp4
		video/mp4 fragments.mp4
		video/quicktime a.mov
		video/3gpp a.3gp
		video/3gpp2 a.3g2
		video/mp4 a.m4v others call it so
		video/x-matroska a.mkv
		video/avi a.avi others call it so
		video/webm a.webm
		video/ogg a.ogv
		application/vnd.openxmlformats-officedocument.wordprocessingml.document a.docx
		application/vnd.openxmlformats-officedocument.spreadsheetml.sheet a.xlsx
		application/vnd.openxmlformats-officedocument.presentationml.presentation a.pptx
		application/vnd.openxmlformats-officedocument.wordprocessingml.document late.docx
		application/zip folder.zip a folder called word is no document
		application/vnd.oasis.opendocument.text a.odt
		application/pdf a.pdf
		application/pdf late.pdf readers look for it in the first kilobyte
		application/msword a.doc broken, and still nothing else
		application/rtf a.rtf others call it so
		application/gzip a.gz others call it so
		application/x-tar a.tar
		text/vcard a.vcf others call it so
		text/vcard b.vcf others call it so
		text/calendar a.ics
		application/smil a.smil it is no HTML
		application/smil b.smil it is more than XML
		text/plain utf8.txt
		text/plain latin1.txt
		text/plain utf16.txt
		text/plain letter.txt a guess by words
		text/plain mail.txt a guess by words
		text/plain c.txt a guess by words
		text/plain json.txt depends on where it is cut
		text/plain a.csv a guess by commas
		text/plain script.txt a text until somebody runs it
		text/html a.html
		text/html b.html
		application/octet-stream noise
	EOF
}

@test "files are what they are, and where file(1) says something else there is a reason" {
	pictures
	sounds
	films
	documents
	words
	expected >table
	mapfile -t files < <(cut -d' ' -f2 table)
	omni-media probe "${files[@]}" >out || :
	get .mime >ours
	cut -d' ' -f1 table | diff -u - ours
	[ "${#files[@]}" -gt 50 ]
	file -b --mime-type "${files[@]}" | tr A-Z a-z >theirs
	cut -d' ' -f3- table | paste -d'\t' ours theirs - | awk -F'\t' '$1 != $2 && $3 == "" { print; bad = 1 } END { exit bad }'
	# What is a program, is none of these.
	want 0 omni-media probe program
	get .mime | grep -q '^application/x-'
}

@test "what is fetched gets the type that libmagic tells, and a program is refused where pictures go" {
	documents
	words
	printf '{"kind":"message","id":"1","direction":"out","channel":"whatsapp","carrier":"whatsapp","media":[{"path":"a.xlsx"},{"path":"late.pdf"},{"path":"noise","mime":"audio/aac"}]}\n' >m
	want 0 omni-media fetch --objects o --files . m
	[ "$(get '.media[].mime' | paste -sd' ')" = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/pdf audio/aac' ]
	want 1 omni-media convert --for chat program
	[ "$(get .error.code)" = media-unsupported ]
	cp program photo.jpg
	want 1 omni-media convert --for chat photo.jpg
	[ "$(get .error.code)" = media-mismatch ]
}

# feeding: start `omni-media fetch` on a pipe, and give it one message, so that its process is there.
feeding() {
	words
	documents
	mkfifo pipe
	omni-media fetch --objects o --files . pipe >out 2>err 3>&- &
	pid=$!
	exec 8>pipe
	feed a.pdf
}

# feed(file): one more message, and wait for its line.
feed() {
	local before
	before=$(wc -l <out)
	printf '{"kind":"message","id":"%s","direction":"out","media":[{"path":"%s"}]}\n' "$before" "$1" >&8
	until_true lines_are out $((before + 1))
}

sniffer() {
	pgrep -P "$pid" -f '^omni-media-sniff'
}

@test "the process that reads the bytes has no environment, no other descriptors, and a filter on its calls" {
	export OMNI_SECRET=hunter2
	feeding
	worker=$(sniffer)
	cp "/proc/$worker/environ" environ
	cp "/proc/$worker/status" status
	cp "/proc/$worker/limits" limits
	find "/proc/$worker/fd" -type l -printf '%f %l\n' | sort >fds
	exec 8>&-
	wait "$pid"
	no grep -aq -e hunter2 -e HOME -e PATH environ
	[ "$(cut -d' ' -f2 fds | cut -d: -f1 | paste -sd' ')" = '/dev/null /dev/null /dev/null socket' ]
	grep -q '^Seccomp:.*2$' status
	grep -q '^NoNewPrivs:.*1$' status
	grep -q '^Max core file size *0 ' limits
	grep -q '^Max file size *0 ' limits
	no grep -q '^Max address space *unlimited' limits
	no grep -q '^Max cpu time *unlimited' limits
}

@test "one that was killed is replaced, and one that hangs costs the file that it had in hand" {
	feeding
	first=$(sniffer)
	kill -KILL "$first"
	until_true ended "$first" # one that still dies may take what is sent, and costs it
	feed a.vcf
	second=$(sniffer)
	[ "$second" != "$first" ]
	kill -STOP "$second"
	feed a.smil
	feed a.rtf
	exec 8>&-
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" = 1 ]
	[ "$(get '.media[0].mime // .code' | paste -sd' ')" = 'application/pdf text/vcard media-worker-died application/rtf' ]
	get 'select(.code).detail' | grep -q 'ended after 5 seconds'
}

@test "none is started before there is a file that it is needed for" {
	mkfifo pipe
	omni-media fetch --objects o --files . pipe >out 3>&- &
	pid=$!
	exec 8>pipe
	pictures
	echo '{"kind":"message","id":"1","direction":"out","media":[{"path":"a.png"}]}' >&8
	until_true test -s out
	[ -z "$(sniffer)" ]
	exec 8>&-
	wait "$pid"
}

@test "without libmagic's table nothing is done, and it says what is missing" {
	unshare -rm true 2>/dev/null || skip 'no name spaces here'
	pictures
	table=$(readlink -f /usr/share/misc/magic.mgc)
	documents
	echo x >other
	want 78 unshare -rm sh -c "mount --bind other /etc/magic; mount --bind other $table && exec omni-media probe a.pdf"
	says 'the table of libmagic can not be read'
	says 'install libmagic-mgc'
	nothing <out
}
