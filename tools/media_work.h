/* SPDX-License-Identifier: MIT */
/*
 * Media are made to fit into a channel: pictures by lib/image_pool.h, sound and film by lib/transcode.h, sets of them
 * (tools/media_set.h) side by side.
 *
 *	media_work_start(w, &set);
 *	poll(media_work_fd(w)); while ((set = media_work_done(w))) …
 */
#ifndef OMNI_MEDIA_WORK_H
#define OMNI_MEDIA_WORK_H

#include "media_set.h"

struct media_work;

/**
 * media_work_open(jobs, dir, e):
 * ${jobs} processes at once; new files are made in the directory ${dir}.  Borrows it.  Return owned, or NULL with
 * FAULT_OS.
 */
struct media_work *media_work_open(unsigned jobs, const char *dir, struct err *e);

/* What is under way is forgotten.  close(NULL) is legal. */
void media_work_close(struct media_work *w);

/* Begin.  Never fails: see the parts.  A set may be done at once: look with media_work_done, then poll. */
void media_work_start(struct media_work *w, struct media_set *s);

/* Readable while media_work_done has something to look at. */
int media_work_fd(const struct media_work *w);

/* One set that is done, or NULL if none is.  Does not wait. */
struct media_set *media_work_done(struct media_work *w);

#endif
