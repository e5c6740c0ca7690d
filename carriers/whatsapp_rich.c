/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"

/* What is offered, and its limits in UTF-16 units. */
enum {
	BUTTONS_MAX = 3,
	SECTIONS_MAX = 10,
	ROWS_MAX = 10, /* of all sections */
	HEADER_MAX = 60,
	BUTTON_MAX = 20,
	BUTTON_ID_MAX = 256,
	ROW_MAX = 24,
	ROW_ID_MAX = 200,
	ROW_TEXT_MAX = 72,
	FLOW_CTA_MAX = 30,
	INDEX_MAX = 9, /* of a button in a template */
};

/* ---- what is offered ---- */

/* ,"key":{"text":…} */
static int put_words(struct sending *s, const char *key, struct str text, size_t max)
{
	json_key(&s->body, key);
	json_open(&s->body, '{');
	if (send_short(s, "text", key, text, max) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

/* A picture, film or document stands above it, else the text header. */
static int put_header(struct sending *s, struct str header)
{
	if (s->c.n_media == 0 && header.n == 0)
		return 0;
	json_key(&s->body, "header");
	json_open(&s->body, '{');
	if (s->c.n_media > 0) {
		json_add_str(&s->body, "type", str_c(whatsapp_media_type(s->c.media)));
		if (whatsapp_put_media(s, s->c.media, STR_NONE) < 0)
			return -1;
	} else {
		json_add_str(&s->body, "type", STR("text"));
		if (send_short(s, "text", "header", header, HEADER_MAX) < 0)
			return -1;
	}
	json_close(&s->body, '}');
	return 0;
}

static int put_button(struct sending *s, const struct json *button)
{
	struct send_choice c = send_choice(button);

	json_open(&s->body, '{');
	json_add_str(&s->body, "type", STR("reply"));
	json_key(&s->body, "reply");
	json_open(&s->body, '{');
	if (send_short(s, "id", "the id of a button", c.id, BUTTON_ID_MAX) < 0 ||
	    send_short(s, "title", "the title of a button", c.title, BUTTON_MAX) < 0)
		return -1;
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	return 0;
}

static int put_buttons(struct sending *s, const struct json *offer)
{
	const struct json *buttons = json_get(offer, "buttons");

	if (json_len(buttons) < 1 || json_len(buttons) > BUTTONS_MAX)
		return err_set(s->e, SEND_MALFORMED,
			       "interactive: whatsapp takes 1 to %d buttons, not %zu; a list takes more",
			       BUTTONS_MAX, json_len(buttons));
	json_key(&s->body, "buttons");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(buttons); json_next(&it);)
		if (put_button(s, it.value) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int put_row(struct sending *s, const struct json *row)
{
	struct send_choice c = send_choice(row);

	json_open(&s->body, '{');
	if (send_short(s, "id", "the id of a row", c.id, ROW_ID_MAX) < 0 ||
	    send_short(s, "title", "the title of a row", c.title, ROW_MAX) < 0)
		return -1;
	if (c.description.n > 0 &&
	    send_short(s, "description", "the description of a row", c.description, ROW_TEXT_MAX) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

static int put_section(struct sending *s, const struct json *section, size_t *rows)
{
	struct str title = json_get_str(section, "title");

	json_open(&s->body, '{');
	if (title.n > 0 && send_short(s, "title", "the title of a section", title, ROW_MAX) < 0)
		return -1;
	json_key(&s->body, "rows");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(json_get(section, "rows")); json_next(&it); ++*rows)
		if (put_row(s, it.value) < 0)
			return -1;
	json_close(&s->body, ']');
	json_close(&s->body, '}');
	return 0;
}

static int put_list(struct sending *s, const struct json *offer)
{
	const struct json *sections = json_get(offer, "sections");
	size_t rows = 0;

	if (send_short(s, "button", "the title of a button", send_offer_opens(offer), BUTTON_MAX) < 0)
		return -1;
	json_key(&s->body, "sections");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(sections); json_next(&it);)
		if (put_section(s, it.value, &rows) < 0)
			return -1;
	json_close(&s->body, ']');
	if (rows < 1 || rows > ROWS_MAX || json_len(sections) > SECTIONS_MAX)
		return err_set(s->e, SEND_MALFORMED,
			       "interactive: whatsapp takes a list of 1 to %d rows in %d sections, not %zu in %zu",
			       ROWS_MAX, SECTIONS_MAX, rows, json_len(sections));
	return 0;
}

/* One button that opens something; its id is the URL. */
static int put_url(struct sending *s, const struct json *offer)
{
	const struct json *button = json_at(json_get(offer, "buttons"), 0);

	if (json_len(json_get(offer, "buttons")) != 1)
		return err_set(s->e, SEND_MALFORMED, "interactive: whatsapp takes one button with a URL");
	json_add_str(&s->body, "name", STR("cta_url"));
	json_key(&s->body, "parameters");
	json_open(&s->body, '{');
	if (send_short(s, "display_text", "the title of a button", json_get_str(button, "title"),
		       BUTTON_MAX) < 0 ||
	    send_short(s, "url", "the id of a button, a URL,", json_get_str(button, "id"), SIZE_MAX) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

/* One button that opens a form; its id is that of the flow.  carrier_data says with what it begins. */
static int put_flow(struct sending *s, const struct json *offer)
{
	const struct json *button = json_at(json_get(offer, "buttons"), 0);
	const struct json *more = json_get(s->extra, "flow");

	json_add_str(&s->body, "name", STR("flow"));
	json_key(&s->body, "parameters");
	json_open(&s->body, '{');
	if (!json_get(more, "flow_message_version"))
		json_add_str(&s->body, "flow_message_version", STR("3"));
	if (send_short(s, "flow_id", "the id of a button, that of the flow,",
		       json_get_str(button, "id"), SIZE_MAX) < 0 ||
	    send_short(s, "flow_cta", "the title of a button", json_get_str(button, "title"),
		       FLOW_CTA_MAX) < 0)
		return -1;
	for (struct json_iter it = json_iter(more); json_next(&it);) {
		json_key_str(&s->body, it.key);
		json_put_value(&s->body, it.value);
	}
	json_close(&s->body, '}');
	return 0;
}

/* What is offered, in our words and in those of WhatsApp. */
static const struct offer {
	const char *kind, *type;
	int (*put_action)(struct sending *s, const struct json *offer);
} offers[] = {
	{ "buttons", "button", put_buttons },
	{ "list", "list", put_list },
	{ "url", "cta_url", put_url },
	{ "flow", "flow", put_flow },
};

static const struct offer *offer_of(struct str kind)
{
	for (size_t i = 0; i < LEN(offers); i++)
		if (str_eq(kind, str_c(offers[i].kind)))
			return &offers[i];
	return NULL;
}

int whatsapp_put_interactive(struct sending *s)
{
	const struct json *offer = json_get(s->d->message, "interactive"),
			  *whole = json_get(s->extra, "interactive");
	struct str kind = json_get_str(offer, "kind"), footer = json_get_str(offer, "footer");
	const struct offer *known = offer_of(kind);

	if (whole) {
		json_add_value(&s->body, "interactive", whole);
		return 0;
	}
	if (!known)
		return err_set(s->e, SEND_UNSUPPORTED, "whatsapp can not offer \"%.*s\"",
			       STR_FMT(str_utf8_cut(kind, 40)));
	json_key(&s->body, "interactive");
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(known->type));
	if (put_header(s, json_get_str(offer, "header")) < 0 ||
	    put_words(s, "body", s->c.text, WHATSAPP_CAPTION) < 0 ||
	    (footer.n > 0 && put_words(s, "footer", footer, HEADER_MAX) < 0))
		return -1;
	json_key(&s->body, "action");
	json_open(&s->body, '{');
	if (known->put_action(s, offer) < 0)
		return -1;
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	return 0;
}

/* ---- templates ---- */

/* Media in the place of a parameter: an object as in `media` of a record. */
static int put_media(struct sending *s, const struct json *v)
{
	struct canon_media m = {
		.url = json_get_str(v, "url"),
		.external_id = json_get_str(v, "external_id"),
		.mime = json_get_str(v, "mime"),
		.name = json_get_str(v, "name"),
	};

	if (json_get_str(v, "kind").n > 0)
		m.kind = arena_cstr(s->d->arena, json_get_str(v, "kind"));
	if (m.url.n == 0 && m.external_id.n == 0)
		return err_set(s->e, SEND_MALFORMED,
			       "template: a parameter that is an object needs a type, or url or external_id");
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(whatsapp_media_type(&m)));
	if (whatsapp_put_media(s, &m, STR_NONE) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

/* What a text becomes in each kind of button. */
static const char *text_type(struct str sub_type)
{
	if (str_eq(sub_type, STR("quick_reply")))
		return "payload";
	return str_eq(sub_type, STR("copy_code")) ? "coupon_code" : "text";
}

/*
 * Append a parameter: a text (or number) as ${type} says, media, or an object in the words of WhatsApp.
 * ${name} is {NULL, 0} where parameters stand in order.
 */
static int put_parameter(struct sending *s, const struct json *v, const char *type, struct str name)
{
	struct str text = json_text(v);

	if (json_is(v, JSON_OBJECT)) {
		if (!json_get(v, "type"))
			return put_media(s, v);
		json_put_value(&s->body, v);
		return 0;
	}
	if (!text.p)
		return err_set(s->e, SEND_MALFORMED,
			       "template: a parameter is a string, a number or an object, not a JSON %s",
			       json_type_name(json_type(v)));
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(type));
	json_opt_str(&s->body, "parameter_name", name);
	json_add_str(&s->body, type, text);
	json_close(&s->body, '}');
	return 0;
}

static int put_parameters(struct sending *s, const struct json *parameters, const char *type)
{
	json_key(&s->body, "parameters");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(parameters); json_next(&it);)
		if (put_parameter(s, it.value, type, it.key) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

static int put_component(struct sending *s, const struct json *c)
{
	struct str type = json_get_str(c, "type"), sub_type = json_get_str(c, "sub_type");
	bool button = str_eq(type, STR("button"));
	int64_t i = 0;

	json_open(&s->body, '{');
	json_add_str(&s->body, "type", type);
	if (button) {
		if (sub_type.n == 0)
			sub_type = STR("quick_reply");
		if (json_get(c, "index") &&
		    (json_i64_text(json_get(c, "index"), &i) < 0 || i < 0 || i > INDEX_MAX))
			return err_set(s->e, SEND_MALFORMED,
				       "template: the index of a button is 0 to %d", INDEX_MAX);
		json_add_str(&s->body, "sub_type", sub_type);
		json_add_str(&s->body, "index", arena_fmt(s->d->arena, "%d", (int)i));
	}
	if (put_parameters(s, json_get(c, "parameters"), button ? text_type(sub_type) : "text") < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}

static bool has_component(const struct json *components, struct str type)
{
	for (struct json_iter it = json_iter(components); json_next(&it);)
		if (str_eq(json_get_str(it.value, "type"), type))
			return true;
	return false;
}

/* The first of `media` stands above the text, `parameters` are for the text: unless `components` say it. */
static int put_components(struct sending *s, const struct json *template)
{
	const struct json *components = json_get(template, "components"),
			  *parameters = json_get(template, "parameters");

	json_key(&s->body, "components");
	json_open(&s->body, '[');
	if (s->c.n_media > 0 && !has_component(components, STR("header"))) {
		json_open(&s->body, '{');
		json_add_str(&s->body, "type", STR("header"));
		json_key(&s->body, "parameters");
		json_open(&s->body, '[');
		json_open(&s->body, '{');
		json_add_str(&s->body, "type", str_c(whatsapp_media_type(s->c.media)));
		if (whatsapp_put_media(s, s->c.media, STR_NONE) < 0)
			return -1;
		json_close(&s->body, '}');
		json_close(&s->body, ']');
		json_close(&s->body, '}');
	}
	if (json_len(parameters) > 0 && !has_component(components, STR("body"))) {
		json_open(&s->body, '{');
		json_add_str(&s->body, "type", STR("body"));
		if (put_parameters(s, parameters, "text") < 0)
			return -1;
		json_close(&s->body, '}');
	}
	for (struct json_iter it = json_iter(components); json_next(&it);)
		if (put_component(s, it.value) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

int whatsapp_put_template(struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template"),
			  *whole = json_get(s->extra, "components");
	struct str name = json_get_str(template, "name"), tag = json_get_str(template, "language");

	if (name.n == 0 || tag.n == 0)
		return err_set(s->e, SEND_MALFORMED, "a template needs a name and a language");
	json_key(&s->body, "template");
	json_open(&s->body, '{');
	json_add_str(&s->body, "name", name);
	json_key(&s->body, "language");
	json_open(&s->body, '{');
	json_add_str(&s->body, "code", send_locale(s, tag));
	json_close(&s->body, '}');
	if (whole)
		json_add_value(&s->body, "components", whole);
	else if ((s->c.n_media > 0 || json_len(json_get(template, "parameters")) > 0 ||
		  json_len(json_get(template, "components")) > 0) &&
		 put_components(s, template) < 0)
		return -1;
	json_close(&s->body, '}');
	return 0;
}
