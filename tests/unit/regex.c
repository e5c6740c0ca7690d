/* SPDX-License-Identifier: MIT */
#include "regex.h"

#include "unit.h"

static struct err e;

/* 1 found, 0 not, -1 limit, -2 no such pattern */
static int found(struct str pattern, struct str text)
{
	struct regex *r = regex_new(pattern, &e);
	int rc = r ? regex_match(r, text) : -2;

	regex_free(r);
	return rc;
}

static void patterns_are_found_anywhere(void)
{
	CHECK(found(STR("b+"), STR("abbc")) == 1);
	CHECK(found(STR("x"), STR("abbc")) == 0);
	CHECK(found(STR(""), STR("")) == 1);
	CHECK(found(STR("a"), STR_NONE) == 0);
	CHECK(found(STR("(?i)STOP"), STR("please stop")) == 1);
	CHECK(found(STR("a\0b"), STR("xa\0bx")) == 1);
	CHECK(found(STR("a\0b"), STR("xa")) == 0);
}

static void anchors_are_the_ends_of_the_text(void)
{
	CHECK(found(STR("^a$"), STR("a")) == 1);
	CHECK(found(STR("^a$"), STR("a\n")) == 0);
	CHECK(found(STR("^b"), STR("a\nb")) == 0);
	CHECK(found(STR("(?m)^b"), STR("a\nb")) == 1);
}

static void text_is_utf8(void)
{
	CHECK(found(STR("^.$"), STR("\xc3\xa9")) == 1);
	CHECK(found(STR("^..$"), STR("\xc3\xa9")) == 0);
	CHECK(found(STR("(?i)\xc3\x89"), STR("\xc3\xa9")) == 1);
}

static void errors_name_the_character(void)
{
	CHECK(found(STR("a("), STR("")) == -2);
	CHECK(e.fault == FAULT_CONFIG);
	CHECK_STR(str_c(e.text), "regular expression: missing closing parenthesis, at character 3");
	CHECK(found(STR("\xc3\xa9\xc3\xa9*?+"), STR("")) == -2);
	CHECK(strstr(e.text, "at character 6") || strstr(e.text, "at character 5"));
	CHECK(found(STR("\xff"), STR("")) == -2);
	CHECK(found(STR("\\C"), STR("")) == -2);
}

static void runaway_patterns_are_stopped(void)
{
	struct buf b = { .max = 1u << 20 };

	for (int i = 0; i < 40; i++)
		buf_char(&b, 'a');
	CHECK(found(STR("^(a+)+$"), buf_get(&b)) == 1);
	buf_char(&b, '!');
	CHECK(found(STR("^(a|a)*$"), buf_get(&b)) == -1);
	buf_free(&b);
}

static void a_pattern_that_is_too_much_for_jit_falls_back(void)
{
	struct buf b = { .max = 1u << 20 };

	for (int i = 0; i < 5000; i++)
		buf_lit(&b, "ab");
	CHECK(found(STR("^(?:(a)|(b))*$"), buf_get(&b)) == 1);
	buf_free(&b);
}

UNIT_MAIN(UNIT(patterns_are_found_anywhere), UNIT(anchors_are_the_ends_of_the_text),
	  UNIT(text_is_utf8), UNIT(errors_name_the_character), UNIT(runaway_patterns_are_stopped),
	  UNIT(a_pattern_that_is_too_much_for_jit_falls_back))
