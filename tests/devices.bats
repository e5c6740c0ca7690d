#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The devices of a person: what omni-store keeps of them, and omni-push sends to.

load helper
load store_helper

# about N AT NAME DEVICE [MEMBERS]: an event about a device; the members begin with a comma.
about() {
	rec "$1" '"kind":"event","event":"push-token-'"$3"'","at":"2026-01-14T'"$2"'.000Z","channel":"push","device":'"$4${5-}"
}

# phone N AT TOKEN [ADDRESS [MEMBERS OF THE DEVICE]]: it is registered for that address, or +15550123.
phone() {
	about "$1" "$2" registered '{"platform":"fcm","token":"'"$3"'"'"${5-}"'}' ',"carrier":"fcm","from":{"address":"'"${4:-+15550123}"'"}'
}

fcm() {
	printf '{"platform":"fcm","token":"%s"}' "$1"
}

auth=BTBZMqHH6r4Tts7J_aSIgg
p256dh=BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4

# browser N AT PATH: as PushSubscription.toJSON gives it.
browser() {
	about "$1" "$2" registered '{"endpoint":"https://push.example.net/'"$3"'","expirationTime":null,"keys":{"p256dh":"'$p256dh'","auth":"'$auth'"}}' \
		',"carrier":"webpush","from":{"address":"+15550123"}'
}

# conf: omni.json, with keys that nobody knows.
conf() {
	omni-push keygen -o vapid.key >/dev/null
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out apns.p8 2>/dev/null
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
	jq -n --rawfile key rsa.pem '{ type: "service_account", project_id: "demo", private_key_id: "k1", private_key: $key,
		client_email: "omni@demo.example", token_uri: "https://127.0.0.1:1/token" }' >firebase.json
	jq -n '{ push: { fcm: { service_account: "file:firebase.json" }, webpush: { vapid_private_key: "file:vapid.key", subject: "mailto:ops@example.com" },
		apns: { topic: "com.example.app", team_id: "TEAM123456", key_id: "ABC123DEFG", key: "file:apns.p8" } } }' >omni.json
	chmod 600 firebase.json omni.json
}

# note N TO [MEMBERS]: a push to these parties.
note() {
	rec "$1" '"kind":"push","title":"Order","to":['"$2"']'"${3-}"
}
# to ADDRESS
to() {
	printf '{"address":"%s"}' "$1"
}

# devices [ADDRESS]: which there are, by their tokens, the last first.
devices() {
	omni-store devices "${1:-+15550123}" 2>/dev/null | jq -r '.token // .endpoint' | sed 's,https://push.example.net/,,' | paste -sd' '
}

@test "a registered device is a person's, shown without its keys, which only the file has" {
	{ phone 1 09:00:01 t1; browser 2 09:00:02 b1; about 3 09:00:03 registered '{"platform":"apns","token":"b0ff","topic":"com.example.app","sandbox":true,"created_at":"2026-01-14T08:00:00.000Z"}' \
		',"carrier":"apns","from":{"address":"+15550123"}'; phone 4 09:00:04 t2 +15550124; } >in
	want 0 omni-store put in
	[ "$(get 'del(.store)')" = "$(jq -c . in)" ]
	[ "$(devices)" = 'b1 t1 b0ff' ]
	[ "$(devices +15550124)" = t2 ]
	want 0 omni-store devices +15550123
	[ "$(get 'select(.platform == "apns") | del(.kind, .user)')" = '{"platform":"apns","token":"b0ff","topic":"com.example.app","sandbox":true,"created_at":"2026-01-14T08:00:00.000Z"}' ]
	[ "$(get '"\(.kind) \(.user)"' | sort -u)" = 'device +15550123' ]
	omni-validate -q --no-verify --schema push-device out | cmp - out
	# No query has the secret: not of what is put, not of the events themselves.
	for verb in messages contacts changes stat 'contact +15550123' 'devices +15550123'; do
		# shellcheck disable=SC2086 # a verb and its operand
		omni-store $verb
	done | cat - out >all
	no grep -F -e $auth -e $p256dh all
	sqlite3 store.db 'select line from records' >lines
	no grep -F -e $auth -e $p256dh lines
	jq -c .device lines | grep -qxF '{"platform":"webpush","endpoint":"https://push.example.net/b1"}'
	[ "$(sqlite3 store.db "select count(*) from devices where instr(image, '$auth') > 0")" -eq 1 ]
	[ "$(stat -c %a store.db)" = 600 ]
	want 1 omni-store devices +15550199
	says '+15550199: there is no such contact with devices'
	[ "$(omni-store stat | jq -c '[.devices, .contacts]')" = '[4,2]' ]
	want 0 omni-store check
}

@test "a device goes when it is gone, unless it was registered after that" {
	{ phone 1 09:00:01 t1; phone 2 09:00:02 t2; phone 3 09:00:03 t3; about 4 09:00:02 gone "$(fcm t1)"; about 5 09:00:02 gone "$(fcm t2)"
		about 6 09:00:02 gone "$(fcm t3)"; about 7 09:00:05 gone "$(fcm t4)"; about 8 09:00:05 gone '{"platform":"apns","token":"t3"}'; } | put
	[ "$(devices)" = t3 ]
	phone 9 09:00:09 t1 | put
	[ "$(devices)" = 't1 t3' ]
	# That it was made before it was gone counts, not when we were told; and nobody made it after that.
	phone 10 09:00:10 t2 '' ',"created_at":"2026-01-14T09:00:01.500Z"' | put
	[ "$(devices)" = 't1 t3' ]
	phone 11 09:00:04 t4 '' ',"created_at":"2027-01-14T09:00:00.000Z"' | put
	[ "$(devices)" = 't1 t3' ]
	# Who logs in on a device takes it from who did before.
	phone 12 09:00:12 t3 +15550124 | put
	[ "$(devices)" = t1 ]
	[ "$(devices +15550124)" = t3 ]
}

@test "a renewed token takes the place of the old one, over several steps, with its keys" {
	{ browser 1 09:00:01 b1; about 2 09:00:02 renewed '{"platform":"webpush","endpoint":"https://push.example.net/b1"}' ',"token":"https://push.example.net/b2"'; } | put
	[ "$(devices)" = b2 ]
	about 3 09:00:03 renewed '{"endpoint":"https://push.example.net/b2"}' ',"token":"https://push.example.net/b3"' | put
	[ "$(devices)" = b3 ]
	# That the old ones are gone now is no news of the new one.
	{ for n in 1 2; do about 1$n 09:00:04 gone '{"endpoint":"https://push.example.net/b'$n'"}'; done; } | put
	[ "$(devices)" = b3 ]
	[ "$(omni-store stat | jq .devices)" -eq 1 ]
	about 20 09:00:05 gone '{"endpoint":"https://push.example.net/b3"}' | put
	[ "$(devices)" = '' ]
	browser 21 09:00:06 b3 | put
	[ "$(devices)" = b3 ]
	# Round in a circle there is no device, and an end.
	{ phone 31 09:00:01 x +15550124; about 32 09:00:02 renewed "$(fcm x)" ',"token":"y"'; about 33 09:00:02 renewed "$(fcm y)" ',"token":"x"'; } | put
	[ "$(devices +15550124)" = '' ]
	want 0 omni-store check
}

@test "the same events in any order, and twice, leave the same devices" {
	{
		phone 1 09:00:01 t1; about 2 09:00:02 gone "$(fcm t1)"; phone 3 09:00:03 t1; phone 4 09:00:03 t1 +15550124
		browser 5 09:00:01 b1; about 6 09:00:03 renewed '{"endpoint":"https://push.example.net/b1"}' ',"token":"https://push.example.net/b2"'
		about 7 09:00:04 gone '{"endpoint":"https://push.example.net/b1"}'; about 8 09:00:02 gone '{"endpoint":"https://push.example.net/b2"}'
		about 9 09:00:05 renewed '{"endpoint":"https://push.example.net/b2"}' ',"token":"https://push.example.net/b3"'
		phone 10 09:00:01 t2; about 11 09:00:02 renewed "$(fcm t2)" ',"token":"t6"'; about 12 09:00:02 renewed "$(fcm t2)" ',"token":"t4"'
		phone 13 09:00:05 t3 +15550124; about 14 09:00:06 gone "$(fcm t3)"; phone 15 09:00:07 t5; about 16 09:00:07 gone "$(fcm t5)"
	} >in
	put in
	first=$(devices)/$(devices +15550124)
	[ "$first" = 'b3 t6/t1' ]
	for seed in $(seq 12); do
		rm -f store.db*
		shuf --random-source=<(yes "$seed") in | omni-store put >/dev/null
		shuf --random-source=<(yes "$seed$seed") in | omni-store put -b 1 >/dev/null
		[ "$(devices)/$(devices +15550124)" = "$first" ] || { echo "order $seed: $(devices)/$(devices +15550124)"; false; }
	done
}

@test "what is no device is rejected, and changes nothing" {
	{
		about 1 09:00:01 registered "$(fcm t1)"
		about 2 09:00:01 registered '{"platform":"fcm","topic":"news"}' ',"from":{"address":"+15550123"}'
		about 3 09:00:01 registered '{"platform":"sms","token":"t"}' ',"from":{"address":"+15550123"}'
		about 4 09:00:01 registered '{"platform":"fcm","token":"a b"}' ',"from":{"address":"+15550123"}'
		about 5 09:00:01 registered '{"endpoint":"https://push.example.net/1","keys":{"p256dh":"'$p256dh'","auth":"AA"}}' ',"from":{"address":"+15550123"}'
		about 6 09:00:01 registered '"t1"' ',"from":{"address":"+15550123"}'
		about 7 09:00:01 registered '{"endpoint":"http://push.example.net/1","keys":{"p256dh":"'$p256dh'","auth":"'$auth'"}}' ',"from":{"address":"+15550123"}'
		about 8 09:00:01 gone '{}'
		about 9 09:00:01 gone null
		about 10 09:00:01 renewed "$(fcm t1)"
		about 11 09:00:01 renewed "$(fcm t1)" ',"token":7'
		about 12 09:00:01 registered '{"platform":"fcm","token":"t","account":"'"$(printf '%01025d' 0)"'"}' ',"from":{"address":"+15550123"}'
	} | want 1 omni-store put
	[ "$(get .code | sort | uniq -c | tr -s ' ')" = ' 12 record-malformed' ]
	[ "$(get .detail | grep -c -F -e $auth -e AA)" -eq 0 ]
	[ "$(sqlite3 store.db 'select count(*) from devices')" -eq 0 ]
	[ "$(sqlite3 store.db 'select count(*) from records')" -eq 0 ]
	# An event of another name is nobody's business here.
	about 20 09:00:01 sound '{}' | want 0 omni-store put
}

@test "prune removes what is over, and no device that lives, nor whose it is" {
	{ phone 1 09:00:01 t1; phone 2 09:00:01 t2; about 3 09:00:02 gone "$(fcm t2)"; about 4 09:00:02 gone "$(fcm never)"
		browser 5 09:00:01 b1; about 6 09:00:02 renewed '{"endpoint":"https://push.example.net/b1"}' ',"token":"https://push.example.net/b2"'
		phone 7 09:00:01 t5 +15550124; about 8 09:00:02 gone "$(fcm t5)"; } >in
	OMNI_CLOCK=2026-01-14T09:00:10Z put in
	OMNI_CLOCK=2026-01-15T09:00:10Z want 0 omni-store prune --keep 2d
	[ "$(get '[.devices, .contacts, .records]')" = '[0,0,0]' ]
	OMNI_CLOCK=2026-01-18T09:00:10Z want 0 omni-store prune -n --keep 2d
	[ "$(get '[.dry, .devices, .records]')" = '[true,3,8]' ]
	OMNI_CLOCK=2026-01-18T09:00:10Z want 0 omni-store prune --keep 2d
	[ "$(get '[.dry, .devices, .contacts, .records]')" = '[false,3,1,8]' ]
	[ "$(devices)" = 'b2 t1' ]
	[ "$(omni-store contacts | jq -r .address)" = +15550123 ]
	about 30 09:00:30 gone '{"endpoint":"https://push.example.net/b2"}' | OMNI_CLOCK=2026-01-18T10:00:00Z put
	OMNI_CLOCK=2026-02-18T10:00:00Z omni-store prune --keep 2d >/dev/null
	OMNI_CLOCK=2026-02-18T10:00:00Z want 0 omni-store prune --keep 2d
	[ "$(devices)" = t1 ]
	[ "$(sqlite3 store.db 'select count(*) from devices')" -eq 1 ]
	want 0 omni-store check
}

@test "erase leaves nothing of a person's devices in the file" {
	{ phone 1 09:00:01 secrettoken; browser 2 09:00:01 b1; phone 4 09:00:01 t4 +15550124
		about 3 09:00:02 renewed '{"endpoint":"https://push.example.net/b1"}' ',"from":{"address":"+15550123"},"token":"https://push.example.net/b2"'
		about 5 09:00:03 renewed '{"endpoint":"https://push.example.net/b2"}' ',"from":{"address":"+15550123"},"token":"https://push.example.net/b3"'; } | put
	[ "$(devices)" = 'b3 secrettoken' ]
	want 0 omni-store erase +15550123
	[ "$(get .devices)" -ge 3 ]
	[ "$(devices)" = '' ]
	[ "$(devices +15550124)" = t4 ]
	no grep -aF -e secrettoken -e $auth -e push.example.net store.db store.db-wal
}

@test "a store without devices is brought forward, and keeps what it has" {
	came 1 | put
	sqlite3 store.db 'drop table devices; pragma user_version = 2'
	want 1 omni-store devices +15550123
	phone 2 09:00:01 t1 | put
	[ "$(devices)" = t1 ]
	[ "$(omni-store messages | wc -l)" -eq 1 ]
	want 0 omni-store check
}

@test "two that put events of the same devices at once, and one that is killed, leave the same" {
	for n in $(seq 100 160); do phone "$n" 09:00:01 "t$n"; about "1$n" 09:00:02 gone "$(fcm "t$n")"; phone "2$n" 09:00:03 "t$n"; done >in
	put in
	want=$(devices)
	rm -f store.db*
	omni-store put -b 1 in >one 2>/dev/null 3>&- &
	killed=$!
	shuf --random-source=<(yes 1) in | omni-store put -b 3 >/dev/null 3>&- &
	shuf --random-source=<(yes 2) in | omni-store put -b 5 >/dev/null
	kill -9 $killed 2>/dev/null || :
	wait
	[ "$(devices)" = "$want" ]
	[ "$(omni-store stat | jq .devices)" -eq 61 ]
	want 0 omni-store check
}

@test "omni-push --store: a push, or a message, to a person goes to all of their devices, others as they are named" {
	conf
	{ phone 1 09:00:01 t1; browser 2 09:00:02 b1; about 3 09:00:03 registered '{"platform":"apns","token":"b0ff","topic":"com.example.other","sandbox":true}' \
		',"carrier":"apns","from":{"address":"+15550123"}'; phone 4 09:00:04 t2 +15550124; } | put
	shown() {
		want 0 omni-push -c omni.json -n --store store.db
		get '.recipient' | sed 's,https://push.example.net/,,' | paste -sd' '
	}
	[ "$(note 1 "$(to +15550123)" | shown)" = 'b0ff b1 t1' ]
	[ "$(get 'select(.carrier == "apns") | .url, .headers["apns-topic"]' | paste -sd' ')" = 'https://api.sandbox.push.apple.com/3/device/b0ff com.example.other' ]
	[ "$(note 1 "$(to +15550124),$(to +15550123),$(to fcm:t9)" | shown)" = 't2 b0ff b1 t1 t9' ]
	[ "$(rec 1 '"kind":"message","direction":"out","channel":"push","type":"text","text":"Hi","to":[{"address":"+15550124"}]' | shown)" = t2 ]
	[ "$(rec 1 '"kind":"message","direction":"out","carrier":"fcm","type":"text","text":"Hi","to":[{"address":"t7"}]' | shown)" = t7 ]
	# Devices that are named are those that it is for.
	[ "$(rec 1 '"kind":"push","title":"T","to":[{"address":"+15550123"}],"devices":[{"platform":"fcm","token":"t8"}]' | shown)" = t8 ]
	about 5 09:00:05 gone "$(fcm t1)" | put
	[ "$(note 1 "$(to +15550123)" | shown)" = 'b0ff b1' ]
	no grep -F -e $auth -e $p256dh out
	# Without the store nobody knows who that is.
	note 1 "$(to +15550123)" | want 1 omni-push -c omni.json -n
	[ "$(get .code)" = subscription-malformed ]
	want 78 omni-push -c omni.json -n --store gone.db
}

@test "omni-push --store: who has no device is told, as a reject or as a delivery that failed" {
	conf
	phone 1 09:00:01 t1 | put
	{ note 1 "$(to +15550199)" ',"ttl":60'; note 2 "$(to +15550199),$(to +15550198)"
		rec 3 '"kind":"message","direction":"out","carrier":"fcm","type":"text","text":"Hi","to":[{"address":"+15550199"}]'; } >in
	want 1 omni-push -c omni.json --store store.db in
	[ "$(get '"\(.kind) \(.class) \(.code)"' | sort | uniq -c | tr -s ' ')" = ' 3 reject data no-devices' ]
	[ "$(get .record | jq -c 'del(.lease)')" = "$(jq -c . in)" ]
	# The account has no way out here: of the two one goes back, the other has nothing to go to.
	note 4 "$(to +15550199),$(to +15550123)" ',"lease":{"queue":"q","seq":1,"token":"t"}' >in
	want 1 omni-push -c omni.json --store store.db --max-hold 0 in
	[ "$(get 'select(.kind == "delivery") | "\(.carrier) \(.recipient) \(.outcome) \(.error.code)"' | sort)" = $'fcm t1 retry unavailable\npush +15550199 failed no-devices' ]
	grep '"kind":"delivery"' out >deliveries
	omni-validate -q --no-verify --schema delivery deliveries | cmp - deliveries
	# What goes back names the person, not what encrypts for their devices.
	[ "$(get 'select(.kind == "reject").record.to')" = '[{"address":"+15550123"}]' ]
	# All shares of the lease are there.
	[ "$(get '.lease // .record.lease | "\(.part)/\(.parts)"' | sort | paste -sd' ')" = '1/2 3/4 4/4' ]
}

@test "omni-push --store: a person with more devices than people have is refused, whatever their number" {
	conf
	for n in $(seq 1001); do phone "$n" 09:00:01 "t$n"; done | put
	note 1 "$(to +15550123)" | want 1 omni-push -c omni.json -n --store store.db
	[ "$(get '"\(.class) \(.code) \(.detail)"')" = 'data too-many-devices "+15550123" has more than 1000 devices: for so many there are topics' ]
	about 2000 09:00:02 gone "$(fcm t7)" | put
	note 1 "$(to +15550123)" | want 0 omni-push -c omni.json -n --store store.db
	[ "$(wc -l <out)" -eq 1000 ]
	[ "$(omni-store devices +15550123 | wc -l)" -eq 1000 ]
}

@test "whichever allocation, write or sync fails, no device is lost or made up" {
	plain
	conf
	{ phone 1 09:00:01 t1; browser 2 09:00:02 b1; about 3 09:00:03 gone "$(fcm t1)"; phone 4 09:00:04 t2
		about 5 09:00:05 renewed '{"endpoint":"https://push.example.net/b1"}' ',"token":"https://push.example.net/b2"'; } >in
	note 1 "$(to +15550123)" >push
	local kind n rc
	for kind in malloc write pwrite sync; do
		for n in 1 2 3 5 13 34 89 233 610 1597; do
			rm -f store.db*
			fails() {
				rc=0
				timeout 20 env OMNI_FAIL_CALL=$kind OMNI_FAIL_AT="$n" LD_PRELOAD="$BUILD/fail.so" "$@" >out 2>err || rc=$?
				case $rc in 0) ;; 65 | 71 | 74 | 75 | 78) [ -s err ] ;; *) false ;; esac || { echo "$kind $n: $rc: $*"; cat err; return 1; }
			}
			fails omni-store put in
			[ "$rc" -ne 0 ] || [ "$(devices)" = 'b2 t2' ]
			omni-store put in >again
			[ "$(devices)" = 'b2 t2' ]
			fails omni-push -c omni.json -n --store store.db push
			[ "$rc" -ne 0 ] || [ "$(wc -l <out)" -eq 2 ]
			fails omni-store devices +15550123
			[ "$rc" -ne 0 ] || [ "$(wc -l <out)" -eq 2 ]
		done
	done
	want 0 omni-store check
}
