/* SPDX-License-Identifier: MIT */
#include "push_engine.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cause.h"
#include "clock.h"
#include "crypto.h"
#include "diag.h"
#include "hash.h"
#include "push_bearer.h"
#include "url.h"

enum { CONNECT_MS = 10000, ANSWER_MS = 30000 };

/* ---- senders ---- */

static unsigned tag_of(const struct push_engine *g, const struct push_shot *s)
{
	struct url url;

	if (s->device.platform == PUSH_APNS)
		return s->device.sandbox < 0 ? s->account->sandbox : s->device.sandbox > 0;
	if (s->device.platform == PUSH_WEB && url_split(s->device.token, &url) == 0)
		return (unsigned)(hash_64(url.host, hash_64(url.port, g->seed)) % PUSH_ORIGINS);
	return 0;
}

struct push_sender *push_sender_for(struct push_engine *g, const struct push_shot *s)
{
	unsigned tag = tag_of(g, s);
	struct push_sender *sd;

	for (size_t i = 0; i < g->n_senders; i++)
		if (g->senders[i]->account == s->account && g->senders[i]->tag == tag)
			return g->senders[i];
	sd = calloc(1, sizeof(*sd));
	g->senders = realloc(g->senders, (g->n_senders + 1) * sizeof(*g->senders));
	if (!sd || !g->senders)
		diag_oom();
	*sd = (struct push_sender){ .account = s->account, .tag = tag, .window = g->limits.window };
	g->senders[g->n_senders++] = sd;
	return sd;
}

/* Connections of one account are never another's: Apple takes one developer on each, and certificates differ. */
static struct push_line *line_of(struct push_engine *g, struct push_account *a, struct err *e)
{
	struct push_line *l = &g->lines[a - g->accounts->list];
	struct h2_options o = { .ca = g->accounts->ca,
				.public_only = a->platform == PUSH_WEB && !a->private_addresses };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = l };

	if (l->h2)
		return l;
	l->h2 = h2_open(&o, e);
	if (!l->h2)
		return NULL;
	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, h2_fd(l->h2), &ev) < 0) {
		err_set(e, FAULT_OS, "epoll", "epoll_ctl: %s", strerror(errno));
		h2_close(l->h2);
		l->h2 = NULL;
		return NULL;
	}
	l->arena = arena_new();
	return l;
}

/* ---- waiting ---- */

/* A shot whose sender pauses for longer than it may wait here. */
static bool too_long(const struct push_engine *g, const struct push_shot *s, int64_t until)
{
	return g->stopping || until - s->entered > g->limits.hold_ms;
}

static void let_go(struct push_engine *g, struct push_shot *s)
{
	const struct push_sender *sd = s->sender;
	const char *code = sd->why && !g->stopping ? sd->why : "stopped", *class = CAUSE_TEMP;
	char text[sizeof(sd->text) + 64] = "the gateway can not be sent to now";
	int64_t left = (sd->pause > s->due ? sd->pause : s->due) - clock_mono();

	if (sd->why && strcmp(sd->why, "credentials") == 0) {
		class = CAUSE_CREDENTIALS;
		snprintf(text, sizeof(text),
			 "nothing is sent over this account until its credentials are repaired");
	} else if (strcmp(code, "unavailable") == 0) {
		snprintf(text, sizeof(text), "the gateway can not be sent to now: %s", sd->text);
	}
	push_later(g, s, class, code, str_c(text), clock_now() + (left > 1000 ? left : 1000));
}

void push_queue(struct push_engine *g, struct push_shot *s, bool front)
{
	struct push_sender *sd = s->sender;

	if (g->stopping || (sd->pause > clock_mono() && too_long(g, s, sd->pause))) {
		let_go(g, s);
		return;
	}
	s->next = front ? sd->first : NULL;
	if (!sd->first)
		sd->first = sd->last = s;
	else if (front)
		sd->first = s;
	else
		sd->last = sd->last->next = s;
	push_pump(g, sd);
}

void push_pause(struct push_engine *g, struct push_sender *sd, int64_t until, const char *why)
{
	struct push_shot *s = sd->first, *kept = NULL, **end = &kept, *next;

	if (until > sd->pause) {
		sd->pause = until;
		sd->why = why;
	}
	/* They leave the queue first: what is told of them may bring others into it. */
	sd->first = sd->last = NULL;
	for (struct push_shot *late; s; s = next) {
		next = s->next;
		s->next = NULL;
		late = too_long(g, s, sd->pause) ? s : NULL;
		if (late) {
			let_go(g, late);
			continue;
		}
		*end = s;
		end = &s->next;
	}
	while ((s = kept) != NULL) {
		kept = s->next;
		s->next = NULL;
		if (!sd->first)
			sd->first = s;
		else
			sd->last->next = s;
		sd->last = s;
	}
}

void push_stop(struct push_engine *g, struct push_sender *sd, struct str code, struct str text)
{
	if (sd->pause <= clock_mono() || !sd->why || strcmp(sd->why, "credentials") != 0)
		diag_error("%s account %.*s: the credentials are refused: %.*s%s%.*s; nothing is sent over it for %d minutes",
			   push_platforms[sd->account->platform], STR_FMT(sd->account->name),
			   STR_FMT(code), code.n > 0 && text.n > 0 ? ": " : "", STR_FMT(text),
			   PUSH_REPAIR_MS / 60000);
	sd->proven = false;
	sd->refusals = 0;
	push_pause(g, sd, clock_mono() + PUSH_REPAIR_MS, "credentials");
}

static bool sooner(const struct push_shot *a, const struct push_shot *b)
{
	return a->due < b->due;
}

void push_wait(struct push_engine *g, struct push_shot *s, int64_t due)
{
	size_t i = g->n_waiting++;

	if (g->n_waiting > g->cap_waiting) {
		g->cap_waiting = g->cap_waiting ? g->cap_waiting * 2 : 64;
		g->waiting = realloc(g->waiting, g->cap_waiting * sizeof(struct push_shot *));
		if (!g->waiting)
			diag_oom();
	}
	s->due = due;
	for (; i > 0 && sooner(s, g->waiting[(i - 1) / 2]); i = (i - 1) / 2)
		g->waiting[i] = g->waiting[(i - 1) / 2];
	g->waiting[i] = s;
}

/* The first of those that wait, taken out of the heap. */
static struct push_shot *waited(struct push_engine *g)
{
	struct push_shot *first = g->waiting[0], *moved = g->waiting[--g->n_waiting];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < g->n_waiting) {
		if (child + 1 < g->n_waiting && sooner(g->waiting[child + 1], g->waiting[child]))
			child++;
		if (!sooner(g->waiting[child], moved))
			break;
		g->waiting[i] = g->waiting[child];
		i = child;
	}
	g->waiting[i] = moved;
	return first;
}

/* ---- requests ---- */

static struct push_flight *flight_new(struct push_line *l)
{
	struct push_flight *f = l->pool;

	if (f) {
		l->pool = f->next;
		return f;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		diag_oom();
	f->arena = arena_new();
	f->body.max = WEBPUSH_BODY_MAX;
	return f;
}

static void flight_back(struct push_line *l, struct push_flight *f)
{
	arena_reset(f->arena);
	buf_reset(&f->body);
	f->shot = NULL;
	f->next = l->pool;
	l->pool = f;
}

/* What the payload becomes on the wire, and who says that it is us. */
static int seal(struct push_engine *g, struct push_flight *f, struct err *e)
{
	struct push_shot *s = f->shot;
	struct push_account *a = s->account;
	struct str authorization = a->bearer;

	f->x.body = f->post.body.p ? f->post.body : f->post.payload;
	if (a->platform == PUSH_APNS)
		authorization = push_bearer_apns(a, clock_now());
	if (a->platform == PUSH_WEB) {
		if (webpush_encrypt(g->sealer, &s->device.keys, f->post.payload, a->pad, NULL,
				    &f->body, e) < 0)
			return -1;
		f->x.body = buf_get(&f->body);
		authorization = vapid_header(a->vapid, s->device.token, clock_now());
	}
	memcpy(f->headers, f->post.headers, f->post.n_headers * sizeof(*f->headers));
	f->x.n_headers = f->post.n_headers;
	/* Copied: it may be made anew while the request waits. */
	if (authorization.p)
		f->headers[f->x.n_headers++] =
			(struct header){ STR("authorization"), arena_str(f->arena, authorization) };
	return 0;
}

void push_launch(struct push_engine *g, struct push_shot *s)
{
	struct push_line *l = &g->lines[s->account - g->accounts->list];
	struct push_flight *f = flight_new(l);
	struct push_make m = { &s->parcel->note,      &s->device,  s->account,
			       g->accounts->truncate, clock_now(), f->arena };
	struct err e;

	f->shot = s;
	if (push_make(&f->post, &m, &e) < 0 || seal(g, f, &e) < 0) {
		bool gone = strcmp(e.code, "subscription-malformed") == 0;

		flight_back(l, f);
		push_failed(g, s, &e, gone);
		return;
	}
	f->x.method = "POST";
	f->x.url = f->post.url;
	f->x.headers = f->headers;
	f->x.cert = s->account->cert;
	f->x.key = s->account->cert_key;
	f->x.connect_ms = CONNECT_MS;
	f->x.total_ms = ANSWER_MS;
	f->x.answer_max = SUBMIT_ANSWER_MAX;
	f->x.own = f;
	s->attempts++;
	s->sender->flying++;
	g->flying++;
	h2_start(l->h2, &f->x);
}

/* Ask for a token of fcm, once for all that wait for it. */
static void ask(struct push_engine *g, struct push_line *l, struct push_account *a)
{
	if (l->asking)
		return;
	l->asking = true;
	g->flying++;
	arena_reset(l->arena);
	l->type = (struct header){ STR("content-type"), STR("application/x-www-form-urlencoded") };
	l->ask.method = "POST";
	l->ask.url = a->token_uri;
	l->ask.headers = &l->type;
	l->ask.n_headers = 1;
	l->ask.body = push_bearer_ask(a, clock_now(), l->arena);
	l->ask.connect_ms = CONNECT_MS;
	l->ask.total_ms = ANSWER_MS;
	l->ask.answer_max = SUBMIT_ANSWER_MAX;
	l->ask.own = NULL;
	h2_start(l->h2, &l->ask);
}

static bool has_token(struct push_engine *g, struct push_line *l, struct push_account *a)
{
	int64_t now = clock_now();

	if (a->platform != PUSH_FCM)
		return true;
	if (push_bearer_old(a, now))
		ask(g, l, a);
	return push_bearer_good(a, now);
}

/*
 * Before the first success one request goes alone: Apple allows no more on a connection until it has seen a good token, and a
 * gateway that is in trouble is asked by one, not by all.
 */
static bool may_go(const struct push_engine *g, const struct push_sender *sd)
{
	return sd->first && sd->flying < (sd->proven ? sd->window : 1) &&
	       g->flying < PUSH_FLIGHTS && sd->pause <= clock_mono();
}

void push_pump(struct push_engine *g, struct push_sender *sd)
{
	struct push_line *l;
	struct err e;

	if (!may_go(g, sd))
		return;
	l = line_of(g, sd->account, &e);
	if (!l) {
		push_stop(g, sd, STR_NONE, str_c(e.text));
		return;
	}
	while (may_go(g, sd) && has_token(g, l, sd->account)) {
		struct push_shot *s = sd->first;

		sd->first = s->next;
		if (!sd->first)
			sd->last = NULL;
		s->next = NULL;
		if (g->ledger)
			push_place(g, s);
		else
			push_launch(g, s);
	}
}

/* ---- the engine ---- */

struct push_engine *push_engine_new(const struct push_means *m, const struct push_limits *limits,
				    struct err *e)
{
	struct push_engine *g = calloc(1, sizeof(*g));
	struct epoll_event ev = { .events = EPOLLIN };

	if (!g)
		diag_oom();
	g->accounts = m->accounts;
	g->ledger = m->ledger;
	g->store = m->store;
	g->limits = *limits;
	g->noted = arena_new();
	crypto_random(&g->seed, sizeof(g->seed));
	g->lines = calloc(m->accounts->n + 1, sizeof(*g->lines));
	if (!g->lines)
		diag_oom();
	g->sealer = sealer_new();
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	g->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (g->epoll < 0 || g->timer < 0 || epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->timer, &ev) < 0) {
		err_set(e, FAULT_OS, "epoll", "epoll, timerfd: %s", strerror(errno));
		push_engine_free(g);
		return NULL;
	}
	return g;
}

static void line_free(struct push_line *l)
{
	struct push_flight *f;

	h2_close(l->h2); /* which releases what its requests hold */
	arena_free(l->arena);
	while ((f = l->pool) != NULL) {
		l->pool = f->next;
		arena_free(f->arena);
		buf_free(&f->body);
		free(f);
	}
}

void push_engine_free(struct push_engine *g)
{
	struct push_parcel *p;

	if (!g)
		return;
	for (size_t i = 0; i < g->accounts->n; i++)
		line_free(&g->lines[i]);
	while ((p = g->parcels) != NULL) {
		g->parcels = p->next;
		arena_free(p->arena);
		free(p);
	}
	for (size_t i = 0; i < g->n_senders; i++)
		free(g->senders[i]);
	free(g->senders);
	free(g->waiting);
	free(g->ended);
	arena_free(g->noted);
	free(g->lines);
	sealer_free(g->sealer);
	if (g->epoll >= 0)
		close(g->epoll);
	if (g->timer >= 0)
		close(g->timer);
	free(g);
}

int push_engine_fd(const struct push_engine *g)
{
	return g->epoll;
}

size_t push_engine_load(const struct push_engine *g)
{
	return g->held;
}

static void collect(struct push_engine *g)
{
	for (size_t i = 0; i < g->accounts->n; i++) {
		struct push_line *l = &g->lines[i];
		struct fetch_request *x;

		while (l->h2 && (x = h2_done(l->h2)) != NULL) {
			struct push_flight *f = x->own;
			struct push_sender *sd = f ? f->shot->sender : NULL;

			g->flying--;
			if (f) {
				push_answered(g, f);
				flight_back(l, f);
				push_pump(g, sd);
			} else {
				push_token_answered(g, &g->accounts->list[i]);
			}
		}
	}
}

void push_flush(struct push_engine *g)
{
	for (size_t i = 0; i < g->accounts->n; i++)
		if (g->lines[i].h2)
			h2_flush(g->lines[i].h2);
}

/* Ring when the next that waits may go. */
static void set_timer(struct push_engine *g)
{
	int64_t next = g->n_waiting > 0 ? g->waiting[0]->due : INT64_MAX, left;
	struct itimerspec t = { 0 };

	for (size_t i = 0; i < g->n_senders; i++)
		if (g->senders[i]->first && g->senders[i]->pause < next && g->senders[i]->flying == 0)
			next = g->senders[i]->pause;
	if (next == g->set)
		return;
	g->set = next;
	if (next < INT64_MAX) {
		left = next - clock_mono();
		left = left < 1 ? 1 : left;
		t.it_value.tv_sec = left / 1000;
		t.it_value.tv_nsec = left % 1000 * 1000000;
	}
	timerfd_settime(g->timer, 0, &t, NULL);
}

void push_engine_due(struct push_engine *g, struct out *o)
{
	int64_t now = clock_mono();
	uint64_t ticks;

	g->out = o;
	if (g->set <= now && read(g->timer, &ticks, sizeof(ticks)) > 0)
		g->set = -1; /* it may have rung a little early */
	collect(g);
	while (g->n_waiting > 0 && (g->stopping || g->waiting[0]->due <= now))
		push_queue(g, waited(g), false);
	for (size_t i = 0; i < g->n_senders; i++)
		push_pump(g, g->senders[i]);
	set_timer(g);
}

int push_engine_stop(struct push_engine *g, struct out *o, struct err *e)
{
	struct pollfd p = { .fd = g->epoll, .events = POLLIN };

	g->out = o;
	g->stopping = true;
	for (size_t i = 0; i < g->n_senders; i++)
		push_pause(g, g->senders[i], 0, "stopped");
	push_engine_due(g, o);
	while (push_engine_commit(g, o, e) == 0) {
		if (g->flying == 0)
			return 0;
		poll(&p, 1, 1000);
		push_engine_due(g, o);
	}
	return -1;
}
