#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/pipe.sh
#
# omni-pipe of validate, normalize and route against the three programs in a pipe, on one core, and with two threads against
# itself with one.  First their output must be the same.  The ratios are medians of $BENCH_RUNS rounds in which each runs once:
# of processor time, user and system of all processes, on one core; of time on the clock for threads.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RECORDS=${BENCH_RECORDS:-200000}
RUNS=${BENCH_RUNS:-7}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
DATA=$BUILD/bench/pipe-data
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

# measure NAME SPAWN-OPTION... PROGRAM...
measure() {
	timed "$1" -i webhooks.ndjson -o /dev/null "${@:2}"
}

rm -f ./*.wall ./*.cpu
for ((i = 0; i < RUNS; i++)); do
	measure programs -c "$CORE" bash in-a-pipe
	measure one -c "$CORE" "${chain[@]}" "${stages[@]}"
	measure two "${chain[@]}" -j 2 "${stages[@]}"
	measure single "${chain[@]}" "${stages[@]}"
done

printf '\n%12s %10s\n' ratio floor
row "$(ratio programs.cpu one.cpu)" 1.8 ratio 'three programs on one core / omni-pipe on that core (processor time)'
row "$(ratio programs.wall one.wall)" 1.8 ratio 'the same, time on the clock'
row "$(ratio single.wall two.wall)" 1.7 ratio 'omni-pipe / omni-pipe -j 2 (time on the clock)'
