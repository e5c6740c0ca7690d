/* SPDX-License-Identifier: MIT */
#include "livechat.h"

enum { EXPLAIN_ACCOUNTS = 64 };

/* What a webhook says about whose it is, and with which proof. */
struct proof {
	const struct accounts *accounts;
	struct str secret;
	unsigned char digest[HASH_MAX];   /* of the secret */
	struct str organization, license; /* {NULL, 0} if it does not say */
};

enum match { MATCH_NO, MATCH_OPEN, MATCH_NAMED };

/* Whether ${a} can be the account that the webhook names: one without such an id may be any. */
static enum match match(const struct account *a, const struct proof *p)
{
	struct str license = json_get_str(a->conf, "license_id");

	if (p->organization.n > 0 && a->id.n > 0)
		return str_eq(a->id, p->organization) ? MATCH_NAMED : MATCH_NO;
	if (p->license.n > 0 && license.n > 0)
		return str_eq(license, p->license) ? MATCH_NAMED : MATCH_NO;
	return MATCH_OPEN;
}

static struct str digest_of(struct str secret, unsigned char out[HASH_MAX])
{
	hash_of(HASH_SHA256, &secret, 1, out);
	return (struct str){ (const char *)out, hash_size(HASH_SHA256) };
}

/* Digests are compared, so that the time does not tell the length of the secret. */
static bool has_secret(const struct account *a, const unsigned char digest[HASH_MAX])
{
	const struct str theirs = { (const char *)digest, hash_size(HASH_SHA256) };
	unsigned char ours[HASH_MAX];
	bool found = false;

	for (int i = 0; i < a->proof.n; i++)
		found |= crypto_equal(digest_of(a->proof.text[i], ours), theirs);
	return found;
}

/* Accounts may share a secret: those that the webhook names come before those that may be any. */
static const struct account *search(const struct proof *p, bool *known)
{
	static const enum match order[] = { MATCH_NAMED, MATCH_OPEN };

	*known = false;
	for (size_t k = 0; k < LEN(order); k++)
		for (size_t i = 0; i < p->accounts->n; i++) {
			const struct account *a = &p->accounts->list[i];

			if (match(a, p) != order[k])
				continue;
			*known = true;
			if (has_secret(a, p->digest))
				return a;
		}
	return NULL;
}

/* The id comes from outside: it stands in the text only if it looks like one. */
static int account_unknown(const struct proof *p, bool narrowed, struct err *e)
{
	struct str id = p->organization.n > 0 ? p->organization : p->license;
	bool plain = id.n <= 64;

	for (size_t i = 0; plain && i < id.n; i++)
		plain = (id.p[i] >= '0' && id.p[i] <= '9') || id.p[i] == '-' ||
			((id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'z');
	return err_set(e, FAULT_DENIED, "account-unknown", "%s %.*s is %s",
		       p->organization.n > 0 ? "organization_id" : "license_id",
		       STR_FMT(plain ? id : STR("of the webhook")),
		       narrowed ? "not that of the account that the path of the webhook names" :
				  "of no configured account; add it under carriers.livechat");
}

/* Something that is not a secret of a webhook, and by its form something else. */
static bool looks_like_token(struct str s)
{
	return str_prefix(s, STR("dal:")) || str_prefix(s, STR("fra:"));
}

/* A secret that was copied with white space, into the configuration or the registration. */
static bool explain_space(const struct account *a, struct str secret, struct err *e)
{
	struct str theirs = str_trim(secret);
	unsigned char x[HASH_MAX], y[HASH_MAX];

	for (int i = 0; i < a->proof.n; i++) {
		if (!crypto_equal(digest_of(str_trim(a->proof.text[i]), x), digest_of(theirs, y)))
			continue;
		err_hint(e, "it matches when the white space around %s is taken out",
			 theirs.n != secret.n ? "secret_key" : "webhook_secret");
		return true;
	}
	return false;
}

/* ${a} is an account that the webhook can be for. */
static bool explain_account(const struct account *a, struct str secret, struct err *e)
{
	if (a->proof.n == 0) {
		err_hint(e, "account %.*s has no webhook_secret in the configuration", STR_FMT(a->name));
		return true;
	}
	if (explain_space(a, secret, e))
		return true;
	for (int i = 0; i < a->proof.n; i++)
		if (looks_like_token(a->proof.text[i])) {
			err_hint(e, "webhook_secret of account %.*s looks like an access token",
				 STR_FMT(a->name));
			return true;
		}
	return false;
}

static void explain_mismatch(const struct proof *p, struct err *e)
{
	const struct account *list = p->accounts->list;
	size_t n = p->accounts->n < EXPLAIN_ACCOUNTS ? p->accounts->n : EXPLAIN_ACCOUNTS;

	for (size_t i = 0; i < n; i++)
		if (match(&list[i], p) == MATCH_NO && has_secret(&list[i], p->digest)) {
			err_hint(e, "it is that of account %.*s, which has another id",
				 STR_FMT(list[i].name));
			return;
		}
	for (size_t i = 0; i < n; i++)
		if (match(&list[i], p) != MATCH_NO && explain_account(&list[i], p->secret, e))
			return;
	err_hint(e, "LiveChat sends what register_webhook was given for this webhook, and never "
		    "shows it again: register it anew with webhook_secret, or add its secret there");
}

static int read_secret(struct proof *p, const struct json *body, struct err *e)
{
	const struct json *secret = json_get(body, "secret_key");

	if (!secret)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "no credentials: the body has no secret_key");
	if (!json_is(secret, JSON_STRING))
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the credentials are malformed: secret_key is %s, not string",
			       json_type_name(json_type(secret)));
	p->secret = json_str(secret);
	if (p->secret.n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "no credentials: secret_key is empty");
	digest_of(p->secret, p->digest);
	return 0;
}

int livechat_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		    struct verdict *v, struct err *e)
{
	struct proof p = { .accounts = accounts };
	struct err cause;
	const struct json *body = json_parse(h->body, h->arena, &cause);
	bool known;

	if (!body)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "no credentials can be read: the body is %s", cause.text);
	if (!json_is(body, JSON_OBJECT))
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "no credentials can be read: the body is %s, not object",
			       json_type_name(json_type(body)));
	if (read_secret(&p, body, e) < 0)
		return -1;
	p.organization = json_text(json_get(body, "organization_id"));
	p.license = json_text(json_get(body, "license_id"));
	v->scheme = "livechat-secret-key";
	v->account = search(&p, &known);
	if (v->account)
		return 0;
	if (!known)
		return account_unknown(&p, h->account.p != NULL, e);
	err_set(e, FAULT_DENIED, "signature-mismatch",
		"the credentials do not match: secret_key is no webhook_secret of %s",
		accounts->n == 1 ? "the account" : "the accounts that it can be for");
	if (explain)
		explain_mismatch(&p, e);
	return -1;
}
