/* SPDX-License-Identifier: MIT */
/*
 * The search for the best encoding of an image that fits into so many bytes, over quality first, then over scale: each
 * step says what to encode next, and is told how large it came out.  Few steps, as each costs an encoding.
 *
 *	image_search_begin(&s, budget, 40, 88);
 *	do
 *		bytes = encode(s.quality, s.scale);
 *	while (image_search_next(&s, bytes));
 *	if (s.fits) …	the one with s.best_quality and s.best_scale
 */
#ifndef OMNI_IMAGE_SEARCH_H
#define OMNI_IMAGE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum { IMAGE_SEARCH_TRIES = 12 }; /* encodings at most */

struct image_search {
	/* what to try */
	unsigned quality;
	double scale; /* of the edges, 1 at first */

	/* what fitted best; valid if ${fits} */
	bool fits;
	unsigned best_quality;
	double best_scale;
	uint64_t best_bytes;

	unsigned tries; /* encodings so far */

	/* its own */
	uint64_t budget;
	unsigned least, most; /* of quality */
	unsigned low, high; /* at this scale: low fits or is below all, high is too large or above all */
	unsigned misses; /* at this scale */
	double smallest;
};

/*
 * Begin with the highest quality at full size.  ${least} may be ${most}: then only the scale is searched, not below
 * ${smallest}.
 */
void image_search_begin(struct image_search *s, uint64_t budget, unsigned least, unsigned most,
			double smallest);

/* What was asked for has ${bytes}.  True if something else is to be tried. */
bool image_search_next(struct image_search *s, uint64_t bytes);

#endif
