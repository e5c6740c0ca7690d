/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

enum {
	SPARE_TEXT = KIB(64), /* an exchange that is kept for the next request keeps no more than this of each text */
};

#define HELD_MAX MIB(256) /* for bodies, of all connections together */

/* ---- connections ---- */

void conn_put(struct conn *c, struct conns *list)
{
	if (c->in) {
		*(c->prev ? &c->prev->next : &c->in->first) = c->next;
		*(c->next ? &c->next->prev : &c->in->last) = c->prev;
	}
	c->in = list;
	c->next = NULL;
	if (!list)
		return;
	c->since = c->loop->now;
	c->prev = list->last;
	*(c->prev ? &c->prev->next : &list->first) = c;
	list->last = c;
}

struct conn *conn_new(struct serve *s, int fd, const struct sockaddr *sa, bool tls)
{
	struct address address = address_of(sa);
	bool counted = place_counts(s, &address);
	struct conn *c;

	if (!raw_fits(fd) || (counted && !place_enter(s, &address))) {
		close(fd);
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		diag_oom();
	c->fd = fd;
	c->address = address;
	c->counted = counted;
	c->ahead.max = s->setup.head_max * 4;
	if (tls) {
		pthread_mutex_lock(&s->lock);
		c->tls = tls_hold(s->tls);
		pthread_mutex_unlock(&s->lock);
	}
	atomic_fetch_add(&s->n_conns, 1);
	return c;
}

/* ---- exchanges ---- */

/* Count the memory of ${x} anew.  Return false if all together have too much. */
static bool hold(struct serve *s, struct exchange *x)
{
	size_t have = x->wire.raw.cap > SPARE_TEXT ? x->wire.raw.cap : 0;
	unsigned long long sum;

	if (have == x->held)
		return true;
	if (have < x->held) {
		atomic_fetch_sub(&s->held, x->held - have);
		x->held = have;
		return true;
	}
	sum = atomic_fetch_add(&s->held, have - x->held) + have - x->held;
	x->held = have;
	return sum <= HELD_MAX;
}

static void exchange_free(struct exchange *x)
{
	wire_free(&x->wire);
	buf_free(&x->call.text);
	arena_free(x->call.arena);
	free(x);
}

static void begin(struct conn *c)
{
	struct loop *l = c->loop;
	const struct serve_setup *setup = &l->serve->setup;
	struct exchange *x = l->spare;

	if (x) {
		l->spare = x->next;
		l->n_spare--;
	} else {
		x = calloc(1, sizeof(*x));
		if (!x)
			diag_oom();
		x->call.arena = arena_new();
		x->call.text.max = SIZE_MAX;
	}
	wire_begin(&x->wire, x->call.arena, setup->head_max, setup->body_max);
	x->conn = c;
	x->state = RECEIVING;
	x->ahead = x->seen = x->refused = false;
	x->call.req = &x->wire.req;
	x->call.address = c->address;
	x->call.tls = c->tls != NULL;
	x->call.began = l->now;
	x->call.own = NULL;
	c->x = x;
	conn_put(c, &l->receiving);
}

void exchange_release(struct exchange *x)
{
	if (x->made)
		x->made->users--;
	else if (x->response)
		MHD_destroy_response(x->response);
	x->made = NULL;
	x->response = NULL;
}

void exchange_end(struct conn *c)
{
	struct exchange *x = c->x;
	struct loop *l = c->loop;

	c->x = NULL;
	exchange_release(x);
	x->conn = NULL;
	arena_reset(x->call.arena);
	buf_reset(&x->call.text);
	if (x->wire.raw.cap > SPARE_TEXT)
		wire_free(&x->wire);
	if (x->call.text.cap > SPARE_TEXT)
		buf_free(&x->call.text);
	(void)hold(l->serve, x);
	if (l->n_spare == SPARE_MAX) {
		exchange_free(x);
		return;
	}
	x->next = l->spare;
	l->spare = x;
	l->n_spare++;
}

void conn_spare_free(struct loop *l)
{
	while (l->spare) {
		struct exchange *x = l->spare;

		l->spare = x->next;
		exchange_free(x);
	}
}

/* ---- refusing ---- */

void conn_tell(struct conn *c, int status, size_t bytes)
{
	const struct serve_handler *h = c->loop->serve->setup.handler;

	h->done(c->loop->ctx, c->x && c->x->seen ? &c->x->call : NULL, &c->address, status, bytes);
}

static void refuse(struct conn *c, const struct reply *r)
{
	raw_refuse(c, r);
	conn_tell(c, r->status, r->body.n);
}

void conn_refuse(struct conn *c, int status, const char *why)
{
	struct buf b = { .max = 512 };

	buf_fmt(&b, "{\"error\":\"%s\"}\n", why);
	refuse(c, &(struct reply){ .status = status,
				   .type = "application/json",
				   .body = buf_get(&b),
				   .retry_after = status == 503 ? 10 : 0 });
	buf_free(&b);
}

static int refuse_wire(struct conn *c)
{
	tally(&c->loop->malformed, 1);
	conn_refuse(c, c->x->wire.status, c->x->wire.why);
	conn_put(c, &c->loop->closing);
	return -1;
}

/* ---- what comes in ---- */

/* Feed the exchange that is being received; ${bytes} becomes what is behind it. */
static int feed_exchange(struct conn *c, struct str *bytes)
{
	const struct serve_handler *h = c->loop->serve->setup.handler;
	struct exchange *x = c->x;

	while (bytes->n > 0 && !wire_ended(&x->wire)) {
		size_t used = wire_feed(&x->wire, *bytes);

		*bytes = str_sub(*bytes, used, bytes->n);
		if (x->wire.state != WIRE_HEAD && x->wire.state != WIRE_BAD && !x->seen) {
			x->seen = true;
			x->refusal = (struct reply){ 0 };
			x->refused = h->head(c->loop->ctx, &x->call, &x->refusal);
		}
	}
	if (x->wire.state == WIRE_BAD)
		return refuse_wire(c);
	if (!hold(c->loop->serve, x)) {
		conn_refuse(c, 503, "too much is being received at the same time");
		conn_put(c, &c->loop->closing);
		return -1;
	}
	if (x->refused && x->wire.state != WIRE_DONE) {
		refuse(c, &x->refusal); /* without waiting for the body */
		conn_put(c, &c->loop->closing);
		return -1;
	}
	if (x->wire.state == WIRE_DONE)
		conn_put(c, &c->loop->answering);
	return 0;
}

int conn_feed(struct conn *c, struct str bytes)
{
	if (c->in == &c->loop->closing)
		return -1;
	if (!c->x || !wire_ended(&c->x->wire)) {
		if (!c->x)
			begin(c);
		if (feed_exchange(c, &bytes) < 0)
			return -1;
	}
	buf_str(&c->ahead, bytes);
	return c->ahead.over ? -1 : 0;
}

int conn_next(struct conn *c)
{
	struct buf ahead = c->ahead;
	int rc = 0;

	c->ahead = (struct buf){ .max = ahead.max };
	conn_put(c, &c->loop->idle);
	if (ahead.n > 0)
		rc = conn_feed(c, buf_get(&ahead));
	if (c->x)
		c->x->ahead = true;
	buf_free(&ahead);
	return rc;
}

void conn_expire(struct conn *c)
{
	struct conns *in = c->in;

	if (c->suspended) {
		conn_put(c, in);
		return;
	}
	if (in != &c->loop->idle)
		tally(&c->loop->timeouts, 1);
	if (in == &c->loop->receiving)
		conn_refuse(c, 408, "the request took too long to arrive");
	shutdown(c->fd, SHUT_RDWR); /* that the engine sees, and closes */
	conn_put(c, &c->loop->closing);
}
