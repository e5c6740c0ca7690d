#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/fetch.sh
#
# Measures lib/fetch against a bare loop of curl_multi_poll: GET and POST of 1 KB to a local nginx, 64 in flight.  They
# take turns, $BENCH_RUNS times; medians are shown.  Exit 1 only if something was not answered 2xx.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-5}
REQUESTS=${BENCH_REQUESTS:-60000}
PORT=${BENCH_PORT:-18930}
work=$(mktemp -d)
cd "$work"
trap 'kill "$nginx" 2>/dev/null || :; rm -rf "$work"' EXIT

cat >nginx.conf <<-END
	worker_processes 1; daemon off; pid $work/pid; error_log stderr crit;
	events { worker_connections 4096; }
	http { access_log off; keepalive_requests 100000000;
	       server { listen 127.0.0.1:$PORT backlog=4096; location / { return 200 "ok\n"; } } }
END
nginx -p . -c nginx.conf 2>err &
nginx=$!
for _ in $(seq 100); do
	(exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && break
	sleep 0.05
done

measure() {
	local name=$1 a b
	shift
	: >bare
	: >door
	for _ in $(seq "$RUNS"); do
		"$BUILD/bench/fetch_bare" "http://127.0.0.1:$PORT/" "$REQUESTS" 64 "$@" >>bare
		"$BUILD/bench/fetch_door" "http://127.0.0.1:$PORT/" "$REQUESTS" 64 "$@" >>door
	done
	a=$(median bare) b=$(median door)
	awk -v name="$name" -v a="$a" -v b="$b" 'BEGIN {
		printf "%-10s bare %7d/s, lib/fetch %7d/s: %.2f of it%s\n", name, a, b, b / a, b < 0.85 * a ? "  (floor 0.85: BELOW)" : "" }'
}

measure GET
measure "POST 1 KB" 1024
