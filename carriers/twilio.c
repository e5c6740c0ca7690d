/* SPDX-License-Identifier: MIT */
#include "twilio.h"

/* ---- statuses ---- */

static const struct {
	const char *word, *status;
	bool same; /* the word says no more than the status */
} statuses[] = {
	{ "accepted", "accepted", true },
	{ "canceled", "canceled", true },
	{ "delivered", "delivered", true },
	{ "failed", "failed", true },
	{ "partially_delivered", "delivered", false },
	{ "queued", "queued", true },
	{ "read", "read", true },
	{ "scheduled", "accepted", false },
	{ "sending", "sending", true },
	{ "sent", "sent", true },
	{ "undelivered", "undelivered", true },
};

static void read_error(struct twilio_reading *r, struct canon *c)
{
	struct str code = twilio_peek(r, PARAM_ERROR_CODE);
	const struct cause *known;
	uint64_t n = 0;

	if (code.p && str_u64(code, &n) == 0 && n == 0)
		twilio_take(r, PARAM_ERROR_CODE);
	if (n == 0 && (!code.p || str_digits(code)) && !twilio_peek(r, PARAM_ERROR_MESSAGE).p)
		return;
	known = twilio_error(n);
	c->error.carrier_code = twilio_take(r, PARAM_ERROR_CODE);
	c->error.text = twilio_take(r, twilio_peek(r, PARAM_ERROR_MESSAGE).p ?
					       PARAM_ERROR_MESSAGE :
					       PARAM_CHANNEL_STATUS_MESSAGE);
	if (!c->error.text.p && known)
		c->error.text = str_c(known->text);
	if (known)
		c->error.class = known->class;
	else
		c->error.class = n > 0 ? CAUSE_PERMANENT : CAUSE_UNKNOWN;
}

static void read_status(struct twilio_reading *r, struct canon_list *out, enum twilio_param place)
{
	struct canon *c = canon_new(out, CANON_STATUS);
	struct str word = twilio_peek(r, place);

	c->direction = "out";
	twilio_common(r, c);
	if (!r->channel)
		r->channel = str_prefix(c->external_id, STR("MM")) ? "mms" : "sms";
	c->channel = r->channel;
	c->recipient = c->n_to > 0 ? c->to[0].address : STR_NONE;
	c->status = "unknown";
	c->id_suffix = word; /* two words that are one status to us are two receipts all the same */
	for (size_t i = 0; i < LEN(statuses); i++) {
		if (!str_eq(word, str_c(statuses[i].word)))
			continue;
		c->status = statuses[i].status;
		if (statuses[i].same) {
			twilio_take(r, place);
			c->id_suffix = STR_NONE;
		}
	}
	if (place != PARAM_SMS_STATUS)
		twilio_take_same(r, PARAM_SMS_STATUS, word);
	read_error(r, c);
	c->carrier_data = twilio_rest(r);
}

/* ---- events ---- */

/* A call, a task, whatever else is sent to the same URL: all of it in the carrier's words. */
static void read_other(struct twilio_reading *r, struct canon_list *out)
{
	struct canon *c = canon_new(out, CANON_EVENT);

	c->event = "unsupported";
	c->account = twilio_peek(r, PARAM_ACCOUNT_SID);
	c->external_id = twilio_sid(r);
	c->carrier_data = twilio_rest(r);
}

/* ${v} as the carrier_data of an event: an object as it is, anything else inside one. */
static void put_event(struct canon_list *out, const struct json *v, size_t i)
{
	struct canon *c = canon_new(out, CANON_EVENT);
	struct buf b = { .max = LINE_MAX_BYTES };
	struct str id = json_get_str(v, "id");

	c->event = "unsupported";
	if (id.n > 0)
		c->external_id = id;
	else if (i > 0)
		c->id_suffix = arena_fmt(out->arena, "%zu", i);
	if (json_is(v, JSON_OBJECT)) {
		json_put_value(&b, v);
	} else {
		json_open(&b, '{');
		json_add_value(&b, "body", v);
		json_close(&b, '}');
	}
	if (!b.over)
		c->carrier_data = arena_str(out->arena, buf_get(&b));
	buf_free(&b);
}

/* JSON comes from other products than messaging: one event, or an array of them. */
static int read_events(const struct hook *h, struct canon_list *out, struct err *e)
{
	const struct json *root = hook_json(h, e);
	struct json_iter it;

	if (!root) {
		err_hint(e, "the body of a webhook of twilio is a form or JSON");
		return -1;
	}
	if (!json_is(root, JSON_ARRAY) || json_len(root) == 0) {
		put_event(out, root, 0);
		return 0;
	}
	for (it = json_iter(root); json_next(&it);)
		put_event(out, it.value, it.i + 1);
	return 0;
}

static bool inbound(struct str word)
{
	return str_eq(word, STR("received")) || str_eq(word, STR("receiving"));
}

static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	struct twilio_reading r = { .hook = h, .arena = h->arena, .shape = twilio_shape(h) };
	enum twilio_param place;
	struct str word;

	(void)accounts; /* the payload says all there is to know */
	if (r.shape == TWILIO_BODY)
		return read_events(h, out, e);
	if (twilio_read(&r, e) < 0)
		return -1;
	place = twilio_peek(&r, PARAM_MESSAGE_STATUS).p ? PARAM_MESSAGE_STATUS : PARAM_SMS_STATUS;
	word = twilio_peek(&r, place);
	if (!twilio_sid(&r).p)
		read_other(&r, out);
	else if (word.p && !inbound(word))
		read_status(&r, out, place);
	else if (twilio_peek(&r, PARAM_FROM).p && twilio_peek(&r, PARAM_TO).p)
		twilio_message(&r, out);
	else
		read_other(&r, out);
	return 0;
}

/*
 * Twilio takes the body of the answer for instructions, and text/plain for a reply to the person:
 * this says that there is nothing to do.  It may be told to send its webhooks with GET.
 */
static void receive(const struct accounts *accounts, const struct request *req, struct answer *a)
{
	(void)accounts, (void)req;
	a->type = "text/xml";
	a->body = STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
}

const struct carrier carrier_twilio = {
	.name = "twilio",
	.id_key = "account_sid",
	.proof_key = "auth_token",
	.proof_hash = HASH_SHA1,
	.receive = receive,
	.verify = twilio_verify,
	.normalize = normalize,
	.send_keys = twilio_send_keys,
	.request = twilio_request,
	.judge = twilio_judge,
	.abilities = twilio_abilities,
	.media = twilio_source,
};
