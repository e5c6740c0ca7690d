/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a record that is to be sent, and as what an earlier step carried: the first byte chooses the account, the
 * first line is carried, the rest is the record.  What is asked for must be fit to go out: a header is one line, what is
 * said to be JSON is, no credential is shown, and a second time it is the same.
 */
#include "fuzz.h"

static const char accounts_text[] =
	"{\"carriers\":{"
	"\"bandwidth\":{\"account_id\":\"9\",\"api_token\":\"s3cr3t-one\",\"api_secret\":\"s3cr3t-two\",\"application_id\":\"a\"},"
	"\"inteliquent\":{\"api_key\":\"s3cr3t-one\"},"
	"\"livechat\":[{\"account_id\":\"9\",\"access_token\":\"s3cr3t-one\",\"organization_id\":\"o\",\"agent_id\":\"a@b.c\"},"
	"{\"access_token\":\"fra:s3cr3t-one\",\"organization_id\":\"p\",\"api_version\":\"3.5\",\"bot_id\":\"b\"}],"
	"\"messagebird\":[{\"access_key\":\"s3cr3t-one\"},"
	"{\"access_key\":\"s3cr3t-one\",\"channel_id\":\"c\",\"template_namespace\":\"n\"},"
	"{\"profile\":\"bird-hmac\",\"access_key\":\"s3cr3t-one\",\"channel_id\":\"d\",\"workspace_id\":\"w\"},"
	"{\"profile\":\"bird-std\",\"access_key\":\"bk_eu1_s3cr3t-one\",\"workspace_id\":\"v\"}],"
	"\"twilio\":{\"account_sid\":\"AC0\",\"auth_token\":\"s3cr3t-one\"},"
	"\"whatsapp\":{\"phone_number_id\":\"2\",\"access_token\":\"s3cr3t-one\"}}}";

enum { PARTS_TRIED = 4 };

static struct carriers *carriers;

static void open_carriers(void)
{
	static struct conf conf = { .path = "fuzz" };
	struct err e;

	conf.arena = arena_new();
	conf.root = json_parse(STR(accounts_text), conf.arena, &e);
	carriers = carriers_open(&conf, CARRIER_SEND, &carrier_custom, &e);
	if (!carriers)
		abort();
}

/* The ${n}-th account of all, counted around. */
static const struct carrier *choose(unsigned n, struct dispatch *d)
{
	const struct carrier_conf *c;

	for (size_t i = 0;; i++) {
		c = carriers_at(carriers, i);
		if (!c)
			i = (size_t)-1;
		else if (n < c->accounts.n)
			break;
		else
			n -= (unsigned)c->accounts.n;
	}
	d->account = &c->accounts.list[n];
	return c->carrier;
}

static void look_at(struct str s)
{
	if (s.p && str_search(s, STR("s3cr3t-")) < s.n)
		abort();
}

static void check(const struct submit *out, struct arena *a)
{
	struct err e;

	if (!out->method || !out->url.n || out->parts < 1 || out->n_headers > SUBMIT_HEADERS ||
	    out->n_fields > SUBMIT_FIELDS)
		abort();
	look_at(out->url);
	look_at(out->body);
	for (size_t i = 0; i < out->n_headers; i++) {
		struct str v = out->headers[i].value;

		look_at(v);
		if (str_find(v, '\n') < v.n || str_find(v, '\r') < v.n)
			abort();
	}
	if (out->type && strncmp(out->type, "application/json", 16) == 0 && !json_parse(out->body, a, &e))
		abort();
}

static void ask(const struct carrier *c, struct dispatch *d)
{
	struct submit out = { .parts = 1 }, again = { .parts = 1 };
	unsigned parts = 1;
	struct err e;

	for (d->part = 0; d->part < parts && d->part < PARTS_TRIED; d->part++) {
		out = again = (struct submit){ .parts = 1 };
		if (c->request(d, &out, &e) < 0) {
			if ((e.fault != FAULT_DATA && e.fault != FAULT_DENIED) || !e.code)
				abort();
			return;
		}
		check(&out, d->arena);
		if (c->request(d, &again, &e) < 0 || !str_eq(out.body, again.body) ||
		    !str_eq(out.url, again.url) || out.parts != again.parts)
			abort();
		parts = out.parts;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str text = { size ? (const char *)data : "", size }, to;
	struct dispatch d = { .from = STR("+12025550101"),
			      .now = 1768381200000,
			      .key = STR("0198c0de-0000-5000-8000-000000000001"),
			      .status_url = STR("https://hooks.example.com/webhooks/x"),
			      .arena = a };
	const struct carrier *c;
	struct err e;

	if (!carriers)
		open_carriers();
	if (size < 1)
		goto out;
	c = choose(data[0] & 0x7f, &d);
	d.split = data[0] & 0x80;
	text = str_sub(text, 1, text.n);
	d.carry = str_sub(text, 0, str_find(text, '\n'));
	d.step = d.carry.n > 0;
	text = str_sub(text, d.carry.n + 1, text.n);
	d.message = json_parse(text, a, &e);
	if (!d.message || !json_is(d.message, JSON_OBJECT) || (d.carry.n && !str_utf8(d.carry)))
		goto out;
	to = json_str(json_pointer(d.message, STR("/to/0/address")));
	d.to = to.n ? to : STR_NONE;
	/* A record that has a credential in it shows it, and nobody can help that. */
	if (str_search(text, STR("s3cr3t")) == text.n &&
	    str_search(d.carry, STR("s3cr3t")) == d.carry.n && str_search(text, STR("\\u")) == text.n)
		ask(c, &d);
out:
	arena_free(a);
	return 0;
}
