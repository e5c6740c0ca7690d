/* SPDX-License-Identifier: MIT */
/* What accounts are capable of: what their carrier can, as the configuration widens and narrows it. */
#ifndef OMNI_ROUTE_ABLE_H
#define OMNI_ROUTE_ABLE_H

#include "route_offer.h"

struct able_account;
struct able_channel;

struct able {
	struct offers *o;
	struct able_account *accounts; /* `capabilities` */
	size_t n_accounts;
	struct able_channel *channels; /* `channels` */
	size_t n_channels;
	const struct json *templates;
};

/**
 * able_read(a, o, conf, e):
 * Read `capabilities`, `channels` and the names of `templates`, and give the channels of ${o} their
 * numbers.  Return 0, or -1 with FAULT_CONFIG.
 */
int able_read(struct able *a, struct offers *o, const struct conf *conf, struct err *e);

/* Fill in what ${x}, whose account is set, is capable of. */
void able_offer(const struct able *a, struct offer *x);

/* The template ${name}, or NULL. */
const struct json *able_template(const struct able *a, struct str name);

#endif
