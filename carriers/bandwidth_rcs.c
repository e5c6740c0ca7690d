/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "send.h"

enum {
	SUGGESTIONS_MAX = 11,
	CARD_SUGGESTIONS_MAX = 4,
	TITLE_MAX = 25,  /* characters of a suggestion */
	LABEL_MAX = 100, /* of a place */
	POSTBACK_MAX = 2048,
};

/* ---- what is offered ---- */

static void add_line(struct sending *s, struct str *text, struct str line)
{
	if (line.n)
		*text = text->n ? arena_fmt(s->d->arena, "%.*s\n%.*s", (int)text->n, text->p,
					    (int)line.n, line.p) :
				  line;
}

static int offered_words(struct sending *s)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	struct str kind = json_get_str(offer, "kind"), text = STR_NONE;

	if (!str_eq(kind, STR("buttons")) && !str_eq(kind, STR("url")))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "bandwidth has no interactive content of kind \"%.*s\"",
			       STR_FMT(str_utf8_cut(kind, 40)));
	if (json_len(json_get(offer, "buttons")) == 0)
		return err_set(s->e, SEND_MALFORMED, "interactive content needs buttons");
	add_line(s, &text, json_get_str(offer, "header"));
	add_line(s, &text, s->c.text);
	add_line(s, &text, json_get_str(offer, "footer"));
	s->c.text = text;
	return 0;
}

int bandwidth_rcs_words(struct sending *s)
{
	const char *type = s->c.type;

	if (strcmp(type, "interactive") == 0)
		return offered_words(s);
	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED, "a location needs latitude and longitude");
	add_line(s, &s->c.text, s->c.location.name);
	add_line(s, &s->c.text, s->c.location.address);
	if (!s->c.text.n)
		s->c.text = arena_fmt(s->d->arena, "%.*s, %.*s", STR_FMT(s->c.location.latitude),
				      STR_FMT(s->c.location.longitude));
	return 0;
}

/* Append the members that all suggestions have. */
static int put_head(struct sending *s, const char *type, struct str title, struct str id)
{
	struct str data = base64_of(s->d->arena, id.n ? id : title);

	if (!title.n || sms_length(title, SMS_CHARACTERS) > TITLE_MAX)
		return err_set(s->e, SEND_MALFORMED, "the title of a button has 1 to %d characters",
			       TITLE_MAX);
	if (data.n > POSTBACK_MAX)
		return err_set(s->e, SEND_MALFORMED, "the id of a button is too long");
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(type));
	json_add_str(&s->body, "text", title);
	json_add_str(&s->body, "postbackData", data);
	return 0;
}

/* A button that opens something has its URL as the id. */
static int put_button(struct sending *s, const struct json *button, bool opens)
{
	struct str id = json_get_str(button, "id"), title = json_get_str(button, "title");
	bool dials = opens && str_prefix(id, STR("tel:"));

	if (put_head(s, dials ? "DIAL_PHONE" : opens ? "OPEN_URL" : "REPLY", title, id) < 0)
		return -1;
	if (dials)
		json_add_str(&s->body, "phoneNumber", str_sub(id, 4, id.n));
	else if (opens)
		json_add_str(&s->body, "url", id);
	json_close(&s->body, '}');
	return 0;
}

static int put_place(struct sending *s)
{
	struct str name = s->c.location.name, title = name;
	struct str at = arena_fmt(s->d->arena, "%.*s,%.*s", STR_FMT(s->c.location.latitude),
				  STR_FMT(s->c.location.longitude));

	if (!title.n || sms_length(title, SMS_CHARACTERS) > TITLE_MAX)
		title = str_sub(at, 0, TITLE_MAX);
	if (put_head(s, "SHOW_LOCATION", title, at) < 0)
		return -1;
	json_add_str(&s->body, "latitude", s->c.location.latitude);
	json_add_str(&s->body, "longitude", s->c.location.longitude);
	if (name.n && sms_length(name, SMS_CHARACTERS) <= LABEL_MAX)
		json_add_str(&s->body, "label", name);
	json_close(&s->body, '}');
	return 0;
}

/* What the first part of the message offers, at most ${max}. */
static int put_suggestions(struct sending *s, size_t max)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	const struct json *buttons = json_get(offer, "buttons");
	bool place = strcmp(s->c.type, "location") == 0;

	if (s->d->part > 0 || (!place && strcmp(s->c.type, "interactive") != 0))
		return 0;
	if (json_len(buttons) > max)
		return err_set(s->e, SEND_MALFORMED, "there can be %zu buttons, not %zu", max,
			       json_len(buttons));
	json_key(&s->body, "suggestions");
	json_open(&s->body, '[');
	if (place && put_place(s) < 0)
		return -1;
	for (struct json_iter it = json_iter(place ? NULL : buttons); json_next(&it);)
		if (put_button(s, it.value, str_eq(json_get_str(offer, "kind"), STR("url"))) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

/* ---- content ---- */

static int put_words(struct sending *s, const struct send_part *part)
{
	json_add_str(&s->body, "text", part->text);
	return put_suggestions(s, SUGGESTIONS_MAX);
}

/* Words stand beside a picture on a card alone. */
static int put_card(struct sending *s, const struct send_part *part, struct str url)
{
	json_add_str(&s->body, "orientation", STR("VERTICAL"));
	json_key(&s->body, "cardContent");
	json_open(&s->body, '{');
	json_add_str(&s->body, "description", part->text);
	json_key(&s->body, "media");
	json_open(&s->body, '{');
	json_add_str(&s->body, "fileUrl", url);
	json_add_str(&s->body, "height", STR("MEDIUM"));
	json_close(&s->body, '}');
	if (put_suggestions(s, CARD_SUGGESTIONS_MAX) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

static int put_file(struct sending *s, struct str url)
{
	json_key(&s->body, "media");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	json_add_str(&s->body, "fileUrl", url);
	json_close(&s->body, '}');
	json_close(&s->body, ']');
	return put_suggestions(s, SUGGESTIONS_MAX);
}

static int put_content(struct sending *s, const struct send_part *part)
{
	unsigned file = 0;
	struct str url;

	if (part->n_media == 0)
		return put_words(s, part);
	if (bandwidth_media_url(s, part->media, &file, &url) < 0)
		return -1;
	return part->text.n ? put_card(s, part, url) : put_file(s, url);
}

int bandwidth_rcs(struct sending *s, const struct send_part *part)
{
	struct str to;

	if (send_phone(s, &to) < 0)
		return -1;
	json_add_str(&s->body, "to", to);
	json_key(&s->body, "channelList");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	json_add_str(&s->body, "channel", STR("RBM"));
	json_add_str(&s->body, "from", s->d->from);
	json_add_str(&s->body, "applicationId", s->d->account->id);
	json_key(&s->body, "content");
	json_open(&s->body, '{');
	if (put_content(s, part) < 0)
		return -1;
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	json_close(&s->body, ']');
	bandwidth_common(s);
	return 0;
}
