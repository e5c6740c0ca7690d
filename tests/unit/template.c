/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "template.h"

static struct rec record(const char *text)
{
	struct rec r = { 0 };
	struct err e;

	CHECK(rec_parse(&r, str_c(text), arena, &e) == 0);
	return r;
}

/* ${template} filled from ${text}; {NULL, 0} if it could not be. */
static struct str filled(const char *template, const char *text)
{
	struct err e;
	struct template *t = template_read(str_c(template), arena, &e);
	struct rec r = record(text);
	struct buf b = { .max = 1000 };
	struct str s = STR_NONE;

	CHECK(t != NULL);
	buf_lit(&b, "=");
	if (t && template_put(t, &r, &b))
		s = str_sub(arena_str(arena, buf_get(&b)), 1, b.n);
	else
		CHECK(b.n == 1);
	buf_free(&b);
	return s;
}

static void fills_in_members_of_a_record(void)
{
	CHECK_STR(filled("{carrier}", "{\"carrier\":\"twilio\"}"), "twilio");
	CHECK_STR(filled("{from.address}>{to.0.address}",
			 "{\"from\":{\"address\":\"+1\"},\"to\":[{\"address\":\"+2\"},{\"address\":\"+3\"}]}"),
		  "+1>+2");
	CHECK_STR(filled("{a.1}/{b.1}/{c}", "{\"a\":[1,2.50],\"b\":{\"1\":\"x\"},\"c\":true}"),
		  "2.50/x/true");
	CHECK_STR(filled("all", "{}"), "all");
	CHECK_STR(filled("{{{a}}}", "{\"a\":\"\"}"), "{}");
}

static void is_nothing_where_a_member_lacks(void)
{
	CHECK(!filled("x{a}", "{\"b\":1}").p);
	CHECK(!filled("{b}{a}", "{\"b\":1}").p);
	CHECK(!filled("{a}", "{\"a\":null}").p);
	CHECK(!filled("{a}", "{\"a\":{}}").p);
	CHECK(!filled("{a.b}", "{\"a\":\"x\"}").p);
	CHECK(!filled("{a.0}", "{\"a\":[]}").p);
	CHECK(!filled("{a.x}", "{\"a\":[1]}").p);
}

static void sees_what_stages_have_appended(void)
{
	struct err e;
	struct template *t = template_read(STR("{route.carrier}"), arena, &e);
	struct rec r = record("{\"route\":{\"carrier\":\"old\"}}");
	struct buf b = { .max = 100 };

	rec_add(&r, "route", STR("{\"carrier\":\"new\"}"));
	CHECK(template_put(t, &r, &b));
	CHECK_STR(buf_get(&b), "new");
	buf_free(&b);
}

static void refuses_what_is_no_template(void)
{
	static const char *const none[] = { "{",    "}",    "a{b",    "a}b", "{}",
					    "{.a}", "{a.}", "{a..b}", "{{}", "x{a}}" };
	struct err e;

	for (size_t i = 0; i < LEN(none); i++) {
		CHECK(!template_read(str_c(none[i]), arena, &e));
		CHECK(e.fault == FAULT_CONFIG);
	}
}

UNIT_MAIN(UNIT(fills_in_members_of_a_record), UNIT(is_nothing_where_a_member_lacks),
	  UNIT(sees_what_stages_have_appended), UNIT(refuses_what_is_no_template))
