/* SPDX-License-Identifier: MIT */
/*
 * What comes from outside as a token or a cursor: read and written again the same, or refused; and with a
 * queue behind, none but the tokens that it gave out settles anything.
 */
#include <stdlib.h>

#include "queue_sqlite_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct queue *queue;
static char real[QUEUE_TOKEN];

static void need(bool held)
{
	if (!held)
		abort();
}

static void make(void)
{
	static char dir[] = "/tmp/omni-fuzz-XXXXXX";
	struct queue_item items[2] = { { .line = STR("{}"), .priority = 5 }, { .line = STR("{}") } };
	struct queue_place place = { .dir = mkdtemp(dir), .create = true };
	struct queue_lease got;
	struct err e;
	size_t n;

	queue = queue_open("fuzz", &place, 0, &e);
	need(queue && queue_put(queue, items, 2, 1, &e) == 0);
	need(queue_take(queue, &got, 1, &n, 1, &e) == 0 && n == 1);
	memcpy(real, got.token.p, got.token.n);
}

/* ${s} as a token is written; {NULL, 0} if it is none. */
static struct str text(struct str s, struct arena *a)
{
	struct token t;
	struct str again;

	if (token_read(s, &t) < 0)
		return STR_NONE;
	again = token_text(a, &t);
	need(token_read(again, &t) == 0 && str_eq(token_text(a, &t), again));
	return again;
}

static void behind(struct str s, struct str token)
{
	struct queue_verdict v = { .token = s, .what = QUEUE_RETRY, .at_ms = 2, .code = STR("x") };
	struct queue_dead dead[2];
	char cursor[QUEUE_CURSOR] = "";
	struct err e;
	size_t n;

	need(queue_extend(queue, &v, 1, 1000, 1, &e) == 0);
	need((v.result == QUEUE_OK) == str_eq(token, str_c(real)));
	if (v.result != QUEUE_OK)
		need(queue_settle(queue, &v, 1, 1, &e) == 0 && v.result == QUEUE_LOST);
	memcpy(cursor, s.p, s.n < sizeof(cursor) ? s.n : sizeof(cursor) - 1);
	need(queue_dead(queue, &(struct queue_pick){ .ids = &s, .n_ids = 1 }, dead, 2, &n, cursor, &e) == 0 ?
		     n == 0 :
		     e.fault == FAULT_USAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new();
	struct str token;

	if (!queue)
		make();
	token = text(s, a);
	if (size > 0 && size < 200 && data[size - 1] % 16 == 0) /* a commit each */
		behind(s, token);
	arena_free(a);
	return 0;
}
