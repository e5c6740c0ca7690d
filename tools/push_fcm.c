/* SPDX-License-Identifier: MIT */
#include "push_gateway.h"

enum { FCM_MAX = 4096, FCM_TOPIC_MAX = 2048, FCM_DEPTH = 32 };

/* By enum push_target. */
static const char *const targets[] = { "token", "topic", "condition" };

/* ---- what is sent ---- */

static bool reserved(struct str key)
{
	return str_eq(key, STR("from")) || str_eq(key, STR("gcm")) || str_prefix(key, STR("google"));
}

/* Values must be strings: what is none is its JSON. */
static int data(struct buf *b, const struct push_note *n, struct err *e)
{
	struct buf text = { .max = SIZE_MAX };

	if (json_len(n->data) == 0 && !n->link.p)
		return 0;
	json_key(b, "data");
	json_open(b, '{');
	if (!json_get(n->data, "link"))
		json_opt_str(b, "link", n->link);
	for (struct json_iter it = json_iter(n->data); json_next(&it);) {
		if (reserved(it.key)) {
			buf_free(&text);
			return err_set(e, FAULT_DATA, "push-malformed",
				       "data: Google keeps the key \"%.*s\" for itself",
				       STR_FMT(str_sub(it.key, 0, 64)));
		}
		buf_reset(&text);
		if (!json_is(it.value, JSON_STRING) && !json_is(it.value, JSON_NULL))
			json_put_value(&text, it.value);
		json_key_str(b, it.key);
		json_put_str(b, json_is(it.value, JSON_STRING) ? json_str(it.value) : buf_get(&text));
	}
	json_close(b, '}');
	buf_free(&text);
	return 0;
}

static void android(struct buf *b, const struct push_note *n)
{
	json_key(b, "android");
	json_open(b, '{');
	json_opt_str(b, "collapse_key", n->collapse);
	if (n->priority != PUSH_PRIORITY_NONE)
		json_add_str(b, "priority", n->priority == PUSH_HIGH ? STR("high") : STR("normal"));
	if (n->ttl >= 0) {
		json_key(b, "ttl");
		buf_fmt(b, "\"%llds\"", (long long)n->ttl);
	}
	if (n->sound.p || n->badge >= 0) {
		json_key(b, "notification");
		json_open(b, '{');
		json_opt_str(b, "sound", n->sound);
		if (n->badge >= 0)
			json_add_i64(b, "notification_count", n->badge);
		json_close(b, '}');
	}
	json_close(b, '}');
}

/* A token of Google may be that of an iPhone. */
static void iphone(struct buf *b, const struct push_note *n)
{
	if (!n->sound.p && n->badge < 0 && !n->image.p)
		return;
	json_key(b, "apns");
	json_open(b, '{');
	json_key(b, "payload");
	json_open(b, '{');
	json_key(b, "aps");
	json_open(b, '{');
	if (n->badge >= 0)
		json_add_i64(b, "badge", n->badge);
	json_opt_str(b, "sound", n->sound);
	if (n->image.p)
		json_add_i64(b, "mutable-content", 1);
	json_close(b, '}');
	json_close(b, '}');
	if (n->image.p) {
		json_key(b, "fcm_options");
		json_open(b, '{');
		json_add_str(b, "image", n->image);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static int message(struct buf *b, const struct push_note *n, const struct push_device *d,
		   struct str body, struct err *e)
{
	json_add_str(b, targets[d->target],
		     d->target == PUSH_TOPIC ? str_sub(d->token, strlen("/topics/"), d->token.n) :
					       d->token);
	if (n->title.p || body.p || n->image.p) {
		json_key(b, "notification");
		json_open(b, '{');
		json_opt_str(b, "title", n->title);
		json_opt_str(b, "body", body);
		json_opt_str(b, "image", n->image);
		json_close(b, '}');
	}
	if (data(b, n, e) < 0)
		return -1;
	if (n->collapse.n > 0 || n->priority != PUSH_PRIORITY_NONE || n->ttl >= 0 || n->sound.p ||
	    n->badge >= 0)
		android(b, n);
	iphone(b, n);
	return 0;
}

static int render(struct buf *b, const struct push_note *n, const struct push_device *d,
		  struct str body, struct err *e)
{
	json_open(b, '{');
	if (message(b, n, d, body, e) < 0)
		return -1;
	json_close(b, '}');
	return 0;
}

/* Keys and values. */
static size_t weight(const struct json *v, unsigned depth)
{
	size_t n = json_text(v).n;

	if (json_is(v, JSON_BOOL))
		return 5;
	for (struct json_iter it = json_iter(v); depth > 0 && json_next(&it);)
		n += it.key.n + weight(it.value, depth - 1);
	return n;
}

/* Of the message, without what it goes to. */
static size_t size(struct str payload, struct arena *arena)
{
	struct err e;
	const struct json *v = json_parse(payload, arena, &e);
	size_t n = weight(v, FCM_DEPTH);

	for (size_t i = 0; i < LEN(targets); i++)
		if (json_get(v, targets[i]))
			n -= json_get_str(v, targets[i]).n + strlen(targets[i]);
	return n;
}

static size_t most(const struct push_note *n, const struct push_device *d)
{
	(void)n;
	return d->target == PUSH_TOKEN ? FCM_MAX : FCM_TOPIC_MAX;
}

static int request(struct push_post *x, const struct push_note *n, const struct push_device *d,
		   struct push_account *a, int64_t now, struct arena *arena, struct err *e)
{
	static const char *const none[] = { NULL };
	struct str base = a->base_url.p ? a->base_url : STR("https://fcm.googleapis.com");

	(void)now;
	/* What is told of a device, and remembered, must be true of it. */
	for (size_t i = 0; i < LEN(targets); i++)
		if (json_get(n->over[PUSH_FCM], targets[i]))
			return err_set(e, FAULT_DATA, "push-malformed",
				       "platform.fcm: \"%s\" is not taken: `devices` say where it goes",
				       targets[i]);
	x->url = arena_fmt(arena, "%.*s/v1/projects/%.*s/messages:send", STR_FMT(base),
			   STR_FMT(a->project));
	x->body = arena_join(arena, STR("{\"message\":"), arena_join(arena, x->payload, STR("}")));
	x->idempotent = n->collapse.n > 0; /* the second takes the place of the first */
	push_header(x, "content-type", STR("application/json"));
	return push_header_overrides(x, n, d, none, arena, e);
}

/* ---- what comes back ---- */

static const struct {
	const char *code;
	enum push_verdict verdict;
	bool doubtful;
} codes[] = {
	{ "UNREGISTERED", PUSH_GONE, false },
	{ "SENDER_ID_MISMATCH", PUSH_GONE, true }, /* the token is another project's, or the project is the wrong one */
	{ "QUOTA_EXCEEDED", PUSH_LIMITED, false },
	{ "UNAVAILABLE", PUSH_RETRY, false },
	{ "INTERNAL", PUSH_RETRY, false },
	{ "THIRD_PARTY_AUTH_ERROR", PUSH_CREDENTIALS, false },
	{ "APNS_AUTH_ERROR", PUSH_CREDENTIALS, false },
};

/* True if the error is about the token: of the field, or in words. */
static bool about_token(const struct json *error)
{
	struct str text = json_get_str(error, "message");

	for (struct json_iter it = json_iter(json_get(error, "details")); json_next(&it);)
		for (struct json_iter f = json_iter(json_get(it.value, "fieldViolations"));
		     json_next(&f);)
			if (str_eq(json_get_str(f.value, "field"), STR("message.token")))
				return true;
	return str_search(text, STR("registration token is not a valid")) < text.n;
}

static struct str code_of(const struct json *error)
{
	for (struct json_iter it = json_iter(json_get(error, "details")); json_next(&it);)
		if (str_suffix(json_get_str(it.value, "@type"), STR("FcmError")))
			return json_get_str(it.value, "errorCode");
	return STR_NONE;
}

static void by_status(int status, struct push_judgement *j)
{
	if (status == 401 || status == 403 || status == 404) /* 404: there is no such project */
		j->verdict = PUSH_CREDENTIALS;
	else if (status == 429)
		j->verdict = PUSH_LIMITED;
	else if (status >= 500)
		j->verdict = PUSH_RETRY;
}

static void judge(const struct response *r, int64_t now, struct arena *arena, struct push_judgement *j)
{
	const struct json *body = push_answer_json(r, arena), *error = json_get(body, "error");
	struct str code = code_of(error);

	if (r->status == 200) {
		j->verdict = PUSH_SENT;
		j->external_id = json_get_str(body, "name");
		return;
	}
	j->code = code.p ? code : json_get_str(error, "status");
	j->text = json_get_str(error, "message");
	j->retry_at = push_retry_at(r, now);
	by_status(r->status, j);
	for (size_t i = 0; i < LEN(codes); i++)
		if (str_eq(code, str_c(codes[i].code))) {
			j->verdict = codes[i].verdict;
			j->doubtful = codes[i].doubtful;
		}
	if (r->status == 400 && j->verdict == PUSH_PERMANENT && about_token(error))
		j->verdict = PUSH_GONE;
	j->renew = r->status == 401 && j->verdict == PUSH_CREDENTIALS &&
		   !str_suffix(code, STR("AUTH_ERROR"));
	j->whole = true;
	if (j->verdict == PUSH_LIMITED && j->retry_at < 0)
		j->retry_at = now + 60000; /* the quota is one of a minute */
}

const struct push_gateway push_fcm = { render, size, most, request, judge };
