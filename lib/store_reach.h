/* SPDX-License-Identifier: MIT */
/* What the store knows of a person, for who is about to write to them. */
#ifndef OMNI_STORE_REACH_H
#define OMNI_STORE_REACH_H

#include "store.h"

enum { STORE_TALKS_MAX = 64 }; /* conversations of one person on one channel that are looked at */

/* A conversation of the person. */
struct store_talk {
	struct str carrier, account;
	struct str address; /* ours; {NULL, 0} where there is none */
	int64_t last;       /* the last message in it, in any direction; milliseconds since 1970 */
	int64_t inbound; /* the last one from the person since the time asked for; 0: there is none */
};

struct store_reach {
	const struct json *consents; /* an array of the model `consent`, or NULL */
	struct store_talk *talks;
	size_t n;
};

/**
 * store_reach(s, address, channel, since, a, out, e):
 * Fill ${out}, which lives in ${a}, with what there is of ${address}: what they said about being written
 * to, and their conversations on ${channel}.  Return 0 or -1.
 */
int store_reach(struct store *s, struct str address, struct str channel, int64_t since,
		struct arena *a, struct store_reach *out, struct err *e);

/**
 * store_version(s, version, e):
 * A number that changes when somebody has written to the store.  Return 0 or -1.
 */
int store_version(struct store *s, int64_t *version, struct err *e);

#endif
