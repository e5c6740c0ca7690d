/* SPDX-License-Identifier: MIT */
/*
 * JSON Schema, draft 2020-12: documents are gathered in a set, compiled once, and then run over
 * parsed values.  Two programs are made of each schema: a fast one that says yes or no, and one
 * that finds every failure, which is run only where the first said no.
 *
 * Nothing is ever fetched: a reference leads to a document of the set or is an error.  The eight
 * meta-schemas of the draft are in every set.  Patterns are those of ECMA-262 with the flag "u".
 * Numbers are compared by their decimal digits and never rounded.  Depth, steps of a pattern and
 * the work on one value are bounded (limit.h); a value that reaches a bound is not valid.
 *
 * An object in which a member stands twice is looked at as it stands: each of them is checked.
 */
#ifndef OMNI_SCHEMA_H
#define OMNI_SCHEMA_H

#include "json.h"

struct schema_set; /* documents and what was compiled of them; for one thread at a time */
struct schema; /* one compiled schema, owned by its set; may be run by several threads at a time */

enum {
	SCHEMA_FORMATS = 1, /* `format` is checked; else it is a remark, as the draft has it */
	SCHEMA_FILES = 2,   /* a reference to a file, seen from one, is read from the disk */
	SCHEMA_STRICT = 4,  /* a keyword that is not of the draft and does not begin with "x-", or a
			       format without a check, is an error: finds what was misspelt */
};

/* A new set with the meta-schemas.  Returns owned. */
struct schema_set *schema_set_new(unsigned flags);

/* Release ${set} and all that was compiled from it; NULL is legal. */
void schema_set_free(struct schema_set *set);

/**
 * schema_set_add(set, uri, text, e):
 * Add the document ${text} that is known as ${uri} ("file:///etc/omni/order.json"; a relative path
 * does) and, if it has one, by the `$id` of its root.  Borrows both as long as the set lives.
 * Return 0, or -1 with FAULT_CONFIG: no JSON, no schema, another document has that `$id`.
 */
int schema_set_add(struct schema_set *set, struct str uri, struct str text, struct err *e);

/**
 * schema_set_file(set, path, e):
 * Add the document in the file ${path}, known as that path.  Return 0, or -1 with FAULT_CONFIG.
 */
int schema_set_file(struct schema_set *set, const char *path, struct err *e);

/**
 * schema_set_get(set, uri, e):
 * Compile what ${uri} names: a document that was added, an `$id` in one, either with a fragment
 * ("#/$defs/party", "#anchor").  Return the schema, the same one each time, or NULL with
 * FAULT_CONFIG: nothing has that name, a keyword has a wrong value, a reference leads nowhere or
 * in a circle; from then on the set has this error for all.  The text names document, line, place and keyword:
 * "order.json: line 12: /properties/from/pattern: missing closing parenthesis, at character 3".
 */
const struct schema *schema_set_get(struct schema_set *set, struct str uri, struct err *e);

/**
 * schema_valid(s, v, a):
 * True if ${v} is valid.  Takes what little memory it needs from ${a}.
 */
bool schema_valid(const struct schema *s, const struct json *v, struct arena *a);

/* One failure. */
struct schema_unit {
	struct str instance; /* where in the value: a JSON Pointer, "/from/address" */
	struct str keyword; /* the way through the schema, references included: "/properties/from/$ref/pattern" */
	struct str absolute; /* where the keyword stands: "https://…/message#/$defs/party/pattern" */
	struct str text;     /* what is wrong: a sentence for people, without the value itself */
};

struct schema_report {
	const struct schema_unit *units;
	size_t n;
	size_t more; /* how many there are beside: of schema_explain, those beyond SCHEMA_UNITS_MAX */
};

/**
 * schema_explain(s, v, a):
 * All failures of ${v}, in the order of the schema; none (n == 0) if it is valid.  A branch of
 * anyOf or oneOf that failed is in it only if the keyword did.  All text lives in ${a}; it is
 * UTF-8.
 */
struct schema_report schema_explain(const struct schema *s, const struct json *v, struct arena *a);

/* The same, but only the first one is told, and how many more there are: in half of the time. */
struct schema_report schema_brief(const struct schema *s, const struct json *v, struct arena *a);

/* Append ${r} as an object of the draft's output format `basic`. */
void schema_put_basic(struct buf *b, const struct schema_report *r);

/* Append ${u} as one line for people, without its end: "/from/address: does not match …". */
void schema_put_text(struct buf *b, const struct schema_unit *u);

#endif
