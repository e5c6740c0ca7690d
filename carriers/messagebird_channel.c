/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "id.h"
#include "phone.h"

/* A webhook of Channels, and what it holds. */
struct reading {
	struct messagebird_reading *r;
	struct arena *arena;
	struct canon *c;
	const struct json *payload;
	struct str platform; /* what stands before the dot in the event */
};

/* ---- parties ---- */

/* The person that ${v}, a contact, is about. */
static struct str read_contact(struct reading *g, const struct json *v)
{
	const struct json *value = json_get(v, "identifierValue");
	struct str key = json_get_str(v, "identifierKey"), s = json_text(value);

	if (s.n == 0) {
		s = json_text(json_get(v, "id"));
		return s.n > 0 ? s : STR_NONE;
	}
	leftover_opened(&g->r->left, v);
	leftover_taken(&g->r->left, value);
	if (!str_eq(key, STR("phonenumber")))
		return s;
	leftover_taken(&g->r->left, json_get(v, "identifierKey"));
	return phone_plus(g->arena, s);
}

/* Our side: an address where it has one, else the id of the connector or channel. */
static struct str read_connector(struct reading *g, const struct json *party)
{
	const struct json *connector = messagebird_part(g->r, party, "connector");
	struct str s = messagebird_take(g->r, connector, "identifierValue");

	if (s.p)
		return messagebird_address(g->arena, g->c->channel, s);
	s = messagebird_take(g->r, connector, "id");
	return s.p ? s : g->c->account;
}

static void read_recipients(struct reading *g, const struct json *contacts)
{
	struct canon *c = g->c;

	c->to = arena_calloc(g->arena, json_len(contacts) + 1, sizeof(*c->to));
	for (struct json_iter it = json_iter(contacts); !it.object && json_next(&it);) {
		struct str address = read_contact(g, it.value);

		if (address.p)
			c->to[c->n_to++].address = address;
	}
	if (c->n_to == 1)
		c->recipient = c->to[0].address;
}

/* The same in both directions, whether our side is known by its address or its id. */
static void read_conversation(struct reading *g, const struct json *contact)
{
	struct str who = json_text(json_get(contact, "id"));
	struct str parts[] = { g->platform, g->c->account, who };
	struct id id;

	if (!g->c->account.p || who.n == 0)
		return;
	id = id_derive(parts, LEN(parts));
	g->c->conversation = arena_str(g->arena, id_str(&id));
}

static struct canon *begin(struct reading *g, enum canon_kind kind, struct str event)
{
	struct messagebird_reading *r = g->r;
	struct canon *c = g->c = messagebird_new(r, kind);

	c->channel = messagebird_channel(g->arena, g->platform);
	c->account = messagebird_take(r, g->payload, "channelId");
	c->external_id = messagebird_take(r, g->payload, "id");
	messagebird_take_same(r, r->root, "service", STR("channels"));
	messagebird_take_same(r, r->root, "event", event);
	return c;
}

/* ---- bodies ---- */

static const char *media_kind(struct str type, struct str mime)
{
	static const char *const kinds[] = { "image", "video", "audio" };

	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq(type, str_c(kinds[i])) ||
		    (str_prefix(mime, str_c(kinds[i])) && str_find(mime, '/') == strlen(kinds[i])))
			return kinds[i];
	return "document";
}

/* The first of ${keys} that ${v} has, taken. */
static struct str take_any(struct reading *g, const struct json *v, const char *const *keys)
{
	while (*keys && json_get_str(v, *keys).n == 0)
		keys++;
	return *keys ? messagebird_take(g->r, v, *keys) : STR_NONE;
}

/* ${v} as a medium, if it has a URL under one of the names that are known of. */
static void add_media(struct reading *g, struct str type, const struct json *v)
{
	static const char *const urls[] = { "mediaUrl", "url", NULL }, *const names[] = { "filename",
											  NULL };
	static const char *const mimes[] = { "contentType", "mimeType", NULL };
	static const char *const captions[] = { "altText", "caption", NULL };
	struct canon_media *m;

	if (!json_is(v, JSON_OBJECT) || messagebird_media_full(g->r))
		return;
	if (json_get_str(v, "mediaUrl").n == 0 && json_get_str(v, "url").n == 0)
		return;
	leftover_opened(&g->r->left, v);
	m = messagebird_media(g->r, NULL);
	m->url = take_any(g, v, urls);
	m->mime = take_any(g, v, mimes);
	m->name = take_any(g, v, names);
	m->caption = take_any(g, v, captions);
	m->kind = media_kind(type, m->mime);
}

/* Media stand in lists, or alone. */
static bool read_media(struct reading *g, struct str type, const struct json *v)
{
	add_media(g, type, v);
	for (struct json_iter it = json_iter(v); it.object && json_next(&it);) {
		if (!json_is(it.value, JSON_ARRAY))
			continue;
		leftover_opened(&g->r->left, it.value);
		for (struct json_iter e = json_iter(it.value); json_next(&e);)
			add_media(g, type, e.value);
	}
	if (g->c->n_media == 0)
		return false;
	leftover_opened(&g->r->left, v);
	g->c->type = "media";
	g->c->text = messagebird_take(g->r, v, "text");
	if (!g->c->text.p && g->c->n_media == 1)
		g->c->text = g->c->media[0].caption;
	return true;
}

static bool read_text(struct reading *g, struct str type, const struct json *v)
{
	const struct json *text = json_get(v, "text");

	(void)type;
	if (!json_str(text).p)
		return false;
	leftover_opened(&g->r->left, v);
	leftover_taken(&g->r->left, text);
	g->c->type = "text";
	g->c->text = json_str(text);
	return true;
}

static bool read_location(struct reading *g, struct str type, const struct json *v)
{
	const struct json *inner = json_get(v, "coordinates"), *at = inner ? inner : v;
	struct str latitude = messagebird_coordinate(g->arena, json_get(at, "latitude"));
	struct str longitude = messagebird_coordinate(g->arena, json_get(at, "longitude"));

	(void)type;
	if (!latitude.p || !longitude.p)
		return false;
	leftover_opened(&g->r->left, v);
	leftover_opened(&g->r->left, inner);
	leftover_taken(&g->r->left, json_get(at, "latitude"));
	leftover_taken(&g->r->left, json_get(at, "longitude"));
	g->c->type = "location";
	g->c->location.latitude = latitude;
	g->c->location.longitude = longitude;
	return true;
}

static const struct {
	struct str type;
	/* Translate ${v}.  Return false, with nothing taken, if it can not be one. */
	bool (*read)(struct reading *g, struct str type, const struct json *v);
} bodies[] = {
	{ STR("text"), read_text },      { STR("html"), read_text },
	{ STR("image"), read_media },    { STR("video"), read_media },
	{ STR("audio"), read_media },    { STR("file"), read_media },
	{ STR("document"), read_media }, { STR("location"), read_location },
};

static void read_body(struct reading *g)
{
	const struct json *body = messagebird_part(g->r, g->payload, "body");
	struct str type = json_get_str(body, "type");

	for (size_t i = 0; i < LEN(bodies); i++) {
		if (!str_eq(type, bodies[i].type) || !bodies[i].read(g, type, json_getn(body, type)))
			continue;
		leftover_taken(&g->r->left, json_get(body, "type"));
		return;
	}
	g->c->type = "unsupported";
}

/* ---- records ---- */

static bool read_inbound(struct reading *g, struct str event)
{
	const struct json *sender = json_get(g->payload, "sender"),
			  *contact = json_get(sender, "contact");
	struct canon_party to = { .name = STR_NONE };
	struct canon *c;

	if (json_text(json_get(g->payload, "id")).n == 0 ||
	    (json_text(json_get(contact, "identifierValue")).n == 0 &&
	     json_text(json_get(contact, "id")).n == 0))
		return false;
	c = begin(g, CANON_MESSAGE, event);
	c->direction = "in";
	c->at = messagebird_time(g->r, g->payload, "createdAt");
	leftover_opened(&g->r->left, sender);
	c->from.address = read_contact(g, contact);
	to.address = read_connector(g, messagebird_part(g->r, g->payload, "receiver"));
	canon_to(c, g->arena, to);
	read_conversation(g, contact);
	read_body(g);
	messagebird_take_same(g->r, g->payload, "direction", STR("incoming"));
	messagebird_take_same(g->r, g->payload, "status", STR("delivered")); /* here, to us */
	messagebird_rest(g->r);
	return true;
}

/* The code of the network says more than that of Bird, but only of SMS is it known what. */
static void read_error(struct reading *g)
{
	const struct json *failure = messagebird_part(g->r, g->payload, "failure"),
			  *source = json_get(failure, "source");
	const struct cause *known = NULL;
	struct canon_error *error = &g->c->error;
	int64_t n;

	if (!failure)
		return;
	if (strcmp(g->c->channel, "sms") == 0 && json_i64_text(json_get(source, "code"), &n) == 0)
		known = messagebird_error(MESSAGEBIRD_DELIVERY, n);
	if (!known && json_i64_text(json_get(failure, "code"), &n) == 0)
		known = messagebird_error(MESSAGEBIRD_FAILURE, n);
	error->carrier_code = messagebird_take(g->r, failure, "code");
	error->class = known ? known->class : CAUSE_UNKNOWN;
	error->text = known ? str_c(known->text) : STR_NONE;
}

static bool read_outbound(struct reading *g, struct str event)
{
	struct str word = json_get_str(g->payload, "status");
	const struct json *receiver, *contacts;
	struct canon *c;

	if (json_text(json_get(g->payload, "id")).n == 0 || word.n == 0)
		return false;
	c = begin(g, CANON_STATUS, event);
	c->direction = "out";
	c->id_suffix = arena_fmt(g->arena, "%.*s/%.*s", STR_FMT(word),
				 STR_FMT(json_get_str(g->payload, "lastStatusAt")));
	c->at = messagebird_time(g->r, g->payload, "lastStatusAt");
	c->from.address = read_connector(g, messagebird_part(g->r, g->payload, "sender"));
	receiver = messagebird_part(g->r, g->payload, "receiver");
	contacts = messagebird_part(g->r, receiver, "contacts");
	read_recipients(g, contacts);
	read_conversation(g, json_len(contacts) == 1 ? json_at(contacts, 0) : NULL);
	read_error(g);
	messagebird_become(g->r, word, json_get(g->payload, "status"));
	if (c->error.class && json_get_str(g->payload, "reason").n > 0)
		c->error.text = messagebird_take(g->r, g->payload, "reason");
	messagebird_take_same(g->r, g->payload, "direction", STR("outgoing"));
	messagebird_rest(g->r);
	if (c->kind == CANON_STATUS && c->recipient.p && c->error.class &&
	    strcmp(c->error.class, CAUSE_OPTED_OUT) == 0)
		messagebird_opt_out(g->r, c->recipient);
	return true;
}

bool messagebird_channels(struct messagebird_reading *r)
{
	struct reading g = { .r = r, .arena = r->arena };
	struct str event = json_get_str(r->root, "event"), id, kind;
	size_t dot = str_find(event, '.');

	if (event.n == 0 || !json_is(json_get(r->root, "payload"), JSON_OBJECT))
		return false;
	g.payload = messagebird_part(r, r->root, "payload");
	g.platform = str_sub(event, 0, dot);
	kind = str_sub(event, dot + 1, event.n);
	if ((str_eq(kind, STR("inbound")) && read_inbound(&g, event)) ||
	    (str_eq(kind, STR("outbound")) && read_outbound(&g, event)))
		return true;
	id = json_text(json_get(g.payload, "id"));
	messagebird_unsupported(r, id.n > 0 ? id : STR_NONE,
				arena_fmt(r->arena, "%.*s/%.*s", STR_FMT(event),
					  STR_FMT(json_get_str(g.payload, "updatedAt"))));
	r->c->at = messagebird_time(r, g.payload, "updatedAt");
	return true;
}
