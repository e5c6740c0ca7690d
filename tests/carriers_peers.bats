#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What omni-deliver asks for, beside what the carriers' own libraries ask for when they are told to send the same, and beside their
# own descriptions of the API.  NODE_PATH names where the libraries are: npm install bandwidth-sdk messagebird @livechat/lc-sdk-js

load helper

cases=$BATS_TEST_DIRNAME/carriers
peers=$BATS_TEST_DIRNAME/peers

# library(name): it is there, or the test is skipped.
library() {
	command -v node >/dev/null || skip 'node is not installed'
	node -e "require.resolve('$1')" 2>/dev/null || skip "$1 is not found by NODE_PATH"
}

# same(carrier, filter, case...): both ask for the same, after the filter has levelled what may differ.
same() {
	local carrier=$1 filter=$2 case dirs=()
	shift 2
	for case; do
		dirs+=("$cases/$carrier/send-$case")
		jq -c --arg case "send-$case" '{case: $case, method, url, body: (.body | fromjson),
			scheme: (if .auth.how == "header" then .auth.prefix | rtrimstr(" ") | ascii_downcase else .auth.how end)}' \
			"$cases/$carrier/send-$case/want.ndjson" >>ours.raw
	done
	node "$peers/requests.cjs" "$carrier" "${dirs[@]}" >theirs.raw
	[ "$(wc -l <theirs.raw)" -eq "$#" ]
	jq -S "$filter" ours.raw >ours
	jq -S "$filter" theirs.raw >theirs
	diff -u theirs ours
}

@test "Bandwidth's library asks for the same" {
	library bandwidth-sdk
	same bandwidth . text otp media media-without-words group rcs-text short-code
}

@test "MessageBird's library asks for the same; it joins the recipients" {
	library messagebird
	same messagebird 'if .body.recipients | type == "array" then .body.recipients |= join(",") else . end' \
		sms sms-unicode mms conversations-text conversations-image conversations-answer
}

@test "LiveChat's library asks for the same, but for version and token" {
	library @livechat/lc-sdk-js
	same livechat '.url |= sub("/v[0-9.]+/"; "/v/") | del(.scheme)' text note-to-agents start-in-group typing read
}

@test "requests to Bandwidth are what its own description says" {
	library bandwidth-sdk
	python3 -c 'import jsonschema, yaml' 2>/dev/null || skip 'python3-jsonschema or python3-yaml is missing'
	spec=$(node -p "require('path').join(require.resolve('bandwidth-sdk/package.json'), '../bandwidth.yml')")
	cat "$cases"/bandwidth/send-*/want.ndjson | python3 "$peers/bandwidth.py" "$spec" 2>count | nothing
	[ "$(cut -d' ' -f1 count)" -gt 15 ]
}
