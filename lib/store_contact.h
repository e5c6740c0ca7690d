/* SPDX-License-Identifier: MIT */
/* Images of conversations and contacts, and what changes a contact.  Private to the store. */
#ifndef OMNI_STORE_CONTACT_H
#define OMNI_STORE_CONTACT_H

#include "store_private.h"

struct conversation {
	struct str id, carrier, account, channel, address;
	bool closed;
	int64_t turned; /* when it was opened or closed, 0: nobody said */
};

/* The image of ${c} in the change log; lives in ${a}. */
struct str people_image(const struct conversation *c, struct arena *a);

/* ${address} was in ${in}, by the name ${name} if that is not empty. */
int contact_seen(struct store *s, const struct incoming *in, struct str address, struct str name,
		 struct err *e);

/* opt-out, opt-in, number-changed. */
int contact_event(struct store *s, const struct incoming *in, struct err *e);

#endif
