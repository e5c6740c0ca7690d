/* SPDX-License-Identifier: MIT */
/* One run of omni-replay: what its command line asks for (replay.c), and how far it is (replay_pour.c). */
#ifndef OMNI_REPLAY_POUR_H
#define OMNI_REPLAY_POUR_H

#include "meter.h"
#include "replay.h"
#include "sink.h"

struct replay {
	struct args args;
	struct source *source;
	struct pick *pick;
	struct make make;
	struct tempo tempo;
	struct cursor cursor;
	struct tally *tally; /* --dry-run: nothing else comes of it */
	const char *other;   /* --diff: the second configuration */
	struct diff *diff;   /* then nothing else comes of it, either */
	struct sink *sink;
	unsigned rejects; /* their channel */
	struct buf out, refused;
	struct arena *arena;
	struct meter_stage count;
	struct meter meter;
	struct archive_range range;
	int64_t shift_to, last; /* with --shift-to; the time of the record before */
	int64_t ended;          /* clock_mono of the last record */
	uint64_t limit;
	bool resumed, stopping;
	bool plain;    /* records go as they are */
	bool timeless; /* it does not matter of what time they are */
	int code;      /* what damage makes the exit code */
};

/* Write what the source has, from where the cursor is, to its end or until a signal.  Return 0 or -1. */
int pour(struct replay *r, struct err *e);

#endif
