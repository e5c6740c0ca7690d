/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "limit.h"

struct channel {
	int fd;     /* -1: not open */
	char *path; /* owned; NULL: standard output */
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

/* Takes ${path}. */
static struct channel *add(struct sink *s, int fd, char *path)
{
	s->list = reallocarray(s->list, s->n + 1, sizeof(*s->list));
	if (!s->list)
		diag_oom();
	s->list[s->n] = (struct channel){ fd, path };
	return &s->list[s->n++];
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

struct sink *sink_new(void)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	add(s, STDOUT_FILENO, NULL);
	return s;
}

int sink_file(struct sink *s, const char *path, struct err *e)
{
	char *copy;

	for (unsigned i = 0; i < s->n; i++)
		if (s->list[i].path && strcmp(s->list[i].path, path) == 0)
			return (int)i;
	copy = strdup(path);
	if (!copy)
		diag_oom();
	return open_file(add(s, -1, copy), e) < 0 ? -1 : (int)s->n - 1;
}

int sink_split(struct sink *s, const char *pattern, const char *const *dests, struct err *e)
{
	int first = (int)s->n;

	if (pattern_check(pattern, e) < 0)
		return -1;
	for (; *dests; dests++)
		add(s, -1, split_path(pattern, *dests));
	return first;
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
