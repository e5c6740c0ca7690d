/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "regex.h"
#include "unit.h"

static struct err e;

/* 1 found, 0 not, -1 limit, -2 no pattern; both ways must agree where there are two. */
static int found(struct str pattern, struct str text)
{
	struct pattern *p = pattern_new(pattern, arena, &e);
	struct regex *r = regex_new_ecma(pattern, &e);
	int rc = p ? pattern_match(p, text) : -2;

	CHECK((p == NULL) == (r == NULL));
	if (r)
		CHECK(regex_match(r, text) == rc);
	regex_free(r);
	pattern_release(p);
	return rc;
}

static bool plain(struct str pattern)
{
	struct pattern *p = pattern_new(pattern, arena, &e);
	bool is = p && pattern_plain(p);

	pattern_release(p);
	return is;
}

static void rows_of_classes_need_no_library(void)
{
	CHECK(plain(STR("^\\+[1-9][0-9]{6,14}$")));
	CHECK(plain(STR("^[0-9a-f]{32}$")));
	CHECK(plain(STR("^[A-Za-z_][-A-Za-z0-9._]*$")));
	CHECK(plain(STR("^x-")));
	CHECK(plain(STR("^[^@]+@[^@]+$")));
	CHECK(plain(STR("^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*$")) == false);
	CHECK(!plain(STR("a")) && !plain(STR("^(a|b)$")) && !plain(STR("^a*ab$")));
	CHECK(!plain(STR("^.$")) && !plain(STR("^[^a]$")) && !plain(STR("^\xc3\xa9$")));
}

static void tables_and_library_give_the_same_answers(void)
{
	static const char *const patterns[] = {
		"^\\+[1-9][0-9]{6,14}$",
		"^[0-9a-f]{2}$",
		"^[a-c]+-?[0-9]*$",
		"^[^@]+@[^@]+$",
		"^x-",
		"^a{2,}b$",
		"^a?b",
		"^$",
		"^",
		"^\\w+$",
		"^[\\d.-]+$",
		"^[a-]b$",
		"^a{0}b$",
		"^\\$[0-9]$",
	};
	static const char *const texts[] = {
		"",      "+49301234567", "+0123456", "+123456",
		"ab",    "a0",           "abc-12",   "a@b",
		"a@b@c", "\xc3\xa9@x",   "x-y",      "aab",
		"b",     "aaab",         "a",        "0.5-1",
		"-b",    "a\n",          "$1",       "x",
		"a-1",   "ab\n",         "_Z9",      "aaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < LEN(patterns); i++)
		for (size_t k = 0; k < LEN(texts); k++)
			found(str_c(patterns[i]), str_c(texts[k]));
}

static void ecma_is_not_perl(void)
{
	CHECK(found(STR("^\\s$"), STR("\xc2\xa0")) == 1);
	CHECK(found(STR("^\\S$"), STR("\xef\xbb\xbf")) == 0);
	CHECK(found(STR("^[\\S]$"), STR("\xe2\x80\xa8")) == 0);
	CHECK(found(STR("^[\\s]$"), STR("\xe2\x80\xa8")) == 1);
	CHECK(found(STR("^\\d$"), STR("\xd9\xa0")) == 0);
	CHECK(found(STR("^\\w$"), STR("\xc3\xa9")) == 0);
	CHECK(found(STR("^.$"), STR("\r")) == 0);
	CHECK(found(STR("^a$"), STR("a\n")) == 0);
	CHECK(found(STR("^\\v$"), STR("\x0b")) == 1);
	CHECK(found(STR("^\\v$"), STR("\n")) == 0);
	CHECK(found(STR("^\\u00e9\\x41\\u{1F600}\\ud83d\\ude00\\cA$"),
		    STR("\xc3\xa9"
			"A\xf0\x9f\x98\x80\xf0\x9f\x98\x80\x01")) == 1);
	CHECK(found(STR("^\\p{Letter}\\P{Nd}\\p{Script=Greek}$"), STR("aa\xce\xb1")) == 1);
	CHECK(found(STR("^[[:a]+$"), STR("[:a")) == 1);
	CHECK(found(STR("^(?<n>a)\\k<n>\\1$"), STR("aaa")) == 1);
	CHECK(found(STR("^[]?"), STR("a")) == 1);
	CHECK(found(STR("[]"), STR("a")) == 0 && found(STR("[^]"), STR("\n")) == 1);
	CHECK(found(STR("^(?:(a)|b)\\1c$"), STR("bc")) == 1);
}

static void what_only_perl_has_is_an_error(void)
{
	static const char *const wrong[] = {
		"\\a",         "\\A",     "\\Z",
		"\\h",         "\\K",     "\\Qa\\E",
		"(?i)a",       "(?#x)",   "(?P<n>a)",
		"(?>a)",       "a++",     "a*+",
		"a{2}+",       "(*UTF)a", "{",
		"}",           "]",       "a{,3}",
		"a{1",         "\\_",     "\\u12",
		"\\u{110000}", "\\ud800", "\\x1",
		"\\01",        "\\c1",    "\\pL",
		"\\p{Foo}",    "[\\d-z]", "[a-\\w]",
		"*a",          "(",       ")",
		"[",           "[b-a]",   "a{3,2}",
		"\\1",         "\\",      "(?<a>x)(?<a>y)",
	};

	for (size_t i = 0; i < LEN(wrong); i++) {
		CHECK(found(str_c(wrong[i]), STR("a")) == -2);
		CHECK(e.fault == FAULT_CONFIG && strstr(e.text, "regular expression: "));
	}
}

static void a_pattern_that_runs_away_is_stopped(void)
{
	CHECK(found(STR("^(a|a)*$"), STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")) == -1);
}

UNIT_MAIN(UNIT(rows_of_classes_need_no_library), UNIT(tables_and_library_give_the_same_answers),
	  UNIT(ecma_is_not_perl), UNIT(what_only_perl_has_is_an_error),
	  UNIT(a_pattern_that_runs_away_is_stopped))
