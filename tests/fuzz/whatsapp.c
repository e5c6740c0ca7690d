/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body of a WhatsApp webhook: proved or refused, translated, written.  What comes
 * out must be JSON, and a body that can be read must give at least one record.
 */
#include "fuzz.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";

/* The header of a body that the secret has signed, or one that is well-formed and wrong. */
static const struct json *headers(struct arena *a, struct str body, struct mac *m, bool genuine)
{
	struct err e;
	unsigned char digest[HASH_MAX];
	size_t n = mac_of(m, &body, 1, digest);
	struct str hex = hex_of(a, (struct str){ (const char *)digest, n });

	if (!genuine)
		hex = STR("99ff71642f66637ddcc8348b993f514ab0e4422b5ca38d7ed436f0c6dbedf2dd");
	return json_parse(arena_fmt(a, "{\"x-hub-signature-256\":\"sha256=%.*s\"}", STR_FMT(hex)),
			  a, &e);
}

static void verify(struct hook *h, struct arena *a)
{
	struct account list[2] = { { .name = STR("a"), .id = STR("200000000000002") },
				   { .name = STR("b"), .id = STR("200000000000003") } };
	struct accounts accounts = { list, 2 };
	struct mac *m = mac_new(HASH_SHA256, STR(secret));
	struct verdict v;
	struct err e;

	for (int i = 0; i < 2; i++) {
		list[i].proof.text[0] = STR(secret);
		list[i].proof.mac[0] = m;
		list[i].proof.n = 1;
	}
	h->headers = headers(a, h->body, m, true);
	if (carrier_whatsapp.verify(&accounts, h, true, &v, &e) < 0)
		abort();
	h->headers = headers(a, h->body, m, false);
	(void)carrier_whatsapp.verify(&accounts, h, true, &v, &e);
	mac_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_whatsapp, data, size, a);

	verify(&h, a);
	fuzz_normalize(&carrier_whatsapp, &(struct accounts){ 0 }, &h, STR_NONE);
	arena_free(a);
	return 0;
}
