/* SPDX-License-Identifier: MIT */
/*
 * The index of a sealed segment, read: its frames all at once, its keys page by page as they are
 * asked for.  The file may have been damaged, or made by somebody else: nothing of it is believed
 * that is not checked.
 */
#ifndef OMNI_ARCHIVE_LOOKUP_H
#define OMNI_ARCHIVE_LOOKUP_H

#include "archive_index.h"

struct archive_lookup;

/**
 * archive_lookup_open(path, frames, e):
 * Open the index ${path} and read its first page and, with ${frames}, those of the frames.  Return
 * owned, or NULL with FAULT_DATA (damaged, or no index) or FAULT_IO (not there, can not be read).
 */
struct archive_lookup *archive_lookup_open(const char *path, bool frames, struct err *e);
void archive_lookup_close(struct archive_lookup *l);

const struct archive_sum *archive_lookup_sum(const struct archive_lookup *l);
const struct archive_names *archive_lookup_names(const struct archive_lookup *l);

/*
 * The frames, which must have been read, and, in ${n}, how many; they ascend, do not overlap and lie
 * within the segment.
 */
const struct archive_frame *archive_lookup_frames(const struct archive_lookup *l, size_t *n);

/**
 * archive_lookup_find(l, hash, frames, max, e):
 * Put the numbers of the frames that have ${hash}, ascending and at most ${max}, into ${frames}.
 * Return how many, or -1 with FAULT_DATA if a page that had to be read is damaged.
 */
int archive_lookup_find(struct archive_lookup *l, uint64_t hash, uint32_t *frames, size_t max,
			struct err *e);

/**
 * archive_lookup_ahead(path, frames, hash):
 * Let the pages that archive_lookup_find will want of the index ${path}, that of a segment with
 * ${frames} frames, be read from the disk while this program does something else.  Where they are
 * not the right ones, or there are none, nothing is lost but time.
 */
void archive_lookup_ahead(const char *path, uint64_t frames, uint64_t hash);

#endif
