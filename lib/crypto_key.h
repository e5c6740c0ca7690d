/* SPDX-License-Identifier: MIT */
/*
 * The door to OpenSSL, second part: pairs of keys, on the curve P-256 and of RSA, and what they sign.
 * A key is for one thread at a time.
 */
#ifndef OMNI_CRYPTO_KEY_H
#define OMNI_CRYPTO_KEY_H

#include "arena.h"
#include "err.h"

enum key_type { KEY_P256, KEY_RSA };

enum {
	KEY_PUBLIC = 65,          /* bytes of a point of P-256, uncompressed: 04, x, y */
	KEY_PRIVATE = 32,         /* bytes of its private half, big-endian */
	KEY_SIGNATURE_P256 = 64,  /* r and s, 32 bytes each, padded on the left (RFC 7518, 3.4) */
	KEY_SIGNATURE_MAX = 1024, /* of RSA: as long as the modulus, here at most 8192 bits */
};

struct key;

/**
 * key_read(pem, what, e):
 * Read ${pem}, a private key without a password (PKCS #8, or the older forms), on P-256 or of RSA with
 * 2048 to 8192 bits.  Return owned, or NULL with FAULT_CONFIG naming ${what}, never a part of the key.
 */
struct key *key_read(struct str pem, const char *what, struct err *e);

/* The key on P-256 whose private half is ${d}.  Return owned, or NULL if ${d} is 0 or too large. */
struct key *key_of(const unsigned char d[KEY_PRIVATE]);

/* A new key on P-256.  Returns owned. */
struct key *key_new(void);

/* key_free(NULL) is legal. */
void key_free(struct key *k);

enum key_type key_type(const struct key *k);

/* The halves of ${k}, which is on P-256. */
void key_public(const struct key *k, unsigned char out[KEY_PUBLIC]);
void key_private(const struct key *k, unsigned char out[KEY_PRIVATE]);

/**
 * key_sign(k, text, out):
 * Sign ${text} over its SHA-256: ECDSA as r and s, always KEY_SIGNATURE_P256 bytes; RSA as PKCS #1 v1.5.
 * Return the number of bytes in ${out}.
 */
size_t key_sign(struct key *k, struct str text, unsigned char out[KEY_SIGNATURE_MAX]);

/* True if ${signature}, as key_sign makes it, is one of ${k} over ${text}. */
bool key_verify(const struct key *k, struct str text, struct str signature);

/* The same for who has only the public half of a key on P-256. */
bool key_verify_point(const unsigned char point[KEY_PUBLIC], struct str text, struct str signature);

/* OpenSSL's callback for the password of a PEM file: there is none, where it would ask on the terminal. */
int key_no_password(char *buf, int size, int writing, void *own);

#endif
