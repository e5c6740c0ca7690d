/* SPDX-License-Identifier: MIT */
/* What is due soonest: objects by a number, the smallest first.  Each has a struct heap_item in it. */
#ifndef OMNI_HEAP_H
#define OMNI_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t key;
	size_t at; /* its place, from 1; 0: it is in no heap */
};

/* All zero is an empty one. */
struct heap {
	struct heap_item **items; /* element 0 is not used */
	size_t n, cap;
};

/* Put ${i}, whose key is set and which is in no heap, into ${h}. */
void heap_put(struct heap *h, struct heap_item *i);

/* Take ${i} out of ${h}, if it is in there. */
void heap_remove(struct heap *h, struct heap_item *i);

/* The one with the smallest key, still in there; NULL if there is none. */
static inline struct heap_item *heap_first(const struct heap *h)
{
	return h->n > 0 ? h->items[1] : NULL;
}

/* Release the memory, not the items. */
void heap_free(struct heap *h);

#endif
