/* SPDX-License-Identifier: MIT */
/*
 * When to try again what could not be done: the older it is, the longer the wait, without anything
 * to remember between two tries (the rule is that of qmail).
 */
#ifndef OMNI_BACKOFF_H
#define OMNI_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t unit_ms; /* at least 1; what fails at once each time is tried n² units after its birth */
	int64_t max_ms; /* no wait is longer */
};

/**
 * backoff_delay(b, age_ms, key):
 * Return how long to wait with what was born ${age_ms} ago.  The last quarter of the time is spread
 * by ${key}, so that what failed together does not come back together: the same ${key} and age give
 * the same wait.  An age below 0 (the clock was set back) is 0.
 */
int64_t backoff_delay(const struct backoff *b, int64_t age_ms, uint64_t key);

#endif
