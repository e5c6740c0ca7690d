/* SPDX-License-Identifier: MIT */
/*
 * A stream of an archive, written: one writer at a time, segments that end with the hour, with
 * their size or when told to, all of them sealed.  What an earlier writer left behind by dying is
 * sealed first.
 */
#ifndef OMNI_ARCHIVE_WRITE_H
#define OMNI_ARCHIVE_WRITE_H

#include "archive_build.h"

struct archive_write_how {
	struct archive_build_how build;
	uint64_t size; /* a segment ends when its lines are so many bytes */
	int64_t every; /* and when the clock passes a multiple of so many milliseconds, at most an hour */
	bool by_records; /* not by the clock but by the times of the records */
};

struct archive_writer;

/**
 * archive_writer_open(root, stream, how, e):
 * Begin to write to ${stream} in ${root}; both are made where they are missing.  Borrows ${how}.
 * Return owned, or NULL: FAULT_USAGE, FAULT_IO, or FAULT_TEMP if there is another writer.
 */
struct archive_writer *archive_writer_open(const char *root, const char *stream,
					   const struct archive_write_how *how, struct err *e);

/* Append ${line}, without its end, which holds ${root} (NULL: no JSON).  Return 0, or -1. */
int archive_writer_add(struct archive_writer *w, struct str line, const struct json *root,
		       struct err *e);

/* As archive_build_commit.  Nothing that was added before counts as archived until this returns 0. */
int archive_writer_commit(struct archive_writer *w, struct err *e);

/* Seal the segment that is being written, if any; what is added next begins another. */
int archive_writer_seal(struct archive_writer *w, struct err *e);

/* Seal the segment if its time is over.  Return the milliseconds until that can be, -1: never, -2: failed. */
int archive_writer_tick(struct archive_writer *w, struct err *e);

/* Give the stream up.  What was committed and not sealed is sealed by the next writer.  NULL is legal. */
void archive_writer_close(struct archive_writer *w);

#define ARCHIVE_MAINTAIN ".maintain.lock" /* held by what changes sealed segments */

/**
 * archive_lock(dir, name, e):
 * Hold the file ${dir}/${name}.  Return a descriptor that holds it until it is closed, or -1 with
 * FAULT_TEMP if somebody else does, or FAULT_IO.
 */
int archive_lock(const char *dir, const char *name, struct err *e);

#endif
