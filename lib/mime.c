/* SPDX-License-Identifier: MIT */
#include "mime.h"

static const struct mime table[] = {
	{ "jpg", "image/jpeg", "image" },
	{ "jpeg", "image/jpeg", "image" },
	{ "png", "image/png", "image" },
	{ "gif", "image/gif", "image" },
	{ "bmp", "image/bmp", "image" },
	{ "heic", "image/heic", "image" },
	{ "heif", "image/heif", "image" },
	{ "svg", "image/svg+xml", "image" },
	{ "tif", "image/tiff", "image" },
	{ "tiff", "image/tiff", "image" },
	{ "webp", "image/webp", "image" },
	{ "ico", "image/x-icon", "image" },
	{ "mp4", "video/mp4", "video" },
	{ "3gp", "video/3gpp", "video" },
	{ "3g2", "video/3gpp2", "video" },
	{ "mov", "video/quicktime", "video" },
	{ "mpg", "video/mpeg", "video" },
	{ "mpeg", "video/mpeg", "video" },
	{ "ogv", "video/ogg", "video" },
	{ "webm", "video/webm", "video" },
	{ "avi", "video/avi", "video" },
	{ "wmv", "video/x-ms-wmv", "video" },
	{ "flv", "video/x-flv", "video" },
	{ "mp3", "audio/mpeg", "audio" },
	{ "m4a", "audio/mp4", "audio" },
	{ "amr", "audio/amr", "audio" },
	{ "ogg", "audio/ogg", "audio" },
	{ "flac", "audio/flac", "audio" },
	{ "wav", "audio/wav", "audio" },
	{ "txt", "text/plain", "document" },
	{ "csv", "text/csv", "document" },
	{ "ics", "text/calendar", "document" },
	{ "css", "text/css", "document" },
	{ "htm", "text/html", "document" },
	{ "html", "text/html", "document" },
	{ "vcf", "text/vcard", "document" },
	{ "vcard", "text/vcard", "document" },
	{ "pdf", "application/pdf", "document" },
	{ "rtf", "application/rtf", "document" },
	{ "json", "application/json", "document" },
	{ "xml", "application/xml", "document" },
	{ "zip", "application/zip", "document" },
	{ "tar", "application/x-tar", "document" },
	{ "gz", "application/gzip", "document" },
};

struct str mime_ending(struct str name)
{
	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '.')
			return (struct str){ name.p + i, name.n - i };
	return STR_NONE;
}

const struct mime *mime_of(struct str name)
{
	struct str ending = mime_ending(name);

	for (size_t i = 0; i < LEN(table); i++)
		if (ending.p && str_eq_nocase(ending, str_c(table[i].ending)))
			return &table[i];
	return NULL;
}
