/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include "unit.h"

static const int64_t now = 784111767000; /* ten seconds before the example of RFC 9110 */

static void seconds_count_from_now(void)
{
	CHECK(retry_after(STR("120"), now) == now + 120000);
	CHECK(retry_after(STR(" 0 "), now) == now);
}

static void dates_in_all_forms_of_http(void)
{
	CHECK(retry_after(STR("Sun, 06 Nov 1994 08:49:37 GMT"), now) == now + 10000);
	CHECK(retry_after(STR("Sun Nov  6 08:49:37 1994"), now) == now + 10000);
	/* Of two digits the century is ours. */
	CHECK(retry_after(STR("Thursday, 15-Jan-26 09:00:00 GMT"), 1768467590000) == 1768467600000);
}

static void what_is_past_is_now_and_a_week_is_the_most(void)
{
	CHECK(retry_after(STR("Sun, 06 Nov 1994 08:49:37 GMT"), now + 3600000) == now + 3600000);
	CHECK(retry_after(STR("99999999999999999999999"), now) == now + RETRY_AFTER_MAX_MS);
	CHECK(retry_after(STR("Sun, 06 Nov 2094 08:49:37 GMT"), now) == now + RETRY_AFTER_MAX_MS);
}

static void anything_else_is_no_time(void)
{
	static const char *const bad[] = { "",
					   "-1",
					   "1.5",
					   "soon",
					   "Sun, 06 Nov 1994",
					   "Sun, 31 Feb 1994 08:49:37 GMT",
					   "Sun, 06 Foo 1994 08:49:37 GMT",
					   "Sun, 06 Nov 1994 08:49:37 GMT and so on",
					   "Sun, 99999999999 Nov 1994 08:49:37 GMT" };

	for (size_t i = 0; i < LEN(bad); i++)
		CHECK(retry_after(str_c(bad[i]), now) == -1);
	CHECK(retry_after(STR_NONE, now) == -1);
}

UNIT_MAIN(UNIT(seconds_count_from_now), UNIT(dates_in_all_forms_of_http),
	  UNIT(what_is_past_is_now_and_a_week_is_the_most), UNIT(anything_else_is_no_time))
