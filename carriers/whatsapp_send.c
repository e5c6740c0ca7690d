/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"

enum {
	CONTACTS_MAX = 5,    /* cards of one message */
	CALLBACK_DATA = 512, /* biz_opaque_callback_data */
};

const char *const whatsapp_send_keys[] = { "access_token", NULL };

static bool has_caption(const struct canon_media *m)
{
	const char *type = whatsapp_media_type(m);

	return strcmp(type, "audio") != 0 && strcmp(type, "sticker") != 0;
}

/* How Meta counts is not known: these are never fewer. */
static const struct send_room room = { SMS_UTF16, WHATSAPP_TEXT, WHATSAPP_CAPTION, 1, has_caption };

/* ---- the envelope ---- */

/* The URL of what is below the phone number. */
static int open_url(struct sending *s, const char *what, struct str *url)
{
	struct str version = send_setting(s, "api_version");
	const struct account *a = s->d->account;

	if (a->id.n == 0)
		return send_unconfigured(s, "phone_number_id");
	*url = send_url(s, "https://graph.facebook.com",
			arena_fmt(s->d->arena, "/%s/%s/%s", version.n > 0 ? send_escape(s, version) : "v23.0",
				  send_escape(s, a->id), what));
	return send_auth(s, SUBMIT_BEARER, 0, whatsapp_send_keys[0]);
}

/* A group is its own conversation. */
static bool is_group(const struct sending *s)
{
	return s->d->to.n > 0 && (str_eq(s->c.conversation, s->d->to) ||
				  str_eq(json_get_str(s->extra, "recipient_type"), STR("group")));
}

static int put_recipient(struct sending *s)
{
	bool group = is_group(s);
	struct str to;

	json_add_str(&s->body, "recipient_type", group ? STR("group") : STR("individual"));
	if (group) {
		json_add_str(&s->body, "to", s->d->to);
		return 0;
	}
	if (send_user_id(s->d->to)) {
		json_add_str(&s->body, "recipient", s->d->to);
		return 0;
	}
	if (send_phone(s, &to) < 0) {
		err_hint(s->e, "or the id of a user (\"US.1234\") or of a group");
		return -1;
	}
	json_add_str(&s->body, "to", send_digits(to));
	return 0;
}

/* Begin a message: all of its body but what it says. */
static int begin(struct sending *s, const char *type)
{
	static const struct str known[] = {
		STR("preview_url"), STR("recipient_type"), STR("contacts"),
		STR("interactive"), STR("components"),     STR("flow"),
	};
	struct str url;

	if (send_extra_known(s, known, LEN(known)) < 0 || open_url(s, "messages", &url) < 0)
		return -1;
	send_json(s, url);
	json_add_str(&s->body, "messaging_product", STR("whatsapp"));
	if (put_recipient(s) < 0)
		return -1;
	if (s->c.reply_to.n > 0 && s->d->part == 0) {
		json_key(&s->body, "context");
		json_open(&s->body, '{');
		json_add_str(&s->body, "message_id", s->c.reply_to);
		json_close(&s->body, '}');
	}
	json_add_str(&s->body, "type", str_c(type));
	return 0;
}

/* It comes back in statuses: what nobody knows the fate of can be told from them. */
static int end(struct sending *s)
{
	if (s->d->key.n > 0 && s->d->key.n <= CALLBACK_DATA)
		json_add_str(&s->body, "biz_opaque_callback_data", s->d->key);
	send_json_end(s);
	return 0;
}

/* ---- text and media ---- */

static int make_text(struct sending *s, struct str text)
{
	const struct json *preview = json_get(s->extra, "preview_url");

	if (begin(s, "text") < 0)
		return -1;
	json_key(&s->body, "text");
	json_open(&s->body, '{');
	json_add_str(&s->body, "body", text);
	if (preview)
		json_add_bool(&s->body, "preview_url", json_true(preview));
	json_close(&s->body, '}');
	return end(s);
}

const char *whatsapp_media_type(const struct canon_media *m)
{
	static const char *const types[] = { "image", "video", "audio", "document", "sticker" };
	const char *kind = send_media_kind(m);

	for (size_t i = 0; i < LEN(types); i++)
		if (strcmp(kind, types[i]) == 0)
			return kind;
	return strcmp(kind, "voice") == 0 ? "audio" : "document";
}

/* Where it is: uploaded a step before, known to WhatsApp since earlier, or at a URL. */
static int put_place(struct sending *s, const struct canon_media *m)
{
	struct str url;

	if (m->path.n > 0 || m->external_id.n > 0) {
		json_add_str(&s->body, "id", m->path.n > 0 ? s->d->carry : m->external_id);
		return 0;
	}
	if (send_media_url(s, m, &url) < 0)
		return -1;
	json_add_str(&s->body, "link", url);
	return 0;
}

int whatsapp_put_media(struct sending *s, const struct canon_media *m, struct str caption)
{
	const char *type = whatsapp_media_type(m);
	struct str name = m->name.n > 0 || m->path.n > 0 ? m->name : send_media_name(m);

	json_key(&s->body, type);
	json_open(&s->body, '{');
	if (put_place(s, m) < 0)
		return -1;
	if (caption.n > 0)
		json_add_str(&s->body, "caption", caption);
	if (strcmp(type, "document") == 0 && name.n > 0)
		json_add_str(&s->body, "filename", name);
	if (strcmp(send_media_kind(m), "voice") == 0)
		json_add_bool(&s->body, "voice", true);
	json_close(&s->body, '}');
	return 0;
}

const struct canon_media *whatsapp_upload(struct sending *s)
{
	struct send_part part = { .media = s->c.media, .n_media = s->c.n_media };
	const char *type = s->c.type;

	if (s->d->step > 0 || s->c.n_media == 0 || !type)
		return NULL;
	if (strcmp(type, "media") == 0 || strcmp(type, "text") == 0) {
		if (send_part(s, &room, &part) < 0 || part.n_media == 0)
			return NULL;
	} else if (!(strcmp(type, "template") == 0 && !json_get(s->extra, "components")) &&
		   !(strcmp(type, "interactive") == 0 && !json_get(s->extra, "interactive"))) {
		return NULL;
	}
	return part.media->path.n > 0 ? part.media : NULL;
}

static int make_upload(struct sending *s, const struct canon_media *m)
{
	struct str name = send_media_name(m), mime = send_media_mime(m), url;

	if (open_url(s, "media", &url) < 0)
		return -1;
	send_upload(s, url);
	send_upload_field(s, (struct submit_field){ .name = STR("messaging_product"),
						    .value = STR("whatsapp") });
	send_upload_field(s, (struct submit_field){ .name = STR("type"), .value = mime });
	send_upload_field(
		s, (struct submit_field){
			   .name = STR("file"), .path = m->path, .file_name = name, .type = mime });
	s->out->prepares = true;
	return 0;
}

static int make_part(struct sending *s)
{
	const struct canon_media *file = whatsapp_upload(s);
	struct send_part part;

	if (send_part(s, &room, &part) < 0)
		return -1;
	if (file)
		return make_upload(s, file);
	if (part.n_media == 0)
		return make_text(s, part.text);
	if (begin(s, whatsapp_media_type(part.media)) < 0 ||
	    whatsapp_put_media(s, part.media, part.text) < 0)
		return -1;
	return end(s);
}

/* ---- what is rich: a file may stand above it ---- */

static int make_rich(struct sending *s, const char *type, int (*put)(struct sending *s))
{
	const struct canon_media *file = whatsapp_upload(s);

	if (file)
		return make_upload(s, file);
	if (begin(s, type) < 0 || put(s) < 0)
		return -1;
	return end(s);
}

static int make_template(struct sending *s)
{
	return make_rich(s, "template", whatsapp_put_template);
}

static int make_interactive(struct sending *s)
{
	return make_rich(s, "interactive", whatsapp_put_interactive);
}

/* ---- the other types ---- */

static int make_location(struct sending *s)
{
	struct send_part part;

	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED,
			       "a location needs the numbers latitude and longitude");
	if (send_after(s, &room, 1, &part) < 0)
		return -1;
	if (part.text.p)
		return make_text(s, part.text);
	if (begin(s, "location") < 0)
		return -1;
	json_key(&s->body, "location");
	json_open(&s->body, '{');
	json_add_raw(&s->body, "latitude", s->c.location.latitude);
	json_add_raw(&s->body, "longitude", s->c.location.longitude);
	json_opt_str(&s->body, "name", s->c.location.name);
	json_opt_str(&s->body, "address", s->c.location.address);
	json_close(&s->body, '}');
	return end(s);
}

/* WhatsApp wants one more name beside the whole one: the first word, and the rest. */
static void put_name(struct sending *s, struct str name)
{
	size_t space = str_find(name, ' ');
	struct str last = str_trim(str_sub(name, space, name.n));

	json_key(&s->body, "name");
	json_open(&s->body, '{');
	json_add_str(&s->body, "formatted_name", name);
	json_add_str(&s->body, "first_name", str_sub(name, 0, space));
	if (last.n > 0)
		json_add_str(&s->body, "last_name", last);
	json_close(&s->body, '}');
}

/* An array of objects that hold one text each. */
static void put_list(struct sending *s, const char *key, const char *member, const struct str *list,
		     size_t n)
{
	if (n == 0)
		return;
	json_key(&s->body, key);
	json_open(&s->body, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(&s->body, '{');
		json_add_str(&s->body, member, list[i]);
		json_close(&s->body, '}');
	}
	json_close(&s->body, ']');
}

static int put_card(struct sending *s, const struct canon_contact *c)
{
	struct str name = c->name.n > 0 ? c->name : c->organization;

	if (name.n == 0 && c->n_phones > 0)
		name = c->phones[0];
	if (name.n == 0)
		return err_set(s->e, SEND_MALFORMED, "a card in contacts needs a name");
	json_open(&s->body, '{');
	put_name(s, name);
	put_list(s, "phones", "phone", c->phones, c->n_phones);
	put_list(s, "emails", "email", c->emails, c->n_emails);
	if (c->organization.n > 0) {
		json_key(&s->body, "org");
		json_open(&s->body, '{');
		json_add_str(&s->body, "company", c->organization);
		json_close(&s->body, '}');
	}
	json_close(&s->body, '}');
	return 0;
}

/* The cards of one part; carrier_data has them whole, with types, addresses and dates. */
static int put_cards(struct sending *s, const struct json *whole)
{
	size_t from = (size_t)s->d->part * CONTACTS_MAX;

	json_key(&s->body, "contacts");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(whole); json_next(&it);)
		if (it.i >= from && it.i < from + CONTACTS_MAX)
			json_put_value(&s->body, it.value);
	for (size_t i = from; !whole && i < s->c.n_contacts && i < from + CONTACTS_MAX; i++)
		if (put_card(s, &s->c.contacts[i]) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int make_contacts(struct sending *s)
{
	const struct json *whole = json_get(s->extra, "contacts");
	size_t n = whole ? json_len(whole) : s->c.n_contacts;
	struct send_part part;

	if (n == 0)
		return err_set(s->e, SEND_MALFORMED, "there is no card in contacts");
	if (send_after(s, &room, (unsigned)((n + CONTACTS_MAX - 1) / CONTACTS_MAX), &part) < 0)
		return -1;
	if (part.text.p)
		return make_text(s, part.text);
	if (begin(s, "contacts") < 0 || put_cards(s, whole) < 0)
		return -1;
	return end(s);
}

static int make_reaction(struct sending *s)
{
	if (s->c.reaction.message.n == 0)
		return err_set(s->e, SEND_MALFORMED,
			       "reaction/message must hold the external id of the message that it is about");
	if (begin(s, "reaction") < 0)
		return -1;
	json_key(&s->body, "reaction");
	json_open(&s->body, '{');
	json_add_str(&s->body, "message_id", s->c.reaction.message);
	json_add_str(&s->body, "emoji", s->c.reaction.emoji);
	json_close(&s->body, '}');
	return end(s);
}

/* ---- marks: no message, and nothing comes of one that is made twice ---- */

static int make_mark(struct sending *s, bool typing)
{
	struct str id, url;

	if (send_about(s, &id) < 0 || open_url(s, "messages", &url) < 0)
		return -1;
	send_json(s, url);
	json_add_str(&s->body, "messaging_product", STR("whatsapp"));
	json_add_str(&s->body, "status", STR("read"));
	json_add_str(&s->body, "message_id", id);
	if (typing) {
		json_key(&s->body, "typing_indicator");
		json_open(&s->body, '{');
		json_add_str(&s->body, "type", STR("text"));
		json_close(&s->body, '}');
	}
	send_json_end(s);
	s->out->idempotent = true;
	return 0;
}

static int make_read(struct sending *s)
{
	return make_mark(s, false);
}

static int make_typing(struct sending *s)
{
	return make_mark(s, true);
}

int whatsapp_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	static const struct send_kind kinds[] = {
		{ "text", make_part },         { "media", make_part },
		{ "template", make_template }, { "interactive", make_interactive },
		{ "location", make_location }, { "contacts", make_contacts },
		{ "reaction", make_reaction }, { "read", make_read },
		{ "typing", make_typing },
	};

	return send_request("whatsapp", kinds, LEN(kinds), d, out, e);
}
