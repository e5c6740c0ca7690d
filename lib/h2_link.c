/* SPDX-License-Identifier: MIT */
#include "h2_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"

enum {
	READS = 16, /* from one connection, before others have their turn */
	SILENCE_MS = 10000, /* of a connection with requests under way, or before it is used again: is it still there? */
	IDLE_PING_MS = 60000, /* keeps what stands between from forgetting an idle one */
	PING_MS = 5000,       /* to an answer */
	IDLE_MS = 3600000, /* services like a connection to stay, even where there is little to send */
};

/* ---- what it waits for ---- */

void h2_link_watch(struct h2_link *l, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	if (l->events == events)
		return;
	/* Without a place in the table of the system its time will end it. */
	epoll_ctl(l->h2->epoll, l->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, l->fd, &ev);
	l->events = events;
}

void h2_link_ring(struct h2_link *l, int64_t when)
{
	heap_remove(&l->h2->link_due, &l->due);
	l->due.key = when;
	heap_put(&l->h2->link_due, &l->due);
}

void h2_link_dirty(struct h2_link *l)
{
	if (l->dirty || l->dead)
		return;
	l->dirty = true;
	l->next_dirty = l->h2->dirty;
	l->h2->dirty = l;
}

/* ---- the end ---- */

void h2_link_hang_up(struct h2_link *l)
{
	h2_frame_close(l);
	tls_end(l->tls);
	l->tls = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->events = 0;
	buf_reset(&l->out);
	l->out_at = 0;
	l->streams = 0;
}

static void drop_lookup(struct h2_link *l)
{
	if (l->lookup && l->state == H2_LOOKUP)
		epoll_ctl(l->h2->epoll, EPOLL_CTL_DEL, resolve_fd(l->lookup), NULL);
	resolve_drop(l->lookup);
	l->lookup = NULL;
}

/* No new request goes over it. */
static void step_aside(struct h2_link *l)
{
	l->leaving = true;
	if (l->origin->link == l)
		l->origin->link = NULL;
}

void h2_link_die(struct h2_link *l)
{
	struct h2 *h = l->h2;

	step_aside(l);
	l->origin->links--;
	heap_remove(&h->link_due, &l->due);
	drop_lookup(l);
	h2_link_hang_up(l);
	l->dead = true;
	l->next_dead = h->dead;
	h->dead = l;
}

void h2_link_free(struct h2_link *l)
{
	struct h2_link **at = &l->h2->dirty;

	while (*at && *at != l)
		at = &(*at)->next_dirty;
	if (*at)
		*at = l->next_dirty;
	buf_free(&l->out);
	free(l);
}

void h2_link_leave(struct h2_link *l)
{
	size_t n;

	if (l->state == H2_OPEN) {
		h2_frame_goodbye(l);
		(void)!tls_write(l->tls, l->out.p + l->out_at, l->out.n - l->out_at, &n);
	}
	h2_link_die(l);
}

/* What waits and has no connection gets one; over another it goes at once. */
static void serve(struct h2_origin *o)
{
	if (o->waiting.first && o->link)
		h2_link_dirty(o->link);
	else if (o->waiting.first)
		h2_connect_new(o);
}

/* What waits goes over another connection: as often as it likes if this one did any good, else a few times. */
static void serve_elsewhere(struct h2_origin *o, bool answered, const char *why)
{
	for (struct h2_call *c = o->waiting.first, *next; c && !answered; c = next) {
		next = c->next;
		h2_again(c, why);
	}
	serve(o);
}

void h2_link_end(struct h2_link *l, const char *why)
{
	struct h2_origin *o = l->origin;
	bool answered = l->answered, current = o->link == l;
	char text[sizeof(l->why)];
	struct h2_call *c;

	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, why);
	while ((c = l->begun.first) != NULL)
		h2_finish(c, FETCH_BROKEN, "%s", text);
	h2_link_die(l);
	if (current)
		serve_elsewhere(o, answered, text);
	else
		serve(o);
}

/* ---- an open connection ---- */

static bool is_up(const struct h2_link *l)
{
	return l->state >= H2_GREET;
}

/* The connection is of no use: another address, if nothing was begun over it. */
static void lose(struct h2_link *l, const char *why)
{
	if (l->state == H2_OPEN)
		h2_link_end(l, l->leaving && l->why[0] ? l->why : why);
	else
		h2_connect_fail(l, why);
}

/* Frames for what waits, up to a record of TLS.  Return NULL, or why it can not go on. */
static const char *fill(struct h2_link *l)
{
	struct h2_list *waiting = &l->origin->waiting;
	const char *why = NULL;

	while (!why && l->state == H2_OPEN && !l->leaving && !l->asked && waiting->first &&
	       l->out.n - l->out_at < H2_RECORD && h2_frame_may_begin(l))
		why = h2_frame_begin(l, waiting->first);
	return why ? why : h2_frame_write(l);
}

/* Return true if all of it was written. */
static bool write_out(struct h2_link *l, const char **why)
{
	while (l->out_at < l->out.n) {
		size_t left = l->out.n - l->out_at, n = 0;
		enum tls_end end = tls_write(l->tls, l->out.p + l->out_at,
					     left < H2_RECORD ? left : H2_RECORD, &n);

		if (end == TLS_CLOSED || end == TLS_FAILED)
			*why = end == TLS_CLOSED ? "the connection was closed" : tls_why(l->tls);
		if (end != TLS_DONE)
			return false;
		l->out_at += n;
		/* A record that is not full yet can wait for what follows. */
		if (l->out.n - l->out_at < H2_RECORD)
			break;
	}
	if (l->out_at > 0) {
		memmove(l->out.p, l->out.p + l->out_at, l->out.n - l->out_at);
		l->out.n -= l->out_at;
		l->out_at = 0;
	}
	return true;
}

void h2_link_pump(struct h2_link *l)
{
	const char *why = NULL;
	bool room = true;
	int64_t now = clock_mono();

	if (l->dead || !is_up(l))
		return;
	/* Is it still there, after such a silence? */
	if (l->state == H2_OPEN && !l->asked && l->origin->waiting.first && !l->begun.first &&
	    now - l->heard > SILENCE_MS)
		h2_frame_ping(l);
	l->started = 0;
	do {
		why = fill(l);
		if (!why && l->out.n > l->out_at)
			room = write_out(l, &why);
	} while (!why && room && l->out.n > l->out_at);
	if (!why && room)
		why = h2_frame_over(l);
	if (why) {
		lose(l, why);
		return;
	}
	h2_link_watch(l, room ? EPOLLIN : EPOLLIN | EPOLLOUT);
	if (l->begun.first)
		l->used = now;
	if (l->state == H2_OPEN)
		h2_link_ring(l, l->more  ? now + 1 :
				l->asked ? l->asked + PING_MS :
					   l->heard + (l->begun.first ? SILENCE_MS : IDLE_PING_MS));
	if (l->leaving && l->state == H2_OPEN && !l->begun.first && room)
		h2_link_end(l, l->why);
}

/* Take in what has come.  Return NULL, or why nothing more can come. */
static const char *take_in(struct h2_link *l)
{
	unsigned char bytes[H2_RECORD];
	const char *why = NULL;
	size_t n;

	l->more = false;
	for (unsigned i = 0; i < READS; i++) {
		enum tls_end end = tls_read(l->tls, bytes, sizeof(bytes), &n);

		if (end == TLS_CLOSED)
			return "the connection was closed";
		if (end == TLS_FAILED)
			return tls_why(l->tls);
		if (end != TLS_DONE)
			return NULL;
		l->heard = clock_mono();
		why = h2_frame_read(l, bytes, n);
		if (why)
			return why;
	}
	l->more = true;
	return NULL;
}

static void go_on(struct h2_link *l)
{
	struct h2_origin *o = l->origin;
	const char *why = take_in(l);

	if (why) {
		lose(l, why);
		return;
	}
	if (l->state == H2_OPEN) /* no other address is tried any more */
		drop_lookup(l);
	if ((l->leaving || h2_frame_spent(l)) && o->link == l) {
		step_aside(l);
		serve_elsewhere(o, l->answered, l->why);
	} else if (o->link != l) { /* its last GOAWAY may have given back some */
		serve(o);
	}
	h2_link_pump(l);
}

void h2_link_event(struct h2_link *l, uint32_t events)
{
	(void)events;
	if (l->dead)
		return;
	if (is_up(l))
		go_on(l);
	else
		h2_connect_step(l);
}

void h2_link_tick(struct h2_link *l, int64_t now)
{
	h2_link_ring(l, now + PING_MS); /* until what follows knows better */
	if (l->state < H2_OPEN) {
		h2_connect_late(l);
		return;
	}
	/* What it said while nobody read counts. */
	go_on(l);
	if (l->dead)
		return;
	if (l->asked && now - l->asked >= PING_MS && !l->more)
		h2_link_end(l, "the connection is dead: PING has no answer");
	else if (!l->begun.first && !l->origin->waiting.first && now - l->used >= IDLE_MS)
		h2_link_leave(l);
	else if (!l->asked && now - l->heard >= (l->begun.first ? SILENCE_MS : IDLE_PING_MS))
		h2_frame_ping(l);
}
