/* SPDX-License-Identifier: MIT */
/* WhatsApp as the sandbox plays it: the Cloud API, any version. */
#include "sandbox_whatsapp.h"

#include "cause.h"

enum { TEXT_MAX = 4096, CAPTION_MAX = 1024, OPAQUE_MAX = 512, BUTTONS_MAX = 3, ROWS_MAX = 10 };

static const char *const keys[] = { "access_token", "app_secret", NULL };

const struct trouble box_whatsapp_troubles[] = {
	{ CAUSE_PERMANENT, 131026, 400, "Message undeliverable" },
	{ CAUSE_TEMP, 131016, 503, "Service unavailable" },
	{ CAUSE_THROTTLED, 130429, 429, "Rate limit hit" },
	{ CAUSE_CREDENTIALS, 190, 401, "Invalid OAuth access token" },
	{ CAUSE_OPTED_OUT, 131050, 400, "User has stopped marketing messages" },
	{ CAUSE_UNKNOWN, 131000, 500, "Something went wrong" },
	{ CAUSE_PERMANENT, 131047, 400, "Re-engagement message" },
	{ CAUSE_THROTTLED, 131056, 400, "(Business Account, Consumer Account) pair rate limit hit" },
	{ CAUSE_THROTTLED, 131048, 400, "Spam rate limit hit" },
	{ CAUSE_THROTTLED, 80007, 400, "Rate limit issues" },
	{ CAUSE_TEMP, 131057, 500, "Account in maintenance mode" },
	{ CAUSE_PERMANENT, 131051, 400, "Message type unknown" },
	{ CAUSE_PERMANENT, 132001, 404, "Template name does not exist in the translation" },
	{ NULL, 0, 0, NULL },
};

/* ---- answers ---- */

static void fail(struct visit *v, int status, int64_t code, const char *type, struct str text)
{
	struct buf *b = v->body;

	v->message = NULL;
	v->status = status;
	json_open(b, '{');
	json_key(b, "error");
	json_open(b, '{');
	json_add_str(b, "message", text);
	json_add_str(b, "type", str_c(type));
	json_add_i64(b, "code", code);
	json_add_str(b, "fbtrace_id", box_id(v, 99, BOX_UPPER, 11));
	json_close(b, '}');
	json_close(b, '}');
}

static bool bad(struct visit *v, const char *text)
{
	fail(v, 400, 100, "OAuthException", arena_fmt(v->arena, "(#100) %s", text));
	return false;
}

static bool bad_details(struct visit *v, int64_t code, const char *text, const char *details)
{
	struct buf *b = v->body;

	fail(v, 400, code, "OAuthException", arena_fmt(v->arena, "(#%lld) %s", (long long)code, text));
	b->n -= 2; /* back into the error */
	json_key(b, "error_data");
	json_open(b, '{');
	json_add_str(b, "messaging_product", STR("whatsapp"));
	json_add_str(b, "details", str_c(details));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, '}');
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(box_whatsapp_troubles, why);

	fail(v, t.status, t.code, "OAuthException",
	     arena_fmt(v->arena, "(#%lld) %s", (long long)t.code, t.text));
}

static void unknown_object(struct visit *v, struct str id)
{
	fail(v, 400, 100, "GraphMethodException",
	     arena_fmt(v->arena, "Unsupported request. Object with ID '%.*s' does not exist, cannot be loaded due to missing permissions, or does not support this operation",
		       STR_FMT(id)));
	v->body->n -= 2;
	json_add_i64(v->body, "error_subcode", 33);
	json_close(v->body, '}');
	json_close(v->body, '}');
}

static bool enter(struct visit *v)
{
	struct str token = box_authorization(v, "Bearer");

	if (!token.p)
		token = box_query(v, "access_token");
	v->account = box_who(v, WA_ACCESS, token);
	if (v->account)
		return true;
	fail(v, 401, token.p ? 190 : 104, "OAuthException",
	     token.p ? STR("Invalid OAuth access token - Cannot parse access token") :
		       STR("An access token is required to request this resource."));
	v->header = "WWW-Authenticate";
	v->value = "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"";
	return false;
}

/* ---- a message ---- */

static struct str text_of(const struct json *obj, const char *key)
{
	return json_get_str(obj, key);
}

/* A file, by id or by link. */
static bool check_media(struct visit *v, struct box_message *m, const struct json *o, struct str type)
{
	struct str id = text_of(o, "id"), link = text_of(o, "link"), caption = text_of(o, "caption");

	if (!json_is(o, JSON_OBJECT) || (!id.n && !link.n))
		return bad(v, arena_fmt(v->arena, "The parameter %.*s['id'] or %.*s['link'] is required.",
					STR_FMT(type), STR_FMT(type))
				      .p);
	if (link.n && !box_url(link))
		return bad(
			v,
			arena_fmt(v->arena, "Param %.*s['link'] is not a valid URL.", STR_FMT(type)).p);
	if (id.n && !box_media_get(v->box, v->player, id))
		return bad(v, arena_fmt(v->arena, "Param %.*s['id'] is not a valid whatsapp business account media attachment ID",
					STR_FMT(type))
				      .p);
	if (caption.n && (str_eq(type, STR("audio")) || str_eq(type, STR("sticker"))))
		return bad(v, arena_fmt(v->arena, "Unexpected key \"caption\" on param \"%.*s\".",
					STR_FMT(type))
				      .p);
	if (caption.n && box_units(caption) > CAPTION_MAX)
		return bad(v, "Param caption must be at most 1024 characters long.");
	m->media[m->n_media++] = id.n ? id : link;
	m->text = caption;
	return true;
}

static bool check_text(struct visit *v, struct box_message *m, const struct json *o)
{
	struct str body = text_of(o, "body");

	if (!body.p)
		return bad(v, "The parameter text['body'] is required.");
	if (!body.n)
		return bad(v, "The parameter text['body'] is required.");
	if (box_units(body) > TEXT_MAX)
		return bad(v, "Param text['body'] must be at most 4096 characters long.");
	m->text = body;
	return true;
}

static bool is_number(const struct json *v)
{
	return json_is(v, JSON_NUMBER) || json_str(v).n > 0;
}

static bool check_location(struct visit *v, const struct json *o)
{
	if (!is_number(json_get(o, "latitude")) || !is_number(json_get(o, "longitude")))
		return bad(v, "The parameters location['latitude'] and location['longitude'] are required.");
	return true;
}

static bool check_contacts(struct visit *v, const struct json *list)
{
	struct json_iter it = json_iter(list);

	if (!json_is(list, JSON_ARRAY) || json_len(list) == 0)
		return bad(v, "The parameter contacts is required and must be an array.");
	while (json_next(&it)) {
		const struct json *name = json_get(it.value, "name");

		if (!text_of(name, "formatted_name").n)
			return bad(v, "The parameter contacts[i]['name']['formatted_name'] is required.");
		if (json_len(name) < 2)
			return bad(v, "At least one of the other name members is required with formatted_name.");
	}
	return true;
}

static bool check_buttons(struct visit *v, const struct json *list)
{
	struct json_iter it = json_iter(list);

	if (json_len(list) < 1 || json_len(list) > BUTTONS_MAX)
		return bad_details(v, 131009, "Parameter value is not valid",
				   "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3");
	while (json_next(&it)) {
		const struct json *reply = json_get(it.value, "reply");
		struct str title = text_of(reply, "title"), id = text_of(reply, "id");

		if (!title.n || box_units(title) > 20 || !id.n || box_units(id) > 256)
			return bad_details(v, 131009, "Parameter value is not valid",
					   "Button title length invalid. Min length: 1, Max length: 20");
	}
	return true;
}

static bool check_rows(struct visit *v, const struct json *sections)
{
	size_t n = 0;

	for (struct json_iter it = json_iter(sections); json_next(&it);) {
		struct json_iter row = json_iter(json_get(it.value, "rows"));

		if (json_len(sections) > 1 && !text_of(it.value, "title").n)
			return bad_details(v, 131009, "Parameter value is not valid",
					   "Section title is required with more than one section");
		for (; json_next(&row); n++)
			if (!text_of(row.value, "id").n || !text_of(row.value, "title").n ||
			    box_units(text_of(row.value, "title")) > 24 ||
			    box_units(text_of(row.value, "description")) > 72)
				return bad_details(v, 131009, "Parameter value is not valid",
						   "Row title is required, at most 24 characters");
	}
	if (n < 1 || n > ROWS_MAX)
		return bad_details(v, 131009, "Parameter value is not valid",
				   "Total row count exceed max allowed count: 10");
	return true;
}

static bool check_interactive(struct visit *v, struct box_message *m, const struct json *o)
{
	struct str type = text_of(o, "type"), body = text_of(json_get(o, "body"), "text");
	const struct json *action = json_get(o, "action");

	m->text = body;
	if (!type.n)
		return bad(v, "The parameter interactive['type'] is required.");
	if (!action)
		return bad(v, "The parameter interactive['action'] is required.");
	if (!body.n && !str_eq(type, STR("product")))
		return bad(v, "The parameter interactive['body'] is required.");
	if (box_units(body) > CAPTION_MAX)
		return bad_details(v, 131009, "Parameter value is not valid",
				   "Body text length invalid. Max length: 1024");
	if (box_units(text_of(json_get(o, "footer"), "text")) > 60)
		return bad_details(v, 131009, "Parameter value is not valid",
				   "Footer text length invalid. Max length: 60");
	if (str_eq(type, STR("button")))
		return check_buttons(v, json_get(action, "buttons"));
	if (str_eq(type, STR("list"))) {
		if (!text_of(action, "button").n || box_units(text_of(action, "button")) > 20)
			return bad_details(v, 131009, "Parameter value is not valid",
					   "Button label length invalid. Max length: 20");
		return check_rows(v, json_get(action, "sections"));
	}
	if (!text_of(action, "name").n && !str_prefix(type, STR("product")))
		return bad(v, "The parameter interactive['action']['name'] is required.");
	return true;
}

static bool check_template(struct visit *v, const struct json *o)
{
	if (!text_of(o, "name").n)
		return bad(v, "The parameter template['name'] is required.");
	if (!text_of(json_get(o, "language"), "code").n)
		return bad(v, "The parameter template['language'] is required.");
	return true;
}

/* What is not said is a text.  What is no string is none of the names that there are. */
static struct str type_of(const struct visit *v)
{
	const struct json *type = json_get(v->json, "type");

	if (!type)
		return STR("text");
	return json_is(type, JSON_STRING) ? json_str(type) : json_compact(v->arena, type);
}

static bool check_kind(struct visit *v, struct box_message *m, struct str type)
{
	static const char *const files[] = { "image", "video", "audio", "document", "sticker" };
	const struct json *o = json_getn(v->json, type);

	for (size_t i = 0; i < LEN(files); i++)
		if (str_eq(type, str_c(files[i]))) {
			m->type = STR("media");
			return check_media(v, m, o, type);
		}
	m->type = type;
	if (str_eq(type, STR("text")))
		return check_text(v, m, o);
	if (str_eq(type, STR("location")))
		return check_location(v, o);
	if (str_eq(type, STR("contacts")))
		return check_contacts(v, o);
	if (str_eq(type, STR("interactive")))
		return check_interactive(v, m, o);
	if (str_eq(type, STR("template")))
		return check_template(v, o);
	if (!str_eq(type, STR("reaction")))
		return bad(v, arena_fmt(v->arena, "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO} - got \"%.*s\".",
					STR_FMT(type))
				      .p);
	if (!text_of(o, "message_id").n)
		return bad(v, "The parameter reaction['message_id'] is required.");
	if (!text_of(o, "emoji").p)
		return bad(v, "The parameter reaction['emoji'] is required.");
	m->text = text_of(o, "emoji");
	return true;
}

struct str box_whatsapp_digits(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			p[n++] = s.p[i];
		else if (!strchr("+ -().", s.p[i]))
			return STR_NONE;
	}
	return (struct str){ p, n };
}

static bool check_recipient(struct visit *v, struct box_message *m)
{
	struct str to = text_of(v->json, "to"), user = text_of(v->json, "recipient");
	bool group = str_eq(text_of(v->json, "recipient_type"), STR("group"));

	if (!to.n && !user.n)
		return bad(v, "The parameter to is required.");
	if (!to.n || group) {
		m->to[m->n_to++] = to.n ? to : user;
		return true;
	}
	m->to[0] = box_whatsapp_digits(v->arena, to);
	if (!box_msisdn(m->to[0]))
		return bad_details(v, 131009, "Parameter value is not valid",
				   "Recipient phone number is not valid");
	m->n_to = 1;
	return true;
}

static void say_taken(struct visit *v, const struct box_message *m)
{
	struct buf *b = v->body;

	v->status = 200;
	json_open(b, '{');
	json_add_str(b, "messaging_product", STR("whatsapp"));
	json_key(b, "contacts");
	json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "input", text_of(v->json, "to").n ? text_of(v->json, "to") : m->to[0]);
	json_add_str(b, "wa_id", m->to[0]);
	json_close(b, '}');
	json_close(b, ']');
	json_key(b, "messages");
	json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	if (str_eq(m->type, STR("template")))
		json_add_str(b, "message_status", STR("accepted"));
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

struct str box_whatsapp_new_id(const struct visit *v, unsigned which)
{
	return arena_join(v->arena, STR("wamid."), base64_of(v->arena, box_id(v, which, BOX_UPPER, 42)));
}

static void mark(struct visit *v)
{
	v->kind = "mark";
	if (!str_eq(text_of(v->json, "status"), STR("read"))) {
		(void)bad(v, "Param status must be one of {READ}");
		return;
	}
	if (!text_of(v->json, "message_id").n) {
		(void)bad(v, "The parameter message_id is required.");
		return;
	}
	v->status = 200;
	buf_lit(v->body, "{\"success\":true}");
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	(void)bad_details(v, 100, "Invalid parameter",
			  arena_fmt(v->arena, "%.*s%s%.*s", STR_FMT(member), member.n ? ": " : "",
				    STR_FMT(text))
				  .p);
}

static void send(struct visit *v)
{
	static const char *const looked_at[] = { "to", "recipient", "type", NULL };

	struct box_message *m;
	struct str type;

	if (!box_json(v)) {
		fail(v, 400, 100, "OAuthException", STR("(#100) The body is not a JSON object."));
		return;
	}
	if (!str_eq(text_of(v->json, "messaging_product"), STR("whatsapp"))) {
		(void)bad(v, "The parameter messaging_product is required.");
		return;
	}
	v->model = "whatsapp/send";
	v->looked_at = looked_at;
	if (json_get(v->json, "status")) {
		mark(v);
		return;
	}
	m = box_take(v, "text");
	type = type_of(v);
	m->from = v->account->id;
	m->channel = STR("whatsapp");
	m->tag = text_of(v->json, "biz_opaque_callback_data");
	m->reply_to = text_of(json_get(v->json, "context"), "message_id");
	if (m->tag.n > OPAQUE_MAX) {
		(void)bad(v, "Param biz_opaque_callback_data must be at most 512 characters long.");
		return;
	}
	if (!check_recipient(v, m) || !check_kind(v, m, type))
		return;
	m->id = box_whatsapp_new_id(v, 1);
	say_taken(v, m);
}

/* ---- files ---- */

static void upload(struct visit *v)
{
	struct str type = STR_NONE, file = STR_NONE, ignore, bytes, product, id;

	v->kind = "media";
	product = box_part(v, "messaging_product", &ignore, &ignore);
	bytes = box_part(v, "file", &type, &file);
	if (!str_eq(product, STR("whatsapp"))) {
		(void)bad(v, "The parameter messaging_product is required.");
		return;
	}
	if (!bytes.p || !type.n) {
		(void)bad(v, "The parameter file is required.");
		return;
	}
	id = box_id(v, 1, "0123456789", 15);
	if (!box_media_put(v, id, type, file, bytes)) {
		fail(v, 400, 131053, "OAuthException", STR("(#131053) Media upload error"));
		return;
	}
	v->status = 200;
	json_open(v->body, '{');
	json_add_str(v->body, "id", id);
	json_close(v->body, '}');
}

static void say_media(struct visit *v, const struct box_media *m)
{
	struct buf *b = v->body;

	v->kind = "media";
	v->status = 200;
	json_open(b, '{');
	json_add_str(b, "messaging_product", STR("whatsapp"));
	json_add_str(b, "url",
		     arena_fmt(v->arena, "%.*s/whatsapp_business/attachments/?mid=%.*s&ext=%lld&hash=sandbox",
			       STR_FMT(v->account->api), STR_FMT(m->id),
			       (long long)(v->now / 1000 + 300)));
	json_add_str(b, "mime_type", m->mime);
	json_add_str(b, "sha256", hash_hex(v->arena, HASH_SHA256, m->bytes));
	json_add_str(b, "file_size", arena_fmt(v->arena, "%zu", m->bytes.n));
	json_add_str(b, "id", m->id);
	json_close(b, '}');
}

static void say_bytes(struct visit *v)
{
	const struct box_media *m = box_media_get(v->box, v->player, box_query(v, "mid"));
	struct str until = box_query(v, "ext");
	uint64_t seconds;

	v->kind = "media";
	if (!m || str_u64(until, &seconds) < 0 || (int64_t)seconds < v->now / 1000) {
		v->status = 404;
		v->type = "text/html";
		buf_lit(v->body, "<html><body>Not Found</body></html>");
		return;
	}
	box_media_say(v, m);
}

static void call(struct visit *v)
{
	const struct box_media *m;

	if (!enter(v))
		return;
	if (box_path(v, "whatsapp_business/attachments") && box_method(v, "GET")) {
		say_bytes(v);
		return;
	}
	m = box_media_get(v->box, v->player, box_seg(v, 1));
	if (box_path(v, "{}/{}") && m && box_method(v, "GET"))
		say_media(v, m);
	else if (box_path(v, "{}/{}") && m && box_method(v, "DELETE")) {
		(void)box_media_drop(v->box, v->player, m->id);
		v->kind = "media";
		v->status = 200;
		buf_lit(v->body, "{\"success\":true}");
	} else if (!str_eq(box_seg(v, 1), v->account->id) || !str_prefix(box_seg(v, 0), STR("v")))
		unknown_object(v, box_seg(v, 1));
	else if (box_path(v, "{}/{}/messages") && box_method(v, "POST"))
		send(v);
	else if (box_path(v, "{}/{}/media") && box_method(v, "POST"))
		upload(v);
	else
		unknown_object(v, box_seg(v, 2));
}

static const char *const course[] = { "sent", "delivered", "read", NULL };
static const int64_t again[] = { 1000, 4000, 16000, 64000, 256000, 1024000, 0 };

const struct player player_whatsapp = {
	.name = "whatsapp",
	.id_key = "phone_number_id",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = box_whatsapp_receipt,
	.inbound = box_whatsapp_inbound,
	.arrive = box_whatsapp_arrive,
	.course = course,
	.again = again,
};
