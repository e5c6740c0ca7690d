/* SPDX-License-Identifier: MIT */
/*
 * The files of one message on their way into a channel: what is in them, whether each can go at all, and how much room
 * it has, which they share.  What is made of them is made by tools/media_work.h.
 */
#ifndef OMNI_MEDIA_SET_H
#define OMNI_MEDIA_SET_H

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

	/* of those that work on it */
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

	/* of those that work on it */
	uint64_t left; /* bytes that the parts still to come may have together */
	unsigned to_come;
	struct media_set *next;
};

/*
 * Look at the files of ${s}, and make nothing: parts that can not go have failed; of the others `has` is set where they go
 * as they are, else `as`, `share` and `recipe` say what would be made.
 */
void media_set_look(struct media_set *s);

/* Remove what was made of ${p} and not taken. */
void media_part_clear(struct media_part *p);

/* What the channel has room for, of the kind of ${p}: a sticker may go as a picture, a voice as sound. */
const struct media_limit *media_part_limit(const struct media_part *p);

/* True if ${p} is sound or film that can become something else. */
bool media_part_is_film(const struct media_part *p);

/* Return 0 if the channel takes what ${p} is, or can become; or -1 with FAULT_DATA. */
int media_part_refuse(const struct media_part *p, struct err *e);

/* Give ${p} its share of what is left, and write its recipe: everything that what becomes of it hangs on, but for its bytes. */
void media_part_plan(struct media_part *p);

/* ${p} has failed with ${e}, and what was made of it goes. */
void media_part_fail(struct media_part *p, const struct err *e);

/**
 * media_look(s, path, declared, facts, e):
 * What the file ${path} holds.  Nothing is decoded.  Return 0, or -1 with FAULT_DATA, "media-unreadable" or those of
 * lib/sniff.h and lib/image_head.h, ${facts} then filled as far as it goes; or with another fault of lib/sniff.h.
 */
int media_look(struct sniff *s, const char *path, struct str declared, struct media_facts *facts,
	       struct err *e);

#endif
