/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>

#include "map.h"

enum { KEYS = 2000 };

static void holds_what_a_plain_array_holds(void)
{
	static int things[KEYS];
	bool in[KEYS] = { false };
	struct map *m = map_new();
	size_t n = 0;

	srand48(7);
	for (int step = 0; step < 200000; step++) {
		/* Few homes, so that keys stand in each other's way. */
		size_t k = (size_t)(lrand48() % KEYS);
		uint64_t key = (uint64_t)(k / 50) | (uint64_t)k << 32;

		if (lrand48() % 2) {
			map_set(m, key, &things[k]);
			n += !in[k];
			in[k] = true;
		} else {
			map_set(m, key, NULL);
			n -= in[k];
			in[k] = false;
		}
		if (step % 1000 == 0)
			for (size_t i = 0; i < KEYS; i++)
				CHECK(map_get(m, (uint64_t)(i / 50) | (uint64_t)i << 32) ==
				      (in[i] ? &things[i] : NULL));
		CHECK(map_count(m) == n);
	}
	map_free(m);
}

static void walks_through_each_pointer_once(void)
{
	static int things[KEYS];
	struct map *m = map_new();
	int *p;

	for (size_t i = 0; i < KEYS; i++)
		map_set(m, i * 0x9e3779b97f4a7c15u, &things[i]);
	for (size_t i = 0; (p = map_each(m, &i)) != NULL;)
		++*p;
	for (size_t i = 0; i < KEYS; i++)
		CHECK(things[i] == 1);
	map_free(m);
}

UNIT_MAIN(UNIT(holds_what_a_plain_array_holds), UNIT(walks_through_each_pointer_once))
