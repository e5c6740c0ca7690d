#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a newcomer reads and runs first: the README and the demo.

load helper

top=$BATS_TEST_DIRNAME/..

# tree: make the test's directory look like the source tree after ./bootstrap.
tree() {
	ln -s "$BUILD" build
	ln -s "$(cd -- "$top" && pwd)/pipelines" pipelines
}

# blocks: put the shell blocks of the README into N.sh, but for the two that call bootstrap, with a port that is free.
blocks() {
	local port
	port=$(free_port)
	awk -v port="$port" '
		/^```sh$/ { inside = 1; n++; next }
		/^```/ { inside = 0; next }
		inside && /^\.\/bootstrap / { inside = 0; n--; next }
		inside { gsub(/8080/, port); print >(n ".sh") }' "$top/README.md"
}

# colours: how many lines of the output have an escape sequence.
colours() {
	grep -c "$(printf '\033')" out || :
}

@test "the README names the two commands" {
	[ "$(grep -cxE '\./bootstrap (demo|check)' "$top/README.md")" -eq 2 ]
}

@test "the shell blocks of the README run one after the other in one shell, as they are pasted" {
	tree
	blocks
	cat 1.sh 2.sh 3.sh 4.sh 5.sh 6.sh >all
	[ ! -e 7.sh ]
	# Exit code 1 of a pipe is the answer of a program that has rejected something.
	want 0 timeout 120 bash -eu all
	[ "$(grep -c '^{"id":' out)" -eq 14 ]
	[ "$(grep -c '^"detail":' out)" -eq 2 ]
	[ "$(grep -cx 200 out)" -eq 1 ]
	grep -q "^curl -sS -X POST 'https://api.twilio.com/" out
	grep -qE '^inbound +0 +0 +0 +0 +2 ' out
	[ "$(grep -c ' signature-mismatch ' out)" -eq 2 ]
	grep -qx '"text":"Is my order 4711 on its way?"' out
	[ ! -s err ]
}

@test "the README's first pipeline prints what it says: ten routed records and two rejects" {
	tree
	blocks
	want 0 bash -eu 1.sh
	[ "$(get .kind | sort | uniq -c | tr -s ' ' | paste -sd,)" = ' 1 event, 7 message, 2 reject, 2 status' ]
	[ "$(get 'select(.kind != "reject") | .route.to | length > 0' | sort -u)" = true ]
}

@test "the README's server prints the answer and the message, and refuses what was changed" {
	tree
	blocks
	cat 1.sh 4.sh >all
	want 0 timeout 120 bash -eu all
	[ "$(grep -vx 200 out | jq -rc 'select(.carrier == "twilio" and .external_id == "SM1") | [.text, .route.to[]]')" = '["Hello","support"]' ]
	# The changed one first and then the good one: a FIFO that was never written to has no end for its reader.
	awk '/^curl/ { inside = 1 } inside { c = c $0 "\n" } !inside { print }
		inside && !/\\$/ { b = c; sub(/Body=Hello/, "Body=Hallo", b); printf "%s%s", b, c; inside = 0 }' all >both
	want 0 timeout 120 bash -eu both
	[ "$(grep -cx 403 out)" -eq 1 ]
	[ "$(grep -cx 200 out)" -eq 1 ]
	no grep -q Hallo out
}

@test "every path that the README names exists" {
	local path
	awk '/^```/ { inside = $0 == "```text"; next } inside && /^[^ ]/ { print $1 }' "$top/README.md" >paths
	[ -s paths ]
	while read -r path; do
		[ -e "$top/$path" ] || { echo "$path"; false; }
	done <paths
}

@test "the demo shows what came in, what came out, what was refused, and a pipeline to paste" {
	tree
	want 0 sh pipelines/demo.sh
	[ ! -s err ]
	grep -q '^CAME IN   10 raw HTTP requests$' out
	grep -q '^CAME OUT  10 records' out
	grep -q '^REFUSED   2 requests' out
	grep -qE '^  01-twilio-sms +message +sms +\+15550123 +sales +"Is my order 4711 on its way\?"$' out
	grep -qE '^  03-whatsapp-image +message +whatsapp +\+15550142 +media support +image, ' out
	grep -qE '^  04-inteliquent-dlr +status +sms +\+12025550144 +store +delivered ' out
	grep -qE '^ +event +sms +\+15550177 +consent store +opt-out$' out
	grep -qE '^  07-bandwidth-mms +message +mms +\+15550188 +media support +image, ' out
	grep -qE '^  08-livechat-text +message +chat +5f0c1d2e-\.\.\. +chat-desk +"Do you ship to Lisbon\?"$' out
	grep -qE '^  09-twilio-forged +denied, signature-mismatch$' out
	grep -qE '^  10-whatsapp-rewrite +denied, signature-mismatch$' out
	sed -n '/^THE PIPELINE/,$p' out | tail -n +2 >pasted
	want 0 bash -eu pasted
	[ "$(wc -l <out)" -eq 12 ]
}

@test "the live demo loses nothing to a kill -9, and shows the conversation in its order" {
	tree
	want 0 sh pipelines/demo-live.sh
	sed -n '/^THE CONVERSATION/,$p' out | sed -n 's/^  [0-9:]*  +15550123  //p' >said
	printf '%s\n' 'Hello, is anybody there?' 'My order has not come' 'It was to be here on Monday' 'Are you still there?' \
		'The number is 4711' 'Thank you!' | diff -u - said
	[ "$(tail -n 1 out)" = '7 webhooks were sent, 7 answered 200; 6 different messages are in the store, each once' ]
	[ "$(awk 'length > 100' out)" = '' ]
}

@test "the loop: a message goes out, its receipts and its answer come back; another carrier takes over" {
	tree
	want 0 sh pipelines/demo-loop.sh
	sed -n 's/^  +[0-9]* ms  *//p' out | sed 's/after [0-9]* ms/after N ms/' >said
	diff -u - said <<-'END'
		-> +15550123: Your parcel comes today. Will you be at home?
		attempt 1: twilio answers HTTP 201 after N ms: sent
		accepted
		delivered
		<- +15550123, over twilio: Yes, after six please
		-> +15550177: Your parcel 4712 has left
		attempt 1: twilio answers HTTP 503 after N ms: retry
		attempt 2: twilio answers HTTP 503 after N ms: retry
		attempt 3: bandwidth answers HTTP 202 after N ms: sent
		accepted
		delivered
	END
	[ "$(tail -n 1 out)" = '2 messages were to go out: carriers took 2; 1 came back; dead letters: 0' ]
	[ "$(awk 'length > 100' out)" = '' ]
}

@test "the demo is no wider than 100 columns, and has colour only on a terminal that wants it" {
	tree
	want 0 sh pipelines/demo.sh
	[ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 100 ]
	[ "$(colours)" -eq 0 ]
	command -v script || skip 'script(1) is not installed'
	TERM=xterm script -qec 'sh pipelines/demo.sh' /dev/null >out </dev/null
	[ "$(colours)" -gt 0 ]
	NO_COLOR=1 TERM=xterm script -qec 'sh pipelines/demo.sh' /dev/null >out </dev/null
	[ "$(colours)" -eq 0 ]
}

@test "translate.sh does the same with the requests that it is given, and no secret stands in a record" {
	tree
	# shellcheck source=/dev/null
	. pipelines/demo/secrets
	OMNI_CONFIG=pipelines/demo/omni.json want 0 sh pipelines/translate.sh pipelines/demo/*.http
	[ "$(wc -l <out)" -eq 12 ]
	[ ! -s err ]
	sed -n 's/^export .*=//p' pipelines/demo/secrets | grep -vx omni >secrets
	[ "$(wc -l <secrets)" -eq 7 ]
	no grep -qF -f secrets out
}

@test "translate.sh without requests says how it is called" {
	tree
	want 64 sh pipelines/translate.sh
	says 'usage: translate.sh request.http...'
}
