#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-queue stat: what queues hold, for people, programs and Prometheus.

load helper

export OMNI_QUEUE_DIR=.

# put(n, option...): n records into the queue q.
put() {
	local n=$1
	shift
	seq "$n" | sed 's/.*/{"id":"&","kind":"note","lane":"a"}/' | omni-queue put q "$@" >/dev/null
}

# filled: one of everything: 3 ready, 2 delayed, 2 leased, 2 held and 1 dead.
filled() {
	export OMNI_CLOCK=2026-01-14T09:00:00Z
	put 1
	omni-queue take q | jq -c '{kind: "reject", class: "data", code: "x", lease}' | omni-queue settle q >/dev/null
	put 3 --lane /lane
	put 1
	omni-queue take q --limit 2 >/dev/null
	put 2 --delay 1h
	put 3
	export OMNI_CLOCK=2026-01-14T09:01:05Z
}

@test "counts, the age of the oldest, and bytes" {
	filled
	want 0 omni-queue stat q --json
	jq -c '[.queue, .at, .ready, .delayed, .leased, .held, .dead, .lanes]' out | tee /dev/stderr |
		grep -xF '["q","2026-01-14T09:01:05.000Z",3,2,2,2,1,1]'
	jq -c '[.oldest, .oldest_ms, .puts, .takes, .dones, .retries, .deaths, .expiries, .rates]' out |
		grep -xF '["2026-01-14T09:00:00.000Z",65000,10,3,0,0,1,0,null]'
	[ "$(jq .bytes out)" -eq $((9 * 35)) ]
	want 0 omni-queue stat q
	grep -qxE 'q +3 +2 +2 +2 +1 +1m 5s +315 +10 +3 +0' out
}

@test "an empty queue has no oldest" {
	put 1
	omni-queue take q | omni-queue settle q >/dev/null
	want 0 omni-queue stat q --json
	jq -e 'has("oldest") or has("oldest_ms") | not' out
	want 0 omni-queue stat q
	grep -qxE 'q +0 +0 +0 +0 +0 +- +0 +1 +1 +1' out
}

@test "all queues of the directory, or those that are named" {
	for q in b a c.d; do
		echo '{"id":"1","kind":"note"}' | omni-queue put "$q" >/dev/null
	done
	touch .hidden.queue other.txt .queue
	want 0 omni-queue stat --json
	[ "$(get .queue | paste -sd' ')" = 'a b c.d' ]
	want 0 omni-queue stat --json sqlite:./b.queue a
	[ "$(get .queue | paste -sd' ')" = 'b a' ]
	mkdir empty
	want 78 omni-queue stat --dir empty
	says 'empty: there is no queue in it'
	want 78 omni-queue stat --dir none
	says 'none: No such file'
}

@test "one that can not be read does not keep the others from it" {
	for q in a c; do
		echo '{"id":"1","kind":"note"}' | omni-queue put "$q" >/dev/null
	done
	echo 'no queue' >b.queue
	want 78 omni-queue stat --json
	[ "$(get .queue | paste -sd' ')" = 'a c' ]
	says 'b.queue: not an SQLite file'
}

@test "metrics that Prometheus reads" {
	filled
	cp q.queue other.queue
	want 0 omni-queue stat q other --metrics m
	[ ! -s out ]
	# each metric has its help and its type once, in front of all its values
	awk '/^# HELP/ { if (seen[$3]++) bad = 1; name = $3; next } /^# TYPE/ { if ($3 != name) bad = 1; next }
		{ sub(/{.*/, "", $1); if ($1 != name) bad = 1 } END { exit bad }' m
	for line in 'omni_queue_records{queue="q",state="ready"} 3' 'omni_queue_records{queue="q",state="delayed"} 2' \
		'omni_queue_records{queue="q",state="leased"} 2' 'omni_queue_records{queue="q",state="held"} 2' \
		'omni_queue_records{queue="q",state="dead"} 1' 'omni_queue_oldest_seconds{queue="q"} 65' \
		'omni_queue_puts_total{queue="q"} 10' 'omni_queue_takes_total{queue="q"} 3' 'omni_queue_deaths_total{queue="q"} 1' \
		'omni_queue_bytes{queue="q"} 315' 'omni_queue_lanes{queue="q"} 1'; do
		grep -qxF "$line" m || { echo "$line"; cat m; return 1; }
	done
	grep -q 'queue="other"' m
	grep -qx '# TYPE omni_queue_puts_total counter' m
	grep -qx '# TYPE omni_queue_records gauge' m
	want 0 omni-queue stat q other --metrics -
	cmp m out
	want 74 omni-queue stat q --metrics /dev/full/x
}

@test "a name with quotes does not break the metrics" {
	echo '{"id":"1","kind":"note"}' | omni-queue put 'sqlite:./a"b\.queue' >/dev/null
	want 0 omni-queue stat 'sqlite:./a"b\.queue' --metrics -
	grep -qF 'omni_queue_bytes{queue="a\"b\\"}' out
	want 0 omni-queue stat 'sqlite:./a"b\.queue' --json
	[ "$(get .queue)" = 'a"b\' ]
}

@test "with --interval it shows rates, again and again" {
	put 5
	want 0 omni-queue stat q --interval 1s --count 2 --json
	[ "$(wc -l <out)" -eq 2 ]
	get '.rates | keys | join(" ")' | sort -u | grep -x 'deaths dones expiries puts retries takes'
	omni-queue stat q --interval 100ms --json >out 3>&- &
	until_true test -s out
	put 50
	until_true jq -es 'any(.[]; .rates.puts > 0)' out
	kill $!
	wait $!
	want 0 omni-queue stat q -i 100ms --count 3
	[ "$(wc -l <out)" -eq 4 ]
	head -n 1 out | grep -q 'PUTS/s'
	omni-queue stat q -i 100ms >out 3>&- &
	until_true lines_are out 3
	kill $!
	wait $!
}

@test "what is wrong with the command line is said" {
	put 1
	want 64 omni-queue stat q --count 3
	want 64 omni-queue stat q --json --metrics -
	want 64 omni-queue stat q --interval 1
	want 78 omni-queue stat none
	[ ! -e none.queue ]
	want 74 bash -c 'omni-queue stat q >/dev/full'
}
