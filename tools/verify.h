/* SPDX-License-Identifier: MIT */
/* Whether a webhook is genuine: which accounts to try, and the carrier's own check. */
#ifndef OMNI_VERIFY_H
#define OMNI_VERIFY_H

#include "carrier.h"

/**
 * verify_hook(c, h, explain, v, e):
 * Check the proof in ${h} against the account of ${c} that its path named, or against all.  Return
 * as the slot `verify` does; an account that is not configured is FAULT_DENIED, code
 * "account-unknown".
 */
int verify_hook(const struct carrier_conf *c, const struct hook *h, bool explain, struct verdict *v,
		struct err *e);

#endif
