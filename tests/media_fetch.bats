#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media fetch: what the media of messages stand for is fetched, against a server with faults (tests/media/server).

load helper

# until_so(command): wait until a shell succeeds with it.
until_so() {
	until_true sh -c "$1"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
	mkdir www
	# The smallest PNG, with something behind it so that it can be cut.
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\0\0\0\0' >www/a.png
	head -c 200000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >>www/a.png
	printf 'hello\n' >www/b.txt
	"$BATS_TEST_DIRNAME"/media/server www log >port 2>server.err 3>&- &
	echo $! >pid
	until_so '[ -s port ]'
	base=http://127.0.0.1:$(cat port)
	sum=$(sha256sum www/a.png | cut -c1-64)
}

teardown() {
	kill "$(cat pid)" 2>/dev/null || :
}

# message(media...): an inbound message with these, each an object or the URL below the server.
message() {
	local media=() m
	for m; do
		case $m in
		'{'*) media+=("$m") ;;
		*) media+=("{\"url\":\"$base$m\",\"kind\":\"image\"}") ;;
		esac
	done
	printf '{"id":"m%s","kind":"message","at":"2026-01-14T09:00:00.000Z","direction":"in","conversation":"c","type":"media","media":[%s]}\n' \
		"${n:-1}" "$(IFS=,; echo "${media[*]}")"
}

# shellcheck disable=SC2120 # want calls it
# fetch(option...): omni-media on standard input; the server may be reached.
fetch() {
	timeout 60 omni-media fetch --objects store --trust "$base" "$@"
}

# object(file): the store has its bytes under their name.
object() {
	local name
	name=$(sha256sum "$1" | cut -c1-64)
	cmp "$1" "store/${name:0:2}/${name:2:2}/$name"
}

# only(n): the store holds so many objects, and nothing that is half there.
only() {
	[ "$(find store -type f | wc -l)" -eq "$1" ]
	find store/new -type f | nothing
}

# marked(code...): the message went on, and its media have these faults; "-" is none.
marked() {
	[ "$(get '[.kind, (.media[] | .fault.code // "-")] | join(" ")')" = "message $*" ] || { cat out; return 1; }
}

rejected() {
	[ "$(get '[.kind, .class, .code] | join(" ")')" = "reject $1 $2" ] || { cat out; return 1; }
}

@test "a file is fetched, kept by its content, and its place, digest, size and type go into the record" {
	message /type/text/html/a.png | want 0 fetch
	[ "$(get '.media[0] | [.path, .sha256, .size, .mime, .kind] | @json')" = \
		"[\"$PWD/store/${sum:0:2}/${sum:2:2}/$sum\",\"$sum\",$(stat -c %s www/a.png),\"image/png\",\"image\"]" ]
	[ "$(get .media[0].url)" = "$base/type/text/html/a.png" ]
	object www/a.png
	only 1
}

@test "the same bytes are kept once, and a record that has been here is not fetched again" {
	(n=1; message /file/a.png /plain/a.png; n=2; message /file/a.png /file/b.txt) | want 0 fetch
	object www/a.png
	object www/b.txt
	only 2
	cp out before
	: >log
	want 0 fetch before
	cmp out before
	nothing <log
}

@test "an object that is gone or has changed is fetched again, and again what is on the disk is what is said" {
	message /plain/a.png | want 0 fetch
	cp out before
	file=store/${sum:0:2}/${sum:2:2}/$sum
	for harm in 'rm -f' "sed -i 1s/PNG/GIF/"; do
		# From the record as it came, and as it went on.
		for record in "$(message /plain/a.png)" "$(cat before)"; do
			$harm "$file"
			no cmp -s www/a.png "$file"
			echo "$record" | want 0 fetch
			cmp out before
			object www/a.png
			only 1
		done
	done
	rm -f "$file"
	# Nobody says where it was: the message is not sent with another file.
	jq -c 'del(.media[].url) | .direction = "out"' before | want 1 fetch
	rejected denied media-refused
}

@test "what breaks off goes on where it broke" {
	message /break/2/a.png | want 0 fetch
	object www/a.png
	[ "$(jq -r '.range // "-"' log | paste -sd' ')" = "- bytes=100014- bytes=150021-" ] || { cat log; return 1; }
}

@test "what can not be gone on with begins anew" {
	message /breakplain/1/a.png | want 0 fetch
	object www/a.png
	only 1
}

@test "a file that has changed meanwhile is fetched whole" {
	message /changed/a.png | want 0 fetch
	python3 -c 'import sys; sys.stdout.buffer.write(open("www/a.png", "rb").read()[::-1])' >turned
	object turned
	only 1
}

@test "another part than was asked for is not glued in" {
	message /wrongpart/a.png | want 0 fetch
	object www/a.png
	only 1
}

@test "parts of two files are never one: a server that has another one now, and sends its part all the same" {
	python3 - <<-'EOF'
		data = open('www/a.png', 'rb').read()[::-1]
		open('turned', 'wb').write(data)
		open('longer', 'wb').write(data + b'x')
	EOF
	for way in mixed:turned mixedsize:longer; do
		rm -rf store
		message "/${way%:*}/a.png" | want 0 fetch
		object "${way#*:}"
		only 1
	done
}

@test "a file that comes compressed though nobody asked for it is unpacked, and begun anew where it broke off" {
	message /gzip/0/a.png /gzip/1/a.png | want 0 fetch
	object www/a.png
	only 1
	[ "$(jq -r '.range // "-"' log | sort -u)" = - ] || { cat log; return 1; }
	# As many bytes of it as any other may have.
	head -c 5000000 /dev/zero >www/zeros
	message /gzip/0/zeros | want 0 fetch --max-size 1M
	marked media-too-large
}

@test "more files at once than a process may have open, if nobody says otherwise: each message gets its own" {
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 2048 ] || skip 'no more descriptors to be had'
	mkdir files
	for n in $(seq 200); do
		head -c "$n" www/a.png >files/$n
		message /file/a.png /break/1/$n/b.txt "{\"path\":\"$n\"}"
	done >in
	(
		ulimit -Sn 128
		want 0 fetch --files files in
	)
	[ "$(get '[.kind, (.media[].size)] | @csv')" = "$(seq 200 | sed 's/.*/"message",200029,6,&/')" ]
	only 202
}

@test "what many messages want at the same time is fetched once, and each is told what it got" {
	{
		for n in $(seq 50); do message /gate/a.png | sed "s/\"c\"/\"c$n\"/"; done
		n=51 message "{\"url\":\"$base/gate/a.png\",\"sha256\":\"$(printf %064d 0)\"}" | sed 's/"c"/"other"/'
		n=52 message /file/b.txt
	} >in
	omni-media fetch --objects store --trust "$base" <in >out 3>&- &
	# The last one was asked for, and so were those before it.
	until_so 'grep -q b.txt log'
	: >www/open
	wait $!
	[ "$(jq -r .path log | sort | paste -sd' ')" = '/file/b.txt /gate/a.png' ]
	[ "$(get 'select(.media[0].size == 200029) | .conversation' | sort -u | wc -l)" = 50 ]
	[ "$(get 'select(.conversation == "other").media[0].fault.code')" = media-mismatch ]
	only 2
}

@test "an error that may pass is tried again" {
	message /fail/1/503/a.png | want 0 fetch
	object www/a.png
}

@test "a wait that a server asks for comes back to the queue" {
	message /later/3600 | OMNI_CLOCK=2026-01-14T10:00:00Z want 1 fetch
	rejected temp media-unavailable
	[ "$(get .retry_at)" = 2026-01-14T11:00:00.000Z ]
	only 0
}

@test "what is gone, refused or too large is said so" {
	message /status/410 | want 0 fetch
	marked media-gone
	message /status/404 | want 0 fetch
	marked media-gone
	message /status/403 | want 1 fetch
	rejected denied media-refused
	message /claims | want 0 fetch --max-size 1M
	marked media-too-large
	message /endless | want 0 fetch --max-size 1M
	marked media-too-large
	message /file/a.png | want 0 fetch --max-size 200000
	marked media-too-large
	message /file/a.png | want 0 fetch --max-size "$(stat -c %s www/a.png)"
	only 1
}

@test "servers that answer nothing, or no HTTP, cost their own message alone" {
	(n=1; message /close; n=2; message /garbage; n=3; message /file/a.png) >in
	sed -i 's/"conversation":"c",//' in
	want 1 fetch in
	[ "$(get 'select(.kind == "message") | .id')" = m3 ]
	[ "$(get 'select(.kind == "reject") | .class + " " + .code' | sort | uniq -c | tr -s ' ')" = ' 2 temp media-unavailable' ]
	get 'select(.kind == "reject") | .retry_at' | grep -c ^20 | grep -qx 2
}

@test "a file of no bytes is one" {
	message /empty | want 0 fetch
	[ "$(get '.media[0].size')" = 0 ]
}

@test "addresses that are not public are refused, also where a redirect leads to them" {
	message '{"url":"http://169.254.169.254/latest/meta-data/"}' | want 1 fetch
	rejected denied media-refused
	message "{\"url\":\"http://localhost:$(cat port)/file/a.png\"}" | want 1 fetch
	rejected denied media-refused
	message "/to?http://localhost:$(cat port)/file/a.png" | want 1 fetch
	rejected denied media-refused
	message "/to?file:///etc/passwd" | want 1 fetch
	rejected denied media-refused
	message '{"url":"http://[::ffff:10.0.0.1]/"}' | want 1 fetch
	rejected denied media-refused
	message '{"url":"file:///etc/passwd"}' | want 0 fetch
	marked media-malformed
	only 0
}

@test "a message that came in waits for all of its files, and goes on without those that are gone" {
	message /file/a.png /status/410 /file/b.txt | jq -c '.text = "words"' | want 0 fetch
	marked - media-gone -
	[ "$(get '.text, .media[1].url, .media[1].path')" = "words
$base/status/410
null" ]
	[ "$(get '[.media[].mime]')" = '["image/png",null,"text/plain"]' ]
	get '.media[1].fault.detail' | grep -q 410
	omni-validate --schema media <(jq -c ".media[]" out) >valid
	[ "$(wc -l <valid)" = 3 ]
	no grep -q reject valid
	only 2
	# What passes omni-media fit stays as it is.
	omni-media fit --objects store out | jq -c '.media[1]' >fitted
	get '.media[1]' >have
	diff -u have fitted
	# There again: nothing is wrong any more.
	cp out marked.ndjson
	jq -c ".media[1].url = \"$base/file/b.txt\"" marked.ndjson | want 0 fetch
	marked - - -
	# One that may come later, or was refused, is had again, with all of them.
	message /status/410 /later/100 | want 1 fetch
	rejected temp media-unavailable
	message /status/410 /status/403 | want 1 fetch
	rejected denied media-refused
}

@test "a message with a file that is gone is rejected where the configuration says so, and always if it is to go out" {
	echo '{ "media": { "missing": "reject" } }' >omni.json
	message /file/a.png /file/b.txt /status/410 | want 1 fetch -c omni.json
	rejected data media-gone
	[ "$(get '.record.media | length')" = 3 ]
	[ "$(get '.record.media[0].path')" = null ]
	message /status/410 /later/100 | want 1 fetch -c omni.json
	rejected data media-gone
	message /file/a.png /status/410 | sed 's/"in"/"out"/' | want 1 fetch
	rejected data media-gone
	echo '{ "media": { "missing": "drop" } }' >omni.json
	message /file/a.png | want 78 fetch -c omni.json
	says '/media/missing'
}

@test "a digest that was announced must be that of the bytes" {
	message "{\"url\":\"$base/file/a.png\",\"sha256\":\"$sum\"}" | want 0 fetch
	message "{\"url\":\"$base/file/b.txt\",\"sha256\":\"$sum\"}" | want 0 fetch
	marked media-mismatch
	[ "$(get '.media[0].path')" = null ]
}

@test "records of a conversation leave in their order, others do not wait" {
	{
		n=1 message /fail/1/503/a.png
		n=2 message /file/b.txt
		echo '{"id":"s3","kind":"status","conversation":"c","status":"read"}'
		echo '{"id":"s4","kind":"status","conversation":"d","status":"read"}'
		n=5 message /file/b.txt | sed 's/"c"/"e"/'
		echo '{"id":"x6","kind":"event"}'
	} | want 0 fetch
	[ "$(get 'select(.conversation == "c") | .id' | paste -sd' ')" = "m1 m2 s3" ]
	[ "$(get .id | tail -n 3 | paste -sd' ')" = "m1 m2 s3" ]
	[ "$(get .id | wc -l)" -eq 6 ]
}

@test "records without media pass byte for byte" {
	printf '%s\n' '{ "kind" : "message", "text":"\u0041" }' '{"kind":"message","media":[]}' '{"kind":"reject","record":{"media":[{"url":"x"}]}}' >in
	want 0 fetch in
	cmp in out
}

@test "files of this machine are sent from below the directories that were named, and from nowhere else" {
	mkdir -p files/sub other
	cp www/a.png files/sub
	cp www/b.txt other
	ln -s "$PWD/other" files/link
	ln -s sub/a.png files/inside.png
	mkfifo files/fifo
	out() { message "{\"path\":\"$1\"}" | sed 's/"in"/"out"/'; }
	out "$PWD/files/sub/a.png" | want 0 fetch --files "$PWD/files"
	object www/a.png
	out sub/a.png | want 0 fetch --files files/
	out inside.png | want 0 fetch --files files
	for path in ../other/b.txt "$PWD/files/../other/b.txt" link/b.txt /etc/passwd fifo sub "$PWD/filesystem" ..; do
		out "$path" | want 1 fetch --files "$PWD/files"
		rejected denied media-refused
	done
	out sub/a.png | want 1 fetch
	rejected denied media-refused
	out nothing | want 1 fetch --files files
	rejected data media-gone
	out sub/a.png | want 1 fetch --files files --max-size 1000
	rejected data media-too-large
	only 1
}

@test "a message that goes out keeps what the carrier has already" {
	message '{"external_id":"77","kind":"image"}' | sed 's/"in"/"out"/' >in
	want 0 fetch in
	[ "$(get .media[0])" = '{"external_id":"77","kind":"image"}' ]
}

@test "Bandwidth: its credentials go to its host, and not to where it redirects" {
	cat >conf.json <<-END
		{ "carriers": { "bandwidth": { "application_id": "app", "account_id": "1", "base_url": "$base",
		  "api_token": "user", "api_secret": "secret", "callback_user": "x", "callback_password": "y" } } }
	END
	message /basic/a.png | sed 's/"in"/"in","carrier":"bandwidth","account":"app"/' >in
	sed 's/"in"/"out"/' in >out.in
	OMNI_CONFIG=conf.json want 1 omni-media fetch -q --objects store in
	rejected denied media-refused # the name it redirects to is not public
	OMNI_CONFIG=conf.json want 0 omni-media fetch -q --objects store --trust "http://localhost:$(cat port)" in
	object www/a.png
	jq -se 'map(select(.path | startswith("/open"))) | length == 1 and .[0].auth == null' log
	# What goes out is anybody's: it gets no credentials.
	OMNI_CONFIG=conf.json want 1 omni-media fetch -q --objects store out.in
	rejected denied media-refused
	jq -se '.[-1].auth == null' log
}

# came_over(carrier, account): the media of standard input did.
came_over() {
	sed "s/\"in\"/\"in\",\"carrier\":\"$1\",\"account\":\"$2\"/"
}

@test "Twilio: account or key as user, a redirect without them; a file that is not there yet is asked for again" {
	cat >conf.json <<-END
		{ "carriers": { "twilio": [
		  { "account_sid": "user", "auth_token": "secret", "base_url": "$base" },
		  { "account_sid": "AC1", "auth_token": "other", "api_key": "user", "api_secret": "secret", "base_url": "$base/" } ] } }
	END
	for account in user AC1; do
		message /basic/a.png | came_over twilio $account |
			want 0 omni-media fetch -q -c conf.json --objects store --trust "http://localhost:$(cat port)"
	done
	object www/a.png
	message /fail/1/404/b.txt | came_over twilio user | want 0 omni-media fetch -q -c conf.json --objects store
	object www/b.txt
	# Another host gets none, whatever a record says.
	: >log
	message "{\"url\":\"http://localhost:$(cat port)/basic/a.png\"}" | came_over twilio user |
		want 1 omni-media fetch -q -c conf.json --objects store --trust "http://localhost:$(cat port)"
	rejected denied media-refused
	jq -se 'length == 1 and .[0].auth == null' log
}

@test "WhatsApp: an id leads to a URL, the same token opens both; a URL that has ended is asked for anew" {
	cat >conf.json <<-END
		{ "carriers": { "whatsapp": { "phone_number_id": "200", "app_secret": "x", "access_token": "secret", "base_url": "$base" } } }
	END
	message "{\"external_id\":\"300\",\"kind\":\"image\",\"sha256\":\"$sum\"}" | came_over whatsapp 200 |
		want 0 omni-media fetch -q -c conf.json --objects store
	object www/a.png
	[ "$(jq -r .path log | paste -sd' ')" = "/v23.0/300?phone_number_id=200 /bearer/a.png" ]
	: >log
	message '{"external_id":"404"}' | came_over whatsapp 200 | want 0 omni-media fetch -q -c conf.json --objects store
	[ "$(jq -r .path log | cut -d/ -f2 | paste -sd' ')" = "v23.0 stale v23.0 stale" ]
	# An answer that names a host of somebody else does not get the token.
	message '{"external_id":"666"}' | came_over whatsapp 200 | want 1 omni-media fetch -q -c conf.json --objects store
	rejected denied media-refused
	message '{"external_id":"../../me"}' | came_over whatsapp 200 | want 0 omni-media fetch -q -c conf.json --objects store
	marked media-malformed
}

@test "WhatsApp: an id of an account that is not configured is not given up" {
	echo '{"id":"1","kind":"message","direction":"in","carrier":"whatsapp","account":"5","media":[{"external_id":"111"}]}' >in
	want 1 fetch in
	rejected denied media-refused
	get .detail | grep -q "not in the configuration$"
	[ ! -s log ]
}

@test "MessageBird gets its key, LiveChat and Inteliquent none" {
	cat >conf.json <<-END
		{ "carriers": { "messagebird": { "name": "mb", "signing_key": "k", "access_key": "secret", "base_url": "$base" },
		  "livechat": { "name": "lc", "webhook_secret": "w", "access_token": "secret", "base_url": "$base" },
		  "inteliquent": { "name": "iq", "api_key": "secret", "base_url": "$base" } } }
	END
	message /key/a.png | came_over messagebird mb | want 0 omni-media fetch -q -c conf.json --objects store
	for account in "livechat lc" "inteliquent iq"; do
		# shellcheck disable=SC2086 # two words
		message /file/a.png | came_over $account | want 0 omni-media fetch -q -c conf.json --objects store
	done
	[ "$(jq -r '.auth // "-"' log | paste -sd' ')" = "AccessKey secret - -" ]
}

@test "certificates are checked, against those of --ca alone where it is given" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout key.pem -out cert.pem 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout key2.pem -out other.pem 2>/dev/null
	for tls in $(seq 18411 18440); do
		openssl s_server -accept "127.0.0.1:$tls" -cert cert.pem -key key.pem -WWW >tls.out 2>&1 </dev/null 3>&- &
		echo $! >tls.pid
		until_so 'grep -q ACCEPT tls.out || ! kill -0 "$(cat tls.pid)" 2>/dev/null'
		if grep -q ACCEPT tls.out; then break; fi
	done
	one() { message "{\"url\":\"https://$1:$tls/www/a.png\"}"; }
	one localhost | want 0 omni-media fetch --objects store --trust "https://localhost:$tls" --ca cert.pem
	object www/a.png
	one localhost | want 1 omni-media fetch --objects store --trust "https://localhost:$tls" --ca other.pem
	rejected temp media-unavailable
	get .detail | grep -q certificate
	one localhost | want 1 omni-media fetch --objects store --trust "https://localhost:$tls"
	rejected temp media-unavailable
	one 127.0.0.1 | want 1 omni-media fetch --objects store --trust "https://127.0.0.1:$tls" --ca cert.pem
	rejected temp media-unavailable
	kill "$(cat tls.pid)"
	one localhost | want 78 omni-media fetch --objects store --ca nowhere.pem
	says nowhere.pem
}

@test "-n says what would be fetched, with which secret, and fetches nothing" {
	cat >conf.json <<-END
		{ "carriers": { "bandwidth": { "application_id": "app", "account_id": "1", "base_url": "$base",
		  "api_token": "user", "api_secret": "hidden", "callback_user": "x", "callback_password": "y" } } }
	END
	message /basic/a.png '{"path":"/etc/passwd"}' | sed 's/"in"/"in","carrier":"bandwidth","account":"app"/' >in
	want 0 omni-media fetch -q -c conf.json --objects store -n in
	is out '{"id":"m1","kind":"plan","at":"2026-01-14T09:00:00.000Z","media":[{"fetch":"'"$base"'/basic/a.png","auth":"basic","secret":"api_secret"},{"code":"media-refused","detail":"/etc/passwd: not a file below a directory of --files"}]}'
	[ ! -e store ]
	[ ! -s log ]
}

@test "several processes share a store" {
	for i in 1 2 3 4; do
		seq 20 | while read -r i; do n=$i message /file/a.png /file/b.txt; done | fetch >"out.$i" &
	done
	wait %2 %3 %4 %5
	object www/a.png
	object www/b.txt
	only 2
	[ "$(cat out.? | jq -s 'map(.media[].sha256) | length')" -eq 160 ]
}

@test "what a process that was killed left half written goes at the next start, what lives stays" {
	message /claims >in
	omni-media fetch --objects store --trust "$base" --max-size 20G in >/dev/null 3>&- &
	until_so '[ -n "$(ls store/new 2>/dev/null)" ]'
	message /file/b.txt | want 0 fetch
	[ "$(find store/new -type f | wc -l)" -eq 1 ]
	kill -9 $!
	wait $! || :
	message /file/b.txt | want 0 fetch
	only 1
}

@test "SIGTERM gives back what is on its way" {
	mkfifo pipe
	omni-media fetch --objects store --trust "$base" <pipe >out 2>err 3>&- &
	{
		message /never
		until_so 'grep -q never log'
		kill -TERM $!
		sleep 0.2
	} >pipe
	wait $! || [ $? -eq 1 ]
	rejected temp media-stopped
	find store/new -type f | nothing
}

@test "an output that can not be written is 74, a store that can not be is too" {
	message /file/a.png >in
	want 74 sh -c 'omni-media fetch --objects store --trust "$1" in >/dev/full' - "$base"
	touch file
	want 74 omni-media fetch --objects file/store in
	want 64 omni-media fetch in
	says '--objects'
}
