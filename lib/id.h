/* SPDX-License-Identifier: MIT */
/* Identifiers: UUIDs (RFC 9562), v7 where a record is born, v5 where it is derived. */
#ifndef OMNI_ID_H
#define OMNI_ID_H

#include "bytes.h"

enum { ID_TEXT = 36 };

struct id {
	char text[ID_TEXT + 1];
};

static inline struct str id_str(const struct id *id)
{
	return (struct str){ id->text, ID_TEXT };
}

/**
 * id_derive(parts, n):
 * UUIDv5 in omni's namespace (6f6d6e69-0000-5000-8000-000000000000, "omni" in ASCII) of the texts
 * ${parts} joined with "/".
 */
struct id id_derive(const struct str *parts, size_t n);

/* UUIDv7 of the time ${ms} (milliseconds since 1970) and random bits. */
struct id id_born(int64_t ms);

/* True if ${s} has the form of a UUID, in lower or upper case. */
bool id_valid(struct str s);

/* The 16 bytes of ${s}, for keys.  Return 0, or -1 if it has not the form of a UUID. */
int id_bytes(struct str s, unsigned char out[16]);

/**
 * id_trace(out, id):
 * Write the W3C traceparent of the record ${id}: trace and parent id are the digits of the UUID, so
 * that nothing more varies.
 */
void id_trace(char out[56], const struct id *id);

#endif
