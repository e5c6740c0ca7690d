/* SPDX-License-Identifier: MIT */
/* What is decoded, escaped and decoded again is the same. */
#include <stdlib.h>

#include "form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_form(struct buf *b, const struct form *form)
{
	for (size_t i = 0; i < form->n; i++) {
		if (i > 0)
			buf_char(b, '&');
		form_escape(b, form->fields[i].name);
		buf_char(b, '='); /* always: a pair without a name must not become an empty one */
		form_escape(b, form->fields[i].value);
	}
}

static void expect_same(const struct form *x, const struct form *y)
{
	if (x->n != y->n)
		abort();
	for (size_t i = 0; i < x->n; i++)
		if (!str_eq(x->fields[i].name, y->fields[i].name) ||
		    !str_eq(x->fields[i].value, y->fields[i].value))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf text = { .max = SIZE_MAX };
	struct form form, again;
	struct err e;

	if (form_decode((struct str){ (const char *)data, size }, a, &form, &e) == 0) {
		write_form(&text, &form);
		if (form_decode(buf_get(&text), a, &again, &e) < 0)
			abort();
		expect_same(&form, &again);
	}
	buf_free(&text);
	arena_free(a);
	return 0;
}
