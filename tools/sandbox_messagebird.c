/* SPDX-License-Identifier: MIT */
/*
 * MessageBird as the sandbox plays it, all four generations of its API: SMS and MMS of rest.messagebird.com, the
 * Conversations API, and what sandbox_bird.c has.  Which it is, the path says; `extra` of a message keeps it.
 */
#include "sandbox.h"

#include "cause.h"
#include "clock.h"
#include "sandbox_messagebird.h"

enum { TO_MAX = 50, TEXT_MAX = 1377, UNICODE_MAX = 603, MMS_TEXT_MAX = 2000, REFERENCE_MAX = 128 };

static const char *const keys[] = { "access_key", "signing_key", NULL };

static const struct trouble troubles[] = {
	{ CAUSE_PERMANENT, 10, 422, "invalid parameter" },
	{ CAUSE_TEMP, 99, 503, "internal error" },
	{ CAUSE_THROTTLED, 429, 429, "too many requests" },
	{ CAUSE_CREDENTIALS, 2, 401, "Request not allowed (incorrect access_key)" },
	{ CAUSE_OPTED_OUT, 103, 422, "recipient has opted out" },
	{ CAUSE_UNKNOWN, 98, 500, "unknown error" },
	{ CAUSE_PERMANENT, 9, 422, "no (correct) recipients found" },
	{ CAUSE_PERMANENT, 20, 404, "message not found" },
	{ CAUSE_PERMANENT, 21, 400, "bad request" },
	{ CAUSE_TEMP, 25, 402, "not enough balance" },
	{ NULL, 0, 0, NULL },
};

/* ---- which API ---- */

/* The path without a name of the host in front of it, where one address stands for all. */
static unsigned first_seg(const struct visit *v)
{
	static const char *const hosts[] = { "rest", "conversations", "bird", "platform" };

	for (size_t i = 0; i < LEN(hosts); i++)
		if (str_eq(box_seg(v, 0), str_c(hosts[i])))
			return 1;
	return 0;
}

struct str mb_seg(const struct visit *v, unsigned i)
{
	return box_seg(v, first_seg(v) + i);
}

static struct str generation_of(const struct visit *v)
{
	if (str_eq(mb_seg(v, 0), STR("workspaces")))
		return STR(MB_CHANNELS);
	if (str_eq(mb_seg(v, 0), STR("v1")) &&
	    (str_eq(mb_seg(v, 1), STR("sms")) || str_eq(mb_seg(v, 1), STR("whatsapp"))))
		return STR(MB_PLATFORM);
	if (str_eq(mb_seg(v, 0), STR("v1")))
		return STR(MB_CONVERSATIONS);
	return STR(MB_REST);
}

/* ---- answers ---- */

bool mb_fail(struct visit *v, int status, int64_t code, const char *text, const char *parameter)
{
	struct str g = generation_of(v);
	struct buf *b = v->body;

	box_fail(v, status);
	if (str_eq(g, STR(MB_PLATFORM))) {
		json_key(b, "error");
		json_open(b, '{');
		json_add_str(b, "type",
			     status == 401 ? STR("auth_error") :
			     status == 429 ? STR("rate_limit_error") :
			     status == 402 ? STR("billing_error") :
			     status == 404 ? STR("not_found") :
			     status == 409 ? STR("conflict") :
			     status >= 500 ? STR("internal_error") :
					     STR("validation_error"));
		json_add_str(b, "code", arena_fmt(v->arena, "E%05lld", (long long)code));
		json_add_str(b, "message", str_c(text));
		json_opt_str(b, "param", str_c(parameter));
		json_close(b, '}');
	} else if (str_eq(g, STR(MB_CHANNELS))) {
		json_add_str(b, "code", status == 401 ? STR("Unauthorized") : STR("InvalidPayload"));
		json_add_str(b, "message", str_c(text));
		json_add_raw(b, "details", STR("{}"));
	} else {
		json_key(b, "errors");
		json_open(b, '[');
		json_open(b, '{');
		json_add_i64(b, "code", code);
		json_add_str(b, "description", str_c(text));
		if (parameter)
			json_add_str(b, "parameter", str_c(parameter));
		else
			json_add_raw(b, "parameter", STR("null"));
		json_close(b, '}');
		json_close(b, ']');
	}
	json_close(b, '}');
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(troubles, why);

	(void)mb_fail(v, t.status, t.code, t.text, NULL);
}

static bool enter(struct visit *v)
{
	bool platform = str_eq(generation_of(v), STR(MB_PLATFORM));

	v->account = box_who(v, 0, box_authorization(v, platform ? "Bearer" : "AccessKey"));
	if (v->account)
		return true;
	return mb_fail(v, 401, str_eq(generation_of(v), STR(MB_CONVERSATIONS)) ? 1001 : 2,
		       "Request not allowed (incorrect access_key)", "access_key");
}

/* ---- SMS and MMS ---- */

/* A number as text or as a number, with or without "+". */
static bool add_recipient(struct visit *v, struct box_message *m, struct str s)
{
	s = box_plain(s);
	if (!box_msisdn(s) || m->n_to == TO_MAX)
		return mb_fail(v, 422, 9, "no (correct) recipients found", "recipients");
	m->to[m->n_to++] = s;
	return true;
}

static bool read_recipients(struct visit *v, struct box_message *m)
{
	const struct json *list = json_get(v->json, "recipients");
	struct str text = json_text(list);

	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (!add_recipient(v, m, json_text(it.value)))
			return false;
	while (text.n > 0) {
		size_t comma = str_find(text, ',');

		if (!add_recipient(v, m, str_sub(text, 0, comma)))
			return false;
		text = str_sub(text, comma + 1, text.n);
	}
	return m->n_to > 0 || mb_fail(v, 422, 9, "no (correct) recipients found", "recipients");
}

static bool check_originator(struct visit *v, struct str s)
{
	if (!s.n)
		return mb_fail(v, 422, 9, "originator is required", "originator");
	if (str_digits(box_plain(s)) ? box_plain(s).n > 17 : box_units(s) > 11)
		return mb_fail(v, 422, 10, "originator is too long", "originator");
	return true;
}

static bool check_sms(struct visit *v, struct box_message *m)
{
	struct str coding = json_get_str(v->json, "datacoding");
	bool unicode = str_eq(coding, STR("unicode"));

	if (!m->text.n)
		return mb_fail(v, 422, 9, "no (correct) body found", "body");
	if (coding.p && !unicode && !str_eq(coding, STR("plain")) && !str_eq(coding, STR("auto")))
		return mb_fail(v, 422, 10, "datacoding is invalid", "datacoding");
	if (box_units(m->text) > (unicode ? UNICODE_MAX : TEXT_MAX))
		return mb_fail(v, 422, 10, "body is too long", "body");
	return true;
}

static bool check_mms(struct visit *v, struct box_message *m)
{
	for (struct json_iter it = json_iter(json_get(v->json, "mediaUrls")); json_next(&it);) {
		if (!box_url(json_str(it.value)) || m->n_media == BOX_MEDIA)
			return mb_fail(v, 422, 10, "mediaUrls is invalid", "mediaUrls");
		m->media[m->n_media++] = json_str(it.value);
	}
	if (!m->text.n && m->n_media == 0)
		return mb_fail(v, 422, 9, "body or mediaUrls is required", "body");
	if (box_units(m->text) > MMS_TEXT_MAX)
		return mb_fail(v, 422, 10, "body is too long", "body");
	m->type = STR("media");
	return true;
}

static void say_sms(struct visit *v, const struct box_message *m, bool mms)
{
	struct str at = box_offset(v->arena, m->at);
	struct buf *b = v->body;

	v->status = 201;
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "href",
		     arena_fmt(v->arena, "https://rest.messagebird.com/%s/%.*s",
			       mms ? "mms" : "messages", STR_FMT(m->id)));
	json_add_str(b, "direction", STR("mt"));
	if (!mms)
		json_add_str(b, "type", STR("sms"));
	json_add_str(b, "originator", m->from);
	json_add_str(b, "body", m->text.p ? m->text : STR(""));
	if (m->tag.n)
		json_add_str(b, "reference", m->tag);
	else
		json_add_raw(b, "reference", STR("null"));
	if (!mms) {
		json_add_raw(b, "validity", STR("null"));
		json_add_i64(b, "gateway", 239);
		json_add_raw(b, "typeDetails", STR("{}"));
		json_add_str(b, "datacoding", STR("plain"));
		json_add_i64(b, "mclass", 1);
	} else if (m->n_media > 0) {
		json_add_value(b, "mediaUrls", json_get(v->json, "mediaUrls"));
	}
	json_add_raw(b, "scheduledDatetime", STR("null"));
	json_add_str(b, "createdDatetime", at);
	json_key(b, "recipients");
	json_open(b, '{');
	json_add_i64(b, "totalCount", m->n_to);
	json_add_i64(b, "totalSentCount", m->n_to);
	json_add_i64(b, "totalDeliveredCount", 0);
	json_add_i64(b, "totalDeliveryFailedCount", 0);
	json_key(b, "items");
	json_open(b, '[');
	for (unsigned i = 0; i < m->n_to; i++) {
		json_open(b, '{');
		json_add_raw(b, "recipient", m->to[i]);
		json_add_str(b, "status", STR("sent"));
		json_add_str(b, "statusDatetime", at);
		json_add_i64(b, "messagePartCount", m->parts);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, '}');
}

static void sms(struct visit *v, bool mms)
{
	struct box_message *m = box_take(v, "text");

	m->extra = STR(MB_REST);
	m->from = json_text(json_get(v->json, "originator"));
	m->text = json_get_str(v->json, "body");
	m->tag = json_get_str(v->json, "reference");
	m->url = json_get_str(v->json, "reportUrl");
	m->channel = mms ? STR("mms") : STR("sms");
	if (!check_originator(v, m->from) || !read_recipients(v, m) ||
	    !(mms ? check_mms(v, m) : check_sms(v, m)))
		return;
	if (m->tag.n > REFERENCE_MAX) {
		(void)mb_fail(v, 422, 10, "reference is too long", "reference");
		return;
	}
	m->parts = mms ? 1 : box_segments(m->text);
	m->id = box_id(v, 1, BOX_HEX, 32);
	say_sms(v, m, mms);
}

/* ---- Conversations ---- */

static bool check_content(struct visit *v, struct box_message *m)
{
	static const char *const files[] = { "image", "video", "audio", "file" };
	struct str type = json_get_str(v->json, "type");
	const struct json *content = json_get(v->json, "content"), *o = json_getn(content, type);

	if (!type.n)
		return mb_fail(v, 422, 21, "JSON is not a valid format: type is required", "type");
	if (!o)
		return mb_fail(v, 422, 21, "JSON is not a valid format: content has no member of the type",
			       "content");
	m->type = type;
	if (str_eq(type, STR("text"))) {
		m->text = json_str(o);
		return m->text.n > 0 || mb_fail(v, 422, 21, "text is empty", "content.text");
	}
	for (size_t i = 0; i < LEN(files); i++) {
		if (!str_eq(type, str_c(files[i])))
			continue;
		m->type = STR("media");
		m->text = json_get_str(o, "caption");
		if (!box_url(json_get_str(o, "url")))
			return mb_fail(v, 422, 21, "url is not valid", "content.url");
		m->media[m->n_media++] = json_get_str(o, "url");
		return true;
	}
	if (str_eq(type, STR("location")))
		return (json_is(json_get(o, "latitude"), JSON_NUMBER) &&
			json_is(json_get(o, "longitude"), JSON_NUMBER)) ||
		       mb_fail(v, 422, 21, "latitude and longitude must be numbers", "content.location");
	if (str_eq(type, STR("hsm"))) {
		m->type = STR("template");
		return (json_get_str(o, "templateName").n &&
			json_get_str(json_get(o, "language"), "code").n) ||
		       mb_fail(v, 422, 21, "templateName and language are required", "content.hsm");
	}
	if (str_eq(type, STR("interactive"))) {
		m->text = json_get_str(json_get(o, "body"), "text");
		return (json_get_str(o, "type").n && json_get(o, "action")) ||
		       mb_fail(v, 422, 21, "type and action are required", "content.interactive");
	}
	if (str_eq(type, STR("reaction")) || str_eq(type, STR("whatsappSticker")) ||
	    str_eq(type, STR("whatsappText")) || str_eq(type, STR("email")))
		return true;
	return mb_fail(v, 422, 21, "the type is not supported", "type");
}

static bool take_conversation(struct visit *v, struct box_message *m, struct str to, struct str channel)
{
	m->extra = STR(MB_CONVERSATIONS);
	m->url = json_get_str(v->json, "reportUrl");
	m->tag = json_get_str(v->json, "trackId");
	m->from = channel;
	m->channel = STR("whatsapp");
	m->reply_to = json_get_str(json_get(v->json, "replyTo"), "id");
	if (!to.n)
		return mb_fail(v, 422, 21, "to is required", "to");
	if (!channel.n)
		return mb_fail(v, 422, 21, "from is required: the id of a channel", "from");
	if (v->account->id.n && !str_eq(v->account->id, channel))
		return mb_fail(v, 422, 21, "channel not found", "from");
	m->to[m->n_to++] = str_prefix(to, STR("+")) ? to : arena_join(v->arena, STR("+"), to);
	if (!check_content(v, m))
		return false;
	m->id = box_uuid(v, 1);
	m->chat = box_uuid(v, 4);
	return true;
}

/* The object of a message, as start and reply answer it. */
static void put_conversation(struct visit *v, const struct box_message *m)
{
	struct buf *b = v->body;

	json_add_str(b, "id", m->id);
	json_add_str(b, "conversationId", m->chat);
	json_add_str(b, "platform", m->channel);
	json_add_str(b, "to", m->to[0]);
	json_add_str(b, "from", m->from);
	json_add_str(b, "channelId", m->from);
	json_add_value(b, "type", json_get(v->json, "type"));
	json_add_value(b, "content", json_get(v->json, "content"));
	json_add_str(b, "direction", STR("sent"));
	json_add_str(b, "status", STR("pending"));
	json_add_str(b, "createdDatetime", clock_text(v->arena, m->at));
	json_add_str(b, "updatedDatetime", clock_text(v->arena, m->at));
}

static void conversations(struct visit *v)
{
	struct box_message *m = box_take(v, "text");
	const struct json *j = v->json;
	struct str channel = json_get_str(j, "channelId");
	const struct box_message *before;

	if (str_eq(mb_seg(v, 1), STR("send"))) {
		if (!take_conversation(v, m, json_text(json_get(j, "to")), json_get_str(j, "from")))
			return;
		v->status = 202;
		json_open(v->body, '{');
		json_add_str(v->body, "id", m->id);
		json_add_str(v->body, "status", STR("accepted"));
		json_close(v->body, '}');
		return;
	}
	if (str_eq(mb_seg(v, 2), STR("start"))) {
		if (!take_conversation(v, m, json_text(json_get(j, "to")), channel))
			return;
		v->status = 201;
		json_open(v->body, '{');
		json_add_str(v->body, "id", m->chat);
		json_add_str(v->body, "contactId", box_uuid(v, 5));
		json_add_str(v->body, "status", STR("active"));
		json_add_str(v->body, "createdDatetime", clock_text(v->arena, m->at));
		json_add_str(v->body, "lastUsedChannelId", m->from);
		json_close(v->body, '}');
		return;
	}
	/* A reply: who is at the other end is known from the conversation, if it began here. */
	before = box_find(v->box, v->account, mb_seg(v, 2));
	if (!channel.n)
		channel = v->account->id;
	if (!take_conversation(v, m, before ? before->from : mb_seg(v, 2),
			       channel.n ? channel : STR("channel")))
		return;
	m->chat = mb_seg(v, 2);
	v->status = 201;
	json_open(v->body, '{');
	put_conversation(v, m);
	json_close(v->body, '}');
}

/* ---- all of it ---- */

static void say_file(struct visit *v)
{
	const struct box_media *m = box_media_get(v->box, v->player, mb_seg(v, 2));

	v->kind = "media";
	if (!m) {
		(void)mb_fail(v, 404, 20, "media not found", NULL);
		return;
	}
	box_media_say(v, m);
}

static bool is_path(const struct visit *v, const char *pattern)
{
	struct visit at = *v;
	unsigned skip = first_seg(v);

	at.n_seg -= skip;
	memmove(at.seg, at.seg + skip, at.n_seg * sizeof(at.seg[0]));
	return box_path(&at, pattern);
}

static void post(struct visit *v, void (*take)(struct visit *v))
{
	if (!box_json(v))
		(void)mb_fail(v, 422, 21, "JSON is not a valid format", NULL);
	else
		take(v);
}

static void take_sms(struct visit *v)
{
	sms(v, false);
}

static void take_mms(struct visit *v)
{
	sms(v, true);
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	struct str g = generation_of(v);
	int64_t code = str_eq(g, STR(MB_PLATFORM))      ? 1001 :
		       str_eq(g, STR(MB_CONVERSATIONS)) ? 21 :
							  10;

	(void)mb_fail(v, 422, code, arena_cstr(v->arena, text),
		      member.n ? arena_cstr(v->arena, member) : NULL);
}

static void call(struct visit *v)
{
	static const char *const looked_at[] = { "recipients", "originator", "to", NULL };

	static const struct {
		const char *path;
		void (*take)(struct visit *v);
		const char *model;
	} routes[] = { { "messages", take_sms, "messagebird/send-sms" },
		       { "mms", take_mms, "messagebird/send-mms" },
		       { "v1/send", conversations, "messagebird/send" },
		       { "v1/conversations/start", conversations, NULL },
		       { "v1/conversations/{}/messages", conversations, NULL },
		       { "workspaces/{}/channels/{}/messages", bird_channels, "messagebird/send-channels" },
		       { "workspaces/{}/channel-media/presigned-upload", bird_presign,
			 "messagebird/send-channels-file" },
		       { "v1/sms/messages", bird_platform, "messagebird/send-platform" },
		       { "v1/whatsapp/messages", bird_platform, NULL } };

	if (is_path(v, "_upload/{}") && box_method(v, "POST")) {
		bird_put_file(v);
		return;
	}
	if (!enter(v))
		return;
	if (is_path(v, "v1/media/{}") && box_method(v, "GET")) {
		say_file(v);
		return;
	}
	if (is_path(v, "balance") && box_method(v, "GET")) {
		v->status = 200;
		buf_lit(v->body, "{\"payment\":\"prepaid\",\"type\":\"credits\",\"amount\":9.2}");
		return;
	}
	for (size_t i = 0; i < LEN(routes); i++)
		if (is_path(v, routes[i].path)) {
			v->model = routes[i].model;
			v->looked_at = looked_at;
			if (box_method(v, "POST"))
				post(v, routes[i].take);
			else
				(void)mb_fail(v, 405, 98, "the method is not allowed", NULL);
			return;
		}
	(void)mb_fail(v, 404, 20, "the resource was not found", NULL);
}

static const char *const course[] = { "sent", "delivered", NULL };
static const int64_t again[] = { 5000, 30000, 300000, 1800000, 7200000, 18000000, 36000000, 0 };

const struct player player_messagebird = {
	.name = "messagebird",
	.id_key = "channel_id",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = messagebird_receipt,
	.inbound = messagebird_inbound,
	.arrive = messagebird_arrive,
	.course = course,
	.again = again,
};
