/* SPDX-License-Identifier: MIT */
/* omni-archive verify, recover: is all there that should be, and make it so after a crash. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_layout.h"
#include "archive_reindex.h"
#include "archive_verbs.h"
#include "clock.h"
#include "diag.h"
#include "file.h"
#include "limit.h"

static const struct opt verify_opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	ARCHIVE_OPT_FROM,
	ARCHIVE_OPT_TO,
	{ "quick", 0, NULL, "lengths, indexes and seek tables only: no content is read", false },
	ARCHIVE_OPT_END,
};

static const struct opt recover_opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	{ "index", 0, "MEMBER", "as that of write, for indexes that are made again", true },
	ARCHIVE_OPT_END,
};

struct verifier {
	const char *dir, *stream;
	struct archive_range range;
	bool quick;
	struct arena *arena;
	uint64_t problems;
	struct err broken; /* output failed */
};

/* Something is not as it should be: a line of JSON.  ${frame} and ${offset} -1: of the whole file. */
static void problem(struct verifier *v, const char *path, int64_t frame, int64_t offset,
		    const char *code, const char *detail)
{
	struct buf b = { .max = SIZE_MAX };

	v->problems++;
	json_open(&b, '{');
	json_add_str(&b, "path", arena_fmt(v->arena, "%s/%s", v->stream, path));
	if (frame >= 0)
		json_add_i64(&b, "frame", frame);
	if (offset >= 0)
		json_add_i64(&b, "offset", offset);
	json_add_str(&b, "problem", str_c(code));
	json_add_str(&b, "detail", str_c(detail));
	json_close(&b, '}');
	buf_char(&b, '\n');
	if (v->broken.fault == FAULT_NONE)
		(void)archive_put(buf_get(&b), &v->broken);
	buf_free(&b);
}

/* Frames must lie behind one another, and the seek table behind the last. */
static void check_layout(struct verifier *v, struct archive_segment *s, const char *path)
{
	const struct archive_frame *f;
	uint64_t at, gap = archive_segment_gap(s, &at), end = 0;
	size_t n;

	if (gap > 0)
		problem(v, path, -1, (int64_t)at, "bytes", "bytes that belong to no frame that is whole");
	f = archive_segment_frames(s, &n);
	for (size_t i = 0; i < n; i++) {
		if (f[i].offset != end && gap == 0)
			problem(v, path, (int64_t)i, (int64_t)end, "bytes",
				"the frame does not begin where the one before it ends");
		end = f[i].offset + f[i].bytes;
	}
	if (!archive_segment_table(s))
		problem(v, path, -1, (int64_t)end, "table", "the seek table is damaged or not there");
}

/* Read all frames.  Return how many are damaged. */
static uint64_t check_frames(struct verifier *v, struct archive_segment *s, const char *path)
{
	const struct archive_frame *f;
	struct buf text = { .max = ARCHIVE_FRAME_MAX };
	uint64_t bad = 0;
	struct err e;
	size_t n;

	f = archive_segment_frames(s, &n);
	for (size_t i = 0; i < n; i++) {
		if (archive_segment_read(s, i, &text, &e) == 0)
			continue;
		problem(v, path, (int64_t)i, (int64_t)f[i].offset, "frame", e.text);
		bad++;
	}
	buf_free(&text);
	return bad;
}

/* The index must be, byte for byte, what is made of the segment now. */
static void check_index(struct verifier *v, struct archive_segment *s, const char *path)
{
	struct archive_lookup *l = archive_segment_index(s);
	struct archive_index x = { .names = { .n = 0 } };
	struct buf made = { .max = SIZE_MAX };
	struct str have;
	struct err e;

	if (archive_reindex(s, archive_lookup_names(l), &x, &e) == 0) {
		if (x.odd > 0)
			problem(v, path, -1, -1, "record",
				arena_fmt(v->arena, "%llu lines are no records",
					  (unsigned long long)x.odd)
					.p);
		archive_index_bytes(&x, &made);
		if (file_read(archive_index_path(archive_segment_path(s), v->arena), SIZE_MAX,
			      v->arena, &have, NULL, &e) < 0)
			problem(v, path, -1, -1, "index", e.text);
		else if (!str_eq(have, buf_get(&made)))
			problem(v, path, -1, -1, "index",
				"the index is not that of the segment's content");
	}
	archive_index_free(&x);
	buf_free(&made);
}

static void check_content(struct verifier *v, struct archive_segment *s, const struct archive_entry *x)
{
	unsigned char digest[32];
	struct err e;

	if (check_frames(v, s, x->path) == 0 && archive_segment_index(s))
		check_index(v, s, x->path);
	if (archive_digest(archive_segment_path(s), digest, &e) < 0)
		problem(v, x->path, -1, -1, "read", e.text);
	else if (memcmp(digest, x->sum.sha256, sizeof(digest)) != 0)
		problem(v, x->path, -1, -1, "sha256", "the file is not the one that was sealed");
}

static void check_segment(struct verifier *v, const struct archive_entry *x)
{
	const char *path = arena_fmt(v->arena, "%s/%s", v->dir, x->path).p;
	struct archive_segment *s;
	struct err e;

	if (x->unlisted) {
		problem(v, x->path, -1, -1, "unlisted",
			"the manifest does not name it; omni-archive recover");
		return;
	}
	if (x->sum.t1 < v->range.from || x->sum.t0 >= v->range.to)
		return;
	s = archive_segment_open(path, &e);
	if (!s) {
		problem(v, x->path, -1, -1, "missing", e.text);
		return;
	}
	if (archive_segment_size(s) != x->sum.bytes)
		problem(v, x->path, -1, -1, "length",
			arena_fmt(v->arena, "%llu bytes, the manifest says %llu",
				  (unsigned long long)archive_segment_size(s),
				  (unsigned long long)x->sum.bytes)
				.p);
	if (!archive_segment_index(s))
		problem(v, x->path, -1, -1, "index",
			archive_segment_why(s)->text[0] ? archive_segment_why(s)->text :
							  "it has no index; omni-archive recover");
	check_layout(v, s, x->path);
	if (!v->quick)
		check_content(v, s, x);
	archive_segment_close(s);
}

/* What a writer left behind, unless it is still at work. */
static int check_unsealed(struct verifier *v, struct err *e)
{
	char **names = archive_unsealed(v->dir, ARCHIVE_OPEN, v->arena, e);
	int lock;

	if (!names || !*names)
		return names ? 0 : -1;
	lock = archive_lock(v->dir, ".lock", e);
	if (lock < 0)
		return e->fault == FAULT_TEMP ? 0 : -1;
	close(lock);
	for (; *names; names++)
		problem(v, arena_fmt(v->arena, "%s%s%s", *names, ARCHIVE_SUFFIX, ARCHIVE_OPEN).p,
			-1, -1, "unfinished",
			"its writer died; the next one seals it, or omni-archive recover");
	return 0;
}

static int verify_stream(struct verifier *v, struct err *e)
{
	struct archive_manifest m;
	int rc = archive_manifest_read(v->dir, &m, e);

	if (rc == 0 && m.bad > 0)
		problem(v, ARCHIVE_MANIFEST, -1, -1, "manifest", m.why.text);
	else if (rc == 0)
		rc = archive_manifest_walk(v->dir, &m, e);
	for (size_t i = 0; i < m.n && rc == 0 && v->broken.fault == FAULT_NONE; i++) {
		struct arena *outer = v->arena;

		v->arena = arena_new(); /* an index that is compared is some megabytes */
		check_segment(v, &m.list[i]);
		arena_free(v->arena);
		v->arena = outer;
	}
	archive_manifest_free(&m);
	return rc == 0 ? check_unsealed(v, e) : rc;
}

static int verify_run(const struct setup *s, struct err *e)
{
	struct verifier v = { .quick = opt_flag(s->args, "quick"), .arena = arena_new() };
	char **streams = archive_streams_of(s->args, v.arena, e);
	int rc = streams && archive_range_of(s->args, &v.range, e) == 0 ? 0 : -1;

	for (; rc == 0 && *streams; streams++) {
		v.stream = *streams;
		v.dir = arena_fmt(v.arena, "%s/%s", archive_root(s->args), *streams).p;
		rc = verify_stream(&v, e);
	}
	if (rc == 0 && v.broken.fault != FAULT_NONE) {
		*e = v.broken;
		rc = -1;
	}
	arena_free(v.arena);
	return rc < 0 ? -1 : v.problems > 0 ? EXIT_REJECTED : EXIT_OK;
}

struct recoverer {
	const char *stream;
	uint64_t lost;
	struct err broken;
};

static void tell(void *with, const struct archive_recovered *r)
{
	struct recoverer *v = with;
	struct buf b = { .max = SIZE_MAX };

	v->lost += r->lost;
	json_open(&b, '{');
	json_add_str(&b, "stream", str_c(v->stream));
	json_add_str(&b, "segment", str_c(r->segment));
	json_add_str(&b, "done", str_c(r->what));
	json_add_i64(&b, "lines", (int64_t)r->lines);
	if (r->lost > 0)
		json_add_i64(&b, "damaged_bytes", (int64_t)r->lost);
	json_close(&b, '}');
	buf_char(&b, '\n');
	if (v->broken.fault == FAULT_NONE)
		(void)archive_put(buf_get(&b), &v->broken);
	buf_free(&b);
}

static int recover_stream(const char *dir, const struct archive_build_how *how, struct recoverer *v,
			  struct err *e)
{
	struct archive_recover_to to = { tell, v };
	int lock = archive_lock(dir, ".lock", e), rc = -1;

	if (lock < 0)
		return -1;
	rc = archive_recover(dir, how, clock_now(), &to, e);
	if (rc == 0)
		rc = archive_recover_indexes(dir, how, &to, e);
	close(lock);
	if (rc == 0 && v->broken.fault != FAULT_NONE) {
		*e = v->broken;
		rc = -1;
	}
	return rc;
}

static int recover_run(const struct setup *s, struct err *e)
{
	struct arena *a = arena_new();
	char **streams = archive_streams_of(s->args, a, e);
	struct recoverer v = { .lost = 0 };
	struct archive_write_how how;
	int rc = streams && archive_how_of(s->args, &how, e) == 0 ? 0 : -1;

	for (; rc == 0 && *streams; streams++) {
		v.stream = *streams;
		rc = recover_stream(arena_fmt(a, "%s/%s", archive_root(s->args), *streams).p,
				    &how.build, &v, e);
	}
	arena_free(a);
	return rc < 0 ? -1 : v.lost > 0 ? EXIT_REJECTED : EXIT_OK;
}

const struct command archive_verify = {
	.program = {
		.name = "omni-archive verify",
		.purpose = "check every checksum, line and index, and name what is damaged",
		.operands = NULL,
		.example = "omni-archive verify --from -7d || mail -s 'archive damaged' ops",
		.opts = verify_opts,
	},
	.run = verify_run,
};

const struct command archive_recover_verb = {
	.program = {
		.name = "omni-archive recover",
		.purpose = "seal what a crash has left, and make indexes and manifest again",
		.operands = NULL,
		.example = "omni-archive recover -s webhooks",
		.opts = recover_opts,
	},
	.run = recover_run,
};
