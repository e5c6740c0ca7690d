/* SPDX-License-Identifier: MIT */
/* Thousands of random steps beside a queue that is a plain list: both must say the same after each. */
#include <stdio.h>
#include <stdlib.h>

#include "queue.h"
#include "unit.h"

enum { STEPS = 4000, RECORDS = 1500, LANES = 4, LEASE_MS = 50, ATTEMPTS = 4 };

enum state { NONE, WAITS, LEASED, DEAD, GONE };

/* One record, by its seq. */
static struct model {
	enum state state;
	int64_t at_ms, until_ms, dead_ms;
	int lane;  /* 0: none */
	bool held; /* behind another one of its lane */
	int priority;
	uint32_t attempts;
	char token[QUEUE_TOKEN]; /* the last one that was given; "" when it is used up */
} all[RECORDS + 1];

static int n_all;
static int64_t now = 1000;
static unsigned random_state = 1;
static struct err e;

static unsigned dice(unsigned sides)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % sides;
}

static bool in_queue(int i)
{
	return all[i].state == WAITS || all[i].state == LEASED;
}

/* Whether another one of the lane of ${i} is in the queue: that is out, waits, or is held itself. */
static bool lane_busy(int i)
{
	for (int k = 1; k <= n_all && all[i].lane; k++)
		if (k != i && all[k].lane == all[i].lane && in_queue(k))
			return true;
	return false;
}

/* ${i} leaves the queue; the first of its lane is held no more. */
static void leave(int i, enum state state)
{
	all[i].state = state;
	all[i].dead_ms = now;
	for (int k = 1; k <= n_all && all[i].lane; k++)
		if (all[k].lane == all[i].lane && in_queue(k)) {
			all[k].held = false;
			return;
		}
}

static void expire(void)
{
	for (int i = 1; i <= n_all; i++)
		if (all[i].state == LEASED && all[i].until_ms <= now) {
			all[i].state = WAITS;
			all[i].at_ms = 0;
		}
}

/* The next one that a take must give, 0 if there is none; what has been tried too often dies. */
static int best(void)
{
	int found = 0;

	for (int i = 1; i <= n_all; i++)
		if (all[i].state == WAITS && all[i].at_ms <= now && !all[i].held &&
		    (!found || all[i].priority < all[found].priority))
			found = i;
	if (found && all[found].attempts == ATTEMPTS) {
		leave(found, DEAD);
		return -1;
	}
	return found;
}

static void put(struct queue *q)
{
	char lane[2] = { (char)('a' + dice(LANES + 4)), '\0' };
	struct queue_item item = { .line = STR("{}"), .priority = QUEUE_PRIORITY };
	struct model *m = &all[n_all + 1];

	if (n_all == RECORDS)
		return;
	if (lane[0] < 'a' + LANES) {
		m->lane = lane[0];
		item.lane = str_c(lane);
	}
	if (dice(4) == 0)
		item.priority = (uint8_t)dice(QUEUE_PRIORITIES);
	if (dice(5) == 0)
		item.at_ms = now + dice(40);
	CHECK(queue_put(q, &item, 1, now, &e) == 0 && item.result == QUEUE_OK);
	m->priority = item.priority;
	m->at_ms = item.at_ms;
	m->state = WAITS;
	m->held = lane_busy(++n_all);
}

static void take(struct queue *q)
{
	struct queue_lease got;
	size_t n;
	int want;

	expire();
	while ((want = best()) < 0)
		;
	CHECK(queue_take(q, &got, 1, &n, now, &e) == 0);
	CHECK((want > 0) == (n == 1));
	if (n == 0 || want <= 0)
		return;
	CHECK(got.seq == (uint64_t)want);
	all[want].state = LEASED;
	all[want].until_ms = now + LEASE_MS;
	all[want].attempts++;
	CHECK(got.attempts == all[want].attempts);
	snprintf(all[want].token, QUEUE_TOKEN, "%.*s", STR_FMT(got.token));
}

static void settle(struct queue *q)
{
	struct model *m = &all[n_all ? 1 + dice((unsigned)n_all) : 1];
	struct queue_verdict v = { .what = (enum queue_what)dice(3), .code = STR("x"), .stage = STR("y") };
	bool good = m->token[0] && (m->state == LEASED || m->state == WAITS);

	if (!m->token[0])
		return;
	v.token = str_c(m->token);
	v.at_ms = now + dice(30);
	CHECK(queue_settle(q, &v, 1, now, &e) == 0);
	CHECK(v.result == (good ? QUEUE_OK : QUEUE_LOST));
	if (!good)
		return;
	m->token[0] = '\0';
	m->at_ms = v.at_ms;
	if (v.what == QUEUE_RETRY)
		m->state = WAITS;
	else
		leave((int)(m - all), v.what == QUEUE_DONE ? GONE : DEAD);
}

static void extend(struct queue *q)
{
	struct model *m = &all[n_all ? 1 + dice((unsigned)n_all) : 1];
	struct queue_verdict v = { .token = str_c(m->token) };

	if (!m->token[0] || m->state != LEASED || m->until_ms <= now)
		return;
	CHECK(queue_extend(q, &v, 1, now + 2 * LEASE_MS, now, &e) == 0 && v.result == QUEUE_OK);
	m->until_ms = now + 2 * LEASE_MS;
}

/* The dead letter that goes back first, 0 if there is none. */
static int first_dead(void)
{
	int found = 0;

	for (int i = 1; i <= n_all; i++)
		if (all[i].state == DEAD && (!found || all[i].dead_ms < all[found].dead_ms))
			found = i;
	return found;
}

/* What comes back to a lane that is busy waits behind what is there, though it is older. */
static void redrive(struct queue *q)
{
	uint64_t moved, dead = 0;
	int i;

	CHECK(queue_redrive(q, &(struct queue_pick){ 0 }, false, false, &moved, now, &e) == 0);
	for (; (i = first_dead()) > 0; dead++) {
		all[i].state = WAITS;
		all[i].held = lane_busy(i);
		all[i].at_ms = 0;
		all[i].attempts = 0;
		all[i].token[0] = '\0';
	}
	CHECK(moved == dead);
}

static void compare(struct queue *q)
{
	struct queue_stat s;
	uint64_t in = 0, dead = 0;

	CHECK(queue_stat(q, &s, now, &e) == 0);
	for (int i = 1; i <= n_all; i++) {
		in += all[i].state == WAITS || all[i].state == LEASED;
		dead += all[i].state == DEAD;
	}
	CHECK(s.ready + s.delayed + s.leased + s.held == in && s.dead == dead && s.bytes == 2 * in);
}

static void a_queue_does_what_a_list_would(void)
{
	static char dir[] = "/tmp/omni-queue-XXXXXX";
	char command[64];
	struct queue_place place = {
		.dir = mkdtemp(dir), .create = true, .lease_ms = LEASE_MS, .max_attempts = ATTEMPTS
	};
	struct queue *q = queue_open("model", &place, 0, &e);

	CHECK(q != NULL);
	for (int i = 0; i < STEPS && unit_failures == 0; i++) {
		unsigned what = dice(20);

		if (what < 6)
			put(q);
		else if (what < 12)
			take(q);
		else if (what < 17)
			settle(q);
		else if (what < 18)
			extend(q);
		else if (what < 19 && dice(40) == 0)
			redrive(q);
		else
			now += dice(20);
		if (i % 50 == 0)
			compare(q);
		if (unit_failures)
			printf("# at step %d\n", i);
	}
	redrive(q);
	compare(q);
	queue_close(q);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

UNIT_MAIN(UNIT(a_queue_does_what_a_list_would))
