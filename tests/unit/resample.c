/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <math.h>

#include "unit.h"

enum { MOST = 400 };

static uint8_t from[MOST * MOST * 4], to[MOST * MOST * 4];

static void one_colour_stays_that_colour_at_every_size(void)
{
	for (unsigned bands = 3; bands <= 4; bands++) {
		for (uint32_t i = 0; i < MOST * MOST; i++)
			memcpy(from + i * bands, "\x0a\xfe\x80\xff", bands);
		for (uint32_t w = 1; w <= MOST; w += 37)
			for (uint32_t h = 1; h <= MOST; h += 61) {
				resample(from, MOST, MOST, bands, to, w, h);
				for (uint32_t i = 0; i < w * h; i++)
					CHECK(memcmp(to + i * bands, from, bands) == 0);
			}
	}
}

static void the_same_size_is_the_same_picture(void)
{
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * i >> 3);
	resample(from, 300, 200, 3, to, 300, 200);
	CHECK(memcmp(from, to, 300 * 200 * 3) == 0);
}

static void a_slope_stays_a_slope_and_where_it_was(void)
{
	for (uint32_t y = 0; y < 200; y++)
		for (uint32_t x = 0; x < 250; x++) {
			from[(y * 250 + x) * 3] = (uint8_t)x;
			from[(y * 250 + x) * 3 + 1] = (uint8_t)y;
			from[(y * 250 + x) * 3 + 2] = 7;
		}
	resample(from, 250, 200, 3, to, 100, 50);
	for (uint32_t y = 2; y < 48; y++)
		for (uint32_t x = 2; x < 98; x++) {
			const uint8_t *p = to + (y * 100 + x) * 3;

			CHECK(fabs(p[0] - ((x + 0.5) * 2.5 - 0.5)) <= 1);
			CHECK(fabs(p[1] - ((y + 0.5) * 4 - 0.5)) <= 1);
			CHECK(p[2] == 7);
		}
}

static void colours_that_are_not_seen_do_not_bleed(void)
{
	for (uint32_t i = 0; i < 100 * 100; i++)
		memcpy(from + i * 4, i % 100 < 50 ? "\xff\0\0\xff" : "\0\xff\0\0", 4);
	resample(from, 100, 100, 4, to, 33, 33);
	for (uint32_t i = 0; i < 33 * 33; i++)
		CHECK(to[i * 4 + 3] == 0 || to[i * 4 + 1] < 3);
	CHECK(to[3] == 255 && to[32 * 4 + 3] == 0);
}

static void pictures_smaller_than_the_kernel_are_no_trouble(void)
{
	memset(from, 9, 30);
	resample(from, 2, 1, 3, to, 1, 1);
	CHECK(to[0] == 9 && to[1] == 9 && to[2] == 9);
	resample(from, 1, 5, 3, to, 1, 2);
	CHECK(to[0] == 9 && to[5] == 9);
}

UNIT_MAIN(UNIT(one_colour_stays_that_colour_at_every_size), UNIT(the_same_size_is_the_same_picture),
	  UNIT(a_slope_stays_a_slope_and_where_it_was), UNIT(colours_that_are_not_seen_do_not_bleed),
	  UNIT(pictures_smaller_than_the_kernel_are_no_trouble))
