/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "clock.h"
#include "form.h"
#include "phone.h"
#include "url.h"

enum { CHANNEL_MAX = 32 }; /* characters of a channel's name */

/* ---- the answer ---- */

/*
 * SMS comes as GET or POST, and its sender looks for the word.  A GET without a query, as somebody
 * who tries the URL sends it, has nothing to store.
 */
static void receive(const struct accounts *accounts, const struct request *req, struct answer *a)
{
	bool get = str_eq(req->method, STR("GET"));

	(void)accounts; /* there is no handshake */
	if (!get && !str_eq(req->method, STR("POST"))) {
		answer_refuse(a, "GET, POST");
		return;
	}
	a->hand_over = !get || req->body.n > 0 || str_find(req->target, '?') + 1 < req->target.n;
	a->type = "text/plain";
	a->body = STR("OK");
}

/* ---- reading ---- */

const struct json *messagebird_part(struct messagebird_reading *r, const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);

	if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY))
		return NULL;
	leftover_opened(&r->left, v);
	return v;
}

struct str messagebird_take(struct messagebird_reading *r, const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);
	struct str s = json_text(v);

	if (s.n == 0)
		return STR_NONE;
	leftover_taken(&r->left, v);
	return s;
}

void messagebird_take_same(struct messagebird_reading *r, const struct json *o, const char *key,
			   struct str value)
{
	const struct json *v = json_get(o, key);

	if (value.p && json_text(v).p && str_eq(json_text(v), value))
		leftover_taken(&r->left, v);
}

struct str messagebird_time(struct messagebird_reading *r, const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);
	struct str at = clock_utc(r->arena, json_str(v));

	if (at.p)
		leftover_taken(&r->left, v);
	return at;
}

struct canon *messagebird_new(struct messagebird_reading *r, enum canon_kind kind)
{
	r->c = canon_new(r->out, kind);
	return r->c;
}

/* On other channels a row of digits is an id. */
static bool has_numbers(const char *channel)
{
	static const char *const channels[] = { "sms", "mms", "whatsapp", "rcs", "viber" };

	for (size_t i = 0; i < LEN(channels); i++)
		if (strcmp(channel, channels[i]) == 0)
			return true;
	return false;
}

struct str messagebird_address(struct arena *a, const char *channel, struct str address)
{
	if (address.n == 0)
		return STR_NONE;
	return has_numbers(channel) ? phone_plus(a, address) : address;
}

const char *messagebird_channel(struct arena *a, struct str word)
{
	struct str sandbox = STR("_sandbox");

	if (str_suffix(word, sandbox))
		word.n -= sandbox.n;
	for (size_t i = 0; i < word.n; i++)
		if (!((word.p[i] >= 'a' && word.p[i] <= 'z') || (word.p[i] >= '0' && word.p[i] <= '9')))
			return "chat";
	return word.n > 0 && word.n <= CHANNEL_MAX ? arena_cstr(a, word) : "chat";
}

bool messagebird_media_full(const struct messagebird_reading *r)
{
	return r->c->n_media == MESSAGEBIRD_MEDIA_MAX;
}

struct canon_media *messagebird_media(struct messagebird_reading *r, const char *kind)
{
	struct canon_media *m;

	if (!r->c->media)
		r->c->media = arena_calloc(r->arena, MESSAGEBIRD_MEDIA_MAX, sizeof(*r->c->media));
	m = &r->c->media[r->c->n_media++];
	m->kind = kind;
	m->size = -1;
	return m;
}

struct str messagebird_coordinate(struct arena *a, const struct json *v)
{
	struct err not_json;

	if (json_is(v, JSON_STRING))
		v = json_parse(json_str(v), a, &not_json);
	return json_is(v, JSON_NUMBER) ? json_text(v) : STR_NONE;
}

/* ---- carrier_data ---- */

/* Append the fields of a form or query as an object. */
static void put_form(struct buf *b, struct arena *a, struct form *form)
{
	form_texts(form, a);
	json_open(b, '{');
	form_write(b, form, arena_calloc(a, form->n + 1, sizeof(bool)), a);
	json_close(b, '}');
}

static struct str query_of(const struct hook *h)
{
	return url_query(str_sub(h->url, 0, str_find(h->url, '#')));
}

/*
 * Beside a body the query is the user's own; two of the proofs do not cover it, and then it may be
 * anybody's.
 */
static void put_query(struct buf *b, const struct hook *h)
{
	struct str scheme = json_get_str(h->verified, "scheme"), query = query_of(h);
	struct form form;
	struct err e;

	if (h->body.n == 0 || query.n == 0 || str_eq(scheme, STR("messagebird-jwt-body")) ||
	    str_eq(scheme, STR("messagebird-bird-std")) || form_decode(query, h->arena, &form, &e) < 0)
		return;
	json_key(b, "query");
	put_form(b, h->arena, &form);
}

void messagebird_rest(struct messagebird_reading *r)
{
	struct buf b = leftover_begin();

	leftover_put(&b, &r->left, r->root);
	put_query(&b, r->hook);
	r->c->carrier_data = leftover_end(r->arena, &b);
}

void messagebird_unsupported(struct messagebird_reading *r, struct str id, struct str suffix)
{
	struct canon *c = messagebird_new(r, CANON_EVENT);

	c->event = "unsupported";
	c->account = messagebird_account(r->root);
	c->external_id = id;
	c->id_suffix = suffix;
	r->left.n = 0;
	messagebird_rest(r);
}

/* ---- the slot ---- */

struct str messagebird_account(const struct json *root)
{
	static const char *const places[][2] = { { "message", "channelId" },
						 { "payload", "channelId" },
						 { "data", "workspace_id" } };

	for (size_t i = 0; i < LEN(places); i++) {
		struct str id = json_text(json_get(json_get(root, places[i][0]), places[i][1]));

		if (id.n > 0)
			return id;
	}
	return STR_NONE;
}

/* A form or query, told as JSON, so that it is read no differently. */
static const struct json *parse_form(const struct hook *h, struct str text, struct err *e)
{
	struct buf b = { .max = LINE_MAX_BYTES * 8 };
	const struct json *root;
	struct form form;

	if (form_decode(text, h->arena, &form, e) < 0)
		return NULL;
	put_form(&b, h->arena, &form);
	root = json_parse(buf_get(&b), h->arena, e);
	buf_free(&b);
	return root;
}

static const struct json *parse(const struct hook *h, struct err *e)
{
	struct str body = str_trim(h->body);
	const struct json *root;
	struct err cause;

	if (body.n == 0)
		return parse_form(h, query_of(h), e);
	if (!hook_type_is(h, "application/json") && (hook_type_is(h, "application/x-www-form-urlencoded") ||
						     (body.p[0] != '{' && body.p[0] != '[')))
		return parse_form(h, body, e);
	root = json_parse(body, h->arena, &cause);
	if (!root)
		err_set(e, FAULT_DATA, "body-not-json", "the body of the webhook is %s", cause.text);
	return root;
}

/* Each generation makes sure of its own shape, so the profile of the account has no say here. */
static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	struct messagebird_reading r = { .hook = h, .arena = h->arena, .out = out, .left = { .bare = true } };
	const struct json *root = parse(h, e);

	(void)accounts;
	if (!root)
		return -1;
	e->fault = FAULT_NONE;
	r.root = root;
	if (!json_is(root, JSON_OBJECT)) {
		r.root = json_parse(leftover_whole(h->arena, root), h->arena, e);
	} else if (messagebird_channels(&r) || messagebird_platform(&r) ||
		   messagebird_conversation(&r) || messagebird_sms(&r, e)) {
		return e->fault == FAULT_NONE ? 0 : -1;
	}
	messagebird_unsupported(&r, STR_NONE, STR_NONE);
	return 0;
}

/* Conversations can be told to send user and password as well: nobody here has a use for them. */
static const char *const secret_headers[] = { "authorization", NULL };
static const char *const send_keys[] = { "access_key", NULL };

const struct carrier carrier_messagebird = {
	.name = "messagebird",
	.id_key = "channel_id",
	.proof_key = "signing_key",
	.proof_hash = HASH_SHA256,
	.secret_headers = secret_headers,
	.open_account = messagebird_open,
	.close_account = messagebird_close,
	.receive = receive,
	.verify = messagebird_verify,
	.normalize = normalize,
	.send_keys = send_keys,
	.request = messagebird_request,
	.judge = messagebird_judge,
	.abilities = messagebird_abilities,
	.media = messagebird_source,
};
