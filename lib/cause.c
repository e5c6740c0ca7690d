/* SPDX-License-Identifier: MIT */
#include "cause.h"

const struct cause *cause_find(const struct cause *table, size_t n, int64_t code)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table[mid].code == code)
			return &table[mid];
		if (table[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
