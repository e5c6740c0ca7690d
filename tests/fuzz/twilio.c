/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the parameters of a Twilio webhook, in a form, a query and a JSON body: signed or
 * refused, translated, written.  What comes out must be JSON, and what can be read must give at
 * least one record.
 */
#include "fuzz.h"

static const char token[] = "0123456789abcdef0123456789abcdef";

static const struct json *headers(struct arena *a, const char *type, struct str signature)
{
	struct err e;

	return json_parse(arena_fmt(a,
				    "{\"host\":\"hooks.example.com\",\"content-type\":\"%s\","
				    "\"x-twilio-signature\":\"%.*s\"}",
				    type, STR_FMT(signature)),
			  a, &e);
}

static struct accounts make_accounts(struct account list[2], struct mac *m)
{
	list[0] = (struct account){ .name = STR("a"),
				    .id = STR("AC000000000000000000000000000000c1"),
				    .public_url = STR("http://hooks.example.com:8443/in") };
	list[1] = (struct account){ .name = STR("b") };
	for (int i = 0; i < 2; i++)
		list[i].proof = (struct secrets){ .text = { STR(token) }, .mac = { m }, .n = 1 };
	return (struct accounts){ list, 2 };
}

/* The signature of ${h} where nothing but the URL is signed. */
static struct str sign_url(const struct hook *h, struct mac *m)
{
	unsigned char digest[HASH_MAX];
	size_t n = mac_of(m, &h->url, 1, digest);

	return base64_of(h->arena, (struct str){ (const char *)digest, n });
}

static void verify(struct hook *h, const char *type, bool genuine)
{
	struct mac *m = mac_new(HASH_SHA1, STR(token));
	struct account list[2];
	struct accounts accounts = make_accounts(list, m);
	struct verdict v;
	struct err e;

	h->headers = headers(h->arena, type, STR("AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	if (carrier_twilio.verify(&accounts, h, true, &v, &e) == 0)
		abort();
	h->headers = headers(h->arena, type, sign_url(h, m));
	if (carrier_twilio.verify(&accounts, h, true, &v, &e) < 0 && genuine)
		abort();
	mac_free(m);
}

static void one(struct hook h, const char *type, bool genuine)
{
	verify(&h, type, genuine);
	fuzz_normalize(&carrier_twilio, &(struct accounts){ 0 }, &h, STR_NONE);
}

/* The URL of a JSON webhook names the hash of its body. */
static struct str url_of_body(struct arena *a, struct str url, struct str body)
{
	return arena_fmt(a, "%.*s?bodySHA256=%.*s", STR_FMT(url),
			 STR_FMT(hash_hex(a, HASH_SHA256, body)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_twilio, data, size, a);
	const struct str url = h.url;

	one(h, "application/x-www-form-urlencoded", false);
	h.url = url_of_body(a, url, h.body);
	one(h, "application/json", true);
	h.method = STR("GET");
	h.url = arena_join(a, arena_join(a, url, STR("?")), h.body);
	h.body = STR("");
	/* A fragment is not signed, and an AccountSid may be that of neither account. */
	one(h, "application/x-www-form-urlencoded", false);
	arena_free(a);
	return 0;
}
