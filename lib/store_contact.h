/* SPDX-License-Identifier: MIT */
/* What changes a contact.  Private to the store. */
#ifndef OMNI_STORE_CONTACT_H
#define OMNI_STORE_CONTACT_H

#include "store_private.h"

/* ${address} was in ${in}, by the name ${name} if that is not empty. */
int contact_seen(struct store *s, const struct incoming *in, struct str address, struct str name,
		 struct err *e);

/* opt-out, opt-in, number-changed. */
int contact_event(struct store *s, const struct incoming *in, struct err *e);

#endif
