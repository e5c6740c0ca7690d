/* SPDX-License-Identifier: MIT */
/* What an outbound record asks for. */
#include "clock.h"
#include "nfc.h"
#include "route_choose.h"

static int malformed(struct err *e, const char *why)
{
	return err_set(e, FAULT_DATA, "message-malformed", "no way can be found for it: %s", why);
}

/* An address: of {"address": …}, or the text itself. */
static struct str address_of(const struct json *party)
{
	return json_is(party, JSON_STRING) ? json_str(party) : json_get_str(party, "address");
}

/* True if an earlier run of ours has filled ${member}: so it is open. */
static bool ours(const struct json *route, const char *member)
{
	for (struct json_iter it = json_iter(json_get(route, "open")); json_next(&it);)
		if (str_eq(json_str(it.value), str_c(member)))
			return true;
	return false;
}

static int read_to(struct choice *x, struct err *e)
{
	const struct json *to = rec_get(x->r, "to");

	if (json_len(to) > MESSAGE_TO_MAX)
		return err_set(e, FAULT_DATA, "message-malformed",
			       "no way can be found for it: it has %zu recipients, more than %d; make several messages of it",
			       json_len(to), MESSAGE_TO_MAX);
	x->to = arena_calloc(x->r->arena, json_len(to), sizeof(*x->to));
	for (struct json_iter it = json_iter(to); json_next(&it);) {
		struct str address = address_of(it.value);

		if (!address.n || address.n > STORE_KEY_MAX)
			return malformed(e, "a recipient has no address, or one of more than 1 KiB");
		x->to[x->n_to++] = address;
	}
	if (x->n_to == 0 && !rec_str(x->r, "conversation").n)
		return malformed(e, "it has neither a recipient in \"to\" nor a conversation");
	return 0;
}

static int read_expiry(struct choice *x, struct err *e)
{
	struct str text = rec_str(x->r, "expires_at");

	x->expires = INT64_MAX;
	return text.p && clock_parse(text, &x->expires) < 0 ?
		       malformed(e, "\"expires_at\" is no time") :
		       0;
}

int choose_read(const struct chooser *c, struct rec *r, struct choice *x, struct err *e)
{
	const struct json *route = rec_get(r, "route");

	*x = (struct choice){ .r = r, .event = rec_is(r, "event"), .now = r->now };
	/* Where the runner has no time, that of the record is as good. */
	if (!x->now && clock_parse(rec_str(r, "at"), &x->now) < 0)
		x->now = 0;
	x->channel = rec_str(r, "channel");
	x->channel_no = offers_channel(c->offers, x->channel);
	x->category = category_of(rec_str(r, "category"));
	x->carrier = ours(route, "carrier") ? STR_NONE : rec_str(r, "carrier");
	x->account = ours(route, "account") ? STR_NONE : rec_str(r, "account");
	x->from = ours(route, "from") ? STR_NONE : address_of(rec_get(r, "from"));
	x->conversation = ours(route, "conversation") ? STR_NONE : rec_str(r, "conversation");
	if (!x->channel.n)
		return malformed(e, "it has no channel");
	if (read_to(x, e) < 0 || read_expiry(x, e) < 0)
		return -1;
	x->text = rec_str(r, "text");
	if (!ability_type(r))
		return err_set(e, FAULT_DATA, "unsupported-type",
			       "nothing of the type \"%.*s\" is ever sent",
			       STR_FMT(rec_str(r, x->event ? "event" : "type")));
	return 0;
}

/* Nothing is replaced for nothing: only where all of it then goes in GSM 7-bit. */
static void smart(struct choice *x)
{
	struct buf b = { .max = LINE_MOST_BYTES };
	struct sms_plan plan;

	if (sms_smart(x->text, &b)) {
		sms_plan(buf_get(&b), &plan);
		if (plan.encoding == SMS_GSM7) {
			x->text = arena_str(x->r->arena, buf_get(&b));
			x->plan = plan;
		}
	}
	buf_free(&b);
}

void choose_text(struct choice *x)
{
	struct str text = x->text;

	x->short_text = !x->event && str_eq(x->channel, STR("sms")) && text.p;
	if (x->short_text) {
		x->text = nfc(text, x->r->arena);
		sms_plan(x->text, &x->plan);
		if (x->policy->smart && x->plan.encoding == SMS_UCS2)
			smart(x);
		x->reworded = x->text.p != text.p;
	}
	ability_read(&x->need, x->r, x->text);
}
