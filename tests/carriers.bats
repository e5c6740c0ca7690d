#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every case in carriers/CARRIER/CASE: request.http through the pipeline must give want.ndjson, byte for byte.  A case may have
# its own conf.json (else its carrier's counts) and a file args: further arguments of omni-normalize.  Those that are called
# send-*, what goes the other way, are in carriers_send.bats.

load helper

cases=$BATS_TEST_DIRNAME/carriers

# Run every case: its output goes to $out/CARRIER/CASE, to the same place below $notes what it said and its exit codes.
setup_file() {
	local case name conf args codes
	out=$BATS_FILE_TMPDIR/out notes=$BATS_FILE_TMPDIR/notes
	export out notes
	for case in "$cases"/*/*/; do
		case=${case%/}
		name=${case#"$cases/"}
		[[ $name != */send-* ]] || continue
		conf=$case/conf.json
		[ -e "$conf" ] || conf=${case%/*}/conf.json
		args=()
		[ ! -e "$case/args" ] || read -r -a args <"$case/args"
		mkdir -p "$out/${name%/*}" "$notes/$name"
		run_case "$case/request.http" >"$out/$name" 2>"$notes/$name/err" || :
	done
}

# The pipeline over one request, with what setup_file knows of its case.
run_case() {
	omni-recv --from -q -C "${name%/*}" -c "$conf" --at 2026-01-14T09:00:00.000Z \
		--id 0198c0de-0000-7000-8000-000000000001 "$1" |
		omni-validate -q -c "$conf" | omni-normalize -q -c "$conf" "${args[@]}" && codes="${PIPESTATUS[*]}" || codes="${PIPESTATUS[*]}"
	echo "$codes" >"$notes/$name/codes"
}

# each(function): call it with the name of every case, CARRIER/CASE; list those for which it fails.
each() {
	local case bad=()
	for case in "$cases"/*/*/; do
		case=${case%/}
		[[ $case != */send-* ]] || continue
		"$1" "${case#"$cases/"}" || bad+=("${case#"$cases/"}")
	done
	if [ "${#bad[@]}" -gt 0 ]; then
		printf '%d failed:\n' "${#bad[@]}"
		printf '  %s\n' "${bad[@]}"
		return 1
	fi
}

# all(filter, arguments...): the filter must hold for every record; {file, record} of the first ones that it does not hold for are shown.
all() {
	local filter=$1
	shift
	(cd "$out" && jq -c "$@" "select(($filter) | not) | {file: input_filename, record: .}" ./*/*) >bad
	head -n 5 bad
	[ ! -s bad ]
}

@test "every case gives what it must" {
	shown=0
	same() {
		diff -u "$cases/$1/want.ndjson" "$out/$1" >changes 2>&1 && return
		[ "$((shown++))" -ge 3 ] || head -n 8 changes | cut -c1-2000
		return 1
	}
	each same
}

@test "there are at least forty cases, each with a request and what it must give" {
	[ "$(find "$cases" -mindepth 2 -maxdepth 2 -type d ! -name 'send-*' | wc -l)" -ge 40 ]
	whole() {
		[ -s "$cases/$1/request.http" ] && [ -s "$cases/$1/want.ndjson" ]
	}
	each whole
}

@test "no stage fails: exit codes are 0, and 1 where it refused; nothing on standard error" {
	cd "$notes"
	{ grep -rLxE "[01] [01] [01]" --include=codes . || :; } | nothing
	find . -name err -size +0 | nothing
	cd "$out"
	grep -l '"kind":"reject"' ./*/* | sed 's,.*,../notes/&/codes,' | { xargs grep -L 1 || :; } | nothing
}

@test "every line is one record in the form of omni-record(5)" {
	lines() {
		[ "$(wc -l <"$1")" -eq "$(jq -c 'select(type == "object")' "$1" | wc -l)" ]
	}
	cat "$out"/*/* >all
	lines all
	all '(.id | type == "string") and (.id | test("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))'
	all '.kind | . == "message" or . == "status" or . == "event" or . == "reject"'
	all '.kind == "reject" or (.at | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$"))'
	all '.kind != "message" or ([.direction, .carrier, .channel, .type] | all(type == "string"))'
	all '.kind != "message" or (.direction == "in" or .direction == "out")'
	all '.kind != "message" or .type == "system" or ((.from.address | type == "string") and (.to | length > 0))'
	all '.kind != "message" or (.type | IN("text", "media", "location", "contacts", "interactive", "reply", "reaction", "template",
		"order", "system", "unsupported"))'
	all '.kind != "status" or (.status | IN("accepted", "queued", "sending", "sent", "delivered", "read", "played", "failed",
		"undelivered", "expired", "canceled", "unknown"))'
	all '.kind != "status" or .rank == ({accepted: 1, queued: 2, sending: 3, sent: 4, delivered: 5, read: 6, played: 7,
		failed: 8, undelivered: 8, expired: 8, canceled: 8, unknown: 0}[.status])'
	all '.error == null or (.error.class | IN("permanent", "temp", "throttled", "credentials", "opted-out", "unknown"))'
	all '.kind != "event" or ((.event | type == "string") and (.carrier | type == "string"))'
	all '.kind != "reject" or ((.stage | type == "string") and (.class | IN("data", "denied")) and (.code | type == "string")
		and (.detail | length > 10) and (.detail | test("[.]$") | not) and (has("record") or has("raw") or has("raw64")))'
	all '[.from.address?, .to[]?.address?, .recipient?] | all(. == null or type == "string")'
	all '[.external_id, .account, .conversation, .reply_to, .text] | all(. == null or type == "string")'
	all '[.media[]?] | all((.url or .external_id or .path) and (.kind == null or
		(.kind | IN("image", "video", "audio", "voice", "document", "sticker"))))'
	all '[.. | strings] | all(. != "null" and . != "undefined")'
	all '.trace | . == null or test("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")'
	all '.kind == "reject" or .trace != null'
}

@test "no two records of a case have the same id" {
	(cd "$out" && jq -r '"\(input_filename) \(.id)"' ./*/*) | sort | uniq -d | nothing
}
