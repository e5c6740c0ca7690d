/* SPDX-License-Identifier: MIT */
/* The change log, and who has read it how far. */
#ifndef OMNI_STORE_LOG_H
#define OMNI_STORE_LOG_H

#include "store_query.h"

enum { STORE_CURSOR_NAME = 64 }; /* bytes of the name of a cursor */

/* True if ${name} can be that of a cursor: 1 to 64 of A-Z a-z 0-9 . _ - */
bool store_cursor_name(struct str name);

/**
 * store_log(s, after, max, to, n, e):
 * Give at most ${max} changes behind ${after}, in order, as records of kind `change`, and move ${after}
 * behind them; ${n} says how many.  Return 0, or -1: FAULT_DATA and the code "cursor-pruned" if some were
 * removed that come behind ${after}.
 */
int store_log(struct store *s, int64_t *after, uint64_t max, const struct store_sink *to,
	      uint64_t *n, struct err *e);

/* The number behind which nothing has been pruned, and the last number that was given. */
int store_log_ends(struct store *s, int64_t *trimmed, int64_t *last, struct err *e);

/* Where the cursor ${name} stands.  Return 1, 0 if there is none, or -1. */
int store_cursor_get(struct store *s, struct str name, int64_t *seq, struct err *e);

/* Move the cursor ${name} forward to ${seq}, never back, unless ${back}.  Return 0 or -1. */
int store_cursor_set(struct store *s, struct str name, int64_t seq, bool back, struct err *e);

/**
 * store_wait(s, ms, e):
 * Wait until somebody else has written to the store, ${ms} milliseconds have passed, or a signal came.
 * Return the signals as sig_poll does, or -1.
 */
int store_wait(struct store *s, int ms, struct err *e);

#endif
