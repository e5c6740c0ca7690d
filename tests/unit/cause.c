/* SPDX-License-Identifier: MIT */
#include "cause.h"

#include "unit.h"

static void a_code_is_found_where_it_stands(void)
{
	static const struct cause table[] = {
		{ 0, CAUSE_CREDENTIALS, "zero" },
		{ 7, CAUSE_TEMP, "seven" },
		{ 130429, CAUSE_THROTTLED, NULL },
	};

	for (size_t n = 0; n <= LEN(table); n++)
		for (size_t i = 0; i < LEN(table); i++)
			CHECK(cause_find(table, n, table[i].code) == (i < n ? &table[i] : NULL));
	CHECK(!cause_find(table, LEN(table), -1) && !cause_find(table, LEN(table), 6));
	CHECK(!cause_find(table, LEN(table), INT64_MAX) && !cause_find(NULL, 0, 0));
}

UNIT_MAIN(UNIT(a_code_is_found_where_it_stands))
