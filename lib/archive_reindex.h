/* SPDX-License-Identifier: MIT */
/* The index of a segment, made from the segment itself. */
#ifndef OMNI_ARCHIVE_REINDEX_H
#define OMNI_ARCHIVE_REINDEX_H

#include "archive_build.h"
#include "archive_segment.h"

/**
 * archive_reindex(s, names, x, e):
 * Read all of ${s} and fill ${x}, which the caller frees, for the members ${names}.  A frame that
 * is damaged is in it without lines.  Return how many of those there are, or -1 with FAULT_IO.
 */
int archive_reindex(struct archive_segment *s, const struct archive_names *names,
		    struct archive_index *x, struct err *e);

/* The SHA-256 of the file ${path}.  Return 0, or -1 with FAULT_IO. */
int archive_digest(const char *path, unsigned char out[32], struct err *e);

/* "X.ndjson.zst" has its index in "X.idx"; lives in ${a}. */
const char *archive_index_path(const char *path, struct arena *a);

#endif
