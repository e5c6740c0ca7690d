/* SPDX-License-Identifier: MIT */
/* Firebase Cloud Messaging as the sandbox plays it: the HTTP v1 API, and the token endpoint in front of it. */
#include "sandbox_push.h"

#include "cause.h"

enum { LIFE_S = 3600, SKEW_S = 60, PAYLOAD_MAX = 4096, TOPIC_MAX = 2048, TTL_MAX = 2419200 };

#define SCOPE "https://www.googleapis.com/auth/firebase.messaging"

static const char *const keys[] = { "service_account", NULL };

static const struct reason reasons[] = {
	{ CAUSE_PERMANENT, "UNREGISTERED", 404, "Requested entity was not found." },
	{ CAUSE_TEMP, "UNAVAILABLE", 503, "The service is currently unavailable." },
	{ CAUSE_THROTTLED, "QUOTA_EXCEEDED", 429, "Quota exceeded." },
	{ CAUSE_CREDENTIALS, "THIRD_PARTY_AUTH_ERROR", 401, "Auth error from APNS or Web Push Service" },
	{ CAUSE_OPTED_OUT, "UNREGISTERED", 404, "Requested entity was not found." },
	{ CAUSE_UNKNOWN, "INTERNAL", 500, "Internal error encountered." },
	{ CAUSE_PERMANENT, "SENDER_ID_MISMATCH", 403, "SenderId mismatch" },
	{ CAUSE_PERMANENT, "INVALID_ARGUMENT", 400,
	  "The registration token is not a valid FCM registration token" },
	{ NULL, NULL, 0, NULL },
};

/* ---- answers ---- */

/* google.rpc.Code, as it goes with ${status} of HTTP. */
static const char *rpc_of(int status)
{
	static const struct {
		int status;
		const char *rpc;
	} codes[] = { { 400, "INVALID_ARGUMENT" },   { 401, "UNAUTHENTICATED" },
		      { 403, "PERMISSION_DENIED" },  { 404, "NOT_FOUND" },
		      { 429, "RESOURCE_EXHAUSTED" }, { 503, "UNAVAILABLE" } };

	for (size_t i = 0; i < LEN(codes); i++)
		if (codes[i].status == status)
			return codes[i].rpc;
	return "INTERNAL";
}

static void open_error(struct visit *v, int status, const char *rpc, const char *text)
{
	box_fail(v, status);
	json_key(v->body, "error");
	json_open(v->body, '{');
	json_add_i64(v->body, "code", status);
	json_add_str(v->body, "message", str_c(text));
	json_add_str(v->body, "status", str_c(rpc));
}

static void close_error(struct visit *v)
{
	json_close(v->body, '}');
	json_close(v->body, '}');
}

static void open_details(struct visit *v, const char *type)
{
	json_key(v->body, "details");
	json_open(v->body, '[');
	json_open(v->body, '{');
	json_add_str(v->body, "@type", str_c(type));
}

static void close_details(struct visit *v)
{
	json_close(v->body, '}');
	json_close(v->body, ']');
}

static bool fail(struct visit *v, int status, const char *text)
{
	open_error(v, status, rpc_of(status), text);
	close_error(v);
	return false;
}

/* A member of the message that is wrong. */
static bool bad(struct visit *v, const char *field, const char *text)
{
	open_error(v, 400, rpc_of(400), text);
	open_details(v, "type.googleapis.com/google.rpc.BadRequest");
	json_key(v->body, "fieldViolations");
	json_open(v->body, '[');
	json_open(v->body, '{');
	json_add_str(v->body, "field", str_c(field));
	json_add_str(v->body, "description", str_c(text));
	json_close(v->body, '}');
	json_close(v->body, ']');
	close_details(v);
	close_error(v);
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	const struct reason *r = box_reason(reasons, why);

	if (!r)
		r = box_reason(reasons, &(struct refusal){ .class = CAUSE_UNKNOWN });
	open_error(v, why->status ? why->status : r->status, rpc_of(r->status), r->text);
	open_details(v, "type.googleapis.com/google.firebase.fcm.v1.FcmError");
	json_add_str(v->body, "errorCode", str_c(r->word));
	close_details(v);
	close_error(v);
}

/* ---- who calls ---- */

/* The file of the service account of ${a}. */
static const struct json *file_of(struct visit *v, const struct box_account *a)
{
	struct err e;

	return a->n_key[0] > 0 ? json_parse(a->key[0][0], v->arena, &e) : NULL;
}

static bool signed_by(const struct json *file, const struct box_token *t)
{
	struct err e;
	struct key *k = key_read(json_get_str(file, "private_key"), "private_key", &e);
	bool good = k && key_verify(k, t->signed_text, t->signature);

	key_free(k);
	return good;
}

/* The access token of the account that ends at ${end}, seconds: who has the file alone could make it. */
static struct str access_token(struct visit *v, const struct json *file, int64_t end)
{
	struct str text = arena_fmt(v->arena, "%lld", (long long)end),
		   key = json_get_str(file, "private_key");
	unsigned char digest[HASH_MAX];
	struct mac *mac = mac_new(HASH_SHA256, key);
	size_t n = mac_of(mac, &text, 1, digest);

	mac_free(mac);
	return arena_fmt(v->arena, "ya29.%.*s.%.*s", STR_FMT(text),
			 STR_FMT(base64url_of(v->arena, (struct str){ (char *)digest, n })));
}

static bool no_grant(struct visit *v, const char *why)
{
	v->status = 400;
	json_open(v->body, '{');
	json_add_str(v->body, "error", STR("invalid_grant"));
	json_add_str(v->body, "error_description", str_c(why));
	json_close(v->body, '}');
	return false;
}

static bool check_claims(struct visit *v, const struct json *file, const struct json *claims)
{
	int64_t iat = 0, end = 0, now = v->now / 1000;

	(void)json_i64(json_get(claims, "iat"), &iat);
	(void)json_i64(json_get(claims, "exp"), &end);
	if (!str_eq(json_get_str(claims, "aud"), json_get_str(file, "token_uri")))
		return no_grant(v, "Invalid JWT: aud");
	if (!str_eq(json_get_str(claims, "scope"), STR(SCOPE)))
		return no_grant(v, "Invalid OAuth scope");
	if (iat > now + SKEW_S || end < now - SKEW_S || end - iat > LIFE_S)
		return no_grant(v, "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.");
	return true;
}

static void token(struct visit *v)
{
	const struct json *file = NULL;
	const struct box_account *a;
	struct box_token t;
	bool form = box_form(v);

	v->kind = "token";
	if (!form ||
	    !str_eq(form_get(&v->form, "grant_type"), STR("urn:ietf:params:oauth:grant-type:jwt-bearer")) ||
	    !box_token(v, form_get(&v->form, "assertion"), &t) ||
	    !str_eq(json_get_str(t.head, "alg"), STR("RS256"))) {
		(void)no_grant(v, "Invalid JWT");
		return;
	}
	for (size_t i = 0; !v->account && (a = box_account(v, i)) != NULL; i++) {
		file = file_of(v, a);
		if (str_eq(json_get_str(file, "client_email"), json_get_str(t.claims, "iss")) &&
		    signed_by(file, &t))
			v->account = a;
	}
	if (!v->account) {
		(void)no_grant(v, "Invalid JWT Signature.");
		return;
	}
	if (!check_claims(v, file, t.claims))
		return;
	v->status = 200;
	json_open(v->body, '{');
	json_add_str(v->body, "access_token", access_token(v, file, v->now / 1000 + LIFE_S - 1));
	json_add_i64(v->body, "expires_in", LIFE_S - 1);
	json_add_str(v->body, "token_type", STR("Bearer"));
	json_close(v->body, '}');
}

/* Whose access token it is; {NULL} project: nobody's, or it has ended. */
static bool enter(struct visit *v, struct str *project)
{
	struct str text = box_authorization(v, "Bearer"), rest = str_sub(text, 5, text.n);
	const struct box_account *a;
	uint64_t end;

	if (text.n < 6 || str_u64(str_sub(rest, 0, str_find(rest, '.')), &end) < 0 ||
	    (int64_t)end <= v->now / 1000)
		return false;
	for (size_t i = 0; (a = box_account(v, i)) != NULL; i++) {
		const struct json *file = file_of(v, a);

		if (crypto_equal(access_token(v, file, (int64_t)end), text)) {
			v->account = a;
			*project = json_get_str(file, "project_id");
			return true;
		}
	}
	return false;
}

/* ---- a message ---- */

/* "3600s", "3.5s". */
static bool is_duration(struct str s)
{
	struct str n = str_sub(s, 0, s.n ? s.n - 1 : 0);
	size_t dot = str_find(n, '.');
	uint64_t seconds;

	return str_suffix(s, STR("s")) && str_u64(str_sub(n, 0, dot), &seconds) == 0 &&
	       seconds <= TTL_MAX && (dot == n.n || str_digits(str_sub(n, dot + 1, n.n)));
}

static bool check_data(struct visit *v, const struct json *data)
{
	for (struct json_iter it = json_iter(data); json_next(&it);) {
		if (!json_is(it.value, JSON_STRING))
			return bad(v, arena_fmt(v->arena, "message.data[%zu].value", it.i).p,
				   "Invalid value at 'message.data' (TYPE_STRING)");
		if (str_eq(it.key, STR("from")) || str_prefix(it.key, STR("gcm")) ||
		    str_prefix(it.key, STR("google")))
			return bad(v, "message.data", "Invalid data payload key");
	}
	return true;
}

static bool check(struct visit *v, const struct json *m, struct str *to)
{
	static const char *const targets[] = { "token", "topic", "condition", "fid" };
	const struct json *android = json_get(m, "android");
	struct str ttl = json_get_str(android, "ttl"), priority = json_get_str(android, "priority");
	size_t n = 0, most = json_get(m, "topic") ? TOPIC_MAX : PAYLOAD_MAX;

	if (!json_is(m, JSON_OBJECT))
		return bad(v, "message", "Message is required");
	for (size_t i = 0; i < LEN(targets); i++)
		if (json_get(m, targets[i])) {
			*to = json_get_str(m, targets[i]);
			n++;
		}
	if (n != 1 || !to->n)
		return bad(v, "message", "Exactly one of token, topic, condition or fid is required");
	if (!check_data(v, json_get(m, "data")))
		return false;
	if (ttl.p && !is_duration(ttl))
		return bad(v, "message.android.ttl", "Invalid ttl");
	if (priority.p && !str_eq_nocase(priority, STR("normal")) &&
	    !str_eq_nocase(priority, STR("high")))
		return bad(v, "message.android.priority", "Invalid priority");
	if (json_compact(v->arena, json_get(m, "data")).n +
		    json_compact(v->arena, json_get(m, "notification")).n >
	    most)
		return bad(v, "message", "Message is too big");
	return true;
}

static void send(struct visit *v)
{
	struct str project = STR_NONE, to = STR_NONE;
	struct box_message *m;

	if (!enter(v, &project)) {
		(void)fail(v, 401, "Request had invalid authentication credentials.");
		return;
	}
	if (!str_eq(project, box_seg(v, 2))) {
		(void)fail(v, 403, "Permission 'cloudmessaging.messages.create' denied on resource");
		return;
	}
	if (!box_json(v)) {
		(void)bad(v, "", "Invalid JSON payload received.");
		return;
	}
	if (!check(v, json_get(v->json, "message"), &to))
		return;
	m = box_push(v, to);
	m->text = json_get_str(json_get(json_get(v->json, "message"), "notification"), "body");
	m->id = arena_fmt(v->arena, "projects/%.*s/messages/0:%.*s", STR_FMT(project),
			  STR_FMT(box_id(v, 1, BOX_HEX, 32)));
	v->status = 200;
	json_open(v->body, '{');
	json_add_str(v->body, "name", m->id);
	json_close(v->body, '}');
}

static void call(struct visit *v)
{
	if (box_path(v, "token") && box_method(v, "POST"))
		token(v);
	else if (box_path(v, "v1/projects/{}/messages:send") && box_method(v, "POST"))
		send(v);
	else
		(void)fail(v, 404, "The requested URL was not found on this server.");
}

const struct player player_fcm = {
	.name = "fcm",
	.group = "push",
	.keys = keys,
	.call = call,
	.refuse = refuse,
};
