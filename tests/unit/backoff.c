/* SPDX-License-Identifier: MIT */
#include "backoff.h"

#include "unit.h"

static const struct backoff usual = { 1000, 3600000 };

static void tries_are_due_at_the_squares(void)
{
	/* Without its spread (key 0 has none) the n-th wait ends n² units after birth. */
	int64_t age = 0;

	for (int64_t n = 1; n <= 500; n++) {
		age += backoff_delay(&usual, age, 0);
		CHECK(age == n * n * 1000);
	}
}

static void waits_grow_up_to_the_longest(void)
{
	int64_t last = 0;

	for (int64_t age = 0; age < (int64_t)1 << 60; age = age * 3 / 2 + 1) {
		int64_t delay = backoff_delay(&usual, age, 0);

		CHECK(delay >= last && delay <= usual.max_ms);
		last = delay;
	}
	CHECK(last == usual.max_ms);
	CHECK(backoff_delay(&usual, INT64_MAX, 0) == usual.max_ms);
}

static void what_failed_together_comes_back_spread(void)
{
	unsigned quarter[4] = { 0 };

	for (uint64_t key = 0; key < 4000; key++) {
		int64_t delay = backoff_delay(&usual, 25000, key); /* 11 s */

		CHECK(delay > 8249 && delay <= 11000);
		CHECK(delay == backoff_delay(&usual, 25000, key));
		quarter[(11000 - delay) * 4 / 2751]++;
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK(quarter[i] > 900 && quarter[i] < 1100);
}

static void a_clock_that_went_back_is_no_age(void)
{
	CHECK(backoff_delay(&usual, -5000, 7) == backoff_delay(&usual, 0, 7));
	CHECK(backoff_delay(&usual, INT64_MIN, 7) == backoff_delay(&usual, 0, 7));
	CHECK(backoff_delay(&(struct backoff){ 1, 1 }, 0, 3) == 1);
}

UNIT_MAIN(UNIT(tries_are_due_at_the_squares), UNIT(waits_grow_up_to_the_longest),
	  UNIT(what_failed_together_comes_back_spread), UNIT(a_clock_that_went_back_is_no_age))
