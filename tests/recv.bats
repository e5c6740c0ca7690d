#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-recv --from: raw requests in, webhook records out.

load helper

id=0190a000-0000-7000-8000-000000000001
fixed=(--from --at 2026-01-14T09:00:00Z --id "$id")

# request(target, header...): a POST with the body "a=1" on standard output.
request() {
	printf 'POST %s HTTP/1.1\r\nHost: h.example.com\r\n' "$1"
	shift
	printf '%s\r\n' "$@" 'Content-Length: 3' ''
	printf 'a=1'
}

@test "a request becomes a webhook record with its members in order" {
	request '/webhooks/twilio/acme?x=1&y=%20' 'X-Twilio-Signature: abc=' >r
	want 0 omni-recv "${fixed[@]}" r
	is out '{"id":"'$id'","kind":"webhook","at":"2026-01-14T09:00:00.000Z","carrier":"twilio","account":"acme","request":{"method":"POST","url":"https://h.example.com/webhooks/twilio/acme?x=1&y=%20","headers":{"host":"h.example.com","x-twilio-signature":"abc=","content-length":"3"},"body":"a=1"},"trace":"00-0190a000000070008000000000000001-8000000000000001-01"}'
	[ ! -s err ]
}

@test "without --at and --id each record is born now with a version 7 id and a trace of it" {
	OMNI_CLOCK=2026-02-03T04:05:06.789Z want 0 omni-recv --from --body -C twilio - <<<a=1
	[ "$(get .at)" = 2026-02-03T04:05:06.789Z ]
	[[ $(get .id) =~ ^019c21ac-ec65-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
	[ "$(get .trace)" = "$(get '.id | gsub("-"; "") | "00-\(.)-\(.[16:])-01"')" ]
}

@test "several requests in one file have ids derived from the first" {
	{ request /webhooks/twilio; printf '\r\n\n'; request /webhooks/whatsapp; request /webhooks/twilio/b; printf '\n'; } >r
	want 0 omni-recv "${fixed[@]}" r
	[ "$(get .carrier | paste -sd' ')" = 'twilio whatsapp twilio' ]
	[ "$(get .id | head -n 1)" = "$id" ]
	[ "$(get .id | sort -u | wc -l)" -eq 3 ]
	[ "$(get '.id[14:15]' | paste -sd' ')" = '7 5 5' ]
	cp out first
	want 0 omni-recv "${fixed[@]}" - <r
	cmp out first
}

@test "an upper-case --id is written in lower case" {
	want 0 omni-recv --from --id "${id^^}" --body -C twilio - <<<a=1
	[ "$(get .id)" = "$id" ]
}

@test "--at may have any offset" {
	want 0 omni-recv --from --at '2026-01-14T10:00:00.1234+01:00' --body -C twilio - <<<a=1
	[ "$(get .at)" = 2026-01-14T09:00:00.123Z ]
}

@test "the url is base and target: --url before public_url before Host" {
	request /webhooks/twilio/acme >r
	echo '{"public_url":"https://of.file/pre/"}' >conf
	want 0 omni-recv "${fixed[@]}" r
	[ "$(get .request.url)" = https://h.example.com/webhooks/twilio/acme ]
	want 0 omni-recv "${fixed[@]}" -c conf r
	[ "$(get .request.url)" = https://of.file/pre/webhooks/twilio/acme ]
	want 0 omni-recv "${fixed[@]}" -c conf --url http://of.option:8080/ r
	[ "$(get .request.url)" = http://of.option:8080/webhooks/twilio/acme ]
}

@test "the public_url of a known account wins over that of the file" {
	cat >conf <<-'END'
	{ "public_url": "https://of.file",
	  "carriers": { "twilio": [ { "name": "a", "account_sid": "AC1", "public_url": "https://of.a" },
	    { "account_sid": "env:SID", "public_url": "https://of.b/x" }, { "name": "c" } ] } }
	END
	export SID=AC2
	for case in /webhooks/twilio/a=https://of.a/webhooks/twilio/a \
		/webhooks/twilio/AC1=https://of.a/webhooks/twilio/AC1 \
		/webhooks/twilio/AC2=https://of.b/x/webhooks/twilio/AC2 \
		/webhooks/twilio/c=https://of.file/webhooks/twilio/c \
		/webhooks/twilio=https://of.file/webhooks/twilio; do
		request "${case%%=*}" >r
		want 0 omni-recv --from -c conf r
		[ "$(get .request.url)" = "${case#*=}" ]
	done
	request /webhooks/twilio >r
	want 0 omni-recv --from -c conf -A a r
	[ "$(get '.account + " " + .request.url')" = 'a https://of.a/webhooks/twilio' ]
	unset SID
	want 78 omni-recv --from -c conf r
	says SID
}

@test "an only account need not be named for its public_url" {
	echo '{"public_url":"https://of.file","carriers":{"twilio":{"public_url":"https://of.only"}}}' >conf
	request /webhooks/twilio >r
	want 0 omni-recv --from -c conf r
	[ "$(get .request.url)" = https://of.only/webhooks/twilio ]
	request /webhooks/whatsapp >r
	want 0 omni-recv --from -c conf r
	[ "$(get .request.url)" = https://of.file/webhooks/whatsapp ]
}

@test "no secret of an account is read" {
	echo '{"carriers":{"twilio":{"auth_token":"env:NOT_SET"},"whatsapp":{"app_secret":"file:/nowhere"}}}' >conf
	request /webhooks/twilio >r
	want 0 omni-recv --from -c conf r
}

@test "a public_url that is none is an error of the configuration" {
	echo '{"public_url":"hooks.example.com"}' >conf
	request /webhooks/twilio >r
	want 78 omni-recv --from -c conf r
	says 'conf: "hooks.example.com" is not the start of an http or https URL'
}

@test "an absolute target is the url, and its path names the carrier behind any prefix" {
	request 'https://x.example/pre/webhooks/whatsapp/b?q' >r
	want 0 omni-recv "${fixed[@]}" --url https://other r
	[ "$(get '[.carrier, .account, .request.url] | join(" ")')" = 'whatsapp b https://x.example/pre/webhooks/whatsapp/b?q' ]
}

@test "-C wins over the path, whose account is then another carrier's" {
	request /webhooks/whatsapp/b >r
	want 0 omni-recv --from -C twilio r
	[ "$(get '[.carrier, has("account")] | join(" ")')" = 'twilio false' ]
	request /anything >r
	want 0 omni-recv --from -C twilio -A x r
	[ "$(get '[.carrier, .account] | join(" ")')" = 'twilio x' ]
}

@test "a path that names no carrier makes a reject, and the rest goes on" {
	{ request /x; request /webhooks/nobody/acc; request /webhooks/; request '*'; request /webhooks/twilio; } >r
	want 1 omni-recv "${fixed[@]}" r
	[ "$(get .kind | paste -sd' ')" = 'reject reject reject reject webhook' ]
	[ "$(get 'select(.code) | [.stage, .class, .code] | join(" ")' | uniq -c | sed 's/^ *//')" = \
		$'3 recv data carrier-unknown\n1 recv data request-malformed' ]
	get .detail | grep -qF 'with -C'
	get .detail | grep -qF nobody
	[ "$(get .line | head -n 4 | paste -sd' ')" = '1 5 9 13' ]
	get .raw | head -c 7 | grep -q '^POST /x'
	[ ! -s err ]
}

@test "what is no request is a reject that keeps the bytes" {
	printf 'not http\n\n\377' >r
	want 1 omni-recv --from r
	[ "$(get '[.code, .raw64] | join(" ")')" = "request-malformed $(base64 <r)" ]
	printf 'POST /webhooks/twilio HTTP/1.1\nContent-Length: 9\n\nshort' >r
	want 1 omni-recv --from r
	[ "$(get .code)" = request-short ]
	cmp <(jq -j .raw out) r
}

@test "bytes behind a body that is longer than its Content-Length are a reject that says so" {
	{ request /webhooks/twilio; printf '&b=2'; } >r
	want 1 omni-recv --from r
	[ "$(get .kind | paste -sd' ')" = 'webhook reject' ]
	get .detail | grep -qF 'longer than its Content-Length'
}

@test "--rejects takes them out of band and appends" {
	request /x >r
	echo kept >bad
	want 1 omni-recv --from --rejects bad r
	[ ! -s out ]
	[ "$(head -n 1 bad)" = kept ]
	[ "$(tail -n +2 bad | jq -r .code)" = carrier-unknown ]
	want 74 omni-recv --from --rejects /nowhere/bad r
	says /nowhere/bad
}

@test "headers: all kept, lower case, repeated ones joined, Latin-1 as UTF-8" {
	request /webhooks/twilio 'X-One: a' 'x-one: b' $'X-Two: \xe9 "q" \\' 'X-Empty:' >r
	want 0 omni-recv --from r
	[ "$(get '.request.headers | [.["x-one"], .["x-two"], .["x-empty"]]')" = '["a, b","é \"q\" \\",""]' ]
}

@test "a body that is not UTF-8 goes into body64, a chunked one is put together" {
	printf 'POST /webhooks/twilio HTTP/1.1\nHost: h\nContent-Length: 2\n\n\376\377' >r
	want 0 omni-recv --from r
	[ "$(get '.request | [has("body"), .body64]')" = '[false,"/v8="]' ]
	printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n' >r
	want 0 omni-recv --from r
	[ "$(get .request.body)" = abc ]
}

@test "every character of a body comes back" {
	for i in {0..127}; do printf "%b" "\\x$(printf %x "$i")"; done >body
	printf 'é€😀' >>body
	{ printf 'POST /webhooks/twilio HTTP/1.1\nContent-Length: %d\n\n' "$(wc -c <body)"; cat body; } >r
	want 0 omni-recv --from r
	cmp <(jq -j .request.body out) body
}

@test "--body: JSON and forms are told apart, line ends at the end dropped" {
	printf '\n {"a":[1]}\r\n\n' >json
	printf '[1]' >array
	printf 'From=%%2B1555&Body=x\n' >form
	printf '\xef\xbb\xbf{}\n' >bom
	want 0 omni-recv --from --body -C whatsapp json array form bom
	get '.request | [.method, .url, .headers, .body]' >got
	is got '["POST","https://localhost/webhooks/whatsapp",{"content-type":"application/json"},"\n {\"a\":[1]}"]
["POST","https://localhost/webhooks/whatsapp",{"content-type":"application/json"},"[1]"]
["POST","https://localhost/webhooks/whatsapp",{"content-type":"application/x-www-form-urlencoded"},"From=%2B1555&Body=x"]
["POST","https://localhost/webhooks/whatsapp",{"content-type":"application/json"},"{}"]'
}

@test "--body takes base and account from the options" {
	echo a=1 >form
	want 0 omni-recv --from --body -C twilio -A 'my acc' --url https://x/y form
	[ "$(get '[.account, .request.url]')" = '["my acc","https://x/y/webhooks/twilio/my%20acc"]' ]
}

@test "--body of an empty file is a reject" {
	want 1 omni-recv --from --body -C twilio - </dev/null
	[ "$(get .code)" = request-short ]
}

@test "an empty file and one of line ends hold no request" {
	printf '\r\n\n' >r
	want 0 omni-recv --from r /dev/null
	[ ! -s out ]
}

@test "what is larger than a line as a record is a reject that keeps the start" {
	# each quote takes two bytes in the record, so this body is within its own limit
	{ printf 'POST /webhooks/twilio HTTP/1.1\nContent-Length: 800000\n\n'; head -c 800000 /dev/zero | tr '\0' '"'; request /webhooks/twilio; } >r
	want 1 omni-recv --from r
	[ "$(get '[.kind, .code] | join(" ")' | paste -sd,)" = 'reject request-too-large,webhook ' ]
	[ "$(head -n 1 out | wc -c)" -le 1048576 ]
	get .detail | grep -qE 'of 800[0-9]{3} bytes the first [0-9]+ are kept'
	jq -j .raw out | cmp -n 1000 - r
	head -c 2000000 /dev/zero >r
	want 1 omni-recv --from --body -C twilio r
	[ "$(get .code)" = request-too-large ]
	[ "$(head -n 1 out | wc -c)" -le 1048576 ]
}

@test "a file past the limit is read as far as it goes" {
	{ request /webhooks/twilio; head -c 70M /dev/zero; } >r
	want 65 omni-recv --from r
	[ "$(get .kind | paste -sd' ')" = 'webhook reject' ]
	says 'r: larger than 64 MiB'
}

@test "compressed operands" {
	request /webhooks/twilio >r
	want 0 omni-recv "${fixed[@]}" r
	cp out plain
	zstd -q r
	gzip r
	for f in r.zst r.gz; do
		want 0 omni-recv "${fixed[@]}" "$f"
		cmp out plain
	done
}

@test "of a compressed operand that is cut short, what is whole comes out" {
	{ request /webhooks/twilio; printf 'POST /webhooks/twilio HTTP/1.1\nHost: h\n\n'; head -c 200000 /dev/urandom | base64 -w 0; } >r
	gzip r
	head -c 50000 r.gz >cut.gz
	want 65 omni-recv --from cut.gz
	says 'cut.gz: the gzip data ends in the middle'
	[ "$(get '[.kind, .code] | join(" ")' | paste -sd,)" = 'webhook ,reject request-short' ]
}

@test "a file that is missing is named, the others are done, exit 74" {
	request /webhooks/twilio >r
	want 74 omni-recv --from nope . r
	says 'nope: No such file'
	says '.: Is a directory'
	[ "$(get .carrier)" = twilio ]
	want 74 omni-recv --from --body -C twilio . r
	[ "$(get .kind)" = webhook ]
}

@test "usage" {
	request /webhooks/twilio >r
	want 64 omni-recv r
	says --from
	want 64 omni-recv --from -C nobody r
	says '"nobody"; there are '
	says ' twilio whatsapp'
	want 64 omni-recv --from --body r
	says -C
	want 64 omni-recv --from --at yesterday r
	want 64 omni-recv --from --at 2026-02-30T00:00:00Z r
	want 64 omni-recv --from --id 1234 r
	want 64 omni-recv --from --url hooks.example.com r
	want 64 omni-recv --from --url 'https://x?y' r
	want 64 omni-recv --from -A '' r
	want 64 omni-recv --from --id $id --id $id r
	want 64 omni-recv --from --nothing r
	[ ! -s out ]
	want 78 omni-recv --from -c nope.json r
	says nope.json
}

@test "a terminal on standard input without operands is wrong usage" {
	command -v script >/dev/null || skip 'no script(1)'
	script -qec "omni-recv --from; echo exit \$?" /dev/null </dev/null >said
	grep -q 'is a terminal' said
	grep -q 'exit 64' said
}

@test "--help and --version go to standard output" {
	want 0 omni-recv --help
	grep -q -- --from out
	want 0 omni-recv --version
	[[ $(head -n 1 out) =~ ^omni-recv\ \(omni\)\ [0-9.]+$ ]]
}

@test "-v names each reject and closes with a summary, -q is silent" {
	{ request /webhooks/twilio; request /x; } >r
	want 1 omni-recv --from -v r
	says 'r: line 5: rejected:'
	says '2 requests, 1 rejected'
	want 1 omni-recv --from -q r
	[ ! -s err ]
}

@test "a full disk and a closed pipe are failures of output" {
	request /webhooks/twilio >r
	rc=0
	omni-recv --from r >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	says 'standard output: No space left'
	mkfifo gone
	exec 8<>gone 9>gone 8>&- # from now on nobody reads it
	rc=0
	omni-recv --from r >&9 2>err || rc=$?
	exec 9>&-
	[ "$rc" -eq 74 ]
	says 'standard output: Broken pipe'
}

@test "SIGTERM while a FIFO has no writer yet ends the program: exit 0" {
	mkfifo in in.zst
	for file in in in.zst; do
		omni-recv --from "$file" nope >out 2>err &
		pid=$!
		until_true catches "$pid"
		kill -TERM "$pid"
		until_true gone "$pid"
		wait "$pid"
		nothing <out
		nothing <err # the next operand was not opened
	done
}

@test "SIGTERM: of a compressed FIFO too what has arrived whole comes out, and that it is short is told" {
	mkfifo in.zst
	omni-recv --from in.zst nope >out 2>err &
	pid=$!
	exec 7>in.zst
	{ request /webhooks/twilio | zstd -qc; request /webhooks/whatsapp | zstd -qc | head -c 20; } >&7
	until_true read_up 7
	kill -TERM "$pid"
	until_true gone "$pid"
	rc=0
	wait "$pid" || rc=$?
	exec 7>&-
	[ "$rc" -eq 65 ]
	[ "$(get .kind | paste -sd' ')" = 'webhook reject' ]
	says 'in.zst: the zstd data ends in the middle'
	lines_are err 1
}

@test "SIGTERM: what has arrived whole comes out, the rest is a reject" {
	mkfifo in
	omni-recv --from in nope >out 2>err &
	pid=$!
	exec 7>in
	{ request /webhooks/twilio; printf 'POST /webhooks/twilio HTTP/1.1\nHost: h\n\nhalf'; } >&7
	until_true read_up 7
	kill -TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	exec 7>&-
	[ "$rc" -eq 1 ]
	[ "$(get '[.kind, .code] | join(" ")' | paste -sd,)" = 'webhook ,reject request-short' ]
	[ ! -s err ] # the next operand was not opened
}

@test "SIGTERM: a file whose end comes in time is whole" {
	mkfifo in
	omni-recv --from in >out 2>err &
	pid=$!
	exec 7>in
	printf 'POST /webhooks/twilio HTTP/1.1\nHost: h\n\nha' >&7
	until_true read_up 7
	kill -TERM "$pid"
	printf 'lf' >&7
	exec 7>&-
	wait "$pid"
	[ "$(get .request.body)" = half ]
}
