/* SPDX-License-Identifier: MIT */
/* Following a plan. */
#include "json_same.h"
#include "schema_plan.h"

struct run {
	struct schema_set *set;
	struct arena *arena;
	unsigned depth;
	uint64_t steps;
	bool unsure; /* whatever comes out does not count */
};

static bool run_steps(struct run *r, const struct step *s, const struct json *v);

static inline bool run(struct run *r, const struct plan *p, const struct json *v)
{
	const struct step *s = p->steps[inline_kind(v)];

	return !s || run_steps(r, s, v);
}

static bool not_sure(struct run *r)
{
	r->unsure = true;
	return false;
}

/* ---- values ---- */

/* Words are short: a call to compare them would take longer than that does. */
static inline bool same_text(const char *p, const char *q, size_t n)
{
	uint64_t a, b, c, d;
	uint32_t e, f, g, h;

	if (n > 16)
		return memcmp(p, q, n) == 0;
	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, q, 8);
		memcpy(&c, p + n - 8, 8);
		memcpy(&d, q + n - 8, 8);
		return ((a ^ b) | (c ^ d)) == 0;
	}
	if (n >= 4) {
		memcpy(&e, p, 4);
		memcpy(&f, q, 4);
		memcpy(&g, p + n - 4, 4);
		memcpy(&h, q + n - 4, 4);
		return ((e ^ f) | (g ^ h)) == 0;
	}
	for (size_t i = 0; i < n; i++)
		if (p[i] != q[i])
			return false;
	return true;
}

static bool one_of_texts(const struct step *s, struct str text)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->texts[i].n == text.n && same_text(s->texts[i].p, text.p, text.n))
			return true;
	return false;
}

static bool one_of_values(struct run *r, const struct step *s, const struct json *v)
{
	for (size_t i = 0; i < s->n; i++) {
		int rc = json_same(s->values[i], v, r->arena);

		if (rc != 0)
			return rc > 0 || not_sure(r);
	}
	return false;
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* A character is one to four bytes: mostly that is enough to know. */
static bool at_most(struct str s, uint64_t max)
{
	return s.n <= max || (s.n / 4 <= max && characters(s) <= max);
}

static bool at_least(struct str s, uint64_t min)
{
	return s.n >= min && (s.n / 4 >= min || characters(s) >= min);
}

static bool matches(struct run *r, const struct pattern *p, struct str s)
{
	int rc = pattern_match(p, s);

	return rc > 0 || (rc < 0 && not_sure(r));
}

static __attribute__((noinline)) bool number_step(const struct step *s, struct str text)
{
	struct number n = number_read(text);

	switch (s->op) {
	case STEP_INTEGER:
		return number_whole(&n);
	case STEP_MAXIMUM:
		return number_cmp(&n, &s->number) <= 0;
	case STEP_EXCLUSIVE_MAXIMUM:
		return number_cmp(&n, &s->number) < 0;
	case STEP_MINIMUM:
		return number_cmp(&n, &s->number) >= 0;
	case STEP_EXCLUSIVE_MINIMUM:
		return number_cmp(&n, &s->number) > 0;
	default:
		return number_multiple(&n, &s->number);
	}
}

/* ---- items ---- */

static bool run_prefix(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v) < s->n ? inline_len(v) : s->n;
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n; i++, item = inline_next(item))
		if (!run(r, s->plans[i], item))
			return false;
	return true;
}

static bool run_items(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v);
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n; i++, item = inline_next(item))
		if (i >= s->n && !run(r, s->plan, item))
			return false;
	return true;
}

static bool run_contains(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v);
	uint64_t found = 0, enough = s->contains.max == UINT64_MAX ? s->contains.min : UINT64_MAX;
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n && found < enough && !r->unsure; i++, item = inline_next(item))
		found += run(r, s->contains.plan, item);
	return found >= s->contains.min && found <= s->contains.max;
}

static bool unique(struct run *r, const struct json *v)
{
	size_t first, second;
	int rc = json_unique(v, r->arena, &first, &second);

	return rc > 0 || (rc < 0 && not_sure(r));
}

/* ---- objects ---- */

/* The members that have slots. */
struct members {
	const struct json *object;
	const struct json *const *values; /* by slot, where `there` has it */
	struct slots there;
	unsigned words;
	bool track; /* what branches evaluate is asked for */
};

static bool has(const struct slots *s, unsigned slot)
{
	return s->w[slot / 64] >> (slot % 64) & 1;
}

static bool includes(const struct slots *all, const struct slots *some, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (some->w[i] & ~all->w[i])
			return false;
	return true;
}

static void join(struct slots *to, const struct slots *more, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		to->w[i] |= more->w[i];
}

static bool run_conditions(struct run *r, const struct branch *b, const struct members *m,
			   struct slots *seen);

static bool branch_holds(struct run *r, const struct branch *b, const struct members *m,
			 struct slots *seen)
{
	if (b->whole)
		return run(r, b->whole, m->object);
	if (!includes(&m->there, &b->required, m->words))
		return false;
	for (size_t i = 0; i < b->n_members; i++) {
		unsigned slot = b->members[i].slot;

		if (has(&m->there, slot) && !run(r, b->members[i].plan, m->values[slot]))
			return false;
	}
	return b->n_conditions == 0 || run_conditions(r, b, m, seen);
}

/* ${seen}: where what it evaluates is marked if it holds, and anybody asks. */
static bool run_branch(struct run *r, const struct branch *b, const struct members *m, struct slots *seen)
{
	struct slots mine;

	if (++r->steps > SCHEMA_STEPS_MAX)
		return not_sure(r);
	if (b->never)
		return false;
	if (!m->track)
		return branch_holds(r, b, m, seen);
	mine = *seen;
	if (!branch_holds(r, b, m, &mine))
		return false;
	join(&mine, &b->marks, m->words);
	*seen = mine;
	return true;
}

static bool run_any_of(struct run *r, const struct condition *c, const struct members *m,
		       struct slots *seen)
{
	bool ok = false;

	for (size_t i = 0; i < c->n && (!ok || m->track); i++)
		ok |= run_branch(r, c->branches[i], m, seen);
	return ok;
}

static bool run_one_of(struct run *r, const struct condition *c, const struct members *m,
		       struct slots *seen)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n && n < 2; i++)
		n += run_branch(r, c->branches[i], m, seen);
	return n == 1;
}

static bool run_condition(struct run *r, const struct condition *c, const struct members *m,
			  struct slots *seen)
{
	struct slots nowhere = { { 0 } };
	const struct branch *then;

	switch (c->op) {
	case CLAUSE_ANY_OF:
		return run_any_of(r, c, m, seen);
	case CLAUSE_ONE_OF:
		return run_one_of(r, c, m, seen);
	case CLAUSE_NOT:
		return !run_branch(r, c->branches[0], m, &nowhere);
	case CLAUSE_IF:
		then = c->branches[run_branch(r, c->branches[0], m, seen) ? 1 : 2];
		return !then || run_branch(r, then, m, seen);
	default:
		return !has(&m->there, c->slot) || run_branch(r, c->branches[0], m, seen);
	}
}

static bool run_conditions(struct run *r, const struct branch *b, const struct members *m,
			   struct slots *seen)
{
	for (size_t i = 0; i < b->n_conditions; i++)
		if (!run_condition(r, &b->conditions[i], m, seen))
			return false;
	return true;
}

/* The name of a member, found in the table; NULL if it has no slot. */
static struct name *find_name(const struct object_plan *o, const struct json *key)
{
	size_t n = inline_len(key);
	uint64_t a, b;

	inline_key_bytes(key, &a, &b);
	for (uint64_t at = name_hash(a, b, n, o->factor) & o->mask; o->table[at].p;
	     at = (at + 1) & o->mask) {
		struct name *name = &o->table[at];

		if (name->a == a && name->b == b && name->n == n &&
		    (n <= 16 || memcmp(name->p, inline_text(key).p, n) == 0))
			return name;
	}
	return NULL;
}

/* True if ${key} is ${name}, which may be a free place of the table. */
static inline bool is_name(const struct name *name, const struct json *key)
{
	size_t n = inline_len(key);

	return name->n == n && ((inline_key_start(key) ^ name->a) & name->mask) == 0 && name->p &&
	       (n <= 8 || same_text(name->p + 8, inline_text(key).p + 8, n - 8));
}

/* The same as find_name for the member that comes where ${guess} says which one did the last time. */
static inline struct name *next_name(const struct object_plan *o, const struct json *key,
				     struct name **guess)
{
	struct name *name = __atomic_load_n(guess, __ATOMIC_RELAXED);

	if (is_name(name, key))
		return name;
	name = find_name(o, key);
	if (name)
		__atomic_store_n(guess, name, __ATOMIC_RELAXED);
	return name;
}

/* A member without a slot. */
static bool run_rest(struct run *r, const struct object_plan *o, struct str key, const struct json *value)
{
	bool evaluated = false;

	for (size_t i = 0; i < o->n_rests; i++) {
		const struct rest *rest = &o->rests[i];
		bool found = false;

		for (size_t k = 0; k < rest->n; k++) {
			if (!matches(r, rest->patterns[k].pattern, key))
				continue;
			found = true;
			if (!run(r, rest->plans[k], value))
				return false;
		}
		if (!found && rest->additional && !run(r, rest->additional, value))
			return false;
		evaluated |= found || rest->additional;
	}
	return evaluated || !o->unevaluated || run(r, o->unevaluated, value);
}

/*
 * Each member by itself; they are put into their slots.  ${one}: one word has all slots, which is
 * then kept in a register.
 */
static inline __attribute__((always_inline)) bool run_members(struct run *r, struct object_plan *o,
							      struct members *m,
							      const struct json **values, const bool one)
{
	size_t n = inline_len(m->object);
	const struct json *key = inline_first(m->object), *value;
	bool open = o->n_rests == 0 && !o->unevaluated;
	struct name **guess = &o->first;
	uint64_t there = 0;

	for (size_t i = 0; i < n; i++, key = inline_next(value)) {
		struct name *name = next_name(o, key, guess);
		uint64_t *word, bit;

		value = inline_value(key);
		if (o->property_names && !run(r, o->property_names, key))
			return false;
		if (!name) {
			if (!open && !run_rest(r, o, inline_text(key), value))
				return false;
			continue;
		}
		guess = &name->after;
		word = one ? &there : &m->there.w[name->slot / 64];
		bit = (uint64_t)1 << (name->slot % 64);
		if (*word & bit) /* a member that stands twice */
			return not_sure(r);
		*word |= bit;
		values[name->slot] = value;
		if (name->plan && !run(r, name->plan, value))
			return false;
	}
	if (one)
		m->there.w[0] = there;
	return true;
}

static bool run_unevaluated(struct run *r, const struct object_plan *o, const struct members *m,
			    const struct slots *seen)
{
	for (unsigned slot = 0; slot < o->n_slots; slot++)
		if (has(&m->there, slot) && !has(seen, slot) && !run(r, o->unevaluated, m->values[slot]))
			return false;
	return true;
}

/* What is asked about the members together. */
static bool run_together(struct run *r, const struct object_plan *o, const struct members *m)
{
	struct slots seen = o->evaluated;

	for (size_t i = 0; i < o->n_dependents; i++)
		if (has(&m->there, o->dependents[i].slot) &&
		    !includes(&m->there, &o->dependents[i].required, o->words))
			return false;
	if (!run_conditions(r, &o->all, m, &seen))
		return false;
	return !o->track || run_unevaluated(r, o, m, &seen);
}

static bool run_object(struct run *r, struct object_plan *o, const struct json *v)
{
	const struct json *values[SLOTS_MAX];
	struct members m = { .object = v, .values = values, .words = o->words, .track = o->track };
	size_t n = inline_len(v);

	if (n < o->min || n > o->max)
		return false;
	if (!(o->words <= 1 ? run_members(r, o, &m, values, true) : run_members(r, o, &m, values, false)))
		return false;
	if (!includes(&m.there, &o->required, o->words))
		return false;
	return !o->asks || run_together(r, o, &m);
}

/* ---- steps ---- */

static bool any_of(struct run *r, const struct step *s, const struct json *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (run(r, s->plans[i], v))
			return true;
	return false;
}

static bool one_of(struct run *r, const struct step *s, const struct json *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n && n < 2; i++)
		n += run(r, s->plans[i], v);
	return n == 1;
}

static bool run_if(struct run *r, const struct step *s, const struct json *v)
{
	const struct plan *then = run(r, s->branch.test, v) ? s->branch.yes : s->branch.no;

	return !then || run(r, then, v);
}

static bool walk(struct run *r, const struct node *node, const struct json *v)
{
	int rc = schema_walk(r->set, node, v, r->arena);

	return rc > 0 || (rc < 0 && not_sure(r));
}

/* A step that looks into the value, or at more than one plan. */
static bool run_deep(struct run *r, const struct step *s, const struct json *v)
{
	switch (s->op) {
	case STEP_PREFIX:
		return run_prefix(r, s, v);
	case STEP_ITEMS:
		return run_items(r, s, v);
	case STEP_CONTAINS:
		return run_contains(r, s, v);
	case STEP_UNIQUE:
		return unique(r, v);
	case STEP_PLAN:
		return run(r, s->plan, v);
	case STEP_ANY_OF:
		return any_of(r, s, v);
	case STEP_ONE_OF:
		return one_of(r, s, v);
	case STEP_NOT:
		return !run(r, s->plan, v);
	case STEP_IF:
		return run_if(r, s, v);
	default:
		return walk(r, s->node, v);
	}
}

/* The same within the bounds. */
static bool run_bounded(struct run *r, const struct step *s, const struct json *v)
{
	bool ok;

	if (r->depth == SCHEMA_DEPTH_MAX || ++r->steps > SCHEMA_STEPS_MAX || r->unsure)
		return not_sure(r);
	r->depth++;
	ok = s->op == STEP_OBJECT ? run_object(r, s->object, v) : run_deep(r, s, v);
	r->depth--;
	return ok;
}

static bool run_steps(struct run *r, const struct step *s, const struct json *v)
{
	for (bool ok = true; ok; s++)
		switch (s->op) {
		case STEP_END:
			return true;
		case STEP_FAIL:
			return false;
		case STEP_TEXT:
			ok = one_of_texts(s, inline_text(v));
			break;
		case STEP_MAX_LENGTH:
			ok = at_most(inline_text(v), s->count);
			break;
		case STEP_MIN_LENGTH:
			ok = at_least(inline_text(v), s->count);
			break;
		case STEP_INTEGER:
		case STEP_MAXIMUM:
		case STEP_EXCLUSIVE_MAXIMUM:
		case STEP_MINIMUM:
		case STEP_EXCLUSIVE_MINIMUM:
		case STEP_MULTIPLE_OF:
			ok = number_step(s, inline_text(v));
			break;
		case STEP_MAX_ITEMS:
			ok = inline_len(v) <= s->count;
			break;
		case STEP_MIN_ITEMS:
			ok = inline_len(v) >= s->count;
			break;
		case STEP_BOOL:
			ok = s->count >> json_true(v) & 1;
			break;
		case STEP_PATTERN:
			ok = matches(r, s->pattern, inline_text(v));
			break;
		case STEP_FORMAT:
			ok = s->format(inline_text(v));
			break;
		case STEP_SAME:
			ok = one_of_values(r, s, v);
			break;
		default:
			ok = run_bounded(r, s, v);
			break;
		}
	return false;
}

int schema_run(struct schema_set *set, const struct plan *plan, const struct json *v, struct arena *a)
{
	struct run r = { .set = set, .arena = a };
	bool ok = run(&r, plan, v);

	return r.unsure ? -1 : ok;
}
