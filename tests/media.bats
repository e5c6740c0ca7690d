#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media: what files hold, and what becomes of them for a channel.  The pictures are made by ffmpeg and libvips's tools,
# and looked at by others: exiftool, ffprobe, Node's and the system's own readers.

load helper

src=$BATS_TEST_DIRNAME

# still(file, size): a picture with something to see.
still() {
	ffmpeg -v error -y -f lavfi -i "testsrc2=size=$2:rate=1,noise=alls=20:allf=t" -frames:v 1 -q:v 3 "$1"
}

# moving(file, size, frames)
moving() {
	ffmpeg -v error -y -f lavfi -i "testsrc=size=$2:rate=10" -frames:v "$3" "$1"
}

# convert(channel, option or file...): into the directory o; what is said goes to out.
convert() {
	local channel=$1
	shift
	mkdir -p o
	omni-media convert --for "$channel" -o o "$@"
}

# bounds(file): what exiftool makes of it.
bounds() {
	exiftool -s3 -ImageWidth -ImageHeight "$1" | paste -sdx
}

@test "probe says what each file holds, by its bytes and not by its name" {
	still a.jpg 320x240
	cp a.jpg a.png
	moving b.gif 40x30 5
	vips copy a.jpg c.heic
	vips copy a.jpg d.avif
	vips copy a.jpg e.webp
	printf 'BEGIN:VCARD\r\nEND:VCARD\r\n' >f
	want 0 omni-media probe a.jpg a.png b.gif c.heic d.avif e.webp f
	get '[.file, .mime, .kind, .width, .height, .frames]' >have
	diff -u - have <<-'EOF'
		["a.jpg","image/jpeg","image",320,240,null]
		["a.png","image/jpeg","image",320,240,null]
		["b.gif","image/gif","image",40,30,5]
		["c.heic","image/heic","image",320,240,null]
		["d.avif","image/avif","image",320,240,null]
		["e.webp","image/webp","image",320,240,null]
		["f","text/vcard","document",null,null,null]
	EOF
}

@test "probe shows what it can not read, and exits with 1" {
	: >empty
	want 1 omni-media probe empty none .
	get '[.file, .error.code]' >have
	printf '%s\n' '["empty","media-unreadable"]' '["none","media-unreadable"]' '[".","media-unreadable"]' | diff -u - have
}

@test "a photograph comes out upright, in sRGB and without metadata, where it was taken least of all" {
	still a.jpg 800x600
	exiftool -q -overwrite_original -GPSLatitude=48.1 -GPSLatitudeRef=N -GPSLongitude=11.5 -GPSLongitudeRef=E \
		-Orientation#=6 -Make=Maker -Comment=comment -XMP:City=Town a.jpg
	[ -n "$(exiftool -GPSLatitude a.jpg)" ]
	want 0 omni-media probe a.jpg
	[ "$(get '[.width, .height]')" = '[600,800]' ]
	want 0 convert mms a.jpg
	[ "$(get '[.path, .width, .height]')" = '["o/a.mms.jpg",600,800]' ]
	[ "$(bounds o/a.mms.jpg)" = 600x800 ]
	exiftool -a -G1 -s o/a.mms.jpg | { grep -vE '^\[(ExifTool|System|File|Composite|JFIF)\]' || :; } | nothing
	no grep -aqE 'Maker|comment|Town' o/a.mms.jpg
	# The top left corner of what was turned is the bottom left one of what was stored.
	[ "$(vips getpoint a.jpg 5 594 | tr ' ' '\n' | head -n 1 | cut -d. -f1)" -gt 0 ]
}

# split(file, byte): its EXIF in several segments, cut at that byte and behind another one of that length.
split_exif() {
	python3 - "$1" "$2" <<-'EOF'
		import struct, sys
		data, cut = open(sys.argv[1], 'rb').read(), int(sys.argv[2])
		at = data.index(b'\xff\xe1')
		size = struct.unpack('>H', data[at + 2:at + 4])[0]
		assert data[at + 4:at + 10] == b'Exif\0\0'
		block = data[at + 10:at + 2 + size]
		parts = [block[:cut], block[cut:2 * cut], block[2 * cut:]]
		xmp = b'http://ns.adobe.com/xap/1.0/\0<x/>'
		out = data[:at] + b'\xff\xe1' + struct.pack('>H', len(xmp) + 2) + xmp
		for part in parts:
		    out += b'\xff\xe1' + struct.pack('>H', len(part) + 8) + b'Exif\0\0' + part
		open(sys.argv[1], 'wb').write(out + data[at + 2 + size:])
	EOF
}

@test "EXIF in several segments, behind others, is read: upright and without the place" {
	still a.jpg 640x480
	exiftool -q -overwrite_original -Orientation#=6 -GPSLatitude=48.1 -GPSLatitudeRef=N -ImageDescription="$(head -c 3000 /dev/zero | tr '\0' x)" -Make=Maker a.jpg
	cp a.jpg whole.jpg
	# After the first entries; in the middle of the first entry; in the header.
	for cut in 1000 12 5; do
		cp whole.jpg a.jpg
		split_exif a.jpg $cut
		[ "$(grep -aobF Exif a.jpg | wc -l)" = 3 ]
		[ "$cut" = 5 ] || [ "$(exiftool -s3 -n -Orientation a.jpg)" = 6 ]
		# As a photograph, and with a profile and as a sticker, which are decoded another way.
		vips icc_transform whole.jpg p3.jpg p3 --input-profile srgb
		want 0 omni-media probe a.jpg p3.jpg
		[ "$(get '[.width, .height]' | sort -u)" = '[480,640]' ]
		want 0 convert mms a.jpg p3.jpg
		want 0 convert whatsapp --kind sticker a.jpg
		for f in o/a.mms.jpg o/p3.mms.jpg; do
			[ "$(bounds $f)" = 480x640 ]
			no grep -aqE 'Exif|Maker|xxxx' $f
		done
		# Transparent at the sides, not above: it stands.
		[ "$(vips getpoint o/a.whatsapp.webp 5 256 | awk '{ print $4 }')" = 0 ]
		[ "$(vips getpoint o/a.whatsapp.webp 256 5 | awk '{ print $4 }')" = 255 ]
		for f in a p3; do
			vips rot whole.jpg turned.png d90
			vips colourspace turned.png x.v lab
			vips colourspace o/$f.mms.jpg y.v lab
			vips dE00 x.v y.v d.v
			awk "BEGIN { exit !($(vips avg d.v) < 5) }"
		done
	done
}

@test "of two blocks of EXIF the first one that says so tells which way is up" {
	still a.jpg 320x240
	cp a.jpg b.jpg
	exiftool -q -overwrite_original -Orientation#=8 a.jpg
	exiftool -q -overwrite_original -Orientation#=1 -Make=Maker b.jpg
	python3 - <<-'EOF'
		import struct
		a, b = open('a.jpg', 'rb').read(), open('b.jpg', 'rb').read()
		at = b.index(b'\xff\xe1')
		end = at + 2 + struct.unpack('>H', b[at + 2:at + 4])[0]
		first = a.index(b'\xff\xe1')
		first += 2 + struct.unpack('>H', a[first + 2:first + 4])[0]
		open('c.jpg', 'wb').write(a[:first] + b[at:end] + a[first:])
	EOF
	want 0 convert mms c.jpg
	[ "$(get '[.width, .height]')" = '[240,320]' ]
}

@test "a picture one pixel wide, or high, or both, is one" {
	vips black wide.v 10000 1 --bands 3
	vips rot wide.v high.v d90
	vips black dot.v 1 1 --bands 3
	for f in wide high dot; do
		for ending in jpg png webp gif; do vips copy $f.v $f.$ending; done
	done
	want 0 convert mms ./*.{jpg,png,webp,gif}
	get '[.from.width, .width, .from.height, .height] | @csv' | sort | uniq -c | awk '{ print $1, $2 }' >have
	printf '%s\n' '4 1,1,1,1' '4 1,1,10000,1600' '4 10000,1600,1,1' | diff -u - have
}

@test "CMYK and wide colours become sRGB" {
	still a.jpg 320x240
	vips icc_transform a.jpg cmyk.jpg cmyk --input-profile srgb
	[ "$(exiftool -s3 -ColorComponents cmyk.jpg)" = 4 ]
	vips icc_transform a.jpg p3.jpg p3 --input-profile srgb
	want 0 convert mms cmyk.jpg p3.jpg
	for f in cmyk p3; do
		[ "$(exiftool -s3 -ColorComponents o/$f.mms.jpg)" = 3 ]
		[ -z "$(exiftool -s3 -ICC_Profile:all o/$f.mms.jpg)" ]
		# The same picture, give or take what coding does.
		vips colourspace o/$f.mms.jpg x.v lab
		vips icc_transform $f.jpg $f.png srgb
		vips colourspace $f.png y.v lab
		vips dE00 x.v y.v d.v
		awk "BEGIN { exit !($(vips avg d.v) < 4) }"
	done
}

@test "HEIC, AVIF and WebP go in, JPEG comes out where the channel takes no other" {
	still a.png 400x300
	for f in heic avif webp; do vips copy a.png "a.$f"; done
	want 0 convert mms a.heic a.avif a.webp
	[ "$(get .mime | sort -u)" = image/jpeg ]
	for f in a a-2 a-3; do
		[ "$(bounds o/$f.mms.jpg)" = 400x300 ]
		vips avg o/$f.mms.jpg >avg
		awk "BEGIN { a = $(cat avg) - $(vips avg a.png); exit !(a < 3 && a > -3) }"
	done
}

@test "what is transparent stays so where the channel takes such pictures, and is on white elsewhere" {
	ffmpeg -v error -f lavfi -i 'color=red@0.0:size=200x200,format=rgba' -frames:v 1 a.png
	want 0 convert mms a.png
	[ "$(get .mime)" = image/png ]
	[ "$(vips getpoint o/a.mms.png 5 5 | awk '{ print $4 }')" = 0 ]
	echo '{ "media": { "channels": { "j": { "image": { "mimes": ["image/jpeg"], "size_max": 100000 } } } } }' >omni.json
	want 0 convert j -c omni.json a.png
	[ "$(vips getpoint o/a.j.jpg 5 5 | tr -d ' ')" = 255255255 ]
}

@test "an animation stays one where the channel takes it, and is its first frame elsewhere" {
	moving a.gif 200x150 12
	vips copy 'a.gif[n=-1]' b.webp
	want 0 convert mms a.gif b.webp
	[ "$(get '[.mime, .frames]' | sort -u)" = '["image/gif",12]' ]
	[ "$(ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of csv=p=0 o/a.mms.gif)" = 12 ]
	want 0 convert whatsapp a.gif b.webp
	[ "$(get '[.mime, .frames]' | sort -u)" = '["image/jpeg",null]' ]
	want 0 convert chat b.webp
	[ "$(get '[.mime, .frames]')" = '["image/webp",12]' ]
}

@test "an animation that does not fit is made smaller, or shown by its first frame" {
	moving a.gif 900x700 20
	size=$(stat -c %s a.gif)
	printf '{ "media": { "channels": { "g": { "image": { "mimes": ["image/jpeg"], "moving": ["image/gif"], "size_max": %d } } } } }' $((size / 2)) >omni.json
	want 0 convert g -c omni.json a.gif
	[ "$(get '[.mime, .frames]')" = '["image/gif",20]' ]
	[ "$(get .width)" -lt 900 ]
	[ "$(stat -c %s o/a.g.gif)" -le $((size / 2)) ]
	sed -i "s/$((size / 2))/20000/" omni.json
	want 0 convert g -c omni.json a.gif
	[ "$(get '[.mime, .frames]')" = '["image/jpeg",null]' ]
}

@test "stickers are squares of WebP, whatever went in, within their bytes" {
	still a.jpg 1200x500
	moving b.gif 300x200 8
	ffmpeg -v error -f lavfi -i 'testsrc2=size=60x40' -frames:v 1 c.png
	want 0 convert whatsapp --kind sticker a.jpg b.gif c.png
	get '[.mime, .width, .height, .frames]' >have
	printf '%s\n' '["image/webp",512,512,null]' '["image/webp",512,512,8]' '["image/webp",512,512,null]' | diff -u - have
	[ "$(stat -c %s o/a.whatsapp.webp)" -le 100000 ]
	[ "$(stat -c %s o/b.whatsapp.webp)" -le 500000 ]
	webpinfo o/b.whatsapp.webp | grep -q 'Canvas size 512 x 512'
	[ "$(webpinfo o/b.whatsapp.webp | grep -c 'Chunk ANMF')" = 8 ]
	# Transparent above the picture.
	[ "$(vips getpoint o/a.whatsapp.webp 256 5 | awk '{ print $4 }')" = 0 ]
}

@test "the budget is met by quality first, then by scale, with few encodings" {
	still a.jpg 1600x1200
	for kb in 400 150 60 20; do
		printf '{ "media": { "channels": { "b": { "image": { "mimes": ["image/jpeg"], "size_max": %d } } } } }' ${kb}000 >omni.json
		want 0 convert b -c omni.json a.jpg
		[ "$(stat -c %s o/a.b.jpg)" -le ${kb}000 ]
		[ "$(stat -c %s o/a.b.jpg)" = "$(get .size)" ]
		[ "$(get .encodings)" -le 7 ]
		get '"\(.quality) \(.width)"' >>found
	done
	# Each smaller budget: less quality at the same size, or fewer pixels.
	awk 'NR > 1 && $2 == width && $1 >= quality || NR > 1 && $2 > width { exit 1 } { quality = $1; width = $2 }' found
	sed -i 's/20000/1000/' omni.json
	want 1 convert b -c omni.json a.jpg
	[ "$(get .error.code)" = media-too-large ]
	get .error.detail | grep -q 'into 1000 with edges of 320 pixels'
}

@test "all parts of an MMS count together, and share what the documents leave" {
	still a.jpg 1600x1200
	still b.jpg 1500x1500
	still c.png 90x60
	{ printf '%%PDF-1.4\n'; head -c 150000 /dev/urandom; } >d.pdf
	want 0 convert mms --together a.jpg b.jpg c.png d.pdf
	[ "$(get .size | paste -sd+ | bc)" -le 498000 ]
	[ "$(get .size | paste -sd+ | bc)" -ge 380000 ]
	[ "$(get .path | tail -n 1)" = d.pdf ]
	# A document that leaves no room is told the numbers.
	truncate -s 400000 d.pdf
	cp d.pdf e.pdf
	want 1 convert mms --together d.pdf e.pdf
	[ "$(get '.error.detail // empty')" = '400000 bytes, where 98000 of 500000 are left for it in one message over mms' ]
}

# sound(file, seconds, option...)
sound() {
	local file=$1 seconds=$2
	shift 2
	ffmpeg -v error -y -f lavfi -i "sine=frequency=300:duration=$seconds" "$@" "$file"
}

# film(file, size, seconds, option...)
film() {
	local file=$1 size=$2 seconds=$3
	shift 3
	ffmpeg -v error -y -f lavfi -i "testsrc2=size=$size:rate=25" -f lavfi -i sine=frequency=440 -t "$seconds" \
		-c:v libx264 -preset ultrafast -c:a aac "$@" "$file"
}

# streams(file): codec, profile, size and channels, as ffprobe sees them.
streams() {
	ffprobe -v error -show_entries stream=codec_name,profile,width,height,channels -of csv=p=0 "$1" | paste -sd' '
}

@test "a voice becomes mono Opus in Ogg, whatever it was recorded as" {
	sound a.wav 3 -ac 2 -ar 44100
	sound b.m4a 3
	sound c.ogg 3 -ac 1 -c:a libopus
	want 0 convert whatsapp --kind voice a.wav b.m4a c.ogg
	for f in o/*.ogg; do [ "$(streams "$f")" = opus,unknown,1 ]; done
	[ "$(get '.duration | round' | sort -u)" = 3 ]
	# What was so already is not encoded anew.
	[ "$(get 'select(.file == "c.ogg") | .encodings')" = null ]
}

@test "sound that plays everywhere is copied without its tags, other sound is made to" {
	sound a.mp3 2 -metadata title=Secret -metadata comment=Place
	sound b.flac 2
	sound c.ogg 2 -c:a libvorbis
	want 0 convert mms a.mp3 b.flac c.ogg
	[ "$(get '[.mime, .encodings]' | paste -sd' ')" = '["audio/mpeg",null] ["audio/mp4",1] ["audio/mp4",1]' ]
	grep -aq Secret a.mp3
	no grep -aqE 'Secret|Place' o/a.mms.mp3
	[ "$(streams o/b.mms.m4a)" = aac,LC,1 ]
}

@test "film becomes H.264 baseline with its index first, within its bytes and edges" {
	film a.mp4 1280x720 4 -profile:v high -bf 2 -metadata title=Secret
	want 0 convert mms a.mp4
	[ "$(streams o/a.mms.mp4)" = 'h264,Constrained Baseline,640,360 aac,LC,1' ]
	[ "$(stat -c %s o/a.mms.mp4)" -le 498000 ]
	[ "$(get '[.width, .height]')" = '[640,360]' ]
	grep -abo -e moov -e mdat o/a.mms.mp4 | head -n 1 | grep -q moov
	no grep -aq Secret o/a.mms.mp4
	# Frames that refer to later ones are encoded anew for WhatsApp, others copied.
	film b.mp4 320x240 1 -profile:v baseline -metadata title=Secret
	want 0 convert whatsapp a.mp4 b.mp4
	[ "$(get .encodings | paste -sd' ')" = '1 null' ]
	grep -aq Secret b.mp4
	no grep -aq Secret o/b.whatsapp.mp4
}

@test "what is too long for its bytes is refused with the numbers, and never cut" {
	film a.mp4 160x120 20 -b:v 20k
	echo '{ "media": { "channels": { "f": { "video": { "mimes": ["video/mp4"], "size_max": 200000 } } } } }' >omni.json
	want 1 convert f -c omni.json a.mp4
	[ "$(get .error.code)" = media-too-large ]
	get .error.detail | grep -qE '^20.0 seconds in 200000 bytes over f leave [0-9]+ bits a second; it takes [0-9]+$'
	echo '{ "media": { "channels": { "f": { "video": { "mimes": ["video/mp4"], "size_max": 9000000, "duration_max": 19 } } } } }' >omni.json
	want 1 convert f -c omni.json a.mp4
	[ "$(get .error.detail)" = '20.0 seconds; f takes 19' ]
}

@test "at, under and over the bytes of every channel's sound: it is copied, copied, encoded anew" {
	sound a.wav 1
	size=$(stat -c %s a.wav)
	ffmpeg -v error -y -i a.wav -map_metadata -1 -fflags +bitexact -flags:a +bitexact -c copy b.wav
	size=$(stat -c %s b.wav)
	for n in $((size - 1)) $size $((size + 1)); do
		echo "{ \"media\": { \"channels\": { \"s\": { \"audio\": { \"mimes\": [\"audio/wav\", \"audio/mp4\"], \"size_max\": $n } } } } }" >omni.json
		want 0 convert s -c omni.json b.wav
		get .mime >>found
	done
	[ "$(paste -sd' ' found)" = 'audio/mp4 audio/wav audio/wav' ]
}

@test "a playlist, an address or a script is no film: nothing is opened that it names" {
	printf '#EXTM3U\n#EXTINF:1,\nfile://%s/a.wav\n#EXT-X-ENDLIST\n' "$PWD" >a.mp4
	printf 'ffconcat version 1.0\nfile a.wav\n' >b.mp4
	printf '\0\0\0\030ftypisom\0\0\0\0isommp42' >c.mp4
	sound a.wav 1
	want 1 convert chat a.mp4 b.mp4 c.mp4
	[ "$(get .error.code | paste -sd' ')" = 'media-mismatch media-mismatch media-malformed' ]
	# Even where nothing said what it is.
	sed -i 's/#EXTM3U/#EXTM3U /' a.mp4
	want 1 omni-media convert --for chat --kind video -o o a.mp4
}

@test "probe tells how long sound and film are" {
	film a.mp4 320x240 2
	sound b.wav 1
	want 0 omni-media probe a.mp4 b.wav
	[ "$(get '[.kind, .width, .height, (.duration | round)]' | paste -sd' ')" = '["video",320,240,2] ["audio",null,null,1]' ]
}

@test "without ffmpeg pictures go on, and sound says what is missing" {
	still a.jpg 90x60
	sound b.wav 1
	mkdir bin o
	ln -s "$BUILD/omni-media" bin/
	PATH=$PWD/bin want 1 omni-media convert --for mms -o o a.jpg b.wav
	[ "$(get '.error.detail // .mime' | paste -sd/)" = 'image/jpeg/sound and film need ffmpeg, which is not installed' ]
}

@test "what a channel does not take is refused by its name" {
	printf 'PK\003\004xxxxxxxxxxxxxxxxxxxxxx' >a.zip
	printf 'BEGIN:VCARD\r\nEND:VCARD\r\n' >b.vcf
	want 1 convert mms a.zip b.vcf
	[ "$(get '.error.detail // .path' | paste -sd/)" = 'mms takes no application/zip as document/b.vcf' ]
	want 1 convert fcm b.vcf
	[ "$(get .error.code)" = media-unsupported ]
	want 0 convert chat a.zip
}

@test "what is said to be a picture and is none is not passed on as a text" {
	echo '<script>alert(1)</script>' >a.jpg
	echo 'only words' >b.png
	want 1 convert chat a.jpg b.png
	[ "$(get .error.code | sort -u)" = media-mismatch ]
	want 0 convert chat --kind document b.png
}

@test "hostile files cost one line each, and neither time, memory nor the program" {
	"$src/media/hostile" .
	still a.jpg 900x700
	head -c 20000 a.jpg >cut.jpg
	moving b.gif 90x70 9
	head -c 2000 b.gif >cut.gif
	vips copy a.jpg c.heic
	head -c 9000 c.heic >cut.heic
	vips copy a.jpg d.png
	head -c 90000 d.png >cut.png
	rm -f b.gif c.heic d.png
	files=(*.*)
	want 1 timeout 120 omni-media convert --for mms -j 2 -o "$(mkdir -p o && echo o)" "${files[@]}"
	[ "$(wc -l <out)" = "${#files[@]}" ]
	# The good one among them came through.
	[ "$(get 'select(.file == "a.jpg") | .mime')" = image/jpeg ]
	for f in cut.jpg cut.gif cut.heic cut.png garbage.heic garbage.avif garbage.webp garbage.jpg garbage.png loop.heic start.jpg start.png start.webp; do
		[ "$(get "select(.file == \"$f\") | .error.code")" = image-malformed ] || { echo "$f"; false; }
	done
	for f in claim.png claim-2g.png claim.jpg claim.gif claim.webp claim.heic claim.avif claim-progressive.jpg bomb-interlaced.png frames.gif frames-wide.gif frames.webp; do
		[ "$(get "select(.file == \"$f\") | .error.code")" = image-too-large ] || { echo "$f"; false; }
	done
	# What did come out is a picture and nothing else: no script rides along.
	no grep -aq '<script' o/*
	# No decoder was ever asked about what claims too much: that is decided here.
	get 'select(.error.code == "media-worker-died")' | nothing
}

@test "the memory of a bomb is bounded" {
	plain
	"$src/media/hostile" .
	mkdir o
	rc=0
	(
		ulimit -v 3000000
		omni-media convert --for mms -o o bomb-1bit.png bomb-idat.png bomb-text.png bomb-iccp.png >out
	) || rc=$?
	# Older versions of libpng leave out text and profiles that unfold to too much, newer ones refuse the picture.
	case "$rc $(get '.error.code // "fits"' | paste -sd' ')" in
	'0 fits fits fits fits' | '1 fits fits image-malformed image-malformed') ;;
	*) cat out && false ;;
	esac
	peak=$(/usr/bin/time -f %M omni-media convert --for mms -o o bomb-1bit.png bomb-idat.png bomb-text.png bomb-iccp.png 2>&1 >/dev/null | tail -n 1)
	[ "$peak" -lt 400000 ]
}

# begin: a pipeline in the background that takes messages from descriptor 8; pid.
begin() {
	still a.png 90x60
	cp a.png b.png
	printf x >>b.png
	cp b.png c.png
	printf x >>c.png
	mkfifo pipe
	omni-media --objects o --files . <pipe >out 2>err 3>&- &
	pid=$!
	exec 8>pipe
}

# message(file): a message with it.
message() {
	printf '{"kind":"message","id":"%s","direction":"out","carrier":"twilio","channel":"mms","media":[{"path":"%s"}]}\n' "$1" "$1"
}

# worker: the process for images.
worker() {
	pgrep -P "$pid" -f '^omni-media-image'
}

@test "the program for images is looked for where this one lies, and nowhere else" {
	still a.jpg 90x60
	mkdir -p usr/bin usr/libexec/omni o
	cp "$BUILD/omni-media" usr/bin/
	PATH=$BUILD/libexec:$PATH want 71 usr/bin/omni-media convert --for mms -o o a.jpg
	grep -q 'usr/bin/../libexec/omni/omni-media-image: No such file' err
	cp "$BUILD/libexec/omni-media-image" usr/libexec/omni/
	want 0 usr/bin/omni-media convert --for mms -o o a.jpg
	want 64 usr/libexec/omni/omni-media-image
}

@test "a program for images of another version is not worked with" {
	still a.jpg 90x60
	mkdir -p libexec o
	cp "$BUILD/omni-media" .
	printf '%s\n' '#!/usr/bin/python3' 'import socket' 's = socket.socket(fileno=3)' \
		's.send(b"9.9.9".ljust(400, bytes(1)))' 's.recv(1000)' >libexec/omni-media-image
	chmod +x libexec/omni-media-image
	want 71 ./omni-media convert --for mms -o o a.jpg
	grep -q 'its program is of another version' err
}

@test "a process for images that dies costs the file that it had in hand, and is replaced" {
	begin
	message a.png >&8
	until_true lines_are out 1
	# It takes nothing any more: what it is given now is in its hand.
	first=$(worker)
	kill -STOP "$first"
	until_true state "$first" T
	message b.png >&8
	until_true sh -c 'ls -A o/new/*/.media-*'
	until_true state $pid S
	kill -KILL "$first"
	until_true lines_are out 2
	message c.png >&8
	until_true lines_are out 3
	[ "$(worker)" != "$first" ]
	exec 8>&-
	wait $pid || rc=$?
	[ "$rc" = 1 ]
	[ "$(get '[.record.id // .id, .class, .code] | @csv' | paste -sd' ')" = '"a.png",, "b.png","data","media-worker-died" "c.png",,' ]
	get 'select(.code).detail' | grep -q 'signal 9'
	# Nothing half done lies about.
	find o/new -mindepth 1 | nothing
}

@test "what a process that was killed left half made goes at the next start, what lives stays" {
	begin
	message a.png >&8
	until_true lines_are out 1
	kill -STOP "$(worker)"
	message b.png >&8
	until_true sh -c 'ls -A o/new/*/.media-*'
	message c.png | omni-media --objects o --files . >other
	[ "$(find o/new -type f | wc -l)" = 1 ]
	stopped=$(worker)
	kill -KILL $pid "$stopped"
	wait $pid || :
	until_true ended "$stopped"
	exec 8>&-
	[ "$(find o/new -type f | wc -l)" = 1 ]
	message c.png | omni-media --objects o --files . >again
	cmp other again
	find o/new -mindepth 1 | nothing
}

# An ffmpeg that begins and never ends.
stuck_ffmpeg() {
	mkdir -p bin
	printf '%s\n' '#!/bin/sh' 'case "$*" in *.media-*) exec sleep 600 ;; esac' "exec $(command -v ffmpeg) \"\$@\"" >bin/ffmpeg
	chmod +x bin/ffmpeg
}

@test "convert: what a process that was killed left goes at the next run, what lives or is not ours stays" {
	stuck_ffmpeg
	ffmpeg -v error -f lavfi -i sine -t 1 a.wav
	still b.jpg 90x60
	mkdir -p o/.omni-media-0123456789abcdef01234567/x o/.omni-media-mine
	: >o/.media-abcdef
	PATH=$PWD/bin:$PATH omni-media convert --for mms -o o a.wav >first 2>&1 3>&- &
	pid=$!
	until_true pgrep -P $pid sleep
	room=$(dirname o/.omni-media-*/.media-*)
	# Another one makes its files beside it.
	want 0 omni-media convert --for mms -o o b.jpg
	ls "$room"/.media-*
	child=$(pgrep -P $pid sleep)
	kill -KILL $pid "$child"
	wait $pid || :
	ls "$room"/.media-*
	want 0 omni-media convert --for mms -o o b.jpg
	[ ! -e "$room" ]
	find o -mindepth 1 | sort >have
	printf '%s\n' o/.media-abcdef o/.omni-media-0123456789abcdef01234567 o/.omni-media-0123456789abcdef01234567/x \
		o/.omni-media-mine o/b.mms.jpg | sort | diff -u - have
}

@test "a process for images has no environment, no other descriptors, and a filter on its calls" {
	export OMNI_SECRET=hunter2
	exec 7<"$src/media.bats"
	begin
	message a.png >&8
	until_true lines_are out 1
	first=$(worker)
	cp "/proc/$first/environ" environ
	cp "/proc/$first/status" status
	cp "/proc/$first/limits" limits
	find "/proc/$first/fd" -lname '*media.bats' >fds
	find "/proc/$first/fd" -mindepth 1 >all
	exec 8>&- 7<&-
	wait $pid
	lines_are all 4
	no grep -aq -e hunter2 -e HOME -e PATH environ
	nothing <fds
	grep -q '^Seccomp:.*2$' status
	grep -q '^NoNewPrivs:.*1$' status
	grep -q '^Max core file size *0 ' limits
	no grep -q '^Max address space *unlimited' limits
	no grep -q '^Max file size *unlimited' limits
	no grep -q '^Max cpu time *unlimited' limits
}

@test "N processes give the same files as one, in the order of the operands" {
	for i in 1 2 3 4 5; do still $i.jpg $((400 * i))x300; done
	mkdir one two
	want 0 omni-media convert --for mms -o one ./*.jpg
	sed 's/"one/"two/' out >first
	want 0 omni-media convert --for mms -j 3 -o two ./*.jpg
	diff -u first out
	diff -r one two
}

@test "a channel of the configuration stands beside those of the table, or changes one" {
	still a.jpg 900x600
	cat >omni.json <<-'EOF'
		{ "media": { "channels": {
			"mms": { "image": { "width_max": 300, "height_max": 300 } },
			"acme.mms": { "image": { "mimes": ["image/webp"], "size_max": 50000 } } } } }
	EOF
	want 0 convert mms -c omni.json a.jpg
	[ "$(get '[.width, .height, .mime]')" = '[300,200,"image/jpeg"]' ]
	want 0 convert acme.mms -c omni.json a.jpg
	[ "$(get '[.width, .mime]')" = '[900,"image/webp"]' ]
	want 0 omni-media channels -c omni.json
	[ "$(get 'select(.channel == "mms") | [.total_max, .image.width_max]')" = '[500000,300]' ]
	echo '{ "media": { "channels": { "x": { "image": { "mimes": ["image/png"] } } } } }' >omni.json
	want 78 convert x -c omni.json a.jpg
	says '/media/channels/x/image: size_max is missing'
	echo '{ "media": { "channels": { "x": { "image": { "size": 5 } } } } }' >omni.json
	want 78 convert x -c omni.json a.jpg
	says '/media/channels/x/image/size'
}

@test "the table is itself a configuration that changes nothing" {
	omni-media channels | jq -s '{ media: { channels: (map({ (.channel): del(.channel) }) | add) } }' >omni.json
	want 0 omni-media channels
	mv out first
	want 0 omni-media channels -c omni.json
	diff -u first out
}

@test "a contact sheet shows what went in and what came out, with their sizes" {
	still a.jpg 900x600
	echo words >b.jpg
	want 1 convert mms --contact-sheet sheet.png a.jpg b.jpg
	[ "$(exiftool -s3 -ImageWidth -ImageHeight sheet.png | paste -sdx)" = 676x756 ]
	# Left and right, and nothing where there is nothing.
	vips crop sheet.png left.png 12 12 320 213
	vips crop sheet.png right.png 344 12 320 213
	vips crop sheet.png none.png 12 384 320 300
	for side in left right; do awk "BEGIN { exit !($(vips deviate $side.png) > 20) }"; done
	[ "$(vips min none.png)" = 255.000000 ]
	# The captions are there: dark on white.
	vips crop sheet.png words.png 12 332 320 40
	awk "BEGIN { exit !($(vips min words.png) < 60) }"
}

@test "a contact sheet has room for as many files as the page says, and no more" {
	still a.jpg 40x30
	for i in $(seq 501); do cp a.jpg "$i.jpg"; done
	want 0 convert mms --contact-sheet sheet.png [0-9]*.jpg
	[ "$(exiftool -s3 -ImageWidth -ImageHeight sheet.png | paste -sdx)" = 676x186012 ]
}

@test "wrong calls say what is there to choose" {
	want 64 omni-media convert a.jpg
	says '--for is missing; there are mms, mms-strict'
	want 64 omni-media convert --for mmms a.jpg
	says '"mmms"; there are mms'
	want 64 omni-media convert --for mms
	says 'name a file'
	want 64 omni-media convert --for mms --kind gif a.jpg
	says '--kind takes image, sticker'
	want 64 omni-media probe
	want 64 omni-media
	want 64 omni-media convert --for mms -j 0 a.jpg
}

@test "a directory that is not there, and a full disk, end the program with 74" {
	still a.jpg 90x60
	want 74 omni-media convert --for mms -o none a.jpg
	says 'none'
	mkdir o
	rc=0
	omni-media convert --for mms -o o a.jpg >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ]
	rc=0
	omni-media probe a.jpg >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ]
}

@test "a photograph that fits is not encoded anew, but loses what rides along" {
	still a.jpg 600x400
	still thumb.jpg 80x60
	cp a.jpg b.jpg
	exiftool -q -overwrite_original -GPSLatitude=48.1 -GPSLatitudeRef=N -Make=Maker -Comment=comment -XMP:City=Town \
		-IPTC:Headline=Headline '-ThumbnailImage<=thumb.jpg' b.jpg
	echo '<script>' >>b.jpg
	want 0 convert mms a.jpg b.jpg
	[ "$(get '[.encodings, .quality]' | sort -u)" = '[null,null]' ]
	exiftool -a -G1 -s o/b.mms.jpg | { grep -vE '^\[(ExifTool|System|File|Composite|JFIF)\]' || :; } | nothing
	no grep -aqE 'Maker|comment|Town|Headline|script' o/b.mms.jpg
	cmp o/a.mms.jpg o/b.mms.jpg
	vips subtract a.jpg o/b.mms.jpg none.v
	[ "$(vips min none.v) $(vips max none.v)" = '0.000000 0.000000' ]
	# Twice is as good as once.
	want 0 omni-media convert --for mms -o "$(mkdir p && echo p)" o/a.mms.jpg
	cmp o/a.mms.jpg p/a.mms.mms.jpg
	# What is turned, or progressive, is made anew.
	exiftool -q -overwrite_original -Orientation#=6 b.jpg
	vips jpegsave a.jpg c.jpg --interlace
	want 0 convert mms b.jpg c.jpg
	[ "$(get .encodings | paste -sd' ')" = '1 1' ]
}
