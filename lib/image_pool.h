/* SPDX-License-Identifier: MIT */
/*
 * Processes that work on images side by side: a program of their own, as who does nothing with images need not load
 * their decoders, with an empty environment, no descriptor but those of its work, sealed (lib/seal.h).  One that dies, or
 * takes too long, costs the task that it had in hand, and is replaced.
 *
 *	image_pool_start(pool, &task);
 *	poll(image_pool_fd(pool)); while ((task = image_pool_done(pool))) …
 */
#ifndef OMNI_IMAGE_POOL_H
#define OMNI_IMAGE_POOL_H

#include "image.h"

struct image_pool;

enum image_work { IMAGE_CONVERT, IMAGE_THUMB, IMAGE_PNG_OF };

/*
 * One piece of work.  The caller owns it, and keeps it and its descriptors in place until image_pool_done returns it.
 */
struct image_task {
	enum image_work what;
	int in, out;                /* a file that is mapped, and an empty one that is written */
	struct image_recipe recipe; /* IMAGE_CONVERT */
	uint32_t width, height;     /* IMAGE_THUMB: at most; IMAGE_PNG_OF: of the rows in ${in} */
	void *own;                  /* for the caller */

	struct image_made made; /* valid if ${failed} is false */
	bool failed;
	struct err err; /* as those of lib/image.h; FAULT_DATA "media-worker-died" where nobody lived to say more */

	struct image_task *next; /* the pool's */
};

/**
 * image_pool_open(n, e):
 * Have up to ${n} processes; they are started when there is work.  Return owned, or NULL with FAULT_OS, also if their
 * program is not where it should be (lib/cell.h).
 */
struct image_pool *image_pool_open(unsigned n, struct err *e);

/* End them; what they had in hand is forgotten.  close(NULL) is legal. */
void image_pool_close(struct image_pool *p);

/* Let ${t} be worked on when its turn comes.  Never fails: see `failed`. */
void image_pool_start(struct image_pool *p, struct image_task *t);

/* Readable while image_pool_done has something to look at. */
int image_pool_fd(const struct image_pool *p);

/* One task that is done, or NULL if none is.  Does not wait. */
struct image_task *image_pool_done(struct image_pool *p);

/* What that program does: work until there is no more. */
int image_worker(void);

#endif
