/* SPDX-License-Identifier: MIT */
/* The keywords, and what may stand in them. */
#include "schema_read.h"

#include "json_same.h"

enum { SHORT_LIST = 4 };

static int read_schema(struct reader *r, const struct json *v, struct clause *c)
{
	c->node = schema_node(r, v, str_c(c->name), STR_NONE, SIZE_MAX);
	return c->node ? 1 : -1;
}

static int read_schemas(struct reader *r, const struct json *v, struct clause *c)
{
	struct json_iter it;

	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return schema_wrong(r, str_c(c->name), "must be an array of schemas, not empty");
	c->n = json_len(v);
	c->nodes = arena_calloc(r->set->arena, c->n, sizeof(*c->nodes));
	for (it = json_iter(v); json_next(&it);) {
		c->nodes[it.i] = schema_node(r, it.value, str_c(c->name), STR_NONE, it.i);
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
			return schema_wrong(r, str_c(c->name), "names something twice");
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
		return schema_wrong(r, str_c(c->name), "must be an object of schemas");
	c->named = arena_calloc(r->set->arena, json_len(v), sizeof(*c->named));
	for (it = json_iter(v); json_next(&it);) {
		struct node *n = schema_node(r, it.value, str_c(c->name), it.key, SIZE_MAX);

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
		return schema_wrong(r, str_c(c->name), "must be an object of schemas");
	c->matched = arena_calloc(r->set->arena, json_len(v), sizeof(*c->matched));
	for (it = json_iter(v); json_next(&it);) {
		struct matched *m = &c->matched[c->n++];

		m->text = it.key;
		m->node = schema_node(r, it.value, str_c(c->name), it.key, SIZE_MAX);
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
		return schema_wrong(r, str_c(c->name), "must be a string");
	c->text = json_str(v);
	c->pattern = read_pattern_text(r, c->text, &why);
	return c->pattern ? 1 : schema_wrong(r, str_c(c->name), why.text);
}

static int read_count(struct reader *r, const struct json *v, struct clause *c)
{
	int64_t n;
	struct number text;

	if (!json_is(v, JSON_NUMBER))
		return schema_wrong(r, str_c(c->name), "must be a whole number, 0 or more");
	text = number_read(json_text(v));
	if (text.sign < 0 || !number_whole(&text))
		return schema_wrong(r, str_c(c->name), "must be a whole number, 0 or more");
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
		return schema_wrong(r, str_c(c->name), "must be a number");
	c->text = json_text(v);
	c->number = number_read(c->text);
	return 1;
}

static int read_unit(struct reader *r, const struct json *v, struct clause *c)
{
	if (read_number(r, v, c) < 0)
		return -1;
	if (c->number.sign <= 0)
		return schema_wrong(r, str_c(c->name), "must be more than 0");
	if (!number_unit(&c->number))
		return schema_wrong(r, str_c(c->name), "has more than the 19 digits that are supported");
	return 1;
}

static int read_true(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_BOOL))
		return schema_wrong(r, str_c(c->name), "must be true or false");
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
		return schema_wrong(r, name, "must be an array of strings");
	texts = arena_calloc(r->set->arena, json_len(v), sizeof(*texts));
	for (it = json_iter(v); json_next(&it);) {
		if (!json_is(it.value, JSON_STRING))
			return schema_wrong(r, name, "must be an array of strings");
		texts[it.i] = json_str(it.value);
	}
	if (json_unique(v, r->set->arena, &x, &y) != 1)
		return schema_wrong(r, name, "names something twice");
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
		return schema_wrong(r, str_c(c->name), "must be an object of arrays of strings");
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
		return c->allowed ? 1 : schema_wrong(r, str_c(c->name), what);
	}
	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return schema_wrong(r, str_c(c->name), what);
	for (it = json_iter(v); json_next(&it); c->allowed |= bits) {
		bits = type_of(json_str(it.value));
		if (!bits)
			return schema_wrong(r, str_c(c->name), what);
		if (c->allowed & bits)
			return schema_wrong(r, str_c(c->name), "names something twice");
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
		return schema_wrong(r, str_c(c->name), "must be an array");
	c->value = v;
	return 1;
}

static int read_format(struct reader *r, const struct json *v, struct clause *c)
{
	unsigned vocabularies = r->node->resource->vocabularies;

	if (!json_is(v, JSON_STRING))
		return schema_wrong(r, str_c(c->name), "must be a string");
	c->text = json_str(v);
	c->format = format_find(c->text);
	if (!c->format && (r->set->flags & SCHEMA_STRICT))
		return schema_wrong(r, str_c(c->name), "there is no such format");
	return c->format &&
	       ((vocabularies & VOCABULARY_FORMAT_ASSERTION) || (r->set->flags & SCHEMA_FORMATS));
}

static int read_contains(struct reader *r, const struct json *v, struct clause *c)
{
	const struct json *schema = r->node->json, *min = json_get(schema, "minContains"),
			  *max = json_get(schema, "maxContains");
	struct clause limit = { .name = "minContains" };
	struct node *n = schema_node(r, v, str_c(c->name), STR_NONE, SIZE_MAX);

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

	c->branch.test = schema_node(r, v, STR("if"), STR_NONE, SIZE_MAX);
	if (!c->branch.test)
		return -1;
	if (yes) {
		c->branch.yes = schema_node(r, yes, STR("then"), STR_NONE, SIZE_MAX);
		if (!c->branch.yes)
			return -1;
	}
	if (no) {
		c->branch.no = schema_node(r, no, STR("else"), STR_NONE, SIZE_MAX);
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
	return json_is(v, JSON_STRING) ? 0 : schema_wrong(r, str_c(c->name), "must be a string");
}

static int read_reference(struct reader *r, const struct json *v, struct clause *c)
{
	if (!json_is(v, JSON_STRING))
		return schema_wrong(r, str_c(c->name), "must be a string");
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

const struct keyword_kind *schema_keyword(struct schema_set *set, struct str name)
{
	if (set->keywords.n == 0)
		for (size_t i = 0; i < LEN(kinds); i++)
			strmap_put(&set->keywords, kinds[i].name, (void *)(uintptr_t)&kinds[i]);
	return strmap_get(&set->keywords, name);
}

struct str schema_keyword_near(struct str name)
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
