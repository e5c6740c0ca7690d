/* SPDX-License-Identifier: MIT */
#include "image_strip.h"

#include "unit.h"

#define JFIF  "\xff\xe0\0\x10JFIF\0\1\1\1\0\x48\0\x48\0\0"
#define TABLE "\xff\xdb\0\4__"
#define FRAME "\xff\xc0\0\4__"
#define SCAN  "\xff\xda\0\4__pix\xff\0els\xff\xd3more"
#define END   "\xff\xd9"

static struct buf out = { .max = 1000 };

static bool becomes(struct str file, struct str want)
{
	buf_reset(&out);
	return image_strip(file, &out) && str_eq(buf_get(&out), want);
}

static bool refused(struct str file)
{
	buf_reset(&out);
	return !image_strip(file, &out);
}

static void pixels_and_tables_are_copied_to_the_byte(void)
{
	struct str plain = STR("\xff\xd8" JFIF TABLE FRAME SCAN END);

	CHECK(becomes(plain, plain));
	CHECK(becomes(STR("\xff\xd8\xff" TABLE FRAME SCAN TABLE SCAN END),
		      STR("\xff\xd8" TABLE FRAME SCAN TABLE SCAN END)));
}

static void what_rides_along_is_left_out_wherever_it_stands(void)
{
	CHECK(becomes(STR("\xff\xd8\xff\xe1\0\x08"
			  "Exif\0\0"
			  "\xff\xfe\0\6word" TABLE FRAME SCAN "\xff\xed\0\6IPTC" END "and <script>"),
		      STR("\xff\xd8" TABLE FRAME SCAN END)));
	CHECK(becomes(STR("\xff\xd8\xff\xe0\0\x13JFIF\0\1\1\1\0\x48\0\x48\1\1rgb" TABLE FRAME SCAN END),
		      STR("\xff\xd8" JFIF TABLE FRAME SCAN END)));
}

static void how_colours_are_coded_stays(void)
{
	struct str adobe = STR("\xff\xd8\xff\xee\0\x0e"
			       "Adobe\0\x64\0\0\0\0\1" TABLE FRAME SCAN END);

	CHECK(becomes(adobe, adobe));
	CHECK(becomes(STR("\xff\xd8\xff\xee\0\x0f"
			  "Adobe\0\x64\0\0\0\0\1x" TABLE FRAME SCAN END),
		      STR("\xff\xd8" TABLE FRAME SCAN END)));
}

static void what_is_not_known_or_has_no_end_is_refused(void)
{
	CHECK(refused(STR("\xff\xd8" TABLE "\xff\xc2\0\4__" SCAN END))); /* progressive */
	CHECK(refused(STR("\xff\xd8" TABLE FRAME "\xff\xf0\0\4__" SCAN END)));
	CHECK(refused(STR("\xff\xd8" TABLE FRAME SCAN)));
	CHECK(refused(STR("\xff\xd8" TABLE FRAME END)));
	CHECK(refused(STR("\xff\xd8\xff\xdb\xff\xff__" FRAME SCAN END)));
	CHECK(refused(STR("\xff\xd8\xff\xdb\0\1" FRAME SCAN END)));
	CHECK(refused(STR("\xff\xd8 " TABLE FRAME SCAN END)));
	CHECK(refused(STR("GIF89a")));
	CHECK(refused(STR("\xff\xd8\xff")));
}

UNIT_MAIN(UNIT(pixels_and_tables_are_copied_to_the_byte),
	  UNIT(what_rides_along_is_left_out_wherever_it_stands), UNIT(how_colours_are_coded_stays),
	  UNIT(what_is_not_known_or_has_no_end_is_refused))
