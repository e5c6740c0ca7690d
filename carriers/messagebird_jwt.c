/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

/* ---- the token ---- */

/* JSON Web Tokens have base64url without padding; base64_read takes more. */
static int decode(struct arena *a, struct str part, struct str *out)
{
	for (size_t i = 0; i < part.n; i++)
		if (memchr("+/=", part.p[i], 3))
			return -1;
	return part.n > 0 ? base64_read(a, part, out) : -1;
}

static int malformed(const char *what, struct err *e)
{
	return err_set(e, FAULT_DENIED, "signature-malformed",
		       "the token in MessageBird-Signature-JWT %s", what);
}

/* Cut the token into its three parts. */
static int split(struct str text, struct str parts[3])
{
	for (int i = 0; i < 3; i++) {
		size_t n = str_find(text, '.');

		if ((n == text.n) != (i == 2))
			return -1;
		parts[i] = str_sub(text, 0, n);
		text = str_sub(text, n + 1, text.n);
	}
	return 0;
}

/*
 * The key is good for these alone: with "none", or a name of the sender's choice, anybody could
 * sign.
 */
static int read_algorithm(struct messagebird_proof *p, struct str head, struct err *e)
{
	static const struct {
		struct str name;
		enum hash hash;
	} algorithms[] = {
		{ STR("HS256"), HASH_SHA256 },
		{ STR("HS384"), HASH_SHA384 },
		{ STR("HS512"), HASH_SHA512 },
	};
	struct err not_json;
	struct str name = json_get_str(json_parse(head, p->arena, &not_json), "alg");

	for (size_t i = 0; i < LEN(algorithms); i++) {
		if (!str_eq(name, algorithms[i].name))
			continue;
		p->hash = algorithms[i].hash;
		return 0;
	}
	return malformed("is not signed with HS256, HS384 or HS512", e);
}

int messagebird_jwt_read(struct messagebird_proof *p, struct err *e)
{
	struct str text = str_trim(hook_header(p->hook, "messagebird-signature-jwt")), parts[3], head;

	if (text.n == 0) {
		err_set(e, FAULT_DENIED, "signature-missing",
			"there is no header MessageBird-Signature-JWT");
		if (hook_header(p->hook, "messagebird-signature").n > 0)
			err_hint(e, "there is MessageBird-Signature, which the profiles legacy and bird-hmac check");
		else if (hook_header(p->hook, "webhook-signature").n > 0)
			err_hint(e, "there is Webhook-Signature, which the profile bird-std checks");
		return -1;
	}
	if (split(text, parts) < 0)
		return malformed("does not have three parts with dots between them", e);
	if (decode(p->arena, parts[0], &head) < 0 || decode(p->arena, parts[1], &p->claims) < 0 ||
	    decode(p->arena, parts[2], &p->signature) < 0)
		return malformed("is not base64url without padding", e);
	p->token = (struct str){ text.p, parts[0].n + 1 + parts[1].n };
	return read_algorithm(p, head, e);
}

bool messagebird_jwt_signs(const struct messagebird_proof *p, struct mac *m, struct str url)
{
	unsigned char digest[HASH_MAX];
	size_t n = mac_of(m, &p->token, 1, digest);

	(void)url; /* its hash is a claim */
	return crypto_equal((struct str){ (const char *)digest, n }, p->signature);
}

/* ---- the claims ---- */

/*
 * The time in the claim ${key}; ${missing} where it is not there.  Return 0, or -1 if it is no
 * time.
 */
static int read_time(const struct json *claims, const char *key, double missing, double *out)
{
	const struct json *v = json_get(claims, key);

	*out = missing;
	return v ? json_double(v, out) : 0;
}

static int check_times(const struct messagebird_proof *p, const struct json *claims,
		       const struct messagebird_own *own, struct err *e)
{
	double now = (double)p->hook->at_ms / 1000, from, to;

	if (read_time(claims, "nbf", 0, &from) < 0 || read_time(claims, "exp", 0, &to) < 0)
		return malformed("has a time that is no number", e);
	if (!json_get(claims, "exp"))
		return malformed("never ends: it has no exp", e);
	if (now > to + (double)own->past)
		return err_set(e, FAULT_DENIED, "signature-expired",
			       "the token ended %.0f seconds before it came: it was sent again by somebody else, "
			       "waited on its way, or a clock is wrong",
			       now - to < 1e12 ? now - to : 1e12);
	if (now < from - (double)own->future)
		return err_set(e, FAULT_DENIED, "signature-expired",
			       "the token begins %.0f seconds after it came: a clock is wrong",
			       from - now < 1e12 ? from - now : 1e12);
	return 0;
}

static int check_url(const struct messagebird_proof *p, struct str hex, const struct account *a,
		     bool explain, struct err *e)
{
	struct str url = messagebird_url(a, p->hook), words = STR_NONE;
	struct str portless = messagebird_portless(p->arena, url);

	if (str_eq(hash_hex(p->arena, HASH_SHA256, url), hex) ||
	    (portless.p && str_eq(hash_hex(p->arena, HASH_SHA256, portless), hex)))
		return 0;
	err_set(e, FAULT_DENIED, "signature-mismatch", "the token is signed, but for another URL");
	if (explain)
		words = messagebird_explain_url(p->arena, p->hook, url, hex);
	if (words.p)
		err_hint(e, "matches when %.*s", STR_FMT(words));
	else if (explain)
		err_hint(e, "it is not for %.*s%s: set public_url to what MessageBird calls",
			 STR_FMT(str_utf8_cut(str_sub(url, 0, str_find(url, '?')), 200)),
			 str_find(url, '?') < url.n ? " with this query" : "");
	return -1;
}

static int check_body(const struct messagebird_proof *p, const struct json *claim, bool explain,
		      struct err *e)
{
	struct str hex = json_str(claim), line = arena_join(p->arena, p->body, STR("\n"));

	if (p->body.n == 0 ? !claim : hex.n > 0 && str_eq(hex, hash_hex(p->arena, HASH_SHA256, p->body)))
		return 0;
	err_set(e, FAULT_DENIED, "signature-mismatch", "the token is signed, but %s",
		p->body.n == 0 ? "for a body, and there is none: something on the way dropped it" :
		claim          ? "for another body" :
				 "for no body, and there is one");
	if (!explain || p->body.n == 0 || !claim)
		return -1;
	if (str_eq(hex, hash_hex(p->arena, HASH_SHA256, line)))
		err_hint(e, "matches with a newline at the end: something on the way took it away");
	else if (str_suffix(p->body, STR("\n")) &&
		 str_eq(hex, hash_hex(p->arena, HASH_SHA256, str_sub(p->body, 0, p->body.n - 1))))
		err_hint(e, "matches without the newline at the end: something on the way added it");
	else
		err_hint(e, "something on the way changed it or wrote it anew");
	return -1;
}

int messagebird_jwt_check(const struct messagebird_proof *p, struct verdict *v, bool explain,
			  struct err *e)
{
	const struct messagebird_own *own = v->account->own;
	struct err not_json;
	const struct json *claims = json_parse(p->claims, p->arena, &not_json);

	if (!json_is(claims, JSON_OBJECT))
		return malformed("has claims that are no JSON object", e);
	if (!str_eq(json_get_str(claims, "iss"), STR("MessageBird")))
		return err_set(e, FAULT_DENIED, "signature-mismatch",
			       "the token is signed, but its issuer is not MessageBird");
	if (json_get_str(claims, "jti").n == 0)
		return malformed("has no jti", e);
	if (check_times(p, claims, own, e) < 0 ||
	    check_body(p, json_get(claims, "payload_hash"), explain, e) < 0)
		return -1;
	if (own->check_url)
		return check_url(p, json_get_str(claims, "url_hash"), v->account, explain, e);
	v->scheme = "messagebird-jwt-body";
	if (p->body.n > 0)
		return 0;
	return err_set(e, FAULT_DENIED, "signature-missing",
		       "nothing proves the query: check_url is off, and there is no body");
}
