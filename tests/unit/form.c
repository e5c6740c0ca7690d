/* SPDX-License-Identifier: MIT */
#include "form.h"

#include <stdlib.h>

#include "limit.h"
#include "unit.h"

static struct form form;
static struct err e;

/* The fields of ${text} as "name=value;" one after the other. */
static struct str fields_of(struct str text)
{
	struct str all = STR("");

	if (form_decode(text, arena, &form, &e) < 0)
		return STR("refused");
	for (size_t i = 0; i < form.n; i++) {
		all = arena_join(arena, all, arena_join(arena, form.fields[i].name, STR("=")));
		all = arena_join(arena, all, arena_join(arena, form.fields[i].value, STR(";")));
	}
	return all;
}

static void pairs_are_cut_and_decoded(void)
{
	CHECK_STR(fields_of(STR("a=1&b=2")), "a=1;b=2;");
	CHECK_STR(fields_of(STR("Body=Hello+World%21&From=%2B15550100")),
		  "Body=Hello World!;From=+15550100;");
	CHECK_STR(fields_of(STR("b=1&a=2&b=3")), "b=1;a=2;b=3;");
	CHECK_STR(fields_of(STR("n%61me=%C3%A9&x%3Dy=%26")), "name=\xc3\xa9;x=y=&;");
	CHECK_STR(fields_of(STR("a=b=c&d==")), "a=b=c;d==;");
	CHECK_STR(fields_of(STR("a=%00%ff")), "a=\0\xff;");
}

static void blank_values_stay_and_empty_pairs_go(void)
{
	CHECK_STR(fields_of(STR("FromCity=&FromState=&x")), "FromCity=;FromState=;x=;");
	CHECK_STR(fields_of(STR("&&a=1&&&b=2&")), "a=1;b=2;");
	CHECK_STR(fields_of(STR("=v&=")), "=v;=;");
	CHECK_STR(fields_of(STR("")), "");
	CHECK_STR(fields_of(STR("&")), "");
	CHECK_STR(fields_of(STR_NONE), "");
	CHECK(form.n == 0);
}

static void a_percent_without_digits_is_itself(void)
{
	CHECK_STR(fields_of(STR("a=100%&b=%4&c=%zz&d=%%41&e=%4g%41")), "a=100%;b=%4;c=%zz;d=%A;e=%4gA;");
	CHECK_STR(fields_of(STR("%")), "%=;");
	CHECK_STR(fields_of(STR("a=%4&1=b")), "a=%4;1=b;");
	CHECK_STR(fields_of(STR("a=%2b%2B")), "a=++;");
}

static void the_first_field_of_a_name_is_found(void)
{
	CHECK(form_decode(STR("a=1&b=&a=2&abc=3"), arena, &form, &e) == 0);
	CHECK_STR(form_get(&form, "a"), "1");
	CHECK_STR(form_get(&form, "abc"), "3");
	CHECK(form_get(&form, "b").p != NULL && form_get(&form, "b").n == 0);
	CHECK(form_get(&form, "ab").p == NULL);
}

static void a_value_without_equals_has_a_pointer(void)
{
	CHECK(form_decode(STR("flag"), arena, &form, &e) == 0);
	CHECK(form_get(&form, "flag").p != NULL);
}

static void too_many_fields_are_refused(void)
{
	static char text[2 * FORM_FIELDS_MAX + 3];

	for (size_t i = 0; i < sizeof(text); i += 2) {
		text[i] = 'a';
		if (i + 1 < sizeof(text))
			text[i + 1] = '&';
	}
	CHECK(form_decode((struct str){ text, 2 * FORM_FIELDS_MAX }, arena, &form, &e) == 0);
	CHECK(form.n == FORM_FIELDS_MAX);
	CHECK(form_decode((struct str){ text, sizeof(text) }, arena, &form, &e) == -1);
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "form-too-long") == 0);
	memset(text, '&', sizeof(text));
	text[sizeof(text) - 1] = 'z';
	CHECK(form_decode((struct str){ text, sizeof(text) }, arena, &form, &e) == 0 && form.n == 1);
}

/*
 * What is decoded must stay inside what was taken for it: found by the sanitizer, with exact
 * allocations.
 */
static void no_byte_beyond_the_text_is_read(void)
{
	static const char *const ends[] = { "a=%",   "a=%4", "a=%41", "%41", "a=%41&%42=%43%4",
					    "+=+&%", "%41=" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]);
		char *copy = malloc(n);

		if (!copy)
			abort();
		memcpy(copy, ends[i], n);
		CHECK(form_decode((struct str){ copy, n }, arena, &form, &e) == 0);
		free(copy);
	}
}

static void escapes_are_those_of_rfc_3986(void)
{
	struct buf b = { .max = 1000 };

	form_escape(&b, STR("AZaz09-._~ +/&=%*'()\xc3\xa9\x7f[@`{"));
	CHECK_STR(buf_get(&b), "AZaz09-._~%20%2B%2F%26%3D%25%2A%27%28%29%C3%A9%7F%5B%40%60%7B");
	buf_reset(&b);
	form_escape(&b, STR("plain"));
	form_escape(&b, STR_NONE);
	form_escape(&b, STR("\0x"));
	CHECK_STR(buf_get(&b), "plain%00x");
	buf_free(&b);
}

static struct str written(const char *text, const bool *taken)
{
	struct buf b = { .max = 1000 };
	struct str s;

	CHECK(form_decode(str_c(text), arena, &form, &e) == 0);
	form_texts(&form, arena);
	json_open(&b, '{');
	form_write(&b, &form, taken, arena);
	json_close(&b, '}');
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void fields_become_members(void)
{
	static const bool none[4], some[4] = { [1] = true };

	CHECK_STR(written("a=1&b=2&a=&a=3", none), "{\"a\":[\"1\",\"\",\"3\"],\"b\":\"2\"}");
	CHECK_STR(written("a=1&a=2&b=3&c", some), "{\"a\":\"1\",\"b\":\"3\",\"c\":\"\"}");
	CHECK_STR(written("", none), "{}");
}

static void what_is_not_utf8_is_replaced(void)
{
	static const bool none[2];

	CHECK_STR(written("%ff%80=x%c3", none), "{\"\xef\xbf\xbd\":\"x\xef\xbf\xbd\"}");
	CHECK_STR(written("a=%c3%a9%e2%82z", none), "{\"a\":\"\xc3\xa9\xef\xbf\xbdz\"}");
}

UNIT_MAIN(UNIT(pairs_are_cut_and_decoded), UNIT(blank_values_stay_and_empty_pairs_go),
	  UNIT(a_percent_without_digits_is_itself), UNIT(the_first_field_of_a_name_is_found),
	  UNIT(a_value_without_equals_has_a_pointer), UNIT(too_many_fields_are_refused),
	  UNIT(no_byte_beyond_the_text_is_read), UNIT(escapes_are_those_of_rfc_3986),
	  UNIT(fields_become_members), UNIT(what_is_not_utf8_is_replaced))
