/* SPDX-License-Identifier: MIT */
#include "shown.h"

#include "unit.h"

static struct str put(struct str s, size_t width)
{
	struct buf b = { .max = SIZE_MAX };
	struct str out;

	buf_lit(&b, "");
	shown_padded(&b, s, width);
	out = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return out;
}

static void what_steers_a_terminal_is_shown(void)
{
	CHECK_STR(put(STR("a\x1b[2Jb\n\x7f"), 0), "a\\x1b[2Jb\\x0a\\x7f");
	CHECK_STR(put(STR("\xc2\x9b"
			  "1m \xc2\xa0 \xc3\xa9"),
		      0),
		  "\\x9b1m \xc2\xa0 \xc3\xa9");
	CHECK_STR(put(STR("\xc2"), 0), "\xc2");
	CHECK_STR(put(STR(""), 3), "   ");
}

static void characters_are_padded_and_not_bytes(void)
{
	CHECK_STR(put(STR("\xc3\xa9t\xc3\xa9"), 5), "\xc3\xa9t\xc3\xa9  ");
	CHECK_STR(put(STR("longer"), 3), "longer");
}

static void spans_have_two_units(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = { { -1, "-" },
		      { 0, "0ms" },
		      { 999, "999ms" },
		      { 1000, "1s" },
		      { 59999, "59s" },
		      { 60000, "1m" },
		      { 61000, "1m 1s" },
		      { 3600000, "1h" },
		      { 3659000, "1h" },
		      { 7500000, "2h 5m" },
		      { 86400000, "1d" },
		      { 90000000, "1d 1h" },
		      { INT64_MAX, "106751991167d 7h" } };
	char out[SHOWN_MAX];

	for (size_t i = 0; i < LEN(cases); i++)
		CHECK(strcmp(shown_span(out, cases[i].ms), cases[i].text) == 0);
}

static void sizes_have_three_digits(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 1023, "1023" },
		      { 1024, "1.00K" },
		      { 10239, "10.0K" },
		      { 102399, "100K" },
		      { 1023 * 1024, "1.00M" },
		      { 999 * 1024, "999K" },
		      { 14889779, "14.2M" },
		      { (uint64_t)1 << 40, "1.00T" },
		      { UINT64_MAX, "16.0E" } };
	char out[SHOWN_MAX];

	for (size_t i = 0; i < LEN(cases); i++)
		CHECK(strcmp(shown_size(out, cases[i].bytes), cases[i].text) == 0);
}

UNIT_MAIN(UNIT(what_steers_a_terminal_is_shown), UNIT(characters_are_padded_and_not_bytes),
	  UNIT(spans_have_two_units), UNIT(sizes_have_three_digits))
