/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "mime.h"
#include "url.h"

/* ---- media ---- */

/* What follows the last ${c} in ${s}; all of it where there is none. */
static struct str behind(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return str_sub(s, i, s.n);
	return s;
}

static void add_media(struct canon *c, struct str url, struct str name)
{
	struct canon_media *m = &c->media[c->n_media++];
	const struct mime *mime = mime_of(name);

	m->url = url;
	m->name = name.n > 0 ? name : STR_NONE;
	m->size = -1;
	if (mime) {
		m->mime = str_c(mime->type);
		m->kind = mime->kind;
	}
}

/*
 * An element of message.media.  The layout of an MMS is no medium, nor is the part that has its
 * text once more.  Return false if it was left where it is.
 */
static bool read_attachment(struct bandwidth_reading *r, const struct json *v)
{
	struct str text = json_str(v), name, ending;
	struct url url;

	if (url_split(text, &url) < 0)
		return false;
	name = behind(url.path, '/');
	ending = mime_ending(name);
	if (str_eq_nocase(ending, STR("smil")) ||
	    (r->c->text.n > 0 && str_eq_nocase(ending, STR("txt"))))
		return false;
	add_media(r->c, text, name);
	return true;
}

/* {"fileUrl":…,"thumbnailUrl":…}, as RBM has it. */
static bool read_file(struct bandwidth_reading *r, const struct json *v)
{
	struct str text = json_get_str(v, "fileUrl");
	struct url url;

	if (url_split(text, &url) < 0)
		return false;
	add_media(r->c, text, behind(url.path, '/'));
	return json_len(v) == 1;
}

/*
 * The member "media" of ${o}: an array, or one that stands alone.  It is taken if all of it could
 * be.
 */
static void read_media(struct bandwidth_reading *r, struct bandwidth_object *o,
		       bool (*read)(struct bandwidth_reading *r, const struct json *v))
{
	const struct json *list = json_get(o->v, "media");
	size_t n = json_is(list, JSON_ARRAY) ? json_len(list) : 1;
	bool whole = true;

	if (!list)
		return;
	r->c->media = arena_resize(r->arena, r->c->media, r->c->n_media * sizeof(*r->c->media),
				   (r->c->n_media + n) * sizeof(*r->c->media));
	memset(r->c->media + r->c->n_media, 0, n * sizeof(*r->c->media));
	if (!json_is(list, JSON_ARRAY))
		whole = read(r, list);
	for (struct json_iter it = json_iter(list); !it.object && json_next(&it);)
		whole &= read(r, it.value);
	if (whole)
		bandwidth_taken(o, "media");
}

/* ---- what each type of event is about ---- */

static bool says_something(const struct json *v)
{
	return json_len(v) > 0 || json_text(v).n > 0;
}

static const char *read_received(struct bandwidth_reading *r)
{
	const struct json *media = json_get(r->message.v, "media");

	if (bandwidth_part(r, "content")) {
		if (!r->c->text.p)
			r->c->text = bandwidth_take(&r->part, "text");
		read_media(r, &r->part, read_file);
	}
	if (r->c->n_media > 0)
		return "media";
	if (r->c->text.p)
		return "text";
	/* Nothing could be read: an empty message, or one that has something else. */
	if (says_something(media) || says_something(json_get(r->message.v, "content")))
		return "unsupported";
	return "text";
}

/*
 * What we gave a suggestion to come back with has to be base64 on the way to the phone, and comes
 * back so: text that it stands for is what was meant.
 */
static struct str postback_id(struct bandwidth_reading *r, struct str raw)
{
	struct str plain;

	if (raw.n == 0 || raw.n % 4 != 0 || base64_read(r->arena, raw, &plain) < 0 ||
	    plain.n == 0 || !str_utf8(plain))
		return raw;
	for (size_t i = 0; i < plain.n; i++)
		if ((unsigned char)plain.p[i] < ' ')
			return raw;
	return plain;
}

static const char *read_suggestion(struct bandwidth_reading *r)
{
	struct str postback, title;

	if (!bandwidth_part(r, "suggestionResponse"))
		return "unsupported";
	postback = json_get_str(r->part.v, "postbackData");
	title = json_get_str(r->part.v, "text");
	if (postback.n == 0 && title.n == 0)
		return "unsupported";
	r->c->reply.kind = "button";
	r->c->reply.id = postback.n > 0 ? postback_id(r, postback) : STR_NONE;
	r->c->reply.title = bandwidth_take(&r->part, "text");
	if (!r->c->text.p)
		r->c->text = r->c->reply.title;
	r->c->reply_to = bandwidth_take(&r->part, "pairedMessageId");
	if (str_eq(r->c->reply.id, postback))
		bandwidth_taken(&r->part, "postbackData");
	return "reply";
}

/* A coordinate, written as a number or as text that is one; {NULL, 0} if it is neither. */
static struct str coordinate(struct bandwidth_reading *r, const char *key)
{
	const struct json *v = json_get(r->part.v, key);
	struct err not_json;

	if (json_is(v, JSON_STRING))
		v = json_parse(json_str(v), r->arena, &not_json);
	return json_is(v, JSON_NUMBER) ? json_text(v) : STR_NONE;
}

static const char *read_location(struct bandwidth_reading *r)
{
	struct str latitude, longitude;

	if (!bandwidth_part(r, "locationResponse"))
		return "unsupported";
	latitude = coordinate(r, "latitude");
	longitude = coordinate(r, "longitude");
	if (!latitude.p || !longitude.p)
		return "unsupported";
	r->c->location.latitude = latitude;
	r->c->location.longitude = longitude;
	bandwidth_taken(&r->part, "latitude");
	bandwidth_taken(&r->part, "longitude");
	return "location";
}

static const struct kind {
	struct str type;
	const char *channel;                              /* the only one that has it, or NULL */
	const char *(*read)(struct bandwidth_reading *r); /* returns the type of the message */
} kinds[] = {
	{ STR("message-received"), NULL, read_received },
	{ STR("suggestion-response"), "rcs", read_suggestion },
	{ STR("requested-location-response"), "rcs", read_location },
};

static void read_text(struct bandwidth_reading *r)
{
	struct str text = json_text(json_get(r->message.v, "text"));

	if (!text.p)
		return;
	bandwidth_taken(&r->message, "text");
	r->c->text = text.n > 0 ? text : STR_NONE;
}

bool bandwidth_message(struct bandwidth_reading *r, struct str type, struct canon_list *out)
{
	struct str ours = bandwidth_address(r->arena, json_get(r->event.v, "to"));
	struct canon *c;
	size_t i = 0;

	while (i < LEN(kinds) && !str_eq(type, kinds[i].type))
		i++;
	if (i == LEN(kinds) || !bandwidth_address(r->arena, json_get(r->message.v, "from")).p)
		return false;
	c = r->c = canon_new(out, CANON_MESSAGE);
	c->direction = "in";
	c->at = bandwidth_time(r, &r->message, "time");
	if (!c->at.p)
		c->at = bandwidth_time(r, &r->event, "time");
	if (ours.p)
		bandwidth_taken(&r->event, "to");
	bandwidth_parties(r, ours);
	read_text(r);
	read_media(r, &r->message, read_attachment);
	c->type = kinds[i].read(r);
	c->channel = bandwidth_channel(r, r->part.v ? "rcs" : kinds[i].channel); /* only RBM has parts */
	if (!c->text.p && strcmp(c->type, "text") == 0)
		c->text = STR("");
	return true;
}
