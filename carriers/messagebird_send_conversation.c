/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "send.h"

enum {
	PARTS_MAX = 9,   /* of an SMS */
	TEXT_MAX = 4096, /* on other channels, as WhatsApp has it; units of UTF-16 */
	CAPTION_MAX = 1024,
};

static const char host[] = "https://conversations.messagebird.com";

static bool is_sms(const struct sending *s)
{
	return s->c.channel && strcmp(s->c.channel, "sms") == 0;
}

static bool captioned(const struct canon_media *m)
{
	const char *kind = send_media_kind(m);

	return strcmp(kind, "audio") != 0 && strcmp(kind, "voice") != 0 && strcmp(kind, "sticker") != 0;
}

static struct send_room room_of(const struct sending *s)
{
	struct send_room room = {
		.measure = SMS_UTF16, .text = TEXT_MAX, .caption = CAPTION_MAX, .media = 1, .captioned = captioned
	};

	return is_sms(s) ? messagebird_sms_room(s, PARTS_MAX) : room;
}

/* ---- the request around the content ---- */

/* To an address, or as an answer into a conversation whose id is theirs. */
static int begin(struct sending *s)
{
	static const struct str known[] = { STR("tag"), STR("namespace") };
	struct str channel = s->d->account->id;

	if (send_extra_known(s, known, LEN(known)) < 0 || messagebird_auth(s) < 0)
		return -1;
	if (s->d->to.n) {
		send_json(s, send_url(s, host, STR("/v1/send")));
		json_add_str(&s->body, "to", s->d->to);
		json_add_str(&s->body, "from", channel);
	} else if (s->c.conversation.n) {
		send_json(s, send_url(s, host,
				      arena_fmt(s->d->arena, "/v1/conversations/%s/messages",
						send_escape(s, s->c.conversation))));
		json_add_str(&s->body, "channelId", channel);
	} else {
		return err_set(s->e, SEND_BAD_ADDRESS,
			       "neither the recipient is named, in \"to\", nor the \"conversation\"");
	}
	send_header(s, "accept", STR("application/json"));
	return 0;
}

/* Begin the content of ${type}; more is put into the member of that name. */
static void begin_content(struct sending *s, const char *type)
{
	json_add_str(&s->body, "type", str_c(type));
	json_key(&s->body, "content");
	json_open(&s->body, '{');
}

static int end_content(struct sending *s)
{
	int64_t left = send_expires(s);

	json_close(&s->body, '}');
	json_opt_str(&s->body, "reportUrl", s->d->status_url);
	json_add_str(&s->body, "trackId", s->d->key);
	if (left > 0)
		json_add_str(&s->body, "ttl",
			     arena_fmt(s->d->arena, "%llds", (long long)(left + 999) / 1000));
	json_opt_str(&s->body, "tag", messagebird_extra(s, "tag"));
	send_json_end(s);
	return 0;
}

/* ---- text and media ---- */

static int put_media(struct sending *s, const struct send_part *part)
{
	static const struct {
		const char *kind, *type;
	} types[] = {
		{ "image", "image" }, { "video", "video" },   { "audio", "audio" },
		{ "voice", "audio" }, { "document", "file" }, { "sticker", "whatsappSticker" },
	};
	const char *kind = send_media_kind(part->media);
	struct str url;
	size_t i = 0;

	if (send_media_url(s, part->media, &url) < 0)
		return -1;
	while (i + 1 < LEN(types) && strcmp(kind, types[i].kind) != 0)
		i++;
	begin_content(s, types[i].type);
	json_key(&s->body, types[i].type);
	json_open(&s->body, '{');
	json_add_str(&s->body, strcmp(kind, "sticker") == 0 ? "link" : "url", url);
	json_opt_str(&s->body, "caption", part->text);
	json_close(&s->body, '}');
	return 0;
}

static int put_part(struct sending *s, const struct send_part *part)
{
	if (begin(s) < 0)
		return -1;
	if (part->n_media > 0) {
		if (put_media(s, part) < 0)
			return -1;
	} else {
		begin_content(s, "text");
		json_add_str(&s->body, "text", part->text);
	}
	return end_content(s);
}

static int make(struct sending *s)
{
	struct send_room room = room_of(s);
	struct send_part part;

	return send_part(s, &room, &part) < 0 ? -1 : put_part(s, &part);
}

/* ---- a place ---- */

/* Its name and address have no place in it, and follow in words. */
static int make_location(struct sending *s)
{
	struct str words = messagebird_place_words(s);
	struct send_room room;
	struct send_part part = { 0 };

	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED, "a location needs latitude and longitude");
	s->c.text = words;
	room = room_of(s);
	if (send_after(s, &room, 1, &part) < 0)
		return -1;
	if (s->d->part > 0)
		return put_part(s, &part);
	if (begin(s) < 0)
		return -1;
	begin_content(s, "location");
	messagebird_put_place(s, "location");
	return end_content(s);
}

/* ---- what is offered ---- */

static void put_words(struct sending *s, const char *key, struct str text)
{
	json_key(&s->body, key);
	json_open(&s->body, '{');
	json_add_str(&s->body, "text", text);
	json_close(&s->body, '}');
}

static int put_choice(struct sending *s, const struct json *v, const char *type)
{
	struct send_choice c = send_choice(v);

	if (!c.title.n)
		return err_set(s->e, SEND_MALFORMED, "what can be chosen needs a title");
	json_open(&s->body, '{');
	json_add_str(&s->body, "id", c.id);
	json_opt_str(&s->body, "type", str_c(type));
	json_add_str(&s->body, "title", c.title);
	json_opt_str(&s->body, "description", c.description);
	json_close(&s->body, '}');
	return 0;
}

static int put_choices(struct sending *s, const char *key, const struct json *list, const char *type)
{
	if (json_len(list) == 0)
		return err_set(s->e, SEND_MALFORMED, "interactive content needs something to choose from");
	json_key(&s->body, key);
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (put_choice(s, it.value, type) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int put_list(struct sending *s, const struct json *offer)
{
	if (json_len(json_get(offer, "sections")) == 0)
		return err_set(s->e, SEND_MALFORMED, "a list needs sections");
	json_add_str(&s->body, "button", send_offer_opens(offer));
	json_key(&s->body, "sections");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(json_get(offer, "sections")); json_next(&it);) {
		json_open(&s->body, '{');
		json_opt_str(&s->body, "title", json_get_str(it.value, "title"));
		if (put_choices(s, "rows", json_get(it.value, "rows"), NULL) < 0)
			return -1;
		json_close(&s->body, '}');
	}
	json_close(&s->body, ']');
	return 0;
}

static int put_offer(struct sending *s, const struct json *offer, bool list)
{
	struct str header = json_get_str(offer, "header"), footer = json_get_str(offer, "footer");

	json_add_str(&s->body, "type", list ? STR("list") : STR("button"));
	if (header.n) {
		json_key(&s->body, "header");
		json_open(&s->body, '{');
		json_add_str(&s->body, "type", STR("text"));
		json_add_str(&s->body, "text", header);
		json_close(&s->body, '}');
	}
	put_words(s, "body", s->c.text);
	if (footer.n)
		put_words(s, "footer", footer);
	json_key(&s->body, "action");
	json_open(&s->body, '{');
	if ((list ? put_list(s, offer) :
		    put_choices(s, "buttons", json_get(offer, "buttons"), "reply")) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

static int make_interactive(struct sending *s)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	struct str kind = json_get_str(offer, "kind");
	bool list = str_eq(kind, STR("list"));

	if (is_sms(s) || (!list && !str_eq(kind, STR("buttons"))))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "messagebird can not offer \"%.*s\" over Conversations there",
			       STR_FMT(str_utf8_cut(kind, 40)));
	if (!s->c.text.n || s->c.n_media > 0)
		return err_set(s->e, SEND_MALFORMED, "interactive content needs a text, and has no media");
	if (begin(s) < 0)
		return -1;
	begin_content(s, "interactive");
	json_key(&s->body, "interactive");
	json_open(&s->body, '{');
	if (put_offer(s, offer, list) < 0)
		return -1;
	json_close(&s->body, '}');
	return end_content(s);
}

/* ---- templates ---- */

/* A text, or an object in their own words, as ${key}: what a text becomes. */
static int put_parameter(struct sending *s, const struct json *v, const char *type, const char *key)
{
	struct str text = json_text(v);

	if (json_is(v, JSON_OBJECT)) {
		json_put_value(&s->body, v);
		return 0;
	}
	if (!text.p)
		return err_set(s->e, SEND_MALFORMED,
			       "template: a parameter is a string, a number or an object");
	json_open(&s->body, '{');
	json_opt_str(&s->body, "type", str_c(type));
	json_add_str(&s->body, key, text);
	json_close(&s->body, '}');
	return 0;
}

static int put_parameters(struct sending *s, const char *member, const struct json *list,
			  const char *type, const char *key)
{
	json_key(&s->body, member);
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (put_parameter(s, it.value, type, key) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int put_component(struct sending *s, const struct json *c)
{
	bool button = str_eq(json_get_str(c, "type"), STR("button"));
	struct str sub = json_get_str(c, "sub_type");
	const char *type = button && (!sub.n || str_eq(sub, STR("quick_reply"))) ? "payload" : "text";
	int64_t index = 0;

	json_open(&s->body, '{');
	json_add_str(&s->body, "type", json_get_str(c, "type"));
	if (button) {
		(void)json_i64(json_get(c, "index"), &index);
		json_add_str(&s->body, "sub_type", sub.n ? sub : STR("quick_reply"));
		json_add_i64(&s->body, "index", index);
	}
	if (put_parameters(s, "parameters", json_get(c, "parameters"), type, type) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

static int put_places(struct sending *s, const struct json *template)
{
	const struct json *parameters = json_get(template, "parameters");
	const struct json *components = json_get(template, "components");

	if (json_is(parameters, JSON_OBJECT))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "templates of Conversations have parameters in order, not by name");
	if (!components)
		return json_len(parameters) ? put_parameters(s, "params", parameters, NULL, "default") :
					      0;
	json_key(&s->body, "components");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(components); json_next(&it);)
		if (put_component(s, it.value) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int make_template(struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template");
	struct str space = messagebird_extra(s, "namespace");

	if (is_sms(s) && s->c.text.n)
		return make(s);
	if (!space.n)
		space = send_setting(s, "template_namespace");
	if (!space.n)
		return send_unconfigured(s, "template_namespace");
	if (!json_get_str(template, "name").n || !json_get_str(template, "language").n)
		return err_set(s->e, SEND_MALFORMED, "a template needs a name and a language");
	if (begin(s) < 0)
		return -1;
	begin_content(s, "hsm");
	json_key(&s->body, "hsm");
	json_open(&s->body, '{');
	json_add_str(&s->body, "namespace", space);
	json_add_str(&s->body, "templateName", json_get_str(template, "name"));
	json_key(&s->body, "language");
	json_open(&s->body, '{');
	json_add_str(&s->body, "policy", STR("deterministic"));
	json_add_str(&s->body, "code", send_locale(s, json_get_str(template, "language")));
	json_close(&s->body, '}');
	if (put_places(s, template) < 0)
		return -1;
	json_close(&s->body, '}');
	return end_content(s);
}

static const struct send_kind kinds[] = {
	{ "text", make },
	{ "media", make },
	{ "location", make_location },
	{ "interactive", make_interactive },
	{ "template", make_template },
};

int messagebird_conversation_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	return send_request("messagebird", kinds, LEN(kinds), d, out, e);
}
