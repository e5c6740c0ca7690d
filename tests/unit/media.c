/* SPDX-License-Identifier: MIT */
#include "media.h"

#include "unit.h"

#define IS(start, type) CHECK_STR(str_c(media_type_of(STR(start))->mime), type)

static void files_are_known_by_their_first_bytes(void)
{
	IS("\xff\xd8\xff\xe0", "image/jpeg");
	IS("\0\0\0\x18"
	   "ftypheic\0\0\0\0mif1heic",
	   "image/heic");
	IS("\0\0\0\x18"
	   "ftypisom\0\0\0\0mp42",
	   "video/mp4");
	IS("\0\0\0\x18"
	   "ftypM4A \0\0\0\0",
	   "audio/mp4");
	IS("\0\0\0\x18"
	   "ftyp3gp5\0\0\0\0",
	   "video/3gpp");
	IS("\0\0\0\x18"
	   "ftypqt  \0\0\0\0",
	   "video/quicktime");
	IS("OggS\0\2", "audio/ogg");
	IS("#!AMR\n<", "audio/amr");
	IS("#!AMR-WB\n<", "audio/amr-wb");
	IS("RIFF\1\1\1\1WAVEfmt ", "audio/wav");
	IS("RIFF\1\1\1\1WEBPVP8 ", "image/webp");
	IS("ID3\4", "audio/mpeg");
	IS("\xff\xfb\x90\x64", "audio/mpeg");
	IS("\xff\xf1\x50\x80", "audio/aac");
	IS("%PDF-1.7", "application/pdf");
	IS("\n\n%PDF-1.4", "application/pdf");
	IS("PK\3\4\x14", "application/zip");
	IS("BEGIN:VCARD\r\nVERSION:3.0", "text/vcard");
	IS("BEGIN:VCALENDAR\r\n", "text/calendar");
	IS("Gr\xc3\xbc\xc3\x9f"
	   "e an alle",
	   "text/plain");
	IS("<?xml version=\"1.0\"?>\n<svg width=\"1\"/>", "image/svg+xml");
	IS("<!DOCTYPE html><p>", "text/html");
	IS("<?xml version=\"1.0\"?><a/>", "text/plain");
	IS("\1\2\3\4\5", "application/octet-stream");
	IS("", "application/octet-stream");
}

static void a_sign_in_the_wrong_place_is_none(void)
{
	IS("xxxxxxxxWAVE", "text/plain");
	IS("xxxxxxxxM4A ", "text/plain");
	IS("\xff\xff\xff\xff", "application/octet-stream");
}

static void types_go_by_their_names_without_parameters(void)
{
	CHECK(media_type_named(STR("Audio/OGG; codecs=opus"))->kind == MEDIA_AUDIO);
	CHECK(media_type_named(STR("text/x-python")) == NULL);
	CHECK(media_kind_named(STR("sticker")) == MEDIA_STICKER);
	CHECK(media_kind_named(STR("gif")) == MEDIA_KINDS);
}

UNIT_MAIN(UNIT(files_are_known_by_their_first_bytes), UNIT(a_sign_in_the_wrong_place_is_none),
	  UNIT(types_go_by_their_names_without_parameters))
