/* SPDX-License-Identifier: MIT */
#include "media.h"

#define OOXML "application/vnd.openxmlformats-officedocument."

static const char *const kinds[MEDIA_KINDS] = { "image", "sticker", "audio",
						"voice", "video",   "document" };

static const struct media_type types[] = {
	{ "application/octet-stream", "bin", MEDIA_DOCUMENT },
	{ "image/jpeg", "jpg", MEDIA_IMAGE },
	{ "image/png", "png", MEDIA_IMAGE },
	{ "image/webp", "webp", MEDIA_IMAGE },
	{ "image/gif", "gif", MEDIA_IMAGE },
	{ "image/heic", "heic", MEDIA_IMAGE },
	{ "image/avif", "avif", MEDIA_IMAGE },
	{ "image/tiff", "tif", MEDIA_IMAGE },
	{ "image/bmp", "bmp", MEDIA_IMAGE },
	{ "image/svg+xml", "svg", MEDIA_IMAGE },
	{ "audio/mp4", "m4a", MEDIA_AUDIO },
	{ "audio/mpeg", "mp3", MEDIA_AUDIO },
	{ "audio/aac", "aac", MEDIA_AUDIO },
	{ "audio/ogg", "ogg", MEDIA_AUDIO },
	{ "audio/amr", "amr", MEDIA_AUDIO },
	{ "audio/amr-wb", "awb", MEDIA_AUDIO },
	{ "audio/flac", "flac", MEDIA_AUDIO },
	{ "audio/wav", "wav", MEDIA_AUDIO },
	{ "audio/midi", "mid", MEDIA_DOCUMENT }, /* notes, which nothing here plays */
	{ "video/mp4", "mp4", MEDIA_VIDEO },
	{ "video/3gpp", "3gp", MEDIA_VIDEO },
	{ "video/3gpp2", "3g2", MEDIA_VIDEO },
	{ "video/quicktime", "mov", MEDIA_VIDEO },
	{ "video/webm", "webm", MEDIA_VIDEO },
	{ "video/x-matroska", "mkv", MEDIA_VIDEO },
	{ "video/ogg", "ogv", MEDIA_VIDEO },
	{ "video/avi", "avi", MEDIA_VIDEO },
	{ "text/plain", "txt", MEDIA_DOCUMENT },
	{ "text/vcard", "vcf", MEDIA_DOCUMENT },
	{ "text/calendar", "ics", MEDIA_DOCUMENT },
	{ "text/html", "html", MEDIA_DOCUMENT },
	{ "application/smil", "smil", MEDIA_DOCUMENT },
	{ "application/pdf", "pdf", MEDIA_DOCUMENT },
	{ "application/rtf", "rtf", MEDIA_DOCUMENT },
	{ "application/zip", "zip", MEDIA_DOCUMENT },
	{ "application/gzip", "gz", MEDIA_DOCUMENT },
	{ "application/x-tar", "tar", MEDIA_DOCUMENT },
	{ "application/msword", "doc", MEDIA_DOCUMENT },
	{ "application/vnd.ms-excel", "xls", MEDIA_DOCUMENT },
	{ "application/vnd.ms-powerpoint", "ppt", MEDIA_DOCUMENT },
	{ OOXML "wordprocessingml.document", "docx", MEDIA_DOCUMENT },
	{ OOXML "spreadsheetml.sheet", "xlsx", MEDIA_DOCUMENT },
	{ OOXML "presentationml.presentation", "pptx", MEDIA_DOCUMENT },
	{ "application/vnd.oasis.opendocument.text", "odt", MEDIA_DOCUMENT },
	{ "application/vnd.oasis.opendocument.spreadsheet", "ods", MEDIA_DOCUMENT },
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
		if (str_eq_nocase(mime, str_c(types[i].mime)))
			return &types[i];
	return NULL;
}
