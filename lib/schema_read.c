/* SPDX-License-Identifier: MIT */
/* From the JSON of a schema to its nodes and clauses. */
#include "schema_read.h"

#include <stdarg.h>
#include <stdio.h>

#include "json_scan.h"
#include "uri.h"

enum { PLACE_SHOWN = 120 };

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

int schema_wrong(struct reader *r, struct str name, const char *what)
{
	return schema_bad(r->node, name, r->e, "%s", what);
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
		return schema_wrong(r, str_c(keyword),
				    "must be a name: letters, digits, \"_\", \"-\" and \".\"");
	key = arena_join(a, arena_join(a, n->resource->uri, STR("#")), json_str(v));
	if (strmap_put(&r->set->anchors, key, n) && strmap_get(&r->set->anchors, key) != n)
		return schema_wrong(r, str_c(keyword), "there is another anchor of that name");
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
		return schema_wrong(r, STR("$id"),
				    "must not have a fragment: that is what $anchor is for");
	full.n = hash;
	if (str_eq(full, around->uri) && !around->root)
		return 0;
	res = arena_calloc(r->set->arena, 1, sizeof(*res));
	*res = *around;
	res->uri = full;
	res->root = n;
	if (strmap_put(&r->set->resources, full, res))
		return schema_wrong(r, STR("$id"), "another schema has that name");
	n->resource = res;
	return 0;
}

static int identify(struct reader *r)
{
	struct node *n = r->node;
	const struct json *id = json_get(n->json, "$id"), *dialect = json_get(n->json, "$schema");
	struct err why;

	if (id && !json_is(id, JSON_STRING))
		return schema_wrong(r, STR("$id"), "must be a string");
	if (id && add_resource(r, id) < 0)
		return -1;
	if (dialect && (n->resource->root == n || !n->resource->root) &&
	    schema_vocabularies(r->set, json_str(dialect), &n->resource->vocabularies, &why) < 0)
		return schema_wrong(r, STR("$schema"), why.text);
	if (!n->resource->root)
		n->resource->root = n;
	if (add_anchor(r, "$anchor", false) < 0 || add_anchor(r, "$dynamicAnchor", true) < 0)
		return -1;
	return 0;
}

/* ---- nodes ---- */

static int read_keyword(struct reader *r, struct str name, const struct json *v)
{
	const struct keyword_kind *kind = schema_keyword(r->set, name);
	struct node *n = r->node;
	struct clause c = { 0 };
	struct str near;
	int rc;

	if (!kind) {
		if (!(r->set->flags & SCHEMA_STRICT) || str_prefix(name, STR("x-")))
			return 0;
		near = schema_keyword_near(name);
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
			return schema_wrong(r, name, "stands twice");
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

struct node *schema_node(struct reader *r, const struct json *v, struct str keyword,
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

	return schema_node(&r, json, pointer, STR_NONE, SIZE_MAX);
}
