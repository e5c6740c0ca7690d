/* SPDX-License-Identifier: MIT */
/* Addresses: E.164 numbers (ITU-T E.164), and what else carriers put in their place. */
#ifndef OMNI_PHONE_H
#define OMNI_PHONE_H

#include "arena.h"

/* True if ${s} is "+", a digit from 1 to 9, and 1 to 14 more digits. */
bool phone_e164(struct str s);

/**
 * phone_plus(a, s):
 * Return ${s} as E.164 where it is a number written with or without "+" in digits, spaces, dots,
 * dashes and parentheses and has 7 to 15 digits ("15550100", "+1 555-0142"); else ${s} as it is:
 * short codes, names, carrier ids.
 */
struct str phone_plus(struct arena *a, struct str s);

#endif
