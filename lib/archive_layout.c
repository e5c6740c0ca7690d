/* SPDX-License-Identifier: MIT */
#include "archive_layout.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "archive_segment.h"
#include "clock.h"

enum { STAMP = 16, NUMBER = 6 }; /* "20260114T090000Z", "000001" */

static int by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Names in ${dir} of which ${take}, which is given ${with}, wants to have a copy; ascending. */
static char **names(const char *dir, const char *with,
		    char *(*take)(const char *with, const char *name, struct arena *a), struct arena *a)
{
	char **list = arena_calloc(a, 1, sizeof(*list));
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	if (!d)
		return NULL;
	while ((entry = readdir(d)) != NULL) {
		char *name = take(with, entry->d_name, a);

		if (!name)
			continue;
		list = arena_resize(a, list, (n + 1) * sizeof(*list), (n + 2) * sizeof(*list));
		list[n++] = name;
	}
	list[n] = NULL;
	closedir(d);
	qsort(list, n, sizeof(*list), by_name);
	return list;
}

static char *take_stream(const char *dir, const char *name, struct arena *a)
{
	struct stat st;

	if (!archive_stream_valid(str_c(name)) ||
	    stat(arena_fmt(a, "%s/%s", dir, name).p, &st) < 0 || !S_ISDIR(st.st_mode))
		return NULL;
	return arena_cstr(a, str_c(name));
}

char **archive_streams(const char *root, struct arena *a, struct err *e)
{
	char **list = names(root, root, take_stream, a);

	if (!list)
		err_set(e, FAULT_IO, "input", "%s: no archive: %s", root, strerror(errno));
	return list;
}

static char *take_unsealed(const char *end, const char *name, struct arena *a)
{
	struct str s = str_c(name), suffix = STR(ARCHIVE_SUFFIX);

	if (!str_suffix(s, str_c(end)))
		return NULL;
	s.n -= strlen(end);
	if (!str_suffix(s, suffix))
		return NULL;
	s.n -= suffix.n;
	return archive_name_read(s, NULL, NULL, NULL) == 0 ? arena_cstr(a, s) : NULL;
}

char **archive_unsealed(const char *dir, const char *end, struct arena *a, struct err *e)
{
	char **list = names(dir, end, take_unsealed, a);

	if (!list && errno == ENOENT)
		return arena_calloc(a, 1, sizeof(*list));
	if (!list)
		err_set(e, FAULT_IO, "input", "%s: %s", dir, strerror(errno));
	return list;
}

void archive_name(char name[ARCHIVE_NAME_MAX], const char *stream, int64_t ms, unsigned number)
{
	char t[CLOCK_TEXT + 1];

	clock_format(t, ms); /* "2026-01-14T09:00:00.000Z" */
	snprintf(name, ARCHIVE_NAME_MAX, "%.*s-%.4s%.2s%.2sT%.2s0000Z-%06u", ARCHIVE_STREAM_MAX,
		 stream, t, t + 5, t + 8, t + 11, number);
}

int archive_name_read(struct str name, char *stream, int64_t *ms, unsigned *number)
{
	size_t at = name.n - STAMP - NUMBER - 2;
	struct str t, no;
	char text[CLOCK_TEXT + 1];
	uint64_t n;
	int64_t hour;

	if (name.n < STAMP + NUMBER + 3 || name.n >= ARCHIVE_NAME_MAX)
		return -1;
	t = str_sub(name, at + 1, STAMP);
	no = str_sub(name, name.n - NUMBER, NUMBER);
	if (name.p[at] != '-' || name.p[at + 1 + STAMP] != '-' || str_u64(no, &n) < 0 ||
	    !archive_stream_valid(str_sub(name, 0, at)))
		return -1;
	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:00:00.000Z", t.p, t.p + 4, t.p + 6, t.p + 9);
	if (t.p[8] != 'T' || memcmp(t.p + 11, "0000Z", 5) != 0 || clock_parse(str_c(text), &hour) < 0)
		return -1;
	if (stream) {
		memcpy(stream, name.p, at);
		stream[at] = '\0';
	}
	if (ms)
		*ms = hour;
	if (number)
		*number = (unsigned)n;
	return 0;
}

void archive_path(char path[ARCHIVE_PATH_MAX], const char *name)
{
	const char *t = name + strlen(name) - STAMP - NUMBER - 1;

	snprintf(path, ARCHIVE_PATH_MAX, "%.4s/%.2s/%.2s/%.2s/%s%s", t, t + 4, t + 6, t + 9, name,
		 ARCHIVE_SUFFIX);
}

void archive_path_name(char name[ARCHIVE_NAME_MAX], const char *path)
{
	const char *base = strrchr(path, '/'), *end;

	base = base ? base + 1 : path;
	end = strstr(base, ARCHIVE_SUFFIX);
	snprintf(name, ARCHIVE_NAME_MAX, "%.*s", end ? (int)(end - base) : (int)strlen(base), base);
}
