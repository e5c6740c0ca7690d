/* SPDX-License-Identifier: MIT */
#include "h2_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cidr.h"
#include "clock.h"
#include "diag.h"
#include "fds.h"
#include "fetch_rule.h"
#include "hash.h"

enum {
	CONNECT_MS = 10000,
	TOTAL_MS = 60000,
	EVENTS = 64,
	SPARE_FDS = 512,   /* beside one for each server: names that are looked up, files */
	HEAD_MOST = 32768, /* of a request: half of what nghttp2 takes */
	HEADER_COST = 32,
	AGAIN = 3, /* times that one request is sent anew */
};

/* ---- where a request is ---- */

void h2_unlink(struct h2_call *c)
{
	struct h2_list *in = c->in;

	if (!in)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		in->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		in->last = c->prev;
	c->in = NULL;
	c->next = c->prev = NULL;
}

void h2_move(struct h2_call *c, struct h2_list *to, bool front)
{
	h2_unlink(c);
	c->in = to;
	c->next = front ? to->first : NULL;
	c->prev = front ? NULL : to->last;
	if (c->next)
		c->next->prev = c;
	else
		to->last = c;
	if (c->prev)
		c->prev->next = c;
	else
		to->first = c;
}

void h2_finish(struct h2_call *c, enum fetch_end end, const char *fmt, ...)
{
	struct fetch_request *x = c->x;
	struct h2 *h = c->h2;
	int64_t now = clock_mono_us();
	va_list ap;

	x->end = end;
	if (end != FETCH_OK) {
		va_start(ap, fmt);
		fetch_rule_end(x, end, c->url.host, fmt, ap);
		va_end(ap);
	}
	x->http2 = c->link != NULL;
	x->answer = c->head;
	x->n_answer = c->n_head;
	x->answer_body = buf_get(&c->body);
	x->final_url = x->url;
	x->ms = (double)(now - c->started_us) / 1000;
	x->first_ms = c->first_us ? (double)(c->first_us - c->started_us) / 1000 : 0;
	c->link = NULL;
	heap_remove(&h->call_due, &c->due);
	h2_move(c, &h->done, false);
}

void h2_again(struct h2_call *c, const char *why)
{
	if (++c->again > AGAIN) {
		h2_finish(c, FETCH_UNSENT, "%s", why);
		return;
	}
	c->link = NULL;
	c->x->status = 0;
	c->n_head = 0;
	c->first_us = 0;
	buf_reset(&c->body);
	if (c->in != &c->origin->waiting)
		h2_move(c, &c->origin->waiting, true);
}

void h2_hand_on(struct h2_call *c)
{
	struct h2 *h = c->h2;
	struct fetch_options o = {
		.agent = h->agent, .ca = h->ca, .multiplex = h->proxied, .public_only = h->public_only
	};
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = h };
	struct err e;

	if (!h->fetch) {
		h->fetch = fetch_open(&o, &e);
		if (h->fetch && epoll_ctl(h->epoll, EPOLL_CTL_ADD, fetch_fd(h->fetch), &ev) < 0) {
			err_set(&e, FAULT_OS, "epoll", "epoll_ctl: %s", strerror(errno));
			fetch_close(h->fetch);
			h->fetch = NULL;
		}
	}
	if (!h->fetch) {
		h2_finish(c, FETCH_UNSENT, "%s", e.text);
		return;
	}
	heap_remove(&h->call_due, &c->due);
	h2_unlink(c);
	c->link = NULL;
	fetch_start(h->fetch, c->x);
}

/* ---- starting ---- */

static struct h2_call *call_for(struct h2 *h, struct fetch_request *x)
{
	struct h2_call *c = x->call;

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		diag_oom();
	c->h2 = h;
	c->arena = arena_new();
	c->made = h->calls;
	h->calls = c;
	return x->call = c;
}

static void begin_anew(struct h2_call *c, struct fetch_request *x)
{
	int64_t now = clock_mono();

	arena_reset(c->arena);
	buf_reset(&c->body);
	c->body.max = x->answer_max;
	c->x = x;
	c->origin = NULL;
	c->link = NULL;
	c->again = 0;
	c->n_head = c->head_bytes = 0;
	c->started_us = clock_mono_us();
	c->first_us = 0;
	c->connect_due = now + (x->connect_ms ? x->connect_ms : CONNECT_MS);
	c->total_due = now + (x->total_ms ? x->total_ms : TOTAL_MS);
	fetch_rule_begin(x);
}

/* What this can do itself. */
static bool is_ours(const struct h2 *h, const struct fetch_request *x)
{
	return !h->proxied && str_eq_nocase(str_sub(x->url, 0, 6), STR("https:")) &&
	       !x->body_path.p && x->n_fields == 0 && !x->user.p && x->redirects == 0 && !x->take &&
	       !x->private_ok && x->stall_ms == 0;
}

static size_t head_size(const struct fetch_request *x)
{
	size_t n = x->url.n;

	for (size_t i = 0; i < x->n_headers; i++)
		n += x->headers[i].name.n + x->headers[i].value.n + HEADER_COST;
	return n;
}

/* Return 0, or -1 if it has ended already. */
static int check(struct h2 *h, struct h2_call *c)
{
	struct address a;

	if (url_split(c->x->url, &c->url) < 0 || !url_default_port(&c->url).p ||
	    !url_host_plain(c->url.host)) {
		c->url = (struct url){ .scheme = STR_NONE };
		h2_finish(c, FETCH_UNSENT, "not a URL with http: or https: and a host");
	} else if (c->url.userinfo.p) {
		h2_finish(c, FETCH_REFUSED, "credentials stand in the URL");
	} else if (h->public_only && address_read(c->url.host, &a) == 0 && !cidr_public(&a)) {
		h2_finish(c, FETCH_REFUSED, "not an address of the public Internet");
	} else if (head_size(c->x) > HEAD_MOST) {
		h2_finish(c, FETCH_UNSENT, "the head of the request is larger than %d bytes", HEAD_MOST);
	} else if (fetch_rule_check(c->x, c->url.host) < 0) {
		h2_move(c, &h->done, false);
	}
	return c->in ? -1 : 0;
}

void h2_start(struct h2 *h, struct fetch_request *x)
{
	struct h2_call *c = call_for(h, x);
	struct h2_origin *o;

	begin_anew(c, x);
	if (!is_ours(h, x)) {
		h2_hand_on(c);
		return;
	}
	if (check(h, c) < 0)
		return;
	c->origin = o = h2_origin_for(h, c);
	if (!o) {
		h2_finish(c, FETCH_UNSENT, "there are connections to %d servers already", H2_ORIGINS);
		return;
	}
	if (o->plain_until > clock_mono()) {
		h2_hand_on(c);
		return;
	}
	c->due.key = c->connect_due < c->total_due ? c->connect_due : c->total_due;
	heap_put(&h->call_due, &c->due);
	h2_move(c, &o->waiting, false);
	if (!o->link) {
		h2_connect_new(o);
		return;
	}
	h2_link_dirty(o->link);
	o->link->started += x->body.n;
	if (o->link->started >= H2_RECORD)
		h2_link_pump(o->link);
}

/* ---- time ---- */

static void overdue(struct h2 *h, struct h2_call *c, int64_t now)
{
	if (c->link && now < c->total_due) {
		c->due.key = c->total_due;
	} else if (c->link && c->link->more) { /* its answer may be there, unread */
		c->due.key = now + 1;
	} else {
		c->x->timed_out = true;
		if (c->link) {
			h2_frame_cancel(c);
			h2_finish(c, FETCH_BROKEN, "the time ran out");
		} else {
			h2_finish(c, FETCH_UNSENT, "the time ran out before it could be sent");
		}
		return;
	}
	heap_put(&h->call_due, &c->due);
}

static void look_at_clock(struct h2 *h)
{
	int64_t now = clock_mono();
	struct heap_item *i;

	while ((i = heap_first(&h->call_due)) != NULL && i->key <= now) {
		heap_remove(&h->call_due, i);
		overdue(h, (struct h2_call *)i, now);
	}
	while ((i = heap_first(&h->link_due)) != NULL && i->key <= now) {
		heap_remove(&h->link_due, i);
		h2_link_tick((struct h2_link *)i, now);
	}
}

/* It may ring too early: then it is set again. */
static void set_timer(struct h2 *h)
{
	const struct heap_item *calls = heap_first(&h->call_due), *links = heap_first(&h->link_due);
	int64_t next = calls ? calls->key : INT64_MAX, left;
	struct itimerspec t = { 0 };

	if (links && links->key < next)
		next = links->key;
	if (h->done.first) /* whoever waits must ask for it */
		next = 0;
	if (next >= h->set)
		return;
	h->set = next;
	left = next - clock_mono();
	t.it_value.tv_sec = left > 0 ? left / 1000 : 0;
	t.it_value.tv_nsec = left > 0 ? left % 1000 * 1000000 + 1 : 1;
	timerfd_settime(h->timer, 0, &t, NULL);
}

/* ---- driving ---- */

static void flush(struct h2 *h)
{
	struct h2_link *l;

	while ((l = h->dirty) != NULL) {
		h->dirty = l->next_dirty;
		l->dirty = false;
		if (!l->dead)
			h2_link_pump(l);
	}
}

void h2_flush(struct h2 *h)
{
	flush(h);
	set_timer(h);
}

/* Only when no event can name them any more. */
static void bury(struct h2 *h)
{
	struct h2_link *l;

	while ((l = h->dead) != NULL) {
		h->dead = l->next_dead;
		h2_link_free(l);
	}
}

static void turn(struct h2 *h)
{
	struct epoll_event ev[EVENTS];
	uint64_t rings;
	int n = epoll_wait(h->epoll, ev, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		if (!ev[i].data.ptr && read(h->timer, &rings, sizeof(rings)) > 0)
			h->set = INT64_MAX;
		else if (ev[i].data.ptr && ev[i].data.ptr != h)
			h2_link_event(ev[i].data.ptr, ev[i].events);
	}
	look_at_clock(h);
	flush(h);
	bury(h);
	if (!h->done.first)
		set_timer(h);
}

static struct fetch_request *take(struct h2 *h)
{
	struct h2_call *c = h->done.first;

	if (!c)
		return NULL;
	h2_unlink(c);
	return c->x;
}

struct fetch_request *h2_done(struct h2 *h)
{
	struct fetch_request *x = take(h);

	if (x)
		return x;
	turn(h);
	x = take(h);
	return x || !h->fetch ? x : fetch_done(h->fetch);
}

int h2_fd(const struct h2 *h)
{
	return h->epoll;
}

/* ---- the whole ---- */

static bool names_a_proxy(void)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return true;
	}
	return false;
}

struct h2 *h2_open(const struct h2_options *o, struct err *e)
{
	struct h2 *h = calloc(1, sizeof(*h));
	struct epoll_event ev = { .events = EPOLLIN };

	if (!h)
		diag_oom();
	h->agent = str_dup(str_c(o->agent ? o->agent : "omni/" OMNI_VERSION));
	h->ca = o->ca ? str_dup(str_c(o->ca)) : NULL;
	h->public_only = o->public_only;
	h->proxied = names_a_proxy();
	h->seed = hash_seed();
	h->set = INT64_MAX;
	(void)fds_provide(H2_ORIGINS + SPARE_FDS);
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (h->epoll < 0 || h->timer < 0 || epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->timer, &ev) < 0) {
		err_set(e, FAULT_OS, "epoll", "epoll, timerfd: %s", strerror(errno));
		h2_close(h);
		return NULL;
	}
	h->tls = tls_new(h->ca, e);
	if (h->tls)
		return h;
	h2_close(h);
	return NULL;
}

static void free_calls(struct h2 *h)
{
	struct h2_call *c;

	while ((c = h->calls) != NULL) {
		h->calls = c->made;
		arena_free(c->arena);
		buf_free(&c->body);
		free(c->head);
		free(c);
	}
}

void h2_close(struct h2 *h)
{
	struct heap_item *i;

	if (!h)
		return;
	while ((i = heap_first(&h->link_due)) != NULL)
		h2_link_leave((struct h2_link *)i);
	bury(h);
	for (size_t b = 0; b < H2_BUCKETS; b++)
		while (h->buckets[b])
			h2_origin_free(h->buckets[b]);
	fetch_close(h->fetch);
	free_calls(h);
	tls_free(h->tls);
	heap_free(&h->call_due);
	heap_free(&h->link_due);
	if (h->epoll >= 0)
		close(h->epoll);
	if (h->timer >= 0)
		close(h->timer);
	free(h->agent);
	free(h->ca);
	free(h);
}
