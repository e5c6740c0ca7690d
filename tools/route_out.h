/* SPDX-License-Identifier: MIT */
/* The outbound half of omni-route: appends to a message that is to be sent by whom, or says why it may not go. */
#ifndef OMNI_ROUTE_OUT_H
#define OMNI_ROUTE_OUT_H

#include "conf.h"
#include "rec.h"

struct selector;

struct selector_options {
	const char *store; /* path, or NULL */
	const char *shadow; /* path of a second configuration whose choice is told where it is another, or NULL */
	const struct conf_key *keys; /* that it is checked against */
	bool explain;                /* tell of all that lost */
};

/**
 * selector_new(conf, o, e):
 * Read who can send from ${conf}, which is borrowed.  Return owned, or NULL with the fault.
 */
struct selector *selector_new(struct conf *conf, const struct selector_options *o, struct err *e);
void selector_free(struct selector *s);

/*
 * True if ${r} is to be sent, and there is anybody who could: a message with direction "out" that no carrier
 * has a name for yet, or an event "typing" or "read" of ours.  What a carrier told us of is an echo.
 */
bool selector_wants(const struct selector *s, const struct rec *r);

/**
 * selector_apply(s, r, e):
 * Append `route` to ${r}, and what it left open of `carrier`, `account`, `from` and `conversation`.  Return 0, or -1 with
 * r->report filled where there is something to tell.
 */
int selector_apply(struct selector *s, struct rec *r, struct err *e);

#endif
