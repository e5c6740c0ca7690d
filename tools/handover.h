/* SPDX-License-Identifier: MIT */
/*
 * Where omni-recv puts records before it answers for them.  All that wait are put together, so that
 * they can share one write, one sync, one commit.  Safe in several threads.
 */
#ifndef OMNI_HANDOVER_H
#define OMNI_HANDOVER_H

#include "bytes.h"
#include "err.h"
#include "queue.h"

enum handover_state {
	HANDOVER_WAITS,
	HANDOVER_TAKEN,   /* for good: it may be answered for */
	HANDOVER_REFUSED, /* it could be taken later */
	HANDOVER_BIG,     /* it never will be: too large */
};

/* A record that waits to be taken; it stays where it is until then, or until it is withdrawn. */
struct handover_item {
	struct str text; /* the line, its end included */
	_Atomic(enum handover_state) state;
	void *owner; /* who is woken for it */
	void *own;   /* the hand-over's; NULL at first */
};

struct handover {
	/*
	 * Put those of the ${n} ${items} that wait, as many as can be without waiting for anything,
	 * and set the state of each that is through.  Return 0, or -1 if some were refused: with
	 * FAULT_TEMP when they could be taken later, with FAULT_IO when never again.
	 */
	int (*put)(struct handover *h, struct handover_item *const *items, size_t n, struct err *e);

	/*
	 * ${item}, which waits, is not waited for any more.  It may be under way, and is then put
	 * all the same.
	 */
	void (*withdraw)(struct handover *h, struct handover_item *item);

	/*
	 * True while it is known that nothing is taken: a request can be refused before its body is
	 * read.
	 */
	bool (*shut)(struct handover *h);

	/*
	 * A descriptor that can be written to when put may get further, or -1: owners are woken
	 * then, or there is nothing to wait for.
	 */
	int (*fd)(const struct handover *h);

	/*
	 * Put the rest of what is under way, waiting ${ms} at most where nobody reads, and close.
	 * Return 0, or -1 with FAULT_IO.
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

/**
 * handover_queue(url, place, wake, e):
 * Records are put into the queue ${url}, opened as ${place} says, by a thread of its own: what comes
 * while a commit is under way shares the next one.  In that thread ${wake} is called for each owner
 * of items that are through, who puts again then.  A queue that has refused is left alone for a
 * moment, in which all is refused at once, and opened anew if it was damaged.  Borrows ${url}.
 * Return owned, or NULL with the fault of queue_open; a queue that is only away is waited for.
 */
struct handover *handover_queue(const char *url, const struct queue_place *place,
				void (*wake)(void *owner), struct err *e);

#endif
