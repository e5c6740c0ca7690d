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

#define BY_TIME \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_at WHERE r.kind = 1"
#define BY_TALK                                                                             \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation = ?12"
#define BY_PERSON                                                                           \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation IN"                                           \
	" (SELECT conversation FROM participants WHERE address = ?12)"

/* That no message of its conversation is newer. */
#define LAST                                                                     \
	" AND r.conversation IS NOT NULL AND NOT EXISTS"                         \
	" (SELECT 1 FROM records n INDEXED BY records_conversation"              \
	" WHERE n.conversation = r.conversation AND n.kind = 1 AND n.at >= r.at" \
	" AND (n.at > r.at OR n.seq > r.seq))"
#define BY_ALL                                                                              \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind IN (1, 3) AND r.conversation = ?12"
#define FOUND                                                                                       \
	"SELECT r.seq, r.at, r.conversation FROM words CROSS JOIN records r ON r.seq = words.rowid" \
	" WHERE words MATCH ?12" FILTER

struct query {
	struct store *s;
	const struct store_filter *f;
	const struct store_page *p;
	const struct store_sink *to;
	struct arena *a; /* emptied after each row */
	struct buf line;
	uint32_t number; /* cursor_query */
	uint64_t given;
	int (*give)(struct query *q, const struct cursor *c, int64_t conversation, struct err *e);
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
			       f->with,
			       f->conversation,
			       f->consent,
			       { times, sizeof(times) },
			       str_c(p->reverse ? "old" : "new"),
			       str_c(f->events ? "all" : "messages") };

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

/* One line of the answer.  Return 1 when the page is full, 0 or -1. */
static int answer(struct query *q, struct err *e)
{
	if (q->to->line(q->to->arg, buf_get(&q->line), e) < 0)
		return -1;
	return ++q->given == q->p->limit;
}

/* Give the record at ${c}, if it passes. */
static int give_record(struct query *q, const struct cursor *c, int64_t conversation, struct err *e)
{
	struct db_stmt *row = db_stmt(q->s->db, "SELECT line, state, stored FROM records WHERE seq = ?1");
	int rc;

	db_bind_i64(row, 1, c->seq);
	rc = db_step(row, e);
	if (rc > 0 && (!q->f->to.p || sent_to(db_text(row, 0), q->f->to, q->a))) {
		buf_reset(&q->line);
		image_message(&q->line, db_text(row, 0), db_text(row, 1),
			      about(q, c, db_i64(row, 2)), q->a);
		rc = answer(q, e);
	} else if (rc > 0) {
		rc = 0;
	}
	db_reset(row);
	(void)conversation;
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

		rc = q->give(q, &c, db_i64(keys, 2), e);
		arena_reset(q->a);
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
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = give_record };
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

int store_search(struct store *s, struct str text, bool expert, const struct store_filter *f,
		 const struct store_page *p, const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = give_record };
	struct arena *a = arena_new();
	struct str words = expert ? text : store_words(a, text);
	struct db_stmt *keys;
	struct cursor c;
	int rc = -1;

	if (!words.n) {
		err_set(e, FAULT_USAGE, "usage", "there is no word to search for");
	} else if (begin(&q, arena_cstr(a, words), &c, e) == 0) {
		keys = p->reverse ?
			       db_stmt(s->db, FOUND " AND words.rowid > ?11 ORDER BY words.rowid") :
			       db_stmt(s->db, FOUND " AND words.rowid < ?11 ORDER BY words.rowid DESC");
		bind(keys, &q, &c);
		db_bind_i64(keys, 1, f->since); /* the cursor goes by number alone */
		db_bind_i64(keys, 2, f->until);
		db_bind_text(keys, 12, words);
		rc = walk(&q, keys, e);
		if (rc < 0 && expert && strcmp(e->code, "db-io") == 0)
			e->fault = FAULT_USAGE;
	}
	arena_free(a);
	return end(&q, rc);
}

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

/* The conversation ${seq} as a line; ${c} may be NULL.  Return 1, 0 or -1 as answer() does. */
static int give_conversation(struct query *q, const struct cursor *c, int64_t seq, struct err *e)
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
		json_add_str(&q->line, "cursor", cursor_write(q->a, q->number, c));
	json_close(&q->line, '}');
	json_close(&q->line, '}');
	return answer(q, e);
}

int store_conversations(struct store *s, const struct store_filter *f, const struct store_page *p,
			const struct store_sink *to, struct err *e)
{
	struct query q = { .s = s, .f = f, .p = p, .to = to, .give = give_conversation };
	struct db *d = s->db;
	struct db_stmt *keys;
	struct cursor c;

	if (begin(&q, "conversations", &c, e) < 0)
		return end(&q, -1);
	if (f->with.p) {
		keys = p->reverse ? db_stmt(d, BY_PERSON LAST OLDEST) :
				    db_stmt(d, BY_PERSON LAST NEWEST);
		db_bind_text(keys, 12, f->with);
	} else {
		keys = p->reverse ? db_stmt(d, BY_TIME LAST OLDEST) : db_stmt(d, BY_TIME LAST NEWEST);
	}
	bind(keys, &q, &c);
	return end(&q, walk(&q, keys, e));
}

int store_conversation(struct store *s, const struct store_filter *f, const struct store_page *p,
		       const struct store_sink *to, struct err *e)
{
	struct store_page all = { .limit = 0 };
	struct query q = { .s = s, .f = f, .p = &all, .to = to, .give = give_record };
	struct db_stmt *keys;
	struct cursor c;
	int64_t seq;
	int rc;

	q.p = p;
	if (begin(&q, "conversation", &c, e) < 0)
		return end(&q, -1);
	rc = lookup(s, "SELECT seq FROM conversations WHERE id = ?1", f->conversation, &seq, e);
	q.p = &all; /* the conversation itself is no line of the page */
	if (rc > 0)
		rc = give_conversation(&q, NULL, seq, e) < 0 ? -1 : 1;
	if (rc <= 0)
		return end(&q, rc);
	q.p = p;
	q.given = 0;
	if (f->events)
		keys = p->reverse ? db_stmt(s->db, BY_ALL OLDEST) : db_stmt(s->db, BY_ALL NEWEST);
	else
		keys = p->reverse ? db_stmt(s->db, BY_TALK OLDEST) : db_stmt(s->db, BY_TALK NEWEST);
	db_bind_i64(keys, 12, seq);
	bind(keys, &q, &c);
	return end(&q, walk(&q, keys, e) < 0 ? -1 : 1);
}

static bool consents(const struct json *image, struct str word)
{
	struct json_iter it = json_iter(json_get(image, "consent"));

	while (json_next(&it))
		if (str_eq(json_get_str(it.value, "state"), word))
			return true;
	return false;
}

static int give_contact(struct query *q, const struct cursor *c, struct str image, struct err *e)
{
	struct rec parent = { .arena = q->a }, r;
	struct err why;
	struct str store, cursor = cursor_write(q->a, q->number, c);

	if (q->f->consent.p && !consents(json_parse(image, q->a, &why), q->f->consent))
		return 0;
	store = arena_fmt(q->a, "{\"seq\":%lld,\"cursor\":\"%.*s\"}", (long long)c->seq, STR_FMT(cursor));
	rec_made(&r, &parent, image);
	rec_add(&r, "kind", STR("\"contact\""));
	rec_add(&r, "store", store);
	buf_reset(&q->line);
	rec_write(&q->line, &r);
	return answer(q, e);
}

/* Give the contacts that ${keys}, a statement for seq and image, finds. */
static int walk_contacts(struct query *q, struct db_stmt *keys, struct err *e)
{
	int rc;

	while ((rc = db_step(keys, e)) > 0) {
		struct cursor c = { .seq = db_i64(keys, 0) };

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
	struct cursor c;

	if (begin(&q, "contacts", &c, e) < 0)
		return end(&q, -1);
	keys = p->reverse ?
		       db_stmt(s->db, "SELECT seq, image FROM contacts WHERE seq > ?1 ORDER BY seq") :
		       db_stmt(s->db, "SELECT seq, image FROM contacts WHERE seq < ?1 ORDER BY seq DESC");
	db_bind_i64(keys, 1, c.seq);
	return end(&q, walk_contacts(&q, keys, e));
}

int store_contact(struct store *s, struct str address, const struct store_sink *to, struct err *e)
{
	struct store_filter f = { .with = address, .since = INT64_MIN, .until = INT64_MAX };
	struct store_page p = { .limit = 0 };
	struct query q = { .s = s, .f = &f, .p = &p, .to = to, .give = give_conversation };
	struct db_stmt *keys;
	struct cursor c;
	int rc;

	if (begin(&q, "contact", &c, e) < 0)
		return end(&q, -1);
	keys = db_stmt(s->db, "SELECT seq, image FROM contacts WHERE address = ?1");
	db_bind_text(keys, 1, address);
	rc = walk_contacts(&q, keys, e);
	if (rc < 0 || q.given == 0)
		return end(&q, rc);
	keys = db_stmt(s->db, BY_PERSON LAST NEWEST);
	db_bind_text(keys, 12, address);
	bind(keys, &q, &c);
	return end(&q, walk(&q, keys, e) < 0 ? -1 : 1);
}
