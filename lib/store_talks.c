/* SPDX-License-Identifier: MIT */
/* Questions about conversations and contacts. */
#include "clock.h"
#include "store_walk.h"

/* Who takes part in ${conversation}. */
static int add_participants(struct query *q, int64_t conversation, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT address, name, joined, gone, read FROM participants"
						" WHERE conversation = ?1 ORDER BY address");
	static const char *const times[] = { "joined_at", "left_at", "read_at" };
	int rc;

	json_key(&q->line, "participants");
	json_open(&q->line, '[');
	db_bind_i64(row, 1, conversation);
	while ((rc = db_step(row, e)) > 0) {
		json_open(&q->line, '{');
		json_add_str(&q->line, "address", db_text(row, 0));
		json_opt_str(&q->line, "name", db_text(row, 1));
		for (int i = 0; i < (int)LEN(times); i++)
			if (!db_is_null(row, 2 + i))
				json_add_str(&q->line, times[i], clock_text(q->a, db_i64(row, 2 + i)));
		json_close(&q->line, '}');
	}
	db_reset(row);
	json_close(&q->line, ']');
	return rc;
}

/* How many messages ${conversation} has, from when to when, and the words of the last. */
static int add_messages(struct query *q, int64_t conversation, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT count(*), min(at) FROM records"
						" INDEXED BY records_conversation"
						" WHERE conversation = ?1 AND kind = 1");
	struct db_stmt *last = db_stmt(q->s->db, "SELECT at, text, direction FROM records"
						 " INDEXED BY records_conversation WHERE conversation = ?1"
						 " AND kind = 1 ORDER BY at DESC, seq DESC LIMIT 1");
	int rc;

	db_bind_i64(row, 1, conversation);
	rc = db_step(row, e);
	if (rc > 0 && db_i64(row, 0) > 0) {
		json_add_i64(&q->line, "messages", db_i64(row, 0));
		json_add_str(&q->line, "first_at", clock_text(q->a, db_i64(row, 1)));
	}
	db_reset(row);
	if (rc < 0)
		return -1;
	db_bind_i64(last, 1, conversation);
	rc = db_step(last, e);
	if (rc > 0) {
		json_add_str(&q->line, "last_at", clock_text(q->a, db_i64(last, 0)));
		json_opt_str(&q->line, "last_direction", db_text(last, 2));
		json_opt_str(&q->line, "last_text", db_text(last, 1));
	}
	db_reset(last);
	return rc < 0 ? -1 : 0;
}

/* The conversation ${seq} as a line; ${c} may be NULL.  Return 1, 0 or -1 as query_answer() does. */
static int give_conversation(struct query *q, const struct page_cursor *c, int64_t seq, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT id, carrier, account, channel, address, closed, turned"
						" FROM conversations WHERE seq = ?1");
	static const char *const members[] = { "id", "carrier", "account", "channel", "ours" };
	int rc;

	buf_reset(&q->line);
	json_open(&q->line, '{');
	db_bind_i64(row, 1, seq);
	rc = db_step(row, e);
	for (int i = 0; rc > 0 && i < (int)LEN(members); i++) {
		json_opt_str(&q->line, members[i], db_text(row, i));
		if (i == 0)
			json_add_str(&q->line, "kind", STR("conversation"));
	}
	if (rc > 0 && !db_is_null(row, 6))
		json_add_str(&q->line, "state", db_i64(row, 5) ? STR("closed") : STR("open"));
	db_reset(row);
	if (rc <= 0)
		return rc;
	if (add_participants(q, seq, e) < 0 || add_messages(q, seq, e) < 0)
		return -1;
	json_key(&q->line, "store");
	json_open(&q->line, '{');
	json_add_i64(&q->line, "seq", seq);
	if (c)
		json_add_str(&q->line, "cursor", page_cursor_write(q->a, q->number, c));
	json_close(&q->line, '}');
	json_close(&q->line, '}');
	return query_answer(q, e);
}

int store_conversations(struct store *s, const struct store_filter *f, const struct store_page *p,
			const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = give_conversation };
	struct db *d = s->db;
	struct db_stmt *keys;
	struct page_cursor c;

	if (query_begin(&q, "conversations", &c, e) < 0)
		return query_end(&q, -1);
	if (f->with.p) {
		keys = p->reverse ? db_stmt(d, BY_PERSON LAST OLDEST) :
				    db_stmt(d, BY_PERSON LAST NEWEST);
		db_bind_text(keys, 12, f->with);
	} else {
		keys = p->reverse ? db_stmt(d, BY_TIME LAST OLDEST) : db_stmt(d, BY_TIME LAST NEWEST);
	}
	query_bind(keys, &q, &c);
	return query_end(&q, query_walk(&q, keys, e));
}

int store_conversation(struct store *s, const struct store_filter *f, const struct store_page *p,
		       const struct store_sink *to, struct err *e)
{
	struct store_page all = { .limit = 0 };
	struct query q = { .s = s, .f = f, .p = &all, .to = to, .give = query_record };
	struct db_stmt *keys;
	struct page_cursor c;
	int64_t seq;
	int rc;

	q.p = p;
	if (query_begin(&q, "conversation", &c, e) < 0)
		return query_end(&q, -1);
	rc = query_lookup(s, "SELECT seq FROM conversations WHERE id = ?1", f->conversation, &seq, e);
	q.p = &all; /* the conversation itself is no line of the page */
	if (rc > 0)
		rc = give_conversation(&q, NULL, seq, e) < 0 ? -1 : 1;
	if (rc <= 0)
		return query_end(&q, rc);
	q.p = p;
	q.given = 0;
	if (f->events)
		keys = p->reverse ? db_stmt(s->db, BY_ALL OLDEST) : db_stmt(s->db, BY_ALL NEWEST);
	else
		keys = p->reverse ? db_stmt(s->db, BY_TALK OLDEST) : db_stmt(s->db, BY_TALK NEWEST);
	db_bind_i64(keys, 12, seq);
	query_bind(keys, &q, &c);
	return query_end(&q, query_walk(&q, keys, e) < 0 ? -1 : 1);
}

static bool consents(const struct json *image, struct str word)
{
	struct json_iter it = json_iter(json_get(image, "consent"));

	while (json_next(&it))
		if (str_eq(json_get_str(it.value, "state"), word))
			return true;
	return false;
}

static int give_contact(struct query *q, const struct page_cursor *c, struct str image, struct err *e)
{
	struct rec parent = { .arena = q->a }, r;
	struct err why;
	struct str store, cursor = page_cursor_write(q->a, q->number, c);

	if (q->f->consent.p && !consents(json_parse(image, q->a, &why), q->f->consent))
		return 0;
	store = arena_fmt(q->a, "{\"seq\":%lld,\"cursor\":\"%.*s\"}", (long long)c->seq, STR_FMT(cursor));
	rec_made(&r, &parent, image);
	rec_add(&r, "kind", STR("\"contact\""));
	rec_add(&r, "store", store);
	buf_reset(&q->line);
	rec_write(&q->line, &r);
	return query_answer(q, e);
}

/* Give the contacts that ${keys}, a statement for seq and image, finds. */
static int walk_contacts(struct query *q, struct db_stmt *keys, struct err *e)
{
	int rc;

	while ((rc = db_step(keys, e)) > 0) {
		struct page_cursor c = { .seq = db_i64(keys, 0) };

		rc = give_contact(q, &c, db_text(keys, 1), e);
		arena_reset(q->a);
		if (rc != 0)
			break;
	}
	db_reset(keys);
	return rc < 0 ? -1 : 0;
}

int store_contacts(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to };
	struct db_stmt *keys;
	struct page_cursor c;

	if (query_begin(&q, "contacts", &c, e) < 0)
		return query_end(&q, -1);
	keys = p->reverse ?
		       db_stmt(s->db, "SELECT seq, image FROM contacts WHERE seq > ?1 ORDER BY seq") :
		       db_stmt(s->db, "SELECT seq, image FROM contacts WHERE seq < ?1 ORDER BY seq DESC");
	db_bind_i64(keys, 1, c.seq);
	return query_end(&q, walk_contacts(&q, keys, e));
}

int store_contact(struct store *s, struct str address, const struct store_sink *to, struct err *e)
{
	struct store_filter f = { .with = address, .since = INT64_MIN, .until = INT64_MAX };
	struct store_page p = { .limit = 0 };
	struct query q = { .s = s, .f = &f, .p = &p, .to = to, .give = give_conversation };
	struct db_stmt *keys;
	struct page_cursor c;
	int rc;

	if (query_begin(&q, "contact", &c, e) < 0)
		return query_end(&q, -1);
	keys = db_stmt(s->db, "SELECT seq, image FROM contacts WHERE address = ?1");
	db_bind_text(keys, 1, address);
	rc = walk_contacts(&q, keys, e);
	if (rc < 0 || q.given == 0)
		return query_end(&q, rc);
	keys = db_stmt(s->db, BY_PERSON LAST NEWEST);
	db_bind_text(keys, 12, address);
	query_bind(keys, &q, &c);
	return query_end(&q, query_walk(&q, keys, e) < 0 ? -1 : 1);
}
