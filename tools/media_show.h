/* SPDX-License-Identifier: MIT */
/* What omni-media's verbs say of files: a line of JSON each, and a sheet of pictures. */
#ifndef OMNI_MEDIA_SHOW_H
#define OMNI_MEDIA_SHOW_H

#include "media_set.h"

/* The members of ${f} inside an open object. */
void media_show_facts(struct buf *b, const struct media_facts *f);

/* "error": {"class", "code", "detail"} inside an open object. */
void media_show_error(struct buf *b, const struct err *e);

/**
 * media_show_sheet(path, parts, into, n, e):
 * Draw the sheet of ${n} parts that are done to ${path}, a PNG: what went in, and the files ${into} that came out (NULL:
 * none).  Return 0, or -1 with FAULT_IO or FAULT_OS.
 */
int media_show_sheet(const char *path, const struct media_part *parts, char *const *into, size_t n,
		     struct err *e);

#endif
