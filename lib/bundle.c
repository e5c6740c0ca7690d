/* SPDX-License-Identifier: MIT */
#include "bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "diag.h"
#include "limit.h"

struct bundle_reader {
	struct archive *lib;
	char *path;
};

struct bundle_writer {
	struct archive *lib;
	char *path;
};

static const char *const kinds[] = { ".tar",    ".tar.zst", ".tar.gz", ".tgz",
				     ".tar.xz", ".tar.bz2", ".zip" };

bool bundle_is(const char *path)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_suffix(str_c(path), str_c(kinds[i])))
			return true;
	return false;
}

static int fails(struct archive *lib, const char *path, enum fault fault, struct err *e)
{
	const char *why = archive_error_string(lib);

	return err_set(e, fault, fault == FAULT_DATA ? "pack-damaged" : "output", "%s: %s", path,
		       why ? why : "unknown error");
}

struct bundle_reader *bundle_open(const char *path, struct err *e)
{
	struct bundle_reader *b = calloc(1, sizeof(*b));

	if (!b)
		diag_oom();
	b->path = str_dup(str_c(path));
	b->lib = archive_read_new();
	if (!b->lib)
		diag_oom();
	/* No more formats than the names say: each is a parser of foreign bytes. */
	archive_read_support_filter_gzip(b->lib);
	archive_read_support_filter_zstd(b->lib);
	archive_read_support_filter_xz(b->lib);
	archive_read_support_filter_bzip2(b->lib);
	archive_read_support_format_tar(b->lib);
	archive_read_support_format_zip(b->lib);
	if (archive_read_open_filename(b->lib, path, BLOCK_BYTES) == ARCHIVE_OK)
		return b;
	fails(b->lib, path, archive_errno(b->lib) > 0 ? FAULT_IO : FAULT_DATA, e);
	bundle_close(b);
	return NULL;
}

int bundle_next(struct bundle_reader *b, const char **name, struct err *e)
{
	struct archive_entry *entry;
	int rc;

	for (;;) {
		rc = archive_read_next_header(b->lib, &entry);
		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc < ARCHIVE_WARN)
			return fails(b->lib, b->path, FAULT_DATA, e);
		*name = archive_entry_pathname(entry);
		if (*name && archive_entry_filetype(entry) == AE_IFREG)
			return 1;
	}
}

ssize_t bundle_read(struct bundle_reader *b, void *dst, size_t n, struct err *e)
{
	la_ssize_t got = archive_read_data(b->lib, dst, n);

	if (got < 0)
		return fails(b->lib, b->path, FAULT_DATA, e);
	return got;
}

void bundle_close(struct bundle_reader *b)
{
	if (!b)
		return;
	archive_read_free(b->lib);
	free(b->path);
	free(b);
}

static int set_kind(struct bundle_writer *w, struct err *e)
{
	struct str s = str_c(w->path);
	int rc;

	if (str_suffix(s, STR(".zip")))
		rc = archive_write_set_format_zip(w->lib);
	else
		rc = archive_write_set_format_pax_restricted(w->lib);
	if (str_suffix(s, STR(".tar.zst")))
		rc |= archive_write_add_filter_zstd(w->lib);
	else if (str_suffix(s, STR(".tar.gz")) || str_suffix(s, STR(".tgz")))
		rc |= archive_write_add_filter_gzip(w->lib);
	else if (!str_suffix(s, STR(".tar")) && !str_suffix(s, STR(".zip")))
		return err_set(e, FAULT_USAGE, "usage",
			       "%s: the name must end in .tar.zst, .tar.gz, .tar or .zip", w->path);
	return rc == ARCHIVE_OK ? 0 : fails(w->lib, w->path, FAULT_IO, e);
}

struct bundle_writer *bundle_create(const char *path, struct err *e)
{
	struct bundle_writer *w = calloc(1, sizeof(*w));

	if (!w)
		diag_oom();
	w->path = str_dup(str_c(path));
	w->lib = archive_write_new();
	if (!w->lib)
		diag_oom();
	if (set_kind(w, e) == 0) {
		if (archive_write_open_filename(w->lib, path) == ARCHIVE_OK)
			return w;
		fails(w->lib, path, FAULT_IO, e);
	}
	bundle_free(w);
	return NULL;
}

int bundle_member(struct bundle_writer *w, const char *name, uint64_t size, int64_t ms, struct err *e)
{
	struct archive_entry *entry = archive_entry_new();
	int rc;

	if (!entry)
		diag_oom();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0640);
	archive_entry_set_mtime(entry, ms / 1000, (long)(ms % 1000) * 1000000);
	rc = archive_write_header(w->lib, entry);
	archive_entry_free(entry);
	return rc == ARCHIVE_OK ? 0 : fails(w->lib, w->path, FAULT_IO, e);
}

int bundle_write(struct bundle_writer *w, struct str text, struct err *e)
{
	while (text.n > 0) {
		la_ssize_t n = archive_write_data(w->lib, text.p, text.n);

		if (n < 0)
			return fails(w->lib, w->path, FAULT_IO, e);
		if (n == 0)
			return err_set(e, FAULT_IO, "output",
				       "%s: a member is longer than was said", w->path);
		text = str_sub(text, (size_t)n, text.n);
	}
	return 0;
}

int bundle_finish(struct bundle_writer *w, struct err *e)
{
	return archive_write_close(w->lib) == ARCHIVE_OK ? 0 : fails(w->lib, w->path, FAULT_IO, e);
}

void bundle_free(struct bundle_writer *w)
{
	if (!w)
		return;
	archive_write_free(w->lib);
	free(w->path);
	free(w);
}
