/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <stdlib.h>

#include "unit.h"

enum { N = 500 };

static void the_soonest_comes_first_whatever_was_put_and_taken(void)
{
	struct heap h = { 0 };
	struct heap_item items[N] = { 0 };
	size_t left = N;
	int64_t last = -1;

	srand(1);
	for (size_t i = 0; i < N; i++) {
		items[i].key = rand() % 1000;
		heap_put(&h, &items[i]);
	}
	for (size_t i = 0; i < N; i += 3) {
		heap_remove(&h, &items[i]);
		left--;
	}
	for (struct heap_item *i; (i = heap_first(&h)) != NULL; left--) {
		CHECK(i->key >= last);
		last = i->key;
		heap_remove(&h, i);
		CHECK(i->at == 0);
	}
	CHECK(left == 0);
	heap_free(&h);
}

static void what_is_not_there_can_be_taken_out(void)
{
	struct heap h = { 0 };
	struct heap_item one = { .key = 1 };

	heap_remove(&h, &one);
	CHECK(!heap_first(&h));
	heap_put(&h, &one);
	heap_remove(&h, &one);
	heap_remove(&h, &one);
	CHECK(!heap_first(&h));
	heap_free(&h);
}

UNIT_MAIN(UNIT(the_soonest_comes_first_whatever_was_put_and_taken),
	  UNIT(what_is_not_there_can_be_taken_out))
