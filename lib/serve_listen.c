/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, FIRST_INHERITED = 3 };

static struct listener *add(struct serve *s, int fd, bool tcp, struct err *e)
{
	struct listener *l = &s->listeners[s->n_listeners];

	if (s->n_listeners == LISTENERS_MAX) {
		err_set(e, FAULT_USAGE, "usage", "more than %d sockets to listen on", LISTENERS_MAX);
		return NULL;
	}
	s->n_listeners++;
	*l = (struct listener){ .source = { SOURCE_LISTENER, fd }, .tls = tcp && s->setup.cert };
	return l;
}

void listen_close(struct listener *l)
{
	if (l->source.fd >= 0)
		close(l->source.fd);
	l->source.fd = -1;
	if (l->unlink_path)
		unlink(l->unlink_path);
	free(l->unlink_path);
	l->unlink_path = NULL;
}

/* ---- inherited ---- */

static void name_socket(struct listener *l)
{
	struct sockaddr_storage sa;
	socklen_t size = sizeof(sa);
	char host[CIDR_TEXT];
	struct address a;
	unsigned port;

	snprintf(l->name, sizeof(l->name), "inherited socket %d", l->source.fd);
	if (getsockname(l->source.fd, (struct sockaddr *)&sa, &size) < 0)
		return;
	a = address_of((struct sockaddr *)&sa);
	if (!a.known)
		return;
	port = ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&sa)->sin_port :
					       ((struct sockaddr_in6 *)(void *)&sa)->sin6_port);
	address_format(host, &a);
	snprintf(l->name, sizeof(l->name), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static int inherit(struct serve *s, int fd, struct err *e)
{
	int listening = 0, domain = 0, type = 0, flags = fcntl(fd, F_GETFL);
	socklen_t n = sizeof(int), n2 = n, n3 = n;
	struct listener *l;

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) < 0 ||
	    !listening || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n3) < 0 || type != SOCK_STREAM)
		return err_set(e, FAULT_USAGE, "usage",
			       "descriptor %d, which was passed on, is no listening stream socket", fd);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n2);
	l = add(s, fd, domain != AF_UNIX, e);
	if (!l)
		return -1;
	l->inherited = true;
	/* Several threads are woken by one connection, and only one of them gets it. */
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	name_socket(l);
	return 0;
}

int listen_inherited(struct serve *s, struct err *e)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	int listening = 0;
	socklen_t n = sizeof(listening);
	uint64_t count = 0, whose = 0;

	if (fds && pid && str_u64(str_c(pid), &whose) == 0 && whose == (uint64_t)getpid() &&
	    (str_u64(str_c(fds), &count) < 0 || count > LISTENERS_MAX))
		return err_set(e, FAULT_USAGE, "usage", "LISTEN_FDS is not a number up to %d",
			       LISTENERS_MAX);
	for (uint64_t i = 0; i < count; i++)
		if (inherit(s, FIRST_INHERITED + (int)i, e) < 0)
			return -1;
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening)
		return inherit(s, STDIN_FILENO, e);
	return 0;
}

/* ---- our own ---- */

static int failed(struct err *e, const char *where)
{
	int code = errno;

	err_set(e, FAULT_OS, "listen", "can not listen on %s: %s", where, strerror(code));
	if (code == EADDRINUSE)
		err_hint(e, "another program does; stop it or choose another address with --listen");
	return -1;
}

/* A socket file that nobody listens behind is left over from a process that was killed. */
static void remove_stale(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0 && lstat(sa->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno == ECONNREFUSED)
		unlink(sa->sun_path);
	if (fd >= 0)
		close(fd);
}

/* Cut ",MODE" off ${path}. */
static int take_mode(struct str *path, mode_t *mode, struct err *e)
{
	size_t comma = str_find(*path, ',');
	struct str text = str_sub(*path, comma + 1, path->n);

	*mode = 0;
	if (comma == path->n)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7' || i > 3)
			return err_set(e, FAULT_USAGE, "usage",
				       "\"%.*s\" is no mode of a file: write it as 0660",
				       STR_FMT(text));
		*mode = *mode << 3 | (mode_t)(text.p[i] - '0');
	}
	path->n = comma;
	return 0;
}

static int open_unix(struct serve *s, struct str path, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct listener *l;
	mode_t mode, mask;
	int fd, rc;

	if (take_mode(&path, &mode, e) < 0)
		return -1;
	if (path.n == 0 || path.n >= sizeof(sa.sun_path))
		return err_set(e, FAULT_USAGE, "usage", "the path of a Unix socket has 1 to %zu bytes",
			       sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path.p, path.n);
	remove_stale(&sa);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody else may connect before the mode is what was asked for. */
	mask = umask(mode ? 0177 : umask(0));
	rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	umask(mask);
	if (rc < 0 || (mode && chmod(sa.sun_path, mode) < 0) || listen(fd, BACKLOG) < 0) {
		failed(e, sa.sun_path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	l = add(s, fd, false, e);
	if (!l)
		return -1;
	snprintf(l->name, sizeof(l->name), "unix:%s", sa.sun_path);
	l->unlink_path = str_dup(str_c(sa.sun_path));
	return 0;
}

static int open_one(struct serve *s, const struct addrinfo *ai, const char *where, struct err *e)
{
	int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct listener *l;

	if (fd < 0)
		return failed(e, where);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6) /* so that [::] and 0.0.0.0 can be listened on side by side */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		failed(e, where);
		close(fd);
		return -1;
	}
	l = add(s, fd, true, e);
	if (!l)
		return -1;
	name_socket(l);
	return 0;
}

int listen_open(struct serve *s, const char *where, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM },
			*list, *ai;
	const char *colon = strrchr(where, ':');
	char host[256];
	uint64_t port;
	size_t n;
	int rc;

	if (strncmp(where, "unix:", 5) == 0)
		return open_unix(s, str_c(where + 5), e);
	n = colon ? (size_t)(colon - where) : 0;
	if (!colon || str_u64(str_c(colon + 1), &port) < 0 || port > 65535 || n >= sizeof(host) ||
	    (where[0] == '[') != (n > 0 && where[n - 1] == ']') ||
	    (where[0] != '[' && memchr(where, ':', n)))
		return err_set(e, FAULT_USAGE, "usage",
			       "--listen takes HOST:PORT, [V6]:PORT or unix:PATH, not \"%.80s\"", where);
	if (where[0] == '[')
		n -= 2;
	memcpy(host, where + (where[0] == '['), n);
	host[n] = '\0';
	rc = getaddrinfo(n ? host : NULL, colon + 1, &hints, &list);
	if (rc != 0)
		return err_set(e, FAULT_USAGE, "usage", "--listen %.80s: %s", where, gai_strerror(rc));
	for (ai = list; ai && rc == 0; ai = ai->ai_next)
		rc = open_one(s, ai, where, e);
	freeaddrinfo(list);
	return rc;
}
