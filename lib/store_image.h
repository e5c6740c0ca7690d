/* SPDX-License-Identifier: MIT */
/* What is shown of a message: its record, as edits left it, with `store` appended.  Private to the store. */
#ifndef OMNI_STORE_IMAGE_H
#define OMNI_STORE_IMAGE_H

#include "store_private.h"

/**
 * image_message(b, line, state, about, a):
 * Append the message ${line} in the state ${state} ({NULL, 0}: nothing became of it).  ${about} are
 * members for `store` in front of those of the state, JSON without braces.
 */
void image_message(struct buf *b, struct str line, struct str state, struct str about, struct arena *a);

#endif
