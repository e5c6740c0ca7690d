/* SPDX-License-Identifier: MIT */
/*
 * Where the files of an archive are:
 *
 *	ROOT/STREAM/YYYY/MM/DD/HH/NAME.ndjson.zst   a sealed segment, NAME = STREAM-YYYYMMDDTHH0000Z-NNNNNN
 *	ROOT/STREAM/YYYY/MM/DD/HH/NAME.idx          its index
 *	ROOT/STREAM/NAME.ndjson.zst.open            the segment that is being written
 *	ROOT/STREAM/MANIFEST.ndjson                 a line for each sealed segment
 *	ROOT/STREAM/.lock                           held by the writer
 *	ROOT/HOLD.ndjson                            what may not be pruned
 */
#ifndef OMNI_ARCHIVE_LAYOUT_H
#define OMNI_ARCHIVE_LAYOUT_H

#include "archive.h"
#include "archive_manifest.h"

enum { ARCHIVE_HOUR_MS = 3600000 };

/* The streams of the archive in ${root}, ascending; NULL-terminated, living in ${a}.  NULL: FAULT_IO. */
char **archive_streams(const char *root, struct arena *a, struct err *e);

/* The name of segment ${number} (from 1) of the hour that ${ms} lies in. */
void archive_name(char name[ARCHIVE_NAME_MAX], const char *stream, int64_t ms, unsigned number);

/**
 * archive_name_read(name, stream, ms, number):
 * Take ${name} apart; ${stream} has ARCHIVE_STREAM_MAX + 1 bytes and may be NULL, as may the others.
 * Return 0, or -1 if it is no name of a segment.
 */
int archive_name_read(struct str name, char *stream, int64_t *ms, unsigned *number);

/* The path of the segment ${name} below its stream: "2026/01/14/09/NAME.ndjson.zst". */
void archive_path(char path[ARCHIVE_PATH_MAX], const char *name);

/* The name in the path of a segment, sealed or open. */
void archive_path_name(char name[ARCHIVE_NAME_MAX], const char *path);

/**
 * archive_unsealed(dir, end, a, e):
 * Names of the segments in the directory ${dir} of a stream that are not sealed, whose files have
 * ${end} behind the suffix; ascending, NULL-terminated, living in ${a}.  NULL: FAULT_IO.
 */
char **archive_unsealed(const char *dir, const char *end, struct arena *a, struct err *e);

#endif
