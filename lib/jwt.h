/* SPDX-License-Identifier: MIT */
/* JSON Web Tokens (RFC 7519) that we sign: ES256 with a key on P-256, RS256 with one of RSA. */
#ifndef OMNI_JWT_H
#define OMNI_JWT_H

#include "crypto_key.h"

/**
 * jwt_sign(a, k, kid, claims):
 * Return the token with ${claims}, the JSON of an object, signed by ${k}; its header names the key ${kid}
 * unless that is {NULL, 0}.  All three parts are base64url without padding.  Lives in ${a}.
 */
struct str jwt_sign(struct arena *a, struct key *k, struct str kid, struct str claims);

#endif
