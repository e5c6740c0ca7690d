/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

/* A webhook of Conversations, and what it holds. */
struct reading {
	struct messagebird_reading *r;
	struct arena *arena;
	struct canon *c;
	const struct json *contact, *conversation, *message, *content;
	struct str type; /* of the webhook */
	struct str word; /* status of the message */
	bool ours;       /* the message is from us, by whatever way it was sent */
};

/* ---- parties ---- */

/* The person: a number, or on channels that have none an id. */
static struct str person(struct reading *g)
{
	const struct json *msisdn = json_get(g->contact, "msisdn");
	struct str s = json_text(msisdn);

	if (s.n > 0 && !str_eq(s, STR("0"))) {
		leftover_taken(&g->r->left, msisdn);
		return messagebird_address(g->arena, "sms", s);
	}
	s = json_text(json_get(g->contact, "id"));
	return s.n > 0 ? s : STR_NONE;
}

static struct str person_name(struct reading *g)
{
	struct str name = messagebird_take(g->r, g->contact, "displayName"), first, last;

	if (name.p)
		return str_utf8_cut(name, SHARED_MAX);
	first = messagebird_take(g->r, g->contact, "firstName");
	last = messagebird_take(g->r, g->contact, "lastName");
	if (first.p && last.p)
		first = arena_join(g->arena, arena_join(g->arena, first, STR(" ")), last);
	else if (last.p)
		first = last;
	return first.p ? str_utf8_cut(first, SHARED_MAX) : STR_NONE;
}

/* Old webhooks say neither from nor to; then our side is the channel, theirs the contact. */
static void read_parties(struct reading *g)
{
	struct canon *c = g->c;
	struct str channel = json_text(json_get(g->message, "channelId")), name = person_name(g);
	struct str from =
		messagebird_address(g->arena, c->channel, messagebird_take(g->r, g->message, "from"));
	struct str to =
		messagebird_address(g->arena, c->channel, messagebird_take(g->r, g->message, "to"));
	struct canon_party us = { .address = g->ours ? from : to };
	struct canon_party them = { g->ours ? to : from, name };
	struct str contact = person(g);

	if (!us.address.p && channel.n > 0)
		us.address = channel;
	if (!them.address.p)
		them.address = contact;
	c->from = g->ours ? us : them;
	canon_to(c, g->arena, g->ours ? them : us);
}

/* What messages, statuses and events about messages have in common. */
static struct canon *begin(struct reading *g, enum canon_kind kind)
{
	struct messagebird_reading *r = g->r;
	struct str platform = messagebird_take(r, g->message, "platform");
	struct canon *c = g->c = messagebird_new(r, kind);

	c->direction = g->ours ? "out" : "in";
	c->channel = messagebird_channel(g->arena, platform);
	c->account = messagebird_take(r, g->message, "channelId");
	c->external_id = messagebird_take(r, g->message, "id");
	c->conversation = messagebird_take(r, g->conversation, "id");
	if (!c->conversation.p)
		c->conversation = messagebird_take(r, g->message, "conversationId");
	messagebird_take_same(r, g->message, "conversationId", c->conversation);
	leftover_taken(&r->left, json_get(g->message, "direction"));
	leftover_taken(&r->left, json_get(r->root, "type"));
	read_parties(g);
	return c;
}

/* ---- content ---- */

/* One type of content: the member of that name holds it. */
struct kind {
	struct str name;
	const char *type, *media;
	/* Translate ${v}.  Return false, with nothing taken, if it can not be one. */
	bool (*read)(struct reading *g, const struct kind *kind, const struct json *v);
};

static bool read_text(struct reading *g, const struct kind *kind, const struct json *v)
{
	(void)kind;
	if (!json_text(v).p)
		return false;
	g->c->text = json_text(v);
	leftover_taken(&g->r->left, v);
	return true;
}

/* Text that answers another one. */
static bool read_answer(struct reading *g, const struct kind *kind, const struct json *v)
{
	const struct json *context = json_get(v, "context"), *text = json_get(v, "text");
	struct buf b = { .max = LINE_MAX_BYTES + LINE_GROWTH };

	(void)kind;
	if (!json_str(json_get(text, "body")).p)
		return false;
	leftover_opened(&g->r->left, v);
	leftover_opened(&g->r->left, text);
	g->c->text = json_str(json_get(text, "body"));
	leftover_taken(&g->r->left, json_get(text, "body"));
	if (!json_is(context, JSON_OBJECT))
		return true;
	leftover_taken(&g->r->left, context);
	json_open(&b, '{');
	for (struct json_iter it = json_iter(context); json_next(&it);) {
		struct str s = json_text(it.value);

		if (s.n > 0 && str_eq(it.key, STR("id"))) {
			g->c->reply_to = s;
		} else if (s.n > 0 && str_eq(it.key, STR("from"))) {
			s = messagebird_address(g->arena, g->c->channel, s);
			if (g->c->n_to == 0 || !str_eq(s, g->c->to[0].address)) /* ours is what one expects */
				json_add_str(&b, "from", s);
		} else {
			json_key_str(&b, it.key);
			json_put_value(&b, it.value);
		}
	}
	json_close(&b, '}');
	if (b.n > 2)
		g->c->context = arena_str(g->arena, buf_get(&b));
	buf_free(&b);
	return true;
}

static bool read_media(struct reading *g, const struct kind *kind, const struct json *v)
{
	struct canon_media *m;
	const char *key = json_get(v, "url") ? "url" : "link";

	if (json_get_str(v, key).n == 0)
		return false;
	leftover_opened(&g->r->left, v);
	m = messagebird_media(g->r, kind->media);
	m->url = messagebird_take(g->r, v, key);
	m->caption = messagebird_take(g->r, v, "caption");
	g->c->text = m->caption;
	return true;
}

static bool read_location(struct reading *g, const struct kind *kind, const struct json *v)
{
	struct str latitude = messagebird_coordinate(g->arena, json_get(v, "latitude"));
	struct str longitude = messagebird_coordinate(g->arena, json_get(v, "longitude"));

	(void)kind;
	if (!latitude.p || !longitude.p)
		return false;
	leftover_opened(&g->r->left, v);
	leftover_taken(&g->r->left, json_get(v, "latitude"));
	leftover_taken(&g->r->left, json_get(v, "longitude"));
	g->c->location.latitude = latitude;
	g->c->location.longitude = longitude;
	g->c->location.name = messagebird_take(g->r, v, "name");
	g->c->location.address = messagebird_take(g->r, v, "address");
	return true;
}

/* What we offered stands in carrier_data, what was chosen of it in reply. */
static bool read_interactive(struct reading *g, const struct kind *kind, const struct json *v)
{
	const struct json *reply = json_get(v, "reply");
	struct str type = json_get_str(v, "type");
	struct canon *c = g->c;

	(void)kind;
	if (json_text(json_get(reply, "id")).n == 0 && json_get_str(reply, "text").n == 0) {
		c->type = "interactive";
		return g->ours && json_is(v, JSON_OBJECT);
	}
	leftover_opened(&g->r->left, v);
	leftover_opened(&g->r->left, reply);
	c->type = "reply";
	c->reply.kind = str_prefix(type, STR("list")) ? "list" : "button";
	c->reply.id = messagebird_take(g->r, reply, "id");
	c->reply.title = c->text = messagebird_take(g->r, reply, "text");
	if (str_eq(type, STR("button_reply")) || str_eq(type, STR("list_reply")) ||
	    str_eq(type, STR("list")))
		leftover_taken(&g->r->left, json_get(v, "type"));
	return true;
}

static bool read_order(struct reading *g, const struct kind *kind, const struct json *v)
{
	(void)kind;
	if (!json_is(v, JSON_OBJECT))
		return false;
	leftover_opened(&g->r->left, v);
	g->c->text = messagebird_take(g->r, v, "text");
	return true;
}

/* Name and parameters stand in carrier_data. */
static bool read_template(struct reading *g, const struct kind *kind, const struct json *v)
{
	(void)g;
	(void)kind;
	return json_is(v, JSON_OBJECT);
}

static const struct kind kinds[] = {
	{ STR("text"), "text", NULL, read_text },
	{ STR("image"), "media", "image", read_media },
	{ STR("video"), "media", "video", read_media },
	{ STR("audio"), "media", "audio", read_media },
	{ STR("file"), "media", "document", read_media },
	{ STR("location"), "location", NULL, read_location },
	{ STR("interactive"), NULL, NULL, read_interactive },
	{ STR("hsm"), "template", NULL, read_template },
	{ STR("whatsappSticker"), "media", "sticker", read_media },
	{ STR("whatsappOrder"), "order", NULL, read_order },
	{ STR("whatsappText"), "text", NULL, read_answer },
};

/* The kind that the message says it is, else the first one that it has the content of. */
static const struct kind *find_kind(const struct reading *g, struct str type)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq(type, kinds[i].name) && json_getn(g->content, type))
			return &kinds[i];
	if (json_getn(g->content, type))
		return NULL;
	for (size_t i = 0; i < LEN(kinds); i++)
		if (json_getn(g->content, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static void read_content(struct reading *g)
{
	struct str type = json_get_str(g->message, "type");
	const struct kind *kind = find_kind(g, type);

	if (!kind || !kind->read(g, kind, json_getn(g->content, kind->name))) {
		g->c->type = "unsupported";
		return;
	}
	if (kind->type)
		g->c->type = kind->type;
	if (str_eq(type, kind->name))
		leftover_taken(&g->r->left, json_get(g->message, "type"));
}

/* ---- records ---- */

static void read_message(struct reading *g)
{
	struct canon *c = begin(g, CANON_MESSAGE);

	c->at = messagebird_time(g->r, g->message, "createdDatetime");
	read_content(g);
	if (!g->ours)
		messagebird_take_same(g->r, g->message, "status", STR("received"));
	messagebird_rest(g->r);
}

static void read_error(struct reading *g)
{
	const struct json *error = messagebird_part(g->r, g->message, "error"),
			  *code = json_get(error, "code");
	bool sms = strcmp(g->c->channel, "sms") == 0;
	const struct cause *known = NULL;
	int64_t n;

	if (!error)
		return;
	if (json_i64_text(code, &n) == 0)
		known = messagebird_error(sms ? MESSAGEBIRD_DELIVERY : MESSAGEBIRD_CONVERSATION, n);
	g->c->error.carrier_code = messagebird_take(g->r, error, "code");
	g->c->error.text = messagebird_take(g->r, error, "description");
	if (!g->c->error.text.p && known)
		g->c->error.text = str_c(known->text);
	if (g->c->error.carrier_code.p || g->c->error.text.p)
		g->c->error.class = known ? known->class : CAUSE_UNKNOWN;
}

/* Two receipts that differ in nothing but their time are two. */
static struct str suffix(struct reading *g)
{
	return arena_fmt(g->arena, "%.*s/%.*s", STR_FMT(g->word),
			 STR_FMT(json_get_str(g->message, "updatedDatetime")));
}

static void read_status(struct reading *g)
{
	struct canon *c = begin(g, CANON_STATUS);

	c->id_suffix = suffix(g);
	c->at = messagebird_time(g->r, g->message, "updatedDatetime");
	c->recipient = c->n_to > 0 ? c->to[0].address : STR_NONE;
	read_error(g);
	messagebird_become(g->r, g->word, json_get(g->message, "status"));
	messagebird_rest(g->r);
	if (c->kind == CANON_STATUS && c->error.class && strcmp(c->error.class, CAUSE_OPTED_OUT) == 0)
		messagebird_opt_out(g->r, c->recipient);
}

/* A message that came to us was read, or taken back, or changed in another way. */
static void read_update(struct reading *g)
{
	struct canon *c = begin(g, CANON_EVENT);

	c->id_suffix = suffix(g);
	c->at = messagebird_time(g->r, g->message, "updatedDatetime");
	c->reply_to = c->external_id;
	c->event = str_eq(g->word, STR("read"))    ? "read" :
		   str_eq(g->word, STR("deleted")) ? "message-deleted" :
						     "message-updated";
	messagebird_rest(g->r);
}

static void read_conversation(struct reading *g, bool created)
{
	struct canon *c = g->c = messagebird_new(g->r, CANON_EVENT);
	struct str status = json_get_str(g->conversation, "status");
	const char *key = created ? "createdDatetime" : "updatedDatetime";

	c->event = created                         ? "chat-opened" :
		   str_eq(status, STR("archived")) ? "chat-closed" :
						     "chat-updated";
	c->conversation = c->external_id = messagebird_take(g->r, g->conversation, "id");
	if (!created)
		c->id_suffix = json_get_str(g->conversation, key);
	c->at = messagebird_time(g->r, g->conversation, key);
	c->from.address = person(g);
	c->from.name = person_name(g);
	leftover_taken(&g->r->left, json_get(g->r->root, "type"));
	messagebird_rest(g->r);
}

static void read_other(struct reading *g, struct str id)
{
	messagebird_unsupported(g->r, id.n > 0 ? id : STR_NONE, g->type);
	g->r->c->at = messagebird_time(g->r, g->message, "updatedDatetime");
}

/* Whether the message is from us, as it says itself, or as its status does. */
static bool read_direction(struct reading *g)
{
	struct str direction = json_get_str(g->message, "direction");

	g->ours = str_eq_nocase(direction, STR("sent"));
	return g->ours || str_eq_nocase(direction, STR("received")) || str_eq(g->word, STR("received"));
}

bool messagebird_conversation(struct messagebird_reading *r)
{
	struct reading g = { .r = r, .arena = r->arena, .type = json_get_str(r->root, "type") };
	struct str id;

	if (g.type.n == 0 || !(json_is(json_get(r->root, "message"), JSON_OBJECT) ||
			       json_is(json_get(r->root, "conversation"), JSON_OBJECT)))
		return false;
	g.contact = messagebird_part(r, r->root, "contact");
	g.conversation = messagebird_part(r, r->root, "conversation");
	g.message = messagebird_part(r, r->root, "message");
	g.content = messagebird_part(r, g.message, "content");
	g.word = json_get_str(g.message, "status");
	id = json_text(json_get(g.message, "id"));
	if (id.n > 0 && str_eq(g.type, STR("message.created")) && read_direction(&g))
		read_message(&g);
	else if (id.n > 0 && str_eq(g.type, STR("message.updated")) && read_direction(&g))
		(g.ours ? read_status : read_update)(&g);
	else if (g.conversation && str_eq(g.type, STR("conversation.created")))
		read_conversation(&g, true);
	else if (g.conversation && str_eq(g.type, STR("conversation.updated")))
		read_conversation(&g, false);
	else
		read_other(&g, id);
	return true;
}
