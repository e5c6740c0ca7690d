/* SPDX-License-Identifier: MIT */
/*
 * A push service for browsers as the sandbox plays it (RFC 8030, 8188, 8292): any path is a subscription.  What is
 * in the body it can not read, as no service can; the record has it.
 */
#include "sandbox_push.h"

#include "cause.h"
#include "url.h"

enum { BODY_MAX = 4096, HEAD = 86, TOPIC_MAX = 32, DAY_S = 86400, SKEW_S = 60 };

static const char *const keys[] = { "vapid_private_key", NULL };

static const struct trouble troubles[] = {
	{ CAUSE_PERMANENT, 106, 410, "No such subscription" },
	{ CAUSE_TEMP, 202, 503, "Service temporarily unavailable" },
	{ CAUSE_THROTTLED, 201, 429, "Too many requests" },
	{ CAUSE_CREDENTIALS, 109, 401, "Invalid authentication" },
	{ CAUSE_OPTED_OUT, 103, 410, "Expired URL endpoint" },
	{ CAUSE_UNKNOWN, 999, 500, "Unknown error" },
	{ CAUSE_PERMANENT, 102, 404, "Invalid URL endpoint" },
	{ NULL, 0, 0, NULL },
};

static bool fail(struct visit *v, int status, int64_t number, const char *text)
{
	box_fail(v, status);
	json_add_i64(v->body, "code", status);
	json_add_i64(v->body, "errno", number);
	json_add_str(v->body, "error", str_c(text));
	json_add_str(v->body, "message", str_c(text));
	json_close(v->body, '}');
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	struct trouble t = box_trouble(troubles, why);

	(void)fail(v, t.status, t.code, t.text);
}

/* ---- who calls ---- */

/* The value of ${name} in "vapid t=…, k=…". */
static struct str parameter(struct str s, char name)
{
	while (s.n > 0) {
		size_t comma = str_find(s, ',');
		struct str one = str_trim(str_sub(s, 0, comma));

		if (one.n > 2 && one.p[0] == name && one.p[1] == '=')
			return str_sub(one, 2, one.n);
		s = str_sub(s, comma + 1, s.n);
	}
	return STR_NONE;
}

/* True if ${aud} is the origin at which we were called. */
static bool is_origin(const struct visit *v, struct str aud)
{
	struct str host = http_header(v->req, "host");
	struct url url;

	if (url_split(aud, &url) < 0 || url.path.n > 0 || url.query.p || url.userinfo.p)
		return false;
	return str_suffix(aud, host) && aud.n == url.scheme.n + 3 + host.n;
}

static bool enter(struct visit *v)
{
	struct str value = box_authorization(v, "vapid"), point;
	struct box_token t;
	int64_t end;

	if (!value.p)
		return fail(v, 401, 109, "Missing authentication: vapid");
	if (base64_read(v->arena, parameter(value, 'k'), &point) < 0 || point.n != KEY_PUBLIC ||
	    !box_token(v, parameter(value, 't'), &t))
		return fail(v, 401, 109, "Malformed authentication");
	if (!str_eq(json_get_str(t.head, "alg"), STR("ES256")) ||
	    !key_verify_point((const unsigned char *)point.p, t.signed_text, t.signature))
		return fail(v, 403, 109, "Invalid signature");
	if (!is_origin(v, json_get_str(t.claims, "aud")))
		return fail(v, 403, 109, "Invalid aud");
	if (json_i64(json_get(t.claims, "exp"), &end) < 0 || end < v->now / 1000 ||
	    end > v->now / 1000 + DAY_S + SKEW_S)
		return fail(v, 403, 109, "Invalid exp");
	if (!str_prefix(json_get_str(t.claims, "sub"), STR("mailto:")) &&
	    !str_prefix(json_get_str(t.claims, "sub"), STR("https:")))
		return fail(v, 403, 109, "Invalid sub");
	v->account = box_account(v, 0);
	return true;
}

/* ---- a notification ---- */

static bool is_topic(struct str s)
{
	return s.n <= TOPIC_MAX &&
	       box_made_of(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

/* The head of RFC 8188: salt, size of a record, and the key of the sender. */
static bool check_body(struct visit *v)
{
	const unsigned char *p = (const unsigned char *)v->req->body.p;
	size_t n = v->req->body.n, size;

	if (n == 0)
		return true;
	if (!str_eq(http_header(v->req, "content-encoding"), STR("aes128gcm")))
		return fail(v, 400, 110, "Invalid crypto keys or content encoding");
	if (n > BODY_MAX)
		return fail(v, 413, 104, "Data payload too large");
	if (n < HEAD + 17 || p[20] != KEY_PUBLIC || p[21] != 4)
		return fail(v, 400, 101, "Missing necessary crypto keys");
	size = (size_t)p[16] << 24 | (size_t)p[17] << 16 | (size_t)p[18] << 8 | p[19];
	if (size < 18 || size < n - HEAD)
		return fail(v, 400, 101, "Invalid record size");
	return true;
}

static bool check(struct visit *v)
{
	struct str ttl = http_header(v->req, "ttl"), urgency = http_header(v->req, "urgency");

	if (!ttl.p)
		return fail(v, 400, 111, "Missing TTL header");
	if (!str_digits(ttl))
		return fail(v, 400, 112, "Invalid TTL header value");
	if (!is_topic(http_header(v->req, "topic")))
		return fail(v, 400, 113, "Invalid Topic header value");
	if (urgency.p && !str_eq(urgency, STR("very-low")) && !str_eq(urgency, STR("low")) &&
	    !str_eq(urgency, STR("normal")) && !str_eq(urgency, STR("high")))
		return fail(v, 400, 0, "Invalid Urgency header value");
	return check_body(v);
}

static void call(struct visit *v)
{
	struct box_message *m;

	if (v->n_seg == 0) {
		(void)fail(v, 404, 102, "Invalid URL endpoint");
		return;
	}
	if (!box_method(v, "POST")) {
		(void)fail(v, 405, 0, "Method not allowed");
		return;
	}
	if (!enter(v) || !check(v))
		return;
	m = box_push(v, v->path);
	m->id = box_uuid(v, 1);
	v->status = 201;
	v->header = "Location";
	v->value =
		arena_fmt(v->arena, "%.*s/_message/%.*s", STR_FMT(v->account->api), STR_FMT(m->id)).p;
}

const struct player player_webpush = {
	.name = "webpush",
	.group = "push",
	.anybody = true,
	.keys = keys,
	.call = call,
	.refuse = refuse,
};
