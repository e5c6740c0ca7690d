/* SPDX-License-Identifier: MIT */
/* Formats: what the draft's suite (make conformance) does not have. */
#include "format.h"

#include "unit.h"

static bool is(const char *name, struct str s)
{
	const struct format *f = format_find(str_c(name));

	CHECK(f != NULL);
	return f && f->valid(s);
}

static void our_own_formats(void)
{
	CHECK(is("e164", STR("+14155550100")) && is("e164", STR("+123456789012345")));
	CHECK(!is("e164", STR("14155550100")) && !is("e164", STR("+0155")) && !is("e164", STR("+")));
	CHECK(!is("e164", STR("+1234567890123456")) && !is("e164", STR("+1415 555")));
	CHECK(is("bcp47", STR("de")) && is("bcp47", STR("zh-Hant-TW")) && is("bcp47", STR("es-419")));
	CHECK(!is("bcp47", STR("")) && !is("bcp47", STR("d")) && !is("bcp47", STR("de_DE")));
	CHECK(!is("bcp47", STR("de-")) && !is("bcp47", STR("123")) && !is("bcp47", STR("abcdefghi")));
}

static void empty_texts_and_nul_bytes_are_nothing(void)
{
	static const char *const names[] = {
		"date-time", "date",      "time",         "duration",
		"email",     "idn-email", "hostname",     "uuid",
		"ipv4",      "ipv6",      "uri",          "iri",
		"e164",      "bcp47",     "idn-hostname", "relative-json-pointer"
	};

	for (size_t i = 0; i < LEN(names); i++) {
		CHECK(!is(names[i], STR("")));
		CHECK(!is(names[i], STR_NONE));
		CHECK(!is(names[i], STR("\0")));
		CHECK(!is(names[i], STR("P\0\0\0\0\0\0\0\0\0\0\0")));
	}
}

static void dates_know_the_calendar(void)
{
	CHECK(is("date", STR("2000-02-29")) && is("date", STR("2024-02-29")));
	CHECK(!is("date", STR("1900-02-29")) && !is("date", STR("2023-02-29")));
	CHECK(!is("date", STR("2023-00-10")) && !is("date", STR("2023-13-10")));
}

UNIT_MAIN(UNIT(our_own_formats), UNIT(empty_texts_and_nul_bytes_are_nothing),
	  UNIT(dates_know_the_calendar))
