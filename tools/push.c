/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "push_dry.h"
#include "push_send.h"

enum {
	WINDOW = 500, /* what the services allow at once is of that order */
	WINDOW_MOST = 4096,
	HELD_MAX = 10000,
	HOLD_MS = 20000, /* well below the minute that a lease lasts */
};

struct push {
	struct push_accounts *accounts;
	struct push_engine *engine;
	struct ledger *ledger;
	struct store *store;
	struct push_limits limits;
	bool dry;
	bool failed; /* the ledger */
};

static const struct opt opts[] = {
	{ "dry-run", 'n', NULL, "send nothing: show each request as JSON, secrets named", false },
	{ "window", 0, "N", "requests in flight at one service (500)", false },
	{ "ledger", 'l', "FILE", "remember in FILE what was sent, so that nothing is sent twice", false },
	{ "store", 0, "FILE", "the devices of people, as omni-store keeps them", false },
	{ "resend-unknown", 0, NULL, "send again what may have been sent, and nobody knows", false },
	{ "max-held", 0, "N", "stop reading while N notifications wait (10000)", false },
	{ "max-hold", 0, "SPAN", "reject what would wait longer for its next attempt (20s)", false },
	{ NULL, 0, NULL, NULL, false },
};

static void push_close(void *st)
{
	struct push *p = st;
	struct err e;

	if (!p)
		return;
	/* Where the output is gone nobody is told what becomes of these; but the ledger is, and then it is known. */
	if (p->ledger && p->engine && !p->failed && push_engine_load(p->engine) > 0)
		(void)push_engine_stop(p->engine, &out_nowhere, &e);
	push_engine_free(p->engine);
	ledger_close(p->ledger);
	store_close(p->store);
	push_accounts_close(p->accounts);
	free(p);
}

static int read_options(struct push *p, const struct args *a, struct err *e)
{
	uint64_t window = WINDOW, held = HELD_MAX;

	p->dry = opt_flag(a, "dry-run");
	p->limits.hold_ms = HOLD_MS;
	p->limits.resend_unknown = opt_flag(a, "resend-unknown");
	if (p->limits.resend_unknown && !opt_value(a, "ledger"))
		return err_set(e, FAULT_USAGE, "usage", "--resend-unknown needs a --ledger");
	if (opt_number(a, "window", 1, WINDOW_MOST, &window, e) < 0 ||
	    opt_number(a, "max-held", 1, 10000000, &held, e) < 0 ||
	    opt_duration(a, "max-hold", 0, CLOCK_SPAN_MAX, &p->limits.hold_ms, e) < 0)
		return -1;
	p->limits.window = (unsigned)window;
	p->limits.most = (size_t)held;
	return 0;
}

static void *push_open(const struct setup *s, struct err *e)
{
	struct push *p = calloc(1, sizeof(*p));
	const char *ledger = opt_value(s->args, "ledger"), *store = opt_value(s->args, "store");
	struct push_means means;

	if (!p)
		diag_oom();
	if (read_options(p, s->args, e) < 0 || (p->accounts = push_accounts_open(s->conf, e)) == NULL ||
	    (ledger && !p->dry && (p->ledger = ledger_open(ledger, e)) == NULL) ||
	    (store && (p->store = store_open(store, STORE_READONLY, e)) == NULL))
		goto fail;
	means = (struct push_means){ p->accounts, p->ledger, p->store };
	p->engine = push_engine_new(&means, &p->limits, e);
	if (p->engine)
		return p;
fail:
	push_close(p);
	return NULL;
}

static int push_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct push *p = st;

	if (!push_wanted(r)) {
		out_put(o, r);
		return 0;
	}
	if (p->dry)
		return push_dry(p->accounts, p->store, r, o, e);
	return push_engine_take(p->engine, r, o, e);
}

static int push_commit(void *st, struct out *o, struct err *e)
{
	struct push *p = st;
	int rc = push_engine_commit(p->engine, o, e);

	p->failed |= rc < 0;
	return rc;
}

static int push_fd(void *st)
{
	return push_engine_fd(((struct push *)st)->engine);
}

static int push_due(void *st, struct out *o, struct err *e)
{
	(void)e;
	push_engine_due(((struct push *)st)->engine, o);
	return 0;
}

static enum stage_load push_load(void *st)
{
	struct push *p = st;
	size_t n = push_engine_load(p->engine);

	return n == 0 ? STAGE_EMPTY : n < p->limits.most ? STAGE_HOLDS : STAGE_FULL;
}

static int push_flush(void *st, struct out *o, struct err *e)
{
	struct push *p = st;
	int rc = push_engine_stop(p->engine, o, e);

	p->failed |= rc < 0;
	return rc;
}

const struct stage stage_push = {
	.program = {
		.name = "omni-push",
		.purpose = "Send notifications to devices and browsers: APNs, FCM, Web Push.",
		.operands = "[FILE...]",
		.example = "omni-push keygen -o vapid.key    # the keys for browsers, once\n"
			   "  omni-queue take push --follow | omni-push -c omni.json | omni-queue settle push",
		.opts = opts,
	},
	.name = "push",
	.keys = config_keys,
	.open = push_open,
	.step = push_step,
	.commit = push_commit,
	.fd = push_fd,
	.due = push_due,
	.load = push_load,
	.flush = push_flush,
	.close = push_close,
};
