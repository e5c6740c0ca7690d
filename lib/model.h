/* SPDX-License-Identifier: MIT */
/* The models: the JSON Schemas of models/, embedded when the program was built. */
#ifndef OMNI_MODEL_H
#define OMNI_MODEL_H

#include "place.h"
#include "schema.h"

/* What the `$id` of each begins with; behind it stands the path below models/. */
#define MODEL_BASE "https://omni.example/models/"

struct model {
	const char *name; /* "message", "twilio/webhook": what it is asked for by */
	const char *group; /* "message", "conversation", "carrier", "workflow", "config"; "defs": shared parts */
	const char *id;       /* its `$id` */
	const char *uri;      /* "omni:message": another name of it in a schema_set */
	const char *title;    /* what it describes, in a word or two */
	const char *kind;     /* the kind of record that it describes, or NULL */
	const char *carrier;  /* of this carrier only, or NULL */
	const char *programs; /* who reads or writes it, with spaces between them; "" if nobody */
	bool planned;         /* nothing reads or writes it yet: `programs` will */
	struct str text;      /* the schema; its `$id` is absolute */
};

/* All of them, in order of group and name. */
extern const struct model models[];
extern const size_t models_n;

/* The model ${name} (or of that `$id`), or NULL. */
const struct model *model_find(struct str name);

/* The model whose name is nearest to ${name}, or NULL if none is near: for "did you mean". */
const struct model *model_nearest(struct str name);

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

/* The same without the one whose `$id` is ${id}, for which somebody has another text. */
int model_add_but(struct schema_set *set, struct str id, struct err *e);

/* The models as documents of lib/place; they are parsed into ${docs->arena} as they are needed. */
void model_docs(struct place_docs *docs, struct arena *arena);

/* The root of ${m} among ${docs}. */
struct place model_place(const struct place_docs *docs, const struct model *m);

#endif
