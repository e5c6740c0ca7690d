/* SPDX-License-Identifier: MIT */
/*
 * Schemas as the draft is written: node by node, each clause by itself, with the members and items
 * that have been evaluated remembered for unevaluatedProperties and unevaluatedItems.  It finds
 * every failure, or, asked only for yes or no, stops at the first.
 */
#include <stdarg.h>
#include <stdio.h>

#include "schema_walk.h"
#include "uri.h"

/* ---- what has been evaluated ---- */

static size_t seen_words(const struct frame *f)
{
	return json_len(f->value) / 64 + 1;
}

void seen_add(struct frame *f, size_t i)
{
	if (!f->seen)
		return;
	if (!f->seen->bits)
		f->seen->bits = arena_calloc(f->walk->arena, seen_words(f), sizeof(uint64_t));
	f->seen->bits[i / 64] |= (uint64_t)1 << (i % 64);
}

bool seen_has(const struct frame *f, size_t i)
{
	return f->seen->bits && f->seen->bits[i / 64] >> (i % 64) & 1;
}

void seen_merge(struct frame *f, const struct seen *more)
{
	if (!f->seen || !more->bits)
		return;
	if (!f->seen->bits)
		f->seen->bits = arena_calloc(f->walk->arena, seen_words(f), sizeof(uint64_t));
	for (size_t i = 0; i < seen_words(f); i++)
		f->seen->bits[i] |= more->bits[i];
}

/* ---- failures ---- */

static void put_place(struct buf *b, const struct place *p)
{
	if (!p)
		return;
	put_place(b, p->up);
	if (p->name.p)
		schema_step(b, p->name);
	else
		buf_fmt(b, "/%zu", p->index);
}

static void put_way(struct buf *b, const struct way *w)
{
	if (!w)
		return;
	put_way(b, w->up);
	schema_step(b, w->keyword);
	if (w->name.p)
		schema_step(b, w->name);
	if (w->index != SIZE_MAX)
		buf_fmt(b, "/%zu", w->index);
}

static struct str taken(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_get(b));

	buf_reset(b);
	return s;
}

static struct str absolute(struct frame *f, struct str keyword, struct buf *b)
{
	struct buf uri = { .max = SIZE_MAX };
	struct str s;

	buf_str(&uri, f->node->resource->uri);
	buf_char(&uri, '#');
	schema_pointer(b, f->node, false);
	if (keyword.p)
		schema_step(b, keyword);
	uri_encode(&uri, buf_get(b));
	buf_reset(b);
	s = arena_str(f->walk->arena, buf_get(&uri));
	buf_free(&uri);
	return s;
}

static void tell(struct frame *f, struct str keyword, const char *text)
{
	struct walk *w = f->walk;
	struct buf b = { .max = SIZE_MAX };
	struct schema_unit *u;

	if (w->n == w->max) {
		w->more++;
		return;
	}
	if (!w->units)
		w->units = arena_calloc(w->arena, w->max, sizeof(*w->units));
	u = &w->units[w->n++];
	put_place(&b, f->place);
	u->instance = taken(w->arena, &b);
	put_way(&b, f->way);
	if (keyword.p)
		schema_step(&b, keyword);
	u->keyword = taken(w->arena, &b);
	u->absolute = absolute(f, keyword, &b);
	u->text = arena_str(w->arena, str_c(text));
	buf_free(&b);
}

bool walk_fail(struct frame *f, struct str keyword, const char *fmt, ...)
{
	char text[480];
	va_list ap;

	if (f->walk->quiet)
		return false;
	if (f->walk->n == f->walk->max) {
		f->walk->more++;
		return false;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!str_utf8(str_c(text))) /* cut inside a character */
		text[str_utf8_cut(str_c(text), sizeof(text) - 4).n] = '\0';
	tell(f, keyword, text);
	return false;
}

bool walk_stop(struct frame *f, struct str keyword, const char *text)
{
	if (!f->walk->stopped)
		tell(f, keyword, text); /* also if quiet: it decides about the whole */
	f->walk->stopped = true;
	return false;
}

/* ---- in place ---- */

/* Whether there is a plan that says that there is nothing to tell: only what fails is gone into. */
static bool holds_at_once(const struct frame *f)
{
	const struct walk *w = f->walk;

	return w->plans && f->node->plan && !f->seen &&
	       schema_run(w->set, f->node->plan, f->value, w->arena) == 1;
}

/* As walk_frame for ${node} on the same value, led to by ${keyword} and ${index} (SIZE_MAX: none). */
static bool walk_same(struct frame *f, const struct node *node, struct str keyword, size_t index,
		      struct seen *seen)
{
	struct way by = { f->way, keyword, STR_NONE, index };
	struct frame child = { f->walk, node, f->value, f->type, f->place, &by, seen };

	return holds_at_once(&child) || walk_frame(&child);
}

bool walk_into(struct frame *f, const struct node *node, const struct json *value,
	       const struct place *at, const struct way *by)
{
	struct frame child = { f->walk, node, value, json_type(value), at, by, NULL };

	return holds_at_once(&child) || walk_frame(&child);
}

/*
 * A schema that must hold.  What it has evaluated counts even if it fails: the node fails anyway,
 * and the user is not told that each member of the failed part is unknown.
 */
static bool must_hold(struct frame *f, const struct node *node, struct str keyword, size_t index)
{
	struct seen more = { NULL };
	bool ok = walk_same(f, node, keyword, index, f->seen ? &more : NULL);

	seen_merge(f, &more);
	return ok;
}

static bool holds_quietly(struct frame *f, const struct node *node, struct str keyword, struct seen *more)
{
	bool before = f->walk->quiet, ok;

	f->walk->quiet = true;
	ok = walk_same(f, node, keyword, SIZE_MAX, more);
	f->walk->quiet = before;
	return ok;
}

/* A dynamic reference leads to the outermost schema resource that has its anchor. */
static const struct node *dynamic_target(const struct frame *f, const struct clause *c)
{
	const struct walk *w = f->walk;

	for (unsigned i = 0; c->ref.anchor.p && i < w->n_scope; i++) {
		struct arena *a = w->arena;
		struct str key = arena_join(a, arena_join(a, w->scope[i]->uri, STR("#")), c->ref.anchor);
		const struct node *n = strmap_get(&w->set->dynamics, key);

		if (n)
			return n;
	}
	return c->ref.node;
}

static bool walk_all_of(struct frame *f, const struct clause *c)
{
	bool ok = true;

	for (size_t i = 0; i < c->n && (ok || !f->walk->quiet); i++)
		ok &= must_hold(f, c->nodes[i], str_c(c->name), i);
	return ok;
}

static bool walk_any_of(struct frame *f, const struct clause *c)
{
	size_t told = f->walk->n, more_told = f->walk->more;
	bool ok = false;
	struct seen failed = { NULL };

	for (size_t i = 0; i < c->n && (!ok || f->seen); i++) {
		struct seen more = { NULL };
		bool held = walk_same(f, c->nodes[i], str_c(c->name), i, f->seen ? &more : NULL);

		if (held)
			seen_merge(f, &more);
		else if (!ok && more.bits)
			failed = more;
		ok |= held;
	}
	if (f->walk->stopped)
		return false;
	if (!ok) {
		seen_merge(f, &failed);
		return walk_fail(f, str_c(c->name), "is none of the %zu alternatives", c->n);
	}
	f->walk->n = told;
	f->walk->more = more_told;
	return true;
}

static bool walk_one_of(struct frame *f, const struct clause *c)
{
	size_t told = f->walk->n, more_told = f->walk->more, held = 0, first = 0, second = 0;
	struct seen failed = { NULL };

	for (size_t i = 0; i < c->n && held < 2; i++) {
		struct seen more = { NULL };

		if (!walk_same(f, c->nodes[i], str_c(c->name), i, f->seen ? &more : NULL)) {
			if (more.bits)
				failed = more;
			continue;
		}
		seen_merge(f, &more);
		*(held++ ? &second : &first) = i;
	}
	if (f->walk->stopped)
		return false;
	if (held == 0) {
		seen_merge(f, &failed);
		return walk_fail(f, str_c(c->name), "is none of the %zu alternatives", c->n);
	}
	f->walk->n = told;
	f->walk->more = more_told;
	if (held == 1)
		return true;
	return walk_fail(f, str_c(c->name), "is more than one of the alternatives: %zu and %zu",
			 first, second);
}

static bool walk_if(struct frame *f, const struct clause *c)
{
	struct seen more = { NULL };

	if (holds_quietly(f, c->branch.test, str_c(c->name), f->seen ? &more : NULL)) {
		seen_merge(f, &more);
		return !c->branch.yes || must_hold(f, c->branch.yes, STR("then"), SIZE_MAX);
	}
	return !c->branch.no || must_hold(f, c->branch.no, STR("else"), SIZE_MAX);
}

static bool walk_clause(struct frame *f, const struct clause *c)
{
	switch (c->op) {
	case CLAUSE_REF:
		return must_hold(f, c->ref.node, str_c(c->name), SIZE_MAX);
	case CLAUSE_DYNAMIC_REF:
		return must_hold(f, dynamic_target(f, c), str_c(c->name), SIZE_MAX);
	case CLAUSE_ALL_OF:
		return walk_all_of(f, c);
	case CLAUSE_ANY_OF:
		return walk_any_of(f, c);
	case CLAUSE_ONE_OF:
		return walk_one_of(f, c);
	case CLAUSE_NOT:
		if (!holds_quietly(f, c->node, str_c(c->name), NULL))
			return !f->walk->stopped;
		return walk_fail(f, str_c(c->name), "is what it must not be");
	case CLAUSE_IF:
		return walk_if(f, c);
	case CLAUSE_MAX_ITEMS:
	case CLAUSE_MIN_ITEMS:
	case CLAUSE_UNIQUE_ITEMS:
	case CLAUSE_PREFIX_ITEMS:
	case CLAUSE_ITEMS:
	case CLAUSE_CONTAINS:
	case CLAUSE_UNEVALUATED_ITEMS:
		return walk_array(f, c);
	case CLAUSE_MAX_PROPERTIES:
	case CLAUSE_MIN_PROPERTIES:
	case CLAUSE_REQUIRED:
	case CLAUSE_DEPENDENT_REQUIRED:
	case CLAUSE_PROPERTIES:
	case CLAUSE_PATTERN_PROPERTIES:
	case CLAUSE_ADDITIONAL_PROPERTIES:
	case CLAUSE_PROPERTY_NAMES:
	case CLAUSE_DEPENDENT_SCHEMAS:
	case CLAUSE_UNEVALUATED_PROPERTIES:
		return walk_object(f, c);
	default:
		return walk_value(f, c);
	}
}

static bool walk_clauses(const struct frame *outer)
{
	const struct node *n = outer->node;
	struct seen mine = { NULL };
	struct frame f = *outer;
	bool ok = true;

	if (!f.seen && n->n > 0 && n->clauses[n->n - 1].op >= CLAUSE_UNEVALUATED_ITEMS)
		f.seen = &mine;
	for (size_t i = 0; i < n->n; i++) {
		const struct clause *c = &n->clauses[i];

		if (!(c->types & TYPE_BIT(f.type)))
			continue;
		ok &= walk_clause(&f, c);
		if (f.walk->stopped || (!ok && f.walk->quiet))
			return false;
	}
	return ok;
}

bool walk_frame(struct frame *f)
{
	struct walk *w = f->walk;
	const struct resource *r = f->node->resource;
	bool entered = w->n_scope == 0 || w->scope[w->n_scope - 1] != r, ok;

	if (w->stopped)
		return false;
	if (f->node->never)
		return walk_fail(f, STR_NONE, "is not allowed here");
	if (w->depth == SCHEMA_DEPTH_MAX)
		return walk_stop(f, STR_NONE, "is nested too deeply to be checked");
	if (++w->steps > SCHEMA_STEPS_MAX)
		return walk_stop(f, STR_NONE, "takes too many steps to be checked");
	w->depth++;
	if (entered)
		w->scope[w->n_scope++] = r;
	ok = walk_clauses(f);
	w->n_scope -= entered;
	w->depth--;
	return ok;
}

static bool start(struct walk *w, const struct node *n, const struct json *v)
{
	struct frame f = { w, n, v, json_type(v), NULL, NULL, NULL };

	return walk_frame(&f) && !w->stopped;
}

int schema_walk(struct schema_set *set, const struct node *n, const struct json *v, struct arena *a)
{
	struct walk w = { .arena = a, .set = set, .quiet = true };
	bool ok = start(&w, n, v);

	return w.stopped ? -1 : ok;
}

static struct schema_report explain(const struct schema *s, const struct json *v, struct arena *a,
				    size_t max)
{
	struct walk w = { .arena = a, .set = s->set, .plans = s->plan != NULL, .max = max };

	start(&w, s->root, v);
	return (struct schema_report){ w.units, w.n, w.more };
}

struct schema_report schema_explain(const struct schema *s, const struct json *v, struct arena *a)
{
	return explain(s, v, a, SCHEMA_UNITS_MAX);
}

struct schema_report schema_brief(const struct schema *s, const struct json *v, struct arena *a)
{
	return explain(s, v, a, 1);
}
