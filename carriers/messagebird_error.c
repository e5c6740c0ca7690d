/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

/* ---- statuses ---- */

/* What a word for the state of a message means. */
struct meaning {
	const char *word;
	const char *status; /* NULL where it becomes an event */
	const char *event;
	const char *class; /* of the error, where the carrier gives no code; or NULL */
};

/* Words of all generations, in order.  Those that only say that it is on its way are one status. */
static const struct meaning meanings[] = {
	{ "accepted", "accepted", NULL, NULL },
	{ "bounce", "failed", NULL, CAUSE_PERMANENT },
	{ "buffered", "queued", NULL, NULL },
	{ "clicked", "read", NULL, NULL },
	{ "deleted", NULL, "message-deleted", NULL },
	{ "delivered", "delivered", NULL, NULL },
	{ "delivery_failed", "failed", NULL, CAUSE_PERMANENT },
	{ "dispatched", "queued", NULL, NULL },
	{ "expired", "expired", NULL, CAUSE_TEMP },
	{ "failed", "failed", NULL, CAUSE_UNKNOWN },
	{ "list_unsubscribe", NULL, "opt-out", NULL },
	{ "opened", "read", NULL, NULL },
	{ "pending", "queued", NULL, NULL },
	{ "processing", "queued", NULL, NULL },
	{ "read", "read", NULL, NULL },
	{ "rejected", "failed", NULL, CAUSE_PERMANENT },
	{ "scheduled", "queued", NULL, NULL },
	{ "sending_failed", "failed", NULL, CAUSE_UNKNOWN },
	{ "sent", "sent", NULL, NULL },
	{ "spam_complaint", NULL, "opt-out", NULL },
	{ "transmitted", "sent", NULL, NULL },
	{ "undelivered", "undelivered", NULL, CAUSE_PERMANENT },
	{ "unsupported", "failed", NULL, CAUSE_PERMANENT },
};

static const struct meaning *meaning(struct str word)
{
	for (size_t i = 0; i < LEN(meanings); i++)
		if (str_eq(word, str_c(meanings[i].word)))
			return &meanings[i];
	return NULL;
}

/* An event about a message that we sent, by the person that it was sent to. */
static void become_event(struct canon *c, const char *event)
{
	struct canon_party from = c->from;

	c->kind = CANON_EVENT;
	c->event = event;
	if (strcmp(event, "opt-out") != 0) {
		c->reply_to = c->external_id;
		return;
	}
	c->direction = "in";
	c->from = c->n_to > 0 ? c->to[0] : (struct canon_party){ STR_NONE, STR_NONE };
	c->n_to = from.address.p && c->n_to > 0;
	if (c->n_to > 0)
		c->to[0] = from;
}

void messagebird_become(struct messagebird_reading *r, struct str word, const struct json *v)
{
	const struct meaning *known = meaning(word);
	struct canon *c = r->c;

	c->status = known && known->status ? known->status : "unknown";
	if (known && known->event)
		become_event(c, known->event);
	else if (known && known->class && !c->error.class)
		c->error.class = known->class;
	/* A word that is one status with others says more than that. */
	if (str_eq(word, str_c(c->status)))
		leftover_taken(&r->left, v);
}

void messagebird_opt_out(struct messagebird_reading *r, struct str address)
{
	struct canon status = *r->c, *c;

	c = messagebird_new(r, CANON_EVENT);
	c->at = status.at;
	c->account = status.account;
	c->channel = status.channel;
	c->external_id = status.external_id;
	c->id_suffix = address;
	c->conversation = status.conversation;
	c->direction = "out"; /* as the status, which it is turned around from */
	c->from = status.from;
	c->to = arena_calloc(r->arena, 1, sizeof(*c->to));
	c->to[0].address = address;
	c->n_to = 1;
	become_event(c, "opt-out");
}

/* ---- errors ---- */

/* Codes of delivery over SMS, in order. */
static const struct cause deliveries[] = {
	{ 1, CAUSE_PERMANENT, "unknown subscriber" },
	{ 2, CAUSE_PERMANENT, "unknown subscriber: base station" },
	{ 3, CAUSE_PERMANENT, "unknown subscriber: switching centre" },
	{ 5, CAUSE_PERMANENT, "unidentified subscriber" },
	{ 6, CAUSE_TEMP, "absent subscriber" },
	{ 7, CAUSE_PERMANENT, "unknown equipment" },
	{ 8, CAUSE_PERMANENT, "roaming not allowed" },
	{ 9, CAUSE_PERMANENT, "illegal subscriber" },
	{ 10, CAUSE_PERMANENT, "bearer service not provisioned" },
	{ 11, CAUSE_PERMANENT, "teleservice not provisioned" },
	{ 12, CAUSE_PERMANENT, "illegal equipment" },
	{ 13, CAUSE_PERMANENT, "call barred" },
	{ 21, CAUSE_PERMANENT, "facility not supported" },
	{ 27, CAUSE_TEMP, "absent subscriber" },
	{ 31, CAUSE_TEMP, "subscriber busy" },
	{ 32, CAUSE_TEMP, "delivery failure" },
	{ 33, CAUSE_TEMP, "waiting list full" },
	{ 34, CAUSE_TEMP, "system failure" },
	{ 35, CAUSE_TEMP, "data missing" },
	{ 36, CAUSE_TEMP, "unexpected data" },
	{ 51, CAUSE_TEMP, "resource limitation" },
	{ 101, CAUSE_TEMP, "balance of the subscriber insufficient" },
	{ 103, CAUSE_OPTED_OUT, "recipient has opted out" },
	{ 104, CAUSE_PERMANENT, "sender not registered" },
	{ 105, CAUSE_PERMANENT, "content not registered" },
	{ 106, CAUSE_THROTTLED, "volume of the campaign exceeded" },
	{ 107, CAUSE_THROTTLED, "throughput of the campaign exceeded" },
};

/* Of the channel behind Conversations, passed on. */
static const struct cause conversations[] = {
	{ 470, CAUSE_PERMANENT, "outside the 24 hour window" },
};

/* Of Channels; whole groups, where only that is known, have the code that they begin with. */
static const struct cause failures[] = {
	{ 11000, CAUSE_PERMANENT, "validation failed" },
	{ 12000, CAUSE_TEMP, "service error" },
	{ 14000, CAUSE_PERMANENT, "error of the customer" },
	{ 15000, CAUSE_UNKNOWN, "error of the channel" },
	{ 15001, CAUSE_TEMP, "network or system failure" },
	{ 15005, CAUSE_PERMANENT, "unknown subscriber" },
};

const struct cause *messagebird_error(enum messagebird_codes codes, int64_t code)
{
	const struct cause *known;

	switch (codes) {
	case MESSAGEBIRD_DELIVERY:
		return cause_find(deliveries, LEN(deliveries), code);
	case MESSAGEBIRD_CONVERSATION:
		return cause_find(conversations, LEN(conversations), code);
	default:
		known = cause_find(failures, LEN(failures), code);
		return known ? known : cause_find(failures, LEN(failures), code - code % 1000);
	}
}

const char *messagebird_word_class(struct str code)
{
	static const struct {
		struct str code;
		const char *class;
	} words[] = {
		{ STR("invalid_destination"), CAUSE_PERMANENT },
		{ STR("landline_unreachable"), CAUSE_PERMANENT },
		{ STR("sender_unregistered"), CAUSE_PERMANENT },
		{ STR("content_rejected"), CAUSE_PERMANENT },
		{ STR("blocked_by_carrier"), CAUSE_PERMANENT },
		{ STR("unreachable"), CAUSE_TEMP },
		{ STR("provider_unavailable"), CAUSE_TEMP },
		{ STR("unknown"), CAUSE_TEMP },
		{ STR("blocked_by_recipient"), CAUSE_OPTED_OUT },
		{ STR("recipient_opted_out"), CAUSE_OPTED_OUT },
		{ STR("insufficient_balance"), CAUSE_CREDENTIALS }, /* nothing can be sent until somebody pays */
	};

	for (size_t i = 0; i < LEN(words); i++)
		if (str_eq(code, words[i].code))
			return words[i].class;
	return CAUSE_UNKNOWN;
}
