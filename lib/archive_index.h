/* SPDX-License-Identifier: MIT */
/*
 * The index of a sealed segment: where its frames are, what times they hold, and in which of them a
 * key is.  It is made from the segment and can be made again.
 *
 * A file of pages of 4096 bytes, numbers in little endian; each page begins with the CRC-32 of the
 * rest of it and its own number, so that a page that was damaged or misplaced is not believed.
 *
 *	page 0  "omni-idx", u32 version (1), u32 names, u64 bytes and sha256[32] of the segment,
 *	        u64 raw, lines, frames, keys, i64 t0, t1; the names, each with a NUL behind it
 *	then    frames, 102 a page: u64 offset, u32 bytes, raw, lines, u32 0, i64 t0, t1
 *	then    keys, 340 a page, ascending: u64 hash, u32 frame
 */
#ifndef OMNI_ARCHIVE_INDEX_H
#define OMNI_ARCHIVE_INDEX_H

#include "arena.h"
#include "err.h"

#define ARCHIVE_INDEX_MAGIC "omni-idx"

enum {
	ARCHIVE_INDEX_VERSION = 1,
	ARCHIVE_PAGE = 4096,
	ARCHIVE_PAGE_HEAD = 8,     /* bytes before its content */
	ARCHIVE_PAGE_FRAMES = 102, /* a page */
	ARCHIVE_PAGE_KEYS = 340,
	ARCHIVE_PAGE_NAMES = 128, /* where they begin in page 0 */
	ARCHIVE_KEY_BYTES = 12,
};

struct archive_frame {
	uint64_t offset;
	uint32_t bytes, raw, lines; /* raw and lines 0: not known */
	int64_t t0, t1;             /* earliest and latest time of a record, milliseconds */
};

struct archive_key {
	uint64_t hash; /* archive_hash */
	uint32_t frame;
};

/* What the index says of the segment as a whole. */
struct archive_sum {
	uint64_t bytes, raw, lines;
	unsigned char sha256[32];
	int64_t t0, t1;
};

/* Members of a record that it can be found by. */
struct archive_names {
	struct str name[8]; /* members at the top of a record; "id" is always the first */
	unsigned n;
};

/* What stands for the member ${name} with the text ${value} in the keys. */
uint64_t archive_hash(struct str name, struct str value);

/* An index that is being made. */
struct archive_index {
	struct archive_sum sum;
	struct archive_names names;
	struct archive_frame *frames; /* owned, as are the keys */
	struct archive_key *keys;
	size_t n_frames, cap_frames, n_keys, cap_keys;
	uint64_t odd; /* lines that are no record; not written */
};

void archive_index_frame(struct archive_index *x, const struct archive_frame *f);
void archive_index_key(struct archive_index *x, uint64_t hash, uint32_t frame);
void archive_index_free(struct archive_index *x);

/* Sort the keys of ${x} and append the bytes of its file to ${b}: the same for the same segment. */
void archive_index_bytes(struct archive_index *x, struct buf *b);

/**
 * archive_index_write(x, path, sync, e):
 * Write the bytes of ${x} to ${path}, by another name and rename(2), to the disk first with
 * ${sync}.  Return 0, or -1 with FAULT_IO; then nothing is there.
 */
int archive_index_write(struct archive_index *x, const char *path, bool sync, struct err *e);

#endif
