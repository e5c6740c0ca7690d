/* SPDX-License-Identifier: MIT */
/*
 * Where each key of a rate limit stands: the generic cell rate algorithm (GCRA, ATM Forum Traffic
 * Management 4.0), which keeps one number a key, the theoretical arrival time (TAT) of its next unit.
 * A key allows a unit when its TAT lies no further ahead than its burst.
 *
 * The table is memory of this process, or a file that all processes of a host map and update without
 * locks; it outlives them.  A key that stands still and has learned nothing is the same as one that was
 * never seen, so its place can be used again: nothing has to be deleted.  One whose TAT lies further ahead
 * than its burst can have brought it, as the clock was set back or the file is damaged, is taken for one that
 * has just used all of its burst.
 *
 * Instants and spans are nanoseconds, instants since 1970.
 */
#ifndef OMNI_RATES_H
#define OMNI_RATES_H

#include "bytes.h"
#include "err.h"

#define RATES_SECOND INT64_C(1000000000)

/* So many units in so long. */
struct rate {
	int64_t interval; /* one unit, at least 1 */
	int64_t burst;    /* units at once, at least 1 */
	int64_t most;     /* what one record asks at most; 0: no more than the burst */
};

/* One key that a record uses, and what it asks of it. */
struct rates_key {
	uint64_t hash; /* of the key, with the table's seed (rates_seed) */
	struct rate rate;
	int64_t units; /* at least 1; more than the burst waits until the key stands still */
};

struct rates;

/* A table in memory, as large as it must be.  Returns owned. */
struct rates *rates_memory(void);

/**
 * rates_file(path, keys, e):
 * The table in ${path}, made for ${keys} keys if it is not there (0: then it is a fault); an existing one
 * keeps its size.  Return owned, or NULL with FAULT_CONFIG (no such table, of another version) or FAULT_IO.
 */
struct rates *rates_file(const char *path, uint64_t keys, struct err *e);

void rates_free(struct rates *t);

uint64_t rates_seed(const struct rates *t);

/* A key with ${hash} will soon be asked for: a large table is not in the processor's cache. */
void rates_near(const struct rates *t, uint64_t hash);

/**
 * rates_when(t, keys, n, now, slowest):
 * The first instant, not before ${now}, at which all ${n} ${keys} allow what is asked of them; the
 * last of them to do so goes into ${slowest} (may be NULL).  Nothing is taken.
 */
int64_t rates_when(struct rates *t, const struct rates_key *keys, unsigned n, int64_t now,
		   unsigned *slowest);

/**
 * rates_take(t, keys, n, now, slowest):
 * Take the units of all ${keys} if all allow it, and return ${now}.  Else take nothing and return
 * the instant to ask again, as rates_when.
 */
int64_t rates_take(struct rates *t, const struct rates_key *keys, unsigned n, int64_t now,
		   unsigned *slowest);

/**
 * rates_learn(t, key, throttled, now):
 * The other side said that ${key} is too fast, or took a unit: additive increase, multiplicative
 * decrease of the share of its rate that is used (RFC 5681 section 3.1 in spirit).  A throttle
 * halves it, at most once a second and down to 1/64; a success adds a hundredth.
 */
void rates_learn(struct rates *t, const struct rates_key *key, bool throttled, int64_t now);

/* The share of its rate that ${key} may use: 1, or less where it has learned. */
double rates_share(struct rates *t, const struct rates_key *key);

struct rates_stat {
	uint64_t slots, used; /* places, and how many of them hold a key that does not stand still */
	uint64_t slowed;      /* of these: keys that use less than their rate */
	uint64_t spilled; /* keys that found no place in the file, and are kept by this process alone */
};

struct rates_stat rates_stat(const struct rates *t, int64_t now);

#endif
