/* SPDX-License-Identifier: MIT */
/*
 * A thread that moves the write-ahead log of a database into its file, beside the commits.  Left to
 * itself SQLite does that inside a commit, each thousand pages: then all who wait for it wait some
 * milliseconds longer.  For who commits without end, and is waited for.
 */
#ifndef OMNI_DB_TIDY_H
#define OMNI_DB_TIDY_H

#include "db.h"

struct db_tidy;

/**
 * db_tidy_start(d, e):
 * Do so for ${d}, which is borrowed and must not be read-only.  Return owned, or NULL.
 */
struct db_tidy *db_tidy_start(struct db *d, struct err *e);

/* Wait for it, and leave ${d} as it was.  NULL is legal. */
void db_tidy_stop(struct db_tidy *t);

#endif
