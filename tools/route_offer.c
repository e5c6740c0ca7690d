/* SPDX-License-Identifier: MIT */
#include "route_offer.h"

#include <stdlib.h>

#include "diag.h"
#include "hash.h"
#include "route_able.h"
#include "strmap.h"

static const char *const categories[] = {
	[CATEGORY_NONE] = "",
	[CATEGORY_TRANSACTIONAL] = "transactional",
	[CATEGORY_MARKETING] = "marketing",
	[CATEGORY_OTP] = "otp",
	[CATEGORY_SERVICE] = "service",
};

static const char *const orders[] = {
	[ORDER_PRIORITY] = "priority", [ORDER_WEIGHT] = "weight", [ORDER_CHEAPEST] = "cheapest",
	[ORDER_STICKY] = "sticky",     [ORDER_HEALTH] = "health",
};

enum category category_of(struct str word)
{
	for (size_t i = CATEGORY_TRANSACTIONAL; i < LEN(categories); i++)
		if (str_eq(word, str_c(categories[i])))
			return (enum category)i;
	return CATEGORY_NONE;
}

int category_bits(const struct json *list)
{
	int bits = 0;

	for (struct json_iter it = json_iter(list); json_next(&it);) {
		enum category c = category_of(json_str(it.value));

		if (c == CATEGORY_NONE)
			return -1;
		bits |= 1 << c;
	}
	return bits;
}

const char *order_name(enum order order)
{
	return orders[order];
}

int offers_channel(const struct offers *o, struct str channel)
{
	for (unsigned i = 0; i < o->n_channels; i++)
		if (str_eq(o->channels[i], channel))
			return (int)i;
	return -1;
}

bool offers_order(const struct offers *o, enum order order)
{
	for (size_t i = 0; i < o->n_policies; i++)
		for (unsigned k = 0; k < o->policies[i].n_order; k++)
			if (o->policies[i].order[k] == order)
				return true;
	return false;
}

/* ---- reading ---- */

struct reader {
	struct offers *o;
	struct conf *conf;
	struct able able;
	struct strmap numbers, names; /* of pools and policies */
	struct err *e;
};

static int bad(struct reader *rd, struct str where, const char *what)
{
	return err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s: %s", rd->conf->path,
		       STR_FMT(where), what);
}

/* "One, or an array of such": how many, the ${i}-th, and where it stands. */
static size_t many(const struct json *v)
{
	return json_is(v, JSON_ARRAY) ? json_len(v) : v != NULL;
}

static const struct json *each(const struct json *v, size_t i, struct str at, struct arena *a,
			       struct str *where)
{
	*where = json_is(v, JSON_ARRAY) ? arena_fmt(a, "%.*s/%zu", STR_FMT(at), i) : at;
	return json_is(v, JSON_ARRAY) ? json_at(v, i) : v;
}

/* The account of a number: that which it names, or the only one. */
static int number_account(struct reader *rd, const struct json *v, struct str where, struct number *n)
{
	const struct carrier_conf *of = carriers_find(rd->o->carriers, json_get_str(v, "carrier"));
	struct str name = json_get_str(v, "account");

	if (!of || of->accounts.n == 0)
		return bad(rd, where, "its carrier has no account in this file");
	if (!name.p && of->accounts.n > 1)
		return bad(rd, where, "its carrier has several accounts: say which one has it");
	n->account = name.p ? carrier_account(of, name) : &of->accounts.list[0];
	return n->account ? 0 : bad(rd, where, "its carrier has no account of that name");
}

static int number_read(struct reader *rd, const struct json *v, struct str where)
{
	struct number *n = &rd->o->numbers[rd->o->n_numbers++];
	const struct json *channels = json_get(v, "channels");

	n->address = json_get_str(v, "number");
	n->country = json_get_str(v, "country");
	n->seed = hash_64(n->address, 0);
	n->channels = channels ? 0 : UINT32_MAX;
	if (n->address.n == 0 || n->address.n > STORE_KEY_MAX)
		return bad(rd, where, "a number needs \"number\", its address");
	if (n->country.p && n->country.n != 2)
		return bad(rd, where, "a country is two capital letters, such as \"US\"");
	for (struct json_iter it = json_iter(channels); json_next(&it);) {
		int c = offers_channel(rd->o, json_str(it.value));

		if (c < 0)
			return bad(rd, where, "\"channels\" names one that no carrier has");
		n->channels |= UINT32_C(1) << c;
	}
	if (strmap_put(&rd->numbers, n->address, n))
		return bad(rd, where, "a number before it is the same");
	return number_account(rd, v, where, n);
}

static int numbers_read(struct reader *rd)
{
	const struct json *list = json_get(rd->conf->root, "numbers");
	size_t n = many(list);
	struct str where;

	if (n > ROUTE_CANDIDATES)
		return bad(rd, STR("/numbers"), "there are more than 4096");
	rd->o->numbers = arena_calloc(rd->o->arena, n, sizeof(*rd->o->numbers));
	for (size_t i = 0; i < n; i++) {
		const struct json *v = each(list, i, STR("/numbers"), rd->o->arena, &where);

		if (number_read(rd, v, where) < 0)
			return -1;
	}
	return 0;
}

static int pool_read(struct reader *rd, const struct json *v, struct str where, struct pool *p)
{
	const struct json *list = json_get(v, "numbers");

	p->name = json_get_str(v, "name");
	p->by_country = str_eq(json_get_str(v, "select"), STR("country"));
	p->numbers = arena_calloc(rd->o->arena, json_len(list), sizeof(struct number *));
	if (p->name.n == 0 || p->name.n > ROUTE_NAME_MAX)
		return bad(rd, where, "a pool needs a name of 1 to 64 bytes");
	if (!json_is(list, JSON_ARRAY) || json_len(list) == 0)
		return bad(rd, where, "a pool needs \"numbers\", an array with at least one");
	if (strmap_get(&rd->numbers, p->name) || strmap_put(&rd->names, p->name, p))
		return bad(rd, where, "a number or a pool before it has this name");
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		p->numbers[p->n] = strmap_get(&rd->numbers, json_str(it.value));
		if (!p->numbers[p->n++])
			return bad(rd, where, "it has a number that is not among \"numbers\"");
	}
	return 0;
}

static int pools_read(struct reader *rd)
{
	const struct json *list = json_get(rd->conf->root, "pools");
	struct offers *o = rd->o;
	struct str where;

	o->pools = arena_calloc(o->arena, many(list), sizeof(*o->pools));
	for (o->n_pools = 0; o->n_pools < many(list); o->n_pools++) {
		const struct json *v = each(list, o->n_pools, STR("/pools"), o->arena, &where);

		if (pool_read(rd, v, where, &o->pools[o->n_pools]) < 0)
			return -1;
	}
	return 0;
}

/* ---- policies ---- */

/* What a candidate of the configuration, or its absence, says. */
struct wish {
	struct str carrier, account, from, where;
	int64_t priority;
	double weight;
};

/* As a route has it. */
static struct str way_of(const struct offer *x, struct arena *a)
{
	struct buf b = { .max = LINE_MOST_BYTES };
	struct str text;

	json_open(&b, '{');
	json_add_str(&b, "carrier", x->of->name);
	json_add_str(&b, "account", x->account->name);
	if (x->number)
		json_add_str(&b, "from", x->number->address);
	text = arena_str(a, str_sub(buf_get(&b), 1, b.n));
	buf_free(&b);
	return text;
}

static int put_offer(struct reader *rd, struct policy *p, const struct wish *w,
		     const struct carrier_conf *of, struct account *a, const struct number *number,
		     const struct pool *pool)
{
	struct offer *x;

	if (p->n >= ROUTE_CANDIDATES)
		return bad(rd, w->where, "there are more than 4096 candidates");
	p->offers = arena_resize(rd->o->arena, p->offers, p->n * sizeof(*x), (p->n + 1) * sizeof(*x));
	x = &p->offers[p->n++];
	*x = (struct offer){ .of = of,
			     .account = a,
			     .number = number,
			     .pool = pool,
			     .priority = w->priority,
			     .weight = w->weight };
	able_offer(&rd->able, x);
	x->way = way_of(x, rd->o->arena);
	x->seed = hash_64(of->name, 1) ^ hash_64(a->name, 2) ^
		  hash_64(number ? number->address :
			  pool   ? pool->name :
				   STR(""),
			  3);
	return 0;
}

static bool in_pool(const struct pool *p, const struct account *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->numbers[i]->account == a)
			return true;
	return false;
}

/* All that ${a} could send from, as ${w} says. */
static int put_account(struct reader *rd, struct policy *p, const struct wish *w,
		       const struct carrier_conf *of, struct account *a)
{
	struct pool *pool = w->from.p ? strmap_get(&rd->names, w->from) : NULL;
	size_t before = p->n, own = 0;

	if (pool)
		return in_pool(pool, a) ? put_offer(rd, p, w, of, a, NULL, pool) : 0;
	for (size_t i = 0; i < rd->o->n_numbers; i++) {
		const struct number *n = &rd->o->numbers[i];

		if (n->account != a)
			continue;
		own++;
		if ((!w->from.p || str_eq(w->from, n->address)) && put_offer(rd, p, w, of, a, n, NULL) < 0)
			return -1;
	}
	if (own == 0 && p->n == before && !w->from.p)
		return put_offer(rd, p, w, of, a, NULL, NULL);
	return 0;
}

/* An account that has none of the secrets to send with is there for what comes in. */
static bool can_send(const struct carrier_conf *of, const struct account *a)
{
	const char *const *key = of->carrier->send_keys;

	while (key && *key && !json_get(a->conf, *key))
		key++;
	return of->carrier->abilities && (!key || *key);
}

static int put_wish(struct reader *rd, struct policy *p, const struct wish *w)
{
	const struct carrier_conf *of;
	size_t before = p->n;

	for (size_t i = 0; (of = carriers_at(rd->o->carriers, i)) != NULL; i++) {
		if (w->carrier.p && !str_eq(w->carrier, of->name))
			continue;
		for (size_t k = 0; k < of->accounts.n; k++) {
			struct account *a = &of->accounts.list[k];

			if (w->account.p && !str_eq(w->account, a->name) && !str_eq(w->account, a->id))
				continue;
			if ((w->account.p || can_send(of, a)) && put_account(rd, p, w, of, a) < 0)
				return -1;
		}
	}
	return p->n > before || !w->carrier.p ?
		       0 :
		       bad(rd, w->where,
			   "there is no such candidate: look at \"carriers\", \"numbers\" and \"pools\"");
}

static int candidate_read(struct reader *rd, struct policy *p, const struct json *v, struct str where)
{
	struct wish w = { .carrier = json_get_str(v, "carrier"),
			  .account = json_get_str(v, "account"),
			  .from = json_get_str(v, "from"),
			  .where = where,
			  .weight = 1 };
	const struct json *weight = json_get(v, "weight");

	if (!w.carrier.p)
		return bad(rd, where, "a candidate needs \"carrier\"");
	(void)json_i64(json_get(v, "priority"), &w.priority);
	if (weight && (json_double(weight, &w.weight) < 0 || !(w.weight >= 0 && w.weight <= 1e9)))
		return bad(rd, where, "\"weight\" must be a number from 0 to 1000000000");
	return put_wish(rd, p, &w);
}

static int order_read(struct reader *rd, struct policy *p, const struct json *list, struct str where)
{
	if (!list) {
		p->order[p->n_order++] = ORDER_PRIORITY;
		return 0;
	}
	if (!json_is(list, JSON_ARRAY) || json_len(list) == 0 || json_len(list) > ORDERS)
		return bad(rd, where, "\"order\" must be an array of 1 to 5 words");
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		unsigned k = 0;

		while (k < ORDERS && !str_eq(json_str(it.value), str_c(orders[k])))
			k++;
		if (k == ORDERS)
			return bad(rd, where,
				   "\"order\" takes priority, weight, cheapest, sticky and health");
		p->order[p->n_order++] = (enum order)k;
	}
	return 0;
}

static int policy_offers(struct reader *rd, struct policy *p, const struct json *list, struct str where)
{
	struct wish any = { .where = where, .weight = 1 };
	struct str at = arena_fmt(rd->o->arena, "%.*s/candidates", STR_FMT(where)), here;

	if (!list)
		return put_wish(rd, p, &any);
	if (many(list) == 0)
		return bad(rd, at, "there must be at least one");
	for (size_t i = 0; i < many(list); i++) {
		const struct json *v = each(list, i, at, rd->o->arena, &here);

		if (candidate_read(rd, p, v, here) < 0)
			return -1;
	}
	return 0;
}

static int policy_read(struct reader *rd, const struct json *v, struct str where)
{
	struct policy *p = &rd->o->policies[rd->o->n_policies++];
	const struct json *failover = json_get(v, "failover"), *when = json_get(v, "when");

	p->name = json_get_str(v, "name");
	p->failover = !failover || json_true(failover);
	p->smart = json_true(json_get(v, "smart_encoding"));
	p->template = json_get_str(v, "template");
	p->cond = -1;
	if (p->name.n == 0 || p->name.n > ROUTE_NAME_MAX)
		return bad(rd, where, "a policy needs a name of 1 to 64 bytes");
	for (const struct policy *q = rd->o->policies; q < p; q++)
		if (str_eq(q->name, p->name))
			return bad(rd, where, "a policy before it has this name");
	if (p->template.p && !able_template(&rd->able, p->template))
		return bad(rd, where, "its template is not among \"templates\"");
	if (when) {
		p->cond = match_add(rd->o->match, when,
				    arena_fmt(rd->o->arena, "%.*s/when", STR_FMT(where)), rd->e);
		if (p->cond < 0)
			return -1;
		rd->o->conditions = true;
	}
	return order_read(rd, p, json_get(v, "order"), where) < 0 ||
			       policy_offers(rd, p, json_get(v, "candidates"), where) < 0 ?
		       -1 :
		       0;
}

static void look_over(struct offers *o, struct policy *p)
{
	o->most = p->n > o->most ? p->n : o->most;
	p->even = true;
	for (size_t i = 0; i < p->n; i++)
		p->even &= p->offers[i].weight > 0 && !(p->offers[i].weight > p->offers[0].weight) &&
			   !(p->offers[i].weight < p->offers[0].weight);
}

/* Without policies there is one: whoever can, in the order of the file. */
static int policies_read(struct reader *rd)
{
	const struct json *list = json_get(rd->conf->root, "policies");
	struct offers *o = rd->o;
	size_t n = many(list);
	struct str where;

	o->policies = arena_calloc(o->arena, n + 1, sizeof(*o->policies));
	for (size_t i = 0; i < n; i++) {
		const struct json *v = each(list, i, STR("/policies"), o->arena, &where);

		if (policy_read(rd, v, where) < 0)
			return -1;
	}
	if (!list) {
		struct policy *p = &o->policies[0];
		struct wish any = { .where = STR("/numbers"), .weight = 1 };

		*p = (struct policy){ .name = STR("default"), .cond = -1, .n_order = 1, .failover = true };
		if (put_wish(rd, p, &any) < 0)
			return -1;
		o->n_policies = p->n > 0;
	}
	for (size_t i = 0; i < o->n_policies; i++)
		look_over(o, &o->policies[i]);
	return 0;
}

/* Each account has a number, by which others keep what they know of it. */
static void number_slots(struct offers *o)
{
	const struct carrier_conf *of;

	for (size_t p = 0; p < o->n_policies; p++)
		for (size_t i = 0; i < o->policies[p].n; i++) {
			struct offer *x = &o->policies[p].offers[i];
			unsigned slot = 0;

			for (size_t k = 0; (of = carriers_at(o->carriers, k)) != NULL && of != x->of; k++)
				slot += (unsigned)of->accounts.n;
			x->slot = slot + (unsigned)(x->account - x->of->accounts.list);
		}
	for (size_t k = 0; (of = carriers_at(o->carriers, k)) != NULL; k++)
		o->n_slots += (unsigned)of->accounts.n;
}

struct offers *offers_new(struct conf *conf, struct err *e)
{
	struct offers *o = calloc(1, sizeof(*o));
	struct reader rd = { .o = o, .conf = conf, .e = e };

	if (!o)
		diag_oom();
	o->arena = arena_new();
	rd.numbers.arena = rd.names.arena = o->arena;
	o->split = !str_eq(json_get_str(json_get(conf->root, "deliver"), "long_text"), STR("refuse"));
	o->match = match_new(conf->path);
	o->carriers = carriers_open(conf, 0, &carrier_custom, e);
	if (o->carriers && able_read(&rd.able, o, conf, e) == 0 && numbers_read(&rd) == 0 &&
	    pools_read(&rd) == 0 && policies_read(&rd) == 0 && match_ready(o->match, e) == 0) {
		number_slots(o);
		return o;
	}
	offers_free(o);
	return NULL;
}

void offers_free(struct offers *o)
{
	if (!o)
		return;
	match_free(o->match);
	carriers_close(o->carriers);
	arena_free(o->arena);
	free(o);
}
