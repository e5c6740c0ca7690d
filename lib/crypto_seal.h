/* SPDX-License-Identifier: MIT */
/*
 * The door to OpenSSL, third part: a secret agreed on with a stranger's key (ECDH on P-256), and AES-128-GCM under
 * it.  A sealer keeps what OpenSSL would make anew for each message; it is for one thread at a time.
 */
#ifndef OMNI_CRYPTO_SEAL_H
#define OMNI_CRYPTO_SEAL_H

#include "crypto_key.h"

enum {
	SEAL_SECRET = 32, /* bytes of an agreed secret: the x of the common point */
	SEAL_KEY = 16,
	SEAL_NONCE = 12,
	SEAL_TAG = 16,
};

struct sealer;

/* Returns owned. */
struct sealer *sealer_new(void);
void sealer_free(struct sealer *s);

/**
 * sealer_agree(s, private, peer, public, secret):
 * Agree with ${peer} on ${secret} by a pair whose private half is ${private}, or for NULL by a new pair, which
 * is forgotten; its ${public} half is for the peer.  Return 0, or -1 if ${peer} is no point of the curve.
 */
int sealer_agree(struct sealer *s, const unsigned char *private, const unsigned char peer[KEY_PUBLIC],
		 unsigned char public[KEY_PUBLIC], unsigned char secret[SEAL_SECRET]);

/**
 * sealer_encrypt(s, key, nonce, text, out):
 * Write ${text} under ${key} and ${nonce} to ${out}, and SEAL_TAG bytes that prove it behind it.  ${out} may be
 * where ${text} is.
 */
void sealer_encrypt(struct sealer *s, const unsigned char key[SEAL_KEY],
		    const unsigned char nonce[SEAL_NONCE], struct str text, unsigned char *out);

#endif
