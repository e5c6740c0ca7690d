/* SPDX-License-Identifier: MIT */
#include "twilio.h"

enum {
	SID_LENGTH = 34,
	WORDS_MAX = 1024, /* of what is offered, in UTF-16 units: how Twilio counts is not known */
	BUTTONS_MAX = 3,  /* within the 24 hours; approved templates can have more */
	LINKS_MAX = 2,
	ROWS_MAX = 10,
	TITLE_MAX = 20,
	ROW_MAX = 24,
	ROW_ID_MAX = 200,
	ROW_TEXT_MAX = 72,
};

/* ---- templates ---- */

static bool is_content(struct str s)
{
	return s.n == SID_LENGTH && str_prefix(s, STR("HX"));
}

/* The ContentSid of the template: itself, or what the account's `templates` call it; {NULL, 0} where it has none. */
static struct str content_sid(const struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template"),
			  *sids = json_get(s->d->account->conf, "templates");
	struct str name = json_get_str(template, "name"), sid;
	struct arena *a = s->d->arena;

	if (is_content(name))
		return name;
	sid = json_str(json_getn(sids, arena_join(a, arena_join(a, name, STR("/")),
						  json_get_str(template, "language"))));
	return sid.n > 0 ? sid : json_str(json_getn(sids, name));
}

/* Parameters by name as they are, those in order by their number from 1; all of them as text. */
static int put_variables(struct sending *s, const struct json *parameters)
{
	struct buf b = { .max = LINE_MAX_BYTES };
	int rc = 0;

	json_open(&b, '{');
	for (struct json_iter it = json_iter(parameters); rc == 0 && json_next(&it);) {
		struct str text = json_text(it.value);

		json_key_str(&b, it.key.p ? it.key : arena_fmt(s->d->arena, "%zu", it.i + 1));
		if (text.p)
			json_put_str(&b, text);
		else
			rc = err_set(s->e, SEND_MALFORMED,
				     "template: twilio takes texts and numbers as parameters, not a JSON %s",
				     json_type_name(json_type(it.value)));
	}
	json_close(&b, '}');
	if (rc == 0)
		send_field(s, "ContentVariables", buf_get(&b));
	buf_free(&b);
	return rc;
}

int twilio_template(struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template"),
			  *parameters = json_get(template, "parameters");
	struct str sid = content_sid(s), name = json_get_str(template, "name");
	bool given = json_get(s->extra, "ContentSid") != NULL;

	if (!given && name.n == 0)
		return err_set(s->e, SEND_MALFORMED, "a template needs a name and a language");
	if (!given && sid.n == 0 && s->c.text.n > 0 && s->c.channel &&
	    strcmp(s->c.channel, "whatsapp") != 0)
		return twilio_text(s);
	if (!given && sid.n == 0)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "the account's templates do not say which ContentSid \"%.*s\" is (omni-config(5))",
			       STR_FMT(str_utf8_cut(name, 60)));
	if (twilio_begin(s) < 0)
		return -1;
	if (!given)
		send_field(s, "ContentSid", sid);
	if (json_len(parameters) > 0 && !json_get(s->extra, "ContentVariables"))
		return put_variables(s, parameters);
	return 0;
}

/* ---- what is offered: a template that is made a step before ---- */

static int too_many(struct sending *s, size_t n, int max, const char *what)
{
	return err_set(s->e, SEND_MALFORMED, "interactive: twilio takes 1 to %d %s, not %zu", max,
		       what, n);
}

static int put_replies(struct sending *s, const struct json *offer)
{
	const struct json *buttons = json_get(offer, "buttons");

	if (json_len(buttons) < 1 || json_len(buttons) > BUTTONS_MAX)
		return too_many(s, json_len(buttons), BUTTONS_MAX, "buttons");
	json_key(&s->body, "actions");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(buttons); json_next(&it);) {
		struct send_choice c = send_choice(it.value);

		json_open(&s->body, '{');
		json_add_str(&s->body, "type", STR("QUICK_REPLY"));
		if (send_short(s, "title", "the title of a button", c.title, TITLE_MAX) < 0 ||
		    send_short(s, "id", "the id of a button", c.id, ROW_ID_MAX) < 0)
			return -1;
		json_close(&s->body, '}');
	}
	json_close(&s->body, ']');
	return 0;
}

/* The id of a button is what it opens: a URL, or tel: and a number to call. */
static int put_links(struct sending *s, const struct json *offer)
{
	const struct json *buttons = json_get(offer, "buttons");

	if (json_len(buttons) < 1 || json_len(buttons) > LINKS_MAX)
		return too_many(s, json_len(buttons), LINKS_MAX, "buttons with a URL");
	json_key(&s->body, "actions");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(buttons); json_next(&it);) {
		struct str id = json_get_str(it.value, "id");
		bool calls = str_prefix(id, STR("tel:"));

		json_open(&s->body, '{');
		json_add_str(&s->body, "type", calls ? STR("PHONE_NUMBER") : STR("URL"));
		if (send_short(s, "title", "the title of a button", json_get_str(it.value, "title"),
			       TITLE_MAX) < 0 ||
		    send_short(s, calls ? "phone" : "url", "the id of a button, a URL,",
			       calls ? str_sub(id, 4, id.n) : id, SIZE_MAX) < 0)
			return -1;
		json_close(&s->body, '}');
	}
	json_close(&s->body, ']');
	return 0;
}

static int put_row(struct sending *s, const struct json *row)
{
	struct send_choice c = send_choice(row);

	json_open(&s->body, '{');
	if (send_short(s, "item", "the title of a row", c.title, ROW_MAX) < 0 ||
	    send_short(s, "id", "the id of a row", c.id, ROW_ID_MAX) < 0 ||
	    send_short(s, "description", "the description of a row",
		       c.description.n > 0 ? c.description : c.title, ROW_TEXT_MAX) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

/* A list has no sections: their rows stand one after the other. */
static int put_rows(struct sending *s, const struct json *offer)
{
	size_t n = 0;

	if (send_short(s, "button", "the title of a button", send_offer_opens(offer), TITLE_MAX) < 0)
		return -1;
	json_key(&s->body, "items");
	json_open(&s->body, '[');
	for (struct json_iter of = json_iter(json_get(offer, "sections")); json_next(&of);)
		for (struct json_iter it = json_iter(json_get(of.value, "rows")); json_next(&it); n++)
			if (put_row(s, it.value) < 0)
				return -1;
	json_close(&s->body, ']');
	return n < 1 || n > ROWS_MAX ? too_many(s, n, ROWS_MAX, "rows") : 0;
}

static const struct offer {
	const char *kind, *type;
	int (*put)(struct sending *s, const struct json *offer);
} offers[] = {
	{ "buttons", "twilio/quick-reply", put_replies },
	{ "list", "twilio/list-picker", put_rows },
	{ "url", "twilio/call-to-action", put_links },
};

static const struct offer *offer_of(const struct json *offer)
{
	struct str kind = json_get_str(offer, "kind");

	for (size_t i = 0; i < LEN(offers); i++)
		if (str_eq(kind, str_c(offers[i].kind)))
			return &offers[i];
	return NULL;
}

bool twilio_makes_content(const struct sending *s)
{
	return s->d->step == 0 && s->c.type && strcmp(s->c.type, "interactive") == 0 &&
	       !json_get(s->extra, "ContentSid");
}

static int make_content(struct sending *s)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	const struct offer *known = offer_of(offer);

	if (!known)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "twilio can offer \"%.*s\" only as a template that exists: give its ContentSid",
			       STR_FMT(str_utf8_cut(json_get_str(offer, "kind"), 40)));
	if (twilio_auth(s) < 0)
		return -1;
	send_json(s, send_url(s, "https://content.twilio.com", STR("/v1/Content")));
	send_header(s, "accept", STR("application/json"));
	json_add_str(&s->body, "friendly_name", arena_join(s->d->arena, STR("omni-"), s->d->key));
	json_add_str(&s->body, "language", STR("en")); /* of no effect: it is not for approval */
	json_key(&s->body, "types");
	json_open(&s->body, '{');
	json_key(&s->body, known->type);
	json_open(&s->body, '{');
	/* There is no other place for what stands above the words and below them. */
	if (send_short(s, "body", "the text", send_offer_words(s, offer), WORDS_MAX) < 0 ||
	    known->put(s, offer) < 0)
		return -1;
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	send_json_end(s);
	s->out->prepares = true;
	return 0;
}

int twilio_interactive(struct sending *s)
{
	if (s->c.n_media > 0)
		return err_set(s->e, SEND_UNSUPPORTED, "twilio offers no choice beside media");
	if (!s->c.channel || (strcmp(s->c.channel, "whatsapp") != 0 && strcmp(s->c.channel, "rcs") != 0))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "twilio offers choices on the channels whatsapp and rcs alone");
	if (twilio_makes_content(s))
		return make_content(s);
	if (twilio_begin(s) < 0)
		return -1;
	if (!json_get(s->extra, "ContentSid"))
		send_field(s, "ContentSid", s->d->carry);
	return 0;
}
