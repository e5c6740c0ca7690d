/* SPDX-License-Identifier: MIT */
#include "resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "diag.h"
#include "limit.h"

enum { HOST_MAX = 256, PORT_MAX = 8 };

struct resolve {
	atomic_uint holders; /* who started it, and the thread */
	atomic_bool ready;
	int fd, rc;
	char host[HOST_MAX], port[PORT_MAX];
	struct addrinfo *list;
};

static atomic_uint threads; /* of lookups that nobody waits for any more, too */

static void let_go(struct resolve *r)
{
	if (atomic_fetch_sub(&r->holders, 1) > 1)
		return;
	if (r->list)
		freeaddrinfo(r->list);
	close(r->fd);
	free(r);
}

static int look_up(struct resolve *r, int flags)
{
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };

	r->rc = getaddrinfo(r->host, r->port, &hint, &r->list);
	if (r->rc != 0)
		r->list = NULL;
	return r->rc;
}

static void *run(void *own)
{
	struct resolve *r = own;

	look_up(r, 0);
	atomic_store(&r->ready, true);
	eventfd_write(r->fd, 1);
	let_go(r);
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

static int start_thread(struct resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, RESOLVE_STACK);
	/* Signals are the program's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, run, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

static struct resolve *make(struct str host, unsigned port)
{
	struct resolve *r = calloc(1, sizeof(*r));

	if (!r)
		diag_oom();
	if (str_prefix(host, STR("[")) && str_suffix(host, STR("]")))
		host = str_sub(host, 1, host.n - 2);
	snprintf(r->host, sizeof(r->host), "%.*s", STR_FMT(host));
	snprintf(r->port, sizeof(r->port), "%u", port & 0xffff);
	atomic_store(&r->holders, 1);
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return r;
}

struct resolve *resolve_start(struct str host, unsigned port, struct err *e)
{
	struct resolve *r;
	int rc = 0;

	if (host.n == 0 || host.n >= HOST_MAX || memchr(host.p, '\0', host.n)) {
		err_set(e, FAULT_TEMP, "unavailable", "no host can have this name");
		return NULL;
	}
	r = make(host, port);
	if (r->fd < 0) {
		free(r);
		err_set(e, FAULT_TEMP, "unavailable", "there are no descriptors left to look it up");
		return NULL;
	}
	if (look_up(r, AI_NUMERICHOST) == 0) {
		atomic_store(&r->ready, true);
		return r;
	}
	if (atomic_fetch_add(&threads, 1) < RESOLVE_THREADS) {
		atomic_store(&r->holders, 2);
		rc = start_thread(r);
		if (rc == 0)
			return r;
		atomic_store(&r->holders, 1);
	}
	atomic_fetch_sub(&threads, 1);
	err_set(e, FAULT_TEMP, "unavailable",
		rc ? "there are no threads left to look it up" : "too many names are being looked up");
	let_go(r);
	return NULL;
}

int resolve_fd(const struct resolve *r)
{
	return r->fd;
}

bool resolve_ready(const struct resolve *r)
{
	return atomic_load(&r->ready);
}

const struct addrinfo *resolve_list(const struct resolve *r)
{
	return r->list;
}

const char *resolve_why(const struct resolve *r)
{
	return gai_strerror(r->rc);
}

void resolve_drop(struct resolve *r)
{
	if (r)
		let_go(r);
}
