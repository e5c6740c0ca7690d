/* SPDX-License-Identifier: MIT */
/* What is known of a recipient: from the store, and from a list of opt-outs. */
#ifndef OMNI_ROUTE_KNOWN_H
#define OMNI_ROUTE_KNOWN_H

#include "conf.h"
#include "store_reach.h"

/* What they said about being written to, the last word on each of our addresses. */
struct said {
	bool out;
	struct str channel, carrier, account, address; /* {NULL, 0} where it is not known: of all */
	int64_t at;
};

struct person {
	struct said *said;
	size_t n_said;
	const struct store_talk *talks; /* on the channel asked for */
	size_t n_talks;
};

struct known;

enum {
	KNOWN_WINDOW_MS = 24 * 3600 * 1000
}; /* after a message from a person, WhatsApp takes any answer */

/**
 * known_new(conf, store, e):
 * Open the store ${store} (a path; NULL: none) and find the list of opt-outs in ${conf}.  Return owned, or
 * NULL.
 */
struct known *known_new(const struct conf *conf, const char *store, struct err *e);
void known_free(struct known *k);

/* True if there is a store. */
bool known_store(const struct known *k);

/* See what has changed since; what known_person gave before is over.  Return 0 or -1. */
int known_look(struct known *k, int64_t now, struct err *e);

/**
 * known_person(k, address, channel, now, e):
 * Return what is known of ${address} on ${channel}, valid until the next known_look; NULL with a fault.
 */
const struct person *known_person(struct known *k, struct str address, struct str channel,
				  int64_t now, struct err *e);

#endif
