/* SPDX-License-Identifier: MIT */
/* What the reading of nodes (schema_read.c) and of their keywords (schema_keyword.c) know of each other. */
#ifndef OMNI_SCHEMA_READ_H
#define OMNI_SCHEMA_READ_H

#include "schema_private.h"

struct reader {
	struct schema_set *set;
	struct node *node; /* being read */
	struct err *e;
	unsigned depth;
};

struct keyword_kind {
	struct str name;
	unsigned vocabulary;
	enum clause_op op;
	unsigned types;
	/* Fill ${c}; return 1 if it can fail, 0 if it is nothing to check, -1 on error. */
	int (*read)(struct reader *r, const struct json *v, struct clause *c);
};

/* The value of the keyword ${name} of the node that is being read is wrong.  Return -1. */
int schema_wrong(struct reader *r, struct str name, const char *what);

/* Read the schema ${v}, which is the value of ${keyword}, or in it under ${member} or at ${index}.  NULL: an error. */
struct node *schema_node(struct reader *r, const struct json *v, struct str keyword,
			 struct str member, size_t index);

/* The keyword ${name}, or NULL. */
const struct keyword_kind *schema_keyword(struct schema_set *set, struct str name);

/* The keyword that ${name} was probably meant to be: one letter too many, too few, or other. */
struct str schema_keyword_near(struct str name);

#endif
