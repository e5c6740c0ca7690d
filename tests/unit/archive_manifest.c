/* SPDX-License-Identifier: MIT */
/* The manifest of a stream: its lines come back, and damage and crashes cost no more than they touch. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_manifest.h"
#include "file.h"
#include "limit.h"
#include "unit.h"

static char dir[] = "/tmp/omni-unit-XXXXXX";

static struct archive_entry entry_of(unsigned hour)
{
	struct archive_entry x = {
		.sum = { .bytes = 100 + hour, .raw = 7, .lines = 3, .t0 = 0, .t1 = 3600000 * (int64_t)hour },
		.frames = 2,
		.level = 3,
		.sealed = 1768381200123,
	};

	memset(x.sum.sha256, (int)hour, sizeof(x.sum.sha256));
	snprintf(x.path, sizeof(x.path), "2026/01/14/%02u/s-20260114T%02u0000Z-000001.ndjson.zst",
		 hour, hour);
	return x;
}

static const char *file(void)
{
	return arena_fmt(arena, "%s/%s", dir, ARCHIVE_MANIFEST).p;
}

static void begin(unsigned entries)
{
	struct err e;

	CHECK(mkdtemp(strcpy(dir, "/tmp/omni-unit-XXXXXX")) != NULL);
	for (unsigned i = entries; i-- > 0;) { /* the last hour first: reading orders them */
		struct archive_entry x = entry_of(i);

		CHECK(archive_manifest_append(dir, &x, false, &e) == 0);
	}
}

static void end(void)
{
	unlink(file());
	unlink(arena_fmt(arena, "%s/.manifest.lock", dir).p);
	CHECK(rmdir(dir) == 0);
}

static struct str text(void)
{
	struct str s = STR_NONE;
	struct err e;

	CHECK(file_read(file(), ARCHIVE_MANIFEST_MAX, arena, &s, NULL, &e) == 0);
	return s;
}

static void put(struct str bytes)
{
	int fd = open(file(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}

static void lines_come_back_in_the_order_of_their_paths(void)
{
	struct archive_manifest m;
	struct err e;

	begin(24);
	CHECK(archive_manifest_read(dir, &m, &e) == 0 && m.n == 24 && m.bad == 0 && !m.torn);
	for (unsigned i = 0; i < m.n; i++) {
		struct archive_entry x = entry_of(i);

		CHECK(strcmp(m.list[i].path, x.path) == 0 && m.list[i].sum.bytes == x.sum.bytes);
		CHECK(memcmp(m.list[i].sum.sha256, x.sum.sha256, 32) == 0);
		CHECK(m.list[i].sum.t1 == x.sum.t1 && m.list[i].sealed == x.sealed);
		CHECK(archive_manifest_find(&m, str_c(x.path)) == &m.list[i]);
	}
	CHECK(archive_manifest_find(&m, STR("2026/01/14/09/other.ndjson.zst")) == NULL);
	archive_manifest_free(&m);
	end();
}

static void of_two_lines_with_one_path_the_later_counts(void)
{
	struct archive_entry x = entry_of(5);
	struct archive_manifest m;
	struct err e;

	begin(9);
	x.level = 19;
	CHECK(archive_manifest_append(dir, &x, false, &e) == 0);
	CHECK(archive_manifest_read(dir, &m, &e) == 0 && m.n == 9);
	CHECK(m.list[5].level == 19 && m.list[4].level == 3);
	archive_manifest_free(&m);
	end();
}

/* A flipped bit anywhere: one line less (two, if it was the line end), and it is said. */
static void a_bit_that_flips_costs_its_line(void)
{
	struct archive_manifest m;
	struct err e;
	struct str s;
	char *p;

	begin(3);
	s = text();
	p = arena_cstr(arena, s);
	for (size_t i = 0; i + 1 < s.n; i++) {
		p[i] ^= 0x10;
		put((struct str){ p, s.n });
		p[i] ^= 0x10;
		CHECK(archive_manifest_read(dir, &m, &e) == 0);
		CHECK(m.n == (s.p[i] == '\n' ? 1 : 2));
		CHECK(m.bad > 0 || m.torn);
		archive_manifest_free(&m);
	}
	end();
}

/* Cut anywhere, as by a crash: whole lines are there, and the next one is as if nothing had been. */
static void appending_goes_on_behind_a_cut(void)
{
	struct archive_entry x = entry_of(23);
	struct archive_manifest m;
	struct err e;
	struct str s;

	begin(3);
	s = text();
	for (size_t n = 0; n <= s.n; n++) {
		size_t whole = 0;

		for (size_t i = 0; i < n; i++)
			whole += s.p[i] == '\n';
		if (n < s.n && s.p[n] == '\n') /* it only lacks its end */
			whole++;
		put(str_sub(s, 0, n));
		CHECK(archive_manifest_append(dir, &x, false, &e) == 0);
		CHECK(archive_manifest_read(dir, &m, &e) == 0);
		CHECK(m.n == whole + 1 && m.bad == 0 && !m.torn);
		archive_manifest_free(&m);
	}
	end();
}

static void what_leads_elsewhere_is_no_path(void)
{
	static const char *const paths[] = {
		"/a/b/c/d.ndjson.zst",   "a/b/c/d.ndjson.zst",    "../b/c/d/e.ndjson.zst",
		"a/b/../d/e.ndjson.zst", "a/b/c/d/.x.ndjson.zst", "a/b/c/d/e.zst",
	};
	struct archive_manifest m;
	struct err e;

	begin(1);
	for (size_t i = 0; i < LEN(paths); i++) {
		struct archive_entry x = entry_of(1);

		snprintf(x.path, sizeof(x.path), "%s", paths[i]);
		CHECK(archive_manifest_append(dir, &x, false, &e) == 0);
	}
	CHECK(archive_manifest_read(dir, &m, &e) == 0 && m.n == 1 && m.bad >= LEN(paths) - 1);
	archive_manifest_free(&m);
	end();
}

UNIT_MAIN(UNIT(lines_come_back_in_the_order_of_their_paths),
	  UNIT(of_two_lines_with_one_path_the_later_counts), UNIT(a_bit_that_flips_costs_its_line),
	  UNIT(appending_goes_on_behind_a_cut), UNIT(what_leads_elsewhere_is_no_path))
