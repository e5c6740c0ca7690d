/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include <stdlib.h>

#include "phone.h"

/* ---- the answer ---- */

static void receive(const struct accounts *accounts, const struct request *req, struct answer *a)
{
	(void)accounts;
	if (str_eq(req->method, STR("POST"))) {
		a->type = "application/json";
		a->body = STR("{\"statusCode\":\"200\",\"status\":\"success\"}");
		return;
	}
	answer_refuse(a, "POST");
}

/* ---- accounts ---- */

static int bad(struct err *e, const char *path, const char *what)
{
	return err_set(e, FAULT_CONFIG, "config", "%s: %s", path, what);
}

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

bool inteliquent_has(const struct account *a, struct str number)
{
	const struct inteliquent *own = a->own;

	return own->n_numbers > 0 &&
	       bsearch(&number, own->numbers, own->n_numbers, sizeof(number), by_text);
}

static int read_numbers(struct conf *conf, const struct account *a, struct inteliquent *own,
			const char *path, struct err *e)
{
	struct inteliquent_values values = inteliquent_values(conf->arena, json_get(a->conf, "numbers"));

	own->numbers = arena_alloc(conf->arena, (values.n + 1) * sizeof(*own->numbers));
	for (; own->n_numbers < values.n; own->n_numbers++) {
		const struct json *v = values.list[own->n_numbers];
		struct str number = inteliquent_address(conf->arena, v, NULL);

		if (!phone_e164(number) && !(str_digits(number) && number.n <= 8))
			return err_set(e, FAULT_CONFIG, "config",
				       "%s/numbers: \"%.*s\" is no number; write it as +12025550101",
				       path, STR_FMT(str_utf8_cut(json_str(v), 40)));
		own->numbers[own->n_numbers] = number;
	}
	qsort(own->numbers, own->n_numbers, sizeof(*own->numbers), by_text);
	return 0;
}

static int read_networks(struct conf *conf, const struct account *a, struct inteliquent *own,
			 const char *path, struct err *e)
{
	struct inteliquent_values values =
		inteliquent_values(conf->arena, json_get(a->conf, "addresses"));

	own->networks = arena_alloc(conf->arena, (values.n + 1) * sizeof(*own->networks));
	for (; own->n_networks < values.n; own->n_networks++) {
		struct str s = json_str(values.list[own->n_networks]);

		if (cidr_read(s, &own->networks[own->n_networks]) < 0)
			return err_set(e, FAULT_CONFIG, "config",
				       "%s/addresses: \"%.*s\" is no address; write 192.0.2.7 or 192.0.2.0/24",
				       path, STR_FMT(str_utf8_cut(s, 60)));
	}
	return 0;
}

static const char *lower_case(struct conf *conf, struct str s)
{
	char *text = s.n > 0 ? arena_cstr(conf->arena, s) : NULL;

	for (char *p = text; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return text;
}

/* Which proofs the account's webhooks have; the secrets are for programs that check them. */
static int read_proofs(struct conf *conf, struct account *a, struct inteliquent *own,
		       const char *path, struct err *e)
{
	struct str auth = json_get_str(a->conf, "auth"), mode = json_get_str(a->conf, "sig_mode");
	bool value = json_get(a->conf, "header_value") != NULL;

	a->secret_header = lower_case(conf, json_get_str(a->conf, "header_name"));
	own->tokened = json_get(a->conf, "url_token") != NULL;
	own->keyed = !auth.p || str_eq(auth, STR("key"));
	if (own->keyed)
		own->key = json_get(a->conf, "webhook_key") ? "webhook_key" :
			   json_get(a->conf, "api_key")     ? "api_key" :
							      NULL;
	own->modes = str_eq(mode, STR("sha256")) ? INTELIQUENT_SHA256 :
		     str_eq(mode, STR("hmac"))   ? INTELIQUENT_HMAC :
						   INTELIQUENT_SHA256 | INTELIQUENT_HMAC;
	if (value != (a->secret_header != NULL))
		return bad(e, path, "header_name and header_value go together: one is missing");
	if (str_eq(auth, STR("header")) && !value)
		return bad(e, path, "auth is header: header_name and header_value must say which");
	if (str_eq(auth, STR("none")) && value)
		return bad(e, path, "auth is none, but there is a header_name: say header");
	if (str_eq(auth, STR("none")) && !own->tokened && own->n_networks == 0)
		return bad(e, path, "auth is none: url_token or addresses must prove webhooks instead");
	return 0;
}

static int read_secrets(struct conf *conf, const struct account *a, const char *key,
			struct secrets *s, struct err *e)
{
	int n = key ? conf_secret(conf, json_get(a->conf, key), s->text, SECRETS_PER_KEY, e) : 0;

	if (n < 0)
		return -1;
	s->n = n;
	return 0;
}

static int open_account(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	struct inteliquent *own = arena_calloc(conf->arena, 1, sizeof(*own));

	a->own = own;
	own->presumed = str_eq(json_get_str(a->conf, "dlr_default"), STR("delivered"));
	if (read_numbers(conf, a, own, path, e) < 0 || read_networks(conf, a, own, path, e) < 0 ||
	    read_proofs(conf, a, own, path, e) < 0)
		return -1;
	if (!(a->secrets & CARRIER_PROOF))
		return 0;
	if (read_secrets(conf, a, own->key, &a->proof, e) < 0 ||
	    read_secrets(conf, a, "header_value", &own->header, e) < 0 ||
	    read_secrets(conf, a, "url_token", &own->token, e) < 0)
		return -1;
	for (int i = 0; i < a->proof.n; i++)
		a->proof.mac[i] = mac_new(HASH_SHA256, a->proof.text[i]);
	return 0;
}

/* ---- records ---- */

/*
 * A message without an id is known by that of the request, else by what it says, so that it is the
 * same record whenever the webhook is read.
 */
static struct str substitute_id(const struct hook *h)
{
	struct str id = str_trim(hook_header(h, "messageid"));

	return id.n > 0 ? id : hash_hex(h->arena, HASH_SHA256, h->body);
}

/* What is neither message nor receipt, as it came: an object as it is, anything else inside one. */
static void put_event(const struct hook *h, const struct json *root, struct canon_list *out)
{
	struct canon *c = canon_new(out, CANON_EVENT);
	struct str id = json_text(inteliquent_get(root, MEMBER_ID));

	c->event = "unsupported";
	c->external_id = id.n > 0 ? id : substitute_id(h);
	c->carrier_data = leftover_whole(out->arena, root);
}

static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	struct inteliquent_reading r = { .hook = h, .accounts = accounts, .arena = h->arena };

	r.root = hook_json(h, e);
	if (!r.root)
		return -1;
	if (!json_is(r.root, JSON_OBJECT) ||
	    !(inteliquent_receipt(r.root) ? inteliquent_status(&r, out) : inteliquent_message(&r, out))) {
		put_event(h, r.root, out);
		return 0;
	}
	if (!r.c->external_id.p)
		r.c->external_id = inteliquent_take(&r, MEMBER_ID);
	if (!r.c->external_id.p)
		r.c->external_id = substitute_id(h);
	r.c->carrier_data = inteliquent_rest(&r);
	return 0;
}

/*
 * The hash proves messageID, not the body, and does not age: who has both can send anything, so it
 * is taken out like a credential.
 */
static const char *const secret_headers[] = { "authorization", "verificationtoken", NULL };

const struct carrier carrier_inteliquent = {
	.name = "inteliquent",
	.secret_headers = secret_headers,
	.secret_query = INTELIQUENT_TOKEN,
	.open_account = open_account,
	.receive = receive,
	.verify = inteliquent_verify,
	.normalize = normalize,
	.send_keys = inteliquent_send_keys,
	.groups = true,
	.request = inteliquent_request,
	.judge = inteliquent_judge,
	.abilities = inteliquent_abilities,
};
