/* SPDX-License-Identifier: MIT */
/* Taking records out of the store.  Private to it. */
#ifndef OMNI_STORE_REMOVE_H
#define OMNI_STORE_REMOVE_H

#include "store_keep.h"
#include "store_private.h"

struct removal {
	struct store *s;
	struct store_removed *count;
	struct arena *a; /* emptied by whoever goes through the records */
};

/**
 * remove_record(rm, seq, e):
 * Remove the record ${seq} from all tables, from the index and from the log, with what is about it; of a
 * message the log then says that it went.  Legal if it is not there.  Return 0 or -1.
 */
int remove_record(struct removal *rm, int64_t seq, struct err *e);

/* Remove conversations that have no records any more, and their participants. */
int remove_empty(struct removal *rm, struct err *e);

/* Log that the ${item} ${ref} went; ${key} is JSON that says which it was. */
int remove_log(struct removal *rm, enum store_item item, int64_t ref, struct str key, struct err *e);

#endif
