/* SPDX-License-Identifier: MIT */
#include "json.h"

static void comma(struct buf *b)
{
	char last = b->n ? b->p[b->n - 1] : '{';

	if (last != '{' && last != '[' && last != ':' && last != '\n') /* '\n': the line before this one */
		buf_char(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	comma(b);
	buf_char(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void json_key(struct buf *b, const char *key)
{
	size_t n = strlen(key);
	char *p;

	comma(b);
	p = buf_grow(b, n + 3);
	if (!p)
		return;
	p[0] = '"';
	memcpy(p + 1, key, n);
	p[n + 1] = '"';
	p[n + 2] = ':';
	b->n += n + 3;
}

void json_key_str(struct buf *b, struct str key)
{
	json_put_str(b, key);
	buf_char(b, ':');
}

/*
 * True if one of the eight bytes needs an escape: below 0x20, '"' or '\\'.  (Bit tricks: a zero
 * byte in x ^ pattern.)
 */
static bool escapes(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');

	return ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
		high) != 0;
}

static char *escape_char(char *dst, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};

	*dst++ = '\\';
	if (c == '"' || c == '\\') {
		*dst++ = (char)c;
	} else if (letters[c]) {
		*dst++ = letters[c];
	} else {
		memcpy(dst, "u00", 3);
		dst[3] = hex[c >> 4];
		dst[4] = hex[c & 15];
		dst += 5;
	}
	return dst;
}

static void escape_one(struct buf *b, unsigned char c)
{
	char text[6], *end = text + 1;

	if (c < 0x20 || c == '"' || c == '\\')
		end = escape_char(text, c);
	else
		text[0] = (char)c;
	buf_add(b, text, (size_t)(end - text));
}

void json_escape(struct buf *b, struct str s)
{
	bool over = b->over;
	size_t i = 0;

	while (i < s.n) {
		/*
		 * A stretch at a time, so that the room asked for is at most six times a stretch
		 * too much.
		 */
		size_t end = s.n - i > 4096 ? i + 4096 : s.n;
		char *start = buf_grow(b, (end - i) * 6), *dst = start;

		if (!start) { /* near the maximum: byte by byte, so that nothing that fits is refused */
			b->over = over;
			for (; i < end && !b->over; i++)
				escape_one(b, (unsigned char)s.p[i]);
			if (b->over)
				return;
			continue;
		}
		while (i < end) {
			uint64_t eight;

			if (end - i >= 8 && (memcpy(&eight, s.p + i, 8), !escapes(eight))) {
				memcpy(dst, &eight, 8);
				dst += 8;
				i += 8;
				continue;
			}
			for (size_t stop = end - i > 8 ? i + 8 : end; i < stop; i++) {
				unsigned char c = (unsigned char)s.p[i];

				if (c < 0x20 || c == '"' || c == '\\')
					dst = escape_char(dst, c);
				else
					*dst++ = (char)c;
			}
		}
		b->n += (size_t)(dst - start);
	}
}

void json_put_str(struct buf *b, struct str s)
{
	comma(b);
	buf_char(b, '"');
	json_escape(b, s);
	buf_char(b, '"');
}

void json_put_i64(struct buf *b, int64_t v)
{
	comma(b);
	buf_i64(b, v);
}

void json_put_raw(struct buf *b, struct str text)
{
	comma(b);
	buf_str(b, text);
}

void json_add_str(struct buf *b, const char *key, struct str s)
{
	json_key(b, key);
	json_put_str(b, s);
}

void json_add_i64(struct buf *b, const char *key, int64_t v)
{
	json_key(b, key);
	json_put_i64(b, v);
}

void json_add_bool(struct buf *b, const char *key, bool v)
{
	json_key(b, key);
	json_put_raw(b, v ? STR("true") : STR("false"));
}

void json_add_raw(struct buf *b, const char *key, struct str text)
{
	json_key(b, key);
	json_put_raw(b, text);
}

void json_add_value(struct buf *b, const char *key, const struct json *v)
{
	json_key(b, key);
	json_put_value(b, v);
}

void json_add_strs(struct buf *b, const char *key, const struct str *list, size_t n)
{
	json_key(b, key);
	json_open(b, '[');
	for (size_t i = 0; i < n; i++)
		json_put_str(b, list[i]);
	json_close(b, ']');
}

void json_opt_str(struct buf *b, const char *key, struct str s)
{
	if (s.p)
		json_add_str(b, key, s);
}
