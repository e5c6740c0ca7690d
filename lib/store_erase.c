/* SPDX-License-Identifier: MIT */
/*
 * Erasing a person goes by what the records say, not by what the indexes say: all lines are looked
 * through.
 */
#include "phone.h"
#include "store_remove.h"
#include "store_state.h"

struct erasing {
	struct removal rm;
	struct str address;
	struct str needle; /* what a line with it has: a number may stand there without + */
	struct str quoted; /* the string of JSON that it is */
	int64_t *due;      /* records that go */
	size_t n, cap;
};

static bool is_person(const struct erasing *x, const struct json *party)
{
	return str_eq(json_is(party, JSON_STRING) ? json_str(party) : json_get_str(party, "address"),
		      x->address);
}

static bool has_person(const struct erasing *x, const struct json *list)
{
	struct json_iter it = json_iter(list);

	while (json_next(&it))
		if (is_person(x, it.value))
			return true;
	return false;
}

/* Whether the record is to, from or about the person. */
static bool concerns(const struct erasing *x, const struct json *root)
{
	return is_person(x, json_get(root, "from")) || is_person(x, json_get(root, "recipient")) ||
	       has_person(x, json_get(root, "to")) || has_person(x, json_get(root, "participants"));
}

static void add_due(struct erasing *x, int64_t seq)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 256;

		x->due = arena_resize(x->rm.a, x->due, x->cap * sizeof(*x->due), cap * sizeof(*x->due));
		x->cap = cap;
	}
	x->due[x->n++] = seq;
}

static int find_records(struct erasing *x, struct err *e)
{
	struct db_stmt *q = db_stmt(x->rm.s->db, "SELECT seq, line FROM records"
						 " WHERE sender = ?1 OR instr(line, ?2) > 0");
	struct arena *a = arena_new();
	struct err why;
	int rc;

	db_bind_text(q, 1, x->address);
	db_bind_text(q, 2, x->needle);
	while ((rc = db_step(q, e)) > 0) {
		if (concerns(x, json_parse(db_text(q, 1), a, &why)))
			add_due(x, db_i64(q, 0));
		else
			x->rm.count->mentioned++;
		arena_reset(a);
	}
	db_reset(q);
	arena_free(a);
	return rc;
}

static int remove_records(struct erasing *x, struct err *e)
{
	struct arena *kept = x->rm.a;
	int rc = 0;

	x->rm.a = arena_new();
	for (size_t i = 0; i < x->n && rc == 0; i++) {
		rc = remove_record(&x->rm, x->due[i], e);
		arena_reset(x->rm.a);
	}
	arena_free(x->rm.a);
	x->rm.a = kept;
	return rc;
}

/* ${st} without what names the person. */
static void clean(const struct erasing *x, struct state *st)
{
	size_t n = 0;

	for (size_t i = 0; i < st->n_receipts; i++)
		if (!str_eq(st->receipts[i].recipient, x->address))
			st->receipts[n++] = st->receipts[i];
	st->n_receipts = n;
	n = 0;
	for (size_t i = 0; i < st->n_reactions; i++)
		if (!str_eq(st->reactions[i].from, x->address))
			st->reactions[n++] = st->reactions[i];
	st->n_reactions = n;
}

/* Messages of others that keep a receipt or a reaction of the person. */
static int clean_states(struct erasing *x, struct err *e)
{
	struct store *s = x->rm.s;
	struct db_stmt *q = db_stmt(s->db, "SELECT seq, state FROM records"
					   " WHERE state IS NOT NULL AND instr(state, ?1) > 0 AND seq > ?2"
					   " ORDER BY seq LIMIT 1");
	struct db_stmt *u = db_stmt(s->db, "UPDATE records SET state = ?2 WHERE seq = ?1");
	int64_t seq = 0;
	int rc;

	for (;;) {
		struct state st;

		db_bind_text(q, 1, x->quoted);
		db_bind_i64(q, 2, seq);
		rc = db_step(q, e);
		if (rc > 0) {
			seq = db_i64(q, 0);
			state_read(&st, db_text(q, 1), x->rm.a);
		}
		db_reset(q);
		if (rc <= 0)
			return rc;
		clean(x, &st);
		db_bind_i64(u, 1, seq);
		db_bind_text(u, 2, state_write(&st, x->rm.a));
		if (db_run(u, e) < 0)
			return -1;
	}
}

/* The contact, and the moves of others to this number. */
static int remove_contact(struct erasing *x, struct err *e)
{
	struct db *d = x->rm.s->db;
	struct db_stmt *q = db_stmt(d, "SELECT seq FROM contacts WHERE address = ?1");
	struct db_stmt *del = db_stmt(d, "DELETE FROM contacts WHERE address = ?1");
	struct db_stmt *u = db_stmt(d, "UPDATE contacts SET image = json_remove(image, '$.moved')"
				       " WHERE json_extract(image, '$.moved.to') = ?1");
	int64_t seq = 0;
	int rc;

	db_bind_text(q, 1, x->address);
	rc = db_step(q, e);
	if (rc > 0)
		seq = db_i64(q, 0);
	db_reset(q);
	if (rc < 0)
		return -1;
	db_bind_text(del, 1, x->address);
	db_bind_text(u, 1, x->address);
	if (db_run(del, e) < 0 || db_run(u, e) < 0)
		return -1;
	x->rm.count->contacts += rc;
	return rc > 0 ? remove_log(&x->rm, ITEM_CONTACT, seq, STR_NONE, e) : 0;
}

static int remove_rest(struct erasing *x, struct err *e)
{
	struct db *d = x->rm.s->db;
	struct db_stmt *p = db_stmt(d, "DELETE FROM participants WHERE address = ?1");
	struct db_stmt *c =
		db_stmt(d, "DELETE FROM changes WHERE instr(old, ?1) > 0 OR instr(new, ?1) > 0");

	db_bind_text(p, 1, x->address);
	if (db_run(p, e) < 0 || device_erase(x->rm.s, x->address, &x->rm.count->devices, e) < 0 ||
	    clean_states(x, e) < 0 || remove_contact(x, e) < 0 || remove_empty(&x->rm, e) < 0)
		return -1;
	db_bind_text(c, 1, x->quoted);
	if (db_run(c, e) < 0)
		return -1;
	x->rm.count->changes += db_changes(d);
	return 0;
}

static int refuse_ours(struct erasing *x, struct err *e)
{
	struct db_stmt *q = db_stmt(x->rm.s->db, "SELECT count(*) FROM conversations WHERE address = ?1");
	int64_t n = 0;
	int rc;

	db_bind_text(q, 1, x->address);
	rc = db_step(q, e);
	if (rc > 0)
		n = db_i64(q, 0);
	db_reset(q);
	if (rc < 0 || n == 0)
		return rc < 0 ? -1 : 0;
	return err_set(e, FAULT_USAGE, "usage",
		       "\"%.*s\" is an address of ours, in %lld conversations: with --force all of them go",
		       STR_FMT(x->address), (long long)n);
}

/*
 * What was taken out of the index stands there until its parts are merged.  That goes in steps, so that
 * others can write meanwhile; then the log, which still has the old pages, is emptied.
 */
static int merge(struct store *s, struct err *e)
{
	static const char first[] = "INSERT INTO words (words, rank) VALUES ('merge', -500)";
	static const char next[] = "INSERT INTO words (words, rank) VALUES ('merge', 500)";
	struct db_stmt *total = db_stmt(s->db, "SELECT total_changes()");
	int64_t before, after = 0;
	bool begun = false;

	do {
		if (db_begin(s->db, e) < 0 || db_step(total, e) < 0)
			return -1;
		before = db_i64(total, 0);
		db_reset(total);
		if (db_exec(s->db, begun ? next : first, e) < 0 || db_step(total, e) < 0) {
			db_rollback(s->db);
			return -1;
		}
		after = db_i64(total, 0);
		db_reset(total);
		begun = true;
		if (db_commit(s->db, e) < 0)
			return -1;
	} while (after - before >= 2);
	return db_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE)", e);
}

static struct str in_json(struct arena *a, struct str text)
{
	struct buf b = { .max = SIZE_MAX };
	struct str out;

	json_put_str(&b, text);
	out = arena_str(a, buf_get(&b));
	buf_free(&b);
	return out;
}

int store_erase(struct store *s, struct str address, bool force, bool dry,
		struct store_removed *out, struct err *e)
{
	struct erasing x = { .rm = { .s = s, .count = out, .a = arena_new() }, .address = address };
	int rc = -1;

	*out = (struct store_removed){ 0 };
	x.quoted = in_json(x.rm.a, address);
	x.needle = str_sub(x.quoted, phone_e164(address) ? 2 : 1, x.quoted.n);
	x.needle.n--;
	if (!address.n)
		err_set(e, FAULT_USAGE, "usage", "an empty address is nobody's");
	else if (store_begin(s, e) == 0 && (force || refuse_ours(&x, e) == 0) &&
		 find_records(&x, e) == 0 && remove_records(&x, e) == 0 && remove_rest(&x, e) == 0)
		rc = dry ? 0 : store_commit(s, e);
	if (rc < 0 || dry) {
		db_rollback(s->db);
		s->writing = false;
		s->written = 0;
	}
	arena_free(x.rm.a);
	return rc < 0 || dry ? rc : merge(s, e);
}
