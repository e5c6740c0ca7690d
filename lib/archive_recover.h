/* SPDX-License-Identifier: MIT */
/*
 * After a crash: what a writer left behind is sealed.  Every frame that is whole is kept as it is,
 * and so is every line that was flushed of the one that is not.
 */
#ifndef OMNI_ARCHIVE_RECOVER_H
#define OMNI_ARCHIVE_RECOVER_H

#include "archive_build.h"

/* What was done to a segment, or with all its members 0 and a text, to the stream. */
struct archive_recovered {
	const char *segment; /* its name, or NULL */
	const char *what;    /* "sealed", "empty", "finished", "removed", "indexed", "listed" */
	uint64_t lines;      /* that are in it */
	uint64_t lost;       /* bytes of frames that could not be read, kept in NAME.damaged */
};

struct archive_recover_to {
	void (*tell)(void *with, const struct archive_recovered *r); /* may be NULL */
	void *with;
};

/**
 * archive_recover(dir, how, now, to, e):
 * Seal all that is left of earlier writers in the directory ${dir} of a stream, and make the
 * manifest agree with the files.  The caller holds ".lock".  Return 0, or -1 with FAULT_IO.
 */
int archive_recover(const char *dir, const struct archive_build_how *how, int64_t now,
		    const struct archive_recover_to *to, struct err *e);

/**
 * archive_recover_indexes(dir, how, to, e):
 * Make the indexes of sealed segments that are missing or damaged again.  Return 0, or -1.
 */
int archive_recover_indexes(const char *dir, const struct archive_build_how *how,
			    const struct archive_recover_to *to, struct err *e);

#endif
