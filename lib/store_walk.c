/* SPDX-License-Identifier: MIT */
#include "store_walk.h"

#include "clock.h"
#include "store_image.h"

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
			       f->with,
			       f->conversation,
			       f->consent,
			       { times, sizeof(times) },
			       str_c(p->reverse ? "old" : "new"),
			       str_c(f->events ? "all" : "messages") };

	memcpy(times, &f->since, sizeof(int64_t));
	memcpy(times + sizeof(int64_t), &f->until, sizeof(int64_t));
	return page_cursor_query(parts, LEN(parts));
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
static struct str about(struct query *q, const struct page_cursor *c, int64_t stored)
{
	struct str at = clock_text(q->a, stored), cursor = page_cursor_write(q->a, q->number, c);

	return arena_fmt(q->a, "\"seq\":%lld,\"stored\":\"%.*s\",\"cursor\":\"%.*s\"",
			 (long long)c->seq, STR_FMT(at), STR_FMT(cursor));
}

int query_answer(struct query *q, struct err *e)
{
	if (q->to->line(q->to->arg, buf_get(&q->line), e) < 0)
		return -1;
	return ++q->given == q->p->limit;
}

int query_record(struct query *q, const struct page_cursor *c, int64_t conversation, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT line, state, stored FROM records WHERE seq = ?1");
	int rc;

	db_bind_i64(row, 1, c->seq);
	rc = db_step(row, e);
	if (rc > 0 && (!q->f->to.p || sent_to(db_text(row, 0), q->f->to, q->a))) {
		buf_reset(&q->line);
		image_message(&q->line, db_text(row, 0), db_text(row, 1),
			      about(q, c, db_i64(row, 2)), q->a);
		rc = query_answer(q, e);
	} else if (rc > 0) {
		rc = 0;
	}
	db_reset(row);
	(void)conversation;
	return rc;
}

void query_bind(struct db_stmt *keys, const struct query *q, const struct page_cursor *c)
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

int query_walk(struct query *q, struct db_stmt *keys, struct err *e)
{
	int rc;

	while ((rc = db_step(keys, e)) > 0) {
		struct page_cursor c = { .at = db_i64(keys, 1), .seq = db_i64(keys, 0) };

		rc = q->give(q, &c, db_i64(keys, 2), e);
		arena_reset(q->a);
		if (rc != 0)
			break;
	}
	db_reset(keys);
	return rc < 0 ? -1 : 0;
}

int query_lookup(struct store *s, const char *sql, struct str text, int64_t *value, struct err *e)
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

int query_begin(struct query *q, const char *verb, struct page_cursor *c, struct err *e)
{
	*c = q->p->reverse ? (struct page_cursor){ INT64_MIN, INT64_MIN } :
			     (struct page_cursor){ INT64_MAX, INT64_MAX };
	q->number = number_of(verb, q->f, q->p);
	q->a = arena_new();
	q->line.max = SIZE_MAX;
	if (q->p->cursor.p && page_cursor_read(q->a, q->p->cursor, q->number, c, e) < 0)
		return -1;
	return db_begin_read(q->s->db, e);
}

int query_end(struct query *q, int rc)
{
	db_rollback(q->s->db);
	arena_free(q->a);
	buf_free(&q->line);
	return rc;
}
