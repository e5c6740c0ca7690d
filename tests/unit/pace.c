/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "pace.h"

#define SECOND RATES_SECOND
#define START  (INT64_C(1768381200) * SECOND)

struct item {
	struct held held;
	struct rates_key keys[3];
	int number;
};

static struct item *item(int number, uint64_t flow, unsigned n)
{
	struct item *it = arena_calloc(arena, 1, sizeof(*it));

	it->held = (struct held){ .flow = flow, .n = n, .keys = it->keys };
	it->number = number;
	return it;
}

static struct rates_key key(uint64_t hash, int64_t per_second, int64_t burst)
{
	return (struct rates_key){ hash, { SECOND / per_second, burst, 1 }, 1 };
}

/* Whether ${it} went at once; else it waits. */
static bool goes(struct pace *p, struct item *it, int64_t now)
{
	it->held.since = now;
	if (pace_pass(p, &it->held, now) == now)
		return true;
	pace_hold(p, &it->held, now);
	return false;
}

/* The next that goes, and when. */
static struct item *next(struct pace *p, int64_t *now)
{
	struct held *h;

	while ((h = pace_due(p, *now)) == NULL) {
		if (pace_next(p) == INT64_MAX)
			return NULL;
		CHECK(pace_next(p) > *now);
		*now = pace_next(p);
	}
	return (struct item *)h;
}

static void records_of_a_flow_keep_their_order_and_their_pace(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	int64_t now = START;

	for (int i = 0; i < 5; i++) {
		struct item *it = item(i, 1, 1);

		it->keys[0] = key(11, 10, 2);
		CHECK(goes(p, it, now) == (i < 2));
	}
	CHECK(pace_count(p) == 3);
	for (int i = 2; i < 5; i++) {
		struct item *it = next(p, &now);

		CHECK(it && it->number == i);
		CHECK(now == START + (i - 1) * SECOND / 10);
	}
	CHECK(!next(p, &now));
	CHECK(pace_count(p) == 0);
	pace_free(p);
	rates_free(t);
}

static void a_slow_key_holds_up_nobody_else(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	struct item *it;
	int64_t now = START;

	for (int i = 0; i < 10; i++) { /* one conversation floods, through an account that is fast */
		it = item(i, 1, 2);
		it->keys[0] = key(100, 1000, 100);
		it->keys[1] = key(1, 1, 1);
		CHECK(goes(p, it, now) == (i == 0));
	}
	for (int i = 0; i < 50; i++) {
		it = item(1000 + i, 2 + (uint64_t)i, 2);
		it->keys[0] = key(100, 1000, 100);
		it->keys[1] = key(2 + (uint64_t)i, 1, 1);
		CHECK(goes(p, it, now));
	}
	for (int i = 1; i < 10; i++) {
		it = next(p, &now);
		CHECK(it && it->number == i && now == START + i * SECOND);
	}
	pace_free(p);
	rates_free(t);
}

static void flows_that_wait_for_one_key_take_turns(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	int64_t now = START;
	int seen[3] = { 0 };

	for (int i = 0; i < 30; i++) { /* ten of the first, then ten of the second … */
		struct item *it = item(i / 10, (uint64_t)(i / 10) + 1, 1);

		it->keys[0] = key(9, 10, 1);
		goes(p, it, now);
	}
	seen[0]++; /* went at once */
	for (int i = 0; i < 9; i++)
		seen[next(p, &now)->number]++;
	CHECK(seen[0] >= 3 && seen[1] == 3 && seen[2] == 3);
	pace_free(p);
	rates_free(t);
}

static void the_wait_is_told_with_all_that_waits_before(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	struct item *it;

	for (int i = 0; i < 100; i++) {
		it = item(i, (uint64_t)i, 1);
		it->keys[0] = key(5, 10, 1);
		CHECK(pace_pass(p, &it->held, START) == START + i * SECOND / 10 || i == 0);
		if (i > 0)
			pace_hold(p, &it->held, START);
	}
	pace_free(p);
	rates_free(t);
}

/* Random keys and flows against what must hold whatever they are. */
static void any_mix_of_keys_loses_nothing_and_breaks_no_limit(void)
{
	enum { RECORDS = 4000, KEYS = 20 };
	struct rates *t = rates_memory(), *check = rates_memory();
	struct pace *p = pace_new(t);
	int64_t now = START, last[50] = { 0 };
	int went = 0, number[50] = { 0 };

	srand48(3);
	for (int i = 0; i < RECORDS || pace_count(p) > 0; i++) {
		struct item *it = NULL;

		if (i < RECORDS) {
			uint64_t flow = (uint64_t)(lrand48() % 50);

			it = item(i, flow, 1 + (unsigned)(lrand48() % 3));
			for (unsigned k = 0; k < it->held.n; k++) {
				uint64_t which = (uint64_t)(lrand48() % KEYS) / 3 * 3 + k;

				it->keys[k] = key(1 + which, 5 + (int64_t)which * 3,
						  1 + (int64_t)which % 4);
			}
			now += lrand48() % (SECOND / 20);
			if (!goes(p, it, now))
				it = NULL;
		}
		while (it || (it = (struct item *)pace_due(p, now)) != NULL) {
			/* A table that saw only what went says that it was allowed. */
			CHECK(it->held.went <= now && it->held.went > now - SECOND / 49);
			CHECK(rates_take(check, it->keys, it->held.n, it->held.went, NULL) ==
			      it->held.went);
			CHECK(last[it->held.flow] <= now);
			CHECK(number[it->held.flow] <= it->number);
			last[it->held.flow] = now;
			number[it->held.flow] = it->number;
			went++;
			it = NULL;
		}
		if (i >= RECORDS)
			now = pace_next(p) > now ? pace_next(p) : now;
	}
	CHECK(went == RECORDS);
	CHECK(pace_next(p) == INT64_MAX);
	pace_free(p);
	rates_free(t);
	rates_free(check);
}

/* Records that wait for one key of 1,000 a second. */
static void hold_many(struct pace *p, int records)
{
	for (int i = 0; i < records; i++) {
		struct item *it = item(i, 1, 1);

		it->keys[0] = key(5, 1000, 1);
		if (pace_pass(p, &it->held, START) > START)
			pace_hold(p, &it->held, START);
	}
}

static void who_wakes_late_does_not_slow_the_rate(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	int64_t now = START;

	hold_many(p, 1001);
	while (pace_count(p) > 0) {
		now = pace_next(p) + SECOND / 3000;
		CHECK(pace_due(p, now) != NULL);
	}
	CHECK(now == START + SECOND + SECOND / 3000);
	pace_free(p);
	rates_free(t);
}

static void who_was_stopped_does_not_send_all_that_it_missed(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	int went = 0;

	hold_many(p, 1001);
	while (pace_due(p, START + SECOND) != NULL)
		went++;
	CHECK(went == 21);
	CHECK(pace_next(p) == START + SECOND + SECOND / 1000);
	while (pace_any(p) != NULL)
		;
	pace_free(p);
	rates_free(t);
}

static void a_million_records_of_a_campaign_are_reckoned(void)
{
	enum { RECORDS = 1000000 };
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	struct item *items = calloc(RECORDS, sizeof(*items));
	int64_t now = START;
	int went = 0;

	for (int i = 0; i < RECORDS; i++) {
		struct item *it = &items[i];

		it->held = (struct held){ .flow = (uint64_t)i * 0x9e3779b97f4a7c15u,
					  .n = 2,
					  .keys = it->keys };
		it->keys[0] = key(3, 100, 100);
		it->keys[1] = key(it->held.flow, 1, 1);
		went += goes(p, it, now);
	}
	while (next(p, &now))
		went++;
	CHECK(went == RECORDS);
	CHECK(now == START + (RECORDS - 100) / 100 * SECOND);
	pace_free(p);
	rates_free(t);
	free(items);
}

static void a_clock_that_is_set_back_holds_nobody(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	struct item it = { .held = { .flow = 1, .n = 1, .keys = it.keys } }, first = it;
	int64_t now = START;

	it.keys[0] = first.keys[0] = key(3, 1, 1);
	first.held.keys = first.keys;
	CHECK(goes(p, &first, now));
	CHECK(!goes(p, &it, now));
	now -= 3600 * SECOND;
	pace_set_back(p, now);
	CHECK(pace_next(p) == now + SECOND);
	CHECK(pace_due(p, now + SECOND) == &it.held);
	pace_free(p);
	rates_free(t);
}

static void waits_of_centuries_are_added_up(void)
{
	struct rates *t = rates_memory();
	struct pace *p = pace_new(t);
	struct item items[60] = { 0 };
	int64_t now = START;

	for (size_t i = 0; i < LEN(items); i++) {
		items[i].held = (struct held){ .flow = 1, .n = 1, .keys = items[i].keys };
		items[i].keys[0] =
			(struct rates_key){ 3, { INT64_C(100000000) * SECOND, 1, 1000000 }, 1000000 };
		goes(p, &items[i], now);
	}
	for (int n = 0; pace_count(p) > 0; n++) {
		CHECK(n < 1000);
		now = pace_next(p) > now ? pace_next(p) : now;
		while (pace_due(p, now))
			;
	}
	pace_free(p);
	rates_free(t);
}

UNIT_MAIN(UNIT(records_of_a_flow_keep_their_order_and_their_pace),
	  UNIT(a_slow_key_holds_up_nobody_else), UNIT(flows_that_wait_for_one_key_take_turns),
	  UNIT(the_wait_is_told_with_all_that_waits_before),
	  UNIT(any_mix_of_keys_loses_nothing_and_breaks_no_limit),
	  UNIT(a_clock_that_is_set_back_holds_nobody), UNIT(waits_of_centuries_are_added_up),
	  UNIT(who_wakes_late_does_not_slow_the_rate),
	  UNIT(who_was_stopped_does_not_send_all_that_it_missed),
	  UNIT(a_million_records_of_a_campaign_are_reckoned))
