/* SPDX-License-Identifier: MIT */
/*
 * What kind of media a file holds, by its bytes: what was said of it is not to be trusted.  libmagic
 * reads them, which means a large table and many parsers for what strangers sent: in a process of its own that has
 * nothing (lib/cell.h, lib/seal.h), started when the first file comes.
 */
#ifndef OMNI_SNIFF_H
#define OMNI_SNIFF_H

#include "err.h"
#include "media.h"

enum {
	SNIFF_START = 4096, /* bytes of a file that the rules look at */
	SNIFF_WORD = 128,   /* of a media type, with its end */
};

struct sniff;

/* Nothing is started yet. */
struct sniff *sniff_new(void);

/* End the process.  free(NULL) is legal. */
void sniff_free(struct sniff *s);

/**
 * sniff(s, fd, type, e):
 * The type of the file that ${fd} reads, which is at its beginning or may be set there; it lives as long as ${s}.
 * Waits, unless it is an image of ours: some tenths of a millisecond as a rule.  Return 0; or -1 with FAULT_DATA "media-worker-died" (the process did not
 * outlive this file), "media-unreadable"; or with FAULT_CONFIG or FAULT_OS, where there is no such process to be had.
 */
int sniff(struct sniff *s, int fd, const struct media_type **type, struct err *e);

/**
 * sniff_judge(s, start, word):
 * The type of the file that begins with ${start}, SNIFF_START bytes if it has them, of which libmagic says that it is
 * ${word}, which may be anything.  Lives as long as ${s}.
 */
const struct media_type *sniff_judge(struct sniff *s, struct str start, struct str word);

/* The name that the process is started by, argv[0]. */
extern const char sniff_worker_name[];

/* What a program that sniffs does when it was started by that name. */
int sniff_worker(void);

#endif
