/* SPDX-License-Identifier: MIT */
/*
 * Archives of record streams, read: a root directory holds streams, a stream holds segments of an
 * hour or less, a segment holds frames of whole lines.  Lines come in the order in which they were
 * written, stream by stream in the order of their names; they are given frame by frame, many at
 * once.  omni-archive(1) has the files.
 *
 * The time of a record is its `at`.  One that has none (or none that is a time) has that of the
 * record before it in its frame, the first one that of its segment's hour.
 *
 * What is damaged is reported once and passed over, so that the rest can be read.  A segment that
 * is being written is read up to where its writer has committed.
 */
#ifndef OMNI_ARCHIVE_H
#define OMNI_ARCHIVE_H

#include "arena.h"
#include "err.h"

enum {
	ARCHIVE_STREAM_MAX = 64, /* bytes of a stream's name */
	ARCHIVE_NAME_MAX = 96,   /* of a segment's: "STREAM-20260114T090000Z-000001" */
};

/* Milliseconds, from <= time < to. */
struct archive_range {
	int64_t from, to;
};

#define ARCHIVE_ALL ((struct archive_range){ INT64_MIN, INT64_MAX })

/*
 * A place in an archive: before a line.  It stays true when the segment is sealed or compacted; the
 * frame is for people.
 */
struct archive_pos {
	char segment[ARCHIVE_NAME_MAX]; /* NUL-terminated; "" is the beginning */
	uint64_t frame;                 /* from 0 */
	uint64_t line;                  /* in the segment, from 0 */
};

/* Some whole lines of one frame, all within the range. */
struct archive_block {
	struct str text;      /* each line ends with '\n'; lives until the next call */
	const char *stream;   /* live as long as the archive is open */
	const char *segment;  /* the name, for struct archive_pos */
	uint64_t frame, line; /* of the first line, as in struct archive_pos */
	int64_t before;       /* time of a first line that has none */
};

struct archive;

/**
 * archive_open(root, stream, range, e):
 * Read the records in ${range} of ${stream}, or of all streams (NULL), of the archive in the
 * directory ${root}.  What is written after this call may or may not be seen.  Return owned, or
 * NULL with FAULT_IO: no such archive or stream, or it can not be read.
 */
struct archive *archive_open(const char *root, const char *stream, struct archive_range range,
			     struct err *e);
void archive_close(struct archive *a);

/**
 * archive_next(a, b, e):
 * Give the next lines.  Return 1, 0 at the end, or -1: FAULT_DATA names what is damaged, and the
 * next call goes on behind it; with any other fault reading has ended.
 */
int archive_next(struct archive *a, struct archive_block *b, struct err *e);

/**
 * archive_seek(a, pos):
 * Go on with the line at ${pos}.  Return 1; 0 if its segment is no longer there, and what follows it
 * comes next.
 */
int archive_seek(struct archive *a, const struct archive_pos *pos);

/**
 * archive_find(a, name, value):
 * From the next call on archive_next gives, one by one, only lines whose member ${name} has the text
 * ${value}; borrows both.  Where the segment has an index of that member only the frames that have
 * it are read, elsewhere all.
 */
void archive_find(struct archive *a, struct str name, struct str value);

/* The name in ${b} and the number of the line ${lines} behind its first, as a place. */
struct archive_pos archive_pos_of(const struct archive_block *b, uint64_t lines);

/* How much there is in the segments that have something in the range: no less than will be given. */
struct archive_size {
	uint64_t segments, lines, raw, bytes; /* lines and raw bytes of those that are sealed */
};

struct archive_size archive_size(const struct archive *a);

#endif
