/* SPDX-License-Identifier: MIT */
#include "queue_sqlite_private.h"

#include <stdlib.h>

#include "clock.h"
#include "crypto.h"
#include "diag.h"

enum {
	PROMOTE_MIN = 256, /* delayed records that one take makes ready, at least */
	SKIP_MAX = 100000, /* records with a plan that one take passes over: it holds the lock */
	MARGIN_MS = 1000,  /* between the end of a lease as its taker knows it and as it is */
};

/* A record that is ready and has a plan. */
struct candidate {
	int64_t seq, priority;
};

/* One take. */
struct taking {
	struct sqlite_queue *s;
	int64_t now_ms, lease;
	uint64_t secret;
	struct candidate *list;
	size_t n_list, next;
	bool buried; /* since the list was made: others may be ready in the place of those */
	struct db_stmt *scan; /* of the records above the head */
	bool late;            /* there may be more leases that have run out */
	bool at_row, more;    /* scan stands at one without a plan; there is more behind SKIP_MAX */
	int skipped;
	int64_t first, last; /* range of those without a plan */
	struct queue_lease *out;
	size_t n;
};

/* Whether a transaction would find anything: those who wait are woken in vain more often than not. */
static int anything(struct sqlite_queue *s, int64_t now_ms, struct err *e)
{
	struct db_stmt *st =
		db_stmt(s->db, "SELECT (SELECT head < plain OR seen_ms > ?1 + 1000 FROM meta WHERE one = 1)"
			       " OR EXISTS (SELECT 1 FROM plan WHERE state = 0)"
			       " OR EXISTS (SELECT 1 FROM plan WHERE state = 1 AND at_ms <= ?1)"
			       " OR EXISTS (SELECT 1 FROM lease WHERE until_ms <= ?1)");
	int rc;

	db_bind_i64(st, 1, now_ms);
	rc = db_step(st, e);
	if (rc > 0)
		rc = db_i64(st, 0) != 0;
	db_reset(st);
	return rc;
}

/* How many more this handle may have out. */
static int room(struct sqlite_queue *s, size_t *max, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT left FROM lease WHERE id = ?1");
	uint64_t limit = s->q.place.in_flight, free_now;
	size_t kept = 0;

	/* Without a bound the list is swept when it has doubled. */
	if (limit == 0 ? s->n_mine < s->sweep_at : s->out + *max <= limit)
		return 0;
	s->out = 0;
	for (size_t i = 0; i < s->n_mine; i++) {
		int rc;

		db_bind_i64(st, 1, s->mine[i].lease);
		rc = db_step(st, e);
		if (rc > 0) {
			s->mine[i].n = (uint32_t)db_i64(st, 0);
			s->out += s->mine[i].n;
			s->mine[kept++] = s->mine[i];
		}
		db_reset(st);
		if (rc < 0)
			return -1;
	}
	s->n_mine = kept;
	s->sweep_at = kept < 64 ? 128 : 2 * kept;
	if (limit == 0)
		return 0;
	free_now = s->out < limit ? limit - s->out : 0;
	if (free_now < *max) /* not one by one, as they are settled: a commit each */
		*max = free_now < limit / 4 ? 0 : (size_t)free_now;
	return 0;
}

static void remember(struct sqlite_queue *s, int64_t lease, size_t n)
{
	if (s->n_mine == s->cap_mine) {
		s->cap_mine = s->cap_mine ? 2 * s->cap_mine : 64;
		s->mine = reallocarray(s->mine, s->cap_mine, sizeof(*s->mine));
		if (!s->mine)
			diag_oom();
	}
	s->mine[s->n_mine++] = (struct taken){ lease, clock_steady(), (uint32_t)n };
	s->out += n;
}

/* What was delayed and is due is ready. */
static int promote(struct taking *t, size_t max, struct err *e)
{
	struct db_stmt *st = db_stmt(t->s->db,
				     "UPDATE plan SET state = 0 WHERE seq IN (SELECT seq FROM plan"
				     " WHERE state = 1 AND at_ms <= ?1 ORDER BY at_ms LIMIT ?2)");

	db_bind_i64(st, 1, t->now_ms);
	db_bind_i64(st, 2, (int64_t)(max > PROMOTE_MIN ? max : PROMOTE_MIN));
	return db_run(st, e);
}

static int list_ready(struct taking *t, size_t max, struct err *e)
{
	struct db_stmt *st = db_stmt(t->s->db, "SELECT seq, priority FROM plan WHERE state = 0"
					       " ORDER BY priority, seq LIMIT ?1");
	int rc;

	t->n_list = t->next = 0;
	t->buried = false;
	db_bind_i64(st, 1, (int64_t)max);
	while ((rc = db_step(st, e)) > 0) {
		if (!t->list)
			t->list = arena_alloc(t->s->work, max * sizeof(*t->list));
		t->list[t->n_list++] = (struct candidate){ db_i64(st, 0), db_i64(st, 1) };
	}
	db_reset(st);
	return rc;
}

/* Bring the scan to the next record without a plan. */
static int scan_next(struct taking *t, struct err *e)
{
	int rc = 0;

	while (!t->at_row && t->scan) {
		rc = db_step(t->scan, e);
		if (rc < 0)
			return -1;
		t->at_row = rc > 0 && db_i64(t->scan, 1) == 0;
		t->more = rc > 0 && !t->at_row && ++t->skipped == SKIP_MAX;
		if (rc > 0 && !t->at_row)
			t->s->meta.head = db_i64(t->scan, 0);
		if (rc == 0 || t->more)
			t->scan = NULL;
	}
	return 0;
}

static void hand_out(struct taking *t, int64_t seq, uint32_t attempts, int64_t born_ms, struct str line)
{
	struct sqlite_queue *s = t->s;
	struct token token = { seq, t->lease, t->secret };

	t->out[t->n++] = (struct queue_lease){
		.line = arena_str(s->lines, line),
		.token = token_text(s->lines, &token),
		.seq = (uint64_t)seq,
		.attempts = attempts,
		.born_ms = born_ms,
		.until_ms = t->now_ms + s->q.place.lease_ms - MARGIN_MS,
	};
}

static void take_plain(struct taking *t)
{
	t->last = t->s->meta.head = db_i64(t->scan, 0);
	if (t->first == 0)
		t->first = t->last;
	hand_out(t, t->last, 1, db_i64(t->scan, 2), db_blob(t->scan, 3));
	t->at_row = false;
}

/* Of ${sub}, which was taken as often as is allowed. */
static int bury(struct taking *t, const struct subject *sub, struct err *e)
{
	struct str text = arena_fmt(t->s->work, "taken %u time%s and never settled for good",
				    sub->attempts, sub->attempts == 1 ? "" : "s");
	struct reason why = { .stage = STR("queue"), .code = STR("attempts"), .detail = text };

	t->buried = true;
	return record_bury(t->s, sub, &why, t->now_ms, e);
}

static int take_planned(struct taking *t, int64_t seq, struct err *e)
{
	struct sqlite_queue *s = t->s;
	struct db_stmt *st = db_stmt(s->db, "SELECT born_ms, line FROM record WHERE seq = ?1");
	struct subject sub;
	int rc;

	if (plan_read(s, seq, &sub, e) < 0)
		return -1;
	if (s->q.place.max_attempts > 0 && sub.attempts >= s->q.place.max_attempts)
		return bury(t, &sub, e);
	db_bind_i64(st, 1, seq);
	rc = db_step(st, e);
	if (rc > 0)
		hand_out(t, seq, sub.attempts + 1, db_i64(st, 0), db_blob(st, 1));
	db_reset(st);
	if (rc == 0)
		rc = err_set(e, FAULT_IO, "db-damaged", "%s: the file is damaged (record %lld is missing)",
			     db_path(s->db), (long long)seq);
	if (rc < 0)
		return -1;
	st = db_stmt(s->db, "UPDATE plan SET state = 2, lease = ?2, secret = NULL, attempts = attempts + 1"
			    " WHERE seq = ?1");
	db_bind_i64(st, 1, seq);
	db_bind_i64(st, 2, t->lease);
	return db_run(st, e);
}

/* By priority; inside one in the order of put, whether planned or not. */
static int choose(struct taking *t, size_t max, struct err *e)
{
	while (t->n < max) {
		const struct candidate *c;

		if (t->next == t->n_list && t->buried && list_ready(t, max, e) < 0)
			return -1;
		c = t->next < t->n_list ? &t->list[t->next] : NULL;

		if (!c || c->priority >= QUEUE_PRIORITY) {
			if (scan_next(t, e) < 0)
				return -1;
			if (t->at_row &&
			    (!c || c->priority > QUEUE_PRIORITY || db_i64(t->scan, 0) < c->seq)) {
				take_plain(t);
				continue;
			}
		}
		if (!c)
			break;
		if (take_planned(t, c->seq, e) < 0)
			return -1;
		t->next++;
	}
	return 0;
}

static int lease_insert(const struct taking *t, struct err *e)
{
	struct db_stmt *st = db_stmt(t->s->db, "INSERT INTO lease(id, secret, first, last, left, since_ms,"
					       " until_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	db_bind_i64(st, 1, t->lease);
	db_bind_i64(st, 2, (int64_t)t->secret);
	db_bind_i64(st, 3, t->first);
	db_bind_i64(st, 4, t->last);
	db_bind_i64(st, 5, (int64_t)t->n);
	db_bind_i64(st, 6, t->now_ms);
	db_bind_i64(st, 7, t->now_ms + t->s->q.place.lease_ms);
	return db_run(st, e);
}

static int fill(struct taking *t, size_t max, struct err *e)
{
	struct sqlite_queue *s = t->s;
	struct db_stmt *scan = db_stmt(s->db, "SELECT seq, planned, born_ms, line FROM record"
					      " WHERE seq > ?1 ORDER BY seq");
	int rc;

	rc = leases_expire(s, t->now_ms, e);
	t->late = rc > 0;
	if (rc < 0 || promote(t, max, e) < 0 || list_ready(t, max, e) < 0)
		return -1;
	if (s->meta.head < s->meta.plain) {
		t->scan = scan;
		db_bind_i64(scan, 1, s->meta.head);
	}
	rc = choose(t, max, e);
	db_reset(scan);
	if (rc < 0 || t->n == 0)
		return rc;
	s->meta.takes += (int64_t)t->n;
	return lease_insert(t, e);
}

static int take_once(struct sqlite_queue *s, struct taking *t, size_t max, struct err *e)
{
	if (sqlite_begin(s, true, e) < 0)
		return -1;
	t->lease = ++s->meta.leases;
	crypto_random(&t->secret, sizeof(t->secret));
	if (fill(t, max, e) < 0 || sqlite_end(s, false, e) < 0)
		return sqlite_fail(s);
	if (t->n > 0)
		remember(s, t->lease, t->n);
	return 0;
}

int sqlite_take(struct queue *q, struct queue_lease *leases, size_t max, size_t *n, int64_t now_ms,
		struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	struct taking t;
	int rc;

	*n = 0;
	arena_reset(s->lines);
	if (room(s, &max, e) < 0)
		return -1;
	if (max == 0)
		return 0;
	rc = anything(s, now_ms, e);
	if (rc <= 0)
		return rc;
	do {
		t = (struct taking){ .s = s, .now_ms = now_ms, .out = leases };
		rc = take_once(s, &t, max, e);
		arena_reset(s->work);
	} while (rc == 0 && t.n == 0 && (t.more || t.late));
	*n = rc < 0 ? 0 : t.n;
	return rc;
}
