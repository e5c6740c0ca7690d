/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "store_cursor.h"

static uint32_t query(const char *a, const char *b)
{
	return page_cursor_query((struct str[]){ str_c(a), str_c(b) }, 2);
}

static void comes_back_as_it_was(void)
{
	static const struct page_cursor places[] = {
		{ 0, 0 }, { 1768381200000, 42 }, { -1, 1 }, { INT64_MIN, INT64_MAX }
	};
	struct err e;

	for (size_t i = 0; i < LEN(places); i++) {
		struct str text = page_cursor_write(arena, 7, &places[i]);
		struct page_cursor c = { 5, 5 };

		CHECK(text.n == CURSOR_TEXT);
		CHECK(page_cursor_read(arena, text, 7, &c, &e) == 0);
		CHECK(c.at == places[i].at && c.seq == places[i].seq);
	}
}

static void belongs_to_one_query(void)
{
	struct str text = page_cursor_write(arena, query("a", "b"), &(struct page_cursor){ 1, 2 });
	struct page_cursor c;
	struct err e;

	CHECK(page_cursor_read(arena, text, query("a", "b"), &c, &e) == 0);
	CHECK(page_cursor_read(arena, text, query("ab", ""), &c, &e) < 0 && e.fault == FAULT_USAGE);
	CHECK(query("a", NULL) != query("a", ""));
	CHECK(query("", "a") != query("a", ""));
}

static void refuses_what_is_none(void)
{
	static const char *const none[] = { "",
					    "x",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!" };
	struct page_cursor c;
	struct err e;

	for (size_t i = 0; i < LEN(none); i++)
		CHECK(page_cursor_read(arena, str_c(none[i]), 0, &c, &e) < 0 && e.fault == FAULT_USAGE);
}

UNIT_MAIN(UNIT(comes_back_as_it_was), UNIT(belongs_to_one_query), UNIT(refuses_what_is_none))
