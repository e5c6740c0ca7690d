/* SPDX-License-Identifier: MIT */
/* omni-archive compact, prune: what is done to an archive at night, beside its writer. */
#include <errno.h>
#include <unistd.h>

#include "archive_hold.h"
#include "archive_layout.h"
#include "archive_reindex.h"
#include "archive_verbs.h"
#include "clock.h"
#include "diag.h"
#include "limit.h"
#include "pack_frame.h"

static const struct opt compact_opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	ARCHIVE_OPT_FROM,
	ARCHIVE_OPT_TO,
	{ "level", 'l', "N", "compression, 1 to 19 (default 19)", false },
	{ "frame", 0, "SIZE", "bytes of lines in a frame (default 4M)", false },
	{ "dry-run", 'n', NULL, "say what would be done", false },
	ARCHIVE_OPT_END,
};

static const struct opt prune_opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	{ "keep", 0, "SPAN", "remove segments whose records are all older: 90d", false },
	{ "keep-size", 0, "SIZE",
	  "remove the oldest segments of a stream until it has no more than SIZE", false },
	{ "hold", 0, "FILE", "segments that may not be removed, besides DIR/HOLD.ndjson", true },
	{ "dry-run", 'n', NULL, "say what would be done", false },
	ARCHIVE_OPT_END,
};

/* What is done, or would be, to a segment: a line of JSON. */
static int say(const char *stream, const struct archive_entry *x, const char *done,
	       const char *reason, uint64_t bytes, struct err *e)
{
	struct arena *a = arena_new();
	struct buf b = { .max = SIZE_MAX };
	int rc;

	json_open(&b, '{');
	json_add_str(&b, "path", arena_fmt(a, "%s/%s", stream, x->path));
	json_add_str(&b, "done", str_c(done));
	if (reason)
		json_add_str(&b, "reason", str_c(reason));
	json_add_i64(&b, "lines", (int64_t)x->sum.lines);
	json_add_i64(&b, "bytes", (int64_t)x->sum.bytes);
	if (bytes > 0)
		json_add_i64(&b, "bytes_now", (int64_t)bytes);
	json_add_str(&b, "from", clock_text(a, x->sum.t0));
	json_add_str(&b, "to", clock_text(a, x->sum.t1));
	json_close(&b, '}');
	buf_char(&b, '\n');
	rc = archive_put(buf_get(&b), e);
	buf_free(&b);
	arena_free(a);
	return rc;
}

/* ---- compact ---- */

/* All lines of ${s} into ${b}.  Return 0, 1 if a frame is damaged, -1. */
static int pour(struct archive_segment *s, struct archive_build *b, struct err *e)
{
	struct buf text = { .max = ARCHIVE_FRAME_MAX };
	struct arena *lines = arena_new();
	uint64_t at;
	size_t n;
	int rc = archive_segment_gap(s, &at) > 0;

	archive_segment_frames(s, &n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = archive_segment_read(s, i, &text, e);
		if (rc < 0)
			rc = e->fault == FAULT_DATA ? 1 : -1;
		else
			rc = archive_build_text(b, buf_get(&text), lines, e);
	}
	arena_free(lines);
	buf_free(&text);
	return rc;
}

/*
 * Make the segment of ${x} anew.  Only if it is the one that was sealed, and only if nothing of it is
 * damaged, is it replaced.  Return 0, 1 if it was left as it is, -1.
 */
static int compact_segment(const char *dir, const struct archive_entry *x,
			   struct archive_build_how how, struct err *e)
{
	struct arena *a = arena_new();
	const char *path = arena_fmt(a, "%s/%s", dir, x->path).p;
	char name[ARCHIVE_NAME_MAX];
	struct archive_segment *s = archive_segment_open(path, e);
	struct archive_build *b = NULL;
	const char *fresh;
	unsigned char digest[32];
	int rc = -1;

	archive_path_name(name, x->path);
	fresh = arena_fmt(a, "%s/%s%s.new", dir, name, ARCHIVE_SUFFIX).p;
	(void)unlink(fresh);
	if (!s || archive_digest(path, digest, e) < 0)
		goto out;
	if (memcmp(digest, x->sum.sha256, sizeof(digest)) != 0) {
		rc = 1;
		goto out;
	}
	if (archive_segment_index(s))
		how.names = *archive_lookup_names(archive_segment_index(s));
	b = archive_build_new(dir, name, ".new", &how, e);
	rc = b ? pour(s, b, e) : -1;
	if (rc == 0 && archive_build_lines(b) != x->sum.lines)
		rc = 1;
	if (rc == 0)
		rc = archive_build_seal(b, x->sealed, e);
	else
		(void)unlink(fresh);
out:
	archive_build_free(b);
	archive_segment_close(s);
	arena_free(a);
	return rc;
}

static uint64_t size_now(const char *dir, const char *path)
{
	struct archive_manifest m;
	struct archive_entry *x = NULL;
	struct err e;
	uint64_t n = 0;

	if (archive_manifest_read(dir, &m, &e) == 0)
		x = archive_manifest_find(&m, str_c(path));
	if (x)
		n = x->sum.bytes;
	archive_manifest_free(&m);
	return n;
}

static int compact_stream(const struct args *args, const char *stream, const char *dir,
			  const struct archive_write_how *how, struct archive_range range, struct err *e)
{
	int lock = archive_lock(dir, ARCHIVE_MAINTAIN, e), rc = -1, skipped = 0;
	bool dry = opt_flag(args, "dry-run");
	struct archive_manifest m = { 0 };

	if (lock < 0)
		return -1;
	rc = archive_manifest_read(dir, &m, e);
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		const struct archive_entry *x = &m.list[i];
		int done = 0;

		if (x->unlisted || x->level >= how->build.level || x->sum.t0 < range.from ||
		    x->sum.t1 >= range.to)
			continue;
		if (!dry)
			done = compact_segment(dir, x, how->build, e);
		if (done > 0)
			diag_error("%s/%s: damaged, left as it is; omni-archive verify tells more",
				   dir, x->path);
		skipped |= done > 0;
		rc = done < 0 ? -1 :
				say(stream, x,
				    dry  ? "would compact" :
				    done ? "left" :
					   "compacted",
				    NULL, dry || done ? 0 : size_now(dir, x->path), e);
	}
	archive_manifest_free(&m);
	close(lock);
	return rc < 0 ? -1 : skipped;
}

static int compact_run(const struct setup *s, struct err *e)
{
	struct arena *a = arena_new();
	struct archive_write_how how;
	struct archive_range range;
	char **streams = archive_streams_of(s->args, a, e);
	int rc = streams && archive_how_of(s->args, &how, e) == 0 &&
				 archive_range_of(s->args, &range, e) == 0 ?
			 0 :
			 -1,
	    skipped = 0;

	if (rc == 0 && !opt_flag(s->args, "level"))
		how.build.level = PACK_LEVEL_MAX;
	if (rc == 0 && !opt_flag(s->args, "frame"))
		how.build.frame = MIB(4);
	how.build.most = how.build.frame;
	for (; rc >= 0 && *streams; streams++) {
		rc = compact_stream(s->args, *streams,
				    arena_fmt(a, "%s/%s", archive_root(s->args), *streams).p, &how,
				    range, e);
		skipped |= rc > 0;
	}
	arena_free(a);
	return rc < 0 ? -1 : skipped ? EXIT_REJECTED : EXIT_OK;
}

/* ---- prune ---- */

struct pruner {
	const char *stream, *dir;
	const struct archive_hold *hold;
	int64_t before;     /* what ends before it goes; INT64_MIN: nothing by age */
	uint64_t keep_size; /* UINT64_MAX: any */
	bool dry;
	struct arena *arena;
};

/* A record from the future does not keep its segment for ever. */
static int64_t age_of(const struct archive_entry *x)
{
	return x->sum.t1 < x->sealed ? x->sum.t1 : x->sealed;
}

/* Take what may go out of ${m} and put it into ${gone}. */
static int choose(const struct pruner *p, struct archive_manifest *m, struct archive_manifest *gone,
		  struct err *e)
{
	uint64_t total = 0;
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n; i++)
		total += m->list[i].sum.bytes;
	for (size_t i = 0; i < m->n && rc == 0; i++) {
		const struct archive_entry *x = &m->list[i];
		const char *reason = NULL;
		bool goes = !x->unlisted && (age_of(x) < p->before || total > p->keep_size);

		if (goes)
			reason = archive_held(p->hold, p->stream,
					      arena_fmt(p->arena, "%s/%s", p->dir, x->path).p, x);
		if (goes && reason)
			rc = say(p->stream, x, "held", reason, 0, e);
		if (goes && !reason) {
			archive_manifest_add(gone, x);
			total -= x->sum.bytes;
		} else {
			m->list[kept++] = *x;
		}
	}
	m->n = kept;
	return rc;
}

/* Remove the files of ${x} and the directories that are empty then. */
static int remove_files(const struct pruner *p, const struct archive_entry *x, struct err *e)
{
	struct str path = arena_fmt(p->arena, "%s/%s", p->dir, x->path);
	size_t top = strlen(p->dir);

	(void)unlink(archive_index_path(path.p, p->arena));
	if (unlink(path.p) < 0 && errno != ENOENT)
		return err_set(e, FAULT_IO, "output", "%s: %s", path.p, strerror(errno));
	for (;;) {
		while (path.n > top && path.p[path.n - 1] != '/')
			path.n--;
		if (path.n <= top + 1 || rmdir(arena_cstr(p->arena, str_sub(path, 0, path.n - 1))) < 0)
			return 0;
		path.n--;
	}
}

/*
 * The manifest first: a crash behind that leaves files that nobody names, which the next recover
 * lists and the next prune removes; the other way round it would name files that are gone.
 */
static int prune_stream(const struct pruner *p, struct err *e)
{
	int maintain = archive_lock(p->dir, ARCHIVE_MAINTAIN, e), lock = -1, rc = -1;
	struct archive_manifest m = { 0 }, gone = { 0 };

	if (maintain < 0)
		return -1;
	lock = archive_manifest_lock(p->dir, e);
	if (lock < 0 || archive_manifest_read(p->dir, &m, e) < 0)
		goto out;
	if (m.bad > 0) {
		err_set(e, FAULT_TEMP, "archive-manifest", "%s; omni-archive recover first", m.why.text);
		goto out;
	}
	rc = choose(p, &m, &gone, e);
	if (rc == 0 && !p->dry && gone.n > 0)
		rc = archive_manifest_write(p->dir, &m, true, e);
	for (size_t i = 0; i < gone.n && rc == 0; i++) {
		if (!p->dry)
			rc = remove_files(p, &gone.list[i], e);
		if (rc == 0)
			rc = say(p->stream, &gone.list[i], p->dry ? "would remove" : "removed",
				 NULL, 0, e);
	}
out:
	archive_manifest_free(&m);
	archive_manifest_free(&gone);
	if (lock >= 0)
		close(lock);
	close(maintain);
	return rc;
}

static int prune_options(const struct setup *s, struct pruner *p, struct archive_hold *hold,
			 struct err *e)
{
	int64_t keep = -1;
	const char *file;

	p->before = INT64_MIN;
	p->keep_size = UINT64_MAX;
	p->dry = opt_flag(s->args, "dry-run");
	if (opt_duration(s->args, "keep", 0, CLOCK_SPAN_MAX, &keep, e) < 0 ||
	    opt_size(s->args, "keep-size", 0, UINT64_MAX >> 1, &p->keep_size, e) < 0)
		return -1;
	if (keep < 0 && !opt_flag(s->args, "keep-size"))
		return err_set(e, FAULT_USAGE, "usage", "say what to keep: --keep or --keep-size");
	if (keep >= 0)
		p->before = clock_now() - keep;
	for (unsigned i = 0; (file = opt_values(s->args, "hold", i)) != NULL; i++)
		if (archive_hold_read(hold, file, true, e) < 0)
			return -1;
	return archive_hold_read(hold, arena_fmt(p->arena, "%s/HOLD.ndjson", archive_root(s->args)).p,
				 false, e);
}

static int prune_run(const struct setup *s, struct err *e)
{
	struct archive_hold *hold = archive_hold_new();
	struct pruner p = { .hold = hold, .arena = arena_new() };
	char **streams = archive_streams_of(s->args, p.arena, e);
	int rc = streams && prune_options(s, &p, hold, e) == 0 ? 0 : -1;

	for (; rc == 0 && *streams; streams++) {
		p.stream = *streams;
		p.dir = arena_fmt(p.arena, "%s/%s", archive_root(s->args), *streams).p;
		rc = prune_stream(&p, e);
	}
	archive_hold_free(hold);
	arena_free(p.arena);
	return rc;
}

const struct command archive_compact = {
	.program = {
		.name = "omni-archive compact",
		.purpose = "compress sealed segments harder",
		.operands = NULL,
		.example = "omni-archive compact --to -7d",
		.opts = compact_opts,
	},
	.run = compact_run,
};

const struct command archive_prune = {
	.program = {
		.name = "omni-archive prune",
		.purpose = "remove what is old, unless it is held",
		.operands = NULL,
		.example = "omni-archive prune --keep 90d --hold legal.ndjson --dry-run",
		.opts = prune_opts,
	},
	.run = prune_run,
};
