/* SPDX-License-Identifier: MIT */
#include "route_choose.h"

#include <stdlib.h>

#include "diag.h"
#include "hash.h"
#include "region.h"

static int consent_read(struct chooser *c, const struct conf *conf, struct err *e)
{
	static const char *const scopes[] = { "all", "channel", "account", "address" };
	const struct json *v = json_get(conf->root, "consent");
	int exempt = category_bits(json_get(v, "exempt"));

	for (size_t i = 0; i < LEN(scopes); i++)
		if (str_eq(json_get_str(v, "scope"), str_c(scopes[i])))
			c->scope = (enum scope)i;
	c->exempt = (unsigned)exempt;
	return exempt < 0 ?
		       err_set(e, FAULT_CONFIG, "config",
			       "%s: /consent/exempt: takes transactional, marketing, otp and service",
			       conf->path) :
		       0;
}

struct chooser *chooser_new(struct conf *conf, const char *store, struct err *e)
{
	struct chooser *c = calloc(1, sizeof(*c));

	if (!c)
		diag_oom();
	c->offers = offers_new(conf, e);
	c->prices = c->offers ? prices_new(conf, c->offers, e) : NULL;
	c->quiet = c->prices ? quiet_new(conf, e) : NULL;
	c->known = c->quiet ? known_new(conf, store, e) : NULL;
	if (!c->known || consent_read(c, conf, e) < 0) {
		chooser_free(c);
		return NULL;
	}
	c->push = json_get(conf->root, "push") != NULL;
	c->health = health_new(conf, c->offers);
	c->standings = calloc(c->offers->most + 1, sizeof(*c->standings));
	c->ranking = calloc(ROUTE_FALLBACKS + 1, sizeof(*c->ranking));
	if (!c->standings || !c->ranking)
		diag_oom();
	return c;
}

void chooser_free(struct chooser *c)
{
	if (!c)
		return;
	health_free(c->health);
	known_free(c->known);
	quiet_free(c->quiet);
	prices_free(c->prices);
	offers_free(c->offers);
	free(c->standings);
	free(c->ranking);
	free(c);
}

/* ---- who can ---- */

static struct str digits_of(const struct choice *x, size_t i)
{
	return x->to[i].p[0] == '+' ? str_sub(x->to[i], 1, x->to[i].n) : STR_NONE;
}

static bool in_country(struct str to, struct str country)
{
	const struct region *r = region_of(to);

	return r && str_eq(country, str_c(r->country));
}

/*
 * Each person gets the same number of a pool each time, as long as it is there: the one whose hash with
 * theirs is the highest.
 */
static struct str from_pool(const struct choice *x, const struct offer *o)
{
	const struct number *best = NULL;
	struct str to = x->n_to ? x->to[0] : STR("");
	uint64_t high = 0;
	bool home = false;

	for (size_t i = 0; i < o->pool->n; i++) {
		const struct number *n = o->pool->numbers[i];
		bool near = o->pool->by_country && in_country(to, n->country);
		uint64_t h = hash_64(to, n->seed);

		if (n->account != o->account || !(n->channels & UINT32_C(1) << x->channel_no))
			continue;
		if (x->from.p ? str_eq(x->from, n->address) :
				x->sticky && str_eq(x->sticky->address, n->address))
			return n->address;
		if (!best || (near && !home) || (near == home && h > high)) {
			best = n;
			high = h;
			home = near;
		}
	}
	return best ? best->address : STR_NONE;
}

/* A short code is heard in its country alone, a name nowhere in North America. */
static bool heard(const struct choice *x, const struct standing *s)
{
	const struct number *n = s->offer->number;
	bool name = false;

	if (!s->from.n || s->from.p[0] == '+' || !x->n_to || digits_of(x, 0).n == 0)
		return true;
	if (str_digits(s->from))
		return !n || !n->country.p || in_country(x->to[0], n->country);
	for (size_t i = 0; i < s->from.n; i++)
		name |= (s->from.p[i] | 0x20) >= 'a' && (s->from.p[i] | 0x20) <= 'z';
	return !name || x->to[0].p[1] != '1' || str_search(s->from, STR(":")) < s->from.n;
}

static bool reaches(const struct choice *x, const struct prefix *reach)
{
	for (size_t i = 0; reach && i < x->n_to; i++)
		if (prefix_get(reach, digits_of(x, i)) != 1)
			return false;
	return true;
}

/* Why ${s} can not send it, as a code, or NULL. */
static const char *lacks(const struct chooser *c, struct choice *x, struct standing *s)
{
	const struct offer *o = s->offer;
	const struct ability *able = x->channel_no < 0 ? NULL : o->able[x->channel_no];
	const char *why;

	if (x->carrier.p && !str_eq(x->carrier, o->of->name))
		return "carrier";
	if (x->account.p && !choose_account(o->account, x->account))
		return "account";
	if (!able)
		return "channel";
	s->from = o->number ? o->number->address : o->pool ? from_pool(x, o) : x->from;
	if ((x->from.p || o->pool) && !s->from.p)
		return "from";
	if (x->from.p && !str_eq(x->from, s->from))
		return "from";
	why = ability_lacks(able, &x->need, c->offers->split);
	if (why)
		return why;
	if (!reaches(x, o->reach))
		return "prefix";
	if (!heard(x, s))
		return "sender";
	return choose_forbids(c, x, s);
}

/* ---- the choice ---- */

static int find_policy(const struct chooser *c, struct choice *x, struct err *e)
{
	const struct offers *o = c->offers;

	if (o->conditions)
		match_begin(o->match, x->r);
	for (size_t i = 0; i < o->n_policies; i++) {
		const struct policy *p = &o->policies[i];
		int yes = p->cond < 0 ? 1 : match_test(o->match, p->cond, e);

		if (yes < 0)
			return -1;
		x->policy = p;
		if (yes)
			return 0;
	}
	return err_set(e, FAULT_DENIED, "no-policy", "the condition of no policy holds for it");
}

/* The talk of the first recipient that is the last one written in. */
static void find_sticky(struct choice *x)
{
	const struct person *p = x->n_to ? x->people[0] : NULL;

	for (size_t i = 0; p && i < p->n_talks; i++)
		if (p->talks[i].last && (!x->sticky || p->talks[i].last > x->sticky->last))
			x->sticky = &p->talks[i];
}

static int look(struct chooser *c, int64_t now, struct err *e)
{
	if (c->ever && now == c->looked)
		return 0;
	c->ever = true;
	c->looked = now;
	return known_look(c->known, now, e) < 0 || health_look(c->health, now, e) < 0 ? -1 : 0;
}

int chooser_choose(struct chooser *c, struct rec *r, struct choice *x, struct err *e)
{
	if (choose_read(c, r, x, e) < 0 || look(c, x->now, e) < 0 || choose_refuse(c, x, e) < 0)
		return -1;
	x->push = c->push && str_eq(x->channel, STR("push"));
	if (x->push)
		return 0;
	if (find_policy(c, x, e) < 0)
		return -1;
	find_sticky(x);
	choose_text(x);
	for (x->n = 0; x->n < x->policy->n; x->n++) {
		struct standing *s = &c->standings[x->n];

		*s = (struct standing){ .offer = &x->policy->offers[x->n] };
		s->lost = lacks(c, x, s);
		x->able += !s->lost;
	}
	if (x->able == 0)
		return choose_nobody(c, x, e);
	choose_rank(c, x);
	return 0;
}
