/* SPDX-License-Identifier: MIT */
/* A file of a time zone, any bytes: it is refused, or it says at all times what can be. */
#include <stdlib.h>

#include "zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = {
		INT64_MIN / 2, -1, 0, 1772953200000, 4102444800000, 4118083200000, INT64_MAX / 2
	};
	struct arena *a = arena_new();
	struct err e;
	struct zone *z = zone_read((struct str){ (const char *)data, size }, STR("fuzz"), a, &e);

	for (size_t i = 0; z && i < sizeof(times) / sizeof(*times); i++)
		if (llabs(zone_offset(z, times[i])) > 10 * 86400)
			abort();
	arena_free(a);
	return 0;
}
