/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include <sys/random.h>

/* Compiled in: no library to load for one function. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_64(struct str s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.p, s.n, seed);
}

uint64_t hash_seed(void)
{
	uint64_t seed = 0;

	/* 8 bytes are given whole once the kernel's pool is ready, which it is long before us. */
	while (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		;
	return seed;
}
