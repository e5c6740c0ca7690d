/* SPDX-License-Identifier: MIT */
#include "store_private.h"

#include "json_scan.h"

/* Give ${in} its number.  Return 1, or 0 with that of the record that has its id already, or -1. */
static int take_id(struct store *s, struct incoming *in, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT OR IGNORE INTO ids VALUES (?1, ?2)");
	struct db_stmt *known = db_stmt(s->db, "SELECT seq FROM ids WHERE id = ?1");
	int rc;

	in->seq = s->next;
	db_bind_blob(q, 1, in->id.b, sizeof(in->id.b));
	db_bind_i64(q, 2, in->seq);
	if (db_run(q, e) < 0)
		return -1;
	if (db_changes(s->db) > 0) {
		s->next++;
		return 1;
	}
	db_bind_blob(known, 1, in->id.b, sizeof(in->id.b));
	rc = db_step(known, e);
	if (rc > 0)
		in->seq = db_i64(known, 0);
	db_reset(known);
	return rc < 0 ? -1 : 0;
}

/*
 * The line as it is kept: the lease is of the queue and over when it is settled, `store` is what we
 * say ourselves, and a secret is not kept twice.
 */
static struct str kept(const struct incoming *in)
{
	static const char *const dropped[] = { "lease", "store" };
	const struct rec *r = in->r;
	struct str line = r->line;

	for (size_t i = 0; i < LEN(dropped); i++) {
		struct buf b = { .max = SIZE_MAX };

		if (!rec_get(r, dropped[i]))
			continue;
		json_cut(&b, line, str_c(dropped[i]));
		line = arena_str(r->arena, buf_get(&b));
		buf_free(&b);
	}
	return in->device ? device_kept(r, line) : line;
}

static int insert_record(struct store *s, const struct incoming *in, int64_t message, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "INSERT INTO records (seq, kind, stored, at, conversation, message,"
			       " direction, carrier, account, channel, type, sender, text, line)"
			       " VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), nullif(?6, 0),"
			       " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");

	db_bind_i64(q, 1, in->seq);
	db_bind_i64(q, 2, in->kind);
	db_bind_i64(q, 3, s->now);
	db_bind_i64(q, 4, in->at);
	db_bind_i64(q, 5, in->conversation);
	db_bind_i64(q, 6, message);
	db_bind_text(q, 7, rec_str(in->r, "direction"));
	db_bind_text(q, 8, in->carrier);
	db_bind_text(q, 9, in->account);
	db_bind_text(q, 10, rec_str(in->r, "channel"));
	db_bind_text(q, 11, rec_str(in->r, "type"));
	db_bind_text(q, 12, json_get_str(rec_get(in->r, "from"), "address"));
	db_bind_text(q, 13, in->words);
	db_bind_text(q, 14, kept(in));
	return db_run(q, e);
}

/* Which message ${in} is about.  Return 1, 0 if it is not there (yet), or -1. */
static int find_target(struct store *s, const struct key *keys, size_t n, int64_t *message,
		       int64_t *part, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ref_find(s, &keys[i], message, part, e);
	return rc;
}

static int put_new(struct store *s, struct incoming *in, struct err *e)
{
	bool talk = in->kind == KIND_MESSAGE || in->kind == KIND_EVENT;
	int64_t message = 0, part = 0;
	struct key keys[2];
	size_t n = ref_keys(in, keys);
	int about = find_target(s, keys, n, &message, &part, e);

	if (about < 0 || (talk && people_conversation(s, in, e) < 0))
		return -1;
	if (in->kind == KIND_MESSAGE)
		in->words = message_words(in->r);
	if (insert_record(s, in, message, e) < 0 || (talk && people_note(s, in, e) < 0))
		return -1;
	if (in->kind == KIND_MESSAGE && message_new(s, in, e) < 0)
		return -1;
	if (in->kind == KIND_EVENT && people_event(s, in, e) < 0)
		return -1;
	if (in->device && device_event(s, in, e) < 0)
		return -1;
	return about ? effect_apply(s, in, message, part, e) : ref_park(s, in, keys, n, e);
}

int store_put(struct store *s, const struct rec *r, struct store_done *done, struct err *e)
{
	struct incoming in;
	int new;

	if (incoming_read(&in, r, e) < 0)
		return -1;
	if (store_begin(s, e) < 0)
		goto fail;
	new = take_id(s, &in, e);
	if (new < 0 || (new &&put_new(s, &in, e) < 0))
		goto fail;
	*done = (struct store_done){ in.seq, new };
	return 0;
fail:
	db_rollback(s->db);
	s->writing = false;
	s->written = 0;
	return -1;
}
