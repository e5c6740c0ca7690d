/* SPDX-License-Identifier: MIT */
#include "store_reach.h"

#include "store_private.h"

static struct str kept(struct arena *a, const struct db_stmt *q, int column)
{
	return db_is_null(q, column) ? STR_NONE : arena_str(a, db_text(q, column));
}

static int read_consents(struct store *s, struct str address, struct arena *a,
			 struct store_reach *out, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT image FROM contacts WHERE address = ?1");
	struct err why;
	int rc;

	db_bind_text(q, 1, address);
	rc = db_step(q, e);
	if (rc > 0)
		out->consents = json_get(json_parse(db_text(q, 0), a, &why), "consent");
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

/* The instant in ${q}'s only row, 0 if there is none. */
static int instant(struct db_stmt *q, int64_t *at, struct err *e)
{
	int rc = db_step(q, e);

	*at = rc > 0 ? db_i64(q, 0) : 0;
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

/* Both go backwards through the messages of one conversation, by their index. */
static int read_times(struct store *s, int64_t talk, struct str address, int64_t since,
		      struct store_talk *t, struct err *e)
{
	struct db_stmt *last = db_stmt(s->db, "SELECT at FROM records WHERE conversation = ?1 AND kind = 1"
					      " ORDER BY at DESC LIMIT 1");
	struct db_stmt *in = db_stmt(s->db, "SELECT at FROM records WHERE conversation = ?1 AND kind = 1"
					    " AND at >= ?2 AND direction = 'in' AND sender = ?3"
					    " ORDER BY at DESC LIMIT 1");

	db_bind_i64(last, 1, talk);
	if (instant(last, &t->last, e) < 0)
		return -1;
	if (t->last < since) /* so there is none since then from anybody */
		return 0;
	db_bind_i64(in, 1, talk);
	db_bind_i64(in, 2, since);
	db_bind_text(in, 3, address);
	return instant(in, &t->inbound, e);
}

int store_reach(struct store *s, struct str address, struct str channel, int64_t since,
		struct arena *a, struct store_reach *out, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "SELECT c.seq, c.carrier, c.account, c.address FROM participants AS p"
			       " JOIN conversations AS c ON c.seq = p.conversation"
			       " WHERE p.address = ?1 AND c.channel = ?2 ORDER BY c.seq DESC");
	int64_t seqs[STORE_TALKS_MAX];
	int rc = 0;

	*out = (struct store_reach){ .talks = arena_calloc(a, STORE_TALKS_MAX, sizeof(*out->talks)) };
	if (read_consents(s, address, a, out, e) < 0)
		return -1;
	db_bind_text(q, 1, address);
	db_bind_text(q, 2, channel);
	while (out->n < STORE_TALKS_MAX && (rc = db_step(q, e)) > 0) {
		seqs[out->n] = db_i64(q, 0);
		out->talks[out->n++] = (struct store_talk){ .carrier = kept(a, q, 1),
							    .account = kept(a, q, 2),
							    .address = kept(a, q, 3) };
	}
	db_reset(q);
	if (rc < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		if (read_times(s, seqs[i], address, since, &out->talks[i], e) < 0)
			return -1;
	return 0;
}

int store_version(struct store *s, int64_t *version, struct err *e)
{
	return db_version(s->db, version, e);
}
