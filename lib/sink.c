/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "limit.h"

struct channel {
	int fd;     /* -1: not open */
	char *path; /* owned; NULL: standard output, or no such channel */
};

struct sink {
	struct channel *list;
	unsigned n;
};

static char *split_path(const char *pattern, const char *name)
{
	const char *at = strstr(pattern, "%s");
	char *path;

	if (asprintf(&path, "%.*s%s%s", (int)(at - pattern), pattern, name, at + 2) < 0)
		diag_oom();
	return path;
}

static int open_file(struct channel *c, struct err *e)
{
	c->fd = open(c->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (c->fd < 0)
		return err_set(e, FAULT_IO, "output", "%s: %s", c->path, strerror(errno));
	return 0;
}

static int pattern_check(const char *split, struct err *e)
{
	const char *at = strchr(split, '%');

	if (!at || at[1] != 's' || strchr(at + 2, '%'))
		return err_set(e, FAULT_USAGE, "usage",
			       "--split takes a path with one %%s in it, not \"%s\"", split);
	return 0;
}

struct sink *sink_new(const char *rejects, const char *split, const char *const *dests, struct err *e)
{
	struct sink *s;
	unsigned n = 0;

	if (split && pattern_check(split, e) < 0)
		return NULL;
	while (split && dests && dests[n])
		n++;
	s = calloc(1, sizeof(*s));
	if (s)
		s->list = calloc(n + SINK_SPLIT, sizeof(*s->list));
	if (!s || !s->list)
		diag_oom();
	s->n = n + SINK_SPLIT;
	s->list[SINK_OUT].fd = STDOUT_FILENO;
	s->list[SINK_REJECTS].fd = -1;
	for (unsigned i = 0; i < n; i++)
		s->list[SINK_SPLIT + i] = (struct channel){ -1, split_path(split, dests[i]) };
	if (rejects) {
		s->list[SINK_REJECTS].path = strdup(rejects);
		if (!s->list[SINK_REJECTS].path)
			diag_oom();
		if (open_file(&s->list[SINK_REJECTS], e) < 0) {
			sink_free(s);
			return NULL;
		}
	}
	return s;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		if (s->list[i].fd > STDERR_FILENO)
			close(s->list[i].fd);
		free(s->list[i].path);
	}
	free(s->list);
	free(s);
}

unsigned sink_channels(const struct sink *s)
{
	return s->n;
}

bool sink_has(const struct sink *s, unsigned channel)
{
	return channel < s->n && (channel == SINK_OUT || s->list[channel].path);
}

int sink_write(struct sink *s, unsigned channel, struct str text, struct err *e)
{
	struct channel *c = &s->list[channel];

	if (text.n > 0 && c->fd < 0 && open_file(c, e) < 0)
		return -1;
	while (text.n > 0) {
		ssize_t n = write(c->fd, text.p, text.n);

		if (n < 0 && errno == EAGAIN) { /* somebody else made the descriptor non-blocking */
			struct pollfd p = { .fd = c->fd, .events = POLLOUT };

			(void)poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, FAULT_IO, "output", "%s: %s",
				       c->path ? c->path : "standard output", strerror(errno));
		text = str_sub(text, (size_t)n, text.n);
	}
	return 0;
}

int sink_close(struct sink *s, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct channel *c = &s->list[i];

		if (c->fd >= 0 && close(c->fd) < 0 && errno != EINTR)
			rc = err_set(e, FAULT_IO, "output", "%s: %s",
				     c->path ? c->path : "standard output", strerror(errno));
		c->fd = -1;
	}
	return rc;
}
