/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <stdlib.h>

#include "diag.h"

static void place(struct heap *h, size_t at, struct heap_item *i)
{
	h->items[at] = i;
	i->at = at;
}

/* Let ${i} stand at ${at} or where it belongs above or below. */
static void sift(struct heap *h, size_t at, struct heap_item *i)
{
	for (; at > 1 && h->items[at / 2]->key > i->key; at /= 2)
		place(h, at, h->items[at / 2]);
	for (size_t child; (child = 2 * at) <= h->n; at = child) {
		if (child < h->n && h->items[child + 1]->key < h->items[child]->key)
			child++;
		if (h->items[child]->key >= i->key)
			break;
		place(h, at, h->items[child]);
	}
	place(h, at, i);
}

void heap_put(struct heap *h, struct heap_item *i)
{
	if (h->n + 2 > h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->items = realloc(h->items, h->cap * sizeof(struct heap_item *));
		if (!h->items)
			diag_oom();
	}
	sift(h, ++h->n, i);
}

void heap_remove(struct heap *h, struct heap_item *i)
{
	size_t at = i->at;
	struct heap_item *last;

	if (at == 0)
		return;
	last = h->items[h->n--];
	i->at = 0;
	if (last != i)
		sift(h, at, last);
}

void heap_free(struct heap *h)
{
	free(h->items);
	*h = (struct heap){ 0 };
}
