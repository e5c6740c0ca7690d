/* SPDX-License-Identifier: MIT */
/* Inteliquent as the sandbox plays it: the message broker. */
#include "sandbox.h"

#include <time.h>

#include "cause.h"

enum { API, HOOK, HEADER_VALUE, URL_TOKEN };

enum { TO_MAX = 32, TEXT_MAX = 1600 };

static const char *const keys[] = { "api_key", "webhook_key", "header_value", "url_token", NULL };

static const struct trouble troubles[] = {
	{ CAUSE_PERMANENT, 1, 400, "invalid destination number" },
	{ CAUSE_TEMP, 2, 503, "unable to complete the request at the moment" },
	{ CAUSE_THROTTLED, 3, 429, "rate limit exceeded" },
	{ CAUSE_CREDENTIALS, 4, 401, "Invalid credentials" },
	{ CAUSE_OPTED_OUT, 257, 400, "recipient has opted out" },
	{ CAUSE_UNKNOWN, 5, 500, "internal error" },
	{ NULL, 0, 0, NULL },
};

/* ---- answers ---- */

static bool fail(struct visit *v, int status, const char *reason, const char *detail)
{
	box_fail(v, status);
	json_add_bool(v->body, "success", false);
	json_add_str(v->body, "reason", str_c(reason));
	json_add_str(v->body, "detail", str_c(detail));
	json_close(v->body, '}');
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(troubles, why);

	(void)fail(v, t.status, "FAILURE", t.text);
}

static bool enter(struct visit *v)
{
	v->account = box_who(v, API, box_authorization(v, "Bearer"));
	if (v->account)
		return true;
	v->status = 401;
	buf_lit(v->body,
		"{\"message\":\"The API key is not valid\",\"status\":\"Invalid credentials\",\"statusCode\":\"401001\"}");
	return false;
}

/* ---- a message ---- */

/* "12025550123": eleven digits, or a short code. */
static bool is_number(struct str s)
{
	return str_digits(s) && ((s.n == 11 && s.p[0] == '1') || (s.n >= 3 && s.n <= 8));
}

static bool check_to(struct visit *v, struct box_message *m)
{
	const struct json *to = json_get(v->json, "to");
	struct json_iter it = json_iter(to);

	if (!json_is(to, JSON_ARRAY) || json_len(to) == 0 || json_len(to) > TO_MAX)
		return fail(v, 400, "INVALID_REQUEST", "to must be an array of numbers");
	while (json_next(&it)) {
		if (!is_number(json_str(it.value)))
			return fail(v, 400, "INVALID_REQUEST", "invalid to: 11 digits are expected");
		m->to[m->n_to++] = json_str(it.value);
	}
	return true;
}

static bool check_media(struct visit *v, struct box_message *m)
{
	const struct json *media = json_get(v->json, "mediaUrls");
	struct json_iter it = json_iter(media);

	if (media && !json_is(media, JSON_ARRAY))
		return fail(v, 400, "INVALID_REQUEST", "mediaUrls must be an array");
	while (json_next(&it)) {
		if (!box_url(json_str(it.value)) || m->n_media == BOX_MEDIA)
			return fail(v, 400, "INVALID_REQUEST", "mediaUrls: invalid URL");
		m->media[m->n_media++] = json_str(it.value);
	}
	return true;
}

static bool check(struct visit *v, struct box_message *m)
{
	m->from = json_get_str(v->json, "from");
	m->text = json_get_str(v->json, "text");
	m->tag = json_get_str(v->json, "referenceId");
	if (!is_number(m->from))
		return fail(v, 400, "INVALID_REQUEST", "invalid from: 11 digits are expected");
	if (!check_to(v, m) || !check_media(v, m))
		return false;
	if (!m->text.n && m->n_media == 0)
		return fail(v, 400, "INVALID_REQUEST", "text is required");
	if (box_units(m->text) > TEXT_MAX)
		return fail(v, 400, "INVALID_REQUEST", "text is too long");
	return true;
}

static void say_taken(struct visit *v, const struct box_message *m)
{
	struct buf *b = v->body;

	v->status = 200;
	json_open(b, '{');
	json_add_bool(b, "success", true);
	json_add_str(b, "reason", STR("SUCCESS"));
	json_add_str(b, "detail", STR("SUCCESS"));
	json_key(b, "result");
	json_open(b, '{');
	json_add_str(b, "referenceId", m->id);
	json_add_str(b, "from", m->from);
	json_add_str(b, "text", m->text.p ? m->text : STR(""));
	json_add_strs(b, "mediaUrls", m->media, m->n_media);
	json_add_str(b, "messageType", m->n_media > 0 ? STR("MMS") : STR("SMS"));
	json_key(b, "resultResponses");
	json_open(b, '[');
	for (unsigned i = 0; i < m->n_to; i++) {
		json_open(b, '{');
		json_add_str(b, "to", m->to[i]);
		json_add_str(b, "status", STR("SUCCESS"));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, '}');
}

static void misshapen(struct visit *v, struct str member, struct str text)
{
	(void)fail(v, 400, "INVALID_REQUEST",
		   arena_fmt(v->arena, "%.*s: %.*s", STR_FMT(member), STR_FMT(text)).p);
}

static void publish(struct visit *v)
{
	struct box_message *m;

	if (!box_json(v)) {
		(void)fail(v, 400, "INVALID_REQUEST", "the body is not JSON");
		return;
	}
	v->model = "inteliquent/send";
	m = box_take(v, "text");
	if (!check(v, m))
		return;
	if (m->n_media > 0)
		m->type = STR("media");
	m->channel = m->n_media > 0 || m->n_to > 1 ? STR("mms") : STR("sms");
	m->id = box_uuid(v, 1);
	say_taken(v, m);
}

static void call(struct visit *v)
{
	if (box_path(v, "_media/{}")) {
		box_media_hand(v, box_seg(v, 1));
		return;
	}
	if (!enter(v))
		return;
	if (box_path(v, "msgbroker/rest/publishMessages") || box_path(v, "publishMessages")) {
		if (box_method(v, "POST"))
			publish(v);
		else
			(void)fail(v, 405, "INVALID_REQUEST", "the method is not allowed");
	} else {
		(void)fail(v, 404, "INVALID_REQUEST", "no such resource");
	}
}

/* ---- callbacks ---- */

/* messageID, and what proves it: SHA-256 over key and id, or HMAC where the account says so. */
static void prove(struct callback *c, struct str id)
{
	struct str key = box_key(c->account, c->account->n_key[HOOK] > 0 ? HOOK : API);
	bool hmac = str_eq(json_get_str(c->account->conf, "sig_mode"), STR("hmac"));
	struct str how = json_get_str(c->account->conf, "auth"), parts[2] = { key, id };
	struct str name = json_get_str(c->account->conf, "header_name");
	unsigned char digest[HASH_MAX];
	size_t n = hash_size(HASH_SHA256);

	box_header(c, "Content-Type", STR("application/json"));
	if (name.n)
		box_header(c, arena_cstr(c->arena, name), box_key(c->account, HEADER_VALUE));
	if (c->account->n_key[URL_TOKEN] > 0)
		c->url = arena_fmt(c->arena, "%.*s?token=%.*s", STR_FMT(c->url),
				   STR_FMT(box_key(c->account, URL_TOKEN)));
	if (how.n && !str_eq(how, STR("key")))
		return;
	if (hmac) {
		struct mac *mac = mac_new(HASH_SHA256, key);

		n = mac_of(mac, &id, 1, digest);
		mac_free(mac);
	} else {
		hash_of(HASH_SHA256, parts, 2, digest);
	}
	box_header(c, "messageID", id);
	box_header(c, "verificationToken", hex_of(c->arena, (struct str){ (char *)digest, n }));
}

/* A random token for each request. */
static struct str token_of(struct callback *c)
{
	unsigned char bytes[16];

	crypto_random(bytes, sizeof(bytes));
	return hex_of(c->arena, (struct str){ (char *)bytes, sizeof(bytes) });
}

static struct str short_time(struct callback *c, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	return arena_fmt(c->arena, "%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1,
			 tm.tm_mday, tm.tm_hour, tm.tm_min);
}

static bool receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	static const char *const words[][2] = {
		{ "delivered", "DELIVRD" },   { "sent", "ACCEPTD" },    { "sending", "ENROUTE" },
		{ "queued", "ENROUTE" },      { "expired", "EXPIRED" }, { "failed", "REJECTD" },
		{ "undelivered", "UNDELIV" }, { "canceled", "DELETED" }
	};
	bool good = str_eq(r->status, STR("delivered"));
	struct str submit = short_time(c, m->at), done = short_time(c, r->at);
	struct buf *b = &c->body;
	size_t i = 0;
	int64_t code = 0;

	while (i < LEN(words) && !str_eq(r->status, str_c(words[i][0])))
		i++;
	if (i == LEN(words))
		return false;
	if (i >= 4)
		code = r->code ? r->code : 1;
	json_open(b, '{');
	json_add_str(b, "referenceId", m->id);
	json_add_str(b, "from", m->to[r->to]);
	json_add_strs(b, "to", &m->from, 1);
	json_add_str(b, "text",
		     arena_fmt(c->arena, "id:%.*s sub:001 dlvrd:%s submit date:%.*s done date:%.*s stat:%s err:%03lld text:%.*s",
			       STR_FMT(str_sub(m->id, 0, 8)), good ? "001" : "000", STR_FMT(submit),
			       STR_FMT(done), words[i][1], (long long)code,
			       STR_FMT(str_utf8_cut(m->text, 20))));
	json_add_bool(b, "deliveryReceipt", true);
	json_close(b, '}');
	prove(c, token_of(c));
	return true;
}

static bool inbound(struct callback *c, const struct box_message *m)
{
	struct buf *b = &c->body;

	json_open(b, '{');
	json_add_str(b, "referenceId", m->id);
	json_add_str(b, "from", m->from);
	json_add_strs(b, "to", m->to, 1);
	json_add_str(b, "text", m->text.p ? m->text : STR(""));
	json_add_bool(b, "deliveryReceipt", false);
	json_key(b, "mediaUrls");
	json_open(b, '[');
	for (unsigned i = 0; i < m->n_media; i++)
		json_put_str(b, box_media_url(c, m->media[i], STR("/_media/")));
	json_close(b, ']');
	json_close(b, '}');
	prove(c, token_of(c));
	return true;
}

/* The carrier writes numbers without "+". */
static void arrive(struct visit *v, struct box_message *m)
{
	m->id = box_id(v, 2, BOX_BASE36, 12);
	m->from = box_plain(m->from);
	m->to[0] = box_plain(m->to[0]);
	m->channel = m->n_media > 0 ? STR("mms") : STR("sms");
}

static const char *const course[] = { "delivered", NULL };
static const int64_t again[] = { 0 }; /* nothing is known of any */

const struct player player_inteliquent = {
	.name = "inteliquent",
	.keys = keys,
	.call = call,
	.refuse = refuse,
	.misshapen = misshapen,
	.receipt = receipt,
	.inbound = inbound,
	.arrive = arrive,
	.course = course,
	.again = again,
};
