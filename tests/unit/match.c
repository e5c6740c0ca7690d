/* SPDX-License-Identifier: MIT */
#include "match.h"

#include "unit.h"

static const char record[] =
	"{\"channel\":\"sms\",\"from\":{\"address\":\"+15550100\",\"na/me~\":\"Ann\"},\"to\":[{\"address\":\"+4912\"},"
	"{\"address\":\"x\"}],\"n\":42,\"half\":0.5,\"minus\":-3,\"big\":12345678901234567890,\"yes\":true,\"no\":false,"
	"\"nil\":null,\"text\":\"hello world, how are you\",\"empty\":\"\",\"0\":\"zero\",\"list\":[1,2]}";

static struct err e;

/* A configuration has the life of its test. */
static struct match *compiled(const char *const *conds, struct str where)
{
	struct match *m = match_new("omni.json");

	for (int i = 0; conds[i]; i++) {
		const struct json *c = json_parse(str_c(conds[i]), arena, &e);

		if (!c || match_add(m, c, where, &e) != i) {
			match_free(m);
			return NULL;
		}
	}
	if (match_ready(m, &e) == 0)
		return m;
	match_free(m);
	return NULL;
}

/* 1 holds, 0 does not, -1 undecided, -2 not compiled */
static int test(const char *cond)
{
	struct match *m = compiled((const char *const[]){ cond, NULL }, STR("/when"));
	struct rec r;
	int rc = -2;

	if (m && rec_parse(&r, STR(record), arena, &e) == 0) {
		match_begin(m, &r);
		rc = match_test(m, 0, &e);
	}
	match_free(m);
	return rc;
}

static void check_all(int want, const char *const *conds)
{
	for (; *conds; conds++) {
		int rc = test(*conds);

		CHECK(rc == want);
		if (rc != want)
			unit_show("condition", str_c(*conds));
		if (rc == -2)
			unit_show("error", str_c(e.text));
	}
}

#define HOLD(...) check_all(1, (const char *const[]){ __VA_ARGS__, NULL })
#define FAIL(...) check_all(0, (const char *const[]){ __VA_ARGS__, NULL })

static void eq_compares_by_type(void)
{
	HOLD("{\"eq\":{\"channel\":\"sms\"}}", "{\"eq\":{\"/from/address\":\"+15550100\"}}",
	     "{\"eq\":{\"n\":42}}", "{\"eq\":{\"n\":42.0}}", "{\"eq\":{\"n\":4.2e1}}",
	     "{\"eq\":{\"yes\":true}}", "{\"eq\":{\"no\":false}}", "{\"eq\":{\"nil\":null}}",
	     "{\"eq\":{\"empty\":\"\"}}", "{\"eq\":{\"big\":12345678901234567890}}",
	     "{\"eq\":{\"text\":\"hello world, how are you\"}}", "{\"eq\":{\"minus\":-3}}");
	FAIL("{\"eq\":{\"channel\":\"mms\"}}", "{\"eq\":{\"channel\":\"smss\"}}",
	     "{\"eq\":{\"n\":\"42\"}}", "{\"eq\":{\"n\":43}}", "{\"eq\":{\"yes\":false}}",
	     "{\"eq\":{\"no\":null}}", "{\"eq\":{\"missing\":null}}", "{\"eq\":{\"empty\":\"x\"}}",
	     "{\"eq\":{\"big\":12345678901234567891}}", "{\"eq\":{\"text\":\"hello World, how are you\"}}",
	     "{\"eq\":{\"from\":null}}", "{\"eq\":{\"minus\":3}}");
}

static void paths_are_pointers_or_names(void)
{
	HOLD("{\"eq\":{\"/to/0/address\":\"+4912\"}}", "{\"eq\":{\"/to/1/address\":\"x\"}}",
	     "{\"eq\":{\"/from/na~1me~0\":\"Ann\"}}", "{\"eq\":{\"/0\":\"zero\"}}",
	     "{\"eq\":{\"/list/1\":2}}");
	FAIL("{\"eq\":{\"/to/2/address\":\"x\"}}", "{\"eq\":{\"/to/00/address\":\"+4912\"}}",
	     "{\"eq\":{\"/to/-/address\":\"x\"}}", "{\"eq\":{\"/channel/x\":\"sms\"}}",
	     "{\"eq\":{\"/to/99999999999999999999/address\":\"x\"}}",
	     "{\"eq\":{\"/to/address\":\"x\"}}");
}

static void in_finds_one_of_many(void)
{
	HOLD("{\"in\":{\"channel\":[\"mms\",\"sms\",\"rcs\"]}}", "{\"in\":{\"channel\":[\"sms\"]}}",
	     "{\"in\":{\"n\":[1,\"42\",42]}}", "{\"in\":{\"nil\":[\"a\",null]}}",
	     "{\"in\":{\"yes\":[false,true]}}",
	     "{\"in\":{\"text\":[\"hello there, how are you\",\"hello world, how are you\"]}}",
	     "{\"in\":{\"channel\":[\"a\",\"b\",\"c\",\"sms\",\"sms\",\"d\",\"ee\",\"fff\",1,true]}}");
	FAIL("{\"in\":{\"channel\":[\"a\",\"smt\",\"sm\"]}}", "{\"in\":{\"n\":[41,\"42\"]}}",
	     "{\"in\":{\"missing\":[null]}}", "{\"in\":{\"yes\":[\"true\",1]}}",
	     "{\"in\":{\"text\":[\"hallo world, how are you\"]}}");
}

static void prefix_and_suffix(void)
{
	HOLD("{\"prefix\":{\"/from/address\":\"+1\"}}",
	     "{\"prefix\":{\"/from/address\":[\"+44\",\"+1555\"]}}",
	     "{\"prefix\":{\"text\":\"hello world\"}}", "{\"suffix\":{\"text\":\", how are you\"}}",
	     "{\"suffix\":{\"text\":\"you\"}}", "{\"prefix\":{\"empty\":\"\"}}",
	     "{\"prefix\":{\"channel\":\"sms\"}}", "{\"suffix\":{\"channel\":[\"x\",\"sms\"]}}",
	     "{\"prefix\":{\"text\":\"hello wo\"}}");
	FAIL("{\"prefix\":{\"/from/address\":\"+2\"}}", "{\"prefix\":{\"channel\":\"smss\"}}",
	     "{\"suffix\":{\"channel\":\"xsms\"}}", "{\"prefix\":{\"n\":\"4\"}}",
	     "{\"prefix\":{\"missing\":\"\"}}", "{\"prefix\":{\"text\":\"hello worms\"}}",
	     "{\"suffix\":{\"text\":\"x how are you\"}}");
}

static void exists_means_all_of_them(void)
{
	HOLD("{\"exists\":\"channel\"}", "{\"exists\":[\"nil\",\"/to/0\"]}",
	     "{\"not\":{\"exists\":\"missing\"}}");
	FAIL("{\"exists\":\"missing\"}", "{\"exists\":[\"channel\",\"/to/7\"]}",
	     "{\"not\":{\"exists\":[\"nil\",\"n\"]}}");
	HOLD("{\"not\":{\"exists\":[\"nil\",\"missing\"]}}");
}

static void range_has_four_bounds(void)
{
	HOLD("{\"range\":{\"n\":{\"min\":42}}}", "{\"range\":{\"n\":{\"max\":42}}}",
	     "{\"range\":{\"n\":{\"above\":41.9,\"below\":43}}}",
	     "{\"range\":{\"half\":{\"min\":0,\"max\":1}}}", "{\"range\":{\"minus\":{\"below\":0}}}");
	FAIL("{\"range\":{\"n\":{\"min\":43}}}", "{\"range\":{\"n\":{\"max\":41}}}",
	     "{\"range\":{\"n\":{\"above\":42}}}", "{\"range\":{\"n\":{\"below\":42}}}",
	     "{\"range\":{\"channel\":{\"min\":0}}}", "{\"range\":{\"missing\":{\"max\":1}}}");
}

static void regex_is_found_in_strings(void)
{
	HOLD("{\"regex\":{\"text\":\"w.rld\"}}",
	     "{\"regex\":{\"channel\":\"^sms$\",\"text\":\"^hello\"}}");
	FAIL("{\"regex\":{\"text\":\"^world\"}}", "{\"regex\":{\"n\":\"4\"}}",
	     "{\"regex\":{\"missing\":\"\"}}");
}

static void conditions_combine(void)
{
	HOLD("{\"all\":[{\"eq\":{\"n\":42}},{\"eq\":{\"channel\":\"sms\"}}]}",
	     "{\"any\":[{\"eq\":{\"n\":1}},{\"eq\":{\"channel\":\"sms\"}}]}",
	     "{\"not\":{\"eq\":{\"n\":1}}}", "{\"not\":{\"not\":{\"eq\":{\"n\":42}}}}",
	     "{\"not\":{\"all\":[{\"eq\":{\"n\":42}},{\"eq\":{\"n\":1}}]}}",
	     "{\"eq\":{\"n\":42},\"any\":[{\"eq\":{\"n\":1}},{\"not\":{\"any\":[{\"eq\":{\"n\":1}},{\"eq\":{\"n\":2}}]}}]}",
	     "{\"any\":[{\"all\":[{\"eq\":{\"n\":42}},{\"eq\":{\"n\":1}}]},{\"exists\":\"n\"}]}",
	     "{\"not\":{\"eq\":{\"n\":42,\"channel\":\"mms\"}}}");
	FAIL("{\"all\":[{\"eq\":{\"n\":42}},{\"eq\":{\"channel\":\"mms\"}}]}",
	     "{\"any\":[{\"eq\":{\"n\":1}},{\"eq\":{\"channel\":\"mms\"}}]}",
	     "{\"not\":{\"eq\":{\"n\":42}}}", "{\"eq\":{\"n\":42,\"channel\":\"mms\"}}",
	     "{\"eq\":{\"n\":42},\"prefix\":{\"channel\":\"x\"}}",
	     "{\"not\":{\"any\":[{\"eq\":{\"n\":1}},{\"eq\":{\"n\":42}}]}}");
}

/* Every tree of three tests, true or false, against the plain meaning of the words. */
static void combinations_mean_what_they_say(void)
{
	static const char *const leaf[] = { "{\"eq\":{\"n\":0}}", "{\"eq\":{\"n\":42}}" };
	static const char *const word[] = { "all", "any" };

	for (unsigned bits = 0; bits < 64; bits++) {
		bool a = bits & 1, b = bits & 2, c = bits & 4, outer = bits & 8, inner = bits & 16,
		     not = bits & 32;
		bool in = inner ? a || b : a && b;
		bool want = outer ? (in != not ) || c : (in != not ) && c;
		struct str group = arena_fmt(arena, "{\"%s\":[%s,%s]}", word[inner], leaf[a], leaf[b]);
		struct str cond = arena_fmt(arena, not ? "{\"%s\":[{\"not\":%s},%s]}" : "{\"%s\":[%s,%s]}",
					    word[outer], group.p, leaf[c]);

		CHECK(test(cond.p) == want);
		CHECK(test(arena_fmt(arena, "{\"not\":%s}", cond.p).p) == !want);
	}
}

static void jq_runs_last(void)
{
	HOLD("{\"jq\":\".n == 42\"}", "{\"jq\":\".to[] | select(.address == \\\"x\\\")\"}",
	     "{\"any\":[{\"jq\":\"error\"},{\"eq\":{\"n\":42}}]}");
	FAIL("{\"jq\":\".nil\"}", "{\"jq\":\"empty\"}", "{\"jq\":\"error\",\"eq\":{\"n\":1}}",
	     "{\"all\":[{\"jq\":\"error\"},{\"all\":[{\"jq\":\"error\"},{\"eq\":{\"n\":1}}]}]}",
	     "{\"not\":{\"any\":[{\"jq\":\"error\"},{\"eq\":{\"n\":42}}]}}");
	CHECK(test("{\"jq\":\".n.x\"}") == -1);
	CHECK(e.fault == FAULT_DATA);
	CHECK_STR(str_c(e.code), "expr-failed");
}

static void records_are_seen_as_later_stages_will(void)
{
	struct match *m = compiled((const char *const[]){ "{\"eq\":{\"/verified/scheme\":\"x\"}}",
							  "{\"jq\":\".verified.scheme == \\\"x\\\"\"}",
							  "{\"eq\":{\"n\":42}}", NULL },
				   STR(""));
	struct rec r;

	CHECK(m && rec_parse(&r, STR(record), arena, &e) == 0);
	match_begin(m, &r);
	CHECK(match_test(m, 0, &e) == 0 && match_test(m, 1, &e) == 0 && match_test(m, 2, &e) == 1);
	rec_add(&r, "verified", STR("{\"scheme\":\"x\"}"));
	rec_add(&r, "n", STR("1"));
	match_begin(m, &r);
	CHECK(match_test(m, 0, &e) == 1 && match_test(m, 1, &e) == 1 && match_test(m, 2, &e) == 0);
	match_free(m);
}

static void why_names_the_test_that_decided(void)
{
	struct match *m = compiled(
		(const char *const[]){ "{\"eq\":{\"channel\":\"sms\",\"/from/address\":\"y\"}}",
				       "{\"all\":[{\"exists\":\"n\"},{\"exists\":[\"n\",\"/to/9\"]}]}",
				       "{\"not\":{\"in\":{\"n\":[42]}}}", NULL },
		STR("/routes/0/when"));
	const struct json *found;
	struct rec r;

	CHECK(m && rec_parse(&r, STR(record), arena, &e) == 0);
	match_begin(m, &r);
	CHECK(match_test(m, 0, &e) == 0);
	CHECK_STR(match_why(m, &found), "/eq/~1from~1address");
	CHECK_STR(json_str(found), "+15550100");
	CHECK(match_test(m, 1, &e) == 0);
	CHECK_STR(match_why(m, &found), "/all/1/exists/1");
	CHECK(!found);
	CHECK(match_test(m, 2, &e) == 0);
	CHECK_STR(match_why(m, &found), "/not/in/n");
	CHECK_STR(json_text(found), "42");
	match_free(m);
}

static void check_error(const char *cond, const char *want)
{
	CHECK(test(cond) == -2);
	CHECK(e.fault == FAULT_CONFIG);
	CHECK(strcmp(e.text, want) == 0);
	if (strcmp(e.text, want) != 0)
		unit_show("said", str_c(e.text));
}

static void errors_name_the_path(void)
{
	check_error("{\"prefx\":{\"a\":1}}",
		    "omni.json: /when/prefx: unknown condition; did you mean \"prefix\"");
	check_error("{\"zzzzzzzz\":{}}", "omni.json: /when/zzzzzzzz: unknown condition");
	check_error("{}", "omni.json: /when: must be a condition, an object such as {\"eq\":{\"channel\":\"sms\"}}, not an empty object");
	check_error("{\"all\":[{\"eq\":{\"a\":[1]}}]}",
		    "omni.json: /when/all/0/eq/a: must be a string, a number, true, false or null, not array");
	check_error("{\"any\":[]}",
		    "omni.json: /when/any: must be an array of conditions, not an empty array");
	check_error("{\"not\":[]}",
		    "omni.json: /when/not: must be a condition, an object such as {\"eq\":{\"channel\":\"sms\"}}, not an empty array");
	check_error("{\"eq\":\"a\"}", "omni.json: /when/eq: must be an object of paths, not string");
	check_error("{\"eq\":{\"\":1}}",
		    "omni.json: /when/eq/: an empty path names the whole record; name a member");
	check_error("{\"eq\":{\"/a~2\":1}}",
		    "omni.json: /when/eq/~1a~02: in a JSON Pointer \"~\" must be followed by 0 or 1");
	CHECK(test("{\"eq\":{\"a\\u0000\":1}}") == -2);
	check_error("{\"in\":{\"a\":\"b\"}}",
		    "omni.json: /when/in/a: must be an array of values, not string");
	check_error("{\"in\":{\"a\":[{}]}}",
		    "omni.json: /when/in/a/0: must be a string, a number, true, false or null, not an empty object");
	check_error("{\"prefix\":{\"a\":[1]}}",
		    "omni.json: /when/prefix/a/0: must be a string, not number");
	check_error("{\"suffix\":{\"a\":1}}",
		    "omni.json: /when/suffix/a: must be a string or an array of strings, not number");
	check_error("{\"exists\":true}",
		    "omni.json: /when/exists: must be a path or an array of paths, not boolean");
	check_error("{\"range\":{\"a\":{\"mim\":1}}}",
		    "omni.json: /when/range/a/mim: unknown bound; did you mean \"min\"");
	check_error("{\"range\":{\"a\":{\"min\":\"1\"}}}",
		    "omni.json: /when/range/a/min: must be a number, not string");
	check_error("{\"regex\":{\"a\":\"(\"}}",
		    "omni.json: /when/regex/a: regular expression: missing closing parenthesis, at character 2");
	check_error("{\"jq\":1}", "omni.json: /when/jq: must be a jq filter, a string, not number");
	check_error("{\"any\":[{\"jq\":\".\"},{\"jq\":\".a |\\n| 1\"}]}",
		    "omni.json: /when/any/1/jq: line 2: syntax error, unexpected '|'");
}

static void depth_is_bounded(void)
{
	struct buf b = { .max = 1u << 20 };

	for (int i = 0; i < 1000; i++)
		buf_lit(&b, "{\"not\":");
	buf_lit(&b, "{\"exists\":\"n\"}");
	for (int i = 0; i < 1000; i++)
		buf_char(&b, '}');
	buf_char(&b, '\0');
	CHECK(test(b.p) == -2);
	CHECK(strstr(e.text, "nested too deep") != NULL);
	buf_free(&b);
}

/* ---- match_need ---- */

static uint64_t seed = 88172645463325252;

static unsigned some(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

/* ${word} as a JSON string: characters as they are, or spelled with escapes. */
static void put_spelled(struct buf *b, const char *word)
{
	bool plain = some(3) > 0;

	buf_char(b, '"');
	for (; *word; word++) {
		if (!plain && some(3) == 0)
			buf_fmt(b, some(2) ? "\\u%04x" : "\\u%04X", (unsigned)*word);
		else if (*word == '"' || *word == '\\' || (*word == '/' && some(2)))
			buf_fmt(b, "\\%c", *word);
		else if (*word == '\n')
			buf_lit(b, "\\n");
		else
			buf_char(b, *word);
	}
	buf_char(b, '"');
}

static const char *const spoken[] = { "",     "sms", "smsx",   "xsms", "s",     "m/s", "/",
				      "a\"b", "\\u", "\\/sms", "l\ns", "k-\\n", "zz",  "0" };

static void put_record(struct buf *b)
{
	buf_char(b, '{');
	for (unsigned i = 0, n = some(4); i < n; i++) {
		json_key_str(b, str_c(&"a\0b\0c"[2 * some(3)]));
		if (some(4) == 0)
			buf_lit(b, "[1,null]");
		else
			put_spelled(b, spoken[some(LEN(spoken))]);
	}
	buf_char(b, '}');
}

static void put_test(struct buf *b)
{
	static const char *const word[] = { "eq", "in", "prefix", "suffix" };
	unsigned w = some(7);

	if (w > 4) {
		buf_lit(b, "{\"exists\":\"a\"}");
	} else if (w == 4) {
		buf_lit(b, "{\"regex\":{\"a\":\"^(s|z)\"}}");
	} else {
		buf_fmt(b, "{\"%s\":{\"%c\":", word[w], 'a' + (int)some(3));
		if (w > 0)
			buf_char(b, '[');
		for (unsigned n = w > 0 ? 1 + some(3) : 1; n > 0; n--)
			json_put_str(b, str_c(spoken[some(LEN(spoken))]));
		buf_fmt(b, w > 0 ? "]}}" : "}}");
	}
}

static void put_condition(struct buf *b, unsigned depth)
{
	unsigned w = depth > 0 ? some(5) : 4;

	if (w > 2) {
		put_test(b);
	} else if (w == 2) {
		buf_lit(b, "{\"not\":");
		put_condition(b, depth - 1);
		buf_char(b, '}');
	} else {
		buf_fmt(b, "{\"%s\":[", w ? "all" : "any");
		for (unsigned n = 1 + some(3); n > 0; n--) {
			put_condition(b, depth - 1);
			buf_str(b, n > 1 ? STR(",") : STR("]}"));
		}
	}
}

/* The law: a line that lacks what is needed does not match; over conditions and spellings at random. */
static void what_lacks_the_need_never_matches(void)
{
	struct buf c = { .max = 1 << 16 }, line = { .max = 1 << 16 };
	unsigned known = 0, lacked = 0, matched = 0;

	for (int i = 0; i < 3000; i++) {
		const struct match_need *need;
		struct match *m;

		buf_reset(&c);
		put_condition(&c, 3);
		buf_char(&c, '\0');
		m = compiled((const char *const[]){ c.p, NULL }, STR(""));
		need = m ? match_need(m, 0) : NULL;
		CHECK(m != NULL);
		known += need != NULL;
		for (int k = 0; need && k < 60; k++) {
			struct rec r;
			bool lacks, yes;

			buf_reset(&line);
			put_record(&line);
			CHECK(rec_parse(&r, buf_get(&line), arena, &e) == 0);
			match_begin(m, &r);
			yes = match_test(m, 0, &e) != 0;
			lacks = match_lacks(need, buf_get(&line));
			CHECK(!(lacks && yes));
			if (lacks && yes)
				unit_show(c.p, buf_get(&line));
			lacked += lacks;
			matched += yes;
		}
		match_free(m);
	}
	CHECK(known > 500 && lacked > 2000 && matched > 1000);
	buf_free(&c);
	buf_free(&line);
}

/* What condition ${cond} needs, with spaces between; "-" where that is not known. */
static struct str need_of(const char *cond)
{
	struct match *m = compiled((const char *const[]){ cond, NULL }, STR(""));
	const struct match_need *need = match_need(m, 0);
	struct buf b = { .max = 1 << 16 };
	struct str text = STR("-");

	for (unsigned i = 0; need && i < need->n; i++) {
		if (i > 0)
			buf_char(&b, ' ');
		buf_str(&b, need->text[i]);
	}
	if (need)
		text = arena_str(arena, buf_get(&b));
	buf_free(&b);
	match_free(m);
	return text;
}

static void needs_are_the_rarest_of_an_all_and_each_of_an_any(void)
{
	CHECK_STR(need_of("{\"eq\":{\"channel\":\"sms\"}}"), "\"sms\"");
	CHECK_STR(need_of("{\"eq\":{\"a\":\"sms\",\"b\":\"inbound\"}}"), "\"inbound\"");
	CHECK_STR(need_of("{\"in\":{\"a\":[\"inbound\",\"outbound\"]},\"eq\":{\"b\":\"x\"}}"), "\"x\"");
	CHECK_STR(need_of("{\"in\":{\"a\":[\"xx\",\"y\",\"xx\"]}}"), "\"y\" \"xx\"");
	CHECK_STR(need_of("{\"prefix\":{\"a\":\"+49\"}}"), "\"+49");
	CHECK_STR(need_of("{\"suffix\":{\"a\":\"99\"}}"), "99\"");
	CHECK_STR(need_of("{\"any\":[{\"eq\":{\"a\":\"x\"}},{\"eq\":{\"b\":\"x\"}}]}"), "\"x\"");
	CHECK_STR(need_of("{\"eq\":{\"a\":\"x\"},\"jq\":\".n > 1\"}"), "\"x\"");
	CHECK_STR(need_of("{\"eq\":{\"a\":\"x\"},\"regex\":{\"b\":\"^y\"}}"), "\"x\"");
	CHECK_STR(need_of("{\"regex\":{\"b\":\"^y\"},\"eq\":{\"a\":\"x\"}}"), "-");
	CHECK_STR(need_of("{\"not\":{\"eq\":{\"a\":\"x\"}}}"), "-");
	CHECK_STR(need_of("{\"in\":{\"a\":[\"x\",1]}}"), "-");
	CHECK_STR(need_of("{\"eq\":{\"a\":\"two\\nlines\"}}"), "-");
	CHECK_STR(need_of("{\"in\":{\"a\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}}"),
		  "-");
}

UNIT_MAIN(UNIT(eq_compares_by_type), UNIT(paths_are_pointers_or_names), UNIT(in_finds_one_of_many),
	  UNIT(prefix_and_suffix), UNIT(exists_means_all_of_them), UNIT(range_has_four_bounds),
	  UNIT(regex_is_found_in_strings), UNIT(conditions_combine),
	  UNIT(combinations_mean_what_they_say), UNIT(jq_runs_last),
	  UNIT(records_are_seen_as_later_stages_will), UNIT(why_names_the_test_that_decided),
	  UNIT(errors_name_the_path), UNIT(depth_is_bounded), UNIT(what_lacks_the_need_never_matches),
	  UNIT(needs_are_the_rarest_of_an_all_and_each_of_an_any))
