/* SPDX-License-Identifier: MIT */
/* The bearer tokens of APNs, signed here, and of FCM, asked for with what is signed here. */
#ifndef OMNI_PUSH_BEARER_H
#define OMNI_PUSH_BEARER_H

#include "carrier.h"
#include "push_account.h"

/**
 * push_bearer_apns(a, now):
 * Return the value of the header Authorization for ${a} at ${now}, {NULL, 0} where a certificate says who we are.  Apple takes
 * a token for an hour, and a new one no sooner than after 20 minutes: it is made anew after 40.
 */
struct str push_bearer_apns(struct push_account *a, int64_t now);

/* Make a new token at the next call, if the last is old enough for that.  Return true if so. */
bool push_bearer_renew(struct push_account *a, int64_t now);

/* What is posted to a->token_uri for a new token: a form; lives in ${arena}. */
struct str push_bearer_ask(struct push_account *a, int64_t now, struct arena *arena);

/**
 * push_bearer_got(a, r, now, e):
 * Take the token of ${r}, the answer to that.  Return 0, or -1 with FAULT_CONFIG (our key or account is refused) or FAULT_TEMP.
 */
int push_bearer_got(struct push_account *a, const struct response *r, int64_t now, struct err *e);

/* True if ${a}, of fcm, has a token that can be sent with at ${now}; and if it is time to ask for a new one. */
bool push_bearer_good(const struct push_account *a, int64_t now);
bool push_bearer_old(const struct push_account *a, int64_t now);

#endif
