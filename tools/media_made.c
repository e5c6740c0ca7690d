/* SPDX-License-Identifier: MIT */
#include "media_made.h"

#include <stdlib.h>

#include "crypto.h"
#include "file.h"

enum { LINE_MOST = 1024 };

static const char *path_of(const char *dir, struct str sha256, struct str recipe, struct arena *a)
{
	struct str both = arena_fmt(a, "%.*s\n%.*s", STR_FMT(sha256), STR_FMT(recipe));
	struct str key = hash_hex(a, HASH_SHA256, both);

	return arena_fmt(a, "%s/made/%.2s/%.*s", dir, key.p, STR_FMT(key)).p;
}

static uint32_t small(const struct json *o, const char *key)
{
	int64_t v = 0;

	json_i64(json_get(o, key), &v);
	return v > 0 && v < INT32_MAX ? (uint32_t)v : 0;
}

bool media_made_find(const char *dir, struct str sha256, struct str recipe, struct arena *a,
		     struct media_facts *f, struct str *object)
{
	const struct json *o;
	struct str text;
	struct err e;
	int64_t size = 0;

	if (file_read(path_of(dir, sha256, recipe, a), LINE_MOST, a, &text, NULL, &e) < 0)
		return false;
	o = json_parse(text, a, &e);
	*object = json_get_str(o, "sha256");
	*f = (struct media_facts){ .type = media_type_named(json_get_str(o, "mime")), .duration = -1 };
	if (!object->p || !f->type || json_i64(json_get(o, "size"), &size) < 0 || size <= 0)
		return false;
	f->mime = str_c(f->type->mime);
	f->size = (uint64_t)size;
	f->width = small(o, "width");
	f->height = small(o, "height");
	f->frames = small(o, "frames");
	if (json_double(json_get(o, "duration"), &f->duration) < 0)
		f->duration = -1;
	return true;
}

void media_made_keep(const char *dir, struct str sha256, struct str recipe, struct arena *a,
		     const struct media_facts *f, struct str object)
{
	const char *path = path_of(dir, sha256, recipe, a);
	struct buf b = { .max = LINE_MOST };
	struct err e;

	json_open(&b, '{');
	json_add_str(&b, "sha256", object);
	json_add_str(&b, "mime", f->mime);
	json_add_i64(&b, "size", (int64_t)f->size);
	if (f->width) {
		json_add_i64(&b, "width", f->width);
		json_add_i64(&b, "height", f->height);
	}
	if (f->frames)
		json_add_i64(&b, "frames", f->frames);
	if (f->duration >= 0) {
		json_key(&b, "duration");
		buf_fmt(&b, "%.3f", f->duration);
	}
	json_close(&b, '}');
	/* Half of it after a power failure is no JSON, and nothing is known then. */
	if (file_parents(path, &e) == 0)
		(void)file_replace(path, buf_get(&b), 0600, false, &e);
	buf_free(&b);
}
