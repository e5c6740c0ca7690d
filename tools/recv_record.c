/* SPDX-License-Identifier: MIT */
#include "recv.h"

#include "clock.h"
#include "url.h"

/* Cut "/webhooks/twilio/acme" into carrier and account; both {NULL, 0} for another path. */
static void place_of_path(struct str path, struct str *carrier, struct str *account)
{
	struct str rest = str_sub(path, strlen(RECV_PATH), path.n);
	size_t slash = str_find(rest, '/');
	struct str tail = str_sub(rest, slash + 1, rest.n);

	*carrier = *account = STR_NONE;
	if (!str_prefix(path, STR(RECV_PATH)))
		return;
	*carrier = str_sub(rest, 0, slash);
	tail = str_sub(tail, 0, str_find(tail, '/'));
	if (tail.n > 0)
		*account = tail;
}

/*
 * The path of ${target}; of an absolute one from where ours begins, as its proxy may have put a
 * prefix in front.
 */
static int path_of_target(struct str target, struct str *path, bool *absolute, struct err *e)
{
	struct url url;

	*absolute = !str_prefix(target, STR("/"));
	if (!*absolute) {
		*path = str_sub(target, 0, str_find(target, '?'));
		return 0;
	}
	if (url_split(target, &url) < 0 || url.host.n == 0)
		return err_set(e, FAULT_DATA, "request-malformed",
			       "the target \"%.*s\" of the request is neither a path nor a URL",
			       STR_FMT(str_utf8_cut(target, 80)));
	*path = str_sub(url.path, str_search(url.path, STR(RECV_PATH)), url.path.n);
	return 0;
}

int recv_check_base(struct str base, const char *what, enum fault fault, struct err *e)
{
	struct url url;

	if (url_split(base, &url) < 0 || url.host.n == 0 || url.query.p || str_find(base, '#') < base.n ||
	    !(str_eq_nocase(url.scheme, STR("https")) || str_eq_nocase(url.scheme, STR("http"))))
		return err_set(e, fault, "public-url",
			       "%s: \"%.*s\" is not the start of an http or https URL "
			       "(https://hooks.example.com)",
			       what, STR_FMT(str_utf8_cut(base, 80)));
	return 0;
}

/*
 * The URL that was given for what stands in front of the target, or {NULL, 0}: an only account
 * needs no name.
 */
static int base_of(const struct recv_setup *s, const struct carrier_conf *c,
		   const struct recv_origin *o, struct str *base, struct err *e)
{
	const struct account *account = NULL;

	*base = s->base;
	if (base->p)
		return 0;
	if (o->account.p)
		account = carrier_account(c, o->account);
	else if (c->accounts.n == 1)
		account = &c->accounts.list[0];
	*base = account ? account->public_url : json_get_str(s->conf->root, "public_url");
	return base->p ? recv_check_base(*base, s->conf->path, FAULT_CONFIG, e) : 0;
}

/* Credentials in a public_url are the verifier's to add: no record holds them. */
static struct str without_userinfo(struct str base, struct arena *a)
{
	struct url url;

	if (str_find(base, '@') == base.n || url_split(base, &url) < 0)
		return base;
	url.userinfo = STR_NONE;
	return url_join(a, &url);
}

int recv_place(const struct recv_setup *s, const struct request *req, struct arena *a,
	       struct recv_origin *o, struct err *e)
{
	struct str path, carrier, account, base, host = http_header(req, "host");
	const struct carrier_conf *c = s->carrier;
	bool absolute;

	if (path_of_target(req->target, &path, &absolute, e) < 0)
		return -1;
	place_of_path(path, &carrier, &account);
	if (!c)
		c = carriers_find(s->carriers, carrier);
	if (!c)
		return err_set(e, FAULT_DATA, "carrier-unknown",
			       carrier.p ? "the path \"%.*s\" names a carrier that is not known; say which with -C" :
					   "the path \"%.*s\" names no carrier as " RECV_PATH "NAME does; say "
					   "which with -C",
			       STR_FMT(str_utf8_cut(path, 80)));
	o->carrier = c->name;
	o->account = s->account;
	if (!o->account.p && str_eq(carrier, o->carrier))
		o->account = account;
	o->url = req->target;
	if (absolute)
		return 0;
	if (base_of(s, c, o, &base, e) < 0)
		return -1;
	if (!base.p)
		base = s->fallback;
	if (!base.p)
		base = arena_join(a, STR("https://"), host.n ? host : STR("localhost"));
	while (str_suffix(base, STR("/")))
		base.n--;
	o->url = arena_join(a, without_userinfo(base, a), req->target);
	return 0;
}

void recv_write(struct buf *b, const struct request *req, const struct recv_origin *o)
{
	char at[CLOCK_TEXT + 1], trace[56];

	clock_format(at, o->at);
	id_trace(trace, &o->id);
	json_open(b, '{');
	json_add_str(b, "id", id_str(&o->id));
	json_add_str(b, "kind", STR("webhook"));
	json_add_str(b, "at", str_c(at));
	json_add_str(b, "carrier", o->carrier);
	json_opt_str(b, "account", o->account);
	json_key(b, "request");
	json_open(b, '{');
	json_add_str(b, "method", req->method);
	json_add_str(b, "url", o->url);
	json_key(b, "headers");
	json_open(b, '{');
	for (size_t i = 0; i < req->n_headers; i++) {
		json_key_str(b, req->headers[i].name);
		json_put_str(b, req->headers[i].value);
	}
	json_close(b, '}');
	hook_write_body(b, req->body);
	json_close(b, '}');
	json_opt_str(b, "peer", o->peer);
	json_add_str(b, "trace", str_c(trace));
	json_close(b, '}');
}
