/* SPDX-License-Identifier: MIT */
#include "livechat.h"

#include "send.h"

enum {
	ELEMENTS_MAX = 10,
	BUTTONS_MAX = 13, /* of an element */
};

struct str livechat_image_element(struct arena *a, struct str url)
{
	struct buf b = { .max = LINE_MAX_BYTES };
	struct str text;

	json_open(&b, '[');
	json_open(&b, '{');
	json_key(&b, "image");
	json_open(&b, '{');
	json_add_str(&b, "url", url);
	json_close(&b, '}');
	json_close(&b, '}');
	json_close(&b, ']');
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

/* Say what the button does, and with what. */
static void put_action(struct buf *b, struct str id, struct str title, bool opens)
{
	bool dials = opens && str_prefix(id, STR("tel:"));

	json_add_str(b, "type", dials ? STR("phone") : opens ? STR("url") : STR("message"));
	json_add_str(b, "text", title);
	json_add_str(b, "value", dials ? str_sub(id, 4, id.n) : opens ? id : title);
	json_add_str(b, "postback_id", id.n ? id : title);
	json_key(b, "user_ids");
	json_open(b, '[');
	json_close(b, ']');
	if (opens && !dials)
		json_add_str(b, "target", STR("new"));
}

/* A button that opens something has its URL as the id. */
static int put_button(struct sending *s, const struct json *button, bool opens)
{
	struct str id = json_get_str(button, "id"), title = json_get_str(button, "title");

	if (!title.n)
		return err_set(s->e, SEND_MALFORMED, "what can be chosen needs a title");
	json_open(&s->body, '{');
	put_action(&s->body, id, title, opens);
	json_close(&s->body, '}');
	return 0;
}

/* The words: the first is the title, what there is beside it the subtitle. */
static void put_words(struct sending *s, const struct json *offer)
{
	const struct str lines[] = { json_get_str(offer, "header"), s->c.text,
				     json_get_str(offer, "footer") };
	size_t i = 0;

	while (i + 1 < LEN(lines) && !lines[i].n)
		i++;
	json_opt_str(&s->body, "title", send_lines(s, lines + i, 1));
	json_opt_str(&s->body, "subtitle", send_lines(s, lines + i + 1, LEN(lines) - i - 1));
}

static int put_image(struct sending *s, struct str file)
{
	struct str url = file;

	if (s->c.n_media == 0)
		return 0;
	if (s->c.n_media > 1)
		return err_set(s->e, SEND_MALFORMED, "there can be one picture, not %zu", s->c.n_media);
	if (!url.n && send_media_url(s, s->c.media, &url) < 0)
		return -1;
	json_key(&s->body, "image");
	json_open(&s->body, '{');
	json_add_str(&s->body, "url", url);
	json_opt_str(&s->body, "alternative_text", s->c.media[0].caption);
	json_close(&s->body, '}');
	return 0;
}

static int put_buttons(struct sending *s, const struct json *buttons, bool opens)
{
	if (json_len(buttons) > BUTTONS_MAX)
		return err_set(s->e, SEND_MALFORMED, "there can be %d buttons, not %zu",
			       BUTTONS_MAX, json_len(buttons));
	json_key(&s->body, "buttons");
	json_open(&s->body, '[');
	for (struct json_iter it = json_iter(buttons); json_next(&it);)
		if (put_button(s, it.value, opens) < 0)
			return -1;
	json_close(&s->body, ']');
	return 0;
}

/* A row of a list is a card with one button. */
static int put_row(struct sending *s, const struct json *row)
{
	json_open(&s->body, '{');
	json_opt_str(&s->body, "title", json_get_str(row, "title"));
	json_opt_str(&s->body, "subtitle", json_get_str(row, "description"));
	json_key(&s->body, "buttons");
	json_open(&s->body, '[');
	if (put_button(s, row, false) < 0)
		return -1;
	json_close(&s->body, ']');
	json_close(&s->body, '}');
	return 0;
}

static int put_rows(struct sending *s, const struct json *offer)
{
	size_t n = 1;

	for (struct json_iter it = json_iter(json_get(offer, "sections")); json_next(&it);) {
		const struct json *rows = json_get(it.value, "rows");

		n += json_len(rows);
		if (n > ELEMENTS_MAX)
			return err_set(s->e, SEND_MALFORMED,
				       "a list can have %d rows, and this has more", ELEMENTS_MAX - 1);
		for (struct json_iter row = json_iter(rows); json_next(&row);)
			if (put_row(s, row.value) < 0)
				return -1;
	}
	return n > 1 ? 0 : err_set(s->e, SEND_MALFORMED, "a list needs rows");
}

int livechat_offer(struct sending *s, struct str file)
{
	const struct json *offer = json_get(s->d->message, "interactive");
	const struct json *buttons = json_get(offer, "buttons");
	struct str kind = json_get_str(offer, "kind");
	bool list = str_eq(kind, STR("list")), cards = list || str_eq(kind, STR("cards"));
	bool opens = str_eq(kind, STR("url"));

	if (!cards && !opens && !str_eq(kind, STR("buttons")))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "livechat has no interactive content of kind \"%.*s\"",
			       STR_FMT(str_utf8_cut(kind, 40)));
	if (!list && json_len(buttons) == 0)
		return err_set(s->e, SEND_MALFORMED, "interactive content needs buttons");
	json_add_str(&s->body, "template_id", cards ? STR("cards") : STR("quick_replies"));
	json_key(&s->body, "elements");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	put_words(s, offer);
	if (put_image(s, file) < 0 || (!list && put_buttons(s, buttons, opens) < 0))
		return -1;
	json_close(&s->body, '}');
	if (list && put_rows(s, offer) < 0)
		return -1;
	json_close(&s->body, ']');
	return 0;
}
