#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-recv as a service: what it answers, what it writes, and what it survives.

load helper

PATH=$BUILD/serve:$PATH
form='Body=Hello&From=%2B15550123&To=%2B15550100&MessageSid=SM00000000000000000000000000000a01'

# shellcheck disable=SC2164 # bats fails the test
setup() {
	cd "$BATS_TEST_TMPDIR"
	pids=()
	printf '{ "carriers": { "whatsapp": { "verify_token": "let me in", "app_secret": "s3cr3t" },
		"twilio": { "name": "acme", "account_sid": "AC00000000000000000000000000000001", "auth_token": "t0ken" } } }' >omni.json
	chmod 600 omni.json
}

teardown() {
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || :
	done
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# start [option...]: the service, ready, on $url; its records in out, its words in err.
start() {
	rm -f ready # left by the one before
	# shellcheck disable=SC2094
	omni-recv -v -c omni.json --listen 127.0.0.1:0 -d 3 "$@" >out 2>err 3>ready &
	pid=$!
	pids+=("$pid")
	until_true test -s ready
	port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' err)
	url=http://127.0.0.1:$port
}

# stop: SIGTERM; it must exit with 0.
stop() {
	kill -TERM "$pid"
	wait "$pid"
}

# status [curl-option...] path: the status that is answered.
status() {
	curl -s -o answer -w '%{http_code}' --max-time 120 "${@:1:$#-1}" "$url${*: -1}"
}

drive=$BUILD/serve/load # the client that keeps account; `load` is a word of bats

# raw text: send the bytes that printf makes of it and show what comes back until the connection is closed.
raw() {
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	# shellcheck disable=SC2059
	printf "$1" >request
	cat request >&4 || : # what was refused need not be read to its end
	timeout 60 cat <&4 || :
	exec 4>&-
}

records() {
	[ "$(wc -l <out)" -eq "$1" ]
}

# more n: so many records come.
more() {
	local from=0
	[ ! -e out ] || from=$(wc -l <out)
	grown() { [ "$(wc -l <out)" -ge "$1" ]; }
	until_true grown $((from + $1))
}

# answers status curl-argument...: that is what is answered; asked no more than some times a second.
answers() {
	[ "$(status "${@:2}")" = "$1" ] || { sleep 0.1 && false; }
}

# prints text command...: it prints that, its lines in one, each with a space at its end.
prints() {
	[ "$("${@:2}" | tr '\n' ' ')" = "$1" ]
}

@test "a webhook becomes a record, and Twilio is answered with an empty TwiML" {
	start --url https://hooks.example.com
	[ "$(status -D head -d "$form" '/webhooks/twilio?x=1')" = 200 ]
	[ "$(cat answer)" = '<?xml version="1.0" encoding="UTF-8"?><Response/>' ]
	grep -qi '^content-type: text/xml' head
	[ "$(get '[.kind, .carrier, .request.method, .request.url, .request.body, .peer] | join(" ")')" = \
		"webhook twilio POST https://hooks.example.com/webhooks/twilio?x=1 $form 127.0.0.1" ]
	omni-normalize --unverified out | jq -e '.text == "Hello"'
	stop
}

@test "the path names the account; one that is not configured is not there" {
	start
	[ "$(status -d "$form" /webhooks/twilio/acme)" = 200 ]
	[ "$(status -d "$form" /webhooks/twilio/AC00000000000000000000000000000001)" = 200 ]
	[ "$(status -d "$form" /webhooks/twilio/other)" = 404 ]
	[ "$(status -d "$form" /webhooks/twilio/acme/more)" = 404 ]
	[ "$(status -d "$form" /webhooks/nobody)" = 404 ]
	[ "$(status -d "$form" /webhooks/)" = 404 ]
	[ "$(status -d "$form" /)" = 404 ]
	[ "$(get .account | head -1)" = acme ]
	records 2
}

@test "methods, encodings and sizes that are not taken have their status" {
	start --max-body 1k
	[ "$(status -X PUT -d x /webhooks/twilio)" = 405 ]
	[ "$(status -X DELETE -D head /health)" = 405 ]
	grep -qi '^allow: GET, HEAD' head
	[ "$(status -H 'Content-Encoding: gzip' -d x /webhooks/twilio)" = 415 ]
	head -c 1024 /dev/zero | tr '\0' a >fits
	head -c 1025 /dev/zero | tr '\0' a >large
	[ "$(status --data-binary @fits /webhooks/twilio)" = 200 ]
	[ "$(status --data-binary @large /webhooks/twilio)" = 413 ]
	[ "$(status -H 'Transfer-Encoding: chunked' --data-binary @large /webhooks/twilio)" = 413 ]
	[ "$(status "/$(head -c 9000 /dev/zero | tr '\0' a)")" = 414 ]
	[ "$(status -H "X: $(head -c 9000 /dev/zero | tr '\0' a)" /health)" = 431 ]
	records 1
}

@test "a body of every allowed size comes through, with a length, in chunks, and when it is asked to wait" {
	start
	head -c 900000 /dev/urandom | base64 -w0 | head -c 900000 >large
	[ "$(status --data-binary @large /webhooks/twilio)" = 200 ]
	[ "$(status -H 'Transfer-Encoding: chunked' --data-binary @large /webhooks/twilio)" = 200 ]
	[ "$(status -H 'Expect: 100-continue' --data-binary @large /webhooks/twilio)" = 200 ]
	get .request.body >bodies
	[ "$(sort -u bodies | tr -d '\n' | cmp - large && wc -l <bodies)" -eq 3 ]
}

@test "two gigabytes that are announced are refused before they come" {
	start
	raw 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 2147483648\r\nExpect: 100-continue\r\n\r\n' >answer
	grep -q '^HTTP/1.1 413' answer
	grep -q '^Connection: close' answer
	records 0
}

@test "the handshake of WhatsApp: who knows the token is told the challenge, and nothing is written" {
	start
	q='hub.mode=subscribe&hub.challenge=1158%20201444'
	[ "$(status "/webhooks/whatsapp?$q&hub.verify_token=let%20me+in")" = 200 ]
	[ "$(cat answer)" = '1158 201444' ]
	[ "$(status "/webhooks/whatsapp?$q&hub.verify_token=let%20me%20out")" = 403 ]
	[ "$(status "/webhooks/whatsapp?$q&hub.verify_token=")" = 403 ]
	[ "$(status "/webhooks/whatsapp?$q")" = 403 ]
	[ "$(status '/webhooks/whatsapp?hub.mode=x&hub.challenge=1&hub.verify_token=let%20me%20in')" = 403 ]
	[ "$(status /webhooks/whatsapp)" = 403 ]
	records 0
	[ "$(status -d '{}' /webhooks/whatsapp)" = 200 ]
	records 1
}

@test "health and metrics" {
	start
	[ "$(status /health)" = 200 ]
	jq -e '.status == "healthy" and (.version | length > 0) and (.timestamp | test("^20.*Z$"))' answer
	[ "$(status -I /health)" = 200 ]
	status -d "$form" /webhooks/twilio
	status /nothing
	[ "$(status /metrics)" = 200 ]
	grep -qx 'omni_recv_records_total{carrier="twilio"} 1' answer
	grep -qx 'omni_recv_answers_total{status="404"} 1' answer
	grep -qx 'omni_recv_connections 1' answer
}

@test "requests that two readers could cut in two ways are refused, and none of them is written" {
	start
	p='POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\n'
	shapes=("${p}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"
		"${p}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"
		"${p}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
		"${p}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n"
		"${p}Content-Length : 4\r\n\r\nabcd"
		"${p}Content-Length: +4\r\n\r\nabcd"
		"${p}X: y\r\n folded\r\nContent-Length: 4\r\n\r\nabcd"
		"${p}X: y\nContent-Length: 4\r\n\r\nabcd"
		"${p}X: y\rContent-Length: 4\r\n\r\nabcd"
		"${p}X: y\x00\nContent-Length: 4\r\n\r\nabcd"
		"${p}X\x00: y\r\nContent-Length: 4\r\n\r\nabcd"
		"${p}\x00\r\nContent-Length: 4\r\n\r\nabcd"
		"${p}X Y: z\r\nContent-Length: 4\r\n\r\nabcd"
		"${p}Host: b\r\nContent-Length: 4\r\n\r\nabcd"
		"POST /webhooks/twilio HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"
		"POST  /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"
		"POST /webhooks/twilio HTTP/1.1\nHost: a\nContent-Length: 4\n\nabcd"
		"POST /webhooks/twilio HTTP/1.10\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"
		"POST /webhooks/twilio\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n4\r\nabcde\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n-4\r\nabcd\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n4;\n\r\nabcd\r\n0\r\n\r\n"
		"${p}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nContent-Length: 3\r\n\r\n")
	for shape in "${shapes[@]}"; do
		raw "$shape" >answer
		if ! head -n 1 answer | grep -q '^HTTP/1.1 400 ' || [ "$(grep -c '^HTTP/1.1' answer)" -ne 1 ]; then
			echo "not refused: $shape"
			cat answer
			return 1
		fi
	done
	records 0
	[ "$(status /health)" = 200 ]
}

@test "requests sent in one go are answered one after the other, up to the first that is malformed" {
	start
	r='POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n'
	raw "${r}aaaa${r}bbbb${r}ccccGET /health HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n${r}dddd" >answer
	[ "$(grep -o 'HTTP/1.1 [0-9]*' answer | tr '\n' ' ')" = 'HTTP/1.1 200 HTTP/1.1 200 HTTP/1.1 200 HTTP/1.1 400 ' ]
	[ "$(get .request.body | tr '\n' ' ')" = 'aaaa bbbb cccc ' ]
}

@test "a thousand requests in one go all have their answer and their record, in their order, and others too meanwhile" {
	start
	for i in $(seq 1000); do
		printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d' "$i"
	done >request
	printf 'GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >>request
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	cat request >&4
	[ "$(status /health)" = 200 ]
	timeout 60 cat <&4 >answer
	[ "$(grep -o 'HTTP/1.1 [0-9]*' answer | uniq -c | tr -s ' \n' ' ')" = ' 1000 HTTP/1.1 200 1 HTTP/1.1 404 ' ]
	get .request.body | diff - <(seq -f %04g 1000)
}

@test "who sends slowly is cut off, in the head and in the body, and so is who sends nothing" {
	start --timeout 1 --idle 2
	began=$SECONDS
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nX: ' >&5
	exec 6<>"/dev/tcp/127.0.0.1/$port"
	printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n' >&6
	exec 7<>"/dev/tcp/127.0.0.1/$port"
	(for _ in 1 2 3 4 5 6 7 8 9 10; do printf y >&5; printf y >&6; sleep 0.2; done) 2>/dev/null 3>&- &
	timeout 60 cat <&5 | grep -q '^HTTP/1.1 408'
	timeout 60 cat <&6 | grep -q '^HTTP/1.1 408'
	[ -z "$(timeout 60 cat <&7)" ]
	# What is 20 and 60 seconds where nothing is said.
	[ $((SECONDS - began)) -lt 20 ]
	records 0
}

@test "connections are limited in all and from one address" {
	start --max-per-address 2
	exec 5<>"/dev/tcp/127.0.0.1/$port" 6<>"/dev/tcp/127.0.0.1/$port"
	until_true answers 000 /health
	exec 5>&-
	until_true answers 200 /health
	stop
	start --max-connections 2
	exec 5<>"/dev/tcp/127.0.0.1/$port" 6<>"/dev/tcp/127.0.0.1/$port"
	for fd in 5 6; do # nobody waits: nobody makes room
		rc=0
		read -r -t 0.5 -u "$fd" || rc=$?
		[ "$rc" -gt 128 ]
	done
	[ "$(status /health)" = 200 ] # an idle one made room
}

@test "a forged request is answered 403 and costs nothing with --verify" {
	start --verify --url https://hooks.example.com
	[ "$(status -d "$form" /webhooks/twilio)" = 403 ]
	[ "$(status -H 'X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=' -d "$form" /webhooks/twilio)" = 403 ]
	[ "$(status -H 'X-Hub-Signature-256: sha256=00' -d '{}' /webhooks/whatsapp)" = 403 ]
	records 0
	mac=$(printf '{}' | openssl dgst -sha256 -hmac s3cr3t -r | cut -d' ' -f1)
	[ "$(status -H "X-Hub-Signature-256: sha256=$mac" -d '{}' /webhooks/whatsapp)" = 200 ]
	mac=$(printf 'https://hooks.example.com/webhooks/twilioBodyHelloFrom+15550123MessageSidSM00000000000000000000000000000a01To+15550100' |
		openssl dgst -sha1 -hmac t0ken -binary | base64)
	[ "$(status -H "X-Twilio-Signature: $mac" -d "$form" /webhooks/twilio)" = 200 ]
	records 2
	omni-validate -c omni.json out | jq -e .verified
	curl -s "$url/metrics" | grep -qx 'omni_recv_denied_total 3'
}

@test "behind nginx, which speaks HTTP/2 to the world: address, scheme and host are those of the caller" {
	need nginx
	start --trusted-proxy 127.0.0.0/8
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2>/dev/null
	for front in $(seq 20000 97 29000); do
		cat >nginx.conf <<-EOF
			daemon off; master_process off; pid nginx.pid; error_log nginx.log;
			events {}
			http { access_log off; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
			uwsgi_temp_path tmp; scgi_temp_path tmp;
			upstream recv { server 127.0.0.1:$port; keepalive 4; }
			server { listen 127.0.0.1:$front ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;
			location / { proxy_pass http://recv; proxy_http_version 1.1; proxy_set_header Connection "";
			proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto \$scheme;
			proxy_set_header X-Forwarded-Host \$host; } } }
		EOF
		nginx -c "$PWD/nginx.conf" -p "$PWD/" 2>/dev/null &
		nginx=$!
		until_true test -s nginx.pid || continue
		break
	done
	pids+=("$nginx")
	url=https://127.0.0.1:$front
	for _ in 1 2 3; do
		[ "$(status -k --http2 -w '%{http_code} %{http_version}' -H 'X-Forwarded-For: 203.0.113.9' -d "$form" /webhooks/twilio)" = '200 2' ]
	done
	[ "$(status -k --http1.1 -H 'X-Forwarded-For: 203.0.113.9' -H 'Transfer-Encoding: chunked' -d "$form" /webhooks/twilio)" = 200 ]
	[ "$(get '.peer + " " + .request.url' | sort -u)" = '203.0.113.9 https://127.0.0.1/webhooks/twilio' ]
	kill "$nginx"
}

@test "without --trusted-proxy what a caller forwards is not believed" {
	start
	status -H 'X-Forwarded-For: 203.0.113.9' -H 'X-Forwarded-Host: evil.example' -d "$form" /webhooks/twilio
	[ "$(get '.peer + " " + .request.url')" = "127.0.0.1 $url/webhooks/twilio" ]
}

@test "fetch of Node.js: keep-alive, a stream as a body, many at the same time" {
	need node
	node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || skip 'an old Node.js'
	start
	node -e '
		const url = process.argv[1];
		const stream = () => new ReadableStream({ start(c) { for (const s of ["a", "b", "c"]) c.enqueue(new TextEncoder().encode(s)); c.close(); } });
		const one = i => fetch(url, i % 2 ? { method: "POST", body: "n=" + i } : { method: "POST", body: stream(), duplex: "half" });
		Promise.all(Array.from({ length: 200 }, (_, i) => one(i).then(async r => `${r.status} ${(await r.text()).length}`)))
			.then(l => { if (new Set(l).size !== 1 || !l[0].startsWith("200 ")) { console.log(l); process.exit(1); } });
	' "$url/webhooks/twilio"
	records 200
	[ "$(get .request.body | grep -cx abc)" = 100 ]
}

@test "http.client of Python: keep-alive, and chunks" {
	need python3
	python3 -c 'import http.client' || skip 'no http.client'
	start
	python3 - "$port" <<-'EOF'
		import http.client, sys
		c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
		for i in range(20):
		    c.request("POST", "/webhooks/twilio", body=iter([b"a", b"b"]) if i % 2 else b"ab", encode_chunked=True,
		              headers={"Transfer-Encoding": "chunked"} if i % 2 else {})
		    r = c.getresponse()
		    assert r.status == 200 and b"Response" in r.read(), r.status
		c.request("GET", "/health")
		assert b"healthy" in c.getresponse().read()
	EOF
	records 20
	[ "$(get .request.body | sort -u)" = ab ]
}

@test "a Unix socket, with its mode, that is gone in the end; one that was left behind is replaced" {
	need curl
	start --listen "unix:$PWD/s,0620"
	[ "$(stat -c %a s)" = 620 ]
	[ "$(curl -s --unix-socket s http://a.example/webhooks/twilio -d x -o /dev/null -w '%{http_code}')" = 200 ]
	[ "$(get '.peer, .request.url' | tr '\n' ' ')" = 'null http://a.example/webhooks/twilio ' ]
	want 71 omni-recv --listen "unix:$PWD/s"
	says 'Address already in use'
	kill -9 "$pid"
	wait "$pid" || :
	start --listen "unix:$PWD/s"
	stop
	[ ! -e s ]
}

@test "TLS, with a certificate that is replaced while connections go on" {
	for n in 1 2; do
		openssl req -x509 -newkey rsa:2048 -nodes -keyout "key$n" -out "cert$n" -days 1 -subj "/CN=number$n" 2>/dev/null
	done
	cp key1 key.pem && cp cert1 cert.pem
	start --tls-cert cert.pem --tls-key key.pem
	url=https://127.0.0.1:$port
	name() { openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -subject; }
	[ "$(status -k -d "$form" /webhooks/twilio)" = 200 ]
	[[ $(get .request.url) == https://* ]]
	[[ $(name) == *number1 ]]
	(printf 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'; sleep 2; printf 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'; sleep 1) |
		openssl s_client -quiet -connect "127.0.0.1:$port" >old 2>/dev/null &
	sleep 0.5
	cp key2 key.pem && cp cert2 cert.pem
	kill -HUP "$pid"
	second() { [[ $(name) == *number2 ]]; }
	until_true second
	wait $!
	[ "$(grep -c healthy old)" = 2 ]
	cp key1 key.pem # not that of the certificate
	kill -HUP "$pid"
	until_true grep -q 'the old certificate stays' err
	[[ $(name) == *number2 ]]
	printf 'GET / HTTP/1.1\r\n\r\n' | timeout 5 openssl s_client -quiet -tls1_1 -connect "127.0.0.1:$port" >/dev/null 2>&1 && false
	raw 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n' >plain || :
	[ "$(grep -c healthy plain)" = 0 ]
	[ "$(status -k /health)" = 200 ]
}

@test "SIGHUP: a new configuration, or the old one where the new can not be used" {
	start
	q='/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token='
	sed -i 's/let me in/sesame/' omni.json
	[ "$(status "${q}sesame")" = 403 ]
	kill -HUP "$pid"
	until_true answers 200 "${q}sesame"
	echo '{ "carriers": { "whatsup": {} } }' >omni.json
	kill -HUP "$pid"
	until_true grep -q 'the old configuration stays' err
	[ "$(status "${q}sesame")" = 200 ]
	stop
}

@test "the access log has a line for each answer and no secret; SIGHUP opens it anew" {
	start --access-log log
	status -H 'Authorization: Basic c2VjcmV0' -d "$form" '/webhooks/twilio?token=hidden'
	status '/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=hidden'
	raw 'x y z\n' >/dev/null
	until_true lines_are log 3
	[ "$(jq -r '[.status, .method, .path, .peer] | join(" ")' log | tr '\n' '|')" = \
		'200 POST /webhooks/twilio 127.0.0.1|403 GET /webhooks/whatsapp 127.0.0.1|400   127.0.0.1|' ]
	[ "$(grep -cE 'hidden|c2VjcmV0' log)" = 0 ]
	mv log log.1
	kill -HUP "$pid"
	logged() { status /health && grep -q health log; }
	until_true logged
}

@test "an access log that is a FIFO: SIGTERM ends waiting for its reader, and when it has gone SIGHUP stops nothing" {
	mkfifo log
	omni-recv -c omni.json --listen 127.0.0.1:0 --access-log log 2>err 3>&- &
	pids+=($!)
	until_true begun $!
	until_true state $! S
	kill -TERM $!
	until_true gone $!
	timeout 60 cat log >first 3>&- &
	reader=$!
	pids+=("$reader")
	start --access-log log
	logged() { status /health && [ -s "$1" ]; }
	until_true logged first
	kill "$reader"
	wait "$reader" || :
	kill -HUP "$pid"
	until_true grep -q 'the old log stays' err
	[ "$(status /health)" = 200 ]
	timeout 60 cat log >second 3>&- &
	pids+=($!)
	logged_anew() { kill -HUP "$pid" && logged second; }
	until_true logged_anew
	stop
}

@test "standard output that is closed ends the service with 74, and no record counts" {
	mkfifo pipe
	head -c 1 pipe >/dev/null &
	reader=$!
	omni-recv -v -c omni.json --listen 127.0.0.1:0 -d 3 >pipe 2>err 3>ready &
	pid=$!
	pids+=("$pid")
	until_true test -s ready
	url=http://127.0.0.1:$(sed -n 's/.*127.0.0.1:\([0-9]*\)$/\1/p' err)
	[ "$(status -d "$form" /webhooks/twilio)" = 200 ] # the reader takes its first byte and goes
	wait "$reader"
	[ "$(status -D head -d "$form" /webhooks/twilio)" = 503 ]
	grep -qi '^retry-after: ' head
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 74 ]
}

@test "a FIFO that is not read: 503, and all goes on by itself when it is read again" {
	mkfifo pipe
	exec 8<>pipe # somebody has it open and reads nothing
	start -o pipe
	head -c 800000 /dev/zero | tr '\0' a >large
	for _ in 1 2 3; do
		answered=$(status -D head --data-binary @large /webhooks/twilio)
		[ "$answered" = 200 ] || break
	done
	[ "$answered" = 503 ]
	grep -qi '^retry-after: ' head
	[ "$(status /health)" = 503 ]
	says 'requests are answered with 503'
	cat <&8 >taken &
	pids+=($!)
	until_true answers 200 -d after /webhooks/twilio
	[ "$(status /health)" = 200 ]
	stop
	last_is_after() { [ "$(tail -n 1 taken | jq -r .request.body)" = after ]; }
	until_true last_is_after
	# Nothing is cut, whatever was answered.
	jq -c .kind taken | sort | uniq -c | grep -q '"webhook"'
}

@test "a FIFO without a reader: 503 until one comes, and again after it has gone" {
	mkfifo pipe
	start -o pipe
	[ "$(status -d one /webhooks/twilio)" = 503 ]
	head -n 1 pipe >first &
	until_true answers 200 -d two /webhooks/twilio
	wait $!
	jq -e '.request.body == "two"' first
	until_true answers 503 -d three /webhooks/twilio
	stop
}

@test "a full disk: 503, and the file holds whole records only" {
	start -o /dev/full
	[ "$(status -d "$form" /webhooks/twilio)" = 503 ]
	stop
	rm ready
	(
		ulimit -f 8 # KiB
		trap '' XFSZ
		exec omni-recv -c omni.json -v --listen 127.0.0.1:0 -d 3 -o file 2>err 3>ready
	) &
	pid=$!
	pids+=("$pid")
	until_true test -s ready
	url=http://127.0.0.1:$(sed -n 's/.*127.0.0.1:\([0-9]*\)$/\1/p' err)
	head -c 3000 /dev/zero | tr '\0' a >body
	[ "$(status --data-binary @body /webhooks/twilio)" = 200 ]
	[ "$(status --data-binary @body /webhooks/twilio)" = 200 ]
	[ "$(status --data-binary @body /webhooks/twilio)" = 503 ]
	[ "$(status -d small /webhooks/twilio)" = 200 ]
	[ "$(jq -r '.request.body | length' file | tr '\n' ' ')" = '3000 3000 5 ' ]
}

@test "SIGTERM under load: no accepted request loses its answer, no record is cut or missing" {
	start
	"$drive" "$port" 32 60 >answered 2>summary &
	loader=$!
	more 200
	stop
	kill "$loader"
	wait "$loader" || { cat summary; return 1; }
	grep -q 'lost 0, cut 0' summary
	[ "$(wc -l <answered)" -gt 100 ]
	get .request.url | sed 's/.*n=//' | sort >recorded
	sort answered | comm -23 - recorded >missing
	[ ! -s missing ]
}

@test "SIGHUP under load changes nothing for anybody" {
	start
	"$drive" "$port" 16 60 >answered 2>summary &
	loader=$!
	for _ in 1 2 3 4 5; do
		more 100
		kill -HUP "$pid"
	done
	more 100
	kill "$loader"
	wait "$loader" || { cat summary; return 1; }
	grep -q 'otherwise 0, lost 0, cut 0, refused 0' summary
	[ "$(sort answered | uniq | wc -l)" = "$(get .request.url | sort -u | wc -l)" ]
}

@test "socket activation: a new process takes over without one refused connection" {
	activate port omni-recv -c omni.json -o out 2>err >started &
	supervisor=$!
	pids+=("$supervisor")
	until_true test -s port
	"$drive" "$(cat port)" 16 60 >answered 2>summary &
	loader=$!
	for n in 1 2; do
		more 100
		kill -HUP "$supervisor"
		until_true lines_are started "$n"
	done
	more 100
	kill "$loader"
	wait "$loader" || { cat summary; return 1; }
	grep -q 'otherwise 0, lost 0, cut 0, refused 0' summary || { cat summary; return 1; }
	kill -TERM "$supervisor"
	wait "$supervisor"
	get .request.url | sed 's/.*n=//' | sort >recorded
	sort answered | comm -23 - recorded >missing
	[ ! -s missing ]
}

@test "a listening socket as standard input, and one connection from inetd" {
	activate -0 port omni-recv -c omni.json 2>err >out &
	supervisor=$!
	pids+=("$supervisor")
	until_true test -s port
	url=http://127.0.0.1:$(cat port)
	[ "$(status -d "$form" /webhooks/twilio)" = 200 ]
	kill -TERM "$supervisor"
	wait "$supervisor"
	records 1
	rm port
	activate -i port omni-recv -c omni.json --inetd -o file 2>err &
	supervisor=$!
	pids+=("$supervisor")
	until_true test -s port
	url=http://127.0.0.1:$(cat port)
	[ "$(status -d "$form" /webhooks/twilio)" = 200 ]
	wait "$supervisor"
	jq -e '.kind == "webhook"' file
	want 64 omni-recv --inetd
	says 'needs -o'
}

@test "a supervisor is told what goes on" {
	need python3
	python3 - >told <<-'EOF' &
		import socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("notify")
		while True:
		    text = s.recv(1000).decode()
		    print(text.split("\n")[0], flush=True)
		    if text.startswith("STOPPING"):
		        break
	EOF
	pids+=($!)
	until_true test -S notify
	NOTIFY_SOCKET=$PWD/notify start
	until_true prints 'READY=1 ' cat told
	kill -HUP "$pid"
	until_true prints '2 ' grep -c READY told
	kill -USR1 "$pid"
	until_true grep -q ' requests, ' err
	stop
	until_true prints 'READY=1 RELOADING=1 READY=1 STOPPING=1 ' cat told
}

@test "--metrics keeps a file current" {
	start --metrics metrics
	status -d "$form" /webhooks/twilio
	until_true grep -qx 'omni_recv_records_total{carrier="twilio"} 1' metrics
	stop
}

@test "options that can not be meant" {
	want 64 omni-recv --listen nonsense
	want 64 omni-recv --listen 127.0.0.1:99999
	want 64 omni-recv --listen unix:
	want 64 omni-recv --tls-cert x
	want 64 omni-recv --trusted-proxy 192.0.2.0/64
	want 64 omni-recv --max-body 1G
	want 64 omni-recv request.http
	says 'files are read with --from'
	want 64 omni-recv --body
	want 64 omni-recv --from --listen 127.0.0.1:0 /dev/null
	want 78 omni-recv --listen 127.0.0.1:0 --tls-cert /nonexistent --tls-key /nonexistent
	says /nonexistent
	want 74 omni-recv --listen 127.0.0.1:0 -o /nonexistent/file
	start
	want 71 omni-recv --listen "127.0.0.1:$port"
	says 'another program does'
}

@test "hostile input of every kind does not harm an honest client" {
	"$BATS_TEST_DIRNAME/serve/soak" 4 200 7
}

@test "a FIFO that nothing was written to has an end all the same, for a reader that came later" {
	mkfifo fifo
	start -o fifo
	python3 - >got 3>&- <<-'EOF' &
		import os, select, sys
		fd = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
		open("opened", "w").close()
		end = select.poll()
		end.register(fd, select.POLLIN)
		if not end.poll(60000):
		    sys.exit("no end")
		sys.stdout.buffer.write(os.read(fd, 1000))
	EOF
	reader=$!
	until_true test -e opened
	stop
	wait "$reader"
	[ ! -s got ]
}
