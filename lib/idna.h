/* SPDX-License-Identifier: MIT */
/* Names of hosts in all scripts (IDNA 2008: RFC 5890 to 5893). */
#ifndef OMNI_IDNA_H
#define OMNI_IDNA_H

#include "bytes.h"

/* True if ${label}, "xn--…", stands for a label in another script, and does so in the one form. */
bool idna_a_label(struct str label);

/* True if ${name}, UTF-8, is labels with dots between them: ASCII, A-labels or U-labels. */
bool idna_name(struct str name);

#endif
