/* SPDX-License-Identifier: MIT */
/* Archives: what was written comes back, by range, place and key, and after crashes and damage. */
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_recover.h"
#include "archive_segment.h"
#include "archive_write.h"
#include "clock.h"
#include "unit.h"

enum { LINES = 4000, SECOND = 1000 };

static const int64_t start = 1768381200000; /* 2026-01-14T09:00:00Z */
static char root[] = "/tmp/omni-unit-XXXXXX";

static const struct archive_write_how how = {
	.build = { .level = 1,
		   .frame = 8192,
		   .most = 8192,
		   .sync = ARCHIVE_SYNC_NONE,
		   .names = { .name = { { "id", 2 }, { "external_id", 11 } }, .n = 2 } },
	.size = UINT64_MAX,
	.every = ARCHIVE_HOUR_MS,
	.by_records = true,
};

/* Line ${i}: a record a second, with an id of its own and an external one shared by seven. */
static struct str line_of(unsigned i)
{
	char t[CLOCK_TEXT + 1];

	clock_format(t, start + (int64_t)i * SECOND);
	return arena_fmt(arena,
			 "{\"id\":\"r%u\",\"kind\":\"note\",\"at\":\"%s\",\"external_id\":\"x%u\",\"n\":%u}",
			 i, t, i % (LINES / 7), i * 2654435761U);
}

static struct str all_lines(unsigned from, unsigned to)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	for (unsigned i = from; i < to; i++) {
		buf_str(&b, line_of(i));
		buf_char(&b, '\n');
	}
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

/* Write lines ${from} to ${to}; ${sealed} or left as after a crash. */
static void put(const char *stream, unsigned from, unsigned to, bool sealed)
{
	static struct archive_write_how flushed;
	struct archive_writer *w;
	struct err e = { .text = "" };

	flushed = how;
	flushed.build.sync = ARCHIVE_SYNC_SEGMENT;
	w = archive_writer_open(root, stream, &flushed, &e);
	CHECK(w != NULL);
	for (unsigned i = from; w && i < to; i++) {
		struct str line = line_of(i);

		CHECK(archive_writer_add(w, line, json_parse(line, arena, &e), &e) == 0);
	}
	CHECK(w && archive_writer_commit(w, &e) == 0);
	if (sealed)
		CHECK(w && archive_writer_seal(w, &e) == 0);
	archive_writer_close(w);
}

static int gather(struct archive *a, struct buf *out)
{
	struct archive_block b;
	struct err e;
	int rc, bad = 0;

	out->max = SIZE_MAX;
	buf_reset(out);
	while ((rc = archive_next(a, &b, &e)) != 0) {
		if (rc > 0)
			buf_str(out, b.text);
		else
			bad++;
	}
	return bad;
}

/* Everything of ${stream} in ${range} is lines ${from} to ${to}. */
static bool holds(const char *stream, struct archive_range range, unsigned from, unsigned to)
{
	struct err e;
	struct archive *a = archive_open(root, stream, range, &e);
	struct buf out = { .max = SIZE_MAX };
	bool same = a && gather(a, &out) == 0 && str_eq(buf_get(&out), all_lines(from, to));

	archive_close(a);
	buf_free(&out);
	return same;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void begin(void)
{
	CHECK(mkdtemp(strcpy(root, "/tmp/omni-unit-XXXXXX")) != NULL);
}

static void end(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void what_was_written_comes_back(void)
{
	begin();
	put("s", 0, LINES, true);
	CHECK(holds("s", ARCHIVE_ALL, 0, LINES));
	CHECK(holds(NULL, ARCHIVE_ALL, 0, LINES));
	CHECK(access(arena_fmt(arena, "%s/s/2026/01/14/10/s-20260114T100000Z-000001.ndjson.zst", root)
			     .p,
		     R_OK) == 0);
	end();
}

static void a_range_gives_what_lies_in_it(void)
{
	static const unsigned cases[][2] = { { 0, 1 },      { 17, 18 },       { 3599, 3601 },
					     { 100, 3900 }, { LINES, LINES }, { 1, LINES } };

	begin();
	put("s", 0, LINES, true);
	for (size_t i = 0; i < LEN(cases); i++)
		CHECK(holds("s",
			    (struct archive_range){ start + (int64_t)cases[i][0] * SECOND,
						    start + (int64_t)cases[i][1] * SECOND },
			    cases[i][0], cases[i][1]));
	end();
}

static void a_segment_that_is_written_is_read_up_to_its_commit(void)
{
	begin();
	put("s", 0, LINES, false);
	CHECK(holds("s", ARCHIVE_ALL, 0, LINES));
	end();
}

static void the_next_writer_seals_what_was_left(void)
{
	begin();
	put("s", 0, 50, false);
	put("s", 50, LINES, true);
	CHECK(holds("s", ARCHIVE_ALL, 0, LINES));
	end();
}

static void every_place_is_found_again(void)
{
	struct archive_block b;
	struct err e;
	struct archive *a;
	struct buf out = { .max = SIZE_MAX };

	begin();
	put("s", 0, LINES, true);
	for (unsigned n = 0; n < LINES; n += 371) {
		unsigned seen = 0, lines;
		struct archive_pos pos = { .line = 0 };

		a = archive_open(root, "s", ARCHIVE_ALL, &e);
		while (archive_next(a, &b, &e) > 0) {
			lines = 0;
			for (size_t i = 0; i < b.text.n; i++)
				lines += b.text.p[i] == '\n';
			if (seen <= n && n < seen + lines)
				pos = archive_pos_of(&b, n - seen);
			seen += lines;
		}
		archive_close(a);
		a = archive_open(root, "s", ARCHIVE_ALL, &e);
		CHECK(archive_seek(a, &pos) == 1);
		CHECK(gather(a, &out) == 0);
		CHECK(str_eq(buf_get(&out), all_lines(n, LINES)));
		archive_close(a);
	}
	buf_free(&out);
	end();
}

static void a_place_that_is_gone_leads_to_what_follows(void)
{
	struct archive_pos pos = { .segment = "s-20260114T090000Z-000000", .line = 12 };
	struct buf out = { .max = SIZE_MAX };
	struct archive *a;
	struct err e;

	begin();
	put("s", 0, LINES, true);
	a = archive_open(root, "s", ARCHIVE_ALL, &e);
	CHECK(archive_seek(a, &pos) == 0);
	gather(a, &out);
	CHECK(str_eq(buf_get(&out), all_lines(0, LINES)));
	strcpy(pos.segment, "t-20260114T090000Z-000001");
	CHECK(archive_seek(a, &pos) == 0);
	gather(a, &out);
	CHECK(out.n == 0);
	archive_close(a);
	buf_free(&out);
	end();
}

static void keys_find_their_lines(void)
{
	struct buf out = { .max = SIZE_MAX };
	struct err e;

	begin();
	put("s", 0, LINES, true);
	for (unsigned i = 0; i < LINES; i += 397) {
		struct archive *a = archive_open(root, NULL, ARCHIVE_ALL, &e);

		archive_find(a, STR("id"), arena_fmt(arena, "r%u", i));
		CHECK(gather(a, &out) == 0);
		CHECK(str_eq(buf_get(&out), all_lines(i, i + 1)));
		archive_close(a);
	}
	for (int which = 0; which < 2; which++) { /* with an index, and a member that has none */
		struct archive *a = archive_open(root, NULL, ARCHIVE_ALL, &e);
		struct buf want = { .max = SIZE_MAX };

		archive_find(a, which ? STR("n") : STR("external_id"), which ? STR("0") : STR("x5"));
		CHECK(gather(a, &out) == 0);
		for (unsigned i = which ? 0 : 5; i < (which ? 1 : LINES); i += LINES / 7) {
			buf_str(&want, line_of(i));
			buf_char(&want, '\n');
		}
		CHECK(str_eq(buf_get(&out), buf_get(&want)));
		buf_free(&want);
		archive_close(a);
	}
	buf_free(&out);
	end();
}

static void two_writers_are_one_too_many(void)
{
	struct archive_writer *a, *b;
	struct err e;

	begin();
	a = archive_writer_open(root, "s", &how, &e);
	CHECK(a != NULL);
	b = archive_writer_open(root, "s", &how, &e);
	CHECK(b == NULL && e.fault == FAULT_TEMP);
	b = archive_writer_open(root, "t", &how, &e);
	CHECK(b != NULL);
	archive_writer_close(a);
	archive_writer_close(b);
	end();
}

static void names_of_segments(void)
{
	char name[ARCHIVE_NAME_MAX], stream[ARCHIVE_STREAM_MAX + 1], path[ARCHIVE_PATH_MAX];
	unsigned number;
	int64_t ms;

	archive_name(name, "a-b.c", start + 3599999, 12);
	CHECK_STR(str_c(name), "a-b.c-20260114T090000Z-000012");
	CHECK(archive_name_read(str_c(name), stream, &ms, &number) == 0);
	CHECK_STR(str_c(stream), "a-b.c");
	CHECK(ms == start && number == 12);
	archive_path(path, name);
	CHECK_STR(str_c(path), "2026/01/14/09/a-b.c-20260114T090000Z-000012.ndjson.zst");
	archive_path_name(name, path);
	CHECK_STR(str_c(name), "a-b.c-20260114T090000Z-000012");
	CHECK(archive_name_read(STR("-20260114T090000Z-000012"), NULL, NULL, NULL) < 0);
	CHECK(archive_name_read(STR("a-20260114T090001Z-000012"), NULL, NULL, NULL) < 0);
	CHECK(archive_name_read(STR("a-20261314T090000Z-000012"), NULL, NULL, NULL) < 0);
	CHECK(archive_name_read(STR("a-20260114T090000Z-0000x2"), NULL, NULL, NULL) < 0);
	CHECK(archive_name_read(STR("../a-20260114T090000Z-000012"), NULL, NULL, NULL) < 0);
	CHECK(archive_name_read(STR(""), NULL, NULL, NULL) < 0);
}

UNIT_MAIN(UNIT(what_was_written_comes_back), UNIT(a_range_gives_what_lies_in_it),
	  UNIT(a_segment_that_is_written_is_read_up_to_its_commit),
	  UNIT(the_next_writer_seals_what_was_left), UNIT(every_place_is_found_again),
	  UNIT(a_place_that_is_gone_leads_to_what_follows), UNIT(keys_find_their_lines),
	  UNIT(two_writers_are_one_too_many), UNIT(names_of_segments))
