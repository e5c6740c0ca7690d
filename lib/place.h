/* SPDX-License-Identifier: MIT */
/*
 * Places in JSON Schemas that refer to each other, for those who read schemas as text about data:
 * the manual, omni-models doc, the table of configuration keys.  (What checks data is lib/schema.)
 * References are paths relative to the document that they stand in, with a JSON Pointer behind '#'.
 */
#ifndef OMNI_PLACE_H
#define OMNI_PLACE_H

#include "json.h"

/* Where documents come from. */
struct place_docs {
	/* The root of the document ${path} ("carrier/account.schema.json"), or NULL. */
	const struct json *(*get)(void *ctx, struct str path);
	void *ctx;
	struct arena *arena; /* where names of places live */
};

struct place {
	const struct json *v; /* NULL: nothing is there */
	struct str doc;       /* the path of its document */
	const struct place_docs *docs;
};

/* The place ${name}: "message/party.schema.json", with or without "#" and a JSON Pointer. */
struct place place_at(const struct place_docs *docs, struct str name);

/* The member ${key} of ${p}. */
struct place place_get(struct place p, const char *key);

/*
 * Where ${p} leads if it is a reference, and that one, to the end; v is NULL if one leads nowhere.
 * A schema with properties of its own is an end: its reference is a base.
 */
struct place place_follow(struct place p);

/*
 * The first ${key} on that way, or NULL: what stands beside a reference stands above what is at its
 * end.
 */
const struct json *place_word(struct place p, const char *key);

struct place_member {
	struct str name;
	struct place at;
	bool required;
};

/**
 * place_members(p, bases, out):
 * Put the members that the schema ${p} describes into ${out}, which lives in the arena of the
 * documents: its own, and with ${bases} in front of them those of the schemas in its `$ref` and
 * `allOf`.  Return how many.
 */
size_t place_members(struct place p, bool bases, struct place_member **out);

/**
 * place_type(b, p):
 * Append the type of ${p} for people: "string", "array of objects", "secret".
 */
void place_type(struct buf *b, struct place p);

#endif
