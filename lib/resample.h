/* SPDX-License-Identifier: MIT */
/*
 * Pictures with fewer pixels, by Lanczos' kernel of three lobes: for the last step behind a decoder that has halved a
 * picture already, where it takes less than half the time of libvips's.
 */
#ifndef OMNI_RESAMPLE_H
#define OMNI_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/**
 * resample(from, width, height, bands, to, new_width, new_height):
 * Make of ${from}, rows of ${width} by ${height} pixels with ${bands} bytes each, 3 or 4 of which the fourth is how opaque
 * it is, as many in ${to}: neither edge longer than before, none 0.
 */
void resample(const uint8_t *from, uint32_t width, uint32_t height, unsigned bands, uint8_t *to,
	      uint32_t new_width, uint32_t new_height);

#endif
