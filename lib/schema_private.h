/* SPDX-License-Identifier: MIT */
/*
 * The inside of the schema engine.  A document is read into nodes, one for each schema in it; a
 * node holds clauses, one for each keyword that can fail or that leads to further nodes; references
 * are linked to the nodes they name.  schema_explain.c walks through the nodes as the draft is
 * written; schema_plan.c makes of them the plan that schema_run.c follows.
 */
#ifndef OMNI_SCHEMA_PRIVATE_H
#define OMNI_SCHEMA_PRIVATE_H

#include "format.h"
#include "limit.h"
#include "number.h"
#include "pattern.h"
#include "schema.h"
#include "strmap.h"

enum clause_op {
	CLAUSE_REF,
	CLAUSE_DYNAMIC_REF,
	CLAUSE_TYPE,
	CLAUSE_CONST,
	CLAUSE_ENUM,
	CLAUSE_MULTIPLE_OF,
	CLAUSE_MAXIMUM,
	CLAUSE_EXCLUSIVE_MAXIMUM,
	CLAUSE_MINIMUM,
	CLAUSE_EXCLUSIVE_MINIMUM,
	CLAUSE_MAX_LENGTH,
	CLAUSE_MIN_LENGTH,
	CLAUSE_PATTERN,
	CLAUSE_FORMAT,
	CLAUSE_MAX_ITEMS,
	CLAUSE_MIN_ITEMS,
	CLAUSE_UNIQUE_ITEMS,
	CLAUSE_PREFIX_ITEMS,
	CLAUSE_ITEMS,
	CLAUSE_CONTAINS,
	CLAUSE_MAX_PROPERTIES,
	CLAUSE_MIN_PROPERTIES,
	CLAUSE_REQUIRED,
	CLAUSE_DEPENDENT_REQUIRED,
	CLAUSE_PROPERTIES,
	CLAUSE_PATTERN_PROPERTIES,
	CLAUSE_ADDITIONAL_PROPERTIES,
	CLAUSE_PROPERTY_NAMES,
	CLAUSE_ALL_OF,
	CLAUSE_ANY_OF,
	CLAUSE_ONE_OF,
	CLAUSE_NOT,
	CLAUSE_IF,
	CLAUSE_DEPENDENT_SCHEMAS,
	CLAUSE_UNEVALUATED_ITEMS, /* these two come last in a node */
	CLAUSE_UNEVALUATED_PROPERTIES,
};

/* Types as bits: 1 << enum json_type, and one for numbers without a fraction. */
enum { TYPE_INTEGER = 1 << (JSON_OBJECT + 1), TYPES_ALL = (1 << (JSON_OBJECT + 1)) - 2 };

#define TYPE_BIT(type) (1u << (type))

struct named {
	struct str name;
	struct node *node;
	bool needed; /* by `required` beside it */
};

struct matched {
	const struct pattern *pattern;
	struct str text;
	struct node *node;
};

struct needs {
	struct str name;
	const struct str *names;
	size_t n;
};

struct clause {
	enum clause_op op;
	const char *name;
	unsigned types;       /* bits of what it looks at; the others pass */
	struct str text;      /* a pattern, a format, a reference */
	size_t n;             /* of the list below */
	struct strmap *index; /* of `named`: by name; NULL where it is short */
	union {
		unsigned allowed; /* types */
		struct number number;
		uint64_t count;
		const struct json *value; /* of const; the array of enum */
		const struct pattern *pattern;
		const struct format *format;
		struct node *node;
		struct node **nodes;
		struct named *named;
		struct matched *matched;
		const struct str *names;
		struct needs *needs;
		struct {
			struct node *node;
			uint64_t min, max;
		} contains;
		struct {
			struct node *test, *yes, *no; /* the last two may be NULL */
		} branch;
		struct {
			struct node *node;
			struct str anchor; /* of a dynamic one that is resolved at run time */
		} ref;
	};
};

struct node {
	const struct json *json;
	struct resource *resource;
	const struct node *up; /* the schema around it in the document */
	struct str keyword; /* of the one around it that leads here; a whole pointer if `up` is NULL */
	struct str member; /* in that keyword's object; {NULL, 0}: none */
	size_t index;      /* in its array; SIZE_MAX: none */
	struct clause *clauses;
	size_t n;
	bool never;                                          /* the schema `false` */
	const struct clause *properties, *patterns, *prefix; /* for the keywords that depend on them */
	unsigned char mark;                                  /* of walks */
	struct node *next;                                   /* to be linked */
	const struct plan *plan; /* of the node alone, if one was made */
};

struct document {
	struct str uri, name; /* its base, and what messages call it */
	struct str text;
	const struct json *json; /* NULL: not parsed yet */
	struct node *root;       /* NULL: not read yet */
	struct document *before; /* added before this one */
};

/* What an `$id` begins, or a document. */
struct resource {
	struct str uri; /* absolute, without a fragment */
	struct document *document;
	const struct node *root;
	unsigned vocabularies;
};

enum {
	VOCABULARY_CORE = 1,
	VOCABULARY_APPLICATOR = 2,
	VOCABULARY_UNEVALUATED = 4,
	VOCABULARY_VALIDATION = 8,
	VOCABULARY_META_DATA = 16,
	VOCABULARY_FORMAT = 32, /* a remark, unless SCHEMA_FORMATS */
	VOCABULARY_FORMAT_ASSERTION = 64,
	VOCABULARY_CONTENT = 128,
	VOCABULARIES = 255 & ~VOCABULARY_FORMAT_ASSERTION,
};

struct schema_set {
	struct arena *arena;
	unsigned flags;
	struct err broken;               /* what went wrong, for all that is asked for later */
	struct strmap documents;         /* by all their URIs */
	struct strmap resources;         /* by URI */
	struct strmap anchors, dynamics; /* "URI#NAME" to nodes; the second those of $dynamicAnchor */
	struct strmap nodes;             /* by the bytes of the address of their value */
	struct strmap patterns;          /* by text */
	struct strmap schemas;           /* by the URI that was asked for */
	struct strmap keywords;
	struct document *last; /* added; all of them in a list */
	struct node *unlinked, **unlinked_end;
	bool dynamic; /* some reference leads to more than one place: only the exact evaluation will do */
	struct pattern **compiled; /* to be released */
	size_t n_compiled, cap_compiled;
};

struct schema {
	struct schema_set *set;
	const struct node *root;
	const struct plan *plan; /* NULL: only schema_explain.c can tell */
};

/* ---- schema_read.c ---- */

/*
 * Read the schema ${json} of ${resource}, and all in it.  ${around} is the one around it and
 * ${pointer} the way from there; NULL and empty for a document.  NULL with FAULT_CONFIG.
 */
struct node *schema_read(struct schema_set *set, const struct json *json, struct resource *resource,
			 struct node *around, struct str pointer, struct err *e);

/* Set ${e} to a text that names the place of ${member} ({NULL, 0}: none) of ${n}.  Return -1. */
int schema_bad(const struct node *n, struct str member, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Append the JSON Pointer of ${n}, seen from its resource or from its document. */
void schema_pointer(struct buf *b, const struct node *n, bool document);

/* Append "/" and ${step}, escaped. */
void schema_step(struct buf *b, struct str step);

/* ---- schema_vocabulary.c ---- */

/* The vocabularies of the meta-schema ${uri}.  Return 0, or -1 with FAULT_CONFIG and no place. */
int schema_vocabularies(struct schema_set *set, struct str uri, unsigned *out, struct err *e);

/* ---- schema_link.c ---- */

/* The node that ${uri}, an absolute one, names.  NULL with the reason in ${e}. */
struct node *schema_lookup(struct schema_set *set, struct str uri, struct err *e);

/* Link all nodes that are waiting for it; refuse one that leads back to itself in place. */
int schema_link(struct schema_set *set, struct err *e);

/* Parse ${d}, unless it is. */
int schema_parse(struct schema_set *set, struct document *d, struct err *e);

/* Add a document that is not parsed yet; ${name} is for messages. */
struct document *schema_document(struct schema_set *set, struct str uri, struct str name, struct str text);

/* ---- schema_meta.c ---- */

/* Add the meta-schemas. */
void schema_add_meta(struct schema_set *set);

/* ---- schema_run.c ---- */

/* Run ${plan} of ${set} on ${v}.  Return 1, 0, or -1 where it is unsure. */
int schema_run(struct schema_set *set, const struct plan *plan, const struct json *v, struct arena *a);

/* ---- schema_explain.c ---- */

/* Whether ${v} is valid by ${n}, found out without a plan: 1, 0, or -1 where a bound was reached. */
int schema_walk(struct schema_set *set, const struct node *n, const struct json *v, struct arena *a);

#endif
