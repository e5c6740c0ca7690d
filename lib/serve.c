/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "fds.h"
#include "serve_private.h"

enum { SPARE_FDS = 256 }; /* descriptors beside the connections */

/* As many descriptors as the connections need, if the system lets us; else fewer connections. */
static void provide_fds(struct serve *s)
{
	size_t want = s->setup.connections + LINGERS_MAX * s->setup.threads + SPARE_FDS;
	size_t have = fds_provide(want);

	if (have < want) {
		size_t rest = have > 2 * SPARE_FDS ? have - SPARE_FDS : SPARE_FDS;

		diag_warn("the system allows %zu descriptors: no more than %zu connections at the same time",
			  have, rest);
		s->setup.connections = (unsigned)rest;
		want = have;
	}
	raw_init(want);
}

static int open_sockets(struct serve *s, struct err *e)
{
	if (s->setup.inetd)
		return 0;
	if (listen_inherited(s, e) < 0)
		return -1;
	for (unsigned i = 0; i < s->setup.n_listen; i++)
		if (listen_open(s, s->setup.listen[i], e) < 0)
			return -1;
	if (s->n_listeners == 0)
		return listen_open(s, s->setup.fallback, e);
	return 0;
}

static int open_loops(struct serve *s, struct err *e)
{
	s->loops = calloc(s->setup.threads, sizeof(*s->loops));
	if (!s->loops)
		diag_oom();
	for (unsigned i = 0; i < s->setup.threads; i++)
		if (loop_open(&s->loops[i], s, i, e) < 0)
			return -1;
	return 0;
}

struct serve *serve_new(const struct serve_setup *setup, struct err *e)
{
	struct serve *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->setup = *setup;
	s->ended = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&s->lock, NULL);
	if (s->ended < 0) {
		err_set(e, FAULT_OS, "serve", "eventfd: %s", strerror(errno));
		goto failed;
	}
	if (setup->cert) {
		s->tls = tls_load(setup->cert, setup->key, e);
		if (!s->tls)
			goto failed;
	}
	provide_fds(s);
	if (open_sockets(s, e) < 0 || open_loops(s, e) < 0)
		goto failed;
	return s;
failed:
	serve_free(s);
	return NULL;
}

/* The connection that inetd has accepted. */
static int take_stdin(struct serve *s, struct err *e)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t size = sizeof(sa);
	struct loop *l = &s->loops[0];
	struct conn *c;
	int fd;

	if (getpeername(STDIN_FILENO, (struct sockaddr *)&sa, &size) < 0)
		return err_set(e, FAULT_USAGE, "usage", "--inetd: standard input is no connection");
	fd = dup(STDIN_FILENO);
	c = conn_new(s, fd, (struct sockaddr *)&sa, s->setup.cert && sa.ss_family != AF_UNIX);
	if (!c)
		return err_set(e, FAULT_OS, "serve", "too many descriptors");
	atomic_fetch_add(&l->n_conns, 1);
	l->arrivals = c;
	atomic_store(&s->draining, true);
	loop_wake(l);
	return 0;
}

int serve_start(struct serve *s, struct err *e)
{
	sigset_t all, old;
	int rc = 0;

	if (s->setup.inetd && take_stdin(s, e) < 0)
		return -1;
	atomic_store(&s->left, s->setup.threads);
	atomic_store(&s->listening, s->setup.threads);
	sigfillset(&all); /* signals are for the thread that waits for them */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < s->setup.threads && rc == 0; i++) {
		rc = pthread_create(&s->loops[i].thread, NULL, loop_run, &s->loops[i]);
		s->loops[i].started = rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return 0;
	serve_drain(s);
	return err_set(e, FAULT_OS, "serve", "no thread: %s", strerror(rc));
}

int serve_reload(struct serve *s, struct err *e)
{
	struct tls *fresh, *old;

	if (!s->setup.cert)
		return 0;
	fresh = tls_load(s->setup.cert, s->setup.key, e);
	if (!fresh)
		return -1;
	pthread_mutex_lock(&s->lock);
	old = s->tls;
	s->tls = fresh;
	pthread_mutex_unlock(&s->lock);
	tls_drop(old);
	return 0;
}

void *serve_post(struct serve *s, unsigned i, void *what)
{
	struct loop *l = &s->loops[i];
	void *before;

	pthread_mutex_lock(&l->lock);
	before = l->posted;
	l->posted = what;
	pthread_mutex_unlock(&l->lock);
	loop_wake(l);
	return before;
}

void serve_wake(struct serve *s, unsigned i)
{
	loop_wake(&s->loops[i]);
}

void serve_drain(struct serve *s)
{
	atomic_store(&s->draining, true);
	for (unsigned i = 0; i < s->setup.threads; i++)
		loop_wake(&s->loops[i]);
}

int serve_ended(const struct serve *s)
{
	return s->ended;
}

void serve_counts(const struct serve *s, struct serve_counts *out)
{
	*out = (struct serve_counts){ .connections = atomic_load(&s->n_conns),
				      .held = atomic_load(&s->held) };
	for (unsigned i = 0; i < s->setup.threads; i++) {
		struct loop *l = &s->loops[i];

		out->accepted += atomic_load(&l->accepted);
		out->requests += atomic_load(&l->requests);
		out->refused_connections += atomic_load(&l->refused);
		out->malformed += atomic_load(&l->malformed);
		out->timeouts += atomic_load(&l->timeouts);
		out->bytes += atomic_load(&l->bytes);
	}
}

const char *serve_address(const struct serve *s, unsigned i)
{
	return i < s->n_listeners ? s->listeners[i].name : NULL;
}

void serve_free(struct serve *s)
{
	if (!s)
		return;
	for (unsigned i = 0; s->loops && i < s->setup.threads; i++)
		if (s->loops[i].started)
			pthread_join(s->loops[i].thread, NULL);
	for (unsigned i = 0; s->loops && i < s->setup.threads; i++)
		loop_close(&s->loops[i]);
	for (unsigned i = 0; i < s->n_listeners; i++)
		listen_close(&s->listeners[i]);
	tls_drop(s->tls);
	if (s->ended >= 0)
		close(s->ended);
	free(s->loops);
	free(s);
}
