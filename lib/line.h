/* SPDX-License-Identifier: MIT */
/*
 * Bounded NDJSON input: whole lines in blocks, from files (.zst and .gz among them) or standard
 * input.  The reader never blocks by itself: it says that there is nothing to read now, so that its
 * caller can flush before it sleeps.
 */
#ifndef OMNI_LINE_H
#define OMNI_LINE_H

#include "bytes.h"
#include "err.h"

/* Some whole lines of one input, or the start of one that was too long. */
struct block {
	char *p; /* owned; each line ends with '\n', the last line of an input may lack it */
	size_t n, cap;
	const char *file;  /* the operand, "-" for standard input */
	uint64_t lineno;   /* of the first line, from 1 */
	bool first;        /* begins at the start of its input: a byte order mark may stand there */
	uint64_t too_long; /* not 0: p holds the start of one line of so many bytes, n of them */
};

void block_free(struct block *b);

struct lines;

enum lines_state {
	LINES_BLOCK, /* the block has been filled */
	LINES_WAIT,  /* nothing to read now: poll lines_fd */
	LINES_END,   /* all inputs are at their end, or reading was stopped */
	LINES_ERROR, /* this input failed; the next call goes on with the next one */
};

/**
 * lines_new(files, n):
 * Read the ${n} files ${files} one after the other; "-" is standard input, and so is an empty list.
 * Borrows the names. Return owned.
 */
struct lines *lines_new(char *const *files, int n);
void lines_free(struct lines *l);

/**
 * lines_next(l, b, e):
 * Fill ${b}, whose memory is used again.  With LINES_ERROR, ${e} names the file: FAULT_IO if it can
 * not be opened or read, FAULT_DATA if it is compressed and damaged; whole lines before the damage
 * have been given.
 */
enum lines_state lines_next(struct lines *l, struct block *b, struct err *e);

/* The descriptor to poll after LINES_WAIT. */
int lines_fd(const struct lines *l);

/**
 * lines_stop(l):
 * Read no further than the end of the line that has begun; what has been read is still given.  A
 * line whose end does not come within two seconds is given without it.
 */
void lines_stop(struct lines *l);

/* Milliseconds until lines_next should be called again though nothing can be read; -1: no need. */
int lines_timeout(const struct lines *l);

/*
 * Bytes read from the inputs so far, as they are stored, and the size of them all; 0 where that is
 * not known.
 */
uint64_t lines_consumed(const struct lines *l);
uint64_t lines_total(const struct lines *l);

#endif
