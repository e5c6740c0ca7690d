/* SPDX-License-Identifier: MIT */
#include "prefix.h"

#include "unit.h"

static void put(struct prefix *p, const char *digits, uint32_t value)
{
	uint32_t *at = prefix_put(p, str_c(digits));

	CHECK(at != NULL);
	if (at)
		*at = value;
}

static void the_longest_prefix_counts(void)
{
	struct prefix *p = prefix_new(arena);
	uint32_t path[PREFIX_MAX + 1];

	CHECK(prefix_get(p, STR("351")) == 0);
	put(p, "351", 1);
	put(p, "3519", 2);
	put(p, "35", 3);
	CHECK(prefix_get(p, STR("351912345678")) == 2);
	CHECK(prefix_get(p, STR("351212345678")) == 1);
	CHECK(prefix_get(p, STR("3512")) == 1);
	CHECK(prefix_get(p, STR("352")) == 3);
	CHECK(prefix_get(p, STR("3")) == 0 && prefix_get(p, STR("")) == 0);
	put(p, "", 9);
	CHECK(prefix_get(p, STR("3")) == 9 && prefix_get(p, STR("")) == 9 &&
	      prefix_get(p, STR("x")) == 9);
	CHECK(prefix_path(p, STR("3519"), path) == 4);
	CHECK(path[0] == 9 && path[1] == 3 && path[2] == 1 && path[3] == 2);
	CHECK(prefix_get(p, STR("35x9")) == 3);
}

static void only_digits_are_a_prefix(void)
{
	struct prefix *p = prefix_new(arena);

	CHECK(!prefix_put(p, STR("+1")));
	CHECK(!prefix_put(p, STR("1a")));
	CHECK(!prefix_put(p, STR("1234567890123456")));
	CHECK(prefix_put(p, STR("123456789012345")));
}

static void many_prefixes_are_kept_apart(void)
{
	struct prefix *p = prefix_new(arena);
	int bad = 0;

	for (uint32_t i = 10000; i < 30000; i++)
		put(p, arena_fmt(arena, "%u", i).p, i);
	for (uint32_t i = 10000; i < 30000; i++)
		bad += prefix_get(p, arena_fmt(arena, "%u55", i)) != i;
	CHECK(bad == 0);
	CHECK(prefix_get(p, STR("9999")) == 0);
}

UNIT_MAIN(UNIT(the_longest_prefix_counts), UNIT(only_digits_are_a_prefix),
	  UNIT(many_prefixes_are_kept_apart))
