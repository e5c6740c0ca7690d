/* SPDX-License-Identifier: MIT */
/* Which dead letters a verb is about: --reason, --since and --until, and ids as operands. */
#ifndef OMNI_QUEUE_PICK_H
#define OMNI_QUEUE_PICK_H

#include "opt.h"
#include "queue.h"

/* For the tables of options of these verbs. */
#define PICK_OPT_REASON                                                  \
	{                                                                \
		"reason", 0, "CODE", "only those that died of it", false \
	}
#define PICK_OPT_SINCE                                                                                \
	{                                                                                             \
		"since", 0, "TIME", "only those that died then or later; -2h is two hours ago", false \
	}
#define PICK_OPT_UNTIL                                                    \
	{                                                                 \
		"until", 0, "TIME", "only those that died earlier", false \
	}

struct pick {
	struct queue_pick pick;
	struct str *ids; /* owned */
};

/**
 * pick_read(p, a, first, now_ms, e):
 * Fill ${p} with the options of ${a}, and its operands from ${first} on.  Return 0, or -1 with FAULT_USAGE.
 */
int pick_read(struct pick *p, const struct args *a, int first, int64_t now_ms, struct err *e);
void pick_free(struct pick *p);

/* True if ${p} leaves anything out. */
bool pick_some(const struct pick *p);

#endif
