/* SPDX-License-Identifier: MIT */
/*
 * Legal holds: what may not be pruned, whatever its age.  A file of lines, each an object:
 *
 *	{"stream":"webhooks","from":"2026-01-14T00:00:00Z","to":"2026-01-15T00:00:00Z","reason":"case 12"}
 *	{"by":"external_id","value":"SM0123","reason":"case 13"}
 *
 * A segment is held if all that a line says is true of it: its stream, some of its records in the
 * range, some of its records with that value.  Where that can not be said it is held.
 */
#ifndef OMNI_ARCHIVE_HOLD_H
#define OMNI_ARCHIVE_HOLD_H

#include "archive_manifest.h"

struct archive_hold;

/* No holds yet.  Returns owned. */
struct archive_hold *archive_hold_new(void);
void archive_hold_free(struct archive_hold *h);

/**
 * archive_hold_read(h, path, must, e):
 * Add the holds in ${path}; unless ${must} it need not be there.  Return 0, or -1 with FAULT_CONFIG
 * naming the line.
 */
int archive_hold_read(struct archive_hold *h, const char *path, bool must, struct err *e);

/* The reason why the segment ${x} of ${stream}, the file ${path}, is held; NULL if it is not. */
const char *archive_held(const struct archive_hold *h, const char *stream, const char *path,
			 const struct archive_entry *x);

#endif
