/* SPDX-License-Identifier: MIT */
#include "hook.h"

#include "clock.h"
#include "crypto.h"

static int malformed(struct err *e, const char *member, const char *what)
{
	return err_set(e, FAULT_DATA, "webhook-malformed", "the webhook is malformed: %s %s",
		       member, what);
}

static int ill_typed(struct err *e, const char *member, const struct json *v, enum json_type want)
{
	if (!v)
		return malformed(e, member, "is missing");
	return err_set(e, FAULT_DATA, "webhook-malformed", "the webhook is malformed: %s is %s, not %s",
		       member, json_type_name(json_type(v)), json_type_name(want));
}

/* A string that must be there and say something. */
static int read_text(struct str *out, const char *member, const struct json *v, struct err *e)
{
	*out = json_str(v);
	if (!out->p)
		return ill_typed(e, member, v, JSON_STRING);
	return out->n > 0 ? 0 : malformed(e, member, "is empty");
}

static int read_body(struct hook *h, const struct json *request, struct err *e)
{
	const struct json *plain = json_get(request, "body"), *coded = json_get(request, "body64");

	if (plain && coded)
		return malformed(e, "request.body", "and request.body64 are both there");
	if (!coded) {
		h->body = json_str(plain);
		return h->body.p ? 0 : ill_typed(e, "request.body", plain, JSON_STRING);
	}
	if (!json_is(coded, JSON_STRING))
		return ill_typed(e, "request.body64", coded, JSON_STRING);
	if (base64_read(h->arena, json_str(coded), &h->body) < 0)
		return malformed(e, "request.body64", "is not base64");
	return 0;
}

static int read_headers(struct hook *h, const struct json *request, struct err *e)
{
	struct json_iter it;

	h->headers = json_get(request, "headers");
	if (!json_is(h->headers, JSON_OBJECT))
		return ill_typed(e, "request.headers", h->headers, JSON_OBJECT);
	for (it = json_iter(h->headers); json_next(&it);)
		if (!json_is(it.value, JSON_STRING))
			return err_set(e, FAULT_DATA, "webhook-malformed",
				       "the webhook is malformed: request.headers.%.*s is %s, not string",
				       (int)str_utf8_cut(it.key, 80).n, it.key.p,
				       json_type_name(json_type(it.value)));
	return 0;
}

static int read_optional(struct hook *h, const struct rec *r, struct err *e)
{
	const struct json *account = rec_get(r, "account");

	h->account = json_str(account);
	if (account && !h->account.p)
		return ill_typed(e, "account", account, JSON_STRING);
	h->peer = rec_str(r, "peer");
	h->verified = rec_get(r, "verified");
	if (h->verified && !json_is(h->verified, JSON_OBJECT))
		return ill_typed(e, "verified", h->verified, JSON_OBJECT);
	return 0;
}

/* What is decoded from here on lives only as long as this stage has the record. */
static int read_shared(struct hook *h, const struct rec *r)
{
	*h = *r->hook;
	h->arena = r->arena;
	if (!h->form || !h->form->fields)
		h->form = arena_calloc(r->arena, 1, sizeof(*h->form));
	h->verified = rec_get(r, "verified");
	return 0;
}

int hook_read(struct hook *h, const struct rec *r, struct err *e)
{
	const struct json *request;

	if (r->hook)
		return read_shared(h, r);
	request = rec_get(r, "request");
	h->arena = r->arena;
	h->form = arena_calloc(r->arena, 1, sizeof(*h->form));
	if (!json_is(request, JSON_OBJECT))
		return ill_typed(e, "request", request, JSON_OBJECT);
	if (read_text(&h->id, "id", rec_get(r, "id"), e) < 0 ||
	    read_text(&h->at, "at", rec_get(r, "at"), e) < 0 ||
	    read_text(&h->carrier, "carrier", rec_get(r, "carrier"), e) < 0 ||
	    read_text(&h->method, "request.method", json_get(request, "method"), e) < 0 ||
	    read_text(&h->url, "request.url", json_get(request, "url"), e) < 0)
		return -1;
	if (clock_parse(h->at, &h->at_ms) < 0)
		return malformed(e, "at", "is not an RFC 3339 time");
	if (read_headers(h, request, e) < 0 || read_body(h, request, e) < 0)
		return -1;
	return read_optional(h, r, e);
}

struct str hook_header(const struct hook *h, const char *name)
{
	return json_get_str(h->headers, name);
}

bool hook_type_is(const struct hook *h, const char *type)
{
	struct str value = hook_header(h, "content-type");

	value.n = str_find(value, ';');
	return value.n > 0 && str_eq_nocase(str_trim(value), str_c(type));
}

const struct json *hook_json(const struct hook *h, struct err *e)
{
	struct err cause;
	const struct json *root = json_parse(h->body, h->arena, &cause);

	if (!root)
		err_set(e, FAULT_DATA, "body-not-json", "the body of the webhook is %s", cause.text);
	return root;
}

int hook_form(const struct hook *h, struct form *form, struct err *e)
{
	if (h->form && h->form->fields) {
		*form = *h->form;
		return 0;
	}
	if (form_decode(h->body, h->arena, form, e) < 0)
		return -1;
	if (h->form)
		*h->form = *form;
	return 0;
}

void hook_write_body(struct buf *b, struct str body)
{
	if (str_utf8(body)) {
		json_add_str(b, "body", body);
		return;
	}
	json_key(b, "body64");
	buf_char(b, '"');
	base64_put(b, body);
	buf_char(b, '"');
}
