/* SPDX-License-Identifier: MIT */
/* The models: the JSON Schemas of models/, embedded when the program was built. */
#ifndef OMNI_MODEL_H
#define OMNI_MODEL_H

#include "schema.h"

struct model {
	const char *name; /* "message": what it is asked for by */
	const char *group; /* "message", "conversation", "carrier", "workflow"; "defs": shared parts */
	struct str text; /* the schema; its `$id` is absolute */
};

/* All of them, in order of group and name. */
extern const struct model models[];
extern const size_t models_n;

/* The model ${name}, or NULL. */
const struct model *model_find(struct str name);

/**
 * model_of(kind, carrier):
 * The model of a record of ${kind} and ${carrier} (the one without a carrier where there is none of
 * that carrier), or NULL if no model describes that kind.
 */
const struct model *model_of(struct str kind, struct str carrier);

/**
 * model_add_all(set, e):
 * Add all models to ${set}, each known by its `$id` and as "omni:NAME".  Return 0, or -1 with
 * FAULT_CONFIG.
 */
int model_add_all(struct schema_set *set, struct err *e);

#endif
