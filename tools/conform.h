/* SPDX-License-Identifier: MIT */
/* Records against JSON Schemas: --schema, --models, --at and --output of omni-validate. */
#ifndef OMNI_CONFORM_H
#define OMNI_CONFORM_H

#include "opt.h"
#include "rec.h"

struct conform;

/* True if ${args} ask for it. */
bool conform_wanted(const struct args *args);

/**
 * conform_open(args, e):
 * Compile what ${args} name.  Return owned, or NULL with FAULT_CONFIG or FAULT_USAGE.
 */
struct conform *conform_open(const struct args *args, struct err *e);
void conform_close(struct conform *c);

/**
 * conform_check(c, r, kind, made, e):
 * Check ${r}, of ${kind}, as it came.  Return 0, or -1 with FAULT_DATA and the code "schema-mismatch", and then
 * ${made->report} may hold what the reject tells beside the sentence, until the next call; or
 * FAULT_CONFIG if its model can not be compiled.
 */
int conform_check(struct conform *c, const struct rec *r, struct str kind, struct rec *made,
		  struct err *e);

#endif
