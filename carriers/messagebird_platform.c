/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

static struct str message_id(struct messagebird_reading *r, const struct json *data, struct str channel)
{
	const char *const own = arena_fmt(r->arena, "%.*s_id", STR_FMT(channel)).p;
	const char *const keys[] = { own, "message_id", "id" };
	size_t i = 0;

	while (i < LEN(keys) && json_text(json_get(data, keys[i])).n == 0)
		i++;
	return i < LEN(keys) ? messagebird_take(r, data, keys[i]) : STR_NONE;
}

static void read_error(struct messagebird_reading *r, const struct json *data)
{
	const struct json *error = messagebird_part(r, data, "error");
	struct canon *c = r->c;

	if (!error)
		return;
	c->error.carrier_code = messagebird_take(r, error, "code");
	c->error.class = messagebird_word_class(c->error.carrier_code);
	c->error.text = messagebird_take(r, error, "description");
}

/*
 * The words for states; those of what comes in, which other webhooks may have, mean something else.
 */
static bool is_receipt(struct str word)
{
	static const char *const words[] = { "accepted", "sent",   "delivered", "undelivered",
					     "expired",  "failed", "rejected",  "read" };

	for (size_t i = 0; i < LEN(words); i++)
		if (str_eq(word, str_c(words[i])))
			return true;
	return false;
}

static void read_status(struct messagebird_reading *r, struct str type, struct str id)
{
	const struct json *data = json_get(r->root, "data");
	size_t dot = str_find(type, '.');
	struct canon *c = messagebird_new(r, CANON_STATUS);
	bool opted_out;

	c->direction = "out";
	c->channel = messagebird_channel(r->arena, str_sub(type, 0, dot));
	c->account = messagebird_take(r, data, "workspace_id");
	c->external_id = id;
	c->id_suffix = hook_header(r->hook, "webhook-id"); /* the same when it is sent again */
	c->at = messagebird_time(r, r->root, "timestamp");
	c->from.address = messagebird_address(r->arena, c->channel, messagebird_take(r, data, "from"));
	c->recipient = messagebird_address(r->arena, c->channel, messagebird_take(r, data, "to"));
	canon_to(c, r->arena, (struct canon_party){ .address = c->recipient });
	read_error(r, data);
	opted_out = str_eq(c->error.carrier_code, STR("recipient_opted_out"));
	messagebird_become(r, str_sub(type, dot + 1, type.n), json_get(r->root, "type"));
	messagebird_rest(r);
	if (opted_out && c->recipient.p)
		messagebird_opt_out(r, c->recipient);
}

bool messagebird_platform(struct messagebird_reading *r)
{
	struct str type = json_get_str(r->root, "type"), id, once = hook_header(r->hook, "webhook-id");
	size_t dot = str_find(type, '.');

	if (type.n == 0 || !json_is(json_get(r->root, "data"), JSON_OBJECT))
		return false;
	id = message_id(r, messagebird_part(r, r->root, "data"), str_sub(type, 0, dot));
	if (id.p && is_receipt(str_sub(type, dot + 1, type.n))) {
		read_status(r, type, id);
		return true;
	}
	messagebird_unsupported(r, once.n > 0 ? once : id, type);
	r->c->at = messagebird_time(r, r->root, "timestamp");
	return true;
}
