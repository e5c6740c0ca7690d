/* SPDX-License-Identifier: MIT */
#include "store_remove.h"

#include "id.h"

int remove_log(struct removal *rm, enum store_item item, int64_t ref, struct str key, struct err *e)
{
	struct db_stmt *q = db_stmt(rm->s->db, "DELETE FROM changes WHERE ref = ?1");

	db_bind_i64(q, 1, ref);
	if (db_run(q, e) < 0)
		return -1;
	rm->count->changes += db_changes(rm->s->db);
	return change_log(rm->s,
			  &(struct change){ .op = OP_REMOVE, .item = item, .ref = ref, .old = key }, e);
}

/* Run ${sql}, which has one parameter, with ${seq}. */
static int run_for(struct store *s, const char *sql, int64_t seq, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, sql);

	db_bind_i64(q, 1, seq);
	return db_run(q, e);
}

/* A record about a message goes with it; a reaction is a message of its own. */
static int remove_about(struct removal *rm, int64_t seq, struct err *e)
{
	struct db_stmt *q =
		db_stmt(rm->s->db, "SELECT seq FROM records WHERE message = ?1 AND kind <> 1 LIMIT 1");
	int rc;

	for (;;) {
		int64_t about = 0;

		db_bind_i64(q, 1, seq);
		rc = db_step(q, e);
		if (rc > 0)
			about = db_i64(q, 0);
		db_reset(q);
		if (rc <= 0)
			break;
		if (remove_record(rm, about, e) < 0)
			return -1;
	}
	return rc < 0 ? -1 :
			run_for(rm->s, "UPDATE records SET message = NULL WHERE message = ?1", seq, e);
}

static struct str key_of(struct arena *a, struct str id)
{
	struct buf b = { .max = SIZE_MAX };
	struct str key;

	json_open(&b, '{');
	json_add_str(&b, "id", id);
	json_close(&b, '}');
	key = arena_str(a, buf_get(&b));
	buf_free(&b);
	return key;
}

/* What of ${seq}, a message, is not in its row. */
static int remove_message(struct removal *rm, int64_t seq, struct str id, struct str text, struct err *e)
{
	if (words_remove(rm->s, seq, text, e) < 0 ||
	    run_for(rm->s, "DELETE FROM refs WHERE message = ?1", seq, e) < 0)
		return -1;
	rm->count->messages++;
	return remove_about(rm, seq, e) < 0 ? -1 :
					      remove_log(rm, ITEM_MESSAGE, seq, key_of(rm->a, id), e);
}

static int remove_row(struct removal *rm, int64_t seq, struct str id, struct err *e)
{
	struct db_stmt *q = db_stmt(rm->s->db, "DELETE FROM ids WHERE id = ?1 AND seq = ?2");
	struct key key;

	if (id_bytes(id, key.b) == 0) {
		db_bind_blob(q, 1, key.b, sizeof(key.b));
		db_bind_i64(q, 2, seq);
		if (db_run(q, e) < 0)
			return -1;
	}
	return run_for(rm->s, "DELETE FROM parked WHERE record = ?1", seq, e) < 0 ||
			       run_for(rm->s, "DELETE FROM records WHERE seq = ?1", seq, e) < 0 ?
		       -1 :
		       0;
}

int remove_record(struct removal *rm, int64_t seq, struct err *e)
{
	struct db_stmt *q = db_stmt(rm->s->db, "SELECT kind, text, line FROM records WHERE seq = ?1");
	struct str text = STR_NONE, line = STR_NONE, id;
	int64_t kind = 0;
	struct err why;
	int rc;

	db_bind_i64(q, 1, seq);
	rc = db_step(q, e);
	if (rc > 0) {
		kind = db_i64(q, 0);
		text = db_is_null(q, 1) ? STR_NONE : arena_str(rm->a, db_text(q, 1));
		line = arena_str(rm->a, db_text(q, 2));
	}
	db_reset(q);
	if (rc <= 0)
		return rc;
	id = json_get_str(json_parse(line, rm->a, &why), "id");
	if (kind == KIND_MESSAGE && remove_message(rm, seq, id, text, e) < 0)
		return -1;
	if (kind != KIND_MESSAGE)
		rm->count->records++;
	return remove_row(rm, seq, id, e);
}

static int remove_conversation(struct removal *rm, int64_t seq, struct str id, struct err *e)
{
	if (run_for(rm->s, "DELETE FROM participants WHERE conversation = ?1", seq, e) < 0 ||
	    run_for(rm->s, "DELETE FROM conversations WHERE seq = ?1", seq, e) < 0)
		return -1;
	rm->count->conversations++;
	return remove_log(rm, ITEM_CONVERSATION, seq, key_of(rm->a, id), e);
}

int remove_empty(struct removal *rm, struct err *e)
{
	struct db_stmt *q =
		db_stmt(rm->s->db,
			"SELECT seq, id FROM conversations c WHERE seq > ?1 AND NOT EXISTS"
			" (SELECT 1 FROM records r WHERE r.conversation = c.seq) ORDER BY seq LIMIT 1");
	int64_t seq = 0;
	int rc;

	for (;;) {
		struct str id = STR_NONE;

		db_bind_i64(q, 1, seq);
		rc = db_step(q, e);
		if (rc > 0) {
			seq = db_i64(q, 0);
			id = arena_str(rm->a, db_text(q, 1));
		}
		db_reset(q);
		if (rc <= 0)
			return rc;
		if (remove_conversation(rm, seq, id, e) < 0)
			return -1;
		arena_reset(rm->a);
	}
}
