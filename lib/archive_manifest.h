/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a stream: one line of JSON for each sealed segment, in the order of their names.
 * Each line ends with the CRC-32 of all that stands before it, so that a damaged one is not
 * believed.  It can be made again from the segments, but for the proof that they are unchanged.
 */
#ifndef OMNI_ARCHIVE_MANIFEST_H
#define OMNI_ARCHIVE_MANIFEST_H

#include "archive.h"
#include "archive_index.h"

enum { ARCHIVE_PATH_MAX = 160 };

#define ARCHIVE_MANIFEST "MANIFEST.ndjson"

/* A sealed segment. */
struct archive_entry {
	char path[ARCHIVE_PATH_MAX]; /* below the stream: "2026/01/14/09/in-20260114T090000Z-000001.ndjson.zst" */
	struct archive_sum sum;
	uint64_t frames;
	int level;      /* of compression; 0: not known */
	int64_t sealed; /* when, milliseconds */
	uint64_t line;  /* of the manifest, from 1: of two with one path the later counts */
	bool unlisted;  /* found as a file only: all but the path is 0 */
};

struct archive_manifest {
	struct archive_entry *list; /* owned, ascending by path */
	size_t n, cap;
	unsigned bad;   /* lines that were not believed */
	struct err why; /* the first of them */
	bool torn;      /* it ends in a line that a crash has cut: nothing is wrong with that */
};

/* True if ${name} can be the name of a stream: letters, digits, "._-", no dot first. */
bool archive_stream_valid(struct str name);

/**
 * archive_manifest_read(dir, m, e):
 * Read the manifest of the stream in the directory ${dir} into ${m}.  If it is not there, or lines
 * of it are damaged, the segments that it does not name are looked for and added as unlisted.
 * Return 0, or -1 with FAULT_IO.
 */
int archive_manifest_read(const char *dir, struct archive_manifest *m, struct err *e);
void archive_manifest_free(struct archive_manifest *m);

/* Look for segments below ${dir} that ${m} does not name, and add them as unlisted. */
int archive_manifest_walk(const char *dir, struct archive_manifest *m, struct err *e);

/* The entry of ${path}, or NULL. */
struct archive_entry *archive_manifest_find(const struct archive_manifest *m, struct str path);

/* Append ${x} to ${m}; what was there before keeps its place. */
void archive_manifest_add(struct archive_manifest *m, const struct archive_entry *x);

/* The line of ${x}, with its line end. */
void archive_manifest_line(const struct archive_entry *x, struct buf *b);

/**
 * archive_manifest_lock(dir, e):
 * Wait for the right to change the manifest of ${dir}.  Return a descriptor to close when that is
 * done, or -1 with FAULT_IO.
 */
int archive_manifest_lock(const char *dir, struct err *e);

/**
 * archive_manifest_append(dir, x, sync, e):
 * Lock the manifest and append ${x}; of two lines with one path the later counts.  Return 0, or -1
 * with FAULT_IO and the manifest as it was.
 */
int archive_manifest_append(const char *dir, const struct archive_entry *x, bool sync, struct err *e);

/* Write all of ${m} in the place of the manifest, which the caller has locked. */
int archive_manifest_write(const char *dir, const struct archive_manifest *m, bool sync, struct err *e);

#endif
