/* SPDX-License-Identifier: MIT */
/*
 * A segment that is being made: lines become frames, an index and a digest.  Its file lies in the
 * directory of the stream until it is sealed:
 *
 *	1. the seek table is appended, and the file is on the disk
 *	2. its index is put where it belongs
 *	3. its line is appended to the manifest
 *	4. the file is renamed to where it belongs
 *
 * A crash before 3 leaves a file that archive_recover seals; one between 3 and 4, a file whose
 * length the manifest has, which it renames.
 */
#ifndef OMNI_ARCHIVE_BUILD_H
#define OMNI_ARCHIVE_BUILD_H

#include "archive_layout.h"
#include "json.h"

/* What is on the disk when a call returns that commits. */
enum archive_sync {
	ARCHIVE_SYNC_FRAME, /* all that was added: fdatasync(2) */
	ARCHIVE_SYNC_SEGMENT, /* sealed segments; the rest is in the kernel: survives a crash, not a power cut */
	ARCHIVE_SYNC_NONE, /* nothing for sure: whole frames are in the kernel */
};

struct archive_build_how {
	int level;
	/*
	 * A frame ends with the commit that finds so many bytes of lines in it, and by itself when
	 * they are `most`.  If those of a commit are one frame they are compressed in one go, and
	 * readers do not find a frame that was cut into many small blocks.
	 */
	size_t frame, most;
	enum archive_sync sync;
	struct archive_names names; /* name[0] is "id" */
};

struct archive_build;

/**
 * archive_build_new(dir, name, end, how, e):
 * Make the file ${dir}/${name}.ndjson.zst${end} for the segment ${name}.  Borrows ${how}.  Return
 * owned, or NULL with FAULT_IO.
 */
struct archive_build *archive_build_new(const char *dir, const char *name, const char *end,
					const struct archive_build_how *how, struct err *e);

/* Close the file; what was not committed is lost.  NULL is legal. */
void archive_build_free(struct archive_build *b);

/* Bytes of lines that were added. */
uint64_t archive_build_raw(const struct archive_build *b);

/**
 * archive_build_add(b, line, root, e):
 * Append ${line}, without its end; ${root} is what it holds, NULL if it is not JSON.  Return 0, or
 * -1 with FAULT_IO.
 */
int archive_build_add(struct archive_build *b, struct str line, const struct json *root, struct err *e);

/**
 * archive_build_text(b, text, arena, e):
 * Append all lines of ${text}, parsing them; ${arena} is reset after each.
 */
int archive_build_text(struct archive_build *b, struct str text, struct arena *arena, struct err *e);

/**
 * archive_build_copy(b, frame, text, arena, e):
 * Append the whole ${frame}, whose content is ${text}, as it is.  The frame that was begun is ended.
 */
int archive_build_copy(struct archive_build *b, struct str frame, struct str text,
		       struct arena *arena, struct err *e);

/**
 * archive_build_commit(b, e):
 * Make what was added as durable as how->sync says; readers see it.  Return 0, or -1 with FAULT_IO:
 * then the file ends where the last commit did, as far as that could be done.
 */
int archive_build_commit(struct archive_build *b, struct err *e);

/* Seal ${b} as ${now}.  Return 0, or -1 with FAULT_IO: what was committed stays. */
int archive_build_seal(struct archive_build *b, int64_t now, struct err *e);

/**
 * archive_note(x, f, before, line, root):
 * Take down what the index ${x} has to know of ${line}, which holds ${root}: its time in the frame
 * ${f}, which will be the next of ${x}, and its keys.  ${before} is the time of the line before.
 */
void archive_note(struct archive_index *x, struct archive_frame *f, int64_t *before,
		  struct str line, const struct json *root);

/* ${f} is whole: add it to ${x} and to its sum. */
void archive_note_frame(struct archive_index *x, const struct archive_frame *f);

/* Lines that were added. */
uint64_t archive_build_lines(const struct archive_build *b);

#endif
