/* SPDX-License-Identifier: MIT */
/*
 * The door to libmicrohttpd: an HTTP/1.1 server.  Some threads, each with its own loop, connections
 * and handler's context, so that a handler needs no locks.  Requests are read by lib/wire first:
 * what is malformed, too large or too slow is answered here, and no handler sees it.
 *
 * In one turn of a loop all requests that have arrived are given to the handler; what it does not
 * answer at once it can deal with together at the end of the turn, or in a later one.
 */
#ifndef OMNI_SERVE_H
#define OMNI_SERVE_H

#include "cidr.h"
#include "http.h"

struct serve;

/* A request that is to be answered. */
struct call {
	const struct request *req;
	struct arena *arena;    /* until the answer has gone out */
	struct buf text;        /* the handler's, until then; empty */
	struct address address; /* of the other end of the connection; not known of a Unix socket */
	bool tls;
	int64_t began; /* clock_mono of its first byte */
	void *own;     /* the handler's */
};

/*
 * What is answered.  The body must live until the function that is given it returns, the other
 * texts for ever.
 */
struct reply {
	int status;
	const char *type; /* Content-Type, or NULL */
	struct str body;
	const char *header, *value; /* one more header, or NULL */
	unsigned retry_after;       /* seconds; 0: not said */
	bool once; /* its texts live no longer than its body; else answers like it are kept made */
	/*
	 * For who plays a server that breaks.  A ${status} of 0: the connection is closed without an
	 * answer.  ${cut}: the head announces so many bytes more than there are, and the connection is
	 * closed behind the last of them.
	 */
	size_t cut;
};

/* All functions are called in the thread that ${ctx} belongs to. */
struct serve_handler {
	/*
	 * The head is there, the body may not be.  Return true with ${r} filled to refuse the
	 * request.
	 */
	bool (*head)(void *ctx, struct call *c, struct reply *r);

	/*
	 * The request is there.  Return true with ${r} filled, or false: serve_answer comes later.
	 */
	bool (*request)(void *ctx, struct call *c, struct reply *r);

	/* A call that was to be answered later is over: the other end is gone. */
	void (*gone)(void *ctx, struct call *c);

	/*
	 * The end of a turn.  Return in how many milliseconds the next must begin, whatever
	 * happens, or -1.  ${watch}, which is -1, may be set to a descriptor: the next turn begins
	 * when it can be written to.
	 */
	int (*turn)(void *ctx, int *watch);

	/*
	 * Something was answered with ${status} and ${bytes} of body; ${c} is NULL if it was no
	 * request.
	 */
	void (*done)(void *ctx, const struct call *c, const struct address *peer, int status,
		     size_t bytes);

	/* What serve_post was given. */
	void (*post)(void *ctx, void *what);
};

struct serve_setup {
	const char *const *listen; /* "HOST:PORT", "[V6]:PORT", "unix:PATH" or "unix:PATH,MODE" (octal) */
	unsigned n_listen;
	const char *fallback;   /* where to listen if nothing was said and no socket inherited */
	bool inetd;             /* serve the connection on standard input, and nothing else */
	const char *cert, *key; /* PEM files: what comes in over TCP is TLS; NULL: plain */
	size_t head_max, body_max;
	unsigned connections;       /* at the same time */
	unsigned per_address;       /* of them from one address (IPv6: one /64); 0: no limit */
	const struct cidr *trusted; /* addresses to which that does not apply */
	unsigned n_trusted;
	int request_ms; /* from the first byte of a request to its last; as long again for the answer */
	int idle_ms; /* until the first byte of the next */
	unsigned threads;
	const struct serve_handler *handler;
	void *const *ctx; /* one for each thread */
};

struct serve_counts {
	uint64_t connections; /* open now */
	uint64_t accepted, requests;
	uint64_t refused_connections; /* too many, in all or from one address */
	uint64_t malformed, timeouts;
	uint64_t bytes; /* received */
	uint64_t held;  /* memory for bodies now */
};

/**
 * serve_new(setup, e):
 * Take over the sockets that were inherited (LISTEN_FDS; a listening socket on standard input),
 * open those of ${setup}, which is borrowed, read the certificate.  Return owned, or NULL with
 * FAULT_USAGE, FAULT_CONFIG, FAULT_OS or FAULT_IO.
 */
struct serve *serve_new(const struct serve_setup *setup, struct err *e);

/* Begin to serve.  Return 0, or -1 with FAULT_OS. */
int serve_start(struct serve *s, struct err *e);

/*
 * Read the certificate again, for connections to come.  Return 0, or -1 with FAULT_CONFIG: then the
 * old one stays.
 */
int serve_reload(struct serve *s, struct err *e);

/*
 * Give ${what} to the handler in the thread ${i}.  Return what was given before and it has not got
 * yet, or NULL.
 */
void *serve_post(struct serve *s, unsigned i, void *what);

/* Begin a turn in the thread ${i}, from any thread: its handler may have something to do. */
void serve_wake(struct serve *s, unsigned i);

/*
 * Accept no more and answer what has come in.  What is in the queue of a socket that is ours is
 * served too; of an inherited one it is left to who listens next.  May be called from any thread.
 */
void serve_drain(struct serve *s);

/* A descriptor that is readable when all is drained. */
int serve_ended(const struct serve *s);

void serve_counts(const struct serve *s, struct serve_counts *out);

/* Where it listens, as text: the ${i}-th, or NULL behind the last. */
const char *serve_address(const struct serve *s, unsigned i);

/* Answer ${c}, whose handler said that it would do so later; ${c} is then over. */
void serve_answer(struct call *c, const struct reply *r);

/* Wait for the threads, which must have been drained or not started.  NULL is legal. */
void serve_free(struct serve *s);

#endif
