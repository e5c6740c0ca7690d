/* SPDX-License-Identifier: MIT */
#include "hook.h"

#include "unit.h"

static struct hook hook;
static struct err e;

static int read_hook(struct str line)
{
	struct rec r = { 0 };

	e = (struct err){ 0 };
	if (rec_parse(&r, line, arena, &e) < 0)
		return -2;
	return hook_read(&hook, &r, &e);
}

#define HEAD \
	"{\"id\":\"i\",\"kind\":\"webhook\",\"at\":\"2026-01-14T09:00:00.000Z\",\"carrier\":\"twilio\","
#define REQUEST \
	"\"request\":{\"method\":\"POST\",\"url\":\"https://h/p?q\",\"headers\":{\"content-type\":\"text/plain\"},"

/* The webhook is refused and the detail holds ${part}. */
static bool refused(struct str line, const char *part)
{
	bool yes = read_hook(line) == -1 && e.fault == FAULT_DATA &&
		   strcmp(e.code, "webhook-malformed") == 0 && strstr(e.text, part);

	if (!yes) {
		unit_show("record", line);
		printf("#   %s\n", e.text);
	}
	return yes;
}

#define REFUSED(line, part) CHECK(refused(STR(line), part))

static void a_webhook_is_read(void)
{
	CHECK(read_hook(STR(HEAD "\"account\":\"acme\"," REQUEST
				 "\"body\":\"a=1\\u0026\"},\"peer\":\"192.0.2.7\"}")) == 0);
	CHECK_STR(hook.id, "i");
	CHECK_STR(hook.at, "2026-01-14T09:00:00.000Z");
	CHECK(hook.at_ms == 1768381200000);
	CHECK_STR(hook.carrier, "twilio");
	CHECK_STR(hook.account, "acme");
	CHECK_STR(hook.method, "POST");
	CHECK_STR(hook.url, "https://h/p?q");
	CHECK_STR(hook.body, "a=1&");
	CHECK_STR(hook_header(&hook, "content-type"), "text/plain");
	CHECK(hook_header(&hook, "x").p == NULL);
	CHECK(hook.verified == NULL);
	CHECK(hook.arena == arena);
}

static void what_is_optional_may_be_missing(void)
{
	CHECK(read_hook(STR(HEAD REQUEST "\"body\":\"\"}}")) == 0);
	CHECK(hook.account.p == NULL);
	CHECK(hook.body.p && hook.body.n == 0);
}

static void a_body_in_base64_is_decoded(void)
{
	CHECK(read_hook(STR(HEAD REQUEST "\"body64\":\"AP/+\"}}")) == 0);
	CHECK_STR(hook.body, "\0\xff\xfe");
	CHECK(read_hook(STR(HEAD REQUEST "\"body64\":\"\"}}")) == 0);
	CHECK(hook.body.n == 0);
}

static void what_was_verified_is_seen(void)
{
	struct rec r = { 0 };

	CHECK(read_hook(STR(HEAD REQUEST "\"body\":\"\"},\"verified\":{\"scheme\":\"s\"}}")) == 0);
	CHECK_STR(json_get_str(hook.verified, "scheme"), "s");
	CHECK(rec_parse(&r, STR(HEAD REQUEST "\"body\":\"\"}}"), arena, &e) == 0);
	rec_add(&r, "verified", STR("{\"scheme\":\"added\"}"));
	CHECK(hook_read(&hook, &r, &e) == 0);
	CHECK_STR(json_get_str(hook.verified, "scheme"), "added");
}

static void members_that_are_missing_are_named(void)
{
	REFUSED("{}", "request is missing");
	REFUSED(HEAD "\"request\":[]}", "request is array, not object");
	REFUSED("{\"at\":\"2026-01-14T09:00:00Z\",\"carrier\":\"t\"," REQUEST "\"body\":\"\"}}",
		"id is missing");
	REFUSED("{\"id\":\"i\",\"carrier\":\"t\"," REQUEST "\"body\":\"\"}}", "at is missing");
	REFUSED("{\"id\":\"i\",\"at\":\"2026-01-14T09:00:00Z\"," REQUEST "\"body\":\"\"}}",
		"carrier is missing");
	REFUSED(HEAD "\"request\":{\"url\":\"u\",\"headers\":{},\"body\":\"\"}}",
		"request.method is missing");
	REFUSED(HEAD "\"request\":{\"method\":\"GET\",\"headers\":{},\"body\":\"\"}}",
		"request.url is missing");
	REFUSED(HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"body\":\"\"}}",
		"request.headers is missing");
	REFUSED(HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"headers\":{}}}",
		"request.body is missing");
}

static void members_that_are_ill_typed_are_named(void)
{
	REFUSED("{\"id\":7,\"at\":\"2026-01-14T09:00:00Z\",\"carrier\":\"t\"," REQUEST "\"body\":\"\"}}",
		"id is number");
	REFUSED("{\"id\":\"\",\"at\":\"2026-01-14T09:00:00Z\",\"carrier\":\"t\"," REQUEST
		"\"body\":\"\"}}",
		"id is empty");
	REFUSED("{\"id\":\"i\",\"at\":\"now\",\"carrier\":\"t\"," REQUEST "\"body\":\"\"}}",
		"at is not an RFC 3339 time");
	REFUSED("{\"id\":\"i\",\"at\":1768381200,\"carrier\":\"t\"," REQUEST "\"body\":\"\"}}",
		"at is number");
	REFUSED(HEAD "\"account\":null," REQUEST "\"body\":\"\"}}", "account is null");
	REFUSED(HEAD REQUEST "\"body\":{}}}", "request.body is object, not string");
	REFUSED(HEAD REQUEST "\"body\":null}}", "request.body is null");
	REFUSED(HEAD REQUEST "\"body64\":1}}", "request.body64 is number");
	REFUSED(HEAD REQUEST "\"body64\":\"A\"}}", "request.body64 is not base64");
	REFUSED(HEAD REQUEST "\"body\":\"\",\"body64\":\"\"}}", "both");
	REFUSED(HEAD REQUEST "\"body\":\"\"},\"verified\":true}", "verified is boolean");
	REFUSED(HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"headers\":[],\"body\":\"\"}}",
		"request.headers is array");
	REFUSED(HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"headers\":{\"x-a\":1},\"body\":\"\"}}",
		"request.headers.x-a is number");
}

static bool type_is(const char *content_type, const char *type)
{
	struct buf b = { .max = 10000 };
	bool is;

	buf_lit(&b, HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"headers\":{\"content-type\":");
	json_put_str(&b, str_c(content_type));
	buf_lit(&b, "},\"body\":\"\"}}");
	is = read_hook(arena_str(arena, buf_get(&b))) == 0 && hook_type_is(&hook, type);
	buf_free(&b);
	return is;
}

static void media_types_are_compared_without_parameters(void)
{
	CHECK(type_is("application/json", "application/json"));
	CHECK(type_is("Application/JSON; charset=utf-8", "application/json"));
	CHECK(type_is(" application/json ;x", "application/json"));
	CHECK(!type_is("application/json5", "application/json"));
	CHECK(!type_is("application/jso", "application/json"));
	CHECK(!type_is("", "application/json"));
	CHECK(!type_is(";application/json", "application/json"));
	CHECK(read_hook(STR(HEAD "\"request\":{\"method\":\"GET\",\"url\":\"u\",\"headers\":{},\"body\":\"\"}}")) ==
	      0);
	CHECK(!hook_type_is(&hook, "application/json"));
}

static struct str body_written(struct str body)
{
	struct buf b = { .max = 1000 };
	struct str s;

	json_open(&b, '{');
	hook_write_body(&b, body);
	json_close(&b, '}');
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void a_body_is_written_as_it_is_read(void)
{
	CHECK_STR(body_written(STR("a\"b")), "{\"body\":\"a\\\"b\"}");
	CHECK_STR(body_written(STR("\xff")), "{\"body64\":\"/w==\"}");
	CHECK_STR(body_written(STR_NONE), "{\"body\":\"\"}");
}

/* A stage read the webhook and passes it on; the next one has an arena of its own. */
static void a_hook_that_is_shared_is_read_as_if_it_were_not(void)
{
	struct arena *next = arena_new();
	struct hook first, again;
	struct form form, decoded;
	struct rec r = { 0 };

	CHECK(rec_parse(&r, STR(HEAD REQUEST "\"body\":\"a=1&b=%41\"}}"), arena, &e) == 0);
	CHECK(hook_read(&first, &r, &e) == 0);
	CHECK(hook_form(&first, &decoded, &e) == 0);
	CHECK(decoded.n == 2);
	rec_add(&r, "verified", STR("{\"scheme\":\"x\"}"));
	hook_share(&first, &r);
	r.arena = next;
	CHECK(hook_read(&again, &r, &e) == 0);
	CHECK(again.arena == next);
	CHECK_STR(again.id, "i");
	CHECK_STR(again.body, "a=1&b=%41");
	CHECK_STR(json_get_str(again.verified, "scheme"), "x");
	CHECK(hook_form(&again, &form, &e) == 0);
	CHECK(form.n == 2 && form.fields == decoded.fields);
	CHECK_STR(form_get(&form, "b"), "A");
	arena_free(next);
}

static void what_a_later_stage_decodes_is_its_own(void)
{
	struct arena *next = arena_new();
	struct hook first, again;
	struct form form;
	struct rec r = { 0 };

	CHECK(rec_parse(&r, STR(HEAD REQUEST "\"body\":\"a=1\"}}"), arena, &e) == 0);
	CHECK(hook_read(&first, &r, &e) == 0);
	hook_share(&first, &r);
	r.arena = next;
	CHECK(hook_read(&again, &r, &e) == 0);
	CHECK(hook_form(&again, &form, &e) == 0);
	arena_free(next);
	CHECK(hook_form(&first, &form, &e) == 0);
	CHECK_STR(form_get(&form, "a"), "1");
}

static void a_record_that_is_changed_is_read_anew(void)
{
	struct hook first, again;
	struct rec r = { 0 };

	CHECK(rec_parse(&r, STR(HEAD REQUEST "\"body\":\"a=1\"}}"), arena, &e) == 0);
	CHECK(hook_read(&first, &r, &e) == 0);
	hook_share(&first, &r);
	rec_add(&r, "carrier", STR("\"other\""));
	CHECK(hook_read(&again, &r, &e) == 0);
	CHECK_STR(again.carrier, "other");
	hook_share(&again, &r);
	rec_drop(&r, "request");
	CHECK(hook_read(&again, &r, &e) == -1);
}

UNIT_MAIN(UNIT(a_webhook_is_read), UNIT(what_is_optional_may_be_missing),
	  UNIT(a_body_in_base64_is_decoded), UNIT(what_was_verified_is_seen),
	  UNIT(members_that_are_missing_are_named), UNIT(members_that_are_ill_typed_are_named),
	  UNIT(media_types_are_compared_without_parameters), UNIT(a_body_is_written_as_it_is_read),
	  UNIT(a_hook_that_is_shared_is_read_as_if_it_were_not),
	  UNIT(what_a_later_stage_decodes_is_its_own), UNIT(a_record_that_is_changed_is_read_anew))
