/* SPDX-License-Identifier: MIT */
/* The descriptions of models as mdoc(7). */
#ifndef OMNI_GEN_MDOC_H
#define OMNI_GEN_MDOC_H

#include "bytes.h"

/**
 * mdoc_text(b, text):
 * Append ${text} as lines of mdoc: each sentence begins one, what stands between backquotes is a
 * literal, and "omni-recv(1)" a reference to that page.
 */
void mdoc_text(struct buf *b, struct str text);

#endif
