/* SPDX-License-Identifier: MIT */
/* Following the plan of an object. */
#include "schema_run.h"

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
		return run_unsure(r);
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
	for (uint64_t at = name_hash(a, b, n, o->factor) & o->mask; o->table[at].n != SIZE_MAX;
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
	uint64_t a, b;

	inline_key_parts(key, &a, &b);
	return name->n == n && (((a ^ name->a) & name->in_a) | ((b ^ name->b) & name->in_b)) == 0 &&
	       (n <= 16 || memcmp(name->p + 16, inline_text(key).p + 16, n - 16) == 0);
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
			if (!run_pattern(r, rest->patterns[k].pattern, key))
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
			return run_unsure(r);
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

bool run_object(struct run *r, struct object_plan *o, const struct json *v)
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
