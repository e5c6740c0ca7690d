/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
	EVENTS = 64,
	ACCEPTS = 32,  /* of one listener in one turn */
	PAUSE_MS = 50, /* no accepting when there are too many connections or no descriptors */
	DRAIN_IDLE_MS = 1000, /* while draining, for a request that is on its way */
	PASSES = 8,           /* of the engines in one turn */
};

int loop_open(struct loop *l, struct serve *s, unsigned index, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN };
	const bool tls = s->setup.cert != NULL;

	l->serve = s;
	l->index = index;
	l->ctx = s->setup.ctx[index];
	l->wake = (struct source){ SOURCE_WAKE, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	l->watch = (struct source){ SOURCE_WATCH, -1 };
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	pthread_mutex_init(&l->lock, NULL);
	event.data.ptr = &l->wake;
	if (l->epoll < 0 || l->wake.fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake.fd, &event) < 0)
		return err_set(e, FAULT_OS, "serve", "epoll: %s", strerror(errno));
	for (unsigned i = 0; i < 1u + tls; i++) {
		const union MHD_DaemonInfo *info;

		l->daemons[i] = conn_engine(l, i > 0);
		info = l->daemons[i] ? MHD_get_daemon_info(l->daemons[i], MHD_DAEMON_INFO_EPOLL_FD) :
				       NULL;
		if (!info)
			return err_set(e, FAULT_OS, "serve", "libmicrohttpd does not start: %s",
				       strerror(errno));
		l->engines[i] = (struct source){ SOURCE_ENGINE, info->epoll_fd };
		event.data.ptr = &l->engines[i];
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0)
			return err_set(e, FAULT_OS, "serve", "epoll: %s", strerror(errno));
	}
	return 0;
}

void loop_wake(struct loop *l)
{
	const uint64_t one = 1;

	(void)!write(l->wake.fd, &one, sizeof(one));
}

/* ---- listening ---- */

static void listen_on(struct loop *l, bool on)
{
	struct serve *s = l->serve;

	if (l->listening == on)
		return;
	l->listening = on;
	for (unsigned i = 0; i < s->n_listeners; i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE,
					     .data.ptr = &s->listeners[i] };

		epoll_ctl(l->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listeners[i].source.fd, &event);
	}
}

static struct loop *least(struct loop *self)
{
	struct serve *s = self->serve;
	struct loop *best = self;

	for (unsigned i = 0; i < s->setup.threads; i++)
		if (atomic_load(&s->loops[i].n_conns) < atomic_load(&best->n_conns))
			best = &s->loops[i];
	return best;
}

static void place(struct loop *self, struct conn *c)
{
	struct loop *l = self->drained ? self : least(self);

	atomic_fetch_add(&l->n_conns, 1);
	if (l == self) {
		conn_start(l, c);
		return;
	}
	pthread_mutex_lock(&l->lock);
	c->next = l->arrivals;
	l->arrivals = c;
	pthread_mutex_unlock(&l->lock);
	loop_wake(l);
}

/*
 * There is no room: let go of the connection that has been idle longest, or else accept no more for
 * a while.
 */
static void make_room(struct loop *l)
{
	if (l->idle.first)
		conn_expire(l->idle.first);
	l->paused = l->now + PAUSE_MS;
	listen_on(l, false);
}

static bool somebody_waits(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Return false when there is nothing more to accept. */
static bool accept_one(struct loop *l, const struct listener *from)
{
	struct serve *s = l->serve;
	struct sockaddr_storage sa = { 0 };
	socklen_t size = sizeof(sa);
	struct conn *c;
	int fd;

	if (atomic_load(&s->n_conns) >= s->setup.connections) {
		/* The last one that had room must not cost another one, or itself, its place. */
		if (somebody_waits(from->source.fd))
			make_room(l);
		return false;
	}
	fd = accept4(from->source.fd, (struct sockaddr *)&sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		make_room(l);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR;
	c = conn_new(s, fd, (struct sockaddr *)&sa, from->tls);
	if (c)
		place(l, c);
	else
		tally(&l->refused, 1);
	return true;
}

static void accept_some(struct loop *l, const struct listener *from)
{
	for (int i = 0; i < ACCEPTS; i++)
		if (!accept_one(l, from))
			return;
}

/* ---- draining ---- */

/*
 * Stop listening.  Who connected to a socket of ours has been told that we are there, and is
 * served.
 */
static void stop_listening(struct loop *l)
{
	struct serve *s = l->serve;

	l->drained = l->now;
	for (unsigned i = 0; i < s->n_listeners; i++)
		while (!s->listeners[i].inherited && accept_one(l, &s->listeners[i]))
			;
	listen_on(l, false);
	l->paused = 0;
	if (atomic_fetch_sub(&s->listening, 1) > 1)
		return;
	/*
	 * The last one: a descriptor that is closed earlier could be another connection's by now.
	 */
	for (unsigned i = 0; i < s->n_listeners; i++)
		listen_close(&s->listeners[i]);
}

/* An idle connection ends when nothing more is on its way. */
static void end_idle(struct loop *l)
{
	char byte;

	for (struct conn *c = l->idle.first, *then; c; c = then) {
		then = c->next;
		if (l->now - c->since < DRAIN_IDLE_MS || l->now - l->drained < DRAIN_IDLE_MS)
			continue;
		if (recvfrom(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) <= 0)
			conn_expire(c);
	}
}

/* ---- time ---- */

/*
 * Let go of all in ${list} that have been there for ${limit}.  Return in how many milliseconds the
 * next is due, -1 if none is.
 */
static int expire(struct loop *l, const struct conns *list, int limit)
{
	while (list->first && l->now - list->first->since >= limit)
		conn_expire(list->first);
	return list->first ? (int)(list->first->since + limit - l->now) : -1;
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void end_linger(struct loop *l, unsigned i)
{
	close(l->lingers[i]->source.fd);
	free(l->lingers[i]);
	l->lingers[i] = l->lingers[--l->n_lingers];
}

static int expire_all(struct loop *l)
{
	const struct serve_setup *setup = &l->serve->setup;
	int wait = expire(l, &l->idle, setup->idle_ms);

	wait = sooner(wait, expire(l, &l->receiving, setup->request_ms));
	wait = sooner(wait, expire(l, &l->answering, setup->request_ms));
	for (unsigned i = l->n_lingers; i-- > 0;) {
		if (l->now >= l->lingers[i]->until)
			end_linger(l, i);
		else
			wait = sooner(wait, (int)(l->lingers[i]->until - l->now));
	}
	if (l->paused && l->now >= l->paused && !l->drained) {
		l->paused = 0;
		listen_on(l, true);
	}
	if (l->drained) {
		end_idle(l);
		wait = sooner(wait, PAUSE_MS);
	}
	return l->paused ? sooner(wait, PAUSE_MS) : wait;
}

/* ---- turns ---- */

static void take_arrivals(struct loop *l)
{
	uint64_t n;
	struct conn *c;
	void *post;

	(void)!read(l->wake.fd, &n, sizeof(n));
	pthread_mutex_lock(&l->lock);
	c = l->arrivals;
	post = l->posted;
	l->arrivals = NULL;
	l->posted = NULL;
	pthread_mutex_unlock(&l->lock);
	while (c) {
		struct conn *then = c->next;

		c->next = NULL;
		conn_start(l, c);
		c = then;
	}
	if (post)
		l->serve->setup.handler->post(l->ctx, post);
	if (!l->drained && atomic_load(&l->serve->draining))
		stop_listening(l);
}

static void handle(struct loop *l, struct source *source)
{
	switch (source->kind) {
	case SOURCE_LISTENER:
		if (!l->drained && !l->paused)
			accept_some(l, (struct listener *)(void *)source);
		break;
	case SOURCE_WAKE:
		take_arrivals(l);
		break;
	case SOURCE_LINGER:
		for (unsigned i = 0; i < l->n_lingers; i++) {
			if (&l->lingers[i]->source == source && !raw_linger(l->lingers[i])) {
				end_linger(l, i);
				break;
			}
		}
		break;
	case SOURCE_ENGINE: /* all of them run in each turn */
	case SOURCE_WATCH:
		break;
	}
}

/* Let the engines run.  Return true if they have more to do already. */
static bool run(struct loop *l)
{
	bool more = false;

	for (unsigned i = 0; i < 2 && l->daemons[i]; i++) {
		MHD_UNSIGNED_LONG_LONG timeout = 1;

		MHD_run(l->daemons[i]);
		if (MHD_get_timeout(l->daemons[i], &timeout) == MHD_YES && timeout == 0)
			more = true;
	}
	return more;
}

/* Wake up when ${fd} can be written to, once; files always can, and are not watched. */
static void watch(struct loop *l, int fd)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLONESHOT, .data.ptr = &l->watch };

	if (l->watch.fd >= 0 && l->watch.fd != fd)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->watch.fd, NULL);
	l->watch.fd = fd;
	if (fd >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

/*
 * What has arrived goes to the handler, its answers to the engines, until there is nothing to do.
 * Return the time to wait.
 */
static int turn(struct loop *l)
{
	const struct serve_handler *h = l->serve->setup.handler;
	int wait = -1, fd = -1;

	conn_resume_some(l);
	for (int i = 0; i < PASSES; i++) {
		bool more = run(l);

		fd = -1;
		wait = h->turn(l->ctx, &fd);
		if (!more && l->ready == 0)
			break;
		if (i == PASSES - 1)
			wait = 0;
	}
	if (fd >= 0 || l->watch.fd >= 0)
		watch(l, fd);
	return l->later ? 0 : wait;
}

static bool is_over(const struct loop *l)
{
	return l->drained && atomic_load(&l->n_conns) == 0 && l->n_lingers == 0;
}

void *loop_run(void *arg)
{
	struct loop *l = arg;
	struct serve *s = l->serve;
	struct epoll_event events[EVENTS];
	int wait = 0;

	l->now = clock_mono();
	listen_on(l, true);
	while (!is_over(l)) {
		int n = epoll_wait(l->epoll, events, EVENTS, wait);

		l->now = clock_mono();
		for (int i = 0; i < n; i++)
			handle(l, events[i].data.ptr);
		wait = turn(l);
		wait = sooner(wait, expire_all(l));
	}
	if (atomic_fetch_sub(&s->left, 1) == 1) {
		const uint64_t one = 1;

		(void)!write(s->ended, &one, sizeof(one));
	}
	return NULL;
}

void loop_close(struct loop *l)
{
	while (l->n_lingers > 0)
		end_linger(l, 0);
	for (unsigned i = 0; i < 2; i++)
		if (l->daemons[i])
			MHD_stop_daemon(l->daemons[i]);
	for (unsigned i = 0; i < CACHE; i++)
		made_free(&l->cache[i]);
	conn_spare_free(l);
	if (l->wake.fd > 0)
		close(l->wake.fd);
	if (l->epoll > 0)
		close(l->epoll);
}
