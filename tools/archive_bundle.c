/* SPDX-License-Identifier: MIT */
/* omni-archive export, import: archives to others, and batches of others into archives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_batch.h"
#include "archive_verbs.h"
#include "bundle.h"
#include "clock.h"
#include "crypto.h"
#include "diag.h"
#include "file.h"
#include "limit.h"
#include "rec.h"

static const struct opt export_opts[] = {
	ARCHIVE_OPT_ROOT, ARCHIVE_OPT_STREAM, ARCHIVE_OPT_FROM, ARCHIVE_OPT_TO, ARCHIVE_OPT_END,
};

static const struct opt import_opts[] = {
	ARCHIVE_OPT_ROOT,
	{ "stream", 's', "NAME", "the stream that is written (default \"records\")", false },
	{ "level", 'l', "N", "compression, 1 to 19 (default 3)", false },
	{ "size", 0, "SIZE", "end a segment when its lines are so many bytes (default 256M)", false },
	{ "frame", 0, "SIZE", "bytes of lines in a frame (default 1M)", false },
	{ "index", 0, "MEMBER", "besides \"id\", find records by this member", true },
	ARCHIVE_OPT_END,
};

/* ---- export ---- */

struct exporter {
	struct bundle_writer *bundle;
	struct archive_range range;
	struct buf sums; /* what sha256sum -c reads */
	struct arena *arena;
	uint64_t segments;
	int damaged;
};

/* Copy the file ${path} as ${name}, and see whether it is the one that was sealed. */
static int export_file(struct exporter *x, const char *path, const char *name,
		       const struct archive_entry *entry, struct err *e)
{
	struct hasher *h = hasher_new(HASH_SHA256);
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;
	struct buf b = { .max = BLOCK_BYTES };
	char *p = buf_grow(&b, BLOCK_BYTES);
	unsigned char digest[HASH_MAX];
	uint64_t left = entry->sum.bytes;
	ssize_t n = 1;

	if (fd < 0) {
		err_set(e, FAULT_IO, "input", "%s: %s", path, strerror(errno));
		goto out;
	}
	rc = bundle_member(x->bundle, name, left, entry->sealed, e);
	while (rc == 0 && left > 0) {
		n = read(fd, p, left < BLOCK_BYTES ? left : BLOCK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = err_set(e, FAULT_IO, "input", "%s: %s", path,
				     n < 0 ? strerror(errno) : "shorter than the manifest says");
			break;
		}
		hasher_add(h, (struct str){ p, (size_t)n });
		rc = bundle_write(x->bundle, (struct str){ p, (size_t)n }, e);
		left -= (uint64_t)n;
	}
	hasher_end(h, digest);
	if (rc == 0 && memcmp(digest, entry->sum.sha256, sizeof(entry->sum.sha256)) != 0) {
		diag_error("%s: not the file that was sealed; it is exported as it is", path);
		x->damaged = EXIT_REJECTED;
	}
out:
	if (fd >= 0)
		close(fd);
	hasher_free(h);
	buf_free(&b);
	return rc;
}

static int export_text(struct exporter *x, const char *name, const struct buf *text, struct err *e)
{
	if (bundle_member(x->bundle, name, text->n, clock_now(), e) < 0)
		return -1;
	return bundle_write(x->bundle, buf_get(text), e);
}

static int export_stream(struct exporter *x, const char *root, const char *stream, struct err *e)
{
	const char *dir = arena_fmt(x->arena, "%s/%s", root, stream).p;
	struct buf manifest = { .max = SIZE_MAX };
	struct archive_manifest m;
	int rc = archive_manifest_read(dir, &m, e);

	if (rc == 0 && m.bad > 0) {
		diag_error("%s", m.why.text);
		x->damaged = EXIT_REJECTED;
	}
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		const struct archive_entry *entry = &m.list[i];
		const char *name = arena_fmt(x->arena, "%s/%s", stream, entry->path).p;

		if (entry->unlisted || entry->sum.t1 < x->range.from || entry->sum.t0 >= x->range.to)
			continue;
		rc = export_file(x, arena_fmt(x->arena, "%s/%s", root, name).p, name, entry, e);
		archive_manifest_line(entry, &manifest);
		buf_str(&x->sums, hex_of(x->arena, (struct str){ (const char *)entry->sum.sha256,
								 sizeof(entry->sum.sha256) }));
		buf_fmt(&x->sums, "  %s\n", name);
		x->segments++;
	}
	if (rc == 0 && manifest.n > 0)
		rc = export_text(x, arena_fmt(x->arena, "%s/%s", stream, ARCHIVE_MANIFEST).p,
				 &manifest, e);
	archive_manifest_free(&m);
	buf_free(&manifest);
	return rc;
}

/* The name under which the bundle is made, so that what has its own name is whole: a/b.tar as a/.new-b.tar. */
static const char *temporary(const char *path, struct arena *a)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return arena_fmt(a, "%.*s.new-%s", (int)(base - path), path, base).p;
}

static int export_to(struct exporter *x, const struct args *args, const char *path, struct err *e)
{
	char **streams = archive_streams_of(args, x->arena, e);
	const char *temp = temporary(path, x->arena);
	int rc = -1;

	if (!streams || file_replaceable(path, e) < 0)
		return -1;
	x->bundle = bundle_create(temp, e);
	if (!x->bundle)
		return -1;
	for (rc = 0; rc == 0 && *streams; streams++)
		rc = export_stream(x, archive_root(args), *streams, e);
	if (rc == 0)
		rc = export_text(x, "SHA256SUMS", &x->sums, e);
	if (rc == 0)
		rc = bundle_finish(x->bundle, e);
	bundle_free(x->bundle);
	if (rc == 0 && rename(temp, path) < 0)
		rc = err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	if (rc < 0)
		(void)unlink(temp);
	return rc;
}

static int export_run(const struct setup *s, struct err *e)
{
	struct exporter x = { .sums = { .max = SIZE_MAX } };
	int rc;

	if (s->args->n_operands != 1)
		return err_set(e, FAULT_USAGE, "usage", "name the file: FILE.tar.zst or FILE.zip");
	if (archive_range_of(s->args, &x.range, e) < 0)
		return -1;
	x.arena = arena_new();
	rc = export_to(&x, s->args, s->args->operands[0], e);
	if (rc == 0 && x.segments == 0)
		diag_warn("nothing is in the range: the bundle is empty");
	buf_free(&x.sums);
	arena_free(x.arena);
	return rc < 0 ? -1 : x.damaged;
}

/* ---- import ---- */

struct importer {
	struct archive_write_how how;
	struct archive_writer *writer;
	struct arena *arena;
	uint64_t lines, rejects;
};

/* What is no record is kept as a reject, as by any stage. */
static int import_odd(struct importer *im, struct str line, uint64_t lineno, const struct err *why,
		      struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct err none;
	int rc;

	rec_reject_raw(&b, "archive", str_sub(line, 0, LINE_KEPT), lineno, why);
	rc = archive_writer_add(im->writer, buf_get(&b), json_parse(buf_get(&b), im->arena, &none), e);
	buf_free(&b);
	im->rejects++;
	return rc;
}

static int import_lines(void *with, struct str lines, const char *name, uint64_t lineno, struct err *e)
{
	struct importer *im = with;

	(void)name;
	for (; lines.n > 0; lineno++) {
		struct str line = str_sub(lines, 0, str_find(lines, '\n'));
		struct rec r;
		struct err why;
		int rc = 0;

		lines = str_sub(lines, line.n + 1, SIZE_MAX);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			continue;
		if (rec_parse(&r, line, im->arena, &why) < 0)
			rc = import_odd(im, line, lineno, &why, e);
		else
			rc = archive_writer_add(im->writer, line, r.root, e);
		im->lines++;
		arena_reset(im->arena);
		if (rc < 0)
			return -1;
	}
	return archive_writer_commit(im->writer, e);
}

static int import_files(struct importer *im, const struct args *args, struct err *e)
{
	static char std[] = "-";
	static char *const only[] = { std };
	char *const *files = args->n_operands > 0 ? args->operands : only;
	int n = args->n_operands > 0 ? args->n_operands : 1, rc = 0;
	struct batch_to to = { import_lines, im };

	for (int i = 0; i < n && rc == 0; i++)
		rc = batch_read(files[i], &to, e);
	return rc;
}

static int import_run(const struct setup *s, struct err *e)
{
	struct importer im = { .writer = NULL };
	const char *stream = opt_value(s->args, "stream");
	struct err first = { .fault = FAULT_NONE };
	int rc = -1;

	if (archive_how_of(s->args, &im.how, e) < 0)
		return -1;
	im.how.by_records = true;
	im.how.build.sync = ARCHIVE_SYNC_SEGMENT;
	im.arena = arena_new();
	im.writer = archive_writer_open(archive_root(s->args), stream ? stream : "records", &im.how, e);
	if (im.writer)
		rc = import_files(&im, s->args, e);
	if (rc < 0)
		first = *e;
	/* What was read before a file turned out to be damaged is whole: it stays. */
	if (im.writer && archive_writer_seal(im.writer, e) < 0)
		rc = -1;
	if (first.fault != FAULT_NONE)
		*e = first;
	archive_writer_close(im.writer);
	arena_free(im.arena);
	return rc < 0 ? -1 : im.rejects > 0 ? EXIT_REJECTED : EXIT_OK;
}

const struct command archive_export = {
	.program = {
		.name = "omni-archive export",
		.purpose = "put sealed segments, manifest and checksums into one file",
		.operands = "FILE.tar.zst|FILE.zip",
		.example = "omni-archive export --from 2026-01-01 --to 2026-02-01 january.tar.zst",
		.opts = export_opts,
	},
	.run = export_run,
};

const struct command archive_import = {
	.program = {
		.name = "omni-archive import",
		.purpose = "add batches that others made: .ndjson, .gz, .zst, .tar.*, .zip",
		.operands = "[FILE...]",
		.example = "omni-archive import -s webhooks old/*.ndjson.gz backup.tar.zst",
		.opts = import_opts,
	},
	.run = import_run,
};
