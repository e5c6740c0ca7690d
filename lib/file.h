/* SPDX-License-Identifier: MIT */
/* Small files that are read whole: configuration, secrets, programs of the user's. */
#ifndef OMNI_FILE_H
#define OMNI_FILE_H

#include <sys/stat.h>

#include "arena.h"
#include "err.h"

/**
 * file_read(path, max, a, out, st, e):
 * Read ${path}, at most ${max} bytes, into ${out}, which lives in ${a}, and its status into ${st}
 * (may be NULL).  No other copy of the bytes stays in memory.  Return 0, or -1 with FAULT_CONFIG
 * naming the file.
 */
int file_read(const char *path, size_t max, struct arena *a, struct str *out, struct stat *st,
	      struct err *e);

#endif
