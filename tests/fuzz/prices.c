/* SPDX-License-Identifier: MIT */
/* A price list of any bytes, CSV or JSON as the first byte says: it is refused, or it tells prices. */
#include <stdlib.h>

#include "route_price.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct prices *p)
{
	static const char *const numbers[] = { "+1", "+12125550123",     "+351912345678",
					       "",   "+999999999999999", "x" };
	struct priced m = { .channel = STR("sms"), .day = 20467, .segments = 3, .bytes = INT64_MAX };
	struct offer x = { .slot = 0 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		prices_begin(p, &m, str_c(numbers[i]));
		if (prices_cost(p, &x).known)
			abort(); /* nobody has an account */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e;
	struct conf conf = { .root = json_parse(STR("{}"), a, &e), .path = "(fuzz)", .arena = a };
	struct offers *o = offers_new(&conf, &e);
	struct prices *p = o ? prices_new(&conf, o, &e) : NULL;

	if (!p)
		abort();
	if (size > 0 && prices_read(p, (struct str){ (const char *)data + 1, size - 1 },
				    data[0] & 1, "fuzz", &e) == 0)
		ask(p);
	prices_free(p);
	offers_free(o);
	arena_free(a);
	return 0;
}
