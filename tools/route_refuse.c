/* SPDX-License-Identifier: MIT */
/* Why an outbound message may not go, or not now. */
#include <stdio.h>

#include "clock.h"
#include "route_choose.h"

/* ---- opt-outs ---- */

/* A person who wants no more short messages wants none with a picture either. */
static bool same_channel(struct str a, struct str b)
{
	bool short_a = str_eq(a, STR("sms")) || str_eq(a, STR("mms"));
	bool short_b = str_eq(b, STR("sms")) || str_eq(b, STR("mms"));

	return str_eq(a, b) || (short_a && short_b);
}

/* True if ${s}, an opt-out, reaches what ${by} sends; NULL: what anybody sends. */
static bool reaches(const struct chooser *c, const struct choice *x, const struct said *s,
		    const struct standing *by)
{
	if (c->scope == SCOPE_ALL)
		return true;
	if (s->channel.p && !same_channel(s->channel, x->channel))
		return false;
	if (c->scope == SCOPE_CHANNEL)
		return true;
	if (!by || (s->carrier.p && !str_eq(s->carrier, by->offer->of->name)) ||
	    !choose_account(by->offer->account, s->account))
		return false;
	return c->scope == SCOPE_ACCOUNT || !s->address.p || str_eq(s->address, by->from);
}

/* The recipient who wants nothing from ${by}, or {NULL, 0}. */
static struct str opted_out(const struct chooser *c, const struct choice *x, const struct standing *by)
{
	if (x->event || (c->exempt & 1u << x->category && x->category != CATEGORY_NONE))
		return STR_NONE;
	for (size_t i = 0; i < x->n_to; i++)
		for (size_t k = 0; k < x->people[i]->n_said; k++)
			if (x->people[i]->said[k].out && reaches(c, x, &x->people[i]->said[k], by))
				return x->to[i];
	return STR_NONE;
}

/* ---- the service window ---- */

static bool window_asked(const struct chooser *c, const struct choice *x)
{
	return known_store(c->known) && !x->event && x->need.type != ABLE_TEMPLATE &&
	       str_eq(x->channel, STR("whatsapp"));
}

/* The talk in which ${p} has written to ${s} within the last day, or NULL. */
static const struct store_talk *window(const struct choice *x, const struct person *p,
				       const struct standing *s)
{
	for (size_t i = 0; i < p->n_talks; i++) {
		const struct store_talk *t = &p->talks[i];

		if (t->inbound && t->inbound + KNOWN_WINDOW_MS > x->now &&
		    str_eq(t->carrier, s->offer->of->name) &&
		    choose_account(s->offer->account, t->account) &&
		    (!s->from.p || !t->address.p || str_eq(t->address, s->from)))
			return t;
	}
	return NULL;
}

const char *choose_forbids(const struct chooser *c, const struct choice *x, struct standing *s)
{
	if (c->scope >= SCOPE_ACCOUNT && opted_out(c, x, s).p)
		return "opted-out";
	if (!window_asked(c, x))
		return NULL;
	for (size_t i = 0; i < x->n_to; i++) {
		s->window = window(x, x->people[i], s);
		if (!s->window)
			return "window-closed";
	}
	return NULL;
}

/* ---- whoever sends it ---- */

static int expired(const struct choice *x, const char *when, struct err *e)
{
	char text[CLOCK_TEXT + 1];

	clock_format(text, x->expires);
	return err_set(e, FAULT_DENIED, "expired", "it was to be sent until %s, and %s", text, when);
}

static int not_yet(const struct choice *x, struct err *e)
{
	struct str text = rec_str(x->r, "send_at");
	int64_t at;

	if (!text.p)
		return 0;
	if (clock_parse(text, &at) < 0)
		return err_set(e, FAULT_DATA, "message-malformed",
			       "no way can be found for it: \"send_at\" is no time");
	if (at <= x->now)
		return 0;
	err_set(e, FAULT_TEMP, "not-yet", "it is not to be sent before %.*s", STR_FMT(text));
	e->retry_ms = at;
	return -1;
}

static int quiet(struct chooser *c, const struct choice *x, struct err *e)
{
	struct err one;
	int rc = 0;

	for (size_t i = 0; i < x->n_to; i++) {
		if (quiet_check(c->quiet, x->to[i], x->category, x->now, &one) == 0)
			continue;
		/* To several people: not before all may be written to. */
		if (rc == 0 || one.fault == FAULT_DENIED ||
		    (e->fault == FAULT_TEMP && one.retry_ms > e->retry_ms))
			*e = one;
		rc = -1;
	}
	return rc;
}

static int read_people(struct chooser *c, struct choice *x, struct err *e)
{
	x->people = arena_alloc(x->r->arena, (x->n_to + 1) * sizeof(struct person *));
	for (size_t i = 0; i < x->n_to; i++) {
		x->people[i] = known_person(c->known, x->to[i], x->channel, x->now, e);
		if (!x->people[i])
			return -1;
	}
	return 0;
}

int choose_refuse(struct chooser *c, struct choice *x, struct err *e)
{
	struct str who;

	if (!x->event && x->expires <= x->now)
		return expired(x, "that is over", e);
	if (read_people(c, x, e) < 0)
		return -1;
	who = opted_out(c, x, NULL);
	if (who.p && c->scope < SCOPE_ACCOUNT)
		return err_set(e, FAULT_DENIED, "opted-out", "%.*s has asked not to be written to",
			       STR_FMT(who));
	if (x->event || (not_yet(x, e) == 0 && quiet(c, x, e) == 0))
		return 0;
	if (e->fault == FAULT_TEMP && e->retry_ms >= x->expires) {
		char text[CLOCK_TEXT + 1];

		clock_format(text, e->retry_ms);
		return expired(x, arena_fmt(x->r->arena, "it can not go before %s", text).p, e);
	}
	return -1;
}

/* ---- nobody ---- */

static struct str template_of(const struct choice *x, const struct standing *s)
{
	return x->policy->template.p ? x->policy->template : s->offer->template;
}

static int window_closed(const struct chooser *c, const struct choice *x, struct err *e)
{
	struct str template = STR_NONE;

	for (size_t i = 0; i < x->n && !template.p; i++)
		if (c->standings[i].lost && strcmp(c->standings[i].lost, "window-closed") == 0)
			template = template_of(x, &c->standings[i]);
	err_set(e, FAULT_DENIED, "window-closed",
		"the recipient has not written for 24 hours, so only a template may go");
	if (template.p)
		err_hint(e, "the template \"%.*s\" would", STR_FMT(template));
	return -1;
}

/* How many have lost for the same reason as the ${i}-th; 0 if one before it has. */
static size_t alike(const struct chooser *c, const struct choice *x, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < x->n; k++) {
		if (strcmp(c->standings[k].lost, c->standings[i].lost) != 0)
			continue;
		if (k < i)
			return 0;
		n++;
	}
	return n;
}

/* How many have lost for ${reason}. */
static size_t lost_for(const struct chooser *c, const struct choice *x, const char *reason)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		n += strcmp(c->standings[i].lost, reason) == 0;
	return n;
}

/* What nobody has of that which the message asks for, if that is all: the last that somebody was asked about. */
static void hint_asked(const struct chooser *c, const struct choice *x, struct err *e)
{
	size_t carrier = lost_for(c, x, "carrier"), account = lost_for(c, x, "account"),
	       channel = lost_for(c, x, "channel"), from = lost_for(c, x, "from");
	const char *what = from ? "sender" : account ? "account" : "carrier";
	struct str asked = from ? x->from : account ? x->account : x->carrier;

	if (carrier + account + channel + from == x->n && (from || !channel) && asked.n)
		err_hint(e, "the message asks for the %s \"%.*s\", which none of them has: configure it, or leave it out",
			 what, STR_FMT(asked));
}

int choose_nobody(const struct chooser *c, const struct choice *x, struct err *e)
{
	char why[160];
	int at = 0;

	/* Those two hold only for who could do all else. */
	if (lost_for(c, x, "window-closed") > 0)
		return window_closed(c, x, e);
	if (lost_for(c, x, "opted-out") > 0)
		return err_set(e, FAULT_DENIED, "opted-out",
			       "a recipient has asked not to be written to by any who could send it");
	why[0] = '\0';
	for (size_t i = 0; i < x->n && at < (int)sizeof(why) - 40; i++) {
		size_t n = alike(c, x, i);

		if (n > 0)
			at += snprintf(why + at, sizeof(why) - (size_t)at, "%s%s %zu",
				       at ? ", " : "", c->standings[i].lost, n);
	}
	err_set(e, FAULT_DENIED, "no-candidate",
		"none of the %zu candidates of the policy \"%.*s\" can send it: %s", x->n,
		STR_FMT(x->policy->name), why);
	hint_asked(c, x, e);
	return -1;
}
