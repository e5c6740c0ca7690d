/* SPDX-License-Identifier: MIT */
#include "sms.h"

#include "nfc.h"
#include "unit.h"

#define EURO  "\xe2\x82\xac"
#define YA    "\xd1\x8f"
#define SMILE "\xf0\x9f\x98\x80"

/* So many times ${what}. */
static struct str times(const char *what, size_t n)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_c(what));
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

/* ${a} times ${x}, then ${y}, then ${b} times ${z}. */
static struct str row(size_t a, const char *x, const char *y, size_t b, const char *z)
{
	return arena_join(arena, arena_join(arena, times(x, a), str_c(y)), times(z, b));
}

static bool is(struct str text, enum sms_encoding encoding, size_t units, size_t parts)
{
	struct sms_plan p;

	sms_plan(text, &p);
	if (p.encoding == encoding && p.units == units && p.parts == parts && p.joined == (parts > 1))
		return true;
	printf("# %s %zu units %zu parts\n", sms_encoding_name(p.encoding), p.units, p.parts);
	return false;
}

/* The alphabet as unicode.org's GSM0338.TXT and ICU's converter have it, by code. */
static const uint32_t basic[] = {
	0x40,  0xa3, 0x24, 0xa5,  0xe8, 0xe9,  0xf9,  0xec,  0xf2,  0xc7,  0x0a,  0xd8,  0xf8,
	0x0d,  0xc5, 0xe5, 0x394, 0x5f, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398,
	0x39e, 0xc6, 0xe6, 0xdf,  0xc9, 0x20,  0x21,  0x22,  0x23,  0xa4,  0x25,  0x26,  0x27,
	0x28,  0x29, 0x2a, 0x2b,  0x2c, 0x2d,  0x2e,  0x2f,  0x30,  0x31,  0x32,  0x33,  0x34,
	0x35,  0x36, 0x37, 0x38,  0x39, 0x3a,  0x3b,  0x3c,  0x3d,  0x3e,  0x3f,  0xa1,  0x41,
	0x42,  0x43, 0x44, 0x45,  0x46, 0x47,  0x48,  0x49,  0x4a,  0x4b,  0x4c,  0x4d,  0x4e,
	0x4f,  0x50, 0x51, 0x52,  0x53, 0x54,  0x55,  0x56,  0x57,  0x58,  0x59,  0x5a,  0xc4,
	0xd6,  0xd1, 0xdc, 0xa7,  0xbf, 0x61,  0x62,  0x63,  0x64,  0x65,  0x66,  0x67,  0x68,
	0x69,  0x6a, 0x6b, 0x6c,  0x6d, 0x6e,  0x6f,  0x70,  0x71,  0x72,  0x73,  0x74,  0x75,
	0x76,  0x77, 0x78, 0x79,  0x7a, 0xe4,  0xf6,  0xf1,  0xfc,  0xe0,
};
static const uint32_t extension[] = { 0xc, 0x5e, 0x7b, 0x7d, 0x5c, 0x5b, 0x7e, 0x5d, 0x7c, 0x20ac };

static struct str encoded(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return (struct str){ out, 1 };
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return (struct str){ out, 2 };
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return (struct str){ out, 3 };
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return (struct str){ out, 4 };
}

static void the_alphabet_is_that_of_the_standard_and_nothing_else(void)
{
	size_t gsm = 0;

	CHECK(sizeof(basic) / sizeof(*basic) == 127);
	for (size_t i = 0; i < sizeof(basic) / sizeof(*basic); i++) {
		char c[4];

		CHECK(is(encoded(basic[i], c), SMS_GSM7, 1, 1));
	}
	for (size_t i = 0; i < sizeof(extension) / sizeof(*extension); i++) {
		char c[4];

		CHECK(is(encoded(extension[i], c), SMS_GSM7, 2, 1));
	}
	for (uint32_t c = 0; c < 0x110000; c++) {
		struct sms_plan p;
		char text[4];

		if (c >= 0xd800 && c < 0xe000)
			continue;
		sms_plan(encoded(c, text), &p);
		gsm += p.encoding == SMS_GSM7;
		if (p.encoding == SMS_UCS2 && p.units != (c > 0xffff ? 2u : 1u))
			CHECK(c == 0);
	}
	CHECK(gsm == 137);
}

static void septets_are_counted(void)
{
	CHECK(is(STR(""), SMS_GSM7, 0, 1));
	CHECK(is(times("a", 160), SMS_GSM7, 160, 1));
	CHECK(is(times("a", 161), SMS_GSM7, 161, 2));
	CHECK(is(times("a", 306), SMS_GSM7, 306, 2));
	CHECK(is(times("a", 307), SMS_GSM7, 307, 3));
	CHECK(is(row(158, "a", EURO, 0, ""), SMS_GSM7, 160, 1));
	CHECK(is(row(159, "a", EURO, 0, ""), SMS_GSM7, 161, 2));
	CHECK(is(times("a", 1530), SMS_GSM7, 1530, 10));
	CHECK(is(times("a", 1531), SMS_GSM7, 1531, 11));
	CHECK(is(STR("a\r\nb"), SMS_GSM7, 4, 1));
	CHECK(is(STR("\xc3\x87"), SMS_GSM7, 1, 1));
}

static void an_escape_is_not_divided(void)
{
	CHECK(is(times(EURO, 80), SMS_GSM7, 160, 1));
	CHECK(is(times(EURO, 81), SMS_GSM7, 162, 2));
	CHECK(is(row(76, EURO, "a", 0, ""), SMS_GSM7, 153, 1));
	CHECK(is(times(EURO, 152), SMS_GSM7, 304, 2));
	CHECK(is(times(EURO, 153), SMS_GSM7, 306, 3));
	CHECK(is(row(152, "a", EURO, 152, "a"), SMS_GSM7, 306, 3));
	CHECK(is(row(153, "a", EURO, 151, "a"), SMS_GSM7, 306, 2));
}

static void units_of_utf16_are_counted(void)
{
	CHECK(is(times(YA, 70), SMS_UCS2, 70, 1));
	CHECK(is(times(YA, 71), SMS_UCS2, 71, 2));
	CHECK(is(times(YA, 134), SMS_UCS2, 134, 2));
	CHECK(is(times(YA, 135), SMS_UCS2, 135, 3));
	CHECK(is(row(1, "`", "", 69, "a"), SMS_UCS2, 70, 1));
	CHECK(is(row(1, "`", "", 70, "a"), SMS_UCS2, 71, 2));
	CHECK(is(STR("\xc3\xa7"), SMS_UCS2, 1, 1));
}

static void a_surrogate_pair_is_not_divided(void)
{
	CHECK(is(times(SMILE, 35), SMS_UCS2, 70, 1));
	CHECK(is(times(SMILE, 36), SMS_UCS2, 72, 2));
	CHECK(is(times(SMILE, 66), SMS_UCS2, 132, 2));
	CHECK(is(times(SMILE, 67), SMS_UCS2, 134, 3));
	CHECK(is(row(66, "a", SMILE, 66, "a"), SMS_UCS2, 134, 3));
	CHECK(is(row(67, "a", SMILE, 65, "a"), SMS_UCS2, 134, 2));
}

static void what_made_it_ucs2_and_what_still_fits_is_said(void)
{
	struct sms_plan p;

	sms_plan(STR("caf\xc3\xa9 \xe2\x80\x93 no"), &p);
	CHECK(p.stranger == 6 && p.strangers == 1 && p.room == 70 - 9);
	sms_plan(times("a", 21), &p);
	CHECK(p.stranger == 21 && p.strangers == 0 && p.room == 139);
	sms_plan(times("a", 161), &p);
	CHECK(p.room == 153 - 8);
	sms_plan(times("a", 306), &p);
	CHECK(p.room == 0);
}

static void letters_are_composed(void)
{
	struct str same = STR("caf\xc3\xa9");

	CHECK(nfc(same, arena).p == same.p);
	CHECK_STR(nfc(STR("cafe\xcc\x81"), arena), "caf\xc3\xa9");
	CHECK_STR(nfc(STR("\xe2\x84\xa6"), arena), "\xce\xa9"); /* the ohm sign */
	CHECK_STR(nfc(STR("\xe2\x84\xab"), arena), "\xc3\x85"); /* the angstrom sign */
	CHECK_STR(nfc(STR("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), arena), "\xed\x95\x9c"); /* Hangul */
	same = STR(SMILE YA EURO "x\xcc\x81");
	CHECK(nfc(same, arena).p == same.p);
	CHECK(is(nfc(STR("cafe\xcc\x81"), arena), SMS_GSM7, 4, 1));
}

static struct str smart(const char *text, bool *changed)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	*changed = sms_smart(str_c(text), &b);
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void typography_becomes_plain(void)
{
	bool changed;

	CHECK_STR(smart("\xe2\x80\x9cit\xe2\x80\x99s\xe2\x80\x9d \xe2\x80\x94 a\xc2\xa0`b\xc2\xb4\xe2\x80\xa6",
			&changed),
		  "\"it's\" - a 'b'...");
	CHECK(changed);
	CHECK_STR(smart("\xe2\x80\x98\xe2\x80\x9a\xe2\x80\x9b\xe2\x80\xb2|\xe2\x80\x9e\xe2\x80\xb3\xc2\xab\xc2\xbb|\xe2\x80\x90"
			"\xe2\x80\x95\xe2\x88\x92",
			&changed),
		  "''''|\"\"\"\"|---");
	CHECK_STR(smart("\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80\t.", &changed),
		  "      .");
	CHECK_STR(smart("\xe2\x80\x8b\xe2\x80\x8c\xe2\x81\xa0\xef\xbb\xbf.", &changed), ".");
	CHECK_STR(smart("\xe2\x80\xa2\xe2\x80\xa8\xe2\x80\xa9\xc2\x85", &changed), "*\n\n\n");
	CHECK_STR(smart("\xc3\xa7 " SMILE EURO "\r\n", &changed), "\xc3\xa7 " SMILE EURO "\r\n");
	CHECK(!changed);
}

/* The parts of ${text}, joined with "|". */
static struct str cut(struct str text, size_t room, enum sms_measure m)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	while (text.n > 0) {
		struct str part = sms_cut(text, room, m);

		CHECK(part.n > 0 && part.p == text.p);
		buf_str(&b, part);
		text = str_sub(text, part.n, text.n);
		if (text.n > 0)
			buf_char(&b, '|');
	}
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void a_text_is_cut_where_it_fits(void)
{
	CHECK_STR(cut(STR("abcdefg"), 3, SMS_CHARACTERS), "abc|def|g");
	CHECK_STR(cut(STR("abc"), 3, SMS_CHARACTERS), "abc");
	CHECK_STR(cut(STR(""), 3, SMS_CHARACTERS), "");
	CHECK_STR(cut(STR("ab" EURO "c"), 3, SMS_SEPTETS), "ab|" EURO "c");
	CHECK_STR(cut(STR("a" SMILE "b"), 2, SMS_UTF16), "a|" SMILE "|b");
	CHECK_STR(cut(STR("a" SMILE "b"), 4, SMS_BYTES), "a|" SMILE "|b");
	CHECK_STR(cut(STR("a" SMILE "b"), 2, SMS_CHARACTERS), "a" SMILE "|b");
	/* A character that does not fit stands alone, and is whole. */
	CHECK_STR(cut(STR(SMILE SMILE), 1, SMS_BYTES), SMILE "|" SMILE);
}

static void a_space_near_the_end_is_a_better_place(void)
{
	CHECK_STR(cut(STR("one two three four"), 12, SMS_CHARACTERS), "one two |three four");
	/* Not where that takes one part more. */
	CHECK_STR(cut(STR("one two three four fi"), 11, SMS_CHARACTERS), "one two thr|ee four fi");
	/* Nor where it is far from the end. */
	CHECK_STR(cut(row(1, "a ", "", 60, "b"), 40, SMS_CHARACTERS),
		  "a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|bbbbbbbbbbbbbbbbbbbbbb");
}

static void what_belongs_together_is_not_cut(void)
{
	/* e with a combining acute; a family; a thumb with its colour; a flag; CRLF */
	CHECK_STR(cut(STR("aae\xcc\x81"), 3, SMS_CHARACTERS), "aa|e\xcc\x81");
	CHECK_STR(cut(STR("aa\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), 4, SMS_CHARACTERS),
		  "aa|\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7");
	CHECK_STR(cut(STR("aa\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"), 3, SMS_CHARACTERS),
		  "aa|\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd");
	CHECK_STR(cut(STR("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7"), 3,
		      SMS_CHARACTERS),
		  "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa|\xf0\x9f\x87\xab\xf0\x9f\x87\xb7");
	CHECK_STR(cut(STR("aa\r\nb"), 3, SMS_CHARACTERS), "aa|\r\nb");
	/* Unless it is longer than a part. */
	CHECK_STR(cut(STR("e\xcc\x81\xcc\x81\xcc\x81"), 2, SMS_CHARACTERS), "e\xcc\x81|\xcc\x81\xcc\x81");
}

static void lengths_are_in_the_measure_asked_for(void)
{
	struct str s = STR("a" EURO SMILE);

	CHECK(sms_length(s, SMS_SEPTETS) == 4);
	CHECK(sms_length(s, SMS_UTF16) == 4);
	CHECK(sms_length(s, SMS_CHARACTERS) == 3);
	CHECK(sms_length(s, SMS_BYTES) == 8);
}

UNIT_MAIN(UNIT(the_alphabet_is_that_of_the_standard_and_nothing_else), UNIT(septets_are_counted),
	  UNIT(an_escape_is_not_divided), UNIT(units_of_utf16_are_counted),
	  UNIT(a_surrogate_pair_is_not_divided), UNIT(what_made_it_ucs2_and_what_still_fits_is_said),
	  UNIT(letters_are_composed), UNIT(typography_becomes_plain),
	  UNIT(a_text_is_cut_where_it_fits), UNIT(a_space_near_the_end_is_a_better_place),
	  UNIT(what_belongs_together_is_not_cut), UNIT(lengths_are_in_the_measure_asked_for))
