/* SPDX-License-Identifier: MIT */
/*
 * Web Push: messages that only one browser can read (RFC 8291 over RFC 8188, aes128gcm), and how a sender says who
 * it is (VAPID, RFC 8292).  No sockets, no clock.
 */
#ifndef OMNI_WEBPUSH_H
#define OMNI_WEBPUSH_H

#include "crypto_seal.h"
#include "webpush_keys.h"

enum {
	WEBPUSH_SALT = 16,
	WEBPUSH_OVERHEAD = 86 + 1 + SEAL_TAG, /* header, delimiter, tag */
	WEBPUSH_BODY_MAX = 4096,              /* every service takes so much (RFC 8030, 7.2) */
	WEBPUSH_TEXT_MAX = WEBPUSH_BODY_MAX - WEBPUSH_OVERHEAD,
};

/* What is new for each message; only tests choose it. */
struct webpush_nonce {
	unsigned char private[KEY_PRIVATE], salt[WEBPUSH_SALT];
};

/**
 * webpush_encrypt(s, keys, text, pad, nonce, out, e):
 * Append to ${out} the body for ${text}, at most WEBPUSH_TEXT_MAX bytes, with zeros that make its length a multiple
 * of ${pad} (0 and 1: none), as far as the limit allows.  ${nonce} NULL: new.  Return 0, or -1 with FAULT_DATA:
 * "payload-too-large", or "subscription-malformed" if the browser's key is no point of the curve.
 */
int webpush_encrypt(struct sealer *s, const struct webpush_keys *keys, struct str text, size_t pad,
		    const struct webpush_nonce *nonce, struct buf *out, struct err *e);

/* A sender, as push services know it. */
struct vapid;

/**
 * vapid_new(private, subject, e):
 * ${private} is 32 bytes as base64url; ${subject} is "mailto:" an address or an https: URL, by which the service
 * reaches the sender.  Return owned, or NULL with FAULT_CONFIG: Apple's service refuses subjects of hosts that
 * can not exist (localhost, .invalid and their kin) with an error that names something else, so they are refused
 * here.
 */
struct vapid *vapid_new(struct str private, struct str subject, struct err *e);
void vapid_free(struct vapid *v);

/* The public key as browsers want it (applicationServerKey): base64url; lives as long as ${v}. */
struct str vapid_public(const struct vapid *v);

/**
 * vapid_header(v, endpoint, now):
 * Return the value of the header Authorization for a request to ${endpoint}, an absolute URL, at ${now}
 * (milliseconds since 1970): a token for its origin that is good for 12 hours, and used again for half of them.
 * Lives until the next call.  {NULL, 0} if ${endpoint} is no URL.
 */
struct str vapid_header(struct vapid *v, struct str endpoint, int64_t now);

#endif
