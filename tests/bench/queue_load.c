/* SPDX-License-Identifier: MIT */
/*
 * Loads for the benchmark of queues; lines from standard input, figures on standard output.
 *   queue_load append FILE N      append the lines, fdatasync after each N: "wall"
 *   queue_load redis SOCKET N     push, pop to processing, remove in pipelines of N: "push move remove"
 *   queue_load cycle DIR N FILL   put, take, settle N lines at a time, above FILL that wait: "put take settle cpu"
 *   queue_load latency DIR N      from the end of a put here to the line out of take --follow: "p50 p99 most"
 * Times are microseconds for all lines together; of latency for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "queue.h"

static struct str *lines;
static size_t n_lines;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "queue_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static long processor(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000L + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

static void read_lines(void)
{
	char *line = NULL;
	size_t cap = 0, room = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		if (n_lines == room) {
			room = room ? 2 * room : 1024;
			lines = reallocarray(lines, room, sizeof(*lines));
		}
		if (!lines)
			fail("memory");
		lines[n_lines].p = strndup(line, (size_t)n);
		lines[n_lines++].n = (size_t)n;
	}
	free(line);
}

static void write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0)
			fail("write");
		s.p += n;
		s.n -= (size_t)n;
	}
}

static void append(const char *path, size_t batch)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct buf b = { .max = SIZE_MAX };
	long from = micros();

	if (fd < 0)
		fail(path);
	for (size_t i = 0; i < n_lines; i++) {
		buf_str(&b, lines[i]);
		if ((i + 1) % batch && i + 1 < n_lines)
			continue;
		write_all(fd, buf_get(&b));
		if (fdatasync(fd) < 0)
			fail(path);
		buf_reset(&b);
	}
	printf("%ld\n", micros() - from);
	buf_free(&b);
}

/* Read ${n} replies of one line, or of a bulk string; an error ends the program. */
static void replies(FILE *f, size_t n)
{
	char line[256];

	for (size_t i = 0; i < n; i++) {
		long bytes;

		if (!fgets(line, sizeof(line), f) || *line == '-')
			fail(line);
		bytes = *line == '$' ? strtol(line + 1, NULL, 10) + 2 : 0;
		for (; bytes > 0; bytes--)
			if (getc(f) == EOF)
				fail("redis");
	}
}

static void bulk(struct buf *b, struct str s)
{
	buf_fmt(b, "$%zu\r\n", s.n);
	buf_str(b, s);
	buf_lit(b, "\r\n");
}

static void command(struct buf *b, int which, struct str line)
{
	static const char *const heads[] = {
		"*3\r\n$5\r\nRPUSH\r\n$5\r\nqueue\r\n",
		"*5\r\n$5\r\nLMOVE\r\n$5\r\nqueue\r\n$4\r\nwork\r\n$4\r\nLEFT\r\n$5\r\nRIGHT\r\n",
		"*4\r\n$4\r\nLREM\r\n$4\r\nwork\r\n$1\r\n1\r\n",
	};

	buf_str(b, str_c(heads[which]));
	if (which != 1)
		bulk(b, line);
}

static void redis(const char *path, size_t batch)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct buf b = { .max = SIZE_MAX };
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (!f || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		fail(path);
	setvbuf(f, NULL, _IOFBF, 1 << 18);
	for (int which = 0; which < 3; which++) {
		long from = micros();

		for (size_t i = 0; i < n_lines; i += batch) {
			size_t n = n_lines - i < batch ? n_lines - i : batch;

			buf_reset(&b);
			for (size_t k = 0; k < n; k++)
				command(&b, which, lines[i + k]);
			write_all(fd, buf_get(&b));
			replies(f, n);
		}
		printf("%ld%c", micros() - from, which < 2 ? ' ' : '\n');
	}
	buf_free(&b);
	fclose(f);
}

static struct err e;

static struct queue *open_queue(const char *dir)
{
	struct queue_place place = { .dir = dir, .create = true };
	struct queue *q = queue_open("load", &place, 0, &e);

	if (!q) {
		fprintf(stderr, "queue_load: %s\n", e.text);
		exit(1);
	}
	return q;
}

static void must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "queue_load: %s\n", e.text);
		exit(1);
	}
}

static void put(struct queue *q, size_t from, size_t n)
{
	static struct queue_item items[QUEUE_BATCH];

	for (size_t i = 0; i < n; i++) {
		struct str line = lines[(from + i) % n_lines];

		items[i] = (struct queue_item){ .line = { line.p, line.n - 1 },
						.priority = QUEUE_PRIORITY };
	}
	must(queue_put(q, items, n, 1, &e));
}

/* Take and settle ${n}; the time of the settle is added to ${settled}. */
static void take_and_settle(struct queue *q, size_t n, long *took, long *settled)
{
	static struct queue_lease leases[QUEUE_BATCH];
	static struct queue_verdict v[QUEUE_BATCH];
	long from = micros(), middle;

	must(queue_take(q, leases, n, &n, 1, &e));
	middle = micros();
	for (size_t i = 0; i < n; i++)
		v[i] = (struct queue_verdict){ .token = leases[i].token, .what = QUEUE_DONE };
	must(queue_settle(q, v, n, 1, &e));
	for (size_t i = 0; i < n; i++)
		if (v[i].result != QUEUE_OK)
			fail("a lease was lost");
	*took += middle - from;
	*settled += micros() - middle;
}

static void cycle(const char *dir, size_t batch, size_t fill)
{
	struct queue *q = open_queue(dir);
	long putting = 0, took = 0, settled = 0, cpu;

	for (size_t i = 0; i < fill; i += 4000)
		put(q, i, fill - i < 4000 ? fill - i : 4000);
	cpu = processor();
	for (size_t i = 0; i < n_lines; i += batch) {
		size_t n = n_lines - i < batch ? n_lines - i : batch;
		long from = micros();

		put(q, i, n);
		putting += micros() - from;
		take_and_settle(q, n, &took, &settled);
	}
	printf("%ld %ld %ld %ld\n", putting, took, settled, processor() - cpu);
	queue_close(q);
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static void latency(const char *dir, size_t n)
{
	struct queue *q = open_queue(dir);
	long *all = calloc(n, sizeof(*all));
	int out[2];
	pid_t child;
	FILE *f;
	char *line = NULL;
	size_t cap = 0;

	if (!all || pipe(out) < 0 || (child = fork()) < 0)
		fail("pipe");
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execlp("omni-queue", "omni-queue", "take", "--dir", dir, "--follow", "load",
		       (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	for (size_t i = 0; i < n + 20 && f; i++) {
		struct timespec pause = { .tv_nsec = 3000000 };
		long from;

		put(q, i, 1);
		from = micros();
		if (getline(&line, &cap, f) < 0)
			fail("take");
		if (i >= 20) /* the first wait for the program to start */
			all[i - 20] = micros() - from;
		nanosleep(&pause, NULL);
	}
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	qsort(all, n, sizeof(*all), by_size);
	printf("%ld %ld %ld\n", all[n / 2], all[n * 99 / 100], all[n - 1]);
	queue_close(q);
}

int main(int argc, char **argv)
{
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (n == 0 || n > QUEUE_BATCH)
		return 64;
	read_lines();
	if (n_lines == 0)
		return 65;
	if (strcmp(argv[1], "append") == 0)
		append(argv[2], n);
	else if (strcmp(argv[1], "redis") == 0)
		redis(argv[2], n);
	else if (strcmp(argv[1], "cycle") == 0 && argc > 4)
		cycle(argv[2], n, strtoul(argv[4], NULL, 10));
	else if (strcmp(argv[1], "latency") == 0)
		latency(argv[2], n);
	else
		return 64;
	return 0;
}
