/* SPDX-License-Identifier: MIT */
/* A map from digits to numbers of which the longest prefix counts: prices, countries, what an account reaches. */
#ifndef OMNI_PREFIX_H
#define OMNI_PREFIX_H

#include "arena.h"

enum { PREFIX_MAX = 15 }; /* digits, as many as E.164 has */

struct prefix;

/* An empty map, in ${a}. */
struct prefix *prefix_new(struct arena *a);

/**
 * prefix_put(p, digits):
 * Return where the value of ${digits} is, 0 at first, until the next call; the empty prefix is one, too.
 * NULL if these are not 0 to PREFIX_MAX digits.
 */
uint32_t *prefix_put(struct prefix *p, struct str digits);

/* The value of the longest prefix of ${digits} that has one other than 0, or 0. */
uint32_t prefix_get(const struct prefix *p, struct str digits);

/**
 * prefix_path(p, digits, out):
 * Put the values, other than 0, of all prefixes of ${digits} into ${out}, the shortest first.  Return how
 * many.
 */
unsigned prefix_path(const struct prefix *p, struct str digits, uint32_t out[PREFIX_MAX + 1]);

#endif
