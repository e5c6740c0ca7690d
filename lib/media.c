/* SPDX-License-Identifier: MIT */
#include "media.h"

#include "image_head.h"

static const char *const kinds[MEDIA_KINDS] = { "image", "sticker", "audio",
						"voice", "video",   "document" };

/* By what stands where; those without a sign are found another way. */
static const struct {
	struct media_type type;
	size_t at;
	const char *sign;
} types[] = {
	{ { "application/octet-stream", "bin", MEDIA_DOCUMENT }, 0, NULL },
	{ { "image/jpeg", "jpg", MEDIA_IMAGE }, 0, NULL },
	{ { "image/png", "png", MEDIA_IMAGE }, 0, NULL },
	{ { "image/webp", "webp", MEDIA_IMAGE }, 0, NULL },
	{ { "image/gif", "gif", MEDIA_IMAGE }, 0, NULL },
	{ { "image/heic", "heic", MEDIA_IMAGE }, 0, NULL },
	{ { "image/avif", "avif", MEDIA_IMAGE }, 0, NULL },
	{ { "text/plain", "txt", MEDIA_DOCUMENT }, 0, NULL },
	{ { "audio/mp4", "m4a", MEDIA_AUDIO }, 8, "M4A" },
	{ { "video/quicktime", "mov", MEDIA_VIDEO }, 8, "qt  " },
	{ { "video/3gpp", "3gp", MEDIA_VIDEO }, 8, "3gp" },
	{ { "video/3gpp2", "3g2", MEDIA_VIDEO }, 8, "3g2" },
	{ { "video/mp4", "mp4", MEDIA_VIDEO }, 4, "ftyp" },
	{ { "video/webm", "webm", MEDIA_VIDEO }, 0, "\x1a\x45\xdf\xa3" },
	{ { "audio/ogg", "ogg", MEDIA_AUDIO }, 0, "OggS" },
	{ { "audio/amr-wb", "awb", MEDIA_AUDIO }, 0, "#!AMR-WB\n" },
	{ { "audio/amr", "amr", MEDIA_AUDIO }, 0, "#!AMR\n" },
	{ { "audio/flac", "flac", MEDIA_AUDIO }, 0, "fLaC" },
	{ { "audio/wav", "wav", MEDIA_AUDIO }, 8, "WAVE" },
	{ { "video/avi", "avi", MEDIA_VIDEO }, 8, "AVI " },
	{ { "audio/mpeg", "mp3", MEDIA_AUDIO }, 0, "ID3" },
	{ { "application/pdf", "pdf", MEDIA_DOCUMENT }, 0, "%PDF-" },
	{ { "application/zip", "zip", MEDIA_DOCUMENT }, 0, "PK\3\4" },
	{ { "image/tiff", "tif", MEDIA_IMAGE }, 0, "II*" },
	{ { "image/bmp", "bmp", MEDIA_IMAGE }, 0, "BM" },
	{ { "text/vcard", "vcf", MEDIA_DOCUMENT }, 0, "BEGIN:VCARD" },
	{ { "text/calendar", "ics", MEDIA_DOCUMENT }, 0, "BEGIN:VCALENDAR" },
	{ { "application/msword", "doc", MEDIA_DOCUMENT }, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
	{ { "image/svg+xml", "svg", MEDIA_IMAGE }, 0, "<svg" },
	{ { "text/html", "html", MEDIA_DOCUMENT }, 0, "<html" },
	{ { "text/html", "html", MEDIA_DOCUMENT }, 0, "<HTML" },
	{ { "text/html", "html", MEDIA_DOCUMENT }, 0, "<!DOCTYPE html" },
	{ { "text/html", "html", MEDIA_DOCUMENT }, 0, "<!doctype html" },
	{ { "text/html", "html", MEDIA_DOCUMENT }, 0, "<script" },
	/* Never by their bytes, as they may be anything. */
	{ { "audio/aac", "aac", MEDIA_AUDIO }, 0, NULL },
};

const char *media_kind_name(enum media_kind k)
{
	return kinds[k];
}

enum media_kind media_kind_named(struct str name)
{
	unsigned k = 0;

	while (k < MEDIA_KINDS && !str_eq(name, str_c(kinds[k])))
		k++;
	return (enum media_kind)k;
}

const struct media_type *media_type_named(struct str mime)
{
	mime = str_trim(str_sub(mime, 0, str_find(mime, ';')));
	for (size_t i = 0; i < LEN(types); i++)
		if (str_eq_nocase(mime, str_c(types[i].type.mime)))
			return &types[i].type;
	return NULL;
}

static const struct media_type *named(const char *mime)
{
	return media_type_named(str_c(mime));
}

/* A frame of MPEG audio: eleven bits, layer 1 to 3, or 0 for ADTS, which is AAC. */
static const struct media_type *frame_of(struct str s)
{
	unsigned second = s.n > 1 ? (unsigned char)s.p[1] : 0;

	if (s.n < 4 || (unsigned char)s.p[0] != 0xff || (second & 0xe0) != 0xe0)
		return NULL;
	if ((second & 0xf6) == 0xf0)
		return named("audio/aac");
	return (second & 6) != 0 && ((unsigned char)s.p[2] & 0xf0) != 0xf0 ? named("audio/mpeg") : NULL;
}

/* True if nothing in ${s}, perhaps cut in a character, is for other eyes than a reader's. */
static bool readable(struct str s)
{
	s = str_utf8_cut(s, s.n < 4 ? s.n : s.n - 4);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 && !memchr("\t\n\r\f\x1b", s.p[i], 5))
			return false;
	return s.n > 0 && str_utf8(s);
}

const struct media_type *media_type_of(struct str s)
{
	enum image_format image = image_format_of(s);
	const struct media_type *t;

	if (image != IMAGE_NONE)
		return named(image_mime(image));
	for (size_t i = 0; i < LEN(types); i++) {
		struct str sign = str_c(types[i].sign);

		if (sign.p && str_eq(str_sub(s, types[i].at, sign.n), sign) &&
		    (types[i].at != 8 || str_eq(str_sub(s, 4, 4), STR("ftyp")) ||
		     str_prefix(s, STR("RIFF"))))
			return &types[i].type;
	}
	t = frame_of(s);
	if (t)
		return t;
	if (str_prefix(s, STR("<?xml")) && str_search(s, STR("<svg")) < s.n)
		return named("image/svg+xml");
	/* Some programs write a line in front of it. */
	if (str_search(str_sub(s, 0, 1024), STR("%PDF-")) < (s.n < 1024 ? s.n : 1024))
		return named("application/pdf");
	return readable(s) ? named("text/plain") : &types[0].type;
}
