/* SPDX-License-Identifier: MIT */
/*
 * The patterns of schemas.  Most are a row of characters and classes from one end of the text to
 * the other ("^\+[1-9][0-9]{6,14}$"): those are matched by tables, in a tenth of the time; what is
 * more than that goes to lib/regex.
 */
#ifndef OMNI_PATTERN_H
#define OMNI_PATTERN_H

#include "arena.h"
#include "err.h"

struct pattern; /* lives in an arena, but see pattern_release; may be shared between threads */

/**
 * pattern_new(text, a, e):
 * Compile ${text}, a regular expression of ECMA-262 with the flag "u".  Return NULL with
 * FAULT_CONFIG if it is none.
 */
struct pattern *pattern_new(struct str text, struct arena *a, struct err *e);

/* Give back what is outside of the arena; NULL is legal. */
void pattern_release(struct pattern *p);

/* The same answers as regex_match: 1, 0, or -1 where the limit was reached. */
int pattern_match(const struct pattern *p, struct str s);

/* True if tables do it: then -1 is never the answer. */
bool pattern_plain(const struct pattern *p);

#endif
