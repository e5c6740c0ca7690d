/* SPDX-License-Identifier: MIT */
/*
 * LiveChat as the sandbox plays it: the Agent Chat API, 3.5 and 3.6.  A chat exists as soon as somebody names
 * it, with one thread and one customer whose ids are made of its own.
 */
#include "sandbox.h"

#include "cause.h"
#include "hash.h"

enum { SECRET, ACCOUNT, ACCESS };

enum { TEXT_MAX = 16384, ELEMENTS_MAX = 10, BUTTONS_MAX = 13 };

#define FILE_MAX MIB(10)

static const char *const keys[] = { "webhook_secret", "account_id", "access_token", NULL };

static const struct reason reasons[] = {
	{ CAUSE_PERMANENT, "validation", 400, "Wrong format of request" },
	{ CAUSE_TEMP, "service_unavailable", 503, "Service unavailable" },
	{ CAUSE_THROTTLED, "too_many_requests", 429, "Too many requests" },
	{ CAUSE_CREDENTIALS, "authentication", 401, "Invalid access token" },
	{ CAUSE_OPTED_OUT, "customer_banned", 403, "Customer is banned" },
	{ CAUSE_UNKNOWN, "internal", 500, "Internal server error" },
	{ CAUSE_PERMANENT, "chat_inactive", 400, "Chat is inactive" },
	{ CAUSE_PERMANENT, "authorization", 403, "Requester is not a user of the chat" },
	{ CAUSE_PERMANENT, "missing_access", 403, "Missing access to the chat" },
	{ CAUSE_PERMANENT, "not_found", 404, "Chat not found" },
	{ CAUSE_TEMP, "request_timeout", 504, "Request timed out" },
	{ CAUSE_PERMANENT, "entity_too_large", 413, "Request is too large" },
	{ CAUSE_CREDENTIALS, "license_expired", 403, "License expired" },
	{ CAUSE_TEMP, "group_offline", 400, "Group is offline" },
	{ CAUSE_PERMANENT, "misdirected_request", 421, "Wrong region" },
	{ NULL, NULL, 0, NULL },
};

/* ---- answers ---- */

static bool fail(struct visit *v, int status, const char *type, const char *text)
{
	box_fail(v, status);
	json_key(v->body, "error");
	json_open(v->body, '{');
	json_add_str(v->body, "type", str_c(type));
	json_add_str(v->body, "message", str_c(text));
	if (status == 421)
		json_add_raw(v->body, "data", STR("{\"region\":\"fra\"}"));
	json_close(v->body, '}');
	json_close(v->body, '}');
	return false;
}

static bool bad(struct visit *v, const char *text)
{
	return fail(v, 400, "validation", text);
}

static void refuse(struct visit *v, const struct refusal *why)
{
	const struct reason *r = box_reason(reasons, why);
	int status = why->status ? why->status : r ? r->status : 400;

	if (r)
		(void)fail(v, status, r->word, r->text);
	else
		(void)fail(v, status, why->word.n ? arena_cstr(v->arena, why->word) : "internal",
			   "The request is refused");
}

/* A personal access token with its account, or a token alone. */
static bool enter(struct visit *v)
{
	v->account = box_who(v, ACCESS, box_authorization(v, "Bearer"));
	if (!v->account)
		v->account = box_who_basic(v, ACCOUNT, ACCESS);
	return v->account || fail(v, 401, "authentication", "Invalid access token");
}

/* ---- chats ---- */

/* ${n} characters that are made of ${from}; ${seed} tells what for. */
static struct str name_of(struct arena *a, struct str from, uint64_t seed, const char *alphabet, size_t n)
{
	const size_t base = strlen(alphabet);
	char *p = arena_alloc(a, n + 1);
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0)
			bits = hash_64(from, seed * 1000 + i);
		p[i] = alphabet[(bits & 0xff) % base];
		bits >>= 8;
	}
	p[n] = '\0';
	return (struct str){ p, n };
}

static struct str thread_of(struct arena *a, struct str chat)
{
	return name_of(a, chat, 1, BOX_UPPER, 10);
}

static struct str customer_of(struct arena *a, struct str chat)
{
	char *p = (char *)(uintptr_t)name_of(a, chat, 2, BOX_HEX, 36).p;

	p[8] = p[13] = p[18] = p[23] = '-';
	p[14] = '4';
	p[19] = '8';
	return (struct str){ p, 36 };
}

/* ---- events ---- */

static bool check_elements(struct visit *v, const struct json *event)
{
	const struct json *elements = json_get(event, "elements");
	struct str template = json_get_str(event, "template_id");
	struct json_iter it = json_iter(elements);

	if (!str_eq(template, STR("cards")) && !str_eq(template, STR("quick_replies")) &&
	    !str_eq(template, STR("sticker")))
		return bad(v, "`template_id` must be one of: `cards`, `quick_replies`, `sticker`");
	if (!json_is(elements, JSON_ARRAY) || json_len(elements) < 1 || json_len(elements) > ELEMENTS_MAX)
		return bad(v, "`elements` must have 1 to 10 items");
	while (json_next(&it)) {
		struct json_iter b = json_iter(json_get(it.value, "buttons"));

		if (json_len(b.value) > BUTTONS_MAX)
			return bad(v, "`buttons` must have at most 13 items");
		while (json_next(&b))
			if (!json_get_str(b.value, "text").n ||
			    !json_get_str(b.value, "postback_id").p ||
			    !json_is(json_get(b.value, "user_ids"), JSON_ARRAY))
				return bad(v, "`text`, `postback_id` and `user_ids` of a button are required");
	}
	return true;
}

static bool check_event(struct visit *v, struct box_message *m, const struct json *event)
{
	struct str type = json_get_str(event, "type"), visible = json_get_str(event, "visibility");
	struct str url = json_get_str(event, "url");

	if (!json_is(event, JSON_OBJECT))
		return bad(v, "`event` is required");
	if (visible.p && !str_eq(visible, STR("all")) && !str_eq(visible, STR("agents")))
		return bad(v, "`visibility` must be one of: `all`, `agents`");
	m->tag = json_get_str(event, "custom_id");
	if (str_eq(type, STR("message"))) {
		m->text = json_get_str(event, "text");
		if (!m->text.n)
			return bad(v, "`text` is required");
		return m->text.n <= TEXT_MAX || bad(v, "`text` is too long");
	}
	if (str_eq(type, STR("file"))) {
		m->type = STR("media");
		if (!box_url(url))
			return bad(v, "`url` is required");
		if (!str_prefix(url, v->account->api) &&
		    !str_prefix(url, STR("https://cdn.livechat-files.com/")))
			return bad(v, "`url` must be a file that was uploaded");
		m->media[m->n_media++] = url;
		return true;
	}
	m->type = STR("interactive");
	if (str_eq(type, STR("rich_message")))
		return check_elements(v, event);
	m->type = STR("system");
	if (str_eq(type, STR("system_message")))
		return json_get_str(event, "system_message_type").n ||
		       bad(v, "`system_message_type` is required");
	if (str_eq(type, STR("custom")))
		return true;
	return bad(v, "`type` is not supported");
}

/* The message that is the event of the chat. */
static struct box_message *take(struct visit *v, struct str chat, const struct json *event)
{
	struct box_message *m = box_take(v, "text");

	m->chat = chat;
	m->channel = STR("chat");
	m->from = box_key(v->account, ACCOUNT);
	if (!check_event(v, m, event))
		return NULL;
	m->to[m->n_to++] = customer_of(v->arena, chat);
	m->id = arena_fmt(v->arena, "%.*s_%.*s", STR_FMT(thread_of(v->arena, chat)),
			  STR_FMT(box_id(v, 1, "123456789", 6)));
	v->status = 200;
	return m;
}

static void send_event(struct visit *v)
{
	struct str chat = json_get_str(v->json, "chat_id");
	const struct box_message *m;

	v->model = "livechat/send";
	if (!chat.n) {
		(void)bad(v, "`chat_id` is required");
		return;
	}
	m = take(v, chat, json_get(v->json, "event"));
	if (!m)
		return;
	json_open(v->body, '{');
	json_add_str(v->body, "event_id", m->id);
	json_close(v->body, '}');
}

/* start_chat and resume_chat: with events in their thread, of which the first is the message. */
static void open_chat(struct visit *v, bool resume)
{
	const struct json *chat = json_get(v->json, "chat");
	const struct json *events = json_get(json_get(chat, "thread"), "events");
	struct str id = resume ? json_get_str(chat, "id") : box_id(v, 3, BOX_UPPER, 10);
	const struct box_message *m = NULL;

	if (!json_is(chat, JSON_OBJECT) || !id.n) {
		(void)bad(v, "`chat` is required, and its `id` to resume it");
		return;
	}
	v->kind = "message";
	v->model = "livechat/send-thread";
	v->status = 200;
	if (json_len(events) > 0) {
		m = take(v, id, json_at(events, 0));
		if (!m)
			return;
	}
	json_open(v->body, '{');
	if (!resume)
		json_add_str(v->body, "chat_id", id);
	json_add_str(v->body, "thread_id", thread_of(v->arena, id));
	json_key(v->body, "event_ids");
	json_open(v->body, '[');
	if (m)
		json_put_str(v->body, m->id);
	json_close(v->body, ']');
	json_close(v->body, '}');
}

/* What is done with a chat and has no result. */
static void mark(struct visit *v, const char *key)
{
	v->kind = "mark";
	v->status = 200;
	if (json_get_str(v->json, key).n)
		buf_lit(v->body, "{}");
	else
		(void)bad(v, arena_fmt(v->arena, "`%s` is required", key).p);
}

static void upload(struct visit *v)
{
	struct str type = STR_NONE, name = STR_NONE, bytes = box_part(v, "file", &type, &name), id;

	v->kind = "media";
	if (!bytes.p || !name.n) {
		(void)bad(v, "a file is required");
		return;
	}
	id = box_id(v, 1, BOX_HEX, 32);
	if (bytes.n > FILE_MAX || !box_media_put(v, id, type, name, bytes)) {
		(void)fail(v, 413, "entity_too_large", "The file is too large");
		return;
	}
	v->status = 200;
	json_open(v->body, '{');
	json_add_str(v->body, "url",
		     arena_fmt(v->arena, "%.*s/_media/%.*s", STR_FMT(v->account->api), STR_FMT(id)));
	json_close(v->body, '}');
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	(void)bad(v, arena_fmt(v->arena, "`%.*s`: %.*s", STR_FMT(member), STR_FMT(text)).p);
}

static void act(struct visit *v, struct str action)
{
	static const char *const with_chat[] = {
		"send_typing_indicator", "mark_events_as_seen",
		"add_user_to_chat",      "tag_thread",
		"untag_thread",          "send_rich_message_postback"
	};

	if (str_eq(action, STR("upload_file"))) {
		upload(v);
		return;
	}
	if (!box_json(v)) {
		(void)bad(v, "Wrong format of request");
		return;
	}
	if (str_eq(action, STR("send_typing_indicator")) || str_eq(action, STR("mark_events_as_seen")))
		v->model = "livechat/send-activity";
	for (size_t i = 0; i < LEN(with_chat); i++)
		if (str_eq(action, str_c(with_chat[i]))) {
			mark(v, "chat_id");
			return;
		}
	if (str_eq(action, STR("send_event")))
		send_event(v);
	else if (str_eq(action, STR("resume_chat")) || str_eq(action, STR("start_chat")))
		open_chat(v, str_eq(action, STR("resume_chat")));
	else if (str_eq(action, STR("deactivate_chat")) || str_eq(action, STR("transfer_chat")))
		mark(v, "id");
	else
		(void)fail(v, 404, "not_found", "Unknown action");
}

static void call(struct visit *v)
{
	if (box_path(v, "_media/{}")) {
		box_media_hand(v, box_seg(v, 1));
		return;
	}
	if (!enter(v))
		return;
	if (!box_path(v, "{}/agent/action/{}"))
		(void)fail(v, 404, "not_found", "Unknown action");
	else if (!str_eq(box_seg(v, 0), STR("v3.5")) && !str_eq(box_seg(v, 0), STR("v3.6")) &&
		 !str_eq(box_seg(v, 0), STR("v3.7")))
		(void)fail(v, 400, "unsupported_version", "Unsupported version");
	else if (!box_method(v, "POST"))
		(void)fail(v, 405, "validation", "The method is not allowed");
	else
		act(v, box_seg(v, 3));
}

/* ---- callbacks ---- */

static void open_hook(struct callback *c, const char *action)
{
	struct buf *b = &c->body;

	json_open(b, '{');
	json_add_str(b, "webhook_id", name_of(c->arena, str_c(action), 3, BOX_HEX, 32));
	json_add_str(b, "secret_key", box_key(c->account, SECRET));
	json_add_str(b, "action", str_c(action));
	json_add_str(b, "organization_id",
		     c->account->id.n ? c->account->id : STR("0a1b2c3d-1111-4222-8333-444455556666"));
	json_key(b, "payload");
	json_open(b, '{');
	box_header(c, "Content-Type", STR("application/json"));
}

static void close_hook(struct callback *c)
{
	json_close(&c->body, '}');
	json_add_raw(&c->body, "additional_data", STR("{}"));
	json_close(&c->body, '}');
}

/* The only receipt there is: the customer has seen all up to an instant. */
static bool receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	if (!str_eq(r->status, STR("read")))
		return false;
	open_hook(c, "events_marked_as_seen");
	json_add_str(&c->body, "user_id", m->to[0]);
	json_add_str(&c->body, "chat_id", m->chat);
	json_add_str(&c->body, "seen_up_to", box_micros(c->arena, r->at));
	close_hook(c);
	return true;
}

static void put_event(struct callback *c, const struct box_message *m)
{
	struct buf *b = &c->body;

	json_key(b, "event");
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "type", m->n_media > 0 ? STR("file") : STR("message"));
	json_add_str(b, "author_id", m->from);
	json_add_str(b, "created_at", box_micros(c->arena, m->at));
	json_add_str(b, "visibility", STR("all"));
	if (m->n_media > 0) {
		json_add_str(b, "name", STR("file"));
		json_add_str(b, "url", box_media_url(c, m->media[0], STR("/_media/")));
		json_add_str(b, "content_type", m->mime[0]);
	} else {
		json_add_str(b, "text", m->text.p ? m->text : STR(""));
	}
	json_close(b, '}');
}

static bool inbound(struct callback *c, const struct box_message *m)
{
	open_hook(c, "incoming_event");
	json_add_str(&c->body, "chat_id", m->chat);
	json_add_str(&c->body, "thread_id", thread_of(c->arena, m->chat));
	put_event(c, m);
	close_hook(c);
	return true;
}

/* Who writes without saying where opens a chat that is made of the name. */
static void arrive(struct visit *v, struct box_message *m)
{
	if (!m->chat.n)
		m->chat = name_of(v->arena, m->from, 4, BOX_UPPER, 10);
	m->from = customer_of(v->arena, m->chat);
	m->channel = STR("chat");
	m->id = arena_fmt(v->arena, "%.*s_%.*s", STR_FMT(thread_of(v->arena, m->chat)),
			  STR_FMT(box_id(v, 2, "123456789", 6)));
}

static const char *const course[] = { "read", NULL };
static const int64_t again[] = { 5000, 15000, 30000, 0 };

const struct player player_livechat = {
	.name = "livechat",
	.id_key = "organization_id",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = receipt,
	.inbound = inbound,
	.arrive = arrive,
	.course = course,
	.again = again,
};
