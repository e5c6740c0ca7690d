/* SPDX-License-Identifier: MIT */
/*
 * Foreign text, spans and sizes for people's eyes: control characters are shown as \xNN, so that a
 * record can not steer the terminal.
 */
#ifndef OMNI_SHOWN_H
#define OMNI_SHOWN_H

#include "bytes.h"

/* Append ${s}. */
void shown_put(struct buf *b, struct str s);

/* The same, and spaces up to ${width} characters. */
void shown_padded(struct buf *b, struct str s, size_t width);

enum { SHOWN_MAX = 48 };

/* ${ms} as its two largest units, "2h 5m"; "-" if it is negative.  Return ${out}. */
const char *shown_span(char out[SHOWN_MAX], int64_t ms);

/* ${bytes} with three digits and a unit of 1024, "14.2M".  Return ${out}. */
const char *shown_size(char out[SHOWN_MAX], uint64_t bytes);

#endif
