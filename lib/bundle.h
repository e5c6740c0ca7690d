/* SPDX-License-Identifier: MIT */
/*
 * The door to libarchive: files in one file, .tar (plain or compressed) and .zip, written and read
 * from the start to the end.  Nothing is ever unpacked to the disk, so names of members lead nowhere.
 */
#ifndef OMNI_BUNDLE_H
#define OMNI_BUNDLE_H

#include <sys/types.h>

#include "bytes.h"
#include "err.h"

/* True if the name ends as that of a bundle: .tar, .tar.zst, .tgz, .tar.gz, .tar.xz, .tar.bz2, .zip. */
bool bundle_is(const char *path);

struct bundle_reader;

/* Open ${path}.  Return owned, or NULL with FAULT_IO or FAULT_DATA "pack-format". */
struct bundle_reader *bundle_open(const char *path, struct err *e);

/**
 * bundle_next(b, name, e):
 * Go to the next member that is a file; ${name} lives until the call after.  Return 1, 0 at the end, or
 * -1 with FAULT_DATA "pack-damaged": reading has ended.
 */
int bundle_next(struct bundle_reader *b, const char **name, struct err *e);

/* As read(2) from the member; -1 with FAULT_DATA. */
ssize_t bundle_read(struct bundle_reader *b, void *dst, size_t n, struct err *e);

void bundle_close(struct bundle_reader *b);

struct bundle_writer;

/**
 * bundle_create(path, e):
 * Make the bundle ${path}, of the kind that its name says: .tar.zst, .tar.gz, .tar or .zip.  Return
 * owned, or NULL with FAULT_USAGE or FAULT_IO.
 */
struct bundle_writer *bundle_create(const char *path, struct err *e);

/* Begin the member ${name} of ${size} bytes, last changed at ${ms}.  Return 0, or -1 with FAULT_IO. */
int bundle_member(struct bundle_writer *w, const char *name, uint64_t size, int64_t ms, struct err *e);

/* Append ${text} to the member. */
int bundle_write(struct bundle_writer *w, struct str text, struct err *e);

/* Finish the file.  Return 0, or -1 with FAULT_IO. */
int bundle_finish(struct bundle_writer *w, struct err *e);

/* Without bundle_finish the file is not whole.  NULL is legal. */
void bundle_free(struct bundle_writer *w);

#endif
