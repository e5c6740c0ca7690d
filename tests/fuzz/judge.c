/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the answer of any carrier to any kind of message.  The first bytes choose carrier, status, message and
 * whether the answer was cut; the rest is its body.  What is made of it must be fit to be written, and may not show a
 * credential.
 */
#include "fuzz.h"

static const char config[] =
	"{\"carriers\":{"
	"\"bandwidth\":{\"account_id\":\"9\",\"api_token\":\"s3cr3t-one\",\"api_secret\":\"s3cr3t-two\",\"application_id\":\"a\"},"
	"\"inteliquent\":{\"api_key\":\"s3cr3t-one\"},"
	"\"livechat\":{\"account_id\":\"9\",\"access_token\":\"s3cr3t-one\",\"organization_id\":\"o\"},"
	"\"messagebird\":{\"access_key\":\"s3cr3t-one\",\"signing_key\":\"k\"},"
	"\"twilio\":{\"account_sid\":\"AC0\",\"auth_token\":\"s3cr3t-one\"},"
	"\"whatsapp\":{\"phone_number_id\":\"2\",\"access_token\":\"s3cr3t-one\"}}}";

static const char *const messages[] = {
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"sms\",\"type\":\"text\",\"text\":\"Hi\"}",
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"whatsapp\",\"type\":\"text\",\"text\":\"Hi\"}",
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"chat\",\"conversation\":\"c\",\"type\":\"text\",\"text\":\"Hi\"}",
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"mms\",\"type\":\"media\",\"media\":[{\"path\":\"a.png\",\"kind\":\"image\"}]}",
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"whatsapp\",\"type\":\"media\",\"media\":[{\"path\":\"a.png\",\"kind\":\"image\"}]}",
	"{\"kind\":\"message\",\"direction\":\"out\",\"channel\":\"whatsapp\",\"type\":\"template\",\"template\":{\"name\":\"n\",\"language\":\"en\"}}",
	"{\"kind\":\"event\",\"direction\":\"out\",\"event\":\"read\",\"channel\":\"whatsapp\",\"external_id\":\"x\"}",
	"{}",
};

static const int statuses[] = { 200, 201, 202, 204, 207, 301, 400, 401, 402, 403, 404, 406, 408,
				409, 413, 415, 420, 422, 429, 470, 500, 502, 503, 504, 0,   999 };

static struct carriers *carriers;

static void open_carriers(void)
{
	static struct conf conf = { .path = "fuzz" };
	struct err e;

	conf.arena = arena_new();
	conf.root = json_parse(STR(config), conf.arena, &e);
	carriers = carriers_open(&conf, CARRIER_SEND, &carrier_custom, &e);
	if (!carriers)
		abort();
}

static void look_at(struct str s, const struct account *account)
{
	if (!str_utf8(s))
		abort();
	for (int i = 0; i < SEND_KEYS; i++) /* those as short as an id are no secrets */
		if (account->send[i].n >= 8 && str_search(s, account->send[i]) < s.n)
			abort();
}

static void judge(const struct carrier_conf *c, struct dispatch *d, const struct response *r)
{
	struct judgement j = { .outcome = OUTCOME_UNKNOWN, .retry_ms = -1, .arena = d->arena };

	c->carrier->judge(d, r, &j);
	if (j.outcome > OUTCOME_UNKNOWN || j.retry_ms < -1)
		abort();
	if (j.outcome != OUTCOME_SENT && j.outcome != OUTCOME_NEXT && !j.error.class)
		abort();
	if (!str_utf8(j.external_id) || !str_utf8(j.conversation) || !str_utf8(j.carry))
		abort();
	look_at(j.error.text, d->account);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct header retry = { STR("retry-after"), STR("7") };
	struct response r = { .headers = &retry };
	struct dispatch d = { .to = STR("+12025550144"),
			      .from = STR("+12025550101"),
			      .arena = a,
			      .key = STR("0198c0de-0000-5000-8000-000000000001") };
	const struct carrier_conf *c;
	const char *text;
	struct err e;

	if (!carriers)
		open_carriers();
	if (size < 3)
		goto out;
	c = carriers_at(carriers, data[0] % 6);
	text = messages[data[1] % LEN(messages)];
	r.status = statuses[data[2] % LEN(statuses)];
	r.cut = data[2] & 0x80;
	r.n_headers = data[1] >> 7;
	r.body = (struct str){ (const char *)data + 3, size - 3 };
	d.account = &c->accounts.list[0];
	d.message = json_parse(str_c(text), a, &e);
	d.step = data[1] >> 4 & 3;
	if (c->carrier->judge)
		judge(c, &d, &r);
out:
	arena_free(a);
	return 0;
}
