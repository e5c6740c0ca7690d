/* SPDX-License-Identifier: MIT */
/*
 * Files: small ones that are read whole (configuration, secrets, programs of the user's), and what makes
 * new ones last.
 */
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

/**
 * file_open(path):
 * Open ${path} to read.  open(2) waits until somebody writes to a FIFO, and no signal that is caught ends
 * that; this does not wait, but poll(2) of what it returns does.  Return the descriptor, or -1 with errno.
 */
int file_open(const char *path);

/**
 * file_parents(path, e):
 * Make the directories above ${path} that are missing, with mode 0700.  Return 0, or -1 with FAULT_IO
 * naming the one that could not be made.
 */
int file_parents(const char *path, struct err *e);

/**
 * file_sync_dir(path, e):
 * Sync the directory that ${path} stands in: a name that was made or renamed there lasts.  Return 0, or
 * -1 with FAULT_IO.
 */
int file_sync_dir(const char *path, struct err *e);

/**
 * file_replaceable(path, e):
 * Return 0 if a rename(2) to ${path} takes the place of nothing but a file, or -1 with FAULT_IO: root could
 * replace /dev/null by a file, and every program of the machine would miss it.
 */
int file_replaceable(const char *path, struct err *e);

/**
 * file_replace(path, text, mode, sync, e):
 * Put a file with ${text} in the place of ${path} by rename(2), so that nobody reads half of it; with
 * ${sync} both it and its name are on the disk when this returns.  Return 0, or -1 with FAULT_IO and
 * nothing changed, also where ${path} is not a file (file_replaceable).
 */
int file_replace(const char *path, struct str text, mode_t mode, bool sync, struct err *e);

/**
 * file_write(fd, path, text, e):
 * Write all of ${text} to ${fd}.  Return 0, or -1 with FAULT_IO naming ${path}.
 */
int file_write(int fd, const char *path, struct str text, struct err *e);

#endif
