/* SPDX-License-Identifier: MIT */
#include "near.h"

size_t near_distance(struct str a, struct str b, size_t limit)
{
	size_t row[65];

	if (a.n > 64 || b.n > 64)
		return limit;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t d = corner + (a.p[i - 1] != b.p[j - 1]);

			corner = row[j];
			if (row[j] + 1 < d)
				d = row[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			row[j] = d;
		}
	}
	return row[b.n] < limit ? row[b.n] : limit;
}
