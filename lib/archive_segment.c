/* SPDX-License-Identifier: MIT */
#include "archive_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_reindex.h"
#include "diag.h"
#include "limit.h"
#include "pack_frame.h"

enum {
	TABLE_FOOTER = 9,
	TABLE_ENTRY = 8,
	SKIPPED_HEAD = 8,
	WINDOW = 4 << 20, /* read at once when frames are looked for */
};

static const uint32_t table_magic = 0x8F92EAB1;

struct archive_segment {
	int fd;
	char *path;
	uint64_t size;
	struct archive_lookup *index;
	struct err why;
	bool cut;
	struct archive_frame *found; /* without an index: owned */
	size_t n_found, cap_found;
	uint64_t gap, gap_at, end; /* bytes between frames that are in none; where the last one ends */
	struct pack_reader *reader;
	struct buf bytes; /* what was read last */
};

void archive_seek_table(const struct archive_frame *frames, size_t n, struct buf *out)
{
	struct buf b = { .max = SIZE_MAX };

	for (size_t i = 0; i < n; i++) {
		pack_put32(&b, frames[i].bytes);
		pack_put32(&b, frames[i].raw);
	}
	pack_put32(&b, (uint32_t)n);
	buf_char(&b, '\0'); /* no checksums of its own: frames have theirs */
	pack_put32(&b, table_magic);
	pack_add_skipped(out, buf_get(&b));
	buf_free(&b);
}

/* Read ${n} bytes at ${offset} into s->bytes.  Return how many, fewer at the end, or -1. */
static ssize_t read_at(struct archive_segment *s, uint64_t offset, size_t n, struct err *e)
{
	char *p;
	size_t got = 0;

	buf_reset(&s->bytes);
	p = buf_grow(&s->bytes, n);
	while (p && got < n) {
		ssize_t r = pread(s->fd, p + got, n - got, (off_t)(offset + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_set(e, FAULT_IO, "input", "%s: %s", s->path, strerror(errno));
		if (r == 0)
			break;
		got += (size_t)r;
	}
	s->bytes.n = got;
	return (ssize_t)got;
}

static void add_frame(struct archive_segment *s, uint64_t offset, size_t bytes, uint32_t raw)
{
	if (s->n_found == s->cap_found) {
		s->cap_found = s->cap_found ? s->cap_found * 2 : 64;
		s->found = reallocarray(s->found, s->cap_found, sizeof(*s->found));
		if (!s->found)
			diag_oom();
	}
	s->found[s->n_found++] =
		(struct archive_frame){ .offset = offset, .bytes = (uint32_t)bytes, .raw = raw };
}

/* The seek table is believed only if its frames fill the file up to it. */
static bool by_table(struct archive_segment *s, struct err *e)
{
	uint64_t offset = 0, n, length;
	const char *p;

	if (s->size < TABLE_FOOTER || read_at(s, s->size - TABLE_FOOTER, TABLE_FOOTER, e) != TABLE_FOOTER ||
	    pack_get32(s->bytes.p + 5) != table_magic || s->bytes.p[4] != '\0')
		return false;
	n = pack_get32(s->bytes.p);
	length = SKIPPED_HEAD + n * TABLE_ENTRY + TABLE_FOOTER;
	if (length > s->size || read_at(s, s->size - length, length, e) != (ssize_t)length)
		return false;
	p = s->bytes.p;
	if (!pack_skipped(buf_get(&s->bytes)) || pack_get32(p + 4) != length - SKIPPED_HEAD)
		return false;
	p += SKIPPED_HEAD;
	for (uint64_t i = 0; i < n; i++, p += TABLE_ENTRY) {
		uint32_t bytes = pack_get32(p), raw = pack_get32(p + 4);

		if (bytes > s->size - offset || raw > ARCHIVE_FRAME_MAX)
			break;
		if (raw > 0)
			add_frame(s, offset, bytes, raw);
		offset += bytes;
	}
	s->end = offset;
	if (offset == s->size - length)
		return true;
	s->n_found = 0;
	return false;
}

/* The length of the frame at ${offset}, reading as much as it takes; 0 if there is no whole one. */
static size_t frame_at(struct archive_segment *s, uint64_t offset)
{
	enum pack_state state = PACK_CUT;
	struct err e;
	size_t n = 0;

	for (size_t want = WINDOW; state == PACK_CUT && want <= 2 * ARCHIVE_FRAME_MAX; want *= 4) {
		if (read_at(s, offset, want, &e) < 0)
			return 0;
		state = pack_measure(buf_get(&s->bytes), &n);
		if (s->bytes.n < want)
			break;
	}
	return state == PACK_WHOLE && n <= UINT32_MAX ? n : 0;
}

bool archive_segment_table(struct archive_segment *s)
{
	struct archive_segment seen = { .fd = s->fd, .path = s->path, .size = s->size };
	struct err e;
	bool good;

	seen.bytes.max = SIZE_MAX;
	good = by_table(&seen, &e);
	if (good && s->index) {
		size_t n;
		const struct archive_frame *f = archive_lookup_frames(s->index, &n);

		good = n == seen.n_found;
		for (size_t i = 0; i < n && good; i++)
			good = f[i].offset == seen.found[i].offset &&
			       f[i].bytes == seen.found[i].bytes && f[i].raw == seen.found[i].raw;
	}
	buf_free(&seen.bytes);
	free(seen.found);
	return good;
}

/* What stands at ${offset} is no whole frame: go on where the next one begins. */
static uint64_t resume(struct archive_segment *s, uint64_t offset)
{
	uint64_t at = offset + 1;
	struct err e;

	while (at < s->size && read_at(s, at, WINDOW, &e) >= 4) {
		size_t hit = 0, n;

		for (; (hit = pack_search(buf_get(&s->bytes), hit)) < s->bytes.n; hit++)
			if (pack_measure(str_sub(buf_get(&s->bytes), hit, SIZE_MAX), &n) != PACK_FOREIGN)
				break;
		if (hit == s->bytes.n)
			at += s->bytes.n - 3;
		else if (frame_at(s, at + hit) > 0)
			return at + hit;
		else
			at += hit + 1;
	}
	return s->size;
}

/* Walk from frame to frame. */
static void by_looking(struct archive_segment *s)
{
	uint64_t offset = 0;

	while (offset < s->size) {
		size_t n = frame_at(s, offset);
		uint64_t next = n ? offset + n : resume(s, offset);

		if (n && !pack_skipped(buf_get(&s->bytes)))
			add_frame(s, offset, n, 0);
		if (!n && next < s->size) {
			s->gap_at = s->gap ? s->gap_at : offset;
			s->gap += next - offset;
		}
		offset = next;
		if (n)
			s->end = next;
	}
}

static void by_index(struct archive_segment *s)
{
	struct arena *a;
	const char *name;

	s->why.text[0] = '\0';
	if (!str_suffix(str_c(s->path), STR(ARCHIVE_SUFFIX)))
		return;
	a = arena_new();
	name = archive_index_path(s->path, a);
	s->index = archive_lookup_open(name, true, &s->why);
	if (!s->index && access(name, F_OK) < 0 && errno == ENOENT)
		s->why.text[0] = '\0';
	if (s->index && archive_lookup_sum(s->index)->bytes != s->size) {
		err_set(&s->why, FAULT_TEMP, "archive-index", "%s: the index of another file", name);
		archive_lookup_close(s->index);
		s->index = NULL;
	}
	arena_free(a);
}

struct archive_segment *archive_segment_open(const char *path, struct err *e)
{
	struct archive_segment *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		diag_oom();
	s->bytes.max = SIZE_MAX;
	s->path = str_dup(str_c(path));
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		err_set(e, FAULT_IO, "input", "%s: %s", path, strerror(errno));
		archive_segment_close(s);
		return NULL;
	}
	s->size = (uint64_t)st.st_size;
	s->reader = pack_reader_new();
	by_index(s);
	if (!s->index && !by_table(s, e)) {
		by_looking(s);
		s->cut = str_suffix(str_c(path), STR(ARCHIVE_SUFFIX));
	}
	return s;
}

void archive_segment_close(struct archive_segment *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	archive_lookup_close(s->index);
	pack_reader_free(s->reader);
	buf_free(&s->bytes);
	free(s->found);
	free(s->path);
	free(s);
}

struct archive_lookup *archive_segment_index(struct archive_segment *s)
{
	return s->index;
}

const struct err *archive_segment_why(const struct archive_segment *s)
{
	return &s->why;
}

const char *archive_segment_path(const struct archive_segment *s)
{
	return s->path;
}

uint64_t archive_segment_size(const struct archive_segment *s)
{
	return s->size;
}

const struct archive_frame *archive_segment_frames(const struct archive_segment *s, size_t *n)
{
	if (s->index)
		return archive_lookup_frames(s->index, n);
	*n = s->n_found;
	return s->found;
}

int archive_segment_read(struct archive_segment *s, size_t i, struct buf *text, struct err *e)
{
	size_t n;
	const struct archive_frame *f = &archive_segment_frames(s, &n)[i];
	struct err why;

	buf_reset(text);
	text->max = ARCHIVE_FRAME_MAX;
	if (read_at(s, f->offset, f->bytes, e) < 0)
		return -1;
	if (pack_frame(s->reader, buf_get(&s->bytes), f->raw, text, &why) == 0)
		return 0;
	return err_set(e, FAULT_DATA, "archive-frame",
		       "%s: frame %zu, %lu bytes at byte %llu, is damaged: %s", s->path, i,
		       (unsigned long)f->bytes, (unsigned long long)f->offset, why.text);
}

struct str archive_segment_bytes(const struct archive_segment *s)
{
	return buf_get(&s->bytes);
}

uint64_t archive_segment_tail(struct archive_segment *s, struct buf *text)
{
	const char *last;
	struct err e;

	buf_reset(text);
	text->max = ARCHIVE_FRAME_MAX;
	if (s->end < s->size && read_at(s, s->end, s->size - s->end, &e) > 0)
		pack_salvage(s->reader, buf_get(&s->bytes), text);
	last = text->n > 0 ? memrchr(text->p, '\n', text->n) : NULL;
	text->n = last ? (size_t)(last + 1 - text->p) : 0;
	return s->end;
}

bool archive_segment_cut(const struct archive_segment *s)
{
	return s->cut;
}

uint64_t archive_segment_gap(const struct archive_segment *s, uint64_t *offset)
{
	*offset = s->gap_at;
	return s->gap;
}
