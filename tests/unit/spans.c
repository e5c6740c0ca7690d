/* SPDX-License-Identifier: MIT */
#include "spans.h"

#include "unit.h"

static struct str written(const struct spans *s)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text;

	spans_write(&b, s);
	text = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return text;
}

/* The part ${part} of ${parts}. */
static int add(struct spans *s, int64_t part, int64_t parts)
{
	return spans_add(s, (struct span){ { part - 1, parts }, { part, parts } });
}

static void parts_in_any_order_make_the_whole(void)
{
	static const int orders[][4] = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 2, 4, 1, 3 }, { 1, 3, 2, 4 } };

	for (size_t i = 0; i < LEN(orders); i++) {
		struct spans s = { 0 };

		for (size_t k = 0; k < 4; k++) {
			CHECK(!spans_whole(&s));
			CHECK(add(&s, orders[i][k], 4) == 0);
		}
		CHECK(spans_whole(&s) && s.n == 1);
		spans_free(&s);
	}
}

static void parts_of_parts_are_exact(void)
{
	struct spans s = { 0 };

	/* thirds, of which the second was divided by seven and its fourth part by ten million */
	add(&s, 1, 3);
	add(&s, 3, 3);
	for (int64_t i = 1; i <= 7; i++)
		if (i != 4)
			add(&s, 7 + i, 21);
	CHECK(s.n == 2);
	for (int64_t i = 0; i < 1000; i++)
		add(&s, (int64_t)10 * 10000000 + 1 + i, (int64_t)21 * 10000000);
	CHECK(s.n == 2 && !spans_whole(&s));
	spans_add(&s, (struct span){ { 100001000, 210000000 }, { 11, 21 } });
	CHECK(spans_whole(&s));
	spans_free(&s);
}

static void what_is_missing_is_noticed_however_little(void)
{
	struct spans s = { 0 };

	/* 1/3 as a double ends before or behind it; the gap is 1/(3 * 2^61) */
	spans_add(&s, (struct span){ { 0, 1 }, { 768614336404564650, 2305843009213693952 } });
	spans_add(&s, (struct span){ { 1, 3 }, { 1, 1 } });
	CHECK(s.n == 2 && !spans_whole(&s));
	spans_add(&s, (struct span){ { 1, 4 }, { 2, 3 } });
	CHECK(spans_whole(&s));
	spans_free(&s);
	add(&s, 1, INT64_MAX);
	add(&s, INT64_MAX, INT64_MAX);
	CHECK(s.n == 2 && !spans_whole(&s));
	spans_free(&s);
}

static void a_part_twice_counts_once(void)
{
	struct spans s = { 0 };

	for (int i = 0; i < 3; i++)
		add(&s, 1, 3);
	add(&s, 2, 6);
	CHECK_STR(written(&s), "0/3-1/3");
	add(&s, 3, 3);
	add(&s, 3, 3);
	CHECK(!spans_whole(&s));
	add(&s, 1, 1);
	CHECK(spans_whole(&s));
	spans_free(&s);
}

static void a_set_has_a_bound(void)
{
	struct spans s = { 0 };

	for (int64_t i = 0; i < SPANS_MAX; i++)
		CHECK(add(&s, 2 * i + 1, 4 * SPANS_MAX) == 0);
	CHECK(add(&s, 4 * SPANS_MAX, 4 * SPANS_MAX) == -1);
	CHECK(add(&s, 2, 4 * SPANS_MAX) == 0); /* fills a gap: there is room for that, and then again */
	CHECK(add(&s, 4 * SPANS_MAX, 4 * SPANS_MAX) == 0);
	spans_free(&s);
}

static void sets_are_written_and_read(void)
{
	static const char *const bad[] = { "0/0-1/1",
					   "1/1-1/2",
					   "1/2-1/2",
					   "-1/2-1/1",
					   "0/1-2/1",
					   "0/1-1/1,x",
					   "0/1",
					   "0/1-",
					   "0/1-1/",
					   "/-/",
					   "0/1-1/99999999999999999999",
					   "0/1 -1/1" };
	struct spans s = { 0 }, again = { 0 };

	add(&s, 1, 3);
	add(&s, 5, 6);
	CHECK_STR(written(&s), "0/3-1/3,4/6-5/6");
	CHECK(spans_read(&again, written(&s)) == 0);
	CHECK_STR(written(&again), "0/3-1/3,4/6-5/6");
	add(&again, 6, 6);
	CHECK(spans_merge(&again, &s) == 0 && again.n == 2);
	add(&s, 2, 3);
	CHECK(spans_merge(&again, &s) == 0 && spans_whole(&again));
	spans_free(&s);
	spans_free(&again);
	for (size_t i = 0; i < LEN(bad); i++) {
		CHECK(spans_read(&s, str_c(bad[i])) == -1);
		spans_free(&s);
	}
}

UNIT_MAIN(UNIT(parts_in_any_order_make_the_whole), UNIT(parts_of_parts_are_exact),
	  UNIT(what_is_missing_is_noticed_however_little), UNIT(a_part_twice_counts_once),
	  UNIT(a_set_has_a_bound), UNIT(sets_are_written_and_read))
