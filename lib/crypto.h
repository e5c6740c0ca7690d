/* SPDX-License-Identifier: MIT */
/*
 * The door to OpenSSL: hashes, HMAC, constant-time compare, random bytes; and the encodings that go
 * with them.  Keys and what is made with them: crypto_key.h, crypto_seal.h.
 */
#ifndef OMNI_CRYPTO_H
#define OMNI_CRYPTO_H

#include "arena.h"

enum hash { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

enum { HASH_MAX = 64 };

/* Length of a digest in bytes. */
size_t hash_size(enum hash h);

/**
 * hash_of(h, parts, n, out):
 * Digest the ${n} texts ${parts}, one after the other, into ${out}, hash_size(${h}) bytes.  Safe in
 * any thread.
 */
void hash_of(enum hash h, const struct str *parts, size_t n, unsigned char out[HASH_MAX]);

/* A digest of what comes in parts. */
struct hasher;

/* Returns owned. */
struct hasher *hasher_new(enum hash h);
void hasher_add(struct hasher *h, struct str s);

/* The digest of all that was added; the hasher begins anew. */
void hasher_end(struct hasher *h, unsigned char out[HASH_MAX]);
void hasher_free(struct hasher *h);

/* A key made ready for HMAC (RFC 2104); may be shared between threads. */
struct mac;

/* Returns owned; copies ${key}. */
struct mac *mac_new(enum hash h, struct str key);
void mac_free(struct mac *m);

/*
 * HMAC over the ${n} texts ${parts} one after the other.  Return the length of the digest in
 * ${out}.
 */
size_t mac_of(const struct mac *m, const struct str *parts, size_t n, unsigned char out[HASH_MAX]);

/* The same with a ${key} that is used but once. */
size_t mac_once(enum hash h, struct str key, const struct str *parts, size_t n,
		unsigned char out[HASH_MAX]);

/* Equality in a time that depends on the lengths alone. */
bool crypto_equal(struct str a, struct str b);

/* Fill ${p} with ${n} random bytes; ends the program with EXIT_OS if there are none to be had. */
void crypto_random(void *p, size_t n);

/*
 * Lower-case hexadecimal, base64 (RFC 4648, padded) and base64url (no padding); the result lives in
 * ${a}.
 */
struct str hex_of(struct arena *a, struct str bytes);
struct str base64_of(struct arena *a, struct str bytes);
struct str base64url_of(struct arena *a, struct str bytes);

/* The digest of ${s} in lower-case hexadecimal; lives in ${a}. */
struct str hash_hex(struct arena *a, enum hash h, struct str s);

/* Append base64 of ${bytes}. */
void base64_put(struct buf *b, struct str bytes);

/**
 * base64_read(a, text, out), hex_read(a, text, out):
 * Decode ${text} into bytes that live in ${a}.  base64 takes both alphabets, padded or not, nothing
 * else. Return 0, or -1 if it is not well-formed.
 */
int base64_read(struct arena *a, struct str text, struct str *out);
int hex_read(struct arena *a, struct str text, struct str *out);

#endif
