/* SPDX-License-Identifier: MIT */
/* Dates, times and durations of RFC 3339. */
#include "format.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number that the two digits at ${p} are; -1 if they are none. */
static int two(const char *p)
{
	return digit(p[0]) && digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0') : -1;
}

bool format_date(struct str s)
{
	static const char days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int century, year, month, day;
	bool leap;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	century = two(s.p);
	year = two(s.p + 2);
	month = two(s.p + 5);
	day = two(s.p + 8);
	if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1)
		return false;
	leap = year % 4 == 0 && (year != 0 || century % 4 == 0);
	return day <= days[month] + (month == 2 && leap);
}

/* "Z", or what is ahead of UTC, in minutes. */
static bool offset(struct str s, int *minutes)
{
	int h, m;

	*minutes = 0;
	if (s.n == 1)
		return s.p[0] == 'Z' || s.p[0] == 'z';
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return false;
	h = two(s.p + 1);
	m = two(s.p + 4);
	*minutes = (s.p[0] == '-' ? -1 : 1) * (h * 60 + m);
	return h >= 0 && h <= 23 && m >= 0 && m <= 59;
}

bool format_time(struct str s)
{
	int h, m, sec, ahead, utc;
	size_t i = 8;

	if (s.n < 9 || s.p[2] != ':' || s.p[5] != ':')
		return false;
	h = two(s.p);
	m = two(s.p + 3);
	sec = two(s.p + 6);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60)
		return false;
	if (s.p[i] == '.') {
		for (i++; i < s.n && digit(s.p[i]);)
			i++;
		if (i == 9)
			return false;
	}
	if (!offset(str_sub(s, i, s.n), &ahead))
		return false;
	utc = (h * 60 + m - ahead + 2 * 1440) % 1440;
	return sec < 60 || utc == 1439; /* leap seconds come at the end of the day */
}

bool format_date_time(struct str s)
{
	return s.n > 11 && (s.p[10] == 'T' || s.p[10] == 't') && format_date(str_sub(s, 0, 10)) &&
	       format_time(str_sub(s, 11, s.n));
}

/*
 * Numbers with the units of ${order}, in that order and without a gap.  Return how many bytes, or
 * s.n + 1 where it is none.
 */
static size_t units(struct str s, const char *order)
{
	const char *next = order, *unit;
	size_t i = 0, from;

	while (i < s.n && digit(s.p[i])) {
		for (from = i; i < s.n && digit(s.p[i]);)
			i++;
		unit = i < s.n && s.p[i] ? strchr(next, s.p[i]) : NULL;
		if (!unit || (from > 0 && unit != next))
			return s.n + 1;
		next = unit + 1;
		i++;
	}
	return i;
}

bool format_duration(struct str s)
{
	size_t n;

	if (s.n < 3 || s.p[0] != 'P')
		return false;
	s = str_sub(s, 1, s.n);
	if (s.p[s.n - 1] == 'W')
		return str_digits(str_sub(s, 0, s.n - 1));
	n = units(s, "YMD");
	if (n >= s.n)
		return n == s.n;
	if (s.p[n] != 'T' || n + 1 == s.n)
		return false;
	s = str_sub(s, n + 1, s.n);
	return units(s, "HMS") == s.n;
}
