/* SPDX-License-Identifier: MIT */
/* The limits of the configuration: which keys a record uses, and what it asks of each. */
#ifndef OMNI_RATELIMIT_CONF_H
#define OMNI_RATELIMIT_CONF_H

#include "conf.h"
#include "rates.h"
#include "rec.h"

struct limits;

/* In place of the number of a limit: none. */
#define LIMITS_NONE (~0u)

/**
 * limits_new(conf, e):
 * Read `limits` of ${conf}, which is borrowed; there may be none.  Return owned, or NULL with FAULT_CONFIG.
 */
struct limits *limits_new(const struct conf *conf, struct err *e);
void limits_free(struct limits *l);

/* What one record uses: keys[i] is that of the limit ${limit[i]}. */
struct limits_use {
	struct rates_key *keys;
	unsigned *limit;
	unsigned n;
};

/**
 * limits_of(l, r, t, use, e):
 * The keys of ${r}, hashed for ${t}.  A limit whose condition does not hold, or whose key names a member that
 * ${r} has not, does not count.  Return 0, or -1 with FAULT_DATA (a condition could not be tested, a
 * cost is no whole number).  The arrays of ${use} live until the next call.
 */
int limits_of(struct limits *l, const struct rec *r, const struct rates *t, struct limits_use *use,
	      struct err *e);

/* How many there are, what ${i} is called, and its rate. */
unsigned limits_count(const struct limits *l);
struct str limits_name(const struct limits *l, unsigned i);
struct rate limits_rate(const struct limits *l, unsigned i);

/* Append the key of limit ${i} for ${r}. */
void limits_key(const struct limits *l, unsigned i, const struct rec *r, struct buf *b);

/* The hash of ${key} of limit ${i}, as limits_of makes it. */
uint64_t limits_hash(struct limits *l, unsigned i, struct str key, uint64_t seed);

#endif
