/* SPDX-License-Identifier: MIT */
/* From the JSON of a schema to its nodes and clauses, and what their keywords may hold. */
#include "schema_private.h"

#include <stdarg.h>
#include <stdio.h>

#include "json_same.h"
#include "uri.h"

enum { PLACE_SHOWN = 120, SHORT_LIST = 4 };

struct reader {
	struct schema_set *set;
	struct node *node; /* being read */
	struct err *e;
	unsigned depth;
};

struct keyword_kind {
	struct str name;
	unsigned vocabulary;
	enum clause_op op;
	unsigned types;
	/* Fill ${c}; return 1 if it can fail, 0 if it is nothing to check, -1 on error. */
	int (*read)(struct reader *r, const struct json *v, struct clause *c);
};

/* ---- places ---- */

void schema_step(struct buf *b, struct str step)
{
	buf_char(b, '/');
	if (str_find(step, '~') == step.n && str_find(step, '/') == step.n) {
		buf_str(b, step);
		return;
	}
	for (size_t i = 0; i < step.n; i++) {
		if (step.p[i] == '~')
			buf_lit(b, "~0");
		else if (step.p[i] == '/')
			buf_lit(b, "~1");
		else
			buf_char(b, step.p[i]);
	}
}

void schema_pointer(struct buf *b, const struct node *n, bool document)
{
	if (!document && n->resource->root == n)
		return;
	if (!n->up)
		return;
	schema_pointer(b, n->up, document);
	if (str_prefix(n->keyword, STR("/"))) /* a pointer to where no keyword leads */
		buf_str(b, n->keyword);
	else
		schema_step(b, n->keyword);
	if (n->member.p)
		schema_step(b, n->member);
	if (n->index != SIZE_MAX)
		buf_fmt(b, "/%zu", n->index);
}

int schema_bad(const struct node *n, struct str member, struct err *e, const char *fmt, ...)
{
	struct buf b = { .max = SIZE_MAX };
	const struct document *d = n->resource->document;
	struct str at;
	char text[sizeof(e->text)];
	size_t line;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	schema_pointer(&b, n, true);
	if (member.p)
		schema_step(&b, member);
	at = buf_get(&b);
	line = json_line(d->text, at);
	if (at.n > PLACE_SHOWN) /* the end of it tells more than the start, and leaves room for the reason */
		at = str_sub(at, at.n - PLACE_SHOWN, at.n);
	err_set(e, FAULT_CONFIG, "schema", "%.*s: line %zu: %s%.*s%s%s", STR_FMT(d->name), line,
		at.n < b.n ? "…" : "", STR_FMT(at), at.n ? ": " : "", text);
	buf_free(&b);
	return -1;
}

/* The value of keyword ${name} of the node that is being read is wrong. */
static int bad(struct reader *r, struct str name, const char *what)
{
	return schema_bad(r->node, name, r->e, "%s", what);
}

/* ---- values of keywords ---- */

static struct node *read_node(struct reader *r, const struct json *v, struct str keyword,
			      struct str member, size_t index);

static int read_schema(struct reader *r, const struct json *v, struct clause *c)
{
	c->node = read_node(r, v, str_c(c->name), STR_NONE, SIZE_MAX);
	return c->node ? 1 : -1;
}

static int read_schemas(struct reader *r, const struct json *v, struct clause *c)
{
	struct json_iter it;

	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return bad(r, str_c(c->name), "must be an array of schemas, not empty");
	c->n = json_len(v);
	c->nodes = arena_calloc(r->set->arena, c->n, sizeof(*c->nodes));
	for (it = json_iter(v); json_next(&it);) {
		c->nodes[it.i] = read_node(r, it.value, str_c(c->name), STR_NONE, it.i);
		if (!c->nodes[it.i])
			return -1;
	}
	return 1;
}

/* Names stand once; that there are many of them makes an index worth its memory. */
static int add_index(struct reader *r, struct clause *c)
{
	struct strmap map = { .arena = r->set->arena };

	for (size_t i = 0; i < c->n; i++)
		if (strmap_put(&map, c->named[i].name, &c->named[i]))
			return bad(r, str_c(c->name), "names something twice");
	if (c->n > SHORT_LIST) {
		c->index = arena_alloc(r->set->arena, sizeof(map));
		*c->index = map;
	}
	return 1;
}

static int read_named(struct reader *r, const struct json *v, struct clause *c)
{
	struct json_iter it;

	if (!json_is(v, JSON_OBJECT))
		return bad(r, str_c(c->name), "must be an object of schemas");
	c->named = arena_calloc(r->set->arena, json_len(v), sizeof(*c->named));
	for (it = json_iter(v); json_next(&it);) {
		struct node *n = read_node(r, it.value, str_c(c->name), it.key, SIZE_MAX);

		if (!n)
			return -1;
		c->named[c->n++] = (struct named){ it.key, n, false };
	}
	return add_index(r, c);
}

/* $defs: schemas that are there to be named. */
static int read_definitions(struct reader *r, const struct json *v, struct clause *c)
{
	return read_named(r, v, c) < 0 ? -1 : 0;
}

/* The pattern ${text}, compiled once for the whole set. */
static const struct pattern *read_pattern_text(struct reader *r, struct str text, struct err *e)
{
	struct schema_set *set = r->set;
	struct pattern *p = strmap_get(&set->patterns, text);

	if (p)
		return p;
	p = pattern_new(text, set->arena, e);
	if (!p)
		return NULL;
	strmap_put(&set->patterns, text, p);
	if (!pattern_plain(p)) {
		if (set->n_compiled == set->cap_compiled) {
			size_t old = set->cap_compiled * sizeof(*set->compiled);

			set->cap_compiled = set->cap_compiled ? set->cap_compiled * 2 : 16;
			set->compiled = arena_resize(set->arena, set->compiled, old,
						     set->cap_compiled * sizeof(*set->compiled));
		}
		set->compiled[set->n_compiled++] = p;
	}
	return p;
}

static int read_matched(struct reader *r, const struct json *v, struct clause *c)
{
	struct json_iter it;
	struct err why;

	if (!json_is(v, JSON_OBJECT))
		return bad(r, str_c(c->name), "must be an object of schemas");
	c->matched = arena_calloc(r->set->arena, json_len(v), sizeof(*c->matched));
	for (it = json_iter(v); json_next(&it);) {
		struct matched *m = &c->matched[c->n++];

		m->text = it.key;
		m->node = read_node(r, it.value, str_c(c->name), it.key, SIZE_MAX);
		if (!m->node)
			return -1;
		m->pattern = read_pattern_text(r, it.key, &why);
		if (!m->pattern)
			return schema_bad(m->node, STR_NONE, r->e, "%s", why.text);
	}
	return 1;
}

static int read_pattern(struct reader *r, const struct json *v, struct clause *c)
{
	struct err why;

	if (!json_is(v, JSON_STRING))
		return bad(r, str_c(c->name), "must be a string");
	c->text = json_str(v);
	c->pattern = read_pattern_text(r, c->text, &why);
	return c->pattern ? 1 : bad(r, str_c(c->name), why.text);
}

static int read_count(struct reader *r, const struct json *v, struct clause *c)
{
	int64_t n;
	struct number text;

	if (!json_is(v, JSON_NUMBER))
		return bad(r, str_c(c->name), "must be a whole number, 0 or more");
	text = number_read(json_text(v));
	if (text.sign < 0 || !number_whole(&text))
		return bad(r, str_c(c->name), "must be a whole number, 0 or more");
	c->count = json_i64(v, &n) == 0 ? (uint64_t)n : UINT64_MAX;
	return 1;
}

/* minContains and maxContains: read with `contains`. */
static int read_count_only(struct reader *r, const struct json *v, struct clause *c)
{
	return read_count(r, v, c) < 0 ? -1 : 0;
}

static int read_number(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_NUMBER))
		return bad(r, str_c(c->name), "must be a number");
	c->text = json_text(v);
	c->number = number_read(c->text);
	return 1;
}

static int read_unit(struct reader *r, const struct json *v, struct clause *c)
{
	if (read_number(r, v, c) < 0)
		return -1;
	if (c->number.sign <= 0)
		return bad(r, str_c(c->name), "must be more than 0");
	if (!number_unit(&c->number))
		return bad(r, str_c(c->name), "has more than the 19 digits that are supported");
	return 1;
}

static int read_true(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_BOOL))
		return bad(r, str_c(c->name), "must be true or false");
	return json_true(v);
}

/* An array of texts, each once; ${list} is their array. */
static int read_texts(struct reader *r, const struct json *v, struct str name,
		      const struct str **list, size_t *n)
{
	struct str *texts;
	struct json_iter it;
	size_t x, y;

	if (!json_is(v, JSON_ARRAY))
		return bad(r, name, "must be an array of strings");
	texts = arena_calloc(r->set->arena, json_len(v), sizeof(*texts));
	for (it = json_iter(v); json_next(&it);) {
		if (!json_is(it.value, JSON_STRING))
			return bad(r, name, "must be an array of strings");
		texts[it.i] = json_str(it.value);
	}
	if (json_unique(v, r->set->arena, &x, &y) != 1)
		return bad(r, name, "names something twice");
	*list = texts;
	*n = json_len(v);
	return *n > 0;
}

static int read_required(struct reader *r, const struct json *v, struct clause *c)
{
	return read_texts(r, v, str_c(c->name), &c->names, &c->n);
}

static int read_needs(struct reader *r, const struct json *v, struct clause *c)
{
	struct json_iter it;

	if (!json_is(v, JSON_OBJECT))
		return bad(r, str_c(c->name), "must be an object of arrays of strings");
	c->needs = arena_calloc(r->set->arena, json_len(v), sizeof(*c->needs));
	for (it = json_iter(v); json_next(&it);) {
		struct needs *n = &c->needs[c->n++];

		n->name = it.key;
		if (read_texts(r, it.value, str_c(c->name), &n->names, &n->n) < 0)
			return -1;
	}
	return 1;
}

static unsigned type_of(struct str name)
{
	static const struct {
		struct str name;
		unsigned bits;
	} types[] = {
		{ STR("null"), TYPE_BIT(JSON_NULL) },     { STR("boolean"), TYPE_BIT(JSON_BOOL) },
		{ STR("number"), TYPE_BIT(JSON_NUMBER) }, { STR("integer"), TYPE_INTEGER },
		{ STR("string"), TYPE_BIT(JSON_STRING) }, { STR("array"), TYPE_BIT(JSON_ARRAY) },
		{ STR("object"), TYPE_BIT(JSON_OBJECT) },
	};

	for (size_t i = 0; i < LEN(types); i++)
		if (str_eq(types[i].name, name))
			return types[i].bits;
	return 0;
}

static int read_type(struct reader *r, const struct json *v, struct clause *c)
{
	static const char what[] =
		"must be one of null, boolean, number, integer, string, array, object, or an array of them";
	struct json_iter it;
	unsigned bits;

	if (json_is(v, JSON_STRING)) {
		c->allowed = type_of(json_str(v));
		return c->allowed ? 1 : bad(r, str_c(c->name), what);
	}
	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return bad(r, str_c(c->name), what);
	for (it = json_iter(v); json_next(&it); c->allowed |= bits) {
		bits = type_of(json_str(it.value));
		if (!bits)
			return bad(r, str_c(c->name), what);
		if (c->allowed & bits)
			return bad(r, str_c(c->name), "names something twice");
	}
	return 1;
}

static int read_const(struct reader *r, const struct json *v, struct clause *c)
{
	(void)r;
	c->value = v;
	return 1;
}

static int read_enum(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_ARRAY))
		return bad(r, str_c(c->name), "must be an array");
	c->value = v;
	return 1;
}

static int read_format(struct reader *r, const struct json *v, struct clause *c)
{
	unsigned vocabularies = r->node->resource->vocabularies;

	if (!json_is(v, JSON_STRING))
		return bad(r, str_c(c->name), "must be a string");
	c->text = json_str(v);
	c->format = format_find(c->text);
	if (!c->format && (r->set->flags & SCHEMA_STRICT))
		return bad(r, str_c(c->name), "there is no such format");
	return c->format &&
	       ((vocabularies & VOCABULARY_FORMAT_ASSERTION) || (r->set->flags & SCHEMA_FORMATS));
}

static int read_contains(struct reader *r, const struct json *v, struct clause *c)
{
	const struct json *schema = r->node->json, *min = json_get(schema, "minContains"),
			  *max = json_get(schema, "maxContains");
	struct clause limit = { .name = "minContains" };
	struct node *n = read_node(r, v, str_c(c->name), STR_NONE, SIZE_MAX);

	if (!n)
		return -1;
	c->contains.node = n;
	c->contains.min = 1;
	c->contains.max = UINT64_MAX;
	if (!(r->node->resource->vocabularies & VOCABULARY_VALIDATION))
		return 1;
	if (min && read_count(r, min, &limit) < 0)
		return -1;
	if (min)
		c->contains.min = limit.count;
	limit.name = "maxContains";
	if (max && read_count(r, max, &limit) < 0)
		return -1;
	if (max)
		c->contains.max = limit.count;
	return 1;
}

static int read_if(struct reader *r, const struct json *v, struct clause *c)
{
	const struct json *yes = json_get(r->node->json, "then"), *no = json_get(r->node->json, "else");

	c->branch.test = read_node(r, v, STR("if"), STR_NONE, SIZE_MAX);
	if (!c->branch.test)
		return -1;
	if (yes) {
		c->branch.yes = read_node(r, yes, STR("then"), STR_NONE, SIZE_MAX);
		if (!c->branch.yes)
			return -1;
	}
	if (no) {
		c->branch.no = read_node(r, no, STR("else"), STR_NONE, SIZE_MAX);
		if (!c->branch.no)
			return -1;
	}
	return 1;
}

/* then and else: read with `if`; without one they are schemas that can be named. */
static int read_branch(struct reader *r, const struct json *v, struct clause *c)
{
	if (json_get(r->node->json, "if"))
		return 0;
	return read_schema(r, v, c) < 0 ? -1 : 0;
}

static int read_text(struct reader *r, const struct json *v, struct clause *c)
{
	return json_is(v, JSON_STRING) ? 0 : bad(r, str_c(c->name), "must be a string");
}

static int read_reference(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_STRING))
		return bad(r, str_c(c->name), "must be a string");
	c->text = json_str(v);
	return 1;
}

/* Remarks, and names that schema_identify has read. */
static int read_nothing(struct reader *r, const struct json *v, struct clause *c)
{
	(void)r;
	(void)v;
	(void)c;
	return 0;
}

static int read_content(struct reader *r, const struct json *v, struct clause *c)
{
	return read_schema(r, v, c) < 0 ? -1 : 0;
}

enum {
	NUMBERS = TYPE_BIT(JSON_NUMBER),
	STRINGS = TYPE_BIT(JSON_STRING),
	ARRAYS = TYPE_BIT(JSON_ARRAY),
	OBJECTS = TYPE_BIT(JSON_OBJECT),
};

/* clang-format off */
static const struct keyword_kind kinds[] = {
	{ STR("$schema"), VOCABULARY_CORE, 0, 0, read_text },
	{ STR("$id"), VOCABULARY_CORE, 0, 0, read_text },
	{ STR("$anchor"), VOCABULARY_CORE, 0, 0, read_text },
	{ STR("$dynamicAnchor"), VOCABULARY_CORE, 0, 0, read_text },
	{ STR("$vocabulary"), VOCABULARY_CORE, 0, 0, read_nothing },
	{ STR("$comment"), VOCABULARY_CORE, 0, 0, read_text },
	{ STR("$defs"), VOCABULARY_CORE, 0, 0, read_definitions },
	{ STR("$ref"), VOCABULARY_CORE, CLAUSE_REF, TYPES_ALL, read_reference },
	{ STR("$dynamicRef"), VOCABULARY_CORE, CLAUSE_DYNAMIC_REF, TYPES_ALL, read_reference },
	{ STR("type"), VOCABULARY_VALIDATION, CLAUSE_TYPE, TYPES_ALL, read_type },
	{ STR("const"), VOCABULARY_VALIDATION, CLAUSE_CONST, TYPES_ALL, read_const },
	{ STR("enum"), VOCABULARY_VALIDATION, CLAUSE_ENUM, TYPES_ALL, read_enum },
	{ STR("multipleOf"), VOCABULARY_VALIDATION, CLAUSE_MULTIPLE_OF, NUMBERS, read_unit },
	{ STR("maximum"), VOCABULARY_VALIDATION, CLAUSE_MAXIMUM, NUMBERS, read_number },
	{ STR("exclusiveMaximum"), VOCABULARY_VALIDATION, CLAUSE_EXCLUSIVE_MAXIMUM, NUMBERS, read_number },
	{ STR("minimum"), VOCABULARY_VALIDATION, CLAUSE_MINIMUM, NUMBERS, read_number },
	{ STR("exclusiveMinimum"), VOCABULARY_VALIDATION, CLAUSE_EXCLUSIVE_MINIMUM, NUMBERS, read_number },
	{ STR("maxLength"), VOCABULARY_VALIDATION, CLAUSE_MAX_LENGTH, STRINGS, read_count },
	{ STR("minLength"), VOCABULARY_VALIDATION, CLAUSE_MIN_LENGTH, STRINGS, read_count },
	{ STR("pattern"), VOCABULARY_VALIDATION, CLAUSE_PATTERN, STRINGS, read_pattern },
	{ STR("maxItems"), VOCABULARY_VALIDATION, CLAUSE_MAX_ITEMS, ARRAYS, read_count },
	{ STR("minItems"), VOCABULARY_VALIDATION, CLAUSE_MIN_ITEMS, ARRAYS, read_count },
	{ STR("uniqueItems"), VOCABULARY_VALIDATION, CLAUSE_UNIQUE_ITEMS, ARRAYS, read_true },
	{ STR("minContains"), VOCABULARY_VALIDATION, 0, 0, read_count_only },
	{ STR("maxContains"), VOCABULARY_VALIDATION, 0, 0, read_count_only },
	{ STR("maxProperties"), VOCABULARY_VALIDATION, CLAUSE_MAX_PROPERTIES, OBJECTS, read_count },
	{ STR("minProperties"), VOCABULARY_VALIDATION, CLAUSE_MIN_PROPERTIES, OBJECTS, read_count },
	{ STR("required"), VOCABULARY_VALIDATION, CLAUSE_REQUIRED, OBJECTS, read_required },
	{ STR("dependentRequired"), VOCABULARY_VALIDATION, CLAUSE_DEPENDENT_REQUIRED, OBJECTS, read_needs },
	{ STR("format"), VOCABULARY_FORMAT | VOCABULARY_FORMAT_ASSERTION, CLAUSE_FORMAT, STRINGS, read_format },
	{ STR("prefixItems"), VOCABULARY_APPLICATOR, CLAUSE_PREFIX_ITEMS, ARRAYS, read_schemas },
	{ STR("items"), VOCABULARY_APPLICATOR, CLAUSE_ITEMS, ARRAYS, read_schema },
	{ STR("contains"), VOCABULARY_APPLICATOR, CLAUSE_CONTAINS, ARRAYS, read_contains },
	{ STR("properties"), VOCABULARY_APPLICATOR, CLAUSE_PROPERTIES, OBJECTS, read_named },
	{ STR("patternProperties"), VOCABULARY_APPLICATOR, CLAUSE_PATTERN_PROPERTIES, OBJECTS, read_matched },
	{ STR("additionalProperties"), VOCABULARY_APPLICATOR, CLAUSE_ADDITIONAL_PROPERTIES, OBJECTS, read_schema },
	{ STR("propertyNames"), VOCABULARY_APPLICATOR, CLAUSE_PROPERTY_NAMES, OBJECTS, read_schema },
	{ STR("allOf"), VOCABULARY_APPLICATOR, CLAUSE_ALL_OF, TYPES_ALL, read_schemas },
	{ STR("anyOf"), VOCABULARY_APPLICATOR, CLAUSE_ANY_OF, TYPES_ALL, read_schemas },
	{ STR("oneOf"), VOCABULARY_APPLICATOR, CLAUSE_ONE_OF, TYPES_ALL, read_schemas },
	{ STR("not"), VOCABULARY_APPLICATOR, CLAUSE_NOT, TYPES_ALL, read_schema },
	{ STR("if"), VOCABULARY_APPLICATOR, CLAUSE_IF, TYPES_ALL, read_if },
	{ STR("then"), VOCABULARY_APPLICATOR, 0, 0, read_branch },
	{ STR("else"), VOCABULARY_APPLICATOR, 0, 0, read_branch },
	{ STR("dependentSchemas"), VOCABULARY_APPLICATOR, CLAUSE_DEPENDENT_SCHEMAS, OBJECTS, read_named },
	{ STR("unevaluatedItems"), VOCABULARY_UNEVALUATED, CLAUSE_UNEVALUATED_ITEMS, ARRAYS, read_schema },
	{ STR("unevaluatedProperties"), VOCABULARY_UNEVALUATED, CLAUSE_UNEVALUATED_PROPERTIES, OBJECTS, read_schema },
	{ STR("contentSchema"), VOCABULARY_CONTENT, 0, 0, read_content },
	{ STR("contentEncoding"), VOCABULARY_CONTENT, 0, 0, read_text },
	{ STR("contentMediaType"), VOCABULARY_CONTENT, 0, 0, read_text },
	{ STR("title"), VOCABULARY_META_DATA, 0, 0, read_text },
	{ STR("description"), VOCABULARY_META_DATA, 0, 0, read_text },
	{ STR("default"), VOCABULARY_META_DATA, 0, 0, read_nothing },
	{ STR("deprecated"), VOCABULARY_META_DATA, 0, 0, read_nothing },
	{ STR("readOnly"), VOCABULARY_META_DATA, 0, 0, read_nothing },
	{ STR("writeOnly"), VOCABULARY_META_DATA, 0, 0, read_nothing },
	{ STR("examples"), VOCABULARY_META_DATA, 0, 0, read_nothing },
};
/* clang-format on */

static const struct keyword_kind *kind_of(struct schema_set *set, struct str name)
{
	if (set->keywords.n == 0)
		for (size_t i = 0; i < LEN(kinds); i++)
			strmap_put(&set->keywords, kinds[i].name, (void *)(uintptr_t)&kinds[i]);
	return strmap_get(&set->keywords, name);
}

/* The keyword that ${name} was probably meant to be: one letter too many, too few, or other. */
static struct str nearest(struct str name)
{
	for (size_t i = 0; i < LEN(kinds); i++) {
		struct str k = kinds[i].name;
		size_t front = 0, back = 0;

		while (front < k.n && front < name.n && k.p[front] == name.p[front])
			front++;
		while (back < k.n - front && back + front < name.n &&
		       k.p[k.n - 1 - back] == name.p[name.n - 1 - back])
			back++;
		if (k.n > 3 && front + back + 2 >= (k.n > name.n ? k.n : name.n))
			return k;
	}
	return STR_NONE;
}

/* ---- names ---- */

static bool anchor_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return s.n > 0;
}

static int add_anchor(struct reader *r, const char *keyword, bool dynamic)
{
	struct node *n = r->node;
	const struct json *v = json_get(n->json, keyword);
	struct arena *a = r->set->arena;
	struct str key;

	if (!v)
		return 0;
	if (!anchor_name(json_str(v)))
		return bad(r, str_c(keyword), "must be a name: letters, digits, \"_\", \"-\" and \".\"");
	key = arena_join(a, arena_join(a, n->resource->uri, STR("#")), json_str(v));
	if (strmap_put(&r->set->anchors, key, n) && strmap_get(&r->set->anchors, key) != n)
		return bad(r, str_c(keyword), "there is another anchor of that name");
	if (dynamic)
		strmap_put(&r->set->dynamics, key, n);
	return 0;
}

/* What `$id` begins: a resource of its own. */
static int add_resource(struct reader *r, const struct json *id)
{
	struct node *n = r->node;
	struct resource *around = n->resource, *res;
	struct str full = uri_resolve(r->set->arena, around->uri, json_str(id));
	size_t hash = str_find(full, '#');

	if (hash + 1 < full.n)
		return bad(r, STR("$id"), "must not have a fragment: that is what $anchor is for");
	full.n = hash;
	if (str_eq(full, around->uri) && !around->root)
		return 0;
	res = arena_calloc(r->set->arena, 1, sizeof(*res));
	*res = *around;
	res->uri = full;
	res->root = n;
	if (strmap_put(&r->set->resources, full, res))
		return bad(r, STR("$id"), "another schema has that name");
	n->resource = res;
	return 0;
}

static int identify(struct reader *r)
{
	struct node *n = r->node;
	const struct json *id = json_get(n->json, "$id"), *dialect = json_get(n->json, "$schema");
	struct err why;

	if (id && !json_is(id, JSON_STRING))
		return bad(r, STR("$id"), "must be a string");
	if (id && add_resource(r, id) < 0)
		return -1;
	if (dialect && (n->resource->root == n || !n->resource->root) &&
	    schema_vocabularies(r->set, json_str(dialect), &n->resource->vocabularies, &why) < 0)
		return bad(r, STR("$schema"), why.text);
	if (!n->resource->root)
		n->resource->root = n;
	if (add_anchor(r, "$anchor", false) < 0 || add_anchor(r, "$dynamicAnchor", true) < 0)
		return -1;
	return 0;
}

/* ---- nodes ---- */

static int read_keyword(struct reader *r, struct str name, const struct json *v)
{
	const struct keyword_kind *kind = kind_of(r->set, name);
	struct node *n = r->node;
	struct clause c = { 0 };
	struct str near;
	int rc;

	if (!kind) {
		if (!(r->set->flags & SCHEMA_STRICT) || str_prefix(name, STR("x-")))
			return 0;
		near = nearest(name);
		return schema_bad(n, name, r->e, "there is no such keyword%s%.*s%s",
				  near.n ? "; did you mean \"" : "", STR_FMT(near), near.n ? "\"?" : "");
	}
	if (!(n->resource->vocabularies & kind->vocabulary))
		return 0;
	c.op = kind->op;
	c.name = kind->name.p;
	c.types = kind->types;
	for (size_t i = 0; i < n->n; i++)
		if (kind->types && n->clauses[i].op == kind->op)
			return bad(r, name, "stands twice");
	rc = kind->read(r, v, &c);
	r->node = n;
	if (rc > 0)
		n->clauses[n->n++] = c;
	return rc < 0 ? -1 : 0;
}

/* What looks at all that the others have seen comes last. */
static void put_in_order(struct node *n)
{
	size_t last = n->n;

	for (size_t i = 0; i < last;) {
		struct clause c = n->clauses[i];

		if (c.op < CLAUSE_UNEVALUATED_ITEMS) {
			i++;
			continue;
		}
		memmove(n->clauses + i, n->clauses + i + 1, (n->n - i - 1) * sizeof(c));
		n->clauses[n->n - 1] = c;
		last--;
	}
}

static void find_siblings(struct node *n)
{
	const struct clause *required = NULL;

	for (size_t i = 0; i < n->n; i++) {
		struct clause *c = &n->clauses[i];

		if (c->op == CLAUSE_PROPERTIES)
			n->properties = c;
		else if (c->op == CLAUSE_PATTERN_PROPERTIES)
			n->patterns = c;
		else if (c->op == CLAUSE_PREFIX_ITEMS)
			n->prefix = c;
		else if (c->op == CLAUSE_REQUIRED)
			required = c;
	}
	for (size_t i = 0; n->properties && required && i < n->properties->n; i++)
		n->properties->named[i].needed =
			str_among(n->properties->named[i].name, required->names, required->n);
}

static int read_members(struct reader *r)
{
	struct node *n = r->node;
	struct json_iter it;

	n->clauses = arena_calloc(r->set->arena, json_len(n->json), sizeof(*n->clauses));
	for (it = json_iter(n->json); json_next(&it);)
		if (read_keyword(r, it.key, it.value) < 0)
			return -1;
	put_in_order(n);
	find_siblings(n);
	return 0;
}

/* The bytes of the address of a value name its node. */
static struct str address(struct node *n)
{
	return (struct str){ (const char *)&n->json, sizeof(n->json) };
}

static struct node *read_node(struct reader *r, const struct json *v, struct str keyword,
			      struct str member, size_t index)
{
	struct node *up = r->node, *n = arena_calloc(r->set->arena, 1, sizeof(*n)), *there;

	*n = (struct node){ .json = v,
			    .resource = up->resource,
			    .up = up->json ? up : NULL, /* else it is the document */
			    .keyword = keyword,
			    .member = member,
			    .index = index };
	if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_BOOL)) {
		schema_bad(n, STR_NONE, r->e, "must be a schema: an object, true or false");
		return NULL;
	}
	if (r->depth == SCHEMA_DEPTH_MAX) {
		schema_bad(n, STR_NONE, r->e, "schemas are nested more than %d deep", SCHEMA_DEPTH_MAX);
		return NULL;
	}
	there = strmap_put(&r->set->nodes, address(n), n);
	if (there)
		return there;
	r->depth++;
	r->node = n;
	n->never = json_is(v, JSON_BOOL) && !json_true(v);
	if (identify(r) < 0 || read_members(r) < 0)
		return NULL;
	r->node = up;
	r->depth--;
	*r->set->unlinked_end = n;
	r->set->unlinked_end = &n->next;
	return n;
}

struct node *schema_read(struct schema_set *set, const struct json *json, struct resource *resource,
			 struct node *around, struct str pointer, struct err *e)
{
	struct node outside = { .resource = resource };
	struct reader r = { .set = set, .node = around ? around : &outside, .e = e };

	return read_node(&r, json, pointer, STR_NONE, SIZE_MAX);
}
