/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "shown.h"

enum {
	NAME_BYTES = 48,
	NAMES_MAX = 200,    /* kinds, carriers: what comes behind is counted together */
	HOURS_MAX = 100000, /* eleven years */
	HOUR_MS = 3600000,
	HOUR_TEXT = 13, /* "2026-01-14T09" */
};

struct row {
	char name[NAME_BYTES + 1];
	int64_t hour; /* since 1970, in the table of hours */
	uint64_t records, bytes;
};

struct table {
	struct row *rows;
	size_t n, cap;
};

struct tally {
	struct table kinds, carriers, hours;
	uint64_t records, bytes;
	int64_t first, last; /* times; first > last: none */
};

struct tally *tally_new(void)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		diag_oom();
	t->first = INT64_MAX;
	t->last = INT64_MIN;
	return t;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	free(t->kinds.rows);
	free(t->carriers.rows);
	free(t->hours.rows);
	free(t);
}

static struct row *insert(struct table *t, size_t at)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->rows = reallocarray(t->rows, t->cap, sizeof(*t->rows));
		if (!t->rows)
			diag_oom();
	}
	memmove(t->rows + at + 1, t->rows + at, (t->n - at) * sizeof(*t->rows));
	t->n++;
	t->rows[at] = (struct row){ 0 };
	return &t->rows[at];
}

static void count(struct row *r, size_t bytes)
{
	r->records++;
	r->bytes += bytes;
}

static struct row *find(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(str_c(t->rows[i].name), name))
			return &t->rows[i];
	return NULL;
}

static void by_name(struct table *t, struct str name, size_t bytes)
{
	struct row *r;

	name = name.n > 0 ? str_utf8_cut(name, NAME_BYTES) : STR("(none)");
	if (!str_utf8(name) || memchr(name.p, '\0', name.n))
		name = STR("(other)");
	r = find(t, name);
	if (!r && t->n >= NAMES_MAX) {
		name = STR("(other)");
		r = find(t, name);
	}
	if (!r) {
		r = insert(t, t->n);
		memcpy(r->name, name.p, name.n);
	}
	count(r, bytes);
}

static void by_hour(struct table *t, int64_t ms, size_t bytes)
{
	int64_t hour = ms / HOUR_MS - (ms % HOUR_MS < 0);
	char text[CLOCK_TEXT + 1];
	size_t i = t->n;

	while (i > 0 && t->rows[i - 1].hour > hour) /* they come in order, or nearly */
		i--;
	if (i > 0 && (t->rows[i - 1].hour == hour || t->n == HOURS_MAX)) {
		count(&t->rows[i - 1], bytes);
		return;
	}
	insert(t, i)->hour = hour;
	clock_format(text, hour * HOUR_MS);
	memcpy(t->rows[i].name, text, HOUR_TEXT);
	count(&t->rows[i], bytes);
}

void tally_add(struct tally *t, const struct rec *r, int64_t at, size_t bytes)
{
	t->records++;
	t->bytes += bytes;
	by_name(&t->kinds, rec_str(r, "kind"), bytes);
	by_name(&t->carriers, rec_str(r, "carrier"), bytes);
	if (at == INT64_MIN)
		return;
	by_hour(&t->hours, at, bytes);
	t->first = at < t->first ? at : t->first;
	t->last = at > t->last ? at : t->last;
}

/* Milliseconds that it would take; -1 if nothing says so. */
static int64_t duration(const struct tally *t, const struct tempo *p)
{
	if (p->rate > 0)
		return t->records > 0 ? (int64_t)((double)(t->records - 1) * 1000 / p->rate) : 0;
	if (p->speed > 0)
		return t->last >= t->first ? (int64_t)((double)(t->last - t->first) / p->speed) : 0;
	return -1;
}

static void put_table(struct buf *b, const char *key, const struct table *t)
{
	json_key(b, key);
	json_open(b, '{');
	for (size_t i = 0; i < t->n; i++) {
		json_key_str(b, str_c(t->rows[i].name));
		json_open(b, '{');
		json_add_i64(b, "records", (int64_t)t->rows[i].records);
		json_add_i64(b, "bytes", (int64_t)t->rows[i].bytes);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void put_time(struct buf *b, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT + 1];

	clock_format(text, ms);
	json_add_str(b, key, str_c(text));
}

static void write_json(const struct tally *t, int64_t ms, struct buf *b)
{
	json_open(b, '{');
	json_add_i64(b, "records", (int64_t)t->records);
	json_add_i64(b, "bytes", (int64_t)t->bytes);
	if (t->first <= t->last) {
		put_time(b, "first", t->first);
		put_time(b, "last", t->last);
	}
	if (ms >= 0)
		json_add_i64(b, "duration_ms", ms);
	put_table(b, "kinds", &t->kinds);
	put_table(b, "carriers", &t->carriers);
	put_table(b, "hours", &t->hours);
	json_close(b, '}');
	buf_char(b, '\n');
}

static void write_rows(struct buf *b, const char *head, const struct table *t)
{
	char size[SHOWN_MAX];

	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->rows[i];

		shown_padded(b, str_c(i == 0 ? head : ""), 9);
		shown_padded(b, str_c(r->name), 24);
		buf_fmt(b, "%12llu  %8s\n", (unsigned long long)r->records, shown_size(size, r->bytes));
	}
}

static void write_table(const struct tally *t, int64_t ms, struct buf *b)
{
	char size[SHOWN_MAX], span[SHOWN_MAX];

	write_rows(b, "kind", &t->kinds);
	write_rows(b, "carrier", &t->carriers);
	write_rows(b, "hour", &t->hours);
	shown_padded(b, STR("all"), 33);
	buf_fmt(b, "%12llu  %8s\n", (unsigned long long)t->records, shown_size(size, t->bytes));
	if (ms >= 0)
		buf_fmt(b, "would take %s\n", shown_span(span, ms));
}

void tally_write(const struct tally *t, const struct tempo *p, bool json, struct buf *b)
{
	if (json)
		write_json(t, duration(t, p), b);
	else
		write_table(t, duration(t, p), b);
}
