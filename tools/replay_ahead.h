/* SPDX-License-Identifier: MIT */
/* An archive read by a thread of its own: frames are decompressed while others are worked on. */
#ifndef OMNI_REPLAY_AHEAD_H
#define OMNI_REPLAY_AHEAD_H

#include "archive.h"

struct ahead;

/**
 * ahead_new(archive, e):
 * Read ${archive}, which must have been sought to its place; takes it in any case.  Return owned, or
 * NULL with FAULT_OS.
 */
struct ahead *ahead_new(struct archive *archive, struct err *e);
void ahead_free(struct ahead *a);

/* As archive_next. */
int ahead_next(struct ahead *a, struct archive_block *b, struct err *e);

#endif
