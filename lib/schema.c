/* SPDX-License-Identifier: MIT */
/* Sets of schemas. */
#include "schema.h"

#include <stdlib.h>

#include "diag.h"
#include "file.h"
#include "schema_plan.h"
#include "uri.h"

struct schema_set *schema_set_new(unsigned flags)
{
	struct schema_set *set = calloc(1, sizeof(*set));
	struct strmap *maps[] = { &set->documents, &set->resources, &set->anchors,  &set->dynamics,
				  &set->nodes,     &set->patterns,  &set->keywords, &set->schemas };

	if (!set)
		diag_oom();
	set->arena = arena_new();
	set->flags = flags;
	set->unlinked_end = &set->unlinked;
	for (size_t i = 0; i < LEN(maps); i++)
		maps[i]->arena = set->arena;
	schema_add_meta(set);
	return set;
}

void schema_set_free(struct schema_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_compiled; i++)
		pattern_release(set->compiled[i]);
	arena_free(set->arena);
	free(set);
}

/* Register ${d} by the `$id` of its root too. */
static int add_id(struct schema_set *set, struct document *d, struct err *e)
{
	struct str id = json_get_str(d->json, "$id");
	struct document *other;

	if (!id.p)
		return 0;
	id = uri_bare(uri_resolve(set->arena, d->uri, id));
	other = strmap_put(&set->documents, id, d);
	if (other && other != d)
		return err_set(e, FAULT_CONFIG, "schema", "%.*s: its $id \"%.*s\" is that of %.*s",
			       STR_FMT(d->name), STR_FMT(id), STR_FMT(other->name));
	return 0;
}

static int add(struct schema_set *set, struct str uri, struct str name, struct str text, struct err *e)
{
	struct document *d;

	if (strmap_get(&set->documents, uri_bare(uri)))
		return err_set(e, FAULT_CONFIG, "schema",
			       "%.*s: there are two documents of that name", STR_FMT(name));
	d = schema_document(set, uri, name, text);
	return schema_parse(set, d, e) < 0 ? -1 : add_id(set, d, e);
}

int schema_set_add(struct schema_set *set, struct str uri, struct str text, struct err *e)
{
	return add(set, uri, uri, text, e);
}

int schema_set_file(struct schema_set *set, const char *path, struct err *e)
{
	struct str name = arena_str(set->arena, str_c(path)), uri, text;
	struct buf b = { .max = SIZE_MAX };
	char *full = realpath(path, NULL);

	buf_lit(&b, "file://");
	uri_encode(&b, str_c(full ? full : path));
	uri = arena_str(set->arena, buf_get(&b));
	buf_free(&b);
	free(full);
	if (strmap_get(&set->documents, uri)) /* once is enough */
		return 0;
	if (file_read(path, SCHEMA_MAX_BYTES, set->arena, &text, NULL, e) < 0 ||
	    add(set, uri, name, text, e) < 0)
		return -1;
	strmap_put(&set->documents, name, strmap_get(&set->documents, uri));
	return 0;
}

static struct schema *compile(struct schema_set *set, struct str uri, struct err *e)
{
	struct schema *s = arena_calloc(set->arena, 1, sizeof(*s));

	s->set = set;
	s->root = schema_lookup(set, uri, e);
	if (!s->root || schema_link(set, e) < 0)
		return NULL;
	s->plan = schema_plan(set, s->root);
	return s;
}

const struct schema *schema_set_get(struct schema_set *set, struct str uri, struct err *e)
{
	struct schema *s = strmap_get(&set->schemas, uri);

	if (set->broken.fault)
		*e = set->broken;
	if (s || set->broken.fault)
		return s;
	uri = arena_str(set->arena, uri);
	s = compile(set, uri, e);
	if (s)
		strmap_put(&set->schemas, uri, s);
	else
		set->broken = *e;
	return s;
}

bool schema_valid(const struct schema *s, const struct json *v, struct arena *a)
{
	int rc = s->plan ? schema_run(s->set, s->plan, v, a) : -1;

	if (rc < 0)
		rc = schema_walk(s->set, s->root, v, a);
	return rc == 1;
}
