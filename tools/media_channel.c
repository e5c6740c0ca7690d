/* SPDX-License-Identifier: MIT */
#include "media_channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"

#define KB(n) ((uint64_t)(n)*1000) /* as carriers count */
#define MB(n) ((uint64_t)(n)*1000000)

/* Lists that several channels share.  What comes first is what others become. */
/* clang-format off */
#define PHOTOS       { "image/jpeg", "image/png", "image/gif" }
#define MMS_SOUNDS   { "audio/mp4", "audio/mpeg", "audio/amr", "audio/aac" }
#define MMS_FILMS    { "video/mp4", "video/3gpp" }
#define MMS_FILES    { "text/vcard", "text/x-vcard", "text/calendar", "text/plain", "application/pdf" }
#define OFFICE_FILES { "application/pdf", "text/plain", "application/msword", "application/vnd.ms-excel", \
		       "application/vnd.ms-powerpoint", \
		       "application/vnd.openxmlformats-officedocument.wordprocessingml.document", \
		       "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", \
		       "application/vnd.openxmlformats-officedocument.presentationml.presentation" }
#define WA_SOUNDS    { "audio/mp4", "audio/mpeg", "audio/amr", "audio/aac", "audio/ogg" }
#define ANY_SOUNDS   { "audio/mp4", "audio/mpeg", "audio/amr", "audio/aac", "audio/ogg", "audio/wav", "audio/flac" }
#define ANY_FILMS    { "video/mp4", "video/3gpp", "video/quicktime", "video/webm" }

/* Any operator's MMS: all parts count together, so that each may have all of it. */
#define MMS_KINDS(size_, edge_) \
	[MEDIA_IMAGE] = { .mimes = PHOTOS, .size = (size_), .width = (edge_), .height = (edge_), .moving = { "image/gif" } }, \
	[MEDIA_AUDIO] = { .mimes = MMS_SOUNDS, .size = (size_) }, \
	[MEDIA_VIDEO] = { .mimes = MMS_FILMS, .size = (size_), .width = 640, .height = 640, .duration = 120 }, \
	[MEDIA_DOCUMENT] = { .mimes = MMS_FILES, .size = (size_) }

#define WHATSAPP_KINDS \
	[MEDIA_IMAGE] = { .mimes = { "image/jpeg", "image/png" }, .size = MB(5), .width = 4096, .height = 4096 }, \
	[MEDIA_STICKER] = { .mimes = { "image/webp" }, .size = KB(100), .width = 512, .height = 512, \
			    .moving = { "image/webp" }, .moving_size = KB(500), .square = true }, \
	[MEDIA_AUDIO] = { .mimes = WA_SOUNDS, .size = MB(16) }, \
	[MEDIA_VOICE] = { .mimes = { "audio/ogg" }, .size = MB(16) }, \
	[MEDIA_VIDEO] = { .mimes = MMS_FILMS, .size = MB(16), .width = 1280, .height = 1280 }, \
	[MEDIA_DOCUMENT] = { .mimes = OFFICE_FILES, .size = MB(100) }

static const struct media_channel table[] = {
	/* No interface tells what the recipient's operator takes: 500 KB arrive nearly everywhere in the US, 300 KB anywhere. */
	{ "mms", 10, KB(500), KB(2), { MMS_KINDS(KB(500), 1600) } },
	{ "mms-strict", 10, KB(300), KB(2), { MMS_KINDS(KB(300), 1280) } },
	{ "mms-rich", 10, MB(1), KB(2), { MMS_KINDS(MB(1), 2048) } },
	/* It makes pictures smaller by itself, other types not: operators drop those above 600 KB. */
	{ "twilio.mms", 10, MB(5), KB(2), {
		[MEDIA_IMAGE] = { .mimes = PHOTOS, .size = MB(5), .width = 2048, .height = 2048, .moving = { "image/gif" },
				  .moving_size = KB(600) },
		[MEDIA_AUDIO] = { .mimes = MMS_SOUNDS, .size = KB(600) },
		[MEDIA_VIDEO] = { .mimes = MMS_FILMS, .size = KB(600), .width = 640, .height = 640, .duration = 120 },
		[MEDIA_DOCUMENT] = { .mimes = MMS_FILES, .size = KB(600) } } },
	/* It takes 3.5 MB a file and passes them on; its advice is 500 KB for all. */
	{ "bandwidth.mms", 10, KB(500), KB(2), { MMS_KINDS(KB(500), 1600) } },
	{ "bandwidth.mms.tollfree", 10, KB(525), KB(2), { MMS_KINDS(KB(525), 1600) } },
	{ "messagebird.mms", 10, MB(1), KB(2), { MMS_KINDS(MB(1), 2048) } },
	{ "inteliquent.mms", 10, MB(1), KB(2), { MMS_KINDS(MB(1), 2048) } },
	{ "whatsapp", 1, 0, 0, { WHATSAPP_KINDS } },
	{ "twilio.whatsapp", 1, MB(16), 0, {
		[MEDIA_IMAGE] = { .mimes = { "image/jpeg", "image/png" }, .size = MB(5), .width = 4096, .height = 4096 },
		[MEDIA_STICKER] = { .mimes = { "image/webp" }, .size = KB(100), .width = 512, .height = 512,
				    .moving = { "image/webp" }, .moving_size = KB(500), .square = true },
		[MEDIA_AUDIO] = { .mimes = WA_SOUNDS, .size = MB(16) },
		[MEDIA_VOICE] = { .mimes = { "audio/ogg" }, .size = MB(16) },
		[MEDIA_VIDEO] = { .mimes = MMS_FILMS, .size = MB(16), .width = 1280, .height = 1280 },
		[MEDIA_DOCUMENT] = { .mimes = { "application/pdf", "text/vcard", "application/msword",
						"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
						"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
						"application/vnd.openxmlformats-officedocument.presentationml.presentation" },
				     .size = MB(16) } } },
	{ "rcs", 1, 0, 0, {
		[MEDIA_IMAGE] = { .mimes = PHOTOS, .size = MB(16), .width = 4096, .height = 4096, .moving = { "image/gif" } },
		[MEDIA_AUDIO] = { .mimes = { "audio/mp4", "audio/mpeg", "audio/aac", "audio/ogg" }, .size = MB(16) },
		[MEDIA_VIDEO] = { .mimes = MMS_FILMS, .size = MB(16), .width = 1280, .height = 1280 },
		[MEDIA_DOCUMENT] = { .mimes = { "application/pdf" }, .size = MB(16) } } },
	/* LiveChat takes every file that is no program; browsers show these. */
	{ "chat", 1, 0, 0, {
		[MEDIA_IMAGE] = { .mimes = { "image/jpeg", "image/png", "image/gif", "image/webp" }, .size = MB(10),
				  .width = 4096, .height = 4096, .moving = { "image/gif", "image/webp" } },
		[MEDIA_AUDIO] = { .mimes = ANY_SOUNDS, .size = MB(10) },
		[MEDIA_VIDEO] = { .mimes = ANY_FILMS, .size = MB(10), .width = 1280, .height = 1280 },
		[MEDIA_DOCUMENT] = { .mimes = { "application/pdf", "text/plain", "text/vcard", "text/calendar", "application/zip",
						"application/msword", "application/vnd.ms-excel",
						"application/vnd.ms-powerpoint",
						"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
						"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
						"application/vnd.openxmlformats-officedocument.presentationml.presentation" },
				     .size = MB(10) } } },
	/* What a notification points to. */
	{ "apns", 1, 0, 0, {
		[MEDIA_IMAGE] = { .mimes = { "image/jpeg", "image/png", "image/gif" }, .size = MB(10), .width = 2048,
				  .height = 2048, .moving = { "image/gif" } },
		[MEDIA_AUDIO] = { .mimes = { "audio/mp4", "audio/mpeg", "audio/wav" }, .size = MB(5) },
		[MEDIA_VIDEO] = { .mimes = { "video/mp4" }, .size = MB(50), .width = 1280, .height = 1280 } } },
	{ "fcm", 1, 0, 0, {
		[MEDIA_IMAGE] = { .mimes = { "image/jpeg", "image/png" }, .size = MB(1), .width = 2048, .height = 2048 } } },
};
/* clang-format on */

struct media_channels {
	struct arena *arena;
	struct media_channel *list;
	size_t n;
};

void media_channels_close(struct media_channels *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}

bool media_limit_takes(const struct media_limit *l, struct str mime)
{
	for (size_t i = 0; i < MEDIA_MIMES && l->mimes[i]; i++)
		if (str_eq(str_c(l->mimes[i]), mime))
			return true;
	return false;
}

const struct media_channel *media_channels_at(const struct media_channels *c, size_t i)
{
	return i < c->n ? &c->list[i] : NULL;
}

const struct media_channel *media_channels_find(const struct media_channels *c, struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(str_c(c->list[i].name), name))
			return &c->list[i];
	return NULL;
}

/* The numbers of North America that cost the caller nothing. */
static bool toll_free(struct str from)
{
	static const char *const codes[] = { "800", "833", "844", "855", "866", "877", "888" };

	if (from.n != 12 || !str_prefix(from, STR("+1")))
		return false;
	for (size_t i = 0; i < LEN(codes); i++)
		if (str_eq(str_sub(from, 2, 3), str_c(codes[i])))
			return true;
	return false;
}

const struct media_channel *media_channels_of(const struct media_channels *c, struct str carrier,
					      struct str channel, struct str from)
{
	const struct media_channel *found = NULL;
	char name[160];

	if (!channel.p)
		return NULL;
	if (toll_free(from)) {
		snprintf(name, sizeof(name), "%.*s.%.*s.tollfree", STR_FMT(carrier), STR_FMT(channel));
		found = media_channels_find(c, str_c(name));
	}
	if (!found) {
		snprintf(name, sizeof(name), "%.*s.%.*s", STR_FMT(carrier), STR_FMT(channel));
		found = media_channels_find(c, str_c(name));
	}
	return found ? found : media_channels_find(c, channel);
}

/* The formats in ${list}, of which ${max} - 1 fit into ${out}. */
static int read_mimes(struct media_channels *c, const struct json *list, const char **out,
		      size_t max, const char *where, struct err *e)
{
	size_t n = 0;

	if (!list)
		return 0;
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct str mime = json_str(it.value);

		if (!mime.n || n + 1 == max)
			return err_set(e, FAULT_CONFIG, "config", "%s: at most %zu media types",
				       where, max - 1);
		out[n++] = arena_cstr(c->arena, mime);
	}
	out[n] = NULL;
	return 0;
}

static void read_number(const struct json *o, const char *key, uint64_t *value)
{
	int64_t v;

	if (json_i64(json_get(o, key), &v) == 0 && v >= 0)
		*value = (uint64_t)v;
}

static void read_small(const struct json *o, const char *key, uint32_t *value)
{
	uint64_t v = *value;

	read_number(o, key, &v);
	*value = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static int read_kind(struct media_channels *c, const struct json *o, struct media_limit *l,
		     const char *where, struct err *e)
{
	read_number(o, "size_max", &l->size);
	read_number(o, "moving_max", &l->moving_size);
	read_small(o, "width_max", &l->width);
	read_small(o, "height_max", &l->height);
	read_small(o, "duration_max", &l->duration);
	if (json_get(o, "square"))
		l->square = json_true(json_get(o, "square"));
	if (read_mimes(c, json_get(o, "mimes"), l->mimes, LEN(l->mimes), where, e) < 0 ||
	    read_mimes(c, json_get(o, "moving"), l->moving, LEN(l->moving), where, e) < 0)
		return -1;
	if (l->mimes[0] && l->size == 0)
		return err_set(e, FAULT_CONFIG, "config", "%s: size_max is missing", where);
	if (l->square && (l->width == 0 || l->height == 0))
		return err_set(e, FAULT_CONFIG, "config",
			       "%s: square needs width_max and height_max", where);
	return 0;
}

static struct media_channel *entry(struct media_channels *c, struct str name)
{
	struct media_channel *old = (struct media_channel *)(uintptr_t)media_channels_find(c, name);

	if (old)
		return old;
	c->list = arena_resize(c->arena, c->list, c->n * sizeof(*c->list), (c->n + 1) * sizeof(*c->list));
	c->list[c->n] = (struct media_channel){ .name = arena_cstr(c->arena, name) };
	return &c->list[c->n++];
}

static int read_channel(struct media_channels *c, struct str name, const struct json *o,
			const char *file, struct err *e)
{
	struct media_channel *channel = entry(c, name);
	uint32_t count = channel->count;

	read_small(o, "count_max", &count);
	channel->count = count;
	read_number(o, "total_max", &channel->total);
	read_number(o, "around", &channel->around);
	for (unsigned k = 0; k < MEDIA_KINDS; k++) {
		const char *kind = media_kind_name((enum media_kind)k);
		const struct json *limit = json_get(o, kind);
		char where[400];

		snprintf(where, sizeof(where), "%.200s: /media/channels/%.*s/%s", file,
			 (int)(name.n > 100 ? 100 : name.n), name.p, kind);
		if (limit && read_kind(c, limit, &channel->kinds[k], where, e) < 0)
			return -1;
	}
	return 0;
}

struct media_channels *media_channels_open(const struct conf *conf, struct err *e)
{
	struct media_channels *c = calloc(1, sizeof(*c));
	const struct json *own = conf ? json_get(json_get(conf->root, "media"), "channels") : NULL;

	if (!c)
		diag_oom();
	c->arena = arena_new();
	c->n = LEN(table);
	c->list = arena_alloc(c->arena, sizeof(table));
	memcpy(c->list, table, sizeof(table));
	for (struct json_iter it = json_iter(own); json_next(&it);) {
		if (read_channel(c, it.key, it.value, conf->path, e) < 0) {
			media_channels_close(c);
			return NULL;
		}
	}
	return c;
}
