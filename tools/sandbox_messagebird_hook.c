/* SPDX-License-Identifier: MIT */
#include "sandbox_messagebird.h"

#include <stdlib.h>

#include "clock.h"
#include "url.h"

/* ---- proofs ---- */

static struct str digest_of(struct callback *c, struct str s)
{
	unsigned char digest[HASH_MAX];

	hash_of(HASH_SHA256, &s, 1, digest);
	return arena_str(c->arena, (struct str){ (char *)digest, hash_size(HASH_SHA256) });
}

static struct str hmac(struct callback *c, struct str key, struct str text)
{
	struct mac *mac = mac_new(HASH_SHA256, key);
	unsigned char digest[HASH_MAX];
	size_t n = mac_of(mac, &text, 1, digest);

	mac_free(mac);
	return arena_str(c->arena, (struct str){ (char *)digest, n });
}

/* A JSON Web Token over the URL and the body. */
static void prove_jwt(struct callback *c, struct str key)
{
	struct buf b = { .max = KIB(4) };
	unsigned char random[16];
	struct str signing, body = buf_get(&c->body);

	crypto_random(random, sizeof(random));
	json_open(&b, '{');
	json_add_str(&b, "iss", STR("MessageBird"));
	json_add_i64(&b, "nbf", c->now / 1000);
	json_add_i64(&b, "exp", c->now / 1000 + 60);
	json_add_str(&b, "jti", hex_of(c->arena, (struct str){ (char *)random, sizeof(random) }));
	json_add_str(&b, "url_hash", hash_hex(c->arena, HASH_SHA256, c->url));
	if (body.n > 0)
		json_add_str(&b, "payload_hash", hash_hex(c->arena, HASH_SHA256, body));
	json_close(&b, '}');
	signing = arena_fmt(c->arena, "%.*s.%.*s",
			    STR_FMT(base64url_of(c->arena, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"))),
			    STR_FMT(base64url_of(c->arena, buf_get(&b))));
	box_header(c, "MessageBird-Signature-JWT",
		   arena_fmt(c->arena, "%.*s.%.*s", STR_FMT(signing),
			     STR_FMT(base64url_of(c->arena, hmac(c, key, signing)))));
	buf_free(&b);
}

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* The pairs of the query of ${url}, as they are written, sorted. */
static struct str sorted_query(struct callback *c, struct str url)
{
	struct str rest = url_query(url), list[64] = { { NULL, 0 } }, out = STR("");
	size_t n = 0;

	while (rest.n > 0 && n < LEN(list)) {
		size_t amp = str_find(rest, '&');

		list[n++] = str_sub(rest, 0, amp);
		rest = str_sub(rest, amp + 1, rest.n);
	}
	qsort(list, n, sizeof(*list), by_text);
	for (size_t i = 0; i < n; i++)
		out = i ? arena_fmt(c->arena, "%.*s&%.*s", STR_FMT(out), STR_FMT(list[i])) : list[i];
	return out;
}

/* The two schemes that sign time, ${what} and the digest of the body. */
static void prove_hmac(struct callback *c, struct str key, struct str what)
{
	struct str ts = box_seconds(c->arena, c->now), text;

	text = arena_fmt(c->arena, "%.*s\n%.*s\n", STR_FMT(ts), STR_FMT(what));
	text = arena_join(c->arena, text, digest_of(c, buf_get(&c->body)));
	box_header(c, "MessageBird-Request-Timestamp", ts);
	box_header(c, "MessageBird-Signature", base64_of(c->arena, hmac(c, key, text)));
}

/* Standard Webhooks: id, time and body. */
static void prove_standard(struct callback *c, struct str key, struct str id)
{
	struct str ts = box_seconds(c->arena, c->now), bytes = key, text;

	if (str_prefix(key, STR("whsec_")) && base64_read(c->arena, str_sub(key, 6, key.n), &bytes) < 0)
		bytes = key;
	text = arena_fmt(c->arena, "%.*s.%.*s.", STR_FMT(id), STR_FMT(ts));
	text = arena_join(c->arena, text, buf_get(&c->body));
	box_header(c, "webhook-id", id);
	box_header(c, "webhook-timestamp", ts);
	box_header(c, "webhook-signature",
		   arena_join(c->arena, STR("v1,"), base64_of(c->arena, hmac(c, bytes, text))));
}

/* ${id}: of this event, the same for each time that it is sent. */
static void prove(struct callback *c, struct str id)
{
	struct str profile = json_get_str(c->account->conf, "profile"),
		   key = box_key(c->account, MB_SIGNING);

	if (str_eq(profile, STR("legacy")))
		prove_hmac(c, key, sorted_query(c, c->url));
	else if (str_eq(profile, STR("bird-hmac")))
		prove_hmac(c, key, c->url);
	else if (str_eq(profile, STR("bird-std")))
		prove_standard(c, key, id);
	else
		prove_jwt(c, key);
}

/* ---- words ---- */

static struct str rest_word(struct str status)
{
	if (str_eq(status, STR("failed")) || str_eq(status, STR("undelivered")))
		return STR("delivery_failed");
	if (str_eq(status, STR("queued")) || str_eq(status, STR("sending")))
		return STR("buffered");
	return str_eq(status, STR("read")) ? STR("delivered") : status;
}

/* ---- REST: a GET ---- */

static void add(struct buf *b, const char *name, struct str value)
{
	if (b->n > 0)
		buf_char(b, '&');
	form_escape(b, str_c(name));
	buf_char(b, '=');
	form_escape(b, value);
}

static bool receipt_rest(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	struct str status = rest_word(r->status);
	bool failed = str_eq(status, STR("delivery_failed"));
	struct buf b = { .max = KIB(16) };

	if (!m->tag.n) /* there are reports only for what has a reference */
		return false;
	add(&b, "id", m->id);
	add(&b, "reference", m->tag);
	add(&b, "recipient", m->to[r->to]);
	add(&b, "status", status);
	if (failed) {
		add(&b, "statusReason", STR("unknown subscriber"));
		add(&b, "statusErrorCode",
		    arena_fmt(c->arena, "%lld", (long long)(r->code ? r->code : 1)));
	} else if (str_eq(status, STR("delivered"))) {
		add(&b, "statusReason", STR("successfully delivered"));
	}
	add(&b, "statusDatetime", box_offset(c->arena, r->at));
	add(&b, "mccmnc", STR("310010"));
	add(&b, "ported", STR("0"));
	add(&b, "messagePartCount", arena_fmt(c->arena, "%u", m->parts));
	c->method = "GET";
	c->url = arena_fmt(c->arena, "%.*s%c%.*s", STR_FMT(c->url),
			   str_find(c->url, '?') < c->url.n ? '&' : '?', STR_FMT(buf_get(&b)));
	buf_free(&b);
	prove(c, m->id);
	return true;
}

static void inbound_rest(struct callback *c, const struct box_message *m)
{
	struct buf *b = &c->body;

	add(b, "id", m->id);
	add(b, "recipient", m->to[0]);
	add(b, "originator", m->from);
	add(b, "body", m->text.p ? m->text : STR(""));
	for (unsigned i = 0; i < m->n_media; i++)
		add(b, "mediaUrls", box_media_url(c, m->media[i], STR("/v1/media/")));
	add(b, "createdDatetime", box_offset(c->arena, m->at));
	box_header(c, "Content-Type", STR("application/x-www-form-urlencoded"));
	prove(c, m->id);
}

/* ---- Conversations ---- */

static void put_contact(struct callback *c, const struct box_message *m)
{
	struct str person = m->inbound ? m->from : m->to[0];
	struct buf *b = &c->body;

	json_key(b, "contact");
	json_open(b, '{');
	json_add_str(b, "id", str_sub(hash_hex(c->arena, HASH_SHA256, person), 0, 32));
	json_add_str(b, "displayName", STR("Sandbox"));
	json_add_str(b, "createdDatetime", clock_text(c->arena, m->at));
	json_close(b, '}');
	json_key(b, "conversation");
	json_open(b, '{');
	json_add_str(b, "id", m->chat);
	json_add_str(b, "status", STR("active"));
	json_add_str(b, "createdDatetime", clock_text(c->arena, m->at));
	json_add_str(b, "lastUsedChannelId", c->account->id.n ? c->account->id : m->from);
	json_close(b, '}');
}

static void put_content(struct callback *c, const struct box_message *m)
{
	struct buf *b = &c->body;
	const char *kind = "file";

	if (m->n_media > 0 && m->inbound) {
		if (str_prefix(m->mime[0], STR("image/")))
			kind = "image";
		json_add_str(b, "type", str_c(kind));
		json_key(b, "content");
		json_open(b, '{');
		json_key(b, kind);
		json_open(b, '{');
		json_add_str(b, "url", box_media_url(c, m->media[0], STR("/v1/media/")));
		json_opt_str(b, "caption", m->text);
		json_close(b, '}');
	} else {
		json_add_str(b, "type", STR("text"));
		json_key(b, "content");
		json_open(b, '{');
		json_add_str(b, "text", m->text.p ? m->text : STR(""));
	}
	json_close(b, '}');
}

static void conversation(struct callback *c, const struct box_message *m, struct str status,
			 const struct receipt *r)
{
	struct buf *b = &c->body;

	json_open(b, '{');
	put_contact(c, m);
	json_key(b, "message");
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "conversationId", m->chat);
	json_add_str(b, "platform", m->channel);
	json_add_str(b, "to", m->to[0]);
	json_add_str(b, "from", m->from);
	json_add_str(b, "channelId",
		     c->account->id.n ? c->account->id :
		     m->inbound       ? m->to[0] :
					m->from);
	put_content(c, m);
	json_add_str(b, "direction", m->inbound ? STR("received") : STR("sent"));
	json_add_str(b, "status", status);
	json_add_str(b, "createdDatetime", clock_text(c->arena, m->at));
	json_add_str(b, "updatedDatetime", clock_text(c->arena, r ? r->at : m->at));
	if (m->tag.n)
		json_add_str(b, "trackId", m->tag);
	if (r && str_eq(status, STR("failed"))) {
		json_key(b, "error");
		json_open(b, '{');
		json_add_i64(b, "code", r->code ? r->code : 470);
		json_add_str(b, "description", STR("the sandbox was told to let it fail"));
		json_close(b, '}');
	}
	json_close(b, '}');
	json_add_str(b, "type", r ? STR("message.updated") : STR("message.created"));
	json_close(b, '}');
	box_header(c, "Content-Type", STR("application/json"));
	prove(c, m->id);
}

/* ---- Bird Channels ---- */

static void put_party(struct buf *b, struct callback *c, const struct box_message *m)
{
	struct str person = m->inbound ? m->from : m->to[0];
	json_key(b, m->inbound ? "sender" : "receiver");
	json_open(b, '{');
	json_key(b, m->inbound ? "contact" : "contacts");
	if (!m->inbound)
		json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "id", str_sub(hash_hex(c->arena, HASH_SHA256, person), 0, 32));
	json_add_str(b, "identifierKey", STR("phonenumber"));
	json_add_str(b, "identifierValue", person);
	json_close(b, '}');
	if (!m->inbound)
		json_close(b, ']');
	json_close(b, '}');
	json_key(b, m->inbound ? "receiver" : "sender");
	json_open(b, '{');
	json_key(b, "connector");
	json_open(b, '{');
	json_add_str(b, "id", m->inbound ? m->to[0] : m->from);
	json_close(b, '}');
	json_close(b, '}');
}

static void bird(struct callback *c, const struct box_message *m, struct str status,
		 const struct receipt *r)
{
	struct buf *b = &c->body;

	json_open(b, '{');
	json_add_str(b, "service", STR("channels"));
	json_add_str(b, "event",
		     arena_fmt(c->arena, "%.*s.%s", STR_FMT(m->channel),
			       m->inbound ? "inbound" : "outbound"));
	json_key(b, "payload");
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "channelId",
		     c->account->id.n ? c->account->id :
		     m->inbound       ? m->to[0] :
					m->from);
	put_party(b, c, m);
	json_key(b, "body");
	json_open(b, '{');
	json_add_str(b, "type", STR("text"));
	json_key(b, "text");
	json_open(b, '{');
	json_add_str(b, "text", m->text.p ? m->text : STR(""));
	json_close(b, '}');
	json_close(b, '}');
	if (m->tag.n)
		json_add_str(b, "reference", m->tag);
	json_add_str(b, "status", status);
	if (r && str_eq(status, STR("delivery_failed"))) {
		json_add_str(b, "reason", STR("unknown_subscriber"));
		json_key(b, "failure");
		json_open(b, '{');
		json_add_i64(b, "code", 15005);
		json_key(b, "source");
		json_open(b, '{');
		json_add_str(b, "name", STR("sms-messagebird"));
		json_add_str(b, "code", arena_fmt(c->arena, "%lld", (long long)(r->code ? r->code : 1)));
		json_close(b, '}');
		json_close(b, '}');
	}
	json_add_str(b, "direction", m->inbound ? STR("incoming") : STR("outgoing"));
	json_add_str(b, "lastStatusAt", clock_text(c->arena, r ? r->at : m->at));
	json_add_str(b, "createdAt", clock_text(c->arena, m->at));
	json_add_str(b, "updatedAt", clock_text(c->arena, r ? r->at : m->at));
	json_close(b, '}');
	json_close(b, '}');
	box_header(c, "Content-Type", STR("application/json"));
	prove(c, m->id);
}

/* ---- Bird platform ---- */

static void platform(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	struct str status = str_eq(r->status, STR("queued")) || str_eq(r->status, STR("sending")) ?
				    STR("accepted") :
				    r->status;
	struct buf *b = &c->body;

	json_open(b, '{');
	json_add_str(b, "type", arena_fmt(c->arena, "%.*s.%.*s", STR_FMT(m->channel), STR_FMT(status)));
	json_add_str(b, "timestamp", clock_text(c->arena, r->at));
	json_key(b, "data");
	json_open(b, '{');
	json_add_str(b, str_eq(m->channel, STR("whatsapp")) ? "whatsapp_id" : "sms_id", m->id);
	json_add_str(b, "workspace_id", STR("ws_sandbox"));
	json_opt_str(b, "from", m->from);
	json_add_str(b, "to", m->to[0]);
	json_add_raw(b, "tags", STR("null"));
	json_add_raw(b, "metadata", m->tag.n ? m->tag : STR("null"));
	if (str_eq(status, STR("failed")) || str_eq(status, STR("undelivered"))) {
		json_key(b, "error");
		json_open(b, '{');
		json_add_str(b, "code", r->word.n ? r->word : STR("unreachable"));
		json_add_str(b, "description", STR("The sandbox was told to let it fail"));
		json_add_str(b, "occurred_at", clock_text(c->arena, r->at));
		json_close(b, '}');
	}
	json_close(b, '}');
	json_close(b, '}');
	box_header(c, "Content-Type", STR("application/json"));
	prove(c, arena_fmt(c->arena, "evt_%.*s_%.*s", STR_FMT(m->id), STR_FMT(status)));
}

/* ---- all of it ---- */

bool messagebird_receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	struct str status = r->status;
	bool failed = str_eq(status, STR("undelivered")) || str_eq(status, STR("failed"));

	if (str_eq(m->extra, STR(MB_REST)))
		return receipt_rest(c, m, r);
	if (str_eq(m->extra, STR(MB_CONVERSATIONS)))
		conversation(c, m, failed ? STR("failed") : status, r);
	else if (str_eq(m->extra, STR(MB_CHANNELS)))
		bird(c, m, failed ? STR("delivery_failed") : status, r);
	else
		platform(c, m, r);
	return true;
}

bool messagebird_inbound(struct callback *c, const struct box_message *m)
{
	if (str_eq(m->extra, STR(MB_PLATFORM))) /* it has no such event */
		return false;
	if (str_eq(m->extra, STR(MB_CHANNELS)))
		bird(c, m, STR("delivered"), NULL);
	else if (str_eq(m->extra, STR(MB_CONVERSATIONS)))
		conversation(c, m, STR("received"), NULL);
	else
		inbound_rest(c, m);
	return true;
}

/* The generation is that of the message that is answered, else the one that the profile goes with. */
void messagebird_arrive(struct visit *v, struct box_message *m)
{
	struct str profile = json_get_str(v->account->conf, "profile");

	if (!m->extra.n && str_eq(profile, STR("bird-hmac")))
		m->extra = STR(MB_CHANNELS);
	else if (!m->extra.n && str_eq(profile, STR("bird-std")))
		m->extra = STR(MB_PLATFORM);
	else if (!m->extra.n)
		m->extra = m->channel.n && !str_eq(m->channel, STR("sms")) &&
					   !str_eq(m->channel, STR("mms")) ?
				   STR(MB_CONVERSATIONS) :
				   STR(MB_REST);
	if (str_eq(m->extra, STR(MB_REST))) {
		m->id = box_id(v, 2, BOX_HEX, 32);
		m->from = box_plain(m->from);
		m->to[0] = box_plain(m->to[0]);
		m->channel = m->n_media > 0 ? STR("mms") : STR("sms");
		return;
	}
	m->id = box_uuid(v, 2);
	if (!m->chat.n)
		m->chat = box_uuid(v, 4);
	if (!m->channel.n)
		m->channel = str_eq(m->extra, STR(MB_CHANNELS)) ? STR("sms") : STR("whatsapp");
}
