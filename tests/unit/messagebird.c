/* SPDX-License-Identifier: MIT */
#include "carrier.h"

#include "unit.h"

static const char token[] =
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
	"eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI5M2U1NTAw"
	"Ni1hMGU4LTQ1MjYtYTE5MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3"
	"YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUzZWNlNmMyNjAiLCJwYXlsb2FkX2hhc2giOiJkZmZkNjAyMWJiMmJk"
	"NWIwYWY2NzYyOTA4MDllYzNhNTMxOTFkZDgxYzdmNzBhNGIyODY4OGEzNjIxODI5ODZmIn0."
	"_H--TOuYFLpeEH39-rg5E3IHVkjHozBcaKVWPRC5m9I";

/* Open an account with ${conf} and ${key}; return what open_account does, the code of its fault in ${e}. */
static int open_one(struct account *a, const char *conf, const char *key, struct err *e)
{
	static struct conf file;

	file = (struct conf){ .path = "omni.json", .arena = arena };
	*a = (struct account){ .name = STR("a"), .conf = json_parse(str_c(conf), arena, e) };
	if (key)
		a->proof = (struct secrets){ .text = { str_c(key) }, .n = 1 };
	return carrier_messagebird.open_account(&file, a, "omni.json: /carriers/messagebird", e);
}

static void close_one(struct account *a)
{
	for (int i = 0; i < a->proof.n; i++)
		mac_free(a->proof.mac[i]);
	carrier_messagebird.close_account(a);
}

/* One request, and what is to prove it. */
struct request_case {
	const char *conf, *key, *url, *headers, *body;
};

/* The code with which it is refused when it comes at ${ms}; "" if it is admitted. */
static const char *outcome(const struct request_case *r, int64_t ms)
{
	struct hook h = { .at_ms = ms, .url = str_c(r->url), .body = str_c(r->body), .arena = arena };
	struct account a;
	struct accounts accounts = { &a, 1 };
	struct verdict v;
	struct err e;
	int rc;

	h.headers = json_parse(str_c(r->headers), arena, &e);
	if (open_one(&a, r->conf, r->key, &e) < 0)
		return "config";
	rc = carrier_messagebird.verify(&accounts, &h, true, &v, &e);
	close_one(&a);
	return rc < 0 ? e.code : "";
}

static bool is(const char *code, const char *want)
{
	return strcmp(code, want) == 0;
}

static struct request_case published(void)
{
	return (struct request_case){
		"{}", "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb",
		"https://example.com/path?bar=1&foo=2",
		arena_fmt(arena, "{\"messagebird-signature-jwt\":\"%s\"}", token).p, "Hello, World!"
	};
}

static void the_published_token_holds_for_its_minute_and_a_second_more(void)
{
	struct request_case r = published();
	const int64_t from = 1625479199000, to = 1625479261000;

	CHECK(is(outcome(&r, 1625479200000), ""));
	CHECK(is(outcome(&r, from), "") && is(outcome(&r, to), ""));
	CHECK(is(outcome(&r, from - 1), "signature-expired"));
	CHECK(is(outcome(&r, to + 1), "signature-expired"));
}

static void the_published_token_holds_for_no_other_byte(void)
{
	static const struct request_case others[] = {
		{ .url = "https://example.com/path?foo=2&bar=1" },
		{ .url = "https://example.com/path" },
		{ .url = "http://example.com/path?bar=1&foo=2" },
		{ .body = "Hello, World" },
		{ .body = "" },
		{ .key = "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebc" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct request_case r = published();

		r.url = others[i].url ? others[i].url : r.url;
		r.body = others[i].body ? others[i].body : r.body;
		r.key = others[i].key ? others[i].key : r.key;
		CHECK(is(outcome(&r, 1625479200000), "signature-mismatch"));
	}
	for (size_t i = 0; i < sizeof(token) - 1; i++) {
		char other[sizeof(token)];
		struct request_case r = published();

		memcpy(other, token, sizeof(token));
		other[i] = other[i] == 'A' ? 'B' : 'A';
		r.headers = arena_fmt(arena, "{\"messagebird-signature-jwt\":\"%s\"}", other).p;
		CHECK(!is(outcome(&r, 1625479200000), ""));
	}
}

static void the_other_vectors_hold_in_their_windows(void)
{
	static const struct {
		struct request_case r;
		int64_t at, past, future; /* seconds */
	} cases[] = {
		{ { "{\"profile\":\"legacy\"}", "other-secret", "https://h/?abc=foo&def=bar",
		    "{\"messagebird-signature\":\"orb0adPhRCYND1WCAvPBr+qjm4STGtyvNDIDNBZ4Ir4=\","
		    "\"messagebird-request-timestamp\":\"1544544948\"}",
		    "{\"a key\":\"some value\"}" },
		  1544544948,
		  10,
		  5 },
		{ { "{\"profile\":\"bird-hmac\"}", "omni-test-signing-key",
		    "https://hooks.example.com/in/bird?tenant=7",
		    "{\"messagebird-signature\":\"PV6wQbWndD80TvRdu8L45/4xAZpsqPn1G224NiIWC9A=\","
		    "\"messagebird-request-timestamp\":\"1735689600\"}",
		    "{\"service\":\"channels\",\"event\":\"sms.inbound\",\"payload\":"
		    "{\"id\":\"11111111-2222-4333-8444-555555555555\"}}" },
		  1735689600,
		  300,
		  300 },
		{ { "{\"profile\":\"bird-std\"}", "whsec_b21uaS1zdGFuZGFyZC13ZWJob29rcy1r", "https://h/",
		    "{\"webhook-id\":\"evt_0001omni\",\"webhook-timestamp\":\"1767225600\","
		    "\"webhook-signature\":\"v1,/Aup+cuea1rFn+mQmM7Up22VlxBVl0M8Q2Gwd1qkdy0=\"}",
		    "{\"type\":\"sms.delivered\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"data\":"
		    "{\"sms_id\":\"sms_01\",\"to\":\"+15550100\"}}" },
		  1767225600,
		  300,
		  300 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct request_case *r = &cases[i].r;
		int64_t from = (cases[i].at - cases[i].future) * 1000;
		int64_t to = (cases[i].at + cases[i].past) * 1000;

		CHECK(is(outcome(r, cases[i].at * 1000), ""));
		CHECK(is(outcome(r, from), "") && is(outcome(r, to), ""));
		CHECK(is(outcome(r, from - 1), "signature-expired"));
		CHECK(is(outcome(r, to + 1), "signature-expired"));
	}
}

static void what_can_prove_nothing_is_no_configuration(void)
{
	static const struct {
		const char *conf, *key;
	} bad[] = {
		{ "{\"profile\":\"JWT\"}", "k" },
		{ "{\"profile\":\"\"}", "k" },
		{ "{}", "" },
		{ "{\"profile\":\"bird-std\"}", "whsec_***" },
		{ "{\"profile\":\"bird-std\"}", "whsec_" },
		{ "{\"profile\":\"legacy\",\"check_url\":false}", "k" },
	};
	struct account a;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK(open_one(&a, bad[i].conf, bad[i].key, &e) < 0 && e.fault == FAULT_CONFIG);
		close_one(&a);
	}
	CHECK(open_one(&a, "{\"profile\":\"bird-std\",\"workspace_id\":\"ws_1\"}", NULL, &e) == 0);
	CHECK_STR(a.id, "ws_1");
	close_one(&a);
}

static struct answer answered(const char *method, const char *target, const char *body)
{
	struct request req = { .method = str_c(method), .target = str_c(target), .body = str_c(body) };
	struct answer a = { .hand_over = true, .status = 200, .arena = arena };

	carrier_messagebird.receive(&(struct accounts){ 0 }, &req, &a);
	return a;
}

static void the_answer_is_the_word_that_the_sender_wants(void)
{
	struct answer a = answered("POST", "/webhooks/messagebird", "id=1");

	CHECK(a.hand_over && a.status == 200 && strcmp(a.type, "text/plain") == 0);
	CHECK_STR(a.body, "OK");
	CHECK(answered("GET", "/webhooks/messagebird?id=1", "").hand_over);
	CHECK(answered("POST", "/webhooks/messagebird", "").hand_over);
	a = answered("GET", "/webhooks/messagebird?", "");
	CHECK(!a.hand_over && a.status == 200);
	a = answered("GET", "/webhooks/messagebird", "");
	CHECK(!a.hand_over && a.status == 200);
	a = answered("PUT", "/webhooks/messagebird", "id=1");
	CHECK(!a.hand_over && a.status == 405 && strcmp(a.value, "GET, POST") == 0);
}

UNIT_MAIN(UNIT(the_published_token_holds_for_its_minute_and_a_second_more),
	  UNIT(the_published_token_holds_for_no_other_byte),
	  UNIT(the_other_vectors_hold_in_their_windows),
	  UNIT(what_can_prove_nothing_is_no_configuration),
	  UNIT(the_answer_is_the_word_that_the_sender_wants))
