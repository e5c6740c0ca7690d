/* SPDX-License-Identifier: MIT */
#include "store_query.h"

#include "clock.h"
#include "store_cursor.h"
#include "store_image.h"

/*
 * A query walks through keys in its order, by one of these statements, and looks up each row that
 * passes: sorting, where there is any, never moves whole records.  Times go in as a range that the
 * cursor has narrowed already.
 */
#define FILTER                                                                   \
	" AND r.at BETWEEN ?1 AND ?2 AND (?3 IS NULL OR r.carrier = ?3)"         \
	" AND (?4 IS NULL OR r.account = ?4) AND (?5 IS NULL OR r.channel = ?5)" \
	" AND (?6 IS NULL OR r.direction = ?6) AND (?7 IS NULL OR r.type = ?7)"  \
	" AND (?8 IS NULL OR r.status = ?8) AND (?9 IS NULL OR r.sender = ?9)"
#define NEWEST FILTER " AND (r.at < ?10 OR r.seq < ?11) ORDER BY r.at DESC, r.seq DESC"
#define OLDEST FILTER " AND (r.at > ?10 OR r.seq > ?11) ORDER BY r.at, r.seq"

#define BY_TIME "SELECT r.seq, r.at FROM records r INDEXED BY records_at WHERE r.kind = 1"
#define BY_TALK                                                             \
	"SELECT r.seq, r.at FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation = ?12"
#define BY_PERSON                                                           \
	"SELECT r.seq, r.at FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation IN"                           \
	" (SELECT conversation FROM participants WHERE address = ?12)"

struct query {
	struct store *s;
	const struct store_filter *f;
	const struct store_page *p;
	const struct store_sink *to;
	struct arena *a; /* emptied after each row */
	struct buf line;
	uint32_t number; /* cursor_query */
	uint64_t given;
};

static uint32_t number_of(const char *verb, const struct store_filter *f, const struct store_page *p)
{
	char times[2 * sizeof(int64_t)];
	struct str parts[] = { str_c(verb),
			       f->carrier,
			       f->account,
			       f->channel,
			       f->direction,
			       f->type,
			       f->status,
			       f->from,
			       f->to,
			       f->conversation,
			       f->search,
			       { times, sizeof(times) },
			       str_c(p->reverse ? "old" : "new"),
			       str_c(f->expert ? "expert" : "words") };

	memcpy(times, &f->since, sizeof(int64_t));
	memcpy(times + sizeof(int64_t), &f->until, sizeof(int64_t));
	return cursor_query(parts, LEN(parts));
}

/* Whether ${to} has the address ${want}. */
static bool sent_to(struct str line, struct str want, struct arena *a)
{
	struct err e;
	const struct json *root = json_parse(line, a, &e);
	struct json_iter it = json_iter(json_get(root, "to"));

	while (json_next(&it))
		if (str_eq(json_get_str(it.value, "address"), want))
			return true;
	return false;
}

/* Members of `store` that are no part of the state; text without braces. */
static struct str about(struct query *q, const struct cursor *c, int64_t stored)
{
	struct str at = clock_text(q->a, stored), cursor = cursor_write(q->a, q->number, c);

	return arena_fmt(q->a, "\"seq\":%lld,\"stored\":\"%.*s\",\"cursor\":\"%.*s\"",
			 (long long)c->seq, STR_FMT(at), STR_FMT(cursor));
}

/* Give the message at ${c}, if it passes.  Return 1 when the page is full, 0 or -1. */
static int give(struct query *q, const struct cursor *c, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT line, state, stored FROM records WHERE seq = ?1");
	int rc;

	db_bind_i64(row, 1, c->seq);
	rc = db_step(row, e);
	if (rc > 0 && (!q->f->to.p || sent_to(db_text(row, 0), q->f->to, q->a))) {
		buf_reset(&q->line);
		image_message(&q->line, db_text(row, 0), db_text(row, 1),
			      about(q, c, db_i64(row, 2)), q->a);
		rc = q->to->line(q->to->arg, buf_get(&q->line), e);
		if (rc == 0 && ++q->given == q->p->limit)
			rc = 1;
	} else if (rc > 0) {
		rc = 0;
	}
	db_reset(row);
	arena_reset(q->a);
	return rc;
}

/* Bind what all statements have in common; ${c} is where to go on behind. */
static void bind(struct db_stmt *keys, const struct query *q, const struct cursor *c)
{
	const struct store_filter *f = q->f;
	struct str words[] = { f->carrier, f->account, f->channel, f->direction,
			       f->type,    f->status,  f->from };
	int64_t since = f->since, until = f->until;

	if (q->p->reverse && c->at > since)
		since = c->at;
	if (!q->p->reverse && c->at < until)
		until = c->at;
	db_bind_i64(keys, 1, since);
	db_bind_i64(keys, 2, until);
	for (int i = 0; i < (int)LEN(words); i++)
		db_bind_text(keys, 3 + i, words[i]);
	db_bind_i64(keys, 10, c->at);
	db_bind_i64(keys, 11, c->seq);
}

static int walk(struct query *q, struct db_stmt *keys, struct err *e)
{
	int rc;

	while ((rc = db_step(keys, e)) > 0) {
		struct cursor c = { .at = db_i64(keys, 1), .seq = db_i64(keys, 0) };

		rc = give(q, &c, e);
		if (rc != 0)
			break;
	}
	db_reset(keys);
	return rc < 0 ? -1 : 0;
}

/* Return 1 and the number that stands for ${text} in the statement ${sql}, 0, or -1. */
static int lookup(struct store *s, const char *sql, struct str text, int64_t *value, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, sql);
	int rc;

	db_bind_text(q, 1, text);
	rc = db_step(q, e);
	if (rc > 0)
		*value = db_i64(q, 0);
	db_reset(q);
	return rc;
}

/* The statement that finds the keys by what narrows most.  Return 1, 0 if nothing can pass, or -1. */
static int choose(struct query *q, struct db_stmt **keys, struct err *e)
{
	struct db *d = q->s->db;
	bool old = q->p->reverse;
	struct str person = q->f->from.p ? q->f->from : q->f->to;
	int64_t value = 0;
	int rc;

	*keys = old ? db_stmt(d, BY_TIME OLDEST) : db_stmt(d, BY_TIME NEWEST);
	if (q->f->conversation.p) {
		rc = lookup(q->s, "SELECT seq FROM conversations WHERE id = ?1", q->f->conversation,
			    &value, e);
		if (rc <= 0)
			return rc;
		*keys = old ? db_stmt(d, BY_TALK OLDEST) : db_stmt(d, BY_TALK NEWEST);
		db_bind_i64(*keys, 12, value);
		return 1;
	}
	if (!person.p)
		return 1;
	/* Our own addresses are no participants: all conversations have them. */
	rc = lookup(q->s, "SELECT 1 FROM participants WHERE address = ?1", person, &value, e);
	if (rc > 0) {
		*keys = old ? db_stmt(d, BY_PERSON OLDEST) : db_stmt(d, BY_PERSON NEWEST);
		db_bind_text(*keys, 12, person);
	}
	return rc < 0 ? -1 : 1;
}

static int begin(struct query *q, const char *verb, struct cursor *c, struct err *e)
{
	*c = q->p->reverse ? (struct cursor){ INT64_MIN, INT64_MIN } :
			     (struct cursor){ INT64_MAX, INT64_MAX };
	q->number = number_of(verb, q->f, q->p);
	q->a = arena_new();
	q->line.max = SIZE_MAX;
	if (q->p->cursor.p && cursor_read(q->a, q->p->cursor, q->number, c, e) < 0)
		return -1;
	return db_begin_read(q->s->db, e);
}

/* The end of a query, whatever its result ${rc}, which is returned. */
static int end(struct query *q, int rc)
{
	db_rollback(q->s->db);
	arena_free(q->a);
	buf_free(&q->line);
	return rc;
}

int store_messages(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to };
	struct db_stmt *keys;
	struct cursor c;
	int rc;

	if (begin(&q, "messages", &c, e) < 0)
		return end(&q, -1);
	rc = choose(&q, &keys, e);
	if (rc <= 0)
		return end(&q, rc);
	bind(keys, &q, &c);
	return end(&q, walk(&q, keys, e));
}
