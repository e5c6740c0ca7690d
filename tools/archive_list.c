/* SPDX-License-Identifier: MIT */
/* omni-archive list: which segments there are. */
#include <sys/stat.h>

#include "archive_layout.h"
#include "archive_segment.h"
#include "archive_verbs.h"
#include "clock.h"
#include "diag.h"

static const struct opt opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	ARCHIVE_OPT_FROM,
	ARCHIVE_OPT_TO,
	{ "json", 0, NULL, "a record for each segment instead of a table", false },
	ARCHIVE_OPT_END,
};

struct lister {
	struct archive_range range;
	bool json;
	struct archive_sum total;
	uint64_t segments;
	int64_t last; /* end of the segment before it in its stream; INT64_MIN: it is the first */
	struct buf out;
};

static const char *state_of(const struct archive_entry *x, bool open)
{
	return open ? "open" : x->unlisted ? "unlisted" : "sealed";
}

static void as_json(struct lister *l, const char *stream, const struct archive_entry *x, bool open)
{
	struct arena *a = arena_new();
	struct buf *b = &l->out;

	json_open(b, '{');
	json_add_str(b, "stream", str_c(stream));
	json_add_str(b, "path", str_c(x->path));
	json_add_str(b, "state", str_c(state_of(x, open)));
	json_add_i64(b, "bytes", (int64_t)x->sum.bytes);
	if (!open && !x->unlisted) {
		json_add_i64(b, "raw", (int64_t)x->sum.raw);
		json_add_i64(b, "lines", (int64_t)x->sum.lines);
		json_add_i64(b, "frames", (int64_t)x->frames);
		json_add_i64(b, "level", x->level);
		json_add_str(b, "from", clock_text(a, x->sum.t0));
		json_add_str(b, "to", clock_text(a, x->sum.t1));
		json_add_str(b, "sealed", clock_text(a, x->sealed));
		if (l->last != INT64_MIN && x->sum.t0 > l->last)
			json_add_i64(b, "gap_ms", x->sum.t0 - l->last);
	}
	json_close(b, '}');
	buf_char(b, '\n');
	arena_free(a);
}

static void as_row(struct lister *l, const char *stream, const struct archive_entry *x, bool open)
{
	char name[ARCHIVE_NAME_MAX], from[CLOCK_TEXT + 1] = "-", to[CLOCK_TEXT + 1] = "-";
	double ratio = x->sum.bytes ? (double)x->sum.raw / (double)x->sum.bytes : 0;

	(void)stream;
	archive_path_name(name, x->path);
	if (!open && !x->unlisted) {
		clock_format(from, x->sum.t0);
		clock_format(to, x->sum.t1);
	}
	if (l->segments == 0)
		buf_fmt(&l->out, "%-8s %10s %13s %13s %6s  %-24s %-24s %10s  %s\n", "state",
			"lines", "raw", "bytes", "ratio", "from", "to", "gap", "segment");
	buf_fmt(&l->out, "%-8s %10llu %13llu %13llu %6.2f  %-24s %-24s", state_of(x, open),
		(unsigned long long)x->sum.lines, (unsigned long long)x->sum.raw,
		(unsigned long long)x->sum.bytes, ratio, from, to);
	if (!open && !x->unlisted && l->last != INT64_MIN && x->sum.t0 > l->last)
		buf_fmt(&l->out, " %9.1fs", (double)(x->sum.t0 - l->last) / 1000);
	else
		buf_fmt(&l->out, " %10s", "-");
	buf_fmt(&l->out, "  %s\n", name);
}

static void show(struct lister *l, const char *stream, const struct archive_entry *x, bool open)
{
	bool known = !open && !x->unlisted;

	if (known && (x->sum.t1 < l->range.from || x->sum.t0 >= l->range.to))
		return;
	(l->json ? as_json : as_row)(l, stream, x, open);
	l->segments++;
	l->total.lines += x->sum.lines;
	l->total.raw += x->sum.raw;
	l->total.bytes += x->sum.bytes;
	if (known && x->sum.t1 > l->last)
		l->last = x->sum.t1;
}

static int list_stream(struct lister *l, const char *root, const char *stream, struct err *e)
{
	struct arena *a = arena_new();
	const char *dir = arena_fmt(a, "%s/%s", root, stream).p;
	struct archive_manifest m;
	int rc = archive_manifest_read(dir, &m, e);
	struct stat st;
	char **open;

	l->last = INT64_MIN;
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		if (m.list[i].unlisted && stat(arena_fmt(a, "%s/%s", dir, m.list[i].path).p, &st) == 0)
			m.list[i].sum.bytes = (uint64_t)st.st_size;
		show(l, stream, &m.list[i], false);
	}
	open = rc == 0 ? archive_unsealed(dir, ARCHIVE_OPEN, a, e) : NULL;
	rc = open ? rc : -1;
	for (char **name = open; rc == 0 && *name; name++) {
		struct archive_entry x = { .frames = 0 };
		const char *path =
			arena_fmt(a, "%s/%s%s%s", dir, *name, ARCHIVE_SUFFIX, ARCHIVE_OPEN).p;

		archive_path(x.path, *name);
		if (stat(path, &st) < 0 || archive_manifest_find(&m, str_c(x.path)))
			continue;
		x.sum.bytes = (uint64_t)st.st_size;
		show(l, stream, &x, true);
	}
	if (rc == 0 && m.bad > 0)
		diag_warn("%s", m.why.text);
	rc = rc == 0 && m.bad > 0 ? EXIT_REJECTED : rc;
	archive_manifest_free(&m);
	arena_free(a);
	return rc;
}

static int list_run(const struct setup *s, struct err *e)
{
	struct lister l = { .json = opt_flag(s->args, "json"), .out = { .max = SIZE_MAX } };
	struct arena *a = arena_new();
	char **streams = archive_streams_of(s->args, a, e);
	int rc = streams && archive_range_of(s->args, &l.range, e) == 0 ? 0 : -1, bad = 0;

	for (; rc == 0 && *streams; streams++) {
		rc = list_stream(&l, archive_root(s->args), *streams, e);
		bad |= rc;
		rc = rc < 0 ? -1 : 0;
	}
	if (rc == 0 && !l.json && l.segments > 0)
		buf_fmt(&l.out, "%-8s %10llu %13llu %13llu %6.2f\n", "total",
			(unsigned long long)l.total.lines, (unsigned long long)l.total.raw,
			(unsigned long long)l.total.bytes,
			l.total.bytes ? (double)l.total.raw / (double)l.total.bytes : 0);
	if (rc == 0)
		rc = archive_put(buf_get(&l.out), e);
	buf_free(&l.out);
	arena_free(a);
	return rc < 0 ? -1 : bad;
}

const struct command archive_list = {
	.program = {
		.name = "omni-archive list",
		.purpose = "show the segments, their sizes and times",
		.operands = NULL,
		.example = "omni-archive list --from -1d --json | jq -s 'map(.lines) | add'",
		.opts = opts,
	},
	.run = list_run,
};
