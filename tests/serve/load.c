/* SPDX-License-Identifier: MIT */
/*
 * A client that keeps account.  usage: load [-i] [-f FIRST] PORT CONNECTIONS SECONDS
 *
 * Sends numbered webhooks over keep-alive connections to 127.0.0.1:PORT, each one with ?n=NUMBER in its target, and writes the number of
 * each that was answered 2xx on a line.  The summary on standard error says how many were answered, answered otherwise,
 * lost (the connection had been served before, and ended without an answer), cut (within the answer), and how often a
 * connection was refused, or ended before it was served.  With -i the connections send one request and then stay idle; the numbers
 * begin with FIRST.  SIGTERM is the end of its time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct client {
	int fd;
	unsigned long number, served;
	char in[2048];
	size_t n;
	double again; /* when to connect again */
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static unsigned long next_number, answered, otherwise, lost, cut, refused;
static bool idle;
static volatile sig_atomic_t enough;

static void on_term(int signo)
{
	(void)signo;
	enough = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_request(struct client *c)
{
	static char body[1024];
	char head[300];
	int n;

	if (!body[0])
		memset(body, 'a', sizeof(body));
	c->number = next_number++;
	n = snprintf(head, sizeof(head),
		     "POST /webhooks/twilio?n=%lu HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
		     "Content-Length: %zu\r\n\r\n",
		     c->number, sizeof(body));
	c->n = 0;
	if (send(c->fd, head, (size_t)n, MSG_NOSIGNAL | MSG_MORE) != n ||
	    send(c->fd, body, sizeof(body), MSG_NOSIGNAL) != (ssize_t)sizeof(body))
		return; /* reading will tell */
}

static void open_client(struct client *c)
{
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	c->served = 0;
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&server, sizeof(server)) < 0) {
		refused++;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
		c->again = now() + 0.01;
		return;
	}
	send_request(c);
}

static void close_client(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	c->again = 0;
}

/* Return the length of the answer in c->in, 0 if it is not whole. */
static size_t whole(const struct client *c)
{
	const char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
	const char *length = memmem(c->in, c->n, "Content-Length: ", 16);
	size_t size;

	if (!end || !length || length > end)
		return 0;
	size = (size_t)(end + 4 - c->in) + strtoul(length + 16, NULL, 10);
	return size <= c->n ? size : 0;
}

static void ended(struct client *c)
{
	if (c->n > 0)
		cut++;
	else if (c->served == 0)
		refused++;
	else if (!idle)
		lost++;
	if (c->n == 0 && c->served > 0 && !idle)
		fprintf(stderr, "lost %lu\n", c->number);
	close_client(c);
}

static void read_answer(struct client *c, bool more)
{
	ssize_t n = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n - 1, 0);
	bool last;

	if (n <= 0) {
		ended(c);
		return;
	}
	c->n += (size_t)n;
	c->in[c->n] = '\0';
	if (whole(c) == 0)
		return;
	last = strstr(c->in, "Connection: close") != NULL;
	c->served++;
	if (c->in[9] == '2') {
		answered++;
		printf("%lu\n", c->number);
	} else {
		otherwise++;
	}
	c->n = 0;
	if (last || !more)
		close_client(c);
	else if (!idle)
		send_request(c);
}

static void run(struct client *clients, size_t n, double until)
{
	struct pollfd *p = calloc(n, sizeof(*p));
	bool busy = true;

	while (busy) {
		bool more;

		if (enough && until > now())
			until = now();
		more = now() < until;
		busy = more;
		for (size_t i = 0; i < n; i++) {
			if (more && clients[i].fd < 0 && now() >= clients[i].again)
				open_client(&clients[i]);
			p[i] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
			busy |= clients[i].fd >= 0 && !idle;
		}
		if (poll(p, n, 10) <= 0 && now() > until + 60)
			break;
		for (size_t i = 0; i < n; i++)
			if (p[i].revents)
				read_answer(&clients[i], more);
	}
	free(p);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct client *clients;
	size_t n;

	if (argc > 1 && strcmp(argv[1], "-i") == 0) {
		idle = true;
		argc--, argv++;
	}
	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		next_number = strtoul(argv[2], NULL, 10);
		argc -= 2, argv += 2;
	}
	if (argc != 4)
		return 64;
	signal(SIGTERM, on_term);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	server.sin_port = htons((unsigned short)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	n = strtoul(argv[2], NULL, 10);
	clients = calloc(n, sizeof(*clients));
	for (size_t i = 0; i < n; i++)
		clients[i].fd = -1;
	run(clients, n, now() + atof(argv[3]));
	fprintf(stderr, "answered %lu, otherwise %lu, lost %lu, cut %lu, refused %lu\n", answered,
		otherwise, lost, cut, refused);
	free(clients);
	return lost || cut;
}
