/* SPDX-License-Identifier: MIT */
#include "sniff.h"

#include "unit.h"

#define IS(start, word, type) CHECK_STR(str_c(sniff_judge(s, STR(start), STR(word))->mime), type)

static void what_libmagic_says_goes_by_the_name_that_others_use(void)
{
	struct sniff *s = sniff_new();

	IS("RIFF\1\1\1\1WAVEfmt ", "audio/x-wav", "audio/wav");
	IS("\xff\xf1\x50\x80", "audio/x-hx-aac-adts", "audio/aac");
	IS("#!AMR\n<", "audio/AMR", "audio/amr");
	IS("BEGIN:VCARD\r\n", "text/x-vcard", "text/vcard");
	IS("\1\2\3\4\5", "application/x-dosexec", "application/x-dosexec");
	IS("\1\2\3\4\5", "application/octet-stream", "application/octet-stream");
	CHECK(sniff_judge(s, STR("\1"), STR("video/x-flv"))->kind == MEDIA_VIDEO);
	CHECK(sniff_judge(s, STR("\1"), STR("video/x-flv")) ==
	      sniff_judge(s, STR("\2"), STR("video/x-flv")));
	sniff_free(s);
}

static void images_are_what_their_decoders_would_take(void)
{
	struct sniff *s = sniff_new();

	IS("\xff\xd8\xff\xe0", "application/octet-stream", "image/jpeg");
	IS("\0\0\0\x18"
	   "ftypmif1\0\0\0\0mif1heic",
	   "image/heif", "image/heic");
	IS("no picture", "image/jpeg", "application/octet-stream");
	sniff_free(s);
}

static void what_libmagic_can_not_tell_or_gets_wrong_is_known_by_signs(void)
{
	struct sniff *s = sniff_new();

	IS("#!AMR-WB\n<", "audio/amr", "audio/amr-wb");
	IS("<smil><head/>", "text/html", "application/smil");
	IS("\xef\xbb\xbf<?xml version=\"1.0\"?>\n<smil>", "text/xml", "application/smil");
	IS("some lines\n%PDF-1.4", "text/plain", "application/pdf");
	IS("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/octet-stream", "application/msword");
	IS("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel", "application/vnd.ms-excel");
	IS("PK\3\4word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	   "application/zip");
	IS("PK\3\4\24[Content_Types].xml",
	   "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	   "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
	sniff_free(s);
}

static void letters_are_letters_whatever_words_are_in_them(void)
{
	struct sniff *s = sniff_new();

	IS("import this from there", "application/javascript", "text/plain");
	IS("From: a\nTo: b\n", "message/rfc822", "text/plain");
	IS("#include", "text/x-c", "text/plain");
	IS("Gr\xfc\xdf"
	   "e",
	   "text/plain", "text/plain");
	IS("<p>", "text/html", "text/html");
	IS("<?xml version=\"1.0\"?><svg", "image/svg+xml", "image/svg+xml");
	sniff_free(s);
}

static void what_is_no_type_is_none_and_there_is_an_end_to_them(void)
{
	struct sniff *s = sniff_new();
	char word[32];

	IS("\1", "", "application/octet-stream");
	IS("\1", "image/", "application/octet-stream");
	IS("\1", "/jpeg", "application/octet-stream");
	IS("\1", "audio/x\n\"", "application/octet-stream");
	for (int i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "application/x-%d", i);
		CHECK(sniff_judge(s, STR("\1"), str_c(word)) != NULL);
	}
	IS("\1", "application/x-999", "application/octet-stream");
	IS("\1", "application/x-1", "application/x-1");
	IS("\1", "application/pdf", "application/pdf");
	sniff_free(s);
	sniff_free(NULL);
}

UNIT_MAIN(UNIT(what_libmagic_says_goes_by_the_name_that_others_use),
	  UNIT(images_are_what_their_decoders_would_take),
	  UNIT(what_libmagic_can_not_tell_or_gets_wrong_is_known_by_signs),
	  UNIT(letters_are_letters_whatever_words_are_in_them),
	  UNIT(what_is_no_type_is_none_and_there_is_an_end_to_them))
