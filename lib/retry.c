/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include "clock.h"

/* The words of ${s}, cut at anything that is no letter, digit or colon. */
static size_t words(struct str s, struct str *out, size_t max)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : ' ';
		bool inside = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			      (c >= 'A' && c <= 'Z') || c == ':';

		if (inside)
			continue;
		if (i > from && n < max)
			out[n++] = str_sub(s, from, i - from);
		from = i + 1;
	}
	return n;
}

static int month(struct str s)
{
	static const struct str names[] = { STR("Jan"), STR("Feb"), STR("Mar"), STR("Apr"),
					    STR("May"), STR("Jun"), STR("Jul"), STR("Aug"),
					    STR("Sep"), STR("Oct"), STR("Nov"), STR("Dec") };

	for (size_t i = 0; i < LEN(names); i++)
		if (str_eq(s, names[i]))
			return (int)i + 1;
	return 0;
}

/*
 * "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994": the same words,
 * but that the last form has its year behind.
 */
static int64_t date(struct str s)
{
	struct str w[7], text = STR_NONE;
	struct buf b = { .max = 64 };
	uint64_t day, year;
	size_t n = words(s, w, LEN(w));
	bool old = n == 5 && month(w[1]) > 0;
	int64_t ms;

	if ((!old && n != 6) || str_u64(w[old ? 2 : 1], &day) < 0 ||
	    str_u64(w[old ? 4 : 3], &year) < 0 || day > 31 || year > 9999)
		return -1;
	if (year < 100) /* the nearer century; such servers are older than this one */
		year += 2000;
	buf_fmt(&b, "%04u-%02d-%02uT", (unsigned)year, month(w[old ? 1 : 2]), (unsigned)day);
	buf_str(&b, w[old ? 3 : 4]);
	buf_char(&b, 'Z');
	text = buf_get(&b);
	if (b.over || clock_parse(text, &ms) < 0)
		ms = -1;
	buf_free(&b);
	return ms;
}

int64_t retry_after(struct str value, int64_t now)
{
	int64_t at;
	uint64_t seconds;

	value = str_trim(value);
	if (str_digits(value))
		at = str_u64(value, &seconds) < 0 || seconds > RETRY_AFTER_MAX_MS / 1000 ?
			     now + RETRY_AFTER_MAX_MS :
			     now + (int64_t)seconds * 1000;
	else
		at = date(value);
	if (at < 0)
		return -1;
	if (at < now)
		return now;
	return at - now > RETRY_AFTER_MAX_MS ? now + RETRY_AFTER_MAX_MS : at;
}
