/* SPDX-License-Identifier: MIT */
/*
 * omni-validate: webhooks in, the same with `verified` out, or rejects of those whose proof does
 * not hold; and records of any kind against JSON Schemas.
 */
#include "stages.h"

#include <stdlib.h>

#include "carrier.h"
#include "config.h"
#include "conform.h"
#include "diag.h"
#include "redact.h"
#include "verify.h"

struct validate {
	struct carriers *carriers;
	struct conform *conform; /* NULL: no schemas */
	bool verify, take_redacted;
	struct buf text;
};

static void validate_close(void *st)
{
	struct validate *v = st;

	if (!v)
		return;
	carriers_close(v->carriers);
	conform_close(v->conform);
	buf_free(&v->text);
	free(v);
}

static void *validate_open(const struct setup *s, struct err *e)
{
	struct validate *v = calloc(1, sizeof(*v));

	if (!v)
		diag_oom();
	v->text.max = LINE_GROWTH;
	v->take_redacted = opt_flag(s->args, "redacted");
	v->verify = !opt_flag(s->args, "no-verify");
	if (!conform_wanted(s->args)) {
		if (opt_flag(s->args, "at") || opt_flag(s->args, "output") || !v->verify) {
			err_set(e, FAULT_USAGE, "usage",
				"--at, --output and --no-verify need --schema or --models");
			goto fail;
		}
	} else {
		v->conform = conform_open(s->args, e);
		if (!v->conform)
			goto fail;
	}
	v->carriers = carriers_open(s->conf, CARRIER_PROOF, &carrier_custom, e);
	if (v->carriers)
		return v;
fail:
	validate_close(v);
	return NULL;
}

/* Check ${h}; on success ${v->text} is the value of `verified`. */
static int check(struct validate *v, const struct carrier_conf *c, const struct hook *h, struct err *e)
{
	struct verdict verdict = { 0 };

	if (verify_hook(c, h, true, &verdict, e) < 0)
		return -1;
	buf_reset(&v->text);
	json_open(&v->text, '{');
	json_add_str(&v->text, "scheme", str_c(verdict.scheme));
	json_add_str(&v->text, "account", verdict.account->name);
	return 0;
}

/*
 * A carrier that sends the credential itself: what is written, reject or not, is the webhook
 * without it.
 */
static int check_and_redact(struct validate *v, const struct carrier_conf *c, const struct hook *h,
			    struct rec *r, struct out *o, struct err *e)
{
	int rc = check(v, c, h, e);
	bool redacted = redact(c, h, r), before = json_true(json_get(h->verified, "redacted"));

	if (rc == 0) {
		if (redacted || before)
			json_add_bool(&v->text, "redacted", true);
		return 0;
	}
	if (!redacted && before) {
		if (v->take_redacted) {
			out_put(o, r);
			return 1;
		}
		err_hint(e, "an earlier run took the credentials out: replay from behind omni-validate, or say --redacted");
	}
	if (!fault_class(e->fault))
		return -1;
	out_reject(o, r, e);
	return 1;
}

/* A webhook: 0 if it goes on as ${made}, 1 if it has been put, -1 on error. */
static int verify_step(struct validate *v, const struct rec *r, struct rec *made, struct out *o,
		       struct err *e)
{
	struct hook *h = arena_alloc(r->arena, sizeof(*h));
	const struct carrier_conf *c;
	int rc;

	if (hook_read(h, r, e) < 0)
		return -1;
	c = carriers_find(v->carriers, h->carrier);
	if (!c)
		return err_set(e, FAULT_DATA, "carrier-unknown", "there is no carrier \"%.*s\"",
			       STR_FMT(h->carrier));
	if (redact_due(c))
		rc = check_and_redact(v, c, h, made, o, e);
	else
		rc = check(v, c, h, e);
	if (rc != 0)
		return rc;
	json_close(&v->text, '}');
	rec_add(made, "verified", buf_get(&v->text));
	if (!redact_due(c)) /* else it may show what was taken out */
		hook_share(h, made);
	return 0;
}

static int validate_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct validate *v = st;
	struct str kind = rec_str(r, "kind");
	struct rec made = *r;
	int rc = 0;

	if (v->verify && str_eq(kind, STR("webhook")))
		rc = verify_step(v, r, &made, o, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (v->conform && !str_eq(kind, STR("reject")) &&
	    conform_check(v->conform, r, kind, &made, e) < 0) {
		if (!fault_class(e->fault))
			return -1;
		out_reject(o, &made, e);
		return 0;
	}
	out_put(o, &made);
	return 0;
}

static const struct opt options[] = {
	{ "schema", 0, "FILE|NAME",
	  "check records against a JSON Schema: a file, or a model by its name", false },
	{ "models", 0, NULL, "check each record against the model of its kind and carrier", false },
	{ "at", 0, "POINTER", "check what is there in the record, not the whole of it", false },
	{ "output", 0, "FORMAT", "what a reject tells: text, flag or basic (all failures)", false },
	{ "no-verify", 0, NULL, "check no signatures, only schemas", false },
	{ "redacted", 0, NULL,
	  "take webhooks whose credentials an earlier run took out at their word", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct stage stage_validate = {
	.program = {
		.name = "omni-validate",
		.purpose = "Check the carriers' signatures over the raw bytes of webhooks, and JSON Schemas.",
		.operands = "[FILE...]",
		.example = "omni-recv --from request.http | omni-validate -c omni.json | omni-normalize",
		.opts = options,
	},
	.name = "validate",
	.keys = config_keys,
	.pure = true,
	.open = validate_open,
	.step = validate_step,
	.close = validate_close,
};
