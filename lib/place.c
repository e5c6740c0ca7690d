/* SPDX-License-Identifier: MIT */
#include "place.h"

enum { DEPTH_MAX = 16 }; /* of references and bases; ours are three deep */

struct place place_at(const struct place_docs *docs, struct str name)
{
	size_t hash = str_find(name, '#');
	struct place p = { NULL, arena_str(docs->arena, str_sub(name, 0, hash)), docs };

	p.v = json_pointer(docs->get(docs->ctx, p.doc), str_sub(name, hash + 1, SIZE_MAX));
	return p;
}

struct place place_get(struct place p, const char *key)
{
	return (struct place){ json_get(p.v, key), p.doc, p.docs };
}

/* The length of ${path} up to its last slash and with it, not counting one at its end. */
static size_t directory(struct str path)
{
	size_t n = path.n;

	if (n > 0 && path.p[n - 1] == '/')
		n--;
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n;
}

/* The place that ${ref}, which stands in ${base}, names. */
static struct str resolve(struct arena *a, struct str base, struct str ref)
{
	struct str dir = str_sub(base, 0, directory(base));

	if (str_prefix(ref, STR("#")))
		return arena_join(a, base, ref);
	for (; str_prefix(ref, STR("../")); ref = str_sub(ref, 3, ref.n))
		dir.n = directory(dir);
	return arena_join(a, dir, ref);
}

/* One step of a reference; false where ${p} is none. */
static bool step(struct place *p)
{
	struct str ref = json_get_str(p->v, "$ref");

	if (ref.p)
		*p = place_at(p->docs, resolve(p->docs->arena, p->doc, ref));
	return ref.p != NULL;
}

struct place place_follow(struct place p)
{
	int depth = 0;

	while (!json_get(p.v, "properties") && step(&p))
		if (++depth > DEPTH_MAX)
			p.v = NULL;
	return p;
}

const struct json *place_word(struct place p, const char *key)
{
	const struct json *v = json_get(p.v, key);

	for (int depth = 0; !v && depth < DEPTH_MAX && step(&p); depth++)
		v = json_get(p.v, key);
	return v;
}

/* ---- members ---- */

struct members {
	struct place_member *list;
	size_t n;
};

static struct place_member *find(const struct members *m, struct str name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->list[i].name, name))
			return &m->list[i];
	return NULL;
}

/* A member that a base has already is said anew, in its place. */
static void add(struct members *m, struct str name, struct place at)
{
	struct arena *a = at.docs->arena;
	struct place_member *old = find(m, name);

	if (old) {
		old->at = at;
		return;
	}
	m->list = arena_resize(a, m->list, m->n * sizeof(*m->list), (m->n + 1) * sizeof(*m->list));
	m->list[m->n++] = (struct place_member){ .name = name, .at = at };
}

static void gather(struct place p, bool bases, int depth, struct members *m)
{
	struct place to = p;

	if (depth > DEPTH_MAX)
		return;
	if (bases && step(&to))
		gather(to, true, depth + 1, m);
	for (struct json_iter it = json_iter(json_get(p.v, "allOf")); bases && json_next(&it);) {
		to = (struct place){ it.value, p.doc, p.docs };
		gather(to, true, depth + 1, m);
	}
	for (struct json_iter it = json_iter(json_get(p.v, "properties")); json_next(&it);)
		add(m, it.key, (struct place){ it.value, p.doc, p.docs });
	for (struct json_iter it = json_iter(json_get(p.v, "required")); json_next(&it);) {
		struct place_member *one = find(m, json_str(it.value));

		if (one)
			one->required = true;
	}
}

size_t place_members(struct place p, bool bases, struct place_member **out)
{
	struct members m = { NULL, 0 };

	gather(p, bases, 0, &m);
	*out = m.list;
	return m.n;
}

/* ---- types ---- */

/* ${words} is "strings" where ${many}. */
static void put_noun(struct buf *b, struct str type, bool many)
{
	if (str_eq(type, STR("integer")))
		type = STR("whole number");
	else if (str_eq(type, STR("boolean")))
		type = STR("true or false");
	buf_str(b, type);
	if (many && !str_eq(type, STR("true or false")))
		buf_char(b, 's');
}

static void put_type(struct buf *b, struct place p, bool many, int depth);

/* A list of types, as words between which "or" stands. */
static void put_types(struct buf *b, struct place list, bool many, int depth)
{
	for (struct json_iter it = json_iter(list.v); json_next(&it);) {
		if (it.i)
			buf_lit(b, " or ");
		if (json_is(it.value, JSON_STRING))
			put_noun(b, json_str(it.value), many);
		else
			put_type(b, (struct place){ it.value, list.doc, list.docs }, many, depth + 1);
	}
}

static struct str const_type(const struct json *v)
{
	enum json_type type = json_type(v);

	return type == JSON_BOOL ? STR("true") : str_c(json_type_name(type));
}

static void put_array(struct buf *b, struct place p, bool many, int depth)
{
	struct place items = place_follow(place_get(p, "items"));

	put_noun(b, STR("array"), many);
	if (items.v && !json_is(items.v, JSON_BOOL) && json_len(items.v) > 0) {
		buf_lit(b, " of ");
		put_type(b, items, true, depth + 1);
	}
}

static void put_type(struct buf *b, struct place p, bool many, int depth)
{
	struct place to = place_follow(p);
	const struct json *type = place_word(p, "type"), *is = json_get(to.v, "const");

	if (json_true(place_word(p, "x-secret")))
		put_noun(b, STR("secret"), many);
	else if (is)
		put_noun(b, const_type(is), false);
	else if (str_eq(json_str(type), STR("array")))
		put_array(b, to, many, depth);
	else if (json_is(type, JSON_STRING))
		put_noun(b, json_str(type), many);
	else if (json_is(type, JSON_ARRAY))
		put_types(b, (struct place){ type, to.doc, to.docs }, many, depth);
	else if (json_get(to.v, "anyOf") && depth < DEPTH_MAX)
		put_types(b, place_get(to, "anyOf"), many, depth);
	else
		buf_lit(b, "any JSON");
}

void place_type(struct buf *b, struct place p)
{
	put_type(b, p, false, 0);
}
