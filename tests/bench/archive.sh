#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/archive.sh
#
# Measures omni-archive against zstd(1) on the same bytes in the same run: write against `zstd -3`, cat against
# `zstd -dc`, and how long it takes to get one record out of $BENCH_ARCHIVE_GB (10), which it builds first and then
# removes; that needs a third of that on the disk.  Exit 1 only if an output differs: what is below its floor is marked.
#
# Times are processor time, user and system, of one core, medians of $BENCH_RUNS; those of get are on the clock, with
# the files in the page cache and, as far as that can be done without rights, without them.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RECORDS=${BENCH_RECORDS:-200000}
RUNS=${BENCH_RUNS:-7}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
GB=${BENCH_ARCHIVE_GB:-10}
ORIGIN=(--at 2026-01-14T09:00:00Z --id 0190163d-8694-739b-aea5-966c26f8ad90)
DATA=$BUILD/bench/archive
failed=0

make_input() {
	rm -rf "$DATA"
	mkdir -p "$DATA"
	cd "$DATA"
	make_corpus "$RECORDS" .
	omni-recv --from -c omni.json "${ORIGIN[@]}" requests-*.http |
		omni-validate -q -c omni.json | omni-normalize >in.ndjson
	rm requests-*.http
	printf 'input: %s records, %s bytes\n' "$(wc -l <in.ndjson)" "$(stat -c %s in.ndjson)"
}

# measure NAME COMMAND...: one run; microseconds of processor time go to NAME.runs.
measure() {
	local user sys status
	spawn -c "$CORE" -o /dev/null -r report "${@:2}"
	read -r _ user sys _ status <report
	echo $((user + sys)) >>"$1.runs"
	[ "$status" -eq 0 ] || printf 'exit code %s: %s\n' "$status" "${*:2}"
}

rates() {
	local i ours theirs z w
	rm -f ./*.runs
	for ((i = 0; i < RUNS; i++)); do
		measure zstd zstd -3 -q -c in.ndjson
		for sync in none segment frame; do
			rm -rf "a-$sync"
			measure "write-$sync" omni-archive write -d "a-$sync" -s in --sync "$sync" in.ndjson
		done
		[ "$i" -gt 0 ] || zstd -3 -q -c in.ndjson >whole.zst
		measure unzstd zstd -dc -q whole.zst
		measure cat omni-archive cat -d a-segment
	done
	omni-archive cat -d a-segment | cmp - in.ndjson || failed=1
	find a-segment -name '*.zst' -print0 | sort -z | xargs -0 zstd -qdc | cmp - in.ndjson || failed=1
	omni-archive verify -d a-segment || failed=1
	printf '%12s %10s\n' ratio floor
	z=$(median zstd.runs)
	for sync in none segment frame; do
		w=$(median "write-$sync.runs")
		row "$(calc %.2f "$z / $w")" 0.90 ratio "rate of omni-archive write --sync $sync by that of zstd -3"
	done
	ours=$(find a-segment -name '*.zst' -print0 | xargs -0 cat | wc -c)
	theirs=$(stat -c %s whole.zst)
	row "$(calc %.3f "$ours / $theirs")" '1.06!' ratio 'size of the segments by that of zstd -3'
	row "$(ratio unzstd.runs cat.runs)" 0.90 ratio 'rate of omni-archive cat by that of zstd -dc'
	row "$(calc %.0f "$(stat -c %s in.ndjson) / $w")" - MB/s 'omni-archive write'
	row "$(calc %.0f "$(stat -c %s in.ndjson) / $(median cat.runs)")" - MB/s 'omni-archive cat'
}

# The records once more for each round, with ids of their own.
big() {
	local rounds size i
	size=$(stat -c %s in.ndjson)
	rounds=$((GB * 1000000000 / size + 1))
	for ((i = 0; i < rounds; i++)); do
		sed "s/^{\"id\":\"......../{\"id\":\"$(printf %08x $i)/" in.ndjson
	done | omni-archive write -d big -s in --sync none --index external_id >/dev/null
	printf '%s bytes of records in %s, %s of it indexes\n' $((rounds * size)) "$(du -sh big | cut -f 1)" \
		"$(find big -name '*.idx' -print0 | du -ch --files0-from=- | tail -n 1 | cut -f 1)"
	printf '%08x%s\n' $((rounds / 2)) "$(sed -n "$((RECORDS / 2))p" in.ndjson | cut -c 16-43)" >id
}

# Take the archive out of the page cache.
forget() {
	sync
	find big -type f -exec dd if={} iflag=nocache count=0 status=none \;
}

# get_once NAME: milliseconds to NAME.ms, KiB to NAME.rss.
get_once() {
	local wall rss
	spawn -c "$CORE" -o found -r report omni-archive get -d big "$(cat id)"
	read -r wall _ _ rss _ <report
	calc '%.1f\n' "$wall / 1000" >>"$1.runs"
	echo "$rss" >>rss.runs
	[ "$(cut -c 8-43 found)" = "$(cat id)" ] || failed=1
}

gets() {
	local i
	big
	rm -f ./*.runs
	for ((i = 0; i < RUNS; i++)); do
		forget
		get_once cold
		get_once warm
	done
	printf '%12s %10s %s\n' '' 'at most' "omni-archive get of one record in $GB GB"
	row "$(median warm.runs)" '20!' ms 'on the clock, files in the page cache'
	row "$(median cold.runs)" '20!' ms 'on the clock, files not in the page cache'
	row "$(sort -n rss.runs | tail -n 1 | awk '{ printf "%.1f", $1 / 1024 }')" '64!' MB 'resident'
	rm -rf big
}

make_input
rates
gets
exit "$failed"
