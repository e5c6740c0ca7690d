/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <math.h>
#include <stdlib.h>

/*
 * What a reader that was slow may be sent at once when it is quick again: more, and a rate would be
 * none; nothing, and each hiccup would lower it.
 */
enum { CATCH_UP_MS = 1000 };

static const double rate_max = 1e7;

/* A decimal number at the start of ${text}, without sign and exponent; the rest of it is left. */
static int number(struct str *text, double *out)
{
	char digits[24];
	size_t n = 0;

	while (n < text->n && n < sizeof(digits) - 1 &&
	       ((text->p[n] >= '0' && text->p[n] <= '9') || text->p[n] == '.'))
		n++;
	if (n == 0 || n == sizeof(digits) - 1 || text->p[0] == '.' || text->p[n - 1] == '.')
		return -1;
	memcpy(digits, text->p, n);
	digits[n] = '\0';
	if (strchr(digits, '.') != strrchr(digits, '.'))
		return -1;
	*out = strtod(digits, NULL);
	*text = str_sub(*text, n, text->n);
	return 0;
}

int tempo_rate(struct str text, double *per_second)
{
	static const struct {
		struct str unit;
		double seconds;
	} units[] = { { { "", 0 }, 1 }, { { "/s", 2 }, 1 }, { { "/m", 2 }, 60 }, { { "/h", 2 }, 3600 } };
	double v;

	if (number(&text, &v) < 0)
		return -1;
	for (size_t i = 0; i < LEN(units); i++)
		if (str_eq(text, units[i].unit)) {
			*per_second = v / units[i].seconds;
			return *per_second > 0 && *per_second <= rate_max ? 0 : -1;
		}
	return -1;
}

int tempo_speed(struct str text, double *speed)
{
	if (str_eq(text, STR("max"))) {
		*speed = 0;
		return 0;
	}
	if (number(&text, speed) < 0 || !str_eq(text, STR("x")))
		return -1;
	return *speed > 0 && *speed <= rate_max ? 0 : -1;
}

int tempo_read(struct tempo *p, const struct args *a, struct err *e)
{
	const char *rate = opt_value(a, "rate"), *speed = opt_value(a, "speed");

	*p = (struct tempo){ 0 };
	if (rate && speed)
		return err_set(e, FAULT_USAGE, "usage", "--rate and --speed can not both be");
	if (rate && tempo_rate(str_c(rate), &p->rate) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--rate takes a number of records (200/s, 90/m, 1000/h), not \"%.40s\"",
			       rate);
	if (speed && tempo_speed(str_c(speed), &p->speed) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--speed takes a factor (1x, 10x, 0.5x) or max, not \"%.40s\"", speed);
	return 0;
}

int tempo_due(struct tempo *p, int64_t now, int64_t at)
{
	double due;

	if (!tempo_is(p))
		return 0;
	if (!p->begun) {
		p->begun = true;
		p->start = now;
		p->first = at;
		p->n = 0;
	}
	if (p->rate > 0)
		due = (double)p->n * 1000 / p->rate;
	else
		due = ((double)at - (double)p->first) / p->speed;
	due -= (double)(now - p->start);
	if (due > 0)
		return due < 1e9 ? (int)ceil(due) : 1000000000;
	if (p->rate > 0 && due < -CATCH_UP_MS)
		p->start += (int64_t)(-due) - CATCH_UP_MS;
	p->n++;
	return 0;
}
