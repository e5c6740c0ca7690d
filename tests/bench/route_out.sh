#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/route_out.sh
#
# Measures omni-route on outbound messages with 20 candidates, 5,000 price prefixes for each of two carriers, and a policy that looks at health, price and
# weight; by the side of it, what it costs only to read the same lines and append a member (a policy with one candidate and no prices).
# Before that it is checked against a search through the whole price list in awk.  All take turns, $BENCH_RUNS times; medians are shown.
# Exit 1 only if prices differ: a rate below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-7}
RECORDS=${BENCH_RECORDS:-500000}
work_in route_out
export OMNI_CLOCK=2026-01-14T15:00:00Z

# 5,000 prefixes of 1 to 7 digits, the same each time, priced by two carriers.
awk 'BEGIN {
	srand(7)
	print "carrier,channel,prefix,per,price,currency"
	while (n < 5000) {
		p = n < 9 ? n + 1 : int(10 ^ (1 + int(rand() * 6)) * (1 + 8.999 * rand()))
		if (seen[p]++)
			continue
		n++
		printf "twilio,sms,%d,segment,%d,USD\n", p, 1000 + int(rand() * 90000)
		printf "bandwidth,sms,%d,segment,%d,USD\n", p, 1000 + int(rand() * 90000)
	}
}' >prices.csv

conf() {
	printf '{"carriers":{"twilio":{"name":"acme","auth_token":"env:T"},"bandwidth":{"name":"main","account_id":"9","api_token":"env:T","api_secret":"env:S"}},'
	printf '"numbers":['
	for ((i = 0; i < $1; i++)); do
		printf '%s{"number":"+1555010%02d","carrier":"%s"}' "$([ $i = 0 ] || echo ,)" "$i" "$([ $((i % 2)) = 0 ] && echo twilio || echo bandwidth)"
	done
	printf '],%s}\n' "$2"
}

conf 20 '"price_list":"prices.csv","policies":{"name":"p","order":["health","cheapest","weight"]}' >omni.json
conf 1 '"policies":{"name":"p","order":["priority"]}' >bare.json
# To numbers all over the world; what the message leaves open is filled.
awk -v n="$RECORDS" 'BEGIN {
	srand(11)
	for (i = 0; i < n; i++)
		printf "{\"id\":\"0190163d-8694-739b-aea5-%012x\",\"kind\":\"message\",\"at\":\"2026-01-14T09:00:00.000Z\",\"direction\":\"out\",\"channel\":\"sms\",\"to\":[{\"address\":\"+%d%07d\"}],\"type\":\"text\",\"category\":\"marketing\",\"text\":\"Your parcel %d is on its way and will be with you between two and four in the afternoon. Reply STOP to opt out.\"}\n", i, 1000 + int(rand() * 8999), int(rand() * 1e7), i
}' >in

# The cheaper of the two prices of the longest prefix, found the slow way.
head -n 2000 in | omni-route -c omni.json | sed 's/.*"amount":\([0-9]*\).*/\1/' >ours
head -n 2000 in | sed 's/.*"address":"+\([0-9]*\).*/\1/' | awk -F, '
	NR == FNR { if (FNR > 1) price[$1, $3] = $5; next }
	{
		low = 0
		for (c = 0; c < 2; c++)
			for (n = length($1); n > 0; n--)
				if (((c ? "twilio" : "bandwidth"), substr($1, 1, n)) in price) {
					p = price[(c ? "twilio" : "bandwidth"), substr($1, 1, n)]
					if (!low || p < low) low = p
					break
				}
		print low
	}' prices.csv - >theirs
cmp ours theirs || exit 1
echo 'awk and omni-route say the same 2,000 prices'

for ((i = 0; i < RUNS; i++)); do
	for name in omni bare; do
		spawn -i in -o /dev/null -r report omni-route -c "$name.json"
		read -r wall user sys _ <report
		echo "$wall" >>"$name.wall"
		echo $((user + sys)) >>"$name.cpu"
	done
done

# row FILE FLOOR TEXT
row() {
	sort -n "$1" | awk -v n="$RECORDS" -v floor="$2" -v text="$3" '{ v[NR] = $1 } END {
		rate = n * 1e6 / v[int((NR + 1) / 2)]
		printf "%12d %10s %-6s records/s  %s\n", rate, floor, floor != "-" && rate < floor ? "below" : "", text }'
}
printf '\n%12s %10s\n' measured floor
row omni.wall 200000 '20 candidates, 5,000 price prefixes'
row omni.cpu - 'the same, of processor time'
row bare.wall - 'one candidate, no prices'
