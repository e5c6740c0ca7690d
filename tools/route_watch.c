/* SPDX-License-Identifier: MIT */
#include "route_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

static int failed(const struct watch *w, struct err *e)
{
	return err_set(e, FAULT_IO, "watch", "%s: %s", w->path, strerror(errno));
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
	return same_file(a, b) && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* From ${w->at} to the last line end. */
static int read_lines(struct watch *w, int fd, size_t size, struct arena *a, struct str *out,
		      struct err *e)
{
	char *p = arena_alloc(a, size + 1);
	size_t n = 0;

	while (n < size) {
		ssize_t got = pread(fd, p + n, size - n, w->at + (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(w, e);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	while (n > 0 && p[n - 1] != '\n')
		n--;
	*out = (struct str){ p, n };
	w->at += (off_t)n;
	return 0;
}

static int look_inside(struct watch *w, int fd, size_t max, struct arena *a, struct str *out,
		       struct err *e)
{
	struct stat st;
	bool more;

	if (fstat(fd, &st) < 0)
		return failed(w, e);
	if (w->there && unchanged(&st, &w->st))
		return WATCH_SAME;
	more = w->there && same_file(&st, &w->st) && st.st_size > w->st.st_size;
	if (!more)
		w->at = 0;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max)
		return err_set(e, FAULT_IO, "watch", "%s: is no file, or longer than %zu bytes",
			       w->path, max);
	if (read_lines(w, fd, (size_t)(st.st_size - w->at), a, out, e) < 0)
		return -1;
	w->st = st;
	w->there = true;
	return more ? WATCH_MORE : WATCH_OTHER;
}

int watch_look(struct watch *w, int64_t now, size_t max, struct arena *a, struct str *out, struct err *e)
{
	bool first = w->looked == 0, gone;
	int fd, rc;

	*out = STR("");
	if (!first && now - w->looked < LOOK_MS && now >= w->looked)
		return WATCH_SAME;
	w->looked = now ? now : 1;
	fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno != ENOENT)
		return failed(w, e);
	if (fd < 0) {
		gone = w->there;
		w->there = false;
		w->at = 0;
		return gone || first ? WATCH_OTHER : WATCH_SAME;
	}
	rc = look_inside(w, fd, max, a, out, e);
	close(fd);
	return rc;
}
