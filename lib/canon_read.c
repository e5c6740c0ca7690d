/* SPDX-License-Identifier: MIT */
#include "canon.h"

struct reader {
	struct canon *c;
	struct arena *arena;
	struct err *e;
	const struct json *whole; /* the record */
	uint64_t marks; /* of its members: most of those that are asked for are not there */
};

static uint64_t mark(struct str key)
{
	return UINT64_C(1) << ((key.n ? (unsigned char)key.p[0] * 5 + key.n : 0) & 63);
}

static void mark_all(struct reader *r)
{
	for (struct json_iter it = json_iter(r->whole); json_next(&it);)
		r->marks |= mark(it.key);
}

static const struct json *member(const struct reader *r, const struct json *v, const char *key)
{
	return v == r->whole && !(r->marks & mark(str_c(key))) ? NULL : json_get(v, key);
}

static int wrong(struct reader *r, const char *member, const char *wanted)
{
	return err_set(r->e, FAULT_DATA, "record-malformed", "the member \"%s\" must be %s", member,
		       wanted);
}

/*
 * The member ${key} of ${v}, text or a number as text, into ${out}; absent and null leave it as it
 * is.
 */
static int text(struct reader *r, const struct json *v, const char *key, struct str *out)
{
	const struct json *m = member(r, v, key);

	if (!m || json_is(m, JSON_NULL))
		return 0;
	*out = json_text(m);
	return out->p ? 0 : wrong(r, key, "a string");
}

/* The same for a word that is kept as a C string. */
static int word(struct reader *r, const struct json *v, const char *key, const char **out)
{
	struct str s = STR_NONE;

	if (text(r, v, key, &s) < 0)
		return -1;
	if (s.p)
		*out = arena_cstr(r->arena, s);
	return 0;
}

/* The member ${key}, an object, as the JSON it is. */
static int object(struct reader *r, const struct json *v, const char *key, struct str *out)
{
	const struct json *m = member(r, v, key);
	struct buf b = { .max = SIZE_MAX };

	if (!m || json_is(m, JSON_NULL))
		return 0;
	if (!json_is(m, JSON_OBJECT))
		return wrong(r, key, "an object");
	json_put_value(&b, m);
	*out = arena_str(r->arena, buf_get(&b));
	buf_free(&b);
	return 0;
}

static int party(struct reader *r, const struct json *v, const char *key, struct canon_party *p)
{
	if (json_text(v).p) {
		p->address = json_text(v);
		return 0;
	}
	if (!json_is(v, JSON_OBJECT) || !json_text(json_get(v, "address")).p)
		return wrong(r, key, "an address, or an object with one");
	p->address = json_text(json_get(v, "address"));
	return text(r, v, "name", &p->name);
}

static int parties(struct reader *r, const struct json *v)
{
	const struct json *to = member(r, v, "to"), *from = member(r, v, "from");
	size_t n = json_is(to, JSON_ARRAY) ? json_len(to) : to != NULL;

	if (from && party(r, from, "from", &r->c->from) < 0)
		return -1;
	if (n == 0)
		return 0;
	r->c->to = arena_calloc(r->arena, n, sizeof(*r->c->to));
	r->c->n_to = n;
	if (!json_is(to, JSON_ARRAY))
		return party(r, to, "to", r->c->to);
	for (struct json_iter it = json_iter(to); json_next(&it);)
		if (party(r, it.value, "to", &r->c->to[it.i]) < 0)
			return -1;
	return 0;
}

static int media(struct reader *r, const struct json *v)
{
	const struct json *list = member(r, v, "media");

	if (!list)
		return 0;
	if (!json_is(list, JSON_ARRAY))
		return wrong(r, "media", "an array");
	r->c->n_media = json_len(list);
	r->c->media = arena_calloc(r->arena, r->c->n_media + 1, sizeof(*r->c->media));
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct canon_media *m = &r->c->media[it.i];

		m->size = -1;
		(void)json_i64_text(json_get(it.value, "size"), &m->size);
		if (!json_is(it.value, JSON_OBJECT) || text(r, it.value, "url", &m->url) < 0 ||
		    text(r, it.value, "external_id", &m->external_id) < 0 ||
		    text(r, it.value, "path", &m->path) < 0 || text(r, it.value, "mime", &m->mime) < 0 ||
		    word(r, it.value, "kind", &m->kind) < 0 || text(r, it.value, "name", &m->name) < 0 ||
		    text(r, it.value, "caption", &m->caption) < 0 ||
		    text(r, it.value, "sha256", &m->sha256) < 0)
			return wrong(r, "media",
				     "an array of objects with url or external_id, mime, kind, …");
	}
	return 0;
}

static int texts(struct reader *r, const struct json *v, const char *key, struct str **out, size_t *n)
{
	const struct json *list = json_get(v, key);

	*n = json_len(list);
	*out = arena_calloc(r->arena, *n + 1, sizeof(**out));
	for (struct json_iter it = json_iter(list); json_next(&it);)
		if (!((*out)[it.i] = json_text(it.value)).p)
			return wrong(r, key, "an array of strings");
	return 0;
}

static int contacts(struct reader *r, const struct json *v)
{
	const struct json *list = member(r, v, "contacts");

	if (!list)
		return 0;
	if (!json_is(list, JSON_ARRAY))
		return wrong(r, "contacts", "an array");
	r->c->n_contacts = json_len(list);
	r->c->contacts = arena_calloc(r->arena, r->c->n_contacts + 1, sizeof(*r->c->contacts));
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct canon_contact *p = &r->c->contacts[it.i];

		if (text(r, it.value, "name", &p->name) < 0 ||
		    text(r, it.value, "organization", &p->organization) < 0 ||
		    text(r, it.value, "vcard", &p->vcard) < 0 ||
		    texts(r, it.value, "phones", &p->phones, &p->n_phones) < 0 ||
		    texts(r, it.value, "emails", &p->emails, &p->n_emails) < 0)
			return -1;
	}
	return 0;
}

static int location(struct reader *r, const struct json *v)
{
	const struct json *l = member(r, v, "location");
	double number;

	if (!l)
		return 0;
	if (json_double(json_get(l, "latitude"), &number) < 0 ||
	    json_double(json_get(l, "longitude"), &number) < 0)
		return wrong(r, "location", "an object with the numbers latitude and longitude");
	r->c->location.latitude = json_text(json_get(l, "latitude"));
	r->c->location.longitude = json_text(json_get(l, "longitude"));
	return text(r, l, "name", &r->c->location.name) | text(r, l, "address", &r->c->location.address);
}

/* reply, reaction and error: small objects of texts. */
static int answers(struct reader *r, const struct json *v)
{
	const struct json *reply = member(r, v, "reply"), *reaction = member(r, v, "reaction"),
			  *error = member(r, v, "error");
	struct canon *c = r->c;

	if (reply &&
	    (word(r, reply, "kind", &c->reply.kind) < 0 || text(r, reply, "id", &c->reply.id) < 0 ||
	     text(r, reply, "title", &c->reply.title) < 0 ||
	     object(r, reply, "data", &c->reply.data) < 0))
		return -1;
	if (reply && !c->reply.kind)
		return wrong(r, "reply", "an object with a kind");
	if (reaction && (text(r, reaction, "emoji", &c->reaction.emoji) < 0 ||
			 text(r, reaction, "message", &c->reaction.message) < 0))
		return -1;
	if (error && (text(r, error, "code", &c->error.code) < 0 ||
		      word(r, error, "class", &c->error.class) < 0 ||
		      text(r, error, "text", &c->error.text) < 0 ||
		      text(r, error, "carrier_code", &c->error.carrier_code) < 0))
		return -1;
	if (error && !c->error.class)
		c->error.class = "unknown";
	return 0;
}

/* What each kind must have. */
static int kind(struct reader *r, const struct json *v)
{
	struct str s = json_get_str(v, "kind");
	struct canon *c = r->c;

	if (str_eq(s, STR("message"))) {
		c->kind = CANON_MESSAGE;
		return word(r, v, "type", &c->type) < 0 || !c->type ? wrong(r, "type", "a string") : 0;
	}
	if (str_eq(s, STR("event"))) {
		c->kind = CANON_EVENT;
		if (word(r, v, "type", &c->type) < 0)
			return -1;
		return word(r, v, "event", &c->event) < 0 || !c->event ?
			       wrong(r, "event", "the name of the event") :
			       0;
	}
	if (str_eq(s, STR("status"))) {
		c->kind = CANON_STATUS;
		(void)json_i64_text(json_get(v, "part"), &c->part);
		if (word(r, v, "status", &c->status) < 0 || !c->status)
			return wrong(r, "status", "a string");
		return text(r, v, "recipient", &c->recipient);
	}
	return wrong(r, "kind", "message, status or event");
}

int canon_read(struct canon *c, const struct json *v, struct arena *arena, struct err *e)
{
	struct reader r = { .c = c, .arena = arena, .e = e, .whole = v };

	*c = (struct canon){ 0 };
	if (!json_is(v, JSON_OBJECT))
		return err_set(e, FAULT_DATA, "record-malformed",
			       "a record is an object, not a JSON %s", json_type_name(json_type(v)));
	mark_all(&r);
	if (kind(&r, v) < 0 || text(&r, v, "at", &c->at) < 0 ||
	    word(&r, v, "direction", &c->direction) < 0 || text(&r, v, "account", &c->account) < 0 ||
	    word(&r, v, "channel", &c->channel) < 0 || text(&r, v, "external_id", &c->external_id) < 0 ||
	    text(&r, v, "conversation", &c->conversation) < 0 ||
	    text(&r, v, "text", &c->text) < 0 || text(&r, v, "reply_to", &c->reply_to) < 0 ||
	    word(&r, v, "visibility", &c->visibility) < 0 || object(&r, v, "context", &c->context) < 0 ||
	    object(&r, v, "interactive", &c->interactive) < 0 ||
	    object(&r, v, "carrier_data", &c->carrier_data) < 0)
		return -1;
	if (parties(&r, v) < 0 || media(&r, v) < 0 || location(&r, v) < 0 || contacts(&r, v) < 0 ||
	    answers(&r, v) < 0)
		return -1;
	return 0;
}
