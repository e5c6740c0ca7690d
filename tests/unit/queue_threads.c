/* SPDX-License-Identifier: MIT */
/* Two that put, two that take and two that settle at once, a handle each: nothing lost, nothing twice. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue.h"
#include "unit.h"

enum { PUTTERS = 2, TAKERS = 2, SETTLERS = 2, EACH = 600, ALL = PUTTERS * EACH, LANES = 7 };

static char dir[] = "/tmp/omni-queue-XXXXXX";

/* Tokens on their way from takers to settlers. */
static struct {
	pthread_mutex_t lock;
	char token[ALL * 4][QUEUE_TOKEN];
	uint64_t seq[ALL * 4];
	size_t n, next;
} passed = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint done_of[ALL + 1]; /* by seq */
static atomic_uint done, lost, failed;
static atomic_llong now = 1000000;

static struct queue *open_it(void)
{
	struct queue_place place = { .dir = dir, .create = true, .lease_ms = 60000 };
	struct err e;
	struct queue *q = queue_open("threads", &place, 0, &e);

	if (!q) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return q;
}

static void *putter(void *arg)
{
	struct queue *q = open_it();
	struct err e;

	for (int i = 0; i < EACH; i += 10) {
		struct queue_item items[10];
		char lanes[10][8];

		for (int k = 0; k < 10; k++) {
			snprintf(lanes[k], sizeof(lanes[k]), "%d", (i + k) % LANES);
			items[k] = (struct queue_item){
				.line = STR("{}"),
				.priority = (uint8_t)(i / 10 % 2 ? QUEUE_PRIORITY :
								   i / 10 % QUEUE_PRIORITIES),
				.lane = i % 30 == 0 ? str_c(lanes[k]) : STR_NONE,
			};
		}
		failed += queue_put(q, items, 10, now, &e) < 0;
	}
	queue_close(q);
	return arg;
}

static void *taker(void *arg)
{
	struct queue *q = open_it();
	struct queue_lease got[16];
	struct err e;
	size_t n;
	bool idle;

	while (done < ALL && !failed) {
		failed += queue_take(q, got, 16, &n, now, &e) < 0;
		pthread_mutex_lock(&passed.lock);
		idle = n == 0 && passed.next == passed.n;
		failed += passed.n + n > LEN(passed.seq);
		for (size_t i = 0; i < n && !failed; i++) {
			if (got[i].seq % 5 == 0 && got[i].attempts == 1)
				continue; /* lost on the way: its lease runs out */
			memcpy(passed.token[passed.n], got[i].token.p, got[i].token.n);
			passed.token[passed.n][got[i].token.n] = '\0';
			passed.seq[passed.n++] = got[i].seq;
		}
		pthread_mutex_unlock(&passed.lock);
		if (idle) /* nobody else moves the clock, and only what was lost runs out */
			now += 1000;
	}
	queue_close(q);
	return arg;
}

/* Take up to ${max} tokens off the table; the first ones again now and then, so that both settle them. */
static size_t next(struct queue_verdict *v, uint64_t *seq, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&passed.lock);
	if (passed.next >= 3 && passed.next % 2)
		passed.next -= 3;
	for (; n < max && passed.next < passed.n; n++) {
		v[n] = (struct queue_verdict){ .token = str_c(passed.token[passed.next]),
					       .what = QUEUE_DONE };
		seq[n] = passed.seq[passed.next++];
	}
	pthread_mutex_unlock(&passed.lock);
	return n;
}

static void *settler(void *arg)
{
	struct queue *q = open_it();
	struct queue_verdict v[16];
	uint64_t seq[16];
	struct err e;

	while (done < ALL && !failed) {
		size_t n = next(v, seq, 16);

		failed += n > 0 && queue_settle(q, v, n, now, &e) < 0;
		for (size_t i = 0; i < n; i++) {
			lost += v[i].result == QUEUE_LOST;
			if (v[i].result == QUEUE_OK && seq[i] <= ALL) {
				done_of[seq[i]]++;
				done++;
			}
		}
	}
	queue_close(q);
	return arg;
}

static void each_record_is_done_once_whoever_takes_and_settles(void)
{
	static void *(*const work[])(void *) = { putter, putter, taker, taker, settler, settler };
	pthread_t threads[LEN(work)];
	struct queue_stat s;
	struct queue *q;
	struct err e;
	unsigned wrong = 0;

	CHECK(mkdtemp(dir) != NULL);
	queue_close(open_it());
	for (size_t i = 0; i < LEN(work); i++)
		CHECK(pthread_create(&threads[i], NULL, work[i], NULL) == 0);
	for (size_t i = 0; i < LEN(work); i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i <= ALL; i++)
		wrong += done_of[i] != 1;
	CHECK(failed == 0 && done == ALL && wrong == 0);
	q = open_it();
	CHECK(queue_stat(q, &s, now, &e) == 0);
	CHECK(s.ready + s.delayed + s.leased + s.held + s.dead == 0 && s.bytes == 0 && s.lanes == 0);
	CHECK(s.puts == ALL && s.dones == ALL && s.takes >= ALL &&
	      s.takes <= ALL + s.expiries); /* some were settled late */
	queue_close(q);
}

static void remove_dir(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

UNIT_MAIN(UNIT(each_record_is_done_once_whoever_takes_and_settles), UNIT(remove_dir))
