/* SPDX-License-Identifier: MIT */
#include "id.h"
#include "store_private.h"

struct key ref_key(struct str carrier, struct str account, struct str external_id)
{
	struct id id = id_derive((struct str[]){ carrier, account, external_id }, 3);
	struct key k = { { 0 } };

	id_bytes(id_str(&id), k.b);
	return k;
}

static void bind_key(struct db_stmt *q, int i, const struct key *k)
{
	db_bind_blob(q, i, k->b, sizeof(k->b));
}

/* A message made by omni-normalize has the key as its id: refs has the others alone. */
int ref_find(struct store *s, const struct key *ref, int64_t *message, int64_t *part, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT r.seq, 0 FROM ids JOIN records r ON r.seq = ids.seq AND r.kind = 1"
					   " WHERE ids.id = ?1"
					   " UNION ALL SELECT message, part FROM refs WHERE ref = ?1"
					   " LIMIT 1");
	int rc;

	bind_key(q, 1, ref);
	rc = db_step(q, e);
	if (rc > 0) {
		*message = db_i64(q, 0);
		*part = db_i64(q, 1);
	}
	db_reset(q);
	return rc;
}

int ref_add(struct store *s, const struct key *ref, int64_t message, int64_t part, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT OR IGNORE INTO refs VALUES (?1, ?2, nullif(?3, 0))");

	bind_key(q, 1, ref);
	db_bind_i64(q, 2, message);
	db_bind_i64(q, 3, part);
	return db_run(q, e);
}

/* What the carrier calls the message that ${in} is about. */
static struct str target_of(const struct incoming *in)
{
	if (in->kind == KIND_STATUS)
		return in->external_id;
	if (in->kind == KIND_EVENT)
		return rec_str(in->r, "reply_to");
	if (in->kind == KIND_MESSAGE)
		return json_get_str(rec_get(in->r, "reaction"), "message");
	return STR_NONE;
}

size_t ref_keys(const struct incoming *in, struct key keys[2])
{
	struct str target = target_of(in);
	size_t n = 0;

	/* Our own id of the message, where the record has it. */
	if (in->kind != KIND_MESSAGE && id_bytes(rec_str(in->r, "message"), keys[n].b) == 0)
		return 1;
	if (!target.n || !in->carrier.n)
		return 0;
	keys[n++] = ref_key(in->carrier, in->account, target);
	/* Who sent it may not have known by which account. */
	if (in->account.n)
		keys[n++] = ref_key(in->carrier, STR_NONE, target);
	return n;
}

int ref_park(struct store *s, const struct incoming *in, const struct key *keys, size_t n, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT OR IGNORE INTO parked VALUES (?1, ?2)");

	for (size_t i = 0; i < n; i++) {
		bind_key(q, 1, &keys[i]);
		db_bind_i64(q, 2, in->seq);
		if (db_run(q, e) < 0)
			return -1;
		s->parked = true;
	}
	return 0;
}

struct waiting {
	int64_t *records;
	size_t n, cap;
};

static int waiting_for(struct store *s, const struct key *ref, struct arena *a, struct waiting *w,
		       struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT record FROM parked WHERE ref = ?1 ORDER BY record");
	int rc;

	bind_key(q, 1, ref);
	while ((rc = db_step(q, e)) > 0) {
		if (w->n == w->cap) {
			size_t cap = w->cap ? 2 * w->cap : 16;

			w->records = arena_resize(a, w->records, w->cap * sizeof(*w->records),
						  cap * sizeof(*w->records));
			w->cap = cap;
		}
		w->records[w->n++] = db_i64(q, 0);
	}
	db_reset(q);
	return rc;
}

/* The record ${seq} as it was put.  Return 1, 0 if it is gone, or -1. */
static int stored(struct store *s, int64_t seq, struct arena *a, struct str *line, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT line FROM records WHERE seq = ?1");
	int rc;

	db_bind_i64(q, 1, seq);
	rc = db_step(q, e);
	if (rc > 0)
		*line = arena_str(a, db_text(q, 0));
	db_reset(q);
	return rc;
}

static int unpark(struct store *s, int64_t record, int64_t message, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "DELETE FROM parked WHERE record = ?1");
	struct db_stmt *u = db_stmt(s->db, "UPDATE records SET message = ?2 WHERE seq = ?1");

	db_bind_i64(q, 1, record);
	db_bind_i64(u, 1, record);
	db_bind_i64(u, 2, message);
	return db_run(q, e) < 0 || db_run(u, e) < 0 ? -1 : 0;
}

int ref_join(struct store *s, const struct key *ref, int64_t message, struct arena *a, struct err *e)
{
	struct waiting w = { NULL, 0, 0 };
	int64_t part = 0, found;

	if (!s->parked)
		return 0;
	if (waiting_for(s, ref, a, &w, e) < 0 || (w.n > 0 && ref_find(s, ref, &found, &part, e) < 0))
		return -1;
	for (size_t i = 0; i < w.n; i++) {
		struct incoming in;
		struct rec r = { .lineno = 0 };
		struct str line;
		struct err why;
		int rc = stored(s, w.records[i], a, &line, e);

		if (rc < 0 || unpark(s, w.records[i], message, e) < 0)
			return -1;
		/* It was readable when it was parked. */
		if (rc == 0 || rec_parse(&r, line, a, &why) < 0 || incoming_read(&in, &r, &why) < 0)
			continue;
		in.seq = w.records[i];
		if (effect_apply(s, &in, message, part, e) < 0)
			return -1;
	}
	return 0;
}
