#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/inbound.sh
#
# The whole inbound pipeline of six processes, durable at both ends: webhooks that wait in a queue are taken, verified, translated,
# routed, stored with the full-text index, and settled.  $BENCH_RECORDS webhooks, half of Twilio, half of WhatsApp, signed; the
# median of $BENCH_RUNS runs on the clock, on all cores, and what each process has of their processor time.
# Exit 1 only if records were lost: a rate below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RECORDS=${BENCH_RECORDS:-30000}
RUNS=${BENCH_RUNS:-5}
FLOOR=15000
work_in inbound
export OMNI_QUEUE_DIR=$work/q OMNI_STORE=$work/store.db

make_corpus "$RECORDS" .
omni-recv --from -c omni.json requests-*.http >webhooks
rm requests-*.http

# of NAME COMMAND...: run it, its processor seconds into the file cpu.NAME.
of() {
	local name=$1
	shift
	command time -f '%U %S' -a -o "cpu.$name" -- "$@"
}

# All that waits goes through; the clock's microseconds into the file runs.
once() {
	local from
	rm -rf q store.db*
	omni-queue put inbound webhooks >/dev/null
	from=${EPOCHREALTIME/./}
	of take omni-queue take inbound |
		of validate omni-validate -q -c omni.json |
		of normalize omni-normalize |
		of route omni-route -c rules.json |
		of store omni-store put |
		of settle omni-queue settle inbound >passed
	echo $((${EPOCHREALTIME/./} - from)) >>runs
	[ "$(omni-queue stat inbound --json | jq '[.dones, .ready + .leased + .held + .delayed + .dead] | @json' -r)" = "[$RECORDS,0]" ] ||
		{ echo "lost: $(omni-queue stat inbound --json)"; exit 1; }
}

for _ in $(seq "$RUNS"); do
	once
done
took=$(sort -n runs | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
rate=$((RECORDS * 1000000 / took))
printf 'inbound: %d webhooks through six processes, %d records stored, median of %d runs on %d cores\n' "$RECORDS" \
	"$(jq -r 'select(.store.new) | .id' passed | wc -l)" "$RUNS" "$(nproc)"
printf '  %d webhooks/s (floor %d)%s\n' "$rate" "$FLOOR" "$([ "$rate" -ge "$FLOOR" ] || echo '  BELOW')"
for name in take validate normalize route store settle; do
	awk -v name="$name" '{ s += $1 + $2 } END { print s, name }' "cpu.$name"
done >shares
awk -v n="$((RECORDS * RUNS))" 'NR == FNR { all += $1; next } { printf "  %-10s %5.1f us a webhook, %2.0f %%\n", $2, $1 / n * 1e6, $1 / all * 100 }' shares shares
