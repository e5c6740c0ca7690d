/* SPDX-License-Identifier: MIT */
/* The plan of an object: its slots, and what is asked of them. */
#include "schema_plan.h"

#include <stdlib.h>

#include "diag.h"

enum { FACTORS = 24 }; /* that are tried */

struct builder {
	struct planner *planner;
	const struct together *t;
	struct object_plan *plan;
	struct str names[SLOTS_MAX];
	const struct plan *plans[SLOTS_MAX]; /* of the members with these names; NULL: anything */
	unsigned n;
	bool track;  /* marks are asked for */
	bool failed; /* only the exact evaluation will do */
};

static struct arena *memory(struct builder *b)
{
	return b->planner->set->arena;
}

static void slots_add(struct slots *s, unsigned slot)
{
	s->w[slot / 64] |= (uint64_t)1 << (slot % 64);
}

/* The slot of the members ${name}. */
static unsigned slot_of(struct builder *b, struct str name)
{
	for (unsigned i = 0; i < b->n; i++)
		if (str_eq(b->names[i], name))
			return i;
	if (b->n == SLOTS_MAX) {
		b->failed = true;
		return 0;
	}
	b->names[b->n] = name;
	return b->n++;
}

static void add_names(struct builder *b, struct slots *s, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		slots_add(s, slot_of(b, names[i]));
}

/* ---- branches ---- */

static void add_conditions(struct builder *b, struct branch *to, const struct together *t);

/* True if the members of a schema can not be asked for slot by slot. */
static bool looks_at_all(const struct together *t)
{
	static const enum clause_op ops[] = { CLAUSE_PATTERN_PROPERTIES,
					      CLAUSE_ADDITIONAL_PROPERTIES,
					      CLAUSE_PROPERTY_NAMES,
					      CLAUSE_MAX_PROPERTIES,
					      CLAUSE_MIN_PROPERTIES,
					      CLAUSE_DEPENDENT_REQUIRED,
					      CLAUSE_CONST,
					      CLAUSE_ENUM,
					      CLAUSE_UNEVALUATED_PROPERTIES };

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < LEN(ops); k++)
			if (plan_clause(t->nodes[i], ops[k]))
				return true;
	return t->n_apart > 0;
}

/* True if what ${t} evaluates is known by the names of its properties. */
static bool marks_are_names(const struct together *t)
{
	static const enum clause_op ops[] = { CLAUSE_PATTERN_PROPERTIES,
					      CLAUSE_ADDITIONAL_PROPERTIES,
					      CLAUSE_UNEVALUATED_PROPERTIES,
					      CLAUSE_ANY_OF,
					      CLAUSE_ONE_OF,
					      CLAUSE_IF,
					      CLAUSE_DEPENDENT_SCHEMAS };

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < LEN(ops); k++)
			if (plan_clause(t->nodes[i], ops[k]))
				return false;
	return t->n_apart == 0;
}

static bool objects_allowed(const struct together *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++) {
			const struct clause *c = &t->nodes[i]->clauses[k];

			if (c->op == CLAUSE_TYPE && !(c->allowed & TYPE_BIT(JSON_OBJECT)))
				return false;
		}
	return !t->never;
}

static void add_members(struct builder *b, struct branch *branch, const struct together *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->nodes[i]->properties ? t->nodes[i]->properties->n : 0;
	branch->members = arena_calloc(memory(b), n, sizeof(*branch->members));
	for (size_t i = 0; i < t->n; i++) {
		const struct clause *c = t->nodes[i]->properties,
				    *required = plan_clause(t->nodes[i], CLAUSE_REQUIRED);

		for (size_t k = 0; c && k < c->n; k++) {
			const struct node *child = c->named[k].node;
			unsigned slot = slot_of(b, c->named[k].name);

			slots_add(&branch->marks, slot);
			if (!branch->whole)
				branch->members[branch->n_members++] =
					(struct slot_plan){ slot, plan_of(b->planner, &child, 1) };
		}
		if (required)
			add_names(b, &branch->required, required->names, required->n);
	}
}

static void fill_branch(struct builder *b, struct branch *branch, const struct node *node)
{
	struct together t;

	plan_gather(b->planner, &node, 1, &t);
	branch->never = !objects_allowed(&t);
	if (branch->never)
		return;
	if (looks_at_all(&t)) {
		branch->whole = plan_of(b->planner, &node, 1);
		if (b->track && !marks_are_names(&t))
			b->failed = true;
		if (!b->track)
			return;
	}
	add_members(b, branch, &t);
	if (!branch->whole)
		add_conditions(b, branch, &t);
}

static struct branch *make_branch(struct builder *b, const struct node *node)
{
	struct branch *branch = arena_calloc(memory(b), 1, sizeof(*branch));

	if (plan_enter(b->planner)) {
		fill_branch(b, branch, node);
		plan_leave(b->planner);
	}
	return branch;
}

static struct branch **make_branches(struct builder *b, struct node *const *nodes, size_t n)
{
	struct branch **list = arena_calloc(memory(b), n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = nodes[i] ? make_branch(b, nodes[i]) : NULL;
	return list;
}

static void add_condition(struct builder *b, struct branch *to, const struct clause *c)
{
	struct node *branches[3] = { c->branch.test, c->branch.yes, c->branch.no };
	struct condition *x = &to->conditions[to->n_conditions];
	bool track = b->track;

	x->op = c->op;
	switch (c->op) {
	case CLAUSE_ANY_OF:
	case CLAUSE_ONE_OF:
		x->n = c->n;
		x->branches = make_branches(b, c->nodes, c->n);
		break;
	case CLAUSE_NOT:
		b->track = false; /* what fails, or holds where it must not, evaluates nothing */
		x->n = 1;
		x->branches = make_branches(b, &c->node, 1);
		b->track = track;
		break;
	case CLAUSE_IF:
		x->n = 3;
		x->branches = make_branches(b, branches, 3);
		break;
	default:
		return;
	}
	to->n_conditions++;
}

static void add_dependents(struct builder *b, struct branch *to, const struct clause *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct condition *x = &to->conditions[to->n_conditions++];

		x->op = CLAUSE_DEPENDENT_SCHEMAS;
		x->slot = slot_of(b, c->named[i].name);
		x->n = 1;
		x->branches = make_branches(b, &c->named[i].node, 1);
	}
}

static bool is_condition(enum clause_op op)
{
	return op == CLAUSE_ANY_OF || op == CLAUSE_ONE_OF || op == CLAUSE_NOT || op == CLAUSE_IF ||
	       op == CLAUSE_DEPENDENT_SCHEMAS;
}

static void add_conditions(struct builder *b, struct branch *to, const struct together *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++) {
			const struct clause *c = &t->nodes[i]->clauses[k];

			n += c->op == CLAUSE_DEPENDENT_SCHEMAS ? c->n : is_condition(c->op);
		}
	to->conditions = arena_calloc(memory(b), n, sizeof(*to->conditions));
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++) {
			const struct clause *c = &t->nodes[i]->clauses[k];

			if (c->op == CLAUSE_DEPENDENT_SCHEMAS)
				add_dependents(b, to, c);
			else if (is_condition(c->op))
				add_condition(b, to, c);
		}
}

/* ---- members ---- */

static const struct node *property(const struct node *n, struct str name)
{
	for (size_t i = 0; n->properties && i < n->properties->n; i++)
		if (str_eq(n->properties->named[i].name, name))
			return n->properties->named[i].node;
	return NULL;
}

/* Append to ${list} what ${n} says about the member ${name}.  True if it says something. */
static bool say(struct builder *b, const struct node *n, struct str name, const struct node **list,
		size_t *len)
{
	const struct node *found = property(n, name);
	const struct clause *rest = plan_clause(n, CLAUSE_ADDITIONAL_PROPERTIES);
	bool said = found != NULL;

	if (found)
		list[(*len)++] = found;
	for (size_t i = 0; n->patterns && i < n->patterns->n; i++) {
		int rc = pattern_match(n->patterns->matched[i].pattern, name);

		if (rc < 0 || *len >= TOGETHER_MAX - 2)
			b->failed = true;
		else if (rc > 0)
			list[(*len)++] = n->patterns->matched[i].node;
		said |= rc > 0;
	}
	if (!said && rest)
		list[(*len)++] = rest->node;
	return said || rest;
}

static void plan_members(struct builder *b, const struct node *unevaluated)
{
	struct object_plan *o = b->plan;

	for (unsigned slot = 0; slot < b->n && !b->failed; slot++) {
		const struct node *list[TOGETHER_MAX + 2];
		size_t n = 0;
		bool said = false;

		for (size_t i = 0; i < b->t->n && !b->failed; i++) {
			said |= say(b, b->t->nodes[i], b->names[slot], list, &n);
			if (n >= TOGETHER_MAX - 2)
				b->failed = true;
		}
		if (said)
			slots_add(&o->evaluated, slot);
		else if (unevaluated && !o->track)
			list[n++] = unevaluated;
		b->plans[slot] = n > 0 ? plan_of(b->planner, list, n) : NULL;
	}
}

static void plan_rests(struct builder *b)
{
	struct rest *rests = arena_calloc(memory(b), b->t->n, sizeof(*rests));

	b->plan->rests = rests;
	for (size_t i = 0; i < b->t->n; i++) {
		const struct node *n = b->t->nodes[i];
		const struct clause *c = n->patterns,
				    *more = plan_clause(n, CLAUSE_ADDITIONAL_PROPERTIES);
		struct rest *r = &rests[b->plan->n_rests];

		if (!c && !more)
			continue;
		b->plan->n_rests++;
		if (more)
			r->additional = plan_of(b->planner, (const struct node *const *)&more->node, 1);
		if (!c)
			continue;
		r->patterns = c->matched;
		r->n = c->n;
		r->plans = arena_calloc(memory(b), c->n, sizeof(*r->plans));
		for (size_t k = 0; k < c->n; k++)
			r->plans[k] = plan_of(b->planner,
					      (const struct node *const *)&c->matched[k].node, 1);
	}
}

/* ---- the rest of the object ---- */

static void plan_names(struct builder *b)
{
	const struct node *list[TOGETHER_MAX];
	size_t n = 0;

	for (size_t i = 0; i < b->t->n; i++) {
		const struct clause *c = plan_clause(b->t->nodes[i], CLAUSE_PROPERTY_NAMES);

		if (c)
			list[n++] = c->node;
	}
	if (n > 0)
		b->plan->property_names = plan_of(b->planner, list, n);
}

static void plan_clauses(struct builder *b)
{
	struct object_plan *o = b->plan;
	struct dependent *list;
	size_t n = 0;

	o->max = UINT64_MAX;
	for (size_t i = 0; i < b->t->n; i++) {
		const struct clause *needs = plan_clause(b->t->nodes[i], CLAUSE_DEPENDENT_REQUIRED);

		n += needs ? needs->n : 0;
	}
	o->dependents = list = arena_calloc(memory(b), n, sizeof(*list));
	for (size_t i = 0; i < b->t->n; i++)
		for (size_t k = 0; k < b->t->nodes[i]->n; k++) {
			const struct clause *c = &b->t->nodes[i]->clauses[k];

			if (c->op == CLAUSE_REQUIRED)
				add_names(b, &o->required, c->names, c->n);
			else if (c->op == CLAUSE_MIN_PROPERTIES && c->count > o->min)
				o->min = c->count;
			else if (c->op == CLAUSE_MAX_PROPERTIES && c->count < o->max)
				o->max = c->count;
			for (size_t d = 0; c->op == CLAUSE_DEPENDENT_REQUIRED && d < c->n; d++) {
				struct dependent *x = &list[o->n_dependents++];

				x->slot = slot_of(b, c->needs[d].name);
				add_names(b, &x->required, c->needs[d].names, c->needs[d].n);
			}
			for (size_t d = 0; c->op == CLAUSE_PROPERTIES && d < c->n; d++)
				slot_of(b, c->named[d].name);
		}
}

static struct name make_name(struct str text, unsigned slot)
{
	char bytes[16] = { 0 };
	struct name n = { .n = text.n, .p = text.p, .slot = slot };

	memcpy(bytes, text.p, text.n < sizeof(bytes) ? text.n : sizeof(bytes));
	memcpy(&n.a, bytes, 8);
	memcpy(&n.b, bytes + 8, 8);
	memset(bytes, 0, sizeof(bytes));
	memset(bytes, 0xff, text.n < sizeof(bytes) ? text.n : sizeof(bytes));
	memcpy(&n.in_a, bytes, 8);
	memcpy(&n.in_b, bytes + 8, 8);
	return n;
}

/* How many of ${names} do not find their place of ${size} free. */
static unsigned collisions(const struct name *names, unsigned n, size_t size, uint64_t factor)
{
	unsigned char used[SLOTS_MAX * 4];
	unsigned bad = 0;

	memset(used, 0, size);
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = name_hash(names[i].a, names[i].b, names[i].n, factor) & (size - 1);

		bad += used[at];
		used[at] = 1;
	}
	return bad;
}

/* A factor by which each name has a place of its own, or as many as some tries could reach. */
static uint64_t best_factor(const struct name *names, unsigned n, size_t size)
{
	uint64_t factor = 0x9e3779b97f4a7c15u, best = factor;
	unsigned least = ~0u, bad;

	for (int i = 0; i < FACTORS && least > 0; i++, factor = factor * 0xd1342543de82ef95u + 2) {
		bad = collisions(names, n, size, factor);
		if (bad < least) {
			least = bad;
			best = factor;
		}
	}
	return best;
}

/* The table of names, at most a quarter full. */
static void plan_table(struct builder *b)
{
	struct object_plan *o = b->plan;
	struct name *table, names[SLOTS_MAX];
	size_t size = 4;

	while (size < b->n * (size_t)4)
		size *= 2;
	for (unsigned i = 0; i < b->n; i++)
		names[i] = make_name(b->names[i], i);
	o->factor = best_factor(names, b->n, size);
	table = arena_calloc(memory(b), size, sizeof(*table));
	for (size_t i = 0; i < size; i++)
		table[i] = (struct name){ .n = SIZE_MAX, .after = table }; /* any guess will do */
	for (unsigned i = 0; i < b->n; i++) {
		uint64_t at = name_hash(names[i].a, names[i].b, names[i].n, o->factor) & (size - 1);

		names[i].plan = b->failed ? NULL : b->plans[i];
		names[i].after = table;
		while (table[at].n != SIZE_MAX)
			at = (at + 1) & (size - 1);
		table[at] = names[i];
	}
	o->table = table;
	o->first = table;
	o->mask = size - 1;
	o->n_slots = b->n;
	o->words = (b->n + 63) / 64;
}

/*
 * The schema of unevaluatedProperties, if it can have something to say.  It can not where all
 * members are evaluated anyway.
 */
static const struct node *unevaluated(struct builder *b)
{
	const struct clause *found = NULL;

	for (size_t i = 0; i < b->t->n; i++) {
		const struct clause *c = plan_clause(b->t->nodes[i], CLAUSE_UNEVALUATED_PROPERTIES);

		if (plan_clause(b->t->nodes[i], CLAUSE_ADDITIONAL_PROPERTIES))
			return NULL;
		found = c ? c : found;
	}
	for (size_t i = 0; found && i < b->t->n_apart; i++)
		if (plan_clause(b->t->apart[i], CLAUSE_UNEVALUATED_PROPERTIES))
			return NULL;
	if (found && b->t->n_apart > 0)
		b->failed = true;
	return found ? found->node : NULL;
}

static bool has_conditions(const struct together *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++)
			if (is_condition(t->nodes[i]->clauses[k].op))
				return true;
	return false;
}

struct object_plan *plan_object(struct planner *p, const struct together *t)
{
	struct object_plan *o = arena_calloc(p->set->arena, 1, sizeof(*o));
	struct builder *b = malloc(sizeof(*b)); /* it is large, and there are many */
	const struct node *rest;
	bool failed;

	if (!b)
		diag_oom();
	b->planner = p;
	b->t = t;
	b->plan = o;
	b->n = 0;
	b->failed = false;
	rest = unevaluated(b);
	b->track = o->track = rest && has_conditions(t);
	plan_clauses(b);
	add_conditions(b, &o->all, t);
	plan_members(b, rest);
	plan_rests(b);
	plan_names(b);
	plan_table(b);
	if (rest)
		o->unevaluated = plan_of(p, &rest, 1);
	o->asks = o->track || o->n_dependents > 0 || o->all.n_conditions > 0;
	failed = b->failed;
	free(b);
	return failed ? NULL : o;
}
