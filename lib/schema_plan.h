/* SPDX-License-Identifier: MIT */
/*
 * The plan of a schema: for each kind of value the steps that it must pass, and nothing of what
 * does not concern it.  References and allOf are gone: what must hold together is one plan.  An
 * object is gone through once: each member finds its slot, its own plan is run, and all that is
 * asked about members (required, anyOf, if, unevaluatedProperties) is asked of the slots.
 *
 * A plan answers yes, no, or "unsure": a member stands twice, or a bound was reached.  Then, and
 * for what no plan can do, the exact evaluation (schema_explain.c) decides.
 */
#ifndef OMNI_SCHEMA_PLAN_H
#define OMNI_SCHEMA_PLAN_H

#include "json_inline.h"
#include "schema_private.h"

enum {
	SLOT_WORDS = 4,
	SLOTS_MAX = SLOT_WORDS * 64, /* members that one object's schema names; more is left to the exact one */
	PLANS_MAX = 20000, /* of one set: combinations of schemas can be many more than schemas */
};

/* A set of slots. */
struct slots {
	uint64_t w[SLOT_WORDS];
};

/* What a value must pass, the cheap before the dear. */
enum step_op {
	STEP_FAIL, /* alone */
	STEP_TEXT, /* one of `texts` */
	STEP_MAX_LENGTH,
	STEP_MIN_LENGTH,
	STEP_INTEGER,
	STEP_MAXIMUM,
	STEP_EXCLUSIVE_MAXIMUM,
	STEP_MINIMUM,
	STEP_EXCLUSIVE_MINIMUM,
	STEP_MULTIPLE_OF,
	STEP_MAX_ITEMS,
	STEP_MIN_ITEMS,
	STEP_BOOL, /* a value whose bit `count` has */
	STEP_PATTERN,
	STEP_FORMAT,
	STEP_SAME, /* equal to one of `values` */
	STEP_OBJECT,
	STEP_PREFIX,
	STEP_ITEMS, /* `plan` from item `n` on */
	STEP_CONTAINS,
	STEP_UNIQUE,
	STEP_PLAN,
	STEP_ANY_OF,
	STEP_ONE_OF,
	STEP_NOT,
	STEP_IF,
	STEP_WALK, /* the exact evaluation of `node` */
	STEP_ALL,  /* each of `steps` */
	STEPS
};

struct run;

struct step {
	enum step_op op;
	size_t n;                                                               /* of the list */
	bool (*run)(struct run *r, const struct step *s, const struct json *v); /* as `op` says */
	union {
		uint64_t count;
		struct number number;
		const struct pattern *pattern;
		bool (*format)(struct str s);
		const struct str *texts;
		const struct json *const *values;
		const struct plan *plan;
		const struct plan *const *plans;
		struct object_plan *object;
		const struct node *node;
		const struct step *steps;
		struct {
			const struct plan *plan;
			uint64_t min, max;
		} contains;
		struct {
			const struct plan *test, *yes, *no; /* the last two may be NULL */
		} branch;
	};
};

struct plan {
	const struct step *steps[KINDS]; /* the one of each kind; NULL: always valid */
};

/* How each step is done. */
extern bool (*const schema_steps[STEPS])(struct run *r, const struct step *s, const struct json *v);

/* A name of at most 16 bytes is its length and its bytes; else the text is compared too. */
struct name {
	uint64_t a, b;       /* as inline_key_bytes gives them */
	uint64_t in_a, in_b; /* of them the bits that count */
	size_t n;            /* SIZE_MAX, as no name has it: a free place in the table */
	const char *p;
	const struct plan *plan; /* NULL: anything will do */
	/*
	 * Who stood behind it the last time: records of one maker have their members in one order.
	 * Only a guess, read and written without order by all threads.
	 */
	struct name *after;
	unsigned slot;
};

/* A plan for the member in a slot, if there is one. */
struct slot_plan {
	unsigned slot;
	const struct plan *plan;
};

/* A schema on an object whose members are in slots. */
struct branch {
	bool never;
	const struct plan *whole; /* not NULL: this on the object, and nothing of the rest but `marks` */
	struct slot_plan *members;
	size_t n_members;
	struct slots required, marks; /* marks: what it evaluates if it holds */
	struct condition *conditions;
	size_t n_conditions;
};

struct condition {
	enum clause_op op;
	unsigned slot; /* CLAUSE_DEPENDENT_SCHEMAS */
	size_t n;
	struct branch **branches; /* of CLAUSE_IF: test, then, else; the last two may be NULL */
};

/* What members that have no slot must pass, for one schema that says something about them. */
struct rest {
	const struct matched *patterns; /* each that matches */
	const struct plan **plans;
	size_t n;
	const struct plan *additional; /* if none did; NULL: nothing */
};

/* dependentRequired */
struct dependent {
	unsigned slot;
	struct slots required;
};

struct object_plan {
	unsigned n_slots, words;
	struct name *table;    /* by hash: open addressing */
	struct name *first;    /* the one that came first the last time, as `after` */
	uint64_t mask, factor; /* of the hash */
	struct slots required;
	uint64_t min, max; /* how many members */
	const struct rest *rests;
	size_t n_rests;
	const struct plan *property_names; /* NULL: anything */
	const struct dependent *dependents;
	size_t n_dependents;
	struct branch all;              /* its conditions only */
	const struct plan *unevaluated; /* NULL: anything */
	struct slots evaluated;         /* whatever the conditions say */
	bool asks;  /* there are dependents or conditions, or marks to ask for */
	bool track; /* the conditions' marks are asked for */
};

static inline uint64_t name_hash(uint64_t a, uint64_t b, size_t n, uint64_t factor)
{
	return ((a ^ (b << 23 | b >> 41)) + n) * factor >> 32;
}

/**
 * schema_plan(set, node):
 * The plan of ${node}, whose references are linked, or NULL if none can be made.
 */
const struct plan *schema_plan(struct schema_set *set, const struct node *node);

/* ---- between schema_plan.c and schema_plan_object.c ---- */

enum {
	TOGETHER_MAX = 128,
	PLAN_DEPTH_MAX = 300
}; /* schemas that must hold together; plans inside each other */

struct planner {
	struct schema_set *set;
	struct strmap plans; /* by the addresses of their nodes, in order */
	unsigned n_plans, depth;
	struct buf steps; /* being put together, those of plans inside each other one behind the other */
	struct buf alone; /* plans of one node each, for `plan` of these nodes if all goes well */
	bool failed;      /* no plan can be made */
};

/* Schemas that must hold together: references and allOf are followed. */
struct together {
	const struct node *nodes[TOGETHER_MAX];
	size_t n;
	const struct node *apart[TOGETHER_MAX]; /* those with unevaluated…, which look at their own parts only */
	size_t n_apart;
	bool never, whole; /* nothing is valid; of numbers, only those without a fraction */
};

/* Gather what ${nodes} mean into ${t}. */
void plan_gather(struct planner *p, const struct node *const *nodes, size_t n, struct together *t);

/* The plan of ${nodes} together.  Never NULL. */
const struct plan *plan_of(struct planner *p, const struct node *const *nodes, size_t n);

/* The plan of the objects among the values of ${t}; NULL where only the exact evaluation will do. */
struct object_plan *plan_object(struct planner *p, const struct together *t);

/* The clause ${op} of ${n}, or NULL. */
const struct clause *plan_clause(const struct node *n, enum clause_op op);

/* Go one level down, or give up.  Each plan_enter that was true wants a plan_leave. */
bool plan_enter(struct planner *p);
void plan_leave(struct planner *p);

#endif
