/* SPDX-License-Identifier: MIT */
/* How accounts do, as omni-deliver writes it into a file: models/carrier/carrier-health. */
#ifndef OMNI_ROUTE_HEALTH_H
#define OMNI_ROUTE_HEALTH_H

#include "route_offer.h"

struct health;

/* What is known of an account. */
struct condition {
	bool known;
	double success, latency; /* a share from 0 to 1; milliseconds */
};

enum {
	HEALTH_BEST = 0,
	HEALTH_FRESH_MS = 600000
}; /* what is older says nothing: so a sick account is tried again */

/* Read the key `health` of ${conf}; nothing is known where there is none.  Return owned. */
struct health *health_new(const struct conf *conf, const struct offers *offers);
void health_free(struct health *h);

/* Read the file again if it has changed.  Return 0, or -1 with FAULT_IO. */
int health_look(struct health *h, int64_t now, struct err *e);

struct condition health_of(const struct health *h, unsigned slot, int64_t now);

/*
 * How bad that is, in steps, so that what comes next in the order of a policy still counts among accounts that do about
 * as well: the share of successes first (from 0.98, 0.9, 0.5), then the latency (each doubling above 250 ms).
 */
unsigned health_band(const struct condition *c);

#endif
