/* SPDX-License-Identifier: MIT */
/* The callbacks of Twilio as the sandbox plays it. */
#include "sandbox_twilio.h"

#include <stdlib.h>

struct str box_twilio_word(struct str status)
{
	return str_eq(status, STR("expired")) ? STR("undelivered") : status;
}

struct pair {
	struct str name, value;
};

static int by_name(const void *x, const void *y)
{
	return str_cmp(((const struct pair *)x)->name, ((const struct pair *)y)->name);
}

/* The body of ${pairs}, and its signature: HMAC-SHA1 over the URL and the sorted pairs. */
static void sign(struct callback *c, struct pair *pairs, size_t n)
{
	struct mac *key = mac_new(HASH_SHA1, box_key(c->account, TW_TOKEN));
	struct buf text = { .max = MIB(2) };
	unsigned char digest[HASH_MAX];
	struct str all;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(&c->body, '&');
		form_escape(&c->body, pairs[i].name);
		buf_char(&c->body, '=');
		form_escape(&c->body, pairs[i].value);
	}
	qsort(pairs, n, sizeof(*pairs), by_name);
	buf_str(&text, c->url);
	for (size_t i = 0; i < n; i++) {
		buf_str(&text, pairs[i].name);
		buf_str(&text, pairs[i].value);
	}
	all = buf_get(&text);
	n = mac_of(key, &all, 1, digest);
	box_header(c, "X-Twilio-Signature", base64_of(c->arena, (struct str){ (char *)digest, n }));
	box_header(c, "Content-Type", STR("application/x-www-form-urlencoded; charset=UTF-8"));
	box_header(c, "User-Agent", STR("TwilioProxy/1.1"));
	mac_free(key);
	buf_free(&text);
}

bool box_twilio_receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	struct str status = box_twilio_word(r->status), from = m->from.n ? m->from : STR("+15550100");
	bool failed = str_eq(status, STR("failed")) || str_eq(status, STR("undelivered"));
	struct pair p[16] = {
		{ STR("SmsSid"), m->id },
		{ STR("SmsStatus"), status },
		{ STR("MessageStatus"), status },
		{ STR("To"), m->to[r->to] },
		{ STR("MessageSid"), m->id },
		{ STR("AccountSid"), c->account->id },
		{ STR("From"), from },
		{ STR("ApiVersion"), STR("2010-04-01") },
	};
	size_t n = 8;

	if (m->extra.n)
		p[n++] = (struct pair){ STR("MessagingServiceSid"), m->extra };
	if (failed)
		p[n++] = (struct pair){ STR("ErrorCode"),
					arena_fmt(c->arena, "%lld",
						  (long long)(r->code ? r->code : 30003)) };
	if (str_eq(m->channel, STR("whatsapp")))
		p[n++] = (struct pair){ STR("ChannelPrefix"), STR("whatsapp") };
	sign(c, p, n);
	return true;
}

bool box_twilio_inbound(struct callback *c, const struct box_message *m)
{
	bool whatsapp = str_eq(m->channel, STR("whatsapp"));
	struct pair p[16 + 2 * BOX_MEDIA] = {
		{ STR("ToCountry"), STR("US") },
		{ STR("ToState"), STR("") },
		{ STR("SmsMessageSid"), m->id },
		{ STR("NumMedia"), arena_fmt(c->arena, "%u", m->n_media) },
		{ STR("SmsSid"), m->id },
		{ STR("SmsStatus"), STR("received") },
		{ STR("Body"), m->text.p ? m->text : STR("") },
		{ STR("To"), m->to[0] },
		{ STR("NumSegments"), arena_fmt(c->arena, "%u", box_segments(m->text)) },
		{ STR("MessageSid"), m->id },
		{ STR("AccountSid"), c->account->id },
		{ STR("From"), m->from },
		{ STR("ApiVersion"), STR("2010-04-01") },
	};
	struct str path = arena_fmt(c->arena, "/2010-04-01/Accounts/%.*s/Messages/%.*s/Media/",
				    STR_FMT(c->account->id), STR_FMT(m->id));
	size_t n = 13;

	if (whatsapp)
		p[n++] = (struct pair){ STR("ProfileName"), STR("Sandbox") };
	if (m->reply_to.n)
		p[n++] = (struct pair){ STR("OriginalRepliedMessageSid"), m->reply_to };
	for (unsigned i = 0; i < m->n_media; i++) {
		p[n++] = (struct pair){ arena_fmt(c->arena, "MediaUrl%u", i),
					box_media_url(c, m->media[i], path) };
		p[n++] = (struct pair){ arena_fmt(c->arena, "MediaContentType%u", i), m->mime[i] };
	}
	box_header(c, "I-Twilio-Idempotency-Token", m->id);
	sign(c, p, n);
	return true;
}

void box_twilio_arrive(struct visit *v, struct box_message *m)
{
	struct str channel;

	(void)box_twilio_bare(m->from, &channel);
	m->id = arena_join(v->arena, m->n_media ? STR("MM") : STR("SM"), box_id(v, 2, BOX_HEX, 32));
	m->channel = channel.p ? channel : m->n_media ? STR("mms") : STR("sms");
}
