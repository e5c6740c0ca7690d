/* SPDX-License-Identifier: MIT */
/* What references lead to. */
#include "schema_private.h"

#include "uri.h"

struct document *schema_document(struct schema_set *set, struct str uri, struct str name, struct str text)
{
	struct document *d = arena_calloc(set->arena, 1, sizeof(*d));

	d->uri = uri_bare(uri);
	d->name = name;
	d->text = text;
	d->before = set->last;
	set->last = d;
	strmap_put(&set->documents, d->uri, d);
	return d;
}

int schema_parse(struct schema_set *set, struct document *d, struct err *e)
{
	struct err why;

	if (d->json)
		return 0;
	d->json = json_parse_relaxed(d->text, set->arena, &why);
	if (!d->json)
		return err_set(e, FAULT_CONFIG, "schema", "%.*s: %s", STR_FMT(d->name), why.text);
	if (!json_is(d->json, JSON_OBJECT) && !json_is(d->json, JSON_BOOL)) {
		d->json = NULL;
		return err_set(e, FAULT_CONFIG, "schema",
			       "%.*s: not a schema, which is an object, true or false",
			       STR_FMT(d->name));
	}
	return 0;
}

static int read_document(struct schema_set *set, struct document *d, struct err *e)
{
	struct resource *r;

	if (d->root)
		return 0;
	if (schema_parse(set, d, e) < 0)
		return -1;
	r = arena_calloc(set->arena, 1, sizeof(*r));
	*r = (struct resource){ .uri = d->uri, .document = d, .vocabularies = VOCABULARIES };
	d->root = schema_read(set, d->json, r, NULL, STR(""), e);
	if (!d->root)
		return -1;
	strmap_put(&set->resources, d->uri, d->root->resource);
	return 0;
}

/* Read what has not been: an `$id` inside of it may be the one that is looked for. */
static int read_all(struct schema_set *set, struct err *e)
{
	for (struct document *d = set->last; d; d = d->before)
		if (d->json && read_document(set, d, e) < 0)
			return -1;
	return 0;
}

/* The resource ${uri} (without a fragment), read.  NULL with the reason in ${e}. */
static struct resource *find_resource(struct schema_set *set, struct str uri, struct err *e)
{
	struct resource *r = strmap_get(&set->resources, uri);
	struct document *d;
	struct err why;

	if (r)
		return r;
	d = strmap_get(&set->documents, uri);
	if (!d && (set->flags & SCHEMA_FILES) && str_prefix(uri, STR("file:///"))) {
		struct buf b = { .max = SIZE_MAX };
		char *path;
		int rc;

		rc = uri_decode(&b, str_sub(uri, 7, uri.n)) ? 0 : -1;
		path = arena_cstr(set->arena, buf_get(&b));
		buf_free(&b);
		if (rc == 0 && schema_set_file(set, path, &why) < 0) {
			*e = why;
			return NULL;
		}
		d = strmap_get(&set->documents, uri);
	}
	if (d)
		return read_document(set, d, e) < 0 ? NULL : d->root->resource;
	if (read_all(set, e) < 0)
		return NULL;
	r = strmap_get(&set->resources, uri);
	if (!r)
		err_set(e, FAULT_CONFIG, "schema", "there is no schema \"%.*s\"", STR_FMT(uri));
	return r;
}

/* The node of the value ${json}, if it has been read. */
static struct node *node_of(struct schema_set *set, const struct json *json)
{
	return strmap_get(&set->nodes, (struct str){ (const char *)&json, sizeof(json) });
}

/* One step of a JSON Pointer, "~1" and "~0" in it. */
static const struct json *step_into(const struct json *v, struct str step)
{
	struct buf b = { .max = SIZE_MAX };
	const struct json *child;

	buf_char(&b, '/');
	buf_str(&b, step);
	child = json_pointer(v, buf_get(&b));
	buf_free(&b);
	return child;
}

/* The schema at ${pointer} of ${root}; where no keyword leads there, it is read now. */
static struct node *at_pointer(struct schema_set *set, const struct node *root, struct str pointer,
			       struct err *e)
{
	struct node *around = (struct node *)(uintptr_t)root, *n;
	const struct json *v = root->json;
	struct str rest = pointer, way = pointer;

	while (rest.n > 0) {
		rest = str_sub(rest, 1, rest.n);
		v = step_into(v, str_sub(rest, 0, str_find(rest, '/')));
		if (!v) {
			err_set(e, FAULT_CONFIG, "schema", "there is nothing at \"%.*s\"",
				STR_FMT(pointer));
			return NULL;
		}
		rest = str_sub(rest, str_find(rest, '/'), rest.n);
		n = node_of(set, v);
		if (n) {
			around = n;
			way = rest;
		}
	}
	if (way.n == 0)
		return around;
	return schema_read(set, v, around->resource, around, arena_str(set->arena, way), e);
}

static struct node *at_fragment(struct schema_set *set, const struct resource *r,
				struct str fragment, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text, key;
	struct node *n = NULL;

	if (!uri_decode(&b, fragment)) {
		buf_free(&b);
		err_set(e, FAULT_CONFIG, "schema", "its fragment has a \"%%\" that escapes nothing");
		return NULL;
	}
	text = arena_str(set->arena, buf_get(&b));
	buf_free(&b);
	if (text.n == 0)
		return (struct node *)(uintptr_t)r->root;
	if (text.p[0] == '/')
		return at_pointer(set, r->root, text, e);
	key = arena_join(set->arena, arena_join(set->arena, r->uri, STR("#")), text);
	n = strmap_get(&set->anchors, key);
	if (!n)
		err_set(e, FAULT_CONFIG, "schema", "there is no anchor \"%.*s\"", STR_FMT(text));
	return n;
}

struct node *schema_lookup(struct schema_set *set, struct str uri, struct err *e)
{
	struct str bare = uri_bare(uri);
	struct resource *r = find_resource(set, bare, e);

	return r ? at_fragment(set, r, str_sub(uri, bare.n + 1, uri.n), e) : NULL;
}

/* A reference is dynamic if what it leads to at first was made by a $dynamicAnchor of that name. */
static struct str dynamic_anchor(struct schema_set *set, const struct clause *c)
{
	struct str name = str_sub(c->text, str_find(c->text, '#') + 1, c->text.n);
	struct arena *a = set->arena;
	struct str key = arena_join(a, arena_join(a, c->ref.node->resource->uri, STR("#")), name);

	if (c->op != CLAUSE_DYNAMIC_REF || name.n == 0 || strmap_get(&set->dynamics, key) != c->ref.node)
		return STR_NONE;
	return name;
}

static int link_node(struct schema_set *set, struct node *n, struct err *e)
{
	struct err why;

	for (size_t i = 0; i < n->n; i++) {
		struct clause *c = &n->clauses[i];

		if (c->op != CLAUSE_REF && c->op != CLAUSE_DYNAMIC_REF)
			continue;
		c->ref.node =
			schema_lookup(set, uri_resolve(set->arena, n->resource->uri, c->text), &why);
		if (!c->ref.node)
			return schema_bad(n, str_c(c->name), e, "\"%.*s\": %s", STR_FMT(c->text),
					  why.text);
		c->ref.anchor = dynamic_anchor(set, c);
		set->dynamic |= c->ref.anchor.p != NULL;
	}
	return 0;
}

/* ---- loops ---- */

enum { UNSEEN, ON_THE_WAY, DONE };

static int check_loops(struct node *n, unsigned depth, struct err *e);

static int check_clause(const struct clause *c, unsigned depth, struct err *e)
{
	int rc = 0;

	switch (c->op) {
	case CLAUSE_REF:
	case CLAUSE_DYNAMIC_REF:
		return check_loops(c->ref.node, depth, e);
	case CLAUSE_NOT:
		return check_loops(c->node, depth, e);
	case CLAUSE_ALL_OF:
	case CLAUSE_ANY_OF:
	case CLAUSE_ONE_OF:
		for (size_t i = 0; rc == 0 && i < c->n; i++)
			rc = check_loops(c->nodes[i], depth, e);
		return rc;
	case CLAUSE_DEPENDENT_SCHEMAS:
		for (size_t i = 0; rc == 0 && i < c->n; i++)
			rc = check_loops(c->named[i].node, depth, e);
		return rc;
	case CLAUSE_IF:
		if (check_loops(c->branch.test, depth, e) < 0 ||
		    (c->branch.yes && check_loops(c->branch.yes, depth, e) < 0))
			return -1;
		return c->branch.no ? check_loops(c->branch.no, depth, e) : 0;
	default:
		return 0;
	}
}

static int check_loops(struct node *n, unsigned depth, struct err *e)
{
	if (n->mark == DONE)
		return 0;
	if (n->mark == ON_THE_WAY)
		return schema_bad(n, STR_NONE, e,
				  "a reference leads back here without going into the value");
	if (depth == SCHEMA_DEPTH_MAX)
		return schema_bad(n, STR_NONE, e, "more than %d schemas refer to each other in a row",
				  SCHEMA_DEPTH_MAX);
	n->mark = ON_THE_WAY;
	for (size_t i = 0; i < n->n; i++)
		if (check_clause(&n->clauses[i], depth + 1, e) < 0)
			return -1;
	n->mark = DONE;
	return 0;
}

int schema_link(struct schema_set *set, struct err *e)
{
	/* Linking reads further schemas, which go to the end of the list. */
	for (struct node *n = set->unlinked; n; n = n->next)
		if (link_node(set, n, e) < 0)
			return -1;
	for (struct node *n = set->unlinked; n; n = n->next)
		if (check_loops(n, 0, e) < 0)
			return -1;
	set->unlinked = NULL;
	set->unlinked_end = &set->unlinked;
	return 0;
}
