/* SPDX-License-Identifier: MIT */
#include "phone.h"
#include "whatsapp.h"

/* A message while it is being translated. */
struct reading {
	const struct whatsapp_value *value;
	struct arena *arena;
	struct canon *c;
	const struct kind *kind;
	struct buf data; /* carrier_data */
};

/* One type of message: the member of that name holds its content. */
struct kind {
	struct str name;
	const char *type;  /* canonical; NULL where it becomes an event */
	const char *media; /* kind of media */
	/* Translate ${o}.  Return false, with nothing put into the data, if it can not be one. */
	bool (*read)(struct reading *r, const struct json *o);
};

static const struct kind *kind_find(struct str name);

/* Translate ${o} as ${kind}, if it is one.  Return false, with the record as it was, if not. */
static bool read_as(struct reading *r, const struct kind *kind, const struct json *o)
{
	struct canon before = *r->c;
	const struct kind *outer = r->kind;
	bool ok;

	r->kind = kind;
	ok = kind && kind->read(r, o);
	r->kind = outer;
	if (!ok)
		*r->c = before;
	return ok;
}

static void rest(struct reading *r, const struct json *o, const struct str *known, size_t n)
{
	leftover_members(&r->data, r->kind->name, o, known, n);
}

static bool read_text(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("body") };

	r->c->text = json_get_str(o, "body");
	if (!r->c->text.p)
		return false;
	rest(r, o, known, LEN(known));
	return true;
}

/* Webhooks have base64 of the digest, answers of the API have hex. */
static struct str media_digest(struct arena *a, struct str text)
{
	struct str digest;

	if (text.n == 64 && hex_read(a, text, &digest) == 0)
		return hex_of(a, digest);
	if (text.n > 0 && base64_read(a, text, &digest) == 0 && digest.n == hash_size(HASH_SHA256))
		return hex_of(a, digest);
	return STR_NONE;
}

static bool read_media(struct reading *r, const struct json *o)
{
	static const struct str known[] = {
		STR("id"),      STR("url"),   STR("mime_type"), STR("filename"),
		STR("caption"), STR("voice"), STR("sha256"),
	};
	struct str id = json_text(json_get(o, "id")), url = json_get_str(o, "url");
	struct canon_media *m;

	if (id.n == 0 && url.n == 0)
		return false;
	m = arena_calloc(r->arena, 1, sizeof *m);
	m->external_id = id.n > 0 ? id : STR_NONE;
	m->url = url.n > 0 ? url : STR_NONE;
	m->mime = json_get_str(o, "mime_type");
	m->kind = json_true(json_get(o, "voice")) ? "voice" : r->kind->media;
	m->size = -1;
	m->name = json_get_str(o, "filename");
	m->caption = json_get_str(o, "caption");
	m->sha256 = media_digest(r->arena, json_get_str(o, "sha256"));
	r->c->media = m;
	r->c->n_media = 1;
	r->c->text = m->caption;
	/* A digest that is none stays as it came. */
	rest(r, o, known, m->sha256.p ? LEN(known) : LEN(known) - 1);
	return true;
}

static bool read_location(struct reading *r, const struct json *o)
{
	static const struct str known[] = {
		STR("latitude"),
		STR("longitude"),
		STR("name"),
		STR("address"),
	};
	const struct json *latitude = json_get(o, "latitude");
	const struct json *longitude = json_get(o, "longitude");

	if (!json_is(latitude, JSON_NUMBER) || !json_is(longitude, JSON_NUMBER))
		return false;
	r->c->location.latitude = json_text(latitude);
	r->c->location.longitude = json_text(longitude);
	r->c->location.name = json_get_str(o, "name");
	r->c->location.address = json_get_str(o, "address");
	rest(r, o, known, LEN(known));
	return true;
}

/* A card has its number as somebody wrote it, maybe national; a WhatsApp id is international. */
static struct str contact_phone(struct arena *a, const struct json *phone)
{
	struct str wa_id = json_text(json_get(phone, "wa_id")),
		   text = json_text(json_get(phone, "phone"));

	if (wa_id.n > 0)
		return phone_plus(a, wa_id);
	return str_prefix(text, STR("+")) ? phone_plus(a, text) : text;
}

static void contact_lists(struct arena *a, struct canon_contact *to, const struct json *card)
{
	const struct json *phones = json_get(card, "phones"), *emails = json_get(card, "emails");
	struct str s;

	to->phones = arena_calloc(a, json_len(phones) + 1, sizeof *to->phones);
	for (struct json_iter it = json_iter(phones); json_next(&it);) {
		s = contact_phone(a, it.value);
		if (s.n > 0)
			to->phones[to->n_phones++] = s;
	}
	to->emails = arena_calloc(a, json_len(emails) + 1, sizeof *to->emails);
	for (struct json_iter it = json_iter(emails); json_next(&it);) {
		s = json_get_str(it.value, "email");
		if (s.n > 0)
			to->emails[to->n_emails++] = s;
	}
}

static bool read_contacts(struct reading *r, const struct json *o)
{
	struct canon_contact *to;

	if (!json_is(o, JSON_ARRAY) || json_len(o) == 0)
		return false;
	r->c->contacts = to = arena_calloc(r->arena, json_len(o), sizeof *to);
	r->c->n_contacts = json_len(o);
	for (struct json_iter it = json_iter(o); json_next(&it); to++) {
		const struct json *name = json_get(it.value, "name");

		to->name = json_get_str(name, "formatted_name");
		if (to->name.n == 0)
			to->name = json_get_str(name, "first_name");
		if (!to->name.p)
			to->name = STR("");
		to->organization = json_get_str(json_get(it.value, "org"), "company");
		contact_lists(r->arena, to, it.value);
	}
	json_add_value(&r->data, "contacts", o); /* types, addresses, dates: no canonical place */
	return true;
}

static bool read_reaction(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("message_id"), STR("emoji") };

	r->c->reaction.message = json_text(json_get(o, "message_id"));
	if (r->c->reaction.message.n == 0)
		return false;
	r->c->reaction.emoji = json_get_str(o, "emoji");
	if (!r->c->reaction.emoji.p)
		r->c->reaction.emoji = STR("");
	rest(r, o, known, LEN(known));
	return true;
}

/* The quick reply of a template. */
static bool read_button(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("payload"), STR("text") };

	r->c->reply.id = json_text(json_get(o, "payload"));
	r->c->reply.title = r->c->text = json_get_str(o, "text");
	if (!r->c->reply.id.p && !r->c->text.p)
		return false;
	r->c->reply.kind = "button";
	rest(r, o, known, LEN(known));
	return true;
}

static bool reply_choice(struct reading *r, struct str type, const struct json *o)
{
	static const struct str known[] = { STR("id"), STR("title") };

	r->c->reply.id = json_text(json_get(o, "id"));
	r->c->reply.title = r->c->text = json_get_str(o, "title");
	if (!r->c->reply.id.p && !r->c->text.p)
		return false;
	r->c->reply.kind = str_eq(type, STR("button_reply")) ? "button" : "list";
	leftover_members(&r->data, type, o, known, LEN(known));
	return true;
}

/* What a flow collected comes as JSON inside a string. */
static bool reply_flow(struct reading *r, struct str type, const struct json *o)
{
	static const struct str known[] = { STR("body"), STR("response_json") };
	struct str response = json_get_str(o, "response_json");
	struct err not_json;
	const struct json *data = response.n > 0 ? json_parse(response, r->arena, &not_json) : NULL;

	if (!json_is(o, JSON_OBJECT))
		return false;
	r->c->reply.kind = "flow";
	r->c->text = json_get_str(o, "body");
	if (data)
		r->c->reply.data = json_compact(r->arena, data);
	leftover_members(&r->data, type, o, known, data ? LEN(known) : LEN(known) - 1);
	return true;
}

/* The answer to our question whether we may call. */
static bool reply_permission(struct reading *r, struct str type, const struct json *o)
{
	(void)type;
	r->c->reply.id = json_get_str(o, "response");
	if (!r->c->reply.id.p)
		return false;
	r->c->reply.kind = "postback";
	r->c->reply.data = json_compact(r->arena, o);
	return true;
}

static bool read_interactive(struct reading *r, const struct json *o)
{
	static const struct {
		struct str type;
		bool (*read)(struct reading *r, struct str type, const struct json *o);
	} replies[] = {
		{ STR("button_reply"), reply_choice },
		{ STR("list_reply"), reply_choice },
		{ STR("nfm_reply"), reply_flow },
		{ STR("call_permission_reply"), reply_permission },
	};
	struct str type = json_get_str(o, "type");

	for (size_t i = 0; i < LEN(replies); i++) {
		const struct str known[] = { STR("type"), type };

		if (!str_eq(type, replies[i].type))
			continue;
		if (!replies[i].read(r, type, json_getn(o, type)))
			return false;
		rest(r, o, known, LEN(known));
		return true;
	}
	return false;
}

static bool read_order(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("text") };
	struct str text = json_get_str(o, "text");

	if (!json_is(o, JSON_OBJECT))
		return false;
	if (text.n > 0)
		r->c->text = text;
	rest(r, o, known, LEN(known));
	return true;
}

static void become_event(struct reading *r, const char *event)
{
	r->c->kind = CANON_EVENT;
	r->c->event = event;
}

static bool read_system(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("body") };
	struct str type = json_get_str(o, "type");
	bool number = str_eq(type, STR("user_changed_number")) ||
		      str_eq(type, STR("customer_changed_number"));

	if (!json_is(o, JSON_OBJECT))
		return false;
	r->c->text = json_get_str(o, "body");
	if (number)
		become_event(r, "number-changed");
	rest(r, o, known, LEN(known));
	return true;
}

/* The new content stands in the event as it would in a message, unless it can not be read. */
static bool edit_content(struct reading *r, const struct json *content)
{
	struct str type = json_get_str(content, "type");
	const struct str known[] = { STR("type"), type };
	const struct kind *kind = kind_find(type);

	if (!kind || !kind->type || !read_as(r, kind, json_getn(content, type)))
		return false;
	rest(r, content, known, LEN(known));
	return true;
}

static bool read_edit(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("original_message_id"), STR("message") };
	struct str original = json_text(json_get(o, "original_message_id"));
	bool ok;

	if (original.n == 0)
		return false;
	ok = edit_content(r, json_get(o, "message"));
	rest(r, o, known, ok ? LEN(known) : LEN(known) - 1);
	r->c->reply_to = original;
	become_event(r, "message-edited");
	return true;
}

static bool read_revoke(struct reading *r, const struct json *o)
{
	static const struct str known[] = { STR("original_message_id") };
	struct str original = json_text(json_get(o, "original_message_id"));

	if (original.n == 0)
		return false;
	r->c->reply_to = original;
	become_event(r, "message-deleted");
	rest(r, o, known, LEN(known));
	return true;
}

static const struct kind kinds[] = {
	{ STR("text"), "text", NULL, read_text },
	{ STR("image"), "media", "image", read_media },
	{ STR("interactive"), "reply", NULL, read_interactive },
	{ STR("button"), "reply", NULL, read_button },
	{ STR("audio"), "media", "audio", read_media },
	{ STR("video"), "media", "video", read_media },
	{ STR("document"), "media", "document", read_media },
	{ STR("sticker"), "media", "sticker", read_media },
	{ STR("reaction"), "reaction", NULL, read_reaction },
	{ STR("location"), "location", NULL, read_location },
	{ STR("contacts"), "contacts", NULL, read_contacts },
	{ STR("order"), "order", NULL, read_order },
	{ STR("system"), "system", NULL, read_system },
	{ STR("edit"), NULL, NULL, read_edit },
	{ STR("revoke"), NULL, NULL, read_revoke },
};

static const struct kind *kind_find(struct str name)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* What was answered, and how the message came about. */
static void read_context(struct reading *r, const struct json *m)
{
	const struct json *context = json_get(m, "context"), *referral = json_get(m, "referral");
	struct buf b;

	if (!json_is(context, JSON_OBJECT))
		context = NULL;
	if (!context && !referral)
		return;
	b = leftover_begin();
	for (struct json_iter it = json_iter(context); json_next(&it);) {
		struct str text = json_text(it.value);

		if (str_eq(it.key, STR("id")) && text.n > 0) {
			r->c->reply_to = text;
		} else if (str_eq(it.key, STR("from")) && text.n > 0) {
			text = phone_plus(r->arena, text);
			if (!str_eq(text, r->value->number)) /* ours is what one expects */
				json_add_str(&b, "from", text);
		} else {
			json_key_str(&b, it.key);
			json_put_value(&b, it.value);
		}
	}
	if (referral)
		json_add_value(&b, "referral", referral);
	r->c->context = leftover_end(r->arena, &b);
}

/* Each message of the user gets a copy, so it must be a small one. */
static void keep_contact(struct reading *r, const struct json *contact)
{
	struct buf b = { .max = SHARED_MAX };

	json_put_value(&b, contact);
	if (!b.over)
		json_add_value(&r->data, "contact", contact);
	buf_free(&b);
}

static void read_parties(struct reading *r, const struct json *m, struct str from, struct str user)
{
	const struct json *contact = whatsapp_contact(r->value->contacts, from, user);
	struct str group = json_text(json_get(m, "group_id"));

	r->c->from.address = phone_plus(r->arena, from.n > 0 ? from : user);
	r->c->from.name = whatsapp_name(contact);
	r->c->to = arena_calloc(r->arena, 1, sizeof *r->c->to);
	r->c->to->address = r->value->number;
	r->c->n_to = r->value->number.p != NULL;
	if (group.n > 0) {
		r->c->conversation = r->c->to->address = group;
		r->c->n_to = 1;
	}
	/* {profile:{name},wa_id} is all in `from`; user names, ids and hashes are not. */
	if (json_len(contact) > 2 || json_len(json_get(contact, "profile")) > 1)
		keep_contact(r, contact);
}

static void read_content(struct reading *r, const struct json *m)
{
	struct str type = json_get_str(m, "type");
	const struct str known[] = {
		STR("id"),       STR("from"),     STR("timestamp"), STR("context"),
		STR("referral"), STR("group_id"), STR("type"),      type,
	};
	const struct kind *kind = kind_find(type);
	size_t n = LEN(known);

	if (!read_as(r, kind, json_getn(m, type))) {
		r->c->type = "unsupported";
		n -= 2; /* the type and what goes with it stay as they came */
	} else if (r->c->kind == CANON_MESSAGE) {
		r->c->type = kind->type;
	}
	leftover_members(&r->data, STR_NONE, m, known, n);
}

void whatsapp_message(const struct whatsapp_value *v, const struct json *m)
{
	struct str id = json_text(json_get(m, "id")), from = json_text(json_get(m, "from"));
	struct str user = json_text(json_get(m, "from_user_id"));
	struct reading r = { .value = v, .arena = v->out->arena };

	if (id.n == 0 || (from.n == 0 && user.n == 0)) {
		whatsapp_event(v->out, "unsupported", "message", m)->account = v->account;
		return;
	}
	r.data = leftover_begin();
	r.c = canon_new(v->out, CANON_MESSAGE);
	r.c->direction = "in";
	r.c->channel = "whatsapp";
	r.c->account = v->account;
	r.c->external_id = id;
	r.c->at = whatsapp_time(r.arena, json_get(m, "timestamp"));
	read_parties(&r, m, from, user);
	read_context(&r, m);
	read_content(&r, m);
	r.c->carrier_data = leftover_end(r.arena, &r.data);
}
