/* SPDX-License-Identifier: MIT */
/* Apple's push service as the sandbox plays it.  HTTP/2 and TLS are put in front of it. */
#include "sandbox_push.h"

#include "cause.h"
#include "id.h"

enum { FRESH_S = 3600, SKEW_S = 60, PAYLOAD_MAX = 4096, VOIP_MAX = 5120, COLLAPSE_MAX = 64 };

static const char *const keys[] = { "key", NULL };

static const struct reason reasons[] = {
	{ CAUSE_PERMANENT, "Unregistered", 410, NULL },
	{ CAUSE_TEMP, "ServiceUnavailable", 503, NULL },
	{ CAUSE_THROTTLED, "TooManyRequests", 429, NULL },
	{ CAUSE_CREDENTIALS, "InvalidProviderToken", 403, NULL },
	{ CAUSE_OPTED_OUT, "Unregistered", 410, NULL },
	{ CAUSE_UNKNOWN, "InternalServerError", 500, NULL },
	{ CAUSE_CREDENTIALS, "ExpiredProviderToken", 403, NULL },
	{ CAUSE_PERMANENT, "ExpiredToken", 410, NULL },
	{ CAUSE_PERMANENT, "BadDeviceToken", 400, NULL },
	{ CAUSE_PERMANENT, "DeviceTokenNotForTopic", 400, NULL },
	{ CAUSE_THROTTLED, "TooManyProviderTokenUpdates", 429, NULL },
	{ CAUSE_PERMANENT, "PayloadTooLarge", 413, NULL },
	{ CAUSE_TEMP, "Shutdown", 503, NULL },
	{ NULL, NULL, 0, NULL },
};

static void fail(struct visit *v, int status, const char *reason)
{
	box_fail(v, status);
	json_add_str(v->body, "reason", str_c(reason));
	if (status == 410)
		json_add_i64(v->body, "timestamp", v->now);
	json_close(v->body, '}');
}

static bool bad(struct visit *v, const char *reason)
{
	fail(v, 400, reason);
	return false;
}

static void refuse(struct visit *v, const struct refusal *why)
{
	const struct reason *r = box_reason(reasons, why);

	fail(v,
	     why->status ? why->status :
	     r           ? r->status :
			   400,
	     r ? r->word : arena_cstr(v->arena, why->word));
}

/* Who has a key signs a token; who has a certificate has shown it to what stands in front. */
static bool enter(struct visit *v)
{
	struct str text = box_authorization(v, "bearer");
	const struct box_account *a;
	struct box_token t;
	int64_t iat;

	for (size_t i = 0; !text.p && (a = box_account(v, i)) != NULL; i++)
		if (json_get(a->conf, "certificate"))
			v->account = a;
	if (v->account)
		return true;
	if (!text.p) {
		fail(v, 403, "MissingProviderToken");
		return false;
	}
	if (!box_token(v, text, &t) || !str_eq(json_get_str(t.head, "alg"), STR("ES256"))) {
		fail(v, 403, "InvalidProviderToken");
		return false;
	}
	for (size_t i = 0; !v->account && (a = box_account(v, i)) != NULL; i++)
		if (str_eq(json_get_str(a->conf, "key_id"), json_get_str(t.head, "kid")) &&
		    str_eq(json_get_str(a->conf, "team_id"), json_get_str(t.claims, "iss")) &&
		    box_token_by(a, &t))
			v->account = a;
	if (!v->account || json_i64(json_get(t.claims, "iat"), &iat) < 0 || iat > v->now / 1000 + SKEW_S) {
		fail(v, 403, "InvalidProviderToken");
		return false;
	}
	if (iat < v->now / 1000 - FRESH_S) {
		fail(v, 403, "ExpiredProviderToken");
		return false;
	}
	return true;
}

/* True if ${s} names a device. */
static bool is_token(struct str s)
{
	return s.n >= 64 && s.n % 2 == 0 && box_made_of(s, "0123456789abcdefABCDEF");
}

static bool check_kind(struct visit *v, struct str type)
{
	static const char *const types[] = { "alert",        "background",   "voip",
					     "complication", "fileprovider", "location",
					     "liveactivity", "pushtotalk",   "mdm",
					     "widgets",      "controls" };
	struct str topic = http_header(v->req, "apns-topic"),
		   own = json_get_str(v->account->conf, "topic");
	struct str priority = http_header(v->req, "apns-priority");
	size_t i = 0;

	while (i < LEN(types) && !str_eq(type, str_c(types[i])))
		i++;
	if (type.n && i == LEN(types))
		return bad(v, "InvalidPushType");
	if (!topic.n && !json_get(v->account->conf, "certificate"))
		return bad(v, "MissingTopic");
	if (topic.n && own.n && !str_prefix(topic, own))
		return bad(v, "DeviceTokenNotForTopic");
	if (str_eq(type, STR("voip")) && !str_suffix(topic, STR(".voip")))
		return bad(v, "BadTopic");
	if (priority.p && !str_eq(priority, STR("10")) && !str_eq(priority, STR("5")) &&
	    !str_eq(priority, STR("1")))
		return bad(v, "BadPriority");
	if (str_eq(type, STR("background")) && str_eq(priority, STR("10")))
		return bad(v, "BadPriority");
	return true;
}

static bool check(struct visit *v, struct str type)
{
	struct str expires = http_header(v->req, "apns-expiration"), id = http_header(v->req, "apns-id");
	size_t most = str_eq(type, STR("voip")) ? VOIP_MAX : PAYLOAD_MAX;

	if (!check_kind(v, type))
		return false;
	if (expires.p && !str_digits(expires))
		return bad(v, "BadExpirationDate");
	if (id.p && !id_valid(id))
		return bad(v, "BadMessageId");
	if (http_header(v->req, "apns-collapse-id").n > COLLAPSE_MAX)
		return bad(v, "BadCollapseId");
	if (!is_token(box_seg(v, 2)))
		return bad(v, "BadDeviceToken");
	if (v->req->body.n > most) {
		fail(v, 413, "PayloadTooLarge");
		return false;
	}
	if (!box_json(v) || !json_is(json_get(v->json, "aps"), JSON_OBJECT))
		return bad(v, "PayloadEmpty");
	return true;
}

static void call(struct visit *v)
{
	struct str type = http_header(v->req, "apns-push-type");
	struct box_message *m;

	if (!box_path(v, "3/device/{}")) {
		fail(v, 404, "BadPath");
		return;
	}
	if (!box_method(v, "POST")) {
		fail(v, 405, "MethodNotAllowed");
		return;
	}
	if (!enter(v) || !check(v, type))
		return;
	m = box_push(v, box_seg(v, 2));
	m->from = http_header(v->req, "apns-topic");
	m->id = http_header(v->req, "apns-id");
	if (!m->id.n)
		m->id = box_uuid(v, 1);
	v->status = 200;
	v->header = "apns-id";
	v->value = arena_cstr(v->arena, m->id);
}

const struct player player_apns = {
	.name = "apns",
	.group = "push",
	.id_key = "topic",
	.keys = keys,
	.call = call,
	.refuse = refuse,
};
