/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body of a Bandwidth webhook and as its Authorization: asked for credentials or
 * taken, admitted or refused, translated, written.  What comes out must be JSON, and what can be
 * read must give at least one record.
 */
#include "fuzz.h"

static struct secrets users = { .text = { STR("hook-user") }, .n = 1 };

static struct accounts make_accounts(struct account list[2], struct arena *a)
{
	struct err e;

	list[0] = (struct account){ .name = STR("a"), .id = STR("0d3f6a52") };
	list[1] = (struct account){ .name = STR("b"), .own = &users };
	list[1].proof = (struct secrets){ .text = { STR("hook-Pass:1") }, .n = 1 };
	list[1].conf = json_parse(STR("{\"callback_user\":\"hook-user\"}"), a, &e);
	return (struct accounts){ list, 2 };
}

/* True if ${authorization} is refused or not even asked about, false if it is admitted. */
static bool refused(struct hook *h, const struct accounts *accounts, struct str authorization)
{
	struct buf b = { .max = SIZE_MAX };
	struct verdict v;
	struct err e;
	bool bad;

	json_open(&b, '{');
	json_add_str(&b, "authorization", authorization);
	json_close(&b, '}');
	h->headers = json_parse(buf_get(&b), h->arena, &e);
	if (!h->headers)
		abort();
	bad = carrier_bandwidth.verify(accounts, h, true, &v, &e) < 0;
	if (!bad && v.account != &accounts->list[1])
		abort();
	buf_free(&b);
	return bad;
}

static void verify(struct hook *h)
{
	struct account list[2];
	struct accounts accounts = make_accounts(list, h->arena);
	struct str coded = base64_of(h->arena, h->body);

	/* The second account stands for any application. */
	if (refused(h, &accounts, STR("Basic aG9vay11c2VyOmhvb2stUGFzczox")))
		abort();
	if (!refused(h, &accounts, arena_join(h->arena, STR("Basic "), coded)) &&
	    !str_eq(h->body, STR("hook-user:hook-Pass:1")))
		abort();
	if (str_utf8(h->body))
		(void)refused(h, &accounts, h->body);
	/* With an application of its own the body decides, and must not break anything. */
	list[1].id = STR("7b8c1d20");
	(void)refused(h, &accounts, STR("Basic aG9vay11c2VyOmhvb2stUGFzczox"));
}

static void receive(const struct hook *h)
{
	struct account list[2];
	struct accounts accounts = make_accounts(list, h->arena);
	struct request req = { .method = STR("POST"), .n_headers = 1, .body = h->body };
	struct answer a = { .hand_over = true, .status = 200, .arena = h->arena };

	req.headers[0] = (struct header){ STR("authorization"), h->body };
	carrier_bandwidth.receive(&accounts, &req, &a);
	if (a.hand_over ? a.status != 200 : a.status != 401)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_bandwidth, data, size, a);

	receive(&h);
	verify(&h);
	fuzz_normalize(&carrier_bandwidth, &(struct accounts){ 0 }, &h, STR_NONE);
	arena_free(a);
	return 0;
}
