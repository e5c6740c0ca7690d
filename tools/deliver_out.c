/* SPDX-License-Identifier: MIT */
/* The records that leave: the message, its attempts, and its reject. */
#include "canon.h"
#include "clock.h"
#include "deliver.h"

/* A text of a carrier, which may be any bytes. */
static void add_text(struct buf *b, const char *key, struct str s)
{
	if (s.n > 0 && str_utf8(s))
		json_add_str(b, key, s);
}

static void put_error(struct buf *b, const struct canon_error *error)
{
	json_key(b, "error");
	json_open(b, '{');
	add_text(b, "code", error->code);
	json_add_str(b, "class", str_c(error->class ? error->class : CAUSE_UNKNOWN));
	add_text(b, "text", error->text);
	add_text(b, "carrier_code", error->carrier_code);
	json_close(b, '}');
}

static void put_time(struct buf *b, const char *key, int64_t ms)
{
	char at[CLOCK_TEXT + 1];

	clock_format(at, ms);
	json_add_str(b, key, (struct str){ at, CLOCK_TEXT });
}

static void put_address(struct buf *b, struct str address)
{
	json_open(b, '{');
	json_add_str(b, "address", address);
	json_close(b, '}');
}

/* What lies between the address of ${c} and the others; {NULL, 0} where one of them is not known. */
static struct str between(const struct errand *j, const struct candidate *c)
{
	struct str channel = rec_str(&j->rec, "channel");
	struct id id;

	if (!channel.n || !c->from.n || !j->s.to[0].p)
		return STR_NONE;
	id = canon_conversation(channel, c->from, j->s.to, j->s.n_to, j->arena);
	return arena_str(j->arena, id_str(&id));
}

/*
 * Its conversation: its own, the chat that was opened for it, or what lies between the two addresses.  Where that is
 * what it has, as the first candidate would have sent it, it changes with who does: its answer comes in there.
 */
static struct str conversation_of(const struct errand *j, const struct candidate *c)
{
	struct str own = rec_str(&j->rec, "conversation");

	if (own.n > 0 && (c == j->s.over || !str_eq(own, between(j, j->s.over))))
		return own;
	return !own.n && j->conversation.n > 0 ? j->conversation : between(j, c);
}

/* The same attempt has the same id; where no ledger counts them, the time tells them apart. */
static struct id note_id(const struct errand *j, const struct attempt *a)
{
	char numbers[96], at[CLOCK_TEXT + 1];
	struct buf b = { numbers, 0, sizeof(numbers), sizeof(numbers), false };

	clock_format(at, a->at);
	buf_fmt(&b, "%zu/%u/%lld/%s", j->leg.to, j->leg.part, (long long)j->attempt, at);
	return id_derive((struct str[]){ STR("delivery"), j->s.id, buf_get(&b) }, 3);
}

struct str note_make(struct deliver *d, struct errand *j, const struct attempt *a)
{
	const struct candidate *c = &j->s.over[j->leg.over];
	struct str to = j->s.to[j->leg.to];
	struct buf *b = &d->text;
	struct id id = note_id(j, a);

	buf_reset(b);
	json_open(b, '{');
	json_add_str(b, "id", id_str(&id));
	json_add_str(b, "kind", STR("delivery"));
	put_time(b, "at", a->at);
	json_add_str(b, "message", j->s.id);
	json_add_str(b, "carrier", c->of->name);
	json_add_str(b, "account", c->account->name);
	if (a->external_id.n > 0)
		json_add_str(b, "external_id", a->external_id);
	json_opt_str(b, "conversation", conversation_of(j, c));
	if (c->from.n > 0) {
		json_key(b, "from");
		put_address(b, c->from);
	}
	if (to.p) {
		json_key(b, "to");
		json_open(b, '[');
		put_address(b, to);
		json_close(b, ']');
	}
	if (j->s.n_to > 1)
		json_opt_str(b, "recipient", to);
	if (j->parts > 1)
		json_add_i64(b, "part", j->leg.part + 1);
	json_add_i64(b, "attempt", j->attempt);
	json_add_str(b, "outcome", str_c(a->outcome));
	if (a->error)
		put_error(b, a->error);
	if (a->retry_at)
		put_time(b, "retry_at", a->retry_at);
	if (a->status >= 100) {
		json_key(b, "http");
		json_open(b, '{');
		json_add_i64(b, "status", a->status);
		json_add_i64(b, "ms", (int64_t)(a->ms + 0.5));
		json_close(b, '}');
	}
	return arena_str(j->arena, buf_get(b));
}

void note_keep(struct errand *j, struct str text)
{
	struct note *n;

	if (!rec_is(&j->rec, "message"))
		return; /* what was typed or read is a message's affair alone */
	n = arena_calloc(j->arena, 1, sizeof(*n));
	n->text = text;
	*j->end = n;
	j->end = &n->next;
	j->n_notes++;
}

static struct str quoted(struct deliver *d, struct arena *a, struct str s)
{
	buf_reset(&d->text);
	json_put_str(&d->text, s);
	return arena_str(a, buf_get(&d->text));
}

/* {"address": …} with what else was known of the sender. */
static struct str sender(struct deliver *d, struct errand *j, const struct json *was)
{
	buf_reset(&d->text);
	json_open(&d->text, '{');
	json_add_str(&d->text, "address", j->over->from);
	for (struct json_iter it = json_iter(was); json_is(was, JSON_OBJECT) && json_next(&it);)
		if (!str_eq(it.key, STR("address"))) {
			json_key_str(&d->text, it.key);
			json_put_value(&d->text, it.value);
		}
	json_close(&d->text, '}');
	return arena_str(j->arena, buf_get(&d->text));
}

/* Over what it went, and as what, where the record does not say so. */
static void fill(struct deliver *d, struct errand *j, struct rec *r)
{
	const struct json *from = rec_get(&j->rec, "from");
	struct str address = json_is(from, JSON_STRING) ? json_str(from) : json_get_str(from, "address");
	/* One that failed stands in the conversation that it would have been in. */
	struct str conversation = conversation_of(j, j->over ? j->over : &j->s.over[j->leg.over]);

	if (rec_is(r, "message") && conversation.n > 0 &&
	    !str_eq(rec_str(r, "conversation"), conversation))
		rec_add(r, "conversation", quoted(d, j->arena, conversation));
	if (!j->over)
		return;
	if (!str_eq(rec_str(r, "carrier"), j->over->of->name))
		rec_add(r, "carrier", quoted(d, j->arena, j->over->of->name));
	if (!str_eq(rec_str(r, "account"), j->over->account->name))
		rec_add(r, "account", quoted(d, j->arena, j->over->account->name));
	if (!rec_is(r, "message"))
		return;
	if (j->over->from.n > 0 && !str_eq(address, j->over->from))
		rec_add(r, "from", sender(d, j, from));
	if (j->external_id.n > 0)
		rec_add(r, "external_id", quoted(d, j->arena, j->external_id));
}

static void put_note(struct deliver *d, struct errand *j, const struct note *n, struct out *o,
		     unsigned part, unsigned parts)
{
	struct rec made;

	buf_reset(&d->text);
	buf_str(&d->text, n->text);
	rec_inherit(&d->text, &j->rec, part, parts);
	json_close(&d->text, '}');
	rec_made(&made, &j->rec, buf_get(&d->text));
	out_put(o, &made);
}

void errand_put(struct deliver *d, struct errand *j, struct out *o)
{
	bool rejected = j->verdict.fault != FAULT_NONE;
	/* What comes back is not done: then it is put, as what it has become. */
	bool whole = j->verdict.fault != FAULT_TEMP && j->verdict.fault != FAULT_DUPLICATE &&
		     (!rejected || rec_is(&j->rec, "message"));
	unsigned parts = whole + j->n_notes + rejected, part = 0;

	if (whole) {
		struct rec r = j->rec;

		fill(d, j, &r);
		rec_share(&r, ++part, parts);
		out_put(o, &r);
	}
	for (const struct note *n = j->notes; n; n = n->next)
		put_note(d, j, n, o, ++part, parts);
	if (rejected) {
		struct rec r = j->rec;

		rec_share(&r, ++part, parts);
		out_reject(o, &r, &j->verdict);
	}
}
