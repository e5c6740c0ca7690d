/* SPDX-License-Identifier: MIT */
/* A JPEG that was stripped is no larger, says the same of its pixels, and has nothing left to lose. */
#include <stdlib.h>

#include "image_head.h"
#include "image_strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct buf once = { .max = SIZE_MAX }, twice = { .max = SIZE_MAX };
	struct image_head before, after;
	struct err e;

	if (image_strip(s, &once)) {
		if (once.n > size || !image_strip(buf_get(&once), &twice) ||
		    !str_eq(buf_get(&once), buf_get(&twice)))
			abort();
		if (image_head_read(s, &before, &e) == 0 &&
		    (image_head_read(buf_get(&once), &after, &e) < 0 || !after.whole ||
		     after.turn != 1 || before.width != after.width || before.height != after.height))
			abort();
	}
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
