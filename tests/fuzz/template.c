/* SPDX-License-Identifier: MIT */
/* A template that was read is filled in from any record, or from none of it. */
#include <stdlib.h>

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	size_t eol = str_find(s, '\n');
	struct arena *a = arena_new();
	struct buf b = { .max = 1 << 20 };
	struct template *t;
	struct rec r = { 0 };
	struct err e;

	t = template_read(str_sub(s, 0, eol), a, &e);
	if (t && rec_parse(&r, str_sub(s, eol + 1, s.n), a, &e) == 0 && !template_put(t, &r, &b) &&
	    b.n > 0)
		abort();
	buf_free(&b);
	arena_free(a);
	return 0;
}
