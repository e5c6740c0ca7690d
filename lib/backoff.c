/* SPDX-License-Identifier: MIT */
#include "backoff.h"

/* The largest whole number whose square is not above ${v}. */
static int64_t root(int64_t v)
{
	int64_t r = 0;

	for (int64_t bit = (int64_t)1 << 62; bit > 0; bit >>= 2) {
		if (v >= r + bit) {
			v -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return r;
}

/* Neighbours become strangers (the finalizer of SplitMix64). */
static uint64_t scatter(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

int64_t backoff_delay(const struct backoff *b, int64_t age_ms, uint64_t key)
{
	int64_t area, delay;

	/* Of age a the square root, in units, grows by 1: (sqrt(a) + 1)² - a. */
	if (__builtin_mul_overflow(age_ms > 0 ? age_ms : 0, b->unit_ms, &area) ||
	    __builtin_add_overflow(b->unit_ms, 2 * root(area), &delay) || delay > b->max_ms)
		delay = b->max_ms;
	return delay - (int64_t)(scatter(key) % (uint64_t)(delay / 4 + 1));
}
