/* SPDX-License-Identifier: MIT */
/* The rules of the configuration (`routes`): which destinations a record goes to. */
#ifndef OMNI_RULES_H
#define OMNI_RULES_H

#include "conf.h"
#include "rec.h"

struct rules;

/**
 * rules_new(conf, explain, e):
 * Compile the rules of ${conf}.  With ${explain} a route says why rules before the first match did
 * not match.  Return owned, or NULL with FAULT_CONFIG.
 */
struct rules *rules_new(const struct conf *conf, bool explain, struct err *e);
void rules_free(struct rules *rs);

/* All destinations in order of first appearance, NULL-terminated, living as long as ${rs}. */
const char *const *rules_dests(const struct rules *rs);

/**
 * rules_apply(rs, r, e):
 * Append `route` to ${r} and set its destinations.  Return 0, or -1 with FAULT_DATA if a rule can
 * not be decided; the text names the rule, and ${r} is unchanged.
 */
int rules_apply(struct rules *rs, struct rec *r, struct err *e);

#endif
