/* SPDX-License-Identifier: MIT */
#include "rec.h"

#include "clock.h"
#include "crypto.h"
#include "id.h"
#include "json_scan.h"

int rec_parse(struct rec *r, struct str line, struct arena *arena, struct err *e)
{
	r->line = line;
	r->arena = arena;
	r->n_added = r->n_settled = 0;
	r->report = STR_NONE;
	r->dests = NULL;
	r->n_dests = 0;
	r->hook = NULL;
	r->root = json_parse(line, arena, e);
	if (!r->root)
		return -1;
	if (!json_is(r->root, JSON_OBJECT))
		return err_set(e, FAULT_DATA, "not-object", "not a record: a JSON %s, not an object",
			       json_type_name(json_type(r->root)));
	return 0;
}

/*
 * The root of a record that was made here is parsed when it is first needed; our own text is always
 * JSON.
 */
static const struct json *root(const struct rec *r)
{
	struct err e;

	if (!r->root)
		((struct rec *)(uintptr_t)r)->root = json_parse(r->line, r->arena, &e);
	return r->root;
}

const struct json *rec_get(const struct rec *r, const char *key)
{
	struct str k = str_c(key);
	struct err e;

	for (unsigned i = 0; i < r->n_added; i++)
		if (str_eq(r->added[i].key, k))
			return r->added[i].value.p ? json_parse(r->added[i].value, r->arena, &e) : NULL;
	return json_getn(root(r), k);
}

bool rec_is(const struct rec *r, const char *kind)
{
	return str_eq(rec_str(r, "kind"), str_c(kind));
}

/* Write ${r} with the first ${n} of what was added. */
static void write_some(struct buf *b, const struct rec *r, unsigned n)
{
	struct str line = r->line;
	struct buf cut[2] = { { .max = SIZE_MAX }, { .max = SIZE_MAX } };
	unsigned n_cut = 0;

	if (n == 0) {
		buf_str(b, line);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		struct buf *to = &cut[n_cut % 2];

		if (!r->added[i].replaces)
			continue;
		buf_reset(to);
		json_cut(to, line, r->added[i].key);
		line = buf_get(to);
		n_cut++;
	}
	/* The line is a JSON object: its last byte that is no white space is the closing brace. */
	line = str_trim(line);
	buf_add(b, line.p, line.n - 1);
	while (b->n > 0 && (b->p[b->n - 1] == ' ' || b->p[b->n - 1] == '\t' || b->p[b->n - 1] == '\r'))
		b->n--;
	for (unsigned i = 0; i < n; i++) {
		if (!r->added[i].value.p)
			continue;
		json_key_str(b, r->added[i].key);
		buf_str(b, r->added[i].value);
	}
	buf_char(b, '}');
	buf_free(&cut[0]);
	buf_free(&cut[1]);
}

/* Make the first ${n} of what was added a part of the line. */
static void fold(struct rec *r, unsigned n)
{
	struct buf b = { .max = SIZE_MAX };

	write_some(&b, r, n);
	r->line = arena_str(r->arena, buf_get(&b));
	r->root = NULL;
	memmove(r->added, r->added + n, (r->n_added - n) * sizeof(*r->added));
	r->n_added -= n;
	r->n_settled = 0;
	buf_free(&b);
}

const struct json *rec_root(struct rec *r)
{
	if (r->n_settled > 0)
		fold(r, r->n_settled);
	return root(r);
}

static unsigned find(const struct rec *r, struct str key)
{
	unsigned i = 0;

	while (i < r->n_added && !str_eq(r->added[i].key, key))
		i++;
	return i;
}

void rec_add(struct rec *r, const char *key, struct str value)
{
	struct str k = str_c(key);
	unsigned i = find(r, k);
	bool replaces = json_getn(root(r), k) != NULL;

	r->hook = NULL; /* it may say something else now */
	/* A member that was there when the stage got the record is cut out of what it got. */
	if (r->n_settled > 0 && (i < r->n_settled || replaces || i == REC_ADDED_MAX)) {
		fold(r, r->n_settled);
		i = find(r, k);
		replaces = json_getn(root(r), k) != NULL;
	}
	if (i == REC_ADDED_MAX) { /* to make room */
		fold(r, r->n_added);
		i = 0;
		replaces = json_getn(root(r), k) != NULL;
	}
	if (i == r->n_added)
		r->n_added++;
	r->added[i] = (struct rec_member){ k, value, replaces };
}

void rec_drop(struct rec *r, const char *key)
{
	if (rec_get(r, key))
		rec_add(r, key, STR_NONE);
}

void rec_write(struct buf *b, const struct rec *r)
{
	write_some(b, r, r->n_added);
}

void rec_made(struct rec *r, const struct rec *parent, struct str text)
{
	r->line = text;
	r->root = NULL;
	r->arena = parent->arena;
	r->file = parent->file;
	r->lineno = parent->lineno;
	r->now = parent->now;
	r->n_added = r->n_settled = 0;
	r->report = STR_NONE;
	r->dests = NULL;
	r->n_dests = 0;
	r->hook = NULL;
}

int rec_share_of(const struct json *lease, struct share *s)
{
	const struct json *part = json_get(lease, "part"), *parts = json_get(lease, "parts");

	*s = (struct share){ 1, 1 };
	if (!part && !parts)
		return 0;
	if (json_i64(part, &s->part) == 0 && json_i64(parts, &s->parts) == 0 && s->part >= 1 &&
	    s->part <= s->parts)
		return 0;
	return -1;
}

/* The value of `lease` for one of ${parts} shares. */
static void lease_share(struct buf *b, const struct json *lease, unsigned part, unsigned parts)
{
	struct share s;
	int64_t all;

	if (rec_share_of(lease, &s) < 0 || __builtin_mul_overflow(s.parts, (int64_t)parts, &all))
		s = (struct share){ 0, all = 0 };
	else
		s.part = (s.part - 1) * parts + part;
	json_open(b, '{');
	for (struct json_iter it = json_iter(lease); json_next(&it);) {
		if (str_eq(it.key, STR("part")) || str_eq(it.key, STR("parts")))
			continue;
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
	if (all != 1) {
		json_add_i64(b, "part", s.part);
		json_add_i64(b, "parts", all);
	}
	buf_char(b, '}');
}

void rec_inherit(struct buf *b, const struct rec *parent, unsigned part, unsigned parts)
{
	const struct json *lease = rec_get(parent, "lease");

	json_opt_str(b, "trace", rec_str(parent, "trace"));
	if (!json_is(lease, JSON_OBJECT))
		return;
	json_key(b, "lease");
	lease_share(b, lease, part, parts);
}

void rec_share(struct rec *r, unsigned part, unsigned parts)
{
	const struct json *lease = rec_get(r, "lease");
	struct buf b = { .max = SIZE_MAX }; /* a part of the line, which is bounded */

	if (!json_is(lease, JSON_OBJECT) || parts < 2)
		return;
	lease_share(&b, lease, part, parts);
	rec_add(r, "lease", arena_str(r->arena, buf_get(&b)));
	buf_free(&b);
}

/*
 * The id of a reject is derived from what it rejects and the line where that stood, so that a
 * replay makes the same one, and two broken lines alike make two.
 */
static void reject_open(struct buf *b, const char *stage, struct str subject, uint64_t lineno)
{
	unsigned char digest[HASH_MAX];
	struct id id;
	char line[24];
	struct buf number = { line, 0, sizeof(line), sizeof(line), false };
	struct str parts[4] = { STR("reject"), str_c(stage), subject };

	if (subject.n > 128) { /* a line, not an id */
		hash_of(HASH_SHA256, &subject, 1, digest);
		parts[2] = (struct str){ (char *)digest, hash_size(HASH_SHA256) };
	}
	if (lineno > 0) {
		buf_u64(&number, lineno);
		parts[3] = buf_get(&number);
	}
	id = id_derive(parts, lineno > 0 ? 4 : 3);
	json_open(b, '{');
	json_add_str(b, "id", id_str(&id));
	json_add_str(b, "kind", STR("reject"));
}

static void reject_reason(struct buf *b, const char *stage, const struct err *e)
{
	/* An error text may hold bytes of the input, and may have been cut inside a character. */
	struct str text = str_utf8_cut(str_c(e->text), sizeof(e->text) - 4);

	json_add_str(b, "stage", str_c(stage));
	json_add_str(b, "class", str_c(fault_class(e->fault) ? fault_class(e->fault) : "data"));
	json_add_str(b, "code", str_c(e->code));
	json_add_str(b, "detail",
		     str_utf8(text) ? text : STR("the reason holds bytes that are not UTF-8"));
	if (e->fault == FAULT_TEMP && e->retry_ms > 0) {
		char at[CLOCK_TEXT + 1];

		clock_format(at, e->retry_ms);
		json_add_str(b, "retry_at", (struct str){ at, CLOCK_TEXT });
	}
}

void rec_reject(struct buf *b, const char *stage, const struct rec *r, const struct err *e)
{
	struct str id = rec_str(r, "id");
	struct rec whole = *r;

	if (!id.n)
		(void)rec_root(&whole); /* the line as this stage got it */
	reject_open(b, stage, id.n ? id : whole.line, id.n ? 0 : r->lineno);
	json_opt_str(b, "at", rec_str(r, "at"));
	reject_reason(b, stage, e);
	if (r->report.p)
		json_add_raw(b, "report", r->report);
	json_key(b, "record");
	rec_write(b, r);
	rec_inherit(b, r, 1, 1);
	json_close(b, '}');
}

void rec_reject_raw(struct buf *b, const char *stage, struct str raw, uint64_t lineno,
		    const struct err *e)
{
	reject_open(b, stage, raw, lineno);
	reject_reason(b, stage, e);
	if (lineno > 0)
		json_add_i64(b, "line", (int64_t)lineno);
	if (str_utf8(raw)) {
		json_add_str(b, "raw", raw);
	} else {
		json_key(b, "raw64");
		buf_char(b, '"');
		base64_put(b, raw);
		buf_char(b, '"');
	}
	json_close(b, '}');
}
