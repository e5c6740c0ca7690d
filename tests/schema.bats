#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# omni-validate --schema and --models, and the cases of our own for the engine behind them.

load helper

here=$BATS_TEST_DIRNAME

order() {
	cat >order.json <<-'END'
	{
		"$id": "https://shop.example/order",
		"type": "object",
		"properties": {
			"kind": { "const": "order" },
			"items": { "type": "array", "items": { "$ref": "#/$defs/item" }, "minItems": 1, "uniqueItems": true },
			"placed": { "format": "date-time" }
		},
		"required": ["kind", "items"],
		"$defs": { "item": { "type": "string", "pattern": "^[A-Z]{2}-[0-9]+$" } }
	}
	END
}

@test "what is valid passes byte for byte, what is not is a reject that names place and keyword" {
	order
	printf '%s\n' '{ "kind" : "order", "items":["AB-1","AB-2"], "placed":"2026-01-14T09:00:00Z" }' >good
	want 0 omni-validate --schema ./order.json good
	cmp good out
	printf '%s\n' '{"kind":"order","items":["AB-1","x"],"placed":"yesterday"}' >bad
	want 1 omni-validate --schema ./order.json bad
	[ "$(get '[.kind, .class, .code] | @json')" = '["reject","data","schema-mismatch"]' ]
	[ "$(get .detail)" = '/items/1: does not match ^[A-Z]{2}-[0-9]+$ (https://shop.example/order#/$defs/item/pattern); and 1 more' ]
	get .record | cmp - bad
	[ "$(get '.report')" = null ]
}

@test "--output basic tells all failures in the format of the draft, flag tells none" {
	order
	echo '{"kind":"order","items":["x"],"placed":"yesterday"}' >bad
	want 1 omni-validate --schema ./order.json --output basic bad
	[ "$(get '.report.valid, (.report.errors | length)' | paste -sd' ')" = 'false 2' ]
	get '.report.errors[] | [.instanceLocation, .keywordLocation, .absoluteKeywordLocation] | @tsv' >have
	printf '%s\t%s\t%s\n' /items/0 '/properties/items/items/$ref/pattern' 'https://shop.example/order#/$defs/item/pattern' \
		/placed /properties/placed/format https://shop.example/order#/properties/placed/format | diff -u - have
	want 1 omni-validate --schema ./order.json --output flag bad
	[ "$(get '.detail')" = 'not valid: ./order.json' ]
	omni-validate --schema ./order.json --output basic bad | want 0 omni-validate --schema reject
}

@test "--at checks a part; what is not there is not valid" {
	echo '{"type":"integer"}' >int.json
	printf '%s\n' '{"a":{"b":[1,2.0]}}' '{"a":{"b":[1,"x"]}}' '{"a":{}}' >in
	want 1 omni-validate --schema ./int.json --at /a/b/1 in
	[ "$(get '.kind // "passed"' | paste -sd' ')" = 'passed reject reject' ]
	[ "$(get 'select(.record.a == {}) | .detail')" = 'there is nothing at /a/b/1' ]
}

@test "--models takes the model of kind and carrier; other kinds and rejects pass" {
	for kind in message status event webhook; do
		jq -c '.examples[]?' "$here/../models/message/$kind.schema.json" 2>/dev/null || :
	done >in
	[ "$(wc -l <in)" -ge 4 ]
	printf '%s\n' '{"kind":"made-up"}' '{"kind":"reject","x":1}' '{}' >>in
	want 0 omni-validate --models --no-verify in
	cmp in out
	echo '{"kind":"message","id":"x"}' >bad
	want 1 omni-validate --models bad
	[ "$(get .code)" = schema-mismatch ]
}

@test "signatures are verified first, schema or not, unless --no-verify says otherwise" {
	omni-recv --from -q -C twilio --at 2026-01-14T09:00:00.000Z --id 0198c0de-0000-7000-8000-000000000001 \
		-c "$here/carriers/twilio/conf.json" "$here/carriers/twilio/sms-text/request.http" >hook
	echo '{"properties":{"kind":{"const":"webhook"}}}' >any.json
	want 0 omni-validate -c "$here/carriers/twilio/conf.json" --schema ./any.json hook
	[ "$(get '.verified.scheme')" = twilio-hmac-sha1 ]
	sed 's/Body=/Body=x/' hook >forged
	want 1 omni-validate -c "$here/carriers/twilio/conf.json" --schema ./any.json forged
	[ "$(get .class)" = denied ]
	want 0 omni-validate --no-verify --schema ./any.json forged
	cmp forged out
	echo '{"required":["nothing"]}' >none.json
	want 1 omni-validate -c "$here/carriers/twilio/conf.json" --schema ./none.json hook
	[ "$(get .code)" = schema-mismatch ]
}

@test "a reference leads to a file beside it, and to a model" {
	mkdir sub
	echo '{"properties":{"a":{"$ref":"sub/b.json#/$defs/n"},"m":{"$ref":"https://omni.example/models/message/party.schema.json"}}}' >a.json
	echo '{"$defs":{"n":{"$ref":"c%20d.json"}}}' >sub/b.json
	echo '{"type":"number"}' >'sub/c d.json'
	printf '%s\n' '{"a":1,"m":{"address":"x"}}' '{"a":"1"}' '{"m":{}}' >in
	want 1 omni-validate --schema a.json in
	[ "$(get '.kind // "passed"' | paste -sd' ')" = 'passed reject reject' ]
}

@test "a schema that can not be used ends the program before it reads, and says where" {
	printf '{\n"properties": {\n"a": { "tipe": 1, "pattern": "(" } } }' >bad.json
	want 78 omni-validate --schema ./bad.json /dev/null
	says 'bad.json: line 3: /properties/a/pattern: regular expression: missing closing parenthesis'
	want 78 omni-validate --schema ./gone.json /dev/null
	says gone.json
	want 78 omni-validate --schema mesage /dev/null
	says 'did you mean "message"?'
	echo '{"$ref":"https://example.com/x.json"}' >far.json
	want 78 omni-validate --schema ./far.json /dev/null
	says 'there is no schema "https://example.com/x.json"'
	want 64 omni-validate --schema message --models /dev/null
	want 64 omni-validate --schema message --at a /dev/null
	want 64 omni-validate --schema message --output loud /dev/null
	want 64 omni-validate --no-verify /dev/null
}

@test "several threads give the same bytes" {
	for i in {1..3000}; do
		printf '{"kind":"order","items":["AB-%d"%s]}\n' "$i" "$([ $((i % 7)) -ne 0 ] || echo ',1')"
	done >in
	order
	want 1 omni-validate --schema ./order.json --output basic in
	mv out one
	want 1 omni-validate --schema ./order.json --output basic -j 4 in
	cmp one out
	[ "$(grep -c '"reject"' one)" -eq 428 ]
}

@test "hostile records cost little and are refused with a reason" {
	echo '{"items":{"$ref":"#"},"properties":{"a":{"$ref":"#"},"s":{"pattern":"^(a|a)*$"},"u":{"uniqueItems":true}}}' >s.json
	{
		printf '{"a":%s1%s}\n' "$(printf '[%.0s' {1..100000})" "$(printf ']%.0s' {1..100000})"
		printf '{"s":"%s!"}\n' "$(printf 'a%.0s' {1..60})"
		printf '{"u":[%s0]}\n' "$(printf '{"b":%d,"c":[]},' {1..40000})"
	} >in
	want 1 timeout 60 omni-validate --schema ./s.json in
	[ "$(grep -c '"reject"' out)" -eq 2 ]
	[ "$(grep -c 'nested too deeply' out)" -eq 1 ]
	[ "$(grep -c 'too many steps' out)" -eq 1 ]
}

@test "cases of our own: duplicates, numbers, formats, references" {
	"$BUILD/conformance" --own "$here"/schema/*.json
}
