/* SPDX-License-Identifier: MIT */
/* What the fuzz targets of the carriers share: the webhook, and the look at what is made of it. */
#ifndef OMNI_FUZZ_H
#define OMNI_FUZZ_H

#include <stdlib.h>

#include "carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A webhook of ${carrier} with the ${size} bytes ${data} as its body. */
static inline struct hook fuzz_hook(const struct carrier *carrier, const uint8_t *data, size_t size,
				    struct arena *a)
{
	struct str name = str_c(carrier->name);

	return (struct hook){ .id = STR("0198c0de-0000-7000-8000-000000000001"),
			      .at = STR("2026-01-14T09:00:00.000Z"),
			      .at_ms = 1768381200000,
			      .carrier = name,
			      .method = STR("POST"),
			      .url = arena_join(a, STR("https://hooks.example.com/webhooks/"), name),
			      .body = { size ? (const char *)data : "", size },
			      .arena = a };
}

/**
 * fuzz_normalize(carrier, accounts, h, secret):
 * Translate ${h} and write its records: each must be JSON without ${secret}, if that has a pointer.
 * Return how many there are: at least one, or 0 if the webhook can not be read.
 */
static inline size_t fuzz_normalize(const struct carrier *carrier, const struct accounts *accounts,
				    const struct hook *h, struct str secret)
{
	struct canon_list list = { .arena = h->arena };
	struct buf b = { .max = LINE_MAX_BYTES * 8 };
	struct err e;

	if (carrier->normalize(accounts, h, &list, &e) < 0)
		return 0;
	if (list.n == 0)
		abort();
	for (size_t i = 0; i < list.n; i++) {
		buf_reset(&b);
		canon_write(&b, &list.items[i], h);
		buf_char(&b, '}');
		if (!b.over && !json_parse(buf_get(&b), h->arena, &e))
			abort();
		if (secret.p && str_search(buf_get(&b), secret) < b.n)
			abort();
	}
	buf_free(&b);
	return list.n;
}

#endif
