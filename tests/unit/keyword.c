/* SPDX-License-Identifier: MIT */
#include "keyword.h"

#include "unit.h"

static bool all_are(enum keyword want, const char *const *texts)
{
	bool ok = true;

	for (; *texts; texts++) {
		if (keyword_of(str_c(*texts)) == want)
			continue;
		unit_show("text", str_c(*texts));
		ok = false;
	}
	return ok;
}

#define ALL(want, ...) CHECK(all_are((want), (const char *const[]){ __VA_ARGS__, NULL }))

static void opt_out_words(void)
{
	ALL(KEYWORD_OPT_OUT, "STOP", "END", "CANCEL", "UNSUBSCRIBE", "QUIT", "REVOKE", "OPT OUT",
	    "STOPALL", "STOP ALL", "OPTOUT", "OPT-OUT", "REMOVE", "ARRET", "ARR\xc3\x8aT",
	    "DESABONNER", "ALTO", "PARAR", "TD");
}

static void opt_in_words(void)
{
	ALL(KEYWORD_OPT_IN, "START", "UNSTOP", "SUBSCRIBE", "JOIN", "OPTIN", "opt in", "NONARRET",
	    "non arr\xc3\xaat");
}

static void help_words(void)
{
	ALL(KEYWORD_HELP, "HELP", "INFO", "AIDE", "AYUDA", "help?");
}

static void yes_is_no_keyword(void)
{
	ALL(KEYWORD_NONE, "YES", "yes", "Y", "no");
}

static void case_does_not_count(void)
{
	ALL(KEYWORD_OPT_OUT, "stop", "sToP", "arr\xc3\xaat", "Arr\xc3\xaat", "ARR\xc3\xaaT",
	    "arr\xc3\x8at", "d\xc3\xa9sabonner", "D\xc3\x89SABONNER");
	/* e with a combining circumflex: what NFD makes of it */
	ALL(KEYWORD_OPT_OUT, "ARRE\xcc\x82T", "arre\xcc\x82t");
}

static void what_surrounds_a_word_does_not_count(void)
{
	ALL(KEYWORD_OPT_OUT, " stop ", "\tSTOP\r\n", "STOP.", "STOP!!!", "\"STOP\"", "'stop'",
	    "(stop)", "*stop*", "stop?", "\"Stop.\"", "stop ,", "Opt out!", "opt-out", "-stop-",
	    "stop all.", "un subscribe");
	ALL(KEYWORD_OPT_OUT, "\xc2\xa0STOP\xe2\x80\x83", "\xe2\x80\x9cSTOP\xe2\x80\x9d",
	    "\xe2\x80\x98stop\xe2\x80\x99", "\xc2\xabSTOP\xc2\xbb", "\xe2\x80\x9eSTOP\xe2\x80\x9c",
	    "\xe3\x80\x80STOP", "\xef\xbb\xbfSTOP", "STOP\xe2\x80\x8b", "opt\xe2\x80\x91out",
	    "opt\xc2\xa0out", "STOP\xe2\x80\xa6",
	    "\xc2\xa1"
	    "ALTO!");
}

static void only_the_whole_text_is_a_keyword(void)
{
	ALL(KEYWORD_NONE, "", " ", "...", "please stop texting me", "stop it", "Stop please",
	    "STOPP", "STO", "STOP1", "STOP. Now", "ST.OP", "don't stop", "unsubscribed",
	    "stop\xf0\x9f\x9b\x91", "STOPEND", "\xd0\xa1TOP", "ST\xc3\x96P",
	    "UNSUBSCRIBEUNSUBSCRIBEUNSUBSCRIBE", "STO\xcc\x82P", "\xcc\x82STOP", "A", "T D D");
}

static void bytes_that_are_not_utf8_are_no_keyword(void)
{
	ALL(KEYWORD_NONE, "STOP\xff", "\xc3STOP", "STOP\xc3", "ARR\xcaT", "STOP\xe2\x80",
	    "\xe2STOP", "STOP\xc0\xa0");
	CHECK(keyword_of(STR("STOP\0")) == KEYWORD_NONE);
	CHECK(keyword_of(STR("\0STOP")) == KEYWORD_NONE);
	CHECK(keyword_of(STR_NONE) == KEYWORD_NONE);
}

static struct str normal(struct str text, size_t max)
{
	char *out = arena_alloc(arena, max);

	return (struct str){ out, keyword_normal(text, out, max) };
}

static void words_of_the_user_have_a_normal_form_too(void)
{
	CHECK_STR(normal(STR(" \"Opt out!\" "), 20), "OPTOUT");
	CHECK_STR(normal(STR("stop2"), 20), "STOP2");
	CHECK_STR(normal(STR("arr\xc3\xaat"), 20), "ARRET");
	CHECK_STR(normal(STR("\xc3\xb6l"), 20), "\xc3\x96L");
	CHECK_STR(normal(STR("\xd1\x81\xd1\x82\xd0\xbe\xd0\xbf"), 8), "\xd0\xa1\xd0\xa2\xd0\x9e\xd0\x9f");
	CHECK(normal(STR("\xd1\x81\xd1\x82\xd0\xbe\xd0\xbf"), 7).n == 0);
	CHECK(normal(STR("a. b"), 20).n == 0 && normal(STR(" ."), 20).n == 0 &&
	      normal(STR_NONE, 20).n == 0);
	CHECK(normal(STR("STOP"), 4).n == 4 && normal(STR("STOP"), 3).n == 0);
}

UNIT_MAIN(UNIT(opt_out_words), UNIT(opt_in_words), UNIT(help_words), UNIT(yes_is_no_keyword),
	  UNIT(case_does_not_count), UNIT(what_surrounds_a_word_does_not_count),
	  UNIT(only_the_whole_text_is_a_keyword), UNIT(bytes_that_are_not_utf8_are_no_keyword),
	  UNIT(words_of_the_user_have_a_normal_form_too))
