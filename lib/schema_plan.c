/* SPDX-License-Identifier: MIT */
#include "schema_plan.h"

#include <stdlib.h>

/* The JSON type of each kind. */
static const enum json_type kind_type[KINDS] = {
	[KIND_NUMBER] = JSON_NUMBER, [KIND_NULL] = JSON_NULL,   [KIND_BOOL] = JSON_BOOL,
	[KIND_STRING] = JSON_STRING, [KIND_ARRAY] = JSON_ARRAY, [KIND_OBJECT] = JSON_OBJECT,
};

const struct clause *plan_clause(const struct node *n, enum clause_op op)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->clauses[i].op == op)
			return &n->clauses[i];
	return NULL;
}

/* ---- what must hold together ---- */

static bool has_unevaluated(const struct node *n)
{
	return n->n > 0 && n->clauses[n->n - 1].op >= CLAUSE_UNEVALUATED_ITEMS;
}

static bool listed(const struct node *const *list, size_t n, const struct node *node)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == node)
			return true;
	return false;
}

static void gather(struct planner *p, const struct node *n, bool alone, struct together *t)
{
	if (listed(t->nodes, t->n, n) || listed(t->apart, t->n_apart, n))
		return;
	t->never |= n->never;
	if (t->n == TOGETHER_MAX || t->n_apart == TOGETHER_MAX) {
		p->failed = true;
		return;
	}
	if (has_unevaluated(n) && !alone) {
		t->apart[t->n_apart++] = n;
		return;
	}
	t->nodes[t->n++] = n;
	for (size_t i = 0; i < n->n; i++) {
		const struct clause *c = &n->clauses[i];

		if (c->op == CLAUSE_REF || c->op == CLAUSE_DYNAMIC_REF)
			gather(p, c->ref.node, false, t);
		for (size_t k = 0; c->op == CLAUSE_ALL_OF && k < c->n; k++)
			gather(p, c->nodes[k], false, t);
	}
}

void plan_gather(struct planner *p, const struct node *const *nodes, size_t n, struct together *t)
{
	t->n = t->n_apart = 0;
	t->never = false;
	for (size_t i = 0; i < n; i++)
		gather(p, nodes[i], n == 1, t);
}

/* ---- steps ---- */

static void emit(struct planner *p, struct step s)
{
	buf_add(&p->steps, &s, sizeof(s));
}

static void emit_plans(struct planner *p, enum step_op op, struct node *const *nodes, size_t n)
{
	const struct plan **plans = arena_calloc(p->set->arena, n, sizeof(*plans));

	for (size_t i = 0; i < n; i++)
		plans[i] = plan_of(p, (const struct node *const *)&nodes[i], 1);
	emit(p, (struct step){ .op = op, .n = n, .plans = plans });
}

static const struct plan *plan_one(struct planner *p, const struct node *node)
{
	return plan_of(p, &node, 1);
}

/* The values of ${c}, const or enum, that are of ${type}. */
static void emit_values(struct planner *p, const struct clause *c, enum json_type type)
{
	size_t max = c->op == CLAUSE_CONST ? 1 : json_len(c->value), n = 0;
	const struct json **values = arena_calloc(p->set->arena, max, sizeof(*values));
	struct str *texts;
	struct json_iter it;
	uint64_t bools = 0;

	if (c->op == CLAUSE_CONST && json_is(c->value, type))
		values[n++] = c->value;
	for (it = json_iter(c->op == CLAUSE_ENUM ? c->value : NULL); json_next(&it);)
		if (json_is(it.value, type))
			values[n++] = it.value;
	if (n == 0) {
		emit(p, (struct step){ .op = STEP_FAIL });
	} else if (type == JSON_STRING) {
		texts = arena_calloc(p->set->arena, n, sizeof(*texts));
		for (size_t i = 0; i < n; i++)
			texts[i] = json_str(values[i]);
		emit(p, (struct step){ .op = STEP_TEXT, .n = n, .texts = texts });
	} else if (type == JSON_BOOL) {
		for (size_t i = 0; i < n; i++)
			bools |= 1u << json_true(values[i]);
		emit(p, (struct step){ .op = STEP_BOOL, .count = bools });
	} else if (type != JSON_NULL) {
		emit(p, (struct step){ .op = STEP_SAME, .n = n, .values = values });
	}
}

static void emit_condition(struct planner *p, const struct clause *c)
{
	struct step s = { .op = STEP_IF };

	switch (c->op) {
	case CLAUSE_ANY_OF:
		emit_plans(p, STEP_ANY_OF, c->nodes, c->n);
		break;
	case CLAUSE_ONE_OF:
		emit_plans(p, STEP_ONE_OF, c->nodes, c->n);
		break;
	case CLAUSE_NOT:
		emit(p, (struct step){ .op = STEP_NOT, .plan = plan_one(p, c->node) });
		break;
	case CLAUSE_IF:
		s.branch.test = plan_one(p, c->branch.test);
		s.branch.yes = c->branch.yes ? plan_one(p, c->branch.yes) : NULL;
		s.branch.no = c->branch.no ? plan_one(p, c->branch.no) : NULL;
		emit(p, s);
		break;
	default:
		break;
	}
}

static void emit_array(struct planner *p, const struct node *n, const struct clause *c)
{
	struct step s = { .op = STEP_CONTAINS };

	switch (c->op) {
	case CLAUSE_PREFIX_ITEMS:
		emit_plans(p, STEP_PREFIX, c->nodes, c->n);
		break;
	case CLAUSE_ITEMS:
		emit(p, (struct step){ .op = STEP_ITEMS,
				       .n = n->prefix ? n->prefix->n : 0,
				       .plan = plan_one(p, c->node) });
		break;
	case CLAUSE_CONTAINS:
		s.contains.plan = plan_one(p, c->contains.node);
		s.contains.min = c->contains.min;
		s.contains.max = c->contains.max;
		emit(p, s);
		break;
	case CLAUSE_UNIQUE_ITEMS:
		emit(p, (struct step){ .op = STEP_UNIQUE });
		break;
	default:
		break;
	}
}

static void emit_clause(struct planner *p, const struct node *n, const struct clause *c,
			enum json_type type)
{
	static const struct {
		enum clause_op clause;
		enum step_op step;
	} numbers[] = {
		{ CLAUSE_MULTIPLE_OF, STEP_MULTIPLE_OF },
		{ CLAUSE_MAXIMUM, STEP_MAXIMUM },
		{ CLAUSE_EXCLUSIVE_MAXIMUM, STEP_EXCLUSIVE_MAXIMUM },
		{ CLAUSE_MINIMUM, STEP_MINIMUM },
		{ CLAUSE_EXCLUSIVE_MINIMUM, STEP_EXCLUSIVE_MINIMUM },
	}, counts[] = {
		{ CLAUSE_MAX_LENGTH, STEP_MAX_LENGTH },
		{ CLAUSE_MIN_LENGTH, STEP_MIN_LENGTH },
		{ CLAUSE_MAX_ITEMS, STEP_MAX_ITEMS },
		{ CLAUSE_MIN_ITEMS, STEP_MIN_ITEMS },
	};

	for (size_t i = 0; i < LEN(numbers); i++)
		if (numbers[i].clause == c->op)
			emit(p, (struct step){ .op = numbers[i].step, .number = c->number });
	for (size_t i = 0; i < LEN(counts); i++)
		if (counts[i].clause == c->op)
			emit(p, (struct step){ .op = counts[i].step, .count = c->count });
	if (c->op == CLAUSE_CONST || c->op == CLAUSE_ENUM)
		emit_values(p, c, type);
	else if (c->op == CLAUSE_PATTERN)
		emit(p, (struct step){ .op = STEP_PATTERN, .pattern = c->pattern });
	else if (c->op == CLAUSE_FORMAT)
		emit(p, (struct step){ .op = STEP_FORMAT, .format = c->format->valid });
	else if (type == JSON_ARRAY)
		emit_array(p, n, c);
	if (type != JSON_OBJECT) /* those of objects are in their plan */
		emit_condition(p, c);
}

static int by_op(const void *x, const void *y)
{
	const struct step *a = x, *b = y;

	return a->op < b->op ? -1 : a->op > b->op;
}

/* Whether ${text} passes ${s}; 1 also where it is left to run time. */
static bool passes(const struct step *s, struct str text)
{
	size_t n = 0;

	switch (s->op) {
	case STEP_TEXT:
		return str_among(text, s->texts, s->n);
	case STEP_MAX_LENGTH:
	case STEP_MIN_LENGTH:
		for (size_t i = 0; i < text.n; i++)
			n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
		return s->op == STEP_MAX_LENGTH ? n <= s->count : n >= s->count;
	case STEP_PATTERN:
		return pattern_match(s->pattern, text) == 1;
	default:
		return s->format(text);
	}
}

/*
 * Where only some texts are allowed, what else is asked of a text is answered now.  The steps are in
 * order: what asks about texts stands behind STEP_TEXT.  Return how many steps are left.
 */
static size_t fold_texts(struct planner *p, struct step *steps, size_t n)
{
	struct str *left;
	size_t kept = 1, n_left = 0;

	if (steps[0].op != STEP_TEXT)
		return n;
	left = arena_calloc(p->set->arena, steps[0].n, sizeof(*left));
	for (size_t i = 0; i < steps[0].n; i++) {
		bool ok = true;

		for (size_t k = 1; k < n; k++)
			if (steps[k].op <= STEP_MIN_LENGTH || steps[k].op == STEP_PATTERN ||
			    steps[k].op == STEP_FORMAT)
				ok &= passes(&steps[k], steps[0].texts[i]);
		if (ok)
			left[n_left++] = steps[0].texts[i];
	}
	steps[0] = (struct step){ .op = n_left ? STEP_TEXT : STEP_FAIL, .n = n_left, .texts = left };
	for (size_t k = 1; k < n; k++)
		if (steps[k].op > STEP_MIN_LENGTH && steps[k].op != STEP_PATTERN &&
		    steps[k].op != STEP_FORMAT)
			steps[kept++] = steps[k];
	return kept;
}

static const struct step *make_step(struct planner *p, struct step s)
{
	struct step *made = arena_alloc(p->set->arena, sizeof(*made));

	s.run = schema_steps[s.op];
	*made = s;
	return made;
}

/* Make one step of those that were written from ${from} on; NULL if there are none. */
static const struct step *take_steps(struct planner *p, size_t from)
{
	size_t n = (p->steps.n - from) / sizeof(struct step);
	struct step *steps;

	if (n == 0)
		return NULL;
	steps = arena_alloc(p->set->arena, n * sizeof(*steps));
	memcpy(steps, p->steps.p + from, n * sizeof(*steps));
	p->steps.n = from;
	qsort(steps, n, sizeof(*steps), by_op);
	n = fold_texts(p, steps, n);
	if (steps[0].op == STEP_FAIL)
		n = 1;
	for (size_t i = 0; i < n; i++)
		steps[i].run = schema_steps[steps[i].op];
	return n == 1 ? steps : make_step(p, (struct step){ .op = STEP_ALL, .n = n, .steps = steps });
}

/* Types that all of ${t} allow; it is told if of numbers only whole ones are. */
static unsigned allowed_types(struct together *t)
{
	unsigned bits = t->never ? 0 : TYPES_ALL;

	t->whole = false;
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->nodes[i]->n; k++) {
			const struct clause *c = &t->nodes[i]->clauses[k];

			if (c->op != CLAUSE_TYPE)
				continue;
			if ((c->allowed & TYPE_INTEGER) && !(c->allowed & TYPE_BIT(JSON_NUMBER))) {
				t->whole = true;
				bits &= c->allowed | TYPE_BIT(JSON_NUMBER);
			} else {
				bits &= c->allowed;
			}
		}
	}
	return bits;
}

/* True if unevaluatedItems may have something to say. */
static bool items_left(const struct together *t)
{
	bool asked = false;

	for (size_t i = 0; i < t->n; i++) {
		if (plan_clause(t->nodes[i], CLAUSE_ITEMS))
			return false;
		asked |= plan_clause(t->nodes[i], CLAUSE_UNEVALUATED_ITEMS) != NULL;
	}
	return asked;
}

/* True if some clause needs the members. */
static bool members_matter(const struct together *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++) {
			enum clause_op op = t->nodes[i]->clauses[k].op;

			if ((t->nodes[i]->clauses[k].types & TYPE_BIT(JSON_OBJECT)) &&
			    op != CLAUSE_REF && op != CLAUSE_DYNAMIC_REF && op != CLAUSE_TYPE &&
			    op != CLAUSE_CONST && op != CLAUSE_ENUM && op != CLAUSE_ALL_OF)
				return true;
		}
	return false;
}

/* The exact evaluation of all of it. */
static const struct step *walk_steps(struct planner *p, const struct node *const *nodes, size_t n)
{
	size_t from = p->steps.n;

	for (size_t i = 0; i < n; i++)
		emit(p, (struct step){ .op = STEP_WALK, .node = nodes[i] });
	return take_steps(p, from);
}

/* The steps of values of ${type}, which ${t}, made of ${nodes}, allows. */
static const struct step *make_steps(struct planner *p, const struct node *const *nodes, size_t n,
				     const struct together *t, enum json_type type)
{
	size_t from = p->steps.n;
	struct object_plan *object = NULL;

	if (type == JSON_NUMBER && t->whole)
		emit(p, (struct step){ .op = STEP_INTEGER });
	if (type == JSON_ARRAY && items_left(t))
		return walk_steps(p, nodes, n);
	if (type == JSON_OBJECT && members_matter(t)) {
		object = plan_object(p, t);
		if (!object)
			return walk_steps(p, nodes, n);
		emit(p, (struct step){ .op = STEP_OBJECT, .object = object });
	}
	for (size_t i = 0; i < t->n_apart; i++)
		emit(p, (struct step){ .op = STEP_PLAN, .plan = plan_one(p, t->apart[i]) });
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->nodes[i]->n; k++)
			if (t->nodes[i]->clauses[k].types & TYPE_BIT(type))
				emit_clause(p, t->nodes[i], &t->nodes[i]->clauses[k], type);
	return take_steps(p, from);
}

static void fill(struct planner *p, struct plan *plan, const struct node *const *nodes, size_t n)
{
	struct together t;
	unsigned types;

	plan_gather(p, nodes, n, &t);
	types = allowed_types(&t);
	for (unsigned kind = KIND_NUMBER; kind < KINDS && !p->failed; kind++)
		plan->steps[kind] = types & TYPE_BIT(kind_type[kind]) ?
					    make_steps(p, nodes, n, &t, kind_type[kind]) :
					    make_step(p, (struct step){ .op = STEP_FAIL });
}

static int by_address(const void *x, const void *y)
{
	uintptr_t a = (uintptr_t) * (void *const *)x, b = (uintptr_t) * (void *const *)y;

	return a < b ? -1 : a > b;
}

/* ${nodes} in order and each once, as they name a plan; lives in the arena. */
static struct str plan_key(struct planner *p, const struct node *const *nodes, size_t n)
{
	const struct node **list = arena_alloc(p->set->arena, n * sizeof(*list) + 1);
	size_t kept = 0;

	if (n > 0)
		memcpy(list, nodes, n * sizeof(*list));
	qsort(list, n, sizeof(*list), by_address);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return (struct str){ (const char *)list, kept * sizeof(*list) };
}

bool plan_enter(struct planner *p)
{
	p->failed |= p->depth == PLAN_DEPTH_MAX;
	p->depth += !p->failed;
	return !p->failed;
}

void plan_leave(struct planner *p)
{
	p->depth--;
}

/* A node that has a plan of its own. */
struct alone {
	const struct node *node;
	const struct plan *plan;
};

const struct plan *plan_of(struct planner *p, const struct node *const *nodes, size_t n)
{
	static const struct plan anything;
	struct str key;
	struct plan *plan;

	if (n == 0 || p->failed)
		return &anything;
	if (n == 1 && nodes[0]->plan) /* made for another schema of the set */
		return nodes[0]->plan;
	key = plan_key(p, nodes, n);
	plan = strmap_get(&p->plans, key);
	if (plan)
		return plan;
	if (p->n_plans++ == PLANS_MAX)
		p->failed = true;
	if (!plan_enter(p))
		return &anything;
	plan = arena_calloc(p->set->arena, 1, sizeof(*plan));
	strmap_put(&p->plans, key, plan); /* before it is filled: it may contain itself */
	fill(p, plan, (const struct node *const *)(const void *)key.p, key.n / sizeof(*nodes));
	plan_leave(p);
	if (n == 1)
		buf_add(&p->alone, &(struct alone){ nodes[0], plan }, sizeof(struct alone));
	return plan;
}

/* Dynamic references with only one place to go are plain ones; more is left to the exact way. */
static bool one_place_each(const struct schema_set *set)
{
	return !set->dynamic || set->dynamics.n <= 1;
}

/* The plan of ${node}, and with it those of nodes in it; NULL, and none of them, if it fails. */
static const struct plan *plan_alone(struct schema_set *set, const struct node *node)
{
	struct planner p = { .set = set,
			     .plans = { .arena = set->arena },
			     .steps = { .max = SIZE_MAX },
			     .alone = { .max = SIZE_MAX } };
	const struct plan *plan = plan_of(&p, &node, 1);
	const struct alone *list = (const struct alone *)(const void *)p.alone.p;

	for (size_t i = 0; !p.failed && i < p.alone.n / sizeof(*list); i++)
		((struct node *)(uintptr_t)list[i].node)->plan = list[i].plan;
	buf_free(&p.alone);
	buf_free(&p.steps);
	return p.failed ? NULL : plan;
}

/* Plans of the parts of ${node}: who explains what fails need not go into those that hold. */
static void plan_parts(struct schema_set *set, const struct node *node)
{
	struct planner p = { .set = set };
	struct together t;

	plan_gather(&p, &node, 1, &t);
	for (size_t i = 0; i < t.n; i++)
		if (!t.nodes[i]->plan)
			plan_alone(set, t.nodes[i]);
}

const struct plan *schema_plan(struct schema_set *set, const struct node *node)
{
	const struct plan *plan = one_place_each(set) ? plan_alone(set, node) : NULL;

	if (plan)
		plan_parts(set, node);
	return plan;
}
