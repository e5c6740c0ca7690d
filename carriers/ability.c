/* SPDX-License-Identifier: MIT */
#include "ability.h"

static const struct {
	const char *name;
	unsigned bit;
} types[] = {
	{ "text", ABLE_TEXT },
	{ "media", ABLE_MEDIA },
	{ "location", ABLE_LOCATION },
	{ "contacts", ABLE_CONTACTS },
	{ "interactive", ABLE_INTERACTIVE },
	{ "reaction", ABLE_REACTION },
	{ "template", ABLE_TEMPLATE },
	{ "typing", ABLE_TYPING },
	{ "read", ABLE_READ },
};

unsigned ability_named(struct str word)
{
	for (size_t i = 0; i < LEN(types); i++)
		if (str_eq(word, str_c(types[i].name)))
			return types[i].bit;
	return 0;
}

unsigned ability_type(const struct rec *r)
{
	const unsigned events = ABLE_TYPING | ABLE_READ;

	return rec_is(r, "event") ? ability_named(rec_str(r, "event")) & events :
				    ability_named(rec_str(r, "type")) & ~events;
}

const struct ability *ability_of(const struct ability *list, struct str channel)
{
	for (; list && list->channel; list++)
		if (str_eq(channel, str_c(list->channel)))
			return list;
	return NULL;
}

static int64_t size_of(const struct json *file)
{
	int64_t size;

	return json_i64(json_get(file, "size"), &size) == 0 && size > 0 ? size : 0;
}

void ability_read(struct ability_need *need, const struct rec *r, struct str text)
{
	*need = (struct ability_need){ .type = ability_type(r), .text = text, .media = rec_get(r, "media") };
	need->recipients = (unsigned)json_len(rec_get(r, "to"));
	need->files = (unsigned)json_len(need->media);
	for (struct json_iter it = json_iter(need->media); json_next(&it);)
		if (__builtin_add_overflow(need->total, size_of(it.value), &need->total))
			need->total = INT64_MAX;
}

static bool listed(struct str mime, const char *const *mimes)
{
	struct str bare = str_trim(str_sub(mime, 0, str_find(mime, ';'))); /* without parameters */

	for (; mimes && *mimes; mimes++)
		if (str_eq_nocase(bare, str_c(*mimes)))
			return true;
	return false;
}

/* The kind that a file of ${mime} is, where it does not say. */
static struct str kind_of(const struct json *file, struct str mime)
{
	struct str kind = json_get_str(file, "kind");

	if (kind.n || !mime.n)
		return kind;
	return str_prefix(mime, STR("image/")) ? STR("image") :
	       str_prefix(mime, STR("video/")) ? STR("video") :
	       str_prefix(mime, STR("audio/")) ? STR("audio") :
						 STR("document");
}

/* A file that says neither kind nor MIME type could be anything. */
static const char *file_lacks(const struct ability *a, const struct json *file)
{
	struct str mime = json_get_str(file, "mime"), kind = kind_of(file, mime);
	const struct ability_media *m = a->media;

	while (m && m->kind && !str_eq(kind, str_c(m->kind)))
		m++;
	if (!m || !kind.n)
		return NULL;
	if (!m->kind || (mime.n && m->mimes && !listed(mime, m->mimes)))
		return "media-type";
	return m->size_max && size_of(file) > m->size_max ? "media-size" : NULL;
}

/* No character costs more than two for each of its bytes: mostly nothing has to be counted. */
static bool too_long(const struct ability *a, struct ability_need *need)
{
	size_t *n = &need->length[a->measure];

	if (a->text_max == 0 || need->text.n <= a->text_max / 2)
		return false;
	if (*n == 0)
		*n = sms_length(need->text, a->measure);
	return *n > a->text_max;
}

const char *ability_lacks(const struct ability *a, struct ability_need *need, bool split)
{
	const char *why;

	if (!(a->types & need->type))
		return "type";
	if (a->recipients && need->recipients > a->recipients)
		return "recipients";
	if (!split && too_long(a, need))
		return "text-too-long";
	if (a->files && need->files > a->files)
		return "media-count";
	for (struct json_iter it = json_iter(need->media); json_next(&it);) {
		why = file_lacks(a, it.value);
		if (why)
			return why;
	}
	return a->total_max && need->total > a->total_max ? "media-size" : NULL;
}
