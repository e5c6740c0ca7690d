/* SPDX-License-Identifier: MIT */
/*
 * Where a telephone number is at home, by its prefix (ITU-T E.164; area codes of the North American
 * Numbering Plan), and what time it can be there.  A number that has moved, or travels, is somewhere
 * else: this is what everybody assumes.
 */
#ifndef OMNI_REGION_H
#define OMNI_REGION_H

#include "bytes.h"

enum { REGION_ZONES = 12 }; /* of one region, at most */

struct region {
	const char *country; /* two letters of ISO 3166-1 */
	const char *zones; /* names of the IANA data base, with spaces between: it is in one of them */
};

/* The region of ${number}, E.164 with "+", or NULL. */
const struct region *region_of(struct str number);

/* All of them, for who wants to have every zone at hand; NULL behind the last. */
const struct region *region_at(size_t i);

#endif
