/* SPDX-License-Identifier: MIT */
/* How much two words differ: for "did you mean". */
#ifndef OMNI_NEAR_H
#define OMNI_NEAR_H

#include "bytes.h"

enum { NEAR_MAX = 4 }; /* a name that differs in so many letters is no help */

/* The Levenshtein distance of two short words in bytes, at most ${limit}. */
size_t near_distance(struct str a, struct str b, size_t limit);

#endif
