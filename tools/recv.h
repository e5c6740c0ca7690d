/* SPDX-License-Identifier: MIT */
/* omni-recv: HTTP requests of carriers in, records of kind "webhook" out; omni-recv(1). */
#ifndef OMNI_RECV_H
#define OMNI_RECV_H

#include "carrier.h"
#include "conf.h"
#include "http.h"
#include "id.h"
#include "opt.h"
#include "queue.h"

#define RECV_PATH \
	"/webhooks/" /* what the path of a webhook begins with; "twilio" or "twilio/acme" follows */

/* What the operator said about where requests come from.  All of it is borrowed. */
struct recv_setup {
	const struct conf *conf;
	const struct carriers *carriers;
	const struct carrier_conf *carrier; /* NULL: the path says it */
	struct str account;                 /* {NULL, 0}: the path says it */
	struct str base; /* the public URL up to the path; {NULL, 0}: public_url, else fallback */
	struct str fallback; /* {NULL, 0}: https:// and the Host header */
};

/* What a webhook record says beside the request. */
struct recv_origin {
	struct id id;
	int64_t at; /* milliseconds since 1970 */
	struct str carrier;
	struct str account; /* {NULL, 0} if neither path nor operator named it */
	struct str url;     /* public, query included */
	struct str peer;    /* address of who sent it; {NULL, 0} if not known */
};

/**
 * recv_check_base(base, what, fault, e):
 * Return 0 if ${base} can stand in front of a path: an http or https URL without query, its own
 * path allowed.  Else -1 with ${fault}, the text beginning with ${what}.
 */
int recv_check_base(struct str base, const char *what, enum fault fault, struct err *e);

/**
 * recv_place(s, req, a, o, e):
 * Fill in carrier, account and url of ${o}; texts live in ${a}, ${req} or ${s}.  Return 0, or -1
 * with FAULT_DATA, code "carrier-unknown" or "request-malformed", or with FAULT_CONFIG.
 */
int recv_place(const struct recv_setup *s, const struct request *req, struct arena *a,
	       struct recv_origin *o, struct err *e);

/**
 * recv_write(b, req, o):
 * Write the webhook record of ${req} without a line end.  A body that is not UTF-8 goes into
 * `body64`.
 */
void recv_write(struct buf *b, const struct request *req, const struct recv_origin *o);

/* How the options ${a} want the queue opened.  Return 0, or -1 with FAULT_USAGE. */
int recv_queue_place(const struct args *a, struct queue_place *place, struct err *e);

/**
 * recv_queue_put(q, lines, e):
 * Put all of ${lines}, each with its end.  Return 0 when they are durable, or -1, some of them put:
 * with FAULT_AWAY when the others can be put later.
 */
int recv_queue_put(struct queue *q, struct str lines, struct err *e);

/* Serve, as the options ${a} of ${p} say.  Return the exit code. */
int recv_serve(const struct program *p, const struct args *a);

/* Run omni-recv.  Return its exit code. */
int recv_main(int argc, char **argv);

#endif
