/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "phone.h"
#include "send.h"

enum {
	TEXT_MAX = 4096,       /* of WhatsApp, units of UTF-16 */
	OTHER_MAX = 150 << 10, /* bytes elsewhere: a request may have 200 KB */
	CAPTION_MAX = 1024,
	KEY_MAX = 16, /* characters of the place of a parameter */
};

static const char host[] = "https://api.bird.com";

/* ---- where to ---- */

/* The URL of ${path} in the workspace. */
static int url_of(struct sending *s, struct str path, struct str *url)
{
	struct str workspace = send_setting(s, "workspace_id");

	if (!workspace.n)
		return send_unconfigured(s, "workspace_id");
	if (!s->d->account->id.n)
		return send_unconfigured(s, "channel_id");
	*url = send_url(s, host,
			arena_fmt(s->d->arena, "/workspaces/%s/%.*s", send_escape(s, workspace),
				  STR_FMT(path)));
	return messagebird_auth(s);
}

/* Who it is: by number, by address, or by the id that Bird has for them. */
static int put_receiver(struct sending *s)
{
	struct str to = s->d->to;
	bool mail = str_find(to, '@') < to.n;

	if (!to.n)
		return err_set(s->e, SEND_BAD_ADDRESS, "the recipient is not named, in \"to\"");
	json_key(&s->body, "receiver");
	json_open(&s->body, '{');
	json_key(&s->body, "contacts");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	if (phone_e164(to) || mail) {
		json_add_str(&s->body, "identifierKey", mail ? STR("emailaddress") : STR("phonenumber"));
		json_add_str(&s->body, "identifierValue", to);
	} else {
		json_add_str(&s->body, "id", to);
	}
	json_close(&s->body, '}');
	json_close(&s->body, ']');
	json_close(&s->body, '}');
	return 0;
}

static int begin(struct sending *s)
{
	static const struct str known[] = { STR("version") };
	struct str path = arena_fmt(s->d->arena, "channels/%s/messages",
				    send_escape(s, s->d->account->id)),
		   url;

	if (send_extra_known(s, known, LEN(known)) < 0 || url_of(s, path, &url) < 0)
		return -1;
	send_json(s, url);
	return put_receiver(s);
}

static int end(struct sending *s)
{
	json_add_str(&s->body, "reference", s->d->key);
	send_json_end(s);
	return 0;
}

/* ---- a file of ours: a place for it is asked for, and it is put there ---- */

static int ask_for_place(struct sending *s, const struct canon_media *m)
{
	struct str url;

	if (url_of(s, STR("channel-media/presigned-upload"), &url) < 0)
		return -1;
	send_json(s, url);
	json_add_str(&s->body, "contentType", send_media_mime(m));
	send_json_end(s);
	s->out->prepares = true;
	return 0;
}

/* What Bird said about the place decides how; the key of the account stays here. */
static int put_file(struct sending *s, const struct canon_media *m, const struct json *place)
{
	const struct json *form = json_get(place, "uploadFormData");
	struct str url = json_get_str(place, "uploadUrl"), method = json_get_str(place, "uploadMethod");
	struct str name = send_media_name(m);

	if (!str_prefix(url, STR("https://")) && !s->d->account->base_url.n)
		return err_set(s->e, SEND_MALFORMED, "the file was to be put at a URL that is not https:");
	if (json_len(form) >= SUBMIT_FIELDS)
		return err_set(s->e, SEND_MALFORMED,
			       "the form for the file has more than %d fields", SUBMIT_FIELDS - 1);
	s->out->prepares = true;
	if (method.n && !str_eq_nocase(method, STR("POST"))) {
		s->out->method = "PUT";
		s->out->url = url;
		s->out->path = m->path;
		s->out->type = arena_cstr(s->d->arena, send_media_mime(m));
		return 0;
	}
	send_upload(s, url);
	for (struct json_iter it = json_iter(form); it.object && json_next(&it);)
		send_upload_field(s, (struct submit_field){ .name = it.key, .value = json_str(it.value) });
	send_upload_field(s, (struct submit_field){ .name = STR("file"),
						    .path = m->path,
						    .file_name = name.n ? name : STR("file"),
						    .type = send_media_mime(m) });
	return 0;
}

/* ---- bodies ---- */

static void begin_body(struct sending *s, const char *type)
{
	json_key(&s->body, "body");
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(type));
	json_key(&s->body, type);
	json_open(&s->body, '{');
}

static int end_body(struct sending *s)
{
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	return end(s);
}

static void put_medium(struct sending *s, const struct canon_media *m, struct str url, bool picture)
{
	struct str name = send_media_name(m);

	json_key(&s->body, picture ? "images" : "files");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	json_add_str(&s->body, "mediaUrl", url);
	if (picture) {
		json_opt_str(&s->body, "altText", m->caption);
	} else {
		json_add_str(&s->body, "contentType", send_media_mime(m));
		json_opt_str(&s->body, "filename", name);
	}
	json_close(&s->body, '}');
	json_close(&s->body, ']');
}

static int make_media(struct sending *s, const struct send_part *part, struct str url)
{
	const char *kind = send_media_kind(part->media);
	bool picture = strcmp(kind, "image") == 0 || strcmp(kind, "sticker") == 0;

	if (begin(s) < 0)
		return -1;
	begin_body(s, picture ? "image" : "file");
	put_medium(s, part->media, url, picture);
	json_opt_str(&s->body, "text", part->text);
	return end_body(s);
}

static int make_text(struct sending *s, struct str text)
{
	if (begin(s) < 0)
		return -1;
	begin_body(s, "text");
	json_add_str(&s->body, "text", text);
	return end_body(s);
}

static struct send_room room_of(const struct sending *s)
{
	bool whatsapp = s->c.channel && strcmp(s->c.channel, "whatsapp") == 0;

	return (struct send_room){ .measure = whatsapp ? SMS_UTF16 : SMS_BYTES,
				   .text = whatsapp ? TEXT_MAX : OTHER_MAX,
				   .caption = CAPTION_MAX,
				   .media = 1 };
}

static int make_part(struct sending *s, const struct send_part *part)
{
	struct err not_json;
	const struct json *way = s->d->carry.n ? json_parse(s->d->carry, s->d->arena, &not_json) : NULL;
	struct str url = json_get_str(way, "mediaUrl");

	if (part->n_media == 0)
		return make_text(s, part->text);
	if (part->media->path.n && json_get(way, "uploadUrl"))
		return put_file(s, part->media, way);
	if (part->media->path.n && !url.n)
		return ask_for_place(s, part->media);
	if (!url.n && send_media_url(s, part->media, &url) < 0)
		return -1;
	return make_media(s, part, url);
}

static int make(struct sending *s)
{
	struct send_room room = room_of(s);
	struct send_part part;

	return send_part(s, &room, &part) < 0 ? -1 : make_part(s, &part);
}

/* ---- a place ---- */

static int make_location(struct sending *s)
{
	struct send_room room = room_of(s);
	struct send_part part = { 0 };

	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED, "a location needs latitude and longitude");
	s->c.text = messagebird_place_words(s);
	if (send_after(s, &room, 1, &part) < 0)
		return -1;
	if (s->d->part > 0)
		return make_part(s, &part);
	if (begin(s) < 0)
		return -1;
	begin_body(s, "location");
	messagebird_put_place(s, "coordinates");
	return end_body(s);
}

/* ---- what is offered ---- */

static int put_action(struct sending *s, const struct json *button, bool opens)
{
	struct send_choice c = send_choice(button);
	const char *type = opens ? "link" : "postback";

	if (!c.title.n)
		return err_set(s->e, SEND_MALFORMED, "what can be chosen needs a title");
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(type));
	json_key(&s->body, type);
	json_open(&s->body, '{');
	json_add_str(&s->body, "text", c.title);
	json_add_str(&s->body, opens ? "url" : "payload", c.id);
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	return 0;
}

static int make_interactive(struct sending *s)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	const struct json *buttons = json_get(offer, "buttons");
	struct str kind = json_get_str(offer, "kind");
	bool opens = str_eq(kind, STR("url"));

	if (!opens && !str_eq(kind, STR("buttons")))
		return err_set(s->e, SEND_UNSUPPORTED, "messagebird can not offer \"%.*s\" over Channels",
			       STR_FMT(str_utf8_cut(kind, 40)));
	if (!s->c.text.n || s->c.n_media > 0 || json_len(buttons) == 0)
		return err_set(s->e, SEND_MALFORMED,
			       "interactive content needs a text and buttons, and has no media");
	if (begin(s) < 0)
		return -1;
	begin_body(s, "text");
	json_add_str(&s->body, "text", send_offer_words(s, offer));
	json_key(&s->body, "actions");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(buttons); json_next(&it);)
		if (put_action(s, it.value, opens) < 0)
			return -1;
	json_close(&s->body, ']');
	return end_body(s);
}

/* ---- templates ---- */

/* By name, or by the number of their place. */
static int put_variables(struct sending *s, const struct json *parameters)
{
	json_key(&s->body, "variables");
	json_open(&s->body, '{');
	for (struct json_iter it = json_iter(parameters); json_next(&it);) {
		char place[KEY_MAX];
		struct buf b = { place, 0, sizeof(place), sizeof(place), false };

		buf_u64(&b, it.i + 1);
		if (!json_text(it.value).p)
			return err_set(s->e, SEND_MALFORMED,
				       "template: a parameter is a string or a number");
		json_key_str(&s->body, it.object ? it.key : buf_get(&b));
		json_put_str(&s->body, json_text(it.value));
	}
	json_close(&s->body, '}');
	return 0;
}

static int make_template(struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template");
	struct str version = messagebird_extra(s, "version");

	if (!json_get_str(template, "name").n || !json_get_str(template, "language").n)
		return err_set(s->e, SEND_MALFORMED,
			       "a template needs a name, which is the id of its project, and a language");
	if (begin(s) < 0)
		return -1;
	json_key(&s->body, "template");
	json_open(&s->body, '{');
	json_add_str(&s->body, "projectId", json_get_str(template, "name"));
	json_add_str(&s->body, "version", version.n ? version : STR("latest"));
	json_add_str(&s->body, "locale", json_get_str(template, "language"));
	if (put_variables(s, json_get(template, "parameters")) < 0)
		return -1;
	json_close(&s->body, '}');
	return end(s);
}

static const struct send_kind kinds[] = {
	{ "text", make },
	{ "media", make },
	{ "location", make_location },
	{ "interactive", make_interactive },
	{ "template", make_template },
};

int messagebird_channels_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	return send_request("messagebird", kinds, LEN(kinds), d, out, e);
}
