/* SPDX-License-Identifier: MIT */
#include "phone.h"

#include "unit.h"

static void e164_is_known(void)
{
	CHECK(phone_e164(STR("+15550100")));
	CHECK(phone_e164(STR("+12")));
	CHECK(phone_e164(STR("+123456789012345")));
	CHECK(!phone_e164(STR("+1234567890123456")));
	CHECK(!phone_e164(STR("+1")));
	CHECK(!phone_e164(STR("+")));
	CHECK(!phone_e164(STR("+0123456")));
	CHECK(!phone_e164(STR("15550100")));
	CHECK(!phone_e164(STR("+1555 0100")));
	CHECK(!phone_e164(STR("++15550100")));
	CHECK(!phone_e164(STR("")));
	CHECK(!phone_e164(STR_NONE));
}

static void numbers_get_their_plus(void)
{
	CHECK_STR(phone_plus(arena, STR("15550100")), "+15550100");
	CHECK_STR(phone_plus(arena, STR("+1 555-0142")), "+15550142");
	CHECK_STR(phone_plus(arena, STR("+1 (555) 010-0142")), "+15550100142");
	CHECK_STR(phone_plus(arena, STR(" 1.555.0100 ")), "+15550100");
	CHECK_STR(phone_plus(arena, STR("(+49) 30 123456")), "+4930123456");
	CHECK_STR(phone_plus(arena, STR("1234567")), "+1234567");
	CHECK_STR(phone_plus(arena, STR("123456789012345")), "+123456789012345");
}

static void what_is_right_is_not_copied(void)
{
	struct str s = STR("+15550100");

	CHECK(phone_plus(arena, s).p == s.p);
}

static void other_addresses_stay(void)
{
	static const char *const same[] = {
		"",
		"12345",
		"123456",
		"ACME",
		"1234567890123456",
		"123-456",
		"0301234567",
		"+030 1234567",
		"whatsapp:+15550100",
		"15550100x",
		"US.1234567890",
		"1+5550100",
		"++15550100",
		"+-15550100",
		"-15550100",
		"15550100-1449000000",
		"1555\t0100",
		"chat_7f3a",
		"+1 555 0100 ext 5",
		"1234567/8",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct str s = str_c(same[i]), got = phone_plus(arena, s);

		CHECK(got.p == s.p && got.n == s.n);
		if (got.p != s.p)
			unit_show("text", s);
	}
	CHECK(phone_plus(arena, STR_NONE).p == NULL);
}

UNIT_MAIN(UNIT(e164_is_known), UNIT(numbers_get_their_plus), UNIT(what_is_right_is_not_copied),
	  UNIT(other_addresses_stay))
