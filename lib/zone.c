/* SPDX-License-Identifier: MIT */
#include "zone.h"

#include <stdlib.h>
#include <time.h>

#include "file.h"
#include "limit.h"

enum { HEAD = 44, DAY = 86400, HOUR = 3600, YEAR_DAYS = 365 };

/* When clocks change each year, as POSIX's TZ says it. */
struct change {
	enum { NEVER, JULIAN, ZERO_BASED, WEEKDAY } how;
	int64_t day; /* JULIAN from 1, without February 29; ZERO_BASED from 0; WEEKDAY from Sunday, 0 */
	int64_t month, week;
	int64_t time; /* seconds after midnight; may be negative */
};

/* What holds after the last transition. */
struct rule {
	bool there;
	int64_t winter, summer;   /* offsets */
	struct change begin, end; /* of summer time; NEVER: there is none */
};

struct zone {
	size_t n;
	const int64_t *at;     /* transitions, seconds since 1970 */
	const int32_t *offset; /* after each of them */
	int32_t first;         /* before them */
	struct rule rule;
	int64_t from, to; /* the hour for which `known` holds */
	int64_t known;
};

/* ---- the rule ---- */

static char peek(const struct str *s)
{
	return s->n ? s->p[0] : '\0';
}

static bool take(struct str *s, char c)
{
	if (peek(s) != c || s->n == 0)
		return false;
	*s = str_sub(*s, 1, s->n);
	return true;
}

static int number(struct str *s, int64_t most, int64_t *out)
{
	size_t n = 0;

	for (*out = 0; n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && *out <= most; n++)
		*out = *out * 10 + s->p[n] - '0';
	*s = str_sub(*s, n, s->n);
	return n == 0 || *out > most ? -1 : 0;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static int span(struct str *s, int64_t *out)
{
	int64_t sign = take(s, '-') ? -1 : 1, h, m = 0, sec = 0;

	if (sign > 0)
		take(s, '+');
	if (number(s, 167, &h) < 0 || (take(s, ':') && number(s, 59, &m) < 0) ||
	    (take(s, ':') && number(s, 59, &sec) < 0))
		return -1;
	*out = sign * (h * HOUR + m * 60 + sec);
	return 0;
}

/* A name: letters, or anything between < and >. */
static int name(struct str *s)
{
	bool quoted = take(s, '<');
	size_t n = 0;

	while (n < s->n && (quoted ? s->p[n] != '>' : (s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z'))
		n++;
	*s = str_sub(*s, n, s->n);
	return n == 0 || (quoted && !take(s, '>')) ? -1 : 0;
}

static int change(struct str *s, struct change *c)
{
	c->time = 2 * (int64_t)HOUR;
	if (take(s, 'M')) {
		c->how = WEEKDAY;
		if (number(s, 12, &c->month) < 0 || !take(s, '.') || number(s, 5, &c->week) < 0 ||
		    !take(s, '.') || number(s, 6, &c->day) < 0 || c->month < 1 || c->week < 1)
			return -1;
	} else if (take(s, 'J')) {
		c->how = JULIAN;
		if (number(s, YEAR_DAYS, &c->day) < 0 || c->day < 1)
			return -1;
	} else {
		c->how = ZERO_BASED;
		if (number(s, YEAR_DAYS, &c->day) < 0)
			return -1;
	}
	return take(s, '/') ? span(s, &c->time) : 0;
}

static int read_rule(struct str s, struct rule *r)
{
	if (name(&s) < 0 || span(&s, &r->winter) < 0)
		return -1;
	r->winter = -r->winter; /* POSIX counts to the west */
	r->there = true;
	if (s.n == 0)
		return 0;
	if (name(&s) < 0)
		return -1;
	r->summer = r->winter + HOUR;
	if (peek(&s) != ',') {
		if (span(&s, &r->summer) < 0)
			return -1;
		r->summer = -r->summer;
	}
	return take(&s, ',') && change(&s, &r->begin) == 0 && take(&s, ',') &&
			       change(&s, &r->end) == 0 && s.n == 0 ?
		       0 :
		       -1;
}

/* Seconds from 1970 to the beginning of a day, as if clocks showed UTC. */
static int64_t midnight(int64_t year, int64_t month, int64_t day)
{
	struct tm tm = { .tm_year = (int)(year - 1900), .tm_mon = (int)month - 1, .tm_mday = (int)day };

	return timegm(&tm);
}

static bool leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* When ${c} is in ${year}, by the clock as it was before. */
static int64_t change_in(const struct change *c, int64_t year)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t first, day;

	if (c->how == ZERO_BASED)
		return midnight(year, 1, 1) + c->day * DAY + c->time;
	if (c->how == JULIAN) {
		day = c->day - 1 + (leap(year) && c->day >= 60);
		return midnight(year, 1, 1) + day * DAY + c->time;
	}
	first = midnight(year, c->month, 1);
	day = 1 + (c->day - (first / DAY + 4) % 7 + 7) % 7 + (c->week - 1) * 7; /* 1970 began on a Thursday */
	while (day > days[c->month - 1] + (c->month == 2 && leap(year)))
		day -= 7;
	return first + (day - 1) * DAY + c->time;
}

static int64_t by_rule(const struct rule *r, int64_t t)
{
	time_t local = (time_t)(t + r->winter);
	struct tm tm;
	int64_t begin, end;
	bool summer;

	if (r->begin.how == NEVER || !gmtime_r(&local, &tm))
		return r->winter;
	begin = change_in(&r->begin, tm.tm_year + 1900) - r->winter;
	end = change_in(&r->end, tm.tm_year + 1900) - r->summer;
	summer = begin < end ? t >= begin && t < end : !(t >= end && t < begin);
	return summer ? r->summer : r->winter;
}

/* ---- the file ---- */

struct counts {
	uint32_t isut, isstd, leaps, times, types, chars;
};

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t be64(const char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* Take the head off ${s}. */
static int head(struct str *s, struct counts *c)
{
	if (s->n < HEAD || memcmp(s->p, "TZif", 4) != 0)
		return -1;
	*c = (struct counts){ be32(s->p + 20), be32(s->p + 24), be32(s->p + 28),
			      be32(s->p + 32), be32(s->p + 36), be32(s->p + 40) };
	*s = str_sub(*s, HEAD, s->n);
	return c->types == 0 || c->types > 256 ? -1 : 0;
}

static uint64_t body(const struct counts *c, uint64_t width)
{
	return c->times * (width + 1) + c->types * UINT64_C(6) + c->chars + c->leaps * (width + 4) +
	       c->isstd + c->isut;
}

static int transitions(struct zone *z, struct str s, const struct counts *c, struct arena *a)
{
	const char *which = s.p + c->times * (size_t)8, *types = which + c->times;
	int64_t *at = arena_alloc(a, (c->times + 1) * sizeof(*at));
	int32_t *offset = arena_alloc(a, (c->times + 1) * sizeof(*offset));

	z->first = (int32_t)be32(types);
	for (z->n = 0; z->n < c->times; z->n++) {
		unsigned char type = (unsigned char)which[z->n];

		at[z->n] = be64(s.p + z->n * 8);
		if (type >= c->types || (z->n > 0 && at[z->n] <= at[z->n - 1]))
			return -1;
		offset[z->n] = (int32_t)be32(types + type * (size_t)6);
		if (offset[z->n] < -2 * DAY || offset[z->n] > 2 * DAY)
			return -1;
	}
	z->at = at;
	z->offset = offset;
	return z->first < -2 * DAY || z->first > 2 * DAY ? -1 : 0;
}

/* The second half of a file has times of 64 bits, and the rule behind them. */
static int read_file(struct zone *z, struct str s, struct arena *a)
{
	struct counts c;
	uint64_t n;

	if (s.n < HEAD || s.p[4] < '2' || head(&s, &c) < 0 || body(&c, 4) > s.n)
		return -1;
	s = str_sub(s, (size_t)body(&c, 4), s.n);
	if (head(&s, &c) < 0)
		return -1;
	n = body(&c, 8);
	if (n > s.n || transitions(z, s, &c, a) < 0)
		return -1;
	s = str_sub(s, (size_t)n, s.n);
	if (!take(&s, '\n'))
		return -1;
	s = str_sub(s, 0, str_find(s, '\n'));
	return s.n == 0 ? 0 : read_rule(s, &z->rule);
}

struct zone *zone_read(struct str tzif, struct str called, struct arena *a, struct err *e)
{
	struct zone *z = arena_calloc(a, 1, sizeof(*z));

	if (read_file(z, tzif, a) == 0)
		return z;
	err_set(e, FAULT_CONFIG, "config",
		"the time zone \"%.*s\" can not be read: its file is no TZif of version 2",
		STR_FMT(called));
	return NULL;
}

struct zone *zone_open(struct str called, struct arena *a, struct err *e)
{
	const char *dir = secure_getenv("TZDIR");
	struct str path, text;
	struct err why;

	if (called.n == 0 || called.p[0] == '/' || str_search(called, STR("..")) < called.n) {
		err_set(e, FAULT_CONFIG, "config", "\"%.*s\" is no time zone", STR_FMT(called));
		return NULL;
	}
	path = arena_fmt(a, "%s/%.*s", dir && *dir ? dir : "/usr/share/zoneinfo", STR_FMT(called));
	if (file_read(path.p, ZONE_MAX_BYTES, a, &text, NULL, &why) == 0)
		return zone_read(text, called, a, e);
	err_set(e, FAULT_CONFIG, "config", "%s", why.text);
	err_hint(e, "install tzdata");
	return NULL;
}

/* ---- asking ---- */

static int64_t look_up(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->n;

	while (low < high) { /* the first transition behind t */
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= t)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->n && z->rule.there)
		return by_rule(&z->rule, t);
	return low == 0 ? z->first : z->offset[low - 1];
}

int64_t zone_offset(struct zone *z, int64_t ms)
{
	int64_t t = ms / 1000 - (ms % 1000 < 0);

	/* Clocks change at whole quarters of an hour. */
	if (t < z->from || t >= z->to) {
		z->from = t - (t % 900 + 900) % 900;
		z->to = z->from + 900;
		z->known = look_up(z, z->from);
	}
	return z->known;
}
