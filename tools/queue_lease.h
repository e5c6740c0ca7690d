/* SPDX-License-Identifier: MIT */
/* The member `lease` of a record that was taken from a queue, as those who settle and extend read it. */
#ifndef OMNI_QUEUE_LEASE_H
#define OMNI_QUEUE_LEASE_H

#include "opt.h"
#include "queue.h"
#include "rec.h"

/* A retry that a reject asks for is not later than this: a year 9999 would be a loss. */
#define QUEUE_RETRY_MAX_MS (INT64_C(30) * 86400000)

enum { QUEUE_LEASE_TOKEN = 2048 }; /* the longest of any back end: handles of SQS have up to 1024 */

struct lease {
	struct str token;
	struct share share;
	int64_t seq;
	int64_t born_ms; /* 0: it does not say */
};

/**
 * lease_queue(a, e):
 * Open the queue that is the subject of ${a}, whose leases are in the input.  Where that is a pipe the take in
 * front of it may be about to make the queue: it is waited for, for a while.  Return owned, or NULL as
 * queue_open.
 */
struct queue *lease_queue(const struct args *a, struct err *e);

/**
 * lease_read(l, r, queue):
 * Read the lease of ${r} into ${l}.  Return false if it has none of the queue ${queue}, or one that no
 * back end has given out.
 */
bool lease_read(struct lease *l, const struct rec *r, const char *queue);

/**
 * lease_reason(v, reject, a):
 * Put into ${v} what ${reject}, the JSON of a reject or of its members `stage`, `code` and `detail`, says;
 * borrows ${reject}, the rest lives in ${a}.
 */
void lease_reason(struct queue_verdict *v, struct str reject, struct arena *a);

#endif
