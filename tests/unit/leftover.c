/* SPDX-License-Identifier: MIT */
#include "leftover.h"

#include "unit.h"

static const struct json *parse(const char *text)
{
	struct err e;

	return json_parse(str_c(text), arena, &e);
}

static struct str members(const char *text, struct str under, const struct str *taken, size_t n)
{
	struct buf b = leftover_begin();

	leftover_members(&b, under, parse(text), taken, n);
	return leftover_end(arena, &b);
}

static void nothing_left_is_nothing_there(void)
{
	struct buf b = leftover_begin();

	CHECK(!leftover_end(arena, &b).p);
	b = leftover_begin();
	json_add_str(&b, "a", STR(""));
	CHECK_STR(leftover_end(arena, &b), "{\"a\":\"\"}");
}

static void members_that_are_not_taken_stay(void)
{
	static const struct str taken[] = { STR("a"), STR_NONE, STR("c") };

	CHECK_STR(members("{\"a\":1,\"b\":[2],\"\":3}", STR_NONE, taken, LEN(taken)),
		  "{\"b\":[2],\"\":3}");
	CHECK_STR(members("{\"a\":1,\"b\":2}", STR("in"), taken, LEN(taken)), "{\"in\":{\"b\":2}}");
	CHECK(!members("{\"a\":1,\"c\":2}", STR("in"), taken, LEN(taken)).p);
}

static void the_whole_is_always_an_object(void)
{
	CHECK_STR(leftover_whole(arena, parse("{ \"a\": 1 }")), "{\"a\":1}");
	CHECK_STR(leftover_whole(arena, parse("{}")), "{}");
	CHECK_STR(leftover_whole(arena, parse("[1]")), "{\"body\":[1]}");
	CHECK_STR(leftover_whole(arena, NULL), "{\"body\":null}");
}

static struct str put(const struct leftover *l, const struct json *root)
{
	struct buf b = leftover_begin();

	leftover_put(&b, l, root);
	return leftover_end(arena, &b);
}

static void places_decide_what_is_left(void)
{
	const struct json *root =
		parse("{\"a\":1,\"b\":{\"a\":1,\"n\":null},\"c\":[1,{\"d\":2}],\"e\":\"\"}");
	struct leftover l = { .bare = false }, bare = { .bare = true };

	leftover_taken(&l, json_get(root, "a"));
	leftover_taken(&l, NULL);
	leftover_opened(&l, json_get(root, "b"));
	leftover_opened(&l, json_get(root, "c"));
	leftover_taken(&l, json_at(json_get(root, "c"), 0));
	CHECK_STR(put(&l, root), "{\"b\":{\"a\":1,\"n\":null},\"c\":[{\"d\":2}],\"e\":\"\"}");
	leftover_opened(&bare, json_get(root, "b"));
	leftover_taken(&bare, json_get(json_get(root, "b"), "a"));
	CHECK_STR(put(&bare, root), "{\"a\":1,\"c\":[1,{\"d\":2}]}");
}

static void too_many_places_take_no_more(void)
{
	const struct json *root = parse("{\"a\":1,\"b\":2}");
	struct leftover l = { .bare = false };

	for (size_t i = 0; i < LEFTOVER_PLACES_MAX; i++)
		leftover_taken(&l, json_get(root, "a"));
	leftover_taken(&l, json_get(root, "b"));
	CHECK_STR(put(&l, root), "{\"b\":2}");
}

UNIT_MAIN(UNIT(nothing_left_is_nothing_there), UNIT(members_that_are_not_taken_stay),
	  UNIT(the_whole_is_always_an_object), UNIT(places_decide_what_is_left),
	  UNIT(too_many_places_take_no_more))
