/* SPDX-License-Identifier: MIT */
#include "store_cursor.h"

#include "crypto.h"

enum { VERSION = 1, BYTES = 21 };

uint32_t page_cursor_query(const struct str *parts, size_t n)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < parts[i].n; k++)
			h = (h ^ (unsigned char)parts[i].p[k]) * 0x100000001b3;
		h = (h ^ (parts[i].p ? 0x100 : 0x101)) * 0x100000001b3;
	}
	return (uint32_t)(h ^ h >> 32);
}

static void put(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * (n - 1 - i));
}

static uint64_t get(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

struct str page_cursor_write(struct arena *a, uint32_t query, const struct page_cursor *c)
{
	unsigned char raw[BYTES] = { VERSION };

	put(raw + 1, query, 4);
	put(raw + 5, (uint64_t)c->at, 8);
	put(raw + 13, (uint64_t)c->seq, 8);
	return base64url_of(a, (struct str){ (const char *)raw, BYTES });
}

int page_cursor_read(struct arena *a, struct str text, uint32_t query, struct page_cursor *c,
		     struct err *e)
{
	const unsigned char *raw;
	struct str bytes;

	if (text.n != CURSOR_TEXT || base64_read(a, text, &bytes) < 0 || bytes.n != BYTES ||
	    bytes.p[0] != VERSION)
		return err_set(e, FAULT_USAGE, "cursor-invalid",
			       "\"%.*s\" is no cursor: take it from store.cursor of the last line",
			       STR_FMT(text));
	raw = (const unsigned char *)bytes.p;
	if (get(raw + 1, 4) != query)
		return err_set(e, FAULT_USAGE, "cursor-foreign",
			       "the cursor is of another query: verb, filters and order must be the same");
	c->at = (int64_t)get(raw + 5, 8);
	c->seq = (int64_t)get(raw + 13, 8);
	return 0;
}
