/* SPDX-License-Identifier: MIT */
/* Quiet hours: when a person is not to be written to, by the clocks of where the number is at home. */
#ifndef OMNI_ROUTE_QUIET_H
#define OMNI_ROUTE_QUIET_H

#include "route_offer.h"

struct quiet;

/* Read `quiet_hours`.  Return owned, or NULL with FAULT_CONFIG. */
struct quiet *quiet_new(const struct conf *conf, struct err *e);
void quiet_free(struct quiet *q);

/**
 * quiet_check(q, number, category, now, e):
 * Return 0 if ${number} may be written to at ${now}; -1 with "quiet-hours": FAULT_TEMP with the instant at which all of
 * them are over, or FAULT_DENIED.  A number that is in one of several zones is left alone while it is quiet in
 * any of them.  An address that is no number, or of no known region, has no quiet hours.
 */
int quiet_check(struct quiet *q, struct str number, enum category category, int64_t now, struct err *e);

#endif
