#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/queue.sh
#
# Measures queues against appending the same bytes to a file and against a list in Redis, each durable, on the disk of $BENCH_DIR
# (default: the build directory).  All take turns, $BENCH_RUNS times, so that a busy moment of the disk hits all of them; medians
# are shown, and ratios of one run each.  $BENCH_WAITING records wait where it is measured what a long queue costs: a million, or as
# many as the floor speaks of with "make bench-queue-long", which fills some 4 GB.
# Exit 1 only if records were lost: a rate below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-5}
RECORDS=${BENCH_RECORDS:-20000}
SINGLES=${BENCH_SINGLES:-500}
WAITING=${BENCH_WAITING:-1000000}
redis=
failed=0

work_in queue
export OMNI_QUEUE_DIR=$work/q

# note NAME VALUE: one measurement.
note() {
	printf '%s\n' "$2" >>"$1.runs"
}

# clock COMMAND...: microseconds on the clock, into $took.
clock() {
	local from=${EPOCHREALTIME/./}
	"$@" >/dev/null
	took=$((${EPOCHREALTIME/./} - from))
}

empty() {
	rm -rf q
	mkdir q
}

# shellcheck disable=SC2317 # clock calls it
drain() {
	omni-queue take load | omni-queue settle load
}

# shellcheck disable=SC2317 # clock calls it
follow() {
	omni-queue put load /dev/null
		omni-queue put load in.ndjson >/dev/null &
	omni-queue take load --follow --limit "$RECORDS" | omni-queue settle load | tail -n 1
	wait $!
}

round() {
	local append push move remove put take settle cpu single each

	append=$(queue_load append raw 100 <in.ndjson)
	note append "$append"
	empty
	clock omni-queue put load --batch 100 in.ndjson
	note put "$took"
	note put-ratio "$(calc %.3f "$append / $took")"
	put=$took
	clock drain
	note cycle "$((put + took))"
	[ "$(omni-queue stat load --json | jq -c '[.ready, .leased, .puts, .dones]')" = "[0,0,$RECORDS,$RECORDS]" ] || failed=1
	if [ -n "$redis" ]; then
		read -r push move remove < <(queue_load redis r/s 100 <in.ndjson)
		note redis $((push + move + remove))
		note cycle-ratio "$(calc %.3f "($push + $move + $remove) / ($put + $took)")"
	fi
	empty
	clock follow
	note follow "$took"
	empty
	read -r put take settle cpu < <(queue_load cycle q 100 0 <in.ndjson)
	note library $((put + take + settle))
	note cpu "$cpu"
	single=$(queue_load append raw 1 <singles.ndjson)
	empty
	omni-queue put load /dev/null # making a queue is not putting
	clock omni-queue put load --batch 1 singles.ndjson
	note single "$took"
	each=$(calc %.3f "$single / $took")
	note single-ratio "$each"
}

# row WHAT VALUE FLOOR: a floor that is not reached is marked.
row() {
	local mark=
	if [ "$3" != - ]; then
		mark=$(awk "BEGIN { print ($2 < $3 ? \"below\" : \"\") }")
	fi
	printf '%12s %10s %-6s %s\n' "$2" "$3" "$mark" "$1"
}

per_second() {
	calc %.0f "$2 * 1000000 / $(median "$1.runs")"
}

show() {
	printf '%12s %10s %-6s %s\n' '' floor '' "records of 1 KB, median of $RUNS, all on one disk"
	row 'records/s: append, fdatasync after each 100' "$(per_second append "$RECORDS")" -
	row 'records/s: omni-queue put --batch 100' "$(per_second put "$RECORDS")" 80000
	row '  by appending' "$(median put-ratio.runs)" 0.35
	row 'records/s: the same, and then omni-queue take | omni-queue settle' "$(per_second cycle "$RECORDS")" 30000
	if [ -n "$redis" ]; then
		row 'records/s: a list in Redis, push, pop to processing, remove, pipelines of 100' "$(per_second redis "$RECORDS")" -
		row '  omni-queue by Redis' "$(median cycle-ratio.runs)" 3
	else
		printf '%12s %10s %-6s %s\n' - 3 '' 'Redis is not installed'
	fi
	row 'records/s: put beside take --follow | settle' "$(per_second follow "$RECORDS")" -
	row 'records/s: put, take, settle by 100 in one process' "$(per_second library "$RECORDS")" -
	row 'microseconds of processor time a record of that' "$(calc %.1f "$(median cpu.runs) / $RECORDS")" -
	row 'records/s: omni-queue put --batch 1' "$(per_second single "$SINGLES")" -
	row '  by appending with an fdatasync each' "$(median single-ratio.runs)" 0.8
}

# What a record costs, the more wait the longer: processor time, as the disk is the same.
waiting() {
	local few many
	cut -c 1-300 in.ndjson | sed 's/$/"}/' >short.ndjson
	for ((i = 0; i < 3; i++)); do
		empty
		queue_load cycle q 100 10000 <short.ndjson | cut -d ' ' -f 4 >>few.runs
	done
	empty
	queue_load cycle q 100 "$WAITING" <short.ndjson | cut -d ' ' -f 4 >many.runs
	for ((i = 0; i < 2; i++)); do
		queue_load cycle q 100 0 <short.ndjson | cut -d ' ' -f 4 >>many.runs
	done
	few=$(median few.runs) many=$(median many.runs)
	row "microseconds of processor time a record, 10000 waiting (lines of 300 bytes)" "$(calc %.2f "$few / $RECORDS")" -
	row "  with $WAITING waiting" "$(calc %.2f "$many / $RECORDS")" -
	printf '%12s %10s %-6s %s\n' "$(calc %.2f "$many / $few")" 1.5 "$(awk "BEGIN { if ($many / $few > 1.5) print \"above\" }")" '  by that with 10000'
}

latency() {
	local p50 p99 most
	empty
	read -r p50 p99 most < <(queue_load latency q 1000 <in.ndjson)
	printf '%12s %10s %-6s %s\n' "$p99" 5000 "$(awk "BEGIN { if ($p99 > 5000) print \"above\" }")" \
		"microseconds from the end of put to the line out of take --follow elsewhere: p99 of 1000 (p50 $p50, most $most)"
}

awk -v n="$RECORDS" 'BEGIN { srand(1); for (i = 0; i < n; i++) { s = ""; while (length(s) < 920) s = s sprintf("%x", rand() * 2147483647)
	printf "{\"id\":\"0198c0de-0000-7000-8000-%012d\",\"kind\":\"message\",\"text\":\"%s\"}\n", i, s } }' >in.ndjson
head -n "$SINGLES" in.ndjson >singles.ndjson
! start_redis r --appendonly yes --appendfsync always || redis=yes
for ((i = 0; i < RUNS; i++)); do
	round
	[ ! -t 2 ] || printf '\r%d of %d rounds' $((i + 1)) "$RUNS" >&2
done
[ ! -t 2 ] || printf '\r\033[K' >&2
show
latency
waiting
exit "$failed"
