/* SPDX-License-Identifier: MIT */
/*
 * Media on their way into a channel: looked at, measured against what the channel takes, made to fit.  The files of one
 * message are a set, whose parts share its room; sets are worked on side by side.
 *
 *	media_work_start(w, &set);
 *	poll(media_work_fd(w)); while ((set = media_work_done(w))) …
 */
#ifndef OMNI_MEDIA_WORK_H
#define OMNI_MEDIA_WORK_H

#include "image_pool.h"
#include "media_film.h"
#include "sniff.h"

enum { MEDIA_RECIPE = 1024 };

/* What is known of a file. */
struct media_facts {
	const struct media_type *type; /* by its bytes */
	struct str mime; /* that of the type; what was declared, where the bytes do not say more */
	uint64_t size;
	uint32_t width, height; /* pixels, upright; 0: it has none, or it is not known */
	uint32_t frames;        /* of an image; else 0 */
	double duration;        /* seconds; negative: not known, or none */
	struct image_head head; /* of an image of ours; else its format is IMAGE_NONE */
};

struct media_part {
	/* set by the caller */
	const char *path;     /* a file; borrowed until the set is done */
	enum media_kind kind; /* what it is to be; MEDIA_KINDS: by its bytes */
	struct str declared;  /* media type that was said of it, or {NULL, 0} */

	/* set when the set is done */
	struct media_facts had;
	bool failed;
	struct err err; /* FAULT_DATA: "media-unsupported", "media-too-large", "media-too-many", "media-mismatch", "media-unreadable", those of
			   lib/image_pool.h; FAULT_OS */
	char *made; /* the new file, which is the caller's to rename, or NULL: ${path} goes as it is; media_part_clear */
	struct media_facts has; /* what goes */
	unsigned quality, encodings;
	bool recalled; /* nothing was made: it had been before (media_set.recall) */

	/* media_work's */
	enum media_kind as;
	struct image_task task;
	struct transcode_task film;
	struct transcode_facts streams;
	enum { MEDIA_TO_PROBE, MEDIA_TO_MAKE, MEDIA_TO_CHECK } step;
	uint64_t share; /* bytes that it may have */
	char recipe[MEDIA_RECIPE];
	struct media_set *set;
};

struct media_set {
	/* set by the caller */
	struct sniff *sniff;                 /* borrowed */
	const struct media_channel *channel; /* NULL: nothing is made, it is only looked at */
	struct media_part *parts;
	unsigned n;
	uint64_t text; /* bytes that stand in the message beside them */
	void *own;
	/*
	 * Asked before something is made of ${p}: whether it is known what became of it by ${recipe}, a text that says all
	 * that counts; then fills has, and returns true.  May be NULL.
	 */
	bool (*recall)(struct media_part *p, struct str recipe);

	unsigned failed; /* parts, when it is done */

	/* media_work's */
	uint64_t left; /* bytes that the parts still to come may have together */
	unsigned to_come;
	struct media_set *next;
};

struct media_work;

/**
 * media_work_open(jobs, dir, e):
 * ${jobs} processes at once; new files are made in the directory ${dir}.  Borrows it.  Return owned, or NULL with
 * FAULT_OS.
 */
struct media_work *media_work_open(unsigned jobs, const char *dir, struct err *e);

/* What is under way is forgotten.  close(NULL) is legal. */
void media_work_close(struct media_work *w);

/*
 * Look at the files of ${s}, and make nothing: parts that can not go have failed; of the others `has` is set where they go
 * as they are, else `as`, `share` and `recipe` say what would be made.
 */
void media_set_look(struct media_set *s);

/* What the channel has room for, of the kind of ${p}. */
const struct media_limit *media_part_limit(const struct media_part *p);

/* Begin.  Never fails: see the parts.  A set may be done at once: look with media_work_done, then poll. */
void media_work_start(struct media_work *w, struct media_set *s);

/* Readable while media_work_done has something to look at. */
int media_work_fd(const struct media_work *w);

/* One set that is done, or NULL if none is.  Does not wait. */
struct media_set *media_work_done(struct media_work *w);

/* Remove what was made of ${p} and not taken. */
void media_part_clear(struct media_part *p);

/**
 * media_look(s, path, declared, facts, e):
 * What the file ${path} holds.  Nothing is decoded.  Return 0, or -1 with FAULT_DATA, "media-unreadable" or those of
 * lib/sniff.h and lib/image_head.h, ${facts} then filled as far as it goes; or with another fault of lib/sniff.h.
 */
int media_look(struct sniff *s, const char *path, struct str declared, struct media_facts *facts,
	       struct err *e);

#endif
