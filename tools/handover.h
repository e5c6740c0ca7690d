/* SPDX-License-Identifier: MIT */
/*
 * Where omni-recv puts records before it answers for them.  All that wait are put together, so that
 * they can share one write, one sync, one commit.  Safe in several threads.
 */
#ifndef OMNI_HANDOVER_H
#define OMNI_HANDOVER_H

#include "bytes.h"
#include "err.h"

/* A record that waits to be taken; it stays where it is until then. */
struct handover_item {
	struct str text; /* the line, its end included */
	bool taken;      /* for good: it may be answered for */
};

struct handover {
	/*
	 * Put the ${n} ${items} (those that are taken already are passed over), as many as can be
	 * without waiting for a reader, and set `taken` of each.  Return 0, or -1 if those that are
	 * left were refused: with FAULT_TEMP when it could work later, with FAULT_IO when never
	 * again.
	 */
	int (*put)(struct handover *h, struct handover_item *const *items, size_t n, struct err *e);

	/*
	 * ${item}, which is not taken, is not waited for any more.  It may have been put by half,
	 * and is then put all the same.
	 */
	void (*withdraw)(struct handover *h, struct handover_item *item);

	/* A descriptor that can be written to when put may get further, or -1. */
	int (*fd)(const struct handover *h);

	/*
	 * Put the rest of what was put by half, waiting ${ms} at most, and close.  Return 0, or -1
	 * with FAULT_IO.
	 */
	int (*close)(struct handover *h, int ms, struct err *e);
};

/**
 * handover_file(path, e):
 * Records are appended to ${path}, standard output if NULL.  A regular file is synced before a
 * record counts as taken, and one that could not be written whole is cut off again.  A FIFO that
 * nobody reads refuses until somebody does; standard output that nobody reads any more refuses for
 * ever.  Return owned, or NULL with FAULT_IO.
 */
struct handover *handover_file(const char *path, struct err *e);

#endif
