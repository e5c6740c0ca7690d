/* SPDX-License-Identifier: MIT */
/* What keeps a store in order: what is removed, copied, checked and counted. */
#ifndef OMNI_STORE_KEEP_H
#define OMNI_STORE_KEEP_H

#include "store_query.h"

/* What was removed. */
struct store_removed {
	int64_t messages, records; /* records: statuses, deliveries, events */
	int64_t changes, conversations, contacts, devices;
	int64_t mentioned; /* store_erase: messages of others whose text has the address */
};

/**
 * store_prune(s, before, dry, out, e):
 * Remove what happened and was stored before ${before}, and to which nothing has happened since: messages
 * with their timelines, other records, changes; devices that were gone before; then conversations without
 * records, and contacts without conversations and devices whose consent is not known.  With ${dry} only count.  Return 0 or -1; what was removed
 * until then stays so.
 */
int store_prune(struct store *s, int64_t before, bool dry, struct store_removed *out, struct err *e);

/**
 * store_erase(s, address, force, dry, out, e):
 * Remove all that is known of the person ${address}; omni-store(1) says what is left.  An address of our
 * own is FAULT_USAGE without ${force}.  Return 0 or -1 and nothing removed.
 */
int store_erase(struct store *s, struct str address, bool force, bool dry,
		struct store_removed *out, struct err *e);

/* Copy the store to ${path} while others write; lib/db. */
int store_backup(struct store *s, const char *path, struct err *e);

/**
 * store_check(s, to, e):
 * Give a line, a record of kind `problem`, for each thing that is wrong: damaged pages, a text index that
 * does not agree with the messages, rows that point to nothing.  Return how many there are, or -1.
 */
int store_check(struct store *s, const struct store_sink *to, struct err *e);

/* What is in the store, as one line, a record of kind `stat`. */
int store_stat(struct store *s, const struct store_sink *to, struct err *e);

#endif
