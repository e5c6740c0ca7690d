/* SPDX-License-Identifier: MIT */
/* The index of a segment: what was put in is found, and what was damaged is not believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_lookup.h"
#include "unit.h"

enum { FRAMES = 250, KEYS = 20000, FRAME = 1000 };

static char path[] = "/tmp/omni-unit-XXXXXX";

static uint64_t key_of(unsigned i)
{
	return archive_hash(STR("id"), arena_fmt(arena, "r%u", i));
}

/* Key ${i} is in frame i % FRAMES, each hundredth in the one behind as well. */
static void make(struct buf *b)
{
	struct archive_index x = {
		.names = { .name = { { "id", 2 }, { "external_id", 11 } }, .n = 2 },
		.sum = { .bytes = FRAMES * FRAME, .raw = 7, .lines = KEYS, .t0 = -1, .t1 = 5 },
	};

	for (unsigned i = 0; i < FRAMES; i++)
		archive_index_frame(&x, &(struct archive_frame){ .offset = (uint64_t)i * FRAME,
								 .bytes = FRAME,
								 .raw = i,
								 .lines = 1,
								 .t0 = i,
								 .t1 = i + 1 });
	for (unsigned i = 0; i < KEYS; i++) {
		archive_index_key(&x, key_of(i), i % FRAMES);
		archive_index_key(&x, key_of(i), i % FRAMES);
		if (i % 100 == 0)
			archive_index_key(&x, key_of(i), i % FRAMES + 1);
	}
	b->max = SIZE_MAX;
	archive_index_bytes(&x, b);
	archive_index_free(&x);
}

static void put(struct str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}

static void begin(struct buf *b)
{
	int fd = mkstemp(strcpy(path, "/tmp/omni-unit-XXXXXX"));

	CHECK(fd >= 0);
	close(fd);
	make(b);
	put(buf_get(b));
}

static void end(struct buf *b)
{
	unlink(path);
	buf_free(b);
}

static void every_key_is_found_and_no_other(void)
{
	struct buf b = { 0 };
	struct archive_lookup *l;
	uint32_t at[4];
	struct err e;

	begin(&b);
	archive_lookup_ahead(path, FRAMES, key_of(3));
	archive_lookup_ahead("/nowhere", FRAMES, 0);
	archive_lookup_ahead(path, UINT32_MAX, UINT64_MAX);
	l = archive_lookup_open(path, false, &e);
	CHECK(l != NULL);
	for (unsigned i = 0; l && i < KEYS; i++) {
		int n = archive_lookup_find(l, key_of(i), at, LEN(at), &e);

		CHECK(n == (i % 100 == 0 && i % FRAMES + 1 < FRAMES ? 2 : 1));
		CHECK(at[0] == i % FRAMES);
	}
	for (unsigned i = KEYS; l && i < 2 * KEYS; i++)
		CHECK(archive_lookup_find(l, key_of(i), at, LEN(at), &e) == 0);
	CHECK(l && archive_lookup_find(l, 0, at, LEN(at), &e) == 0);
	CHECK(l && archive_lookup_find(l, UINT64_MAX, at, LEN(at), &e) == 0);
	CHECK(l && archive_lookup_find(l, key_of(0), at, 1, &e) == 1);
	archive_lookup_close(l);
	end(&b);
}

static void frames_and_sum_come_back(void)
{
	struct buf b = { 0 };
	const struct archive_frame *f;
	struct archive_lookup *l;
	struct err e;
	size_t n = 0;

	begin(&b);
	l = archive_lookup_open(path, true, &e);
	CHECK(l != NULL);
	f = archive_lookup_frames(l, &n);
	CHECK(n == FRAMES);
	for (size_t i = 0; i < n; i++)
		CHECK(f[i].offset == i * FRAME && f[i].bytes == FRAME && f[i].raw == i &&
		      f[i].t0 == (int64_t)i && f[i].t1 == (int64_t)i + 1);
	CHECK(archive_lookup_sum(l)->lines == KEYS && archive_lookup_sum(l)->t0 == -1);
	CHECK(archive_lookup_names(l)->n == 2);
	CHECK_STR(archive_lookup_names(l)->name[1], "external_id");
	archive_lookup_close(l);
	end(&b);
}

/* One bit of each page: whoever needs the page says so, and never finds what is not there. */
static void a_page_that_is_damaged_is_not_believed(void)
{
	struct buf b = { 0 };
	struct archive_lookup *l;
	uint32_t at[4];
	struct err e;

	begin(&b);
	for (size_t page = 0; page < b.n / ARCHIVE_PAGE; page++) {
		size_t bit = page * ARCHIVE_PAGE + page * 37 % ARCHIVE_PAGE;
		unsigned failed = 0;

		b.p[bit] ^= 0x10;
		put(buf_get(&b));
		b.p[bit] ^= 0x10;
		l = archive_lookup_open(path, true, &e);
		CHECK((l == NULL) == (page <= (FRAMES + ARCHIVE_PAGE_FRAMES - 1) / ARCHIVE_PAGE_FRAMES));
		CHECK(l || e.fault == FAULT_DATA);
		for (unsigned i = 0; l && i < KEYS; i += 7) {
			int n = archive_lookup_find(l, key_of(i), at, LEN(at), &e);

			failed += n < 0;
			CHECK(n < 0 ? e.fault == FAULT_DATA : n > 0 && at[0] == i % FRAMES);
		}
		CHECK(!l || failed > 0);
		archive_lookup_close(l);
	}
	end(&b);
}

static void a_file_that_was_cut_is_no_index(void)
{
	struct buf b = { 0 };
	struct err e;

	begin(&b);
	for (size_t n = 0; n < b.n; n += 1001) {
		put(str_sub(buf_get(&b), 0, n));
		CHECK(archive_lookup_open(path, false, &e) == NULL && e.fault == FAULT_DATA);
		archive_lookup_ahead(path, FRAMES, key_of(1));
	}
	end(&b);
	CHECK(archive_lookup_open(path, false, &e) == NULL && e.fault == FAULT_IO);
}

UNIT_MAIN(UNIT(every_key_is_found_and_no_other), UNIT(frames_and_sum_come_back),
	  UNIT(a_page_that_is_damaged_is_not_believed), UNIT(a_file_that_was_cut_is_no_index))
