/* SPDX-License-Identifier: MIT */
/* The normalize slot of carriers described by data: a jq program makes the records. */

#include "carrier.h"
#include "clock.h"
#include "expr.h"
#include "form.h"

/* A relative path is meant from where the configuration lies. */
static const char *beside(struct conf *conf, struct str path)
{
	const char *slash = strrchr(conf->path, '/');

	if (str_prefix(path, STR("/")) || !slash)
		return arena_cstr(conf->arena, path);
	return arena_fmt(conf->arena, "%.*s%.*s", (int)(slash - conf->path) + 1, conf->path,
			 STR_FMT(path))
		.p;
}

static int open_account(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	struct str file = json_get_str(a->conf, "normalize");

	if (!file.n)
		return err_set(e, FAULT_CONFIG, "config",
			       "%s/normalize: names no file with a jq program", path);
	a->own = expr_load(beside(conf, file), e);
	return a->own ? 0 : -1;
}

static void close_account(struct account *a)
{
	expr_free(a->own);
}

/* What the program sees: the request, its body as text and, where it is JSON or a form, read. */
static void write_input(struct buf *b, const struct hook *h)
{
	const struct json *root;
	struct form form;
	struct err e;

	json_open(b, '{');
	json_add_str(b, "id", h->id);
	json_add_str(b, "at", h->at);
	json_add_str(b, "carrier", h->carrier);
	json_opt_str(b, "account", h->account);
	json_add_str(b, "method", h->method);
	json_add_str(b, "url", h->url);
	json_add_value(b, "headers", h->headers);
	if (str_utf8(h->body))
		json_add_str(b, "body", h->body);
	if (hook_type_is(h, "application/x-www-form-urlencoded") &&
	    form_decode(h->body, h->arena, &form, &e) == 0) {
		json_key(b, "form");
		json_open(b, '{');
		for (size_t i = 0; i < form.n; i++) {
			if (!str_utf8(form.fields[i].name) || !str_utf8(form.fields[i].value))
				continue;
			json_key_str(b, form.fields[i].name);
			json_put_str(b, form.fields[i].value);
		}
		json_close(b, '}');
	} else if ((root = json_parse(h->body, h->arena, &e)) != NULL) {
		json_add_value(b, "json", root);
	}
	json_close(b, '}');
}

struct made {
	struct canon_list *list;
};

static int each(void *arg, struct str text, struct err *e)
{
	struct canon_list *list = ((struct made *)arg)->list;
	const struct json *v = json_parse(text, list->arena, e);
	struct canon c = { 0 };
	int64_t at;

	if (!v || canon_read(&c, v, list->arena, e) < 0)
		return -1;
	if (c.at.n && clock_parse(c.at, &at) < 0)
		return err_set(e, FAULT_DATA, "record-malformed",
			       "the member \"at\" must be a time as RFC 3339 has it");
	*canon_new(list, c.kind) = c;
	return 0;
}

/*
 * The program of the account that the webhook is for; several accounts may share one file, but need
 * not.
 */
static struct expr *program_of(const struct accounts *accounts, const struct hook *h)
{
	struct str verified = json_get_str(h->verified, "account"),
		   name = verified.n ? verified : h->account;

	for (size_t i = 0; i < accounts->n; i++)
		if (str_eq(accounts->list[i].name, name))
			return accounts->list[i].own;
	return accounts->n ? accounts->list[0].own : NULL;
}

static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	struct expr *program = program_of(accounts, h);
	struct buf b = { .max = SIZE_MAX };
	struct made made = { out };
	struct expr_input *in;
	int rc;

	if (!program)
		return err_set(e, FAULT_DATA, "account-unknown", "no account of %.*s is configured",
			       STR_FMT(h->carrier));
	write_input(&b, h);
	in = expr_input_text(buf_get(&b));
	buf_free(&b);
	rc = expr_run(program, in, each, &made, e);
	expr_input_free(in);
	if (rc == 0 && out->n == 0) { /* a webhook is never dropped */
		struct canon *c = canon_new(out, CANON_EVENT);
		struct buf data = { .max = SIZE_MAX };

		c->event = "unsupported";
		json_open(&data, '{');
		json_opt_str(&data, "body", str_utf8(h->body) ? h->body : STR_NONE);
		json_close(&data, '}');
		c->carrier_data = arena_str(h->arena, buf_get(&data));
		buf_free(&data);
	}
	return rc;
}

const struct carrier carrier_custom_jq = {
	.name = "custom",
	.open_account = open_account,
	.close_account = close_account,
	.normalize = normalize,
};
