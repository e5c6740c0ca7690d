/* SPDX-License-Identifier: MIT */
/* --dry-run: what would be sent. */
#include "clock.h"
#include "deliver.h"
#include "deliver_dry.h"

enum dry { DRY_NO, DRY_CURL, DRY_JSON };

int show_open(struct deliver *d, const char *format, struct err *e)
{
	if (!format)
		return 0;
	d->dry = *format ? DRY_JSON : DRY_CURL;
	if (*format && strcmp(format, "json") != 0)
		return err_set(e, FAULT_USAGE, "usage", "--dry-run= takes json, not \"%.40s\"", format);
	return 0;
}

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
	dp->split = d->o.split;
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

int show_step(struct deliver *d, const struct rec *r, struct out *o, struct err *e)
{
	struct rec copy = *r;

	if (!outgoing_wanted(r) || show_all(d, &copy, o, e) == 0)
		return 0;
	if (d->dry == DRY_JSON)
		return -1;
	show_refusal(d, r, e, o);
	return 0;
}
