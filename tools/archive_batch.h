/* SPDX-License-Identifier: MIT */
/*
 * Batches that others made: NDJSON in files, plain, .gz or .zst, or in the members of a .tar (itself
 * compressed or not) or .zip; read as whole lines.
 */
#ifndef OMNI_ARCHIVE_BATCH_H
#define OMNI_ARCHIVE_BATCH_H

#include "bytes.h"
#include "err.h"

/* Takes some whole lines, each with its end, of ${name}; ${lineno} is that of the first.  0 or -1. */
struct batch_to {
	int (*lines)(void *with, struct str lines, const char *name, uint64_t lineno, struct err *e);
	void *with;
};

/**
 * batch_read(path, to, e):
 * Give all lines of ${path} ("-" is standard input, plain) to ${to}.  Of a bundle, members named
 * *.ndjson, *.jsonl or *.json are read, and the same with .gz or .zst behind; others, and
 * MANIFEST.ndjson, are not.  Return 0, or -1: FAULT_DATA if the file is damaged, or a line is longer
 * than 1152 KiB (all that stands before has been given), FAULT_IO, or what ${to} says.
 */
int batch_read(const char *path, const struct batch_to *to, struct err *e);

#endif
