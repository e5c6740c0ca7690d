/* SPDX-License-Identifier: MIT */
#include "shown.h"

#include <stdio.h>

void shown_put(struct buf *b, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		/* C1 controls are two bytes in UTF-8 */
		bool c1 = c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;

		if (c >= 0x20 && c != 0x7f && !c1)
			continue;
		buf_str(b, str_sub(s, from, i - from));
		buf_fmt(b, "\\x%02x", c1 ? (unsigned char)s.p[++i] : c);
		from = i + 1;
	}
	buf_str(b, str_sub(s, from, s.n));
}

/* Characters of UTF-8. */
static size_t width_of(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void shown_padded(struct buf *b, struct str s, size_t width)
{
	size_t before = b->n, n;

	shown_put(b, s);
	for (n = width_of((struct str){ b->p + before, b->n - before }); n < width; n++)
		buf_char(b, ' ');
}

const char *shown_span(char out[SHOWN_MAX], int64_t ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 }, { 's', 1000 } };
	size_t i = 0;

	if (ms < 0)
		return strcpy(out, "-");
	if (ms < 1000) {
		snprintf(out, SHOWN_MAX, "%dms", (int)ms);
		return out;
	}
	while (ms < units[i].ms)
		i++;
	if (i + 1 < LEN(units) && ms % units[i].ms >= units[i + 1].ms)
		snprintf(out, SHOWN_MAX, "%lld%c %lld%c", (long long)(ms / units[i].ms), units[i].unit,
			 (long long)(ms % units[i].ms / units[i + 1].ms), units[i + 1].unit);
	else
		snprintf(out, SHOWN_MAX, "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
	return out;
}

const char *shown_size(char out[SHOWN_MAX], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, SHOWN_MAX, "%u", (unsigned)bytes);
		return out;
	}
	for (v /= 1024; v >= 999.5; v /= 1024)
		i++;
	snprintf(out, SHOWN_MAX,
		 v < 9.995 ? "%.2f%c" :
		 v < 99.95 ? "%.1f%c" :
			     "%.0f%c",
		 v, units[i]);
	return out;
}
