/* SPDX-License-Identifier: MIT */
#include "store_private.h"

static void add(struct buf *b, struct str s)
{
	if (b->n > 0 && s.n > 0)
		buf_char(b, '\n');
	buf_str(b, s);
}

struct str message_words(const struct rec *r)
{
	const struct json *media = rec_get(r, "media"), *place = rec_get(r, "location"),
			  *contacts = rec_get(r, "contacts");
	struct str text = rec_str(r, "text");
	struct json_iter it;
	struct buf b = { .max = SIZE_MAX };

	if (!media && !place && !contacts)
		return text.n ? text : STR_NONE;
	add(&b, text);
	for (it = json_iter(media); json_next(&it);) {
		struct str caption = json_get_str(it.value, "caption");

		if (!str_eq(caption, text)) /* of the only picture it is the text already */
			add(&b, caption);
		add(&b, json_get_str(it.value, "name"));
	}
	add(&b, json_get_str(place, "name"));
	add(&b, json_get_str(place, "address"));
	for (it = json_iter(contacts); json_next(&it);)
		add(&b, json_get_str(it.value, "name"));
	text = b.n ? arena_str(r->arena, buf_get(&b)) : STR_NONE;
	buf_free(&b);
	return text;
}

int words_insert(struct store *s, int64_t seq, struct str text, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO words (rowid, text) VALUES (?1, ?2)");

	if (!text.n)
		return 0;
	db_bind_i64(q, 1, seq);
	db_bind_text(q, 2, text);
	return db_run(q, e);
}

int words_remove(struct store *s, int64_t seq, struct str text, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "INSERT INTO words (words, rowid, text) VALUES ('delete', ?1, ?2)");

	if (!text.n)
		return 0;
	db_bind_i64(q, 1, seq);
	db_bind_text(q, 2, text);
	return db_run(q, e);
}

int message_new(struct store *s, const struct incoming *in, struct err *e)
{
	struct key ref;

	if (words_insert(s, in->seq, in->words, e) < 0 ||
	    ref_join(s, &in->id, in->seq, in->r->arena, e) < 0)
		return -1;
	if (!in->external_id.n || !in->carrier.n)
		return 0;
	ref = ref_key(in->carrier, in->account, in->external_id);
	if (memcmp(ref.b, in->id.b, sizeof(ref.b)) == 0)
		return 0;
	return ref_add(s, &ref, in->seq, 0, e) < 0 ? -1 : ref_join(s, &ref, in->seq, in->r->arena, e);
}
