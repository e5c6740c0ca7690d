/* SPDX-License-Identifier: MIT */
/* What --explain tells of the choice for an outbound message. */
#ifndef OMNI_ROUTE_EXPLAIN_H
#define OMNI_ROUTE_EXPLAIN_H

#include "route_choose.h"

/* Add `plan`, `sticky` and `losers` to the open object in ${b}; ${c} has just made the choice ${x}. */
void explain_choice(struct buf *b, const struct chooser *c, const struct choice *x);

/* Add `losers` alone: all candidates but the winner, if there is one, and why they are not it. */
void explain_losers(struct buf *b, const struct chooser *c, const struct choice *x);

#endif
