/* SPDX-License-Identifier: MIT */
#include "zone.h"

#include <stdlib.h>
#include <time.h>

#include "region.h"
#include "unit.h"

static struct zone *open_zone(struct str name)
{
	struct err e;
	struct zone *z = zone_open(name, arena, &e);

	CHECK(z != NULL);
	if (!z)
		printf("# %s\n", e.text);
	return z;
}

/* As libc says it, which knows one zone at a time. */
static void agree(struct str name)
{
	struct zone *z = open_zone(name);
	int bad = 0;

	setenv("TZ", arena_cstr(arena, name), 1);
	tzset();
	for (time_t t = 0; z && t < INT64_C(5000000000); t += 86400 * 3 + 4321) {
		struct tm tm;

		localtime_r(&t, &tm);
		bad += tm.tm_gmtoff != zone_offset(z, (int64_t)t * 1000);
	}
	CHECK(bad == 0);
	if (bad)
		printf("# %.*s: %d times\n", STR_FMT(name), bad);
}

static void every_zone_of_a_region_is_there_and_says_what_libc_says(void)
{
	const struct region *r;
	size_t zones = 0;

	for (size_t i = 0; (r = region_at(i)) != NULL; i++) {
		size_t n = 0;

		CHECK(strlen(r->country) == 2);
		for (struct str s = str_c(r->zones); s.n > 0; n++, zones++) {
			size_t end = str_find(s, ' ');

			if (i % 7 == 0 || n > 0) /* of the others one is like the next */
				agree(str_sub(s, 0, end));
			else
				open_zone(str_sub(s, 0, end));
			s = str_sub(s, end + 1, s.n);
		}
		CHECK(n >= 1 && n <= REGION_ZONES);
	}
	CHECK(zones > 200);
	unsetenv("TZ");
}

static void the_hour_of_a_change_is_right(void)
{
	struct zone *z = open_zone(STR("America/New_York"));

	if (!z)
		return;
	/* 2026-03-08 07:00 UTC, and 2050-03-13, which only the rule knows */
	CHECK(zone_offset(z, INT64_C(1772953199999)) == -18000);
	CHECK(zone_offset(z, INT64_C(1772953200000)) == -14400);
	CHECK(zone_offset(z, INT64_C(2530767599000)) == -18000);
	CHECK(zone_offset(z, INT64_C(2530767600000)) == -14400);
	CHECK(zone_offset(z, INT64_C(-1)) == -18000);
}

static void rules_of_all_forms_are_read(void)
{
	static const char *const good[] = {
		"EST5EDT,M3.2.0,M11.1.0",   "<+0330>-3:30",       "IST-2IDT,M3.4.4/26,M10.5.0",
		"AAA3BBB,J60/0,J300/-2:30", "CCC1DDD2,0/1,365/2", ""
	};
	static const char *const wrong[] = { "5",
					     "EST",
					     "EST5EDT",
					     "EST5EDT,M13.2.0,M11.1.0",
					     "EST5EDT,M3.2.0",
					     "EST5EDT,M3.2.0,M11.1.0,",
					     "<+03",
					     "EST999" };
	char head[44] = "TZif2", file[200];
	struct err e;

	head[39] = 1; /* one type */
	for (size_t i = 0; i < sizeof(good) / sizeof(*good) + sizeof(wrong) / sizeof(*wrong); i++) {
		bool ok = i < sizeof(good) / sizeof(*good);
		const char *rule = ok ? good[i] : wrong[i - sizeof(good) / sizeof(*good)];
		struct buf b = { .max = SIZE_MAX };
		struct zone *z;

		memset(file, 0, 6);
		buf_add(&b, head, sizeof(head));
		buf_add(&b, file, 6);
		buf_add(&b, head, sizeof(head));
		buf_add(&b, file, 6);
		buf_fmt(&b, "\n%s\n", rule);
		z = zone_read(buf_get(&b), STR("x"), arena, &e);
		CHECK((z != NULL) == ok);
		if ((z != NULL) != ok)
			printf("# %s\n", rule);
		buf_free(&b);
	}
}

static void what_is_no_zone_is_refused(void)
{
	struct err e;

	CHECK(!zone_open(STR("../../../etc/passwd"), arena, &e));
	CHECK(!zone_open(STR("/etc/passwd"), arena, &e));
	CHECK(!zone_open(STR(""), arena, &e));
	CHECK(!zone_open(STR("Europe/Nowhere"), arena, &e));
	CHECK(e.fault == FAULT_CONFIG);
	CHECK(!zone_open(STR("zone.tab"), arena, &e));
}

static bool at_home(const char *number, const char *country, const char *zone)
{
	const struct region *r = region_of(str_c(number));

	return r && strcmp(r->country, country) == 0 && (!zone || strcmp(r->zones, zone) == 0);
}

static void numbers_are_at_home_by_their_longest_prefix(void)
{
	CHECK(at_home("+12125550100", "US", "America/New_York"));
	CHECK(at_home("+13125550100", "US", "America/Chicago"));
	CHECK(at_home("+14165550100", "CA", "America/Toronto"));
	CHECK(at_home("+18095550100", "DO", NULL));
	CHECK(at_home("+15550100", "US", NULL)); /* no such area code: all zones of the country */
	CHECK(at_home("+351912345678", "PT", NULL));
	CHECK(at_home("+77012345678", "KZ", NULL));
	CHECK(at_home("+79012345678", "RU", NULL));
	CHECK(at_home("+442079460000", "GB", "Europe/London"));
	CHECK(!region_of(STR("+999123")) && !region_of(STR("12125550100")) &&
	      !region_of(STR("+")) && !region_of(STR_NONE));
}

UNIT_MAIN(UNIT(every_zone_of_a_region_is_there_and_says_what_libc_says),
	  UNIT(the_hour_of_a_change_is_right), UNIT(rules_of_all_forms_are_read),
	  UNIT(what_is_no_zone_is_refused), UNIT(numbers_are_at_home_by_their_longest_prefix))
