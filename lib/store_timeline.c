/* SPDX-License-Identifier: MIT */
/* One message, and what happened to it. */
#include "clock.h"
#include "id.h"
#include "store_image.h"
#include "store_query.h"

struct timeline {
	struct store *s;
	const struct store_sink *to;
	struct arena *a;
	struct buf line;
	struct str id;
};

static void open_step(struct timeline *t, struct str at, const char *step)
{
	buf_reset(&t->line);
	json_open(&t->line, '{');
	json_add_str(&t->line, "kind", STR("step"));
	json_opt_str(&t->line, "at", at);
	json_add_str(&t->line, "step", str_c(step));
	json_add_str(&t->line, "message", t->id);
}

static int close_step(struct timeline *t, struct err *e)
{
	json_close(&t->line, '}');
	return t->to->line(t->to->arg, buf_get(&t->line), e);
}

/* When the webhook was received: the trace has its id, and that, of version 7, begins with the time. */
static struct str received(struct str trace, struct arena *a)
{
	struct id id = { { 0 } };
	unsigned char raw[16];
	int64_t ms = 0;
	size_t n = 0;

	if (trace.n != 55)
		return STR_NONE;
	for (size_t i = 3; i < 35; i++) {
		if (n == 8 || n == 13 || n == 18 || n == 23)
			id.text[n++] = '-';
		id.text[n++] = trace.p[i];
	}
	if (id_bytes(id_str(&id), raw) < 0 || raw[6] >> 4 != 7)
		return STR_NONE;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | raw[i];
	return clock_text(a, ms);
}

/* What the programs on its way appended to the message; ${first}, how it was, where it was edited. */
static int passed(struct timeline *t, const struct json *root, struct str stored, struct str first,
		  struct err *e)
{
	static const char *const members[][2] = { { "verified", "verified" }, { "route", "routed" } };
	struct str trace = json_get_str(root, "trace"), at = received(trace, t->a);

	if (trace.p) {
		open_step(t, at, "received");
		json_add_str(&t->line, "trace", trace);
		if (close_step(t, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < LEN(members); i++) {
		if (!json_get(root, members[i][0]))
			continue;
		open_step(t, STR_NONE, members[i][1]);
		json_add_value(&t->line, members[i][0], json_get(root, members[i][0]));
		if (close_step(t, e) < 0)
			return -1;
	}
	open_step(t, stored, "stored");
	if (first.p)
		json_add_raw(&t->line, "record", first);
	return close_step(t, e);
}

/* Return 1, 0 if there is no such message, or -1. */
static int first(struct timeline *t, int64_t seq, struct err *e)
{
	struct db_stmt *q = db_stmt(t->s->db, "SELECT line, state, stored FROM records WHERE seq = ?1");
	struct str stored, about;
	const struct json *root;
	struct err why;
	bool edited;
	int rc;

	db_bind_i64(q, 1, seq);
	rc = db_step(q, e);
	if (rc > 0) {
		edited = json_get(json_parse(db_text(q, 1), t->a, &why), "content") != NULL;
		stored = clock_text(t->a, db_i64(q, 2));
		about = arena_fmt(t->a, "\"seq\":%lld,\"stored\":\"%.*s\"", (long long)seq,
				  STR_FMT(stored));
		root = json_parse(db_text(q, 0), t->a, &why);
		t->id = json_get_str(root, "id");
		image_message(&t->line, db_text(q, 0), db_text(q, 1), about, t->a);
		rc = t->to->line(t->to->arg, buf_get(&t->line), e);
		rc = rc < 0 || passed(t, root, stored, edited ? db_text(q, 0) : STR_NONE, e) < 0 ? -1 : 1;
	}
	db_reset(q);
	return rc;
}

static int later(struct timeline *t, int64_t seq, struct err *e)
{
	static const char *const steps[] = {
		[KIND_MESSAGE] = "reaction", [KIND_STATUS] = "receipt", [KIND_EVENT] = "event", [KIND_DELIVERY] = "attempt"
	};
	struct db_stmt *q = db_stmt(t->s->db, "SELECT kind, at, line FROM records WHERE message = ?1"
					      " ORDER BY at, seq");
	int rc;

	db_bind_i64(q, 1, seq);
	while ((rc = db_step(q, e)) > 0) {
		int64_t kind = db_i64(q, 0);
		const char *step = kind >= 1 && kind < (int64_t)LEN(steps) ? steps[kind] : "record";

		open_step(t, clock_text(t->a, db_i64(q, 1)), step);
		json_add_raw(&t->line, "record", db_text(q, 2));
		rc = close_step(t, e);
		if (rc < 0)
			break;
	}
	db_reset(q);
	return rc;
}

/* The message that ${id} means.  Return 1, 0 or -1. */
static int find(struct store *s, struct str id, const struct store_filter *f, int64_t *seq, struct err *e)
{
	int64_t part;
	struct key key;

	if (f->carrier.p)
		key = ref_key(f->carrier, f->account, id);
	else if (id_bytes(id, key.b) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "\"%.*s\" is not the id of a message; for that of a carrier give --carrier and --account",
			       STR_FMT(id));
	return ref_find(s, &key, seq, &part, e);
}

int store_message(struct store *s, struct str id, const struct store_filter *f,
		  const struct store_sink *to, struct err *e)
{
	struct timeline t = { .s = s, .to = to, .line = { .max = SIZE_MAX } };
	int64_t seq;
	int rc;

	if (db_begin_read(s->db, e) < 0)
		return -1;
	t.a = arena_new();
	rc = find(s, id, f, &seq, e);
	if (rc > 0)
		rc = first(&t, seq, e);
	if (rc > 0 && later(&t, seq, e) < 0)
		rc = -1;
	db_rollback(s->db);
	arena_free(t.a);
	buf_free(&t.line);
	return rc;
}
