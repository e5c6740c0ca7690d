/* SPDX-License-Identifier: MIT */
/*
 * Lines of records, whatever they hold, go into a store or are refused, and leave it in order: nothing
 * that points to nothing, an index that agrees, lines that are JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store_keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sink(void *arg, struct str line, struct err *e)
{
	struct arena *a = arena_new();

	(void)arg;
	if (!json_parse(line, a, e))
		abort();
	arena_free(a);
	return 0;
}

static void put(struct store *s, struct str line, struct arena *a)
{
	struct store_done done;
	struct rec r = { .lineno = 1 };
	struct err e;

	if (rec_parse(&r, line, a, &e) < 0 || !store_takes(&r))
		return;
	if (store_put(s, &r, &done, &e) < 0 && e.fault != FAULT_DATA)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned long runs;
	static struct store *s;
	static char path[64];
	const struct store_sink to = { sink, NULL };
	struct store_filter f = { .since = INT64_MIN, .until = INT64_MAX };
	struct store_page p = { .limit = 50 };
	struct str rest = { (const char *)data, size };
	struct arena *a = arena_new();
	struct err e;

	if (!s) {
		snprintf(path, sizeof(path), "/tmp/fuzz-store-%ld.db", (long)getpid());
		s = store_open(path, STORE_CREATE, &e);
		if (!s)
			abort();
		/* They live as long as they are open. */
		unlink(path);
		snprintf(path, sizeof(path), "/tmp/fuzz-store-%ld.db-wal", (long)getpid());
		unlink(path);
		snprintf(path, sizeof(path), "/tmp/fuzz-store-%ld.db-shm", (long)getpid());
		unlink(path);
	}
	while (rest.n > 0) {
		size_t n = str_find(rest, '\n');

		put(s, str_sub(rest, 0, n), a);
		rest = str_sub(rest, n + 1, rest.n);
		arena_reset(a);
	}
	if (store_commit(s, &e) < 0 || store_messages(s, &f, &p, &to, &e) < 0)
		abort();
	if (++runs % 256 == 0 && store_check(s, &to, &e) != 0)
		abort();
	arena_free(a);
	return 0;
}
