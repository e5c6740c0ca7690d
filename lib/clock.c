/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

enum { DAY_MS = 86400000, CLOCK_SPEED_MAX = 1000000, NS_MS = 1000000, NS_SECOND = 1000000000 };

static const int64_t first_ms = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t last_ms = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

/* What clock_now makes of the real time: base_ms + (real - origin_ns) * speed. */
static int64_t base_ms, origin_ns, speed = 1;

/* What clock_steady makes of the monotonic time: the same, from here on. */
static int64_t steady_ms, steady_ns;

static int64_t read_ns(clockid_t which)
{
	struct timespec t = { 0 };

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * NS_SECOND + t.tv_nsec;
}

/* "x60", all of ${s}. */
static int read_speed(struct str s)
{
	uint64_t v;

	if (s.n < 2 || s.p[0] != 'x' || str_u64(str_sub(s, 1, s.n), &v) < 0 || v > CLOCK_SPEED_MAX)
		return -1;
	speed = (int64_t)v;
	return 0;
}

/*
 * "2026-01-14T09:00:00Z", "@2026-01-14T09:00:00Z" or "+1h", all of ${s}; the first stands still unless a speed is given.
 */
static int read_base(struct str s, bool sped)
{
	int64_t v;

	if (s.n > 0 && s.p[0] == '@') {
		if (!sped || clock_parse(str_sub(s, 1, s.n), &v) < 0)
			return -1;
		base_ms = v;
		if (__builtin_mul_overflow(v, NS_MS, &origin_ns))
			return -1;
		return 0;
	}
	if (clock_parse(s, &v) == 0) {
		base_ms = v;
		speed = sped ? speed : 0;
		return 0;
	}
	if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-') || clock_span(str_sub(s, 1, s.n), &v) < 0)
		return -1;
	base_ms += s.p[0] == '-' ? -v : v;
	return 0;
}

static void steady_from_now(void)
{
	steady_ms = clock_now();
	steady_ns = read_ns(CLOCK_MONOTONIC);
}

int clock_init(struct err *e)
{
	struct str text = str_c(getenv("OMNI_CLOCK")), last = text, first = STR_NONE;
	bool sped;

	base_ms = origin_ns = 0;
	speed = 1;
	if (text.n == 0) {
		steady_from_now();
		return 0;
	}
	origin_ns = read_ns(CLOCK_REALTIME);
	base_ms = origin_ns / NS_MS;
	for (size_t i = text.n; i > 0 && first.n == 0; i--)
		if (text.p[i - 1] == ' ') {
			first = str_sub(text, 0, i - 1);
			last = str_sub(text, i, text.n);
		}
	sped = read_speed(last) == 0;
	if (!sped) /* a time may have a space in its middle */
		first = text;
	if ((!sped || first.n > 0) && read_base(first, sped) < 0)
		return err_set(e, FAULT_CONFIG, "clock-malformed",
			       "OMNI_CLOCK is not a time; write it as 2026-01-14T09:00:00.000Z, +1h, x60 or both, as in \"-1h x60\"");
	steady_from_now();
	return 0;
}

/* Nanoseconds that the clock has gone since its origin; 128 bits, as speed makes centuries of hours. */
static __int128 gone(void)
{
	return (__int128)(read_ns(CLOCK_REALTIME) - origin_ns) * speed;
}

int64_t clock_now_ns(void)
{
	__int128 ns = (__int128)base_ms * NS_MS + gone();

	return ns >= INT64_MAX ? INT64_MAX : ns > INT64_MIN ? (int64_t)ns : INT64_MIN;
}

int64_t clock_now(void)
{
	return base_ms + (int64_t)(gone() / NS_MS);
}

int64_t clock_steady(void)
{
	return steady_ms + (int64_t)((__int128)(read_ns(CLOCK_MONOTONIC) - steady_ns) * speed / NS_MS);
}

int64_t clock_real_ns(int64_t ns)
{
	if (speed == 0)
		return -1;
	return ns > speed ? ns / speed : 1;
}

int64_t clock_mono(void)
{
	return read_ns(CLOCK_MONOTONIC) / NS_MS;
}

int64_t clock_mono_us(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000;
}

/*
 * Days and dates of the Gregorian calendar.  Years are counted from March, so that the leap day is
 * the last of its year, and in eras of 400 years, which all have 146097 days.
 */
static int64_t days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int of_era = y - era * 400;
	int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int d = (int)(z - era * 146097);
	int of_era = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int of_year = d - (365 * of_era + of_era / 4 - of_era / 100);
	int m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int)(of_era + era * 400) + (*month <= 2);
}

static char *put(char *p, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + digits;
}

void clock_format(char out[CLOCK_TEXT + 1], int64_t ms)
{
	int year, month, day, rest;
	int64_t days;
	char *p = out;

	ms = ms < first_ms ? first_ms : ms > last_ms ? last_ms : ms;
	days = (ms - (ms < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
	rest = (int)(ms - days * DAY_MS);
	date_of(days, &year, &month, &day);
	p = put(p, year, 4);
	*p++ = '-';
	p = put(p, month, 2);
	*p++ = '-';
	p = put(p, day, 2);
	*p++ = 'T';
	p = put(p, rest / 3600000, 2);
	*p++ = ':';
	p = put(p, rest / 60000 % 60, 2);
	*p++ = ':';
	p = put(p, rest / 1000 % 60, 2);
	*p++ = '.';
	p = put(p, rest % 1000, 3);
	*p++ = 'Z';
	*p = '\0';
}

/* The ${n} digits at ${p} as a number from ${min} to ${max}, else -1. */
static int number(const char *p, int n, int min, int max)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v >= min && v <= max ? v : -1;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* ".123456" at the start of ${s} in milliseconds, -1 if the dot stands alone; ${used} bytes. */
static int fraction(struct str s, size_t *used)
{
	int ms = 0, unit = 100;
	size_t i = 1;

	*used = 0;
	if (s.n == 0 || s.p[0] != '.')
		return 0;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, unit /= 10)
		ms += (s.p[i] - '0') * unit;
	*used = i;
	return i > 1 ? ms : -1;
}

/* "Z" or "+02:00", all of ${s}, in minutes. */
static int offset(struct str s, int *minutes)
{
	int h, m;

	*minutes = 0;
	if (s.n == 1)
		return s.p[0] == 'Z' || s.p[0] == 'z' ? 0 : -1;
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return -1;
	h = number(s.p + 1, 2, 0, 23);
	m = number(s.p + 4, 2, 0, 59);
	if (h < 0 || m < 0)
		return -1;
	*minutes = (s.p[0] == '-' ? -1 : 1) * (h * 60 + m);
	return 0;
}

/* A leap second falls only before midnight UTC at the end of a month; ${ms} is the second after. */
static bool leap_second_at(int64_t ms)
{
	int64_t seconds = (ms - (ms < 0 ? 999 : 0)) / 1000;
	int year, month, day;

	if (seconds % 86400 != 0)
		return false;
	date_of(seconds / 86400, &year, &month, &day);
	return day == 1;
}

int clock_parse(struct str s, int64_t *ms)
{
	int year, month, day, h, m, sec, frac, minutes;
	size_t used;
	int64_t t;

	if (s.n < 20 || s.p[4] != '-' || s.p[7] != '-' || s.p[13] != ':' || s.p[16] != ':' ||
	    (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' '))
		return -1;
	year = number(s.p, 4, 0, 9999);
	month = number(s.p + 5, 2, 1, 12);
	day = year < 0 || month < 0 ? -1 : number(s.p + 8, 2, 1, month_days(year, month));
	h = number(s.p + 11, 2, 0, 23);
	m = number(s.p + 14, 2, 0, 59);
	sec = number(s.p + 17, 2, 0, 60);
	frac = fraction(str_sub(s, 19, s.n), &used);
	if (day < 0 || h < 0 || m < 0 || sec < 0 || frac < 0 ||
	    offset(str_sub(s, 19 + used, s.n), &minutes) < 0)
		return -1;
	t = days_of(year, month, day) * DAY_MS +
	    ((h * 60 + m - minutes) * 60 + sec) * INT64_C(1000) + frac;
	if (sec == 60 && !leap_second_at(t))
		return -1;
	*ms = t;
	return 0;
}

/* The unit that ${s} begins with, in milliseconds, and its length. */
static int64_t span_unit(struct str s, size_t *len)
{
	static const struct {
		struct str name;
		int64_t ms;
	} units[] = {
		{ { "ms", 2 }, 1 },     { { "s", 1 }, 1000 },
		{ { "m", 1 }, 60000 },  { { "h", 1 }, 3600000 },
		{ { "d", 1 }, DAY_MS }, { { "w", 1 }, INT64_C(7) * DAY_MS },
	};

	for (size_t i = 0; i < LEN(units); i++)
		if (str_prefix(s, units[i].name)) {
			*len = units[i].name.n;
			return units[i].ms;
		}
	return 0;
}

int clock_span(struct str s, int64_t *ms)
{
	int64_t sum = 0, last = INT64_MAX, v;

	if (str_eq(s, STR("0"))) {
		*ms = 0;
		return 0;
	}
	if (s.n == 0)
		return -1;
	while (s.n > 0) {
		size_t digits = 0, len = 0;
		int64_t unit;
		uint64_t n;

		while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
			digits++;
		unit = span_unit(str_sub(s, digits, s.n), &len);
		if (unit == 0 || unit >= last || str_u64(str_sub(s, 0, digits), &n) < 0 ||
		    n > (uint64_t)CLOCK_SPAN_MAX)
			return -1;
		if (__builtin_mul_overflow((int64_t)n, unit, &v) || v > CLOCK_SPAN_MAX - sum)
			return -1;
		sum += v;
		last = unit;
		s = str_sub(s, digits + len, s.n);
	}
	*ms = sum;
	return 0;
}

struct str clock_text(struct arena *a, int64_t ms)
{
	char *text = arena_alloc(a, CLOCK_TEXT + 1);

	clock_format(text, ms);
	return (struct str){ text, CLOCK_TEXT };
}

struct str clock_utc(struct arena *a, struct str s)
{
	int64_t ms;

	return clock_parse(s, &ms) < 0 ? STR_NONE : clock_text(a, ms);
}
