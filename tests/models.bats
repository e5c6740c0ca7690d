#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The models: what is in them, that their examples hold, and omni-models.

load helper

top=$BATS_TEST_DIRNAME/..

# each model of a group, by name
names() {
	omni-models list --json "$@" | jq -r .name
}

@test "list names every file of models/ once, in groups" {
	want 0 omni-models list --json message conversation carrier workflow config defs
	get .id | sed 's,^https://omni.example/models/,,' | sort >have
	(cd "$top/models" && find . -name '*.schema.json' | sed 's,^\./,,' | sort) | diff -u - have
	[ "$(get .name | sort | uniq -d | wc -l)" -eq 0 ]
	want 0 omni-models list
	[ "$(grep -c '^[a-z]' out)" -eq 5 ]
	no grep -q '^defs' out
}

@test "there are at least one hundred models besides the carriers' own payloads, thirty of messages" {
	[ "$(names message | wc -l)" -ge 30 ]
	[ "$(names conversation | wc -l)" -ge 25 ]
	[ "$(names carrier | grep -vc /)" -ge 25 ]
	[ "$(names workflow | wc -l)" -ge 20 ]
}

@test "a model that nothing reads or writes yet says so, and who will" {
	want 0 omni-models list --planned --json
	[ -s out ]
	[ "$(get 'select(.programs == []) | .name')" = '' ]
	[ "$(get .planned | sort -u)" = true ]
	want 0 omni-models list --used --json
	[ "$(get .planned | sort -u)" = false ]
	get 'select(.group != "defs") | select(.programs == []) | .name' | nothing
	# Who reads or writes a model that is not planned is a program that there is.
	get '.programs[]' | sort -u | while read -r program; do
		[ -x "$BUILD/$program" ] || echo "$program"
	done | nothing
}

@test "show prints the file, by name and by id; several one after the other" {
	want 0 omni-models show message config twilio/account
	cat "$top"/models/message/message.schema.json "$top/models/config.schema.json" "$top/models/carrier/twilio/account.schema.json" | cmp - out
	want 0 omni-models show https://omni.example/models/message/lease.schema.json
	cmp "$top/models/message/lease.schema.json" out
}

@test "a name that is not known is an error that names the nearest" {
	want 64 omni-models show mesage
	says 'there is no model "mesage"; did you mean "message"'
	want 64 omni-models doc twilio/acount
	says '"twilio/account"'
	want 64 omni-models example zzzzzzzzzz
	says 'omni-models list'
	want 64 omni-models list messages
	says 'there is no group "messages"'
	for verb in show doc example; do
		want 64 omni-models "$verb"
		says 'the name of a model is missing'
	done
	want 64 omni-models export
	want 64 omni-models
	want 64 omni-models shw message
}

@test "doc explains each model, in lines of at most 79 columns but for the example" {
	local name
	for name in $(names); do
		want 0 omni-models doc "$name"
		head -n 1 out | grep -q "^$name: "
		sed '/^example/,$d' out >text
		[ "$(wc -L <text)" -le 79 ] || { echo "$name"; false; }
		no grep -q 'any JSON of\|()' text
	done
	# What is one of several things is explained part by part.
	want 0 omni-models doc messagebird/webhook
	for part in sms conversations channels platform; do
		grep -qx "$part" out
	done
	grep -qx '  statusErrorCode? (string)' out
	want 0 omni-models doc status
	grep -q '^  rank (whole number)$' out
	grep -q '^      played  *it was listened to$' out
	grep -q '^  lease? (object)$' out
}

@test "example prints records that the stages take" {
	omni-models example message status event opt-event reject >records
	[ "$(wc -l <records)" -ge 8 ]
	want 0 omni-route records
	[ "$(wc -l <out)" -ge "$(wc -l <records)" ]
}

@test "export writes the files, with their references in place" {
	want 0 omni-models export a/b
	diff -r "$top/models" a/b
	want 74 omni-models export /dev/null/x
	says '/dev/null'
}

@test "writing that fails is an error" {
	for verb in list 'show message' 'doc message' 'example message'; do
		rc=0
		# shellcheck disable=SC2086 # a verb and its operand
		omni-models $verb >/dev/full 2>err || rc=$?
		[ "$rc" -eq 74 ]
	done
}

@test "every member of every model is described; numbers with a unit where they have one" {
	# Object schemas anywhere below properties: each member has a description, or its type has one.
	cat "$top"/models/*.json "$top"/models/*/*.json "$top"/models/*/*/*.json | jq -c '
		.["$id"] as $id | paths(objects) as $p | select($p[-2] == "properties" and ($p[-3] // "") != "x-words")
		| getpath($p) as $m | select($m != false) | select(($m | has("description") | not) and ($m | has("$ref") | not)
			and ($p | contains(["if"]) or contains(["then"]) or contains(["else"]) or contains(["oneOf"]) or contains(["anyOf"]) or contains(["allOf"]) | not)) | [$id, $p]' | nothing
	# What is measured says in what; ranks, shares and numbers of something need not.
	cat "$top"/models/*.json "$top"/models/*/*.json "$top"/models/*/*/*.json | jq -c '
		.["$id"] as $id | paths(objects) as $p | select($p[-2] == "properties") | getpath($p)
		| select((.type == "integer" or .type == "number") and (has("x-unit") | not))
		| select($p[-1] | test("size|bytes|^raw$|ms$|width|height|duration|^ttl|tolerance|itude|seconds|validity|latency|lag$|rate|burst|^time$"))
		| [$id, $p[-1]]' | nothing
	cat "$top"/models/*.json "$top"/models/*/*.json "$top"/models/*/*/*.json |
		jq -r 'select(.title == null or .description == null or .["$schema"] != "https://json-schema.org/draft/2020-12/schema") | .["$id"]' | nothing
	cat "$top"/models/*.json "$top"/models/*/*.json "$top"/models/*/*/*.json |
		jq -r 'select(.["$id"] | contains("/defs/") | not) | select((.examples | length) == 0) | .["$id"]' | nothing
}

@test "another validator agrees: schemas are schemas, examples hold, counter-examples do not" {
	python3 -c 'import jsonschema' || skip 'python3-jsonschema is not installed'
	python3 -W ignore "$BATS_TEST_DIRNAME/models/agree.py" "$top/models" "$BATS_TEST_DIRNAME/models"
}

@test "every model but the shared parts has counter-examples, each with what is wrong with it" {
	(cd "$top/models" && find . -name '*.schema.json' -not -path './defs/*' | sed 's/\.schema\.json$//' | sort) >models
	(cd "$BATS_TEST_DIRNAME/models" && find . -name '*.ndjson' | sed 's/\.ndjson$//' | sort) | diff -u models -
	find "$BATS_TEST_DIRNAME/models" -name '*.ndjson' -exec cat {} + | jq -c 'select((.why | length) < 5 or (has("value") | not))' | nothing
}

@test "every example is valid, no counter-example is: as the other validator says" {
	local name group
	omni-models list --json message conversation carrier workflow config | jq -r '.name + " " + .group' >all
	while read -r name group; do
		want 0 omni-validate -q --no-verify --schema "$name" --at /v <<<"$(omni-models example "$name" | jq -c '{v: .}')"
		[ "$group" = config ] || group=$group/$name
		omni-validate -q --no-verify --schema "$name" --at /value "$BATS_TEST_DIRNAME/models/$group.ndjson" >out || :
		[ "$(get 'select(.code != "schema-mismatch") | .why')" = '' ] || { echo "$name"; get .why; false; }
	done <all
}

# inbound_cases: what the carriers' golden cases give, but for those that go the other way.
inbound_cases() {
	find "$BATS_TEST_DIRNAME"/carriers -name want.ndjson ! -path '*/send-*' -print0 | LC_ALL=C sort -z | xargs -0 cat
}

@test "what the stages make of the carriers' golden cases is as the models say" {
	inbound_cases >in
	[ "$(wc -l <in)" -ge 1000 ]
	want 0 omni-validate -q --models --no-verify in
	cmp in out
	# Nothing in a message, a status or an event that the models do not describe.
	for kind in message status event; do
		jq -c --arg kind "$kind" 'select(.kind == $kind)' in >of
		jq -nc --arg id "https://omni.example/models/message/$kind.schema.json" '{"$ref": $id, unevaluatedProperties: false}' >./strict.json
		want 0 omni-validate -q --no-verify --schema ./strict.json of
		jq -c '.brand_new = 1' of | head -n 1 >one
		want 1 omni-validate -q --no-verify --schema ./strict.json one
	done
	# And each event is as the model of its name has it.
	while read -r model filter; do
		jq -c "select(.kind == \"event\") | select(.event | test(\"^($filter)$\"))" in >of
		[ -s of ]
		want 0 omni-validate -q --no-verify --schema "$model" of
	done <<-'END'
		opt-event opt-out|opt-in
		read-event read
		chat-event chat-(opened|closed|transferred|updated)
		participant-event participant-.*
		label-event chat-(un)?tagged
		contact-event contact-updated|number-changed
		agent-event agent-status
		message-edit message-(edited|deleted|updated)
		account-event account-alert|template-status
	END
	jq -c 'select(.kind == "message" and .direction == "in")' in >of
	want 0 omni-validate -q --no-verify --schema inbound-message of
}

@test "what the carriers send is as the models say, in every golden case but those that are odd on purpose" {
	local carrier cases case
	for carrier in bandwidth inteliquent livechat messagebird twilio whatsapp; do
		cases=()
		for case in "$BATS_TEST_DIRNAME/carriers/$carrier"/*/; do
			[[ $case != */send-*/ ]] || continue
			case=${case%/}
			[[ $case == */send-* ]] || cases+=("${case##*/}")
		done
		[ "${#cases[@]}" -ge 100 ]
		omni-recv --from -q -C "$carrier" -c "$BATS_TEST_DIRNAME/carriers/$carrier/conf.json" \
			--at 2026-01-14T09:00:00.000Z "$BATS_TEST_DIRNAME/carriers/$carrier"/*/request.http >webhooks
		omni-validate -q --models --no-verify webhooks | jq -r 'select(.code == "schema-mismatch") | .detail' | nothing
		{ omni-validate -q -c "$BATS_TEST_DIRNAME/carriers/$carrier/conf.json" webhooks || :; } >verified
		grep -q '"verified":' verified
		want 0 omni-validate -q --models --no-verify verified
		sed 's/"verified":{"scheme":"[^"]*"/"verified":{"scheme":"acme-hmac"/' verified | grep acme-hmac >forged
		want 1 omni-validate -q --models --no-verify forged
		python3 "$BATS_TEST_DIRNAME/models/payload.py" "${cases[@]}" <webhooks |
			{ omni-validate -q --no-verify --schema "$carrier/webhook" --at /payload || :; } >out
		[ "$(wc -l <out)" -eq "${#cases[@]}" ]
		get 'select(.kind == "reject") | .record.case' | LC_ALL=C sort | diff -u "$BATS_TEST_DIRNAME/models/odd/$carrier" -
	done
}

# built(program, verb): there is such a program here, and it has the verb or the option.
built() {
	[ -x "$BUILD/$1" ] && "$1" --help | grep -qE -e "^ +$2 "
}

@test "what a store says of messages, conversations and people is as the models say" {
	local verb id
	built omni-store put || skip 'omni-store is not built'
	inbound_cases | omni-store put -q -f s.db >in
	want 0 omni-validate -q --models --no-verify in
	[ "$(jq -c 'select(.store.new) | .kind' in | sort -u | wc -l)" -ge 3 ]
	for verb in messages conversations contacts; do
		built omni-store "$verb" || continue
		omni-store "$verb" -f s.db -n 1000 >in
		[ -s in ]
		want 0 omni-validate -q --models --no-verify in
		want 0 omni-validate -q --no-verify --schema stored --at /store in
	done
	for verb in changes stat; do
		built omni-store "$verb" || continue
		omni-store "$verb" -f s.db >in
		[ -s in ]
		want 0 omni-validate -q --models --no-verify in
	done
	omni-store messages -f s.db -n 9 --status failed | jq -r .id >ids
	[ -s ids ]
	while read -r id; do
		omni-store message -f s.db "$id"
	done <ids >in
	grep -q '"kind":"step"' in
	want 0 omni-validate -q --models --no-verify in
}

@test "what a queue, an archive and a replay say is as the models say" {
	cat "$BATS_TEST_DIRNAME"/carriers/bandwidth/*/want.ndjson >records
	if built omni-queue take; then
		omni-queue put -q "sqlite:$PWD/q.db" --all records >/dev/null
		omni-queue take "sqlite:$PWD/q.db" --limit 3 >taken
		want 0 omni-validate -q --no-verify --schema lease --at /lease taken
		jq -c '{id, kind: "reject", at, stage: "validate", class: "denied", code: "signature-mismatch", detail: "no", record: {id}, lease}' taken |
			omni-queue settle -q "sqlite:$PWD/q.db" >/dev/null
		omni-queue stat --json "sqlite:$PWD/q.db" >in
		want 0 omni-validate -q --no-verify --schema queue-stat in
		for verb in list show; do
			omni-queue dead "sqlite:$PWD/q.db" "$verb" --json >in
			[ "$(wc -l <in)" -eq 3 ]
			want 0 omni-validate -q --no-verify --schema dead-letter in
		done
	fi
	if built omni-archive write; then
		omni-archive write -q --root a --stream s records >/dev/null
		want 0 omni-validate -q --no-verify --schema archive-segment a/s/MANIFEST.ndjson
	fi
	if built omni-replay --mark; then
		omni-replay --mark --new-ids --cursor cursor records >in
		want 0 omni-validate -q --models --no-verify in
		want 0 omni-validate -q --no-verify --schema replay-mark --at /replay in
		want 0 omni-validate -q --no-verify --schema replay-cursor cursor
		omni-replay --dry-run --json --rate 10/s records >in
		want 0 omni-validate -q --no-verify --schema replay-plan in
	fi
}

@test "check finds what is wrong with a schema, and says where" {
	wrong() { # wrong(schema, text): check refuses it and says that
		printf '%s\n' "$1" >s.json
		want 1 omni-models check s.json
		says "$2"
	}
	wrong '{"type":"object","propertys":{}}' 's.json: line 1: /propertys: there is no such keyword; did you mean "properties"'
	wrong $'{\n"properties":{\n"a":{"pattern":"a("}}}' 's.json: line 3: /properties/a/pattern: '
	wrong '{"$ref":"missing.json"}' 'missing.json'
	wrong '{"$ref":"omni:mesage"}' 'mesage'
	wrong '{"$ref":"omni:party","examples":[{"address":"x"},{"adress":"x"}]}' 's.json: /examples/1: must have "address"'
	wrong '{"type":' 'line 2, column 1'
	wrong '{"format":"e-mail"}' '/format'
	want 1 omni-models check missing.json
	says 'missing.json: No such file'
	echo '{"type":"object","propertys":{}}' >s.json
	want 0 omni-models check --lenient s.json
	# One that is wrong does not keep the others from being checked.
	echo '{"type":"strnig"}' >bad.json
	echo '{"$ref":"omni:message"}' >good.json
	want 1 omni-models check bad.json good.json s.json
	[ "$(grep -c '^omni-models check: ' err)" -eq 2 ]
	want 64 omni-models check
}

@test "check takes the models themselves, and an exported one that was changed" {
	omni-models export mine
	find mine -name '*.json' -exec omni-models check {} + 2>err
	[ ! -s err ]
	sed -i 's/"minLength"/"minLenght"/' mine/message/party.schema.json mine/message/lease.schema.json
	want 1 omni-models check mine/message/lease.schema.json
	says 'lease.schema.json: line'
	says '"minLength"'
}

@test "the programs take the configurations that their schema takes, and refuse those that it refuses" {
	export KEY=k TOKEN=t SECRET=s NEW=n OLD=o VERIFY=v CALLBACK_USER=u CALLBACK_PASSWORD=p TWILIO_AUTH_TOKEN=a
	export SIGNING_KEY=whsec_c2VjcmV0
	(umask 077 && : >omni.json)
	# Each line is "0 configuration" or "78 configuration": from the models, their examples and counter-examples.
	whole() { # whole(model, filter): what puts the value of a model into a configuration
		omni-models example "$1" | jq -c "$2" | sed 's/^/0 /'
		jq -c ".value | $2" "$BATS_TEST_DIRNAME/models/$3.ndjson" | sed 's/^/78 /'
	}
	{
		whole config . config
		whole opt-keywords '{keywords: .}' conversation/opt-keywords
		whole route-rule '{routes: .}' carrier/route-rule
		whole condition '{routes: {when: ., to: "x"}}' carrier/condition
		whole account '{carriers: {twilio: .}}' carrier/account
		whole own-account '{carriers: {acme: .}}' carrier/own-account
		whole own-verify '{carriers: {acme: {verify: ., secret: "s"}}}' carrier/own-verify
		for carrier in bandwidth inteliquent livechat messagebird twilio whatsapp; do
			whole "$carrier/account" "{carriers: {$carrier: .}}" "carrier/$carrier/account"
		done
	} >cases
	[ "$(wc -l <cases)" -ge 40 ]
	while read -r code json; do
		echo "$json" >omni.json
		rc=0
		omni-validate -c omni.json </dev/null 2>err && omni-route -c omni.json </dev/null 2>err || rc=$?
		[ "$rc" -eq "$code" ] || { echo "$rc, not $code: $json"; cat err; false; }
	done <cases
}

@test "memory that is not to be had, and writes that fail, end each verb with an exit code of the contract" {
	plain
	echo '{"$ref":"omni:party","examples":[{"address":"x"}]}' >s.json
	for command in 'list --json' 'show message' 'doc status' 'example message' 'export made' 'check s.json'; do
		for kind in malloc write; do
			for n in 1 2 3 5 8 13 21 34 55; do
				rc=0
				# shellcheck disable=SC2086 # a verb and its operands
				timeout 60 env OMNI_FAIL_CALL=$kind OMNI_FAIL_AT=$n LD_PRELOAD="$BUILD/fail.so" omni-models $command >out 2>err || rc=$?
				case $rc in
				0 | 1 | 71 | 74) ;;
				*) echo "$command: $kind $n: exit $rc"; cat err; false ;;
				esac
				# Success is success: nothing was missing.
				[ "$rc" -ne 0 ] || [ "${command%% *}" = export ] || [ "${command%% *}" = check ] || [ -s out ]
				! grep -q 'not reached' err || break
			done
		done
	done
}
