/* SPDX-License-Identifier: MIT */
/* A pattern, a NUL, a text: tables and library say the same, about the pattern and about the text. */
#include "pattern.h"

#include <stdlib.h>

#include "regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { size ? (const char *)data : "", size }, text, subject;
	size_t n = str_find(all, '\0');
	struct arena *a = arena_new();
	struct pattern *p;
	struct regex *r;
	struct err e;

	text = str_sub(all, 0, n);
	subject = str_sub(all, n + 1, all.n);
	if (str_utf8(text) && str_utf8(subject) && text.n < 200) {
		p = pattern_new(text, a, &e);
		r = regex_new_ecma(text, &e);
		if ((p == NULL) != (r == NULL))
			abort();
		if (p && pattern_plain(p) && pattern_match(p, subject) != regex_match(r, subject) &&
		    regex_match(r, subject) >= 0)
			abort();
		pattern_release(p);
		regex_free(r);
	}
	arena_free(a);
	return 0;
}
