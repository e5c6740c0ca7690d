/* SPDX-License-Identifier: MIT */
#include "archive_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "archive_recover.h"
#include "archive_segment.h"
#include "clock.h"
#include "diag.h"
#include "file.h"

enum { LOOK_MS = 2000 }; /* the clock may be set, or go fast: it is looked at as often */

struct archive_writer {
	const struct archive_write_how *how;
	char stream[ARCHIVE_STREAM_MAX + 1];
	char *dir;
	int lock;
	struct archive_build *build; /* NULL between two segments */
	int64_t until;               /* when its time is over */
	int64_t hour;                /* of the last name */
	unsigned number;
	struct err bad; /* what was added could not be kept: nothing more is */
	bool fresh;     /* nothing was added since the last commit: the clock is looked at */
};

int archive_lock(const char *dir, const char *name, struct err *e)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		diag_oom();
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			err_set(e, FAULT_TEMP, "archive-locked", "%s: another program holds it", path);
		else
			err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

struct archive_writer *archive_writer_open(const char *root, const char *stream,
					   const struct archive_write_how *how, struct err *e)
{
	struct archive_writer *w = calloc(1, sizeof(*w));
	char *inside;

	if (!w)
		diag_oom();
	w->how = how;
	w->lock = -1;
	w->fresh = true;
	if (!archive_stream_valid(str_c(stream))) {
		err_set(e, FAULT_USAGE, "usage",
			"a stream's name has 1 to %d of A-Z a-z 0-9 . _ - and no dot first, unlike \"%s\"",
			ARCHIVE_STREAM_MAX, stream);
		goto fail;
	}
	snprintf(w->stream, sizeof(w->stream), "%s", stream);
	if (asprintf(&w->dir, "%s/%s", root, stream) < 0 || asprintf(&inside, "%s/.", w->dir) < 0)
		diag_oom();
	if (file_parents(inside, e) == 0)
		w->lock = archive_lock(w->dir, ".lock", e);
	free(inside);
	if (w->lock < 0 || archive_recover(w->dir, &how->build, clock_now(), NULL, e) < 0)
		goto fail;
	return w;
fail:
	archive_writer_close(w);
	return NULL;
}

void archive_writer_close(struct archive_writer *w)
{
	if (!w)
		return;
	archive_build_free(w->build);
	if (w->lock >= 0)
		close(w->lock);
	free(w->dir);
	free(w);
}

/* True if there is a file of the segment ${name}, sealed or not. */
static bool taken(const struct archive_writer *w, const char *name)
{
	char path[ARCHIVE_PATH_MAX], *sealed, *open;
	bool yes;

	archive_path(path, name);
	if (asprintf(&sealed, "%s/%s", w->dir, path) < 0 ||
	    asprintf(&open, "%s/%s%s%s", w->dir, name, ARCHIVE_SUFFIX, ARCHIVE_OPEN) < 0)
		diag_oom();
	yes = access(sealed, F_OK) == 0 || access(open, F_OK) == 0;
	free(sealed);
	free(open);
	return yes;
}

static int64_t floor_to(int64_t ms, int64_t unit)
{
	return ms - ((ms % unit) + unit) % unit;
}

static int segment_begin(struct archive_writer *w, int64_t ms, struct err *e)
{
	int64_t hour = floor_to(ms, ARCHIVE_HOUR_MS);
	char name[ARCHIVE_NAME_MAX];

	w->number = hour == w->hour ? w->number : 0;
	w->hour = hour;
	do
		archive_name(name, w->stream, hour, ++w->number);
	while (taken(w, name));
	w->until = floor_to(ms, w->how->every) + w->how->every;
	w->build = archive_build_new(w->dir, name, ARCHIVE_OPEN, &w->how->build, e);
	return w->build ? 0 : -1;
}

/* Make what was added durable.  If that fails once it has failed for good. */
int archive_writer_commit(struct archive_writer *w, struct err *e)
{
	w->fresh = true;
	if (w->bad.fault == FAULT_NONE && w->build && archive_build_commit(w->build, &w->bad) == 0)
		return 0;
	*e = w->bad;
	return w->bad.fault == FAULT_NONE ? 0 : -1;
}

/*
 * What was committed stays so, whether it can be sealed or not: the file is left for the next writer.
 */
int archive_writer_seal(struct archive_writer *w, struct err *e)
{
	int rc;

	if (archive_writer_commit(w, e) < 0)
		return -1;
	if (!w->build)
		return 0;
	rc = archive_build_seal(w->build, clock_now(), e);
	archive_build_free(w->build);
	w->build = NULL;
	return rc;
}

/* The time that decides which segment a line goes to. */
static int64_t time_of(const struct archive_writer *w, const struct json *root)
{
	int64_t ms;

	if (!w->how->by_records)
		return clock_now();
	if (clock_parse(json_get_str(root, "at"), &ms) == 0)
		return ms;
	return w->build ? w->until - 1 : clock_now();
}

int archive_writer_add(struct archive_writer *w, struct str line, const struct json *root, struct err *e)
{
	int rc = w->bad.fault == FAULT_NONE ? 0 : -1;

	if (rc == 0 && (w->fresh || w->how->by_records || !w->build)) {
		int64_t ms = time_of(w, root);

		if (w->build && ms >= w->until)
			rc = archive_writer_seal(w, &w->bad);
		if (rc == 0 && !w->build)
			rc = segment_begin(w, ms, &w->bad);
	}
	w->fresh = false;
	if (rc == 0)
		rc = archive_build_add(w->build, line, root, &w->bad);
	if (rc == 0 && archive_build_raw(w->build) >= w->how->size)
		rc = archive_writer_seal(w, &w->bad);
	if (rc < 0)
		*e = w->bad;
	return rc;
}

int archive_writer_tick(struct archive_writer *w, struct err *e)
{
	int64_t now = clock_now();

	if (!w->build || w->how->by_records)
		return -1;
	if (now < w->until)
		return w->until - now < LOOK_MS ? (int)(w->until - now) : LOOK_MS;
	return archive_writer_seal(w, e) < 0 ? -2 : -1;
}
