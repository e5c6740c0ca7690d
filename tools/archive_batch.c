/* SPDX-License-Identifier: MIT */
#include "archive_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "archive_manifest.h"
#include "bundle.h"
#include "limit.h"
#include "pack.h"

/* A file or a member: bytes, and what is left of them when whole lines are taken away. */
struct batch {
	ssize_t (*read)(void *with, void *dst, size_t n, struct err *e);
	void *with;
	const char *name;
	struct buf text;
	uint64_t lineno;
	const struct batch_to *to;
};

/* Give the lines in b->text up to its last line end, or all of it. */
static int give(struct batch *b, bool all, struct err *e)
{
	const char *last = b->text.n > 0 ? memrchr(b->text.p, '\n', b->text.n) : NULL;
	size_t n = last ? (size_t)(last + 1 - b->text.p) : 0;
	uint64_t lineno = b->lineno;

	if (all && n < b->text.n) {
		buf_char(&b->text, '\n');
		n = b->text.n;
	}
	if (n == 0)
		return 0;
	for (const char *p = b->text.p, *end = p + n;
	     (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		b->lineno++;
	if (b->to->lines(b->to->with, (struct str){ b->text.p, n }, b->name, lineno, e) < 0)
		return -1;
	memmove(b->text.p, b->text.p + n, b->text.n - n);
	b->text.n -= n;
	return 0;
}

static int read_lines(struct batch *b, struct err *e)
{
	struct err why;
	ssize_t n;
	int rc = 0;

	b->lineno = 1;
	b->text.max = SIZE_MAX;
	do {
		char *p = buf_grow(&b->text, BLOCK_BYTES);

		n = b->read(b->with, p, BLOCK_BYTES, &why);
		b->text.n += n > 0 ? (size_t)n : 0;
		rc = give(b, n <= 0, e);
		if (rc == 0 && b->text.n > LINE_MAX_BYTES + LINE_GROWTH)
			rc = err_set(e, FAULT_DATA, "line-too-long",
				     "%s: line %llu is longer than %zu bytes", b->name,
				     (unsigned long long)b->lineno, LINE_MAX_BYTES + LINE_GROWTH);
	} while (rc == 0 && n > 0);
	buf_free(&b->text);
	if (rc == 0 && n < 0) {
		*e = why;
		rc = -1;
	}
	return rc;
}

static ssize_t from_fd(void *with, void *dst, size_t n, struct err *e)
{
	ssize_t got;

	do
		got = read(*(int *)with, dst, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		err_set(e, FAULT_IO, "input", "%s", strerror(errno));
	return got;
}

static ssize_t from_pack(void *with, void *dst, size_t n, struct err *e)
{
	return pack_read(with, dst, n, e);
}

static ssize_t from_member(void *with, void *dst, size_t n, struct err *e)
{
	return bundle_read(with, dst, n, e);
}

static int read_packed(struct pack *p, const char *name, const struct batch_to *to, struct err *e)
{
	struct batch b = { .read = from_pack, .with = p, .name = name, .to = to };
	int rc = read_lines(&b, e);

	pack_close(p);
	return rc;
}

/* True for the names of members that hold records. */
static bool holds_records(const char *name)
{
	const char *base = strrchr(name, '/');
	struct str s = str_c(base ? base + 1 : name);

	if (str_eq(s, STR(ARCHIVE_MANIFEST)) || s.n == 0 || s.p[0] == '.')
		return false;
	if (str_suffix(s, STR(".gz")))
		s.n -= 3;
	else if (str_suffix(s, STR(".zst")))
		s.n -= 4;
	return str_suffix(s, STR(".ndjson")) || str_suffix(s, STR(".jsonl")) ||
	       str_suffix(s, STR(".json"));
}

static int read_bundle(const char *path, const struct batch_to *to, struct err *e)
{
	struct bundle_reader *bundle = bundle_open(path, e);
	struct pack_source source = { from_member, bundle };
	const char *name;
	int rc = bundle ? 1 : -1;

	while (rc > 0 && (rc = bundle_next(bundle, &name, e)) > 0) {
		struct batch b = { .read = from_member, .with = bundle, .name = name, .to = to };

		if (!holds_records(name))
			continue;
		if (pack_is(name))
			rc = read_packed(pack_open_source(&source, name), name, to, e);
		else
			rc = read_lines(&b, e);
		rc = rc < 0 ? -1 : 1;
	}
	bundle_close(bundle);
	return rc;
}

int batch_read(const char *path, const struct batch_to *to, struct err *e)
{
	bool std = strcmp(path, "-") == 0;
	struct batch b = { .read = from_fd, .name = path, .to = to };
	int fd, rc;

	if (bundle_is(path))
		return read_bundle(path, to, e);
	fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, FAULT_IO, "input", "%s: %s", path, strerror(errno));
	if (pack_is(path))
		return read_packed(pack_open(fd, path), path, to, e);
	b.with = &fd;
	rc = read_lines(&b, e);
	if (rc < 0 && e->fault == FAULT_IO)
		err_hint(e, "%s", path);
	if (!std)
		close(fd);
	return rc;
}
