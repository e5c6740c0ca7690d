/* SPDX-License-Identifier: MIT */
/* What omni-deliver is to send, read from a record: over which accounts, to whom, and as which requests. */
#ifndef OMNI_DELIVER_READ_H
#define OMNI_DELIVER_READ_H

#include "carrier.h"
#include "id.h"
#include "rec.h"

/* An account that the record could go over, the best first. */
struct candidate {
	const struct carrier_conf *of;
	struct account *account;
	struct str from; /* our address, or {NULL, 0} */
};

struct outgoing {
	struct str id;     /* of the record */
	struct id subject; /* what is sent once: of its idempotency_key, else of its id */
	const struct json *message;
	struct candidate *over; /* with room for one more */
	size_t n_over;
	struct str *to; /* addresses; where the record names a chat alone, one {NULL, 0} */
	size_t n_to;
	int64_t not_before, expires; /* milliseconds since 1970; 0: it does not say */
};

/*
 * True if ${r} is to be sent: a message with direction "out" that no carrier has a name for yet, or such
 * an event "typing" or "read".  What a carrier told us of (an echo of what went out elsewhere) is not.
 */
bool outgoing_wanted(const struct rec *r);

/**
 * outgoing_read(s, r, carriers, e):
 * Fill ${s} from ${r}; all of it lives in r->arena, in the line or in ${carriers}.  Return 0, or -1 with
 * FAULT_DATA: "message-malformed", "no-route", "account-unknown", "unsupported-carrier".
 */
int outgoing_read(struct outgoing *s, struct rec *r, const struct carriers *carriers, struct err *e);

/**
 * outgoing_beside(s, carrier, account, from, carriers):
 * Make s->over[s->n_over], which stands beside those that it may go over and is not counted, ${account} of
 * ${carrier}, as ${from}: for what has begun there.  False: it is not configured.  Borrows the texts.
 */
bool outgoing_beside(struct outgoing *s, struct str carrier, struct str account, struct str from,
		     const struct carriers *carriers);

/* What one request is of: ${part} of the text to the recipient ${to}, over ${over}. */
struct leg {
	size_t over, to;
	unsigned part;
};

/* Fill ${d} for a leg of ${s}: all but split, now, step and carry. */
void outgoing_dispatch(struct dispatch *d, const struct outgoing *s, const struct leg *leg,
		       struct arena *arena);

#endif
