/* SPDX-License-Identifier: MIT */
/* What the draft's own suite (make conformance) does not show: errors, reports, bounds, sets. */
#include "schema.h"

#include "json_same.h"
#include "limit.h"
#include "unit.h"

static struct err e;
static struct schema_set *set;

static const struct schema *compile(struct str text)
{
	schema_set_free(set);
	set = schema_set_new(SCHEMA_FORMATS | SCHEMA_STRICT);
	if (schema_set_add(set, STR("s.json"), text, &e) < 0)
		return NULL;
	return schema_set_get(set, STR("s.json"), &e);
}

/* The failures of ${value}, a line each; both programs must agree. */
static struct str failures(struct str schema, struct str value)
{
	const struct schema *s = compile(schema);
	const struct json *v = json_parse(value, arena, &e);
	struct buf b = { .max = 1 << 20 };
	struct schema_report r;
	struct str text;

	CHECK(s && v);
	if (!s || !v)
		return str_c(e.text);
	r = schema_explain(s, v, arena);
	CHECK(schema_valid(s, v, arena) == (r.n == 0));
	CHECK(schema_brief(s, v, arena).n + schema_brief(s, v, arena).more == r.n);
	for (size_t i = 0; i < r.n; i++) {
		schema_put_text(&b, &r.units[i]);
		buf_char(&b, '\n');
	}
	text = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return text;
}

static void every_failure_is_told_with_its_places(void)
{
	CHECK_STR(failures(STR("{\"$id\":\"https://x.example/m\",\"properties\":{\"a\":{\"type\":\"string\"},"
			       "\"b/c\":{\"$ref\":\"#/$defs/n\"}},\"required\":[\"a\",\"z\"],"
			       "\"additionalProperties\":false,\"$defs\":{\"n\":{\"maximum\":3}}}"),
			   STR("{\"a\":1,\"b/c\":4,\"y\":0}")),
		  "/a: must be string, is number (https://x.example/m#/properties/a/type)\n"
		  "/b~1c: must be at most 3 (https://x.example/m#/$defs/n/maximum)\n"
		  "must have \"z\" (https://x.example/m#/required)\n"
		  "/y: is not allowed here (https://x.example/m#/additionalProperties)\n");
}

static void a_branch_that_failed_is_told_only_if_none_held(void)
{
	struct str s = STR("{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}");

	CHECK_STR(failures(s, STR("7")), "");
	CHECK_STR(failures(s, STR("1")), "must be string, is number (s.json#/anyOf/0/type)\n"
					 "must be at least 5 (s.json#/anyOf/1/minimum)\n"
					 "is none of the 2 alternatives (s.json#/anyOf)\n");
}

static void members_of_a_part_that_failed_are_not_called_unknown(void)
{
	CHECK_STR(failures(STR("{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"string\"},\"b\":true}}],"
			       "\"unevaluatedProperties\":false}"),
			   STR("{\"a\":1,\"b\":2,\"c\":3}")),
		  "/a: must be string, is number (s.json#/allOf/0/properties/a/type)\n"
		  "/c: is not allowed here (s.json#/unevaluatedProperties)\n");
}

static void basic_output_has_the_members_of_the_draft(void)
{
	const struct schema *s = compile(STR(
		"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}},\"$defs\":{\"b\":{\"const\":1}}}"));
	const struct json *v = json_parse(STR("{\"a\":2}"), arena, &e);
	struct schema_report r = schema_explain(s, v, arena);
	struct buf b = { .max = 4096 };

	schema_put_basic(&b, &r);
	CHECK_STR(buf_get(&b),
		  "{\"valid\":false,\"errors\":[{\"valid\":false,\"keywordLocation\":\"/properties/a/$ref/const\","
		  "\"absoluteKeywordLocation\":\"s.json#/$defs/b/const\",\"instanceLocation\":\"/a\","
		  "\"error\":\"must be 1\"}]}");
	buf_free(&b);
}

/* Compiling ${text} must fail with ${why} in the message. */
static void refused(struct str text, const char *why)
{
	CHECK(compile(text) == NULL);
	CHECK(e.fault == FAULT_CONFIG);
	CHECK(strstr(e.text, why) != NULL);
	if (!strstr(e.text, why))
		printf("# want: %s\n# have: %s\n", why, e.text);
}

static void wrong_schemas_are_refused_with_line_and_keyword(void)
{
	refused(STR("{\n\"properties\": {\n\"a\": {\"pattern\": \"(\"}}}"),
		"s.json: line 3: /properties/a/pattern: regular expression: missing closing parenthesis");
	refused(STR("{\n// a remark\n\"type\":\"strin\"}"), "s.json: line 3: /type: must be one of null");
	refused(STR("{\"tipe\":1}"), "/tipe: there is no such keyword; did you mean \"type\"?");
	refused(STR("{\"additionalProperty\":1}"), "/additionalProperty: there is no such keyword");
	refused(STR("{\"format\":\"dat\"}"), "/format: there is no such format");
	refused(STR("{\"items\":[{}]}"), "/items: must be a schema");
	refused(STR("{\"minimum\":\"1\"}"), "/minimum: must be a number");
	refused(STR("{\"multipleOf\":0}"), "/multipleOf: must be more than 0");
	refused(STR("{\"minLength\":-1}"), "/minLength: must be a whole number");
	refused(STR("{\"required\":[\"a\",\"a\"]}"), "/required: names something twice");
	refused(STR("{\"allOf\":[]}"), "/allOf: must be an array of schemas, not empty");
	refused(STR("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}"),
		"/$schema: \"http://json-schema.org/draft-07/schema\" is not known");
	refused(STR("{\"$anchor\":\"1\"}"), "/$anchor: must be a name");
	refused(STR("{\"$id\":\"#a\"}"), "/$id: must not have a fragment");
	refused(STR("{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"x\"}}}"),
		"/$defs/b/$id: another schema has that name");
	refused(STR("{\"type\":\"null\",\"type\":\"null\"}"), "/type: stands twice");
	refused(STR("{\"properties\":{\"a\":true,\"a\":true}}"), "/properties: names something twice");
	refused(STR("[1]"), "s.json: not a schema");
	refused(STR("{\"a\":"), "s.json: line 1, column 6");
}

static void references_that_lead_nowhere_or_in_a_circle_are_refused(void)
{
	refused(STR("{\"$ref\":\"#/$defs/a\"}"), "/$ref: \"#/$defs/a\": there is nothing at \"/$defs/a\"");
	refused(STR("{\"$ref\":\"#a\"}"), "there is no anchor \"a\"");
	refused(STR("{\"$ref\":\"other.json\"}"), "there is no schema \"other.json\"");
	refused(STR("{\"$ref\":\"https://example.com/x\"}"),
		"there is no schema \"https://example.com/x\"");
	refused(STR("{\"$ref\":\"#\"}"), "a reference leads back here");
	refused(STR("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
		    "\"b\":{\"if\":{\"$ref\":\"#/$defs/a\"}}}}"),
		"a reference leads back here");
	CHECK(compile(STR("{\"properties\":{\"next\":{\"$ref\":\"#\"}}}")) != NULL);
	CHECK(compile(STR("{\"x-a\":{\"b\":1},\"$comment\":\"\"}")) != NULL);
}

static void a_set_that_is_broken_says_so_for_ever(void)
{
	const struct schema *s;

	CHECK(compile(STR("{\"$ref\":\"#a\"}")) == NULL);
	CHECK(schema_set_add(set, STR("t.json"), STR("true"), &e) == 0);
	s = schema_set_get(set, STR("t.json"), &e);
	CHECK(!s && strstr(e.text, "there is no anchor"));
}

/* ${text} with ${open} ${n} times before and ${close} behind a number. */
static struct str nested(const char *open, const char *middle, const char *close, size_t n)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_c(open));
	buf_str(&b, str_c(middle));
	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_c(close));
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void depth_is_bounded(void)
{
	struct str loop = STR("{\"items\":{\"$ref\":\"#\"},\"properties\":{\"a\":{\"$ref\":\"#\"}}}");
	struct str deep = STR("{\"not\":{\"items\":{\"not\":{\"$ref\":\"#\"}}}}");

	CHECK_STR(failures(loop, nested("[", "1", "]", 100)), "");
	CHECK(strstr(failures(loop, nested("[", "1", "]", 200000)).p,
		     "is nested too deeply to be checked"));
	CHECK(strstr(failures(loop, nested("{\"a\":", "1", "}", 100000)).p, "is nested too deeply"));
	CHECK(strstr(failures(deep, nested("[", "1", "]", 100000)).p, "is nested too deeply"));
	refused(nested("{\"not\":", "1", "}", 100000), "schemas are nested more than 400 deep");
}

static void values_nested_deeply_are_not_compared(void)
{
	struct str deep = nested("[", "1", "]", 100000), same,
		   object = nested("{\"a\":", "1", "}", 100000);

	same = arena_join(arena, arena_join(arena, STR("["), deep),
			  arena_join(arena, STR(","), arena_join(arena, deep, STR("]"))));
	CHECK(strstr(failures(STR("{\"uniqueItems\":true}"), same).p,
		     "is nested too deeply to be compared"));
	CHECK(strstr(failures(STR("{\"not\":{\"uniqueItems\":true}}"), same).p, "is nested too deeply"));
	same = arena_join(arena, arena_join(arena, STR("["), object),
			  arena_join(arena, STR(","), arena_join(arena, object, STR("]"))));
	CHECK(strstr(failures(STR("{\"uniqueItems\":true}"), same).p,
		     "is nested too deeply to be compared"));
}

static void a_pattern_that_runs_away_makes_the_value_invalid_even_under_not(void)
{
	struct str text = STR("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"");

	CHECK(strstr(failures(STR("{\"pattern\":\"^(a|a)*$\"}"), text).p, "takes too many steps"));
	CHECK(strstr(failures(STR("{\"not\":{\"pattern\":\"^(a|a)*$\"}}"), text).p,
		     "takes too many steps"));
	CHECK(strstr(failures(STR("{\"anyOf\":[{\"pattern\":\"^(a|a)*$\"},true]}"), text).p,
		     "takes too many steps"));
}

static void a_schema_that_doubles_itself_is_stopped(void)
{
	struct buf b = { .max = SIZE_MAX };

	buf_lit(&b, "{\"$ref\":\"#/$defs/0\",\"$defs\":{");
	for (int i = 0; i < 60; i++)
		buf_fmt(&b, "\"%d\":{\"allOf\":[{\"$ref\":\"#/$defs/%d\"},{\"$ref\":\"#/$defs/%d\"}]},",
			i, i + 1, i + 1);
	buf_lit(&b, "\"60\":{\"minimum\":0}}}");
	CHECK(strstr(failures(buf_get(&b), STR("1")).p, "takes too many steps to be checked"));
	buf_free(&b);
}

static void a_large_array_is_checked_for_twins_in_little_time(void)
{
	struct buf b = { .max = SIZE_MAX };

	buf_char(&b, '[');
	for (int i = 0; i < 100000; i++)
		buf_fmt(&b, "{\"b\":%d,\"a\":[%d.0]},", i, i);
	buf_lit(&b, "0]");
	CHECK_STR(failures(STR("{\"uniqueItems\":true}"), buf_get(&b)), "");
	b.n -= 2;
	buf_lit(&b, "{\"a\":[7],\"b\":7.0}]");
	CHECK_STR(failures(STR("{\"uniqueItems\":true}"), buf_get(&b)),
		  "has the same item twice: 7 and 100000 (s.json#/uniqueItems)\n");
	buf_free(&b);
}

static void equality_knows_no_order_of_members_and_no_form_of_numbers(void)
{
	const char *pairs[][2] = { { "{\"a\":1,\"b\":[2,{}]}", "{\"b\":[2.0,{}],\"a\":1e0}" },
				   { "[]", "[]" },
				   { "\"\\u0061\"", "\"a\"" },
				   { "null", "null" } };
	const char *others[][2] = { { "true", "1" },
				    { "0", "false" },
				    { "[1,2]", "[2,1]" },
				    { "{\"a\":1}", "{\"a\":1,\"b\":1}" },
				    { "{\"a\":1}", "{\"b\":1}" },
				    { "\"1\"", "1" },
				    { "[]", "{}" },
				    { "null", "false" } };

	for (size_t i = 0; i < LEN(pairs); i++)
		CHECK(json_same(json_parse(str_c(pairs[i][0]), arena, &e),
				json_parse(str_c(pairs[i][1]), arena, &e), arena) == 1);
	for (size_t i = 0; i < LEN(others); i++)
		CHECK(json_same(json_parse(str_c(others[i][0]), arena, &e),
				json_parse(str_c(others[i][1]), arena, &e), arena) == 0);
}

static void a_member_that_stands_twice_is_checked_twice(void)
{
	struct str s = STR("{\"properties\":{\"a\":{\"type\":\"string\"}}}");

	CHECK(failures(s, STR("{\"a\":\"x\",\"a\":1}")).n > 0);
	CHECK(failures(s, STR("{\"a\":1,\"a\":\"x\"}")).n > 0);
	CHECK_STR(failures(s, STR("{\"a\":\"y\",\"a\":\"x\"}")), "");
}

static void documents_refer_to_each_other(void)
{
	const struct schema *s;

	schema_set_free(set);
	set = schema_set_new(0);
	CHECK(schema_set_add(set, STR("https://x.example/a"),
			     STR("{\"items\":{\"$ref\":\"b#/$defs/n\"}}"), &e) == 0);
	CHECK(schema_set_add(set, STR("mem:1"),
			     STR("{\"$id\":\"https://x.example/b\",\"$defs\":{\"n\":{\"type\":\"number\"}}}"),
			     &e) == 0);
	CHECK(schema_set_add(set, STR("mem:2"), STR("{\"$id\":\"https://x.example/b\"}"), &e) < 0);
	s = schema_set_get(set, STR("https://x.example/a"), &e);
	CHECK(s && schema_valid(s, json_parse(STR("[1]"), arena, &e), arena));
	CHECK(s && !schema_valid(s, json_parse(STR("[\"1\"]"), arena, &e), arena));
	CHECK(schema_set_get(set, STR("https://x.example/a"), &e) == s);
	s = schema_set_get(set, STR("https://x.example/b#/$defs/n"), &e);
	CHECK(s && !schema_valid(s, json_parse(STR("[1]"), arena, &e), arena));
	schema_set_free(set);
	set = NULL;
}

/* What could not be planned as a whole has left nothing behind in its parts. */
static void a_part_of_what_is_too_deep_for_a_plan_is_checked_to_its_end(void)
{
	const struct schema *whole, *part;
	struct str uri = arena_join(arena, STR("mem:deep#"), nested("/properties/n", "", "", 40));

	schema_set_free(set);
	set = schema_set_new(0);
	CHECK(schema_set_add(set, STR("mem:deep"),
			     nested("{\"properties\":{\"n\":", "{\"type\":\"number\"}", "}}", 320),
			     &e) == 0);
	whole = schema_set_get(set, STR("mem:deep"), &e);
	part = schema_set_get(set, uri, &e);
	CHECK(whole && part);
	for (size_t depth = 280; whole && part && depth <= 320; depth += 40) {
		const struct schema *s = depth == 280 ? part : whole;
		const struct json *good = json_parse(nested("{\"n\":", "1", "}", depth), arena, &e),
				  *bad = json_parse(nested("{\"n\":", "\"1\"", "}", depth), arena, &e);

		CHECK(schema_valid(s, good, arena));
		CHECK(!schema_valid(s, bad, arena));
		CHECK(schema_brief(s, bad, arena).n == 1);
	}
	schema_set_free(set);
	set = NULL;
}

UNIT_MAIN(UNIT(every_failure_is_told_with_its_places),
	  UNIT(a_branch_that_failed_is_told_only_if_none_held),
	  UNIT(members_of_a_part_that_failed_are_not_called_unknown),
	  UNIT(basic_output_has_the_members_of_the_draft),
	  UNIT(wrong_schemas_are_refused_with_line_and_keyword),
	  UNIT(references_that_lead_nowhere_or_in_a_circle_are_refused),
	  UNIT(a_set_that_is_broken_says_so_for_ever), UNIT(depth_is_bounded),
	  UNIT(values_nested_deeply_are_not_compared),
	  UNIT(a_pattern_that_runs_away_makes_the_value_invalid_even_under_not),
	  UNIT(a_schema_that_doubles_itself_is_stopped),
	  UNIT(a_large_array_is_checked_for_twins_in_little_time),
	  UNIT(equality_knows_no_order_of_members_and_no_form_of_numbers),
	  UNIT(a_member_that_stands_twice_is_checked_twice), UNIT(documents_refer_to_each_other),
	  UNIT(a_part_of_what_is_too_deep_for_a_plan_is_checked_to_its_end))
