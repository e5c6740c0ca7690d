#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the cases in carriers/inteliquent can not show: where webhooks may come from, what is taken out of those that are good, and
# which configurations are refused.

load helper

sms=$BATS_TEST_DIRNAME/carriers/inteliquent/sms-text/request.http
by_token=$BATS_TEST_DIRNAME/carriers/inteliquent/proof-key-and-url-token

# conf(json): the configuration omni.json with this account.
conf() {
	printf '{"carriers":{"inteliquent":%s}}\n' "$1" >omni.json
	chmod 600 omni.json
}

# from(address): the webhook in $sms as omni-recv writes it when it came from there.
from() {
	omni-recv --from -C inteliquent --at 2026-01-14T09:00:00Z "$sms" | jq -c --arg peer "$1" '. + {peer: $peer}'
}

@test "webhooks are taken from the addresses and networks that are configured" {
	conf '{"webhook_key":"iq-test-key-0001","addresses":["192.0.2.0/24","2001:db8::7"]}'
	for peer in 192.0.2.1 192.0.2.255 ::ffff:192.0.2.9 2001:db8:0::7; do
		from "$peer" >in
		want 0 omni-validate -c omni.json in
	done
}

@test "webhooks from elsewhere are refused, and the reject says where they came from" {
	conf '{"webhook_key":"iq-test-key-0001","addresses":["192.0.2.0/24"]}'
	for peer in 192.0.3.1 2001:db8::7; do
		from "$peer" >in
		want 1 omni-validate -c omni.json in
		[ "$(get '.code')" = signature-mismatch ]
		[[ "$(get '.detail')" == "the webhook came from $peer, "* ]]
	done
	from /run/some.socket >in
	want 1 omni-validate -c omni.json in
	[ "$(get '.code')" = signature-missing ]
}

@test "an address alone proves a webhook where the configuration says so" {
	conf '{"auth":"none","addresses":"192.0.2.7"}'
	from 192.0.2.7 >in
	want 0 omni-validate -c omni.json in
	[ "$(get '.verified.scheme')" = inteliquent-address ]
}

@test "what proves a webhook is not in what omni-validate writes" {
	omni-recv --from -C inteliquent -c "$by_token/conf.json" "$by_token/request.http" >in
	want 0 omni-validate -q -c "$by_token/conf.json" in
	[ "$(get '.request.url')" = 'https://hooks.example.com/webhooks/inteliquent?v=1&x' ]
	[ "$(get '.verified')" = '{"scheme":"inteliquent-key","account":"inteliquent","redacted":true}' ]
	no grep -qE 't0p-Secret|b3c4214f' out
	no grep -q verificationtoken out
}

@test "a key is not asked for where another proof is configured" {
	conf '{"auth":"header","api_key":"env:NOT_SET","header_name":"X-Hook","header_value":"h"}'
	from 192.0.2.7 >in
	want 1 omni-validate -c omni.json in
	[ "$(get '.code')" = signature-missing ]
	conf '{"api_key":"env:NOT_SET","webhook_key":"iq-test-key-0001"}'
	want 0 omni-validate -c omni.json in
}

@test "secrets are not asked for by a program that needs none" {
	conf '{"webhook_key":"env:NOT_SET","url_token":"env:NOT_SET","header_name":"x","header_value":"env:NOT_SET"}'
	from 192.0.2.7 >in
	want 0 omni-normalize --unverified -c omni.json in
}

@test "configurations that would prove nothing, or not what they say, are refused" {
	while IFS='|' read -r account text; do
		conf "$account"
		want 78 omni-validate -c omni.json /dev/null
		says "$text"
	done <<-'END'
		{"auth":"none"}|url_token or addresses must prove
		{"auth":"none","addresses":[]}|addresses
		{"auth":"none","header_name":"x","header_value":"y"}|auth is none, but there is a header_name
		{"auth":"header","webhook_key":"k"}|header_name and header_value must say which
		{"auth":"token"}|/auth: must be key, header or none
		{"header_name":"x"}|go together
		{"header_value":"x"}|go together
		{"sig_mode":"sha1"}|/sig_mode: must be auto, sha256 or hmac
		{"dlr_default":"sent"}|/dlr_default: must be unknown or delivered
		{"numbers":["+12025550101","x"]}|"x" is no number
		{"addresses":"hooks.example.com"}|"hooks.example.com" is no address
		{"webhook_key":"env:NOT_SET"}|NOT_SET
		{"api_keys":"x"}|api_key
	END
}
