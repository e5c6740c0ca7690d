/* SPDX-License-Identifier: MIT */
/* What the parts of the exact evaluation share: schema_explain.c, schema_value.c, schema_parts.c. */
#ifndef OMNI_SCHEMA_WALK_H
#define OMNI_SCHEMA_WALK_H

#include "schema_private.h"

struct walk {
	struct arena *arena;
	struct schema_set *set;
	bool plans;   /* what a plan says is valid need not be looked at */
	bool quiet;   /* only yes or no: the first failure is enough */
	bool stopped; /* a bound was reached: the value counts as invalid whatever follows */
	unsigned depth;
	uint64_t steps;
	struct schema_unit *units;
	size_t n, max, more; /* told; how many at most; beyond that */
	const struct resource *scope[SCHEMA_DEPTH_MAX + 2]; /* entered and not left: the dynamic scope */
	unsigned n_scope;
};

/* The way into the value. */
struct place {
	const struct place *up;
	struct str name; /* {NULL, 0}: an index */
	size_t index;
};

/* The way through the schemas. */
struct way {
	const struct way *up;
	struct str keyword, name; /* of a member of the keyword's object; {NULL, 0}: none */
	size_t index;             /* in its array; SIZE_MAX: none */
};

/* Which members or items some keyword has evaluated, by position. */
struct seen {
	uint64_t *bits; /* NULL: none */
};

/* A node on a value. */
struct frame {
	struct walk *walk;
	const struct node *node;
	const struct json *value;
	enum json_type type;
	const struct place *place;
	const struct way *way;
	struct seen *seen; /* NULL: nobody asks */
};

/* Run the node; false if it fails, and then the failures have been told unless it is quiet. */
bool walk_frame(struct frame *f);

/* The same for ${node} on ${value}, a member or item of the frame's. */
bool walk_into(struct frame *f, const struct node *node, const struct json *value,
	       const struct place *at, const struct way *by);

/* Tell a failure of ${keyword} ({NULL, 0}: the node itself).  Return false. */
bool walk_fail(struct frame *f, struct str keyword, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same where a bound was reached. */
bool walk_stop(struct frame *f, struct str keyword, const char *text);

void seen_add(struct frame *f, size_t i);
bool seen_has(const struct frame *f, size_t i);
void seen_merge(struct frame *f, const struct seen *more);

/* Clauses that look at the value alone; at members; at items. */
bool walk_value(struct frame *f, const struct clause *c);
bool walk_object(struct frame *f, const struct clause *c);
bool walk_array(struct frame *f, const struct clause *c);

#endif
