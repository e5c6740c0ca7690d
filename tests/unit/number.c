/* SPDX-License-Identifier: MIT */
#include "number.h"

#include "unit.h"

static int cmp(const char *x, const char *y)
{
	struct number a = number_read(str_c(x)), b = number_read(str_c(y));
	int d = number_cmp(&a, &b), back = number_cmp(&b, &a);

	CHECK((d < 0) == (back > 0) && (d > 0) == (back < 0));
	return d < 0 ? -1 : d > 0;
}

static bool multiple(const char *x, const char *y)
{
	struct number a = number_read(str_c(x)), b = number_read(str_c(y));

	CHECK(number_unit(&b));
	return number_multiple(&a, &b);
}

static bool whole(const char *x)
{
	struct number n = number_read(str_c(x));

	return number_whole(&n);
}

static void the_same_number_may_be_written_in_many_ways(void)
{
	static const char *const one[] = { "1", "1.0", "10e-1", "0.1e1", "0.01E+2", "1.000000e0" };
	static const char *const zero[] = { "0", "-0", "0.0", "-0.000e9", "0e-5" };

	for (size_t i = 0; i < LEN(one); i++)
		for (size_t k = 0; k < LEN(one); k++)
			CHECK(cmp(one[i], one[k]) == 0);
	for (size_t i = 0; i < LEN(zero); i++)
		for (size_t k = 0; k < LEN(zero); k++)
			CHECK(cmp(zero[i], zero[k]) == 0);
}

static void order_is_that_of_the_numbers_and_nothing_is_rounded(void)
{
	static const char *const up[] = { "-1e400",
					  "-9007199254740993",
					  "-9007199254740992.5",
					  "-9007199254740992",
					  "-10",
					  "-9.99",
					  "-1e-300",
					  "0",
					  "1e-99999999999999999999",
					  "0.1",
					  "0.1000000000000000055511151231257827",
					  "1",
					  "9007199254740992",
					  "9007199254740993",
					  "18446744073709551615",
					  "18446744073709551616",
					  "1e20",
					  "1e400",
					  "1e99999999999999999999" };

	for (size_t i = 0; i < LEN(up); i++)
		for (size_t k = 0; k < LEN(up); k++)
			CHECK(cmp(up[i], up[k]) == (i < k ? -1 : i > k));
}

static void a_number_is_whole_if_it_has_no_fraction_however_it_is_written(void)
{
	CHECK(whole("0") && whole("-5") && whole("1.0") && whole("1e2") && whole("1.5e1"));
	CHECK(whole("123456789012345678901234567890") && whole("1e400") && whole("12.50e1"));
	CHECK(!whole("0.5") && !whole("1e-1") && !whole("15e-1") && !whole("1.05e1"));
}

static void multiples_are_exact(void)
{
	CHECK(multiple("0.0075", "0.0001") && !multiple("0.00751", "0.0001"));
	CHECK(multiple("10", "2.5") && !multiple("10", "3") && multiple("-9", "3"));
	CHECK(multiple("0", "7") && multiple("0.3", "0.1") && multiple("4.02", "0.01"));
	CHECK(multiple("1e308", "0.5") && !multiple("1e308", "0.123456789"));
	CHECK(multiple("12391239123", "1e-8") && !multiple("35", "1.5"));
	CHECK(multiple("340282366920938463463374607431768211456", "4294967296"));
	CHECK(!multiple("340282366920938463463374607431768211455", "4294967296"));
	CHECK(multiple("1e1000000000000000", "7e3") == false);
	CHECK(multiple("7e1000000000000000", "7e3"));
}

static void a_unit_is_above_zero_and_not_too_long(void)
{
	struct number n = number_read(STR("0"));

	CHECK(!number_unit(&n));
	n = number_read(STR("-2"));
	CHECK(!number_unit(&n));
	n = number_read(STR("0.12345678901234567891"));
	CHECK(!number_unit(&n));
}

UNIT_MAIN(UNIT(the_same_number_may_be_written_in_many_ways),
	  UNIT(order_is_that_of_the_numbers_and_nothing_is_rounded),
	  UNIT(a_number_is_whole_if_it_has_no_fraction_however_it_is_written),
	  UNIT(multiples_are_exact), UNIT(a_unit_is_above_zero_and_not_too_long))
