#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/pipe.sh
#
# omni-pipe of validate, normalize and route against the three programs in a pipe, on one core, and with two threads against
# itself with one.  First their output must be the same.  The ratios are medians of $BENCH_RUNS rounds in which each runs once:
# of processor time, user and system of all processes, on one core; of time on the clock for threads.
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
RECORDS=${BENCH_RECORDS:-200000}
RUNS=${BENCH_RUNS:-7}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
DATA=$BUILD/bench/pipe-data
PATH=$BUILD:$BUILD/bench:$PATH
chain=(omni-pipe -q)
stages=(validate -c omni.json ',' normalize ',' route -c rules.json)

rm -rf "$DATA"
mkdir -p "$DATA"
cd "$DATA"
make_corpus "$RECORDS" .
omni-recv --from -c omni.json --at 2026-01-14T09:00:00Z --id 0190163d-8694-739b-aea5-966c26f8ad90 requests-*.http >webhooks.ndjson
rm -f requests-*.http

cat >in-a-pipe <<'EOF2'
omni-validate -q -c omni.json | omni-normalize | omni-route -q -c rules.json
EOF2
bash in-a-pipe <webhooks.ndjson >want
for jobs in 1 2; do
	"${chain[@]}" -j "$jobs" "${stages[@]}" <webhooks.ndjson | cmp want -
done
printf 'the same bytes from the pipe and from omni-pipe, -j 1 and -j 2: %s records\n' "$RECORDS"

# measure NAME SPAWN-OPTION... PROGRAM...: one run; its processor time and its time go to NAME.runs.
measure() {
	local name=$1 wall user sys
	shift
	spawn -i webhooks.ndjson -o /dev/null -r report "$@"
	read -r wall user sys _ <report
	printf '%s %s\n' "$((user + sys))" "$wall" >>"$name.runs"
}

rm -f ./*.runs
for ((i = 0; i < RUNS; i++)); do
	measure programs -c "$CORE" bash in-a-pipe
	measure one -c "$CORE" "${chain[@]}" "${stages[@]}"
	measure two "${chain[@]}" -j 2 "${stages[@]}"
	measure single "${chain[@]}" "${stages[@]}"
done

# median NAME NAME COLUMN: the median of the ratios of two rows.
median() {
	paste -d' ' "$1.runs" "$2.runs" | awk -v c="$3" '{ print $c / $(c + 2) }' | sort -n |
		awk '{ r[NR] = $1 } END { printf "%.2f", r[int((NR + 1) / 2)] }'
}

# row RATIO FLOOR TEXT
row() {
	printf '%6s %6s %-6s %s\n' "$1" "$2" "$(awk "BEGIN { print ($1 < $2 ? \"below\" : \"\") }")" "$3"
}

printf '\n%6s %6s\n' ratio floor
row "$(median programs one 1)" 1.8 'three programs on one core / omni-pipe on that core (processor time)'
row "$(median programs one 2)" 1.8 'the same, time on the clock'
row "$(median single two 2)" 1.7 'omni-pipe / omni-pipe -j 2 (time on the clock)'
