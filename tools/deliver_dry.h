/* SPDX-License-Identifier: MIT */
/* A request to a carrier as text: what omni-deliver would do.  Secrets are named, never shown. */
#ifndef OMNI_DELIVER_DRY_H
#define OMNI_DELIVER_DRY_H

#include "deliver_read.h"

/* Append ${x}, the request of ${leg} of ${s}, as a command line of curl for sh(1), without a line end. */
void dry_curl(struct buf *b, const struct outgoing *s, const struct leg *leg, const struct submit *x);

/* The same as one JSON object; omni-deliver(1) lists its members. */
void dry_json(struct buf *b, const struct outgoing *s, const struct leg *leg, const struct submit *x);

#endif
