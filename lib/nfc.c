/* SPDX-License-Identifier: MIT */
#include "nfc.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "diag.h"

/* Below U+0300 nothing combines: the two bytes of UTF-8 that begin with CC or more, and all longer ones. */
static bool simple(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0xcc)
			return false;
	return true;
}

struct str nfc(struct str text, struct arena *a)
{
	utf8proc_uint8_t *made = NULL;
	utf8proc_ssize_t n;
	struct str out;

	if (simple(text))
		return text;
	n = utf8proc_map((const utf8proc_uint8_t *)text.p, (utf8proc_ssize_t)text.n, &made,
			 UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n == UTF8PROC_ERROR_NOMEM)
		diag_oom();
	if (n < 0) /* not UTF-8 */
		return text;
	out = (struct str){ (const char *)made, (size_t)n };
	out = str_eq(out, text) ? text : arena_str(a, out);
	free(made);
	return out;
}
