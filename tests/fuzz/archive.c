/* SPDX-License-Identifier: MIT */
/*
 * Archives of hostile bytes: the first byte says which file they are, of a stream that is else as it
 * should be: the segment, the one that is being written, its index, or the manifest.  Reading gives
 * whole lines and ends; and so does recovery, after which reading gives the same lines.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_recover.h"
#include "archive_segment.h"
#include "archive_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 60, NEXT_MAX = 100000 };

#define NAME "s-20260114T090000Z-000001"
#define HOUR "/s/2026/01/14/09/"

static const struct archive_write_how how = {
	.build = { .level = 1,
		   .frame = 2048,
		   .most = 2048,
		   .sync = ARCHIVE_SYNC_NONE,
		   .names = { .name = { { "id", 2 } }, .n = 1 } },
	.size = UINT64_MAX,
	.every = ARCHIVE_HOUR_MS,
	.by_records = true,
};

static char root[] = "/dev/shm/omni-fuzz-XXXXXX";

static void must(bool held)
{
	if (!held)
		abort();
}

static void at_end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	(void)!system(command);
}

static const char *path(const char *below)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", root, below);
	return text;
}

static void begin(void)
{
	struct arena *a = arena_new();
	struct archive_writer *w;
	struct err e;

	must(mkdtemp(root) != NULL);
	atexit(at_end);
	w = archive_writer_open(root, "s", &how, &e);
	must(w != NULL);
	for (int i = 0; i < LINES; i++) {
		struct str line = arena_fmt(a, "{\"id\":\"%d\",\"at\":\"2026-01-14T09:00:%02dZ\",\"n\":%u}",
					    i, i, (unsigned)i * 2654435761U);

		must(archive_writer_add(w, line, json_parse(line, a, &e), &e) == 0);
	}
	must(archive_writer_seal(w, &e) == 0);
	archive_writer_close(w);
	arena_free(a);
}

/* What ${below} holds, kept to be put back. */
static void load(const char *below, struct buf *b)
{
	int fd = open(path(below), O_RDONLY);
	ssize_t n;

	must(fd >= 0);
	b->max = 1 << 20;
	n = read(fd, buf_grow(b, 1 << 16), 1 << 16);
	must(n >= 0);
	b->n = (size_t)n;
	close(fd);
}

static void store(const char *below, const void *p, size_t n)
{
	int fd;

	(void)unlink(path(below));
	fd = open(path(below), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	close(fd);
}

/* Read all; return how many lines. */
static uint64_t read_all(struct archive_range range, const char *key)
{
	struct archive_block b;
	struct archive *a;
	struct err e;
	uint64_t lines = 0;
	int rc, calls = 0;

	a = archive_open(root, "s", range, &e);
	must(a != NULL);
	if (key)
		archive_find(a, STR("id"), str_c(key));
	while ((rc = archive_next(a, &b, &e)) != 0 && calls++ < NEXT_MAX) {
		if (rc < 0) {
			must(e.fault == FAULT_DATA);
			continue;
		}
		must(b.text.n > 0 && b.text.p[b.text.n - 1] == '\n');
		for (size_t i = 0; i < b.text.n; i++)
			lines += b.text.p[i] == '\n';
	}
	must(rc == 0);
	archive_close(a);
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { HOUR NAME ARCHIVE_SUFFIX,
					     "/s/" NAME ARCHIVE_SUFFIX ARCHIVE_OPEN,
					     HOUR NAME ".idx", "/s/" ARCHIVE_MANIFEST };
	static const struct archive_range part = { 1768381210000, 1768381220000 };
	static struct buf good[LEN(files)];
	static bool ready;
	uint64_t before;
	struct err e;
	size_t which;

	if (size == 0)
		return 0;
	which = data[0] % LEN(files);
	if (!ready) {
		begin();
		for (size_t i = 0; i < LEN(files); i++)
			if (i != 1)
				load(files[i], &good[i]);
		ready = true;
	}
	for (size_t i = 0; i < LEN(files); i++)
		if (i != 1)
			store(files[i], good[i].p, good[i].n);
	if (which == 1) { /* no more than that is there */
		(void)unlink(path(files[0]));
		(void)unlink(path(files[2]));
		(void)unlink(path(files[3]));
	}
	store(files[which], data + 1, size - 1);
	before = read_all(ARCHIVE_ALL, NULL);
	read_all(part, NULL);
	read_all(ARCHIVE_ALL, "7");
	if (archive_recover(path("/s"), &how.build, 0, NULL, &e) == 0 && which == 1)
		must(read_all(ARCHIVE_ALL, NULL) == before);
	(void)unlink(path(files[1]));
	(void)unlink(path("/s/" NAME ARCHIVE_SUFFIX ".damaged"));
	return 0;
}
