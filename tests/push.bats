#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-push against tests/push/gateway.mjs, which plays the three services over HTTP/2 and TLS, and verifies and decrypts with
# what is not ours: Node's crypto, and http_ece where it is installed (NODE_PATH).

load helper

setup_file() {
	command -v node >/dev/null || skip 'node is not installed'
	command -v openssl >/dev/null || skip 'openssl is not installed'
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -keyout client.key -out client.crt -days 10 -subj /UID=com.example.certified/CN=Push 2>/dev/null
	timeout 1200 node "$BATS_TEST_DIRNAME/push/gateway.mjs" "$PWD" >log 2>&1 3>&- &
	echo $! >pid
	for file in port cert-port old-port proxy-port; do until_true test -s $file || :; done
	[ -s port ] || { cat log >&3; return 1; }
	[ ! -e no-ece ] || echo '# http_ece is not found by NODE_PATH: what browsers decrypt is not looked at' >&3
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/pid" ] || kill "$(cat "$BATS_FILE_TMPDIR/pid")" 2>/dev/null || :
}

G=$BATS_FILE_TMPDIR
id=0198c0de-0000-7000-8000-0000000000

# conf [JSON...]: omni.json; each JSON is merged into `push`.
conf() {
	local base
	base=$(printf '"base_url":"https://127.0.0.1:%s"' "$(cat "$G/port")")
	printf '%s\n' "{\"ca\":\"$G/tls.crt\",
		\"apns\":{\"topic\":\"com.example.app\",\"team_id\":\"TEAM123456\",\"key_id\":\"ABC123DEFG\",\"key\":\"file:$G/apns.p8\",$base},
		\"fcm\":{\"service_account\":\"file:$G/firebase.json\",$base},
		\"webpush\":{\"vapid_private_key\":\"file:$G/vapid.key\",\"subject\":\"mailto:ops@example.com\",\"private_addresses\":true}}" "$@" |
		jq -s '{ push: (reduce .[] as $o ({}; . * $o)) }' >omni.json
}

# browser PATH: a subscription there, as a browser gives it.
browser() {
	jq -c --arg url "https://127.0.0.1:$(cat "$G/port")/wp/$1" '{ endpoint: $url, expirationTime: null, keys: . }' "$G/browser.json"
}

# device PLATFORM TOKEN
device() {
	printf '{"platform":"%s","token":"%s"}' "$1" "$2"
}

# note N DEVICES [MEMBER...]: a push with the id N; the members begin with a comma.
note() {
	printf '{"id":"%s%02d","kind":"push","devices":[%s],"title":"Order 4711","body":"It left this morning."%s}\n' "$id" "$1" "$2" "${3:-}"
}

# holds FILE FILTER: there is a line for which the filter says something, and it is true for each of those.
holds() {
	jq -se "[.[] | $2] | length > 0 and all" "$1" >/dev/null || { printf 'not so: %s\n' "$2"; cat "$1"; return 1; }
}

# modelled NAME FILE: the records are as their model says.
modelled() {
	omni-validate --schema "$1" "$2" >checked
	cmp checked "$2"
}

push() {
	timeout 60 omni-push -c omni.json "$@"
}

# seen FILTER: of the requests since this was asked for last, each through jq.
seen() {
	local from=0
	[ ! -e "$G/from" ] || from=$(cat "$G/from")
	tail -n +$((from + 1)) "$G/seen" | jq -rc "$1"
	wc -l <"$G/seen" >"$G/from"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	rm -f "$G/no-grant"
	[ ! -e "$G/seen" ] || wc -l <"$G/seen" >"$G/from"
}

@test "one record becomes what each platform has, and a delivery for each device" {
	conf '{"webpush":{"pad":128}}'
	note 1 "$(device apns aa11),$(device fcm d1:abc),$(browser ok)" ',"ttl":3600,"priority":"high","badge":2,"sound":"ping","collapse":"order 4711",
		"link":"https://example.com/o/1","image":"https://example.com/i.png","data":{"n":3,"o":{"a":1},"s":"x"},"lease":{"queue":"q","seq":1,"token":"t"},
		"trace":"00-0198c0de000070008000000000000001-8000000000000001-01"' | tr -d '\n\t' >in
	want 0 push in
	[ "$(get 'select(.outcome == "sent" and .kind == "delivery" and .message == "0198c0de-0000-7000-8000-000000000001" and .http.status < 300) | .carrier' | sort | paste -sd' ')" = 'apns fcm webpush' ]
	[ "$(get '"\(.lease.part)/\(.lease.parts)"' | sort | paste -sd' ')" = '1/3 2/3 3/3' ]
	[ "$(get .trace | sort -u)" = 00-0198c0de000070008000000000000001-8000000000000001-01 ]
	[ "$(get 'select(.carrier == "fcm").external_id')" = projects/p1/messages/d1:abc ]
	modelled delivery out
	seen . >all
	[ "$(jq -rc 'select(.gateway == "apns").body' all)" = '{"aps":{"alert":{"title":"Order 4711","body":"It left this morning."},"badge":2,"sound":"ping","mutable-content":1},"link":"https://example.com/o/1","image":"https://example.com/i.png","n":3,"o":{"a":1},"s":"x"}' ]
	holds all 'select(.gateway == "apns") | .claims.iss == "TEAM123456" and .claims.kid == "ABC123DEFG" and (.claims | has("exp") | not)
		and .headers["apns-push-type"] == "alert" and .headers["apns-priority"] == "10" and .headers["apns-topic"] == "com.example.app"
		and .headers["apns-collapse-id"] == "order 4711" and (.headers["apns-expiration"] | tonumber) > now'
	# What is no text is text for Google.
	[ "$(jq -rc 'select(.gateway == "fcm").message.data' all)" = '{"link":"https://example.com/o/1","n":"3","o":"{\"a\":1}","s":"x"}' ]
	holds all 'select(.gateway == "fcm") | .message.android == {"collapse_key":"order 4711","priority":"high","ttl":"3600s","notification":{"sound":"ping","notification_count":2}}'
	holds all 'select(.gateway == "oauth") | .claims.scope == "https://www.googleapis.com/auth/firebase.messaging" and .claims.exp - .claims.iat == 3600'
	holds all 'select(.gateway == "web") | .ours and .claims.aud == "https://127.0.0.1:'"$(cat "$G/port")"'" and .claims.sub == "mailto:ops@example.com"
		and .claims.exp - now < 86400 and .ttl == "3600" and .urgency == "high" and (.topic | test("^[A-Za-z0-9_-]{32}$")) and (.size - 103) % 128 == 0'
	[ -e "$G/no-ece" ] || [ "$(jq -rc 'select(.gateway == "web").text' all)" = '{"web_push":8030,"notification":{"title":"Order 4711","body":"It left this morning.","navigate":"https://example.com/o/1","image":"https://example.com/i.png","tag":"order 4711","data":{"n":3,"o":{"a":1},"s":"x"}},"app_badge":2}' ]
}

@test "what only one platform has is merged into its own" {
	conf
	note 1 "$(device apns aa12),$(device fcm d2),$(browser ok)" ',"platform":{"apns":{"headers":{"apns-priority":"5"},"aps":{"thread-id":"t1","alert":{"title":null}}},"fcm":{"android":{"notification":{"channel_id":"orders"}}},"webpush":{"headers":{"Urgency":"low"},"notification":{"icon":"i.png"}}}' >in
	want 0 push in
	seen . >all
	[ "$(jq -rc 'select(.gateway == "apns") | .body, .headers["apns-priority"]' all | paste -sd' ')" = '{"aps":{"alert":{"body":"It left this morning."},"thread-id":"t1"}} 5' ]
	[ "$(jq -rc 'select(.gateway == "fcm").message.android' all)" = '{"notification":{"channel_id":"orders"}}' ]
	[ "$(jq -rc 'select(.gateway == "web").urgency' all)" = low ]
	note 1 "$(device apns aa12)" ',"platform":{"apns":{"headers":{"authorization":"mine"}}}' | want 0 push
	[ "$(get '"\(.outcome) \(.error.code)"')" = 'failed push-malformed' ]
}

@test "APNs with a certificate: the service sees it, and no token; the account is called by its subject" {
	conf "{\"apns\":{\"base_url\":\"https://127.0.0.1:$(cat "$G/cert-port")\",\"certificate\":\"$G/client.crt\",\"certificate_key\":\"$G/client.key\"}}"
	jq -c 'del(.push.apns | .key, .key_id, .team_id, .topic)' omni.json >cert.json
	mv cert.json omni.json
	for n in $(seq 50); do note "$n" "$(device apns "cc$n")"; done | want 0 push
	[ "$(get '"\(.outcome) \(.account)"' | sort | uniq -c | tr -s ' ')" = ' 50 sent com.example.certified' ]
	says 'Apple takes nothing after that'
	[ "$(seen '[.subject, .token, .headers.topic]' | sort -u)" = '["com.example.certified",null,null]' ]
	note 1 "$(device apns cc1)" | want 0 push -n
	no grep -q PRIVATE out
	# The kind that may be longer, under a topic of its own.
	conf "{\"apns\":{\"base_url\":\"https://127.0.0.1:$(cat "$G/cert-port")\",\"certificate\":\"$G/client.crt\",\"certificate_key\":\"$G/client.key\"}}"
	jq -c 'del(.push.apns | .key)' omni.json >cert.json
	mv cert.json omni.json
	for size in 5120 5121; do
		body=$(printf 'x%.0s' $(seq $((size - 29))))
		printf '{"id":"%s01","kind":"push","body":"%s","devices":[%s],"platform":{"apns":{"headers":{"apns-push-type":"voip"}}}}\n' "$id" "$body" "$(device apns cd1)"
	done >in
	want 0 push in
	[ "$(seen '[.size, .headers.topic]' | paste -sd' ')" = '[5120,"com.example.app.voip"] [5120,"com.example.app.voip"]' ]
	jq -c '.push.long_body = "refuse"' omni.json >refuse.json
	mv refuse.json omni.json
	want 0 push in
	[ "$(get 'select(.outcome == "failed").error.text')" = 'the payload has 5121 bytes, apns takes 5120' ]
}

@test "a certificate that is none, has ended, or is another key's is an error of the configuration" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -days 2 -subj /CN=other 2>/dev/null
	openssl rsa -in other.key -aes256 -passout pass:x -out locked.key 2>/dev/null
	plain
	for wrong in '{"certificate":"gone.crt"}' '{"certificate":"other.key"}' '{"certificate":"other.crt"}' \
		"{\"certificate\":\"other.crt\",\"certificate_key\":\"$G/client.key\"}" '{"certificate":"other.crt","certificate_key":"locked.key"}' \
		'{"certificate_key":"other.key"}' '{"certificate":"other.crt","certificate_key":"other.key","key":"x"}'; do
		jq -c '{ push: { apns: . } }' <<<"$wrong" >omni.json
		want 78 push /dev/null </dev/null
		says '/push/apns/certificate'
		no grep -q PRIVATE err
	done
	echo '{"push":{"apns":{"certificate":"other.crt","certificate_key":"other.key"}}}' >omni.json
	OMNI_CLOCK=+72h want 78 push /dev/null
	says 'other.crt ended at'
}

@test "topics and conditions of FCM: whoever subscribed, one delivery, half the size, never a dead token" {
	conf
	note 1 '{"platform":"fcm","topic":"news"},{"platform":"fcm","condition":"'"'a' in topics && !('b' in topics)"'"},{"platform":"fcm","token":"news"}' >in
	jq -c '{ kind: "push", id: (.id[:-2] + "02"), title: "T", to: [{ address: "fcm:/topics/orders" }, { address: "fcm:/topics/a/b" }] }' in >>in
	want 0 push -l ledger in
	[ "$(get 'select(.outcome == "sent").recipient' | sort | paste -sd,)" = "'a' in topics && !('b' in topics),/topics/news,/topics/orders,news" ]
	[ "$(get 'select(.outcome == "failed") | "\(.recipient) \(.error.code)"')" = '/topics/a/b subscription-malformed' ]
	modelled delivery out
	[ "$(seen 'select(.message).message | del(.notification)' | sort | paste -sd' ')" = \
		"{\"condition\":\"'a' in topics && !('b' in topics)\"} {\"token\":\"news\"} {\"topic\":\"news\"} {\"topic\":\"orders\"}" ]
	want 0 push -l ledger in
	[ "$(seen 'select(.name).name')" = '' ]
	note 1 '{"platform":"fcm","topic":"unregistered"}' | want 0 push
	[ "$(get .kind)" = delivery ]
	body=$(printf 'x%.0s' $(seq 3000))
	printf '{"id":"%s01","kind":"push","body":"%s","devices":[{"platform":"fcm","topic":"news"},%s]}\n' "$id" "$body" "$(device fcm t)" | want 0 push
	[ "$(seen 'select(.name) | [.message.topic, (.message.notification.body | length)]' | sort | paste -sd' ')" = '["news",2030] ["unregistered",21] [null,3000]' ]
	for wrong in '"topic":"a b"' '"topic":""' '"topic":"a","token":"b"' '"condition":"topics"' '"condition":"\n'"'a' in topics"'"' '"topic":7' '"x":1'; do
		note 1 "{\"platform\":\"fcm\",$wrong}"
	done | want 0 push
	[ "$(get .error.code | sort | uniq -c | tr -s ' ')" = ' 7 subscription-malformed' ]
	[ "$(seen 'select(.name).name')" = '' ]
}

@test "a push with nothing to show wakes the application, with the priority that Apple demands" {
	conf
	printf '{"id":"%s01","kind":"push","devices":[%s],"data":{"sync":true},"priority":"high"}\n' "$id" "$(device apns aa13)" >in
	want 0 push in
	[ "$(seen '[.headers["apns-push-type"], .headers["apns-priority"], .body]')" = '["background","5",{"aps":{"content-available":1},"sync":true}]' ]
}

@test "dead tokens become events, with the time that the service says" {
	conf
	{ note 1 "$(device apns ok1)"; note 2 "$(device apns gone)"; note 3 "$(device apns bad1)"; note 4 "$(device fcm unregistered)"
		note 5 "$(device fcm fine)"; note 6 "$(device fcm invalid)"; note 7 "$(browser gone)"; note 8 "$(browser lost)"; } >in
	want 0 push in
	[ "$(get 'select(.event) | "\(.event) \(.carrier) \(.device.token // .device.endpoint) \(.carrier_data.reason)"' | sed 's|https.*/wp/||' | sort)" = "\
push-token-gone apns bad1 BadDeviceToken
push-token-gone apns gone Unregistered
push-token-gone fcm invalid INVALID_ARGUMENT
push-token-gone fcm unregistered UNREGISTERED
push-token-gone webpush gone null
push-token-gone webpush lost 102" ]
	[ "$(get 'select(.device.token == "gone").at')" = 2026-01-14T09:00:00.000Z ]
	[ "$(get 'select(.outcome == "failed").error | "\(.class) \(.code)"' | sort -u)" = 'permanent device-gone' ]
	[ "$(get 'select(.outcome == "sent").recipient' | sort | paste -sd' ')" = 'fine ok1' ]
	grep '"kind":"event"' out >events
	modelled event events
	modelled push-event events
	# What identifies the device, and whose it is; what encrypts for it is no business of a log.
	[ "$(jq -c 'select(.carrier == "webpush").device | keys' events | sort -u)" = '["endpoint","platform"]' ]
	no grep -F -e auth -e p256dh -e "$(jq -r .auth "$G/browser.json")" -e "$(jq -r .p256dh "$G/browser.json")" events
	# The same again gives the same id, so that a store keeps one.
	get 'select(.device.token == "gone").id' >first
	note 2 "$(device apns gone)" | want 0 push
	get 'select(.event).id' | diff first -
	note 7 "$(browser gone | jq -c '. + { user: "+15550123", account: "webpush" }')" | want 0 push
	[ "$(get 'select(.event) | "\(.from.address) \(.device.account)"')" = '+15550123 webpush' ]
}

@test "a device that was registered again after its token died is kept" {
	conf
	note 1 '{"platform":"apns","token":"gone","created_at":"2026-01-14T10:00:00Z"}' | want 0 push
	[ "$(get '"\(.kind) \(.error.code)"')" = 'delivery device-gone' ]
	note 1 '{"platform":"apns","token":"gone","created_at":"2026-01-14T08:00:00Z"}' | want 0 push
	[ "$(get .kind | sort | paste -sd' ')" = 'delivery event' ]
}

@test "each answer is judged by its table" {
	conf
	{ note 1 "$(device apns ok)"; note 2 "$(device apns topic)"; note 3 "$(device fcm ok)"; note 4 "$(device fcm field)"
		note 5 "$(browser ok)"; note 6 "$(browser poison)"; } >in
	want 0 push in
	[ "$(get 'select(.outcome != "sent") | "\(.carrier) \(.outcome) \(.error.class) \(.error.code) \(.error.carrier_code)"' | sort)" = "\
apns failed permanent push-refused BadTopic
fcm failed permanent push-refused INVALID_ARGUMENT
webpush failed credentials credentials BadJwtToken" ]
	[ "$(get 'select(.event)')" = '' ]
}

@test "what fails in passing is sent again, once, under the same apns-id" {
	conf
	for name in busy trouble goaway refuse vanish expired2; do note 1 "$(device apns "$name")"; done >in
	for name in quota unavailable stale; do note 2 "$(device fcm "$name")"; done >>in
	note 3 "$(browser slow)" >>in
	want 0 push in
	[ "$(get 'select(.outcome != "sent")')" = '' ]
	[ "$(get .recipient | wc -l)" -eq 10 ]
	seen . >all
	for name in busy trouble vanish quota unavailable stale slow; do
		[ "$(jq -c "select(.name == \"$name\")" all | wc -l)" -eq 2 ]
	done
	[ "$(jq -r 'select(.name == "vanish").headers["apns-id"]' all | sort -u | wc -l)" -eq 1 ]
	# A new access token, not the one that was refused.
	[ "$(jq -r 'select(.name == "stale").authorization' all | sort -u | wc -l)" -eq 2 ]
}

@test "a connection that breaks leaves open what became of a push, unless a second would replace the first" {
	conf
	note 1 "$(device fcm vanishes)" | want 1 push
	[ "$(get 'select(.outcome) | "\(.outcome) \(.error.class) \(.error.code)"')" = 'unknown unknown no-answer' ]
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code)"')" = 'denied outcome-unknown' ]
	[ "$(seen "select(.name).name")" = vanishes ]
	note 2 "$(device fcm vanishes2)" ',"collapse":"c"' | want 0 push
	[ "$(get '"\(.outcome) \(.attempt)"')" = 'sent 2' ]
}

@test "GOAWAY: what the service says it never began is sent again, what it began is not known" {
	conf
	for n in $(seq 20); do printf '{"id":"0198c0de-0000-7000-8000-%012d","kind":"push","body":"%d","devices":[%s]}\n' "$n" "$n" "$(device fcm "wave$n")"; done >in
	{ note 99 "$(device fcm fine)"; cat in; } | want 1 push
	seen . >all
	jq -r 'select(.gateway == "goaway").begun[]' all | sort >begun
	[ "$(wc -l <begun)" -eq 10 ]
	get 'select(.outcome == "unknown").recipient' | sort | diff begun -
	[ "$(get 'select(.outcome == "sent" and .recipient != "fine").recipient' | sort -u | wc -l)" -eq 10 ]
	[ "$(jq -r 'select(.name) | .name' all | grep -v fine | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | tr -s ' ' | paste -sd,)" = ' 10 1, 10 2' ]
}

@test "what a service refuses to begin is sent later, and never unknown" {
	conf
	for n in $(seq 30); do printf '{"id":"0198c0de-0000-7000-8000-%012d","kind":"push","body":"%d","devices":[%s]}\n' "$n" "$n" "$(device fcm "refuse$n")"; done >in
	{ note 99 "$(device fcm fine)"; cat in; } | want 0 push
	[ "$(get .outcome | sort | uniq -c | tr -s ' ')" = ' 31 sent' ]
	[ "$(seen 'select(.name) | .name' | grep -v fine | sort | uniq -c | awk '{ print $1 }' | sort -u)" = 2 ]
	# Not for ever: it goes back, to be tried again.
	note 98 "$(device fcm never)" | want 1 push --max-hold 100ms
	[ "$(get '"\(.kind) \(.outcome // .class) \(.error.code // .code)"' | paste -sd' ')" = 'delivery retry unavailable reject temp unavailable' ]
}

@test "where a service can not be reached, each of its records says why" {
	conf '{"apns":{"base_url":"https://127.0.0.1:1"}}'
	for n in 1 2 3; do note "$n" "$(device apns "away$n")"; done | want 1 push --max-hold 100ms
	[ "$(get 'select(.outcome == "retry").error | "\(.code) \(.text | contains("127.0.0.1: Connection refused"))"' | sort | uniq -c | tr -s ' ')" = ' 3 unavailable true' ]
	[ "$(get 'select(.class == "temp").detail | contains("Connection refused")' | sort | uniq -c | tr -s ' ')" = ' 3 true' ]
}

@test "behind a proxy that is not there, or lets nobody through, nothing has begun: it goes back, and is not unknown" {
	conf
	note 1 "$(device fcm px1),$(browser px2)" >in
	# Nobody listens; and who listens is no proxy.
	for proxy in 1 "$(cat "$G/port")"; do
		https_proxy=http://127.0.0.1:$proxy want 1 push --max-hold 0 in
		[ "$(get '.outcome // .class' | sort | paste -sd' ')" = 'retry retry temp temp' ]
	done
	[ "$(seen 'select(.name) | .name')" = '' ]
}

@test "a service that has HTTP/1.1 alone is sent to, and so is one behind a proxy" {
	conf
	for n in 1 2 3; do note "$n" "$(browser "old$n" | sed "s/:$(cat "$G/port")/:$(cat "$G/old-port")/")"; done >in
	want 0 push in
	[ "$(get .outcome | paste -sd' ')" = 'sent sent sent' ]
	rm -f "$G/tunnels"
	for n in 1 2 3; do note "$n" "$(device fcm "through$n")"; done >in
	https_proxy=http://127.0.0.1:$(cat "$G/proxy-port") want 0 push in
	[ "$(get .outcome | paste -sd' ')" = 'sent sent sent' ]
	[ "$(sort -u "$G/tunnels")" = "127.0.0.1:$(cat "$G/port")" ]
	https_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 want 0 push in
	[ "$(get .outcome | paste -sd' ')" = 'sent sent sent' ]
}

@test "what a service asks to be sent much later goes back, with that time, and only with the devices that wait" {
	conf
	note 1 "$(device fcm fine),$(device fcm quotalong)" ',"lease":{"queue":"q","seq":1,"token":"t"}' >in
	want 1 push in
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code) \(.record.devices | length) \(.record.devices[0].token)"')" = 'temp throttled 1 quotalong' ]
	get 'select(.kind == "reject").retry_at[:19] + "Z" | fromdate - now | if . > 60 and . < 121 then "two minutes" else . end' | grep -qx 'two minutes'
	[ "$(get 'select(.outcome == "retry") | "\(.error.class) \(.http.status)"')" = 'throttled 429' ]
	# The shares of the lease are the whole.
	[ "$(get '.lease // .record.lease | (1 / .parts)' | awk '{ s += $1 } END { print s }')" = 1 ]
	note 2 "$(browser date)" | want 1 push
	get 'select(.kind == "reject").retry_at[:19] + "Z" | fromdate - now | if . > 500 and . < 601 then "ten minutes" else . end' | grep -qx 'ten minutes'
}

@test "refused credentials stop the account and drop no device" {
	conf
	{ note 1 "$(device apns forbidden)"; for n in 2 3 4; do note $n "$(device apns "c$n")"; done; note 5 "$(device fcm fine)"; } >in
	want 1 push in
	says 'the credentials are refused: InvalidProviderToken'
	[ "$(grep -c refused err)" -eq 1 ]
	[ "$(get 'select(.event)')" = '' ]
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code)"' | sort | uniq -c | tr -s ' ')" = ' 4 temp credentials' ]
	[ "$(get 'select(.outcome == "sent").carrier')" = fcm ]
	[ "$(seen 'select(.gateway == "apns").name')" = forbidden ]
}

@test "a service account that Google does not know any more is told once, and what waits goes back" {
	conf
	touch "$G/no-grant"
	for n in 1 2 3; do note $n "$(device fcm "d$n")"; done >in
	want 1 push in
	says 'no access token for push@p1.example.com: invalid_grant'
	[ "$(get 'select(.kind == "reject").code' | sort | uniq -c | tr -s ' ')" = ' 3 credentials' ]
	[ "$(seen .gateway)" = oauth ]
}

@test "many bad tokens before the first good one are our mistake, not theirs" {
	conf
	for n in $(seq 12); do note "$n" "$(device apns "bad$n")"; done >in
	want 1 push in
	says 'is it the other environment'
	[ "$(get 'select(.event)')" = '' ]
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code)"' | sort | uniq -c | tr -s ' ')" = ' 12 temp credentials' ]
}

@test "thousands in flight on one connection: Apple sees one request alone first, a device its own in their order" {
	conf
	for n in $(seq 300); do printf '{"id":"0198c0de-0000-7000-8000-%012d","kind":"push","body":"%d","devices":[%s,%s]}\n' "$n" "$n" "$(device apns "f$n")" "$(device apns same)"; done >in
	want 0 push in
	[ "$(get 'select(.outcome == "sent").recipient' | wc -l)" -eq 600 ]
	seen . >all
	[ "$(jq -r .alone all | sort -u)" = true ]
	jq -r 'select(.name == "same").body.aps.alert.body' all | diff - <(seq 300)
	[ "$(jq -r .claims.iat all | sort -u | wc -l)" -eq 1 ]
}

@test "a connection that ends under hundreds of requests costs none of them, and no time" {
	conf
	for n in $(seq 900); do
		name=g$n
		[ "$n" -ne 300 ] || name=leave
		[ "$n" -ne 600 ] || name=crash
		printf '{"id":"0198c0de-0000-7000-8000-%012d","kind":"push","body":"%d","devices":[%s]}\n' "$n" "$n" "$(device apns "$name")"
	done >in
	want 0 push --max-hold 10s in
	[ "$(get 'select(.outcome == "sent").recipient' | sort -u | wc -l)" -eq 900 ]
}

@test "browsers name the URL: only https, and only public addresses" {
	conf '{"webpush":{"private_addresses":false}}'
	note 1 "$(browser ok)" | want 0 push
	[ "$(get '"\(.outcome) \(.error.code)"')" = 'failed address-refused' ]
	note 1 "$(browser ok | sed 's/https/http/')" | want 0 push
	[ "$(get '"\(.outcome) \(.error.code)"')" = 'failed subscription-malformed' ]
	note 1 "$(browser ok | sed 's/127/u:p@127/')" | want 0 push
	[ "$(get '"\(.outcome) \(.error.code)"')" = 'failed subscription-malformed' ]
	[ "$(seen .name)" = '' ]
}

@test "one record, or one browser, that is nobody's holds up no other" {
	conf
	note 1 "$(device apns first)" >in
	note 2 '{"platform":"apns","token":"aa","topic":"a\r\nX-Evil: 1"},{"platform":"apns","token":"aa","topic":"a b"}' >>in
	for n in $(seq 20); do note 3 "$(device apns "p$n")"; done >>in
	want 0 push --max-hold 0 in
	[ "$(get '"\(.outcome) \(.error.code)"' | sort | uniq -c | tr -s ' ' | paste -sd,)" = ' 2 failed subscription-malformed, 21 sent null' ]
	browser ok >good
	{ for n in $(seq 20); do note 1 "$(sed 's/:[0-9]*.wp/:1\/wp/' good)"; note 2 "$(sed "s/wp.ok/wp\/q$n/" good)"; done; } | want 1 push --max-hold 0
	[ "$(get 'select(.outcome).outcome' | sort | uniq -c | tr -s ' ' | paste -sd,)" = ' 20 retry, 20 sent' ]
}

@test "a browser that moved for good is followed, inside its service, and told" {
	conf
	note 1 "$(browser moved)" | want 0 push
	[ "$(get 'select(.event) | "\(.event) \(.device.endpoint) \(.token)"' | sed 's|https://[^ ]*/wp/||g')" = 'push-token-renewed moved home' ]
	grep push-token-renewed out >events
	modelled push-event events
	[ "$(get 'select(.outcome).outcome')" = sent ]
	[ "$(seen .name | paste -sd' ')" = 'moved home' ]
	note 1 "$(browser away)" | want 1 push --max-hold 0
	[ "$(get 'select(.event)')" = '' ]
}

@test "a body that is too long is cut at a character, or refused with the numbers" {
	conf
	body=$(printf 'ü%.0s' $(seq 3000))
	printf '{"id":"%s01","kind":"push","title":"T","body":"%s","devices":[%s,%s,%s]}\n' "$id" "$body" "$(device apns cut1)" "$(device fcm cut2)" "$(browser cut3)" >in
	want 0 push in
	[ "$(get .outcome | sort -u)" = sent ]
	seen . >all
	holds all 'select(.gateway == "apns").body | tojson | utf8bytelength | . <= 4096 and . > 4090'
	holds all 'select(.gateway == "fcm").message | .notification.body | endswith("…") and utf8bytelength <= 4096 and utf8bytelength > 4000'
	holds all 'select(.gateway == "web").size | . <= 4096 and . > 4090'
	[ "$(jq -r 'select(.gateway == "apns").body.aps.alert.body' all | iconv -f UTF-8 -t UTF-8 | tail -c 8)" = 'üü…' ]
	conf '{"long_body":"refuse"}'
	want 0 push in
	[ "$(get 'select(.carrier == "apns").error | "\(.code): \(.text)"')" = 'payload-too-large: the payload has 6041 bytes, apns takes 4096' ]
	# What is too long without the body is refused in any case.
	conf
	printf '{"id":"%s01","kind":"push","title":"%s","devices":[%s]}\n' "$id" "$body" "$(device apns cut1)" | want 0 push
	[ "$(get .error.code)" = payload-too-large ]
}

@test "a body is not cut inside what is seen as one character, as another library divides it" {
	conf
	node -e '
		const device = JSON.parse(process.argv[1]);
		["👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "e\u0301", "각", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "x", "ü"].forEach((seen, i) => [0, 1, 2, 3].forEach(shift => device.forEach(d => console.log(JSON.stringify({
			id: "'$id'" + String(10 * shift + i).padStart(2, "0"), kind: "push", title: "T",
			body: "a".repeat(shift) + seen.repeat(6000 / Buffer.byteLength(seen)), devices: [d] })))));' "[$(device apns aa),$(device fcm cut2),$(browser cut3)]" >in
	# What no script has is cut all the same.
	jq -nc --argjson d "$(device apns aa)" '{ id: "'$id'90", kind: "push", title: "T", body: ("a" + "\u0301" * 9000), devices: [$d] }' >>in
	want 0 push -n in
	[ "$(wc -l <out)" = 121 ]
	node -e '
		const fs = require("fs"), lines = f => fs.readFileSync(f, "utf8").trim().split("\n").map(JSON.parse);
		const all = lines("in"), made = lines("out"), segmenter = new Intl.Segmenter();
		let bad = 0;
		made.forEach((m, i) => {
			const p = m.body || m.encrypts, body = (p.aps ? p.aps.alert : (p.message || p).notification).body, text = body.slice(0, -1);
			const starts = new Set([...segmenter.segment(all[i].body)].map(s => s.index));
			const hostile = i === made.length - 1, size = Buffer.byteLength(body);
			if (!body.endsWith("…") || !all[i].body.startsWith(text) || (!hostile && !starts.has(text.length)) || size < 3800 || !m.cut)
				console.log(i, size, JSON.stringify(body.slice(-20)), bad++);
		});
		process.exit(bad ? 1 : 0);'
}

@test "--dry-run shows requests, sends none, and names secrets" {
	conf
	note 1 "$(device apns aa14),$(device fcm d3),$(browser ok)" >in
	want 0 push -n in
	[ "$(get '"\(.kind) \(.carrier)"' | paste -sd' ')" = 'request apns request fcm request webpush' ]
	[ "$(get 'select(.carrier == "apns").headers.authorization')" = 'bearer <token of key ABC123DEFG of team TEAM123456>' ]
	[ "$(get 'select(.carrier == "webpush").encrypts.notification.title')" = 'Order 4711' ]
	no grep -qF -e "$(cat "$G/vapid.key")" out
	no grep -q 'eyJ' out
	[ "$(seen .name)" = '' ]
	# A device that can not be sent to keeps the others from nothing; alone it is a reject.
	note 1 "$(device apns "z z"),$(device fcm d3)" >in
	want 0 push -n in
	[ "$(get '[.kind, .carrier, .recipient, .code, .method]')" = '["request","apns","z z","subscription-malformed",null]
["request","fcm","d3",null,"POST"]' ]
	note 1 "$(device apns "z z")" | want 1 push -n
	[ "$(get '[.kind, .code]')" = '["reject","subscription-malformed"]' ]
}

@test "who gets it is what the devices say, not what a platform's own members say" {
	conf
	for member in token topic condition; do
		note 1 "$(device fcm to1)" ',"platform":{"fcm":{"'$member'":"other"}}' | want 0 push
		[ "$(get '[.outcome, .error.code]')" = '["failed","push-malformed"]' ]
		[ "$(get .error.text)" = "platform.fcm: \"$member\" is not taken: \`devices\` say where it goes" ]
	done
	[ "$(seen 'select(.gateway == "fcm").name')" = '' ]
}

@test "messages that are routed to push are pushes, all else passes as it is" {
	conf
	cat >in <<-'END'
		{"id":"0198c0de-0000-7000-8000-000000000001","kind":"message","direction":"out","channel":"push","from":{"name":"Shop"},"to":[{"address":"fcm:m1"},{"address":"apns:aa15"}],"text":"Your parcel","media":[{"kind":"image","url":"https://example.com/p.jpg"}],"type":"media"}
		{"id":"x", "kind":"message","direction":"in","channel":"push"}
		{"kind":"delivery"}
		{"id":"0198c0de-0000-7000-8000-000000000002","kind":"message","direction":"out","carrier":"twilio","to":[{"address":"+15550100"}]}
	END
	want 0 push in
	[ "$(grep -cxF -f in out)" -eq 3 ]
	[ "$(get 'select(.outcome).recipient' | sort | paste -sd' ')" = 'aa15 m1' ]
	[ "$(seen 'select(.gateway == "fcm").message.notification')" = '{"title":"Shop","body":"Your parcel","image":"https://example.com/p.jpg"}' ]
}

@test "what is no push is a reject that says why" {
	conf
	cat >in <<-END
		{"id":"${id}01","kind":"push","title":"for nobody"}
		{"id":"${id}02","kind":"push","devices":[{"platform":"fcm","token":"x"}],"ttl":-1}
		{"id":"${id}03","kind":"push","devices":[{"platform":"fcm","token":"x"}],"priority":"urgent"}
		{"id":"${id}04","kind":"push","devices":[{"platform":"fcm","token":"x"}],"at":"2026-01-14T09:00:00Z","ttl":60}
		{"id":"${id}05","kind":"push","devices":[{"platform":"sms","token":"x"},{"platform":"apns","token":"../x"},{"platform":"fcm"}],"title":"T"}
	END
	want 1 push in
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code)"' | paste -sd,)" = 'data no-devices,data push-malformed,data push-malformed,denied expired' ]
	[ "$(get 'select(.outcome) | "\(.outcome) \(.error.code)"' | sort -u)" = 'failed subscription-malformed' ]
	[ "$(seen .name)" = '' ]
}

@test "a key that is none, a subject that reaches nobody, are errors of the configuration that tell no secret" {
	conf '{"apns":{"key":"literal-secret"}}'
	want 78 push /dev/null
	says '/push/apns/key is no private key'
	no grep -q literal-secret err
	conf '{"apns":{"topic":"a\r\nb"}}'
	want 78 push /dev/null
	says '/push/apns/topic'
	for wrong in '.project_id = "../x"' '.token_uri = "file:///etc/passwd"' '.token_uri = "https://a b/"' '.token_uri = "x"'; do
		jq "$wrong" "$G/firebase.json" >sa.json
		conf '{"fcm":{"service_account":"file:sa.json"}}'
		want 78 push /dev/null
		says '/push/fcm/service_account: its'
		no grep -q PRIVATE err
	done
	conf '{"webpush":{"subject":"mailto:me@localhost"}}'
	want 78 push /dev/null
	says '/push/webpush: the subject is at "localhost"'
	conf '{"fcm":{"service_account":"{}"}}'
	want 78 push /dev/null
	says '/push/fcm/service_account'
	conf '{"webpsh":{}}'
	want 78 push /dev/null
	says 'webpush'
}

@test "keygen makes a pair that browsers take, its private half for its owner alone" {
	want 0 omni-push keygen
	jq -e '(.public_key | test("^B[A-Za-z0-9_-]{86}$")) and (.private_key | test("^[A-Za-z0-9_-]{43}$"))' out
	want 0 omni-push keygen -o vapid.key
	[ "$(stat -c %a vapid.key)" = 600 ]
	no grep -q private out
	node -e '
		const e = require("crypto").createECDH("prime256v1");
		e.setPrivateKey(Buffer.from(require("fs").readFileSync("vapid.key", "utf8").trim(), "base64url"));
		process.exit(e.getPublicKey("base64url") === JSON.parse(require("fs").readFileSync("out")).public_key ? 0 : 1);'
	cp vapid.key before
	want 74 omni-push keygen -o vapid.key
	says 'vapid.key: File exists, and no key is ever overwritten'
	cmp vapid.key before
	# A key whose public half nobody got is none.
	rc=0
	omni-push keygen -o lost.key >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ]
	[ ! -e lost.key ]
	omni-push --help | grep -q 'omni-push keygen'
	jq -c . <<<"{\"push\":{\"webpush\":{\"vapid_private_key\":\"file:vapid.key\",\"subject\":\"mailto:ops@example.com\"}}}" >omni.json
	want 0 push /dev/null
}

@test "--ledger: what was sent is not sent again, and told once more under the same id" {
	conf
	{ note 1 "$(device apns l1),$(device fcm l2),$(browser l3)"; note 2 "$(device fcm l4)"; } >in
	want 0 push --ledger sent in
	[ "$(seen 'select(.name) | .name' | sort | paste -sd' ')" = 'l1 l2 l3 l4' ]
	sort out | jq -c 'del(.http, .attempt)' | sort >first
	want 0 push --ledger sent in
	jq -c 'del(.attempt)' out | sort | diff first -
	[ "$(seen 'select(.name).name')" = '' ]
}

@test "--ledger: a record that comes again for one of its devices goes to that one alone" {
	conf
	note 3 "$(device fcm p1),$(device fcm quotalong),$(device apns p2)" >in
	want 1 push --ledger sent in
	[ "$(get 'select(.kind == "reject").code')" = throttled ]
	seen . >/dev/null
	want 1 push --ledger sent in
	[ "$(seen 'select(.name).name')" = quotalong ]
	[ "$(get 'select(.outcome == "sent").recipient' | sort | paste -sd' ')" = 'p1 p2' ]
	[ "$(get 'select(.outcome == "retry").attempt')" = 2 ]
}

@test "--ledger: killed in the middle, nobody knows: Apple drops the second, others wait for the operator" {
	conf
	{ note 4 "$(device apns hang1)"; note 5 "$(device fcm hang2)"; } >in
	omni-push -c omni.json --ledger sent in >killed 2>err 3>&- &
	pid=$!
	hang() { [ "$(tail -n 3 "$G/seen" | grep -c hang)" -ge 2 ]; }
	until_true hang
	kill -KILL $pid
	wait $pid || :
	[ ! -s killed ]
	want 1 push --ledger sent in
	[ "$(get 'select(.outcome == "sent").recipient')" = hang1 ]
	[ "$(get 'select(.outcome == "unknown").recipient')" = hang2 ]
	[ "$(get 'select(.kind == "reject") | "\(.class) \(.code)"')" = 'denied outcome-unknown' ]
	get 'select(.outcome == "unknown").id' >first
	want 1 push --ledger sent in
	get 'select(.outcome == "unknown").id' | diff first -
	seen . >all
	[ "$(jq -r 'select(.name == "hang1").headers["apns-id"]' all | uniq -c | tr -s ' ' | cut -d' ' -f2)" = 2 ]
	[ "$(jq -r 'select(.name == "hang2").name' all | wc -l)" -eq 1 ]
	want 0 push --ledger sent --resend-unknown in
	[ "$(get 'select(.outcome == "sent").recipient' | sort | paste -sd' ')" = 'hang1 hang2' ]
	[ "$(seen 'select(.name).name')" = hang2 ]
	want 64 push --resend-unknown in
}

@test "SIGTERM: what is in flight is waited for, the rest goes back" {
	conf
	mkfifo fifo
	omni-push -c omni.json --window 1 fifo >out 2>err 3>&- &
	pid=$!
	exec 4>fifo
	note 1 "$(device fcm quota9)" >&4
	note 2 "$(browser date)" >&4
	until_true read_up 4
	until_true test -s out
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	exec 4>&-
	[ "$rc" -le 1 ]
	[ "$(get 'select(.outcome).recipient' | wc -l)" -eq 2 ]
}

@test "who is told to end while it waits as a service asked gives that time to who comes later" {
	conf
	mkfifo fifo
	omni-push -c omni.json --max-hold 1h fifo >out 2>err 3>&- &
	pid=$!
	exec 4<>fifo
	before=$(wc -l <"$G/seen")
	note 1 "$(browser later)" >&4
	asked() { tail -n "+$((before + 1))" "$G/seen" | grep -q later; }
	until_true asked
	note 2 "$(browser ok)" >&4
	until_true grep -q '"outcome":"sent"' out # and what was answered before it is known
	kill -TERM $pid
	wait $pid || [ $? -eq 1 ]
	exec 4>&-
	[ "$(get 'select(.kind == "reject").code')" = stopped ]
	get 'select(.kind == "reject").retry_at[:19] + "Z" | fromdate - now | if . > 300 and . < 601 then "ten minutes" else . end' | grep -qx 'ten minutes'
}

@test "whichever allocation, write or sync fails, a program says so, or has told of each device" {
	plain
	conf
	note 1 "$(device apns ff1),$(device fcm ff2),$(browser ff3)" >in
	for call in malloc write sync pwrite; do
		for n in 1 2 3 4 6 9 14 21 40 90 200 500 1200 3000 7000 12000; do
			rm -f sent*
			rc=0
			timeout 60 env OMNI_FAIL_CALL=$call OMNI_FAIL_AT=$n LD_PRELOAD="$BUILD/fail.so" omni-push -c omni.json --ledger sent in >out 2>err || rc=$?
			case $rc in
			0 | 1) [ "$(get 'select(.outcome).recipient' | sort -u | wc -l)" -eq 3 ] ;;
			65 | 71 | 74 | 75 | 78) [ -s err ] ;;
			*) false ;;
			esac || {
				echo "$call $n: exit $rc"
				cat err
				return 1
			}
			! grep -q 'not reached' err || break
		done
	done
}

@test "keys and tokens are in no output, reject, log, ledger or command line" {
	conf
	{ grep -hv -- ----- "$G/apns.p8"; jq -r .private_key "$G/firebase.json" | grep -v -- -----; cat "$G/vapid.key"; printf '\naccess-\neyJ\n'; } | grep ... >secrets
	{ for name in ok gone topic trouble expired forbidden; do note 1 "$(device apns $name)"; done
		for name in ok unregistered field stale third vanishes3; do note 2 "$(device fcm $name)"; done
		for name in gone poison moved slow; do note 3 "$(browser $name)"; done; } >in
	mkfifo fifo
	timeout 60 omni-push -v -c omni.json --metrics metrics -r rejects -l ledger fifo >out 2>err 3>&- &
	pid=$!
	exec 4>fifo
	cat in >&4
	begun() { [ -s ledger ] && [ -s out ]; }
	until_true begun
	cat "/proc/$pid/cmdline" "/proc/$(pgrep -P "$pid")/cmdline" >cmdline
	exec 4>&-
	wait $pid || [ $? -eq 1 ]
	[ "$(get 'select(.outcome).outcome' | sort -u | paste -sd' ')" = 'failed retry sent unknown' ]
	push -n in >dry
	no grep -aqFf secrets out err rejects ledger* cmdline dry
}

@test "a full disk under the output is 74" {
	conf
	note 1 "$(device fcm full)" >in
	rc=0
	push in >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
}

@test "when its output is gone it waits for the answers that it is owed, and the ledger has them" {
	conf
	for n in $(seq 20); do note "$n" "$(device fcm "late-owed$n")"; done >in
	mkfifo fifo told
	push -l sent fifo >told 2>err 3>&- &
	exec 5<told 4>fifo
	head -n 1 in >&4
	read -r _ <&5 # from now on there is a token for the others
	tail -n +2 in >&4
	exec 4>&- 5<&-
	wait
	want 0 push -l sent in
	[ "$(get 'select(.kind == "delivery").outcome' | sort | uniq -c | tr -s ' ')" = ' 20 sent' ]
	[ "$(grep -c late-owed "$G/seen")" -eq 20 ]
}
