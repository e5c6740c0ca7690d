/* SPDX-License-Identifier: MIT */
/* What a browser gives to whoever may send to it (RFC 8291). */
#ifndef OMNI_WEBPUSH_KEYS_H
#define OMNI_WEBPUSH_KEYS_H

#include "arena.h"
#include "err.h"

enum { WEBPUSH_P256DH = 65, WEBPUSH_AUTH = 16 }; /* a point of P-256, uncompressed; its secret */

struct webpush_keys {
	unsigned char p256dh[WEBPUSH_P256DH];
	unsigned char auth[WEBPUSH_AUTH];
};

/**
 * webpush_keys_read(p256dh, auth, a, keys, e):
 * Read both, base64url or base64, padded or not.  ${a} is for what lies between.  Return 0, or -1 with FAULT_DATA,
 * "subscription-malformed", if one of them has another length.  That p256dh is a key at all is seen by
 * webpush_encrypt.
 */
int webpush_keys_read(struct str p256dh, struct str auth, struct arena *a,
		      struct webpush_keys *keys, struct err *e);

#endif
