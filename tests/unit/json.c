/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "json_scan.h"

#include <stdlib.h>

#include "unit.h"

static struct err e;

/* ${text} parsed from a copy that is gone afterwards, as the header allows. */
static const struct json *parse(struct str text)
{
	char *copy = malloc(text.n ? text.n : 1);
	const struct json *v;

	if (!copy)
		abort();
	if (text.n)
		memcpy(copy, text.p, text.n);
	e = (struct err){ 0 };
	v = json_parse((struct str){ copy, text.n }, arena, &e);
	memset(copy, 'X', text.n);
	free(copy);
	return v;
}

static struct str written(const struct json *v)
{
	struct buf b = { .max = 1u << 24 };
	struct str s;

	json_put_value(&b, v);
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void values_have_their_types(void)
{
	CHECK(json_type(parse(STR("null"))) == JSON_NULL);
	CHECK(json_type(parse(STR(" true\n"))) == JSON_BOOL);
	CHECK(json_type(parse(STR("-0.5e3"))) == JSON_NUMBER);
	CHECK(json_type(parse(STR("\"s\""))) == JSON_STRING);
	CHECK(json_type(parse(STR("[]"))) == JSON_ARRAY);
	CHECK(json_type(parse(STR("{}"))) == JSON_OBJECT);
	CHECK(json_type(NULL) == JSON_NONE);
	CHECK(strcmp(json_type_name(JSON_STRING), "string") == 0 &&
	      strcmp(json_type_name(JSON_NUMBER), "number") == 0);
	CHECK(json_true(parse(STR("true"))) && !json_true(parse(STR("false"))) &&
	      !json_true(parse(STR("1"))));
	CHECK(!json_true(NULL));
}

static void members_and_elements_are_found(void)
{
	const struct json *v = parse(
		STR("{\"a\":{\"b\":[1,[2,3],{\"c\":\"x\"}]},\"a\":1,\"\":2,\"a/b\":3,\"m~n\":4}"));

	CHECK_STR(json_get_str(json_at(json_get(json_get(v, "a"), "b"), 2), "c"), "x");
	CHECK(json_is(json_get(v, "a"), JSON_OBJECT)); /* the first counts */
	CHECK_STR(json_text(json_getn(v, STR(""))), "2");
	CHECK_STR(json_text(json_getn(v, STR_NONE)), "2");
	CHECK(json_get(v, "x") == NULL && json_get(json_get(v, "x"), "y") == NULL &&
	      json_at(v, 0) == NULL);
	CHECK(json_at(json_pointer(v, STR("/a/b")), 3) == NULL);
	CHECK(json_getn(v, STR("a\0")) == NULL);
	CHECK_STR(json_text(json_pointer(v, STR("/a/b/1/1"))), "3");
	CHECK_STR(json_str(json_pointer(v, STR("/a/b/2/c"))), "x");
	CHECK_STR(json_text(json_pointer(v, STR("/a~1b"))), "3");
	CHECK_STR(json_text(json_pointer(v, STR("/m~0n"))), "4");
	CHECK_STR(json_text(json_pointer(v, STR("/"))), "2");
	CHECK(json_pointer(v, STR("")) == v && json_pointer(v, STR_NONE) == v);
	CHECK(json_pointer(v, STR("/a/b/3")) == NULL && json_pointer(v, STR("/a/b/-")) == NULL);
	CHECK(json_pointer(v, STR("/a/b/01")) == NULL && json_pointer(v, STR("a")) == NULL);
	CHECK(json_pointer(NULL, STR("/a")) == NULL);
}

static void strings_are_their_characters(void)
{
	CHECK_STR(json_str(parse(STR("\"caf\\u00e9 \\ud83d\\udc4b \\\"\\\\\\/\\b\\f\\n\\r\\t\""))),
		  "caf\xc3\xa9 \xf0\x9f\x91\x8b \"\\/\b\f\n\r\t");
	CHECK_STR(json_str(parse(STR("\"a\\u0000b\""))), "a\0b");
	CHECK(json_str(parse(STR("\"\""))).p != NULL);
	CHECK(json_str(parse(STR("1"))).p == NULL && json_str(NULL).p == NULL);
	CHECK(json_text(parse(STR("true"))).p == NULL && json_text(NULL).p == NULL);
	CHECK_STR(json_text(parse(STR("\"s\""))), "s");
}

static void numbers_keep_their_text(void)
{
	int64_t i;
	double d;

	CHECK_STR(json_text(parse(STR("12345678901234567890123"))), "12345678901234567890123");
	CHECK_STR(json_text(parse(STR("1.10"))), "1.10");
	CHECK_STR(json_text(parse(STR("-1E+2"))), "-1E+2");
	CHECK_STR(written(parse(STR("[1.0,1e400,12345678901234567890123]"))),
		  "[1.0,1e400,12345678901234567890123]");
	CHECK(json_double(parse(STR("0.25")), &d) == 0 && d == 0.25);
	CHECK(json_double(parse(STR("\"1\"")), &d) == -1 && json_double(NULL, &d) == -1);
	CHECK(json_i64(parse(STR("42")), &i) == 0 && i == 42);
	CHECK(json_i64(parse(STR("-42")), &i) == 0 && i == -42);
	CHECK(json_i64(parse(STR("9223372036854775807")), &i) == 0 && i == INT64_MAX);
	CHECK(json_i64(parse(STR("-9223372036854775808")), &i) == 0 && i == INT64_MIN);
	CHECK(json_i64(parse(STR("9223372036854775808")), &i) == -1);
	CHECK(json_i64(parse(STR("1e400")), &i) == -1 && json_i64(parse(STR("-1e400")), &i) == -1);
	CHECK(json_i64(parse(STR("2.0")), &i) == 0 && i == 2);
	CHECK(json_i64(parse(STR("1.5")), &i) == -1);
	CHECK(json_i64(parse(STR("\"7\"")), &i) == -1 && json_i64(parse(STR("true")), &i) == -1);
	CHECK(json_i64(NULL, &i) == -1);
	CHECK(json_i64_text(parse(STR("\"7\"")), &i) == 0 && i == 7);
	CHECK(json_i64_text(parse(STR("8")), &i) == 0 && i == 8);
	CHECK(json_i64_text(parse(STR("\"7x\"")), &i) == -1 &&
	      json_i64_text(parse(STR("\"\"")), &i) == -1);
	CHECK(json_i64_text(parse(STR("[]")), &i) == -1 && json_i64_text(NULL, &i) == -1);
}

static void what_is_not_json_is_refused(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[1,]",
		"{\"a\":1,}",
		"{a:1}",
		"'s'",
		"01",
		"1.",
		".5",
		"+1",
		"NaN",
		"Infinity",
		"tru",
		"\"\\x\"",
		"\"\\ud800\"",
		"\"a\nb\"",
		"1 2",
		"{} {}",
		"[1 2]",
		"// c\n1",
		"{\"a\" 1}",
		"\xef\xbb\xbf{}",
		"{}\xef\xbb\xbf",
		"-",
		"\"",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct json *v = parse(str_c(bad[i]));

		CHECK(!v && e.fault == FAULT_DATA && e.code && strcmp(e.code, "not-json") == 0);
		if (v)
			unit_show("text", str_c(bad[i]));
	}
	CHECK(!parse(STR("{\"a\":\"\xff\"}")) && strcmp(e.code, "not-utf8") == 0);
	CHECK(!parse(STR("{}\0")) && strcmp(e.code, "not-json") == 0);
	CHECK(!parse(STR("{\"a\0\":1}")) && strcmp(e.code, "not-json") == 0);
	CHECK(!parse(STR_NONE) && strcmp(e.code, "not-json") == 0);
}

static void nesting_has_no_limit(void)
{
	size_t depth = 300000;
	char *text = arena_alloc(arena, depth * 2);
	const struct json *v;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	v = parse((struct str){ text, depth * 2 });
	CHECK(v != NULL);
	CHECK(written(v).n == depth * 2);
	CHECK(parse((struct str){ text, depth * 2 - 1 }) == NULL);
	CHECK(parse((struct str){ text, depth }) == NULL);
}

static void what_a_person_wrote_is_read(void)
{
	const struct json *v = json_parse_relaxed(
		STR("// first\n{ \"a\": [1, 2,], /* c */ \"url\": \"http://x//y\", }\n// last\n"),
		arena, &e);

	CHECK_STR(json_get_str(v, "url"), "http://x//y");
	CHECK(json_len(json_get(v, "a")) == 2);
	CHECK(!json_parse_relaxed(STR("{\n  \"a\": 1\n  \"b\": 2\n}\n"), arena, &e));
	CHECK(e.fault == FAULT_DATA && strstr(e.text, "line 3") && strstr(e.text, "column 3"));
	CHECK(!json_parse_relaxed(STR(""), arena, &e));
}

static void containers_are_walked_through(void)
{
	const struct json *v = parse(STR("{\"a\":[1,[2],{\"x\":3}],\"b\":\"s\",\"a\":4,\"\":null}"));
	static const char *const keys[] = { "a", "b", "a", "" };
	static const enum json_type types[] = { JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_NULL };
	struct json_iter it;
	size_t n = 0;

	CHECK(json_len(v) == 4 && json_len(json_get(v, "a")) == 3);
	CHECK(json_len(json_get(v, "b")) == 0 && json_len(NULL) == 0);
	for (it = json_iter(v); json_next(&it); n++) {
		CHECK(it.i == n && n < 4 && str_eq(it.key, str_c(keys[n])));
		CHECK(json_type(it.value) == types[n]);
	}
	CHECK(n == 4);
	n = 0;
	for (it = json_iter(json_get(v, "a")); json_next(&it); n++)
		CHECK(it.i == n && it.value == json_at(json_get(v, "a"), n));
	CHECK(n == 3);
	for (it = json_iter(parse(STR("[]"))); json_next(&it);)
		CHECK(false);
	for (it = json_iter(parse(STR("{}"))); json_next(&it);)
		CHECK(false);
	for (it = json_iter(parse(STR("\"s\""))); json_next(&it);)
		CHECK(false);
	for (it = json_iter(NULL); json_next(&it);)
		CHECK(false);
}

/* ${line} without its members ${key}; the count must be ${want}. */
static struct str cut(struct str line, const char *key, unsigned want)
{
	struct buf b = { .max = 10000 };
	unsigned n = json_cut(&b, line, str_c(key));
	struct str s = arena_str(arena, buf_get(&b));

	buf_free(&b);
	CHECK(n == want);
	CHECK(parse(s) != NULL);
	return s;
}

static void members_are_cut_and_the_rest_stays(void)
{
	CHECK_STR(cut(STR("{\"a\":1,\"b\":2,\"c\":3}"), "a", 1), "{\"b\":2,\"c\":3}");
	CHECK_STR(cut(STR("{\"a\":1,\"b\":2,\"c\":3}"), "b", 1), "{\"a\":1,\"c\":3}");
	CHECK_STR(cut(STR("{\"a\":1,\"b\":2,\"c\":3}"), "c", 1), "{\"a\":1,\"b\":2}");
	CHECK_STR(cut(STR("{\"a\":1}"), "a", 1), "{}");
	CHECK_STR(cut(STR("{}"), "a", 0), "{}");
	CHECK_STR(cut(STR("{ }"), "a", 0), "{ }");
	CHECK_STR(cut(STR("{\"a\":1,\"a\":2,\"b\":3,\"a\":4}"), "a", 3), "{\"b\":3}");
	CHECK_STR(cut(STR("{\"a\":1,\"a\":2}"), "a", 2), "{}");
	CHECK_STR(cut(STR("{\"x\":{\"a\":1},\"y\":[{\"a\":2}],\"a\":{\"a\":[1,2,{}]}}"), "a", 1),
		  "{\"x\":{\"a\":1},\"y\":[{\"a\":2}]}");
	CHECK_STR(cut(STR("{\"x\":\"\\\"a\\\":1,\",\"a\":\"}],\\\\\",\"y\":\"\\\\\"}"), "a", 1),
		  "{\"x\":\"\\\"a\\\":1,\",\"y\":\"\\\\\"}");
	CHECK_STR(cut(STR("{\"\\u0061\":1,\"b\":2}"), "a", 1), "{\"b\":2}");
	CHECK_STR(cut(STR("{\"ab\":1,\"A\":2,\"\":3}"), "a", 0), "{\"ab\":1,\"A\":2,\"\":3}");
	CHECK_STR(cut(STR("{\"ab\":1,\"\":3}"), "", 1), "{\"ab\":1}");
	CHECK_STR(cut(STR("{\"a\":true,\"b\":-1.5e+3,\"c\":null}"), "b", 1), "{\"a\":true,\"c\":null}");
	CHECK_STR(cut(STR("{\"n\":1.0, \"k\" : [ 1 ] }"), "x", 0), "{\"n\":1.0, \"k\" : [ 1 ] }");
	cut(STR(" { \"a\" : 1 , \"b\" : 2 } "), "a", 1);
	cut(STR(" { \"a\" : 1 , \"b\" : 2 } "), "b", 1);
	cut(STR("\t{\n\"a\"\r:\t[ 1 , 2 ]\n}\n"), "a", 1);
}

static void commas_come_where_they_are_due(void)
{
	struct buf b = { .max = 10000 };

	json_open(&b, '{');
	json_add_str(&b, "s", STR("a\"b"));
	json_add_i64(&b, "n", -5);
	json_add_bool(&b, "t", true);
	json_opt_str(&b, "none", STR_NONE);
	json_opt_str(&b, "empty", STR(""));
	json_key(&b, "list");
	json_open(&b, '[');
	json_put_str(&b, STR("x"));
	json_put_i64(&b, 1);
	json_put_raw(&b, STR("{}"));
	json_open(&b, '[');
	json_close(&b, ']');
	json_open(&b, '{');
	json_close(&b, '}');
	json_close(&b, ']');
	json_add_raw(&b, "raw", STR("[1,2]"));
	json_key_str(&b, STR("k\"\n"));
	json_put_raw(&b, STR("null"));
	json_add_value(&b, "v", parse(STR("{\"a\": [1.50, \"\\u00e9\"]}")));
	json_close(&b, '}');
	CHECK_STR(buf_get(&b), "{\"s\":\"a\\\"b\",\"n\":-5,\"t\":true,\"empty\":\"\","
			       "\"list\":[\"x\",1,{},[],{}],\"raw\":[1,2],\"k\\\"\\n\":null,"
			       "\"v\":{\"a\":[1.50,\"\xc3\xa9\"]}}");
	CHECK(parse(buf_get(&b)) != NULL);
	buf_free(&b);
}

static void strings_that_end_like_brackets_need_commas_too(void)
{
	struct buf b = { .max = 100 };

	json_open(&b, '[');
	json_put_str(&b, STR("{"));
	json_put_str(&b, STR(":"));
	json_put_str(&b, STR("["));
	json_close(&b, ']');
	CHECK_STR(buf_get(&b), "[\"{\",\":\",\"[\"]");
	buf_free(&b);
}

static void texts_are_escaped(void)
{
	struct buf b = { .max = 10000 };
	char all[256 * 2];
	size_t n = 0;

	json_escape(&b, STR("a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9"));
	CHECK_STR(buf_get(&b), "a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9");
	/* Every character at every place of a word, read back. */
	for (unsigned c = 0; c < 128; c++) {
		for (size_t at = 0; at < 17; at++) {
			char text[17];

			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			buf_reset(&b);
			json_put_str(&b, (struct str){ text, sizeof(text) });
			CHECK(str_eq(json_str(parse(buf_get(&b))), (struct str){ text, sizeof(text) }));
		}
	}
	for (unsigned c = 0x80; c < 0x100; c++) {
		all[n++] = (char)(0xc0 | c >> 6);
		all[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_reset(&b);
	json_put_str(&b, (struct str){ all, n });
	CHECK(b.n == n + 2 && memcmp(b.p + 1, all, n) == 0);
	buf_reset(&b);
	json_put_str(&b, STR_NONE);
	CHECK_STR(buf_get(&b), "\"\"");
	buf_free(&b);
}

static void escaping_stops_at_the_maximum(void)
{
	static char text[100000];
	struct buf b = { .max = sizeof(text) };

	memset(text, 'x', sizeof(text));
	json_escape(&b, (struct str){ text, sizeof(text) });
	CHECK(b.n == sizeof(text) && !b.over);
	buf_reset(&b);
	memset(text, '\n', sizeof(text));
	json_escape(&b, (struct str){ text, sizeof(text) });
	CHECK(b.n <= sizeof(text) && b.over);
	buf_free(&b);
}

static void long_texts_come_back_as_they_were(void)
{
	struct buf b = { .max = 1u << 24 };
	char *text = arena_alloc(arena, 200000);

	for (size_t i = 0; i < 200000; i++)
		text[i] = (char)(i * i % 127);
	json_put_str(&b, (struct str){ text, 200000 });
	CHECK(str_eq(json_str(parse(buf_get(&b))), (struct str){ text, 200000 }));
	buf_free(&b);
}

static void values_are_written_as_they_were_read(void)
{
	struct str text = STR(
		"{\"a\":[1,2.50,{\"b\":null}],\"c\":true,\"d\":\"\xc3\xa9\\n\",\"e\":{},\"f\":[],\"g\":1e5}");

	CHECK(str_eq(written(parse(text)), text));
	CHECK_STR(written(NULL), "null");
	CHECK_STR(written(parse(STR("\"a\\/b\""))), "\"a/b\"");
}

static void a_value_is_written_without_white_space(void)
{
	CHECK_STR(json_compact(arena, parse(STR(" { \"a\" : [ 1.50 , null ] } "))), "{\"a\":[1.50,null]}");
	CHECK_STR(json_compact(arena, NULL), "null");
}

UNIT_MAIN(UNIT(values_have_their_types), UNIT(members_and_elements_are_found),
	  UNIT(strings_are_their_characters), UNIT(numbers_keep_their_text),
	  UNIT(what_is_not_json_is_refused), UNIT(nesting_has_no_limit),
	  UNIT(what_a_person_wrote_is_read), UNIT(containers_are_walked_through),
	  UNIT(members_are_cut_and_the_rest_stays), UNIT(commas_come_where_they_are_due),
	  UNIT(strings_that_end_like_brackets_need_commas_too), UNIT(texts_are_escaped),
	  UNIT(escaping_stops_at_the_maximum), UNIT(long_texts_come_back_as_they_were),
	  UNIT(values_are_written_as_they_were_read), UNIT(a_value_is_written_without_white_space))
