/* SPDX-License-Identifier: MIT */
/*
 * Who can send outbound messages, as the configuration says: accounts, numbers, pools, what they are
 * capable of, and the policies that choose among them.  omni-route(1), omni-config(5).
 */
#ifndef OMNI_ROUTE_OFFER_H
#define OMNI_ROUTE_OFFER_H

#include "carrier.h"
#include "match.h"
#include "prefix.h"

enum { OFFER_CHANNELS = 32 }; /* names of channels that all carriers have together */

/* What a message is for. */
enum category {
	CATEGORY_NONE,
	CATEGORY_TRANSACTIONAL,
	CATEGORY_MARKETING,
	CATEGORY_OTP,
	CATEGORY_SERVICE
};

/* The category ${word}; CATEGORY_NONE if it is none. */
enum category category_of(struct str word);

/* The bits of the categories in ${list}, an array of words; -1 if one is none. */
int category_bits(const struct json *list);

struct number {
	struct str address, country;
	const struct account *account;
	uint32_t channels; /* bits of their numbers */
	uint64_t seed;
};

struct pool {
	struct str name;
	struct number **numbers;
	size_t n;
	bool by_country;
};

/* One that could send. */
struct offer {
	const struct carrier_conf *of;
	const struct account *account;
	unsigned slot;               /* of its account: offers_slot */
	const struct number *number; /* NULL: the account itself, or one of the pool */
	const struct pool *pool;
	const struct ability *able[OFFER_CHANNELS]; /* NULL: it has not that channel */
	const struct prefix *reach;                 /* value 1: it sends there; NULL: everywhere */
	int64_t priority;
	double weight;
	uint64_t seed;
	struct str template; /* of its account */
	struct str way; /* members of JSON: its carrier, its account, and the number if it is one */
};

enum order { ORDER_PRIORITY, ORDER_WEIGHT, ORDER_CHEAPEST, ORDER_STICKY, ORDER_HEALTH, ORDERS };

struct policy {
	struct str name;
	int cond; /* number in the match, -1: always */
	enum order order[ORDERS];
	unsigned n_order;
	struct offer *offers;
	size_t n;
	bool failover, smart;
	bool even; /* all weights are the same */
	struct str template;
};

struct offers {
	struct arena *arena;
	struct carriers *carriers;
	struct match *match;
	bool conditions;
	struct str channels[OFFER_CHANNELS];
	unsigned n_channels;
	struct number *numbers;
	size_t n_numbers;
	struct pool *pools;
	size_t n_pools;
	struct policy *policies;
	size_t n_policies;
	size_t most; /* offers of one policy */
	unsigned n_slots;
	bool split; /* omni-deliver sends a text that is too long in parts */
};

/**
 * offers_new(conf, e):
 * Read them; borrows ${conf}.  Return owned, with no policies where no account can send anything; or
 * NULL with FAULT_CONFIG naming file and path.
 */
struct offers *offers_new(struct conf *conf, struct err *e);
void offers_free(struct offers *o);

/* The number of ${channel}, or -1 if nobody has it. */
int offers_channel(const struct offers *o, struct str channel);

/* The name of an order: "priority", … */
const char *order_name(enum order order);

/* True if any policy orders by ${order}. */
bool offers_order(const struct offers *o, enum order order);

#endif
