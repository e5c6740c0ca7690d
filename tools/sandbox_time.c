/* SPDX-License-Identifier: MIT */
/* What is to happen later: a heap by time. */
#include "sandbox_box.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"

#define MS_NS INT64_C(1000000)

int64_t box_since(const struct box *b)
{
	return clock_now() - b->began;
}

static bool before(const struct due *x, const struct due *y)
{
	return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void swap(struct due *x, struct due *y)
{
	struct due t = *x;

	*x = *y;
	*y = t;
}

void time_put(struct box *b, struct due d)
{
	size_t i = b->n_due;

	if (b->n_due == b->heap_cap) {
		b->heap_cap = b->heap_cap ? b->heap_cap * 2 : 256;
		b->heap = realloc(b->heap, b->heap_cap * sizeof(*b->heap));
		if (!b->heap)
			diag_oom();
	}
	d.order = b->order++;
	b->heap[b->n_due++] = d;
	for (; i > 0 && before(&b->heap[i], &b->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&b->heap[i], &b->heap[(i - 1) / 2]);
}

/* A clock that stands still would hold up everything for ever: then nothing has to wait. */
static bool stands(void)
{
	return clock_real_ns(1) < 0;
}

bool time_take(struct box *b, int64_t now, struct due *d)
{
	size_t i = 0;

	if (b->n_due == 0 || (b->heap[0].at > now && !stands()))
		return false;
	*d = b->heap[0];
	b->heap[0] = b->heap[--b->n_due];
	for (;;) {
		size_t least = i, child = 2 * i + 1;

		for (size_t k = child; k < child + 2 && k < b->n_due; k++)
			if (before(&b->heap[k], &b->heap[least]))
				least = k;
		if (least == i)
			return true;
		swap(&b->heap[i], &b->heap[least]);
		i = least;
	}
}

int time_wait(const struct box *b, int64_t now)
{
	int64_t left, ms;

	if (b->n_due == 0)
		return -1;
	left = b->heap[0].at - now;
	if (left <= 0 || stands())
		return 0;
	if (left > INT64_MAX / MS_NS)
		return 60000;
	ms = (clock_real_ns(left * MS_NS) + MS_NS - 1) / MS_NS;
	return ms < 60000 ? (int)ms : 60000;
}
