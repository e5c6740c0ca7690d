/* SPDX-License-Identifier: MIT */
/*
 * Shares of three leases in any order: one is whole when every twenty-fourth of it is in, and not
 * before.  Each three bytes are a lease and a share; an input that begins with '/' is a set as a file holds
 * it, which is read or refused, and written so that it reads the same.
 */
#include "join.h"

#include <stdlib.h>

#include "spans.h"

enum { KEYS = 3, CELLS = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool held)
{
	if (!held)
		abort();
}

static void text(struct str s)
{
	struct spans a = { 0 }, b = { 0 };
	struct buf one = { .max = SIZE_MAX }, two = { .max = SIZE_MAX };

	if (spans_read(&a, s) == 0) {
		spans_write(&one, &a);
		need(spans_read(&b, buf_get(&one)) == 0);
		spans_write(&two, &b);
		need(str_eq(buf_get(&one), buf_get(&two)) && a.n == b.n);
		need(spans_whole(&a) == spans_whole(&b));
	}
	spans_free(&a);
	spans_free(&b);
	buf_free(&one);
	buf_free(&two);
}

/* Give ${j} the share that two bytes stand for; note it in ${cells}. */
static void give(struct join *j, unsigned key, const uint8_t *p, bool cells[CELLS])
{
	static const int64_t parts[] = { 1, 2, 3, 4, 6, 8, 12, 24 };
	int64_t of = parts[p[0] % LEN(parts)], part = 1 + p[1] % of, width = CELLS / of;
	int64_t scale = p[0] & 0x80 ? INT64_MAX / CELLS / of : 1;
	char name = (char)('a' + key);

	/* A scaled one is a little of it, which makes nothing whole. */
	if (scale > 1) {
		join_add(j, (struct str){ &name, 1 },
			 &(struct join_word){ 0, 0, { (part - 1) * scale + 1, of * scale }, STR_NONE });
		return;
	}
	join_add(j, (struct str){ &name, 1 },
		 &(struct join_word){ p[1] % 3, p[0], { part, of }, { &name, 1 } });
	for (int64_t i = (part - 1) * width; i < part * width; i++)
		cells[i] = true;
}

static bool full(const bool cells[CELLS])
{
	for (int i = 0; i < CELLS; i++)
		if (!cells[i])
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool cells[KEYS][CELLS] = { { false } };
	struct join_done done;
	struct join *j;
	struct err e;

	if (size > 0 && data[0] == '/') {
		text((struct str){ (const char *)data + 1, size - 1 });
		return 0;
	}
	j = join_new(NULL, &e);
	for (; size >= 3; data += 3, size -= 3) {
		unsigned key = data[0] % KEYS;

		give(j, key, data + 1, cells[key]);
		if (full(cells[key])) {
			need(join_next(j, 0, &done, &e) == 1);
			need(done.key.n == 1 && done.key.p[0] == (char)('a' + key));
			memset(cells[key], 0, sizeof(cells[key]));
		}
		need(join_next(j, 0, &done, &e) == 0);
		need(join_commit(j, &e) == 0);
	}
	join_free(j);
	return 0;
}
