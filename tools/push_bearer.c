/* SPDX-License-Identifier: MIT */
#include "push_bearer.h"

#include "jwt.h"

enum {
	APNS_FRESH_MS = 40 * 60000,
	APNS_SOONEST_MS = 20 * 60000,
	FCM_EARLY_MS = 5 * 60000,
	FCM_LAST_MS = 30000, /* a request on its way is still in time */
	TOKEN_MAX = 8192,
};

struct str push_bearer_apns(struct push_account *a, int64_t now)
{
	struct str claims, token;

	if (!a->key)
		return STR_NONE;
	if (a->bearer.p && now >= a->made && now - a->made < APNS_FRESH_MS)
		return a->bearer;
	arena_reset(a->arena);
	claims = arena_fmt(a->arena, "{\"iss\":\"%.*s\",\"iat\":%lld}", STR_FMT(a->team_id),
			   (long long)(now / 1000));
	token = jwt_sign(a->arena, a->key, a->key_id, claims);
	a->bearer = arena_join(a->arena, STR("bearer "), token);
	a->made = now;
	return a->bearer;
}

bool push_bearer_renew(struct push_account *a, int64_t now)
{
	if (a->platform == PUSH_APNS && now - a->made < APNS_SOONEST_MS && now >= a->made)
		return false;
	a->bearer = STR_NONE;
	return true;
}

struct str push_bearer_ask(struct push_account *a, int64_t now, struct arena *arena)
{
	struct buf claims = { .max = SIZE_MAX };
	struct str token;

	json_open(&claims, '{');
	json_add_str(&claims, "iss", a->client_email);
	json_add_str(&claims, "scope", STR("https://www.googleapis.com/auth/firebase.messaging"));
	json_add_str(&claims, "aud", a->token_uri);
	json_add_i64(&claims, "iat", now / 1000);
	json_add_i64(&claims, "exp", now / 1000 + 3600);
	json_close(&claims, '}');
	token = jwt_sign(arena, a->key, a->key_name, buf_get(&claims));
	buf_free(&claims);
	return arena_join(arena,
			  STR("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="),
			  token);
}

/* What can stand in a header. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= TOKEN_MAX;
}

int push_bearer_got(struct push_account *a, const struct response *r, int64_t now, struct err *e)
{
	struct arena *arena = arena_new();
	struct err why;
	const struct json *body = r->body.n > 0 ? json_parse(r->body, arena, &why) : NULL;
	struct str token = json_get_str(body, "access_token"), error = json_get_str(body, "error");
	int64_t seconds;
	int rc = -1;

	if (json_i64_text(json_get(body, "expires_in"), &seconds) < 0 || seconds < 60 || seconds > 86400)
		seconds = 3600;
	if (r->status == 200 && plain(token)) {
		arena_reset(a->arena);
		a->bearer = arena_join(a->arena, STR("Bearer "), token);
		a->made = now;
		a->ends = now + seconds * 1000;
		rc = 0;
	} else if (r->status >= 400 && r->status < 500 && r->status != 429) {
		err_set(e, FAULT_CONFIG, "credentials", "no access token for %.*s: %.*s (HTTP %d)",
			STR_FMT(a->client_email), STR_FMT(str_utf8_cut(error, 80)), r->status);
		if (str_eq(error, STR("invalid_grant")))
			err_hint(e, "the key was deleted, or the clock of this machine is wrong");
	} else {
		err_set(e, FAULT_TEMP, "unavailable", "no access token now: HTTP %d", r->status);
	}
	arena_free(arena);
	return rc;
}

bool push_bearer_good(const struct push_account *a, int64_t now)
{
	return a->bearer.p && now >= a->made - FCM_EARLY_MS && now < a->ends - FCM_LAST_MS;
}

bool push_bearer_old(const struct push_account *a, int64_t now)
{
	return !a->bearer.p || now >= a->ends - FCM_EARLY_MS;
}
