/* SPDX-License-Identifier: MIT */
#include "livechat.h"

/* Append ${line}, if there is something in it, to the lines in ${b}. */
static void put_line(struct buf *b, struct str line)
{
	if (line.n == 0)
		return;
	if (b->n > 0)
		buf_char(b, '\n');
	buf_str(b, line);
}

static struct str end_lines(struct arena *a, struct buf *b)
{
	struct str text = b->n > 0 ? arena_str(a, buf_get(b)) : STR_NONE;

	buf_free(b);
	return text;
}

/* ---- rich messages ---- */

static void put_buttons(struct buf *b, const struct json *buttons)
{
	for (struct json_iter it = json_iter(buttons); json_next(&it);) {
		struct str id = json_text(json_get(it.value, "postback_id"));
		struct str title = json_get_str(it.value, "text");

		if (id.n == 0 && title.n == 0)
			continue;
		json_open(b, '{');
		json_opt_str(b, "id", id);
		json_opt_str(b, "title", title);
		json_close(b, '}');
	}
}

static struct str interactive(struct arena *a, const char *kind, const struct json *elements)
{
	struct buf b = leftover_begin(), buttons = { .max = LINE_MAX_BYTES };
	struct str list;

	json_open(&buttons, '[');
	for (struct json_iter it = json_iter(elements); json_next(&it);)
		if (json_is(json_get(it.value, "buttons"), JSON_ARRAY))
			put_buttons(&buttons, json_get(it.value, "buttons"));
	json_close(&buttons, ']');
	list = arena_str(a, buf_get(&buttons));
	json_add_str(&b, "kind", str_c(kind));
	if (list.n > 2)
		json_add_raw(&b, "buttons", list);
	buf_free(&buttons);
	return leftover_end(a, &b);
}

static struct str element_texts(struct arena *a, const struct json *elements)
{
	struct buf b = { .max = LINE_MAX_BYTES };

	for (struct json_iter it = json_iter(elements); json_next(&it);) {
		put_line(&b, json_get_str(it.value, "title"));
		put_line(&b, json_get_str(it.value, "subtitle"));
	}
	return end_lines(a, &b);
}

static void element_images(struct livechat_reading *r, const struct json *elements)
{
	struct canon *c = r->c;

	c->media = arena_calloc(r->arena, json_len(elements) + 1, sizeof *c->media);
	for (struct json_iter it = json_iter(elements); json_next(&it);)
		if (livechat_media(&c->media[c->n_media], json_get(it.value, "image")))
			c->media[c->n_media++].kind = "image";
}

bool livechat_rich(struct livechat_reading *r, const struct json *event)
{
	static const struct {
		struct str template;
		const char *kind; /* of what is offered; NULL: nothing is */
	} templates[] = {
		{ STR("cards"), "cards" },
		{ STR("quick_replies"), "buttons" },
		{ STR("sticker"), NULL },
	};
	const struct json *elements = json_get(event, "elements");
	struct str template = json_get_str(event, "template_id");
	size_t i = 0;

	while (i < LEN(templates) && !str_eq(template, templates[i].template))
		i++;
	if (i == LEN(templates) || !json_is(elements, JSON_ARRAY) || json_len(elements) == 0)
		return false;
	element_images(r, elements);
	r->c->text = element_texts(r->arena, elements);
	livechat_take(r, STR("template_id"));
	/*
	 * The elements stay in carrier_data: types and values of the buttons have no other place.
	 */
	if (templates[i].kind) {
		r->c->interactive = interactive(r->arena, templates[i].kind, elements);
		return true;
	}
	r->c->type = "media";
	for (size_t k = 0; k < r->c->n_media; k++)
		r->c->media[k].kind = "sticker";
	return r->c->n_media > 0;
}

/* ---- forms ---- */

bool livechat_form(struct livechat_reading *r, const struct json *event)
{
	if (!json_is(json_get(event, "fields"), JSON_ARRAY))
		return false;
	r->c->interactive = STR("{\"kind\":\"form\"}");
	return true;
}

/* An answer is text, a choice with a label, or several of those. */
static void put_answer(struct buf *b, const struct json *answer)
{
	struct str text = json_text(answer);

	if (!text.p)
		text = json_text(json_get(answer, "label"));
	if (text.n == 0)
		return;
	if (b->n > 0)
		buf_lit(b, ", ");
	buf_str(b, text);
}

static struct str field_answer(struct arena *a, const struct json *field)
{
	struct buf b = { .max = LINE_MAX_BYTES };

	put_answer(&b, json_get(field, "answer"));
	if (json_is(json_get(field, "answers"), JSON_ARRAY))
		for (struct json_iter it = json_iter(json_get(field, "answers")); json_next(&it);)
			put_answer(&b, it.value);
	return end_lines(a, &b);
}

bool livechat_filled_form(struct livechat_reading *r, const struct json *event)
{
	const struct json *fields = json_get(event, "fields");
	struct str form = json_text(json_get(event, "form_id"));
	struct buf lines = { .max = LINE_MAX_BYTES }, data;

	if (!json_is(fields, JSON_ARRAY))
		return false;
	for (struct json_iter it = json_iter(fields); json_next(&it);) {
		struct str answer = field_answer(r->arena, it.value);
		struct str label = json_get_str(it.value, "label");

		if (answer.n > 0 && label.n > 0)
			answer = arena_join(r->arena, arena_join(r->arena, label, STR(": ")), answer);
		put_line(&lines, answer);
	}
	r->c->text = end_lines(r->arena, &lines);
	r->c->reply.kind = "flow";
	if (form.n > 0) {
		r->c->reply.id = form;
		livechat_take(r, STR("form_id"));
	}
	data = leftover_begin();
	json_add_value(&data, "fields", fields);
	r->c->reply.data = leftover_end(r->arena, &data);
	livechat_take(r, STR("fields"));
	return true;
}
