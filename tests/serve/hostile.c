/* SPDX-License-Identifier: MIT */
/*
 * Attackers of many kinds.  usage: hostile PORT ATTACKERS SEED [TLSPORT]
 *
 * Attacks 127.0.0.1:PORT with so many connections at the same time, each from one of some hundred addresses, until
 * SIGTERM; then prints how many attacks of each kind there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum kind {
	SLOW_HEAD,
	SLOW_BODY,
	SLOW_READER,
	HALF_CLOSED,
	PIPELINE,
	MANY_HEADERS,
	HUGE_LENGTH,
	BAD_CHUNK,
	ENDLESS_CHUNKS,
	TLS_GARBAGE,
	NOISE,
	SMUGGLE,
	SILENT,
	RESET,
	KINDS,
};

static const char *const names[KINDS] = {
	"slow head",    "slow body",   "slow reader", "half-closed",    "pipeline",
	"many headers", "huge length", "bad chunk",   "endless chunks", "TLS garbage",
	"noise",        "smuggling",   "silent",      "reset",
};

struct attacker {
	int fd;
	enum kind kind;
	unsigned step;
	double next;
};

enum { ADDRESSES = 100, PAUSE_US = 200 };

static struct sockaddr_in plain = { .sin_family = AF_INET }, tls;
static unsigned long begun[KINDS];
static unsigned seed;
static volatile sig_atomic_t stopped;

static void on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void begin(struct attacker *a)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	const struct sockaddr_in *to = &plain;

	a->kind = (enum kind)dice(KINDS);
	a->step = 0;
	if (a->kind == TLS_GARBAGE && tls.sin_port)
		to = &tls;
	a->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + dice(ADDRESSES));
	(void)bind(a->fd, (const struct sockaddr *)&from, sizeof(from));
	if (connect(a->fd, (const struct sockaddr *)to, sizeof(*to)) < 0 && errno != EINPROGRESS) {
		close(a->fd);
		a->fd = -1;
		return;
	}
	begun[a->kind]++;
	a->next = now() + 0.01;
}

static void put(struct attacker *a, const char *text, size_t n)
{
	(void)!send(a->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void say(struct attacker *a, const char *text)
{
	put(a, text, strlen(text));
}

#define HEAD "POST /webhooks/twilio HTTP/1.1\r\nHost: localhost\r\n"

static void end(struct attacker *a)
{
	close(a->fd);
	a->fd = -1;
}

static void noise(struct attacker *a, size_t n)
{
	char bytes[512];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)dice(256);
	put(a, bytes, n);
}

static void smuggle(struct attacker *a)
{
	static const char *const shapes[] = {
		HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
		HEAD "Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcdGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
		HEAD "Content-Length : 4\r\n\r\nabcd",
		HEAD "X: y\n\r\n",
		HEAD "X: y\r\n z\r\n\r\n",
		HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
	};

	say(a, shapes[dice(sizeof(shapes) / sizeof(*shapes))]);
}

/* One step of an attack; those that have no more are left open until the server closes them. */
static void step(struct attacker *a)
{
	static const char junk[4096];
	char text[120];

	switch (a->kind) {
	case SLOW_HEAD:
		say(a, a->step == 0 ? "POST /webhooks/twilio HTTP/1.1\r\nHost: a\r\nX: " : "y");
		a->next = now() + 0.3;
		break;
	case SLOW_BODY:
		say(a, a->step == 0 ? HEAD "Content-Length: 1000\r\n\r\n" : "y");
		a->next = now() + 0.3;
		break;
	case SLOW_READER:
		say(a, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
		break;
	case HALF_CLOSED:
		if (a->step == 0)
			say(a, HEAD "Content-Length: 4\r\n\r\nabcd");
		shutdown(a->fd, SHUT_WR);
		break;
	case PIPELINE:
		for (int i = 0; i < 20; i++)
			say(a, HEAD "Content-Length: 4\r\n\r\nabcd");
		break;
	case MANY_HEADERS:
		if (a->step == 0)
			say(a, HEAD);
		for (unsigned i = 0; i < 100; i++) {
			snprintf(text, sizeof(text), "X-%u-%u: y\r\n", a->step, i);
			say(a, text);
		}
		a->next = now();
		break;
	case HUGE_LENGTH:
		if (a->step == 0)
			say(a, HEAD "Content-Length: 2147483648\r\n\r\n");
		put(a, junk, sizeof(junk));
		break;
	case BAD_CHUNK:
		say(a, HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
		break;
	case ENDLESS_CHUNKS:
		if (a->step == 0)
			say(a, HEAD "Transfer-Encoding: chunked\r\n\r\n");
		for (int i = 0; i < 100; i++)
			say(a, "4;ext=1\r\nabcd\r\n");
		break;
	case TLS_GARBAGE:
		put(a, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
		noise(a, 400);
		break;
	case NOISE:
		noise(a, 1 + dice(500));
		break;
	case SMUGGLE:
		smuggle(a);
		break;
	case RESET:
		say(a, HEAD "Content-Length: 1000\r\n\r\nabc");
		setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
		end(a);
		return;
	case SILENT:
	default:
		break;
	}
	a->step++;
	if (a->next < now())
		a->next = now() + 0.05 + dice(100) / 1000.0;
	if (a->step > 400)
		end(a);
}

/* What the server says is dropped; when it closes, the attacker comes again. */
static void listen_to(struct attacker *a)
{
	char drop[4096];
	ssize_t n;

	if (a->kind == SLOW_READER && a->step < 100)
		return;
	do
		n = recv(a->fd, drop, sizeof(drop), MSG_DONTWAIT);
	while (n > 0);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(a);
}

static void attack(struct attacker *list, size_t n)
{
	double t = now();

	for (size_t i = 0; i < n; i++) {
		struct attacker *a = &list[i];

		if (a->fd < 0)
			begin(a);
		else if (a->next <= t)
			step(a);
		if (a->fd >= 0)
			listen_to(a);
	}
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };
	struct attacker *list;
	struct rlimit limit;
	size_t n;

	if (argc < 4)
		return 64;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	sigaction(SIGTERM, &act, NULL);
	plain.sin_port = htons((unsigned short)atoi(argv[1]));
	plain.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	n = strtoul(argv[2], NULL, 10);
	seed = (unsigned)atol(argv[3]);
	tls = plain;
	tls.sin_port = argc > 4 ? htons((unsigned short)atoi(argv[4])) : 0;
	list = calloc(n, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i].fd = -1;
	while (!stopped) {
		attack(list, n);
		usleep(PAUSE_US);
	}
	printf("attacks:");
	for (int i = 0; i < KINDS; i++)
		printf("%s %s %lu", i ? "," : "", names[i], begun[i]);
	printf("\n");
	free(list);
	return 0;
}
