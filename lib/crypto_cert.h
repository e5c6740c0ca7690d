/* SPDX-License-Identifier: MIT */
/* The door to OpenSSL, fourth part: certificates by which we are known to a server. */
#ifndef OMNI_CRYPTO_CERT_H
#define OMNI_CRYPTO_CERT_H

#include "arena.h"
#include "err.h"

struct cert {
	struct str uid; /* of its subject: for Apple the bundle id of the application; {NULL, 0}: none; in the arena */
	int64_t ends_ms; /* milliseconds since 1970 */
};

/**
 * cert_read(path, key_path, a, out, e):
 * Read the first certificate of the PEM file ${path} into ${out}, and see that the private key in ${key_path} (NULL: in
 * ${path} too) is its own and has no password.  Return 0, or -1 with FAULT_CONFIG, naming the file, never a part of
 * the key.
 */
int cert_read(const char *path, const char *key_path, struct arena *a, struct cert *out, struct err *e);

#endif
