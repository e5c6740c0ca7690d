/* SPDX-License-Identifier: MIT */
/* Sound and film for a channel: whether they can go as they are, and what they have to become. */
#ifndef OMNI_MEDIA_FILM_H
#define OMNI_MEDIA_FILM_H

#include "media_channel.h"
#include "transcode.h"

/* What a film or a sound is to fit. */
struct media_film {
	const char *channel; /* its name, for messages */
	const struct media_limit *limit;
	bool voice;     /* somebody speaks */
	uint64_t bytes; /* that it may have here */
};

/* True if what ${facts} tells of, ${size} bytes of ${mime}, plays everywhere and fits: it needs only be copied. */
bool media_film_fits(const struct media_film *f, struct str mime, uint64_t size,
		     const struct transcode_facts *facts);

/**
 * media_film_plan(f, facts, task, e):
 * Say in ${task} what it is to become.  Return 0, or -1 with FAULT_DATA: "media-unsupported" (nothing that can be made), or
 * "media-too-large" (too long, or too little would be left of it).
 */
int media_film_plan(const struct media_film *f, const struct transcode_facts *facts,
		    struct transcode_task *task, struct err *e);

/* It came out with ${size} bytes, too many: ask for so much less.  False if that would be too little. */
bool media_film_less(const struct media_film *f, uint64_t size, struct transcode_task *task);

#endif
