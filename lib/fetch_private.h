/* SPDX-License-Identifier: MIT */
/* What the files of lib/fetch share.  fetch.c: the thread; _request: what goes out; _answer: what comes; _reach: whereto. */
#ifndef OMNI_FETCH_PRIVATE_H
#define OMNI_FETCH_PRIVATE_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cidr.h"
#include "fetch_rule.h"
#include "url.h"

/* What fetch keeps for one request: made at its first start, used again by the next. */
struct fetch_slot {
	struct fetch *fetch;
	struct fetch_request *request;
	struct fetch_slot *next, *prev;         /* all of them; the caller's thread */
	struct fetch_slot *link;                /* in the inbox, or among what is done */
	struct fetch_slot *fly_next, *fly_prev; /* in flight; fetch's thread */
	atomic_bool stop;

	CURL *easy;
	bool simple; /* easy is as the last simple request has left it: fetch_request.c */
	CURLU *aim;  /* of such, parsed: */
	struct url target_url;
	struct buf target; /* its URL, with a NUL behind it; empty: easy was told of no such */
	struct curl_slist *headers;
	curl_mime *form;
	FILE *file;
	struct arena *arena; /* texts of this request and its answer */
	struct buf body, head;
	char error[CURL_ERROR_SIZE];

	int64_t started_us, first_us; /* of the monotonic clock; first_us: 0 before it */
	struct url first, url;        /* where it went first, where it goes now; in the arena */
	struct str url_text;          /* the latter, with a NUL behind it */
	unsigned hops;                /* redirects that were followed */
	size_t taken;                 /* bytes of the body */

	/* of the hop that it is in */
	bool written;   /* the request may have been written */
	bool head_done; /* all headers of the answer have come */
	bool location;  /* it has a Location */
	/* why it ended */
	bool elsewhere; /* an address that may not be reached */
	bool lost; /* a kept connection ended without an answer, and the request may not be sent again */
	bool large, refused_by_taker;
};

/* Proxies of the environment, by the scheme that they are for: "http", "https". */
struct fetch_proxy {
	const char *scheme;
	struct address address;
	unsigned port;
};

enum { FETCH_PROXIES = 32, FETCH_OURS = 2 };

struct fetch {
	struct fetch_options options; /* texts are not kept but these: */
	char *agent, *ca;
	struct url *trust; /* their texts live in the arena */
	size_t n_trust;
	struct arena *arena;
	struct fetch_proxy proxies[FETCH_PROXIES];
	size_t n_proxies;

	CURLM *multi;
	pthread_t thread;
	struct fetch_slot *slots; /* of requests */
	struct fetch_slot *spare; /* of none */
	size_t n_spare;
	bool proxied;            /* the environment has a proxy */
	struct curl_slist *ours; /* the headers that all requests have */

	_Atomic(struct fetch_slot *) inbox; /* the newest first */
	atomic_bool asleep, stops, quit;

	struct fetch_slot *flying; /* fetch's thread */
	struct fetch_slot *out, *out_end;

	pthread_mutex_t lock;
	struct fetch_slot *done, *done_end; /* under the lock */
	struct fetch_slot *taken;           /* the caller's thread */
	int fd;
};

/**
 * fetch_prepare(s):
 * Make ${s}->easy ready for ${s}->request.  Return 0, or -1 with the request's end and text set.
 */
int fetch_prepare(struct fetch_slot *s);

/**
 * fetch_aim(s, text):
 * Let the next hop of ${s} go to ${text}.  Return 0, or -1 with the request's end and text set.
 */
int fetch_aim(struct fetch_slot *s, struct str text);

/* Set the deadlines of the next hop of ${s}.  Return 0, or -1 with the request's end and text set: there is no time left. */
int fetch_time(struct fetch_slot *s);

/* Make the list of headers that all requests have. */
void fetch_set_ours(struct fetch *f);

/* Set the callbacks of the answer and of the address. */
void fetch_listen(struct fetch_slot *s);

/* What ${s} holds of the request before: texts, form, file. */
void fetch_drop(struct fetch_slot *s);

/**
 * fetch_finish(s, code):
 * Take note of the end of a hop.  Return true if the request is done, false if it goes on elsewhere.
 */
bool fetch_finish(struct fetch_slot *s, CURLcode code);

/* Set the end of ${s} and a text that begins with the host. */
void fetch_end(struct fetch_slot *s, enum fetch_end end, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool fetch_same_origin(const struct url *a, const struct url *b);

/* Whether the environment has a proxy for anything. */
bool fetch_proxied(void);

/* Read the proxies of the environment. */
void fetch_reach_init(struct fetch *f);

/* True if ${s} may connect to ${a}. */
bool fetch_reach(const struct fetch_slot *s, const struct address *a, unsigned port);

/* True if no address stands in the URL of ${s}, or one that it may connect to. */
bool fetch_reach_url(const struct fetch_slot *s);

#endif
