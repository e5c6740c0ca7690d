/* SPDX-License-Identifier: MIT */
#include "h2_private.h"

#include <stdio.h>
#include <stdlib.h>

#include <nghttp2/nghttp2.h>

#include "clock.h"
#include "diag.h"
#include "hash.h"

enum {
	CONNECTION_WINDOW = 1 << 20, /* all answers together, before the server waits for us */
	PSEUDO_HEADERS = 4,
	OWN_HEADERS = 2,
	HEADER_COST = 32, /* what each counts beside its bytes (RFC 9113, 6.5.2) */
};

/* ---- what comes ---- */

static struct h2_call *call_of(nghttp2_session *s, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(s, stream);
}

/* Nothing of it is wanted any more: the stream goes, the request is done. */
static void cut(nghttp2_session *s, struct h2_call *c, const char *what, size_t most)
{
	nghttp2_session_set_stream_user_data(s, c->stream, NULL);
	nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, c->stream, NGHTTP2_CANCEL);
	h2_finish(c, FETCH_LARGE, "%s larger than %zu bytes", what, most);
}

static int on_begin_frame(nghttp2_session *s, const nghttp2_frame_hd *hd, void *own)
{
	struct h2_link *l = own;

	(void)s;
	(void)hd;
	return ++l->frames > H2_FRAMES ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_begin_headers(nghttp2_session *s, const nghttp2_frame *f, void *own)
{
	struct h2_call *c = call_of(s, f->hd.stream_id);

	(void)own;
	if (!c)
		return 0;
	if (!c->head_done)
		c->n_head = 0; /* that of an interim answer; its bytes stay counted */
	if (c->first_us == 0)
		c->first_us = clock_mono_us();
	return 0;
}

static void add_header(struct h2_call *c, struct str name, struct str value)
{
	if (c->n_head == c->cap_head) {
		c->cap_head = c->cap_head ? 2 * c->cap_head : 16;
		c->head = realloc(c->head, c->cap_head * sizeof(*c->head));
		if (!c->head)
			diag_oom();
	}
	c->head[c->n_head++] = (struct header){ arena_str(c->arena, name), arena_str(c->arena, value) };
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t n_name,
		     const uint8_t *value, size_t n_value, uint8_t flags, void *own)
{
	struct h2_call *c = call_of(s, f->hd.stream_id);
	uint64_t status;

	(void)flags;
	(void)own;
	if (!c)
		return 0;
	c->head_bytes += n_name + n_value + HEADER_COST;
	if (c->head_bytes > REQUEST_HEAD_MAX) {
		cut(s, c, "the head of the answer is", REQUEST_HEAD_MAX);
		return 0;
	}
	if (c->head_done) /* trailers */
		return 0;
	if (n_name == 7 && memcmp(name, ":status", 7) == 0) {
		if (str_u64((struct str){ (const char *)value, n_value }, &status) == 0)
			c->x->status = (int)status;
		return 0;
	}
	add_header(c, (struct str){ (const char *)name, n_name },
		   (struct str){ (const char *)value, n_value });
	return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
		   void *own)
{
	struct h2_call *c = call_of(s, stream);
	size_t room;

	(void)flags;
	(void)own;
	if (!c)
		return 0;
	room = c->x->answer_max - c->body.n;
	buf_add(&c->body, p, n < room ? n : room);
	if (n > room)
		cut(s, c, "the answer is", c->x->answer_max);
	return 0;
}

static void on_goaway(struct h2_link *l, const nghttp2_goaway *g)
{
	l->leaving = true;
	snprintf(l->why, sizeof(l->why), "the server ended the connection (%s%s%.*s)",
		 nghttp2_http2_strerror(g->error_code), g->opaque_data_len > 0 ? ": " : "",
		 (int)(g->opaque_data_len < 80 ? g->opaque_data_len : 80),
		 g->opaque_data_len > 0 ? (const char *)g->opaque_data : "");
}

/* The answer is whole, and counts whatever follows: the server needs no more of the request (RFC 9113, 8.1). */
static void answered(nghttp2_session *s, struct h2_link *l, struct h2_call *c)
{
	l->frames = 0;
	l->answered = true;
	nghttp2_session_set_stream_user_data(s, c->stream, NULL);
	if (c->sent < c->x->body.n)
		nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, c->stream, NGHTTP2_CANCEL);
	h2_finish(c, FETCH_OK, "%s", "");
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *own)
{
	struct h2_link *l = own;
	struct h2_call *c;

	if (f->hd.type == NGHTTP2_SETTINGS && !(f->hd.flags & NGHTTP2_FLAG_ACK) && l->state == H2_GREET)
		l->state = H2_OPEN;
	if (f->hd.type == NGHTTP2_GOAWAY)
		on_goaway(l, &f->goaway);
	if (f->hd.type == NGHTTP2_PING && (f->hd.flags & NGHTTP2_FLAG_ACK))
		l->asked = 0;
	if ((f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA) ||
	    (c = call_of(s, f->hd.stream_id)) == NULL)
		return 0;
	/* Those below 200 are forgotten (RFC 9110, 15.2). */
	if (f->hd.type == NGHTTP2_HEADERS && c->x->status >= 200)
		c->head_done = true;
	if (f->hd.flags & NGHTTP2_FLAG_END_STREAM)
		answered(s, l, c);
	return 0;
}

static int on_close(nghttp2_session *s, int32_t stream, uint32_t code, void *own)
{
	struct h2_link *l = own;
	struct h2_call *c = call_of(s, stream);

	l->streams--;
	if (!c)
		return 0;
	if (code == NGHTTP2_REFUSED_STREAM)
		h2_again(c, l->leaving ? l->why : "the server refuses to begin it");
	else if (code == NGHTTP2_HTTP_1_1_REQUIRED)
		h2_hand_on(c);
	else
		h2_finish(c, FETCH_BROKEN, "the server broke it off (%s)", nghttp2_http2_strerror(code));
	return 0;
}

const char *h2_frame_read(struct h2_link *l, const unsigned char *p, size_t n)
{
	ssize_t rc = nghttp2_session_mem_recv(l->session, p, n);

	if (l->frames > H2_FRAMES)
		return "a flood of frames without an answer";
	if (rc < 0)
		return nghttp2_strerror((int)rc);
	return h2_frame_over(l);
}

const char *h2_frame_over(const struct h2_link *l)
{
	if (nghttp2_session_want_read(l->session) || nghttp2_session_want_write(l->session))
		return NULL;
	return l->leaving ? l->why : "what the server says is not HTTP/2";
}

/* ---- what goes out ---- */

static int on_sent(nghttp2_session *s, const nghttp2_frame *f, void *own)
{
	struct h2_call *c;

	(void)own;
	if (f->hd.type == NGHTTP2_HEADERS && (c = call_of(s, f->hd.stream_id)) != NULL)
		c->written = true;
	return 0;
}

static ssize_t on_want_body(nghttp2_session *s, int32_t stream, uint8_t *p, size_t n,
			    uint32_t *flags, nghttp2_data_source *source, void *own)
{
	struct h2_call *c = source->ptr;
	struct str left;

	(void)s;
	/* It may have ended, and be another request already. */
	if (c->link != own || c->stream != stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	left = str_sub(c->x->body, c->sent, n);
	memcpy(p, left.p, left.n);
	c->sent += left.n;
	if (c->sent == c->x->body.n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)left.n;
}

static nghttp2_nv pair(struct str name, struct str value, unsigned flags)
{
	/* Copied by nobody: the head is made before this is left. */
	flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n,
			     value.n, (uint8_t)flags };
}

static struct str lower(struct arena *a, struct str name)
{
	char *p;
	size_t i = 0;

	while (i < name.n && (name.p[i] < 'A' || name.p[i] > 'Z'))
		i++;
	if (i == name.n)
		return name;
	p = arena_alloc(a, name.n);
	for (i = 0; i < name.n; i++)
		p[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
	return (struct str){ p, name.n };
}

/* What another request has as well is worth a place in the table of the connection; what changes would only push that out. */
static unsigned indexing(struct h2_link *l, size_t i, const struct header *h)
{
	uint64_t is;
	bool same;

	if (i >= H2_HEADERS)
		return NGHTTP2_NV_FLAG_NONE;
	is = hash_64(h->value, hash_64(h->name, l->h2->seed));
	same = l->was[i] == is;
	l->was[i] = is;
	return same ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX;
}

/* host[:port] and path[?query] stand together in a URL. */
static struct str authority(const struct url *u)
{
	return (struct str){ u->host.p, u->port.n > 0 ? (size_t)(u->port.p + u->port.n - u->host.p) :
							u->host.n };
}

static struct str target(struct arena *a, const struct url *u)
{
	struct str path = u->path;

	if (u->query.p && path.n > 0)
		path.n = (size_t)(u->query.p + u->query.n - path.p);
	else if (u->query.p)
		path = arena_fmt(a, "/?%.*s", STR_FMT(u->query));
	return path.n > 0 ? path : STR("/");
}

static size_t make_head(struct h2_link *l, struct h2_call *c, nghttp2_nv *nv)
{
	const struct fetch_request *x = c->x;
	struct h2 *h = l->h2;
	size_t n = 0;

	nv[n++] = pair(STR(":method"), str_c(x->method), 0);
	nv[n++] = pair(STR(":scheme"), STR("https"), 0);
	nv[n++] = pair(STR(":authority"), authority(&c->url), 0);
	nv[n++] = pair(STR(":path"), target(c->arena, &c->url), 0);
	nv[n++] = pair(STR("user-agent"), str_c(h->agent), 0);
	for (size_t i = 0; i < x->n_headers; i++)
		nv[n++] = pair(lower(c->arena, x->headers[i].name), x->headers[i].value,
			       indexing(l, i, &x->headers[i]));
	if (x->body.p || strcmp(x->method, "POST") == 0)
		nv[n++] = pair(STR("content-length"), arena_fmt(c->arena, "%zu", x->body.n), 0);
	return n;
}

static const char *pull(struct h2_link *l, size_t enough, const bool *until)
{
	const uint8_t *p;
	ssize_t n;

	while (l->out.n - l->out_at < enough && !*until) {
		n = nghttp2_session_mem_send(l->session, &p);
		if (n < 0)
			return nghttp2_strerror((int)n);
		if (n == 0)
			break;
		buf_add(&l->out, p, (size_t)n);
	}
	return NULL;
}

const char *h2_frame_write(struct h2_link *l)
{
	static const bool never;

	return pull(l, H2_RECORD, &never);
}

bool h2_frame_spent(const struct h2_link *l)
{
	return l->session && nghttp2_session_get_next_stream_id(l->session) > INT32_MAX;
}

bool h2_frame_may_begin(const struct h2_link *l)
{
	uint32_t most = nghttp2_session_get_remote_settings(l->session,
							    NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	return l->streams < most && l->streams < H2_STREAMS && !h2_frame_spent(l);
}

const char *h2_frame_begin(struct h2_link *l, struct h2_call *c)
{
	nghttp2_data_provider body = { .source.ptr = c, .read_callback = on_want_body };
	nghttp2_nv *nv =
		arena_calloc(c->arena, PSEUDO_HEADERS + OWN_HEADERS + c->x->n_headers, sizeof(*nv));
	size_t n = make_head(l, c, nv);
	const char *why = NULL;

	c->sent = 0;
	c->written = c->head_done = false;
	c->stream = nghttp2_submit_request(l->session, NULL, nv, n, c->x->body.n > 0 ? &body : NULL, c);
	if (c->stream < 0)
		return nghttp2_strerror(c->stream);
	c->link = l;
	l->streams++;
	h2_move(c, &l->begun, false);
	why = pull(l, SIZE_MAX, &c->written);
	if (!why && !c->written)
		why = "its head can not be sent";
	return why;
}

void h2_frame_cancel(struct h2_call *c)
{
	nghttp2_session *s = c->link->session;

	nghttp2_session_set_stream_user_data(s, c->stream, NULL);
	nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, c->stream, NGHTTP2_CANCEL);
	h2_link_dirty(c->link);
}

void h2_frame_ping(struct h2_link *l)
{
	nghttp2_submit_ping(l->session, NGHTTP2_FLAG_NONE, NULL);
	l->asked = clock_mono();
	h2_link_dirty(l);
}

void h2_frame_goodbye(struct h2_link *l)
{
	nghttp2_session_terminate_session(l->session, NGHTTP2_NO_ERROR);
	h2_frame_write(l);
}

/* ---- the session ---- */

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *b = NULL;

	if (nghttp2_session_callbacks_new(&b) != 0)
		diag_oom();
	nghttp2_session_callbacks_set_on_begin_frame_callback(b, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(b, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(b, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(b, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(b, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(b, on_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(b, on_sent);
	return b;
}

void h2_frame_open(struct h2_link *l)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0 },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, REQUEST_HEAD_MAX },
	};
	nghttp2_session_callbacks *callbacks = make_callbacks();
	nghttp2_option *options = NULL;

	if (nghttp2_option_new(&options) != 0)
		diag_oom();
	nghttp2_option_set_max_outbound_ack(options, H2_ACKS);
	nghttp2_option_set_no_closed_streams(options, 1);
	if (nghttp2_session_client_new2(&l->session, callbacks, l, options) != 0 ||
	    nghttp2_submit_settings(l->session, NGHTTP2_FLAG_NONE, settings, LEN(settings)) != 0 ||
	    nghttp2_session_set_local_window_size(l->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) != 0)
		diag_oom();
	nghttp2_option_del(options);
	nghttp2_session_callbacks_del(callbacks);
}

void h2_frame_close(struct h2_link *l)
{
	nghttp2_session_del(l->session);
	l->session = NULL;
}
