#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media: every row of the table of channels, at, under and over each of its limits.

load helper

src=$BATS_TEST_DIRNAME

# still(file, size): a picture with something to see.
still() {
	ffmpeg -v error -y -f lavfi -i "testsrc2=size=$2:rate=1,noise=alls=20:allf=t" -frames:v 1 -q:v 3 "$1"
}

# convert(channel, option or file...): into the directory o; what is said goes to out.
convert() {
	local channel=$1
	shift
	mkdir -p o
	omni-media convert --for "$channel" -o o "$@"
}

# sound(file, seconds, option...)
sound() {
	local file=$1 seconds=$2
	shift 2
	ffmpeg -v error -y -f lavfi -i "sine=frequency=300:duration=$seconds" "$@" "$file"
}

# rows(kind): channel and bytes of one file of that kind alone, for each channel that takes it.
rows() {
	omni-media channels | jq -r --arg k "$1" 'select(.[$k]) | [.channel, ([.[$k].size_max, (.total_max // 1e12) - (.around // 0)] | min)] | @tsv'
}

@test "at, under and over the width of every channel's pictures" {
	omni-media channels | jq -rc '.channel as $c | to_entries[] | select(.value.width_max? and (.value.square | not) and .key == "image") |
		[$c, .value.width_max] | @tsv' >rows
	[ "$(wc -l <rows)" -ge 14 ]
	while read -r channel width; do
		for w in $((width - 1)) $width $((width + 1)); do
			[ -e $w.png ] || vips grey $w.png $w 340 --uchar
		done
		want 0 convert "$channel" $((width - 1)).png $width.png $((width + 1)).png
		[ "$(get .width | paste -sd' ')" = "$((width - 1)) $width $width" ] || { echo "$channel"; cat out; false; }
	done <rows
}

@test "at, under and over the bytes of every channel's documents" {
	omni-media channels | jq -rc 'select(.document) | [.channel, .document.size_max, (.total_max // 0), (.around // 0)] | @tsv' >rows
	[ "$(wc -l <rows)" -ge 12 ]
	while read -r channel size total around; do
		[ "$total" = 0 ] || [ $((total - around)) -ge "$size" ] || size=$((total - around))
		for n in $((size - 1)) $size $((size + 1)); do
			printf '%%PDF-1.4\n' >$n.pdf
			truncate -s $n $n.pdf
		done
		want 1 convert "$channel" $((size - 1)).pdf $size.pdf $((size + 1)).pdf
		[ "$(get '.error.code // .path' | paste -sd' ')" = "$((size - 1)).pdf $size.pdf media-too-large" ] || { echo "$channel"; cat out; false; }
		get 'select(.error) | .error.detail' | grep -q "$((size + 1)) bytes"
	done <rows
}

@test "how many a message takes, at and over, for every channel" {
	printf '%%PDF-1.4\n' >a.pdf
	omni-media channels | jq -rc 'select(.count_max and .document) | [.channel, .count_max] | @tsv' | while read -r channel count; do
		files=()
		for ((i = 0; i < count; i++)); do files+=(a.pdf); done
		want 0 convert "$channel" --together "${files[@]}"
		want 1 convert "$channel" --together "${files[@]}" a.pdf
		[ "$(get '.error.code // empty')" = media-too-many ] || { echo "$channel"; cat out; false; }
		get '.error.detail // empty' | grep -q "takes $count"
	done
}

@test "at, under and over the bytes of every channel's pictures: copied, copied, encoded anew" {
	still b.jpg 400x300
	vips jpegsave b.jpg a.jpg --strip
	rows image >rows
	[ "$(wc -l <rows)" -ge 14 ]
	while read -r channel size; do
		for n in under:$((size - 1)) at:$size over:$((size + 1)); do
			"$src/media/pad" a.jpg "${n#*:}" "${n%:*}.jpg"
		done
		rm -f o/*
		want 0 convert "$channel" under.jpg at.jpg over.jpg
		[ "$(get .encodings | paste -sd' ')" = 'null null 1' ] || { echo "$channel"; cat out; false; }
		[ "$(get .size | sort -n | tail -n 1)" = "$size" ]
		[ "$(stat -c %s "o/at.$channel.jpg")" = "$size" ]
	done <rows
}

@test "at, under and over the bytes of every channel's films and sounds: copied, copied, encoded anew" {
	ffmpeg -v error -f lavfi -i "testsrc2=size=160x120:rate=10" -f lavfi -i sine=frequency=440 -t 1 -c:v libx264 -profile:v baseline \
		-c:a aac -movflags +faststart a.mp4
	sound a.m4a 1 -c:a aac
	for kind in video audio; do
		file=a.mp4
		[ $kind = video ] || file=a.m4a
		rows $kind >rows
		[ "$(wc -l <rows)" -ge 13 ]
		while read -r channel size; do
			for n in under:$((size - 1)) at:$size over:$((size + 1)); do
				"$src/media/pad" $file "${n#*:}" "${n%:*}.${file#a.}"
			done
			want 0 convert "$channel" under.${file#a.} at.${file#a.} over.${file#a.}
			[ "$(get .encodings | paste -sd' ')" = 'null null 1' ] || { echo "$channel $kind"; cat out; false; }
			[ "$(get .size | sort -n | tail -n 1)" -le "$size" ]
		done <rows
	done
}

@test "the sum of a message's parts, at and over, for every channel that has one" {
	omni-media channels | jq -r 'select(.total_max and .document and .count_max != 1) | [.channel, .total_max - (.around // 0), .document.size_max] | @tsv' >rows
	[ "$(wc -l <rows)" -ge 8 ]
	while read -r channel room size; do
		n=$((room / size + 2))
		files=()
		for ((i = 1; i <= n; i++)); do
			printf '%%PDF-1.4\n' >$i.pdf
			truncate -s $((room / n)) $i.pdf
			files+=("$i.pdf")
		done
		truncate -s +$((room % n)) 1.pdf
		want 0 convert "$channel" --together "${files[@]}"
		truncate -s +1 1.pdf
		want 1 convert "$channel" --together "${files[@]}"
		[ "$(get '.error.code // empty')" = media-too-large ] || { echo "$channel"; cat out; false; }
	done <rows
}

@test "stickers of every channel that has them are within its bytes, whatever went in" {
	ffmpeg -v error -f lavfi -i "testsrc2=size=900x900,noise=alls=90:allf=t" -frames:v 1 noise.png
	ffmpeg -v error -f lavfi -i "color=red:size=20x20" -frames:v 1 plain.png
	rows sticker >rows
	[ "$(wc -l <rows)" -ge 2 ]
	while read -r channel size; do
		want 0 convert "$channel" --kind sticker noise.png plain.png
		[ "$(get .size | sort -n | tail -n 1)" -le "$size" ]
		[ "$(get '.encodings' | sort -n | tail -n 1)" -gt 1 ]
	done <rows
}
