/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

enum {
	SPARE_TEXT = KIB(64), /* an exchange that is kept for the next request keeps no more than this of each text */
	MADE_MAX = 512, /* the body of an answer that is kept */
	RESUMED = 4, /* requests that were sent ahead, in one turn: 50 us that others wait for them */
	ENGINE_ROOM = KIB(4), /* what the engine needs beside the head: its table of headers, the head of the answer */
};

#define HELD_MAX MIB(256) /* for bodies, of all connections together */

/* ---- addresses ---- */

/* An IPv6 customer has a whole /64. */
static struct address place_of(struct address a)
{
	static const unsigned char v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (memcmp(a.bytes, v4, sizeof(v4)) != 0)
		memset(a.bytes + 8, 0, 8);
	return a;
}

static struct place **place_find(struct serve *s, const struct address *a)
{
	uint64_t hash = 14695981039346656037u;
	struct place **p;

	for (size_t i = 0; i < sizeof(a->bytes); i++)
		hash = (hash ^ a->bytes[i]) * 1099511628211u;
	for (p = &s->places[(hash >> 20) % PLACES]; *p; p = &(*p)->next)
		if (memcmp((*p)->address.bytes, a->bytes, sizeof(a->bytes)) == 0)
			break;
	return p;
}

/* Count one more connection from ${address}.  Return false if there are too many. */
static bool place_enter(struct serve *s, const struct address *address)
{
	struct address a = place_of(*address);
	struct place **p;
	bool fits;

	pthread_mutex_lock(&s->lock);
	p = place_find(s, &a);
	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			diag_oom();
		(*p)->address = a;
	}
	fits = (*p)->n < s->setup.per_address;
	if (fits)
		(*p)->n++;
	pthread_mutex_unlock(&s->lock);
	return fits;
}

static void place_leave(struct serve *s, const struct address *address)
{
	struct address a = place_of(*address);
	struct place **p, *gone = NULL;

	pthread_mutex_lock(&s->lock);
	p = place_find(s, &a);
	if (--(*p)->n == 0) {
		gone = *p;
		*p = gone->next;
	}
	pthread_mutex_unlock(&s->lock);
	free(gone);
}

static bool is_counted(const struct serve *s, const struct address *a)
{
	if (!s->setup.per_address || !a->known)
		return false;
	for (unsigned i = 0; i < s->setup.n_trusted; i++)
		if (cidr_has(&s->setup.trusted[i], a))
			return false;
	return true;
}

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
	bool counted = is_counted(s, &address);
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

static struct exchange *exchange_of(struct call *c)
{
	return (struct exchange *)(void *)c;
}

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

static void release(struct exchange *x)
{
	if (x->made)
		x->made->users--;
	else if (x->response)
		MHD_destroy_response(x->response);
	x->made = NULL;
	x->response = NULL;
}

static void end(struct conn *c)
{
	struct exchange *x = c->x;
	struct loop *l = c->loop;

	c->x = NULL;
	release(x);
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

static void tell(struct conn *c, int status, size_t bytes)
{
	const struct serve_handler *h = c->loop->serve->setup.handler;

	h->done(c->loop->ctx, c->x && c->x->seen ? &c->x->call : NULL, &c->address, status, bytes);
}

static void refuse(struct conn *c, const struct reply *r)
{
	raw_refuse(c, r);
	tell(c, r->status, r->body.n);
}

/* An answer of our own: {"error":"…"}. */
static void refuse_why(struct conn *c, int status, const char *why)
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
	refuse_why(c, c->x->wire.status, c->x->wire.why);
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
		refuse_why(c, 503, "too much is being received at the same time");
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

/* The exchange of ${c} is over: take up what came behind it. */
static int next(struct conn *c)
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
		refuse_why(c, 408, "the request took too long to arrive");
	shutdown(c->fd, SHUT_RDWR); /* that the engine sees, and closes */
	conn_put(c, &c->loop->closing);
}

/* ---- answers ---- */

static bool same(const struct made *m, const struct reply *r, bool last)
{
	return m->response && m->status == r->status && m->type == r->type &&
	       m->header == r->header && m->value == r->value && m->retry_after == r->retry_after &&
	       m->last == last && str_eq(m->body, r->body);
}

static struct MHD_Response *make(const struct reply *r, bool last)
{
	struct MHD_Response *m = MHD_create_response_from_buffer(
		r->body.n, (void *)(uintptr_t)r->body.p,
		r->body.n ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
	char seconds[16];

	if (!m)
		diag_oom();
	if (r->type)
		MHD_add_response_header(m, "Content-Type", r->type);
	if (r->header)
		MHD_add_response_header(m, r->header, r->value);
	if (r->retry_after) {
		snprintf(seconds, sizeof(seconds), "%u", r->retry_after);
		MHD_add_response_header(m, "Retry-After", seconds);
	}
	if (last)
		MHD_add_response_header(m, "Connection", "close");
	return m;
}

void made_free(struct made *m)
{
	if (m->response)
		MHD_destroy_response(m->response);
	free((void *)(uintptr_t)m->body.p);
	*m = (struct made){ 0 };
}

/* A place for one more answer to keep, or NULL if all of them are in use. */
static struct made *place_made(struct loop *l)
{
	for (unsigned i = 0; i < CACHE; i++) {
		struct made *m = &l->cache[l->next_made++ % CACHE];

		if (m->users > 0)
			continue;
		made_free(m);
		return m;
	}
	return NULL;
}

static struct made *find_made(struct loop *l, const struct reply *r)
{
	bool last = l->drained != 0;
	struct made *m;
	char *p;

	for (unsigned i = 0; i < CACHE; i++)
		if (same(&l->cache[i], r, last))
			return &l->cache[i];
	m = place_made(l);
	if (!m)
		return NULL;
	p = malloc(r->body.n + 1);
	if (!p)
		diag_oom();
	if (r->body.n > 0)
		memcpy(p, r->body.p, r->body.n);
	*m = (struct made){ make(r, last), 0,        r->status,      r->type,
			    r->header,     r->value, r->retry_after, { p, r->body.n },
			    last };
	return m;
}

static void settle(struct exchange *x, const struct reply *r)
{
	struct loop *l = x->conn->loop;

	x->status = r->status;
	x->bytes = r->body.n;
	x->state = ANSWERED;
	x->made = r->body.n <= MADE_MAX ? find_made(l, r) : NULL;
	if (x->made)
		x->made->users++;
	x->response = x->made ? x->made->response : make(r, l->drained != 0);
}

void serve_answer(struct call *call, const struct reply *r)
{
	struct exchange *x = exchange_of(call);
	struct conn *c = x->conn;

	settle(x, r);
	c->loop->ready++;
	if (c->suspended)
		MHD_resume_connection(c->engine);
	c->suspended = false;
}

/* ---- the engine ---- */

static struct conn *conn_of(struct MHD_Connection *m)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(m, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static enum MHD_Result queue(struct conn *c)
{
	struct exchange *x = c->x;

	enum MHD_Result rc = MHD_queue_response(c->engine, (unsigned)x->status, x->response);

	x->state = QUEUED;
	release(x);
	return rc;
}

/*
 * Who sends without waiting for answers may have thousands of requests here at once: they stand
 * behind those of everybody else.
 */
static void put_off(struct conn *c)
{
	struct exchange *x = c->x;
	struct loop *l = c->loop;

	x->ahead = false;
	x->next = NULL;
	*(l->later ? &l->last_later->next : &l->later) = x;
	l->last_later = x;
	MHD_suspend_connection(c->engine);
	c->suspended = true;
}

void conn_resume_some(struct loop *l)
{
	for (int i = 0; i < RESUMED && l->later; i++) {
		struct conn *c = l->later->conn;

		l->later = l->later->next;
		MHD_resume_connection(c->engine);
		c->suspended = false;
	}
}

/*
 * The whole request is there: the engine asks for its answer, again and again until there is one.
 */
static enum MHD_Result answer(struct conn *c)
{
	struct exchange *x = c->x;
	struct loop *l = c->loop;
	struct reply r = { .status = 500 };

	if (x->ahead) {
		put_off(c);
		return MHD_YES;
	}
	if (x->state == RECEIVING) {
		tally(&l->requests, 1);
		if (x->refused) {
			settle(x, &x->refusal);
			return queue(c);
		}
		x->state = WAITING;
		if (!l->serve->setup.handler->request(l->ctx, &x->call, &r))
			return MHD_YES;
		settle(x, &r);
		return queue(c);
	}
	if (x->state == ANSWERED) {
		l->ready--;
		return queue(c);
	}
	/* A turn has passed without an answer: so that the engine does not ask all the time. */
	MHD_suspend_connection(c->engine);
	c->suspended = true;
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *m, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **seen)
{
	struct conn *c = conn_of(m);
	struct exchange *x = c->x;

	(void)cls, (void)url, (void)method, (void)version, (void)upload;
	if (!x || c->in == &c->loop->closing)
		return MHD_NO;
	/* The engine must not see a request where lib/wire sees none yet. */
	if (!x->seen) {
		refuse_why(c, 400, "the request is malformed");
		conn_put(c, &c->loop->closing);
		return MHD_NO;
	}
	if (!*seen) {
		*seen = c;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	return x->wire.state == WIRE_DONE ? answer(c) : MHD_NO;
}

static void forget(struct conn *c)
{
	struct exchange *x = c->x;

	if (x->state == ANSWERED)
		c->loop->ready--;
	if (x->state == WAITING)
		c->loop->serve->setup.handler->gone(c->loop->ctx, &x->call);
	end(c);
}

static void on_completed(void *cls, struct MHD_Connection *m, void **seen,
			 enum MHD_RequestTerminationCode how)
{
	struct conn *c = conn_of(m);

	(void)cls;
	*seen = NULL;
	if (!c || !c->x)
		return;
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		tell(c, c->x->status, c->x->bytes);
		end(c);
		(void)next(c);
		return;
	}
	forget(c);
	conn_put(c, &c->loop->closing);
}

static void on_connection(void *cls, struct MHD_Connection *m, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct conn *c;

	(void)cls;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		c = *context;
		if (c)
			conn_free(c);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_CONNECTION_FD);
	c = raw_get(info->connect_fd);
	c->engine = m;
	*context = c;
	if (c->tls) {
		info = MHD_get_connection_info(m, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		c->session = info ? info->tls_session : NULL;
	}
}

void conn_free(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->x)
		forget(c);
	conn_put(c, NULL);
	raw_set(c->fd, NULL);
	if (c->counted)
		place_leave(l->serve, &c->address);
	tls_drop(c->tls);
	buf_free(&c->ahead);
	atomic_fetch_sub(&l->n_conns, 1);
	atomic_fetch_sub(&l->serve->n_conns, 1);
	free(c);
}

void conn_start(struct loop *l, struct conn *c)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	c->loop = l;
	conn_put(c, &l->idle);
	raw_set(c->fd, c);
	tally(&l->accepted, 1);
	if (MHD_add_connection(l->daemons[c->tls != NULL], c->fd, &sa, sizeof(sa)) != MHD_YES && !c->engine)
		conn_free(c); /* the engine has closed the socket */
}

struct MHD_Daemon *conn_engine(struct loop *l, bool tls)
{
	const struct serve_setup *setup = &l->serve->setup;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem https[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)&tls_choose },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1" },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, l,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->head_max + ENGINE_ROOM,
				MHD_OPTION_CONNECTION_LIMIT, setup->connections + 1,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, l, MHD_OPTION_NOTIFY_CONNECTION,
				on_connection, l, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
				MHD_OPTION_ARRAY, tls ? https : &https[2], MHD_OPTION_END);
}
