/* SPDX-License-Identifier: MIT */
#include "h2_private.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "cidr.h"
#include "clock.h"
#include "diag.h"

enum {
	CONNECT_MS = 10000, /* to all addresses together */
	PLAIN_MS = 600000,  /* until a server that had HTTP/1.1 alone is asked again */
};

static const unsigned char alpn[] = "\x02h2\x08http/1.1";

/* There is no connection to be had: nothing that waits was begun. */
static void give_up(struct h2_link *l, enum fetch_end end, const char *why)
{
	struct h2_origin *o = l->origin;
	bool late = l->late;
	char text[sizeof(l->why)];
	struct h2_call *c;

	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, why);
	h2_link_die(l);
	while ((c = o->waiting.first) != NULL) {
		c->x->timed_out = late;
		h2_finish(c, end, "%s", text);
	}
}

static bool may_reach(struct h2_link *l, const struct addrinfo *to)
{
	struct address a = address_of(to->ai_addr);

	if (!l->h2->public_only || cidr_public(&a))
		return true;
	l->refused = true;
	return false;
}

/* A socket on its way to ${to}.  Return -1 with the reason. */
static int connect_to(struct h2_link *l, const struct addrinfo *to)
{
	int one = 1;

	l->fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0) {
		snprintf(l->why, sizeof(l->why), "%s", strerror(errno));
		return -1;
	}
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(l->fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS)
		return 0;
	snprintf(l->why, sizeof(l->why), "%s", strerror(errno));
	h2_link_hang_up(l);
	return -1;
}

/* The next address, with its share of the time that is left. */
static void try_next(struct h2_link *l)
{
	int64_t now = clock_mono(), left = l->connect_due - now, others = 1;

	for (const struct addrinfo *to; (to = l->address) != NULL && left > 0;) {
		l->address = to->ai_next;
		if (!may_reach(l, to))
			continue;
		l->reached = true;
		l->late = false;
		if (connect_to(l, to) < 0)
			continue;
		for (; to->ai_next; to = to->ai_next)
			others++;
		l->state = H2_CONNECT;
		h2_link_watch(l, EPOLLOUT);
		h2_link_ring(l, now + left / others);
		return;
	}
	if (l->refused && !l->reached)
		give_up(l, FETCH_REFUSED, "not an address of the public Internet");
	else
		give_up(l, FETCH_UNSENT, l->why[0] ? l->why : "there is no address");
}

/* This address does not do. */
void h2_connect_fail(struct h2_link *l, const char *why)
{
	if (why != l->why)
		snprintf(l->why, sizeof(l->why), "%s", why);
	h2_link_hang_up(l);
	try_next(l);
}

static void looked_up(struct h2_link *l)
{
	char why[sizeof(l->why)];

	epoll_ctl(l->h2->epoll, EPOLL_CTL_DEL, resolve_fd(l->lookup), NULL);
	l->state = H2_CONNECT;
	l->address = resolve_list(l->lookup);
	if (l->address) {
		try_next(l);
		return;
	}
	snprintf(why, sizeof(why), "%s", resolve_why(l->lookup));
	give_up(l, FETCH_UNSENT, why);
}

/* HTTP/1.1 is all it has. */
static void go_plain(struct h2_link *l)
{
	struct h2_origin *o = l->origin;
	struct h2_call *c;

	o->plain_until = clock_mono() + PLAIN_MS;
	h2_link_die(l);
	while ((c = o->waiting.first) != NULL)
		h2_hand_on(c);
}

static void shake_hands(struct h2_link *l)
{
	enum tls_end end = tls_handshake(l->tls);

	switch (end) {
	case TLS_READ:
	case TLS_WRITE:
		h2_link_watch(l, end == TLS_READ ? EPOLLIN : EPOLLOUT);
		return;
	case TLS_CLOSED:
		h2_connect_fail(l, "the connection was closed during the handshake of TLS");
		return;
	case TLS_FAILED:
		h2_connect_fail(l, tls_why(l->tls));
		return;
	case TLS_DONE:
		break;
	}
	if (!str_eq(tls_alpn(l->tls), STR("h2"))) {
		go_plain(l);
		return;
	}
	h2_frame_open(l);
	l->state = H2_GREET;
	l->heard = clock_mono();
	h2_link_watch(l, EPOLLIN);
	h2_link_pump(l);
}

static void secure(struct h2_link *l)
{
	const struct h2_origin *o = l->origin;
	struct tls_peer peer = { .host = o->bare,
				 .cert = o->cert,
				 .key = o->key,
				 .alpn = alpn,
				 .n_alpn = sizeof(alpn) - 1,
				 /* It would stand for a certificate that may be another now. */
				 .ticket = o->cert ? NULL : &l->origin->ticket };
	int why = 0;
	socklen_t n = sizeof(why);
	struct err e;

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0 || why != 0) {
		h2_connect_fail(l, strerror(why ? why : errno));
		return;
	}
	l->tls = tls_connect(l->h2->tls, l->fd, &peer, &e);
	if (!l->tls) {
		give_up(l, FETCH_UNSENT, e.text);
		return;
	}
	l->state = H2_SECURE;
	shake_hands(l);
}

static int64_t connect_span(const struct h2_origin *o)
{
	int64_t ms = o->waiting.first->x->connect_ms;

	return ms ? ms : CONNECT_MS;
}

void h2_connect_new(struct h2_origin *o)
{
	struct h2_link *l = calloc(1, sizeof(*l));
	struct h2 *h = o->h2;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = l };
	struct err e;

	if (!l)
		diag_oom();
	l->h2 = h;
	l->origin = o;
	o->link = l;
	o->links++;
	l->fd = -1;
	l->out.max = SIZE_MAX; /* bounded by what is taken in at once */
	l->used = clock_mono();
	l->connect_due = l->used + connect_span(o);
	h2_link_ring(l, l->connect_due);
	l->lookup = resolve_start(str_c(o->host), o->port, &e);
	if (!l->lookup) {
		give_up(l, FETCH_UNSENT, e.text);
		return;
	}
	epoll_ctl(h->epoll, EPOLL_CTL_ADD, resolve_fd(l->lookup), &ev);
	if (resolve_ready(l->lookup))
		looked_up(l);
}

void h2_connect_step(struct h2_link *l)
{
	if (l->state == H2_SECURE)
		shake_hands(l);
	else if (l->state == H2_CONNECT)
		secure(l);
	else if (resolve_ready(l->lookup))
		looked_up(l);
}

void h2_connect_late(struct h2_link *l)
{
	l->late = true;
	if (l->state == H2_LOOKUP)
		give_up(l, FETCH_UNSENT, "the time ran out while its name was looked up");
	else
		h2_connect_fail(l, "the time ran out before there was a connection");
}
