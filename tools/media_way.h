/* SPDX-License-Identifier: MIT */
/* The way of one file: which request comes next, and what its answer means.  No waiting here. */
#ifndef OMNI_MEDIA_WAY_H
#define OMNI_MEDIA_WAY_H

#include "media_fetch.h"

enum { WAY_TRIES = 4, WAY_HEADERS = 8 };

struct media_way {
	struct media_item *item;
	struct media_item *others; /* that wait for the same, in a chain */
	uint64_t key;              /* of what is asked for */
	const struct media_rules *rules;
	struct fetch_request request;
	struct header headers[WAY_HEADERS];
	struct submit submit;   /* what the carrier makes of it */
	struct response answer; /* of the step before */
	unsigned step, tries;
	struct objects *store;
	struct draft *draft; /* NULL until the first byte is there: who waits for a connection needs no file */
	uint64_t whole; /* bytes of the file that the draft is of; 0: not known */
	bool began;     /* the body of this answer has begun to come */
	bool refused;   /* it does not go on where the draft ends, or is of another file */
	bool too_large;
	char validator[200]; /* of the draft, for If-Range; "": it can not be gone on with */
	int64_t due_ms;      /* of the monotonic clock: when to go on */
	struct media_way *next, *prev; /* all of them */
	struct media_way *later;       /* those that wait */
};

enum way_next {
	WAY_GO,     /* the request is ready */
	WAY_WAIT,   /* it is, but only at due_ms */
	WAY_DONE,   /* the draft is the file */
	WAY_FAILED, /* the item says why */
};

/* Make the first request, or the next. */
enum way_next way_begin(struct media_way *w);

/* What the answer to the request means. */
enum way_next way_judge(struct media_way *w, int64_t now_ms);

/* For fetch_request.take: what has come goes into the draft. */
bool way_take(struct fetch_request *x, struct str bytes);

#endif
