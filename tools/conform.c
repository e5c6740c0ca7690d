/* SPDX-License-Identifier: MIT */
#include "conform.h"

#include <stdlib.h>

#include "diag.h"
#include "model.h"

enum output { OUTPUT_TEXT, OUTPUT_FLAG, OUTPUT_BASIC };

enum {
	KNOWN_MAX = 32, /* kinds of carriers whose models are remembered */
	WORD_MAX_BYTES = 32,
	REPORT_MAX_BYTES = LINE_GROWTH / 2, /* it goes into a reject, whose line must stay readable */
};

/* The model of the records of one kind and carrier. */
struct known {
	char text[2][WORD_MAX_BYTES];
	struct str kind, carrier;
	const struct schema *schema; /* NULL: there is none */
	const char *name;
};

struct conform {
	struct schema_set *set;
	const struct schema *schema; /* of --schema; NULL: the model of each record */
	const char *name;
	struct str at;
	enum output output;
	struct known known[KNOWN_MAX];
	size_t n_known;
	struct buf text;
};

bool conform_wanted(const struct args *args)
{
	return opt_flag(args, "schema") || opt_flag(args, "models");
}

static int read_output(const struct args *args, enum output *out, struct err *e)
{
	static const char *const names[] = { "text", "flag", "basic" };
	const char *value = opt_value(args, "output");

	*out = OUTPUT_TEXT;
	for (size_t i = 0; value && i < LEN(names); i++)
		if (strcmp(value, names[i]) == 0) {
			*out = (enum output)i;
			return 0;
		}
	if (!value)
		return 0;
	return err_set(e, FAULT_USAGE, "usage", "--output is flag, basic or text, not \"%s\"", value);
}

/* A word is the name of a model; what has a "/" or a "." in it may be a file. */
static const struct schema *open_named(struct conform *c, const char *name, struct err *e)
{
	const struct model *m = model_find(str_c(name)), *near;

	if (m) {
		if (model_add_all(c->set, e) < 0)
			return NULL;
		return schema_set_get(c->set, str_c(m->uri), e);
	}
	if (!strpbrk(name, "/.")) {
		near = model_nearest(str_c(name));
		err_set(e, FAULT_CONFIG, "schema", "--schema: there is no model \"%s\"%s%s%s", name,
			near ? "; did you mean \"" : "; write a file with its directory: ./",
			near ? near->name : name, near ? "\"?" : "");
		return NULL;
	}
	if (model_add_all(c->set, e) < 0 || schema_set_file(c->set, name, e) < 0)
		return NULL;
	return schema_set_get(c->set, str_c(name), e);
}

struct conform *conform_open(const struct args *args, struct err *e)
{
	struct conform *c = calloc(1, sizeof(*c));
	const char *at = opt_value(args, "at");

	if (!c)
		diag_oom();
	c->text.max = REPORT_MAX_BYTES;
	c->set = schema_set_new(SCHEMA_FORMATS | SCHEMA_FILES);
	c->name = opt_value(args, "schema");
	c->at = at ? str_c(at) : STR("");
	if (read_output(args, &c->output, e) < 0)
		goto fail;
	if (c->name && opt_flag(args, "models")) {
		err_set(e, FAULT_USAGE, "usage", "--schema and --models do not go together");
		goto fail;
	}
	if (c->at.n > 0 && c->at.p[0] != '/') {
		err_set(e, FAULT_USAGE, "usage",
			"--at is a JSON Pointer, \"/from/address\", not \"%s\"", at);
		goto fail;
	}
	if (c->name) {
		c->schema = open_named(c, c->name, e);
		if (!c->schema)
			goto fail;
	} else if (model_add_all(c->set, e) < 0) {
		goto fail;
	}
	return c;
fail:
	conform_close(c);
	return NULL;
}

void conform_close(struct conform *c)
{
	if (!c)
		return;
	schema_set_free(c->set);
	buf_free(&c->text);
	free(c);
}

static int compile(struct conform *c, struct known *k, struct err *e)
{
	const struct model *m = model_of(k->kind, k->carrier);

	k->schema = NULL;
	if (!m)
		return 0;
	k->name = m->name;
	k->schema = schema_set_get(c->set, str_c(m->uri), e);
	return k->schema ? 0 : -1;
}

/* The model of records of that kind and carrier, into ${k}. */
static int pick(struct conform *c, struct str kind, struct str carrier, struct known *k, struct err *e)
{
	for (size_t i = 0; i < c->n_known; i++)
		if (str_eq(c->known[i].kind, kind) && str_eq(c->known[i].carrier, carrier)) {
			*k = c->known[i];
			return 0;
		}
	*k = (struct known){ .kind = kind, .carrier = carrier };
	if (compile(c, k, e) < 0)
		return -1;
	if (c->n_known < KNOWN_MAX && kind.n <= WORD_MAX_BYTES && carrier.n <= WORD_MAX_BYTES) {
		struct known *to = &c->known[c->n_known++];

		*to = *k;
		to->kind = (struct str){ to->text[0], kind.n };
		to->carrier = (struct str){ to->text[1], carrier.n };
		if (kind.n > 0)
			memcpy(to->text[0], kind.p, kind.n);
		if (carrier.n > 0)
			memcpy(to->text[1], carrier.p, carrier.n);
	}
	return 0;
}

/* The failures as they fit below the limit: fewer where they are long. */
static void put_report(struct conform *c, struct schema_report report, struct rec *r)
{
	for (; report.n > 0; report.n /= 2) {
		buf_reset(&c->text);
		schema_put_basic(&c->text, &report);
		if (!c->text.over)
			break;
	}
	if (report.n > 0)
		r->report = buf_get(&c->text);
}

/* The first failure, and how many more there are. */
static int mismatch(struct conform *c, const struct schema *s, const struct json *v,
		    struct rec *made, struct err *e)
{
	struct schema_report report = c->output == OUTPUT_BASIC ? schema_explain(s, v, made->arena) :
								  schema_brief(s, v, made->arena);
	struct buf text = { .max = SIZE_MAX };
	struct str shown;

	schema_put_text(&text, &report.units[0]);
	shown = str_utf8_cut(buf_get(&text), sizeof(e->text) - 40);
	err_set(e, FAULT_DATA, "schema-mismatch", "%.*s", STR_FMT(shown));
	if (report.n + report.more > 1)
		err_hint(e, "and %zu more", report.n + report.more - 1);
	buf_free(&text);
	if (c->output == OUTPUT_BASIC)
		put_report(c, report, made);
	return -1;
}

static const struct json *whole(const struct rec *r)
{
	struct rec copy;

	if (r->root && r->n_settled == 0)
		return r->root;
	copy = *r;
	return rec_root(&copy);
}

int conform_check(struct conform *c, const struct rec *r, struct str kind, struct rec *made,
		  struct err *e)
{
	struct known k = { .schema = c->schema, .name = c->name };
	const struct json *v;

	if (!c->schema && pick(c, kind, rec_str(r, "carrier"), &k, e) < 0)
		return -1;
	if (!k.schema)
		return 0;
	v = whole(r);
	if (c->at.n)
		v = json_pointer(v, c->at);
	if (!v)
		return err_set(e, FAULT_DATA, "schema-mismatch", "there is nothing at %.*s",
			       STR_FMT(c->at));
	if (schema_valid(k.schema, v, r->arena))
		return 0;
	if (c->output == OUTPUT_FLAG)
		return err_set(e, FAULT_DATA, "schema-mismatch", "not valid: %s", k.name);
	return mismatch(c, k.schema, v, made, e);
}
