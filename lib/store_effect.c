/* SPDX-License-Identifier: MIT */
/* What receipts, deliveries, events and reactions do to the message that they are about. */
#include "canon.h"
#include "clock.h"
#include "store_private.h"
#include "store_state.h"

/* A message that is being changed. */
struct target {
	int64_t seq;
	struct str old, text; /* its state and what is searched, as in the file */
	bool out;
	const struct json *root; /* as it was put */
	struct state state;
	bool reword; /* ${text} has changed */
	struct str words;
};

static int target_read(struct store *s, int64_t seq, struct arena *a, struct target *t, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "SELECT state, text, direction, line FROM records WHERE seq = ?1");
	int rc;

	*t = (struct target){ .seq = seq };
	db_bind_i64(q, 1, seq);
	rc = db_step(q, e);
	if (rc > 0) {
		struct err why;

		t->old = db_is_null(q, 0) ? STR_NONE : arena_str(a, db_text(q, 0));
		t->text = db_is_null(q, 1) ? STR_NONE : arena_str(a, db_text(q, 1));
		t->out = str_eq(db_text(q, 2), STR("out"));
		t->root = json_parse(db_text(q, 3), a, &why);
		state_read(&t->state, t->old, a);
	}
	db_reset(q);
	return rc;
}

static int update_words(struct store *s, const struct target *t, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "UPDATE records SET text = ?2 WHERE seq = ?1");

	if (words_remove(s, t->seq, t->text, e) < 0)
		return -1;
	db_bind_i64(q, 1, t->seq);
	db_bind_text(q, 2, t->words);
	return db_run(q, e) < 0 ? -1 : words_insert(s, t->seq, t->words, e);
}

static int target_write(struct store *s, const struct target *t, const struct incoming *in, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "UPDATE records SET state = ?2, status = ?3, rank = ?4,"
					   " carrier = coalesce(carrier, ?5), account = coalesce(account, ?6)"
					   " WHERE seq = ?1");
	struct str now = state_write(&t->state, in->r->arena);

	if (str_eq(now, t->old))
		return 0;
	db_bind_i64(q, 1, t->seq);
	db_bind_text(q, 2, now);
	db_bind_text(q, 3, t->state.best.status);
	if (t->state.best.status.p)
		db_bind_i64(q, 4, t->state.best.rank);
	else
		db_bind_null(q, 4);
	db_bind_text(q, 5, t->state.carrier);
	db_bind_text(q, 6, t->state.account);
	if (db_run(q, e) < 0 || (t->reword && update_words(s, t, e) < 0))
		return -1;
	return change_log(s, &(struct change){ OP_MODIFY, ITEM_MESSAGE, t->seq, in->seq, t->old, now }, e);
}

/* As all times in the store are, so that they compare as texts. */
static struct str time_of(const struct incoming *in)
{
	return clock_text(in->r->arena, in->at);
}

static void take_receipt(struct target *t, const struct incoming *in, struct receipt *got)
{
	struct arena *a = in->r->arena;

	got->rank = canon_rank(arena_cstr(a, got->status));
	got->at = time_of(in);
	got->error = rec_get(in->r, "error");
	if (got->error && json_compact(a, got->error).n > STORE_ERROR_MAX)
		got->error = NULL;
	state_receipt(&t->state, got, json_get(t->root, "to"), a);
}

static int64_t part_of(const struct incoming *in, int64_t named)
{
	int64_t part;

	return json_i64(rec_get(in->r, "part"), &part) == 0 && part > 0 ? part : named;
}

static void take_status(struct target *t, const struct incoming *in, int64_t part)
{
	struct receipt got = { .status = rec_str(in->r, "status"),
			       .part = part_of(in, part),
			       .recipient = rec_str(in->r, "recipient") };

	take_receipt(t, in, &got);
}

/* That the carrier took the message is the lowest of receipts. */
static void take_delivery(struct target *t, const struct incoming *in)
{
	struct str outcome = rec_str(in->r, "outcome");
	struct receipt got = { .part = part_of(in, 0), .recipient = rec_str(in->r, "recipient") };
	int64_t attempt;

	if (json_i64(rec_get(in->r, "attempt"), &attempt) == 0 && attempt > t->state.attempts)
		t->state.attempts = attempt;
	if (in->external_id.n && in->carrier.n) {
		t->state.carrier = in->carrier;
		t->state.account = in->account;
		t->state.external_id = in->external_id;
	}
	got.status = str_eq(outcome, STR("sent"))    ? STR("accepted") :
		     str_eq(outcome, STR("failed"))  ? STR("failed") :
		     str_eq(outcome, STR("unknown")) ? STR("unknown") :
						       STR_NONE; /* it will be tried again */
	if (got.status.p)
		take_receipt(t, in, &got);
}

static void take_edit(struct target *t, const struct incoming *in)
{
	static const char *const members[] = { "type",     "text",     "media",
					       "location", "contacts", "interactive" };
	struct arena *a = in->r->arena;
	struct buf b = { .max = SIZE_MAX };
	struct err e;

	if (str_cmp(time_of(in), t->state.edited) < 0)
		return;
	t->state.edited = time_of(in);
	json_open(&b, '{');
	for (size_t i = 0; i < LEN(members); i++)
		if (rec_get(in->r, members[i]))
			json_add_value(&b, members[i], rec_get(in->r, members[i]));
	json_close(&b, '}');
	if (b.n > 2) {
		t->state.content = json_parse(buf_get(&b), a, &e);
		t->words = message_words(in->r);
		t->reword = !t->state.deleted.p;
	}
	buf_free(&b);
}

static void take_event(struct target *t, const struct incoming *in, int64_t part)
{
	struct str event = rec_str(in->r, "event"), at = time_of(in);

	if (str_eq(event, STR("message-edited"))) {
		take_edit(t, in);
	} else if (str_eq(event, STR("message-deleted")) && !t->state.deleted.p) {
		t->state.deleted = at;
		t->reword = true;
		t->words = STR_NONE;
	} else if (str_eq(event, STR("read")) && t->out) {
		struct receipt got = { .status = STR("read"),
				       .part = part_of(in, part),
				       .recipient = json_get_str(rec_get(in->r, "from"), "address") };

		take_receipt(t, in, &got);
	} else if (str_eq(event, STR("read")) && !t->state.read.p) {
		t->state.read = at;
	}
}

static void take_reaction(struct target *t, const struct incoming *in)
{
	struct reaction got = { .from = json_get_str(rec_get(in->r, "from"), "address"),
				.emoji = json_get_str(rec_get(in->r, "reaction"), "emoji"),
				.at = time_of(in) };

	if (got.emoji.n <= STORE_EMOJI_MAX)
		state_reaction(&t->state, &got, in->r->arena);
}

/* From now on what the carrier calls the message means it, and what came before that joins it. */
static int learn_ref(struct store *s, const struct incoming *in, int64_t message, struct err *e)
{
	struct key ref;

	if (!in->external_id.n || !in->carrier.n)
		return 0;
	ref = ref_key(in->carrier, in->account, in->external_id);
	return ref_add(s, &ref, message, part_of(in, 0), e) < 0 ?
		       -1 :
		       ref_join(s, &ref, message, in->r->arena, e);
}

int effect_apply(struct store *s, const struct incoming *in, int64_t message, int64_t part, struct err *e)
{
	struct target t;
	int rc = target_read(s, message, in->r->arena, &t, e);

	if (rc <= 0)
		return rc;
	switch (in->kind) {
	case KIND_STATUS:
		take_status(&t, in, part);
		break;
	case KIND_EVENT:
		take_event(&t, in, part);
		break;
	case KIND_DELIVERY:
		take_delivery(&t, in);
		break;
	case KIND_MESSAGE:
		take_reaction(&t, in);
		break;
	}
	if (target_write(s, &t, in, e) < 0)
		return -1;
	return in->kind == KIND_DELIVERY ? learn_ref(s, in, message, e) : 0;
}
