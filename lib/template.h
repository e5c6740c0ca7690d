/* SPDX-License-Identifier: MIT */
/*
 * Text with places for members of a record: "{from.address}>{to.0.address}".  Between braces stands
 * the way to a member, names of members and positions in arrays (from 0) joined by dots; "{{" and
 * "}}" are braces.
 */
#ifndef OMNI_TEMPLATE_H
#define OMNI_TEMPLATE_H

#include "rec.h"

struct template;

/**
 * template_read(text, a, e):
 * Read ${text}; the template lives in ${a}.  Return NULL with FAULT_CONFIG if a brace is open or a
 * way is empty, saying at which character.
 */
struct template *template_read(struct str text, struct arena *a, struct err *e);

/**
 * template_put(t, r, b):
 * Append ${t} filled with the members of ${r}.  Return false, having appended nothing, if ${r} lacks one of
 * them, or it is neither text, number nor boolean.
 */
bool template_put(const struct template *t, const struct rec *r, struct buf *b);

#endif
