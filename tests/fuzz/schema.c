/* SPDX-License-Identifier: MIT */
/*
 * A schema, a NUL, a value: both evaluations say the same, and the report is JSON.  Where a bound was
 * reached, which the plan may be too quick to notice, only the exact one counts.
 */
#include <stdlib.h>

#include "schema_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool bound_reached(const struct schema_report *r)
{
	struct str last = r->n ? r->units[r->n - 1].text : STR("");

	return str_search(last, STR("too deeply")) < last.n ||
	       str_search(last, STR("too many steps")) < last.n;
}

static void check(const struct schema *s, const struct json *v, struct arena *a)
{
	struct schema_report r = schema_explain(s, v, a);
	struct buf b = { .max = SIZE_MAX };
	int exact = schema_walk(s->set, s->root, v, a);
	struct err e;

	if (exact >= 0 && (schema_valid(s, v, a) != exact || (r.n == 0) != exact) && !bound_reached(&r))
		abort();
	schema_put_basic(&b, &r);
	if (!json_parse(buf_get(&b), a, &e))
		abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { size ? (const char *)data : "", size };
	size_t n = str_find(all, '\0');
	struct schema_set *set = schema_set_new(size & 1 ? SCHEMA_FORMATS : 0);
	struct arena *a = arena_new();
	const struct schema *s = NULL;
	const struct json *v;
	struct err e;

	if (schema_set_add(set, STR("test:/s"), str_sub(all, 0, n), &e) == 0)
		s = schema_set_get(set, STR("test:/s"), &e);
	v = s ? json_parse(str_sub(all, n + 1, all.n), a, &e) : NULL;
	if (v)
		check(s, v, a);
	schema_set_free(set);
	arena_free(a);
	return 0;
}
