/* SPDX-License-Identifier: MIT */
#include "route_quiet.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "region.h"
#include "strmap.h"
#include "zone.h"

enum { DAY = 1440, MINUTE_MS = 60000, STEPS = 64 };

struct hours {
	struct str name;
	const struct json *countries; /* NULL: all */
	unsigned categories, days;    /* bits; day 0 is Monday */
	int from, to;                 /* minutes of the day */
	bool drop;
};

struct quiet {
	struct arena *arena;
	const struct conf *conf;
	struct hours *list;
	size_t n;
	struct strmap zones; /* by name */
};

static int bad(const struct quiet *q, size_t i, const char *what, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "%s: /quiet_hours/%zu: %s", q->conf->path, i, what);
}

/* "21:30" in minutes, or -1. */
static int time_of_day(struct str s)
{
	uint64_t h, m;

	if (s.n != 5 || s.p[2] != ':' || str_u64(str_sub(s, 0, 2), &h) < 0 ||
	    str_u64(str_sub(s, 3, 2), &m) < 0 || h > 23 || m > 59)
		return -1;
	return (int)(h * 60 + m);
}

static int day_bits(const struct json *list)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	int bits = 0;

	for (struct json_iter it = json_iter(list); json_next(&it);) {
		size_t d = 0;

		while (d < LEN(days) && !str_eq(json_str(it.value), str_c(days[d])))
			d++;
		if (d == LEN(days))
			return -1;
		bits |= 1 << d;
	}
	return bits;
}

/* The first of ${list} in which no number is at home, or {NULL, 0}. */
static struct str nowhere(const struct json *list)
{
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		const struct region *r;
		size_t i = 0;

		while ((r = region_at(i)) != NULL && !str_eq(json_str(it.value), str_c(r->country)))
			i++;
		if (!r)
			return json_str(it.value);
	}
	return STR_NONE;
}

static int hours_check(const struct quiet *q, const struct hours *h, struct err *e)
{
	struct str none = nowhere(h->countries);

	if (none.n) {
		(void)bad(q, q->n, "\"countries\" has one that is none", e);
		err_hint(e, "no number is at home in \"%.*s\"; they are called as in ISO 3166-1, such as GB",
			 STR_FMT(none));
		return -1;
	}
	if (h->from == h->to && h->days == 0x7f && !h->drop)
		return bad(q, q->n,
			   "they never end, as \"from\" is \"to\" on all days; \"then\": \"drop\" would refuse",
			   e);
	return 0;
}

static int hours_read(struct quiet *q, const struct json *v, struct err *e)
{
	struct hours *h = &q->list[q->n];
	const struct json *categories = json_get(v, "categories"), *days = json_get(v, "days");
	int bits = categories ? category_bits(categories) :
				1 << CATEGORY_MARKETING | 1 << CATEGORY_SERVICE;
	int on = days ? day_bits(days) : 0x7f;
	struct str then = json_get_str(v, "then");

	h->name = json_get_str(v, "name");
	h->countries = json_get(v, "countries");
	h->from = time_of_day(json_get_str(v, "from"));
	h->to = time_of_day(json_get_str(v, "to"));
	h->drop = str_eq(then, STR("drop"));
	if (!h->name.n)
		return bad(q, q->n, "they need a name", e);
	if (h->from < 0 || h->to < 0)
		return bad(q, q->n, "they need \"from\" and \"to\", such as \"21:00\"", e);
	if (bits <= 0)
		return bad(q, q->n, "\"categories\" takes transactional, marketing, otp and service", e);
	if (on <= 0)
		return bad(q, q->n, "\"days\" takes mon, tue, wed, thu, fri, sat and sun", e);
	h->categories = (unsigned)bits;
	h->days = (unsigned)on;
	if (hours_check(q, h, e) < 0)
		return -1;
	q->n++;
	return 0;
}

/* Zones are read at the start: whoever can not have them is told then. */
static int zones_read(struct quiet *q, struct err *e)
{
	const struct region *r;
	size_t i, n;

	for (i = 0; (r = region_at(i)) != NULL; i++)
		for (struct str s = str_c(r->zones); s.n > 0; s = str_sub(s, n + 1, s.n)) {
			struct str name = str_sub(s, 0, n = str_find(s, ' '));
			struct zone *z;

			if (strmap_get(&q->zones, name))
				continue;
			z = zone_open(name, q->arena, e);
			if (!z)
				return -1;
			strmap_put(&q->zones, name, z);
		}
	return 0;
}

struct quiet *quiet_new(const struct conf *conf, struct err *e)
{
	struct quiet *q = calloc(1, sizeof(*q));
	const struct json *list = json_get(conf->root, "quiet_hours");
	bool one = json_is(list, JSON_OBJECT);

	if (!q)
		diag_oom();
	q->arena = q->zones.arena = arena_new();
	q->conf = conf;
	q->list = arena_calloc(q->arena, json_len(list) + 1, sizeof(*q->list));
	if (one && hours_read(q, list, e) < 0)
		goto fail;
	for (struct json_iter it = json_iter(list); !one && json_next(&it);)
		if (hours_read(q, it.value, e) < 0)
			goto fail;
	if (q->n > 0 && zones_read(q, e) < 0)
		goto fail;
	return q;
fail:
	quiet_free(q);
	return NULL;
}

void quiet_free(struct quiet *q)
{
	if (!q)
		return;
	arena_free(q->arena);
	free(q);
}

/* ---- asking ---- */

static bool concerns(const struct hours *h, const struct region *r, enum category category)
{
	/* Whoever says nothing of a message means none that may come at night. */
	if (!(h->categories & 1u << (category == CATEGORY_NONE ? CATEGORY_SERVICE : category)))
		return false;
	for (struct json_iter it = json_iter(h->countries); json_next(&it);)
		if (str_eq(json_str(it.value), str_c(r->country)))
			return true;
	return !h->countries;
}

/* Minutes until ${h} are over by the clocks of ${z}; 0: they are not on. */
static int left(const struct hours *h, struct zone *z, int64_t now)
{
	int64_t local = now + zone_offset(z, now) * 1000;
	int64_t day = local / (DAY * MINUTE_MS) - (local % (DAY * (int64_t)MINUTE_MS) < 0);
	int minute = (int)((local - day * DAY * MINUTE_MS) / MINUTE_MS);
	unsigned today = (unsigned)(((day + 3) % 7 + 7) % 7); /* 1970 began on a Thursday */
	unsigned yesterday = (today + 6) % 7;
	bool over = h->to <= h->from; /* midnight */

	if (!over)
		return (h->days & 1u << today) && minute >= h->from && minute < h->to ? h->to - minute :
											0;
	if ((h->days & 1u << today) && minute >= h->from)
		return h->to + DAY - minute;
	return (h->days & 1u << yesterday) && minute < h->to ? h->to - minute : 0;
}

/* The instant at which the clocks of ${z} have gone on by ${minutes}: they may be set in between. */
static int64_t end_of(struct zone *z, int64_t now, int minutes)
{
	int64_t end = now - now % MINUTE_MS + (int64_t)minutes * MINUTE_MS;
	int64_t off = (zone_offset(z, now) - zone_offset(z, end)) * 1000;

	return end + off > now ? end + off : end;
}

/* The first of ${q} that is on in any zone of ${r}; ${end} is when it is over there. */
static const struct hours *on(struct quiet *q, const struct region *r, enum category category,
			      int64_t now, int64_t *end)
{
	size_t n;

	for (size_t i = 0; i < q->n; i++) {
		if (!concerns(&q->list[i], r, category))
			continue;
		for (struct str s = str_c(r->zones); s.n > 0; s = str_sub(s, n + 1, s.n)) {
			struct zone *z = strmap_get(&q->zones, str_sub(s, 0, n = str_find(s, ' ')));
			int minutes = left(&q->list[i], z, now);

			if (minutes > 0) {
				*end = end_of(z, now, minutes);
				return &q->list[i];
			}
		}
	}
	return NULL;
}

int quiet_check(struct quiet *q, struct str number, enum category category, int64_t now, struct err *e)
{
	const struct region *r = q->n ? region_of(number) : NULL;
	const struct hours *h, *first;
	int64_t end = now;
	char text[CLOCK_TEXT + 1];

	if (!r)
		return 0;
	first = h = on(q, r, category, now, &end);
	if (!h)
		return 0;
	if (first->drop)
		return err_set(e, FAULT_DENIED, "quiet-hours",
			       "the quiet hours \"%.*s\" are on where the number is at home (%s)",
			       STR_FMT(first->name), r->country);
	for (int i = 0; i < STEPS && h; i++)
		h = on(q, r, category, end, &end);
	clock_format(text, end);
	err_set(e, FAULT_TEMP, "quiet-hours",
		"the quiet hours \"%.*s\" are on where the number is at home (%s), until %s",
		STR_FMT(first->name), r->country, text);
	e->retry_ms = end;
	return -1;
}
