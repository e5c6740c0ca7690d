/* SPDX-License-Identifier: MIT */
/*
 * spawn [-n RUNS] [-c CORE] [-i FILE] [-o FILE] [-r FILE] PROGRAM [ARG...]: run PROGRAM RUNS times,
 * on one CORE if told, and report on standard error (-r: in a file) the medians "wall user sys" in
 * microseconds, the largest resident size in KiB and the exit code of the last run.  -i and -o
 * stand in for its input and output.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { RUNS_MAX = 10000 };

struct plan {
	int runs, core; /* core -1: any */
	const char *in, *out, *report;
	char **argv;
};

struct result {
	long wall[RUNS_MAX], user[RUNS_MAX], sys[RUNS_MAX];
	long rss;
	int status;
};

static _Noreturn void fail(const char *what, int error)
{
	fprintf(stderr, "spawn: %s: %s\n", what, strerror(error));
	exit(71);
}

static long micros(struct timeval t)
{
	return t.tv_sec * 1000000L + t.tv_usec;
}

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("can not pin to the core", errno);
}

static void run(const struct plan *p, struct result *res, int i)
{
	posix_spawn_file_actions_t files;
	struct timespec from, to;
	struct rusage used;
	int status, rc;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	if (p->in)
		posix_spawn_file_actions_addopen(&files, STDIN_FILENO, p->in, O_RDONLY, 0);
	if (p->out)
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, p->out,
						 O_WRONLY | O_CREAT | O_TRUNC, 0666);
	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = posix_spawnp(&pid, p->argv[0], &files, NULL, p->argv, environ);
	if (rc != 0)
		fail(p->argv[0], rc);
	if (wait4(pid, &status, 0, &used) < 0)
		fail("wait4", errno);
	clock_gettime(CLOCK_MONOTONIC, &to);
	posix_spawn_file_actions_destroy(&files);
	res->wall[i] = (to.tv_sec - from.tv_sec) * 1000000L + (to.tv_nsec - from.tv_nsec) / 1000;
	res->user[i] = micros(used.ru_utime);
	res->sys[i] = micros(used.ru_stime);
	if (used.ru_maxrss > res->rss)
		res->rss = used.ru_maxrss;
	res->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static long median(long *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), by_size);
	return values[n / 2];
}

static bool read_options(struct plan *p, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+n:c:i:o:r:")) != -1) {
		switch (c) {
		case 'n':
			p->runs = atoi(optarg);
			break;
		case 'c':
			p->core = atoi(optarg);
			break;
		case 'i':
			p->in = optarg;
			break;
		case 'o':
			p->out = optarg;
			break;
		case 'r':
			p->report = optarg;
			break;
		default:
			return false;
		}
	}
	p->argv = argv + optind;
	return optind < argc && p->runs > 0 && p->runs <= RUNS_MAX;
}

int main(int argc, char **argv)
{
	static struct result res;
	struct plan p = { .runs = 1, .core = -1 };
	FILE *to = stderr;

	if (!read_options(&p, argc, argv)) {
		fprintf(stderr,
			"usage: spawn [-n RUNS] [-c CORE] [-i FILE] [-o FILE] [-r FILE] PROGRAM [ARG...]\n");
		return 64;
	}
	if (p.core >= 0)
		pin(p.core);
	for (int i = 0; i < p.runs; i++)
		run(&p, &res, i);
	if (p.report && !(to = fopen(p.report, "w")))
		fail(p.report, errno);
	fprintf(to, "%ld %ld %ld %ld %d\n", median(res.wall, p.runs), median(res.user, p.runs),
		median(res.sys, p.runs), res.rss, res.status);
	return fclose(to) == 0 ? 0 : 74;
}
