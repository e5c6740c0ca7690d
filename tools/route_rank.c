/* SPDX-License-Identifier: MIT */
/* In which order those who can send a message are tried. */
#include <math.h>

#include "hash.h"
#include "route_choose.h"

enum { DAY_MS = 86400000 };

/*
 * The lowest of -ln(u)/w wins with a chance of w to all w (Efraimidis and Spirakis 2006), and those behind it
 * are drawn likewise.  u is a hash of the record and of the offer alone: the same record always has the same order, and
 * what is added or taken out moves nobody else.
 */
static double by_weight(const struct choice *x, const struct offer *o)
{
	struct str id = rec_str(x->r, "id");
	uint64_t h = hash_64(id.n || x->n_to == 0 ? id : x->to[0], o->seed);

	if (x->policy->even) /* so the logarithms would be in the order of the hashes */
		return -(double)(h >> 11);
	return o->weight > 0 ? -log(((double)(h >> 11) + 1) * 0x1p-53) / o->weight : HUGE_VAL;
}

static bool is_sticky(const struct choice *x, const struct standing *s)
{
	const struct store_talk *t = x->sticky;

	return t && str_eq(t->carrier, s->offer->of->name) &&
	       choose_account(s->offer->account, t->account) &&
	       (!s->from.p || !t->address.p || str_eq(t->address, s->from));
}

static double key_of(const struct chooser *c, const struct choice *x, const struct standing *s,
		     enum order order)
{
	struct condition health;

	switch (order) {
	case ORDER_PRIORITY:
		return (double)s->offer->priority;
	case ORDER_WEIGHT:
		return by_weight(x, s->offer);
	case ORDER_CHEAPEST:
		return s->cost.known ? s->cost.worth : HUGE_VAL;
	case ORDER_STICKY:
		return is_sticky(x, s) ? 0 : 1;
	case ORDER_HEALTH:
		health = health_of(c->health, s->offer->slot, x->now);
		return health_band(&health);
	case ORDERS:
		break;
	}
	return 0;
}

/* What it costs to send to all recipients; nothing is known where one price is not. */
static void price(struct chooser *c, const struct choice *x)
{
	struct priced m = { .channel = x->channel,
			    .category = x->category,
			    .day = x->now / DAY_MS,
			    .segments = x->short_text ? x->plan.parts : 1,
			    .bytes = x->need.total };

	for (size_t t = 0; t < x->n_to; t++) {
		prices_begin(c->prices, &m, x->to[t]);
		for (size_t i = 0; i < x->n; i++) {
			struct standing *s = &c->standings[i];
			struct cost one;
			bool sum;

			if (s->lost || (t > 0 && !s->cost.known))
				continue;
			one = prices_cost(c->prices, s->offer);
			sum = t > 0 && one.known && str_eq(one.currency, s->cost.currency);
			if (sum) {
				one.amount += s->cost.amount;
				one.worth += s->cost.worth;
			}
			s->cost = one;
			s->cost.known = one.known && (t == 0 || sum);
		}
	}
}

static bool before(const struct chooser *c, const struct choice *x, unsigned a, unsigned b)
{
	const struct standing *p = &c->standings[a], *q = &c->standings[b];

	for (unsigned i = 0; i < x->policy->n_order; i++)
		if (p->key[i] < q->key[i] || p->key[i] > q->key[i])
			return p->key[i] < q->key[i];
	return a < b;
}

void choose_rank(struct chooser *c, struct choice *x)
{
	unsigned most = x->policy->failover ? 1 + ROUTE_FALLBACKS : 1;

	if (prices_any(c->prices))
		price(c, x);
	for (unsigned i = 0; i < x->n; i++) {
		struct standing *s = &c->standings[i];
		unsigned at;

		if (s->lost)
			continue;
		for (unsigned k = 0; k < x->policy->n_order; k++)
			s->key[k] = key_of(c, x, s, x->policy->order[k]);
		/* Nobody wants all of them in order: the best are kept. */
		for (at = x->ranked; at > 0 && before(c, x, i, c->ranking[at - 1]); at--)
			if (at < most)
				c->ranking[at] = c->ranking[at - 1];
		if (at < most)
			c->ranking[at] = i;
		x->ranked += x->ranked < most;
	}
}
