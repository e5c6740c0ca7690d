/* SPDX-License-Identifier: MIT */
#include "replay_diff.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "json.h"
#include "limit.h"
#include "shown.h"

enum {
	BATCH_LINES = 1000,
	PATHS_MAX = 1000,  /* members counted apart */
	PATH_BYTES = 200,  /* of a member's pointer in the counts */
	DEPTH_MAX = 32,    /* levels that are compared member by member; deeper values as a whole */
	SHOWN_BYTES = 400, /* of a value in the report for people */
};

struct path {
	char text[PATH_BYTES + 1];
	uint64_t n;
};

struct diff {
	struct side *side[2];
	const char *name[2];
	struct became became[2];
	struct buf text; /* the batch: lines with their ends */
	size_t starts[BATCH_LINES + 1], ends[2][BATCH_LINES];
	size_t n;
	struct arena *arena; /* of the line in hand */
	bool json;
	struct path paths[PATHS_MAX];
	size_t n_paths;
	uint64_t lines, lines_differ, same, changed, only[2];
};

/* The comparison of two records: where it is, and what was found. */
struct walk {
	struct diff *d;
	struct buf path, found;
	unsigned n;
};

struct diff *diff_new(const char *a, const char *b, const char *exec, bool json, struct err *e)
{
	struct diff *d = calloc(1, sizeof(*d));

	if (!d)
		diag_oom();
	d->json = json;
	d->arena = arena_new();
	d->text.max = SIZE_MAX;
	d->name[0] = a;
	d->name[1] = b;
	for (int i = 0; i < 2; i++) {
		d->became[i].text.max = SIZE_MAX; /* of a batch */
		d->became[i].ends = d->ends[i];
		d->side[i] = side_new(d->name[i], i == 0 ? exec : NULL, e);
		if (!d->side[i]) {
			diff_free(d);
			return NULL;
		}
	}
	return d;
}

void diff_free(struct diff *d)
{
	if (!d)
		return;
	for (int i = 0; i < 2; i++) {
		side_free(d->side[i]);
		buf_free(&d->became[i].text);
	}
	buf_free(&d->text);
	arena_free(d->arena);
	free(d);
}

/* ---- one record ---- */

static void count_path(struct diff *d, struct str path)
{
	size_t i = 0;

	path = str_utf8_cut(path, PATH_BYTES);
	while (i < d->n_paths && !str_eq(str_c(d->paths[i].text), path))
		i++;
	if (i == PATHS_MAX)
		return;
	if (i == d->n_paths) {
		memcpy(d->paths[i].text, path.p, path.n);
		d->n_paths++;
	}
	d->paths[i].n++;
}

static void put_value(struct buf *b, const struct json *v, struct arena *a)
{
	struct str text = v ? json_compact(a, v) : STR("(absent)");

	shown_put(b, str_utf8_cut(text, SHOWN_BYTES));
	if (text.n > SHOWN_BYTES)
		buf_fmt(b, "... (%zu bytes)", text.n);
}

static void note(struct walk *w, const struct json *a, const struct json *b)
{
	struct str path = buf_get(&w->path);

	count_path(w->d, path);
	w->n++;
	if (w->d->json) {
		json_key_str(&w->found, path);
		json_open(&w->found, '[');
		json_put_raw(&w->found, a ? json_compact(w->d->arena, a) : STR("null"));
		json_put_raw(&w->found, b ? json_compact(w->d->arena, b) : STR("null"));
		json_close(&w->found, ']');
		return;
	}
	buf_lit(&w->found, "    ");
	shown_put(&w->found, path);
	buf_lit(&w->found, ": ");
	put_value(&w->found, a, w->d->arena);
	buf_lit(&w->found, " -> ");
	put_value(&w->found, b, w->d->arena);
	buf_char(&w->found, '\n');
}

static bool same_text(struct walk *w, const struct json *a, const struct json *b)
{
	return str_eq(json_compact(w->d->arena, a), json_compact(w->d->arena, b));
}

/* The path of a member: a JSON Pointer. */
static size_t enter(struct walk *w, struct str key)
{
	size_t before = w->path.n;

	buf_char(&w->path, '/');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~')
			buf_lit(&w->path, "~0");
		else if (key.p[i] == '/')
			buf_lit(&w->path, "~1");
		else
			buf_char(&w->path, key.p[i]);
	}
	return before;
}

static void compare(struct walk *w, const struct json *a, const struct json *b, int depth)
{
	struct json_iter it;
	size_t before;

	if (!json_is(a, JSON_OBJECT) || !json_is(b, JSON_OBJECT) || depth == DEPTH_MAX) {
		if (!a || !b || !same_text(w, a, b))
			note(w, a, b);
		return;
	}
	for (it = json_iter(a); json_next(&it);) {
		before = enter(w, it.key);
		compare(w, it.value, json_getn(b, it.key), depth + 1);
		w->path.n = before;
	}
	for (it = json_iter(b); json_next(&it);) {
		if (json_getn(a, it.key))
			continue;
		before = enter(w, it.key);
		compare(w, NULL, it.value, depth + 1);
		w->path.n = before;
	}
}

/* The beginning of a report: which record it is. */
static void head(const struct diff *d, struct buf *out, const char *change, const struct json *v)
{
	static const char *const members[] = { "kind", "id", "carrier", "external_id" };

	if (d->json) {
		json_open(out, '{');
		json_add_str(out, "change", str_c(change));
		for (size_t i = 0; i < LEN(members); i++)
			json_opt_str(out, members[i], json_get_str(v, members[i]));
		return;
	}
	buf_fmt(out, "%s", change);
	for (size_t i = 0; i < LEN(members); i++) {
		struct str s = json_get_str(v, members[i]);

		if (s.n == 0)
			continue;
		buf_char(out, ' ');
		shown_put(out, str_utf8_cut(s, SHOWN_BYTES));
	}
	buf_char(out, '\n');
}

static void report_changed(struct diff *d, const struct json *a, const struct json *b, struct buf *out)
{
	struct walk w = { .d = d, .path.max = SIZE_MAX, .found.max = SIZE_MAX };

	compare(&w, a, b, 0);
	if (w.n == 0) {
		d->same++; /* in another order */
	} else {
		d->changed++;
		head(d, out, "changed", a);
		if (d->json) {
			json_key(out, "members");
			json_open(out, '{');
		}
		buf_str(out, buf_get(&w.found));
		if (d->json) {
			json_close(out, '}');
			json_close(out, '}');
			buf_char(out, '\n');
		}
	}
	buf_free(&w.path);
	buf_free(&w.found);
}

static void report_only(struct diff *d, int side, const struct json *v, struct buf *out)
{
	char change[32];

	d->only[side]++;
	snprintf(change, sizeof(change), "only-%c", "ab"[side]);
	head(d, out, change, v);
	if (d->json) {
		json_add_value(out, "record", v);
		json_close(out, '}');
		buf_char(out, '\n');
	}
}

/* ---- all that became of one line ---- */

struct records {
	const struct json **list;
	size_t n;
};

static struct records parse_all(struct diff *d, struct str text)
{
	struct records r = { 0 };
	size_t cap = 1;
	struct err e;

	for (size_t i = 0; i < text.n; i++)
		cap += text.p[i] == '\n';
	r.list = arena_alloc(d->arena, cap * sizeof(*r.list));
	while (text.n > 0) {
		size_t n = str_find(text, '\n');
		const struct json *v = json_parse(str_sub(text, 0, n), d->arena, &e);

		if (v)
			r.list[r.n++] = v;
		text = str_sub(text, n + 1, text.n);
	}
	return r;
}

/* The record of ${r} that is ${v} on the other side: that with its id; NULL if there is none. */
static const struct json **partner(const struct records *r, const struct json *v)
{
	struct str id = json_get_str(v, "id");

	for (size_t i = 0; i < r->n; i++)
		if (r->list[i] && str_eq(json_get_str(r->list[i], "id"), id))
			return &r->list[i];
	return NULL;
}

static void compare_line(struct diff *d, struct str a, struct str b, struct buf *out)
{
	struct records ra = parse_all(d, a), rb = parse_all(d, b);
	uint64_t before = d->changed + d->only[0] + d->only[1];

	for (size_t i = 0; i < ra.n; i++) {
		const struct json **other = partner(&rb, ra.list[i]);

		if (other) {
			report_changed(d, ra.list[i], *other, out);
			*other = NULL;
		} else {
			report_only(d, 0, ra.list[i], out);
		}
	}
	for (size_t i = 0; i < rb.n; i++)
		if (rb.list[i])
			report_only(d, 1, rb.list[i], out);
	d->lines_differ += d->changed + d->only[0] + d->only[1] > before;
}

static struct str part(const struct became *b, size_t i)
{
	size_t from = i > 0 ? b->ends[i - 1] : 0;

	return str_sub(buf_get(&b->text), from, b->ends[i] - from);
}

static int run_batch(struct diff *d, struct buf *out, struct err *e)
{
	struct str lines[BATCH_LINES];

	for (size_t i = 0; i < d->n; i++)
		lines[i] = str_sub(buf_get(&d->text), d->starts[i], d->starts[i + 1] - d->starts[i]);
	for (int i = 0; i < 2 && d->n > 0; i++)
		if (side_run(d->side[i], lines, d->n, &d->became[i], e) < 0)
			return -1;
	for (size_t i = 0; i < d->n; i++) {
		struct str a = part(&d->became[0], i), b = part(&d->became[1], i);

		if (str_eq(a, b)) {
			for (size_t k = 0; k < a.n; k++)
				d->same += a.p[k] == '\n';
			continue;
		}
		compare_line(d, a, b, out);
		arena_reset(d->arena);
	}
	d->lines += d->n;
	d->n = 0;
	buf_reset(&d->text);
	return 0;
}

int diff_add(struct diff *d, struct str line, struct buf *out, struct err *e)
{
	d->starts[d->n++] = d->text.n;
	buf_str(&d->text, line);
	buf_char(&d->text, '\n');
	d->starts[d->n] = d->text.n;
	return d->n == BATCH_LINES || d->text.n >= MIB(4) ? run_batch(d, out, e) : 0;
}

static int more_first(const void *x, const void *y)
{
	const struct path *a = x, *b = y;

	if (a->n != b->n)
		return a->n < b->n ? 1 : -1;
	return strcmp(a->text, b->text);
}

static void counts_json(const struct diff *d, struct buf *out)
{
	json_open(out, '{');
	json_add_i64(out, "read", (int64_t)d->lines);
	json_add_i64(out, "differ", (int64_t)d->lines_differ);
	json_add_i64(out, "same", (int64_t)d->same);
	json_add_i64(out, "changed", (int64_t)d->changed);
	json_add_i64(out, "only_a", (int64_t)d->only[0]);
	json_add_i64(out, "only_b", (int64_t)d->only[1]);
	json_key(out, "members");
	json_open(out, '{');
	for (size_t i = 0; i < d->n_paths; i++) {
		json_key_str(out, str_c(d->paths[i].text));
		json_put_i64(out, (int64_t)d->paths[i].n);
	}
	json_close(out, '}');
	json_close(out, '}');
	buf_char(out, '\n');
}

static void counts_text(const struct diff *d, struct buf *out)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = { { d->lines, "records read" },
		     { d->lines_differ, "of them have another outcome" },
		     { d->same, "records come out the same" },
		     { d->changed, "are changed" },
		     { d->only[0], "come out with a only: " },
		     { d->only[1], "come out with b only: " } };

	for (size_t i = 0; i < LEN(rows); i++)
		buf_fmt(out, "%10llu %s%s\n", (unsigned long long)rows[i].n, rows[i].what,
			i >= 4 ? d->name[i - 4] : "");
	for (size_t i = 0; i < d->n_paths; i++) {
		buf_fmt(out, "%10llu ", (unsigned long long)d->paths[i].n);
		shown_put(out, str_c(d->paths[i].text));
		buf_char(out, '\n');
	}
}

int diff_end(struct diff *d, struct buf *out, struct err *e)
{
	if (run_batch(d, out, e) < 0)
		return -1;
	qsort(d->paths, d->n_paths, sizeof(*d->paths), more_first);
	if (d->json)
		counts_json(d, out);
	else
		counts_text(d, out);
	return d->lines_differ > 0;
}
