#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-sandbox as the push services: what omni-push sends is taken, what is wrong is refused, and what browsers get can be
# read by what is not ours (Node's crypto; http_ece where NODE_PATH has it).

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	command -v node >/dev/null || skip 'node is not installed'
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out apns.p8 2>/dev/null
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
	omni-push keygen -o vapid.key >/dev/null
	free_port >port.tls
	at=https://127.0.0.1:$(cat port.tls)
	jq -n --rawfile key rsa.pem --arg uri "$at/fcm/token" '{ type: "service_account", project_id: "demo", private_key_id: "k1",
		private_key: $key, client_email: "omni@demo.example", token_uri: $uri }' >firebase.json
	chmod 600 firebase.json apns.p8
	cat >omni.json <<END
{ "push": { "ca": "tls.crt",
	"apns": { "topic": "com.example.app", "team_id": "TEAM123456", "key_id": "ABC123DEFG", "key": "file:apns.p8", "base_url": "$at/apns" },
	"fcm": { "service_account": "file:firebase.json", "base_url": "$at/fcm" },
	"webpush": { "vapid_private_key": "file:vapid.key", "subject": "mailto:ops@example.com", "private_addresses": true } } }
END
	chmod 600 omni.json
	device=$(printf 'ab%.0s' {1..32})
}

teardown() {
	[ -z "${front:-}" ] || kill "$front" 2>/dev/null || :
	[ -z "${sandbox:-}" ] || kill "$sandbox" 2>/dev/null || :
	wait
}

# start(option...): the sandbox; $plain is where it is.
start() {
	mkfifo ready
	omni-sandbox -c omni.json --listen 127.0.0.1:0 -v -o record -d 4 "$@" 2>sandbox.err 3>&- 4>ready &
	sandbox=$!
	read -r _ <ready
	plain=$(sed -n 's/.*listening on //p' sandbox.err)
}

# front: HTTP/2 and TLS before it, at $at.
front() {
	command -v nghttpx >/dev/null || skip 'nghttpx is not installed'
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	nghttpx --frontend="127.0.0.1,$(cat port.tls)" --backend="127.0.0.1,${plain##*:}" --workers=1 --errorlog-file=front.err \
		tls.key tls.crt >/dev/null 2>&1 3>&- &
	front=$!
	until_true curl -sk -o /dev/null "$at/health" || { cat front.err; return 1; }
}

# browser: keys as one has them, in browser.json and, its own, in browser.key.
browser() {
	node -e '
		const crypto = require("crypto"), fs = require("fs");
		const own = crypto.createECDH("prime256v1");
		own.generateKeys();
		const auth = crypto.randomBytes(16).toString("base64url");
		fs.writeFileSync("browser.key", JSON.stringify({ private: own.getPrivateKey("base64url"), auth }));
		fs.writeFileSync("browser.json", JSON.stringify({ p256dh: own.getPublicKey("base64url"), auth }));'
}

# note(devices): one notification.
note() {
	printf '{"id":"0198c0de-0000-7000-8000-000000000001","kind":"push","devices":[%s],"title":"Order","body":"It left this morning"}\n' "$1" >push.ndjson
}

@test "what omni-push sends is taken by all three, over HTTP/2; the browser can read its own" {
	start
	front
	browser
	note "{\"platform\":\"apns\",\"token\":\"$device\"},{\"platform\":\"fcm\",\"token\":\"dev-1\"},$(jq -c --arg url "$at/webpush/sub-1" '{ endpoint: $url, keys: . }' browser.json)"
	want 0 omni-push -c omni.json push.ndjson
	[ "$(get 'select(.kind == "delivery") | "\(.carrier) \(.outcome)"' | sort)" = $'apns sent\nfcm sent\nwebpush sent' ]
	[ "$(jq -r 'select(.taken) | .carrier' record | sort | tr '\n' ' ')" = 'apns fcm webpush ' ]
	[ "$(jq -r 'select(.about == "token") | .answer | keys | join(" ")' record)" = status ]
	no grep -q ya29 record
	node -e 'try { require("http_ece") } catch { process.exit(1) }' || skip 'http_ece is not found by NODE_PATH'
	jq -r 'select(.carrier == "webpush") | .request.body64' record | base64 -d >body
	node -e '
		const ece = require("http_ece"), crypto = require("crypto"), fs = require("fs");
		const key = JSON.parse(fs.readFileSync("browser.key"));
		const own = crypto.createECDH("prime256v1");
		own.setPrivateKey(key.private, "base64url");
		process.stdout.write(ece.decrypt(fs.readFileSync("body"), { version: "aes128gcm", privateKey: own, authSecret: key.auth }));' >text
	[ "$(jq -r '.title // .notification.title' text)" = Order ]
}

@test "failures of push services are judged as what they are" {
	cat >scenario <<'END'
{ "rules": [
	{ "when": { "carrier": "apns" }, "answer": { "code": "Unregistered" } },
	{ "when": { "carrier": "fcm", "kind": "message" }, "answer": { "code": "UNREGISTERED" } },
	{ "when": { "carrier": "webpush" }, "answer": { "status": 404 } } ] }
END
	start -s scenario
	front
	browser
	note "{\"platform\":\"apns\",\"token\":\"$device\"},{\"platform\":\"fcm\",\"token\":\"dev-1\"},$(jq -c --arg url "$at/webpush/sub-1" '{ endpoint: $url, keys: . }' browser.json)"
	omni-push -c omni.json push.ndjson >out || [ $? -eq 1 ]
	[ "$(get 'select(.event == "push-token-gone") | .carrier' | sort | tr '\n' ' ')" = 'apns fcm webpush ' ]
}

@test "the circle: a device that its service calls gone is out of the store, and the next push goes without it" {
	cat >scenario <<'END'
{ "rules": [ { "when": { "carrier": "fcm", "to": "old-*" }, "answer": { "code": "UNREGISTERED" } } ] }
END
	start -s scenario
	front
	browser
	event='{"id":"0198c0de-0000-7000-8000-00000000001%d","kind":"event","at":"2026-01-14T09:00:00.000Z","event":"push-token-registered","carrier":"%s","channel":"push","from":{"address":"+15550123"},"device":%s}\n'
	# shellcheck disable=SC2059 # the format is above
	{
		printf "$event" 1 apns "{\"platform\":\"apns\",\"token\":\"$device\"}"
		printf "$event" 2 fcm '{"platform":"fcm","token":"old-1"}'
		printf "$event" 3 webpush "$(jq -c --arg url "$at/webpush/sub-1" '{ endpoint: $url, expirationTime: null, keys: . }' browser.json)"
	} | want 0 omni-store put -f s.db
	no grep -F reject out
	export OMNI_QUEUE_DIR=$PWD/q
	# circle N: a push to the person goes all the way round; what the services took is in the file `took`.
	circle() {
		printf '{"id":"0198c0de-0000-7000-8000-00000000002%d","kind":"push","to":[{"address":"+15550123"}],"title":"Order","body":"It left this morning"}\n' "$1" |
			omni-queue put push >/dev/null
		omni-queue take push | omni-push -c omni.json --store s.db -l push.ledger | omni-store put -f s.db | omni-queue settle push >out
		[ "$(omni-queue stat --json push | jq -c '[.ready, .leased, .dead]')" = '[0,0,0]' ]
		get 'select(.kind == "delivery") | "\(.carrier) \(.outcome)"' | sort | paste -sd' ' >took
	}
	circle 1
	[ "$(cat took)" = 'apns sent fcm failed webpush sent' ]
	[ "$(get 'select(.event) | "\(.event) \(.from.address) \(.device.token) \(.store.new)"')" = 'push-token-gone +15550123 old-1 true' ]
	no grep -F -e "$(jq -r .auth browser.json)" -e "$(jq -r .p256dh browser.json)" out
	[ "$(omni-store devices -f s.db +15550123 | jq -r .platform | sort | paste -sd' ')" = 'apns webpush' ]
	circle 2
	[ "$(cat took)" = 'apns sent webpush sent' ]
	[ "$(jq -r 'select(.taken) | .carrier' record | sort | uniq -c | tr -s ' ' | paste -sd,)" = ' 2 apns, 2 webpush' ]
	# It comes back when the application registers it anew.
	# shellcheck disable=SC2059
	printf "$event" 4 fcm '{"platform":"fcm","token":"new-1"}' | want 0 omni-store put -f s.db
	circle 3
	[ "$(cat took)" = 'apns sent fcm sent webpush sent' ]
}

@test "APNs refuses what Apple refuses" {
	start
	apns() {
		local path=$1
		shift
		curl -s "http://$plain/apns$path" "$@" | jq -r .reason
	}
	b64() {
		openssl base64 -A | tr '+/' '-_' | tr -d '='
	}
	# A token of OpenSSL's own making: r and s out of its DER, each of 32 bytes.
	token() {
		local signed
		signed=$(printf '{"alg":"ES256","kid":"ABC123DEFG"}' | b64).$(printf '{"iss":"TEAM123456","iat":%d}' "$1" | b64)
		printf %s "$signed" | openssl dgst -sha256 -sign apns.p8 | openssl asn1parse -inform DER |
			sed -n 's/.*INTEGER *://p' | awk '{ while (length($0) < 64) $0 = "0" $0; printf "%s", $0 }' |
			python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' | b64 | sed "s/^/$signed./"
	}
	now=$(date +%s)
	good="authorization: bearer $(token "$now")"
	body='{"aps":{"alert":"x"}}'
	[ "$(apns "/3/device/$device" -d "$body")" = MissingProviderToken ]
	[ "$(apns "/3/device/$device" -H 'authorization: bearer a.b.c' -d "$body")" = InvalidProviderToken ]
	[ "$(apns "/3/device/$device" -H "${good}x" -d "$body")" = InvalidProviderToken ]
	[ "$(apns "/3/device/$device" -H "authorization: bearer $(token $((now - 4000)))" -d "$body")" = ExpiredProviderToken ]
	[ "$(apns "/3/device/$device" -H "$good" -d "$body")" = MissingTopic ]
	t='apns-topic: com.example.app'
	[ "$(apns /3/device/xyz -H "$good" -H "$t" -d "$body")" = BadDeviceToken ]
	[ "$(apns "/3/device/$device" -H "$good" -H 'apns-topic: other' -d "$body")" = DeviceTokenNotForTopic ]
	[ "$(apns "/3/device/$device" -H "$good" -H "$t" -H 'apns-push-type: background' -H 'apns-priority: 10' -d "$body")" = BadPriority ]
	[ "$(apns "/3/device/$device" -H "$good" -H "$t" -H 'apns-push-type: dance' -d "$body")" = InvalidPushType ]
	[ "$(apns "/3/device/$device" -H "$good" -H "$t" -H 'apns-id: 1' -d "$body")" = BadMessageId ]
	[ "$(apns "/3/device/$device" -H "$good" -H "$t" -d '{}')" = PayloadEmpty ]
	[ "$(apns "/3/device/$device" -H "$good" -H "$t" -d "{\"aps\":{\"alert\":\"$(printf 'x%.0s' {1..4100})\"}}")" = PayloadTooLarge ]
	[ "$(apns "/2/device/$device" -d "$body")" = BadPath ]
	[ -z "$(apns "/3/device/$device" -H "$good" -H "$t" -d "$body")" ]
}

@test "FCM and push services of browsers refuse who is nobody" {
	start
	[ "$(curl -s "http://$plain/fcm/token" -d grant_type=x | jq -r .error)" = invalid_grant ]
	[ "$(curl -s "http://$plain/fcm/v1/projects/demo/messages:send" -H 'Authorization: Bearer ya29.9999999999.x' -d '{}' | jq -r .error.status)" = UNAUTHENTICATED ]
	[ "$(curl -s "http://$plain/webpush/s" -H 'TTL: 1' -d x | jq .errno)" = 109 ]
	# The example of RFC 8292, 2.4: its signature holds, its time is over.
	vapid='t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs'
	[ "$(curl -s "http://$plain/webpush/s" -H 'Host: push.example.net' -H "Authorization: vapid $vapid" -H 'TTL: 1' -d '' | jq -r .message)" = 'Invalid exp' ]
	[ "$(curl -s "http://$plain/webpush/s" -H 'Host: other.example.net' -H "Authorization: vapid $vapid" -H 'TTL: 1' -d '' | jq -r .message)" = 'Invalid aud' ]
	[ "$(curl -s "http://$plain/webpush/s" -H 'Host: push.example.net' -H "Authorization: vapid ${vapid/i3CY/i3CZ}" -H 'TTL: 1' -d '' | jq -r .message)" = 'Invalid signature' ]
}

@test "that example is taken in its time, and lacks a TTL" {
	OMNI_CLOCK=2016-01-22T12:00:00Z start
	vapid='t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs'
	ask() {
		curl -s -o body -w '%{http_code}' "http://$plain/webpush/s" -H 'Host: push.example.net' -H "Authorization: vapid $vapid" "$@"
	}
	[ "$(ask -d '')" = 400 ]
	[ "$(jq .errno body)" = 111 ]
	[ "$(ask -H 'TTL: 0' -d '')" = 201 ]
	[ "$(ask -H 'TTL: 0' -d 'plain text')" = 400 ]
	head -c 4097 /dev/zero >large
	[ "$(ask -H 'TTL: 0' -H 'Content-Encoding: aes128gcm' --data-binary @large)" = 413 ]
}
