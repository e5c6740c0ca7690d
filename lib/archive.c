/* SPDX-License-Identifier: MIT */
#include "archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_layout.h"
#include "archive_reindex.h"
#include "archive_segment.h"
#include "clock.h"
#include "diag.h"
#include "json.h"

enum {
	HITS_MAX = 4096, /* frames of a segment that have one key: more, and all are read */
	AHEAD = 64,      /* indexes that are read from the disk at the same time */
};

/* A segment that may have something in the range. */
struct part {
	char name[ARCHIVE_NAME_MAX];
	const char *stream;
	struct archive_entry entry; /* of one that is being written, the path at which it will be */
	bool open;
};

struct archive {
	char *root;
	struct archive_range range;
	struct arena *arena, *lines; /* as long as the archive; as a line */
	struct part *parts;
	size_t n_parts, cap_parts;
	struct err *bad; /* damaged manifests, still to be reported */
	size_t n_bad;

	size_t at; /* the part that is being read */
	struct archive_segment *segment;
	const struct archive_frame *frames;
	size_t n_frames, frame; /* frame n_frames is the tail of a segment that is being written */
	uint64_t line;          /* of the frame's first line */
	uint64_t from_line;     /* lines before it are passed over: archive_seek */
	bool tail;              /* there is one, not yet read */

	bool loaded; /* text is that of the frame */
	struct buf text;
	size_t given;   /* bytes of it that are done */
	uint64_t done;  /* and lines */
	int64_t before; /* time of the line before */
	bool whole;     /* all of it lies in the range */

	struct str name, value; /* archive_find; name.p NULL: everything */
	uint32_t hits[HITS_MAX];
	size_t n_hits, hit;
	bool by_key;  /* hits say which frames to read */
	size_t ahead; /* the first part whose index was not yet asked for */
};

/* ---- what there is ---- */

static void add_part(struct archive *a, const struct part *p)
{
	if (a->n_parts == a->cap_parts) {
		a->cap_parts = a->cap_parts ? a->cap_parts * 2 : 64;
		a->parts = reallocarray(a->parts, a->cap_parts, sizeof(*a->parts));
		if (!a->parts)
			diag_oom();
	}
	a->parts[a->n_parts++] = *p;
}

static int add_open(struct archive *a, const char *stream, size_t from, struct err *e)
{
	const char *dir = arena_fmt(a->arena, "%s/%s", a->root, stream).p;
	char **names = archive_unsealed(dir, ARCHIVE_OPEN, a->arena, e);

	for (; names && *names; names++) {
		struct part p = { .stream = stream, .open = true };
		bool sealed = false;

		archive_path(p.entry.path, *names);
		snprintf(p.name, sizeof(p.name), "%s", *names);
		/* Its writer died, or is, between the line in the manifest and the renaming. */
		for (size_t i = from; i < a->n_parts; i++)
			sealed |= strcmp(a->parts[i].name, p.name) == 0;
		if (!sealed)
			add_part(a, &p);
	}
	return names ? 0 : -1;
}

static void report(struct archive *a, const struct err *e)
{
	a->bad = reallocarray(a->bad, a->n_bad + 1, sizeof(*a->bad));
	if (!a->bad)
		diag_oom();
	a->bad[a->n_bad++] = *e;
}

static int add_stream(struct archive *a, const char *stream, struct err *e)
{
	const char *dir = arena_fmt(a->arena, "%s/%s", a->root, stream).p;
	struct archive_manifest m;
	size_t from = a->n_parts;

	if (archive_manifest_read(dir, &m, e) < 0) {
		archive_manifest_free(&m);
		return -1;
	}
	for (size_t i = 0; i < m.n; i++) {
		struct part p = { .stream = stream, .entry = m.list[i] };

		archive_path_name(p.name, p.entry.path);
		add_part(a, &p);
	}
	if (m.bad > 0)
		report(a, &m.why);
	archive_manifest_free(&m);
	return add_open(a, stream, from, e);
}

static bool in_range(const struct archive *a, const struct part *p)
{
	return p->open || p->entry.unlisted ||
	       (p->entry.sum.t1 >= a->range.from && p->entry.sum.t0 < a->range.to);
}

static void drop_others(struct archive *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n_parts; i++)
		if (in_range(a, &a->parts[i]))
			a->parts[kept++] = a->parts[i];
	a->n_parts = kept;
}

struct archive *archive_open(const char *root, const char *stream, struct archive_range range,
			     struct err *e)
{
	struct archive *a = calloc(1, sizeof(*a));
	char **streams;

	if (!a)
		diag_oom();
	a->arena = arena_new();
	a->lines = arena_new();
	a->root = arena_cstr(a->arena, str_c(root));
	a->range = range;
	streams = archive_streams(root, a->arena, e);
	if (!streams)
		goto fail;
	for (; *streams; streams++)
		if (!stream || strcmp(*streams, stream) == 0)
			if (add_stream(a, *streams, e) < 0)
				goto fail;
	if (stream && (!archive_stream_valid(str_c(stream)) ||
		       access(arena_fmt(a->arena, "%s/%s", root, stream).p, X_OK) < 0)) {
		err_set(e, FAULT_IO, "input", "%s: no stream \"%s\" in it", root, stream);
		goto fail;
	}
	drop_others(a);
	return a;
fail:
	archive_close(a);
	return NULL;
}

void archive_close(struct archive *a)
{
	if (!a)
		return;
	archive_segment_close(a->segment);
	arena_free(a->arena);
	arena_free(a->lines);
	buf_free(&a->text);
	free(a->parts);
	free(a->bad);
	free(a);
}

struct archive_size archive_size(const struct archive *a)
{
	struct archive_size n = { .segments = a->n_parts };

	for (size_t i = 0; i < a->n_parts; i++) {
		n.lines += a->parts[i].entry.sum.lines;
		n.raw += a->parts[i].entry.sum.raw;
		n.bytes += a->parts[i].entry.sum.bytes;
	}
	return n;
}

/* ---- lines ---- */

/* The time of the record ${line}: its `at`, else ${before}. */
static int64_t time_of(struct str line, struct arena *arena, int64_t before)
{
	struct err e;
	int64_t ms;

	if (clock_parse(json_get_str(json_parse(line, arena, &e), "at"), &ms) < 0)
		return before;
	return ms;
}

static bool wanted(struct archive *a, struct str line)
{
	bool yes = true;
	struct err e;

	if (!a->whole) {
		a->before = time_of(line, a->lines, a->before);
		yes = a->before >= a->range.from && a->before < a->range.to;
	}
	if (yes && a->name.p) {
		struct str value = json_text(json_getn(json_parse(line, a->lines, &e), a->name));

		yes = value.p && str_eq(value, a->value);
	}
	arena_reset(a->lines);
	return yes;
}

/* The line that begins at a->given, without its end. */
static struct str line_at(const struct archive *a, size_t at)
{
	struct str rest = str_sub(buf_get(&a->text), at, SIZE_MAX);

	return str_sub(rest, 0, str_find(rest, '\n'));
}

/* Give the next lines of the frame that lie together and are wanted.  False: it is at its end. */
static bool give(struct archive *a, struct archive_block *b)
{
	const struct part *p = &a->parts[a->at];
	size_t from = a->given;

	if (from >= a->text.n)
		return false;
	*b = (struct archive_block){ .stream = p->stream, .segment = p->name, .frame = a->frame };
	if (a->whole && !a->name.p && a->line + a->done >= a->from_line) {
		b->text = str_sub(buf_get(&a->text), from, SIZE_MAX);
		b->line = a->line + a->done;
		b->before = a->before;
		a->given = a->text.n;
		return true;
	}
	for (b->text.n = 0; a->given < a->text.n;) {
		struct str line = line_at(a, a->given);
		int64_t before = a->before;
		bool yes = wanted(a, line) && a->line + a->done >= a->from_line;

		if (!yes && b->text.n > 0) {
			a->before = before; /* it is looked at again by the next call */
			break;
		}
		if (yes && b->text.n == 0) {
			b->line = a->line + a->done;
			b->before = before;
			b->text.p = line.p;
		}
		b->text.n += yes ? line.n + 1 : 0;
		a->given += line.n + 1;
		a->done++;
		if (yes && a->name.p)
			break;
	}
	return b->text.n > 0;
}

/* ---- frames and segments ---- */

static uint64_t count_lines(struct str text)
{
	uint64_t n = 0;

	if (text.n == 0)
		return 0;
	for (const char *p = text.p, *end = p + text.n;
	     (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

static int64_t hour_of(const struct part *p)
{
	int64_t ms = 0;

	(void)archive_name_read(str_c(p->name), NULL, &ms, NULL);
	return ms;
}

/* Lines of the frame ${i}: from the index, else as they were counted. */
static uint64_t lines_of(const struct archive *a, size_t i)
{
	if (i < a->n_frames && a->frames[i].lines > 0)
		return a->frames[i].lines;
	return count_lines(buf_get(&a->text));
}

/* True if nothing in the frame can be wanted.  What is not known must be looked at. */
static bool passed_over(struct archive *a, size_t i)
{
	const struct archive_frame *f = &a->frames[i];

	if (a->by_key) {
		while (a->hit < a->n_hits && a->hits[a->hit] < i)
			a->hit++;
		if (a->hit == a->n_hits || a->hits[a->hit] != i)
			return true;
	}
	return f->lines > 0 &&
	       (f->t1 < a->range.from || f->t0 >= a->range.to || a->line + f->lines <= a->from_line);
}

static void frame_end(struct archive *a)
{
	a->line += lines_of(a, a->frame++);
	buf_reset(&a->text);
	a->loaded = false;
}

/* Read the next frame that may have something.  Return 1, 0 at the end of the segment, -1. */
static int frame_begin(struct archive *a, struct err *e)
{
	const struct archive_frame *f;

	while (a->frame < a->n_frames && passed_over(a, a->frame))
		a->line += a->frames[a->frame++].lines;
	a->given = 0;
	a->done = 0;
	a->before = hour_of(&a->parts[a->at]);
	a->whole = a->range.from == INT64_MIN && a->range.to == INT64_MAX;
	a->loaded = true;
	if (a->frame >= a->n_frames) {
		if (!a->tail)
			return 0;
		a->tail = false;
		archive_segment_tail(a->segment, &a->text);
		return 1;
	}
	f = &a->frames[a->frame];
	if (f->lines > 0 && f->t0 >= a->range.from && f->t1 < a->range.to)
		a->whole = true;
	if (archive_segment_read(a->segment, a->frame, &a->text, e) < 0) {
		frame_end(a);
		return -1;
	}
	if (a->text.n > 0 && a->text.p[a->text.n - 1] != '\n')
		buf_char(&a->text, '\n'); /* not made by us: a line is a line */
	return 1;
}

/* A disk that is asked for the pages of many indexes at once gives them sooner than one by one. */
static void look_ahead(struct archive *a)
{
	uint64_t hash = archive_hash(a->name, a->value);

	if (a->ahead > a->at)
		return;
	for (a->ahead = a->at; a->ahead < a->n_parts && a->ahead < a->at + AHEAD; a->ahead++) {
		const struct part *p = &a->parts[a->ahead];
		const char *path =
			arena_fmt(a->lines, "%s/%s/%s", a->root, p->stream, p->entry.path).p;

		if (!p->open && !p->entry.unlisted)
			archive_lookup_ahead(archive_index_path(path, a->lines), p->entry.frames, hash);
		arena_reset(a->lines);
	}
}

/*
 * Which frames of the part have the key, as its index says.  Return 0 if none has: then the segment is
 * not even opened.
 */
static int look_up(struct archive *a, const struct part *p)
{
	const char *path = arena_fmt(a->lines, "%s/%s/%s", a->root, p->stream, p->entry.path).p;
	struct archive_lookup *index;
	struct err e;
	int n = -1;

	a->by_key = false;
	a->hit = a->n_hits = 0;
	if (!a->name.p || p->open || p->entry.unlisted)
		return 1;
	index = archive_lookup_open(archive_index_path(path, a->lines), false, &e);
	arena_reset(a->lines);
	/* What is wrong with an index is reported when the segment is opened. */
	if (index && memcmp(archive_lookup_sum(index)->sha256, p->entry.sum.sha256, 32) == 0)
		for (unsigned i = 0; i < archive_lookup_names(index)->n; i++)
			a->by_key |= str_eq(archive_lookup_names(index)->name[i], a->name);
	if (a->by_key)
		n = archive_lookup_find(index, archive_hash(a->name, a->value), a->hits, HITS_MAX, &e);
	if (a->by_key && n < 0)
		report(a, &e);
	archive_lookup_close(index);
	a->by_key = n >= 0 && n < HITS_MAX;
	a->n_hits = a->by_key ? (size_t)n : 0;
	return n != 0;
}

static struct archive_segment *open_part(struct archive *a, bool open, struct err *e)
{
	const struct part *p = &a->parts[a->at];
	struct archive_segment *s;
	char *path;
	int n;

	if (open)
		n = asprintf(&path, "%s/%s/%s%s%s", a->root, p->stream, p->name, ARCHIVE_SUFFIX,
			     ARCHIVE_OPEN);
	else
		n = asprintf(&path, "%s/%s/%s", a->root, p->stream, p->entry.path);
	if (n < 0)
		diag_oom();
	s = archive_segment_open(path, e);
	free(path);
	return s;
}

/* True if the manifest no longer has the part: it was pruned after the list was made. */
static bool pruned(struct archive *a, const struct part *p)
{
	struct archive_manifest m;
	struct err e;
	bool gone;

	gone = archive_manifest_read(arena_fmt(a->lines, "%s/%s", a->root, p->stream).p, &m, &e) == 0 &&
	       m.n > 0 && !archive_manifest_find(&m, str_c(p->entry.path));
	archive_manifest_free(&m);
	arena_reset(a->lines);
	return gone;
}

/*
 * Take up the next part.  One that was being written when the list was made may be sealed by now,
 * and one that is in the manifest may still have its old name.  Return 1, 0 if there is none, -1.
 */
static int segment_begin(struct archive *a, struct err *e)
{
	struct part *p;

	for (; a->at < a->n_parts; a->at++) {
		p = &a->parts[a->at];
		if (a->name.p)
			look_ahead(a);
		if (!look_up(a, p))
			continue;
		a->tail = p->open;
		a->segment = open_part(a, p->open, e);
		if (!a->segment) {
			a->tail = !p->open;
			a->segment = open_part(a, !p->open, e);
		}
		if (a->segment)
			break;
		if (!p->open && !pruned(a, p)) {
			a->at++;
			err_hint(e, "the manifest names it");
			e->fault = FAULT_DATA;
			return -1;
		}
	}
	if (!a->segment)
		return 0;
	a->frames = archive_segment_frames(a->segment, &a->n_frames);
	a->frame = 0;
	a->line = 0;
	if (archive_segment_why(a->segment)->text[0] && archive_segment_why(a->segment)->fault != FAULT_TEMP)
		report(a, archive_segment_why(a->segment));
	return 1;
}

static void segment_end(struct archive *a)
{
	uint64_t offset, gap = archive_segment_gap(a->segment, &offset);
	struct err e;

	if (gap > 0) {
		err_set(&e, FAULT_DATA, "archive-frame",
			"%s: %llu bytes from byte %llu on belong to no frame that is whole",
			archive_segment_path(a->segment), (unsigned long long)gap,
			(unsigned long long)offset);
		report(a, &e);
	}
	if (archive_segment_cut(a->segment)) {
		err_set(&e, FAULT_DATA, "archive-frame",
			"%s: its end is missing or damaged; lines may be lost",
			archive_segment_path(a->segment));
		report(a, &e);
	}
	archive_segment_close(a->segment);
	a->segment = NULL;
	a->loaded = false;
	a->from_line = 0;
	a->at++;
}

int archive_next(struct archive *a, struct archive_block *b, struct err *e)
{
	for (;;) {
		int rc = 1;

		if (a->n_bad > 0) {
			*e = a->bad[--a->n_bad];
			return -1;
		}
		if (a->loaded && give(a, b))
			return 1;
		if (a->loaded)
			frame_end(a);
		if (!a->segment)
			rc = segment_begin(a, e);
		if (rc <= 0)
			return rc;
		if (a->n_bad > 0)
			continue;
		rc = frame_begin(a, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			segment_end(a);
	}
}

void archive_find(struct archive *a, struct str name, struct str value)
{
	a->name = name;
	a->value = value;
}

int archive_seek(struct archive *a, const struct archive_pos *pos)
{
	char stream[ARCHIVE_STREAM_MAX + 1] = "";
	size_t i = 0;
	int order = 1;

	if (a->segment)
		segment_end(a);
	if (archive_name_read(str_c(pos->segment), stream, NULL, NULL) == 0) {
		for (; i < a->n_parts; i++) {
			order = strcmp(a->parts[i].stream, stream);
			if (order == 0)
				order = strcmp(a->parts[i].name, pos->segment);
			if (order >= 0)
				break;
		}
	}
	a->at = i;
	a->from_line = i < a->n_parts && order == 0 ? pos->line : 0;
	return order == 0 || !pos->segment[0];
}

struct archive_pos archive_pos_of(const struct archive_block *b, uint64_t lines)
{
	struct archive_pos pos = { .frame = b->frame, .line = b->line + lines };

	snprintf(pos.segment, sizeof(pos.segment), "%s", b->segment);
	return pos;
}
