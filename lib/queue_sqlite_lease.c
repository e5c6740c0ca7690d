/* SPDX-License-Identifier: MIT */
/* Leases: one row for all records of a take.  Their tokens, their end. */
#include "queue_sqlite_private.h"

enum {
	EXPIRE_MAX = 4096,    /* records whose leases one take lets run out: it holds the lock */
	CLOCK_STEP_MS = 1000, /* a clock that went back by more was set */
};

struct str token_text(struct arena *a, const struct token *t)
{
	return arena_fmt(a, "%lld.%lld.%016llx", (long long)t->seq, (long long)t->lease,
			 (unsigned long long)t->secret);
}

static int whole(struct str s, int64_t *out)
{
	uint64_t v;

	if (str_u64(s, &v) < 0 || v > INT64_MAX)
		return -1;
	*out = (int64_t)v;
	return 0;
}

int token_read(struct str s, struct token *t)
{
	size_t dot = str_find(s, '.');
	struct str rest = str_sub(s, dot + 1, s.n), secret;

	secret = str_sub(rest, str_find(rest, '.') + 1, rest.n);
	if (whole(str_sub(s, 0, dot), &t->seq) < 0 ||
	    whole(str_sub(rest, 0, str_find(rest, '.')), &t->lease) < 0 || secret.n != 16)
		return -1;
	t->secret = 0;
	for (size_t i = 0; i < secret.n; i++) {
		char c = secret.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return -1;
		t->secret = t->secret << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return 0;
}

int lease_less(struct sqlite_queue *s, int64_t lease, int64_t n, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "DELETE FROM lease WHERE id = ?1 AND left <= ?2");

	db_bind_i64(st, 1, lease);
	db_bind_i64(st, 2, n);
	if (db_run(st, e) < 0)
		return -1;
	if (db_changes(s->db) > 0)
		return 0;
	st = db_stmt(s->db, "UPDATE lease SET left = left - ?2 WHERE id = ?1");
	db_bind_i64(st, 1, lease);
	db_bind_i64(st, 2, n);
	return db_run(st, e);
}

/*
 * The next record under the lease behind ${after}: of those with a plan (${planned}) or of the range
 * of those without one.  Return 1, 0, -1.
 */
static int next_out(struct sqlite_queue *s, const int64_t range[2], int64_t lease, bool planned,
		    int64_t *after, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (planned) {
		st = db_stmt(s->db, "SELECT seq FROM plan WHERE lease = ?1 AND state = 2 AND seq > ?2"
				    " ORDER BY seq LIMIT 1");
		db_bind_i64(st, 1, lease);
		db_bind_i64(st, 2, *after);
	} else {
		st = db_stmt(s->db, "SELECT seq FROM record WHERE seq > ?1 AND seq <= ?2"
				    " AND NOT EXISTS (SELECT 1 FROM plan WHERE plan.seq = record.seq)"
				    " ORDER BY seq LIMIT 1");
		db_bind_i64(st, 1, *after >= range[0] ? *after : range[0] - 1);
		db_bind_i64(st, 2, range[1]);
	}
	rc = db_step(st, e);
	if (rc > 0)
		*after = db_i64(st, 0);
	db_reset(st);
	return rc;
}

/* All records that are still out under ${lease} wait again. */
static int expire(struct sqlite_queue *s, const int64_t range[2], int64_t lease, uint64_t secret,
		  int64_t now_ms, struct err *e)
{
	static const struct reason why = { .stage = { "queue", 5 }, .code = { "expired", 7 } };
	struct db_stmt *st;
	int rc;

	for (int planned = 1; planned >= 0; planned--) {
		int64_t seq = 0;

		while ((rc = next_out(s, range, lease, planned, &seq, e)) > 0) {
			struct subject sub;

			if (plan_read(s, seq, &sub, e) < 0)
				return -1;
			if (!sub.planned)
				sub.attempts = 1;
			sub.history = history_add(s, &sub, &why, now_ms);
			if (plan_wait(s, &sub, 0, secret, e) < 0)
				return -1;
			s->meta.expiries++;
			arena_reset(s->work);
		}
		if (rc < 0)
			return -1;
	}
	st = db_stmt(s->db, "DELETE FROM lease WHERE id = ?1");
	db_bind_i64(st, 1, lease);
	return db_run(st, e);
}

/*
 * A clock that was set back has leases of the future: they would last for as long as it was set back.
 * They are taken to have begun now.
 */
static int clock_went_back(struct sqlite_queue *s, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "UPDATE lease SET until_ms = ?1 + (until_ms - since_ms),"
					    " since_ms = ?1 WHERE since_ms > ?1");

	db_bind_i64(st, 1, now_ms);
	return db_run(st, e);
}

int leases_expire(struct sqlite_queue *s, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT id, secret, first, last FROM lease"
					    " WHERE until_ms <= ?1 ORDER BY until_ms LIMIT 1");
	int64_t before = s->meta.expiries;
	int rc;

	if (now_ms < s->meta.seen_ms - CLOCK_STEP_MS && clock_went_back(s, now_ms, e) < 0)
		return -1;
	s->meta.seen_ms = now_ms;
	while (s->meta.expiries - before < EXPIRE_MAX) {
		int64_t id = 0, range[2] = { 0, 0 };
		uint64_t secret = 0;

		db_bind_i64(st, 1, now_ms);
		rc = db_step(st, e);
		if (rc > 0) {
			id = db_i64(st, 0);
			secret = (uint64_t)db_i64(st, 1);
			range[0] = db_i64(st, 2);
			range[1] = db_i64(st, 3);
		}
		db_reset(st);
		if (rc <= 0)
			return rc;
		if (expire(s, range, id, secret, now_ms, e) < 0)
			return -1;
	}
	return 1;
}
