/* SPDX-License-Identifier: MIT */
/* The command lines of ffmpeg and ffprobe, and what the latter says. */
#ifndef OMNI_TRANSCODE_WORDS_H
#define OMNI_TRANSCODE_WORDS_H

#include "transcode.h"

enum { TRANSCODE_WORDS = 96 };

struct transcode_words {
	char *argv[TRANSCODE_WORDS]; /* the name of the guard, bytes that may be written, the program and its words; NULL */
	unsigned n;
};

void transcode_words(struct transcode_words *w, const struct transcode_task *x);
void transcode_words_free(struct transcode_words *w);

/**
 * transcode_facts_read(text, facts, e):
 * Read what ffprobe printed.  Return 0, or -1 with FAULT_DATA, "media-malformed": there is neither sound nor film in it.
 */
int transcode_facts_read(struct str text, struct transcode_facts *facts, struct err *e);

#endif
