/* SPDX-License-Identifier: MIT */
#include "send.h"

/* ${bytes} under ${key}: as text, or what is no text as base64 under "${key}64". */
static void put_bytes(struct buf *b, struct arena *a, const char *key, struct str bytes)
{
	if (str_utf8(bytes))
		json_add_str(b, key, bytes);
	else
		json_add_str(b, arena_fmt(a, "%s64", key).p, base64_of(a, bytes));
}

static void put_headers(struct buf *b, const struct submit *out)
{
	json_key(b, "headers");
	json_open(b, '{');
	if (out->type)
		json_add_str(b, "content-type", str_c(out->type));
	for (size_t i = 0; i < out->n_headers; i++) {
		json_key_str(b, out->headers[i].name);
		json_put_str(b, out->headers[i].value);
	}
	json_close(b, '}');
}

static void put_auth(struct buf *b, const struct carrier *carrier, const struct submit *out)
{
	static const char *const how[] = {
		[SUBMIT_BASIC] = "basic", [SUBMIT_BEARER] = "bearer", [SUBMIT_HEADER] = "header"
	};

	if (out->auth.how == SUBMIT_OPEN)
		return;
	json_key(b, "auth");
	json_open(b, '{');
	json_add_str(b, "how", str_c(how[out->auth.how]));
	json_opt_str(b, "header", str_c(out->auth.header));
	json_opt_str(b, "prefix", str_c(out->auth.prefix));
	json_opt_str(b, "user", out->auth.user);
	json_add_str(b, "secret", str_c(carrier->send_keys[out->auth.key]));
	json_close(b, '}');
}

static void put_form(struct buf *b, struct arena *a, const struct submit *out)
{
	json_key(b, "form");
	json_open(b, '[');
	for (size_t i = 0; i < out->n_fields; i++) {
		const struct submit_field *f = &out->fields[i];

		json_open(b, '{');
		json_add_str(b, "name", f->name);
		if (f->path.p)
			json_add_str(b, "path", f->path);
		else
			put_bytes(b, a, "value", f->value);
		json_opt_str(b, "file_name", f->file_name);
		json_opt_str(b, "type", f->type);
		json_close(b, '}');
	}
	json_close(b, ']');
}

void submit_put(struct buf *b, const struct carrier *carrier, const struct dispatch *d,
		const struct submit *out)
{
	json_open(b, '{');
	json_add_str(b, "carrier", str_c(carrier->name));
	json_add_str(b, "account", d->account->name);
	json_add_str(b, "method", str_c(out->method));
	json_add_str(b, "url", out->url);
	put_headers(b, out);
	put_auth(b, carrier, out);
	if (out->n_fields > 0)
		put_form(b, d->arena, out);
	else if (out->path.p)
		json_add_str(b, "path", out->path);
	else if (out->body.p)
		put_bytes(b, d->arena, "body", out->body);
	json_close(b, '}');
}
