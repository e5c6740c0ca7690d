/* SPDX-License-Identifier: MIT */
/* JSON that is text and is not to be parsed: scanned for a place in it, or to change it and leave the rest as it stands. */
#ifndef OMNI_JSON_SCAN_H
#define OMNI_JSON_SCAN_H

#include "bytes.h"

/**
 * json_line(text, path):
 * The line of ${text}, JSON that may have comments, on which the value at ${path}, a JSON Pointer,
 * begins; its key's line for a member.  Where there is none, the line of what is nearest above it.
 */
size_t json_line(struct str text, struct str path);

/**
 * json_cut(dst, line, key):
 * Append to ${dst} the object ${line} without its members ${key} (all of them, should there be
 * several) and otherwise byte for byte.  ${line} must be valid JSON.  Return how many were cut.
 */
unsigned json_cut(struct buf *dst, struct str line, struct str key);

#endif
