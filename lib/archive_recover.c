/* SPDX-License-Identifier: MIT */
#include "archive_recover.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_reindex.h"
#include "archive_write.h"
#include "file.h"
#include "limit.h"

#define NEW ".new" /* behind the suffix: a segment that is made anew */

struct recovery {
	const char *dir;
	const struct archive_build_how *how;
	const struct archive_recover_to *to;
	int64_t now;
	struct arena *arena;
	struct archive_manifest manifest;
};

static void tell(const struct recovery *r, const struct archive_recovered *what)
{
	if (r->to && r->to->tell)
		r->to->tell(r->to->with, what);
}

static int fails(const char *path, struct err *e)
{
	return err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
}

static const char *below(struct recovery *r, const char *name, const char *end)
{
	return arena_fmt(r->arena, "%s/%s%s%s", r->dir, name, ARCHIVE_SUFFIX, end).p;
}

static const char *sealed_path(struct recovery *r, const char *name)
{
	char path[ARCHIVE_PATH_MAX];

	archive_path(path, name);
	return arena_fmt(r->arena, "%s/%s", r->dir, path).p;
}

static const struct archive_entry *listed(struct recovery *r, const char *name)
{
	char path[ARCHIVE_PATH_MAX];

	archive_path(path, name);
	return archive_manifest_find(&r->manifest, str_c(path));
}

/* The length of ${path}, or -1 if it is not there. */
static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (int64_t)st.st_size;
}

static int rename_synced(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) < 0)
		return fails(from, e);
	return file_sync_dir(to, e) < 0 || file_sync_dir(from, e) < 0 ? -1 : 0;
}

/*
 * Copy what can be read of the segment ${s} to ${b}.  Return the bytes that could not, or -1.
 */
static int64_t copy(struct recovery *r, struct archive_segment *s, struct archive_build *b, struct err *e)
{
	struct buf text = { .max = ARCHIVE_FRAME_MAX };
	const struct archive_frame *frames;
	uint64_t at;
	int64_t lost = (int64_t)archive_segment_gap(s, &at);
	struct arena *lines = arena_new();
	size_t n;
	int rc = 0;

	frames = archive_segment_frames(s, &n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = archive_segment_read(s, i, &text, e);
		if (rc < 0 && e->fault == FAULT_DATA) {
			lost += frames[i].bytes;
			rc = 0;
		} else if (rc == 0 && text.n > 0 && text.p[text.n - 1] == '\n') {
			rc = archive_build_copy(b, archive_segment_bytes(s), buf_get(&text), lines, e);
		} else if (rc == 0) {
			rc = archive_build_text(b, buf_get(&text), lines, e);
		}
	}
	if (rc == 0) {
		archive_segment_tail(s, &text);
		rc = archive_build_text(b, buf_get(&text), lines, e);
	}
	arena_free(lines);
	buf_free(&text);
	(void)r;
	return rc < 0 ? -1 : lost;
}

/*
 * Seal what the segment ${name} has: its frames go to a new file, so that nothing is overwritten
 * before it is safe elsewhere.
 */
static int seal_left(struct recovery *r, const char *name, struct err *e)
{
	const char *path = below(r, name, ARCHIVE_OPEN), *fresh = below(r, name, NEW);
	struct archive_recovered what = { .segment = name, .what = "empty" };
	struct archive_segment *s = archive_segment_open(path, e);
	struct archive_build *b = NULL;
	int64_t lost = -1;
	int rc = -1;

	if (!s)
		return -1;
	(void)unlink(fresh);
	b = archive_build_new(r->dir, name, NEW, r->how, e);
	if (b)
		lost = copy(r, s, b, e);
	if (lost < 0)
		goto out;
	what.lost = (uint64_t)lost;
	what.lines = archive_build_lines(b);
	if (what.lines > 0) {
		what.what = "sealed";
		if (archive_build_seal(b, r->now, e) < 0)
			goto out;
	} else if (unlink(fresh) < 0) {
		fails(fresh, e);
		goto out;
	}
	rc = lost > 0 ? rename(path, below(r, name, ".damaged")) : unlink(path);
	if (rc < 0)
		fails(path, e);
	else
		tell(r, &what);
out:
	archive_build_free(b);
	archive_segment_close(s);
	return rc;
}

/* One that was being written: between which of the steps of sealing has it been left? */
static int recover_open(struct recovery *r, const char *name, struct err *e)
{
	const char *path = below(r, name, ARCHIVE_OPEN), *sealed = sealed_path(r, name);
	const struct archive_entry *x = listed(r, name);
	struct archive_recovered what = { .segment = name, .what = "finished" };

	if (!x)
		return seal_left(r, name, e);
	what.lines = x->sum.lines;
	if (size_of(sealed) == (int64_t)x->sum.bytes) {
		if (unlink(path) < 0)
			return fails(path, e);
	} else if (size_of(path) == (int64_t)x->sum.bytes) {
		if (rename_synced(path, sealed, e) < 0)
			return -1;
	} else {
		return seal_left(r, name, e);
	}
	tell(r, &what);
	return 0;
}

/* One that was made anew, by compaction or by us: the manifest says whether it counts. */
static int recover_new(struct recovery *r, const char *name, struct err *e)
{
	const char *path = below(r, name, NEW), *sealed = sealed_path(r, name);
	const struct archive_entry *x = listed(r, name);
	struct archive_recovered what = { .segment = name, .what = "removed" };
	unsigned char digest[32];

	if (x && size_of(path) == (int64_t)x->sum.bytes) {
		if (archive_digest(path, digest, e) < 0)
			return -1;
		if (memcmp(digest, x->sum.sha256, sizeof(digest)) == 0) {
			what.what = "finished";
			what.lines = x->sum.lines;
			if (rename_synced(path, sealed, e) < 0)
				return -1;
		}
	}
	if (strcmp(what.what, "removed") == 0 && unlink(path) < 0)
		return fails(path, e);
	tell(r, &what);
	return 0;
}

/* Do ${one} with each segment in the stream's directory whose file has ${end} behind the suffix. */
static int each(struct recovery *r, const char *end,
		int (*one)(struct recovery *r, const char *name, struct err *e), struct err *e)
{
	char **names = archive_unsealed(r->dir, end, r->arena, e);
	int rc = names ? 0 : -1;

	for (; rc == 0 && *names; names++)
		rc = one(r, *names, e);
	return rc;
}

/* The entry of a segment that the manifest does not have. */
static int list_segment(struct recovery *r, struct archive_entry *x, struct err *e)
{
	const char *path = arena_fmt(r->arena, "%s/%s", r->dir, x->path).p;
	char name[ARCHIVE_NAME_MAX];
	struct archive_recovered what = { .segment = name, .what = "listed" };
	struct archive_index index;
	struct archive_segment *s = archive_segment_open(path, e);
	int rc = -1;

	if (!s)
		return -1;
	archive_path_name(name, path);
	if (archive_reindex(s, &r->how->names, &index, e) >= 0)
		rc = archive_index_write(&index, archive_index_path(path, r->arena), true, e);
	if (rc == 0) {
		x->sum = index.sum;
		x->frames = index.n_frames;
		x->sealed = r->now;
		x->unlisted = false;
		what.lines = index.sum.lines;
		tell(r, &what);
	}
	archive_index_free(&index);
	archive_segment_close(s);
	return rc;
}

/* Lines of the manifest that are missing or damaged are made again from the segments. */
static int recover_manifest(struct recovery *r, struct err *e)
{
	int lock = archive_manifest_lock(r->dir, e), rc = -1;
	bool changed;

	if (lock < 0)
		return -1;
	rc = archive_manifest_read(r->dir, &r->manifest, e);
	changed = r->manifest.bad > 0 || r->manifest.torn;
	for (size_t i = 0; i < r->manifest.n && rc == 0; i++) {
		if (!r->manifest.list[i].unlisted)
			continue;
		rc = list_segment(r, &r->manifest.list[i], e);
		changed = true;
	}
	if (rc == 0 && changed)
		rc = archive_manifest_write(r->dir, &r->manifest, true, e);
	close(lock);
	return rc;
}

int archive_recover(const char *dir, const struct archive_build_how *how, int64_t now,
		    const struct archive_recover_to *to, struct err *e)
{
	struct recovery r = { .dir = dir, .how = how, .to = to, .now = now, .arena = arena_new() };
	int rc = recover_manifest(&r, e), lock = -1;

	/* A compaction that is at work has such files too: what it leaves is for the next time. */
	if (rc == 0)
		lock = archive_lock(dir, ARCHIVE_MAINTAIN, e);
	if (lock >= 0)
		rc = each(&r, NEW, recover_new, e);
	else if (rc == 0 && e->fault != FAULT_TEMP)
		rc = -1;
	if (lock >= 0)
		close(lock);
	if (rc == 0)
		rc = each(&r, ARCHIVE_OPEN, recover_open, e);
	archive_manifest_free(&r.manifest);
	arena_free(r.arena);
	return rc;
}

static int recover_index(struct recovery *r, const struct archive_entry *x, struct err *e)
{
	const char *path = arena_fmt(r->arena, "%s/%s", r->dir, x->path).p;
	char name[ARCHIVE_NAME_MAX];
	struct archive_recovered what = { .segment = name, .what = "indexed", .lines = x->sum.lines };
	struct archive_index index;
	struct archive_segment *s = archive_segment_open(path, e);
	int rc = 0;

	if (!s)
		return -1;
	archive_path_name(name, path);
	if (!archive_segment_index(s)) {
		rc = archive_reindex(s, &r->how->names, &index, e);
		if (rc >= 0)
			rc = archive_index_write(&index, archive_index_path(path, r->arena), true, e);
		if (rc == 0)
			tell(r, &what);
		archive_index_free(&index);
	}
	archive_segment_close(s);
	return rc;
}

int archive_recover_indexes(const char *dir, const struct archive_build_how *how,
			    const struct archive_recover_to *to, struct err *e)
{
	struct recovery r = { .dir = dir, .how = how, .to = to, .arena = arena_new() };
	int rc = archive_manifest_read(dir, &r.manifest, e);

	for (size_t i = 0; i < r.manifest.n && rc == 0; i++)
		rc = recover_index(&r, &r.manifest.list[i], e);
	archive_manifest_free(&r.manifest);
	arena_free(r.arena);
	return rc;
}
