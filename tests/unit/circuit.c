/* SPDX-License-Identifier: MIT */
#include "circuit.h"

#include "unit.h"

/* As many as may go at ${now} do; return how many are under way. */
static unsigned fill(struct circuit *c, int64_t now)
{
	while (circuit_take(c, now))
		;
	return c->under_way;
}

/* All that are under way end so. */
static void end_all(struct circuit *c, enum circuit_result result, int64_t began, int64_t now)
{
	for (unsigned n = c->under_way; n > 0; n--)
		circuit_done(c, result, began, 10, 0, now);
}

static void it_grows_fast_until_the_first_failure_and_then_by_one(void)
{
	struct circuit c;
	unsigned n;

	circuit_init(&c, 1000);
	CHECK(fill(&c, 1) == CIRCUIT_FIRST);
	end_all(&c, CIRCUIT_OK, 1, 2);
	n = fill(&c, 3);
	CHECK(n > CIRCUIT_FIRST * 5 / 4);
	circuit_done(&c, CIRCUIT_BAD, 3, 10, 0, 4);
	CHECK(c.window <= n / 2.0 + 1);
	end_all(&c, CIRCUIT_OK, 3, 5);
	n = fill(&c, 6);
	end_all(&c, CIRCUIT_OK, 6, 7);
	CHECK(fill(&c, 8) <= n + 1);
}

static void it_never_grows_beyond_its_limit_nor_when_it_is_not_used(void)
{
	struct circuit c;

	circuit_init(&c, 20);
	for (int64_t i = 1; i < 100; i++) {
		CHECK(fill(&c, i) <= 20);
		end_all(&c, CIRCUIT_OK, i, i);
	}
	CHECK(c.window == 20);
	circuit_init(&c, 1000);
	for (int64_t i = 1; i < 100; i++) {
		CHECK(circuit_take(&c, i));
		circuit_done(&c, CIRCUIT_OK, i, 10, 0, i);
	}
	CHECK(c.window == CIRCUIT_FIRST);
	circuit_init(&c, 1);
	CHECK(fill(&c, 1) == 1);
}

static void all_that_fail_together_halve_it_once(void)
{
	struct circuit c;

	circuit_init(&c, 1000);
	fill(&c, 1);
	for (int i = 0; i < CIRCUIT_FAILURES - 1; i++)
		circuit_done(&c, CIRCUIT_BAD, 1, 10, 0, 2);
	CHECK(c.window == CIRCUIT_FIRST / 2);
	CHECK(c.state == CIRCUIT_CLOSED);
}

static void it_opens_probes_and_doubles_the_wait(void)
{
	struct circuit c;
	int64_t now = 1000, wait = CIRCUIT_WAIT_MS;

	circuit_init(&c, 1000);
	fill(&c, now);
	end_all(&c, CIRCUIT_BAD, now, now);
	CHECK(c.state == CIRCUIT_OPEN);
	for (int i = 0; i < 10; i++) {
		CHECK(!circuit_take(&c, now + wait - 1));
		CHECK(circuit_when(&c, now) == now + wait);
		now += wait;
		CHECK(fill(&c, now) == 1);
		CHECK(c.state == CIRCUIT_HALF_OPEN);
		CHECK(circuit_when(&c, now) > now);
		circuit_done(&c, CIRCUIT_BAD, now, 10, 0, now);
		CHECK(c.state == CIRCUIT_OPEN);
		wait = 2 * wait > CIRCUIT_MOST_MS ? CIRCUIT_MOST_MS : 2 * wait;
	}
	CHECK(circuit_take(&c, now + wait));
	circuit_done(&c, CIRCUIT_OK, now + wait, 10, 0, now + wait);
	CHECK(c.state == CIRCUIT_CLOSED);
	CHECK(fill(&c, now + wait) >= 1);
}

static void a_probe_that_tells_nothing_is_made_again(void)
{
	struct circuit c;

	circuit_init(&c, 10);
	fill(&c, 1);
	end_all(&c, CIRCUIT_BAD, 1, 1);
	CHECK(circuit_take(&c, 1 + CIRCUIT_WAIT_MS));
	circuit_done(&c, CIRCUIT_VOID, 1, 0, 0, 1 + CIRCUIT_WAIT_MS);
	CHECK(circuit_take(&c, 2 + CIRCUIT_WAIT_MS));
}

static void too_much_makes_a_pause_and_is_no_failure(void)
{
	struct circuit c;

	circuit_init(&c, 100);
	fill(&c, 1);
	for (int i = 0; i < 10; i++)
		circuit_done(&c, CIRCUIT_THROTTLED, 1, 10, 500, 2);
	CHECK(c.state == CIRCUIT_CLOSED);
	CHECK(!circuit_take(&c, 501));
	CHECK(circuit_when(&c, 2) == 502);
	end_all(&c, CIRCUIT_OK, 1, 503);
	CHECK(circuit_take(&c, 503));
	CHECK(c.throttled > 0);
}

static void a_long_row_waits_as_long_as_it_is(void)
{
	struct circuit c;

	circuit_init(&c, 10);
	CHECK(circuit_wait(&c, 1000) == 0); /* nothing is known */
	fill(&c, 1);
	for (int i = 0; i < 5; i++)
		circuit_done(&c, CIRCUIT_OK, 1, 100, 0, 2);
	CHECK(circuit_wait(&c, 1000) == 10000);
}

UNIT_MAIN(UNIT(it_grows_fast_until_the_first_failure_and_then_by_one),
	  UNIT(it_never_grows_beyond_its_limit_nor_when_it_is_not_used),
	  UNIT(all_that_fail_together_halve_it_once), UNIT(it_opens_probes_and_doubles_the_wait),
	  UNIT(a_probe_that_tells_nothing_is_made_again),
	  UNIT(too_much_makes_a_pause_and_is_no_failure), UNIT(a_long_row_waits_as_long_as_it_is))
