/* SPDX-License-Identifier: MIT */
/*
 * Shares of a lease come in one by one, in any order and from several pipelines; when they make up
 * the whole, what they say together is known.  Shares are kept as intervals of 0 to 1 with whole
 * numerators and denominators and compared exactly; one that comes twice counts once.
 *
 * In memory, or in an SQLite file that several processes share and that survives them.  Bounded: of
 * leases that wait for shares JOIN_LEASES are kept, of intervals of one lease JOIN_SPANS, of memory
 * JOIN_BYTES.  Above it the lease that has waited longest is forgotten: it is never whole then, runs
 * out, and its record is taken again.  In a file it is forgotten after JOIN_KEEP_MS.
 */
#ifndef OMNI_JOIN_H
#define OMNI_JOIN_H

#include "rec.h"

/* What one share says.  Of several the greatest `what` is heard, then the latest, then the first share. */
struct join_word {
	unsigned what;
	int64_t at_ms;
	struct share share;
	struct str text; /* goes with it; may be {NULL, 0} */
};

struct join_done {
	struct str key;
	struct join_word word;
};

struct join;

/**
 * join_new(path, e):
 * Join in the file ${path}, which is made if it is missing, or in memory where it is NULL.  Return
 * owned, or NULL with the faults of lib/db.
 */
struct join *join_new(const char *path, struct err *e);

/* Legal on NULL.  What has not been committed is forgotten. */
void join_free(struct join *j);

/* The share ${w} of the lease ${key}: copied. */
void join_add(struct join *j, struct str key, const struct join_word *w);

/**
 * join_next(j, now_ms, out, e):
 * Return 1 and in ${out} a lease that has become whole, which lives until join_commit; 0 when there is none
 * left; or -1.  From the first call on the file is locked against other processes, until join_commit.
 */
int join_next(struct join *j, int64_t now_ms, struct join_done *out, struct err *e);

/* Forget what join_next gave out, and make the rest last.  Return 0 or -1. */
int join_commit(struct join *j, struct err *e);

/* Leases in memory that wait for shares; and how many were forgotten because there was no more room. */
uint64_t join_waiting(const struct join *j);
uint64_t join_forgotten(const struct join *j);

#endif
