/* SPDX-License-Identifier: MIT */
/*
 * The door to nghttp2: requests over HTTP/2 and TLS, one connection for each server and certificate, with as many streams as the
 * server allows.  Requests, their ends and their answers are those of lib/fetch, to which is handed on what is not done here: http:
 * URLs, bodies from files, forms, Basic, redirects, a taker, servers that have HTTP/1.1 alone, and all of them where the
 * environment names a proxy.
 *
 * There is no thread: whoever waits for h2_fd and asks for what is done drives all of it.
 *
 *	h2_start(h, &x); h2_flush(h);
 *	poll(h2_fd(h)); while ((x = h2_done(h))) …
 *
 * What a server says that it never began (GOAWAY, REFUSED_STREAM) goes out again, whatever it is, a few times; then it is
 * FETCH_UNSENT.  Nothing else is sent twice.  A connection that was silent is asked (PING) before more is sent over it, and one that
 * does not answer that is given up.  The program must ignore SIGPIPE, as those with effects do.
 */
#ifndef OMNI_H2_H
#define OMNI_H2_H

#include "fetch.h"

struct h2;

struct h2_options {
	const char *agent; /* User-Agent; NULL: "omni/VERSION" */
	const char *ca; /* a file of certificates to trust instead of the system's; NULL: the system's */
	bool public_only; /* as in fetch_options */
};

/**
 * h2_open(o, e):
 * Borrows ${o} for the call.  Return owned, or NULL with FAULT_OS or FAULT_CONFIG (${ca} can not be read).
 */
struct h2 *h2_open(const struct h2_options *o, struct err *e);

/* Leave all connections, release what all requests hold.  close(NULL) is legal. */
void h2_close(struct h2 *h);

/* Begin ${x}, which is kept as fetch_start says.  It leaves with the next h2_flush or h2_done at the latest. */
void h2_start(struct h2 *h, struct fetch_request *x);
void h2_flush(struct h2 *h);

/* Readable while h2_done has something to do. */
int h2_fd(const struct h2 *h);

/* Do what can be done without waiting.  Return one request that is done, or NULL if none is. */
struct fetch_request *h2_done(struct h2 *h);

#endif
