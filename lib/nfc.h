/* SPDX-License-Identifier: MIT */
/* The door to utf8proc: Unicode normalization form C (UAX #15), letters composed with their accents. */
#ifndef OMNI_NFC_H
#define OMNI_NFC_H

#include "arena.h"

/**
 * nfc(text, a):
 * Return ${text}, which must be UTF-8, composed: itself where it is already, as most texts are, else a
 * copy that lives in ${a}.
 */
struct str nfc(struct str text, struct arena *a);

#endif
