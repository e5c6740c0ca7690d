/* SPDX-License-Identifier: MIT */
/*
 * The door to libcurl: every request that goes out, in a thread of its own that keeps connections
 * open and thousands of requests in flight (HTTP/1.1 keep-alive, HTTP/2 over TLS where the server
 * offers it).  TLS is verified, redirects are followed only where a request says so, proxies are
 * taken from the environment (https_proxy, no_proxy), answers are capped.
 *
 * Start requests, wait until fetch_fd is readable, collect what is done:
 *
 *	fetch_start(f, &x);
 *	poll(fetch_fd(f)); while ((x = fetch_done(f))) …
 *
 * All of it is called from one thread.  Nothing is ever sent twice that may not be: where a connection that
 * was kept open ends without an answer, only what `repeatable` allows goes out again on another one.
 */
#ifndef OMNI_FETCH_H
#define OMNI_FETCH_H

#include "err.h"
#include "http.h"

struct fetch;

struct fetch_options {
	unsigned per_host; /* connections to one host; 0: 64 */
	unsigned total;    /* connections in all; 0: 1024 */
	const char *agent; /* User-Agent; NULL: "omni/VERSION" */
	const char *ca; /* a file of certificates to trust instead of the system's; NULL: the system's */
	/* HTTP/2 where a server offers it (over TLS), many streams in one connection; else HTTP/1.1 */
	bool multiplex;
	/*
	 * Refuse addresses that are not public (cidr_public), after DNS, after each redirect, and of connections
	 * that are used again.  Behind a proxy of the environment only an address that stands in the URL can be
	 * checked: names are the proxy's to look up, and to refuse.
	 */
	bool public_only;
	const char *const *trust; /* URLs, NULL-terminated, whose hosts (scheme, name, port) need not be public; or NULL */
};

/* What became of a request: only the first has an answer. */
enum fetch_end {
	FETCH_OK,
	/* nothing was written: no address, no connection, no TLS, not to be said in HTTP; safe to try again */
	FETCH_UNSENT,
	/*
	 * The connection broke, or the time ran out, when something had been written: what became of it is not
	 * known, `status` is 0 or what had come of an answer.
	 */
	FETCH_BROKEN,
	FETCH_REFUSED, /* an address or a redirect that may not be; nothing was written there */
	FETCH_LARGE,   /* the answer is larger than it may be; what fitted is there */
	FETCH_STOPPED, /* by fetch_stop, or because `take` returned false */
};

/* A field of a form with files (RFC 7578). */
struct fetch_field {
	struct str name, value;
	struct str path; /* the file to send; {NULL, 0}: ${value} */
	struct str file_name, type;
};

/*
 * One request and its answer.  The caller owns it, keeps it and all that it points to in place from
 * fetch_start until fetch_done returns it, and then may fill it anew and start it again, or fetch_free it.
 */
struct fetch_request {
	/* set by the caller */
	const char *method;
	struct str url; /* http: or https: */
	const struct header *headers;
	size_t n_headers;
	struct str body;
	struct str body_path;             /* a file that is the body, instead */
	const struct fetch_field *fields; /* a form that is the body, instead */
	size_t n_fields;
	struct str user, password; /* for Basic; {NULL, 0}: none */
	const char *cert, *key;    /* of the client, PEM files; NULL: none */
	/*
	 * Deadlines; 0: 10 s, 60 s.  The first is for all that goes before the request itself, waiting for one of
	 * the connections that a host may have included.
	 */
	int64_t connect_ms, total_ms;
	int64_t stall_ms; /* ends, too, when no byte has moved for so long, in whole seconds; 0: it may */
	/*
	 * How many are followed, of GET and HEAD only; 0: the redirect is the answer.  Headers, credentials and
	 * certificate stay with the first host (scheme, name and port); from https to http is refused.
	 */
	unsigned redirects;
	size_t answer_max; /* bytes of the body */
	bool repeatable; /* done twice is as if done once; GET, HEAD, PUT, DELETE and OPTIONS are in any case */
	bool private_ok; /* the host of the URL is the operator's own: public_only is for redirects only */
	/*
	 * Called in fetch's thread with what has come of the body of a final answer, instead of keeping it: for
	 * large files; `status` and `answer` are there.  False ends the request.  NULL: the body is kept.
	 */
	bool (*take)(struct fetch_request *x, struct str bytes);
	void *own; /* for the caller */

	/* set when it is done */
	enum fetch_end end;
	int status;
	const struct header *answer; /* headers, names in lower case; values as they came, any bytes */
	size_t n_answer;
	struct str answer_body;
	struct str final_url; /* after redirects */
	double ms;            /* from the start to the end; milliseconds */
	double first_ms;      /* to the first byte of the answer; 0: there was none */
	bool http2;
	bool timed_out; /* unless FETCH_OK: one of the deadlines was why */
	char text[240]; /* unless FETCH_OK: why, naming the host, no secret */

	struct fetch_slot *slot; /* fetch's own; NULL before the first start */
	struct h2_call *call;    /* that of lib/h2 */
};

/**
 * fetch_open(o, e):
 * Start the thread.  Borrows ${o} for the call.  Return owned, or NULL with FAULT_OS or FAULT_CONFIG (${ca}
 * can not be read).
 */
struct fetch *fetch_open(const struct fetch_options *o, struct err *e);

/* Stop everything that is in flight, end the thread, release what all requests hold.  close(NULL) is legal. */
void fetch_close(struct fetch *f);

/* Begin ${x}; many at once before the thread looks are cheaper than one by one.  Never fails: see `end`. */
void fetch_start(struct fetch *f, struct fetch_request *x);

/* Readable while fetch_done has something. */
int fetch_fd(const struct fetch *f);

/* One request that is done, or NULL if none is.  Does not wait. */
struct fetch_request *fetch_done(struct fetch *f);

/* End ${x} soon if it is in flight: it comes out of fetch_done in any case. */
void fetch_stop(struct fetch *f, struct fetch_request *x);

/* Release what fetch keeps for ${x}, which is not in flight; the struct itself is the caller's. */
void fetch_free(struct fetch *f, struct fetch_request *x);

#endif
