/* SPDX-License-Identifier: MIT */
/* The door to xxHash: fast hashes for tables.  Not for anything that must not be forged. */
#ifndef OMNI_HASH_H
#define OMNI_HASH_H

#include "bytes.h"

/* 64 bits of ${s} (XXH3).  A random ${seed} keeps a sender from aiming at one place of a table. */
uint64_t hash_64(struct str s, uint64_t seed);

/* A seed that nobody outside can know. */
uint64_t hash_seed(void);

#endif
