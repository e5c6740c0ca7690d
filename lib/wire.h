/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 requests as they come off a connection, byte by byte, read in the one way that RFC 9112
 * leaves open: lines end in CRLF, there is one length, no trailers, no folding.  What another
 * reader on the way could cut elsewhere is refused before any other code sees it.
 */
#ifndef OMNI_WIRE_H
#define OMNI_WIRE_H

#include "http.h"

enum wire_state {
	WIRE_HEAD,
	WIRE_BODY, /* so many bytes */
	WIRE_SIZE, /* of a chunk: its digits */
	WIRE_EXTENSION,
	WIRE_SIZE_LF,
	WIRE_CHUNK,
	WIRE_CHUNK_CR,
	WIRE_CHUNK_LF,
	WIRE_LAST_CR,
	WIRE_LAST_LF,
	WIRE_DONE,
	WIRE_BAD,
};

struct wire {
	enum wire_state state;
	struct request req; /* from the end of the head on; its body once it is done */
	bool old;           /* HTTP/1.0 */
	int status;         /* bad: what to answer */
	const char *why;    /* bad: a sentence, static */

	/* private */
	struct buf raw;    /* head, and behind it the body without chunks */
	size_t line, head; /* where in it the line begins, and the body */
	size_t left;       /* of the body or the chunk */
	unsigned digits, extension;
	const char *parsed; /* where raw was when req was read */
	size_t head_max, body_max;
	struct arena *arena;
};

/**
 * wire_begin(w, arena, head_max, body_max):
 * Wait for the first byte of a request of at most that size.  What req points to lives in ${w} and
 * ${arena}.
 */
void wire_begin(struct wire *w, struct arena *arena, size_t head_max, size_t body_max);

/**
 * wire_feed(w, bytes):
 * Take the next ${bytes}.  Return how many were of this request: fewer than all where its head
 * ends, so that it can be looked at before the body comes, where the request ends, and where it is
 * bad.
 */
size_t wire_feed(struct wire *w, struct str bytes);

static inline bool wire_ended(const struct wire *w)
{
	return w->state >= WIRE_DONE;
}

void wire_free(struct wire *w);

#endif
