/* SPDX-License-Identifier: MIT */
#include "archive_verbs.h"

#include <stdlib.h>
#include <unistd.h>

#include "archive_layout.h"
#include "clock.h"
#include "file.h"

const char *archive_root(const struct args *a)
{
	const char *root = opt_value(a, "root");

	if (!root)
		root = getenv("OMNI_ARCHIVE");
	return root && *root ? root : "/var/lib/omni/archive";
}

int archive_range_of(const struct args *a, struct archive_range *range, struct err *e)
{
	int64_t now = clock_now();

	*range = ARCHIVE_ALL;
	if (opt_time(a, "from", now, &range->from, e) < 0 || opt_time(a, "to", now, &range->to, e) < 0)
		return -1;
	if (range->from >= range->to)
		return err_set(e, FAULT_USAGE, "usage", "--from is not before --to");
	return 0;
}

static int sync_of(const struct args *a, enum archive_sync *sync, struct err *e)
{
	static const char *const names[] = { "frame", "segment", "none" };
	const char *text = opt_value(a, "sync");

	*sync = ARCHIVE_SYNC_FRAME;
	if (!text)
		return 0;
	for (size_t i = 0; i < LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*sync = (enum archive_sync)i;
			return 0;
		}
	}
	return err_set(e, FAULT_USAGE, "usage", "--sync takes frame, segment or none, not \"%s\"", text);
}

static int names_of(const struct args *a, struct archive_names *names, struct err *e)
{
	const char *text;

	names->name[0] = STR("id");
	names->n = 1;
	for (unsigned i = 0; (text = opt_values(a, "index", i)) != NULL; i++) {
		struct str name = str_c(text);

		if (str_among(name, names->name, names->n))
			continue;
		if (name.n == 0 || name.n > 64 || names->n == LEN(names->name))
			return err_set(e, FAULT_USAGE, "usage",
				       "--index takes at most %zu names of members, of at most 64 bytes",
				       LEN(names->name) - 1);
		names->name[names->n++] = name;
	}
	return 0;
}

int archive_how_of(const struct args *a, struct archive_write_how *how, struct err *e)
{
	uint64_t level = 3, frame = 1 << 20;

	*how = (struct archive_write_how){ .size = 256 << 20, .every = ARCHIVE_HOUR_MS };
	if (opt_number(a, "level", 1, 19, &level, e) < 0 ||
	    opt_size(a, "frame", 4 << 10, 16 << 20, &frame, e) < 0 ||
	    opt_size(a, "size", 64 << 10, UINT64_C(16) << 30, &how->size, e) < 0 ||
	    opt_duration(a, "every", 1000, ARCHIVE_HOUR_MS, &how->every, e) < 0)
		return -1;
	if (ARCHIVE_HOUR_MS % how->every != 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--every must divide an hour: 1h, 30m, 15m, 5m, 1m");
	how->build.level = (int)level;
	how->build.frame = (size_t)frame;
	how->build.most = (size_t)(frame + frame / 2);
	return sync_of(a, &how->build.sync, e) < 0 ? -1 : names_of(a, &how->build.names, e);
}

char **archive_streams_of(const struct args *a, struct arena *arena, struct err *e)
{
	char **all = archive_streams(archive_root(a), arena, e), **list;
	const char *only = opt_value(a, "stream");

	if (!all || !only)
		return all;
	list = arena_calloc(arena, 2, sizeof(*list));
	for (; *all; all++)
		if (strcmp(*all, only) == 0)
			list[0] = *all;
	if (list[0])
		return list;
	err_set(e, FAULT_IO, "input", "%s: no stream \"%s\" in it", archive_root(a), only);
	return NULL;
}

int archive_put(struct str text, struct err *e)
{
	return file_write(STDOUT_FILENO, "standard output", text, e);
}
