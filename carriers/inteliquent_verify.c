/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include "url.h"

enum {
	DIGEST_SIZE = 32,
	DIGEST_HEX = 64,
	RECIPIENTS_SEEN = 64, /* of one webhook, to find its account: groups are far smaller */
};

/* ---- what the webhook shows ---- */

static void read_claim(struct inteliquent_claim *c, const struct hook *h)
{
	struct str text = str_trim(hook_header(h, "verificationtoken"));

	*c = (struct inteliquent_claim){ .hook = h };
	if (address_read(h->peer, &c->peer) < 0)
		c->peer.known = false;
	c->token = url_param(h->url, INTELIQUENT_TOKEN);
	c->id = str_trim(hook_header(h, "messageid"));
	c->digest_in_base64 = text.n != DIGEST_HEX;
	if ((c->digest_in_base64 ? base64_read : hex_read)(h->arena, text, &c->digest) < 0 ||
	    c->digest.n != DIGEST_SIZE)
		c->digest = STR_NONE;
}

/* ---- one proof each: NULL if it holds, else the code of the reject ---- */

static const char *check_address(const struct account *a, const struct inteliquent_claim *c)
{
	const struct inteliquent *own = a->own;

	if (own->n_networks == 0)
		return NULL;
	for (size_t i = 0; i < own->n_networks; i++)
		if (cidr_has(&own->networks[i], &c->peer))
			return NULL;
	return c->peer.known ? "signature-mismatch" : "signature-missing";
}

bool inteliquent_among(const struct secrets *texts, struct str s, bool (*same)(struct str, struct str))
{
	bool found = false;

	for (int i = 0; i < texts->n; i++)
		found |= same(texts->text[i], s);
	return found;
}

/* Whoever wrote the URL may have percent-encoded the token or not. */
static const char *check_token(const struct account *a, const struct inteliquent_claim *c)
{
	const struct inteliquent *own = a->own;
	bool right;

	if (!own->tokened)
		return NULL;
	if (c->token.n == 0)
		return "signature-missing";
	right = inteliquent_among(&own->token, c->token, crypto_equal);
	right |= inteliquent_among(&own->token, inteliquent_decode(c->hook->arena, c->token),
				   crypto_equal);
	return right ? NULL : "signature-mismatch";
}

static const char *check_header(const struct account *a, const struct inteliquent_claim *c)
{
	struct str value;

	if (!a->secret_header)
		return NULL;
	value = str_trim(hook_header(c->hook, a->secret_header));
	if (value.n == 0)
		return "signature-missing";
	return inteliquent_among(&inteliquent_own(a)->header, value, crypto_equal) ?
		       NULL :
		       "signature-mismatch";
}

bool inteliquent_hashed(const struct inteliquent_claim *c, unsigned modes, struct str key, struct mac *mac)
{
	const struct str parts[] = { key, c->id };
	unsigned char digest[HASH_MAX];
	struct str made = { (const char *)digest, DIGEST_SIZE };
	bool found = false;

	if ((modes & INTELIQUENT_SHA256) && !c->digest_in_base64) {
		hash_of(HASH_SHA256, parts, 2, digest);
		found |= crypto_equal(made, c->digest);
	}
	if (modes & INTELIQUENT_HMAC) {
		mac_of(mac, &c->id, 1, digest);
		found |= crypto_equal(made, c->digest);
	}
	return found;
}

static const char *check_key(const struct account *a, const struct inteliquent_claim *c)
{
	const struct inteliquent *own = a->own;
	bool found = false;

	if (!own->keyed)
		return NULL;
	if (c->id.n == 0 || str_trim(hook_header(c->hook, "verificationtoken")).n == 0)
		return "signature-missing";
	if (!c->digest.p)
		return "signature-malformed";
	for (int i = 0; i < a->proof.n; i++)
		found |= inteliquent_hashed(c, own->modes, a->proof.text[i], a->proof.mac[i]);
	return found ? NULL : "signature-mismatch";
}

static struct inteliquent_refusal check(const struct account *a, const struct inteliquent_claim *c)
{
	static const char *(*const checks[])(const struct account *, const struct inteliquent_claim *) = {
		[PROOF_ADDRESS] = check_address,
		[PROOF_TOKEN] = check_token,
		[PROOF_HEADER] = check_header,
		[PROOF_KEY] = check_key,
	};
	struct inteliquent_refusal r = { .account = a };

	for (size_t i = 0; i < LEN(checks) && !r.code; i++) {
		r.proof = (enum inteliquent_proof)i;
		r.code = checks[i](a, c);
	}
	return r;
}

/* ---- refusals ---- */

static int refuse(const struct inteliquent_refusal *why, const struct inteliquent_claim *c, struct err *e)
{
	bool missing = strcmp(why->code, "signature-missing") == 0;
	const char *header = why->account->secret_header;
	char peer[CIDR_TEXT];

	switch (why->proof) {
	case PROOF_ADDRESS:
		address_format(peer, &c->peer);
		return missing ? err_set(e, FAULT_DENIED, why->code,
					 "the webhook does not say from which address it came") :
				 err_set(e, FAULT_DENIED, why->code,
					 "the webhook came from %s, from where none may come", peer);
	case PROOF_TOKEN:
		return missing ? err_set(e, FAULT_DENIED, why->code,
					 "the credentials are missing: the query of the URL has no " INTELIQUENT_TOKEN) :
				 err_set(e, FAULT_DENIED, why->code,
					 "the credentials are wrong: " INTELIQUENT_TOKEN
					 " in the query of the URL is that of no account");
	case PROOF_HEADER:
		return missing ? err_set(e, FAULT_DENIED, why->code,
					 "the credentials are missing: there is no header %s", header) :
				 err_set(e, FAULT_DENIED, why->code,
					 "the credentials in the header %s are those of no account",
					 header);
	case PROOF_KEY:
		break;
	}
	if (missing)
		return err_set(e, FAULT_DENIED, why->code, "there is no header %s",
			       c->id.n == 0 ? "messageID" : "verificationToken");
	if (!c->digest.p)
		return err_set(e, FAULT_DENIED, why->code,
			       "the header verificationToken holds no SHA-256");
	return err_set(e, FAULT_DENIED, why->code,
		       "the header verificationToken does not match messageID");
}

/* ---- whose webhook it is ---- */

/* The accounts whose proofs hold. */
struct admitted {
	const struct account **list;
	size_t n;
};

static const struct account *owner(const struct admitted *who, struct str number)
{
	for (size_t i = 0; i < who->n; i++)
		if (inteliquent_has(who->list[i], number))
			return who->list[i];
	return NULL;
}

static bool is_someones(const struct accounts *accounts, struct str number)
{
	for (size_t i = 0; i < accounts->n; i++)
		if (inteliquent_has(&accounts->list[i], number))
			return true;
	return false;
}

/*
 * The one of ${who} for which nothing speaks but its proofs: rather one that does not say its
 * numbers.
 */
static const struct account *any(const struct admitted *who)
{
	for (size_t i = 0; i < who->n; i++)
		if (inteliquent_own(who->list[i])->n_numbers == 0)
			return who->list[i];
	return who->list[0];
}

/*
 * The proofs are those of the sender and of nothing that is said: so a message to a number of an
 * account whose proofs these are not is refused, or who knows one key could speak for all.
 */
static int find_account(const struct admitted *who, const struct accounts *accounts,
			const struct hook *h, const struct account **found, struct err *e)
{
	struct err not_json;
	const struct json *root = accounts->n > 1 ? json_parse(h->body, h->arena, &not_json) : NULL;
	struct inteliquent_values to = inteliquent_values(h->arena, inteliquent_get(root, MEMBER_TO));
	bool receipt = inteliquent_receipt(root), foreign = false;

	for (size_t i = 0; i < to.n && i < RECIPIENTS_SEEN; i++) {
		struct str number = inteliquent_address(h->arena, to.list[i], NULL);

		*found = owner(who, number);
		if (*found)
			return 0;
		foreign |= !receipt && is_someones(accounts, number);
	}
	if (foreign)
		return err_set(e, FAULT_DENIED, "account-unknown",
			       "the message is to a number of another account than the one whose proof "
			       "it has: if that is not so, correct numbers");
	*found = receipt ? owner(who, inteliquent_address(h->arena,
							  inteliquent_get(root, MEMBER_FROM), NULL)) :
			   NULL;
	if (!*found)
		*found = any(who);
	return 0;
}

int inteliquent_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		       struct verdict *v, struct err *e)
{
	struct admitted who = { arena_alloc(h->arena, accounts->n * sizeof(*who.list)), 0 };
	struct inteliquent_refusal why = { .code = NULL };
	struct inteliquent_claim claim;

	read_claim(&claim, h);
	for (size_t i = 0; i < accounts->n; i++) {
		struct inteliquent_refusal r = check(&accounts->list[i], &claim);

		if (!r.code)
			who.list[who.n++] = r.account;
		else if (!why.code || r.proof > why.proof)
			why = r;
	}
	if (who.n == 0) {
		(void)refuse(&why, &claim, e);
		if (explain)
			inteliquent_explain(accounts, &claim, &why, e);
		return -1;
	}
	if (find_account(&who, accounts, h, &v->account, e) < 0)
		return -1;
	v->scheme = inteliquent_own(v->account)->keyed   ? "inteliquent-key" :
		    v->account->secret_header            ? "inteliquent-header" :
		    inteliquent_own(v->account)->tokened ? "inteliquent-url" :
							   "inteliquent-address";
	return 0;
}
