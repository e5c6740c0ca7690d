/* SPDX-License-Identifier: MIT */
#include "archive_manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_segment.h"
#include "clock.h"
#include "crypto.h"
#include "diag.h"
#include "file.h"
#include "json.h"
#include "limit.h"
#include "pack_frame.h"

enum { CRC_TAIL = 18 }; /* ,"crc":"01234567"} */

bool archive_stream_valid(struct str name)
{
	if (name.n == 0 || name.n > ARCHIVE_STREAM_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

void archive_manifest_free(struct archive_manifest *m)
{
	free(m->list);
	*m = (struct archive_manifest){ 0 };
}

void archive_manifest_add(struct archive_manifest *m, const struct archive_entry *x)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->list = reallocarray(m->list, m->cap, sizeof(*m->list));
		if (!m->list)
			diag_oom();
	}
	m->list[m->n++] = *x;
}

static int by_path(const void *a, const void *b)
{
	const struct archive_entry *x = a, *y = b;

	int order = strcmp(x->path, y->path);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void sort_entries(struct archive_manifest *m)
{
	if (m->n > 0)
		qsort(m->list, m->n, sizeof(*m->list), by_path);
}

struct archive_entry *archive_manifest_find(const struct archive_manifest *m, struct str path)
{
	struct archive_entry key = { .line = 0 };

	if (path.n >= sizeof(key.path) || m->n == 0)
		return NULL;
	memcpy(key.path, path.p, path.n);
	key.path[path.n] = '\0';
	return bsearch(&key, m->list, m->n, sizeof(*m->list), by_path);
}

/* ---- lines ---- */

void archive_manifest_line(const struct archive_entry *x, struct buf *b)
{
	struct arena *a = arena_new();
	size_t from = b->n;

	json_open(b, '{');
	json_add_str(b, "path", str_c(x->path));
	json_add_str(b, "sha256",
		     hex_of(a, (struct str){ (const char *)x->sum.sha256, sizeof(x->sum.sha256) }));
	json_add_i64(b, "bytes", (int64_t)x->sum.bytes);
	json_add_i64(b, "raw", (int64_t)x->sum.raw);
	json_add_i64(b, "lines", (int64_t)x->sum.lines);
	json_add_i64(b, "frames", (int64_t)x->frames);
	json_add_i64(b, "level", x->level);
	json_add_str(b, "from", clock_text(a, x->sum.t0));
	json_add_str(b, "to", clock_text(a, x->sum.t1));
	json_add_str(b, "sealed", clock_text(a, x->sealed));
	buf_fmt(b, ",\"crc\":\"%08x\"}\n", pack_crc((struct str){ b->p + from, b->n - from }));
	arena_free(a);
}

/* True if the line ends with the CRC of what stands before. */
static bool crc_holds(struct str line)
{
	char want[CRC_TAIL + 1];

	if (line.n < CRC_TAIL)
		return false;
	snprintf(want, sizeof(want), ",\"crc\":\"%08x\"}",
		 pack_crc(str_sub(line, 0, line.n - CRC_TAIL)));
	return memcmp(line.p + line.n - CRC_TAIL, want, CRC_TAIL) == 0;
}

static int number(const struct json *v, const char *key, uint64_t *out)
{
	int64_t i;

	if (json_i64(json_get(v, key), &i) < 0 || i < 0)
		return -1;
	*out = (uint64_t)i;
	return 0;
}

/* A path below the stream, as we name them: five parts, none of which leads elsewhere. */
static bool path_valid(struct str path)
{
	unsigned slashes = 0;

	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '\0' || (path.p[i] == '.' && (i == 0 || path.p[i - 1] == '/')))
			return false;
		slashes += path.p[i] == '/';
	}
	return path.n > 0 && path.n < ARCHIVE_PATH_MAX && path.p[0] != '/' && slashes == 4 &&
	       str_suffix(path, STR(ARCHIVE_SUFFIX));
}

static int read_line(struct str line, struct arena *a, struct archive_entry *x)
{
	const struct json *v;
	struct str path, sha;
	uint64_t level = 0;
	struct err e;

	v = crc_holds(line) ? json_parse(line, a, &e) : NULL;
	path = json_get_str(v, "path");
	if (!path_valid(path) || hex_read(a, json_get_str(v, "sha256"), &sha) < 0 ||
	    sha.n != sizeof(x->sum.sha256) || number(v, "bytes", &x->sum.bytes) < 0 ||
	    number(v, "raw", &x->sum.raw) < 0 || number(v, "lines", &x->sum.lines) < 0 ||
	    number(v, "frames", &x->frames) < 0 || number(v, "level", &level) < 0 || level > 99 ||
	    clock_parse(json_get_str(v, "from"), &x->sum.t0) < 0 ||
	    clock_parse(json_get_str(v, "to"), &x->sum.t1) < 0 ||
	    clock_parse(json_get_str(v, "sealed"), &x->sealed) < 0)
		return -1;
	memcpy(x->path, path.p, path.n);
	x->path[path.n] = '\0';
	memcpy(x->sum.sha256, sha.p, sha.n);
	x->level = (int)level;
	return 0;
}

static void bad_line(struct archive_manifest *m, const char *dir, uint64_t lineno)
{
	if (m->bad++ == 0)
		err_set(&m->why, FAULT_DATA, "archive-manifest", "%s/%s: line %llu is damaged", dir,
			ARCHIVE_MANIFEST, (unsigned long long)lineno);
}

static void read_lines(const char *dir, struct str text, struct archive_manifest *m)
{
	struct arena *a = arena_new();
	uint64_t lineno = 0;

	while (text.n > 0) {
		struct str line = str_sub(text, 0, str_find(text, '\n'));
		struct archive_entry x = { .line = ++lineno };

		if (read_line(line, a, &x) == 0)
			archive_manifest_add(m, &x);
		else if (line.n == text.n)
			m->torn = true;
		else
			bad_line(m, dir, lineno);
		text = str_sub(text, line.n + 1, SIZE_MAX);
		arena_reset(a);
	}
	arena_free(a);
}

/* A segment that was compacted, or sealed again after a crash: the later line counts. */
static void drop_doubles(struct archive_manifest *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (kept > 0 && strcmp(m->list[kept - 1].path, m->list[i].path) == 0)
			kept--;
		m->list[kept++] = m->list[i];
	}
	m->n = kept;
	for (size_t i = 0; i < m->n; i++) /* so that a path finds its entry */
		m->list[i].line = 0;
}

/* ---- files ---- */

/* Go down ${depth} directories below ${dir}/${at}; what lies there and is not listed is added. */
static void walk(const char *dir, const char *at, int depth, struct archive_manifest *m,
		 struct archive_manifest *found)
{
	char path[ARCHIVE_PATH_MAX], *name;
	struct dirent *entry;
	DIR *d;

	if (asprintf(&name, "%s/%s", dir, at) < 0)
		diag_oom();
	d = opendir(name);
	if (!d && errno != ENOENT && errno != ENOTDIR && found->bad++ == 0)
		err_set(&found->why, FAULT_IO, "input", "%s: %s", name, strerror(errno));
	free(name);
	while (d && (entry = readdir(d)) != NULL) {
		struct archive_entry x = { .unlisted = true };
		int n = snprintf(path, sizeof(path), "%s%s%s", at, *at ? "/" : "", entry->d_name);

		if (entry->d_name[0] == '.' || n >= (int)sizeof(path))
			continue;
		memcpy(x.path, path, sizeof(path));
		if (depth > 0 && str_digits(str_c(entry->d_name)))
			walk(dir, path, depth - 1, m, found);
		else if (depth == 0 && path_valid(str_c(path)) && !archive_manifest_find(m, str_c(path)))
			archive_manifest_add(found, &x);
	}
	if (d)
		closedir(d);
}

int archive_manifest_walk(const char *dir, struct archive_manifest *m, struct err *e)
{
	struct archive_manifest found = { 0 };
	int rc = 0;

	if (access(dir, R_OK | X_OK) < 0)
		return err_set(e, FAULT_IO, "input", "%s: %s", dir, strerror(errno));
	walk(dir, "", 4, m, &found);
	for (size_t i = 0; i < found.n; i++)
		archive_manifest_add(m, &found.list[i]);
	if (found.bad > 0) {
		*e = found.why; /* not all of it was seen: what is missing is not gone */
		rc = -1;
	}
	archive_manifest_free(&found);
	sort_entries(m);
	return rc;
}

static char *manifest_path(const char *dir)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, ARCHIVE_MANIFEST) < 0)
		diag_oom();
	return path;
}

int archive_manifest_read(const char *dir, struct archive_manifest *m, struct err *e)
{
	char *path = manifest_path(dir);
	struct arena *a = arena_new();
	struct str text = STR_NONE;
	bool there = access(path, F_OK) == 0 || errno != ENOENT;
	int rc = 0;

	*m = (struct archive_manifest){ 0 };
	if (there && file_read(path, ARCHIVE_MANIFEST_MAX, a, &text, NULL, e) < 0) {
		e->fault = FAULT_IO;
		rc = -1;
	} else {
		read_lines(dir, text, m);
		sort_entries(m);
		drop_doubles(m);
		if (!there || m->bad > 0)
			rc = archive_manifest_walk(dir, m, e);
	}
	arena_free(a);
	free(path);
	return rc;
}

int archive_manifest_lock(const char *dir, struct err *e)
{
	char *path;
	int fd, rc;

	if (asprintf(&path, "%s/.manifest.lock", dir) < 0)
		diag_oom();
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	} else {
		do
			rc = flock(fd, LOCK_EX);
		while (rc < 0 && errno == EINTR);
		if (rc < 0) {
			err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
			close(fd);
			fd = -1;
		}
	}
	free(path);
	return fd;
}

int archive_manifest_write(const char *dir, const struct archive_manifest *m, bool sync, struct err *e)
{
	char *path = manifest_path(dir);
	struct buf b = { .max = SIZE_MAX };
	int rc;

	for (size_t i = 0; i < m->n; i++)
		archive_manifest_line(&m->list[i], &b);
	rc = file_replace(path, buf_get(&b), 0644, sync, e);
	buf_free(&b);
	free(path);
	return rc;
}

/*
 * Where the next line begins: behind the last, or in the place of one that a crash has cut; ${end}: the
 * last one only lacks its line end.  Return -1 where the file can not be read.
 */
static off_t append_at(int fd, off_t size, bool *end)
{
	char tail[1024]; /* longer than any line */
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	size_t n = (size_t)(size - from);
	const char *last;
	struct str rest = { tail, n };

	*end = false;
	if (n > 0 && pread(fd, tail, n, from) != (ssize_t)n)
		return -1;
	last = n > 0 ? memrchr(tail, '\n', n) : NULL;
	if (last)
		rest = str_sub(rest, (size_t)(last + 1 - tail), n);
	*end = rest.n > 0 && crc_holds(rest);
	return *end ? size : size - (off_t)rest.n;
}

/* Append a line to the open manifest; what could not be written whole is taken away again. */
static int append(int fd, const char *path, const struct archive_entry *x, bool sync, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct stat st = { .st_size = 0 };
	off_t at = -1;
	bool end;
	int rc = -1;

	if (fstat(fd, &st) == 0)
		at = append_at(fd, st.st_size, &end);
	if (at < 0 || (at < st.st_size && ftruncate(fd, at) < 0)) {
		err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
		goto out;
	}
	if (end)
		buf_char(&b, '\n');
	archive_manifest_line(x, &b);
	rc = file_write(fd, path, buf_get(&b), e);
	if (rc == 0 && sync && fdatasync(fd) < 0)
		rc = err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	if (rc < 0)
		(void)!ftruncate(fd, at);
out:
	buf_free(&b);
	return rc;
}

int archive_manifest_append(const char *dir, const struct archive_entry *x, bool sync, struct err *e)
{
	char *path = manifest_path(dir);
	bool fresh = access(path, F_OK) < 0;
	int lock = archive_manifest_lock(dir, e), fd = -1, rc = -1;

	if (lock < 0)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
		goto out;
	}
	rc = append(fd, path, x, sync, e);
	if (rc == 0 && fresh && sync)
		rc = file_sync_dir(path, e);
out:
	if (fd >= 0)
		close(fd);
	if (lock >= 0)
		close(lock);
	free(path);
	return rc;
}
