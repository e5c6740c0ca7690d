#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR [NODE_PATH=DIR] tests/bench/media.sh
#
# Measures omni-media convert against sharp (a module of Node.js, where `require` finds it: npm i sharp) and ImageMagick, where
# they are installed: photographs of 4000x3000 to 1600 on one core, and a folder of $BENCH_FILES mixed images to the budget of
# an MMS with two workers.  All take turns, $BENCH_RUNS times; medians are shown, and ratios are medians of those of one
# turn, on the clock and by processor time.  Exit 1 only if an output is missing, too large or of another size: a rate
# below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-5}
FILES=${BENCH_FILES:-200}
PHOTOS=${BENCH_PHOTOS:-10}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
BUDGET=498000 # 500 KB without the heads
work=$(mktemp -d "${BENCH_DIR:-$BUILD}/media.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

# still(file, size, source, noise): a picture with slopes, edges and noise, as a lens and a sensor leave them.
still() {
	local colours=()
	# Cameras store the colours of a JPEG at half the size.
	[[ $1 != *.jpg ]] || colours=(-pix_fmt yuvj420p)
	ffmpeg -v error -y -f lavfi -i "$3:size=800x600:rate=1,scale=${2/x/:},noise=alls=$4:allf=t,gblur=sigma=0.7" -frames:v 1 "${colours[@]}" -q:v 3 "$1"
}

make_photos() {
	local i
	mkdir photos
	for ((i = 0; i < PHOTOS; i++)); do
		if [ $i -lt 3 ]; then
			still photos/$i.jpg 4000x3000 "mandelbrot=start_scale=$(calc %.4f "3 / 4 ^ $i")" $((10 + 10 * i))
		else
			cp photos/$((i % 3)).jpg photos/$i.jpg
		fi
	done
}

# A telephone's photographs, some with much to see, screens, drawings, what the web has: 20 of them, each some times.
make_mixed() {
	local i n=0 file
	mkdir kinds mixed
	for i in 1 2 3 4; do
		still kinds/a$i.jpg 4000x3000 "mandelbrot=start_scale=$(calc %.4f "3 / 3 ^ $i")" $((i * 20))
		still kinds/b$i.jpg 3000x4000 "mandelbrot=start_scale=$(calc %.4f "1 / 3 ^ $i")" $((i * 15))
		still kinds/c$i.jpg 1600x1200 testsrc2=sar=1 $((i * 25))
		still kinds/d$i.png 1280x960 "mandelbrot=start_scale=$(calc %.4f "2 / 5 ^ $i")" $((i * 5))
	done
	still kinds/e.png 1920x1080 testsrc=sar=1 0
	still kinds/f.webp 2000x1500 mandelbrot=start_scale=0.4 20
	still kinds/g.webp 1200x1600 testsrc2=sar=1 30
	still kinds/h.gif 640x480 testsrc2=sar=1 0
	while [ $n -lt "$FILES" ]; do
		for file in kinds/*; do
			[ $n -lt "$FILES" ] || break
			cp "$file" "mixed/$n-${file##*/}"
			n=$((n + 1))
		done
	done
}

magick() {
	command -v convert-im6.q16 || command -v magick || command -v convert
}

# run(name, command...): microseconds on the clock and of the processor to NAME.wall and NAME.cpu.
run() {
	rm -rf "out.$1"
	mkdir "out.$1"
	timed "$1" -o /dev/null "${@:2}"
}

# peak(command...): KiB that the command and its children had at most, added up.
peak() {
	local pid p sum
	: >peak
	"$@" >/dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		sum=0
		for p in $pid $(pgrep -P $pid || :); do
			sum=$((sum + $(awk '/^VmHWM/ { print $2 }' "/proc/$p/status" 2>/dev/null || :) + 0))
		done
		echo "$sum" >>peak
		sleep 0.02
	done
	wait $pid
	sort -n peak | tail -n 1
}

# whole(dir, files, edge): as many files came out, none larger than the budget, none with a longer edge.
whole() {
	local n large
	n=$(find "$1" -type f | wc -l)
	large=$(find "$1" -type f -size +${BUDGET}c | wc -l)
	omni-media probe "$1"/* | sed 's/.*"width":\([0-9]*\),"height":\([0-9]*\).*/\1 \2/' >edges
	if [ "$n" != "$2" ] || { [ "$4" = budget ] && [ "$large" != 0 ]; } ||
		! awk -v edge="$3" '$1 > edge || $2 > edge { exit 1 }' edges; then
		printf 'DIFFER  %s: %d files of %d, %d too large\n' "$1" "$n" "$2" "$large"
		failed=1
	fi
}

make_photos
make_mixed
node_has sharp && sharp=1 || sharp=
magick=$(magick || :)
export TMPDIR=$work
echo '{ "media": { "channels": { "wide": { "image": { "mimes": ["image/jpeg"], "size_max": 9000000, "width_max": 1600, "height_max": 1600 } } } } }' >wide.json
# shellcheck disable=SC2016 # for the shell that is started
each='for f in photos/*; do "$0" "$f" -auto-orient -resize 1600x1600 -strip -quality 88 "out.magick/${f##*/}"; done'
for ((i = 0; i < RUNS; i++)); do
	run photos taskset -c "$CORE" omni-media convert --for wide -c wide.json -o out.photos photos/*
	[ -z "$sharp" ] || run sharp taskset -c "$CORE" node "$HERE/media.mjs" 1 1600 0 out.sharp photos/*
	[ -z "$magick" ] || run magick taskset -c "$CORE" bash -c "$each" "$magick"
	run mixed omni-media convert --for mms -j 2 -o out.mixed mixed/*
	[ -z "$sharp" ] || run sharp2 node "$HERE/media.mjs" 2 1600 $BUDGET out.sharp2 mixed/*
done

printf '%12s %10s\n' measured floor
row "$(calc %.1f "$(median photos.wall) / 1000 / $PHOTOS")" - ms 'a photograph of 4000x3000 to 1600, one core'
whole out.photos "$PHOTOS" 1600 any
if [ -n "$sharp" ]; then
	whole out.sharp "$PHOTOS" 1600 any
	row "$(ratio sharp.wall photos.wall)" 1.0 ratio 'sharp / omni-media, on the clock'
	row "$(ratio sharp.cpu photos.cpu)" 1.0 ratio 'the same, processor time'
	ours=$(peak taskset -c "$CORE" omni-media convert --for wide -c wide.json -o out.photos photos/*)
	theirs=$(peak taskset -c "$CORE" node "$HERE/media.mjs" 1 1600 0 out.sharp photos/*)
	row "$(calc %.2f "$theirs / $ours")" 1.0 ratio "memory of sharp / omni-media with its process, $((theirs / 1024)) and $((ours / 1024)) MB at most"
fi
if [ -n "$magick" ]; then
	row "$(ratio magick.wall photos.wall)" 2.0 ratio 'ImageMagick / omni-media, on the clock'
	row "$(ratio magick.cpu photos.cpu)" 2.0 ratio 'the same, processor time'
fi
row "$(calc %.1f "$FILES * 1e6 / $(median mixed.wall)")" - files/s "$FILES mixed images to the budget of an MMS, two workers"
whole out.mixed "$FILES" 1600 budget
if [ -n "$sharp" ]; then
	whole out.sharp2 "$FILES" 1600 budget
	row "$(ratio sharp2.wall mixed.wall)" 1.2 ratio 'sharp / omni-media, on the clock'
	row "$(ratio sharp2.cpu mixed.cpu)" 1.2 ratio 'the same, processor time'
fi
exit $failed
