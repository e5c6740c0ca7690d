/* SPDX-License-Identifier: MIT */
#include "json_merge.h"

#include "unit.h"

static struct str merged(const char *base, const char *patch)
{
	struct buf b = { .max = SIZE_MAX };
	struct err e;
	struct str out;

	json_merge(&b, json_parse(str_c(base), arena, &e), json_parse(str_c(patch), arena, &e));
	out = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return out;
}

/* RFC 7396, appendix A, but for the order of members, which we keep. */
static void the_cases_of_rfc_7396(void)
{
	static const char *const cases[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
	};

	for (size_t i = 0; i < LEN(cases); i++)
		unit_check_str(merged(cases[i][0], cases[i][1]), str_c(cases[i][2]), __FILE__, __LINE__);
}

static void depth_has_an_end(void)
{
	struct buf b = { .max = SIZE_MAX };
	struct str deep;

	for (int i = 0; i < 10000; i++)
		buf_lit(&b, "{\"a\":");
	buf_lit(&b, "1");
	for (int i = 0; i < 10000; i++)
		buf_char(&b, '}');
	buf_char(&b, '\0');
	deep = merged(b.p, b.p);
	CHECK(deep.n == b.n - 1);
	buf_free(&b);
}

UNIT_MAIN(UNIT(the_cases_of_rfc_7396), UNIT(depth_has_an_end))
