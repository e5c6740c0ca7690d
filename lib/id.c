/* SPDX-License-Identifier: MIT */
#include "id.h"

#include <stdlib.h>

#include "crypto.h"
#include "diag.h"

static const unsigned char namespace[16] = {
	0x6f, 0x6d, 0x6e, 0x69, 0x00, 0x00, 0x50, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static struct id format(unsigned char raw[16], unsigned version)
{
	static const char digit[] = "0123456789abcdef";
	struct id id = { { 0 } };
	char *p = id.text;

	raw[6] = (unsigned char)((raw[6] & 0x0f) | version << 4);
	raw[8] = (raw[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digit[raw[i] >> 4];
		*p++ = digit[raw[i] & 15];
	}
	return id;
}

struct id id_derive(const struct str *parts, size_t n)
{
	/* One piece is digested faster than many; what carriers send fits on the stack. */
	char small[1024], *name = small;
	unsigned char digest[HASH_MAX];
	size_t size = sizeof(namespace), at = sizeof(namespace);

	for (size_t i = 0; i < n; i++)
		size += parts[i].n + 1;
	if (size > sizeof(small)) {
		name = malloc(size);
		if (!name)
			diag_oom();
	}
	memcpy(name, namespace, sizeof(namespace));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			name[at++] = '/';
		if (parts[i].n > 0)
			memcpy(name + at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	hash_of(HASH_SHA1, &(struct str){ name, at }, 1, digest);
	if (name != small)
		free(name);
	return format(digest, 5);
}

/*
 * Random bytes are asked of the system for many ids at a time: each time costs half a microsecond.
 */
static void take_random(unsigned char *p, size_t n)
{
	static _Thread_local unsigned char spare[640];
	static _Thread_local size_t left;

	if (left < n) {
		crypto_random(spare, sizeof(spare));
		left = sizeof(spare);
	}
	left -= n;
	memcpy(p, spare + left, n);
}

struct id id_born(int64_t ms)
{
	unsigned char raw[16];

	for (size_t i = 0; i < 6; i++)
		raw[i] = (unsigned char)((uint64_t)ms >> (40 - 8 * i));
	take_random(raw + 6, sizeof(raw) - 6);
	return format(raw, 7);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

bool id_valid(struct str s)
{
	if (s.n != ID_TEXT)
		return false;
	for (size_t i = 0; i < ID_TEXT; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-' : !is_hex(s.p[i]))
			return false;
	}
	return true;
}

static unsigned char nibble(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

int id_bytes(struct str s, unsigned char out[16])
{
	size_t n = 0;

	if (!id_valid(s))
		return -1;
	for (size_t i = 0; i < ID_TEXT; i += 2) {
		if (s.p[i] == '-')
			i++;
		out[n++] = (unsigned char)(nibble(s.p[i]) << 4 | nibble(s.p[i + 1]));
	}
	return 0;
}

void id_trace(char out[56], const struct id *id)
{
	char digits[32];
	size_t n = 0;

	for (size_t i = 0; i < ID_TEXT && n < sizeof(digits); i++)
		if (id->text[i] != '-') /* traceparent allows lower case alone */
			digits[n++] = (char)(id->text[i] >= 'A' ? id->text[i] | 0x20 : id->text[i]);
	memcpy(out, "00-", 3);
	memcpy(out + 3, digits, 32);
	out[35] = '-';
	/* The second half: random or derived bits in both versions, and never all zero. */
	memcpy(out + 36, digits + 16, 16);
	memcpy(out + 52, "-01", 4);
}
