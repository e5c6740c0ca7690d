/* SPDX-License-Identifier: MIT */
/* Credentials that a carrier sends along are taken out of a webhook once they have been checked. */
#ifndef OMNI_REDACT_H
#define OMNI_REDACT_H

#include "carrier.h"

/* True if webhooks of ${c} may hold credentials. */
bool redact_due(const struct carrier_conf *c);

/**
 * redact(c, h, r):
 * Take the secret_headers, the secret_member and the secret_query of ${c} out of the webhook ${r},
 * read as ${h}: its line is written anew, in the same order, in its arena.  A body that should hold
 * a secret and can not be read loses every configured secret of ${c} wherever it stands.  Return
 * whether there was anything to take out.
 */
bool redact(const struct carrier_conf *c, const struct hook *h, struct rec *r);

#endif
