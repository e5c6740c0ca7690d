/* SPDX-License-Identifier: MIT */
/*
 * What the files of lib/h2 share.  h2.c: requests; h2_origin.c: servers; h2_connect.c: the way to a connection;
 * h2_link.c: connections; h2_frame.c: frames, the only one that knows nghttp2.
 */
#ifndef OMNI_H2_PRIVATE_H
#define OMNI_H2_PRIVATE_H

#include "h2.h"
#include "heap.h"
#include "resolve.h"
#include "tls.h"
#include "url.h"

enum {
	H2_RECORD = 16384, /* what a record of TLS holds: so much is gathered before it is written */
	H2_HEADERS = 16,   /* headers of requests that are compared with those of the one before */
};

struct h2_list {
	struct h2_call *first, *last;
};

/* What is kept for one request: made at its first start, used again by the next. */
struct h2_call {
	struct heap_item due; /* first */
	struct h2 *h2;
	struct fetch_request *x;
	struct h2_call *made; /* the next of all */
	struct h2_list *in;   /* waiting, under way or done: it is in one of them */
	struct h2_call *next, *prev;
	struct h2_origin *origin;
	struct h2_link *link; /* under way: where */
	int32_t stream;
	unsigned again; /* how often it was to be sent anew */
	size_t sent;    /* of the body */
	bool written;   /* its head has left */
	bool head_done;
	int64_t started_us, first_us; /* of the monotonic clock */
	int64_t connect_due, total_due;
	struct url url; /* lives as long as the request */
	struct arena *arena;
	struct header *head;
	size_t n_head, cap_head, head_bytes;
	struct buf body;
};

/* A server, as it is known under one certificate. */
struct h2_origin {
	struct h2 *h2;
	struct h2_origin *next; /* in its bucket */
	char *host, *bare;      /* as in URLs; without brackets */
	char *cert, *key;       /* or NULL */
	unsigned port;
	struct h2_link *link;   /* over which new ones go; NULL: there is none */
	unsigned links;         /* with those that end */
	struct h2_list waiting; /* not empty: there is a link */
	struct tls_ticket *ticket;
	int64_t plain_until; /* it has HTTP/1.1 alone, it said: not asked again before that */
};

enum h2_state { H2_LOOKUP, H2_CONNECT, H2_SECURE, H2_GREET, H2_OPEN };

/* A connection, or what becomes one. */
struct h2_link {
	struct heap_item due; /* first */
	struct h2 *h2;
	struct h2_origin *origin;
	enum h2_state state;
	struct resolve *lookup;
	const struct addrinfo *address; /* the next to be tried */
	int64_t connect_due;
	bool refused; /* an address was not to be reached */
	bool reached; /* another was tried */
	bool late;    /* it is why the last address failed */
	char why[160];

	int fd;
	uint32_t events; /* that are watched */
	struct tls_link *tls;
	struct nghttp2_session *session;
	struct h2_list begun;
	unsigned streams; /* open, given up ones included */
	struct buf out;   /* frames to be written, from out_at on */
	size_t out_at;
	uint64_t was[H2_HEADERS]; /* headers of the last request, hashed */
	size_t started;           /* bytes of bodies since frames were made last */

	int64_t heard, used, asked; /* the last byte, the last request, PING that is not answered (0: none) */
	unsigned frames;            /* since the last answer */
	bool answered;              /* there was a whole one */
	bool leaving;               /* nothing more is begun here */
	bool more;                  /* there is more to be read at once */
	bool dirty, dead;
	struct h2_link *next_dirty, *next_dead;
};

enum { H2_BUCKETS = 256 };

struct h2 {
	char *agent, *ca;
	bool public_only;
	bool proxied; /* the environment names a proxy */
	struct tls *tls;
	struct fetch *fetch; /* NULL: nothing was handed on yet */
	struct h2_origin *buckets[H2_BUCKETS];
	unsigned n_origins;
	uint64_t seed;
	struct h2_call *calls; /* all of them */
	struct h2_list done;
	struct heap call_due, link_due;
	struct h2_link *dirty, *dead;
	int epoll, timer;
	int64_t set; /* what the timer is set to; INT64_MAX: nothing */
};

/* h2.c */
void h2_move(struct h2_call *c, struct h2_list *to, bool front);
void h2_unlink(struct h2_call *c);
/* ${c} is done; a text for all ends but FETCH_OK. */
void h2_finish(struct h2_call *c, enum fetch_end end, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* It was not begun: to the front of those that wait, or done if that happened too often. */
void h2_again(struct h2_call *c, const char *why);
/* Let lib/fetch do it. */
void h2_hand_on(struct h2_call *c);

/* h2_origin.c */
struct h2_origin *h2_origin_for(struct h2 *h, const struct h2_call *c);
void h2_origin_free(struct h2_origin *o);

/* h2_connect.c: from a name to HTTP/2 */
/* Begin a connection for what waits at ${o}. */
void h2_connect_new(struct h2_origin *o);
void h2_connect_step(struct h2_link *l);
/* This address does not do: the next. */
void h2_connect_fail(struct h2_link *l, const char *why);
void h2_connect_late(struct h2_link *l);

/* h2_link.c */
void h2_link_watch(struct h2_link *l, uint32_t events);
void h2_link_ring(struct h2_link *l, int64_t when);
/* Release what belongs to one address. */
void h2_link_hang_up(struct h2_link *l);
/* Release all, but for the place that events may name. */
void h2_link_die(struct h2_link *l);
void h2_link_event(struct h2_link *l, uint32_t events);
void h2_link_tick(struct h2_link *l, int64_t now);
/* Begin what waits, as far as the server allows; write what is to be written. */
void h2_link_pump(struct h2_link *l);
void h2_link_dirty(struct h2_link *l);
/* It is over: what was begun is broken, what waits goes elsewhere. */
void h2_link_end(struct h2_link *l, const char *why);
/* Take leave, whatever waits. */
void h2_link_leave(struct h2_link *l);
void h2_link_free(struct h2_link *l);

/* h2_frame.c */
void h2_frame_open(struct h2_link *l);
void h2_frame_close(struct h2_link *l);
/* Take what came.  Return NULL, or why nothing more can come. */
const char *h2_frame_read(struct h2_link *l, const unsigned char *p, size_t n);
/* NULL, or why nothing more can come or go. */
const char *h2_frame_over(const struct h2_link *l);
/* Append frames to ${l}->out until they fill a record or there are none.  Return NULL, or why it can not go on. */
const char *h2_frame_write(struct h2_link *l);
/* It has no numbers left for streams. */
bool h2_frame_spent(const struct h2_link *l);
bool h2_frame_may_begin(const struct h2_link *l);
/* Make ${c} a stream of ${l}, its head in ${l}->out.  Return as h2_frame_write. */
const char *h2_frame_begin(struct h2_link *l, struct h2_call *c);
/* Nobody waits for ${c} any more. */
void h2_frame_cancel(struct h2_call *c);
void h2_frame_ping(struct h2_link *l);
void h2_frame_goodbye(struct h2_link *l);

#endif
