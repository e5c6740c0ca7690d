/* SPDX-License-Identifier: MIT */
#include "carrier.h"

#include <stdlib.h>

#include "diag.h"
#include "limit.h"

/* In alphabetical order.  A new carrier is one file and one line here. */
static const struct carrier *const builtin[] = {
	&carrier_bandwidth,   &carrier_inteliquent, &carrier_livechat,
	&carrier_messagebird, &carrier_twilio,      &carrier_whatsapp,
};

enum { N_BUILTIN = LEN(builtin) };

struct carriers {
	struct carrier_conf *list;
	size_t n;
};

/* ---- accounts ---- */

static int secrets_read(struct conf *conf, const struct json *value, struct secrets *s, struct err *e)
{
	int n = conf_secret(conf, value, s->text, SECRETS_PER_KEY, e);

	if (n < 0)
		return -1;
	s->n = n;
	return 0;
}

/* What its API asks for: of a key that is being rotated, the first. */
static int send_read(const struct carrier *c, struct conf *conf, const struct json *v,
		     struct account *a, struct err *e)
{
	a->base_url = json_get_str(v, "base_url");
	while (a->base_url.n && a->base_url.p[a->base_url.n - 1] == '/')
		a->base_url.n--;
	for (size_t i = 0; c->send_keys && c->send_keys[i]; i++) {
		struct str text[SECRETS_PER_KEY];
		int n = conf_secret(conf, json_get(v, c->send_keys[i]), text, SECRETS_PER_KEY, e);

		if (n < 0)
			return -1;
		if (n > 0)
			a->send[i] = text[0];
	}
	return 0;
}

static int account_read(const struct carrier_conf *of, struct conf *conf, const struct json *v,
			unsigned secrets, struct account *a, struct err *e)
{
	struct str url = json_get_str(v, "public_url");
	const struct carrier *c = of->carrier;

	a->conf = v;
	a->secrets = secrets;
	if (c->id_key && conf_text(conf, json_get(v, c->id_key), &a->id, e) < 0)
		return -1;
	a->name = json_get_str(v, "name");
	if (!a->name.n)
		a->name = a->id.n ? a->id : of->name;
	a->public_url = url.n ? url : json_get_str(conf->root, "public_url");
	if ((secrets & CARRIER_HANDSHAKE) && c->handshake_key &&
	    secrets_read(conf, json_get(v, c->handshake_key), &a->handshake, e) < 0)
		return -1;
	if ((secrets & CARRIER_PROOF) && c->proof_key &&
	    secrets_read(conf, json_get(v, c->proof_key), &a->proof, e) < 0)
		return -1;
	if ((secrets & CARRIER_SEND) && send_read(c, conf, v, a, e) < 0)
		return -1;
	if (c->open_account)
		return c->open_account(
			conf, a,
			arena_fmt(conf->arena, "%s: /carriers/%.*s", conf->path, STR_FMT(of->name)).p,
			e);
	for (int i = 0; i < a->proof.n; i++)
		a->proof.mac[i] = mac_new(c->proof_hash, a->proof.text[i]);
	return 0;
}

/* The accounts in ${v}, an object or an array of them. */
static int accounts_read(struct carrier_conf *c, struct conf *conf, const struct json *v,
			 unsigned secrets, struct err *e)
{
	bool many = json_is(v, JSON_ARRAY);
	struct json_iter it = json_iter(v);
	size_t n = many ? json_len(v) : v != NULL;

	if (n > ACCOUNTS_MAX)
		return err_set(e, FAULT_CONFIG, "config", "%s: /carriers/%.*s: more than %d accounts",
			       conf->path, STR_FMT(c->name), ACCOUNTS_MAX);
	c->accounts.list = calloc(n ? n : 1, sizeof(*c->accounts.list));
	if (!c->accounts.list)
		diag_oom();
	while (c->accounts.n < n) {
		if (many)
			json_next(&it);
		if (account_read(c, conf, many ? it.value : v, secrets,
				 &c->accounts.list[c->accounts.n++], e) < 0)
			return -1;
	}
	return 0;
}

struct account *carrier_account(const struct carrier_conf *c, struct str name)
{
	for (size_t i = 0; i < c->accounts.n; i++)
		if (str_eq(c->accounts.list[i].name, name) || str_eq(c->accounts.list[i].id, name))
			return &c->accounts.list[i];
	return NULL;
}

/* ---- the list ---- */

static bool is_builtin(struct str name)
{
	for (size_t i = 0; i < N_BUILTIN; i++)
		if (str_eq(str_c(builtin[i]->name), name))
			return true;
	return false;
}

struct carriers *carriers_open(struct conf *conf, unsigned secrets, const struct carrier *custom,
			       struct err *e)
{
	const struct json *configured = json_get(conf->root, "carriers");
	struct carriers *c = calloc(1, sizeof(*c));
	struct json_iter it = json_iter(configured);

	if (c)
		c->list = calloc(N_BUILTIN + json_len(configured), sizeof(*c->list));
	if (!c || !c->list)
		diag_oom();
	for (; c->n < N_BUILTIN; c->n++)
		c->list[c->n] = (struct carrier_conf){ .carrier = builtin[c->n],
						       .name = str_c(builtin[c->n]->name) };
	while (json_next(&it))
		if (!is_builtin(it.key))
			c->list[c->n++] = (struct carrier_conf){ .carrier = custom, .name = it.key };
	for (size_t i = 0; i < c->n; i++) {
		struct carrier_conf *one = &c->list[i];

		if (accounts_read(one, conf, json_getn(configured, one->name), secrets, e) < 0) {
			carriers_close(c);
			return NULL;
		}
	}
	return c;
}

static void account_close(const struct carrier *c, struct account *a)
{
	for (int i = 0; i < a->proof.n; i++)
		mac_free(a->proof.mac[i]);
	if (c->close_account)
		c->close_account(a);
}

void carriers_close(struct carriers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		const struct accounts *a = &c->list[i].accounts;

		for (size_t k = 0; k < a->n; k++)
			account_close(c->list[i].carrier, &a->list[k]);
		free(a->list);
	}
	free(c->list);
	free(c);
}

const struct carrier_conf *carriers_find(const struct carriers *c, struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->list[i].name, name))
			return &c->list[i];
	return NULL;
}

const struct carrier_conf *carriers_at(const struct carriers *c, size_t i)
{
	return i < c->n ? &c->list[i] : NULL;
}
