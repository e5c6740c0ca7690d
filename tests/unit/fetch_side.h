/* SPDX-License-Identifier: MIT */
/* The two sides of the tests of lib/fetch: a server with faults, and who asks it. */
#ifndef OMNI_UNIT_FETCH_SIDE_H
#define OMNI_UNIT_FETCH_SIDE_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "fetch.h"
#include "unit.h"

/*
 * A server with every fault that a test asks for by the path: a thread for each connection, which is kept
 * open while answers allow it.  It counts the requests that it has read whole.
 */
static int listener;
static unsigned port;
static atomic_uint requests, connections;
static atomic_bool refuse_all; /* close each connection as it comes */
static char base[64];

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

/* Read a request into ${in} (NUL-terminated).  Return its length, or 0 if the client has gone. */
static size_t read_request(int fd, char *in, size_t size)
{
	size_t n = 0, length = 0;
	char *end = NULL, *p;

	while (n < size - 1) {
		ssize_t got = read(fd, in + n, size - 1 - n);

		if (got <= 0)
			return 0;
		n += (size_t)got;
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		if (!end)
			continue;
		p = strcasestr(in, "\r\ncontent-length:");
		length = p && p < end ? strtoul(p + 17, NULL, 10) : 0;
		if (n >= (size_t)(end - in) + 4 + length)
			return n;
	}
	return n;
}

static void answer_with(int fd, const char *body, size_t n)
{
	char head[100];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nX-Kind: Plain \r\nContent-Length: %zu\r\n\r\n", n);
	say(fd, head);
	(void)!write(fd, body, n);
}

static void wait_for_end(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

static void endless(int fd, const char *start, const char *more)
{
	say(fd, start);
	while (write(fd, more, strlen(more)) > 0)
		;
}

static void redirect(int fd, const char *to, size_t n)
{
	char head[400];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 302 Found\r\nLocation: %.*s\r\nContent-Length: 4\r\n\r\nmove", (int)n, to);
	say(fd, head);
}

/* Return whether the connection is kept. */
static bool serve_one(int fd, const char *in, size_t n)
{
	const char *path = strchr(in, ' ') + 1;
	size_t size = strcspn(path, " ");

	if (strncmp(path, "/ok", 3) == 0)
		answer_with(fd, "hello", 5);
	else if (strncmp(path, "/echo", 5) == 0)
		answer_with(fd, in, n);
	else if (strncmp(path, "/head ", 6) == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	else if (strncmp(path, "/close", 6) == 0)
		return false;
	else if (strncmp(path, "/half", 5) == 0)
		return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"), false;
	else if (strncmp(path, "/garbage", 8) == 0)
		return say(fd, "\001\002 what?\r\n\r\n"), false;
	else if (strncmp(path, "/never", 6) == 0)
		return wait_for_end(fd), false;
	else if (strncmp(path, "/huge", 5) == 0)
		return endless(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			       "20\r\n0123456789abcdef0123456789abcdef\r\n"),
		       false;
	else if (strncmp(path, "/heads", 6) == 0)
		return endless(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef0123456789abcdef\r\n"),
		       false;
	else if (strncmp(path, "/early", 6) == 0)
		say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
	else if (strncmp(path, "/to?", 4) == 0)
		redirect(fd, path + 4, size - 4);
	else if (strncmp(path, "/drip", 5) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
		for (const char *c = "abc"; *c; c++) {
			usleep(5000);
			(void)!write(fd, c, 1);
		}
	} else
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
	return true;
}

static void *serve(void *own)
{
	int fd = (int)(intptr_t)own;
	enum { IN = 1 << 20 };
	char *in = malloc(IN);
	size_t n;

	while ((n = read_request(fd, in, IN)) > 0) {
		atomic_fetch_add(&requests, 1);
		if (!serve_one(fd, in, n))
			break;
	}
	free(in);
	shutdown(fd, SHUT_RDWR);
	close(fd);
	return NULL;
}

static void *accept_all(void *own)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL), on = 1;
		pthread_t thread;

		if (fd < 0)
			return own;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		atomic_fetch_add(&connections, 1);
		if (atomic_load(&refuse_all))
			close(fd);
		else if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}

static void start_server(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&a, n) < 0 || listen(listener, 100) < 0)
		abort();
	getsockname(listener, (struct sockaddr *)&a, &n);
	port = ntohs(a.sin_port);
	snprintf(base, sizeof(base), "http://127.0.0.1:%u", port);
	if (pthread_create(&thread, NULL, accept_all, NULL) != 0)
		abort();
	pthread_detach(thread);
}

static struct fetch *f;

static struct fetch *open_with(struct fetch_options o)
{
	struct err e;
	struct fetch *made = fetch_open(&o, &e);

	if (!made)
		abort();
	return made;
}

static struct str url(const char *path)
{
	return arena_fmt(arena, "%s%s", base, path);
}

static struct fetch_request *wait_one(struct fetch *of)
{
	struct fetch_request *x;

	while (!(x = fetch_done(of))) {
		struct pollfd p = { .fd = fetch_fd(of), .events = POLLIN };

		if (poll(&p, 1, 20000) == 0)
			abort();
	}
	return x;
}

static void run(struct fetch_request *x)
{
	if (!x->answer_max)
		x->answer_max = 100000;
	fetch_start(f, x);
	CHECK(wait_one(f) == x);
	CHECK(!fetch_done(f));
}

static struct fetch_request get(const char *path)
{
	return (struct fetch_request){ .method = "GET", .url = url(path) };
}

static inline struct fetch_request post(const char *path, struct str body)
{
	return (struct fetch_request){ .method = "POST", .url = url(path), .body = body };
}

static void begin(void)
{
	f = open_with((struct fetch_options){ 0 });
	atomic_store(&requests, 0);
	atomic_store(&connections, 0);
}

static void end(void)
{
	fetch_close(f);
	f = NULL;
}

/* Run ${tests}, ${n} of them, with the server there and no proxy. */
static int fetch_run(const struct unit_test *tests, size_t n)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					       "all_proxy",  "ALL_PROXY",   "no_proxy",
					       "NO_PROXY" };

	for (size_t i = 0; i < LEN(proxies); i++)
		unsetenv(proxies[i]);
	signal(SIGPIPE, SIG_IGN);
	start_server();
	return unit_run(tests, n);
}

#endif
