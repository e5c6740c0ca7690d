#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-validate, beside what the carriers' cases show.

load helper

cases=$BATS_TEST_DIRNAME/carriers

# hook(carrier, case): the webhook of a case in the file hook, its configuration in c.json.
hook() {
	omni-recv --from -q -C "$1" --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001 \
		-c "$cases/$1/conf.json" "$cases/$1/$2/request.http" >hook
	cp "$cases/$1/conf.json" c.json
	chmod 600 c.json
}

# code(code): the only record is a reject of validate with that code, and holds what came.
code() {
	[ "$(get '[.kind, .stage, .code] | @json')" = '["reject","validate","'"$1"'"]' ]
	get .record | cmp - <(jq -c . "${2:-hook}")
}

@test "verified stands at the end; the rest of the line is as it came" {
	for pair in 'twilio sms-text' 'whatsapp audio'; do
		hook $pair
		want 0 omni-validate -c c.json hook
		jq -e '.verified | (.scheme | length > 4) and (.account | length > 0) and length == 2' out
		sed 's/,"verified":{[^}]*}}$/}/' out | cmp - hook
		sed 's/^{/{ /; s/}$/ } /; s/:/ : /; s/\//\\\//' hook >odd
		want 0 omni-validate -c c.json odd
		sed 's/,"verified":{[^}]*}}$//' out | cmp - <(sed 's/ } $//' odd)
	done
}

@test "a forged webhook with verified already in it is refused, and one that is genuine gets ours" {
	hook twilio sms-text
	sed 's/}$/,"verified":{"scheme":"forged","account":"x"}}/' hook >forged
	want 0 omni-validate -c c.json forged
	[ "$(get '[.verified.scheme] | @json')" != '["forged"]' ]
	[ "$(grep -o '"verified"' out | wc -l)" -eq 1 ]
	sed 's/Body=/Body=x/' forged >bad
	want 1 omni-validate -c c.json bad
	code signature-mismatch bad
	omni-normalize out >next
	cmp out next
}

@test "what can not be a webhook is a reject of class data that names the member" {
	hook twilio sms-text
	for change in 'del(.request)' '.request = "x"' 'del(.request.url)' '.request.url = 1' '.request.headers = []' \
		'.request.headers["x-twilio-signature"] = 7' '.request.body = {}' 'del(.request.body) | .request.body64 = "%"' '.at = "yesterday"' 'del(.at)' \
		'.carrier = 1' 'del(.carrier)' 'del(.id)'; do
		jq -c "$change" hook >bad
		want 1 omni-validate -c c.json bad
		[ "$(get '.class')" = data ] || { echo "$change"; cat out; return 1; }
		[ "$(get '.detail | length > 10')" = true ]
	done
}

@test "a carrier that is unknown, and one that is not configured" {
	hook twilio sms-text
	jq -c '.carrier = "pigeon"' hook >bad
	want 1 omni-validate -c c.json bad
	code carrier-unknown bad
	[ "$(get .class)" = data ]
	echo '{"carriers":{}}' >none.json
	want 1 omni-validate -c none.json hook
	code account-unknown
	[ "$(get .class)" = denied ]
	jq 'del(.carriers[].auth_token)' c.json >none.json
	want 1 omni-validate -c none.json hook
	[ "$(get .class)" = denied ]
}

@test "an account that the path names is the only one tried" {
	hook twilio sms-text
	jq '.carriers.twilio = [(.carriers.twilio + {name: "main"}), {name: "other", account_sid: "AC2", auth_token: "x"}]' c.json >two.json
	want 0 omni-validate -c two.json hook
	[ "$(get .verified.account)" = main ]
	jq -c '.account = "other"' hook >bad
	want 1 omni-validate -c two.json bad
	[ "$(get .class)" = denied ]
	jq -c '.account = "main"' hook >named
	want 0 omni-validate -c two.json named
	jq -c '.account = "nobody"' hook >bad
	want 1 omni-validate -c two.json bad
	code account-unknown bad
}

@test "the clock and the environment decide nothing" {
	hook twilio sms-text
	want 0 omni-validate -c c.json hook
	mv out one
	OMNI_CLOCK=1999-01-01T00:00:00Z TZ=Pacific/Auckland want 0 omni-validate -c c.json hook
	cmp one out
}

@test "a body that is not UTF-8 is verified over its bytes" {
	hook twilio sms-text
	jq -c '.request.body64 = (.request.body | @base64) | del(.request.body)' hook >b64
	want 0 omni-validate -c c.json b64
}

@test "other kinds pass, with verified or without" {
	printf '%s\n' '{"kind":"message","verified":1}' '{"kind":"webhooks"}' '{"kind":"Webhook","carrier":"twilio"}' >a
	want 0 omni-validate -c "$cases/twilio/conf.json" a
	cmp a out
}
