/* SPDX-License-Identifier: MIT */
#include "image_search.h"

#include <math.h>

#include "unit.h"

/* A picture whose size grows with quality and pixels as ${bend} says. */
static uint64_t size_of(double full, double bend, unsigned quality, double scale)
{
	return (uint64_t)(full * pow(quality / 88.0, bend) * pow(scale, 1.8)) + 600;
}

static struct image_search search(uint64_t budget, double full, double bend, double smallest)
{
	struct image_search s;

	image_search_begin(&s, budget, 40, 88, smallest);
	while (image_search_next(&s, size_of(full, bend, s.quality, s.scale)))
		;
	return s;
}

static void what_fits_at_once_is_encoded_once(void)
{
	struct image_search s = search(500000, 499000, 2, 0.1);

	CHECK(s.fits && s.tries == 1 && s.best_quality == 88 && s.best_scale >= 1);
}

static void quality_goes_down_before_pixels_do(void)
{
	struct image_search s = search(300000, 500000, 2, 0.1);

	CHECK(s.fits && s.best_scale >= 1 && s.best_quality < 88 && s.best_bytes <= 300000);
	CHECK(s.best_bytes >= 255000 && s.tries <= 4);
}

static void what_is_far_too_large_becomes_smaller(void)
{
	struct image_search s = search(20000, 5000000, 2, 0.01);

	CHECK(s.fits && s.best_scale < 0.5 && s.best_bytes <= 20000 && s.best_bytes >= 10000);
	CHECK(s.tries <= 6);
}

static void the_smallest_scale_is_kept(void)
{
	struct image_search s = search(2000, 5000000, 2, 0.5);

	CHECK(!s.fits && s.scale >= 0.5);
	CHECK(!search(10, 1000, 1, 0.1).fits);
	CHECK(!search(0, 1000, 1, 0.1).fits);
}

static void a_format_without_quality_is_searched_by_scale_alone(void)
{
	struct image_search s;

	image_search_begin(&s, 1000, 88, 88, 0.1);
	do
		CHECK(s.quality == 88);
	while (image_search_next(&s, (uint64_t)(5000 * s.scale * s.scale)));
	CHECK(s.fits && s.best_bytes <= 1000 && s.tries <= 4);
}

/* Whatever the curve is: what was kept fits, and there is an end. */
static void any_budget_and_any_curve_end_within_the_tries(void)
{
	for (double bend = 0.1; bend < 9; bend *= 1.5)
		for (double full = 700; full < 2e7; full *= 1.3)
			for (uint64_t budget = 1000; budget < 3000000; budget *= 3) {
				struct image_search s = search(budget, full, bend, 0.02);

				CHECK(s.tries <= IMAGE_SEARCH_TRIES);
				CHECK(!s.fits || s.best_bytes <= budget);
				CHECK(s.fits || s.scale < 0.3); /* no early end */
				CHECK(!s.fits || size_of(full, bend, s.best_quality, s.best_scale) ==
							 s.best_bytes);
			}
}

UNIT_MAIN(UNIT(what_fits_at_once_is_encoded_once), UNIT(quality_goes_down_before_pixels_do),
	  UNIT(what_is_far_too_large_becomes_smaller), UNIT(the_smallest_scale_is_kept),
	  UNIT(a_format_without_quality_is_searched_by_scale_alone),
	  UNIT(any_budget_and_any_curve_end_within_the_tries))
