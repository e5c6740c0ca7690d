/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"

/*
 * The file has always the same length and is written with one write(2) in its place: a rename would
 * leave the lock with the old file.  A part of a page is on the disk whole or not at all.
 */
enum { CURSOR_BYTES = 1024 };

static int malformed(struct err *e)
{
	return err_set(e, FAULT_DATA, "file-not-cursor",
		       "is not a cursor of omni-replay; remove it to begin anew");
}

/* The text of the member ${key}, at most ${max} bytes, NUL-terminated into ${out}. */
static int take_text(const struct json *v, const char *key, char *out, size_t max)
{
	struct str s = json_get_str(v, key);

	if (s.n > max || memchr(s.p ? s.p : "", '\0', s.n))
		return -1;
	memcpy(out, s.p ? s.p : "", s.n);
	out[s.n] = '\0';
	return 0;
}

static int take_count(const struct json *v, const char *key, uint64_t *out)
{
	int64_t n;

	if (json_i64(json_get(v, key), &n) < 0 || n < 0)
		return -1;
	*out = (uint64_t)n;
	return 0;
}

static int take_time(const struct json *v, const char *key, int64_t *out)
{
	const struct json *t = json_get(v, key);

	return t ? clock_parse(json_str(t), out) : 0;
}

int cursor_parse(struct cursor *c, struct str text, struct err *e)
{
	struct arena *a = arena_new();
	const struct json *v = json_parse(text, a, e);
	uint64_t version;
	int rc = -1;

	c->range = ARCHIVE_ALL;
	if (take_count(v, "cursor", &version) < 0 || version != 1 ||
	    take_text(v, "options", c->options, sizeof(c->options) - 1) < 0 ||
	    take_text(v, "run", c->run, CURSOR_RUN_MAX) < 0 ||
	    take_text(v, "segment", c->spot.pos.segment, sizeof(c->spot.pos.segment) - 1) < 0 ||
	    take_count(v, "frame", &c->spot.pos.frame) < 0 ||
	    take_count(v, "line", &c->spot.pos.line) < 0 ||
	    take_count(v, "file", &c->spot.file) < 0 || take_count(v, "given", &c->given) < 0 ||
	    take_time(v, "from", &c->range.from) < 0 || take_time(v, "to", &c->range.to) < 0) {
		malformed(e);
		goto out;
	}
	c->spot.line = c->spot.pos.line;
	c->shifted = json_i64(json_get(v, "shift"), &c->by) == 0;
	c->done = json_true(json_get(v, "done"));
	c->begun = true;
	rc = 0;
out:
	arena_free(a);
	return rc;
}

static void put_time(struct buf *b, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT + 1];

	if (ms == INT64_MIN || ms == INT64_MAX)
		return;
	clock_format(text, ms);
	json_add_str(b, key, str_c(text));
}

int cursor_write(const struct cursor *c, struct err *e)
{
	char bytes[CURSOR_BYTES];
	struct buf b = { bytes, 0, sizeof(bytes), sizeof(bytes), false };
	bool files = c->spot.pos.segment[0] == '\0';

	if (c->fd < 0)
		return 0;
	json_open(&b, '{');
	json_add_i64(&b, "cursor", 1);
	json_add_str(&b, "segment", str_c(c->spot.pos.segment));
	json_add_i64(&b, "frame", (int64_t)c->spot.pos.frame);
	json_add_i64(&b, "file", (int64_t)c->spot.file);
	json_add_i64(&b, "line", (int64_t)(files ? c->spot.line : c->spot.pos.line));
	json_add_i64(&b, "given", (int64_t)c->given);
	json_add_bool(&b, "done", c->done);
	put_time(&b, "from", c->range.from);
	put_time(&b, "to", c->range.to);
	if (c->shifted)
		json_add_i64(&b, "shift", c->by);
	json_add_str(&b, "run", str_c(c->run));
	json_add_str(&b, "options", str_c(c->options));
	json_close(&b, '}');
	while (b.n < sizeof(bytes) - 1)
		buf_char(&b, ' ');
	buf_char(&b, '\n');
	if (pwrite(c->fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(e, FAULT_IO, "cursor", "%s: %s", c->path,
			       strerror(errno ? errno : ENOSPC));
	return 0;
}

int cursor_open(struct cursor *c, const char *path, struct err *e)
{
	char bytes[CURSOR_BYTES];
	struct err why;
	ssize_t n;

	c->path = path;
	c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (c->fd < 0)
		return err_set(e, FAULT_IO, "cursor", "%s: %s", path, strerror(errno));
	if (flock(c->fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, errno == EWOULDBLOCK ? FAULT_AWAY : FAULT_IO, "cursor",
			       errno == EWOULDBLOCK ? "%s: another replay has it" : "%s: can not be locked",
			       path);
	n = pread(c->fd, bytes, sizeof(bytes), 0);
	if (n < 0)
		return err_set(e, FAULT_IO, "cursor", "%s: %s", path, strerror(errno));
	if (n > 0 && cursor_parse(c, (struct str){ bytes, (size_t)n }, &why) < 0)
		return err_set(e, FAULT_DATA, why.code, "%s: %s", path, why.text);
	return 0;
}

void cursor_close(struct cursor *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
