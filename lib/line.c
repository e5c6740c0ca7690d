/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "file.h"
#include "limit.h"
#include "pack.h"

#define PARTIAL_MS \
	2000 /* how long the rest of a begun line is waited for after SIGTERM, as s6-log does */
#define PIPE_BYTES \
	(int)MIB(1) /* asked of the kernel for pipes: fewer switches between the programs of a pipeline */

struct lines {
	char *const *files;
	int n_files, next; /* the file to open next */

	int fd; /* -1: none open */
	bool regular;
	struct pack *pack;
	const char *file;
	uint64_t lineno; /* of the next line to give */
	bool first;

	char *p; /* what has been read and not given: a part of a line, or more */
	size_t n, cap;
	size_t seen;       /* no line end in p[0..seen) */
	uint64_t too_long; /* not 0: inside a line that is too long; bytes of it so far */
	bool at_end;       /* of this input */

	bool stopping;
	int64_t deadline;
	uint64_t consumed, consumed_before, total;
};

void block_free(struct block *b)
{
	free(b->p);
	*b = (struct block){ 0 };
}

static bool is_stdin(const char *file)
{
	return strcmp(file, "-") == 0;
}

struct lines *lines_new(char *const *files, int n)
{
	static char stdin_name[] = "-";
	static char *const stdin_only[] = { stdin_name };
	struct lines *l = calloc(1, sizeof(*l));
	struct stat st;

	if (!l)
		diag_oom();
	l->fd = -1;
	l->files = n > 0 ? files : stdin_only;
	l->n_files = n > 0 ? n : 1;
	for (int i = 0; i < l->n_files; i++) {
		int rc = is_stdin(l->files[i]) ? fstat(STDIN_FILENO, &st) : stat(l->files[i], &st);

		if (rc < 0 || !S_ISREG(st.st_mode)) {
			l->total = 0;
			break;
		}
		l->total += (uint64_t)st.st_size;
	}
	return l;
}

static void input_close(struct lines *l)
{
	if (l->pack) {
		l->consumed_before += pack_consumed(l->pack);
		pack_close(l->pack);
	} else if (l->fd > STDIN_FILENO) {
		close(l->fd);
	}
	l->pack = NULL;
	l->fd = -1;
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	input_close(l);
	free(l->p);
	free(l);
}

static int input_open(struct lines *l, struct err *e)
{
	struct stat st;

	l->file = l->files[l->next++];
	l->fd = is_stdin(l->file) ? STDIN_FILENO : file_open(l->file);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return err_set(e, FAULT_IO, "input", "%s: %s", l->file, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		input_close(l);
		return err_set(e, FAULT_IO, "input", "%s: is a directory", l->file);
	}
	l->regular = S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode))
		(void)fcntl(l->fd, F_SETPIPE_SZ, PIPE_BYTES); /* more is better, less is no failure */
	if (pack_is(l->file))
		l->pack = pack_open(l->fd, l->file);
	l->lineno = 1;
	l->first = true;
	l->at_end = false;
	return 0;
}

static void room(struct lines *l, size_t n)
{
	if (l->cap - l->n >= n)
		return;
	l->cap = l->n + n;
	l->p = realloc(l->p, l->cap);
	if (!l->p)
		diag_oom();
}

/* One read of at most ${max} bytes.  Return 1, or 0 if there is nothing now, or -1. */
static int input_read(struct lines *l, size_t max, struct err *e)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;

	if (!l->regular && poll(&p, 1, 0) == 0)
		return 0;
	room(l, max);
	if (l->pack) {
		n = pack_read(l->pack, l->p + l->n, max, e);
		if (n < 0)
			return -1;
	} else {
		do
			n = read(l->fd, l->p + l->n, max);
		while (n < 0 && errno == EINTR);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return err_set(e, FAULT_IO, "input", "%s: %s",
				       is_stdin(l->file) ? "standard input" : l->file, strerror(errno));
		l->consumed += (uint64_t)n;
	}
	l->n += (size_t)n;
	l->at_end = n == 0;
	return 1;
}

/*
 * Hand the first ${n} bytes over to ${b} by exchanging the memory; what is behind them is carried
 * over.
 */
static void give(struct lines *l, struct block *b, size_t n)
{
	char *p = b->p;
	size_t cap = b->cap, rest = l->n - n;

	b->p = l->p;
	b->cap = l->cap;
	b->n = n;
	b->file = l->file;
	b->lineno = l->lineno;
	b->first = l->first;
	b->too_long = 0;
	l->p = p;
	l->cap = cap;
	l->n = 0;
	l->seen = 0;
	l->first = false;
	if (rest > 0) {
		room(l, rest);
		memcpy(l->p, b->p + n, rest);
		l->n = rest;
	}
	for (const char *s = b->p, *end = b->p + n; (s = memchr(s, '\n', (size_t)(end - s))) != NULL; s++)
		l->lineno++;
}

/*
 * Inside a line that is too long: drop bytes up to its end, counting them.  The start of it stays
 * in p[0..LINE_KEPT).
 */
static bool skip(struct lines *l, struct block *b)
{
	char *from = l->p + LINE_KEPT, *end = memchr(from, '\n', l->n - LINE_KEPT);
	size_t rest, part = end ? (size_t)(end - from) : l->n - LINE_KEPT;
	uint64_t lineno = l->lineno;

	l->too_long += part;
	if (!end && !l->at_end) {
		l->n = l->seen = LINE_KEPT;
		return false;
	}
	rest = end ? l->n - LINE_KEPT - part - 1 : 0;
	memmove(from, end ? end + 1 : from, rest);
	l->n = LINE_KEPT + rest;
	give(l, b, LINE_KEPT);
	l->lineno = lineno + 1;
	b->too_long = l->too_long;
	l->too_long = 0;
	return true;
}

/* Give what is whole; false if more must be read first. */
static bool whole(struct lines *l, struct block *b)
{
	char *end;

	if (l->too_long)
		return skip(l, b);
	end = l->n > l->seen ? memrchr(l->p + l->seen, '\n', l->n - l->seen) : NULL;
	if (end) {
		give(l, b, (size_t)(end - l->p) + 1);
		return true;
	}
	l->seen = l->n;
	if (l->n > LINE_MAX_BYTES + LINE_GROWTH) {
		l->too_long = LINE_KEPT;
		return skip(l, b);
	}
	if (l->at_end && l->n > 0) {
		give(l, b, l->n);
		return true;
	}
	return false;
}

/*
 * While stopping, only the rest of a begun line is read, and byte by byte: what is behind it
 * belongs to the next reader.
 */
static bool stopped(const struct lines *l)
{
	return l->stopping && ((l->n == 0 && !l->too_long) || clock_mono() >= l->deadline);
}

enum lines_state lines_next(struct lines *l, struct block *b, struct err *e)
{
	for (;;) {
		if (l->fd < 0) {
			if (l->next == l->n_files || l->stopping)
				return LINES_END;
			if (input_open(l, e) < 0)
				return LINES_ERROR;
		}
		if (whole(l, b))
			return LINES_BLOCK;
		if (l->at_end) {
			input_close(l);
			continue;
		}
		if (stopped(l)) {
			l->at_end = true;
			continue;
		}
		switch (input_read(l, l->stopping ? 1 : BLOCK_BYTES, e)) {
		case 0:
			return LINES_WAIT;
		case -1:
			/* What has come of a line is given as the last one of this input. */
			l->at_end = true;
			return LINES_ERROR;
		default:
			break;
		}
	}
}

int lines_fd(const struct lines *l)
{
	return l->fd;
}

void lines_stop(struct lines *l)
{
	if (!l->stopping)
		l->deadline = clock_mono() + PARTIAL_MS;
	l->stopping = true;
}

int lines_timeout(const struct lines *l)
{
	int64_t left = l->deadline - clock_mono();

	if (!l->stopping)
		return -1;
	return left > 0 ? (int)left : 0;
}

uint64_t lines_consumed(const struct lines *l)
{
	return l->consumed + l->consumed_before + (l->pack ? pack_consumed(l->pack) : 0);
}

uint64_t lines_total(const struct lines *l)
{
	return l->total;
}
