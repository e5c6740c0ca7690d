#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/deliver.sh
#
# Measures omni-deliver, with a ledger and without, to a local nginx over HTTP/1.1 with keep-alive, 256 requests at once,
# against a bare loop of curl_multi_poll that makes as many POSTs of the same size, and against Node.js with undici (found by
# $UNDICI, a directory whose node_modules has it, or $NODE_PATH; left out where there is none).  Each must have sent all.
# They take turns, $BENCH_RUNS times; medians are shown, and ratios are medians of those of one turn.  Exit 1 only if
# something was not sent: a ratio below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-5}
RECORDS=${BENCH_RECORDS:-100000}
work=$(mktemp -d "${BENCH_DIR:-$BUILD}/deliver.XXXXXX")
nginx=

# shellcheck disable=SC2317 # the trap calls it
finish() {
	[ -z "$nginx" ] || kill "$nginx" 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT
cd "$work"

now() {
	date +%s%N
}

start_nginx() {
	local port=$((20000 + RANDOM % 20000))
	url=http://127.0.0.1:$port
	cat >nginx.conf <<-END
		daemon off; pid nginx.pid; error_log nginx.log; worker_processes 1;
		events { worker_connections 4096; }
		http {
			access_log off; keepalive_requests 100000000; client_body_buffer_size 64k;
			server {
				listen 127.0.0.1:$port backlog=4096;
				location / { default_type application/json; return 202 '{"id":"1589228074636lm4k2je7j7jklbn2","time":"2026-01-14T09:00:00.000Z"}'; }
			}
		}
	END
	nginx -c "$work/nginx.conf" -p "$work/" 2>nginx.err &
	nginx=$!
	for _ in $(seq 100); do
		! curl -sf -o /dev/null -X POST "$url/" || return 0
		sleep 0.05
	done
	echo 'nginx does not start' >&2
	return 1
}

make_input() {
	awk -v n="$RECORDS" 'BEGIN { for (i = 1; i <= n; i++) printf "{\"id\":\"0198c0de-%04x-7%03x-8000-%012x\",\"kind\":\"message\",\"at\":\"2026-01-14T09:00:00.000Z\",\"direction\":\"out\",\"channel\":\"sms\",\"carrier\":\"bandwidth\",\"account\":\"a\",\"from\":{\"address\":\"+15550100\"},\"to\":[{\"address\":\"+1555%07d\"}],\"type\":\"text\",\"text\":\"Your order %d left this morning and will be with you tomorrow between 9 and 12. Reply STOP to hear no more.\",\"trace\":\"00-0198c0de000070008000000000000001-8000000000000001-01\"}\n", i / 4096 % 65536, i % 4096, i, i % 10000000, i }' >in.ndjson
	printf '{"carriers":{"bandwidth":{"name":"a","account_id":"900","api_token":"TOKEN","api_secret":"SECRET","application_id":"app","base_url":"%s"}}}\n' "$url" >omni.json
	chmod 600 omni.json
	body=$(head -n 1 in.ndjson | omni-deliver -q -c omni.json --dry-run=json | jq -r .body | wc -c)
}

# sent(file): all of them were.
sent() {
	local n
	n=$(grep -c '"outcome":"sent"' "$1")
	[ "$n" -eq "$RECORDS" ] || { echo "$1: $n of $RECORDS were sent" >&2; exit 1; }
}

turn_bare() {
	fetch_bare "$url/api/v2/users/900/messages" "$RECORDS" 256 "$body" >/dev/null
}
turn_deliver() {
	omni-deliver -q -c omni.json in.ndjson >out
}
turn_ledger() {
	rm -f sent.db*
	omni-deliver -q -c omni.json --ledger sent.db in.ndjson >out
}
turn_undici() {
	node "$HERE/deliver.mjs" in.ndjson "$url" >out
}

turn_fetch() {
	node "$HERE/deliver.mjs" in.ndjson "$url" fetch >out
}

# measure(name): its rate, and its processor time a message.
measure() {
	local from used
	from=$(now)
	used=$({ TIMEFORMAT='%U %S'; time "turn_$1" 2>"$1.err"; } 2>&1) || { cat "$1.err" >&2; exit 1; }
	calc '%d\n' "$RECORDS * 1e9 / ($(now) - $from)" >>"$1.rates"
	awk -v n="$RECORDS" '{ printf "%.1f\n", ($1 + $2) * 1e6 / n }' <<<"$used" >>"$1.cpu"
	[ "$1" = bare ] || sent out
}

start_nginx
make_input
names=(bare deliver ledger)
UNDICI=${UNDICI:-${NODE_PATH:+${NODE_PATH%/node_modules}}}
if command -v node >/dev/null && [ -d "${UNDICI:-.}/node_modules/undici" ]; then
	UNDICI=$(realpath "${UNDICI:-.}")
	export UNDICI
	names+=(undici fetch)
else
	echo 'left out: Node.js with undici is not here (UNDICI=DIR of its node_modules)'
fi
for _ in $(seq "$RUNS"); do
	for name in "${names[@]}"; do
		measure "$name"
	done
done
printf 'omni-deliver: %d messages, %d turns, %s bytes a body\n' "$RECORDS" "$RUNS" "$body"
printf '%12s %10s %-6s %-12s %s\n' rate floor '' unit what
for name in "${names[@]}"; do
	printf '%12s %10s %-6s %-12s %s\n' "$(median "$name.rates")" - '' messages/s "$name ($(median "$name.cpu") us of processor time each)"
done
row "$(ratio deliver.rates bare.rates)" 0.7 times 'omni-deliver, by a bare loop of curl_multi_poll'
row "$(ratio ledger.rates bare.rates)" 0.5 times 'omni-deliver --ledger, by the bare loop'
if [ "${#names[@]}" -gt 3 ]; then
	row "$(ratio deliver.rates undici.rates)" 5 times 'omni-deliver, by Node.js (undici: request of a pool)'
	row "$(ratio deliver.rates fetch.rates)" 5 times 'omni-deliver, by Node.js (undici: fetch)'
fi
