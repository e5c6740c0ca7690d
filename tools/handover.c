/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"

enum {
	PIECES = 64, /* records of one write */
	PIPE_BYTES = 1024 * 1024, /* what an unprivileged process may have: as much as the default is blocked soon */
};

struct file {
	struct handover base; /* first */
	pthread_mutex_t lock;
	const char *path; /* NULL: standard output */
	int fd;           /* -1: a FIFO that nobody reads */
	bool regular, fifo, socket;
	struct buf rest;              /* of a record that was put by half */
	size_t done;                  /* of it */
	struct handover_item *halved; /* whose it is; NULL: withdrawn */
};

static struct file *file_of(struct handover *h)
{
	return (struct file *)(void *)h;
}

static const char *name_of(const struct file *f)
{
	return f->path ? f->path : "standard output";
}

/* ---- opening ---- */

/* Standard output without waiting, and without changing that for others who have it. */
static int own_stdout(struct file *f)
{
	int fd;

	if (f->regular || f->socket)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		return fd;
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

static int open_file(struct file *f, struct err *e)
{
	struct stat st;
	bool there = f->path ? stat(f->path, &st) == 0 : fstat(STDOUT_FILENO, &st) == 0;

	f->regular = !there || S_ISREG(st.st_mode);
	f->fifo = there && f->path && S_ISFIFO(st.st_mode);
	f->socket = there && !f->path && S_ISSOCK(st.st_mode);
	if (f->path)
		f->fd = open(f->path,
			     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	else
		f->fd = own_stdout(f);
	if (f->fd < 0 && f->fifo && errno == ENXIO)
		return err_set(e, FAULT_TEMP, "output", "%s: nobody reads it", f->path);
	if (f->fd < 0)
		return err_set(e, FAULT_IO, "output", "%s: %s", name_of(f), strerror(errno));
	(void)fcntl(f->fd, F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

/* ---- writing ---- */

/*
 * The reader has gone: a FIFO gets another one, who is told a record that was cut short from its
 * start.
 */
static int reader_gone(struct file *f, struct err *e)
{
	if (!f->fifo)
		return err_set(e, FAULT_IO, "output", "%s: nobody reads it any more", name_of(f));
	close(f->fd);
	f->fd = -1;
	f->done = 0;
	return err_set(e, FAULT_TEMP, "output", "%s: nobody reads it", f->path);
}

static int failed(struct file *f, int code, struct err *e)
{
	if (code == EPIPE || code == ECONNRESET)
		return reader_gone(f, e);
	return err_set(e, code == EBADF ? FAULT_IO : FAULT_TEMP, "output", "%s: %s", name_of(f),
		       strerror(code));
}

/* Write ${v}.  Return the bytes that were taken, 0 if there is no room now, or -1. */
static ssize_t put_bytes(struct file *f, const struct iovec *v, int n, struct err *e)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n };
	ssize_t wrote;

	do
		wrote = f->socket ? sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) :
				    writev(f->fd, v, n);
	while (wrote < 0 && errno == EINTR);
	if (wrote < 0 && errno == EAGAIN)
		return 0;
	return wrote < 0 ? failed(f, errno, e) : wrote;
}

/* A regular file takes all of ${v}, and keeps it, or is left as it was. */
static ssize_t put_synced(struct file *f, const struct iovec *v, int n, size_t size, struct err *e)
{
	off_t end = lseek(f->fd, 0, fcntl(f->fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
	ssize_t wrote = put_bytes(f, v, n, e);

	if (wrote == (ssize_t)size && fdatasync(f->fd) == 0)
		return wrote;
	if (wrote >= 0)
		err_set(e, FAULT_TEMP, "output", "%s: %s", name_of(f),
			wrote < (ssize_t)size ? "only a part could be written: the disk is full" :
						strerror(errno));
	if (wrote > 0 && (ftruncate(f->fd, end) < 0 || lseek(f->fd, end, SEEK_SET) < 0))
		err_hint(e, "a part of a record stays in it: %s", strerror(errno));
	return -1;
}

/*
 * Put what is left of a record that was put by half.  Return 1, 0 if there is no room for it now,
 * or -1.
 */
static int put_rest(struct file *f, struct err *e)
{
	while (f->done < f->rest.n) {
		struct iovec v = { f->rest.p + f->done, f->rest.n - f->done };
		ssize_t wrote = put_bytes(f, &v, 1, e);

		if (wrote <= 0)
			return (int)wrote;
		f->done += (size_t)wrote;
	}
	if (f->halved)
		f->halved->state = HANDOVER_TAKEN;
	f->halved = NULL;
	buf_reset(&f->rest);
	f->done = 0;
	return 1;
}

/* Of the items whose texts went into a write, ${wrote} bytes were taken. */
static void account(struct file *f, struct handover_item *const *items, int n, size_t wrote)
{
	for (int i = 0; i < n && wrote > 0; i++) {
		size_t size = items[i]->text.n;

		if (wrote >= size) {
			items[i]->state = HANDOVER_TAKEN;
			wrote -= size;
			continue;
		}
		buf_str(&f->rest, items[i]->text);
		f->done = wrote;
		f->halved = items[i];
		wrote = 0;
	}
}

/*
 * Put the next ones that wait.  Return 1 if all of those were, 0 if there is no room for
 * more, or -1.
 */
static int put_some(struct file *f, struct handover_item *const *items, size_t n, size_t *at,
		    struct err *e)
{
	struct handover_item *chosen[PIECES];
	struct iovec v[PIECES];
	size_t size = 0;
	ssize_t wrote;
	int k = 0;

	for (; *at < n && k < PIECES; ++*at) {
		if (items[*at]->state != HANDOVER_WAITS)
			continue;
		chosen[k] = items[*at];
		v[k++] = (struct iovec){ (void *)(uintptr_t)items[*at]->text.p, items[*at]->text.n };
		size += items[*at]->text.n;
	}
	if (k == 0)
		return 1;
	wrote = f->regular ? put_synced(f, v, k, size, e) : put_bytes(f, v, k, e);
	if (wrote < 0)
		return -1;
	account(f, chosen, k, (size_t)wrote);
	return (size_t)wrote == size;
}

static int file_put(struct handover *h, struct handover_item *const *items, size_t n, struct err *e)
{
	struct file *f = file_of(h);
	size_t at = 0;
	int rc = 1;

	pthread_mutex_lock(&f->lock);
	if (f->fd < 0)
		rc = open_file(f, e) < 0 ? -1 : 1;
	if (rc > 0)
		rc = put_rest(f, e);
	while (rc > 0 && at < n)
		rc = put_some(f, items, n, &at, e);
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < n && rc < 0; i++)
		if (items[i]->state == HANDOVER_WAITS)
			items[i]->state = HANDOVER_REFUSED;
	return rc < 0 ? -1 : 0;
}

static void file_withdraw(struct handover *h, struct handover_item *item)
{
	struct file *f = file_of(h);

	pthread_mutex_lock(&f->lock);
	if (f->halved == item) {
		f->halved = NULL;
		if (f->done == 0) /* the reader who had its first half is gone */
			buf_reset(&f->rest);
	}
	pthread_mutex_unlock(&f->lock);
}

/* Whether it can be written to shows when it is tried. */
static bool file_shut(struct handover *h)
{
	(void)h;
	return false;
}

static int file_fd(const struct handover *h)
{
	const struct file *f = (const struct file *)(const void *)h;

	return f->regular ? -1 : f->fd;
}

static int file_close(struct handover *h, int ms, struct err *e)
{
	struct file *f = file_of(h);
	int64_t until = clock_mono() + ms;
	struct err nobody;
	int rc = 1;

	/*
	 * Who opened a FIFO to read before anything was written waits for a writer: one that comes
	 * and goes is the end.
	 */
	if (f->fd < 0 && f->fifo)
		(void)open_file(f, &nobody);
	while (f->fd >= 0 && (rc = put_rest(f, e)) == 0 && clock_mono() < until) {
		struct pollfd p = { .fd = f->fd, .events = POLLOUT };

		(void)poll(&p, 1, (int)(until - clock_mono()));
	}
	if (rc == 0)
		rc = err_set(e, FAULT_IO, "output", "%s: a record is cut, as nobody reads it",
			     name_of(f));
	if (f->fd >= 0 && close(f->fd) < 0 && rc > 0)
		rc = err_set(e, FAULT_IO, "output", "%s: %s", name_of(f), strerror(errno));
	buf_free(&f->rest);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return rc < 0 ? -1 : 0;
}

struct handover *handover_file(const char *path, struct err *e)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		diag_oom();
	f->base = (struct handover){ file_put, file_withdraw, file_shut, file_fd, file_close };
	f->path = path;
	f->rest.max = SIZE_MAX;
	pthread_mutex_init(&f->lock, NULL);
	if (open_file(f, e) == 0 || e->fault == FAULT_TEMP)
		return &f->base;
	free(f);
	return NULL;
}
