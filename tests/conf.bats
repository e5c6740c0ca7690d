#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The configuration: what is refused and how that is said, and where secrets come from.

load helper

# conf(json): the file c.json, readable by nobody else.
conf() {
	printf '%s\n' "$1" >c.json
	chmod 600 c.json
}

# refused(json, text...): each program that takes a configuration ends with 78 and says all that.
refused() {
	conf "$1"
	shift
	for program in omni-validate omni-route; do
		want 78 "$program" -c c.json </dev/null
		[ ! -s out ]
		[ "$(wc -l <err)" -eq 1 ]
		for text; do
			says "$text"
		done
	done
}

twilio() {
	conf '{"carriers":{"twilio":{"account_sid":"AC1","auth_token":'"$1"'}}}'
}

hook='{"id":"0198c0de-0000-7000-8000-000000000001","kind":"webhook","at":"2026-01-14T09:00:00.000Z","carrier":"twilio","request":{"method":"POST","url":"https://h.example.com/webhooks/twilio","headers":{"content-type":"application/x-www-form-urlencoded","x-twilio-signature":"SIGNATURE"},"body":"AccountSid=AC1&Body=Hi&From=%2B15550123&MessageSid=SM1&To=%2B15550100"}}'

# signed(token): that webhook with the signature that the token gives.
signed() {
	printf %s 'https://h.example.com/webhooks/twilioAccountSidAC1BodyHiFrom+15550123MessageSidSM1To+15550100' |
		openssl dgst -sha1 -hmac "$1" -binary | base64 | sed 's,.*,&,' >signature
	printf '%s\n' "${hook/SIGNATURE/$(cat signature)}"
}

# holds(token): omni-validate with c.json accepts what the token signed.
holds() {
	signed "$1" >hook
	want 0 omni-validate -c c.json hook
	[ "$(get .verified.account)" = AC1 ]
}

@test "an unknown key is an error with its path and the nearest known one" {
	refused '{"public_ulr":"https://h.example.com"}' 'c.json: /public_ulr: unknown key' 'did you mean "public_url"'
	refused '{"carriers":{"twilo":{}}}' '/carriers/twilo: unknown key' '"twilio"'
	refused '{"carriers":{"twilio":[{},{"auth_tokn":"x"}]}}' '/carriers/twilio/1/auth_tokn: unknown key' '"auth_token"'
	refused '{"routes":[{"to":"a"},{"too":"a"}]}' '/routes/1/too: unknown key' '"to"'
	refused '{"zzzzzzzzzzzz":1}' '/zzzzzzzzzzzz: unknown key'
	no grep -q 'did you mean' err
}

@test "a value of the wrong type is an error with its path and what it must be" {
	refused '{"public_url":1}' '/public_url: must be a string, not number'
	refused '{"carriers":[]}' '/carriers: must be an object, not array'
	refused '{"carriers":{"twilio":"x"}}' '/carriers/twilio: must be an object, not string'
	refused '{"carriers":{"twilio":[1]}}' '/carriers/twilio/0: must be an object, not number'
	refused '{"carriers":{"twilio":{"auth_token":7}}}' '/carriers/twilio/auth_token: must be a string or an array of strings'
	refused '{"carriers":{"twilio":{"auth_token":["a",null]}}}' '/carriers/twilio/auth_token/1: must be a string, not null'
	refused '{"carriers":{"twilio":{"auth_token":[]}}}' '/carriers/twilio/auth_token: must be'
	refused '{"routes":[{"to":"a","continue":"yes"}]}' '/routes/0/continue: must be true or false'
	refused '[]' 'must be an object'
	refused '"x"' 'must be an object'
}

@test "a word that a key does not take, or a number out of its range, is an error that says which there are" {
	refused '{"carriers":{"messagebird":{"profile":"bird"}}}' '/carriers/messagebird/profile: must be jwt, legacy, bird-hmac or bird-std'
	refused '{"carriers":{"messagebird":[{},{"tolerance":86401}]}}' '/carriers/messagebird/1/tolerance: must be a whole number of seconds from 0 to 86400'
	refused '{"carriers":{"acme":{"verify":{"scheme":"bearer","time_unit":"us"},"secret":"x"}}}' '/carriers/acme/verify/time_unit: must be s or ms'
	refused '{"carriers":{"acme":{"verify":{"scheme":"bearer","tolerance":0.5},"secret":"x"}}}' '/verify/tolerance: must be a whole number of seconds from 1 to'
}

@test "what is no JSON is an error with line and column" {
	refused $'{\n  "public_url": "x"\n  "carriers": {}\n}' 'c.json: line 3, column 3: '
	refused '' 'c.json: line 1'
	refused '{} {}' 'line 1, column 4'
	printf '{"public_url":"\xff"}' >c.json
	want 78 omni-validate -c c.json </dev/null
}

@test "comments and trailing commas are read over" {
	conf $'// the system\n{ /* all of it */ "carriers": {"twilio": {"account_sid": "AC1", // main\n "auth_token": ["x",],},}, }'
	holds x
}

@test "a file that is not there or too large is an error; a program that needs none runs without" {
	want 78 omni-validate -c missing.json </dev/null
	says 'missing.json: No such file or directory'
	want 78 omni-validate -c . </dev/null
	{
		printf '{"public_url":"'
		head -c 5000000 /dev/zero | tr '\0' x
		printf '"}'
	} >c.json
	want 78 omni-validate -c c.json </dev/null
	says 'c.json: larger than'
	OMNI_CONFIG=$PWD/missing.json want 78 omni-validate </dev/null
	says missing.json
	if [ ! -e /etc/omni/omni.json ]; then
		want 0 omni-route <<<'{"kind":"zzz"}'
	fi
}

@test "-c comes before OMNI_CONFIG, which comes before the default" {
	twilio '"x"'
	signed x >hook
	OMNI_CONFIG=$PWD/c.json want 0 omni-validate hook
	mv c.json good.json
	echo '{"unknown":1}' >bad.json
	OMNI_CONFIG=$PWD/bad.json want 0 omni-validate -c good.json hook
	OMNI_CONFIG=$PWD/good.json want 78 omni-validate -c bad.json hook
}

@test "a secret comes from the environment, a file or a credential" {
	twilio '"env:TOKEN"'
	TOKEN=s3cret holds s3cret
	printf 's3cret\n' >token
	twilio "\"file:$PWD/token\""
	holds s3cret
	printf 's3cret\r\n' >token
	holds s3cret
	printf 's3cret' >token
	holds s3cret
	twilio '"cred:token"'
	CREDENTIALS_DIRECTORY=$PWD holds s3cret
	twilio '["env:NEW","s3cret"]'
	NEW=new holds s3cret
	NEW=new holds new
	[ ! -s err ]
}

@test "a secret that is not to be had is an error that names where it should be" {
	twilio '"env:NOT_SET"'
	want 78 omni-validate -c c.json </dev/null
	says 'environment variable NOT_SET is not set'
	twilio '"env:EMPTY"'
	EMPTY='' want 78 omni-validate -c c.json </dev/null
	says 'empty'
	twilio '""'
	want 78 omni-validate -c c.json </dev/null
	says 'empty'
	twilio '"file:/no/such/file"'
	want 78 omni-validate -c c.json </dev/null
	says '/no/such/file: No such file or directory'
	: >token
	twilio "\"file:$PWD/token\""
	want 78 omni-validate -c c.json </dev/null
	says 'empty'
	twilio '"cred:token"'
	want 78 omni-validate -c c.json </dev/null
	says 'CREDENTIALS_DIRECTORY'
	for name in ../token a/b ..; do
		mkdir -p creds
		echo leaked >token
		twilio "\"cred:$name\""
		CREDENTIALS_DIRECTORY=$PWD/creds want 78 omni-validate -c c.json </dev/null
		no grep -q leaked err
	done
	twilio '["a","b","c","d","e","f","g","h","i"]'
	want 78 omni-validate -c c.json </dev/null
	says 'more than 8 secrets'
}

@test "programs that need no secret do not ask for it" {
	twilio '"env:NOT_SET"'
	want 0 omni-route -c c.json <<<'{"kind":"zzz"}'
	printf 'POST /webhooks/twilio HTTP/1.1\r\nHost: h.example.com\r\nContent-Length: 3\r\n\r\na=1' >r
	want 0 omni-recv --from -c c.json r
}

@test "a literal secret in a file that others can read is warned about once, and never shown" {
	conf '{"carriers":{"twilio":[{"account_sid":"AC1","auth_token":["topsecret","topsecret2"]},{"auth_token":"topsecret3"}]}}'
	chmod 604 c.json
	want 0 omni-validate -j 4 -c c.json </dev/null
	[ "$(wc -l <err)" -eq 1 ]
	says 'omni-validate: c.json: '
	no grep -q topsecret err
	want 0 omni-validate -q -c c.json </dev/null
	[ ! -s err ]
	chmod 600 c.json
	want 0 omni-validate -c c.json </dev/null
	[ ! -s err ]
	twilio '"env:TOKEN"'
	chmod 644 c.json
	TOKEN=x want 0 omni-validate -c c.json </dev/null
	[ ! -s err ]
}

@test "what stands in the file is shown without its control characters" {
	refused $'{"a\\u001b[31m\\nomni-validate: forged":1}' '\x1b[31m\x0aomni-validate: forged'
	no grep -q $'\x1b' err
}

@test "a configuration may come through a pipe" {
	twilio '"x"'
	signed x >hook
	want 0 omni-validate -c <(cat c.json) hook
}
