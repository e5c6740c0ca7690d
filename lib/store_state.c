/* SPDX-License-Identifier: MIT */
#include "store_state.h"

#include "limit.h"

enum { RANK_END = 8 };

static int64_t number(const struct json *obj, const char *key)
{
	int64_t v = 0;

	json_i64(json_get(obj, key), &v);
	return v;
}

static struct receipt read_receipt(const struct json *v, const char *at)
{
	return (struct receipt){ .status = json_get_str(v, "status"),
				 .at = json_get_str(v, at),
				 .rank = number(v, "rank"),
				 .part = number(v, "part"),
				 .recipient = json_get_str(v, "recipient"),
				 .error = json_get(v, "error") };
}

void state_read(struct state *st, struct str text, struct arena *a)
{
	const struct json *v, *sent;
	struct json_iter it;
	struct err e;

	*st = (struct state){ .attempts = 0 };
	v = text.n ? json_parse(text, a, &e) : NULL;
	if (!v)
		return;
	st->best = read_receipt(v, "status_at");
	it = json_iter(json_get(v, "receipts"));
	st->receipts = arena_calloc(a, json_len(json_get(v, "receipts")) + 1, sizeof(*st->receipts));
	while (json_next(&it))
		st->receipts[st->n_receipts++] = read_receipt(it.value, "at");
	it = json_iter(json_get(v, "reactions"));
	st->reactions = arena_calloc(a, json_len(json_get(v, "reactions")) + 1, sizeof(*st->reactions));
	while (json_next(&it))
		st->reactions[st->n_reactions++] = (struct reaction){ json_get_str(it.value, "from"),
								      json_get_str(it.value, "emoji"),
								      json_get_str(it.value, "at") };
	sent = json_get(v, "sent");
	st->carrier = json_get_str(sent, "carrier");
	st->account = json_get_str(sent, "account");
	st->external_id = json_get_str(sent, "external_id");
	st->attempts = number(v, "attempts");
	st->edited = json_get_str(v, "edited");
	st->deleted = json_get_str(v, "deleted");
	st->read = json_get_str(v, "read");
	st->content = json_get(v, "content");
}

static void write_receipt(struct buf *b, const struct receipt *r, const char *at)
{
	json_add_str(b, "status", r->status);
	json_add_i64(b, "rank", r->rank);
	json_opt_str(b, at, r->at);
	if (r->part)
		json_add_i64(b, "part", r->part);
	json_opt_str(b, "recipient", r->recipient);
	if (r->error)
		json_add_value(b, "error", r->error);
}

static void write_lists(struct buf *b, const struct state *st)
{
	if (st->n_receipts) {
		json_key(b, "receipts");
		json_open(b, '[');
		for (size_t i = 0; i < st->n_receipts; i++) {
			json_open(b, '{');
			write_receipt(b, &st->receipts[i], "at");
			json_close(b, '}');
		}
		json_close(b, ']');
	}
	if (st->n_reactions) {
		json_key(b, "reactions");
		json_open(b, '[');
		for (size_t i = 0; i < st->n_reactions; i++) {
			json_open(b, '{');
			json_opt_str(b, "from", st->reactions[i].from);
			json_add_str(b, "emoji", st->reactions[i].emoji);
			json_opt_str(b, "at", st->reactions[i].at);
			json_close(b, '}');
		}
		json_close(b, ']');
	}
}

struct str state_write(const struct state *st, struct arena *a)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text;

	json_open(&b, '{');
	if (st->best.status.p)
		write_receipt(&b, &st->best, "status_at");
	write_lists(&b, st);
	if (st->carrier.p) {
		json_key(&b, "sent");
		json_open(&b, '{');
		json_add_str(&b, "carrier", st->carrier);
		json_opt_str(&b, "account", st->account);
		json_opt_str(&b, "external_id", st->external_id);
		json_close(&b, '}');
	}
	if (st->attempts)
		json_add_i64(&b, "attempts", st->attempts);
	json_opt_str(&b, "edited", st->edited);
	json_opt_str(&b, "deleted", st->deleted);
	json_opt_str(&b, "read", st->read);
	if (st->content)
		json_add_value(&b, "content", st->content);
	json_close(&b, '}');
	text = b.n > 2 ? arena_str(a, buf_get(&b)) : STR_NONE;
	buf_free(&b);
	return text;
}

/* The receipt of the same part and recipient, or a new one; NULL if there are too many. */
static struct receipt *cell(struct state *st, const struct receipt *got, struct arena *a)
{
	for (size_t i = 0; i < st->n_receipts; i++)
		if (st->receipts[i].part == got->part && str_eq(st->receipts[i].recipient, got->recipient))
			return &st->receipts[i];
	if (st->n_receipts == STORE_RECEIPTS_MAX)
		return NULL;
	st->receipts = arena_resize(a, st->receipts, st->n_receipts * sizeof(*st->receipts),
				    (st->n_receipts + 1) * sizeof(*st->receipts));
	st->receipts[st->n_receipts] = (struct receipt){ .rank = -1 };
	return &st->receipts[st->n_receipts++];
}

static bool ended(const struct state *st, struct str recipient)
{
	for (size_t i = 0; i < st->n_receipts; i++)
		if (st->receipts[i].rank == RANK_END && str_eq(st->receipts[i].recipient, recipient))
			return true;
	return false;
}

/*
 * An end that names a recipient is one of the message only when nobody is left whom it could reach: a
 * participant of a group who is not in ${to} never is.
 */
static bool ends_all(const struct state *st, const struct receipt *r, const struct json *to)
{
	struct json_iter it = json_iter(to);
	bool named = false;

	if (!r->recipient.n)
		return true;
	while (json_next(&it)) {
		struct str address = json_get_str(it.value, "address");

		named = named || str_eq(address, r->recipient);
		if (!ended(st, address))
			return false;
	}
	return named || json_len(to) == 0;
}

void state_receipt(struct state *st, const struct receipt *got, const struct json *to, struct arena *a)
{
	struct receipt *c = cell(st, got, a);

	if (!c || got->rank <= c->rank)
		return;
	*c = *got;
	if (st->best.status.p && got->rank <= st->best.rank)
		return;
	if (got->rank == RANK_END && !ends_all(st, got, to))
		return;
	st->best = *got;
	st->best.part = 0; /* `receipts` tells which */
	st->best.recipient = STR_NONE;
}

void state_reaction(struct state *st, const struct reaction *got, struct arena *a)
{
	size_t i = 0;

	while (i < st->n_reactions && !str_eq(st->reactions[i].from, got->from))
		i++;
	if (i < st->n_reactions && str_cmp(got->at, st->reactions[i].at) < 0)
		return;
	if (i == st->n_reactions) {
		if (!got->emoji.n || i == STORE_REACTIONS_MAX)
			return;
		st->reactions = arena_resize(a, st->reactions, i * sizeof(*st->reactions),
					     (i + 1) * sizeof(*st->reactions));
		st->n_reactions++;
	}
	if (got->emoji.n)
		st->reactions[i] = *got;
	else
		st->reactions[i] = st->reactions[--st->n_reactions];
}
