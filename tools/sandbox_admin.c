/* SPDX-License-Identifier: MIT */
/* What the sandbox is asked about itself: /_sandbox/… and /health. */
#include "sandbox_box.h"

#include "clock.h"
#include "hash.h"

/* ---- answers ---- */

static void say(struct call *c, struct reply *r, int status, const char *type)
{
	*r = (struct reply){ .status = status, .type = type, .body = buf_get(&c->text), .once = true };
}

static void say_error(struct call *c, struct reply *r, int status, const char *text)
{
	buf_reset(&c->text);
	json_open(&c->text, '{');
	json_add_str(&c->text, "error", str_c(text));
	json_close(&c->text, '}');
	buf_char(&c->text, '\n');
	say(c, r, status, "application/json");
}

/* ---- questions ---- */

static void put_message(struct buf *out, const struct box_message *m, struct arena *a)
{
	json_open(out, '{');
	json_add_str(out, "carrier", str_c(m->player->name));
	json_add_str(out, "account", m->account->name);
	json_add_str(out, "external_id", m->id);
	json_add_str(out, "direction", m->inbound ? STR("in") : STR("out"));
	json_add_str(out, "at", clock_text(a, m->at));
	json_opt_str(out, "from", m->from);
	json_add_strs(out, "to", m->to, m->n_to);
	json_add_str(out, "type", m->type);
	json_opt_str(out, "channel", m->channel);
	json_opt_str(out, "text", m->text);
	if (m->n_media > 0)
		json_add_strs(out, "media", m->media, m->n_media);
	json_opt_str(out, "tag", m->tag);
	json_opt_str(out, "chat", m->chat);
	json_opt_str(out, "reply_to", m->reply_to);
	json_opt_str(out, "status", m->status);
	json_close(out, '}');
	buf_char(out, '\n');
}

static bool wanted(struct str want, struct str have)
{
	return !want.p || str_eq(want, have);
}

static bool wanted_to(struct str want, const struct box_message *m)
{
	bool any = !want.p;

	for (unsigned i = 0; i < m->n_to; i++)
		any |= str_eq(want, m->to[i]);
	return any;
}

static void list_messages(const struct box *b, struct call *c, struct reply *r)
{
	struct str target = c->req->target;
	struct form q = { 0 };
	struct err e;

	if (form_decode(str_sub(target, str_find(target, '?') + 1, target.n), c->arena, &q, &e) < 0) {
		say_error(c, r, 400, e.text);
		return;
	}
	for (const struct box_message *m = b->oldest; m; m = m->newer)
		if (wanted(form_get(&q, "carrier"), str_c(m->player->name)) &&
		    wanted(form_get(&q, "account"), m->account->name) &&
		    wanted(form_get(&q, "id"), m->id) && wanted(form_get(&q, "tag"), m->tag) &&
		    wanted_to(form_get(&q, "to"), m) &&
		    wanted(form_get(&q, "direction"), m->inbound ? STR("in") : STR("out")))
			put_message(&c->text, m, c->arena);
	say(c, r, 200, "application/x-ndjson");
}

static void say_counts(const struct box *b, struct call *c, struct reply *r)
{
	json_open(&c->text, '{');
	json_add_str(&c->text, "run", id_str(&b->run));
	json_add_i64(&c->text, "seed", (int64_t)scenario_seed(b->scenario));
	json_add_i64(&c->text, "since_ms", box_since(b));
	record_counts(&c->text, b);
	json_close(&c->text, '}');
	buf_char(&c->text, '\n');
	say(c, r, 200, "application/json");
}

/* ---- orders ---- */

static void reset(struct box *b, struct call *c, struct reply *r)
{
	keep_reset(b);
	scenario_reset(b->scenario);
	b->counts = (struct box_counts){ 0 };
	b->began = clock_now();
	say(c, r, 204, NULL);
}

static const struct stage_of *find_stage(const struct box *b, struct str name)
{
	for (size_t i = 0; i < b->n_stages; i++)
		if (str_eq(str_c(b->stages[i].player->name), name))
			return &b->stages[i];
	return NULL;
}

static const struct box_account *find_account(const struct stage_of *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!name.p || str_eq(s->accounts[i].name, name) || str_eq(s->accounts[i].id, name))
			return &s->accounts[i];
	return NULL;
}

/* A file that comes with a message: `text` or `data` (base64) of the type `mime`; or a `url`. */
static bool add_media(struct visit *v, struct box_message *m, const struct json *f)
{
	struct str bytes = json_get_str(f, "text"), data = json_get_str(f, "data"),
		   url = json_get_str(f, "url");
	struct str id;

	if (m->n_media == BOX_MEDIA)
		return false;
	m->mime[m->n_media] = json_get_str(f, "mime");
	if (!m->mime[m->n_media].p)
		m->mime[m->n_media] = STR("application/octet-stream");
	if (url.p) {
		m->media[m->n_media++] = url;
		return true;
	}
	if ((!bytes.p && !data.p) || (data.p && base64_read(v->arena, data, &bytes) < 0))
		return false;
	id = box_id(v, 100 + m->n_media, BOX_HEX, 32);
	if (!box_media_put(v, id, m->mime[m->n_media], json_get_str(f, "name"), bytes))
		return false;
	m->media[m->n_media++] = id;
	return true;
}

/* What is there must be text: what is passed over is looked for long. */
static const char *no_text(const struct visit *v)
{
	static const char *const texts[] = { "account", "from",     "to",      "text",
					     "chat",    "reply_to", "channel", "after" };

	for (size_t i = 0; i < LEN(texts); i++) {
		const struct json *member = json_get(v->json, texts[i]);

		if (member && !json_is(member, JSON_STRING))
			return arena_fmt(v->arena, "\"%s\" must be a string", texts[i]).p;
	}
	return NULL;
}

/* The message that ${v->json} describes, and when it comes; or why it is none. */
static const char *read_inbound(struct visit *v, struct box_message *m, int64_t *after)
{
	static const char media[] =
		"\"media\" is an array of at most 16 objects with \"mime\" and \"text\", \"data\" (base64) or \"url\"";

	const struct json *j = v->json;

	m->from = json_get_str(j, "from");
	m->text = json_get_str(j, "text");
	m->chat = json_get_str(j, "chat");
	m->reply_to = json_get_str(j, "reply_to");
	m->channel = json_get_str(j, "channel");
	m->type = json_get(j, "media") ? STR("media") : STR("text");
	if (json_get_str(j, "to").p)
		m->to[m->n_to++] = json_get_str(j, "to");
	if (!m->from.n)
		return "\"from\" is missing: who writes";
	if (m->n_to == 0)
		return "\"to\" is missing: to whom, a number of ours";
	if (json_get_str(j, "after").p && clock_span(json_get_str(j, "after"), after) < 0)
		return "\"after\" is no time span (500ms, 2s, 5m, 1h)";
	if (json_get(j, "media") && !json_is(json_get(j, "media"), JSON_ARRAY))
		return media;
	for (struct json_iter it = json_iter(json_get(j, "media")); json_next(&it);)
		if (!add_media(v, m, it.value))
			return media;
	return NULL;
}

/* Whose number is written to: into ${v}; or why nobody is. */
static const char *read_whose(struct visit *v)
{
	struct str carrier = json_get_str(v->json, "carrier"),
		   account = json_get_str(v->json, "account");
	const struct stage_of *s = find_stage(v->box, carrier);

	if (!carrier.n)
		return "\"carrier\" is missing: over whom";
	if (!s)
		return arena_fmt(v->arena, "\"carrier\": there is no carrier \"%.*s\"", STR_FMT(carrier))
			.p;
	if (!s->player->arrive)
		return arena_fmt(v->arena, "\"carrier\": nobody writes over %s, which only pushes",
				 s->player->name)
			.p;
	if (s->n == 0)
		return arena_fmt(v->arena, "\"carrier\": the configuration has no account of %s",
				 s->player->name)
			.p;
	v->player = s->player;
	v->account = find_account(s, account);
	if (!v->account)
		return arena_fmt(v->arena, "\"account\": the configuration has no account \"%.*s\" of %s",
				 STR_FMT(account), s->player->name)
			.p;
	return v->account->hook.n ?
		       NULL :
		       "there are no callbacks: start omni-sandbox with --callback, which says where webhooks go";
}

static void inbound(struct box *b, struct call *c, struct reply *r)
{
	struct visit v = { .box = b, .req = c->req, .arena = c->arena, .now = clock_now() };
	struct box_message m = { .inbound = true, .parts = 1, .at = v.now };
	int64_t after = 0;
	const char *why;

	if (!box_json(&v)) {
		say_error(c, r, 400, "the body must be a JSON object");
		return;
	}
	why = no_text(&v);
	if (!why)
		why = read_whose(&v);
	if (why) {
		say_error(c, r, 400, why);
		return;
	}
	m.player = v.player;
	m.account = v.account;
	v.attempt = 1;
	v.roll = hash_64(c->req->body, scenario_seed(b->scenario) + ++b->order);
	m.roll = v.roll;
	why = read_inbound(&v, &m, &after);
	if (why) {
		say_error(c, r, 400, why);
		return;
	}
	v.player->arrive(&v, &m);
	hook_arrive(b, &m, after);
	json_open(&c->text, '{');
	json_add_str(&c->text, "external_id", m.id);
	json_close(&c->text, '}');
	buf_char(&c->text, '\n');
	say(c, r, 202, "application/json");
}

void admin_call(struct box *b, struct call *c, struct str path, struct reply *r)
{
	bool get = str_eq(c->req->method, STR("GET")), post = str_eq(c->req->method, STR("POST"));

	c->text.max = MIB(512);
	if (get && str_eq(path, STR("/_sandbox/messages")))
		list_messages(b, c, r);
	else if (get && (str_eq(path, STR("/_sandbox/counts")) || str_eq(path, STR("/health"))))
		say_counts(b, c, r);
	else if (post && str_eq(path, STR("/_sandbox/reset")))
		reset(b, c, r);
	else if (post && str_eq(path, STR("/_sandbox/inbound")))
		inbound(b, c, r);
	else
		say_error(c, r, 404,
			  "there is nothing here; the carriers are at /CARRIER/, the sandbox itself at GET /_sandbox/messages, GET /_sandbox/counts, POST /_sandbox/inbound and POST /_sandbox/reset");
}
