/* SPDX-License-Identifier: MIT */
#include "form.h"

#include <endian.h>

#include "limit.h"

enum { FIELDS_MORE = 32 };

static int hex_value(char c)
{
	static const signed char values[256] = {
		['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
		['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
		['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	};

	return values[(unsigned char)c] - 1;
}

/*
 * The highest bit of each byte of ${x} that is one of & = % +; the lowest such bit is exact (see
 * escapes in json.c).
 */
static uint64_t marks(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t a = x ^ (ones * '&'), b = x ^ (ones * '='), c = x ^ (ones * '%'), d = x ^ (ones * '+');

	return (((a - ones) & ~a) | ((b - ones) & ~b) | ((c - ones) & ~c) | ((d - ones) & ~d)) & high;
}

/*
 * Copy from ${p} to ${q} up to the next & = % +, or ${end}; eight bytes at a time, so ${q} has room
 * for seven too many.
 */
static size_t copy(char *q, const char *p, const char *end)
{
	const char *start = p;
	uint64_t eight, found;

	for (; end - p >= 8; p += 8, q += 8) {
		memcpy(&eight, p, 8);
		memcpy(q, &eight, 8);
		found = marks(le64toh(eight));
		if (found)
			return (size_t)(p - start) + (size_t)(unsigned)__builtin_ctzll(found) / 8;
	}
	while (p < end && *p != '&' && *p != '=' && *p != '%' && *p != '+')
		*q++ = *p++;
	return (size_t)(p - start);
}

/* Write the byte that the "%" at ${p} stands for; return how many bytes it takes. */
static size_t unescape(char *q, const char *p, const char *end)
{
	int high = end - p > 2 ? hex_value(p[1]) : -1, low = high >= 0 ? hex_value(p[2]) : -1;

	if (low < 0) {
		*q = '%';
		return 1;
	}
	*q = (char)(high << 4 | low);
	return 3;
}

static int add(struct form *form, size_t *cap, struct arena *arena, struct field f, struct err *e)
{
	if (form->n == FORM_FIELDS_MAX)
		return err_set(e, FAULT_DATA, "form-too-long", "the form has more than %d fields",
			       FORM_FIELDS_MAX);
	if (form->n == *cap) {
		form->fields = arena_resize(arena, form->fields, *cap * sizeof(f),
					    (*cap + FIELDS_MORE) * sizeof(f));
		*cap += FIELDS_MORE;
	}
	form->fields[form->n++] = f;
	return 0;
}

int form_decode(struct str text, struct arena *arena, struct form *form, struct err *e)
{
	const char *p = text.p, *pair = p, *end;
	struct field f = { .name = STR_NONE };
	size_t cap = 0, n;
	char *q, *start;

	*form = (struct form){ NULL, 0 };
	if (text.n == 0)
		return 0;
	end = p + text.n;
	q = start = arena_alloc(arena, text.n + 8);
	for (;;) {
		n = copy(q, p, end);
		p += n;
		q += n;
		if (p < end && *p == '%') {
			p += unescape(q++, p, end);
		} else if (p < end && *p == '=' && !f.name.p) {
			f.name = (struct str){ start, (size_t)(q - start) };
			start = q;
			p++;
		} else if (p < end && *p != '&') {
			*q++ = *p++ == '+' ? ' ' : '=';
		} else {
			f.value = (struct str){ start, (size_t)(q - start) };
			if (!f.name.p)
				f = (struct field){ f.value, { "", 0 } };
			if (p > pair && add(form, &cap, arena, f, e) < 0)
				return -1;
			if (p == end)
				return 0;
			pair = ++p;
			start = q;
			f.name = STR_NONE;
		}
	}
}

struct str form_get(const struct form *form, const char *name)
{
	struct str key = str_c(name);

	for (size_t i = 0; i < form->n; i++)
		if (str_eq(form->fields[i].name, key))
			return form->fields[i].value;
	return STR_NONE;
}

static struct str text_of(struct arena *a, struct str s)
{
	char *start, *p;

	if (str_utf8(s))
		return s;
	start = p = arena_alloc(a, s.n * 3);
	for (size_t i = 0; i < s.n;) {
		size_t n = 1, valid;

		while (n < 4 && n < s.n - i && ((unsigned char)s.p[i + n] & 0xc0) == 0x80)
			n++;
		for (valid = n; valid > 0 && !str_utf8(str_sub(s, i, valid));)
			valid--;
		if (valid > 0)
			p = (char *)mempcpy(p, s.p + i, valid);
		else
			p = (char *)mempcpy(p, "\xef\xbf\xbd", 3);
		i += valid > 0 ? valid : n;
	}
	return (struct str){ start, (size_t)(p - start) };
}

void form_texts(struct form *form, struct arena *arena)
{
	for (size_t i = 0; i < form->n; i++) {
		struct field *f = &form->fields[i];

		*f = (struct field){ text_of(arena, f->name), text_of(arena, f->value) };
	}
}

void form_write(struct buf *b, const struct form *form, const bool *taken, struct arena *arena)
{
	const struct field **left = arena_alloc(arena, (form->n + 1) * sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < form->n; i++)
		if (!taken[i])
			left[n++] = &form->fields[i];
	for (size_t i = 0; i < n; i++) {
		bool many = false;

		if (!left[i])
			continue;
		json_key_str(b, left[i]->name);
		for (size_t k = i + 1; k < n; k++) {
			if (!left[k] || !str_eq(left[k]->name, left[i]->name))
				continue;
			if (!many) {
				json_open(b, '[');
				json_put_str(b, left[i]->value);
			}
			many = true;
			json_put_str(b, left[k]->value);
			left[k] = NULL;
		}
		if (many)
			json_close(b, ']');
		else
			json_put_str(b, left[i]->value);
	}
}

static bool unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

void form_escape(struct buf *b, struct str s)
{
	static const char digit[] = "0123456789ABCDEF";
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (unreserved(c))
			continue;
		buf_add(b, s.p + from, i - from);
		buf_add(b, (const char[]){ '%', digit[c >> 4], digit[c & 15] }, 3);
		from = i + 1;
	}
	if (from < s.n)
		buf_add(b, s.p + from, s.n - from);
}
