/* SPDX-License-Identifier: MIT */
/* Several threads working on blocks side by side, their output in the order of the input. */
#ifndef OMNI_CREW_H
#define OMNI_CREW_H

#include "work.h"

struct crew;

/**
 * crew_new(works, n, blank, e):
 * Start ${n} threads, one for each of ${works} (borrowed), whose jobs have as many links and
 * channels as ${blank}.  Return owned, or NULL with FAULT_OS.
 */
struct crew *crew_new(struct work *const *works, unsigned n, const struct job *blank, struct err *e);

/* Wait for the threads to end; what has not been taken is forgotten. */
void crew_free(struct crew *c);

/* A job to fill and give to crew_put, or NULL while all are under way. */
struct job *crew_blank(struct crew *c);
void crew_put(struct crew *c, struct job *j);

/* The oldest job, if it is done: to be written and given back; else NULL. */
struct job *crew_done(struct crew *c);
void crew_back(struct crew *c, struct job *j);

/* True if no job is under way. */
bool crew_idle(const struct crew *c);

/* A descriptor that is readable when crew_done may have something. */
int crew_fd(const struct crew *c);

#endif
