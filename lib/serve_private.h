/* SPDX-License-Identifier: MIT */
/*
 * What the files of the server share; no other file includes it.  serve.c starts and stops,
 * serve_loop.c is a thread, serve_conn.c a connection and what comes in on it, serve_engine.c what
 * libmicrohttpd is told and asks, with the answers, serve_place.c counts addresses, serve_raw.c what stands
 * between libmicrohttpd and its sockets, serve_listen.c opens sockets, serve_tls.c reads
 * certificates.
 */
#ifndef OMNI_SERVE_PRIVATE_H
#define OMNI_SERVE_PRIVATE_H

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "serve.h"
#include "wire.h"

enum {
	LISTENERS_MAX = 64,
	LINGERS_MAX = 256, /* of one loop */
	SPARE_MAX = 128,   /* exchanges that a loop keeps for the next requests */
	CACHE = 8,         /* answers that a loop keeps made */
};

/* What an event of a loop's epoll is about. */
enum source_kind { SOURCE_LISTENER, SOURCE_WAKE, SOURCE_ENGINE, SOURCE_WATCH, SOURCE_LINGER };

struct source {
	enum source_kind kind;
	int fd;
};

struct listener {
	struct source source;
	bool tls, inherited;
	char *unlink_path; /* owned, or NULL */
	char name[120];
};

/* A certificate with its key; counted, as a handshake may still need the one that was replaced. */
struct tls {
	atomic_uint refs;
	gnutls_pcert_st *chain;
	unsigned n;
	gnutls_privkey_t key;
};

struct conns {
	struct conn *first, *last;
};

/* A request from its first byte to the end of its answer. */
struct exchange {
	struct call call; /* first: a call is cast back */
	struct wire wire;
	struct conn *conn; /* NULL: spare */
	enum {
		RECEIVING,
		WAITING,
		ANSWERED,
		QUEUED
	} state;      /* answered: the engine has not asked yet */
	bool ahead;   /* it was sent before the one in front of it was answered */
	bool seen;    /* by handler.head */
	bool refused; /* by handler.head */
	struct reply refusal;
	struct MHD_Response *response; /* until the engine has it */
	struct made *made;             /* whose it is; NULL: our own */
	int status;
	size_t bytes;          /* of the answer's body */
	size_t held;           /* memory counted in serve.held */
	struct exchange *next; /* spare, or put off */
};

struct conn {
	struct conn *prev, *next;
	struct conns *in; /* the list of its loop that it is in */
	int64_t since;    /* when it was put there: lists are in this order */
	struct loop *loop;
	struct MHD_Connection *engine;
	struct exchange *x;
	struct buf ahead; /* what came behind a request that is not answered yet */
	struct tls *tls;  /* NULL: plain */
	gnutls_session_t session;
	int fd;
	bool suspended;
	bool counted; /* in the table of addresses */
	bool inetd;
	struct address address;
};

/* A socket on which a last answer was sent: closing it at once could take the answer back. */
struct lingering {
	struct source source;
	int64_t until;
	size_t left;
};

/* An answer that is kept, as carriers are told the same few things all the time. */
struct made {
	struct MHD_Response *response;
	unsigned users; /* exchanges that have it and have not queued it */
	int status;
	const char *type, *header, *value;
	unsigned retry_after;
	struct str body; /* owned */
	bool last;
};

struct loop {
	struct serve *serve;
	void *ctx;
	unsigned index;
	pthread_t thread;
	bool started;
	int epoll;
	struct source wake, engines[2], watch; /* engines: plain, TLS */
	struct MHD_Daemon *daemons[2];
	struct conns idle, receiving, answering, closing;
	struct exchange *spare;
	unsigned n_spare;
	struct exchange *later, *last_later; /* put off: requests that were sent ahead, in their order */
	struct lingering *lingers[LINGERS_MAX];
	unsigned n_lingers;
	struct made cache[CACHE];
	unsigned next_made;
	unsigned ready;  /* answers that the engines have not taken yet */
	bool listening;  /* its listeners are in the epoll */
	int64_t paused;  /* no accepting until then; 0: accepting */
	int64_t drained; /* since when it drains, else 0 */
	int64_t now;
	pthread_mutex_t lock; /* of what other threads leave here */
	struct conn *arrivals;
	void *posted;
	atomic_uint n_conns;
	atomic_ullong accepted, requests, refused, malformed, timeouts, bytes;
};

struct place {
	struct address address;
	unsigned n;
	struct place *next;
};

enum { PLACES = 4096 };

struct serve {
	struct serve_setup setup;
	struct listener listeners[LISTENERS_MAX];
	unsigned n_listeners;
	struct loop *loops;
	atomic_uint n_conns;
	atomic_uint left, listening; /* loops that have not ended; that listen */
	atomic_bool draining;
	atomic_ullong held;
	int ended;
	struct tls *tls; /* the current one */
	pthread_mutex_t lock;
	struct place *places[PLACES];
};

/* ---- serve_listen.c ---- */

int listen_inherited(struct serve *s, struct err *e);
int listen_open(struct serve *s, const char *where, struct err *e);
void listen_close(struct listener *l);

/* ---- serve_tls.c ---- */

struct tls *tls_load(const char *cert, const char *key, struct err *e);
struct tls *tls_hold(struct tls *t);
void tls_drop(struct tls *t);
int tls_choose(gnutls_session_t session, const gnutls_datum_t *names, int n_names,
	       const gnutls_pk_algorithm_t *algos, int n_algos, gnutls_pcert_st **chain,
	       unsigned *n, gnutls_privkey_t *key);

/* ---- serve_loop.c ---- */

int loop_open(struct loop *l, struct serve *s, unsigned index, struct err *e);
void *loop_run(void *loop);
void loop_wake(struct loop *l);
void loop_close(struct loop *l);

/* ---- serve_raw.c ---- */

/* Make room for descriptors below ${n}. */
void raw_init(size_t n);
bool raw_fits(int fd);
void raw_set(int fd, struct conn *c);
struct conn *raw_get(int fd);

/* Send a last answer on ${c}, past the engine, and let the socket linger. */
void raw_refuse(struct conn *c, const struct reply *r);

/* Read what still comes and drop it.  Return false when ${l} is over. */
bool raw_linger(struct lingering *l);

/* ---- serve_place.c ---- */

/* True if connections from ${a} are limited. */
bool place_counts(const struct serve *s, const struct address *a);

/* Count one more connection from ${address}.  Return false if there are too many. */
bool place_enter(struct serve *s, const struct address *address);
void place_leave(struct serve *s, const struct address *address);

/* ---- serve_conn.c ---- */

/*
 * A connection on ${fd}; its address counted if it must be.  NULL: too many; ${fd} is then closed.
 */
struct conn *conn_new(struct serve *s, int fd, const struct sockaddr *sa, bool tls);
void conn_put(struct conn *c, struct conns *list);

/* ${bytes} came in.  Return 0, or -1: the connection must be cut, its answer sent. */
int conn_feed(struct conn *c, struct str bytes);

/* The exchange of ${c} is over: take up what came behind it.  Return as conn_feed. */
int conn_next(struct conn *c);

/* The time of ${c} is up. */
void conn_expire(struct conn *c);

/* The last answer on ${c}, past the engine: {"error":"${why}"}. */
void conn_refuse(struct conn *c, int status, const char *why);

/* Tell the handler what was answered. */
void conn_tell(struct conn *c, int status, size_t bytes);

/* Let go of the answer of ${x}; of the whole exchange of ${c}. */
void exchange_release(struct exchange *x);
void exchange_end(struct conn *c);
void conn_spare_free(struct loop *l);

/* ---- serve_engine.c ---- */

/* Give ${c}, which has no engine yet, to the one of ${l}. */
void conn_start(struct loop *l, struct conn *c);
void conn_free(struct conn *c);

/* Take up some of the requests that were put off. */
void conn_resume_some(struct loop *l);

struct MHD_Daemon *conn_engine(struct loop *l, bool tls);
void made_free(struct made *m);

static inline void tally(atomic_ullong *counter, unsigned long long n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
