/* SPDX-License-Identifier: MIT */
/* Any record: its notification for any device is a request whose body is JSON and fits, or an error. */
#include <stdlib.h>

#include "push_gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct push_make *m)
{
	struct push_post x;
	struct err e;

	if (push_make(&x, m, &e) < 0) {
		if (e.fault != FAULT_DATA)
			abort();
		return;
	}
	if (!json_parse(x.payload, m->arena, &e) || (x.body.p && !json_parse(x.body, m->arena, &e)))
		abort();
	if (m->device->platform != PUSH_FCM && x.payload.n > 5120)
		abort();
	for (size_t i = 0; i < x.n_headers; i++)
		for (size_t k = 0; k < x.headers[i].value.n; k++)
			if ((unsigned char)x.headers[i].value.p[k] < 0x20)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct push_account accounts[PUSH_PLATFORMS] = {
		{ .platform = PUSH_APNS, .topic = STR("com.example.app") },
		{ .platform = PUSH_FCM, .project = STR("p1") },
		{ .platform = PUSH_WEB },
	};
	struct arena *a = arena_new();
	struct push_note note;
	struct push_device d;
	struct rec r = { .arena = a };
	struct err e;

	if (rec_parse(&r, (struct str){ (const char *)data, size }, a, &e) < 0 ||
	    !push_wanted(&r) || push_note_read(&note, &r, 1768381200000, &e) < 0)
		goto out;
	for (struct json_iter it = json_iter(push_devices(&r)); json_next(&it);) {
		struct push_make m = { &note, &d, NULL, it.i % 2 == 0, 1768381200000, a };

		if (it.i >= 8 || push_device_named(&d, it.value, &r, &e) < 0)
			continue;
		m.account = &accounts[d.platform];
		check(&m);
	}
out:
	arena_free(a);
	return 0;
}
