/* SPDX-License-Identifier: MIT */
#include "store_remove.h"

enum { BATCH = 500 }; /* records that are looked at in one transaction: others wait for it */

struct pruning {
	struct removal rm;
	int64_t before, at; /* at: records up to here have been looked at */
	int64_t trimmed;    /* the highest number of what was removed */
	bool dry, more;
};

/*
 * The next records, in the order in which they were stored; the first one that is too young ends it.  A
 * record about a message goes with that message alone, a message when nothing has happened to it since.
 */
static const char next_sql[] =
	"SELECT seq, CASE WHEN kind <> 1 AND message IS NOT NULL THEN 0"
	" WHEN at >= ?2 THEN 0"
	" ELSE NOT EXISTS (SELECT 1 FROM records a WHERE a.message = r.seq AND a.stored >= ?2) END"
	" FROM records r WHERE seq > ?1 AND stored < ?2 ORDER BY seq LIMIT ?3";

static int next_records(struct pruning *p, int64_t due[BATCH], size_t *n, struct err *e)
{
	struct db_stmt *q = db_stmt(p->rm.s->db, next_sql);
	size_t seen = 0;
	int rc;

	*n = 0;
	db_bind_i64(q, 1, p->at);
	db_bind_i64(q, 2, p->before);
	db_bind_i64(q, 3, BATCH);
	while ((rc = db_step(q, e)) > 0) {
		p->at = db_i64(q, 0);
		if (db_i64(q, 1))
			due[(*n)++] = p->at;
		seen++;
	}
	db_reset(q);
	p->more = seen == BATCH;
	return rc;
}

static int remove_records(struct pruning *p, struct err *e)
{
	int64_t due[BATCH];
	size_t n;

	if (next_records(p, due, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (remove_record(&p->rm, due[i], e) < 0)
			return -1;
		arena_reset(p->rm.a);
		if (due[i] > p->trimmed)
			p->trimmed = due[i];
	}
	return 0;
}

/* The log: it may be long, so some lines at a time. */
static int remove_changes(struct pruning *p, struct err *e)
{
	struct db *d = p->rm.s->db;
	struct db_stmt *end = db_stmt(d, "SELECT max(seq), count(*) FROM (SELECT seq FROM changes WHERE at < ?1"
					 " AND seq > ?2 ORDER BY seq LIMIT 10000)");
	struct db_stmt *q = db_stmt(d, "DELETE FROM changes WHERE seq <= ?1 AND at < ?2");
	int64_t last = 0;
	int rc;

	db_bind_i64(end, 1, p->before);
	db_bind_i64(end, 2, p->at);
	rc = db_step(end, e);
	if (rc > 0) {
		last = db_i64(end, 0);
		p->more = db_i64(end, 1) == 10000;
		p->rm.count->changes += db_i64(end, 1);
	}
	db_reset(end);
	if (rc < 0 || last == 0)
		return rc < 0 ? -1 : 0;
	p->at = last;
	if (last > p->trimmed)
		p->trimmed = last;
	db_bind_i64(q, 1, last);
	db_bind_i64(q, 2, p->before);
	return db_run(q, e);
}

/* Who is in no conversation any more; whether somebody wants messages is never forgotten. */
static int remove_contacts(struct pruning *p, struct err *e)
{
	struct db *d = p->rm.s->db;
	struct db_stmt *q = db_stmt(d, "DELETE FROM contacts WHERE address NOT IN"
				       " (SELECT address FROM participants)"
				       " AND address NOT IN"
				       " (SELECT contact FROM devices WHERE contact IS NOT NULL)"
				       " AND json_extract(image, '$.consent') IS NULL");

	if (remove_empty(&p->rm, e) < 0 || db_run(q, e) < 0)
		return -1;
	p->rm.count->contacts += db_changes(d);
	return 0;
}

static int remove_devices(struct pruning *p, struct err *e)
{
	int64_t n, most = p->dry ? -1 : BATCH; /* what comes back would be counted again */

	if (device_prune(p->rm.s, p->before, most, &n, e) < 0)
		return -1;
	p->rm.count->devices += n;
	p->more = n == most;
	return 0;
}

static int trim(struct pruning *p, struct err *e)
{
	struct db_stmt *q =
		db_stmt(p->rm.s->db, "UPDATE meta SET value = max(value, ?1) WHERE name = 'trimmed'");

	db_bind_i64(q, 1, p->trimmed);
	return db_run(q, e);
}

/* One kind of work, in as many transactions as it takes. */
static int each(struct pruning *p, int (*work)(struct pruning *p, struct err *e), struct err *e)
{
	struct store *s = p->rm.s;

	p->at = 0;
	do {
		p->more = false;
		if (store_begin(s, e) < 0 || work(p, e) < 0 || trim(p, e) < 0)
			return -1;
		if (p->dry) {
			db_rollback(s->db);
			s->writing = false;
			s->written = 0;
		} else if (store_commit(s, e) < 0) {
			return -1;
		}
	} while (p->more);
	return 0;
}

int store_prune(struct store *s, int64_t before, bool dry, struct store_removed *out, struct err *e)
{
	struct pruning p = { .rm = { .s = s, .count = out, .a = arena_new() }, .before = before, .dry = dry };
	int rc;

	*out = (struct store_removed){ 0 };
	rc = each(&p, remove_records, e) < 0 || each(&p, remove_changes, e) < 0 ||
			     each(&p, remove_devices, e) < 0 || each(&p, remove_contacts, e) < 0 ?
		     -1 :
		     0;
	arena_free(p.rm.a);
	return rc;
}
