/* SPDX-License-Identifier: MIT */
#include "livechat.h"
#include "clock.h"

/* One type of event. */
struct kind {
	struct str name;
	const char *type; /* canonical */
	bool authorless;  /* may come from nobody */
	/* Translate ${event}.  Return false if it can not be one. */
	bool (*read)(struct livechat_reading *r, const struct json *event);
};

void livechat_take(struct livechat_reading *r, struct str name)
{
	if (r->n_taken < LIVECHAT_TAKEN_MAX)
		r->taken[r->n_taken++] = name;
}

bool livechat_media(struct canon_media *m, const struct json *file)
{
	static const struct {
		struct str start;
		const char *kind;
	} kinds[] = {
		{ STR("image/"), "image" },
		{ STR("video/"), "video" },
		{ STR("audio/"), "audio" },
	};
	struct str mime = json_get_str(file, "content_type");

	*m = (struct canon_media){ .url = json_get_str(file, "url"), .size = -1 };
	if (m->url.n == 0)
		return false;
	m->name = json_get_str(file, "name");
	m->mime = mime.n > 0 ? mime : STR_NONE;
	m->kind = "document";
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq_nocase(str_sub(mime, 0, kinds[i].start.n), kinds[i].start))
			m->kind = kinds[i].kind;
	if (json_i64(json_get(file, "size"), &m->size) < 0 || m->size < 0)
		m->size = -1;
	return true;
}

/* The text is the title of a button of a rich message. */
static void read_press(struct livechat_reading *r, const struct json *postback)
{
	static const struct str inside[] = { STR("id"), STR("event_id") };
	struct str id = json_text(json_get(postback, "id"));
	struct str event = json_text(json_get(postback, "event_id"));
	struct buf data;

	if (id.n == 0)
		return;
	livechat_take(r, STR("postback"));
	r->c->type = "reply";
	r->c->reply.kind = "button";
	r->c->reply.id = id;
	r->c->reply.title = r->c->text;
	if (event.n > 0)
		r->c->reply_to = event;
	data = leftover_begin();
	leftover_members(&data, STR_NONE, postback, inside, LEN(inside) - (event.n == 0));
	r->c->reply.data = leftover_end(r->arena, &data);
}

static bool read_message(struct livechat_reading *r, const struct json *event)
{
	r->c->text = json_get_str(event, "text");
	if (!r->c->text.p)
		return false;
	livechat_take(r, STR("text"));
	read_press(r, json_get(event, "postback"));
	return true;
}

static bool read_file(struct livechat_reading *r, const struct json *event)
{
	struct canon_media *m = arena_calloc(r->arena, 1, sizeof *m);

	if (!livechat_media(m, event))
		return false;
	r->c->media = m;
	r->c->n_media = 1;
	livechat_take(r, STR("url"));
	if (m->name.p)
		livechat_take(r, STR("name"));
	if (m->mime.p)
		livechat_take(r, STR("content_type"));
	if (m->size >= 0)
		livechat_take(r, STR("size"));
	return true;
}

static bool read_system_message(struct livechat_reading *r, const struct json *event)
{
	r->c->text = json_get_str(event, "text");
	if (r->c->text.p)
		livechat_take(r, STR("text"));
	return true;
}

static bool read_system(struct livechat_reading *r, const struct json *event)
{
	struct str details = json_get_str(event, "details");
	struct err not_json;

	if (details.n > 0)
		r->details = json_parse(details, r->arena, &not_json);
	if (r->details)
		livechat_take(r, STR("details"));
	return true;
}

static const struct kind kinds[] = {
	{ STR("message"), "text", false, read_message },
	{ STR("file"), "media", false, read_file },
	{ STR("system_message"), "system", true, read_system_message },
	{ STR("filled_form"), "reply", false, livechat_filled_form },
	{ STR("rich_message"), "interactive", false, livechat_rich },
	{ STR("form"), "interactive", false, livechat_form },
	{ STR("system"), "system", true, read_system },
};

static const struct kind *kind_find(struct str name)
{
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/*
 * Translate ${event} as ${kind}; if it can not be one, the record is as before and "unsupported".
 */
static void read_content(struct livechat_reading *r, const struct kind *kind, const struct json *event)
{
	struct canon before = *r->c;
	size_t taken = r->n_taken;

	if (kind) {
		r->c->type = kind->type;
		if (kind->read(r, event)) {
			livechat_take(r, STR("type"));
			return;
		}
	}
	*r->c = before;
	r->c->type = "unsupported";
	r->n_taken = taken;
}

/*
 * True if ${at} is no finer than milliseconds; else only its own text names the moment to LiveChat.
 */
static bool in_milliseconds(struct str at)
{
	size_t i = str_find(at, '.') + 4;

	while (i < at.n && at.p[i] == '0')
		i++;
	return i >= at.n || at.p[i] < '0' || at.p[i] > '9';
}

static void read_time(struct livechat_reading *r, const struct json *event)
{
	struct str created = json_get_str(event, "created_at");
	struct str at = clock_utc(r->arena, created);

	if (!at.p)
		return;
	r->c->at = at;
	if (in_milliseconds(created))
		livechat_take(r, STR("created_at"));
}

/* Up to version 3.2 the member was called `recipients`. */
static void read_visibility(struct livechat_reading *r, const struct json *event)
{
	static const struct str names[] = { STR("visibility"), STR("recipients") };

	for (size_t i = 0; i < LEN(names); i++) {
		struct str who = json_str(json_getn(event, names[i]));

		if (str_eq(who, STR("agents")))
			r->c->visibility = "agents";
		if (r->c->visibility || str_eq(who, STR("all"))) {
			livechat_take(r, names[i]);
			return;
		}
	}
}

/* What is around the event, and what is left of the event itself. */
static void put_data(struct livechat_reading *r, const struct json *event, bool part)
{
	static const struct str around[] = { STR("event"), STR("chat_id") };
	const struct livechat_hook *w = r->hook;
	struct buf data = leftover_begin(), rest = leftover_begin();
	struct str text;

	if (!part)
		leftover_members(&data, STR_NONE, w->payload, around, w->chat.p ? 2 : 1);
	else if (w->thread.p)
		json_add_value(&data, "thread_id", json_pointer(w->payload, STR("/chat/thread/id")));
	leftover_members(&rest, STR_NONE, event, r->taken, r->n_taken);
	if (r->details)
		json_add_value(&rest, "details", r->details);
	text = leftover_end(w->arena, &rest);
	if (text.p)
		json_add_raw(&data, "event", text);
	if (!part)
		livechat_envelope(w, &data, r->c->kind == CANON_MESSAGE);
	r->c->carrier_data = leftover_end(w->arena, &data);
}

/* An entry that can be no message: without id or author, or no object at all. */
static void malformed(const struct livechat_hook *w, const struct json *event, bool part)
{
	struct livechat_reading r = { .hook = w, .arena = w->arena };
	struct str id = json_text(json_get(event, "id"));
	struct buf data;

	r.c = livechat_new(w, CANON_EVENT);
	r.c->event = "unsupported";
	r.c->external_id = id.n > 0 ? id : STR_NONE;
	r.c->id_suffix = arena_fmt(w->arena, "%zu", w->out->n);
	if (json_is(event, JSON_OBJECT)) {
		read_time(&r, event);
		r.n_taken = 0;
		put_data(&r, event, part);
		return;
	}
	data = leftover_begin();
	json_add_value(&data, "event", event);
	r.c->carrier_data = leftover_end(w->arena, &data);
}

/* The record becomes an event about the message that it was. */
static void become_event(struct livechat_reading *r, const char *event)
{
	r->c->kind = CANON_EVENT;
	r->c->event = event;
	r->c->type = NULL;
	r->c->reply_to = r->c->external_id;
}

void livechat_event(const struct livechat_hook *w, const struct json *event, enum livechat_how how)
{
	struct str id = json_text(json_get(event, "id"));
	struct str author = json_text(json_get(event, "author_id"));
	const struct kind *kind = kind_find(json_get_str(event, "type"));
	bool deleted = json_true(json_get(event, "deleted"));
	bool about = deleted || how == LIVECHAT_EDITED; /* a message that was there before */
	struct livechat_reading r = { .hook = w, .arena = w->arena };

	if (id.n == 0 || (author.n == 0 && !about && !(kind && kind->authorless))) {
		malformed(w, event, how == LIVECHAT_PART);
		return;
	}
	r.c = livechat_new(w, about ? CANON_EVENT : CANON_MESSAGE);
	r.c->external_id = id;
	livechat_take(&r, STR("id"));
	if (author.n > 0 || !about)
		livechat_parties(w, r.c, author);
	if (author.n > 0)
		livechat_take(&r, STR("author_id"));
	read_visibility(&r, event);
	if (deleted) {
		livechat_take(&r, STR("deleted"));
		become_event(&r, "message-deleted");
	} else {
		read_content(&r, kind, event);
	}
	if (!about)
		read_time(&r, event);
	if (how == LIVECHAT_EDITED && !deleted) {
		become_event(&r, "message-edited");
		/*
		 * The same event in other words has another digest: each edit is a record of its
		 * own.
		 */
		r.c->id_suffix = hash_hex(w->arena, HASH_SHA256, json_compact(w->arena, event));
	}
	put_data(&r, event, how == LIVECHAT_PART);
}
