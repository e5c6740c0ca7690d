/* SPDX-License-Identifier: MIT */
/* Any answer of any gateway has a verdict; only a good status is a success, and only the credentials are never the device's fault. */
#include <stdlib.h>

#include "push_bearer.h"
#include "push_gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the gateway, the next two the status; then come a header and, behind a line end, the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "retry-after", "location", "apns-id" };
	struct push_judgement j = { .verdict = PUSH_PERMANENT, .gone_at = -1, .retry_at = -1 };
	struct push_account account = { .platform = PUSH_FCM, .client_email = STR("x@example.com") };
	struct arena *a = arena_new();
	struct header h;
	struct response r = { .headers = &h, .n_headers = 1 };
	struct str s;
	struct err e;

	if (size < 4)
		goto out;
	s = (struct str){ (const char *)data + 4, size - 4 };
	r.status = 100 + (data[1] << 8 | data[2]) % 500;
	h = (struct header){ str_c(names[data[3] % 3]), str_sub(s, 0, str_find(s, '\n')) };
	r.body = str_sub(s, h.value.n + 1, s.n);
	push_gateways[data[0] % PUSH_PLATFORMS]->judge(&r, 1768381200000, a, &j);
	if ((j.verdict == PUSH_SENT) != (r.status == 200 || (data[0] % PUSH_PLATFORMS == PUSH_WEB &&
							     r.status >= 200 && r.status < 300)))
		abort();
	if ((r.status == 401 || r.status == 403) && j.verdict == PUSH_RETRY)
		abort();
	account.arena = arena_new();
	if (push_bearer_got(&account, &r, 1768381200000, &e) == 0 && r.status != 200)
		abort();
	arena_free(account.arena);
out:
	arena_free(a);
	return 0;
}
