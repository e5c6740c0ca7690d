/* SPDX-License-Identifier: MIT */
/* Bandwidth as the sandbox plays it: Messaging API v2, several channels, media. */
#include "sandbox_bandwidth.h"

#include "cause.h"
#include "clock.h"

enum {
	TEXT_MAX = 2048,
	TO_MAX = 10,
	MEDIA_MAX = 10,
	TAG_MAX = 1024,
	CHANNELS_MAX = 4,
	URL_MAX = 4096
};

static const char *const keys[] = { "api_token",         "api_secret", "callback_user",
				    "callback_password", "account_id", NULL };

const struct trouble box_bandwidth_troubles[] = {
	{ CAUSE_PERMANENT, 4720, 400, "invalid-destination-address" },
	{ CAUSE_TEMP, 5600, 503, "destination-carrier-queue-full" },
	{ CAUSE_THROTTLED, 4781, 429, "volume-violation-att" },
	{ CAUSE_CREDENTIALS, 4493, 401, "rejected-unauthorized" },
	{ CAUSE_OPTED_OUT, 4775, 400, "destination-rejected-due-to-user-opt-out" },
	{ CAUSE_UNKNOWN, 9999, 500, "unknown-error" },
	{ CAUSE_PERMANENT, 4360, 400, "message-not-sent-expiration-date-passed" },
	{ CAUSE_PERMANENT, 4404, 400, "rejected-forbidden-to-number" },
	{ CAUSE_PERMANENT, 4470, 400, "rejected-spam-detected" },
	{ CAUSE_TEMP, 4702, 400, "destination-subscriber-unavailable" },
	{ CAUSE_PERMANENT, 4770, 400, "destination-spam-detected" },
	{ CAUSE_UNKNOWN, 9902, 500, "delivery-receipt-expired" },
	{ NULL, 0, 0, NULL },
};

/* ---- answers ---- */

static void fail(struct visit *v, int status, const char *type, const char *description)
{
	box_fail(v, status);
	json_add_str(v->body, "type", str_c(type));
	json_add_str(v->body, "description", str_c(description));
	json_close(v->body, '}');
}

static bool bad(struct visit *v, const char *field, const char *description)
{
	fail(v, 400, "request-validation", "Your request could not be accepted.");
	v->body->n--;
	json_key(v->body, "fieldErrors");
	json_open(v->body, '[');
	json_open(v->body, '{');
	json_add_str(v->body, "fieldName", str_c(field));
	json_add_str(v->body, "description", str_c(description));
	json_close(v->body, '}');
	json_close(v->body, ']');
	json_close(v->body, '}');
	return false;
}

static bool no_number(struct visit *v, const char *field, struct str s)
{
	return bad(v, field,
		   arena_fmt(v->arena, "'%.*s' must be replaced with a valid E164 formatted telephone number",
			     STR_FMT(s))
			   .p);
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(box_bandwidth_troubles, why);

	switch (t.status) {
	case 401:
		fail(v, 401, "unauthorized", "Authentication Failed");
		break;
	case 403:
		fail(v, 403, "forbidden", "Access Denied");
		break;
	case 429:
		fail(v, 429, "max-message-queue-size-exceeded", "Message queue exceeded");
		break;
	case 400:
		(void)bad(v, "to", t.text);
		break;
	default:
		fail(v, t.status, t.status >= 500 ? "internal-server-error" : "request-validation",
		     t.text);
	}
}

static bool enter(struct visit *v)
{
	v->account = box_who_basic(v, BW_USER, BW_PASSWORD);
	if (v->account)
		return true;
	fail(v, 401, "unauthorized", "Authentication Failed");
	v->header = "WWW-Authenticate";
	v->value = "Basic realm=\"Messaging\"";
	return false;
}

/* ---- a message ---- */

/* True if ${s} can send: a number, a short code, or a name. */
static bool is_sender(struct str s)
{
	return box_e164(s) || (str_digits(s) && s.n >= 5 && s.n <= 6) || box_sender_name(s);
}

static bool add_to(struct visit *v, struct box_message *m, const struct json *one)
{
	struct str s = json_str(one);

	if (!box_e164(s))
		return no_number(v, "to", s);
	for (unsigned i = 0; i < m->n_to; i++)
		if (str_eq(m->to[i], s))
			return bad(v, "to", "The 'to' field contains duplicate numbers");
	if (m->n_to == TO_MAX)
		return bad(v, "to", "The 'to' field contains too many numbers");
	m->to[m->n_to++] = s;
	return true;
}

static bool check_to(struct visit *v, struct box_message *m)
{
	const struct json *to = json_get(v->json, "to");
	struct json_iter it = json_iter(to);

	if (json_is(to, JSON_STRING))
		return add_to(v, m, to);
	if (!json_is(to, JSON_ARRAY) || json_len(to) == 0)
		return bad(v, "to", "The 'to' field must be an array of telephone numbers");
	while (json_next(&it))
		if (!add_to(v, m, it.value))
			return false;
	return true;
}

static bool check_media(struct visit *v, struct box_message *m)
{
	const struct json *media = json_get(v->json, "media");
	struct json_iter it = json_iter(media);

	if (media && !json_is(media, JSON_ARRAY))
		return bad(v, "media", "The 'media' field must be an array of URLs");
	while (json_next(&it)) {
		struct str url = json_str(it.value);

		if (!box_url(url) || url.n > URL_MAX)
			return bad(v, "media", "The 'media' field contains an invalid URL");
		if (m->n_media == MEDIA_MAX)
			return bad(v, "media", "The 'media' field contains too many URLs");
		m->media[m->n_media++] = url;
	}
	return true;
}

static bool check_options(struct visit *v, struct box_message *m)
{
	struct str priority = json_get_str(v->json, "priority"),
		   expires = json_get_str(v->json, "expiration");
	int64_t ms;

	m->tag = json_get_str(v->json, "tag");
	if (json_get(v->json, "tag") && !m->tag.p)
		return bad(v, "tag", "The 'tag' field must be a string");
	if (box_units(m->tag) > TAG_MAX)
		return bad(v, "tag", "The 'tag' field is too long");
	if (priority.p && !str_eq(priority, STR("default")) && !str_eq(priority, STR("high")))
		return bad(v, "priority", "The 'priority' field must be 'default' or 'high'");
	if (expires.p && (clock_parse(expires, &ms) < 0 || ms <= v->now))
		return bad(v, "expiration", "The 'expiration' field must be a time in the future");
	return true;
}

static bool check_application(struct visit *v, struct str id)
{
	if (!id.n)
		return bad(v, "applicationId", "The 'applicationId' field is required");
	if (v->account->id.n && !str_eq(id, v->account->id))
		return bad(v, "applicationId", "The 'applicationId' is not one of this account");
	return true;
}

static bool check(struct visit *v, struct box_message *m)
{
	if (!check_application(v, json_get_str(v->json, "applicationId")) || !check_to(v, m))
		return false;
	m->from = json_get_str(v->json, "from");
	if (!m->from.n)
		return bad(v, "from", "The 'from' field is required");
	if (!is_sender(m->from))
		return no_number(v, "from", m->from);
	if (json_get(v->json, "text") && !json_is(json_get(v->json, "text"), JSON_STRING))
		return bad(v, "text", "The 'text' field must be a string");
	m->text = json_get_str(v->json, "text");
	if (!check_media(v, m))
		return false;
	if (!m->text.n && m->n_media == 0)
		return bad(v, "text", "The 'text' field is required when there is no 'media'");
	if (box_units(m->text) > TEXT_MAX)
		return bad(v, "text", "The 'text' field is longer than 2048 characters");
	return check_options(v, m);
}

static void put_message(struct visit *v, const struct box_message *m)
{
	struct buf *b = v->body;

	json_add_str(b, "id", m->id);
	json_add_str(b, "owner", m->from);
	json_add_value(b, "applicationId", json_get(v->json, "applicationId"));
	json_add_str(b, "time", clock_text(v->arena, m->at));
	json_add_i64(b, "segmentCount", m->parts);
	json_add_str(b, "direction", STR("out"));
	json_add_strs(b, "to", m->to, m->n_to);
	json_add_str(b, "from", m->from);
	json_opt_str(b, "text", m->text);
	if (m->n_media > 0)
		json_add_value(b, "media", json_get(v->json, "media"));
	json_opt_str(b, "tag", m->tag);
	json_opt_str(b, "priority", json_get_str(v->json, "priority"));
	json_opt_str(b, "expiration", json_get_str(v->json, "expiration"));
}

struct str box_bandwidth_new_id(const struct visit *v, unsigned which)
{
	struct str digits = box_id(v, 2 * which, "0123456789", 12);

	return arena_fmt(v->arena, "1%.*s%.*s", STR_FMT(digits),
			 STR_FMT(box_id(v, 2 * which + 1, BOX_BASE36, 16)));
}

static void create(struct visit *v)
{
	struct box_message *m = box_take(v, "text");

	if (!check(v, m))
		return;
	if (m->n_media > 0)
		m->type = STR("media");
	m->channel = m->n_media > 0 || m->n_to > 1 ? STR("mms") : STR("sms");
	m->parts = m->n_media > 0 || m->n_to > 1 ? 1 : box_segments(m->text);
	m->id = box_bandwidth_new_id(v, 1);
	v->status = 202;
	json_open(v->body, '{');
	put_message(v, m);
	json_close(v->body, '}');
}

/* ---- several channels ---- */

static bool bad_multi(struct visit *v, const char *field, const char *description)
{
	struct buf *b = v->body;

	box_fail(v, 400);
	json_add_raw(b, "links", STR("[]"));
	json_add_raw(b, "data", STR("null"));
	json_key(b, "errors");
	json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "type", STR("request-validation"));
	json_add_str(b, "description", str_c(description));
	json_key(b, "source");
	json_open(b, '{');
	json_add_str(b, "field", str_c(field));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	return false;
}

static bool check_channel(struct visit *v, struct box_message *m, const struct json *one)
{
	struct str channel = json_get_str(one, "channel");
	const struct json *content = json_get(one, "content");
	size_t most = str_eq(channel, STR("RBM")) ? 3270 : TEXT_MAX;

	if (!str_eq(channel, STR("RBM")) && !str_eq(channel, STR("SMS")) && !str_eq(channel, STR("MMS")))
		return bad_multi(v, "channelList.channel", "must be RBM, SMS or MMS");
	if (!json_get_str(one, "from").n)
		return bad_multi(v, "channelList.from", "is required");
	if (!json_get_str(one, "applicationId").n ||
	    (v->account->id.n && !str_eq(json_get_str(one, "applicationId"), v->account->id)))
		return bad_multi(v, "channelList.applicationId",
				 "is required and must be one of this account");
	if (!json_is(content, JSON_OBJECT))
		return bad_multi(v, "channelList.content", "is required");
	if (box_units(json_get_str(content, "text")) > most)
		return bad_multi(v, "channelList.content.text", "is too long");
	if (str_eq(channel, STR("SMS")) && !json_get_str(content, "text").n)
		return bad_multi(v, "channelList.content.text", "is required");
	if (m->from.n)
		return true;
	m->from = json_get_str(one, "from");
	m->channel = channel;
	m->text = json_get_str(content, "text");
	return true;
}

static void create_multi(struct visit *v)
{
	const struct json *list = json_get(v->json, "channelList");
	struct box_message *m = box_take(v, "text");
	struct str to = json_get_str(v->json, "to");
	struct buf *b = v->body;

	if (!box_e164(to)) {
		(void)bad_multi(v, "to", "must be one E164 formatted telephone number");
		return;
	}
	if (json_len(list) < 1 || json_len(list) > CHANNELS_MAX || !json_is(list, JSON_ARRAY)) {
		(void)bad_multi(v, "channelList", "must have 1 to 4 elements");
		return;
	}
	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (!check_channel(v, m, it.value))
			return;
	m->to[m->n_to++] = to;
	m->tag = json_get_str(v->json, "tag");
	m->id = box_bandwidth_new_id(v, 1);
	v->status = 202;
	json_open(b, '{');
	json_add_raw(b, "links", STR("[]"));
	json_key(b, "data");
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "time", clock_text(v->arena, m->at));
	json_add_str(b, "direction", STR("out"));
	json_add_strs(b, "to", &to, 1);
	json_add_value(b, "channelList", list);
	json_opt_str(b, "tag", m->tag);
	json_close(b, '}');
	json_add_raw(b, "errors", STR("[]"));
	json_close(b, '}');
}

/* ---- files ---- */

/* The name of a file is all of the path behind ".../media/". */
static struct str media_name(struct visit *v)
{
	size_t at = str_search(v->path, STR("/media/"));

	return str_sub(v->path, at + 7, v->path.n);
}

static void media(struct visit *v)
{
	struct str name = media_name(v), type = http_header(v->req, "content-type");
	const struct box_media *m = box_media_get(v->box, v->player, name);

	v->kind = "media";
	if (box_method(v, "PUT")) {
		if (!type.n) {
			fail(v, 415, "unsupported-content-type", "The Content-Type header is required");
			return;
		}
		v->status = 204;
		if (!box_media_put(v, name, type, STR(""), v->req->body))
			fail(v, 400, "request-validation", "Too much media is stored");
	} else if (!m || m->account != v->account) {
		fail(v, 404, "not-found", "The media resource was not found");
	} else if (box_method(v, "GET")) {
		box_media_say(v, m);
	} else if (box_method(v, "DELETE")) {
		v->status = 204;
		(void)box_media_drop(v->box, v->player, name);
	} else {
		fail(v, 405, "method-not-allowed", "The method is not allowed");
	}
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	bool multi = box_path(v, "api/v2/users/{}/messages/multiChannel");

	(void)(multi ? bad_multi : bad)(v, arena_cstr(v->arena, member), arena_cstr(v->arena, text));
}

static void post(struct visit *v, void (*take)(struct visit *v))
{
	static const char *const looked_at[] = { "to", "media", NULL };

	struct str type = http_header(v->req, "content-type");

	if (!str_prefix(type, STR("application/json")))
		fail(v, 415, "unsupported-content-type", "The content type must be application/json");
	else if (!box_json(v))
		fail(v, 400, "request-validation", "The request body could not be read");
	else
		take(v);
	v->model = take == create ? "bandwidth/send" : "bandwidth/send-rcs";
	v->looked_at = looked_at;
}

static void call(struct visit *v)
{
	if (!enter(v))
		return;
	if (!box_path(v, "api/v2/users/{}/**") ||
	    (v->account->n_key[BW_ACCOUNT] > 0 && !box_knows(v->account, BW_ACCOUNT, box_seg(v, 3))))
		fail(v, 403, "forbidden", "Access Denied");
	else if (box_path(v, "api/v2/users/{}/messages") && box_method(v, "POST"))
		post(v, create);
	else if (box_path(v, "api/v2/users/{}/messages/multiChannel") && box_method(v, "POST"))
		post(v, create_multi);
	else if (box_path(v, "api/v2/users/{}/media/**"))
		media(v);
	else if (box_path(v, "api/v2/users/{}/messages"))
		fail(v, 405, "method-not-allowed", "The method is not allowed");
	else
		fail(v, 404, "not-found", "The resource was not found");
}

static const char *const course[] = { "sending", "delivered", NULL };
static const int64_t again[] = { 1000, 10000, 60000, 600000, 3600000, 21600000, 0 };

const struct player player_bandwidth = {
	.name = "bandwidth",
	.id_key = "application_id",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = box_bandwidth_receipt,
	.inbound = box_bandwidth_inbound,
	.arrive = box_bandwidth_arrive,
	.course = course,
	.again = again,
};
