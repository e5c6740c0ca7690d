#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every case in carriers/CARRIER/send-CASE: message.ndjson must become the requests in want.ndjson, byte for byte, as
# `omni-deliver --dry-run=json` shows them.  A case may have its own conf.json, else its carrier's send.json counts, or
# conf.json.  The case is the directory that the program runs in: files that a message names stand there.

load helper

cases=$BATS_TEST_DIRNAME/carriers

# conf(case): the configuration that it is sent with.
conf() {
	local file
	for file in "$1/conf.json" "${1%/*}/send.json" "${1%/*}/conf.json"; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
}

# send(case, option): what would be sent; its diagnostics go to the file err.  A refusal is exit code 1.
send() {
	(cd "$1" && OMNI_CLOCK=2026-01-14T09:00:00Z omni-deliver -q -c "$(conf "$1")" "$2" message.ndjson) 2>err || [ $? -eq 1 ]
}

# each(function): call it with the directory of every case; list those for which it fails.
each() {
	local case bad=()
	for case in "$cases"/*/send-*/; do
		[ -e "$case" ] || continue
		"$1" "${case%/}" || bad+=("${case#"$cases/"}")
	done
	if [ "${#bad[@]}" -gt 0 ]; then
		printf '%d failed:\n' "${#bad[@]}"
		printf '  %s\n' "${bad[@]}"
		return 1
	fi
}

@test "every message becomes the requests that it must" {
	shown=0
	same() {
		send "$1" --dry-run=json >out
		[ ! -s err ] && diff -u "$1/want.ndjson" out >changes 2>&1 && return
		cat err
		[ "$((shown++))" -ge 3 ] || head -n 8 changes | cut -c1-2000
		return 1
	}
	each same
}

@test "no request shows a secret of its configuration" {
	hidden() {
		local secret
		send "$1" --dry-run=json >out
		send "$1" --dry-run >>out
		jq -r '.carriers[] | (if type == "array" then .[] else . end) | to_entries[]
			| select(.key | test("secret|token|password|api_key|access_key|signing_key|header_value")) | .value
			| if type == "array" then .[] else . end | select(type == "string" and (test("^(env|file|cred):") | not))' \
			"$(conf "$1")" >secrets
		while read -r secret; do
			! grep -qF -e "$secret" out || { echo "$secret"; return 1; }
		done <secrets
	}
	each hidden
}

@test "curl takes each command, and a shell reads it as what it is" {
	mkdir bin
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>"$CALLS"\n' >bin/curl
	chmod +x bin/curl
	runs() {
		export CALLS=$PWD/calls
		rm -f calls
		send "$1" --dry-run >script
		(cd "$1" && PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -eu) <<<"$(sed 's/\$[A-Z][A-Z_0-9]*/secret/g' script)" || return
		jq -r .url "$1/want.ndjson" | grep -v '^null$' | sort >urls
		[ ! -s urls ] || grep -xF -f urls calls | sort -u | diff - <(sort -u urls)
	}
	each runs
}

# model(carrier, url): the model of the body of a request.
model() {
	case $1:$2 in
	bandwidth:*/multiChannel) echo bandwidth/send-rcs ;;
	bandwidth:*/messages) echo bandwidth/send ;;
	livechat:*/send_event) echo livechat/send ;;
	livechat:*_chat) echo livechat/send-thread ;;
	livechat:*) echo livechat/send-activity ;;
	messagebird:*bird.com/mms) echo messagebird/send-mms ;;
	messagebird:*.platform.bird.com/*) echo messagebird/send-platform ;;
	messagebird:*/presigned-upload) echo messagebird/send-channels-file ;;
	messagebird:*/workspaces/*) echo messagebird/send-channels ;;
	messagebird:*/v1/*) echo messagebird/send ;;
	messagebird:*) echo messagebird/send-sms ;;
	inteliquent:*) echo inteliquent/send ;;
	twilio:*/Messages.json) echo twilio/send ;;
	twilio:*/Content) echo twilio/send-content ;;
	twilio:*/Typing.json) echo twilio/send-typing ;;
	whatsapp:*/messages) echo whatsapp/send ;;
	esac
}

# Of each request with a body that is text: its carrier, its URL and the body, JSON on one line.  A form is an object: a field that
# may be repeated is an array, and the others are of the type that is written.
bodies() {
	python3 -c '
import json, sys, urllib.parse
many = {"MediaUrl", "PersistentAction"}
for line in sys.stdin:
    request = json.loads(line)
    if "body" not in request:
        continue
    body = request["body"]
    if request["headers"].get("content-type") == "application/x-www-form-urlencoded":
        body = {}
        for name, value in urllib.parse.parse_qsl(request["body"], keep_blank_values=True, strict_parsing=True):
            if name in many:
                body.setdefault(name, []).append(value)
                continue
            assert name not in body, name
            body[name] = {"true": True, "false": False}.get(value, int(value) if name == "ValidityPeriod" else value)
        body = json.dumps(body)
    elif not body.startswith("{"):
        continue
    print(request["carrier"], request["url"], body, sep="\n")'
}

@test "bodies of requests are what the models say" {
	cat "$cases"/*/send-*/want.ndjson | bodies >all
	while read -r carrier && read -r url && read -r body; do
		name=$(model "$carrier" "$url")
		[ -z "$name" ] || echo "$body" >>"${name/\//.}"
	done <all
	[ -s whatsapp.send ] && [ -s twilio.send ] && [ -s inteliquent.send ]
	for file in *.send*; do
		want 0 omni-validate -q --no-verify --schema "${file/.//}" "$file"
		cmp "$file" out
	done
}
