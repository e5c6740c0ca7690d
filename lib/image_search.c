/* SPDX-License-Identifier: MIT */
#include "image_search.h"

#include <math.h>

#include "bytes.h"

/*
 * Bytes by quality, as parts of a thousand of those at 100: the mean of nine pictures with noise, by libjpeg-turbo, which
 * halves the colours below 90.  Only the ratio of two is used, and corrected by each try.
 */
static const struct {
	unsigned quality, size;
} curve[] = { { 0, 5 },    { 10, 11 },  { 20, 19 },  { 30, 27 },  { 40, 35 },
	      { 50, 43 },  { 60, 53 },  { 70, 68 },  { 75, 78 },  { 80, 94 },
	      { 85, 116 }, { 88, 136 }, { 90, 252 }, { 95, 397 }, { 100, 1000 } };

static double size_at(unsigned quality)
{
	size_t i = 1;

	while (i + 1 < LEN(curve) && curve[i].quality < quality)
		i++;
	return curve[i - 1].size + (double)(curve[i].size - curve[i - 1].size) *
					   (quality - curve[i - 1].quality) /
					   (curve[i].quality - curve[i - 1].quality);
}

/* The highest quality whose size is expected to be at most ${part} of that at ${quality}. */
static unsigned guess(unsigned quality, double part)
{
	double want = size_at(quality) * part;
	unsigned q = 100;

	while (q > 0 && size_at(q) > want)
		q--;
	return q;
}

void image_search_begin(struct image_search *s, uint64_t budget, unsigned least, unsigned most,
			double smallest)
{
	*s = (struct image_search){ .quality = most,
				    .scale = 1,
				    .budget = budget,
				    .least = least,
				    .most = most,
				    .low = least - 1,
				    .high = most + 1,
				    .smallest = smallest };
}

/* Fewer pixels have more to tell each: bytes go down with the power 1.7 of the edges, not with their square. */
static bool shrink(struct image_search *s, uint64_t bytes)
{
	unsigned middle = s->least + (s->most - s->least) / 2;
	double expected = (double)bytes * size_at(middle) / size_at(s->quality);
	double factor = pow((double)s->budget / expected, 1 / 1.7) * 0.97;

	if (factor > 0.85)
		factor = 0.85;
	if (s->scale <= s->smallest)
		return false;
	s->scale *= factor;
	if (s->scale < s->smallest)
		s->scale = s->smallest;
	s->quality = middle;
	s->low = s->least - 1;
	s->high = s->most + 1;
	s->misses = 0;
	return true;
}

static void keep(struct image_search *s, uint64_t bytes)
{
	if (s->fits && s->best_scale >= s->scale && s->best_quality >= s->quality)
		return;
	s->fits = true;
	s->best_quality = s->quality;
	s->best_scale = s->scale;
	s->best_bytes = bytes;
}

bool image_search_next(struct image_search *s, uint64_t bytes)
{
	bool fits = bytes <= s->budget;
	unsigned q;

	s->tries++;
	if (fits) {
		keep(s, bytes);
		s->low = s->quality;
	} else {
		s->high = s->quality;
		s->misses++;
	}
	if (s->tries >= IMAGE_SEARCH_TRIES)
		return false;
	/* Near enough: what another encoding could gain is not to be seen. */
	if (fits && (s->quality == s->most || (double)bytes >= 0.85 * (double)s->budget))
		return false;
	if (!fits && s->low < s->least && s->quality <= s->least)
		return shrink(s, bytes);
	q = guess(s->quality, (double)s->budget / (double)bytes * 0.97);
	/* Far below the least: no need to see how far. */
	if (!fits && s->low < s->least && q + 10 < s->least)
		return shrink(s, bytes);
	/* Quality changes little here: see whether all of it is enough. */
	if (!fits && !s->fits && s->misses > 2)
		q = s->least;
	if (q <= s->low)
		q = s->low + 1;
	if (q >= s->high)
		q = s->high - 1;
	if (q <= s->low || q < s->least || q > s->most)
		return s->fits ? false : shrink(s, bytes);
	s->quality = q;
	return true;
}
