/* SPDX-License-Identifier: MIT */
/* omni-normalize: verified webhooks in, canonical messages, statuses and events out. */
#include "stages.h"

#include <stdlib.h>

#include "carrier.h"
#include "config.h"
#include "diag.h"
#include "expr.h"
#include "json_scan.h"

#define OUTPUT_MAX \
	MIB(64) /* of one webhook: what is shared by the elements of a batch is repeated in each record */

struct normalize {
	struct carriers *carriers;
	bool unverified;
	bool keep;        /* records take `verified` over */
	struct expr *map; /* the user's program, or NULL */
	struct buf text;  /* the records of the webhook in hand */
};

/* What a map makes of all records of one webhook. */
struct mapped {
	struct str *texts;
	size_t n, cap;
	struct arena *arena;
};

static void normalize_close(void *st)
{
	struct normalize *n = st;

	if (!n)
		return;
	carriers_close(n->carriers);
	expr_free(n->map);
	buf_free(&n->text);
	free(n);
}

static void *normalize_open(const struct setup *s, struct err *e)
{
	struct normalize *n = calloc(1, sizeof(*n));
	const char *map = opt_value(s->args, "map");

	if (!n)
		diag_oom();
	n->text.max = OUTPUT_MAX;
	n->unverified = opt_flag(s->args, "unverified");
	n->keep = opt_flag(s->args, "keep-verified");
	n->carriers = carriers_open(s->conf, 0, &carrier_custom_jq, e);
	if (n->carriers && (!map || (n->map = expr_load(map, e))))
		return n;
	normalize_close(n);
	return NULL;
}

/*
 * Where the records of one webhook stand in n->text: all are made before one is put, so that a
 * failure rejects it whole.
 */
struct made {
	size_t *ends;
	size_t n;
};

/* Close the record that began at ${start} of n->text and lacks only trace, lease and brace. */
static int finish(struct normalize *n, const struct rec *parent, size_t start, struct made *made,
		  size_t parts, struct err *e)
{
	const struct json *verified = n->keep ? rec_get(parent, "verified") : NULL;

	if (verified) {
		json_key(&n->text, "verified");
		json_put_value(&n->text, verified);
	}
	rec_inherit(&n->text, parent, (unsigned)made->n + 1, (unsigned)parts);
	json_close(&n->text, '}');
	if (n->text.over || n->text.n - start > LINE_MAX_BYTES)
		return err_set(e, FAULT_DATA, "record-too-large",
			       "a record made of it would be longer than %zu bytes", LINE_MAX_BYTES);
	made->ends[made->n++] = n->text.n;
	buf_char(&n->text, '\n');
	return 0;
}

static void put_all(struct normalize *n, const struct rec *parent, const struct made *made, struct out *o)
{
	size_t start = 0;

	for (size_t i = 0; i < made->n; i++) {
		struct rec r;

		rec_made(&r, parent, str_sub(buf_get(&n->text), start, made->ends[i] - start));
		out_put(o, &r);
		start = made->ends[i] + 1;
	}
}

/* What a record inherits from its webhook is not the map's to make. */
static struct str without_inherited(struct str text, struct arena *a)
{
	static const char *const names[] = { "trace", "lease", "verified" };

	for (size_t i = 0; i < LEN(names); i++) {
		struct buf b = { .max = SIZE_MAX };

		json_cut(&b, text, str_c(names[i]));
		text = arena_str(a, buf_get(&b));
		buf_free(&b);
	}
	return text;
}

static int map_each(void *arg, struct str json, struct err *e)
{
	struct mapped *m = arg;

	if (json.n < 2 || json.p[0] != '{')
		return err_set(e, FAULT_DATA, "map-not-object",
			       "the map made something that is not an object: %.*s",
			       STR_FMT(str_utf8_cut(json, 64)));
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 8;

		m->texts = arena_resize(m->arena, m->texts, m->cap * sizeof(*m->texts),
					cap * sizeof(*m->texts));
		m->cap = cap;
	}
	m->texts[m->n++] = without_inherited(json, m->arena);
	return 0;
}

/* Run the map over all records of ${list}. */
static int map_all(struct normalize *n, const struct canon_list *list, const struct hook *h,
		   struct mapped *m, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		struct expr_input *in;
		int rc;

		buf_reset(&n->text);
		canon_write(&n->text, &list->items[i], h);
		json_close(&n->text, '}');
		in = expr_input_text(buf_get(&n->text));
		rc = expr_run(n->map, in, map_each, m, e);
		expr_input_free(in);
		if (rc < 0)
			return -1;
	}
	if (m->n == 0)
		return err_set(e, FAULT_DATA, "map-empty",
			       "the map made nothing of it; let it pass on what it has no use for");
	return 0;
}

/* Write what becomes of the webhook ${h} into n->text. */
static int make_all(struct normalize *n, const struct rec *r, const struct canon_list *list,
		    const struct hook *h, struct made *made, struct err *e)
{
	struct mapped m = { .arena = r->arena };
	size_t parts = list->n;

	if (n->map) {
		if (map_all(n, list, h, &m, e) < 0)
			return -1;
		parts = m.n;
	}
	made->ends = arena_alloc(r->arena, (parts + 1) * sizeof(*made->ends));
	made->n = 0;
	buf_reset(&n->text);
	for (size_t i = 0; i < parts; i++) {
		size_t start = n->text.n;

		if (n->map)
			buf_add(&n->text, m.texts[i].p, m.texts[i].n - 1);
		else
			canon_write(&n->text, &list->items[i], h);
		if (finish(n, r, start, made, parts, e) < 0)
			return -1;
	}
	return 0;
}

static int normalize_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct normalize *n = st;
	struct canon_list list = { .arena = r->arena };
	const struct carrier_conf *c;
	struct made made;
	struct hook h;

	if (!rec_is(r, "webhook")) {
		out_put(o, r);
		return 0;
	}
	if (hook_read(&h, r, e) < 0)
		return -1;
	if (!json_get_str(h.verified, "scheme").n && !n->unverified)
		return err_set(e, FAULT_DENIED, "not-verified",
			       "the webhook was not verified: put omni-validate before, or say --unverified");
	c = carriers_find(n->carriers, h.carrier);
	if (!c)
		return err_set(e, FAULT_DATA, "carrier-unknown", "there is no carrier \"%.*s\"",
			       STR_FMT(h.carrier));
	if (c->carrier->normalize(&c->accounts, &h, &list, e) < 0)
		return -1;
	if (make_all(n, r, &list, &h, &made, e) < 0)
		return -1;
	put_all(n, r, &made, o);
	return 0;
}

static const struct opt options[] = {
	{ "keep-verified", 0, NULL,
	  "let what is made of a webhook take `verified` over: for a timeline", false },
	{ "map", 0, "FILE", "apply the jq program in FILE to each record that is made", false },
	{ "unverified", 0, NULL, "translate webhooks that omni-validate has not seen, too", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct stage stage_normalize = {
	.program = {
		.name = "omni-normalize",
		.purpose = "Translate the carriers' webhooks into canonical messages, statuses and events.",
		.operands = "[FILE...]",
		.example = "omni-validate -c omni.json webhooks.ndjson.zst | omni-normalize | jq -r .text",
		.opts = options,
	},
	.name = "normalize",
	.keys = config_keys,
	.pure = true,
	.open = normalize_open,
	.step = normalize_step,
	.close = normalize_close,
};
