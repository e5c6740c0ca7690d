/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "store_query.h"

static void all_words_must_be_there(void)
{
	CHECK_STR(store_words(arena, STR("order")), "\"order\"");
	CHECK_STR(store_words(arena, STR("  my order  ")), "\"my\" AND \"order\"");
	CHECK_STR(store_words(arena, STR("\"my order\" 1042")), "\"my order\" AND \"1042\"");
}

static void a_star_is_the_rest_of_a_word(void)
{
	CHECK_STR(store_words(arena, STR("ord*")), "\"ord*\"*");
	CHECK_STR(store_words(arena, STR("\"my ord\"*")), "\"my ord\"*");
	CHECK(store_words(arena, STR("*")).p == NULL);
}

static void a_minus_leaves_out(void)
{
	CHECK_STR(store_words(arena, STR("a -b -\"c d\"")), "(\"a\") NOT (\"b\" OR \"c d\")");
	CHECK(store_words(arena, STR("-b")).p == NULL);
	CHECK_STR(store_words(arena, STR("a - b")), "\"a\" AND \"b\"");
}

static void syntax_is_words(void)
{
	CHECK_STR(store_words(arena, STR("a AND (b")), "\"a\" AND \"AND\" AND \"(b\"");
	CHECK_STR(store_words(arena, STR("text:a NEAR(b)")), "\"text:a\" AND \"NEAR(b)\"");
	CHECK_STR(store_words(arena, STR("a\"b\"c")), "\"a\" AND \"b\" AND \"c\"");
	CHECK_STR(store_words(arena, STR("\"open")), "\"open\"");
	CHECK(store_words(arena, STR("?! \"\" \"")).p == NULL);
	CHECK(store_words(arena, STR("")).p == NULL);
}

UNIT_MAIN(UNIT(all_words_must_be_there), UNIT(a_star_is_the_rest_of_a_word),
	  UNIT(a_minus_leaves_out), UNIT(syntax_is_words))
