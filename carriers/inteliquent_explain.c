/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

enum {
	EXPLAIN_ACCOUNTS = 64
}; /* looked at for the cause of a reject, or forgeries would slow the rest down */

/* ---- the hash ---- */

static bool hashed_with(const struct inteliquent_claim *c, unsigned modes, struct str key)
{
	struct mac *mac = mac_new(HASH_SHA256, key);
	bool found = inteliquent_hashed(c, modes, key, mac);

	mac_free(mac);
	return found;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/*
 * The difference with which the hash of ${key} would match, if it is one that can be named; else
 * NULL.
 */
static const char *difference(const struct inteliquent_claim *c, unsigned modes, struct str key)
{
	const unsigned both = INTELIQUENT_SHA256 | INTELIQUENT_HMAC;
	struct str trimmed = str_trim(key), inner = str_sub(trimmed, 1, trimmed.n - 2);

	if (modes != both && hashed_with(c, both, key))
		return modes == INTELIQUENT_HMAC ? "it matches as sha256, which sig_mode rules out" :
						   "it matches as hmac, which sig_mode rules out";
	if (trimmed.n < key.n && hashed_with(c, both, trimmed))
		return "it matches when the white space around the key is taken out";
	if (trimmed.n > 2 && is_quote(trimmed.p[0]) && trimmed.p[trimmed.n - 1] == trimmed.p[0] &&
	    hashed_with(c, both, inner))
		return "it matches when the quotes around the key are taken out";
	return NULL;
}

static const char *difference_of(const struct account *a, const struct inteliquent_claim *c)
{
	const char *words = NULL;

	for (int i = 0; i < a->proof.n && !words; i++)
		words = difference(c, inteliquent_own(a)->modes, a->proof.text[i]);
	return words;
}

static void explain_mismatch(const struct accounts *accounts, const struct inteliquent_claim *c,
			     struct err *e)
{
	bool configured = false, sending = false;

	for (size_t i = 0; i < accounts->n && i < EXPLAIN_ACCOUNTS; i++) {
		const struct account *a = &accounts->list[i];
		const struct inteliquent *own = a->own;
		const char *words = own->keyed ? difference_of(a, c) : NULL;

		configured |= own->keyed && own->key;
		sending |= own->keyed && own->key && strcmp(own->key, "api_key") == 0;
		if (words) {
			err_hint(e, "with account %.*s %s", STR_FMT(a->name), words);
			return;
		}
	}
	if (!configured)
		err_hint(e, "no account has a key: set webhook_key to the apiKey that the webhook was configured with");
	else if (sending)
		err_hint(e, "api_key was tried, for want of a webhook_key: set that to the apiKey that the webhook was "
			    "configured with");
	else
		err_hint(e, "compare webhook_key with the apiKey that the webhook was configured with");
}

/* ---- credentials ---- */

static bool same_trimmed(struct str configured, struct str s)
{
	return str_eq(str_trim(configured), str_trim(s));
}

/* The scheme may have been forgotten, here or there. */
static bool same_without_scheme(struct str configured, struct str s)
{
	struct str x = str_sub(configured, str_find(configured, ' ') + 1, configured.n);
	struct str y = str_sub(s, str_find(s, ' ') + 1, s.n);

	return (x.n > 0 && str_eq(x, s)) || (y.n > 0 && str_eq(configured, y));
}

static void explain_credential(const struct inteliquent_claim *c,
			       const struct inteliquent_refusal *why, struct err *e)
{
	const struct inteliquent *own = inteliquent_own(why->account);
	bool token = why->proof == PROOF_TOKEN;
	const struct secrets *secrets = token ? &own->token : &own->header;
	struct str s = token ? c->token : str_trim(hook_header(c->hook, why->account->secret_header));
	struct str name = why->account->name;

	if (inteliquent_among(secrets, s, same_trimmed))
		err_hint(e, "with account %.*s they match when the white space around them is taken out",
			 STR_FMT(name));
	else if (inteliquent_among(secrets, s, str_eq_nocase))
		err_hint(e, "with account %.*s they match when upper and lower case are not told apart",
			 STR_FMT(name));
	else if (!token && inteliquent_among(secrets, s, same_without_scheme))
		err_hint(e, "with account %.*s they match but for the word in front, such as Bearer",
			 STR_FMT(name));
	else if (token)
		err_hint(e, "compare url_token with the webhookUrl that Inteliquent has");
	else
		err_hint(e, "compare header_value with the headerValue that the webhook was configured with");
}

static void explain_missing(const struct inteliquent_claim *c,
			    const struct inteliquent_refusal *why, struct err *e)
{
	switch (why->proof) {
	case PROOF_ADDRESS:
		err_hint(e, "addresses asks for it, and only omni-recv as a server knows it");
		break;
	case PROOF_TOKEN:
		err_hint(e, "url_token asks for it: the webhookUrl that Inteliquent has must end in ?" INTELIQUENT_TOKEN
			    "= and the token");
		break;
	case PROOF_HEADER:
		err_hint(e, "header_name asks for it: was the webhook configured with this headerName?");
		break;
	case PROOF_KEY:
		if (c->id.n == 0 && hook_header(c->hook, "authorization").p)
			err_hint(e, "there is a header Authorization: if the webhook was configured with it, set auth to "
				    "header, and header_name and header_value");
		else
			err_hint(e, "Inteliquent sends messageID and verificationToken if the webhook was configured with an "
				    "apiKey; if it was not, set auth to header or none");
		break;
	}
}

void inteliquent_explain(const struct accounts *accounts, const struct inteliquent_claim *c,
			 const struct inteliquent_refusal *why, struct err *e)
{
	if (strcmp(why->code, "signature-missing") == 0)
		explain_missing(c, why, e);
	else if (strcmp(why->code, "signature-malformed") == 0)
		err_hint(e, "it should be 64 hexadecimal digits");
	else if (why->proof == PROOF_ADDRESS)
		err_hint(e, "if Inteliquent sends from there, add it to addresses");
	else if (why->proof == PROOF_KEY)
		explain_mismatch(accounts, c, e);
	else
		explain_credential(c, why, e);
}
