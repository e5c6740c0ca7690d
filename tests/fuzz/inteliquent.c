/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body of an Inteliquent webhook, as what proves it, as the query of its URL and as the text of a receipt:
 * answered, admitted or refused, translated, written.  What comes out must be JSON, and what can be read must give at
 * least one record.
 */
#include "fuzz.h"
#include "url.h"

#define ID     "3f1c2d84-5b6a-4e0f-9a77-0c1d2e3f4a5b"
#define SHA256 "b3c4214fb418a28be0a6e2e269b4dbb9706603751107bfdde5941685a4ab55f3"
#define HMAC   "d21aeddfea12d25f88f0863b33a4269d3c086c8128a1326fecbcb8edfc678036"

/* Two accounts, of which nobody should get into the first: its key is not that of the headers. */
static const char *const accounts_conf[] = {
	"{\"name\":\"a\",\"webhook_key\":\"x\",\"numbers\":\"+12025550199\"}",
	"{\"name\":\"b\",\"webhook_key\":\"iq-test-key-0001\",\"numbers\":[\"2025550101\",\"70123\"]}",
};

/* An account that asks for all proofs. */
static const char strict_conf[] = "{\"name\":\"s\",\"webhook_key\":[\"y\",\"iq-test-key-0001\"],"
				  "\"header_name\":\"X-Hook\",\"header_value\":\"h\",\"url_token\":\"t t\","
				  "\"addresses\":[\"192.0.2.0/24\"],\"dlr_default\":\"delivered\"}";

static void open_account(struct account *a, const char *text, unsigned secrets, struct arena *arena)
{
	struct conf conf = { .path = "fuzz", .arena = arena };
	struct err e;

	*a = (struct account){ .secrets = secrets, .conf = json_parse(str_c(text), arena, &e) };
	conf.root = a->conf;
	a->name = json_get_str(a->conf, "name");
	if (!a->conf || carrier_inteliquent.open_account(&conf, a, "fuzz", &e) < 0)
		abort();
}

static void close_account(struct account *a)
{
	for (int i = 0; i < a->proof.n; i++)
		mac_free(a->proof.mac[i]);
}

static void set_headers(struct hook *h, struct str id, struct str token, struct str header)
{
	struct buf b = { .max = SIZE_MAX };
	struct err e;

	json_open(&b, '{');
	json_add_str(&b, "messageid", id);
	json_add_str(&b, "verificationtoken", token);
	json_add_str(&b, "x-hook", header);
	json_close(&b, '}');
	h->headers = json_parse(buf_get(&b), h->arena, &e);
	if (!h->headers)
		abort();
	buf_free(&b);
}

static bool admitted(const struct hook *h, struct account *list, size_t n)
{
	struct accounts accounts = { list, n };
	struct verdict v;
	struct err e;

	if (carrier_inteliquent.verify(&accounts, h, true, &v, &e) < 0)
		return false;
	if (v.account != &list[n - 1])
		abort();
	return true;
}

/* The input as each part of the hash. */
static void verify_key(struct hook *h, struct str text)
{
	struct account list[2];
	bool right = str_eq_nocase(str_trim(text), STR(SHA256)) ||
		     str_eq_nocase(str_trim(text), STR(HMAC)) ||
		     str_prefix(str_trim(text), STR("0hrt3"));

	for (int i = 0; i < 2; i++)
		open_account(&list[i], accounts_conf[i], CARRIER_PROOF, h->arena);
	/* Only a body that names the other account's number can keep the right key out. */
	set_headers(h, STR(ID), STR(SHA256), STR("h"));
	if (!admitted(h, list, 2) && !json_parse(h->body, h->arena, &(struct err){ 0 }))
		abort();
	set_headers(h, STR(ID), text, STR("h"));
	if (admitted(h, list, 2) && !right)
		abort();
	set_headers(h, text, STR(HMAC), text);
	if (admitted(h, list, 2) && !str_eq(str_trim(text), STR(ID)))
		abort();
	for (int i = 0; i < 2; i++)
		close_account(&list[i]);
}

/* The input as the query, as the header and as the address of who sent it. */
static void verify_all(struct hook *h, struct str text)
{
	struct str url = h->url;
	struct account strict;

	open_account(&strict, strict_conf, CARRIER_PROOF, h->arena);
	h->peer = STR("::ffff:192.0.2.7");
	h->url = arena_fmt(h->arena, "%.*s?%.*s", STR_FMT(url), STR_FMT(text));
	set_headers(h, STR(ID), STR(HMAC), STR("h"));
	if (admitted(h, &strict, 1) && str_search(text, STR("token=")) == text.n)
		abort();
	if (url_param(url_without(h->arena, h->url, "token"), "token").p)
		abort();
	h->url = arena_join(h->arena, url, STR("?token=t%20t"));
	if (!admitted(h, &strict, 1))
		abort();
	set_headers(h, STR(ID), STR(HMAC), text);
	if (admitted(h, &strict, 1) && !str_eq(str_trim(text), STR("h")))
		abort();
	h->peer = text;
	(void)admitted(h, &strict, 1);
	h->peer = STR_NONE;
	h->url = url;
	close_account(&strict);
}

static void receive(const struct hook *h)
{
	struct request req = { .method = STR("POST"), .body = h->body };
	struct answer a = { .hand_over = true, .status = 200, .arena = h->arena };

	carrier_inteliquent.receive(&(struct accounts){ NULL, 0 }, &req, &a);
	if (!a.hand_over || a.status != 200 ||
	    !str_eq(a.body, STR("{\"statusCode\":\"200\",\"status\":\"success\"}")))
		abort();
	req.method = STR("GET");
	carrier_inteliquent.receive(&(struct accounts){ NULL, 0 }, &req, &a);
	if (a.hand_over || a.status != 405)
		abort();
}

static void normalize(const struct hook *h)
{
	struct account a[2];

	open_account(&a[0], accounts_conf[1], 0, h->arena);
	open_account(&a[1], strict_conf, 0, h->arena);
	if (fuzz_normalize(&carrier_inteliquent, &(struct accounts){ a, 2 }, h, STR_NONE) > 1)
		abort();
}

/* The input as the text of a receipt. */
static void receipt(struct hook *h)
{
	struct str body = h->body;
	struct buf b = { .max = SIZE_MAX };

	if (!str_utf8(body))
		return;
	json_open(&b, '{');
	json_add_bool(&b, "deliveryReceipt", true);
	json_add_str(&b, "referenceId", STR("r"));
	json_add_str(&b, "text", body);
	json_close(&b, '}');
	h->body = buf_get(&b);
	normalize(h);
	h->body = body;
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct hook h = fuzz_hook(&carrier_inteliquent, data, size, a);

	receive(&h);
	verify_key(&h, str_utf8(h.body) ? h.body : STR("x"));
	verify_all(&h, str_utf8(h.body) ? h.body : STR("x"));
	normalize(&h);
	receipt(&h);
	arena_free(a);
	return 0;
}
