/* SPDX-License-Identifier: MIT */
/*
 * Twilio as the sandbox plays it: Programmable Messaging, version 2010-04-01, the typing indicator of
 * messaging.twilio.com, and templates of content.twilio.com.
 */
#include "sandbox_twilio.h"

#include "cause.h"
#include "clock.h"
#include "url.h"

enum { TEXT_MAX = 1600, MEDIA_MAX = 10, VALIDITY_MAX = 36000 };

static const char *const keys[] = { "auth_token", "api_key", "api_secret", NULL };

static const struct trouble troubles[] = {
	{ CAUSE_PERMANENT, 21614, 400, "'To' number is not a valid mobile number" },
	{ CAUSE_TEMP, 20503, 503, "Service unavailable" },
	{ CAUSE_THROTTLED, 20429, 429, "Too Many Requests" },
	{ CAUSE_CREDENTIALS, 20003, 401, "Authenticate" },
	{ CAUSE_OPTED_OUT, 21610, 400, "Attempt to send to unsubscribed recipient" },
	{ CAUSE_UNKNOWN, 20500, 500, "An internal server error has occurred" },
	{ CAUSE_PERMANENT, 21211, 400, "Invalid 'To' Phone Number" },
	{ CAUSE_PERMANENT, 21212, 400,
	  "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID" },
	{ CAUSE_PERMANENT, 21408, 400,
	  "Permission to send an SMS has not been enabled for the region indicated by the 'To' number" },
	{ CAUSE_CREDENTIALS, 21606, 400,
	  "The From phone number is not a valid, SMS-capable inbound phone number or short code for your account" },
	{ CAUSE_THROTTLED, 21611, 400,
	  "This 'From' number has exceeded the maximum number of queued messages" },
	{ CAUSE_PERMANENT, 21612, 400, "The message from/to pair violates a gateway restriction" },
	{ CAUSE_PERMANENT, 63016, 400,
	  "Failed to send freeform message because you are outside the allowed window" },
	{ CAUSE_THROTTLED, 63017, 429, "Rate limit exceeded" },
	{ NULL, 0, 0, NULL },
};

/* ---- answers ---- */

static void fail(struct visit *v, int status, int64_t code, const char *text)
{
	struct buf *b = v->body;

	box_fail(v, status);
	json_add_i64(b, "code", code);
	json_add_str(b, "message", str_c(text));
	json_add_str(b, "more_info",
		     arena_fmt(v->arena, "https://www.twilio.com/docs/errors/%lld", (long long)code));
	json_add_i64(b, "status", status);
	json_close(b, '}');
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(troubles, why);

	fail(v, t.status, t.code, t.text);
}

static void put_null(struct buf *b, const char *key)
{
	json_add_raw(b, key, STR("null"));
}

static void say_message(struct visit *v, const struct box_message *m, struct str status)
{
	struct buf *b = v->body;
	struct str uri = arena_fmt(v->arena, "/2010-04-01/Accounts/%.*s/Messages/%.*s",
				   STR_FMT(v->account->id), STR_FMT(m->id));
	struct str at = box_rfc2822(v->arena, m->at);

	json_open(b, '{');
	json_add_str(b, "account_sid", v->account->id);
	json_add_str(b, "api_version", STR("2010-04-01"));
	json_add_str(b, "body", m->text.p ? m->text : STR(""));
	json_add_str(b, "date_created", at);
	put_null(b, "date_sent");
	json_add_str(b, "date_updated", at);
	json_add_str(b, "direction", m->inbound ? STR("inbound") : STR("outbound-api"));
	put_null(b, "error_code");
	put_null(b, "error_message");
	if (m->from.n)
		json_add_str(b, "from", m->from);
	else
		put_null(b, "from");
	if (m->extra.n)
		json_add_str(b, "messaging_service_sid", m->extra);
	else
		put_null(b, "messaging_service_sid");
	json_add_str(b, "num_media", arena_fmt(v->arena, "%u", m->n_media));
	json_add_str(b, "num_segments", m->extra.n ? STR("0") : arena_fmt(v->arena, "%u", m->parts));
	put_null(b, "price");
	json_add_str(b, "price_unit", STR("USD"));
	json_add_str(b, "sid", m->id);
	json_add_str(b, "status", status);
	json_key(b, "subresource_uris");
	json_open(b, '{');
	json_add_str(b, "media", arena_join(v->arena, uri, STR("/Media.json")));
	json_close(b, '}');
	json_add_str(b, "to", m->n_to > 0 ? m->to[0] : STR(""));
	json_add_str(b, "uri", arena_join(v->arena, uri, STR(".json")));
	json_close(b, '}');
}

/* ---- who calls ---- */

static bool is_account(const struct box_account *a, struct str user, struct str password)
{
	if (str_eq(a->id, user) && box_knows(a, TW_TOKEN, password))
		return true;
	return box_knows(a, TW_KEY_SID, user) && box_knows(a, TW_KEY_SECRET, password);
}

static bool enter(struct visit *v)
{
	struct str user, password;
	const struct box_account *a;

	if (box_basic(v, &user, &password))
		for (size_t i = 0; !v->account && (a = box_account(v, i)) != NULL; i++)
			if (is_account(a, user, password))
				v->account = a;
	if (v->account)
		return true;
	fail(v, 401, 20003, "Authenticate");
	v->header = "WWW-Authenticate";
	v->value = "Basic realm=\"Twilio API\"";
	return false;
}

static bool not_found(struct visit *v)
{
	fail(v, 404, 20404,
	     arena_fmt(v->arena, "The requested resource %.*s was not found", STR_FMT(v->path)).p);
	return false;
}

/* ---- a message ---- */

struct str box_twilio_bare(struct str address, struct str *channel)
{
	size_t colon = str_find(address, ':');

	*channel = colon < address.n ? str_sub(address, 0, colon) : STR_NONE;
	return colon < address.n ? str_sub(address, colon + 1, address.n) : address;
}

static bool is_recipient(struct str to)
{
	struct str channel, s = box_twilio_bare(to, &channel);

	if (channel.p && !str_eq(channel, STR("whatsapp")) && !str_eq(channel, STR("rcs")) &&
	    !str_eq(channel, STR("messenger")))
		return false;
	if (channel.p && s.n > 3 && s.p[2] == '.') /* the id of a person who hides the number */
		return true;
	return box_e164(s);
}

static bool is_sender(struct str from)
{
	struct str channel, s = box_twilio_bare(from, &channel);

	if (channel.p)
		return s.n > 0;
	return box_e164(s) || box_sender_name(s) || (str_digits(s) && s.n >= 3 && s.n <= 8);
}

/* True if ${s} is ${prefix} and 32 hexadecimal digits. */
static bool is_sid(struct str s, const char *prefix)
{
	return s.n == 34 && str_prefix(s, str_c(prefix)) &&
	       box_made_of(str_sub(s, 2, s.n), "0123456789abcdefABCDEF");
}

static bool bad(struct visit *v, int64_t code, const char *text)
{
	fail(v, 400, code, text);
	return false;
}

static bool check_addresses(struct visit *v, struct box_message *m)
{
	struct str to = form_get(&v->form, "To"), from = form_get(&v->form, "From");
	struct str service = form_get(&v->form, "MessagingServiceSid"), one, other;

	if (!to.n)
		return bad(v, 21604, "A 'To' phone number is required.");
	if (!is_recipient(to))
		return bad(v, 21211,
			   arena_fmt(v->arena, "Invalid 'To' Phone Number: %.*s", STR_FMT(to)).p);
	if (!from.n && !service.n)
		return bad(v, 21603, "A 'From' phone number is required.");
	if (service.n && !is_sid(service, "MG"))
		return bad(v, 21703, "The Messaging Service is not valid");
	if (from.n && !is_sender(from))
		return bad(
			v, 21212,
			arena_fmt(v->arena, "Invalid From Number (caller ID): %.*s", STR_FMT(from)).p);
	(void)box_twilio_bare(to, &one);
	(void)box_twilio_bare(from, &other);
	if (from.n && !service.n && !str_eq(one, other))
		return bad(v, 63007, "Twilio could not find a Channel with the specified From address");
	if (str_eq(from, to))
		return one.p ? bad(v, 63031, "Channel message cannot have same From and To") :
			       bad(v, 21266, "'To' and 'From' number cannot be the same");
	m->to[m->n_to++] = to;
	m->from = from;
	m->extra = service;
	m->channel = one.p ? one : STR("sms");
	return true;
}

static bool check_media(struct visit *v, struct box_message *m)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->form.n; i++) {
		const struct field *f = &v->form.fields[i];

		if (!str_eq(f->name, STR("MediaUrl")))
			continue;
		if (!box_url(f->value))
			return bad(v, 21620, "Invalid media URL(s)");
		if (++n > MEDIA_MAX)
			return bad(v, 21623, "Number of media files exceeds allowed limit");
		m->media[m->n_media++] = f->value;
	}
	if (n > 0) {
		m->type = STR("media");
		if (str_eq(m->channel, STR("sms")))
			m->channel = STR("mms");
	}
	return true;
}

static bool check_content(struct visit *v, struct box_message *m)
{
	struct str sid = form_get(&v->form, "ContentSid"),
		   values = form_get(&v->form, "ContentVariables");
	struct err e;

	m->text = form_get(&v->form, "Body");
	if (m->text.p && box_units(m->text) > TEXT_MAX)
		return bad(v, 21617, "The concatenated message body exceeds the 1600 character limit");
	if (!check_media(v, m))
		return false;
	if (sid.n && !is_sid(sid, "HX"))
		return bad(v, 21655, "The ContentSid is Invalid");
	if (values.n && !json_is(json_parse(values, v->arena, &e), JSON_OBJECT))
		return bad(v, 21656, "The ContentVariables Parameter is invalid");
	if (sid.n)
		m->type = STR("template");
	if (form_get(&v->form, "PersistentAction").n)
		m->type = STR("location");
	if (!m->text.n && !m->n_media && !sid.n)
		return bad(v, 21602, "Message body is required.");
	m->parts = box_segments(m->text);
	return true;
}

static bool check_schedule(struct visit *v)
{
	struct str type = form_get(&v->form, "ScheduleType"), at = form_get(&v->form, "SendAt");
	int64_t ms;

	if (!type.n && !at.n)
		return true;
	if (!form_get(&v->form, "MessagingServiceSid").n)
		return bad(v, 35118, "MessagingServiceSid is required to schedule a message");
	if (!str_eq(type, STR("fixed")))
		return bad(v, 35112, "Invalid ScheduleType");
	if (clock_parse(at, &ms) < 0)
		return bad(v, 35113, "SendAt must be an ISO 8601 date");
	if (ms < v->now + 300000 || ms > v->now + INT64_C(35) * 86400000)
		return bad(v, 35114, "SendAt time must be between 300 seconds and 35 days in the future");
	return true;
}

static bool check_options(struct visit *v, struct box_message *m)
{
	struct str validity = form_get(&v->form, "ValidityPeriod");
	uint64_t seconds;

	m->url = form_get(&v->form, "StatusCallback");
	if (m->url.n &&
	    (!box_url(m->url) || str_find(m->url, '_') < str_find(str_sub(m->url, 8, m->url.n), '/')))
		return bad(v, 21609, "Invalid 'StatusCallback' URL");
	if (validity.n && (str_u64(validity, &seconds) < 0 || seconds < 1 || seconds > VALIDITY_MAX))
		return bad(v, 21624, "Invalid ValidityPeriod value");
	return check_schedule(v);
}

static void create(struct visit *v)
{
	struct box_message *m = box_take(v, "text");

	(void)box_form(v);
	if (!check_addresses(v, m) || !check_content(v, m) || !check_options(v, m))
		return;
	m->id = arena_join(v->arena, m->n_media ? STR("MM") : STR("SM"), box_id(v, 1, BOX_HEX, 32));
	v->status = 201;
	say_message(v, m, m->extra.n ? STR("accepted") : STR("queued"));
}

/* ---- what else there is ---- */

/* "SM….json" without the end; {NULL, 0} if it has none. */
static struct str json_name(struct str s)
{
	return str_suffix(s, STR(".json")) ? str_sub(s, 0, s.n - 5) : STR_NONE;
}

static bool one_message(struct visit *v)
{
	const struct box_message *m = box_find(v->box, v->account, json_name(box_seg(v, 4)));

	if (!m)
		return not_found(v);
	if (box_method(v, "DELETE")) {
		v->status = 204;
		return true;
	}
	if (!box_method(v, "GET") && !box_method(v, "POST"))
		return not_found(v);
	v->status = 200;
	say_message(v, m, m->status.n ? box_twilio_word(m->status) : STR("queued"));
	return true;
}

/* A file: Twilio redirects to where it lies, which is another host, and wants no credentials there. */
static void media(struct visit *v)
{
	struct str id = box_seg(v, 6), base = v->account->api;
	struct url url;

	if (!box_media_get(v->box, v->player, id)) {
		(void)not_found(v);
		return;
	}
	v->kind = "media";
	if (url_split(base, &url) == 0 && str_eq(url.host, STR("127.0.0.1"))) {
		url.host = STR("localhost");
		base = url_join(v->arena, &url);
	}
	v->status = 307;
	v->header = "Location";
	v->value = arena_fmt(v->arena, "%.*s/_media/%.*s", STR_FMT(base), STR_FMT(id)).p;
}

static void media_bytes(struct visit *v)
{
	const struct box_media *m = box_media_get(v->box, v->player, box_seg(v, 1));

	v->kind = "media";
	if (http_header(v->req, "authorization").p) {
		v->status = 400;
		v->type = "application/xml";
		buf_lit(v->body,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code><Message>Unsupported Authorization Type</Message></Error>");
		return;
	}
	if (!m) {
		v->status = 403;
		return;
	}
	v->account = m->account;
	box_media_say(v, m);
}

static void typing(struct visit *v)
{
	v->kind = "mark";
	(void)box_form(v);
	if (!str_eq(form_get(&v->form, "channel"), STR("whatsapp")) ||
	    !form_get(&v->form, "messageId").n) {
		fail(v, 400, 20001, "Invalid parameter");
		return;
	}
	v->status = 200;
	buf_lit(v->body, "{\"success\":true}");
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	fail(v, 400, 20001, arena_fmt(v->arena, "%.*s: %.*s", STR_FMT(member), STR_FMT(text)).p);
}

/* A template: content.twilio.com. */
static void content(struct visit *v)
{
	struct buf *b = v->body;

	v->kind = "template";
	v->model = "twilio/send-content";
	if (!box_json(v) || !json_get_str(v->json, "language").n ||
	    json_len(json_get(v->json, "types")) == 0) {
		fail(v, 400, 20001, "Invalid parameter: language and types are required");
		return;
	}
	v->status = 201;
	json_open(b, '{');
	json_add_str(b, "sid", arena_join(v->arena, STR("HX"), box_id(v, 1, BOX_HEX, 32)));
	json_add_str(b, "account_sid", v->account->id);
	json_opt_str(b, "friendly_name", json_get_str(v->json, "friendly_name"));
	json_add_value(b, "language", json_get(v->json, "language"));
	json_add_value(b, "types", json_get(v->json, "types"));
	json_close(b, '}');
}

static void call(struct visit *v)
{
	bool messages = box_path(v, "2010-04-01/Accounts/{}/Messages.json");

	if (box_path(v, "_media/{}")) {
		media_bytes(v);
		return;
	}
	if (!enter(v))
		return;
	if (box_path(v, "v2/Indicators/Typing.json") && box_method(v, "POST")) {
		typing(v);
		return;
	}
	if (box_path(v, "v1/Content") && box_method(v, "POST")) {
		content(v);
		return;
	}
	if (!box_path(v, "2010-04-01/Accounts/{}/**") || !str_eq(box_seg(v, 2), v->account->id))
		(void)not_found(v);
	else if (messages && box_method(v, "POST"))
		create(v);
	else if (box_path(v, "2010-04-01/Accounts/{}/Messages/{}"))
		(void)one_message(v);
	else if (box_path(v, "2010-04-01/Accounts/{}/Messages/{}/Media/{}"))
		media(v);
	else
		(void)not_found(v);
}

static const char *const course[] = { "sent", "delivered", NULL };
static const int64_t again[] = { 0 }; /* as it comes from Twilio: not at all */

const struct player player_twilio = {
	.name = "twilio",
	.id_key = "account_sid",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = box_twilio_receipt,
	.inbound = box_twilio_inbound,
	.arrive = box_twilio_arrive,
	.course = course,
	.again = again,
};
