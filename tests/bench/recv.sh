#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/recv.sh
#
# Measures omni-recv against the peers that are installed: POST of 1 KB, keep-alive, 64 connections, the load generator on the same
# machine.  The servers take turns, $BENCH_RUNS times $BENCH_SECONDS each, so that a busy moment hits all of them; medians are
# shown.  Exit 1 only if something was not answered 2xx: a rate below its floor is marked, as no test asserts a time.
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
HERE=$(dirname "$(realpath "$0")")
RUNS=${BENCH_RUNS:-5}
SECONDS_EACH=${BENCH_SECONDS:-3}
IDLE=${BENCH_IDLE:-10000}
BASE=${BENCH_PORT:-18200}
work=$(mktemp -d)
declare -A pid port rates cpus p99s
failed=0
PATH=$BUILD:$BUILD/serve:$PATH
cd "$work"

# shellcheck disable=SC2317 # the trap calls it
finish() {
	kill "${pid[@]}" 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT

installed() {
	command -v "$1" >/dev/null
}

calc() {
	awk "BEGIN { printf \"$1\", ($2) }"
}

median() {
	tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# server NAME COMMAND...: run it with its standard output thrown away; "PORT" in the command is a port of its own.
next=$BASE
server() {
	local name=$1
	shift
	port[$name]=$((next++))
	# shellcheck disable=SC2294
	"${@//PORT/${port[$name]}}" >/dev/null 2>"$name.err" &
	pid[$name]=$!
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/127.0.0.1/${port[$name]}") 2>/dev/null && return
		sleep 0.05
	done
	cat "$name.err"
	return 1
}

# ticks NAME: processor time of the server and its children, in 1/100 s.
ticks() {
	local p sum=0
	for p in ${pid[$1]} $(pgrep -P "${pid[$1]}" || :); do
		sum=$((sum + $(awk '{ print $14 + $15 + $16 + $17 }' "/proc/$p/stat" 2>/dev/null || echo 0)))
	done
	echo "$sum"
}

# quiet: wait until no server works any more: webhook(1) answers first, and then has its commands still to run.
quiet() {
	local name before after=-1
	for _ in $(seq 240); do
		before=$after after=0
		for name in "${names[@]}"; do
			after=$((after + $(ticks "$name")))
		done
		[ "$before" -ne "$after" ] || return 0
		sleep 0.25
	done
	echo 'a server does not come to rest: the figures are too low'
}

measure() {
	local name=$1 path=/webhooks/twilio before after requests
	[ "$name" = webhook ] && path=/hooks/twilio
	before=$(ticks "$name")
	wrk -t2 -c64 -d"$SECONDS_EACH"s --latency -s "$HERE/recv.lua" "http://127.0.0.1:${port[$name]}$path" >wrk.out
	after=$(ticks "$name")
	if grep -q 'Non-2xx' wrk.out; then
		echo "$name: $(grep 'Non-2xx' wrk.out)"
		failed=1
	fi
	requests=$(awk '/requests in/ { print $1 }' wrk.out)
	rates[$name]+=" $(awk '/Requests\/sec/ { printf "%d", $2 }' wrk.out)"
	cpus[$name]+=" $(calc %.1f "($after - $before) * 10000 / $requests")"
	p99s[$name]+=" $(awk '$1 == "99%" { print $2 * ($2 ~ /us$/ ? 1 : $2 ~ /ms$/ ? 1000 : 1000000) }' wrk.out)"
}

# latency NAME PEER CEILING TEXT: its slowest percent against that of a peer.
latency() {
	local ratio
	[ "${p99s[$2]-}" ] || return 0
	ratio=$(calc %.2f "$(median "${p99s[$1]}") / $(median "${p99s[$2]}")")
	printf '%9s times the p99 of %s, at most %s %s: %s\n' "$ratio" "$2" "$3" \
		"$(awk "BEGIN { print ($ratio > $3 ? \"above\" : \"\") }")" "$4"
}

# row NAME PEER FLOOR TEXT: ours against a peer.
row() {
	local ratio=- mark=
	if [ "$2" != - ] && [ "${rates[$2]-}" ]; then
		ratio=$(calc %.2f "$(median "${rates[$1]}") / $(median "${rates[$2]}")")
		[ "$3" = - ] || mark=$(awk "BEGIN { print ($ratio < $3 ? \"below\" : \"\") }")
	fi
	printf '%9s %8s %9s %7s %6s %-6s %s\n' "$(median "${rates[$1]}")" "$(median "${cpus[$1]}")" \
		"$(median "${p99s[$1]}")" "$ratio" "$3" "$mark" "$4"
}

rss() {
	awk '/VmRSS/ { printf "%.1f", $2 / 1000 }' "/proc/$1/status"
}

installed wrk || { echo 'wrk is not installed'; exit 1; }
printf '{ "public_url": "https://hooks.example.com", "carriers": { "twilio": { "account_sid": "AC00000000000000000000000000000001",
	"auth_token": "t0ken" } } }' >omni.json
chmod 600 omni.json

# What Twilio posts for a message, 1 KB in all, and its signature over the URL and the sorted fields, decoded.
{
	printf 'AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&Body='
	printf 'Hello+world+%.0s' $(seq 46)
	printf '&From=%%2B15550123&FromCity=SAN+FRANCISCO&FromCountry=US&FromState=CA&FromZip=94103'
	printf '&MessageSid=SM00000000000000000000000000000a01&NumMedia=0&NumSegments=4'
	printf '&SmsMessageSid=SM00000000000000000000000000000a01&SmsSid=SM00000000000000000000000000000a01'
	printf '&SmsStatus=received&To=%%2B15550100&ToCountry=US'
} >body
export WEBHOOK_BODY=$work/body
WEBHOOK_SIGNATURE=$(
	{
		printf 'https://hooks.example.com/webhooks/twilio'
		tr '&' '\n' <body | sort | sed 's/=//; s/+/ /g; s/%2B/+/g' | tr -d '\n'
	} | openssl dgst -sha1 -hmac t0ken -binary | base64
)
export WEBHOOK_SIGNATURE

server stdout omni-recv -c omni.json --listen 127.0.0.1:PORT
server verify omni-recv -c omni.json --listen 127.0.0.1:PORT --verify
server file omni-recv -c omni.json --listen 127.0.0.1:PORT -o records.ndjson
server queue omni-recv -c omni.json --listen 127.0.0.1:PORT --queue "sqlite:$work/queue"
names=(stdout verify file queue)
printf '%9s MB resident when idle, floor 10\n' "$(rss "${pid[stdout]}")"
if installed nginx; then
	cat >nginx.conf <<-EOF
		daemon off; pid nginx.pid; error_log nginx.log; worker_processes auto;
		events { worker_connections 4096; }
		http { access_log off; keepalive_requests 1000000000; client_body_temp_path tmp; proxy_temp_path tmp;
		fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
		server { listen 127.0.0.1:$next; location / { return 200 "ok"; } } }
	EOF
	server nginx nginx -c "$work/nginx.conf" -p "$work/" && names+=(nginx)
fi
installed node && server node node "$HERE/recv.mjs" PORT && names+=(node)
if installed webhook; then
	echo '[{ "id": "twilio", "execute-command": "/bin/true" }]' >hooks.json
	server webhook webhook -hooks hooks.json -ip 127.0.0.1 -port PORT && names+=(webhook)
fi

for ((i = 0; i < RUNS; i++)); do
	for name in "${names[@]}"; do
		quiet
		measure "$name"
	done
done

printf '\n%9s %8s %9s %7s %6s %-6s %s\n' requests/s CPU-us p99-us ratio floor '' server
row stdout nginx 0.8 'omni-recv, against nginx answering "return 200"'
row stdout node 3 'omni-recv, against Node.js doing the same'
row stdout webhook 8 'omni-recv, against webhook(1)'
row verify nginx 0.6 'omni-recv --verify, against nginx'
row file nginx - 'omni-recv -o FILE, every record synced, against nginx'
row queue nginx 0.4 'omni-recv --queue, every record committed, against nginx'
row queue webhook 4 'omni-recv --queue, against webhook(1)'
for name in nginx node webhook; do
	[ -z "${rates[$name]-}" ] || row "$name" - - "$name"
done
printf '%9s us of processor time a request, to standard output, floor 14\n' "$(median "${cpus[stdout]}")"
latency queue nginx 3 'omni-recv --queue'
kill "${pid[@]}" 2>/dev/null
pid=()

server stdout omni-recv -c omni.json --listen 127.0.0.1:PORT --max-per-address 0 --idle 600
load -i "${port[stdout]}" "$IDLE" 8 >/dev/null 2>load.err &
for _ in $(seq 70); do
	sleep 0.1
	open=$(awk '$1 == "omni_recv_connections" { print $2 }' < <(curl -s "http://127.0.0.1:${port[stdout]}/metrics"))
	[ "${open:-0}" -gt "$IDLE" ] && break
done
printf '%9s MB resident with %s connections open, each of which has sent a webhook, floor 150\n' "$(rss "${pid[stdout]}")" "$open"
wait $!
exit "$failed"
