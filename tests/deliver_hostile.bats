#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-deliver against servers that answer as few do, or as none should, and when what it stands on goes away.

load helper
load deliver_helper

route() {
	printf ',"route":{"carrier":"bandwidth","account":"%s","from":"+15550100"}' "$1"
}

@test "answers that are written as few do are read: packed, interim, of HTTP/1.0, in chunks with trailers" {
	conf packed=packed interim=interim old=old trailers=trailers
	{ message packed 1; message interim 2; message old 3; message trailers 4; } >in
	want 0 omni-deliver -q -c omni.json in
	[ "$(get 'select(.kind == "delivery") | [.outcome, (.external_id | length > 3)]' | sort | uniq -c | sed 's/^ *//')" = '4 ["sent",true]' ]
	no grep '"accept-encoding": "[^i]' "$BATS_FILE_TMPDIR/log"
}

@test "answers without end end all the same, and nobody knows what became of the message" {
	conf flood=flood huge=huge drip=drip
	{ message flood 1; message huge 2; message drip 3; } >in
	want 1 omni-deliver -q -c omni.json --timeout 3s in
	[ "$(get 'select(.kind == "delivery").outcome' | sort | uniq -c | sed 's/^ *//')" = '3 unknown' ]
	[ "$(received)" -eq 3 ]
}

@test "what a server repeats of the request, credentials included, is not told" {
	conf echo=echo
	message echo 1 >in
	want 1 omni-deliver -v -c omni.json -l sent.db --retry-within 0 in
	get 'select(.kind == "delivery").error.text' >text
	grep -q 'refused: POST' text
	cat out err sent.db* >all
	no grep -aE 'TOK3N|S3CRET|VE9LM046UzNDUkVU|VE9LM0|UzNDUkVU' all
}

@test "nor is it of any other carrier, wherever in its error it stands" {
	local dir carrier conf secrets
	secrets='.. | objects | to_entries[] | select(.key | test("secret|token|key|password")) | .value | strings'
	for dir in "$BATS_TEST_DIRNAME"/carriers/*/; do
		carrier=$(basename "$dir")
		ls "$dir"send-* >/dev/null 2>&1 || continue
		conf=$dir/send.json
		[ -e "$conf" ] || conf=$dir/conf.json
		jq --arg url "http://127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")/echo/$BATS_TEST_NUMBER" --arg c "$carrier" '.carriers |= {($c): .[$c]}
			| .carriers[$c] |= if type == "array" then map(.base_url = $url) else .base_url = $url end' "$conf" >omni.json
		chmod 600 omni.json
		jq -c --arg c "$carrier" '.carrier = $c | del(.account)' "$dir"send-*/message.ndjson | head -n 20 >in
		before=$(received)
		OMNI_CLOCK=2026-01-14T09:00:00Z omni-deliver -v -c omni.json -l sent.db --retry-within 0 in >out 2>err || [ $? -eq 1 ]
		[ "$(received)" -gt "$before" ]
		cat out err sent.db* >all
		{
			jq -r "$secrets" omni.json
			# As the requests had them, Basic in base64.
			grep "/echo/$BATS_TEST_NUMBER" "$BATS_FILE_TMPDIR/log" | jq -r '.headers.authorization | strings | split(" ")[-1]' | sort -u
		} >secrets
		[ -s secrets ]
		if grep -aoF -f secrets all; then
			echo "$carrier"
			return 1
		fi
	done
}

@test "a redirect is not followed: the credentials stay where they belong" {
	conf away=redirect
	message away 1 >in
	want 1 omni-deliver -q -c omni.json --retry-within 0 in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["temp","credentials"]'
	no grep -q '"path": "/elsewhere' "$BATS_FILE_TMPDIR/log"
}

# tls(name, host, days): a server on a port of its own in the file port.NAME, with a certificate of NAME.pem.
tls() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" 2>/dev/null
	openssl x509 -req -in "$1.csr" -signkey "$1.key" -days "$3" -copy_extensions copy -out "$1.pem" 2>/dev/null
	cat >server.py <<-'END'
		import http.server, ssl, sys
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_POST(self):
		        open(sys.argv[1] + ".log", "a").write(str(self.headers))
		        self.rfile.read(int(self.headers["content-length"]))
		        self.send_response(202)
		        self.send_header("content-length", "10") # it ends without a word of TLS: that could be a cut
		        self.end_headers()
		        self.wfile.write(b'{"id":"x"}')
		server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(sys.argv[1] + ".pem", sys.argv[1] + ".key")
		server.socket = context.wrap_socket(server.socket, server_side=True)
		print(server.server_port, flush=True)
		server.serve_forever()
	END
	python3 server.py "$1" >"port.$1" 2>/dev/null 3>&- &
	echo $! >"pid.$1"
	until_true test -s "port.$1"
}

@test "a server whose certificate is not trusted, is over or is of another host gets nothing, not even what proves us" {
	local name
	tls good localhost 2
	tls over localhost 0
	tls other other.example 2
	sleep 1.1 # a certificate holds to the end of its last second
	for name in good over other; do
		conf "$name=ok"
		sed -i "s#\"base_url\":\"[^\"]*\"#\"base_url\":\"https://localhost:$(cat "port.$name")\"#" omni.json
		message "$name" 1 >in
		want 1 omni-deliver -q -c omni.json --retry-within 0 in
		get 'select(.kind == "reject") | [.class, .code]' >got
		is got '["temp","unavailable"]'
		[ ! -e "$name.log" ]
		[ "$name" = good ] || want 1 omni-deliver -q -c omni.json --retry-within 0 --ca "$name.pem" in
		[ ! -e "$name.log" ]
		[ "$name" != good ] || want 0 omni-deliver -q -c omni.json --ca good.pem in
		kill "$(cat "pid.$name")"
		[ "$name" != good ] || mv good.log done.log
	done
	[ "$(grep -ci '^authorization: Basic' done.log)" -eq 1 ]
}

@test "a proxy that refuses or does not listen: nothing has gone, and its password is not told" {
	conf x=ok
	sed -i 's#"base_url":"[^"]*"#"base_url":"https://api.example.invalid"#' omni.json
	message x 1 >in
	export https_proxy
	for https_proxy in http://user:PR0XYPW@127.0.0.1:1 "http://user:PR0XYPW@127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")"; do
		want 1 omni-deliver -v -c omni.json --retry-within 0 in
		get 'select(.kind == "delivery").outcome' >got
		is got retry
		cat out err >all
		no grep -E 'PR0XYPW|S3CRET|TOK3N' all
	done
}

@test "a gateway that waited in vain: nobody knows, and nobody takes over" {
	conf gone=page-504 good=ok
	message x 1 ',"route":{"carrier":"bandwidth","account":"gone","fallback":[{"carrier":"bandwidth","account":"good"}]}' >in
	want 1 omni-deliver -q -c omni.json in
	get 'select(.kind == "delivery") | [.outcome, .http.status]' >got
	is got '["unknown",504]'
	[ "$(received)" -eq 1 ]
}

@test "a message whose time passes while it waits for its turn is not sent" {
	# The first goes in time on the slowest machine, and it takes until behind that time.
	ACCOUNT=',"concurrency":1' conf slow=late-9000
	soon=$(date -u -d '+8 seconds' +%Y-%m-%dT%H:%M:%S.000Z)
	for n in 1 2 3 4 5 6; do message slow "$n" ",\"expires_at\":\"$soon\""; done >in
	want 1 omni-deliver -q -c omni.json in
	[ "$(received)" -eq 1 ]
	get 'select(.kind == "reject") | [.class, .code]' | sort -u >got
	is got '["denied","expired"]'
	get 'select(.kind == "delivery" and .outcome == "failed").error.class' | sort -u >got
	is got permanent
}

@test "what is too early comes back when its time has come, however old it is" {
	conf good=ok
	at=$(date -u -d '+3 minutes' +%Y-%m-%dT%H:%M:%S.000Z)
	message good 1 ",\"send_at\":\"$at\",\"lease\":{\"queue\":\"q\",\"seq\":1,\"token\":\"t\",\"born\":\"2026-01-01T00:00:00.000Z\"}" >in
	want 1 omni-deliver -q -c omni.json in
	get '[.code, .retry_at]' >got
	is got "[\"too-early\",\"$at\"]"
}

@test "a text whose first part is sent goes on over the same account, though the route has another by now" {
	conf half=ok,after-3600,ok good=ok
	text=$(printf 'word %.0s' $(seq 700))
	message x 1 "$(route half)" | sed "s/Hi 1/$text/" >in
	want 1 omni-deliver -q -c omni.json -l sent.db in
	[ "$(get 'select(.kind == "reject").class')" = temp ]
	message x 1 "$(route good)" | sed "s/Hi 1/$text/" >in
	cp sent.db before.db
	want 0 omni-deliver -q -c omni.json -l sent.db in
	get 'select(.kind == "delivery") | [.account, .part, .outcome]' >got
	printf '["half",1,"sent"]\n["half",2,"sent"]\n' | diff - got
	get 'select(.kind == "message").account' >got
	is got half
	# Where that account is no longer there somebody has to look at it.
	conf other=ok good=ok
	want 1 omni-deliver -q -c omni.json -l before.db in
	get 'select(.kind == "reject") | [.class, .code]' >got
	is got '["data","partly-sent"]'
}

@test "who sets the clock back delays no second try, and no probe" {
	plain
	conf good=status-503,ok
	message good 1 >in
	mkfifo feed
	export OMNI_FAIL_CLOCK=$PWD/back
	LD_PRELOAD=$BUILD/fail.so timeout 60 omni-deliver -c omni.json feed >out 2>err 3>&- &
	exec 9<>feed
	cat in >&9
	until_true received_are 1
	: >back
	exec 9>&-
	wait $!
	[ "$(get 'select(.kind == "delivery").outcome' | tr '\n' ' ')" = 'retry sent ' ]
}

@test "a health file that can not be written for a while is written again afterwards, and that is said once" {
	mkdir gone
	EXTRA='"health": "gone/health.ndjson",' conf good=ok
	rmdir gone
	mkfifo feed
	omni-deliver -c omni.json feed >out 2>err 3>&- &
	exec 9<>feed
	message good 1 >&9
	until_true test -s err
	sleep 1.1
	message good 2 >&9
	until_true received_are 2
	sleep 0.3
	mkdir gone
	sleep 1
	message good 3 >&9
	until_true test -s gone/health.ndjson
	exec 9>&-
	wait $!
	[ -s gone/health.ndjson ]
	[ "$(grep -c health err)" -eq 1 ]
}

@test "a ledger that is removed or replaced under it: what is under way gets its outcome, the rest goes back, and it ends" {
	ACCOUNT=',"concurrency":4' conf slow=late-1000
	for n in $(seq 40); do message slow "$n"; done >in
	for how in removed replaced; do
		rm -f sent.db*
		before=$(received)
		mkfifo feed
		omni-deliver -q -c omni.json -l sent.db feed >out 2>err 3>&- &
		pid=$!
		exec 9<>feed
		cat in >&9
		until_true received_are $((before + 3))
		if [ "$how" = removed ]; then rm sent.db; else : >other && mv other sent.db; fi
		rc=0
		wait "$pid" || rc=$?
		exec 9>&-
		rm feed
		[ "$rc" -eq 74 ]
		says 'the ledger was removed or replaced'
		get 'select(.kind == "delivery").outcome' | sort -u >got
		is got sent
		[ "$(get 'select(.outcome == "sent")' | wc -l)" -eq $(($(received) - before)) ]
		get 'select(.kind == "reject") | [.class, .code]' | sort -u >got
		is got '["temp","stopped"]'
		[ "$(get 'select(.kind == "message" or .kind == "reject") | .id // .record.id' | wc -l)" -eq 40 ]
	done
}

@test "who asks for a wait of centuries is asked again the next day" {
	conf long=after-99999999999
	message long 1 >in
	OMNI_CLOCK=2026-01-14T09:00:00Z want 1 omni-deliver -q -c omni.json in
	[ "$(get 'select(.kind == "reject").retry_at')" = 2026-01-15T09:00:00.000Z ]
}

@test "large records are not all read at once while a carrier is slow" {
	plain
	conf slow=late-1000
	long=$(head -c 400000 /dev/zero | tr '\0' x)
	for n in $(seq 500); do message slow "$n" ",\"trace\":\"$long\",\"conversation\":\"c$n\""; done >in
	(ulimit -v 1500000 && exec omni-deliver -q -c omni.json in) >out 2>err || { cat err; false; }
	[ "$(received)" -eq 500 ]
}
