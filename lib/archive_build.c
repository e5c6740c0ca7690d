/* SPDX-License-Identifier: MIT */
#include "archive_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_reindex.h"
#include "archive_segment.h"
#include "clock.h"
#include "crypto.h"
#include "diag.h"
#include "file.h"
#include "limit.h"
#include "pack_frame.h"

#define WRITE_AT MIB(1) /* what is compressed is written when it is so much */

struct archive_build {
	const struct archive_build_how *how;
	char *dir, *path;
	char name[ARCHIVE_NAME_MAX];
	int fd;
	struct pack_maker *maker;
	struct hasher *hasher;
	struct archive_index index;
	struct archive_frame frame; /* that is being filled */
	int64_t hour, before;       /* time of a record that has none */
	struct buf raw;             /* lines that are not yet compressed */
	struct buf out;             /* bytes that are not yet written */
	uint64_t written;
	bool flushed;  /* all lines of the frame are in what was put out */
	bool unsynced; /* written, and perhaps not on the disk */
	struct err bad;
};

static int fails(struct archive_build *b, struct err *e)
{
	b->bad = *e;
	return -1;
}

static int fails_errno(struct archive_build *b, const char *path, struct err *e)
{
	err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	return fails(b, e);
}

static void frame_begin(struct archive_build *b)
{
	b->frame = (struct archive_frame){ .offset = b->written + b->out.n, .t0 = INT64_MAX, .t1 = INT64_MIN };
	b->before = b->hour;
	b->flushed = true;
}

struct archive_build *archive_build_new(const char *dir, const char *name, const char *end,
					const struct archive_build_how *how, struct err *e)
{
	struct archive_build *b = calloc(1, sizeof(*b));

	if (!b)
		diag_oom();
	b->how = how;
	b->dir = strdup(dir);
	if (!b->dir || asprintf(&b->path, "%s/%s%s%s", dir, name, ARCHIVE_SUFFIX, end) < 0)
		diag_oom();
	snprintf(b->name, sizeof(b->name), "%s", name);
	(void)archive_name_read(str_c(name), NULL, &b->hour, NULL);
	b->raw.max = b->out.max = SIZE_MAX;
	b->index.names = how->names;
	b->index.sum.t0 = INT64_MAX;
	b->index.sum.t1 = INT64_MIN;
	b->maker = pack_maker_new(how->level);
	b->hasher = hasher_new(HASH_SHA256);
	frame_begin(b);
	b->fd = open(b->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	if (b->fd >= 0 && (how->sync == ARCHIVE_SYNC_NONE || file_sync_dir(b->path, e) == 0))
		return b;
	if (b->fd < 0)
		err_set(e, FAULT_IO, "output", "%s: %s", b->path, strerror(errno));
	archive_build_free(b);
	return NULL;
}

void archive_build_free(struct archive_build *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	pack_maker_free(b->maker);
	hasher_free(b->hasher);
	archive_index_free(&b->index);
	buf_free(&b->raw);
	buf_free(&b->out);
	free(b->dir);
	free(b->path);
	free(b);
}

uint64_t archive_build_raw(const struct archive_build *b)
{
	return b->index.sum.raw + b->frame.raw;
}

uint64_t archive_build_lines(const struct archive_build *b)
{
	return b->index.sum.lines + b->frame.lines;
}

/* Write what is compressed.  A disk that is full leaves the file as it was before. */
static int write_out(struct archive_build *b, struct err *e)
{
	if (b->out.n == 0)
		return 0;
	if (file_write(b->fd, b->path, buf_get(&b->out), e) < 0) {
		(void)!ftruncate(b->fd, (off_t)b->written);
		return fails(b, e);
	}
	hasher_add(b->hasher, buf_get(&b->out));
	b->written += b->out.n;
	b->unsynced = true;
	buf_reset(&b->out);
	return 0;
}

static void compress(struct archive_build *b, enum pack_until until)
{
	pack_add(b->maker, &b->out, buf_get(&b->raw), until);
	buf_reset(&b->raw);
	b->flushed = true;
}

static void frame_done(struct archive_build *b)
{
	b->frame.bytes = (uint32_t)(b->written + b->out.n - b->frame.offset);
	archive_note_frame(&b->index, &b->frame);
	frame_begin(b);
}

static void frame_end(struct archive_build *b)
{
	if (b->frame.lines == 0)
		return;
	compress(b, PACK_END);
	frame_done(b);
}

void archive_note(struct archive_index *x, struct archive_frame *f, int64_t *before,
		  struct str line, const struct json *root)
{
	int64_t at;

	if (clock_parse(json_get_str(root, "at"), &at) == 0)
		*before = at;
	f->t0 = *before < f->t0 ? *before : f->t0;
	f->t1 = *before > f->t1 ? *before : f->t1;
	x->odd += !json_is(root, JSON_OBJECT);
	f->lines++;
	f->raw += (uint32_t)line.n + 1;
	for (unsigned i = 0; i < x->names.n; i++) {
		struct str value = json_text(json_getn(root, x->names.name[i]));

		if (value.p)
			archive_index_key(x, archive_hash(x->names.name[i], value), (uint32_t)x->n_frames);
	}
}

void archive_note_frame(struct archive_index *x, const struct archive_frame *f)
{
	struct archive_sum *sum = &x->sum;

	sum->raw += f->raw;
	sum->lines += f->lines;
	sum->t0 = f->t0 < sum->t0 ? f->t0 : sum->t0;
	sum->t1 = f->t1 > sum->t1 ? f->t1 : sum->t1;
	archive_index_frame(x, f);
}

int archive_build_add(struct archive_build *b, struct str line, const struct json *root, struct err *e)
{
	if (b->bad.fault != FAULT_NONE) {
		*e = b->bad;
		return -1;
	}
	archive_note(&b->index, &b->frame, &b->before, line, root);
	buf_str(&b->raw, line);
	buf_char(&b->raw, '\n');
	b->flushed = false;
	if (b->frame.raw >= b->how->most)
		frame_end(b);
	return b->out.n >= WRITE_AT ? write_out(b, e) : 0;
}

int archive_build_text(struct archive_build *b, struct str text, struct arena *arena, struct err *e)
{
	struct err bad;

	while (text.n > 0) {
		struct str line = str_sub(text, 0, str_find(text, '\n'));
		int rc = archive_build_add(b, line, json_parse(line, arena, &bad), e);

		arena_reset(arena);
		if (rc < 0)
			return -1;
		text = str_sub(text, line.n + 1, SIZE_MAX);
	}
	return 0;
}

int archive_build_copy(struct archive_build *b, struct str frame, struct str text,
		       struct arena *arena, struct err *e)
{
	struct err bad;

	frame_end(b);
	while (text.n > 0) {
		struct str line = str_sub(text, 0, str_find(text, '\n'));

		archive_note(&b->index, &b->frame, &b->before, line, json_parse(line, arena, &bad));
		arena_reset(arena);
		text = str_sub(text, line.n + 1, SIZE_MAX);
	}
	buf_str(&b->out, frame);
	frame_done(b);
	return b->out.n >= WRITE_AT ? write_out(b, e) : 0;
}

int archive_build_commit(struct archive_build *b, struct err *e)
{
	if (b->bad.fault != FAULT_NONE) {
		*e = b->bad;
		return -1;
	}
	if (b->frame.raw >= b->how->frame)
		frame_end(b);
	if (b->how->sync == ARCHIVE_SYNC_NONE)
		return write_out(b, e);
	if (!b->flushed)
		compress(b, PACK_FLUSH);
	if (write_out(b, e) < 0)
		return -1;
	if (b->how->sync == ARCHIVE_SYNC_FRAME && b->unsynced && fdatasync(b->fd) < 0)
		return fails_errno(b, b->path, e);
	b->unsynced = false;
	return 0;
}

/* Step 1 of sealing. */
static int close_file(struct archive_build *b, struct err *e)
{
	struct archive_index *x = &b->index;
	unsigned char digest[HASH_MAX];

	frame_end(b);
	archive_seek_table(x->frames, x->n_frames, &b->out);
	if (write_out(b, e) < 0)
		return -1;
	hasher_end(b->hasher, digest);
	memcpy(x->sum.sha256, digest, sizeof(x->sum.sha256));
	x->sum.bytes = b->written;
	if (fchmod(b->fd, 0440) < 0 || (b->how->sync != ARCHIVE_SYNC_NONE && fsync(b->fd) < 0))
		return fails_errno(b, b->path, e);
	return 0;
}

/* The directories from that of ${path} up to that of the stream: some of them may be new. */
static int sync_dirs(const struct archive_build *b, struct str path, struct arena *a, struct err *e)
{
	size_t top = strlen(b->dir) + 1;

	while (path.n > top) {
		if (file_sync_dir(arena_cstr(a, path), e) < 0)
			return -1;
		while (path.n > top && path.p[--path.n] != '/')
			;
	}
	return 0;
}

int archive_build_seal(struct archive_build *b, int64_t now, struct err *e)
{
	bool sync = b->how->sync != ARCHIVE_SYNC_NONE;
	struct archive_entry x = { .sealed = now, .level = b->how->level };
	const char *index;
	struct str path;
	struct arena *a;
	int rc = -1;

	if (b->bad.fault != FAULT_NONE) {
		*e = b->bad;
		return -1;
	}
	a = arena_new();
	archive_path(x.path, b->name);
	path = arena_fmt(a, "%s/%s", b->dir, x.path);
	index = archive_index_path(path.p, a);
	if (close_file(b, e) < 0 || file_parents(path.p, e) < 0 ||
	    archive_index_write(&b->index, index, sync, e) < 0)
		goto out;
	x.sum = b->index.sum;
	x.frames = b->index.n_frames;
	if (archive_manifest_append(b->dir, &x, sync, e) < 0)
		goto out;
	if (rename(b->path, path.p) < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", path.p, strerror(errno));
		goto out;
	}
	rc = sync ? sync_dirs(b, path, a, e) : 0;
out:
	if (rc < 0)
		b->bad = *e;
	arena_free(a);
	return rc;
}
