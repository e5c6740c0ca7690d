/* SPDX-License-Identifier: MIT */
/* A map from texts to pointers that only grows and lives in an arena. */
#ifndef OMNI_STRMAP_H
#define OMNI_STRMAP_H

#include "arena.h"

struct strmap {
	struct arena *arena; /* set this, all else zero */
	struct strmap_slot *slots;
	size_t n, cap;
};

/* What ${key} leads to, or NULL. */
void *strmap_get(const struct strmap *m, struct str key);

/**
 * strmap_put(m, key, value):
 * Let ${key}, which is borrowed, lead to ${value}, which is not NULL.  Return NULL, or what it
 * leads to already, and then nothing has changed.
 */
void *strmap_put(struct strmap *m, struct str key, void *value);

/* A hash of short texts; equal on every machine. */
static inline uint64_t strmap_hash(struct str s)
{
	uint64_t a = 0, b = 0;

	if (s.n >= 8) {
		memcpy(&a, s.p, 8);
		memcpy(&b, s.p + s.n - 8, 8);
	} else if (s.n >= 4) {
		uint32_t x, y;

		memcpy(&x, s.p, 4);
		memcpy(&y, s.p + s.n - 4, 4);
		a = x;
		b = y;
	} else if (s.n > 0) {
		a = (unsigned char)s.p[0] | (uint64_t)(unsigned char)s.p[s.n / 2] << 8;
		b = (unsigned char)s.p[s.n - 1];
	}
	a = (a ^ (b << 29 | b >> 35) ^ s.n) * 0x9e3779b97f4a7c15u;
	a ^= a >> 32;
	a *= 0xd6e8feb86659fd93u;
	return a ^ a >> 29;
}

#endif
