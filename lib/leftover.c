/* SPDX-License-Identifier: MIT */
#include "leftover.h"

#include "limit.h"

enum { DEPTH_MAX = 8 }; /* levels of a document that records are made of */

struct buf leftover_begin(void)
{
	struct buf b = { .max = LINE_MAX_BYTES + LINE_GROWTH };

	json_open(&b, '{');
	return b;
}

struct str leftover_end(struct arena *a, struct buf *b)
{
	struct str s = STR_NONE;

	if (b->n > 1) {
		json_close(b, '}');
		s = arena_str(a, buf_get(b));
	}
	buf_free(b);
	return s;
}

struct str leftover_whole(struct arena *a, const struct json *v)
{
	struct buf b;

	if (json_is(v, JSON_OBJECT))
		return json_compact(a, v);
	b = leftover_begin();
	json_add_value(&b, "body", v);
	return leftover_end(a, &b);
}

void leftover_members(struct buf *b, struct str under, const struct json *obj,
		      const struct str *taken, size_t n)
{
	bool nested = false;

	for (struct json_iter it = json_iter(obj); json_next(&it);) {
		if (str_among(it.key, taken, n))
			continue;
		if (under.p && !nested) {
			json_key_str(b, under);
			json_open(b, '{');
			nested = true;
		}
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
	if (nested)
		json_close(b, '}');
}

static void add_place(struct leftover *l, const struct json *v, bool opened)
{
	if (!v || l->n == LEFTOVER_PLACES_MAX)
		return;
	l->places[l->n].v = v;
	l->places[l->n++].opened = opened;
}

void leftover_taken(struct leftover *l, const struct json *v)
{
	add_place(l, v, false);
}

void leftover_opened(struct leftover *l, const struct json *v)
{
	add_place(l, v, true);
}

static bool is_empty(const struct json *v)
{
	if (json_is(v, JSON_STRING))
		return json_str(v).n == 0;
	return json_is(v, JSON_NULL) ||
	       ((json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY)) && json_len(v) == 0);
}

/* Append what is left of the members or elements of ${v}, which stands open in ${b}. */
static void put(struct buf *b, const struct leftover *l, const struct json *v, int depth)
{
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		bool array = json_is(it.value, JSON_ARRAY);
		size_t i = 0, before = b->n, empty;

		while (i < l->n && l->places[i].v != it.value)
			i++;
		if ((i < l->n && !l->places[i].opened) || (l->bare && is_empty(it.value)))
			continue;
		if (it.object)
			json_key_str(b, it.key);
		if (i == l->n || depth == DEPTH_MAX) {
			json_put_value(b, it.value);
			continue;
		}
		json_open(b, array ? '[' : '{');
		empty = b->n;
		put(b, l, it.value, depth + 1);
		if (b->n > empty)
			json_close(b, array ? ']' : '}');
		else
			b->n = before;
	}
}

void leftover_put(struct buf *b, const struct leftover *l, const struct json *root)
{
	put(b, l, root, 1);
}
