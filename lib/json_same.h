/* SPDX-License-Identifier: MIT */
/* Equality of JSON values: numbers by their value, objects without order. */
#ifndef OMNI_JSON_SAME_H
#define OMNI_JSON_SAME_H

#include "json.h"

/**
 * json_same(x, y, a):
 * Return 1 if both are equal, 0 if not, -1 if they are nested too deeply to say (JSON_SAME_DEPTH).
 * Takes memory from ${a} where objects are large.
 */
int json_same(const struct json *x, const struct json *y, struct arena *a);

/**
 * json_unique(arr, a, first, second):
 * Return 1 if no two elements of ${arr} are equal, 0 with the positions of two that are, -1 if they
 * are nested too deeply.  The work is proportional to the size of the text, or nearly so.
 */
int json_unique(const struct json *arr, struct arena *a, size_t *first, size_t *second);

#endif
