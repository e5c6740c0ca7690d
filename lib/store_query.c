/* SPDX-License-Identifier: MIT */
#include "store_query.h"

#include "store_walk.h"

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
		rc = query_lookup(q->s, "SELECT seq FROM conversations WHERE id = ?1",
				  q->f->conversation, &value, e);
		if (rc <= 0)
			return rc;
		*keys = old ? db_stmt(d, BY_TALK OLDEST) : db_stmt(d, BY_TALK NEWEST);
		db_bind_i64(*keys, 12, value);
		return 1;
	}
	if (!person.p)
		return 1;
	/* Our own addresses are no participants: all conversations have them. */
	rc = query_lookup(q->s, "SELECT 1 FROM participants WHERE address = ?1", person, &value, e);
	if (rc > 0) {
		*keys = old ? db_stmt(d, BY_PERSON OLDEST) : db_stmt(d, BY_PERSON NEWEST);
		db_bind_text(*keys, 12, person);
	}
	return rc < 0 ? -1 : 1;
}

int store_messages(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = query_record };
	struct db_stmt *keys;
	struct page_cursor c;
	int rc;

	if (query_begin(&q, "messages", &c, e) < 0)
		return query_end(&q, -1);
	rc = choose(&q, &keys, e);
	if (rc <= 0)
		return query_end(&q, rc);
	query_bind(keys, &q, &c);
	return query_end(&q, query_walk(&q, keys, e));
}

int store_search(struct store *s, struct str text, bool expert, const struct store_filter *f,
		 const struct store_page *p, const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = query_record };
	struct arena *a = arena_new();
	struct str words = expert ? text : store_words(a, text);
	struct db_stmt *keys;
	struct page_cursor c;
	int rc = -1;

	if (!words.n) {
		err_set(e, FAULT_USAGE, "usage", "there is no word to search for");
	} else if (query_begin(&q, arena_cstr(a, words), &c, e) == 0) {
		keys = p->reverse ?
			       db_stmt(s->db, FOUND " AND words.rowid > ?11 ORDER BY words.rowid") :
			       db_stmt(s->db, FOUND " AND words.rowid < ?11 ORDER BY words.rowid DESC");
		query_bind(keys, &q, &c);
		db_bind_i64(keys, 1, f->since); /* the cursor goes by number alone */
		db_bind_i64(keys, 2, f->until);
		db_bind_text(keys, 12, words);
		rc = query_walk(&q, keys, e);
		if (rc < 0 && expert && strcmp(e->code, "db-io") == 0)
			e->fault = FAULT_USAGE;
	}
	arena_free(a);
	return query_end(&q, rc);
}
