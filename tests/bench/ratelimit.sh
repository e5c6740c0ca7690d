#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/ratelimit.sh
#
# Measures omni-ratelimit with four keys a record, state in memory and in a shared file, against a script in Redis that takes one of four
# keys, 128 calls in flight; both first have to let the same records go.  Then: $BENCH_KEYS live keys in the shared file against
# a thousand; how late records leave at 1,000 a second; how long a simulation takes.  All take turns, $BENCH_RUNS times; medians are
# shown, and ratios are medians of those of one turn.  Exit 1 only if decisions differ, keys are lost or a key needs too much
# room: a rate below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-7}
RECORDS=${BENCH_RECORDS:-1000000}
KEYS=${BENCH_KEYS:-10000000}
PACED=${BENCH_PACED:-5000}
redis=
failed=0

work_in ratelimit

# limits RATE BURST...: the configuration of the four limits.
limits() {
	local template n=0 comma=
	printf '{"limits":['
	for template in '{carrier}/{account}' '{from.address}' '{to.0.address}' '{from.address}>{to.0.address}'; do
		n=$((n + 1))
		printf '%s{"name":"limit%d","key":"%s","rate":"%s","burst":%d}' "$comma" "$n" "$template" "$1" "$2"
		comma=,
		shift 2
	done
	printf ']}\n'
}

# The same records at the same times have to wait as long, whoever is asked.
same_decisions() {
	local step now base=1768381200000
	limits 100/s 60 40/s 20 5/s 3 4/s 2 >tight.json
	: >theirs
	: >ours
	for step in $(seq 0 29); do
		now=$((base + step * 137))
		make_outbound 1000 $((300 + step)) any keys 10 30 | redis_gcra s $now 10000 60 25000 20 200000 3 250000 2 >>theirs
		make_outbound 1000 $((300 + step)) any messages 10 30 |
			OMNI_CLOCK=$(date -u -d "@$((now / 1000)).$(printf %03d $((now % 1000)))" +%FT%T.%3NZ) \
				omni-ratelimit -c tight.json --state tight --mode tag | sed 's/.*"wait_ms":\([0-9]*\).*/\1/' >>ours
	done
	if cmp -s ours theirs; then
		printf 'Redis and omni-ratelimit let the same %d of %d records go, and say the same times for the rest\n' \
			"$(grep -cx 0 ours)" "$(wc -l <ours)"
	else
		echo 'Redis and omni-ratelimit do not say the same'
		failed=1
	fi
	redis-cli -s "$work/s" flushall >/dev/null
}

# run NAME INPUT COMMAND...: one run: microseconds on the clock and of the processor to NAME.wall and NAME.cpu.
run() {
	timed "$1" -i "$2" -o /dev/null "${@:3}"
}

# rate NAME: records a second.
rate() {
	calc %d "$RECORDS * 1e6 / $(median "$1")"
}

plenty=(1/10m 100000 1/10m 100000 1/10m 100000 1/10m 100000)
limits "${plenty[@]}" >omni.json
make_outbound "$RECORDS" 250 any messages >few
make_outbound "$RECORDS" 250 any keys >few.keys
make_outbound "$RECORDS" $((KEYS / 4)) any messages >many
! start_redis . --appendonly no || redis=yes
[ -z "$redis" ] || same_decisions
make_outbound $((KEYS / 4)) $((KEYS / 4)) each messages | omni-ratelimit -c omni.json --state large --keys "$KEYS" >/dev/null
limits=(omni-ratelimit -q -c omni.json)
for ((i = 0; i < RUNS; i++)); do
	run memory few "${limits[@]}"
	run file few "${limits[@]}" --state small --keys 1000
	run large many "${limits[@]}" --state large
	# The script is slow: a tenth of the records says as much.
	[ -z "$redis" ] || run redis <(head -n $((RECORDS / 10)) few.keys) \
		redis_gcra s "$(date +%s000)" 600000000 100000 600000000 100000 600000000 100000 600000000 100000
done
held=$(omni-ratelimit --stat -c omni.json --state large | sed 's/.*"keys":\([0-9]*\).*/\1/')
room=$(calc %.1f "$(stat -c %s large) / $KEYS")
[ "$held" = $((KEYS / 4 * 4)) ] || failed=1
[ "$(calc %d "$room >= 64")" = 0 ] || failed=1

printf '\n%12s %10s\n' measured floor
row "$(rate memory.wall)" 400000 records/s 'four keys a record, state in memory'
row "$(rate file.wall)" 250000 records/s 'four keys a record, state in the shared file, 1,000 keys'
row "$(rate large.wall)" - records/s "the same with $held live keys"
row "$(ratio file.wall large.wall)" 0.5 ratio 'that with 1,000 keys = 1, on the clock'
row "$(ratio file.cpu large.cpu)" 0.5 ratio 'the same, processor time'
row "$room" 64! bytes "a key in the shared file"
if [ -n "$redis" ]; then
	awk '{ print $1 * 10 }' redis.wall >redis10.wall
	row "$(rate redis10.wall)" - records/s "the script in Redis, one call a record, 128 in flight"
	row "$(ratio redis10.wall memory.wall)" 4 ratio 'state in memory / the script'
	row "$(ratio redis10.wall file.wall)" 4 ratio 'state in the shared file / the script'
fi

limits 1000/s 1 1000000/s 1000 1000000/s 1000 1000000/s 1000 >paced.json
for ((i = 0; i < RUNS; i++)); do
	make_outbound "$PACED" 1 each messages | omni-ratelimit -c paced.json --max-hold 1h | pacing 1000 >>pacing.runs
done
for column in 1:p50:- 2:p99:2.00! 3:max:-; do
	IFS=: read -r n name floor <<<"$column"
	cut -d' ' -f"$n" pacing.runs >pacing.column
	row "$(calc %.2f "$(median pacing.column) / 1000")" "$floor" ms "records leave after their time at 1,000/s, $name"
done

make_outbound 1000000 1000 any messages >campaign
limits 1000/s 1000 2/s 1 2/s 1 2/s 1 >campaign.json
run simulate campaign omni-ratelimit -c campaign.json --simulate 2>summary
row "$(calc %.1f "$(median simulate.wall) / 1e6")" - s 'to simulate a campaign of a million records'
sed 's/^/             /' summary
exit $failed
