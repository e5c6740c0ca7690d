/* SPDX-License-Identifier: MIT */
#include "phone.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool phone_e164(struct str s)
{
	if (s.n < 3 || s.n > 16 || s.p[0] != '+' || s.p[1] == '0')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

/* Copy the digits of ${s} to ${to}.  Return how many, or 0 if it is not written as a number. */
static size_t digits_of(struct str s, char to[15])
{
	bool plus = false;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_digit(c)) {
			if (n == 15)
				return 0;
			to[n++] = c;
		} else if (c == '+') {
			if (plus || n > 0)
				return 0;
			plus = true;
		} else if (c == '-' || c == '.') {
			if (n == 0)
				return 0;
		} else if (c != ' ' && c != '(' && c != ')') {
			return 0;
		}
	}
	return n;
}

struct str phone_plus(struct arena *a, struct str s)
{
	char digits[15], *p;
	size_t n;

	if (phone_e164(s))
		return s;
	n = digits_of(s, digits);
	/* No country code begins with 0: such a number is a national one, and stays as it is. */
	if (n < 7 || digits[0] == '0')
		return s;
	p = arena_alloc(a, n + 1);
	p[0] = '+';
	memcpy(p + 1, digits, n);
	return (struct str){ p, n + 1 };
}
