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
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
RECORDS=${BENCH_RECORDS:-200000}
RUNS=${BENCH_RUNS:-7}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
GB=${BENCH_ARCHIVE_GB:-10}
ORIGIN=(--at 2026-01-14T09:00:00Z --id 0190163d-8694-739b-aea5-966c26f8ad90)
DATA=$BUILD/bench/archive
PATH=$BUILD:$BUILD/bench:$PATH
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

median() {
	sort -n "$1.runs" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

# row VALUE FLOOR MORE WHAT: MORE is 1 if more is better.
row() {
	awk -v v="$1" -v f="$2" -v more="$3" -v what="$4" 'BEGIN {
		printf "%10s %8s %-6s %s\n", v, f, (more ? v < f : v > f) ? "below" : "", what }'
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
	printf '%10s %8s %-6s %s\n' ratio floor '' 'work (one core, processor time)'
	z=$(median zstd)
	for sync in none segment frame; do
		w=$(median "write-$sync")
		row "$(awk "BEGIN { printf \"%.2f\", $z / $w }")" 0.90 1 "rate of omni-archive write --sync $sync by that of zstd -3"
	done
	ours=$(find a-segment -name '*.zst' -print0 | xargs -0 cat | wc -c)
	theirs=$(stat -c %s whole.zst)
	row "$(awk "BEGIN { printf \"%.3f\", $ours / $theirs }")" 1.06 0 'size of the segments by that of zstd -3'
	row "$(awk "BEGIN { printf \"%.2f\", $(median unzstd) / $(median cat) }")" 0.90 1 'rate of omni-archive cat by that of zstd -dc'
	printf '%10s %8s %-6s %s\n' "$(awk "BEGIN { printf \"%.0f\", $(stat -c %s in.ndjson) / $w }")" - '' 'MB/s of omni-archive write'
	printf '%10s %8s %-6s %s\n' "$(awk "BEGIN { printf \"%.0f\", $(stat -c %s in.ndjson) / $(median cat) }")" - '' 'MB/s of omni-archive cat'
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
	awk "BEGIN { printf \"%.1f\n\", $wall / 1000 }" >>"$1.runs"
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
	printf '%10s %8s %-6s %s\n' 'ms, MB' 'at most' '' "omni-archive get of one record in $GB GB"
	row "$(median warm)" 20 0 'ms on the clock, files in the page cache'
	row "$(median cold)" 20 0 'ms on the clock, files not in the page cache'
	row "$(sort -n rss.runs | tail -n 1 | awk '{ printf "%.1f", $1 / 1024 }')" 64 0 'MB resident'
	rm -rf big
}

make_input
rates
gets
exit "$failed"
