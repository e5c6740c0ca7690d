/* SPDX-License-Identifier: MIT */
/* What becomes of one record: it waits, it is done, it is buried; its lane goes on. */
#include "queue_sqlite_private.h"

#include "clock.h"
#include "crypto.h"
#include "id.h"
#include "json.h"

enum {
	HISTORY_ENTRIES = 20, /* kept of a record that was tried more often */
	DETAIL_MAX = 500,     /* bytes of a reason in the history */
};

/*
 * A UUID stands for itself: those of version 7 come in the order of time, so that they go to the end of
 * the index, and do not touch a page each.  All else is hashed, and marked as version 8, which
 * no one else's id has.
 */
void queue_key(struct str s, unsigned char out[KEY_BYTES])
{
	unsigned char digest[HASH_MAX];
	size_t n = 0;

	if (id_valid(s) && s.p[14] != '8') {
		for (size_t i = 0; i < s.n; i++) {
			char c = s.p[i];
			unsigned v = (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);

			if (c == '-')
				continue;
			out[n / 2] = (unsigned char)(n % 2 ? out[n / 2] | v : v << 4);
			n++;
		}
		return;
	}
	hash_of(HASH_SHA256, &s, 1, digest);
	memcpy(out, digest, KEY_BYTES);
	out[6] = (unsigned char)(0x80 | (out[6] & 0x0f));
}

int plan_read(struct sqlite_queue *s, int64_t seq, struct subject *out, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT state, lease, secret, attempts, priority, lane, history"
					    " FROM plan WHERE seq = ?1");
	int rc;

	*out = (struct subject){ .seq = seq, .priority = QUEUE_PRIORITY };
	db_bind_i64(st, 1, seq);
	rc = db_step(st, e);
	if (rc > 0) {
		struct str lane = db_blob(st, 5);

		out->planned = true;
		out->state = (enum plan_state)db_i64(st, 0);
		out->lease = db_i64(st, 1);
		out->secret = (uint64_t)db_i64(st, 2);
		out->attempts = (uint32_t)db_i64(st, 3);
		out->priority = db_i64(st, 4);
		out->laned = lane.n == KEY_BYTES;
		if (out->laned)
			memcpy(out->lane, lane.p, KEY_BYTES);
		if (!db_is_null(st, 6))
			out->history = arena_str(s->work, db_text(st, 6));
	}
	db_reset(st);
	return rc;
}

int plan_wait(struct sqlite_queue *s, const struct subject *sub, int64_t at_ms, uint64_t secret,
	      struct err *e)
{
	struct db_stmt *st =
		db_stmt(s->db, "INSERT INTO plan(seq, state, priority, at_ms, secret, attempts,"
			       " history) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
			       " ON CONFLICT(seq) DO UPDATE SET state = ?2, at_ms = ?4,"
			       " lease = NULL, secret = ?5, attempts = ?6, history = ?7");

	db_bind_i64(st, 1, sub->seq);
	db_bind_i64(st, 2, at_ms > 0 ? PLAN_DELAYED : PLAN_READY);
	db_bind_i64(st, 3, sub->priority);
	db_bind_i64(st, 4, at_ms);
	db_bind_i64(st, 5, (int64_t)secret);
	db_bind_i64(st, 6, sub->attempts);
	db_bind_text(st, 7, sub->history);
	return db_run(st, e);
}

/* The entries of ${history} that stay beside a new one. */
static void history_copy(struct buf *b, struct str history, struct arena *a)
{
	struct err e;
	const struct json *list = json_parse(history, a, &e);
	size_t skip = json_len(list) >= HISTORY_ENTRIES ? json_len(list) - HISTORY_ENTRIES + 1 : 0;

	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (it.i >= skip)
			json_put_value(b, it.value);
}

struct str history_add(struct sqlite_queue *s, const struct subject *sub, const struct reason *why,
		       int64_t now_ms)
{
	struct buf *b = &s->history;
	char at[CLOCK_TEXT + 1];

	clock_format(at, now_ms);
	buf_reset(b);
	json_open(b, '[');
	if (sub->history.p)
		history_copy(b, sub->history, s->work);
	json_open(b, '{');
	json_add_str(b, "at", (struct str){ at, CLOCK_TEXT });
	json_add_i64(b, "attempt", sub->attempts);
	json_opt_str(b, "stage", why->stage);
	json_add_str(b, "code", why->code);
	if (why->detail.p)
		json_add_str(b, "detail", str_utf8_cut(why->detail, DETAIL_MAX));
	json_close(b, '}');
	json_close(b, ']');
	return arena_str(s->work, buf_get(b));
}

/* A lane may be put to or was left: its first record is ready, if none is out. */
static int release_lane(struct sqlite_queue *s, const unsigned char lane[KEY_BYTES], int64_t now_ms,
			struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT seq, state, at_ms FROM plan WHERE lane = ?1"
					    " ORDER BY seq LIMIT 1");
	int64_t seq = 0, at = 0;
	bool held = false;
	int rc;

	db_bind_blob(st, 1, lane, KEY_BYTES);
	rc = db_step(st, e);
	if (rc > 0) {
		seq = db_i64(st, 0);
		held = db_i64(st, 1) == PLAN_HELD;
		at = db_i64(st, 2);
	}
	db_reset(st);
	if (rc <= 0 || !held)
		return rc < 0 ? -1 : 0;
	st = db_stmt(s->db, "UPDATE plan SET state = ?2 WHERE seq = ?1");
	db_bind_i64(st, 1, seq);
	db_bind_i64(st, 2, at > now_ms ? PLAN_DELAYED : PLAN_READY);
	return db_run(st, e);
}

/* Delete the record and its plan; its lane goes on. */
static int leave(struct sqlite_queue *s, const struct subject *sub, int64_t bytes, int64_t now_ms,
		 struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "DELETE FROM record WHERE seq = ?1");

	db_bind_i64(st, 1, sub->seq);
	if (db_run(st, e) < 0)
		return -1;
	s->meta.records--;
	s->meta.bytes -= bytes;
	if (!sub->planned)
		return 0;
	st = db_stmt(s->db, "DELETE FROM plan WHERE seq = ?1");
	db_bind_i64(st, 1, sub->seq);
	if (db_run(st, e) < 0)
		return -1;
	return sub->laned ? release_lane(s, sub->lane, now_ms, e) : 0;
}

int record_done(struct sqlite_queue *s, const struct subject *sub, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT length(line), id FROM record WHERE seq = ?1");
	unsigned char key[KEY_BYTES];
	bool known = false;
	int64_t bytes = 0;
	int rc;

	db_bind_i64(st, 1, sub->seq);
	rc = db_step(st, e);
	if (rc > 0) {
		bytes = db_i64(st, 0);
		known = db_blob(st, 1).n == KEY_BYTES;
		if (known)
			memcpy(key, db_blob(st, 1).p, KEY_BYTES);
	}
	db_reset(st);
	if (rc <= 0)
		return rc;
	if (known) {
		st = db_stmt(s->db, "UPDATE id SET until_ms = ?2 + keep_ms WHERE id = ?1");
		db_bind_blob(st, 1, key, KEY_BYTES);
		db_bind_i64(st, 2, now_ms);
		if (db_run(st, e) < 0)
			return -1;
	}
	s->meta.dones++;
	return leave(s, sub, bytes, now_ms, e);
}

/* The id of the record as its line has it, for people to find it by. */
static struct str id_of(struct sqlite_queue *s, struct str line)
{
	struct err e;
	struct str id = json_get_str(json_parse(line, s->work, &e), "id");

	return id.p ? id : STR("");
}

int record_bury(struct sqlite_queue *s, const struct subject *sub, const struct reason *why,
		int64_t now_ms, struct err *e)
{
	struct db_stmt *from = db_stmt(s->db, "SELECT born_ms, id, line FROM record WHERE seq = ?1");
	struct db_stmt *to = db_stmt(s->db,
				     "INSERT INTO dead(seq, dead_ms, born_ms, attempts, code, stage,"
				     " detail, record, id, priority, lane, history, reject, line)"
				     " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)");
	int64_t bytes = 0;
	int rc;

	db_bind_i64(from, 1, sub->seq);
	rc = db_step(from, e);
	if (rc == 0)
		rc = err_set(e, FAULT_IO, "db-damaged", "%s: the file is damaged (record %lld is missing)",
			     db_path(s->db), (long long)sub->seq);
	if (rc < 0)
		goto out;
	bytes = (int64_t)db_blob(from, 2).n;
	db_bind_i64(to, 1, sub->seq);
	db_bind_i64(to, 2, now_ms);
	db_bind_i64(to, 3, db_i64(from, 0));
	db_bind_i64(to, 4, sub->attempts);
	db_bind_text(to, 5, why->code);
	db_bind_text(to, 6, why->stage);
	db_bind_text(to, 7, why->detail);
	db_bind_text(to, 8, id_of(s, db_blob(from, 2)));
	db_bind_blob(to, 9, db_blob(from, 1).p, db_blob(from, 1).n);
	db_bind_i64(to, 10, sub->priority);
	db_bind_blob(to, 11, sub->laned ? sub->lane : NULL, KEY_BYTES);
	db_bind_text(to, 12, history_add(s, sub, why, now_ms));
	db_bind_blob(to, 13, why->reject.p, why->reject.n);
	db_bind_blob(to, 14, db_blob(from, 2).p, db_blob(from, 2).n);
	rc = db_run(to, e);
out:
	db_reset(from);
	if (rc < 0)
		return -1;
	s->meta.deaths++;
	return leave(s, sub, bytes, now_ms, e);
}
