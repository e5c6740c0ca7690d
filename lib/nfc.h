/* SPDX-License-Identifier: MIT */
/*
 * The door to utf8proc: Unicode normalization form C (UAX #15), letters composed with their accents; and what a reader
 * takes for one character (UAX #29).
 */
#ifndef OMNI_NFC_H
#define OMNI_NFC_H

#include "arena.h"

/**
 * nfc(text, a):
 * Return ${text}, which must be UTF-8, composed: itself where it is already, as most texts are, else a
 * copy that lives in ${a}.
 */
struct str nfc(struct str text, struct arena *a);

/**
 * nfc_cut(text, n):
 * Return the longest start of ${text}, which must be UTF-8, of at most ${n} bytes that does not end inside what is seen
 * as one character: a letter with its accents, a flag, a family of emoji.  One that is longer than NFC_CLUSTER_MAX, which
 * no script has, is cut like any text.
 */
struct str nfc_cut(struct str text, size_t n);

enum { NFC_CLUSTER_MAX = 128 };

#endif
