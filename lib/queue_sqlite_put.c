/* SPDX-License-Identifier: MIT */
#include "queue_sqlite_private.h"

/* Remember the id ${key}.  Return 1, 0 if it is known already, -1. */
static int id_claim(struct sqlite_queue *s, const unsigned char key[KEY_BYTES], int64_t now_ms,
		    struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "INSERT INTO id(id, keep_ms) VALUES(?1, ?2) ON CONFLICT(id)"
					    " DO UPDATE SET keep_ms = ?2, until_ms = NULL"
					    " WHERE until_ms <= ?3");

	db_bind_blob(st, 1, key, KEY_BYTES);
	db_bind_i64(st, 2, s->q.place.dedupe_ms);
	db_bind_i64(st, 3, now_ms);
	if (db_run(st, e) < 0)
		return -1;
	return db_changes(s->db) > 0;
}

/* As many ids are forgotten as are remembered, and more: the table does not grow for ever. */
static int ids_forget(struct sqlite_queue *s, size_t n, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "DELETE FROM id WHERE id IN (SELECT id FROM id"
					    " WHERE until_ms <= ?1 ORDER BY until_ms LIMIT ?2)");

	db_bind_i64(st, 1, now_ms);
	db_bind_i64(st, 2, 2 * (int64_t)n);
	return db_run(st, e);
}

/* Return 1 if there is a record in the lane, 0 if none, -1. */
static int lane_busy(struct sqlite_queue *s, const unsigned char lane[KEY_BYTES], struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT 1 FROM plan WHERE lane = ?1 LIMIT 1");
	int rc;

	db_bind_blob(st, 1, lane, KEY_BYTES);
	rc = db_step(st, e);
	db_reset(st);
	return rc;
}

static int plan_insert(struct sqlite_queue *s, const struct queue_item *item, int64_t now_ms,
		       struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "INSERT INTO plan(seq, state, priority, at_ms, attempts, lane)"
					    " VALUES(?1, ?2, ?3, ?4, 0, ?5)");
	enum plan_state state = item->at_ms > now_ms ? PLAN_DELAYED : PLAN_READY;
	unsigned char lane[KEY_BYTES];

	if (item->lane.p) {
		int busy;

		queue_key(item->lane, lane);
		busy = lane_busy(s, lane, e);
		if (busy < 0)
			return -1;
		if (busy)
			state = PLAN_HELD;
	}
	db_bind_i64(st, 1, s->meta.tail);
	db_bind_i64(st, 2, state);
	db_bind_i64(st, 3, item->priority);
	db_bind_i64(st, 4, item->at_ms);
	db_bind_blob(st, 5, item->lane.p ? lane : NULL, KEY_BYTES);
	return db_run(st, e);
}

static int put_one(struct sqlite_queue *s, struct queue_item *item, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "INSERT INTO record(seq, born_ms, planned, id, line)"
					    " VALUES(?1, ?2, ?3, ?4, ?5)");
	bool planned = item->lane.p || item->at_ms > now_ms || item->priority != QUEUE_PRIORITY;
	unsigned char key[KEY_BYTES];

	item->result = QUEUE_OK;
	if (item->id.p) {
		int fresh;

		queue_key(item->id, key);
		fresh = id_claim(s, key, now_ms, e);
		if (fresh <= 0) {
			item->result = QUEUE_DUP;
			return fresh;
		}
	}
	s->meta.tail++;
	db_bind_i64(st, 1, s->meta.tail);
	db_bind_i64(st, 2, now_ms);
	db_bind_i64(st, 3, planned);
	db_bind_blob(st, 4, item->id.p ? key : NULL, KEY_BYTES);
	db_bind_blob(st, 5, item->line.p, item->line.n);
	if (db_run(st, e) < 0)
		return -1;
	if (!planned)
		s->meta.plain = s->meta.tail;
	s->meta.records++;
	s->meta.bytes += (int64_t)item->line.n;
	s->meta.puts++;
	return planned ? plan_insert(s, item, now_ms, e) : 0;
}

static bool fits(const struct sqlite_queue *s, const struct queue_item *item)
{
	const struct queue_place *p = &s->q.place;

	return (p->max_records == 0 || (uint64_t)s->meta.records < p->max_records) &&
	       (p->max_bytes == 0 || (uint64_t)s->meta.bytes + item->line.n <= p->max_bytes);
}

int sqlite_put(struct queue *q, struct queue_item *items, size_t n, int64_t now_ms, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	size_t i = 0, ids = 0;

	if (sqlite_begin(s, false, e) < 0)
		return -1;
	for (; i < n && fits(s, &items[i]); i++) {
		ids += items[i].id.p != NULL;
		if (put_one(s, &items[i], now_ms, e) < 0)
			return sqlite_fail(s);
	}
	for (; i < n; i++) /* all that follow, small ones too: or they would overtake */
		items[i].result = QUEUE_FULL;
	if (ids > 0 && ids_forget(s, ids, now_ms, e) < 0)
		return sqlite_fail(s);
	return sqlite_end(s, true, e);
}
