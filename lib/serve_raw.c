/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd has no hook for the bytes that it reads, and what it makes of them differs between
 * the versions of Debian: 0.9.75 takes bare LF, NUL and folded lines, and an unending request as
 * long as now and then a byte comes.  So the two functions that it reads with, recv(2) and
 * gnutls_record_recv(3), are defined here: the dynamic linker prefers the program's own.  Every
 * byte goes through lib/wire first, and what that refuses the library never gets to see.
 */
#include "serve_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

enum {
	LINGER_MS = 2000,
	LINGER_MAX = 1 << 20, /* bytes that are read and dropped, at most */
};

/* Threads that have nothing to do with serving call recv, too, and may do so before there is a table. */
static _Atomic(struct conn *) *_Atomic table;
static atomic_size_t table_size;

void raw_init(size_t n)
{
	_Atomic(struct conn *) *made = calloc(n, sizeof(*made));

	if (!made)
		diag_oom();
	atomic_store(&table_size, 0);
	free((void *)atomic_exchange(&table, made));
	atomic_store(&table_size, n);
}

bool raw_fits(int fd)
{
	return fd >= 0 && (size_t)fd < atomic_load(&table_size);
}

void raw_set(int fd, struct conn *c)
{
	atomic_store(&atomic_load(&table)[fd], c);
}

struct conn *raw_get(int fd)
{
	return raw_fits(fd) ? atomic_load(&atomic_load(&table)[fd]) : NULL;
}

/* Let ${c} see what was read; what it refuses is an error of the connection to the library. */
static ssize_t pass(struct conn *c, const void *p, ssize_t n, ssize_t refused)
{
	if (n <= 0)
		return n;
	tally(&c->loop->bytes, (unsigned long long)n);
	if (conn_feed(c, (struct str){ p, (size_t)n }) == 0)
		return n;
	errno = ECONNRESET;
	return refused;
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	struct conn *c = raw_get(fd);
	ssize_t got = recvfrom(fd, p, n, flags, NULL, NULL);

	return c && !c->tls ? pass(c, p, got, -1) : got; /* under TLS it is GnuTLS that reads */
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *p, size_t n)
{
	struct conn *c = raw_get(gnutls_transport_get_int(session));
	unsigned char sequence[8];
	ssize_t got = gnutls_record_recv_seq(session, p, n, sequence);

	return c ? pass(c, p, got, GNUTLS_E_PULL_ERROR) : got;
}

/* ---- last answers ---- */

static void stay(struct conn *c)
{
	struct loop *l = c->loop;
	struct lingering *one;
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };
	int fd;

	if (l->n_lingers == LINGERS_MAX)
		return;
	fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR);
	one = calloc(1, sizeof(*one));
	if (!one)
		diag_oom();
	*one = (struct lingering){ { SOURCE_LINGER, fd }, l->now + LINGER_MS, LINGER_MAX };
	event.data.ptr = one;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		free(one);
		return;
	}
	l->lingers[l->n_lingers++] = one;
}

static void head_of(struct buf *b, const struct reply *r)
{
	buf_fmt(b, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n", r->status,
		MHD_get_reason_phrase_for((unsigned)r->status), r->body.n);
	if (r->type)
		buf_fmt(b, "Content-Type: %s\r\n", r->type);
	if (r->header)
		buf_fmt(b, "%s: %s\r\n", r->header, r->value);
	if (r->retry_after)
		buf_fmt(b, "Retry-After: %u\r\n", r->retry_after);
	buf_lit(b, "\r\n");
}

void raw_refuse(struct conn *c, const struct reply *r)
{
	struct buf b = { .max = KIB(64) };

	head_of(&b, r);
	buf_str(&b, r->body);
	if (c->tls && c->session) {
		if (gnutls_record_send(c->session, b.p, b.n) > 0)
			gnutls_bye(c->session, GNUTLS_SHUT_WR);
	} else if (!c->tls) {
		(void)send(c->fd, b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	buf_free(&b);
	stay(c);
}

bool raw_linger(struct lingering *l)
{
	char drop[16384];

	for (;;) {
		ssize_t n = recvfrom(l->source.fd, drop, sizeof(drop), MSG_DONTWAIT, NULL, NULL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0 || (size_t)n >= l->left)
			return false;
		l->left -= (size_t)n;
	}
}
