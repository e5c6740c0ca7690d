/* SPDX-License-Identifier: MIT */
#include "number.h"

enum { SMALL_DIGITS = 18 }; /* always fit an int64_t */

static const int64_t exponent_max = 1000000000000000;

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The exponent behind "e". */
static int64_t read_exponent(const char *p, const char *end)
{
	bool minus = p < end && *p == '-';
	int64_t v = 0;

	for (p += p < end && (*p == '-' || *p == '+'); p < end && digit(*p); p++)
		if (v < exponent_max)
			v = v * 10 + (*p - '0');
	if (v > exponent_max)
		v = exponent_max;
	return minus ? -v : v;
}

static bool read_small(struct str text, struct number *n)
{
	size_t i = text.n > 0 && text.p[0] == '-';
	int64_t v = 0;

	if (text.n - i > SMALL_DIGITS)
		return false;
	for (; i < text.n; i++) {
		if (!digit(text.p[i]))
			return false;
		v = v * 10 + (text.p[i] - '0');
	}
	n->small = true;
	n->value = text.p[0] == '-' ? -v : v;
	return true;
}

struct number number_read(struct str text)
{
	struct number n = { 0 };
	const char *p = text.p, *end = text.p + text.n, *mark;
	int64_t before = 0, zeros = 0; /* digits before the point; those of them, or behind it, that begin */
	size_t trailing = 0;
	bool point = false;

	if (text.n == 0)
		return n;
	read_small(text, &n);
	n.sign = *p == '-' ? -1 : 1;
	p += *p == '-';
	mark = p;
	for (; p < end && (digit(*p) || *p == '.'); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		before += !point;
		if (n.digits == 0 && *p == '0') {
			zeros++;
			continue;
		}
		if (n.digits++ == 0)
			mark = p;
		trailing = *p == '0' ? trailing + 1 : 0;
	}
	n.digits -= trailing;
	if (n.digits == 0)
		return (struct number){ .small = true, .p = mark };
	n.p = mark;
	n.exponent = before - zeros;
	if (p < end && (*p == 'e' || *p == 'E'))
		n.exponent += read_exponent(p + 1, end);
	return n;
}

bool number_whole(const struct number *n)
{
	return n->small || n->exponent >= (int64_t)n->digits;
}

/* The next digit that counts at ${p}, which is moved behind it. */
static int next_digit(const char **p)
{
	if (**p == '.')
		++*p;
	return *(*p)++ - '0';
}

static int compare_sizes(const struct number *x, const struct number *y)
{
	const char *p = x->p, *q = y->p;
	size_t n = x->digits < y->digits ? x->digits : y->digits;
	int d;

	if (x->exponent != y->exponent)
		return x->exponent < y->exponent ? -1 : 1;
	for (; n > 0; n--)
		if ((d = next_digit(&p) - next_digit(&q)) != 0)
			return d;
	return x->digits == y->digits ? 0 : x->digits < y->digits ? -1 : 1;
}

int number_cmp(const struct number *x, const struct number *y)
{
	if (x->small && y->small)
		return x->value < y->value ? -1 : x->value > y->value;
	if (x->sign != y->sign)
		return x->sign < y->sign ? -1 : 1;
	return x->sign == 0 ? 0 : x->sign * compare_sizes(x, y);
}

bool number_unit(const struct number *n)
{
	return n->sign > 0 && n->digits <= 19;
}

static uint64_t times(uint64_t a, uint64_t b, uint64_t m)
{
	return (uint64_t)((unsigned __int128)a * b % m);
}

static uint64_t power_of_ten(uint64_t k, uint64_t m)
{
	uint64_t r = 1 % m, ten = 10 % m;

	for (; k > 0; k >>= 1) {
		if (k & 1)
			r = times(r, ten, m);
		ten = times(ten, ten, m);
	}
	return r;
}

/*
 * Both are digits as a whole number times a power of ten.  Those of the number do not end with a
 * zero, so that a unit with the larger power never divides it.
 */
bool number_multiple(const struct number *n, const struct number *unit)
{
	int64_t shift = (n->exponent - (int64_t)n->digits) - (unit->exponent - (int64_t)unit->digits);
	uint64_t m = 0, rest = 0;
	const char *p = unit->p;

	if (n->sign == 0)
		return true;
	if (n->small && unit->small)
		return n->value % unit->value == 0;
	if (shift < 0)
		return false;
	for (size_t i = 0; i < unit->digits; i++)
		m = m * 10 + (uint64_t)next_digit(&p);
	p = n->p;
	for (size_t i = 0; i < n->digits; i++)
		rest = (uint64_t)(((unsigned __int128)rest * 10 + (unsigned __int128)next_digit(&p)) % m);
	return times(rest, power_of_ten((uint64_t)shift, m), m) == 0;
}

void number_put(struct buf *b, const struct number *n)
{
	const char *p = n->p;

	buf_char(b, n->sign < 0 ? '-' : '+');
	buf_i64(b, n->exponent);
	buf_char(b, ':');
	for (size_t i = 0; i < n->digits; i++)
		buf_char(b, (char)('0' + next_digit(&p)));
	buf_char(b, ';');
}
