/* SPDX-License-Identifier: MIT */
#include "json_merge.h"

static void merge(struct buf *b, const struct json *base, const struct json *patch, unsigned depth)
{
	bool both = json_is(base, JSON_OBJECT);

	if (!json_is(patch, JSON_OBJECT) || depth == 0) {
		json_put_value(b, patch);
		return;
	}
	json_open(b, '{');
	for (struct json_iter it = json_iter(both ? base : NULL); json_next(&it);) {
		const struct json *over = json_getn(patch, it.key);

		if (json_is(over, JSON_NULL))
			continue;
		json_key_str(b, it.key);
		if (over)
			merge(b, it.value, over, depth - 1);
		else
			json_put_value(b, it.value);
	}
	for (struct json_iter it = json_iter(patch); json_next(&it);) {
		if (json_is(it.value, JSON_NULL) || (both && json_getn(base, it.key)))
			continue;
		json_key_str(b, it.key);
		merge(b, NULL, it.value, depth - 1);
	}
	json_close(b, '}');
}

void json_merge(struct buf *b, const struct json *base, const struct json *patch)
{
	merge(b, base, patch, JSON_MERGE_DEPTH);
}
