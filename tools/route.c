/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <stdlib.h>

#include "config.h"
#include "consent.h"
#include "diag.h"
#include "route_out.h"
#include "rules.h"

struct route {
	struct rules *rules;
	struct consent *consent;
	struct selector *selector;
};

static const struct opt opts[] = {
	{ "explain", 0, NULL, "say in each record why other rules, or candidates, were not taken", false },
	{ "shadow", 0, "FILE", "say where another configuration would choose another sender", false },
	{ "store", 0, "FILE", "what is known of recipients, written by omni-store", false },
	{ NULL, 0, NULL, NULL, false },
};

static void route_close(void *st)
{
	struct route *rt = st;

	if (!rt)
		return;
	rules_free(rt->rules);
	consent_free(rt->consent);
	selector_free(rt->selector);
	free(rt);
}

static void *route_open(const struct setup *s, struct err *e)
{
	struct route *rt = calloc(1, sizeof(*rt));
	const struct selector_options out = { .store = opt_value(s->args, "store"),
					      .shadow = opt_value(s->args, "shadow"),
					      .keys = config_keys(),
					      .explain = opt_flag(s->args, "explain") };

	if (!rt)
		diag_oom();
	rt->rules = rules_new(s->conf, opt_flag(s->args, "explain"), e);
	rt->consent = rt->rules ? consent_new(s->conf, e) : NULL;
	rt->selector = rt->consent ? selector_new(s->conf, &out, e) : NULL;
	if (rt->selector)
		return rt;
	route_close(rt);
	return NULL;
}

/* A message that is to be sent. */
static int step_out(struct route *rt, const struct rec *r, struct out *o, struct err *e)
{
	struct rec routed = *r;

	if (selector_apply(rt->selector, &routed, e) == 0) {
		out_put(o, &routed);
		return 0;
	}
	if (!routed.report.p || !fault_class(e->fault))
		return -1;
	out_reject(o, &routed, e);
	return 0;
}

/*
 * What came in: statuses too, whose direction is that of the message they are about.  All else
 * passes.
 */
static bool inbound(const struct rec *r)
{
	struct str kind = rec_str(r, "kind");

	if (str_eq(kind, STR("message")))
		return !str_eq(rec_str(r, "direction"), STR("out"));
	return str_eq(kind, STR("status")) || str_eq(kind, STR("event"));
}

static int route_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct route *rt = st;
	struct rec routed, made;
	const char *event;

	if (selector_wants(rt->selector, r))
		return step_out(rt, r, o, e);
	if (!inbound(r)) {
		out_put(o, r);
		return 0;
	}
	event = consent_event(rt->consent, r);
	routed = *r;
	if (rules_apply(rt->rules, &routed, e) < 0)
		return -1;
	if (event) {
		consent_record(&made, r, event);
		if (rules_apply(rt->rules, &made, e) < 0)
			return -1;
		rec_share(&routed, 1, 2);
	}
	out_put(o, &routed);
	if (event)
		out_put(o, &made);
	return 0;
}

static const char *const *route_dests(void *st)
{
	return rules_dests(((struct route *)st)->rules);
}

const struct stage stage_route = {
	.program = {
		.name = "omni-route",
		.purpose = "Decide where each record goes, by whom messages are sent, and see opt-out words.",
		.operands = "[FILE...]",
		.example = "omni-normalize verified.ndjson | omni-route -c omni.json --split '/run/omni/%s'",
		.opts = opts,
	},
	.name = "route",
	.keys = config_keys,
	.pure = true,
	.timed = true,
	.open = route_open,
	.step = route_step,
	.close = route_close,
	.dests = route_dests,
};
