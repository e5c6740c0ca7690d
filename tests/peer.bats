#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What others send for the same messages: the requests of the cases in carriers/CARRIER/send-* against those of client libraries,
# where NODE_PATH has them (npm install twilio whatsapp-api-js).

load helper

cases=$BATS_TEST_DIRNAME/carriers

# library(name): skip the test where Node.js does not find it.
library() {
	command -v node >/dev/null || skip 'node is not installed'
	[ -d "${NODE_PATH-}/$1" ] || skip "the npm package $1 is not in NODE_PATH"
}

@test "Twilio's own library sends the same request for each message: method, path, credentials, every field to the byte" {
	library twilio
	cat "$cases"/twilio/send-*/want.ndjson >ours
	want 0 timeout 60 node "$BATS_TEST_DIRNAME/peer/twilio.js" <ours
	grep -qxE '[3-9][0-9] compared, 0 differ' out
	# It sees a difference: a space as a plus is the same to a server, and not the same bytes.
	want 1 timeout 60 node "$BATS_TEST_DIRNAME/peer/twilio.js" <<<"$(sed 's/%20/+/' ours)"
}

@test "a WhatsApp library makes the same JSON of the same messages, marks among them" {
	library whatsapp-api-js
	want 0 timeout 60 node "$BATS_TEST_DIRNAME/peer/whatsapp.mjs" "$cases/whatsapp"
	is out '29 compared, 0 differ'
	cp -r "$cases/whatsapp" .
	sed -i 's/Hello/hello/' whatsapp/send-text/want.ndjson
	want 1 timeout 60 node "$BATS_TEST_DIRNAME/peer/whatsapp.mjs" whatsapp
}
