#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The scripts in pipelines/ and their systemd units, run as they are.

load helper

top=$(cd -- "$BATS_TEST_DIRNAME/.." && pwd)
pipelines=$top/pipelines

# shellcheck disable=SC2164 # bats fails the test
setup() {
	cd "$BATS_TEST_TMPDIR"
	# shellcheck source=/dev/null
	. "$pipelines/demo/secrets"
	export OMNI_CONFIG=$pipelines/demo/omni.json OMNI_QUEUE_DIR=$PWD OMNI_STORE=$PWD/store.db
	script=
}

teardown() {
	[ -z "$script" ] || kill -KILL -- "-$script" 2>/dev/null || :
	[ -z "${sandbox:-}" ] || kill "$sandbox" 2>/dev/null || :
}

# background(command...): run it in a process group of its own; its words in err, its id in $script.
background() {
	setsid "$@" >out 2>err &
	script=$!
}

# post(file...): send the raw requests to $port, their heads with CRLF; prints each status, and fails at any but 200.
post() {
	local file
	for file; do
		python3 - "$file" "$port" <<-'EOF'
			import socket, sys
			head, body = open(sys.argv[1], "rb").read().split(b"\n\n", 1)
			s = socket.create_connection(("127.0.0.1", int(sys.argv[2])), 20)
			s.sendall(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
			status = s.recv(4096).split()[1].decode()
			print(status)
			sys.exit(status != "200")
		EOF
	done
}

# ends(code): the script ends by itself, with this code, and leaves no program.
ends() {
	local rc=0
	until_true gone "$script" || { ps -o pid,args -g "$script"; return 1; }
	wait "$script" || rc=$?
	[ "$rc" -eq "$1" ] || { echo "ended with $rc"; cat err; return 1; }
	no pgrep -g "$script"
}

# empty: nothing waits in the queue.
empty() {
	[ "$(omni-queue stat inbound --json | jq '.ready + .leased + .delayed')" = 0 ]
}

# stored(n): so many messages are in the store.
stored() {
	[ "$(omni-store messages -n 1000 | wc -l)" -eq "$1" ]
}

# running(name): the id of that program of the script.
running() {
	pgrep -g "$script" -f "^$1"
}

@test "inbound.sh: from a webhook over HTTP to a message in the store; what is forged is a dead letter" {
	port=$(free_port)
	background "$pipelines/inbound.sh" --listen "127.0.0.1:$port"
	until_true post "$pipelines/demo/01-twilio-sms.http"
	[ "$(post "$pipelines"/demo/*.http | sort | uniq -c | tr -s ' ')" = ' 10 200' ]
	until_true empty
	stored 7
	[ "$(omni-queue dead inbound --json | wc -l)" -eq 2 ]
	kill "$script"
	ends 0
}

@test "inbound.sh: whoever is killed all end, and the next start goes on where it was" {
	local n=0 victim
	for victim in omni-recv 'omni-queue take' omni-validate omni-normalize omni-route omni-store 'omni-queue settle'; do
		n=$((n + 1))
		port=$(free_port)
		background "$pipelines/inbound.sh" --listen "127.0.0.1:$port"
		until_true post "$pipelines"/demo/0$n*.http
		# now nothing comes in, and all the same they notice
		until_true running "$victim"
		kill -KILL "$(running "$victim")"
		ends 75 || { echo "$victim"; return 1; }
	done
	sqlite3 inbound.queue 'update lease set until_ms = 0' # what was in hand, a minute later
	background "$pipelines/inbound.sh"
	until_true running 'omni-queue settle'
	until_true empty
	kill "$script"
	ends 0
	omni-recv --from "$pipelines"/demo/0[1-7]*.http | omni-validate | omni-normalize |
		jq -r 'select(.kind == "message").external_id' | sort >want
	omni-store messages -n 1000 | jq -r .external_id | sort | diff want -
}

@test "inbound.sh: told to end before its programs are all there it ends" {
	omni-queue put inbound </dev/null
	mkdir late
	printf '#!/bin/sh\nsleep 6\nexec "%s/omni-validate" "$@"\n' "$BUILD" >late/omni-validate
	chmod 755 late/omni-validate
	PATH=$PWD/late:$PATH background "$pipelines/inbound.sh"
	until_true running 'sleep'
	kill "$script"
	ends 0
}

@test "inbound.sh: a configuration that can not be used ends it with 78" {
	echo '{"route":[]}' >wrong.json
	omni-queue put inbound </dev/null
	OMNI_CONFIG=wrong.json want 78 timeout 60 "$pipelines/inbound.sh"
	says '/route: unknown key'
}

# sandbox: the carriers of loop.json, where nothing fails; its record is sandbox.ndjson.
sandbox() {
	port=$(free_port)
	sed "s|@RECV@|127.0.0.1:1|; s|@SANDBOX@|127.0.0.1:$port|" "$pipelines/demo/loop.json" >omni.json
	chmod 600 omni.json
	export OMNI_CONFIG=$PWD/omni.json
	omni-sandbox --listen "127.0.0.1:$port" -o sandbox.ndjson 2>sandbox.err 3>&- &
	sandbox=$!
	until_true curl -s "http://127.0.0.1:$port/health"
}

# outgoing(from, to): messages, numbered so.
outgoing() {
	seq "$1" "$2" | jq -c '{id: "0198c0de-0000-7000-8000-\(1000000000000 + . | tostring[1:])", kind: "message", at: "2026-01-14T09:00:00.000Z",
		direction: "out", channel: "sms", to: [{address: "+1555\(1000000 + . | tostring)"}], type: "text", text: "Number \(.)"}'
}

# sent: the texts that the carriers took.
sent() {
	jq -r 'select(.what == "request" and .taken).message.text' sandbox.ndjson
}

nothing_waits() {
	[ "$(omni-queue stat outbound --json | jq '.ready + .leased + .delayed')" = 0 ]
}

@test "outbound.sh: from the queue over a carrier into the store; whoever is killed, nothing is lost and nothing sent twice" {
	local n=0 victim
	sandbox
	for victim in 'omni-queue take' omni-route omni-ratelimit omni-store 'omni-queue settle'; do
		outgoing $((n * 3 + 1)) $((n * 3 + 3)) | omni-queue put outbound >/dev/null
		n=$((n + 1))
		background "$pipelines/outbound.sh"
		until_true running "$victim"
		kill -KILL "$(running "$victim")"
		ends 75 || { echo "$victim"; return 1; }
		sqlite3 outbound.queue 'update lease set until_ms = 0' # what was in hand, a minute later
	done
	background "$pipelines/outbound.sh"
	until_true running 'omni-queue settle'
	until_true nothing_waits
	kill "$script"
	ends 0
	kill "$sandbox"
	seq 15 | sed 's/^/Number /' | sort | diff - <(sent | sort)
	[ "$(omni-store messages -n 1000 | jq -r 'select(.store.status == "accepted").text' | sort -u | wc -l)" -eq 15 ]
	[ "$(omni-queue dead outbound --json | wc -l)" -eq 0 ]
}

@test "outbound.sh: where a directory of objects is named, a carrier gets the address of what was made to fit" {
	sandbox
	sed '0,/{/s//{ "media": { "public_url": "https:\/\/media.example.com" },/' omni.json >with.json
	chmod 600 with.json
	mkdir files
	ffmpeg -v error -f lavfi -i testsrc2=size=600x400 -frames:v 1 files/a.png
	outgoing 1 1 | jq -c '. + { carrier: "twilio", channel: "mms", type: "media", media: [{ path: "a.png", kind: "image" }] }' | omni-queue put outbound >/dev/null
	OMNI_CONFIG=$PWD/with.json OMNI_OBJECTS=$PWD/objects OMNI_FILES=$PWD/files background "$pipelines/outbound.sh"
	until_true nothing_waits
	kill "$script"
	ends 0
	kill "$sandbox"
	grep -q 'MediaUrl=https%3A%2F%2Fmedia.example.com%2F[0-9a-f]\{64\}\.' sandbox.ndjson
}

@test "outbound.sh: a configuration that can not be used ends it with 78" {
	echo '{"polices":[]}' >wrong.json
	omni-queue put outbound </dev/null
	OMNI_CONFIG=$PWD/wrong.json want 78 timeout 60 "$pipelines/outbound.sh"
	says '/polices: unknown key'
}

@test "fanout.sh: each destination has its pipeline, and a record is done when all have settled their share" {
	omni-recv --from "$pipelines"/demo/*.http | omni-queue put inbound >/dev/null
	branches=()
	for name in media store consent chat-desk sales support; do
		branches+=("$name=tee -a $name.ndjson")
	done
	background "$pipelines/fanout.sh" "${branches[@]}"
	until_true empty
	kill "$script"
	ends 0
	# what route says is where it went
	omni-recv --from "$pipelines"/demo/*.http | omni-validate | omni-normalize | omni-route |
		jq -r 'select(.route) | .route.to[]' | sort | uniq -c >want
	for name in media store consent chat-desk sales support; do
		[ ! -s "$name.ndjson" ] || sed "s/.*/$name/" "$name.ndjson"
	done | sort | uniq -c | diff want -
	[ "$(omni-queue stat inbound --json | jq -c '[.dones, .deaths]')" = '[8,2]' ]
}

@test "fanout.sh: a reject of one branch decides for the record" {
	echo '{"routes":[{"to":["good","bad"]}]}' >omni.json
	export OMNI_CONFIG=omni.json
	echo '{"id":"1","kind":"message","direction":"in"}' | omni-queue put inbound >/dev/null
	background "$pipelines/fanout.sh" good=cat \
		"bad=jq --unbuffered -c '{id: \"r\", kind: \"reject\", class: \"data\", code: \"crm-refused\", record: ., lease}'"
	until_true empty
	kill "$script"
	ends 0
	[ "$(omni-queue dead inbound --json | jq -r .code)" = crm-refused ]
}

@test "replay.sh: what was kept is translated anew, and nothing is doubled" {
	omni-recv --from "$pipelines"/demo/*.http | omni-validate >kept.ndjson || [ $? -eq 1 ]
	zstd -q kept.ndjson
	want 0 "$pipelines/replay.sh" kept.ndjson.zst
	stored 7
	want 0 "$pipelines/replay.sh" kept.ndjson
	stored 7
	want 64 "$pipelines/replay.sh"
}

@test "systemd takes the units" {
	command -v systemd-analyze || skip 'systemd is not installed'
	mkdir -p units man
	for unit in "$pipelines"/systemd/*; do
		sed "s|/usr/local/bin/|$BUILD/|; s|/usr/local/share/omni/|$pipelines/|" "$unit" >"units/${unit##*/}"
	done
	SYSTEMD_UNIT_PATH=$PWD/units: systemd-analyze verify --man=no units/* 2>&1 | { grep -F "$PWD/units" || :; } | nothing
	# and finds little to take away from them
	for unit in omni-recv omni-inbound omni-outbound; do
		systemd-analyze security --offline=true --threshold=25 units/$unit.service >security ||
			{ tail -n 1 security; return 1; }
	done
}

@test "the commands of the units run: under systemd-socket-activate, and from the queue to the store" {
	command -v systemd-socket-activate || skip 'systemd is not installed'
	port=$(free_port)
	exec=$(sed -n 's|^ExecStart=/usr/local/bin/||p' "$pipelines/systemd/omni-recv.service")
	[[ $exec == *' -c /etc/omni/omni.json '*' --queue inbound' ]]
	read -ra words <<<"${exec//\/etc\/omni\/omni.json/$OMNI_CONFIG}"
	# shellcheck disable=SC2046 # words they are
	background systemd-socket-activate -E OMNI_QUEUE_DIR -E OMNI_CONFIG -E PATH $(sed -n 's/^export \([A-Z_]*\)=.*/-E \1/p' "$pipelines/demo/secrets") \
		-l "127.0.0.1:$port" "${words[@]}"
	until_true post "$pipelines/demo/01-twilio-sms.http"
	[ "$(post "$pipelines"/demo/*.http | sort | uniq -c | tr -s ' ')" = ' 10 200' ]
	kill "$script"
	ends 0
	exec=$(sed -n 's|^ExecStart=/usr/local/share/omni/||p' "$pipelines/systemd/omni-inbound.service")
	[ "$exec" = inbound.sh ]
	background "$pipelines/$exec"
	until_true empty
	kill "$script"
	ends 0
	stored 7
}
