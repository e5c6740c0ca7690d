/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions of ECMA-262 (flag "u") in the syntax of PCRE2.  What differs: what "." and
 * "\s" are, escapes of characters, long names of properties, "[" in a class; and all that only Perl
 * has ("\A", "(?i)", "a++", "[[:alpha:]]", …) is no regular expression there.
 */
#ifndef OMNI_ECMA_H
#define OMNI_ECMA_H

#include "bytes.h"
#include "err.h"

/**
 * ecma_translate(pattern, out, e):
 * Append ${pattern} for PCRE2 (with PCRE2_UTF, MATCH_UNSET_BACKREF and ALLOW_EMPTY_CLASS) to
 * ${out}. Return 0, or -1 with FAULT_CONFIG naming the character.  What is left to the library to
 * find: brackets that do not match, ranges and quantifiers out of order, groups that are not there.
 */
int ecma_translate(struct str pattern, struct buf *out, struct err *e);

#endif
