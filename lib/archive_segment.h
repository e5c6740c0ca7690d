/* SPDX-License-Identifier: MIT */
/*
 * One segment of an archive: a file of independent zstd frames, each of whole lines.  Where its
 * frames are is told by its index, else by the seek table at its end, else by looking.
 */
#ifndef OMNI_ARCHIVE_SEGMENT_H
#define OMNI_ARCHIVE_SEGMENT_H

#include "archive_lookup.h"

#define ARCHIVE_SUFFIX ".ndjson.zst"
#define ARCHIVE_OPEN   ".open" /* behind the suffix while the segment is being written */

struct archive_segment;

/**
 * archive_segment_open(path, e):
 * Open the segment ${path}.  Return owned, or NULL with FAULT_IO.
 */
struct archive_segment *archive_segment_open(const char *path, struct err *e);
void archive_segment_close(struct archive_segment *s);

/* The index that the frames come from, or NULL if it is not there, damaged, or of another file. */
struct archive_lookup *archive_segment_index(struct archive_segment *s);

/*
 * Why there is none: "" if there simply is no file; FAULT_TEMP if it is that of another file, as for a
 * moment while the segment is compacted; else FAULT_DATA or FAULT_IO.
 */
const struct err *archive_segment_why(const struct archive_segment *s);

const char *archive_segment_path(const struct archive_segment *s);
uint64_t archive_segment_size(const struct archive_segment *s);

/* The frames with data and, in ${n}, how many; without an index their lines and times are 0. */
const struct archive_frame *archive_segment_frames(const struct archive_segment *s, size_t *n);

/**
 * archive_segment_read(s, i, text, e):
 * Put the content of frame ${i} into ${text}.  Return 0, or -1: FAULT_DATA naming file, frame and
 * offset with ${text} empty, or FAULT_IO.
 */
int archive_segment_read(struct archive_segment *s, size_t i, struct buf *text, struct err *e);

/* The bytes of the frame that was read last, as they stand in the file; they live until the next call. */
struct str archive_segment_bytes(const struct archive_segment *s);

/**
 * archive_segment_tail(s, text):
 * Of a segment that is being written, or was when its writer died: put the whole lines that can be
 * read behind its last whole frame into ${text}.  Return the offset where that frame ends.
 */
uint64_t archive_segment_tail(struct archive_segment *s, struct buf *text);

/* True if ${s} is sealed, and yet neither its index nor its seek table fits: its end is missing or damaged. */
bool archive_segment_cut(const struct archive_segment *s);

/* Bytes that belong to no frame that is whole, between frames: how many, and the first offset. */
uint64_t archive_segment_gap(const struct archive_segment *s, uint64_t *offset);

/* True if the seek table at its end is whole and agrees with the file. */
bool archive_segment_table(struct archive_segment *s);

/**
 * archive_seek_table(frames, n, out):
 * Append the seek table of the zstd seekable format (0.1.0) for ${frames} to ${out}: a frame that
 * decoders skip.
 */
void archive_seek_table(const struct archive_frame *frames, size_t n, struct buf *out);

#endif
