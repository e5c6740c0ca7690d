/* SPDX-License-Identifier: MIT */
#include "deliver_read.h"

#include "clock.h"

static bool derived(struct str id)
{
	return id_valid(id) && id.p[14] == '5'; /* the version of a UUID, RFC 9562 */
}

bool outgoing_wanted(const struct rec *r)
{
	struct str event;

	if (!str_eq(rec_str(r, "direction"), STR("out")))
		return false;
	if (rec_is(r, "message"))
		return !rec_str(r, "external_id").n;
	event = rec_str(r, "event");
	if (!rec_is(r, "event") || (!str_eq(event, STR("typing")) && !str_eq(event, STR("read"))))
		return false;
	/* Its external_id is that of its subject; what came from a webhook has a derived id, and no carrier to go over. */
	return json_get_str(rec_get(r, "route"), "carrier").n || !derived(rec_str(r, "id"));
}

static int malformed(struct err *e, const char *why)
{
	return err_set(e, FAULT_DATA, "message-malformed", "it can not be sent: %s", why);
}

/* An address: of {"address": …}, or the text itself. */
static struct str address_of(const struct json *party)
{
	return json_is(party, JSON_STRING) ? json_str(party) : json_get_str(party, "address");
}

/* Add what ${from} names, the route or one of its fallbacks or the message, if it is configured; ${e} says why not. */
static void consider(struct outgoing *s, const struct json *from, struct str address,
		     const struct carriers *carriers, struct err *e)
{
	struct str name = json_get_str(from, "carrier"), account = json_get_str(from, "account");
	const struct carrier_conf *of = carriers_find(carriers, name);
	struct account *a = NULL;

	if (of && account.n)
		a = carrier_account(of, account);
	else if (of && of->accounts.n > 0)
		a = &of->accounts.list[0];
	if (!of)
		err_set(e, FAULT_DATA, "account-unknown",
			"the configuration has no carrier \"%.*s\"", STR_FMT(name));
	else if (!a && !account.n)
		err_set(e, FAULT_DATA, "account-unknown",
			"the configuration has no account of the carrier \"%.*s\"", STR_FMT(name));
	else if (!a)
		err_set(e, FAULT_DATA, "account-unknown",
			"the configuration has no account \"%.*s\" of the carrier \"%.*s\"",
			STR_FMT(account), STR_FMT(name));
	else if (!of->carrier->request || !of->carrier->judge)
		err_set(e, FAULT_DATA, "unsupported-carrier",
			"nothing is sent over the carrier \"%.*s\"", STR_FMT(name));
	else
		s->over[s->n_over++] = (struct candidate){ of, a, address };
}

bool outgoing_beside(struct outgoing *s, struct str carrier, struct str account, struct str from,
		     const struct carriers *carriers)
{
	const struct carrier_conf *of = carriers_find(carriers, carrier);
	struct account *a = of ? carrier_account(of, account) : NULL;

	if (!a || !of->carrier->request || !of->carrier->judge)
		return false;
	s->over[s->n_over] = (struct candidate){ of, a, from };
	return true;
}

static int read_over(struct outgoing *s, const struct json *route, struct arena *a,
		     const struct carriers *carriers, struct err *e)
{
	const struct json *fallback = json_get(route, "fallback");
	struct str own = address_of(json_get(s->message, "from"));

	s->over = arena_calloc(a, json_len(fallback) + 2, sizeof(*s->over)); /* and one beside them */
	err_set(e, FAULT_DATA, "no-route", "it has neither a route nor a carrier; run omni-route before");
	if (!json_get_str(route, "carrier").n) {
		if (json_get_str(s->message, "carrier").n)
			consider(s, s->message, own, carriers, e);
		return s->n_over > 0 ? 0 : -1;
	}
	consider(s, route, json_get_str(route, "from").n ? json_get_str(route, "from") : own,
		 carriers, e);
	for (struct json_iter it = json_iter(fallback); json_next(&it);)
		consider(s, it.value,
			 json_get_str(it.value, "from").n ? json_get_str(it.value, "from") : own,
			 carriers, e);
	return s->n_over > 0 ? 0 : -1;
}

/*
 * A message to a group is one, where the carrier has groups; then accounts of carriers that have none are not
 * asked, and the other way round.
 */
static void read_group(struct outgoing *s)
{
	bool group = s->over[0].of->carrier->groups;
	size_t n = 0;

	if (s->n_to < 2 || !str_eq(json_get_str(s->message, "channel"), STR("mms")))
		return;
	for (size_t i = 0; i < s->n_over; i++)
		if (s->over[i].of->carrier->groups == group)
			s->over[n++] = s->over[i];
	s->n_over = n;
	if (group) {
		s->to[0] = STR_NONE;
		s->n_to = 1;
	}
}

static int read_to(struct outgoing *s, struct arena *a, struct err *e)
{
	const struct json *to = json_get(s->message, "to");

	if (json_is(to, JSON_ARRAY) && json_len(to) == 0 &&
	    !json_get_str(s->message, "conversation").n)
		return malformed(e, "it has no recipients");
	if (json_len(to) > MESSAGE_TO_MAX)
		return err_set(e, FAULT_DATA, "message-malformed",
			       "it can not be sent: it has %zu recipients, more than %d; make several messages of it",
			       json_len(to), MESSAGE_TO_MAX);
	s->to = arena_calloc(a, json_len(to) + 1, sizeof(*s->to));
	for (struct json_iter it = json_iter(to); json_next(&it);) {
		s->to[s->n_to] = address_of(it.value);
		if (!s->to[s->n_to++].n)
			return malformed(e, "a recipient without an address");
	}
	if (s->n_to == 0)
		s->to[s->n_to++] = STR_NONE;
	return 0;
}

static int read_time(const struct json *message, const char *key, int64_t *ms, struct err *e)
{
	struct str text = json_get_str(message, key);

	*ms = 0;
	if (text.p && clock_parse(text, ms) < 0)
		return err_set(e, FAULT_DATA, "message-malformed",
			       "it can not be sent: %s is no time", key);
	return 0;
}

/* The record as it is to be sent: omni-route may have put its text into other characters. */
static const struct json *message_of(struct rec *r)
{
	const struct json *text = json_get(rec_get(r, "route"), "text");
	struct buf b = { .max = LINE_MOST_BYTES };
	struct rec sent = *r;
	const struct json *v;
	struct err e;

	if (!json_is(text, JSON_STRING))
		return rec_root(r);
	rec_add(&sent, "text", json_compact(r->arena, text));
	rec_write(&b, &sent);
	v = json_parse(buf_get(&b), r->arena, &e);
	buf_free(&b);
	return v;
}

int outgoing_read(struct outgoing *s, struct rec *r, const struct carriers *carriers, struct err *e)
{
	struct str key;

	*s = (struct outgoing){ .message = message_of(r), .id = rec_str(r, "id") };
	if (!s->id.n)
		return malformed(e, "it has no id, by which it would be known that it was sent");
	key = json_get_str(s->message, "idempotency_key");
	if (!key.n && id_valid(s->id)) /* those of a time lie side by side in the ledger */
		memcpy(s->subject.text, s->id.p, ID_TEXT);
	else
		s->subject = id_derive((struct str[]){ STR("send"), key.n ? STR("key") : STR("id"),
						       key.n ? key : s->id },
				       3);
	if (read_to(s, r->arena, e) < 0 || read_time(s->message, "send_at", &s->not_before, e) < 0 ||
	    read_time(s->message, "expires_at", &s->expires, e) < 0)
		return -1;
	if (read_over(s, json_get(s->message, "route"), r->arena, carriers, e) < 0)
		return -1;
	read_group(s);
	return 0;
}

/* Where omni-recv hears of this account. */
static struct str status_url(const struct candidate *c, struct arena *a)
{
	struct str base = c->account->public_url;

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	return base.n ? arena_fmt(a, "%.*s/webhooks/%.*s/%.*s", STR_FMT(base), STR_FMT(c->of->name),
				  STR_FMT(c->account->name)) :
			STR_NONE;
}

void outgoing_dispatch(struct dispatch *d, const struct outgoing *s, const struct leg *leg,
		       struct arena *arena)
{
	const struct candidate *c = &s->over[leg->over];
	char numbers[48];
	struct buf b = { numbers, 0, sizeof(numbers), sizeof(numbers), false };
	struct id key;

	buf_fmt(&b, "%zu/%u", leg->to, leg->part);
	key = id_derive((struct str[]){ STR("part"), id_str(&s->subject), buf_get(&b) }, 3);
	*d = (struct dispatch){ .account = c->account,
				.message = s->message,
				.from = c->from,
				.to = s->to[leg->to],
				.part = leg->part,
				.key = arena_str(arena, id_str(&key)),
				.status_url = status_url(c, arena),
				.arena = arena };
}
