/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "deliver_dry.h"
#include "diag.h"
#include "stages.h"

enum dry { DRY_NO, DRY_CURL, DRY_JSON };

struct deliver {
	struct carriers *carriers;
	enum dry dry;
	bool split;
	struct buf text;
};

static const struct opt opts[] = {
	{ "dry-run", 'n', "=json",
	  "send nothing: show each request, as a command of curl or as JSON", false },
	{ NULL, 0, NULL, NULL, false },
};

static void deliver_close(void *st)
{
	struct deliver *d = st;

	if (!d)
		return;
	carriers_close(d->carriers);
	buf_free(&d->text);
	free(d);
}

static int read_options(struct deliver *d, const struct setup *s, struct err *e)
{
	const char *dry = opt_value(s->args, "dry-run");

	if (dry)
		d->dry = *dry ? DRY_JSON : DRY_CURL;
	if (dry && *dry && strcmp(dry, "json") != 0)
		return err_set(e, FAULT_USAGE, "usage", "--dry-run= takes json, not \"%.40s\"", dry);
	d->split = !str_eq(json_get_str(json_get(s->conf->root, "deliver"), "long_text"), STR("refuse"));
	return 0;
}

static void *deliver_open(const struct setup *s, struct err *e)
{
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		diag_oom();
	d->text.max = SIZE_MAX;
	if (read_options(d, s, e) < 0 ||
	    (d->carriers = carriers_open(s->conf, CARRIER_SEND, &carrier_custom, e)) == NULL) {
		deliver_close(d);
		return NULL;
	}
	return d;
}

/* ---- what would be sent ---- */

/* Why nothing would be, as a line that sh passes over. */
static void show_refusal(struct deliver *d, const struct rec *r, const struct err *why, struct out *o)
{
	struct buf line = { .max = SIZE_MAX };
	struct rec made;

	json_put_str(&line, rec_str(r, "id"));
	buf_reset(&d->text);
	buf_lit(&d->text, "# ");
	buf_str(&d->text, buf_get(&line)); /* escaped as in JSON: on one line */
	buf_fmt(&d->text, ": %s: ", why->code);
	buf_reset(&line);
	json_escape(&line, str_c(why->text));
	buf_str(&d->text, buf_get(&line));
	rec_made(&made, r, buf_get(&d->text));
	out_put(o, &made);
	buf_free(&line);
}

static int show_leg(struct deliver *d, const struct rec *r, const struct outgoing *s,
		    struct leg *leg, unsigned *parts, struct out *o, struct err *e)
{
	struct submit *x = arena_calloc(r->arena, 1, sizeof(*x));
	struct dispatch *dp = arena_calloc(r->arena, 1, sizeof(*dp));
	struct rec made;

	outgoing_dispatch(dp, s, leg, r->arena);
	dp->split = d->split;
	dp->now = clock_now();
	x->parts = *parts;
	if (s->over[leg->over].of->carrier->request(dp, x, e) < 0)
		return -1;
	if (leg->part == 0)
		*parts = x->parts;
	x->parts = *parts;
	buf_reset(&d->text);
	if (d->dry == DRY_JSON)
		dry_json(&d->text, s, leg, x);
	else
		dry_curl(&d->text, s, leg, x);
	rec_made(&made, r, buf_get(&d->text));
	out_put(o, &made);
	return 0;
}

/* The requests for ${r} over the first account that can make them. */
static int show_all(struct deliver *d, struct rec *r, struct out *o, struct err *e)
{
	struct outgoing s;
	struct leg leg = { 0 };

	if (outgoing_read(&s, r, d->carriers, e) < 0)
		return -1;
	for (leg.to = 0; leg.to < s.n_to; leg.to++) {
		unsigned parts = 1;

		for (leg.part = 0; leg.part < parts;) {
			if (show_leg(d, r, &s, &leg, &parts, o, e) == 0)
				leg.part++;
			else if (leg.to > 0 || leg.part > 0 || ++leg.over == s.n_over)
				return -1;
		}
	}
	return 0;
}

static int show(struct deliver *d, const struct rec *r, struct out *o, struct err *e)
{
	struct rec copy = *r;

	if (!outgoing_wanted(r) || show_all(d, &copy, o, e) == 0)
		return 0;
	if (d->dry == DRY_JSON)
		return -1;
	show_refusal(d, r, e, o);
	return 0;
}

static int deliver_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct deliver *d = st;

	if (d->dry != DRY_NO)
		return show(d, r, o, e);
	if (outgoing_wanted(r))
		return err_set(e, FAULT_TEMP, "sending-off",
			       "this program only shows requests: run it with -n");
	out_put(o, r);
	return 0;
}

const struct stage stage_deliver = {
	.program = {
		.name = "omni-deliver",
		.purpose = "Send outbound messages through the APIs of their carriers.",
		.operands = "[FILE...]",
		.example = "omni-route -c omni.json out.ndjson | omni-deliver -c omni.json --dry-run",
		.opts = opts,
	},
	.name = "deliver",
	.keys = config_keys,
	.open = deliver_open,
	.step = deliver_step,
	.close = deliver_close,
};
