/* SPDX-License-Identifier: MIT */
/* Whatever an image says of itself, reading it ends, and what is accepted has a size within the limits. */
#include <stdlib.h>

#include "image_head.h"
#include "limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct image_head h;
	struct err e;

	if (image_head_read(s, &h, &e) < 0 || image_head_check(&h, &e) < 0)
		return 0;
	if (h.format == IMAGE_NONE || h.width == 0 || h.height == 0 || h.frames == 0 ||
	    h.turn < 1 || h.turn > 8 || (uint64_t)h.width * h.height * h.frames > IMAGE_PIXELS_MAX)
		abort();
	return 0;
}
