#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What make runs to turn models/ into C and into pages: mistakes in a schema stop the build.

load helper

top=$BATS_TEST_DIRNAME/..

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -R "$top/models" models
}

# edit(file, filter): change a model through jq.
edit() {
	jq "$2" "models/$1" >new && mv new "models/$1"
}

embed() {
	# shellcheck disable=SC2046 # names of ours
	"$BUILD/gen/embed" models $(find models -name '*.schema.json' | LC_ALL=C sort)
}

@test "the generators make the same of the same" {
	want 0 embed
	cmp out "$BUILD/made/models.c"
	want 0 "$BUILD/gen/config" models
	cmp out "$BUILD/made/config.c"
	want 0 "$BUILD/gen/page" models "$top/man/omni-record.5.in"
	cmp out "$BUILD/man/omni-record.5"
}

@test "a new key of the configuration is one line in its schema" {
	edit carrier/twilio/account.schema.json '.properties.region = {"description": "Where.", "type": "string", "enum": ["us1", "ie1"]}'
	want 0 "$BUILD/gen/config" models
	grep -q '"us1", "ie1", NULL' out
	grep -q '{ .name = "region", .type = CONF_STRING, .words = words_' out
	printf '%s\n' '.\"@keys carrier/twilio/account.schema.json' >page
	want 0 "$BUILD/gen/page" models page
	grep -qx '.It Ic region Pq string' out
	grep -qx '.Ql ie1 .' out
}

@test "what no table of keys can say stops the build, unless the schema names who checks it" {
	edit carrier/twilio/account.schema.json '.properties.account_id = {"description": "x", "type": "string", "pattern": "^AC"}'
	want 1 "$BUILD/gen/config" models
	says 'carrier/twilio/account.schema.json: no table of keys can say "pattern": name its x-owner'
	edit carrier/twilio/account.schema.json '.properties.account_id["x-owner"] = "omni-validate"'
	want 0 "$BUILD/gen/config" models
	edit carrier/twilio/account.schema.json '.required = ["auth_token"]'
	want 1 "$BUILD/gen/config" models
	says '"required"'
	edit carrier/twilio/account.schema.json 'del(.required) | .properties.n = {"description": "x", "type": "integer", "maximum": 1.5}'
	want 1 "$BUILD/gen/config" models
	says 'no whole number'
	edit carrier/twilio/account.schema.json '.properties.n = {"description": "x", "anyOf": [{"type": "string"}, {"type": "boolean"}]}'
	want 1 "$BUILD/gen/config" models
	says 'one, or an array of such'
}

@test "a reference that leads nowhere stops the build" {
	edit config.schema.json '.properties.keywords["$ref"] = "conversation/opt-keywords.schema.json#/$defs/no"'
	want 1 "$BUILD/gen/config" models
	says 'config.schema.json: leads nowhere'
	edit config.schema.json '.properties.keywords["$ref"] = "missing.schema.json"'
	want 1 "$BUILD/gen/config" models
	says 'missing.schema.json: No such file'
}

@test "a model that is no JSON, or has another id, no title, the name of another or a place of its own stops the build" {
	edit message/party.schema.json '.["$id"] = "https://omni.example/models/message/other.schema.json"'
	want 1 embed
	says 'message/party.schema.json: the $id is not that of its file'
	cp "$top/models/message/party.schema.json" models/message
	edit message/party.schema.json 'del(.title)'
	want 1 embed
	says 'party.schema.json: has no title'
	jq '.["$id"] = "https://omni.example/models/workflow/party.schema.json"' "$top/models/message/party.schema.json" >models/workflow/party.schema.json
	cp "$top/models/message/party.schema.json" models/message
	want 1 embed
	says 'another model has the same name'
	rm models/workflow/party.schema.json
	mkdir models/mine
	jq '.["$id"] = "https://omni.example/models/mine/a.schema.json"' "$top/models/message/party.schema.json" >models/mine/a.schema.json
	want 1 embed
	says 'is in no known group'
	rm -r models/mine
	echo '{' >models/message/party.schema.json
	want 1 embed
	says 'party.schema.json: line 2'
	sed 's,^{,{ // a comment,' "$top/models/message/party.schema.json" >models/message/party.schema.json
	want 1 embed
	says 'has a comment'
}

@test "a member without a description, or a template that asks for what is unknown, stops the build" {
	edit message/message.schema.json '.properties.mood = {"type": "string"}'
	want 1 "$BUILD/gen/page" models "$top/man/omni-record.5.in"
	says 'a member has no description'
	echo '.\"@keys nothing.schema.json' >page
	want 1 "$BUILD/gen/page" models page
	says 'nothing.schema.json: No such file'
	echo '.\"@rows message/party.schema.json' >page
	want 1 "$BUILD/gen/page" models page
	says 'the template asks for what is unknown'
	echo '.\"@words message/party.schema.json#/properties/name' >page
	want 1 "$BUILD/gen/page" models page
	says 'does not say what its words mean'
}

@test "descriptions become mdoc that says the same" {
	jq -n '{"$id": "x", title: "T", type: "object", properties: {a: {type: "string", description:
		"See omni-recv(1). A `b c`, or \"d\"; (as `x`, `in`) it'"'"'s ^ ~ \\n. `First` word. Ends with `.dot`"}}}' >models/message/t.schema.json
	printf '.\\"@members message/t.schema.json\n' >page
	want 0 "$BUILD/gen/page" models page
	cat >begin <<-'END'
		.Dd January 1, 2026
		.Dt T 1
		.Os
		.Sh NAME
		.Nm t
		.Nd t
		.Sh DESCRIPTION
	END
	cat begin out >t.1
	mandoc -Tlint -W warning t.1
	mandoc -Tascii -O width=300 t.1 | sed 's/.\x08//g' | tr '`' "'" >text
	grep -qF "See omni-recv(1).  A 'b c', or \"d\"; (as 'x', 'in') it's ^ ~ \\n.  'First' word.  Ends with '.dot'" text || { cat out text; false; }
}
