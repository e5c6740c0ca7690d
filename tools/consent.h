/* SPDX-License-Identifier: MIT */
/* Opt-out and opt-in: what a person asked for with a keyword, and the event that says so. */
#ifndef OMNI_CONSENT_H
#define OMNI_CONSENT_H

#include "conf.h"
#include "rec.h"

struct consent; /* the words of the user's own; read only, once made */

/* Read `keywords` of ${conf}.  Return owned, or NULL with FAULT_CONFIG. */
struct consent *consent_new(const struct conf *conf, struct err *e);
void consent_free(struct consent *c);

/**
 * consent_event(c, r):
 * Return the name of the event that ${r} is, "opt-out" or "opt-in"; NULL if it is none.  What the
 * carrier said (`context.keyword`) stands above the words.
 */
const char *consent_event(const struct consent *c, const struct rec *r);

/**
 * consent_record(r, message, event):
 * Make ${r} the event ${event} of ${message}, with the second half of its lease.
 */
void consent_record(struct rec *r, const struct rec *message, const char *event);

#endif
