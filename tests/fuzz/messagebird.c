/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body and as the query of a MessageBird webhook, and as its proof: refused, or
 * signed and then admitted; translated, written.  What comes out must be JSON, and what can be read
 * must give at least one record.
 */
#include "fuzz.h"

static const char secret[] = "b21uaS1zdGFuZGFyZC13ZWJob29rcy1r";

enum { PROFILES = 4 };

/* One account of each profile. */
struct fixture {
	struct conf conf;
	struct account list[PROFILES];
	struct accounts accounts;
};

static void open_accounts(struct fixture *f, struct arena *a)
{
	static const char *const confs[PROFILES] = { "{}", "{\"profile\":\"legacy\",\"tolerance\":300}",
						     "{\"profile\":\"bird-hmac\"}",
						     "{\"profile\":\"bird-std\"}" };
	struct err e;

	f->conf = (struct conf){ .path = "fuzz", .arena = a };
	f->accounts = (struct accounts){ f->list, PROFILES };
	for (int i = 0; i < PROFILES; i++) {
		f->list[i] = (struct account){ .name = STR("a"),
					       .public_url = STR("https://hooks.example.com:443/in"),
					       .conf = json_parse(str_c(confs[i]), a, &e) };
		f->list[i].proof = (struct secrets){ .text = { STR(secret) }, .n = 1 };
		if (carrier_messagebird.open_account(&f->conf, &f->list[i], "fuzz", &e) < 0)
			abort();
	}
}

static void close_accounts(struct fixture *f)
{
	for (int i = 0; i < PROFILES; i++) {
		mac_free(f->list[i].proof.mac[0]);
		carrier_messagebird.close_account(&f->list[i]);
	}
}

/* The headers of a token that is good for ${h} as it is called at the public URL of the account. */
static const struct json *token(const struct hook *h, struct mac *m)
{
	struct arena *a = h->arena;
	struct str url = str_sub(h->url, 0, str_find(h->url, '#')), claims, text;
	unsigned char digest[HASH_MAX];
	struct err e;

	url = arena_join(a, STR("https://hooks.example.com/in"),
			 str_sub(url, sizeof("https://hooks.example.com") - 1, url.n));
	claims = arena_fmt(
		a, "{\"iss\":\"MessageBird\",\"exp\":1768381200,\"jti\":\"1\",\"url_hash\":\"%.*s\"%s%.*s%s}",
		STR_FMT(hash_hex(a, HASH_SHA256, url)), h->body.n ? ",\"payload_hash\":\"" : "",
		STR_FMT(h->body.n ? hash_hex(a, HASH_SHA256, h->body) : STR("")), h->body.n ? "\"" : "");
	text = arena_join(a, base64url_of(a, STR("{\"alg\":\"HS256\"}")), STR("."));
	text = arena_join(a, text, base64url_of(a, claims));
	claims = base64url_of(a, (struct str){ (const char *)digest, mac_of(m, &text, 1, digest) });
	return json_parse(arena_fmt(a, "{\"messagebird-signature-jwt\":\"%.*s.%.*s\"}",
				    STR_FMT(text), STR_FMT(claims)),
			  a, &e);
}

/* Headers with ${s} in them where proofs are. */
static const struct json *headers(struct arena *a, struct str s, bool other)
{
	struct buf b = { .max = LINE_MAX_BYTES };
	const struct json *v;
	struct err e;

	if (!str_utf8(s))
		s = STR("v1,AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	json_open(&b, '{');
	json_add_str(&b, "host", STR("other.example.com"));
	if (other)
		json_add_str(&b, "messagebird-signature-jwt", s);
	json_add_str(&b, "messagebird-signature",
		     other ? s : STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	json_add_str(&b, "messagebird-request-timestamp", other ? s : STR("1768381200"));
	json_add_str(&b, "webhook-id", s);
	json_add_str(&b, "webhook-timestamp", STR("1768381200"));
	json_add_str(&b, "webhook-signature", s);
	json_close(&b, '}');
	v = json_parse(buf_get(&b), a, &e);
	buf_free(&b);
	return v;
}

static void verify(struct hook *h, struct str s, bool genuine)
{
	struct fixture f;
	struct verdict v;
	struct err e;

	open_accounts(&f, h->arena);
	h->headers = token(h, f.list[0].proof.mac[0]);
	if (carrier_messagebird.verify(&f.accounts, h, true, &v, &e) < 0 && genuine)
		abort();
	for (int other = 0; other < 2; other++) {
		h->headers = headers(h->arena, s, other != 0);
		if (carrier_messagebird.verify(&f.accounts, h, true, &v, &e) == 0)
			abort();
	}
	close_accounts(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_messagebird, data, size, a);
	const struct str bytes = h.body;

	h.url = STR("https://hooks.example.com/webhooks/messagebird?tenant=7");
	verify(&h, bytes, true);
	fuzz_normalize(&carrier_messagebird, &(struct accounts){ 0 }, &h, STR_NONE);
	h.method = STR("GET");
	h.url = arena_join(a, STR("https://hooks.example.com/webhooks/messagebird?"), bytes);
	h.body = STR("");
	/* What is no URL, or has a fragment, is not put together as it is signed here. */
	verify(&h, bytes, false);
	fuzz_normalize(&carrier_messagebird, &(struct accounts){ 0 }, &h, STR_NONE);
	arena_free(a);
	return 0;
}
