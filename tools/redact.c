/* SPDX-License-Identifier: MIT */
#include "redact.h"

#include "json_scan.h"
#include "url.h"

static bool is_secret_header(const struct carrier_conf *c, struct str name)
{
	for (const char *const *h = c->carrier->secret_headers; h && *h; h++)
		if (str_eq(str_c(*h), name))
			return true;
	for (size_t i = 0; i < c->accounts.n; i++)
		if (c->accounts.list[i].secret_header &&
		    str_eq(str_c(c->accounts.list[i].secret_header), name))
			return true;
	return false;
}

bool redact_due(const struct carrier_conf *c)
{
	if (c->carrier->secret_headers || c->carrier->secret_member || c->carrier->secret_query)
		return true;
	for (size_t i = 0; i < c->accounts.n; i++)
		if (c->accounts.list[i].secret_header)
			return true;
	return false;
}

/* ${body} without ${secret}, wherever it stands. */
static struct str blot_out(struct str body, struct str secret, struct arena *a)
{
	struct buf b = { .max = SIZE_MAX };
	size_t at;

	if (!secret.n || str_search(body, secret) == body.n)
		return body;
	for (; (at = str_search(body, secret)) < body.n; body = str_sub(body, at + secret.n, body.n))
		buf_add(&b, body.p, at);
	buf_str(&b, body);
	body = arena_str(a, buf_get(&b));
	buf_free(&b);
	return body;
}

/* For bodies whose structure is broken: without any of the configured secrets. */
static struct str blot_out_all(const struct carrier_conf *c, struct str body, struct arena *a)
{
	for (size_t i = 0; i < c->accounts.n; i++)
		for (int k = 0; k < c->accounts.list[i].proof.n; k++)
			body = blot_out(body, c->accounts.list[i].proof.text[k], a);
	return body;
}

/* The body as it may be shown; the same text if there is nothing to take out. */
static struct str body_of(const struct carrier_conf *c, const struct hook *h)
{
	const struct json *root;
	struct buf b = { .max = SIZE_MAX };
	struct str body = h->body;
	struct err e;

	if (!c->carrier->secret_member)
		return body;
	root = json_parse(body, h->arena, &e);
	if (!json_is(root, JSON_OBJECT))
		return blot_out_all(c, body, h->arena);
	if (!json_get(root, c->carrier->secret_member))
		return body;
	json_cut(&b, body, str_c(c->carrier->secret_member));
	body = arena_str(h->arena, buf_get(&b));
	buf_free(&b);
	return body;
}

/* ${url} as it may be shown; the same text if there is nothing to take out. */
static struct str url_of(const struct carrier_conf *c, struct str url, struct arena *a)
{
	return c->carrier->secret_query ? url_without(a, url, c->carrier->secret_query) : url;
}

static void put_request(struct buf *b, const struct carrier_conf *c, const struct json *request,
			const struct hook *shown)
{
	json_open(b, '{');
	for (struct json_iter it = json_iter(request); json_next(&it);) {
		if (str_eq(it.key, STR("headers"))) {
			json_key(b, "headers");
			json_open(b, '{');
			for (struct json_iter h = json_iter(it.value); json_next(&h);) {
				if (is_secret_header(c, h.key))
					continue;
				json_key_str(b, h.key);
				json_put_value(b, h.value);
			}
			json_close(b, '}');
		} else if (str_eq(it.key, STR("body")) || str_eq(it.key, STR("body64"))) {
			hook_write_body(b, shown->body);
		} else if (str_eq(it.key, STR("url"))) {
			json_add_str(b, "url", shown->url);
		} else {
			json_key_str(b, it.key);
			json_put_value(b, it.value);
		}
	}
	json_close(b, '}');
}

bool redact(const struct carrier_conf *c, const struct hook *h, struct rec *r)
{
	struct buf b = { .max = SIZE_MAX };
	struct hook shown = { .url = url_of(c, h->url, r->arena), .body = body_of(c, h) };
	bool found = shown.body.p != h->body.p || shown.url.p != h->url.p;
	struct err e;

	for (struct json_iter it = json_iter(h->headers); json_next(&it);)
		found |= is_secret_header(c, it.key);
	if (!found)
		return false;
	json_open(&b, '{');
	for (struct json_iter it = json_iter(rec_root(r)); json_next(&it);) {
		json_key_str(&b, it.key);
		if (str_eq(it.key, STR("request")))
			put_request(&b, c, it.value, &shown);
		else
			json_put_value(&b, it.value);
	}
	json_close(&b, '}');
	r->line = arena_str(r->arena, buf_get(&b));
	r->root = json_parse(r->line, r->arena, &e);
	r->hook = NULL;
	buf_free(&b);
	return true;
}
