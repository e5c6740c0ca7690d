/* SPDX-License-Identifier: MIT */
#include "route_explain.h"

#include <math.h>

#include "clock.h"

static void put_plan(struct buf *b, const struct choice *x)
{
	const struct sms_plan *p = &x->plan;
	size_t end = p->stranger + 1;

	json_key(b, "plan");
	json_open(b, '{');
	json_add_str(b, "encoding", str_c(sms_encoding_name(p->encoding)));
	json_add_i64(b, "characters", (int64_t)p->units);
	json_add_i64(b, "parts", (int64_t)p->parts);
	json_add_i64(b, "room", p->room);
	json_add_bool(b, "udh", p->joined);
	if (p->strangers) {
		while (end < x->text.n && (x->text.p[end] & 0xc0) == 0x80)
			end++;
		json_add_i64(b, "strangers", (int64_t)p->strangers);
		json_add_str(b, "stranger", str_sub(x->text, p->stranger, end - p->stranger));
	}
	json_close(b, '}');
}

static void put_sticky(struct buf *b, const struct choice *x)
{
	char text[CLOCK_TEXT + 1];

	if (!x->sticky)
		return;
	clock_format(text, x->sticky->last);
	json_key(b, "sticky");
	json_open(b, '{');
	json_add_str(b, "channel", x->channel);
	json_opt_str(b, "from", x->sticky->address);
	json_add_str(b, "carrier", x->sticky->carrier.p ? x->sticky->carrier : STR(""));
	json_opt_str(b, "account", x->sticky->account);
	json_add_str(b, "last_at", (struct str){ text, CLOCK_TEXT });
	json_close(b, '}');
}

/* What ${s} has of ${order}, for people. */
static void put_value(struct buf *b, const struct chooser *c, const struct choice *x,
		      const struct standing *s, enum order order)
{
	struct condition health;

	switch (order) {
	case ORDER_PRIORITY:
		json_add_i64(b, "priority", s->offer->priority);
		break;
	case ORDER_CHEAPEST:
		json_key(b, "cost");
		if (s->cost.known)
			json_put_i64(b, s->cost.amount);
		else
			json_put_raw(b, STR("null"));
		break;
	case ORDER_HEALTH:
		health = health_of(c->health, s->offer->slot, x->now);
		json_add_i64(b, "health", (int64_t)health_band(&health));
		break;
	case ORDER_WEIGHT:
	case ORDER_STICKY:
	case ORDERS:
		break;
	}
}

/* ${s} could send it, but another comes first: by which word of the order. */
static void put_outranked(struct buf *b, const struct chooser *c, const struct choice *x,
			  const struct standing *s)
{
	const struct standing *won = &c->standings[c->ranking[0]];
	unsigned i = 0;

	json_add_str(b, "code", STR("outranked"));
	while (i < x->policy->n_order && !(s->key[i] > won->key[i]))
		i++;
	if (i == x->policy->n_order) {
		json_add_str(b, "by", STR("place"));
		return;
	}
	json_add_str(b, "by", str_c(order_name(x->policy->order[i])));
	put_value(b, c, x, s, x->policy->order[i]);
}

void explain_losers(struct buf *b, const struct chooser *c, const struct choice *x)
{
	size_t from = b->n, more = 0;

	json_key(b, "losers");
	json_open(b, '[');
	for (size_t i = 0; i < x->n; i++) {
		const struct standing *s = &c->standings[i];

		if (x->ranked > 0 && c->ranking[0] == i)
			continue;
		if (b->n - from > ROUTE_MAX / 2) {
			more++;
			continue;
		}
		json_open(b, '{');
		json_add_str(b, "carrier", s->offer->of->name);
		json_add_str(b, "account", s->offer->account->name);
		json_opt_str(b, "from",
			     s->from.p        ? s->from :
			     s->offer->number ? s->offer->number->address :
						STR_NONE);
		if (s->lost)
			json_add_str(b, "code", str_c(s->lost));
		else
			put_outranked(b, c, x, s);
		json_close(b, '}');
	}
	if (more) {
		json_open(b, '{');
		json_add_i64(b, "more", (int64_t)more);
		json_close(b, '}');
	}
	json_close(b, ']');
}

void explain_choice(struct buf *b, const struct chooser *c, const struct choice *x)
{
	if (x->short_text)
		put_plan(b, x);
	put_sticky(b, x);
	explain_losers(b, c, x);
}
