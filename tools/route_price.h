/* SPDX-License-Identifier: MIT */
/* What messages cost: the price table of the configuration, by the longest prefix of the recipient's number. */
#ifndef OMNI_ROUTE_PRICE_H
#define OMNI_ROUTE_PRICE_H

#include "route_offer.h"

struct prices;

/**
 * prices_new(conf, offers, e):
 * Read `prices`, `price_list` and `exchange`.  Return owned, or NULL with FAULT_CONFIG naming the file
 * and the line.
 */
struct prices *prices_new(const struct conf *conf, const struct offers *offers, struct err *e);
void prices_free(struct prices *p);

/* True if there is a price at all. */
bool prices_any(const struct prices *p);

/**
 * prices_read(p, text, csv, name, e):
 * Add those of a price list: lines of JSON, or CSV.  ${name} is for messages.  Return 0 or -1.
 */
int prices_read(struct prices *p, struct str text, bool csv, const char *name, struct err *e);

/* A message, as far as its price goes. */
struct priced {
	struct str channel;
	enum category category;
	int64_t day;     /* since 1970 */
	size_t segments; /* 1 where there are none */
	int64_t bytes;   /* of its files */
};

struct cost {
	bool known;
	int64_t amount; /* millionths */
	struct str currency;
	double worth; /* in the unit of `exchange`, or where there is one currency, in that */
};

/* From here on the price of ${m} to ${number}, E.164 or not, is asked for. */
void prices_begin(struct prices *p, const struct priced *m, struct str number);

/* What it costs over the account of ${x}. */
struct cost prices_cost(const struct prices *p, const struct offer *x);

#endif
