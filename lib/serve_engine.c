/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"

enum {
	MADE_MAX = 512, /* the body of an answer that is kept */
	RESUMED = 4, /* requests that were sent ahead, in one turn: 50 us that others wait for them */
	ENGINE_ROOM = KIB(4), /* what the engine needs beside the head: its table of headers, the head of the answer */
};

/* ---- answers ---- */

static struct exchange *exchange_of(struct call *c)
{
	return (struct exchange *)(void *)c;
}

static bool same(const struct made *m, const struct reply *r, bool last)
{
	return m->response && m->status == r->status && m->type == r->type &&
	       m->header == r->header && m->value == r->value && m->retry_after == r->retry_after &&
	       m->last == last && str_eq(m->body, r->body);
}

/* A body that ends before its time. */
struct part {
	size_t n;
	char bytes[];
};

static ssize_t read_part(void *cls, uint64_t from, char *to, size_t max)
{
	const struct part *part = cls;
	size_t n = from < part->n ? part->n - (size_t)from : 0;

	if (n == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = n < max ? n : max;
	memcpy(to, part->bytes + from, n);
	return (ssize_t)n;
}

static struct MHD_Response *make_cut(const struct reply *r)
{
	struct part *part = malloc(sizeof(*part) + r->body.n);

	if (!part)
		diag_oom();
	part->n = r->body.n;
	if (r->body.n > 0)
		memcpy(part->bytes, r->body.p, r->body.n);
	return MHD_create_response_from_callback(r->body.n + r->cut, KIB(4), read_part, part, free);
}

static struct MHD_Response *make_whole(const struct reply *r)
{
	return MHD_create_response_from_buffer(r->body.n, (void *)(uintptr_t)r->body.p,
					       r->body.n ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *make(const struct reply *r, bool last)
{
	struct MHD_Response *m = r->cut ? make_cut(r) : make_whole(r);
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
	if (r->status == 0)
		return;
	x->made = r->body.n <= MADE_MAX && !r->once && !r->cut ? find_made(l, r) : NULL;
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
	enum MHD_Result rc = MHD_NO; /* what closes the connection */

	if (x->response)
		rc = MHD_queue_response(c->engine, (unsigned)x->status, x->response);
	x->state = QUEUED;
	exchange_release(x);
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
		conn_refuse(c, 400, "the request is malformed");
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
	exchange_end(c);
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
		conn_tell(c, c->x->status, c->x->bytes);
		exchange_end(c);
		(void)conn_next(c);
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
