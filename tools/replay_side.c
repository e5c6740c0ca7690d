/* SPDX-License-Identifier: MIT */
#include "replay_diff.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain.h"
#include "diag.h"
#include "limit.h"

extern char **environ;

/* A record of no known kind, which every stage passes on: what came before it is all. */
static const char mark[] = "{\"kind\":\"omni-replay-mark\"}\n";

enum { WORDS = 9 };

struct side {
	struct chain *chain; /* NULL: another process */
	struct link *links;
	struct work *work;
	struct job job;
	uint64_t lines; /* so far */
	char *words[WORDS], *program;
	pid_t pid;
	int to, from; /* its standard input and output; -1 */
};

/* The words of the chain: signatures are not looked at, as they say nothing about a configuration. */
static int set_words(struct side *s, char *conf)
{
	static char normalize[] = "normalize", route[] = "route", unverified[] = "--unverified",
		    config[] = "-c", comma[] = ",";
	char *words[] = { normalize, unverified, config, conf, comma, route, config, conf };

	memcpy(s->words, words, sizeof(words));
	return LEN(words);
}

static int open_here(struct side *s, int n, struct err *e)
{
	static const struct chain_defaults none = { NULL, NULL, false };
	struct run r = { 0 };

	s->chain = chain_new(s->words, n, &none, e);
	if (!s->chain)
		return -1;
	chain_set(s->chain, &r);
	s->links = calloc(r.n_stages, sizeof(*s->links));
	if (!s->links)
		diag_oom();
	for (unsigned i = 0; i < r.n_stages; i++)
		s->links[i] = (struct link){ .stage = r.stages[i].stage, .setup = r.stages[i].setup };
	s->work = work_new(s->links, r.n_stages, e);
	job_init(&s->job, r.n_stages, 1);
	s->job.in.file = "-";
	return s->work ? 0 : -1;
}

/* Start ${s->program} with both ends of its pipes here. */
static int start(struct side *s, char **argv, struct err *e)
{
	posix_spawn_file_actions_t files;
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, rc;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return err_set(e, FAULT_OS, "pipe", "pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	rc = posix_spawn(&s->pid, s->program, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
	if (rc != 0) {
		s->pid = 0;
		return err_set(e, FAULT_USAGE, "usage", "%s: %s", s->program, strerror(rc));
	}
	(void)fcntl(s->to, F_SETFL, O_NONBLOCK);
	return 0;
}

static int open_there(struct side *s, const char *dir, int n, struct err *e)
{
	static char quiet[] = "-q";
	char *argv[WORDS + 3];

	if (asprintf(&s->program, "%s/omni-pipe", dir) < 0)
		diag_oom();
	signal(SIGPIPE, SIG_IGN); /* of a process that has ended: an error of write(2) */
	argv[0] = s->program;
	argv[1] = quiet;
	memcpy(argv + 2, s->words, (size_t)n * sizeof(*argv));
	argv[n + 2] = NULL;
	return start(s, argv, e);
}

struct side *side_new(const char *conf, const char *dir, struct err *e)
{
	struct side *s = calloc(1, sizeof(*s));
	int n;

	if (!s)
		diag_oom();
	s->to = s->from = -1;
	n = set_words(s, (char *)(uintptr_t)conf); /* options are only read */
	if ((dir ? open_there(s, dir, n, e) : open_here(s, n, e)) == 0)
		return s;
	side_free(s);
	return NULL;
}

void side_free(struct side *s)
{
	if (!s)
		return;
	if (s->chain) {
		work_free(s->work);
		s->job.in = (struct block){ 0 }; /* its text was borrowed */
		job_free(&s->job);
		free(s->links);
		chain_free(s->chain);
	}
	if (s->to >= 0)
		close(s->to);
	if (s->from >= 0)
		close(s->from);
	if (s->pid > 0)
		(void)waitpid(s->pid, NULL, 0);
	free(s->program);
	free(s);
}

static int run_here(struct side *s, const struct str *lines, size_t n, struct became *out, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		s->job.in.p = (char *)(uintptr_t)lines[i].p;
		s->job.in.n = lines[i].n;
		s->job.in.lineno = ++s->lines;
		work_block(s->work, &s->job);
		if (s->job.stop.fault != FAULT_NONE) {
			*e = s->job.stop;
			return -1;
		}
		buf_str(&out->text, buf_get(&s->job.out[0]));
		buf_reset(&s->job.out[0]);
		out->ends[i] = out->text.n;
	}
	return 0;
}

static int gone(const struct side *s, struct err *e)
{
	return err_set(e, FAULT_IO, "exec", "%s: ended before its input did", s->program);
}

/* Read what is there; cut it at the marks.  Return how many lines are whole, or -1. */
static int take(struct side *s, struct became *out, size_t *done, size_t *seen, struct err *e)
{
	char *room = buf_grow(&out->text, BLOCK_BYTES);
	ssize_t got = read(s->from, room, BLOCK_BYTES);
	struct str m = { mark, sizeof(mark) - 1 };

	if (got <= 0)
		return gone(s, e);
	out->text.n += (size_t)got;
	for (;;) {
		struct str rest = str_sub(buf_get(&out->text), *seen, out->text.n);
		size_t at = str_find(rest, '\n');

		if (at == rest.n)
			return 0;
		if (!str_eq(str_sub(rest, 0, at + 1), m)) {
			*seen += at + 1;
			continue;
		}
		memmove(out->text.p + *seen, rest.p + m.n, rest.n - m.n);
		out->text.n -= m.n;
		out->ends[(*done)++] = *seen;
	}
}

/* Write and read at once: neither pipe holds all of it. */
static int run_there(struct side *s, struct str text, size_t n, struct became *out, struct err *e)
{
	size_t done = 0, seen = 0;

	while (done < n) {
		struct pollfd p[2] = { { .fd = text.n > 0 ? s->to : -1, .events = POLLOUT },
				       { .fd = s->from, .events = POLLIN } };
		ssize_t wrote;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_set(e, FAULT_OS, "poll", "poll: %s", strerror(errno));
		if (p[0].revents) {
			wrote = write(s->to, text.p, text.n);
			if (wrote < 0 && errno != EAGAIN && errno != EINTR)
				return gone(s, e);
			text = str_sub(text, wrote > 0 ? (size_t)wrote : 0, text.n);
		}
		if (p[1].revents && take(s, out, &done, &seen, e) < 0)
			return -1;
	}
	return 0;
}

int side_run(struct side *s, const struct str *lines, size_t n, struct became *out, struct err *e)
{
	struct buf text = { .max = SIZE_MAX };
	int rc;

	buf_reset(&out->text);
	if (s->chain)
		return run_here(s, lines, n, out, e);
	for (size_t i = 0; i < n; i++) {
		buf_str(&text, lines[i]);
		buf_lit(&text, mark);
	}
	rc = run_there(s, buf_get(&text), n, out, e);
	buf_free(&text);
	return rc;
}
