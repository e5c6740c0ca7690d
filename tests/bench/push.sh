#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/push.sh
#
# Measures what omni-push does, against the packages web-push and http_ece (NODE_PATH) and clients of HTTP/2:
#
# - encryption and signing of Web Push, on one core: processor time, checked by decrypting what both made;
# - notifications to a local server over TLS, one connection, server and client on a core each: against a bare loop of
#   curl_multi, and a client with Node's http2; each must have had all of its requests answered.
#
# All take turns, $BENCH_RUNS times; medians are shown, ratios are medians of those of one turn.  Exit 1 only if an output differs: a
# rate below its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RUNS=${BENCH_RUNS:-5}
SEALED=${BENCH_SEALED:-40000}
PUSHES=${BENCH_PUSHES:-60000}
DEVICES=1000
WINDOW=${BENCH_WINDOW:-500}
CORE=$(($(nproc) - 1))
failed=0

work_in push

# run NAME N INPUT OUTPUT COMMAND...: one run; records a second by the clock to NAME.wall, by processor time to NAME.cpu.
run() {
	local name=$1 n=$2 input=$3 output=$4 wall user sys
	shift 4
	spawn -c "$CORE" -i "$input" -o "$output" -r report "$@"
	read -r wall user sys _ <report
	calc '%.1f\n' "$n * 1e6 / $wall" >>"$name.wall"
	calc '%.1f\n' "$n * 1e6 / ($user + $sys)" >>"$name.cpu"
}

rate() {
	calc %.0f "$(median "$1")"
}

differs() {
	printf 'DIFFERS: %s\n' "$1"
	failed=1
}

# ---- encryption and signing ----

node=
if node_has; then node=1; fi
package=
if node_has web-push http_ece; then package=1; fi
[ -n "$package" ] || echo 'web-push and http_ece are not found (NODE_PATH): no ratio to them'

printf '{"title":"Order 4711","body":"It left this morning.","data":{"order_id":"4711","filler":"%0200d"}}' 0 >text
sealing() {
	node "$HERE/webpush.mjs" keys >browser
	local p256dh auth how
	p256dh=$(sed 's/.*"p256dh":"\([^"]*\)".*/\1/' browser)
	auth=$(sed 's/.*"auth":"\([^"]*\)".*/\1/' browser)
	for ((i = 0; i < RUNS; i++)); do
		for how in each origin; do
			run "ours-$how" "$SEALED" text body webpush "$how" "$SEALED" "$p256dh" "$auth"
			[ -z "$package" ] || node "$HERE/webpush.mjs" open browser body | cmp -s - text || differs "what webpush encrypts ($how)"
			[ -n "$package" ] || continue
			run "theirs-$how" $((SEALED / 20)) text body node "$HERE/webpush.mjs" "$how" $((SEALED / 20)) browser
			node "$HERE/webpush.mjs" open browser body | cmp -s - text || differs "what web-push encrypts ($how)"
		done
	done
	printf '\n%12s %10s\n' measured floor
	row "$(rate ours-origin.cpu)" 15000 messages/s 'Web Push, encrypted and signed as omni-push does: a token an origin'
	row "$(rate ours-each.cpu)" - messages/s 'the same with a signature for each message'
	if [ -n "$package" ]; then
		row "$(rate theirs-each.cpu)" - messages/s 'web-push in Node.js, which signs each'
		row "$(ratio ours-origin.cpu theirs-each.cpu)" 5 ratio 'ours as omni-push does / web-push as it does'
		row "$(ratio ours-each.cpu theirs-each.cpu)" - ratio 'both with a signature for each'
		row "$(ratio ours-origin.cpu theirs-origin.cpu)" - ratio 'both without'
	fi
}
[ -z "$node" ] || sealing

# ---- requests ----

command -v nghttpd >/dev/null || { echo 'nghttpd is not installed: no requests are measured'; exit $failed; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt -days 2 \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out apns.p8 2>/dev/null
mkdir -p www/3/device
# An answer with a body: libcurl before 8 resets a stream whose empty answer ends in a frame of its own, and nghttpd takes no more than
# a thousand resets.
for ((i = 0; i < DEVICES; i++)); do echo '{}' >"www/3/device/$i"; done
port=$((20000 + RANDOM % 20000))
# With 64 KiB of all bodies at once, what is without -W, the window of requests would not be full in any of them.
taskset -c 0 nghttpd -d www -m "$WINDOW" -W 22 -a 127.0.0.1 "$port" tls.key tls.crt >log 2>&1 &
servers+=($!)
for _ in $(seq 50); do
	curl -s -o /dev/null --cacert tls.crt "https://127.0.0.1:$port/3/device/0" && break
	sleep 0.1
done
base=https://127.0.0.1:$port
printf '{"push":{"ca":"tls.crt","apns":{"topic":"com.example.app","team_id":"TEAM123456","key_id":"ABC123DEFG","key":"file:apns.p8","base_url":"%s"}}}\n' "$base" >omni.json
awk -v n="$PUSHES" -v d="$DEVICES" 'BEGIN { for (i = 0; i < n; i++)
	printf "{\"id\":\"0198c0de-0000-7000-8000-%012d\",\"kind\":\"push\",\"devices\":[{\"platform\":\"apns\",\"token\":\"%d\"}],\"title\":\"Order 4711\",\"body\":\"It left this morning.\",\"data\":{\"order_id\":\"4711\",\"filler\":\"%0200d\"}}\n", i, i % d, 0 }' >in
omni-push -c omni.json -n <(head -n 1 in) | sed 's/.*"body":\({"aps".*}\)}$/\1/' | tr -d '\n' >body

for ((i = 0; i < RUNS; i++)); do
	run bare "$PUSHES" body count push_multi "$base" tls.crt "$PUSHES" "$DEVICES" "$WINDOW"
	[ "$(cat count)" = "$PUSHES" ] || differs "curl_multi: $(cat count) answers"
	run push "$PUSHES" in out omni-push -q -c omni.json --window "$WINDOW"
	[ "$(grep -c '"outcome":"sent"' out)" = "$PUSHES" ] || differs "omni-push: $(grep -c '"outcome":"sent"' out) were sent"
	if [ -n "$node" ]; then
		run node $((PUSHES / 4)) body count node "$HERE/push.mjs" "$base" tls.crt $((PUSHES / 4)) "$DEVICES" "$WINDOW"
		[ "$(cat count)" = $((PUSHES / 4)) ] || differs "Node.js: $(cat count) answers"
	fi
done
row "$(rate push.wall)" - pushes/s 'omni-push to a local server, HTTP/2 over TLS, one connection'
row "$(rate bare.wall)" - pushes/s 'a bare loop of curl_multi'
row "$(ratio push.wall bare.wall)" 0.7 ratio 'omni-push / the bare loop, on the clock'
row "$(ratio push.cpu bare.cpu)" - ratio 'the same, processor time'
if [ -n "$node" ]; then
	row "$(rate node.wall)" - pushes/s "Node.js, http2"
	row "$(ratio push.wall node.wall)" 5 ratio 'omni-push / Node.js, on the clock'
	row "$(ratio push.cpu node.cpu)" - ratio 'the same, processor time'
fi
exit $failed
