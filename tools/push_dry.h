/* SPDX-License-Identifier: MIT */
/* What omni-push would send, shown instead. */
#ifndef OMNI_PUSH_DRY_H
#define OMNI_PUSH_DRY_H

#include "push_gateway.h"
#include "stage.h"
#include "store.h"

/**
 * push_dry(accounts, store, r, o, e):
 * Put one record of kind "request" for each device of ${r}: method, URL, headers, and the body before it is encrypted; what
 * proves us is named, not shown.  ${store} may be NULL.  Return 0, or -1 with a fault of the record, having put nothing.
 */
int push_dry(const struct push_accounts *accounts, struct store *store, const struct rec *r,
	     struct out *o, struct err *e);

#endif
