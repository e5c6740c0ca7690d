/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"

enum { FMT_SHORT = 256 };

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

bool str_among(struct str s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].p && str_eq(s, list[i]))
			return true;
	return false;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

size_t str_find(struct str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;

	return p ? (size_t)(p - s.p) : s.n;
}

size_t str_search(struct str s, struct str needle)
{
	const char *p = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

	return p ? (size_t)(p - s.p) : s.n;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from >= s.n)
		return (struct str){ s.p ? s.p + s.n : NULL, 0 };
	return (struct str){ s.p + from, n < s.n - from ? n : s.n - from };
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *str_dup(struct str s)
{
	char *p = strndup(s.n ? s.p : "", s.n);

	if (!p)
		diag_oom();
	return p;
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

int str_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (!str_digits(s))
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return -1;
	*out = v;
	return 0;
}

bool str_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/*
 * The length of the valid UTF-8 character at ${p}, of which ${n} bytes are there; 0 if there is
 * none (RFC 3629).
 */
static size_t utf8_char(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool str_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		uint64_t eight;
		size_t len;

		if (s.n - i >= 8 && (memcpy(&eight, p + i, 8), !(eight & 0x8080808080808080u))) {
			i += 8;
			continue;
		}
		len = utf8_char(p + i, s.n - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

struct str str_utf8_cut(struct str s, size_t n)
{
	if (s.n <= n)
		return s;
	/* A character is at most four bytes: step back over what continues one. */
	for (int back = 0; back < 3 && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; back++)
		n--;
	return (struct str){ s.p, n };
}

char *buf_grow(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (n > b->max || b->n > b->max - n) {
		b->over = true;
		return NULL;
	}
	need = b->n + n;
	if (need > b->cap) {
		cap = b->cap < 256 ? 256 : b->cap + b->cap / 2;
		if (cap < need)
			cap = need;
		if (cap > b->max)
			cap = b->max;
		p = realloc(b->p, cap);
		if (!p)
			diag_oom();
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add_slow(struct buf *b, const void *p, size_t n)
{
	char *dst = buf_grow(b, n);

	if (dst) {
		memcpy(dst, p, n);
		b->n += n;
	}
}

void buf_u64(struct buf *b, uint64_t v)
{
	char text[20];
	size_t i = sizeof(text);

	do
		text[--i] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_add(b, text + i, sizeof(text) - i);
}

void buf_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_char(b, '-');
	buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	char some[FMT_SHORT], *text = some; /* most are short: no memory is asked for */
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(some, sizeof(some), fmt, ap);
	if (n >= (int)sizeof(some))
		n = vasprintf(&text, fmt, again);
	va_end(again);
	va_end(ap);
	if (n < 0)
		diag_oom();
	buf_add(b, text, (size_t)n);
	if (text != some)
		free(text);
}

void buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
	b->over = false;
}
