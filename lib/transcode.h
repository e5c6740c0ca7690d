/* SPDX-License-Identifier: MIT */
/*
 * The door to ffmpeg(1), a program: sound and film.  It runs as a child without a shell, an environment or a network
 * (lib/seal.h), with bounds on memory, time and the size of what it writes, and reads no playlist, only files.
 *
 *	transcode_start(t, &task);
 *	poll(transcode_fd(t)); while ((task = transcode_done(t))) …
 */
#ifndef OMNI_TRANSCODE_H
#define OMNI_TRANSCODE_H

#include "bytes.h"
#include "err.h"

struct transcode;

enum transcode_work {
	TRANSCODE_PROBE, /* what is in ${in}: fills ${facts} */
	TRANSCODE_COPY,  /* the same sound and film without anything else, as ${mime} */
	TRANSCODE_MAKE, /* as ${mime}: audio/ogg (Opus, mono), audio/mp4 (AAC), audio/mpeg (MP3), video/mp4 (H.264 baseline, AAC) */
};

struct transcode_facts {
	double duration;           /* seconds; negative: not known */
	char video[24], audio[24]; /* codecs as ffmpeg calls them; "": none */
	uint32_t width, height;    /* pixels, upright */
	unsigned channels;         /* of the sound */
	unsigned sounds, films;    /* streams */
	bool ahead;                /* frames refer to later ones: not every telephone plays that */
};

/* The caller owns it, and keeps it and its texts in place until transcode_done returns it. */
struct transcode_task {
	enum transcode_work what;
	const char *in, *out;            /* paths; what stands in ${out} is overwritten */
	const char *mime;                /* of what is made */
	uint32_t width, height;          /* TRANSCODE_MAKE: pixels at most; 0: as it is */
	unsigned audio_rate, video_rate; /* TRANSCODE_MAKE: bits a second */
	bool mono;
	uint64_t bytes; /* that are written at most */
	void *own;      /* for the caller */

	struct transcode_facts facts; /* TRANSCODE_PROBE */
	bool failed;
	struct err err; /* FAULT_DATA "media-malformed", "media-too-large", "media-unsupported" (no such program), or FAULT_OS */

	struct transcode_task *next; /* transcode's */
};

/**
 * transcode_open(n, e):
 * Have up to ${n} children at once.  Return owned, or NULL with FAULT_OS.
 */
struct transcode *transcode_open(unsigned n, struct err *e);

/* End them; what they had in hand is forgotten.  close(NULL) is legal. */
void transcode_close(struct transcode *t);

/* Let ${x} be done when its turn comes.  Never fails: see `failed`. */
void transcode_start(struct transcode *t, struct transcode_task *x);

/* Readable while transcode_done has something to look at. */
int transcode_fd(const struct transcode *t);

/* One task that is done, or NULL if none is.  Does not wait. */
struct transcode_task *transcode_done(struct transcode *t);

/* True if TRANSCODE_MAKE can make ${mime}. */
bool transcode_makes(const char *mime);

/* The name that a child is started by, argv[0]: the program itself, which seals itself and becomes ffmpeg. */
extern const char transcode_guard_name[];
int transcode_guard(char **argv);

#endif
