/* SPDX-License-Identifier: MIT */
/*
 * An honest client.  usage: honest PORT SECONDS RATE [CONNECTIONS]
 *
 * Posts RATE webhooks a second to 127.0.0.1:PORT, at even distances over keep-alive connections, and prints how long the
 * answers took, in microseconds: "P50 P99 ANSWERED FAILED".  A request that was late because no connection was free
 * counts from when it was due.  Exit 1 if one was not answered 2xx.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, PATIENCE = 10 };

static struct sockaddr_in server = { .sin_family = AF_INET };
static struct pollfd fds[CONNECTIONS_MAX];
static double asked[CONNECTIONS_MAX]; /* 0: free */
static unsigned n_fds = 8;
static double *samples;
static size_t n_samples, max_samples, failed;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(unsigned i, const char *what)
{
	failed++;
	fprintf(stderr, "an honest request failed: %.60s\n", what);
	if (fds[i].fd >= 0)
		close(fds[i].fd);
	fds[i].fd = -1;
	asked[i] = 0;
}

static void ask(unsigned i, double due)
{
	static const char text[] = "POST /webhooks/twilio HTTP/1.1\r\nHost: localhost\r\n"
				   "Content-Length: 11\r\n\r\nBody=honest";

	if (fds[i].fd < 0) {
		fds[i] = (struct pollfd){ socket(AF_INET, SOCK_STREAM, 0), POLLIN, 0 };
		if (connect(fds[i].fd, (struct sockaddr *)&server, sizeof(server)) < 0) {
			fail(i, strerror(errno));
			return;
		}
	}
	asked[i] = due;
	(void)!send(fds[i].fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

static void hear(unsigned i)
{
	char text[2048];
	ssize_t n = recv(fds[i].fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (n <= 0 || strncmp(text, "HTTP/1.1 2", 10) != 0) {
		fail(i, n < 0 ? strerror(errno) : text);
		return;
	}
	if (n_samples < max_samples)
		samples[n_samples++] = now() - asked[i];
	asked[i] = 0;
}

static int compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double percentile(double p)
{
	return n_samples ? samples[(size_t)((double)(n_samples - 1) * p)] * 1e6 : 0;
}

/* Ask on a free connection, if there is one. */
static bool ask_one(double due, bool late)
{
	for (unsigned i = 0; i < n_fds; i++) {
		if (asked[i] > 0)
			continue;
		ask(i, late ? due : now());
		return true;
	}
	return false;
}

static void run(double seconds, double rate)
{
	double due = now(), until = due + seconds;
	unsigned waiting = 0;
	bool late = false;

	while ((due < until || waiting > 0) && now() < until + PATIENCE) {
		double left = due < until ? due - now() : 1;
		struct timespec t = { 0, left > 0 ? (long)(left * 1e9) % 1000000000 : 0 };

		if (due < until && left <= 0) {
			late = !ask_one(due, late);
			due += late ? 0 : 1 / rate;
			t.tv_nsec = late ? 1000000 : 0;
		}
		waiting = 0;
		if (ppoll(fds, n_fds, &t, NULL) > 0)
			for (unsigned i = 0; i < n_fds; i++)
				if (fds[i].revents)
					hear(i);
		for (unsigned i = 0; i < n_fds; i++)
			waiting += asked[i] > 0;
	}
	failed += waiting;
}

int main(int argc, char **argv)
{
	double seconds, rate;

	if (argc < 4)
		return 64;
	server.sin_port = htons((unsigned short)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	seconds = atof(argv[2]);
	rate = atof(argv[3]);
	if (argc > 4)
		n_fds = (unsigned)atoi(argv[4]);
	if (n_fds < 1 || n_fds > CONNECTIONS_MAX)
		return 64;
	prctl(PR_SET_TIMERSLACK, 1000);
	max_samples = (size_t)(seconds * rate) + CONNECTIONS_MAX;
	samples = calloc(max_samples, sizeof(*samples));
	for (unsigned i = 0; i < n_fds; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	run(seconds, rate);
	qsort(samples, n_samples, sizeof(*samples), compare);
	printf("%.0f %.0f %zu %zu\n", percentile(.5), percentile(.99), n_samples, failed);
	free(samples);
	return failed > 0;
}
