/* SPDX-License-Identifier: MIT */
/* What operators look at: counts, and the dead letters, which go back or away. */
#include "queue_sqlite_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"

enum { REDRIVE_BATCH = 1000 }; /* records of one transaction: it holds the lock */

/* The value of the query ${sql}, which has one row; 0 for NULL. */
static int count(struct sqlite_queue *s, const char *sql, int64_t *out, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, sql);
	int rc = db_step(st, e);

	*out = rc > 0 ? db_i64(st, 0) : 0;
	db_reset(st);
	return rc < 0 ? -1 : 0;
}

/* What waits: above the head without a plan, or with one. */
static int oldest(struct sqlite_queue *s, int64_t *born_ms, struct err *e)
{
	int64_t plain, planned;

	if (count(s,
		  "SELECT born_ms FROM record WHERE seq > (SELECT head FROM meta) AND planned = 0"
		  " AND (SELECT head < plain FROM meta) ORDER BY seq LIMIT 1",
		  &plain, e) < 0 ||
	    count(s, "SELECT born_ms FROM record WHERE seq = (SELECT min(seq) FROM plan WHERE state <> 2)",
		  &planned, e) < 0)
		return -1;
	*born_ms = planned && (!plain || planned < plain) ? planned : plain;
	return 0;
}

static int counts(struct sqlite_queue *s, struct queue_stat *out, int64_t now_ms, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT records, bytes, puts, takes, dones, retries, deaths,"
					    " expiries FROM meta WHERE one = 1");
	struct db_stmt *late = db_stmt(s->db, "SELECT count(*) FROM plan WHERE state = 1 AND at_ms > ?1");
	int64_t leased, held, dead, lanes, records = 0, delayed = 0;
	int rc = db_step(st, e);

	if (rc > 0) {
		uint64_t *const to[] = { &out->bytes,   &out->puts,   &out->takes,   &out->dones,
					 &out->retries, &out->deaths, &out->expiries };

		records = db_i64(st, 0);
		for (size_t i = 0; i < LEN(to); i++)
			*to[i] = (uint64_t)db_i64(st, (int)i + 1);
	}
	db_reset(st);
	db_bind_i64(late, 1, now_ms);
	if (rc < 0 || (rc = db_step(late, e)) < 0)
		return -1;
	delayed = db_i64(late, 0);
	db_reset(late);
	if (count(s, "SELECT sum(left) FROM lease", &leased, e) < 0 ||
	    count(s, "SELECT count(*) FROM plan INDEXED BY plan_lane WHERE lane IS NOT NULL AND state = 3",
		  &held, e) < 0 ||
	    count(s, "SELECT count(*) FROM dead", &dead, e) < 0 ||
	    count(s, "SELECT count(DISTINCT lane) FROM plan WHERE lane IS NOT NULL", &lanes, e) < 0)
		return -1;
	out->delayed = (uint64_t)delayed;
	out->leased = (uint64_t)leased;
	out->held = (uint64_t)held;
	out->dead = (uint64_t)dead;
	out->lanes = (uint64_t)lanes;
	out->ready = (uint64_t)(records - delayed - leased - held);
	return oldest(s, &out->oldest_ms, e);
}

int sqlite_stat(struct queue *q, struct queue_stat *out, int64_t now_ms, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);

	*out = (struct queue_stat){ 0 };
	if (db_begin_read(s->db, e) < 0)
		return -1;
	if (counts(s, out, now_ms, e) < 0)
		return sqlite_fail(s);
	return db_commit(s->db, e);
}

/* A place in the order of dead letters. */
struct place {
	int64_t dead_ms, seq;
};

static int cursor_read(const char *cursor, struct place *p, struct err *e)
{
	struct str s = str_c(cursor), seq;
	uint64_t at, n;

	*p = (struct place){ INT64_MIN, 0 };
	if (s.n == 0)
		return 0;
	seq = str_sub(s, str_find(s, '-') + 1, s.n);
	if (str_u64(str_sub(s, 0, str_find(s, '-')), &at) < 0 || str_u64(seq, &n) < 0 ||
	    at > INT64_MAX || n > INT64_MAX)
		return err_set(e, FAULT_USAGE, "cursor",
			       "\"%.*s\" is no cursor of a list of dead letters", STR_FMT(s));
	*p = (struct place){ (int64_t)at, (int64_t)n };
	return 0;
}

/* A dead letter by the id of its record or by its seq. */
static const char by_id[] = "SELECT dead_ms, seq FROM dead WHERE (record = ?6 OR seq = ?7)"
			    " AND (dead_ms, seq) > (?1, ?2) AND (?3 IS NULL OR code = ?3)"
			    " AND dead_ms >= ?4 AND dead_ms < ?5 ORDER BY dead_ms, seq LIMIT ?8";
static const char in_order[] = "SELECT dead_ms, seq FROM dead WHERE (dead_ms, seq) > (?1, ?2)"
			       " AND (?3 IS NULL OR code = ?3) AND dead_ms >= ?4 AND dead_ms < ?5"
			       " ORDER BY dead_ms, seq LIMIT ?6";

static void bind_pick(struct db_stmt *st, const struct queue_pick *pick, struct place from)
{
	db_bind_i64(st, 1, from.dead_ms);
	db_bind_i64(st, 2, from.seq);
	db_bind_text(st, 3, pick->code);
	db_bind_i64(st, 4, pick->since_ms ? pick->since_ms : INT64_MIN);
	db_bind_i64(st, 5, pick->until_ms ? pick->until_ms : INT64_MAX);
}

static int place_cmp(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->dead_ms != y->dead_ms)
		return x->dead_ms < y->dead_ms ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The rows of ${st} behind those that are in ${out}, which has room for ${max}. */
static int collect(struct db_stmt *st, struct place *out, size_t max, size_t *n, struct err *e)
{
	int rc;

	while ((rc = db_step(st, e)) > 0 && *n < max)
		out[(*n)++] = (struct place){ db_i64(st, 0), db_i64(st, 1) };
	db_reset(st);
	return rc < 0 ? -1 : 0;
}

static int pick_ids(struct sqlite_queue *s, const struct queue_pick *pick, struct place from,
		    struct place **out, size_t max, size_t *n, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, by_id);
	size_t cap = 0, kept = 0;
	struct place *list = NULL;

	for (size_t i = 0; i < pick->n_ids; i++) {
		uint64_t seq;

		/* An id may stand for several records: whoever put it did not ask to refuse doubles. */
		if (cap < *n + max) {
			cap = 2 * (*n + max);
			list = reallocarray(list, cap, sizeof(*list));
			if (!list)
				diag_oom();
		}
		bind_pick(st, pick, from);
		db_bind_text(st, 6, pick->ids[i]);
		db_bind_i64(st, 7,
			    str_u64(pick->ids[i], &seq) == 0 && seq <= INT64_MAX ? (int64_t)seq : -1);
		db_bind_i64(st, 8, (int64_t)max);
		if (collect(st, list, *n + max, n, e) < 0) {
			free(list);
			return -1;
		}
	}
	if (*n > 1)
		qsort(list, *n, sizeof(*list), place_cmp);
	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || list[i].seq != list[kept - 1].seq)
			list[kept++] = list[i];
	*n = kept < max ? kept : max;
	*out = list;
	return 0;
}

/* The first ${max} dead letters of ${pick} behind ${from}, in order; ${out} is to be freed. */
static int pick_places(struct sqlite_queue *s, const struct queue_pick *pick, struct place from,
		       struct place **out, size_t max, size_t *n, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, in_order);

	*n = 0;
	if (pick->n_ids > 0)
		return pick_ids(s, pick, from, out, max, n, e);
	*out = calloc(max ? max : 1, sizeof(**out));
	if (!*out)
		diag_oom();
	bind_pick(st, pick, from);
	db_bind_i64(st, 6, (int64_t)max);
	if (collect(st, *out, max, n, e) == 0)
		return 0;
	free(*out);
	return -1;
}

static struct str kept(struct sqlite_queue *s, struct str v)
{
	return v.p ? arena_str(s->dead, v) : STR_NONE;
}

static int show(struct sqlite_queue *s, int64_t seq, struct queue_dead *d, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT dead_ms, born_ms, attempts, code, stage, detail, record,"
					    " history, reject, line FROM dead WHERE seq = ?1");
	int rc;

	db_bind_i64(st, 1, seq);
	rc = db_step(st, e);
	if (rc > 0)
		*d = (struct queue_dead){
			.seq = (uint64_t)seq,
			.dead_ms = db_i64(st, 0),
			.born_ms = db_i64(st, 1),
			.attempts = (uint32_t)db_i64(st, 2),
			.code = kept(s, db_text(st, 3)),
			.stage = kept(s, db_text(st, 4)),
			.detail = kept(s, db_text(st, 5)),
			.id = kept(s, db_text(st, 6)),
			.history = kept(s, db_text(st, 7)),
			.reject = kept(s, db_blob(st, 8)),
			.line = kept(s, db_blob(st, 9)),
		};
	db_reset(st);
	return rc;
}

int sqlite_dead(struct queue *q, const struct queue_pick *pick, struct queue_dead *out, size_t max,
		size_t *n, char cursor[QUEUE_CURSOR], struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	struct place from, *places;
	size_t found;
	int rc = 0;

	*n = 0;
	arena_reset(s->dead);
	if (cursor_read(cursor, &from, e) < 0 || pick_places(s, pick, from, &places, max, &found, e) < 0)
		return -1;
	for (size_t i = 0; i < found && rc >= 0; i++) {
		rc = show(s, places[i].seq, &out[*n], e);
		*n += rc > 0; /* not if it went back just now */
		snprintf(cursor, QUEUE_CURSOR, "%lld-%lld", (long long)places[i].dead_ms,
			 (long long)places[i].seq);
	}
	free(places);
	return rc < 0 ? -1 : 0;
}

/* Behind those of its lane that are out or wait, until it is the first of them. */
static int back_plan(struct sqlite_queue *s, int64_t seq, struct err *e)
{
	struct db_stmt *st =
		db_stmt(s->db, "INSERT INTO plan(seq, state, priority, at_ms, attempts, lane, history)"
			       " SELECT seq, iif(EXISTS (SELECT 1 FROM plan WHERE plan.lane = dead.lane), 3, 0),"
			       " priority, 0, 0, lane, history FROM dead WHERE seq = ?1");

	db_bind_i64(st, 1, seq);
	return db_run(st, e);
}

/*
 * The record is in the queue as it was when it was put, under its old number and with its history.
 * It comes before those that were put later.
 */
static int back(struct sqlite_queue *s, int64_t seq, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT length(line) FROM dead WHERE seq = ?1");
	int64_t bytes = 0;
	int rc;

	db_bind_i64(st, 1, seq);
	rc = db_step(st, e);
	bytes = rc > 0 ? db_i64(st, 0) : 0;
	db_reset(st);
	st = db_stmt(s->db, "INSERT INTO record(seq, born_ms, planned, id, line)"
			    " SELECT seq, born_ms, 1, id, line FROM dead WHERE seq = ?1");
	db_bind_i64(st, 1, seq);
	if (rc < 0 || db_run(st, e) < 0 || back_plan(s, seq, e) < 0)
		return -1;
	s->meta.records++;
	s->meta.bytes += bytes;
	return 0;
}

/* An id whose dead letter was thrown away may come again. */
static int forget(struct sqlite_queue *s, int64_t seq, struct err *e)
{
	struct db_stmt *st =
		db_stmt(s->db, "DELETE FROM id WHERE id = (SELECT id FROM dead WHERE seq = ?1)");

	db_bind_i64(st, 1, seq);
	return db_run(st, e);
}

static int redrive_one(struct sqlite_queue *s, int64_t seq, bool purge, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "DELETE FROM dead WHERE seq = ?1");

	if ((purge ? forget(s, seq, e) : back(s, seq, e)) < 0)
		return -1;
	db_bind_i64(st, 1, seq);
	return db_run(st, e);
}

/* The next batch behind ${from}, which is moved.  Return how many, -1 on failure. */
static int redrive_some(struct sqlite_queue *s, const struct queue_pick *pick, bool purge, bool dry,
			struct place *from, struct err *e)
{
	struct place *places;
	size_t n;
	int rc = 0;

	if ((dry ? db_begin_read(s->db, e) : sqlite_begin(s, false, e)) < 0)
		return -1;
	if (pick_places(s, pick, *from, &places, REDRIVE_BATCH, &n, e) < 0)
		return sqlite_fail(s);
	for (size_t i = 0; i < n && rc == 0 && !dry; i++)
		rc = redrive_one(s, places[i].seq, purge, e);
	if (n > 0)
		*from = places[n - 1];
	free(places);
	if (rc == 0)
		rc = dry ? db_commit(s->db, e) : sqlite_end(s, true, e);
	return rc < 0 ? sqlite_fail(s) : (int)n;
}

int sqlite_redrive(struct queue *q, const struct queue_pick *pick, bool purge, bool dry,
		   uint64_t *n, int64_t now_ms, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	struct place from = { INT64_MIN, 0 };
	int got;

	(void)now_ms; /* for back ends that put a copy */
	*n = 0;
	while ((got = redrive_some(s, pick, purge, dry, &from, e)) > 0)
		*n += (uint64_t)got;
	return got;
}

/* Without a condition SQLite drops the pages of a table in place of its rows. */
static int empty(struct sqlite_queue *s, struct err *e)
{
	static const char *const each[] = { "DELETE FROM record", "DELETE FROM plan",
					    "DELETE FROM lease", "DELETE FROM dead",
					    "DELETE FROM id WHERE until_ms IS NULL" };

	for (size_t i = 0; i < LEN(each); i++)
		if (db_run(db_stmt(s->db, each[i]), e) < 0)
			return -1;
	s->meta.head = s->meta.tail;
	s->meta.records = s->meta.bytes = 0;
	return 0;
}

int sqlite_purge(struct queue *q, uint64_t *n, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	int64_t dead;

	if (sqlite_begin(s, false, e) < 0)
		return -1;
	if (count(s, "SELECT count(*) FROM dead", &dead, e) < 0)
		return sqlite_fail(s);
	*n = (uint64_t)(s->meta.records + dead);
	return empty(s, e) < 0 ? sqlite_fail(s) : sqlite_end(s, true, e);
}
