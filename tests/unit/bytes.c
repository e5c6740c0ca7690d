/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include "unit.h"

static void texts_are_compared(void)
{
	CHECK(str_eq(STR("ab"), STR("ab")) && !str_eq(STR("ab"), STR("aB")) && str_eq(STR(""), STR_NONE));
	CHECK(!str_eq(STR("a\0b"), STR("a\0c")));
	CHECK(str_c(NULL).p == NULL && str_c("abc").n == 3);
	CHECK(str_cmp(STR("a"), STR("b")) < 0 && str_cmp(STR("b"), STR("a")) > 0 &&
	      str_cmp(STR("a"), STR("a")) == 0);
	CHECK(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("ab"), STR("a")) > 0);
	CHECK(str_cmp(STR_NONE, STR("")) == 0 && str_cmp(STR_NONE, STR("a")) < 0);
	CHECK(str_cmp(STR("\xff"), STR("a")) > 0);
	CHECK(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
	CHECK(!str_eq_nocase(STR("a"), STR("b")) && !str_eq_nocase(STR("a"), STR("ab")));
	CHECK(!str_eq_nocase(STR("["), STR("{")) && !str_eq_nocase(STR("@"), STR("`")));
	CHECK(!str_eq_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
}

static void ends_are_found(void)
{
	CHECK(str_prefix(STR("whatsapp:+1"), STR("whatsapp:")) &&
	      !str_prefix(STR("what"), STR("whatsapp:")));
	CHECK(str_prefix(STR("x"), STR("")) && str_prefix(STR_NONE, STR_NONE));
	CHECK(str_suffix(STR("a.zst"), STR(".zst")) && !str_suffix(STR("zst"), STR(".zst")));
	CHECK(str_suffix(STR("x"), STR("")) && str_suffix(STR_NONE, STR("")));
}

static void bytes_and_texts_are_found(void)
{
	CHECK(str_find(STR("a:b:c"), ':') == 1 && str_find(STR("abc"), ':') == 3 &&
	      str_find(STR_NONE, ':') == 0);
	CHECK(str_find(STR("a\0b"), 'b') == 2 && str_find(STR("a\0b"), '\0') == 1);
	CHECK(str_search(STR("hello world"), STR("world")) == 6);
	CHECK(str_search(STR("hello"), STR("world")) == 5);
	CHECK(str_search(STR("hello"), STR("hello!")) == 5);
	CHECK(str_search(STR_NONE, STR("a")) == 0);
}

static void parts_stay_inside(void)
{
	CHECK_STR(str_sub(STR("hello"), 1, 3), "ell");
	CHECK_STR(str_sub(STR("hello"), 0, 99), "hello");
	CHECK_STR(str_sub(STR("hello"), 3, SIZE_MAX), "lo");
	CHECK(str_sub(STR("hello"), 5, 1).n == 0 && str_sub(STR("hello"), 99, 1).n == 0);
	CHECK(str_sub(STR_NONE, 0, 1).n == 0 && str_sub(STR_NONE, 3, 1).n == 0);
}

static void white_space_is_trimmed(void)
{
	CHECK_STR(str_trim(STR(" \t\r\na b\n\r\t ")), "a b");
	CHECK_STR(str_trim(STR("ab")), "ab");
	CHECK(str_trim(STR(" \n ")).n == 0 && str_trim(STR_NONE).n == 0);
	CHECK_STR(str_trim(STR("\va\f")), "\va\f");
}

static void numbers_are_read_to_the_last(void)
{
	uint64_t v = 7;

	CHECK(str_u64(STR("0"), &v) == 0 && v == 0);
	CHECK(str_u64(STR("00042"), &v) == 0 && v == 42);
	CHECK(str_u64(STR("18446744073709551615"), &v) == 0 && v == UINT64_MAX);
	CHECK(str_u64(STR("18446744073709551616"), &v) == -1);
	CHECK(str_u64(STR("99999999999999999999999"), &v) == -1);
	CHECK(str_u64(STR(""), &v) == -1 && str_u64(STR_NONE, &v) == -1);
	CHECK(str_u64(STR("-1"), &v) == -1 && str_u64(STR("+1"), &v) == -1 &&
	      str_u64(STR(" 1"), &v) == -1);
	CHECK(str_u64(STR("1x"), &v) == -1 && str_u64(STR("1\0"), &v) == -1);
	CHECK(str_digits(STR("0123456789")) && !str_digits(STR("")) && !str_digits(STR("1a")));
	CHECK(!str_digits(STR("/")) && !str_digits(STR(":")) && !str_digits(STR("\xb1")));
}

static void utf8_is_known_from_what_looks_like_it(void)
{
	static const char *const good[] = {
		"",
		"ascii",
		"caf\xc3\xa9",
		"\xe2\x82\xac",
		"\xf0\x9f\x91\x8b",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"12345678\xc3\xa9",
		"1234567\xc3\xa9zyxwvuts",
		"\x7f",
	};
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"caf\xc3",
		"\xe2\x82",
		"\xe2",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xff",
		"\xf0\x9f\x91",
		"\xc3\xc3",
		"\xe2\x28\xa1",
		"12345678\xff",
		"1234567\xffz",
		"\xc3\xa9\xa9",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CHECK(str_utf8(str_c(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!str_utf8(str_c(bad[i])));
	CHECK(str_utf8(STR("a\0b")) && str_utf8(STR_NONE));
}

static void cutting_keeps_characters_whole(void)
{
	struct str s = STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x91\x8bz"); /* 1 + 2 + 3 + 4 + 1 bytes */
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	for (size_t n = 0; n < sizeof(want) / sizeof(*want); n++)
		CHECK(str_utf8_cut(s, n).n == want[n]);
	CHECK(str_utf8_cut(STR_NONE, 5).n == 0);
}

static void a_buf_takes_what_is_added(void)
{
	struct buf b = { .max = 100000 };

	buf_lit(&b, "x=");
	buf_u64(&b, UINT64_MAX);
	buf_char(&b, ' ');
	buf_u64(&b, 0);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MAX);
	buf_char(&b, ' ');
	buf_i64(&b, -1);
	buf_fmt(&b, " %s %d", "fmt", 42);
	buf_str(&b, STR_NONE);
	buf_add(&b, NULL, 0);
	CHECK_STR(buf_get(&b),
		  "x=18446744073709551615 0 -9223372036854775808 9223372036854775807 -1 fmt 42");
	buf_reset(&b);
	CHECK(b.n == 0);
	for (int i = 0; i < 20000; i++)
		buf_lit(&b, "12345");
	CHECK(b.n == 100000 && !b.over);
	buf_free(&b);
	CHECK(b.n == 0);
	buf_lit(&b, "again");
	CHECK_STR(buf_get(&b), "again");
	buf_free(&b);
	buf_free(&b);
}

static void past_its_maximum_a_buf_is_over(void)
{
	struct buf b = { .max = 10 };

	buf_lit(&b, "1234567890");
	CHECK(b.n == 10 && !b.over);
	buf_char(&b, 'x');
	CHECK(b.n == 10 && b.over);
	CHECK_STR(buf_get(&b), "1234567890");
	buf_reset(&b);
	CHECK(b.n == 0 && !b.over);
	buf_lit(&b, "12345");
	buf_lit(&b, "1234567");
	CHECK(b.over && b.n == 5);
	CHECK(buf_grow(&b, 6) == NULL && buf_grow(&b, SIZE_MAX) == NULL);
	CHECK(buf_grow(&b, 5) != NULL && b.n == 5);
	buf_free(&b);
	b = (struct buf){ 0 };
	buf_char(&b, 'x');
	CHECK(b.over && b.n == 0);
	buf_free(&b);
}

static void formatted_text_up_to_the_maximum_fits(void)
{
	struct buf b = { .max = 10 };

	buf_fmt(&b, "%s", "1234567890");
	CHECK(!b.over && b.n == 10);
	buf_fmt(&b, "%s", "");
	CHECK(!b.over && b.n == 10);
	buf_free(&b);
}

static void a_text_is_found_among_others(void)
{
	static const struct str list[] = { STR("a"), STR_NONE, STR("bc") };

	CHECK(str_among(STR("bc"), list, LEN(list)) && !str_among(STR("bc"), list, 2));
	CHECK(!str_among(STR("b"), list, LEN(list)) && !str_among(STR(""), list, LEN(list)));
	CHECK(!str_among(STR_NONE, list, LEN(list)) && !str_among(STR("a"), NULL, 0));
}

UNIT_MAIN(UNIT(texts_are_compared), UNIT(ends_are_found), UNIT(bytes_and_texts_are_found),
	  UNIT(parts_stay_inside), UNIT(white_space_is_trimmed), UNIT(numbers_are_read_to_the_last),
	  UNIT(utf8_is_known_from_what_looks_like_it), UNIT(cutting_keeps_characters_whole),
	  UNIT(a_buf_takes_what_is_added), UNIT(past_its_maximum_a_buf_is_over),
	  UNIT(formatted_text_up_to_the_maximum_fits), UNIT(a_text_is_found_among_others))
