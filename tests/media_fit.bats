#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-media fit: the media of messages become what the channel takes, or a link, or the reason why not.

load helper

src=$BATS_TEST_DIRNAME

still() {
	ffmpeg -v error -y -f lavfi -i "testsrc2=size=$2:rate=1,noise=alls=20:allf=t" -frames:v 1 -q:v 3 "$1"
}

# message(direction, carrier, channel, text, file...): a message whose media are files here.
message() {
	local direction=$1 carrier=$2 channel=$3 text=$4
	shift 4
	printf '%s\n' "$@" | jq -Rsc --arg d "$direction" --arg c "$carrier" --arg n "$channel" --arg t "$text" --arg w "$PWD" '
		{ id: "0198c0de-0000-7000-8000-000000000001", kind: "message", at: "2026-01-14T09:00:00.000Z", direction: $d, carrier: $c,
		  channel: $n, conversation: "0198c0de-0000-7000-8000-0000000000c0", from: { address: "+15550100" },
		  to: [{ address: "+15550123" }], type: "media", text: $t,
		  media: (split("\n") | map(select(. != "") | { path: "\($w)/\(.)", name: . })) }'
}

# fetched(file...): records whose media were fetched, in the file in.
fetched() {
	cat "$@" | omni-media fetch --objects o --files "$PWD" >in
}

fit() {
	omni-media fit --objects o "$@"
}

@test "a photograph becomes what its channel takes, and the record says what it is then" {
	still a.png 2400x1200
	message out twilio mms 'look' a.png >m
	fetched m
	want 0 fit in
	[ "$(get '.media[0] | [.mime, .name, .width, .height]')" = '["image/jpeg","a.jpg",2048,1024]' ]
	path=$(get '.media[0].path')
	[ "$(stat -c %s "$path")" = "$(get '.media[0].size')" ]
	[ "$(sha256sum <"$path" | cut -d' ' -f1)" = "$(get '.media[0].sha256')" ]
	want 0 omni-media probe "$path"
	[ "$(get '[.mime, .width]')" = '["image/jpeg",2048]' ]
	# All else of the record is as it was.
	fit in | jq -c 'del(.media)' >have
	jq -c 'del(.media)' in | diff -u - have
	fit in | omni-validate --schema message >/dev/null
}

@test "the same file is made once for a recipe, and again where what was made is gone" {
	still a.jpg 1800x1200
	message out twilio whatsapp '' a.jpg >m
	fetched m
	want 0 fit in
	cp out first
	made=$(get '.media[0].path')
	touch -d 2001-01-01 "$made"
	want 0 fit in
	diff -u first out
	[ "$(stat -c %Y "$made")" = "$(date -d 2001-01-01 +%s)" ]
	rm "$made"
	want 0 fit in
	diff -u first out
	[ -e "$made" ]
	# Another channel is another recipe.
	[ "$(find o/made -type f | wc -l)" = 1 ]
	message out twilio mms '' a.jpg >m
	fetched m
	want 0 fit in
	[ "$(find o/made -type f | wc -l)" = 2 ]
	# Damage to what is remembered costs nothing but time.
	for f in o/made/*/*; do echo '{"sha256":"../../etc/passwd","mime":"image/jpeg","size":1}' >"$f"; done
	want 0 fit in
	[ "$(get '.media[0].mime')" = image/jpeg ]
}

@test "the channel is that of the route, then of the message; media over SMS are MMS" {
	still a.jpg 2400x1200
	for row in 'bandwidth mms 1600' 'twilio mms 2048' 'whatsapp whatsapp 2400' 'livechat chat 2400' 'bandwidth sms 1600'; do
		read -r carrier channel width <<<"$row"
		message out "$carrier" "$channel" '' a.jpg >m
		fetched m
		want 0 fit in
		[ "$(get '.media[0].width')" = "$width" ] || { echo "$row"; false; }
	done
	message out '' mms '' a.jpg | jq -c 'del(.carrier) + { route: { carrier: "messagebird", from: "+15550100" } }' >m
	fetched m
	want 0 fit in
	[ "$(get '.media[0].width')" = 2048 ]
	message out x carrierpigeon '' a.jpg >m
	fetched m
	want 1 fit in
	[ "$(get '[.class, .code]')" = '["data","media-unsupported"]' ]
}

@test "what can not go is a reject with the numbers, or a link where the configuration says so" {
	{ printf '%%PDF-1.4\n'; head -c 700000 /dev/zero; } >a.pdf
	still b.jpg 900x600
	message out bandwidth mms 'see this' a.pdf b.jpg >m
	fetched m
	want 1 fit in
	[ "$(get '[.kind, .stage, .class, .code]')" = '["reject","media","data","media-too-large"]' ]
	get .detail | grep -q '700009 bytes'
	get .record | jq -c . | diff -u - in
	echo '{ "media": { "too_large": "link", "public_url": "https://media.example.com/o" } }' >omni.json
	want 0 fit -c omni.json in
	[ "$(get '.media | length')" = 1 ]
	[ "$(get '.text')" = "see this
https://media.example.com/o/$(sha256sum <a.pdf | cut -d' ' -f1).pdf" ]
	message out bandwidth mms '' a.pdf >m
	fetched m
	want 0 fit -c omni.json in
	[ "$(get '[.type, has("media")]')" = '["text",false]' ]
	echo '{ "media": { "too_large": "link" } }' >omni.json
	want 78 fit -c omni.json in
	says 'links need media.public_url'
	echo '{ "media": { "public_url": "media.example.com" } }' >omni.json
	want 78 fit -c omni.json in
	says 'must begin with https://'
}

# accounts: one of each carrier, and where objects are served.
accounts() {
	cat >omni.json <<-'EOF'
		{ "media": { "public_url": "https://media.example.com/o" }, "carriers": {
			"twilio": { "account_sid": "AC00000000000000000000000000000001", "auth_token": "x" },
			"inteliquent": { "api_key": "x" },
			"bandwidth": { "account_id": "1", "api_token": "x", "api_secret": "x", "application_id": "a" },
			"whatsapp": { "access_token": "x", "phone_number_id": "1" },
			"messagebird": { "access_key": "x" },
			"livechat": { "account_id": "1", "access_token": "x" } } }
	EOF
	chmod 600 omni.json
}

@test "every carrier is told of the file that was made, and of none that it was made from" {
	accounts
	still a.png 2400x1200
	original=https://origin.example.com/a.png
	sum=$(sha256sum <a.png | cut -d' ' -f1)
	for row in 'twilio mms' 'inteliquent mms' 'bandwidth mms' 'whatsapp whatsapp' 'messagebird mms' 'livechat chat'; do
		read -r carrier channel <<<"$row"
		message out "$carrier" "$channel" 'look' a.png | sed 's/+15550100/+12025550101/; s/+15550123/+12025550144/' >m
		omni-media fetch --objects o --files "$PWD" m | jq -c --arg u "$original" '.media[0].url = $u | .media[0].external_id = "42"' >in
		want 0 fit -c omni.json in
		made=$(get '.media[0].sha256')
		[ "$(get '.media[0] | [.url, .external_id, .origin]')" = \
			"[\"https://media.example.com/o/$made.jpg\",null,{\"url\":\"$original\",\"external_id\":\"42\",\"sha256\":\"$sum\"}]" ]
		omni-validate --schema message out >/dev/null
		cp out made.ndjson
		# Once more changes nothing.
		want 0 fit -c omni.json made.ndjson
		[ "$(get '.media[0].origin.sha256')" = "$sum" ]
		omni-deliver -q -c omni.json --dry-run=json made.ndjson >sent || { cat sent; false; }
		no grep -q -e "$original" -e "$sum" sent
		grep -q "$made" sent || { echo "$carrier"; cat sent; false; }
	done
}

@test "what goes as it is keeps its address, and has one where it had none" {
	accounts
	printf '%%PDF-1.4\n' >a.pdf
	sum=$(sha256sum <a.pdf | cut -d' ' -f1)
	message out twilio mms '' a.pdf >m
	fetched m
	want 0 fit -c omni.json in
	[ "$(get '.media[0] | [.url, .origin]')" = "[\"https://media.example.com/o/$sum.pdf\",null]" ]
	jq -c '.media[0].url = "https://origin.example.com/a.pdf"' in >n
	want 0 fit -c omni.json n
	[ "$(get '.media[0].url')" = https://origin.example.com/a.pdf ]
	# Without an address of its own Twilio can not have it, and says what is missing.
	want 0 fit in
	omni-deliver -q -c omni.json --dry-run=json out >sent || :
	grep -q 'media.public_url' sent
}

@test "-n says what would be made, and makes nothing" {
	accounts
	still a.png 2400x1200
	printf '%%PDF-1.4\n' >b.pdf
	{ printf '%%PDF-1.4\n'; head -c 6000000 /dev/zero; } >c.pdf
	message out twilio mms '' a.png b.pdf c.pdf >m
	message in twilio mms '' b.pdf >>m
	echo '{"kind":"status","id":"2"}' >>m
	fetched m
	find o -type f | sort >before
	want 0 fit -c omni.json -n in
	[ "$(get '.kind' | sort | paste -sd' ')" = 'plan plan status' ]
	[ "$(get '.channel // empty')" = twilio.mms ]
	sum=$(sha256sum <a.png | cut -d' ' -f1)
	[ "$(get 'select(.channel).media | [.[0].make, .[0].mimes, .[0].bytes, (.[1] | has("pass")), .[2].code]')" = \
		"[\"$sum\",[\"image/jpeg\",\"image/png\",\"image/gif\"],4997991,true,\"media-too-large\"]" ]
	find o -type f | sort | diff -u before -
	# What was made before is known.
	message out twilio mms '' a.png >m
	fetched m
	want 0 fit in
	made=$(get '.media[0].sha256')
	want 0 fit -n in
	[ "$(get '.media[0].made')" = "$made" ]
	rm -r o
	want 0 fit -n in
	[ "$(get '.code')" = media-unfetched ]
	[ ! -e o ]
}

@test "what came in and is not what it says is marked, or rejected where the configuration says so" {
	still a.jpg 300x200
	head -c 3000 a.jpg >cut.jpg
	"$src/media/hostile" .
	echo '<script>alert(1)</script>' >page.jpg
	message in whatsapp whatsapp '' a.jpg cut.jpg claim.png page.jpg | jq -c '.media[].kind = "image"' >m
	fetched m
	want 0 fit in
	[ "$(get '[.media[].fault.code]')" = '[null,"image-malformed","image-too-large","media-mismatch"]' ]
	fit in | omni-validate --schema message >/dev/null
	echo '{ "media": { "malformed": "reject" } }' >omni.json
	want 1 fit -c omni.json in
	[ "$(get '[.kind, .class, .code]')" = '["reject","data","image-malformed"]' ]
	message in whatsapp whatsapp '' a.jpg >m
	fetched m
	want 0 fit -c omni.json in
}

@test "a path that was not fetched is never read, whatever the record says" {
	still a.jpg 90x60
	message out twilio mms '' a.jpg >m
	fetched m
	mkdir -p o
	want 1 fit m
	[ "$(get .code)" = media-unfetched ]
	jq -c '.media[0].path = "/etc/passwd"' in >n
	want 0 fit n
	get '.media[0].path' | grep -q "$PWD/o/"
	jq -c '.media[0] |= (.sha256 = "../../../../etc/passwd" | .path = "/etc/passwd")' in >n
	want 1 fit n
	[ "$(get .code)" = media-unfetched ]
}

@test "what came in is looked at, and goes on whatever it is" {
	still a.jpg 300x200
	ffmpeg -v error -f lavfi -i sine=duration=2 b.mp3
	"$src/media/hostile" .
	message in twilio mms '' a.jpg b.mp3 claim.png >m
	fetched m
	want 0 fit in
	[ "$(get '[.media[] | [.width, (.duration // 0 | round)]]')" = '[[300,0],[null,2],[null,0]]' ]
	jq -c '[.media[].sha256]' in >want
	get '[.media[].sha256]' | diff -u want -
}

@test "a film holds back its conversation and no other" {
	ffmpeg -v error -f lavfi -i "testsrc2=size=1280x720:rate=25" -t 4 -c:v libx264 -preset ultrafast -bf 2 film.mp4
	still a.jpg 400x300
	{
		message out twilio mms first film.mp4
		message out twilio mms second a.jpg
		message out twilio mms other a.jpg | jq -c '.conversation = "0198c0de-0000-7000-8000-0000000000c1"'
		message out twilio mms alone a.jpg | jq -c 'del(.conversation)'
	} >m
	fetched m
	echo '{"kind":"event","event":"typing","conversation":"0198c0de-0000-7000-8000-0000000000c0","text":"third"}' >>in
	# The film is made when somebody says so.
	mkdir bin
	printf '%s\n' '#!/bin/sh' "until [ -e '$PWD/go' ]; do sleep 0.02; done" "exec $(command -v ffmpeg) \"\$@\"" >bin/ffmpeg
	chmod +x bin/ffmpeg
	PATH=$PWD/bin:$PATH fit in >out 2>err 3>&- &
	pid=$!
	until_true lines_are out 2
	[ "$(get .text | sort | paste -sd' ')" = 'alone other' ]
	: >go
	wait "$pid"
	[ "$(get .text | tail -n 3 | paste -sd' ')" = 'first second third' ]
}

@test "records of a conversation keep their order, and other kinds pass as they are" {
	still a.png 2400x1600
	message out twilio mms first a.png >m
	fetched m
	{
		cat in
		echo '{"kind":"status","id":"2","at":"x","conversation":"0198c0de-0000-7000-8000-0000000000c0"}'
		jq -c '.text = "second"' in
		echo '{"kind":"message","direction":"out","text":"none","conversation":"0198c0de-0000-7000-8000-0000000000c0"}'
	} >all
	want 0 fit -j 2 all
	[ "$(get '.text // .kind' | paste -sd' ')" = 'first status second none' ]
	sed -n '2p;4p' out | diff -u - <(sed -n '2p;4p' all)
}

@test "SIGTERM gives back what is in hand, to be done again" {
	still a.png 4000x3000
	message out twilio mms '' a.png >m
	fetched m
	for i in 1 2 3 4 5 6 7 8; do still b.png 3000x20$i"0"; message out twilio mms "$i" b.png | omni-media fetch --objects o --files "$PWD"; done >>in
	mkfifo pipe
	omni-media fit --objects o pipe >out 3>&- &
	pid=$!
	exec 8>pipe
	cat in >&8
	until_true test -s out
	kill $pid
	exec 8>&-
	wait $pid || rc=$?
	[ "${rc:-0}" -le 1 ]
	[ "$(wc -l <out)" = 9 ]
	get 'select(.kind == "reject") | [.class, .code]' | sort -u >have
	[ ! -s have ] || [ "$(cat have)" = '["temp","media-stopped"]' ]
	# Nothing half done lies about.
	[ "$(find o -name '.media*' | wc -l)" = 0 ]
}

@test "nginx serves what was made as the page says, by the true type, and nothing else of the directory" {
	command -v nginx >/dev/null || skip 'no nginx'
	still a.png 600x300
	message out twilio mms '' a.png >m
	fetched m
	echo '{ "media": { "public_url": "http://media.example.com/" } }' >omni.json
	want 0 fit -c omni.json in
	url=$(get '.media[0].url')
	chmod -R a+rX "$PWD" "$BATS_TEST_TMPDIR"
	{
		printf 'worker_processes 1; daemon off; pid %s/pid; error_log %s/error;\n' "$PWD" "$PWD"
		[ "$(id -u)" != 0 ] || echo 'user root;'
		printf 'events {}\nhttp { access_log off; include /etc/nginx/mime.types; server { listen unix:%s/sock;\n' "$PWD"
		sed -n '/^location ~/,/^}/p' "$src/../man/omni-media.1" | sed "s,\\\\e,\\\\,g; s,/var/lib/omni/objects,$PWD/o,"
		echo '} }'
	} >nginx.conf
	nginx -e "$PWD/error" -c "$PWD/nginx.conf" 3>&- &
	echo $! >nginx
	ask() { curl -s --unix-socket sock -o body -w '%{http_code} %{content_type}' "$1"; }
	until_true ask http://media.example.com/ # the socket is there before somebody listens
	answer=$(ask "$url")
	sum=$(sha256sum <body | cut -d' ' -f1)
	made=$(ask "http://media.example.com/$(basename "$(find o/made -type f | head -n 1)").json")
	plain=$(ask "http://media.example.com/made/")
	kill "$(cat nginx)"
	[ "$answer" = '200 image/jpeg' ] || { echo "$answer"; cat error; false; }
	[ "$sum" = "$(get '.media[0].sha256')" ]
	[ "$made ${plain%% *}" = '404 text/html 404' ]
}

@test "without a verb files are fetched and made to fit in one process, with the bytes of the pipe" {
	for i in 1 2 3; do still $i.png 900x60$i; done
	head -c 900 1.png >bad.png
	{
		for i in 1 2 3; do message out twilio mms "$i" $i.png; done
		message out twilio mms 4 none.png
		message out twilio mms 5 bad.png
		echo '{"kind":"status","id":"6"}'
	} >m
	rc=0
	omni-media fetch --objects o --files "$PWD" m | omni-media fit --objects o >pipe || rc=$?
	[ "$rc" = 1 ]
	rm -r o
	want 1 omni-media --objects o --files "$PWD" m
	sort out | diff -u <(sort pipe) -
	[ "$(get 'select(.conversation).text' | paste -sd' ')" = '1 2 3' ]
	# Each says which of them it was.
	want 1 omni-media -v --metrics metrics --objects o --files "$PWD" m
	grep -q 'stage="fetch"' metrics
	grep -q 'stage="fit"' metrics
	want 64 omni-media --files .
	says '--objects is missing'
	want 0 omni-media -n --objects o --files "$PWD" m
	[ "$(get '.media[0] // empty | keys[0]' | sort | paste -sd' ')" = 'code copy copy copy copy' ]
	fetched m || :
	want 0 omni-media -n --objects o --files "$PWD" in
	[ "$(get '.media[0] // empty | keys[0]' | sort | paste -sd' ')" = 'code made made made' ]
	omni-media --help | grep -q 'Without a verb'
}

@test "more messages than may be in hand go through both, one at a time" {
	still a.jpg 90x60
	message out twilio mms x a.jpg >m
	for i in $(seq 1500); do sed "s/0000000000c0/00000000$(printf %04d "$i")/" m; done >many
	want 0 omni-media -j 2 --objects o --files "$PWD" many
	[ "$(get .conversation | sort -u | wc -l)" = 1500 ]
	[ "$(get '.media[0].mime' | sort -u)" = image/jpeg ]
}

# damage(file): another byte in its middle; its size and times stay.
damage() {
	local at
	at=$(stat -c %Y "$1")
	chmod u+w "$1"
	printf '\377\377\377\377' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc status=none
	touch -d "@$at" "$1"
}

@test "an object whose bytes have changed is never sent, and fetching it again mends it" {
	still a.jpg 900x600
	{ printf '%%PDF-1.4\n'; head -c 3000 /dev/zero; } >b.pdf
	for file in a.jpg b.pdf; do
		message out twilio whatsapp '' "$file" >m
		fetched m
		cp in good
		want 0 fit in
		cp out sent
		damage "$(jq -r '.media[0].path' in)"
		want 1 fit in
		[ "$(get '[.class, .code]')" = '["data","media-damaged"]' ]
		# As it came from a queue: the file is copied again.
		fetched m
		diff -u good in
		cmp "$file" "$(jq -r '.media[0].path' in)"
		want 0 fit in
		diff -u sent out
	done
}

@test "what was made of an object and has changed is made again" {
	still a.jpg 1800x1200
	message out twilio whatsapp '' a.jpg >m
	fetched m
	want 0 fit in
	cp out first
	made=$(get '.media[0].path')
	cp "$made" good
	damage "$made"
	no cmp -s "$made" good
	want 0 fit in
	diff -u first out
	cmp "$made" good
}
