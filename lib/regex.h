/* SPDX-License-Identifier: MIT */
/*
 * The door to PCRE2: patterns compiled once, matched with JIT where it exists, at a bounded cost.
 */
#ifndef OMNI_REGEX_H
#define OMNI_REGEX_H

#include "bytes.h"
#include "err.h"

struct regex; /* may be shared between threads */

/**
 * regex_new(pattern, e):
 * Compile ${pattern}: Perl syntax, UTF-8, "^" and "$" at the ends of the text.  Return owned, or
 * NULL with FAULT_CONFIG; the text says what is wrong and at which character.
 */
struct regex *regex_new(struct str pattern, struct err *e);

/**
 * regex_new_ecma(pattern, e):
 * The same for a pattern of ECMA-262 with the flag "u", which JSON Schema has: what only Perl knows
 * is an error.  Look-behind must have a fixed length.
 */
struct regex *regex_new_ecma(struct str pattern, struct err *e);

void regex_free(struct regex *r);

/**
 * regex_match(r, s):
 * Return 1 if ${r} is found in ${s}, 0 if not, -1 if the limit of steps was reached
 * (REGEX_MATCH_LIMIT).  ${s} must be UTF-8, as every string of a parsed JSON text is: it is not
 * checked again.
 */
int regex_match(const struct regex *r, struct str s);

#endif
