/* SPDX-License-Identifier: MIT */
#include "image_head.h"

#include "limit.h"
#include "unit.h"

static struct image_head head;
static struct err e;

#define PNG(ihdr)  STR("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" ihdr "crc_")
#define JPEG(rest) STR("\xff\xd8" rest)
#define WEBP(rest) STR("RIFF\0\0\0\0WEBP" rest)

static bool reads(struct str file, enum image_format f, uint32_t width, uint32_t height)
{
	return image_head_read(file, &head, &e) == 0 && head.format == f && head.width == width &&
	       head.height == height;
}

static bool malformed(struct str file)
{
	return image_head_read(file, &head, &e) < 0 && e.fault == FAULT_DATA &&
	       strcmp(e.code, "image-malformed") == 0;
}

static void a_png_says_its_size_depth_and_order_of_rows(void)
{
	CHECK(reads(PNG("\0\0\1\0\0\0\0\x80\x08\2\0\0\0"), IMAGE_PNG, 256, 128));
	CHECK(!head.alpha && !head.spread && !head.deep && head.frames == 1 && head.turn == 1);
	CHECK(reads(PNG("\0\0\0\1\0\0\0\2\x10\6\0\0\1"), IMAGE_PNG, 1, 2));
	CHECK(head.alpha && head.spread && head.deep);
	CHECK(malformed(PNG("\0\0\0\0\0\0\0\2\x08\2\0\0\0")));
}

static void chunks_in_front_of_the_pixels_tell_transparency_and_orientation(void)
{
	CHECK(reads(STR("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0crc_"
			"\0\0\0\2tRNS__crc_"
			"\0\0\0\x1a"
			"eXIfII*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0crc_"
			"\0\0\0\0IDATcrc_"),
		    IMAGE_PNG, 1, 1));
	CHECK(head.alpha && head.turn == 6);
}

static void a_jpeg_says_its_size_behind_other_segments(void)
{
	CHECK(reads(JPEG("\xff\xe0\0\4__\xff\xc0\0\x11\x08\0\x10\0\x20\3"), IMAGE_JPEG, 32, 16));
	CHECK(!head.spread && !head.profile);
	CHECK(reads(JPEG("\xff\xff\xff\xc2\0\x11\x08\0\1\0\2\4"), IMAGE_JPEG, 2, 1));
	CHECK(head.spread && head.profile);
	CHECK(malformed(JPEG("\xff\xda\0\4__\xff\xc0\0\x11\x08\0\x10\0\x20\3")));
	CHECK(malformed(JPEG("\xff\xe0\xff\xff__\xff\xc0\0\x11\x08\0\x10\0\x20\3")));
	CHECK(malformed(JPEG("\xff\xc0\0\x11\x08\0")));
	/* A frame too short to hold a size, and what looks like one behind it. */
	CHECK(malformed(JPEG("\xff\xc0\0\7\x08\0\x10\0\x20\3\xff\xd9")));
}

static void orientation_is_read_in_both_byte_orders_and_believed_within_its_range(void)
{
	CHECK(reads(JPEG("\xff\xe1\0\x22"
			 "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x08\0\0\0\0\0\0"
			 "\xff\xc0\0\x11\x08\0\1\0\2\3"),
		    IMAGE_JPEG, 2, 1));
	CHECK(head.turn == 8 && image_sideways(head.turn));
	CHECK(reads(JPEG("\xff\xe1\0\x22"
			 "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x09\0\0\0\0\0\0"
			 "\xff\xc0\0\x11\x08\0\1\0\2\3"),
		    IMAGE_JPEG, 2, 1));
	CHECK(head.turn == 1);
	CHECK(reads(JPEG("\xff\xe1\0\x22"
			 "Exif\0\0MM\0*\xff\xff\xff\xf0\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
			 "\xff\xc0\0\x11\x08\0\1\0\2\3"),
		    IMAGE_JPEG, 2, 1));
	CHECK(head.turn == 1);
}

static void a_jpeg_without_its_end_is_not_whole(void)
{
	static const char text[] = "\xff\xd8\xff\xc0\0\x11\x08\0\1\0\2\3_________"
				   "\xff\xda\0\4__ab\xff\0cd\xff\xd0"
				   "ef\xff\xff\xc4\0\3_\xff\xda\0\2gh\xff\xd9trailer";
	struct str file = { text, sizeof(text) - 1 };
	size_t end = file.n - strlen("trailer");

	CHECK(reads(file, IMAGE_JPEG, 2, 1) && head.whole);
	CHECK(reads(str_sub(file, 0, end), IMAGE_JPEG, 2, 1) && head.whole);
	for (size_t n = 21; n < end; n++)
		CHECK(reads(str_sub(file, 0, n), IMAGE_JPEG, 2, 1) && !head.whole);
}

static void webp_in_its_three_forms(void)
{
	CHECK(reads(WEBP("VP8 \x0a\0\0\0___\x9d\1\x2a\x40\0\x30\0"), IMAGE_WEBP, 64, 48));
	CHECK(reads(WEBP("VP8L\5\0\0\0\x2f\x3f\xc0\x0b\x10"), IMAGE_WEBP, 64, 48));
	CHECK(head.alpha);
	CHECK(reads(WEBP("VP8X\x0a\0\0\0\2\0\0\0\x3f\0\0\x2f\0\0ANMF\1\0\0\0__ANMF\1\0\0\0__"),
		    IMAGE_WEBP, 64, 48));
	CHECK(head.frames == 2 && !head.alpha);
	CHECK(malformed(WEBP("VP8 ")));
}

static void frames_of_a_gif_are_counted_and_may_reach_beyond_its_screen(void)
{
	CHECK(reads(STR("GIF89a\4\0\3\0\0\0\0"
			"!\xf9\4____\0"
			",\0\0\0\0\4\0\3\0\0\2\2D\1\0"
			",\2\0\0\0\4\0\3\0\x80______\2\2D\1\0;"),
		    IMAGE_GIF, 6, 3));
	CHECK(head.frames == 2 && head.whole);
	CHECK(reads(STR("GIF87a\4\0\3\0\0\0\0"), IMAGE_GIF, 4, 3));
	CHECK(head.frames == 1 && head.whole);
	CHECK(reads(STR("GIF89a\4\0\3\0\0\0\0,\0\0\0\0\4\0\3\0\0\2\2D"), IMAGE_GIF, 4, 3));
	CHECK(!head.whole);
}

#define FTYP(brand)  \
	"\0\0\0\x14" \
	"ftyp" brand "\0\0\0\0mif1"
#define ISPE(w, h) "\0\0\0\x14ispe\0\0\0\0\0\0" w "\0\0" h

static void of_the_sizes_in_a_heif_the_largest_counts(void)
{
	CHECK(reads(STR(FTYP("heic") "\0\0\0\x44meta\0\0\0\0\0\0\0\x38iprp\0\0\0\x30ipco" ISPE(
			    "\1\0", "\1\0") ISPE("\4\0", "\3\0")),
		    IMAGE_HEIC, 1024, 768));
	CHECK(reads(STR(FTYP("avif") "\0\0\0\0meta\0\0\0\0\0\0\0\0iprp\0\0\0\0ipco" ISPE("\1\0", "\2\0")),
		    IMAGE_AVIF, 256, 512));
	CHECK(malformed(STR(FTYP("heic") "\0\0\0\x0cmeta\0\0\0\0")));
	CHECK(malformed(STR(FTYP("heic"))));
}

static void what_is_none_of_them_is_unknown(void)
{
	CHECK(image_head_read(STR("<svg"), &head, &e) < 0 && strcmp(e.code, "image-unknown") == 0);
	CHECK(image_head_read(STR_NONE, &head, &e) < 0 && strcmp(e.code, "image-unknown") == 0);
	CHECK(image_head_read(STR("\0\0\0\x14"
				  "ftypisom\0\0\0\0mp42"),
			      &head, &e) < 0);
	CHECK(image_format_named(STR("image/heif")) == IMAGE_HEIC);
	CHECK(image_format_named(STR("image/svg+xml")) == IMAGE_NONE);
	CHECK_STR(str_c(image_mime(IMAGE_AVIF)), "image/avif");
}

static bool checks(struct image_head h)
{
	return image_head_check(&h, &e) == 0;
}

static void limits_hold_at_and_over(void)
{
	CHECK(checks((struct image_head){
		.format = IMAGE_JPEG, .width = IMAGE_EDGE_MAX, .height = 7000, .frames = 1 }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_JPEG, .width = IMAGE_EDGE_MAX + 1, .height = 1, .frames = 1 }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_JPEG, .width = 1, .height = IMAGE_EDGE_MAX + 1, .frames = 1 }));
	CHECK(checks((struct image_head){
		.format = IMAGE_JPEG, .width = 12000, .height = IMAGE_PIXELS_MAX / 12000, .frames = 1 }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_JPEG, .width = 12000, .height = IMAGE_PIXELS_MAX / 12000 + 1, .frames = 1 }));
	CHECK(checks((struct image_head){
		.format = IMAGE_GIF, .width = 10, .height = 10, .frames = IMAGE_FRAMES_MAX }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_GIF, .width = 10, .height = 10, .frames = IMAGE_FRAMES_MAX + 1 }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_GIF, .width = 4000, .height = 4000, .frames = 10 }));
	CHECK(strcmp(e.code, "image-too-large") == 0 && strstr(e.text, "10 frames"));
	/* The same size, with all rows at once in memory. */
	CHECK(checks((struct image_head){
		.format = IMAGE_PNG, .width = 12000, .height = 9000, .frames = 1 }));
	CHECK(!checks((struct image_head){
		.format = IMAGE_PNG, .width = 12000, .height = 9000, .frames = 1, .spread = true, .deep = true }));
	CHECK(strstr(e.text, "MiB to decode") != NULL);
}

UNIT_MAIN(UNIT(a_png_says_its_size_depth_and_order_of_rows),
	  UNIT(chunks_in_front_of_the_pixels_tell_transparency_and_orientation),
	  UNIT(a_jpeg_says_its_size_behind_other_segments),
	  UNIT(orientation_is_read_in_both_byte_orders_and_believed_within_its_range),
	  UNIT(a_jpeg_without_its_end_is_not_whole), UNIT(webp_in_its_three_forms),
	  UNIT(frames_of_a_gif_are_counted_and_may_reach_beyond_its_screen),
	  UNIT(of_the_sizes_in_a_heif_the_largest_counts), UNIT(what_is_none_of_them_is_unknown),
	  UNIT(limits_hold_at_and_over))
