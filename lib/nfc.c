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

struct str nfc_cut(struct str text, size_t n)
{
	struct str start = str_utf8_cut(text, n);
	utf8proc_int32_t before = 0, now, state = 0;
	size_t at = 0, boundary = 0;

	while (start.n < text.n && at <= start.n) {
		utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.p + at,
							 (utf8proc_ssize_t)(text.n - at), &now);

		if (size <= 0) /* not UTF-8 */
			return start;
		if (at == 0 || utf8proc_grapheme_break_stateful(before, now, &state))
			boundary = at;
		before = now;
		at += (size_t)size;
	}
	if (start.n < text.n && start.n - boundary <= NFC_CLUSTER_MAX)
		start.n = boundary;
	return start;
}
