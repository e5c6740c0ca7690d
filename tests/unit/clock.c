/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdlib.h>

#include "unit.h"

/* The time in ${text}, which must be one; ${text} as it is shown again in ${shown}. */
static bool reads_as(const char *text, int64_t want, const char *shown)
{
	char out[CLOCK_TEXT + 1];
	int64_t ms;

	if (clock_parse(str_c(text), &ms) < 0 || ms != want) {
		unit_show("text", str_c(text));
		return false;
	}
	clock_format(out, ms);
	return strcmp(out, shown ? shown : text) == 0;
}

static bool refused(const char *text)
{
	int64_t ms;
	bool yes = clock_parse(str_c(text), &ms) < 0;

	if (!yes)
		unit_show("text", str_c(text));
	return yes;
}

static void times_are_read_and_shown(void)
{
	CHECK(reads_as("1970-01-01T00:00:00.000Z", 0, NULL));
	CHECK(reads_as("1969-12-31T23:59:59.999Z", -1, NULL));
	CHECK(reads_as("2026-01-14T09:00:00.000Z", 1768381200000, NULL));
	CHECK(reads_as("2000-02-29T12:34:56.789Z", 951827696789, NULL));
	CHECK(reads_as("1900-03-01T00:00:00.000Z", -2203891200000, NULL));
	CHECK(reads_as("0001-01-01T00:00:00.000Z", -62135596800000, NULL));
	CHECK(reads_as("0000-01-01T00:00:00.000Z", -62167219200000, NULL));
	CHECK(reads_as("0000-02-29T00:00:00.000Z", -62162121600000, NULL));
	CHECK(reads_as("2400-12-31T23:59:59.000Z", 13601087999000, NULL));
	CHECK(reads_as("9999-12-31T23:59:59.999Z", 253402300799999, NULL));
}

static void offsets_and_decimals_are_understood(void)
{
	const char *shown = "2026-01-14T09:00:00.000Z";

	CHECK(reads_as("2026-01-14T09:00:00Z", 1768381200000, shown));
	CHECK(reads_as("2026-01-14t09:00:00z", 1768381200000, shown));
	CHECK(reads_as("2026-01-14 09:00:00Z", 1768381200000, shown));
	CHECK(reads_as("2026-01-14T10:30:00+01:30", 1768381200000, shown));
	CHECK(reads_as("2026-01-13T23:00:00-10:00", 1768381200000, shown));
	CHECK(reads_as("2026-01-14T09:00:00-00:00", 1768381200000, shown));
	CHECK(reads_as("2026-01-14T09:00:00.0009999999999999999999999Z", 1768381200000, shown));
	CHECK(reads_as("2026-01-14T09:00:00.5+00:00", 1768381200500, "2026-01-14T09:00:00.500Z"));
	CHECK(reads_as("2026-01-14T09:00:00.12Z", 1768381200120, "2026-01-14T09:00:00.120Z"));
	CHECK(reads_as("1969-12-31T23:59:59.9991Z", -1, "1969-12-31T23:59:59.999Z"));
	/* Beyond the years that can be shown: the nearest one that can. */
	CHECK(reads_as("0000-01-01T00:00:00+00:01", -62167219260000, "0000-01-01T00:00:00.000Z"));
	CHECK(reads_as("9999-12-31T23:59:59-00:01", 253402300859000, "9999-12-31T23:59:59.999Z"));
}

static void days_that_do_not_exist_are_refused(void)
{
	CHECK(refused("2025-02-29T00:00:00Z"));
	CHECK(refused("1900-02-29T00:00:00Z"));
	CHECK(refused("2100-02-29T00:00:00Z"));
	CHECK(reads_as("2024-02-29T00:00:00.000Z", 1709164800000, NULL));
	CHECK(refused("2024-02-30T00:00:00Z"));
	CHECK(refused("2026-04-31T00:00:00Z"));
	CHECK(refused("2026-00-10T00:00:00Z"));
	CHECK(refused("2026-13-10T00:00:00Z"));
	CHECK(refused("2026-01-00T00:00:00Z"));
	CHECK(refused("2026-01-32T00:00:00Z"));
	CHECK(refused("2026-01-01T24:00:00Z"));
	CHECK(refused("2026-01-01T00:60:00Z"));
	CHECK(refused("2026-01-01T00:00:61Z"));
}

static void a_leap_second_is_the_second_after(void)
{
	CHECK(reads_as("2016-12-31T23:59:60Z", 1483228800000, "2017-01-01T00:00:00.000Z"));
	CHECK(reads_as("1990-12-31T15:59:60.5-08:00", 662688000500, "1991-01-01T00:00:00.500Z"));
	CHECK(refused("2016-12-31T22:59:60Z"));
	CHECK(refused("2016-12-30T23:59:60Z"));
}

static void what_is_no_time_is_refused(void)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-01-14",
		"2026-01-14T09:00:00",
		"2026-01-14T09:00Z",
		"2026-01-14T09:00:00.Z",
		"2026-01-14T09:00:00.000",
		"2026-01-14T09:00:00.000Zx",
		"2026-01-14T09:00:00.000ZZ",
		"2026-01-14T09:00:00+0100",
		"2026-01-14T09:00:00+01",
		"2026-01-14T09:00:00+24:00",
		"2026-01-14T09:00:00+01:60",
		"2026-01-14T09:00:00 Z",
		"2026/01/14T09:00:00Z",
		"2026-01-14_09:00:00Z",
		"+026-01-14T09:00:00Z",
		"2026-1-14T09:00:00Z0",
		" 2026-01-14T09:00:00Z",
		"2026-01-14T09:00:00,5Z",
		"2026-01-14T09:00:00.5.5Z",
		"12026-01-14T09:00:00Z",
		"2026-01-14T-9:00:00Z",
		"1768381200",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(refused(bad[i]));
	CHECK(clock_parse(STR_NONE, &(int64_t){ 0 }) == -1);
}

static void what_lies_outside_is_shown_as_the_nearest(void)
{
	char out[CLOCK_TEXT + 1];

	clock_format(out, INT64_MIN);
	CHECK_STR(str_c(out), "0000-01-01T00:00:00.000Z");
	clock_format(out, INT64_MAX);
	CHECK_STR(str_c(out), "9999-12-31T23:59:59.999Z");
}

static void every_day_is_shown_as_it_is_read(void)
{
	char out[CLOCK_TEXT + 1];
	int64_t ms, wrong = 0;

	for (int64_t day = -719528; day <= 2932896; day++) {
		clock_format(out, day * 86400000 + 43200001);
		wrong += clock_parse(str_c(out), &ms) < 0 || ms != day * 86400000 + 43200001;
	}
	CHECK(wrong == 0);
}

static void omni_clock_stops_the_clock(void)
{
	struct err e = { 0 };
	int64_t mono = clock_mono();

	setenv("OMNI_CLOCK", "2026-01-14T10:00:00+01:00", 1);
	CHECK(clock_init(&e) == 0);
	CHECK(clock_now() == 1768381200000);
	CHECK(clock_now() == 1768381200000);
	setenv("OMNI_CLOCK", "noon", 1);
	CHECK(clock_init(&e) == -1 && e.fault == FAULT_CONFIG);
	CHECK(strstr(e.text, "OMNI_CLOCK") != NULL);
	unsetenv("OMNI_CLOCK");
	CHECK(clock_init(&e) == 0);
	CHECK(clock_now() > 1768381200000 - 366 * INT64_C(86400000));
	CHECK(clock_mono() >= mono);
}

static void omni_clock_goes_ahead_behind_and_fast(void)
{
	struct err e = { 0 };
	int64_t real, fast;

	CHECK(clock_init(&e) == 0);
	real = clock_now();
	setenv("OMNI_CLOCK", "-1h30m", 1);
	CHECK(clock_init(&e) == 0);
	CHECK(clock_now() - real >= -5400000 && clock_now() - real < -5400000 + 60000);
	setenv("OMNI_CLOCK", "+2d", 1);
	CHECK(clock_init(&e) == 0);
	CHECK(clock_now() - real >= 2 * 86400000 && clock_now() - real < 2 * 86400000 + 60000);
	setenv("OMNI_CLOCK", "2026-01-14 09:00:00Z x1000000", 1);
	CHECK(clock_init(&e) == 0);
	fast = clock_now();
	CHECK(fast >= 1768381200000);
	while (clock_now() == fast)
		;
	CHECK(clock_now_ns() > fast * 1000000);
	fast = clock_steady();
	CHECK(fast >= 1768381200000);
	while (clock_steady() == fast)
		;
	CHECK(clock_real_ns(5000000) == 5 && clock_real_ns(1) == 1);
	setenv("OMNI_CLOCK", "x2", 1);
	CHECK(clock_init(&e) == 0 && clock_now() >= real);
	setenv("OMNI_CLOCK", "@2020-01-01T00:00:00Z x2", 1);
	CHECK(clock_init(&e) == 0 && clock_now() - 1577836800000 >= 2 * (real - 1577836800000));
	fast = clock_now();
	CHECK(clock_init(&e) == 0 && clock_now() >= fast && clock_now() - fast < 1000000);
	static const char *const bad[] = { "x",
					   "x-1",
					   "1h",
					   "+",
					   "+1",
					   "+1h +1h",
					   "+1hx60",
					   "x60 x60",
					   "2026-01-14T09:00:00Z x",
					   "x1000001",
					   "+99999w",
					   "@x60",
					   "@2026-01-14T09:00:00Z",
					   "@+1h x2",
					   "@0001-01-01T00:00:00Z x2" };
	for (size_t i = 0; i < LEN(bad); i++) {
		setenv("OMNI_CLOCK", bad[i], 1);
		CHECK(clock_init(&e) == -1 && e.fault == FAULT_CONFIG);
	}
	unsetenv("OMNI_CLOCK");
	CHECK(clock_init(&e) == 0);
}

static bool spans(const char *text, int64_t want)
{
	int64_t ms = -7;

	return clock_span(str_c(text), &ms) == 0 && ms == want;
}

static void time_spans_have_units(void)
{
	static const char *const bad[] = { "",
					   "1",
					   "s",
					   "1x",
					   "1h1h",
					   "1m1h",
					   "-1s",
					   "+1s",
					   "1 s",
					   "1.5h",
					   "00",
					   "1s0",
					   "1S",
					   "1mss",
					   "36526d",
					   "999999999999999999999d",
					   "9223372036854775807s" };
	int64_t ms;

	CHECK(spans("0", 0) && spans("0s", 0) && spans("500ms", 500) && spans("60s", 60000));
	CHECK(spans("5m", 300000) && spans("2h", 7200000) && spans("90d", 90 * INT64_C(86400000)));
	CHECK(spans("2w", 14 * INT64_C(86400000)) && spans("1h30m", 5400000) &&
	      spans("1w1d1h1m1s1ms", 694861001));
	CHECK(spans("36525d", CLOCK_SPAN_MAX));
	for (size_t i = 0; i < LEN(bad); i++)
		CHECK(clock_span(str_c(bad[i]), &ms) == -1);
	CHECK(clock_span(STR_NONE, &ms) == -1);
}

static void times_are_put_as_records_have_them(void)
{
	CHECK_STR(clock_text(arena, 1768381200001), "2026-01-14T09:00:00.001Z");
	CHECK_STR(clock_utc(arena, STR("2026-01-14 10:00:00+01:00")), "2026-01-14T09:00:00.000Z");
	CHECK(!clock_utc(arena, STR("yesterday")).p && !clock_utc(arena, STR_NONE).p);
}

UNIT_MAIN(UNIT(times_are_read_and_shown), UNIT(offsets_and_decimals_are_understood),
	  UNIT(days_that_do_not_exist_are_refused), UNIT(a_leap_second_is_the_second_after),
	  UNIT(what_is_no_time_is_refused), UNIT(what_lies_outside_is_shown_as_the_nearest),
	  UNIT(every_day_is_shown_as_it_is_read), UNIT(omni_clock_stops_the_clock),
	  UNIT(omni_clock_goes_ahead_behind_and_fast), UNIT(time_spans_have_units),
	  UNIT(times_are_put_as_records_have_them))
