/* SPDX-License-Identifier: MIT */
/* Clauses that look at members and items. */
#include "json_same.h"
#include "schema_walk.h"

/* Run ${node} on a member, led to by ${keyword} and, if it has a pointer, ${name}. */
static bool into_member(struct frame *f, const struct node *node, const struct json_iter *it,
			const char *keyword, struct str name)
{
	struct place at = { f->place, it->key, 0 };
	struct way by = { f->way, str_c(keyword), name, SIZE_MAX };

	return walk_into(f, node, it->value, &at, &by);
}

static bool into_item(struct frame *f, const struct node *node, const struct json_iter *it,
		      const char *keyword, size_t index)
{
	struct place at = { f->place, STR_NONE, it->i };
	struct way by = { f->way, str_c(keyword), STR_NONE, index };

	return walk_into(f, node, it->value, &at, &by);
}

/* True when there is no point in going on. */
static bool enough(const struct frame *f, bool ok)
{
	return f->walk->stopped || (!ok && f->walk->quiet);
}

static const struct named *find_named(const struct clause *c, struct str key)
{
	if (c && c->index)
		return strmap_get(c->index, key);
	for (size_t i = 0; c && i < c->n; i++)
		if (str_eq(c->named[i].name, key))
			return &c->named[i];
	return NULL;
}

/* 1, 0, or -1 where a pattern took too many steps. */
static int matches_any(const struct clause *c, struct str key)
{
	for (size_t i = 0; c && i < c->n; i++) {
		int rc = pattern_match(c->matched[i].pattern, key);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static bool walk_properties(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		const struct named *p = find_named(c, it.key);

		if (!p)
			continue;
		ok &= into_member(f, p->node, &it, c->name, it.key);
		seen_add(f, it.i);
	}
	return ok;
}

static bool expensive(struct frame *f, const struct clause *c)
{
	return walk_stop(f, str_c(c->name), "has a name that takes too many steps to be matched");
}

static bool walk_patterns(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);)
		for (size_t i = 0; i < c->n; i++) {
			const struct matched *m = &c->matched[i];
			int rc = pattern_match(m->pattern, it.key);

			if (rc < 0)
				return expensive(f, c);
			if (rc == 0)
				continue;
			ok &= into_member(f, m->node, &it, c->name, m->text);
			seen_add(f, it.i);
		}
	return ok;
}

static bool walk_additional(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		int rc;

		if (find_named(f->node->properties, it.key))
			continue;
		rc = matches_any(f->node->patterns, it.key);
		if (rc < 0)
			return expensive(f, c);
		if (rc > 0)
			continue;
		ok &= into_member(f, c->node, &it, c->name, STR_NONE);
		seen_add(f, it.i);
	}
	return ok;
}

static bool walk_names(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		struct place at = { f->place, it.key, 0 };
		struct way by = { f->way, str_c(c->name), STR_NONE, SIZE_MAX };

		ok &= walk_into(f, c->node, json_key_value(&it), &at, &by);
	}
	return ok;
}

/* The names that are missing, as a list; empty if none is. */
static void put_missing(struct buf *b, const struct json *v, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (json_getn(v, names[i]))
			continue;
		if (b->n > 0)
			buf_lit(b, ", ");
		buf_char(b, '"');
		buf_str(b, names[i]);
		buf_char(b, '"');
	}
}

static bool all_there(const struct json *v, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!json_getn(v, names[i]))
			return false;
	return true;
}

static bool walk_required(struct frame *f, const struct clause *c)
{
	struct buf b = { .max = SIZE_MAX };

	if (all_there(f->value, c->names, c->n))
		return true;
	if (f->walk->quiet)
		return false;
	put_missing(&b, f->value, c->names, c->n);
	walk_fail(f, str_c(c->name), "must have %.*s", (int)str_utf8_cut(buf_get(&b), 300).n, b.p);
	buf_free(&b);
	return false;
}

static bool walk_needs(struct frame *f, const struct clause *c)
{
	bool ok = true;

	for (size_t i = 0; i < c->n && !enough(f, ok); i++) {
		const struct needs *n = &c->needs[i];
		struct buf b = { .max = SIZE_MAX };

		if (!json_getn(f->value, n->name) || all_there(f->value, n->names, n->n))
			continue;
		put_missing(&b, f->value, n->names, n->n);
		ok = walk_fail(f, str_c(c->name), "has \"%.*s\" and so must have %.*s",
			       (int)str_utf8_cut(n->name, 100).n, n->name.p,
			       (int)str_utf8_cut(buf_get(&b), 200).n, b.p);
		buf_free(&b);
	}
	return ok;
}

static bool walk_dependent(struct frame *f, const struct clause *c)
{
	bool ok = true;

	for (size_t i = 0; i < c->n && !enough(f, ok); i++) {
		struct way by = { f->way, str_c(c->name), c->named[i].name, SIZE_MAX };
		struct seen more = { NULL };
		struct frame child = { f->walk, c->named[i].node,      f->value, f->type, f->place,
				       &by,     f->seen ? &more : NULL };

		if (!json_getn(f->value, c->named[i].name))
			continue;
		ok &= walk_frame(&child);
		seen_merge(f, &more);
	}
	return ok;
}

static bool walk_unevaluated_members(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		if (seen_has(f, it.i))
			continue;
		ok &= into_member(f, c->node, &it, c->name, STR_NONE);
		seen_add(f, it.i);
	}
	return ok;
}

static bool walk_size(struct frame *f, const struct clause *c, bool most, const char *what)
{
	size_t n = json_len(f->value);

	if (most ? n <= c->count : n >= c->count)
		return true;
	return walk_fail(f, str_c(c->name), "must have at %s %llu %s, has %zu",
			 most ? "most" : "least", (unsigned long long)c->count, what, n);
}

bool walk_object(struct frame *f, const struct clause *c)
{
	switch (c->op) {
	case CLAUSE_PROPERTIES:
		return walk_properties(f, c);
	case CLAUSE_PATTERN_PROPERTIES:
		return walk_patterns(f, c);
	case CLAUSE_ADDITIONAL_PROPERTIES:
		return walk_additional(f, c);
	case CLAUSE_PROPERTY_NAMES:
		return walk_names(f, c);
	case CLAUSE_REQUIRED:
		return walk_required(f, c);
	case CLAUSE_DEPENDENT_REQUIRED:
		return walk_needs(f, c);
	case CLAUSE_DEPENDENT_SCHEMAS:
		return walk_dependent(f, c);
	case CLAUSE_UNEVALUATED_PROPERTIES:
		return walk_unevaluated_members(f, c);
	default:
		return walk_size(f, c, c->op == CLAUSE_MAX_PROPERTIES, "members");
	}
}

/* ---- items ---- */

static bool walk_prefix(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it) && it.i < c->n;) {
		ok &= into_item(f, c->nodes[it.i], &it, c->name, it.i);
		seen_add(f, it.i);
	}
	return ok;
}

static bool walk_items(struct frame *f, const struct clause *c)
{
	size_t from = f->node->prefix ? f->node->prefix->n : 0;
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		if (it.i < from)
			continue;
		ok &= into_item(f, c->node, &it, c->name, SIZE_MAX);
		seen_add(f, it.i);
	}
	return ok;
}

static bool walk_unevaluated_items(struct frame *f, const struct clause *c)
{
	struct json_iter it;
	bool ok = true;

	for (it = json_iter(f->value); !enough(f, ok) && json_next(&it);) {
		if (seen_has(f, it.i))
			continue;
		ok &= into_item(f, c->node, &it, c->name, SIZE_MAX);
		seen_add(f, it.i);
	}
	return ok;
}

static bool walk_contains(struct frame *f, const struct clause *c)
{
	bool before = f->walk->quiet;
	struct json_iter it;
	uint64_t n = 0;

	f->walk->quiet = true;
	for (it = json_iter(f->value); !f->walk->stopped && json_next(&it);) {
		if (!into_item(f, c->contains.node, &it, c->name, SIZE_MAX))
			continue;
		n++;
		seen_add(f, it.i);
	}
	f->walk->quiet = before;
	if (f->walk->stopped)
		return false;
	if (n > c->contains.max)
		return walk_fail(f, STR("maxContains"), "must have at most %llu such items, has %llu",
				 (unsigned long long)c->contains.max, (unsigned long long)n);
	if (n >= c->contains.min)
		return true;
	if (c->contains.min == 1)
		return walk_fail(f, str_c(c->name), "has no item of the kind that it must have");
	return walk_fail(f, STR("minContains"), "must have at least %llu such items, has %llu",
			 (unsigned long long)c->contains.min, (unsigned long long)n);
}

static bool walk_unique(struct frame *f, const struct clause *c)
{
	size_t first = 0, second = 0;
	int rc = json_unique(f->value, f->walk->arena, &first, &second);

	if (rc < 0)
		return walk_stop(f, str_c(c->name), "is nested too deeply to be compared");
	if (rc > 0)
		return true;
	return walk_fail(f, str_c(c->name), "has the same item twice: %zu and %zu", first, second);
}

bool walk_array(struct frame *f, const struct clause *c)
{
	switch (c->op) {
	case CLAUSE_PREFIX_ITEMS:
		return walk_prefix(f, c);
	case CLAUSE_ITEMS:
		return walk_items(f, c);
	case CLAUSE_CONTAINS:
		return walk_contains(f, c);
	case CLAUSE_UNIQUE_ITEMS:
		return walk_unique(f, c);
	case CLAUSE_UNEVALUATED_ITEMS:
		return walk_unevaluated_items(f, c);
	default:
		return walk_size(f, c, c->op == CLAUSE_MAX_ITEMS, "items");
	}
}
