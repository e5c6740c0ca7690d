/* SPDX-License-Identifier: MIT */
#include "queue_sqlite_private.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"

/* The row of a lease. */
struct lease_row {
	uint64_t secret;
	int64_t first, last, left;
};

/* Return 1, 0 if there is none, -1. */
static int lease_read(struct sqlite_queue *s, int64_t lease, struct lease_row *out, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT secret, first, last, left FROM lease WHERE id = ?1");
	int rc;

	db_bind_i64(st, 1, lease);
	rc = db_step(st, e);
	if (rc > 0)
		*out = (struct lease_row){ (uint64_t)db_i64(st, 0), db_i64(st, 1), db_i64(st, 2),
					   db_i64(st, 3) };
	db_reset(st);
	return rc;
}

static int record_exists(struct sqlite_queue *s, int64_t seq, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT 1 FROM record WHERE seq = ?1");
	int rc;

	db_bind_i64(st, 1, seq);
	rc = db_step(st, e);
	db_reset(st);
	return rc;
}

/*
 * Whether ${t} is the lease that holds its record; then ${sub} is what it holds.  A lease that ran out still
 * does, as long as nobody took the record since: what was done need not be done again.
 * Return 1, 0, -1.
 */
static int resolve(struct sqlite_queue *s, const struct token *t, struct subject *sub, struct err *e)
{
	struct lease_row row;
	int rc = plan_read(s, t->seq, sub, e);

	if (rc < 0)
		return -1;
	if (sub->planned && sub->state != PLAN_LEASED)
		return sub->secret == t->secret && t->secret != 0;
	if (!sub->planned) {
		sub->lease = t->lease;
		sub->attempts = 1;
	}
	rc = lease_read(s, sub->lease, &row, e);
	if (rc <= 0)
		return rc;
	if (row.secret != t->secret)
		return 0;
	if (sub->planned)
		return 1;
	if (t->seq < row.first || t->seq > row.last)
		return 0;
	sub->state = PLAN_LEASED;
	return record_exists(s, t->seq, e);
}

static int retry(struct sqlite_queue *s, struct subject *sub, const struct queue_verdict *v,
		 const struct reason *why, int64_t now_ms, struct err *e)
{
	sub->history = history_add(s, sub, why, now_ms);
	s->meta.retries++;
	return plan_wait(s, sub, v->at_ms > now_ms ? v->at_ms : 0, 0, e);
}

static int settle_one(struct sqlite_queue *s, const struct token *t, struct queue_verdict *v,
		      int64_t now_ms, struct err *e)
{
	struct reason why = { v->stage, v->code, v->detail, v->reject };
	struct subject sub;
	int rc = resolve(s, t, &sub, e);

	v->result = QUEUE_LOST;
	if (rc <= 0)
		return rc;
	v->result = QUEUE_OK;
	if (sub.state == PLAN_LEASED && lease_less(s, sub.lease, 1, e) < 0)
		return -1;
	switch (v->what) {
	case QUEUE_DONE:
		return record_done(s, &sub, now_ms, e);
	case QUEUE_RETRY:
		return retry(s, &sub, v, &why, now_ms, e);
	case QUEUE_DEAD:
		return record_bury(s, &sub, &why, now_ms, e);
	}
	return 0;
}

/*
 * Whether all from ${from} to ${to} are out under the lease ${row}, without plans and ids; then how many bytes
 * they are.  Return 1, 0, -1.
 */
static int plain_run(struct sqlite_queue *s, int64_t from, int64_t to, int64_t *bytes, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT count(*), count(id), sum(length(line)),"
					    " EXISTS (SELECT 1 FROM plan WHERE seq BETWEEN ?1 AND ?2)"
					    " FROM record WHERE seq BETWEEN ?1 AND ?2");
	int rc;

	db_bind_i64(st, 1, from);
	db_bind_i64(st, 2, to);
	rc = db_step(st, e);
	if (rc > 0) {
		*bytes = db_i64(st, 2);
		rc = db_i64(st, 0) == to - from + 1 && db_i64(st, 1) == 0 && db_i64(st, 3) == 0;
	}
	db_reset(st);
	return rc;
}

/* How many of ${v} in a row are done, of one lease and side by side. */
static size_t run_length(const struct token *t, const struct queue_verdict *v, size_t n)
{
	size_t i = 0;

	while (i < n && v[i].what == QUEUE_DONE && t[i].lease == t[0].lease &&
	       t[i].secret == t[0].secret && t[i].seq == t[0].seq + (int64_t)i)
		i++;
	return i;
}

/* Settle ${n} at once.  Return 1, 0 if they must be looked at one by one, -1. */
static int settle_run(struct sqlite_queue *s, const struct token *t, struct queue_verdict *v,
		      size_t n, struct err *e)
{
	int64_t from = t->seq, to = t->seq + (int64_t)n - 1, bytes = 0;
	struct lease_row row;
	struct db_stmt *st;
	int rc = lease_read(s, t->lease, &row, e);

	if (rc <= 0)
		return rc;
	if (row.secret != t->secret || from < row.first || to > row.last)
		return 0;
	rc = plain_run(s, from, to, &bytes, e);
	if (rc <= 0)
		return rc;
	st = db_stmt(s->db, "DELETE FROM record WHERE seq BETWEEN ?1 AND ?2");
	db_bind_i64(st, 1, from);
	db_bind_i64(st, 2, to);
	if (db_run(st, e) < 0 || lease_less(s, t->lease, (int64_t)n, e) < 0)
		return -1;
	s->meta.records -= (int64_t)n;
	s->meta.bytes -= bytes;
	s->meta.dones += (int64_t)n;
	for (size_t i = 0; i < n; i++)
		v[i].result = QUEUE_OK;
	return 1;
}

static int settle_all(struct sqlite_queue *s, const struct token *t, struct queue_verdict *v,
		      size_t n, int64_t now_ms, struct err *e)
{
	for (size_t i = 0; i < n;) {
		size_t run = run_length(t + i, v + i, n - i);
		int rc = run > 1 ? settle_run(s, t + i, v + i, run, e) : 0;

		if (rc < 0)
			return -1;
		if (rc > 0) {
			i += run;
			continue;
		}
		for (size_t end = i + (run > 1 ? run : 1); i < end; i++) {
			if (settle_one(s, &t[i], &v[i], now_ms, e) < 0)
				return -1;
			arena_reset(s->work);
		}
	}
	return 0;
}

/* The tokens of ${v}; what is none of ours belongs to no record. */
static struct token *tokens(const struct queue_verdict *v, size_t n)
{
	struct token *t = calloc(n ? n : 1, sizeof(*t));

	if (!t)
		diag_oom();
	for (size_t i = 0; i < n; i++)
		if (token_read(v[i].token, &t[i]) < 0)
			t[i] = (struct token){ 0, 0, 0 };
	return t;
}

int sqlite_settle(struct queue *q, struct queue_verdict *v, size_t n, int64_t now_ms, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	struct token *t;
	int rc = sqlite_begin(s, false, e);

	if (rc < 0)
		return -1;
	t = tokens(v, n);
	rc = settle_all(s, t, v, n, now_ms, e);
	arena_reset(s->work);
	free(t);
	return rc < 0 ? sqlite_fail(s) : sqlite_end(s, true, e);
}

/* All that this handle took and that is not too old. */
static int extend_mine(struct sqlite_queue *s, int64_t until_ms, int64_t now_ms, struct err *e)
{
	struct db_stmt *st =
		db_stmt(s->db, "UPDATE lease SET until_ms = ?2, since_ms = ?3 WHERE id = ?1");
	int64_t hold = s->q.place.hold_ms, now = clock_steady();

	for (size_t i = 0; i < s->n_mine; i++) {
		if (hold > 0 && now - s->mine[i].at_ms >= hold)
			continue;
		db_bind_i64(st, 1, s->mine[i].lease);
		db_bind_i64(st, 2, until_ms);
		db_bind_i64(st, 3, now_ms);
		if (db_run(st, e) < 0)
			return -1;
	}
	return 0;
}

/* Bring ${sub} under the lease ${lease}. */
static int lease_move(struct sqlite_queue *s, const struct subject *sub, int64_t lease, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "INSERT INTO plan(seq, state, priority, lease, attempts)"
					    " VALUES(?1, 2, ?3, ?2, 1)"
					    " ON CONFLICT(seq) DO UPDATE SET lease = ?2");

	db_bind_i64(st, 1, sub->seq);
	db_bind_i64(st, 2, lease);
	db_bind_i64(st, 3, sub->priority);
	return db_run(st, e) < 0 ? -1 : lease_less(s, sub->lease, 1, e);
}

/*
 * ${n} verdicts with the same lease in their tokens.  What is extended goes under a lease of its own
 * with the same secret: the others that were taken with it keep their end, and all tokens stay good.
 */
static int extend_some(struct sqlite_queue *s, const struct token *t, struct queue_verdict *v,
		       size_t n, const int64_t times[2], struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "INSERT INTO lease(id, secret, first, last, left, since_ms,"
					    " until_ms) VALUES(?1, ?2, 0, 0, ?3, ?4, ?5)");
	int64_t lease = ++s->meta.leases, lost = 0;

	db_bind_i64(st, 1, lease);
	db_bind_i64(st, 2, (int64_t)t->secret);
	db_bind_i64(st, 3, (int64_t)n);
	db_bind_i64(st, 4, times[0]);
	db_bind_i64(st, 5, times[1]);
	if (db_run(st, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct subject sub;
		int rc = resolve(s, &t[i], &sub, e);

		v[i].result = rc > 0 && sub.state == PLAN_LEASED ? QUEUE_OK : QUEUE_LOST;
		if (rc < 0 || (v[i].result == QUEUE_OK && lease_move(s, &sub, lease, e) < 0))
			return -1;
		lost += v[i].result == QUEUE_LOST;
		arena_reset(s->work);
	}
	return lease_less(s, lease, lost, e);
}

int sqlite_extend(struct queue *q, struct queue_verdict *v, size_t n, int64_t until_ms,
		  int64_t now_ms, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	const int64_t times[2] = { now_ms, until_ms };
	struct token *t;
	int rc = 0;

	if (n == 0 && s->n_mine == 0)
		return 0;
	if (sqlite_begin(s, true, e) < 0)
		return -1;
	if (n == 0) {
		rc = extend_mine(s, until_ms, now_ms, e);
	} else {
		t = tokens(v, n);
		for (size_t i = 0, end; i < n && rc == 0; i = end) {
			for (end = i + 1;
			     end < n && t[end].lease == t[i].lease && t[end].secret == t[i].secret;)
				end++;
			rc = extend_some(s, t + i, v + i, end - i, times, e);
		}
		free(t);
	}
	arena_reset(s->work);
	return rc < 0 ? sqlite_fail(s) : sqlite_end(s, false, e);
}
