/* SPDX-License-Identifier: MIT */
/* One JSON value laid over another (JSON Merge Patch, RFC 7396). */
#ifndef OMNI_JSON_MERGE_H
#define OMNI_JSON_MERGE_H

#include "json.h"

enum {
	JSON_MERGE_DEPTH = 64
}; /* levels that are merged; what lies deeper is taken from the patch whole */

/**
 * json_merge(b, base, patch):
 * Append ${base} as ${patch} changes it: objects are merged member by member, null takes a member away, anything
 * else takes its place.  ${base} may be NULL.
 */
void json_merge(struct buf *b, const struct json *base, const struct json *patch);

#endif
