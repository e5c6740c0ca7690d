#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/replay.sh
#
# omni-replay with a cheap filter against omni-archive cat of the same archive, and how well --rate 1000/s is kept for
# $BENCH_RATE_SECONDS.  First what comes out must be what jq selects.  The ratio is the median of $BENCH_RUNS rounds in which
# each runs once: of time on the clock, as a replay reads ahead with a thread, and of processor time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RECORDS=${BENCH_RECORDS:-400000}
RUNS=${BENCH_RUNS:-7}
SECONDS_OF_RATE=${BENCH_RATE_SECONDS:-60}
DATA=$BUILD/bench/replay-data
filter='{"eq":{"carrier":"twilio"}}'

rm -rf "$DATA"
mkdir -p "$DATA"
cd "$DATA"
make_corpus 100000 .
omni-recv --from -c omni.json --at 2026-01-14T09:00:00Z --id 0190163d-8694-739b-aea5-966c26f8ad90 requests-*.http |
	omni-pipe normalize --unverified >records
rm -f requests-*.http
while [ "$(wc -l <records)" -lt "$RECORDS" ]; do
	cat records records >doubled
	mv doubled records
done
omni-archive write -q -d archive -s records records >/dev/null
omni-archive cat -d archive | cmp records -
head -n 5000 records | jq -c 'select(.carrier == "twilio") | .id' >want
head -n 5000 records | omni-replay --filter "$filter" | jq -c .id | cmp want -
printf 'the same records from omni-archive cat and its input, and from omni-replay --filter and jq: %s records, %s bytes\n' \
	"$(wc -l <records)" "$(wc -c <records)"

rm -f ./*.wall ./*.cpu
for ((i = 0; i < RUNS; i++)); do
	timed cat -i /dev/null -o /dev/null omni-archive cat -d archive
	timed replay -i /dev/null -o /dev/null omni-replay -d archive --filter "$filter"
done

printf '\n%12s %10s\n' ratio floor
row "$(ratio cat.wall replay.wall)" 0.7 ratio "omni-archive cat / omni-replay --filter '$filter' (time on the clock)"
row "$(ratio cat.cpu replay.cpu)" - ratio 'the same, processor time'

printf '\n--rate 1000/s for %s seconds: ' "$SECONDS_OF_RATE"
omni-replay -v --rate 1000/s --limit $((SECONDS_OF_RATE * 1000)) -d archive 2>&1 >/dev/null | tail -n 1
