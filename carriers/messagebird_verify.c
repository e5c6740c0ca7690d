/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include <stdlib.h>

#include "diag.h"
#include "url.h"

enum {
	ID_SHOWN = 64, /* characters of an id from outside that an error text shows */
};

/* ---- accounts ---- */

const struct messagebird_profile *messagebird_profile(const struct account *a)
{
	const struct messagebird_own *own = a->own;

	return own->profile;
}

struct mac *messagebird_key(const struct messagebird_profile *profile, enum hash hash,
			    struct str secret, struct arena *a)
{
	struct str prefix = STR("whsec_");

	if (strcmp(profile->name, "bird-std") == 0) {
		if (str_prefix(secret, prefix))
			secret = str_sub(secret, prefix.n, secret.n);
		if (base64_read(a, secret, &secret) < 0)
			return NULL;
	}
	return secret.n > 0 ? mac_new(hash, secret) : NULL;
}

struct mac *messagebird_mac(const struct account *a, int k, const struct messagebird_proof *p)
{
	const struct messagebird_own *own = a->own;

	if (p->hash == HASH_SHA384)
		return own->sha384[k];
	return p->hash == HASH_SHA512 ? own->sha512[k] : a->proof.mac[k];
}

static int open_profile(struct messagebird_own *own, const struct json *conf, const char *path,
			struct err *e)
{
	struct str name = json_get_str(conf, "profile");
	const struct messagebird_profile *p = messagebird_profiles();

	while (name.p && p[1].name && !str_eq(name, str_c(p->name)))
		p++;
	own->profile = p;
	own->past = p->past;
	own->future = p->future;
	own->check_url = !json_get(conf, "check_url") || json_true(json_get(conf, "check_url"));
	if (!own->check_url && p != messagebird_profiles())
		return err_set(e, FAULT_CONFIG, "config",
			       "%s/check_url: only the profile jwt can do without the URL", path);
	return 0;
}

static void open_tolerance(struct messagebird_own *own, const struct json *v)
{
	if (json_i64(v, &own->past) == 0)
		own->future = own->past;
}

static int open_keys(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	struct messagebird_own *own = a->own;
	bool jwt = own->profile == messagebird_profiles();

	for (int k = 0; k < a->proof.n; k++) {
		struct str secret = a->proof.text[k];

		a->proof.mac[k] = messagebird_key(own->profile, HASH_SHA256, secret, conf->arena);
		if (!a->proof.mac[k] && secret.n > 0)
			return err_set(e, FAULT_CONFIG, "config",
				       "%s/signing_key: with the profile bird-std it is whsec_ and base64",
				       path);
		if (!a->proof.mac[k])
			return err_set(e, FAULT_CONFIG, "config",
				       "%s/signing_key: is empty, and would prove what anybody sends",
				       path);
		if (!jwt)
			continue;
		own->sha384[k] = messagebird_key(own->profile, HASH_SHA384, secret, conf->arena);
		own->sha512[k] = messagebird_key(own->profile, HASH_SHA512, secret, conf->arena);
	}
	return 0;
}

int messagebird_open(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	const struct json *workspace = json_get(a->conf, "workspace_id");
	struct messagebird_own *own = calloc(1, sizeof(*own));

	if (!own)
		diag_oom();
	a->own = own;
	if (open_profile(own, a->conf, path, e) < 0)
		return -1;
	open_tolerance(own, json_get(a->conf, "tolerance"));
	/* The platform has no channels: its webhooks name the workspace. */
	if (strcmp(own->profile->name, "bird-std") == 0 && conf_text(conf, workspace, &a->id, e) < 0)
		return -1;
	return open_keys(conf, a, path, e);
}

void messagebird_close(struct account *a)
{
	struct messagebird_own *own = a->own;

	for (int k = 0; own && k < SECRETS_PER_KEY; k++) {
		mac_free(own->sha384[k]);
		mac_free(own->sha512[k]);
	}
	free(own);
}

/* ---- what is signed ---- */

struct str messagebird_url(const struct account *a, const struct hook *h)
{
	return url_public(h->arena, h->url, a->public_url);
}

struct str messagebird_portless(struct arena *a, struct str text)
{
	struct url url;

	if (url_split(text, &url) < 0 || !url.port.p || !str_eq(url.port, url_default_port(&url)))
		return STR_NONE;
	url.port = STR_NONE;
	return url_join(a, &url);
}

void messagebird_body(struct messagebird_proof *p, struct str body)
{
	unsigned char digest[HASH_MAX];

	p->body = body;
	hash_of(HASH_SHA256, &body, 1, digest);
	p->digest = arena_str(p->arena, (struct str){ (const char *)digest, hash_size(HASH_SHA256) });
}

/* ---- whose webhook it is ---- */

/* The id that the body names, where there is an account for which that matters. */
static struct str named_account(const struct accounts *accounts, const struct hook *h)
{
	struct err not_json;

	for (size_t i = 0; i < accounts->n; i++)
		if (accounts->list[i].id.n > 0)
			return messagebird_account(json_parse(h->body, h->arena, &not_json));
	return STR_NONE;
}

/*
 * The accounts that ${id} may be one of: those that have it; if none has, those without an id.  One
 * that has another id is none, or who knows its key could speak for all.
 */
static struct messagebird_signers candidates(const struct accounts *accounts, struct arena *a,
					     struct str id)
{
	struct messagebird_signers who = { arena_alloc(a, accounts->n * sizeof(*who.list)), 0 };

	for (int loose = id.n == 0; loose < 2 && who.n == 0; loose++)
		for (size_t i = 0; i < accounts->n; i++) {
			const struct account *one = &accounts->list[i];

			if (id.n == 0 || (loose ? one->id.n == 0 : str_eq(one->id, id)))
				who.list[who.n++] = one;
		}
	return who;
}

/* The id comes from outside: it stands in the text only if it looks like one. */
static int account_unknown(struct str id, bool narrowed, struct err *e)
{
	bool plain = id.n <= ID_SHOWN;

	for (size_t i = 0; plain && i < id.n; i++)
		plain = (id.p[i] >= '0' && id.p[i] <= '9') || id.p[i] == '-' || id.p[i] == '_' ||
			((id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'z');
	if (!plain)
		id = STR("of the webhook");
	return err_set(e, FAULT_DENIED, "account-unknown", "the channel or workspace %.*s is %s",
		       STR_FMT(id),
		       narrowed ? "not that of the account that the path of the webhook names" :
				  "that of no configured account; add one, or leave channel_id out of one");
}

/* ---- the slot ---- */

static struct messagebird_signers of_profile(const struct messagebird_signers *who,
					     const struct messagebird_profile *profile, struct arena *a)
{
	struct messagebird_signers some = { arena_alloc(a, who->n * sizeof(*some.list)), 0 };

	for (size_t i = 0; i < who->n; i++)
		if (messagebird_profile(who->list[i]) == profile)
			some.list[some.n++] = who->list[i];
	return some;
}

static const struct account *signer(const struct messagebird_signers *who,
				    const struct messagebird_proof *p)
{
	for (size_t i = 0; i < who->n; i++) {
		const struct account *a = who->list[i];
		struct str url = messagebird_url(a, p->hook);

		for (int k = 0; k < a->proof.n; k++)
			if (messagebird_profile(a)->signs(p, messagebird_mac(a, k, p), url))
				return a;
	}
	return NULL;
}

/* How far a proof came: of several that do not hold, the one that came furthest is told of. */
static int progress(const struct err *e)
{
	if (e->fault == FAULT_NONE)
		return 0;
	if (strcmp(e->code, "signature-missing") == 0)
		return 1;
	return strcmp(e->code, "signature-mismatch") == 0 ? 3 : 2;
}

int messagebird_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		       struct verdict *v, struct err *e)
{
	struct messagebird_proof request = { .hook = h, .arena = h->arena, .hash = HASH_SHA256 };
	struct str id = named_account(accounts, h);
	struct messagebird_signers known = candidates(accounts, h->arena, id);
	struct err best = { .fault = FAULT_NONE };

	if (known.n == 0)
		return account_unknown(id, h->account.p != NULL, e);
	messagebird_body(&request, h->body);
	for (const struct messagebird_profile *profile = messagebird_profiles(); profile->name;
	     profile++) {
		struct messagebird_signers who = of_profile(&known, profile, h->arena);
		struct messagebird_proof p = request;

		if (who.n == 0)
			continue;
		if (profile->read(&p, e) == 0) {
			v->account = signer(&who, &p);
			v->scheme = profile->scheme;
			if (v->account)
				return profile->check(&p, v, explain, e);
			err_set(e, FAULT_DENIED, "signature-mismatch",
				"%s does not match under any signing_key", profile->header);
			if (explain)
				messagebird_explain(&p, &who, accounts, e);
		}
		if (progress(e) > progress(&best))
			best = *e;
	}
	*e = best;
	return -1;
}
