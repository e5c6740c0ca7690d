/* SPDX-License-Identifier: MIT */
/* Tables, opening, and what all transitions have in common. */
#include "queue_sqlite_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

enum { WATCH_MS = 1000 }; /* a wake-up may be lost with the process that owed it */

/*
 * The line of a plain record is written once, at the end of one table, and deleted once; the lease
 * of many is one row.  A plan is made only for a record that needs one: its priority, lane or delay, or
 * because it was taken before.
 */
static const char *const steps[] = {
	"CREATE TABLE meta(one INTEGER PRIMARY KEY, tail INTEGER, head INTEGER, plain INTEGER,"
	" leases INTEGER, records INTEGER, bytes INTEGER, seen_ms INTEGER, puts INTEGER, takes INTEGER,"
	" dones INTEGER, retries INTEGER, deaths INTEGER, expiries INTEGER);"
	"INSERT INTO meta VALUES(1,0,0,0,0,0,0,0,0,0,0,0,0,0);"

	"CREATE TABLE record(seq INTEGER PRIMARY KEY, born_ms INTEGER, planned INTEGER, id BLOB, line BLOB);"

	"CREATE TABLE plan(seq INTEGER PRIMARY KEY, state INTEGER, priority INTEGER, at_ms INTEGER,"
	" lease INTEGER, secret INTEGER, attempts INTEGER, lane BLOB, history TEXT);"
	"CREATE INDEX plan_ready ON plan(priority, seq) WHERE state = 0;"
	"CREATE INDEX plan_delayed ON plan(at_ms) WHERE state = 1;"
	"CREATE INDEX plan_leased ON plan(lease) WHERE state = 2;"
	"CREATE INDEX plan_lane ON plan(lane, seq) WHERE lane IS NOT NULL;"

	"CREATE TABLE lease(id INTEGER PRIMARY KEY, secret INTEGER, first INTEGER, last INTEGER,"
	" left INTEGER, since_ms INTEGER, until_ms INTEGER);"
	"CREATE INDEX lease_until ON lease(until_ms);"

	"CREATE TABLE id(id BLOB PRIMARY KEY, keep_ms INTEGER, until_ms INTEGER) WITHOUT ROWID;"
	"CREATE INDEX id_until ON id(until_ms) WHERE until_ms IS NOT NULL;"

	"CREATE TABLE dead(seq INTEGER PRIMARY KEY, dead_ms INTEGER, born_ms INTEGER, attempts INTEGER,"
	" code TEXT, stage TEXT, detail TEXT, record TEXT, id BLOB, priority INTEGER, lane BLOB,"
	" history TEXT, reject BLOB, line BLOB);"
	"CREATE INDEX dead_order ON dead(dead_ms, seq);"
	"CREATE INDEX dead_record ON dead(record);",
	NULL,
};

static const struct db_schema schema = {
	.magic = 0x6f6d7101, /* "omq", 1 */
	.what = "queue",
	.steps = steps,
	.page_size = 8192,
};

static int sqlite_open(struct queue **out, const char *path, const struct queue_place *place,
		       struct err *e)
{
	struct db *db = db_open(path, &schema, place->create ? DB_CREATE : 0, e);
	struct sqlite_queue *s;

	if (!db)
		return -1;
	s = calloc(1, sizeof(*s));
	if (!s)
		diag_oom();
	s->q.place = *place;
	if (s->q.place.lease_ms == 0)
		s->q.place.lease_ms = QUEUE_LEASE_MS;
	if (s->q.place.dedupe_ms == 0)
		s->q.place.dedupe_ms = QUEUE_WINDOW_MS;
	s->db = db;
	if (place->steady) {
		s->tidy = db_tidy_start(db, e);
		if (!s->tidy) {
			db_close(db);
			free(s);
			return -1;
		}
	}
	s->lines = arena_new();
	s->dead = arena_new();
	s->work = arena_new();
	s->history.max = SIZE_MAX;
	s->notify = -1;
	*out = &s->q;
	return 0;
}

static void sqlite_close(struct queue *q)
{
	struct sqlite_queue *s = sqlite_of(q);

	db_tidy_stop(s->tidy);
	db_close(s->db);
	if (s->notify >= 0)
		close(s->notify);
	arena_free(s->lines);
	arena_free(s->dead);
	arena_free(s->work);
	buf_free(&s->history);
	free(s->mine);
	free(s);
}

int sqlite_fail(struct sqlite_queue *s)
{
	db_rollback(s->db);
	return -1;
}

int sqlite_begin(struct sqlite_queue *s, bool quick, struct err *e)
{
	struct meta *m = &s->meta;
	struct db_stmt *st;
	int rc;

	if ((quick ? db_begin_quick(s->db, e) : db_begin(s->db, e)) < 0)
		return -1;
	st = db_stmt(s->db, "SELECT tail, head, plain, leases, records, bytes, seen_ms, puts, takes,"
			    " dones, retries, deaths, expiries FROM meta WHERE one = 1");
	rc = db_step(st, e);
	if (rc > 0) {
		int64_t *const to[] = { &m->tail,    &m->head,  &m->plain,   &m->leases,
					&m->records, &m->bytes, &m->seen_ms, &m->puts,
					&m->takes,   &m->dones, &m->retries, &m->deaths,
					&m->expiries };

		for (size_t i = 0; i < LEN(to); i++)
			*to[i] = db_i64(st, (int)i);
	}
	db_reset(st);
	if (rc == 0)
		err_set(e, FAULT_IO, "db-damaged", "%s: the file is damaged (no row in meta)",
			db_path(s->db));
	return rc > 0 ? 0 : sqlite_fail(s);
}

int sqlite_end(struct sqlite_queue *s, bool wake, struct err *e)
{
	const struct meta *m = &s->meta;
	const int64_t values[] = { m->tail,    m->head,    m->plain,   m->leases, m->records,
				   m->bytes,   m->seen_ms, m->puts,    m->takes,  m->dones,
				   m->retries, m->deaths,  m->expiries };
	struct db_stmt *st =
		db_stmt(s->db, "UPDATE meta SET tail = ?1, head = ?2, plain = ?3, leases = ?4, records = ?5,"
			       " bytes = ?6, seen_ms = ?7, puts = ?8, takes = ?9, dones = ?10,"
			       " retries = ?11, deaths = ?12, expiries = ?13 WHERE one = 1");

	for (size_t i = 0; i < LEN(values); i++)
		db_bind_i64(st, (int)i + 1, values[i]);
	if (db_run(st, e) < 0 || db_commit(s->db, e) < 0)
		return sqlite_fail(s);
	/*
	 * A write to the log would wake them too, but before the commit can be seen.  By path: a
	 * descriptor of this file, once closed, would take SQLite's locks with it.
	 */
	if (wake)
		(void)utimensat(AT_FDCWD, db_path(s->db), NULL, 0);
	return 0;
}

/* When something waits for its time: the nearest instant, or INT64_MAX. */
static int next_due(struct sqlite_queue *s, int64_t *at, struct err *e)
{
	struct db_stmt *st = db_stmt(s->db, "SELECT (SELECT min(at_ms) FROM plan WHERE state = 1),"
					    " (SELECT min(until_ms) FROM lease)");
	int rc = db_step(st, e);

	*at = INT64_MAX;
	for (int i = 0; i < 2 && rc > 0; i++)
		if (!db_is_null(st, i) && db_i64(st, i) < *at)
			*at = db_i64(st, i);
	db_reset(st);
	return rc < 0 ? -1 : 0;
}

static int sqlite_watch(struct queue *q, int64_t now_ms, int *timeout, struct err *e)
{
	struct sqlite_queue *s = sqlite_of(q);
	char events[4096];
	int64_t at;

	if (s->notify < 0) {
		s->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (s->notify < 0 || inotify_add_watch(s->notify, db_path(s->db), IN_ATTRIB) < 0)
			return err_set(e, FAULT_OS, "inotify", "%s: can not be watched: %s",
				       db_path(s->db), strerror(errno));
	}
	while (read(s->notify, events, sizeof(events)) > 0)
		;
	if (next_due(s, &at, e) < 0)
		return -1;
	*timeout = WATCH_MS;
	if (at - now_ms < WATCH_MS)
		*timeout = at > now_ms ? (int)(at - now_ms) : 0;
	return s->notify;
}

const struct queue_backend queue_sqlite = {
	.scheme = "sqlite",
	.can = QUEUE_LANES | QUEUE_DELAY | QUEUE_LONG_DELAY | QUEUE_PRIORITIZE | QUEUE_DEDUPE |
	       QUEUE_LIST | QUEUE_SYNCED,
	.open = sqlite_open,
	.put = sqlite_put,
	.take = sqlite_take,
	.watch = sqlite_watch,
	.settle = sqlite_settle,
	.extend = sqlite_extend,
	.stat = sqlite_stat,
	.dead = sqlite_dead,
	.redrive = sqlite_redrive,
	.purge = sqlite_purge,
	.close = sqlite_close,
};
