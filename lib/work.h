/* SPDX-License-Identifier: MIT */
/*
 * One thread's share of a stage: an opened stage that turns a block of lines into output, without
 * touching a descriptor.  The runner (stage.c) moves the blocks, in this thread or in several.
 */
#ifndef OMNI_WORK_H
#define OMNI_WORK_H

#include "line.h"
#include "meter.h"
#include "sink.h"
#include "stage.h"

/* A block on its way through: lines in, bytes for each channel out. */
struct job {
	struct block in;
	struct buf *out; /* one for each channel of the sink */
	unsigned n_out;
	struct counts counts;
	struct err stop; /* fault other than FAULT_NONE: what ended the work in the middle of this block */
};

void job_init(struct job *j, unsigned channels);
void job_free(struct job *j);

/* Take up the next block: forget output, counts and error of the last one. */
void job_reset(struct job *j);

struct work;

/**
 * work_new(stage, setup, sink, strict, e):
 * Open ${stage} once more.  With ${strict} the first reject ends the work.  Return owned, or NULL
 * with the stage's error.
 */
struct work *work_new(const struct stage *stage, const struct setup *setup, const struct sink *sink,
		      bool strict, struct err *e);
void work_free(struct work *w);

/* The names of the opened stage's destinations, or NULL. */
const char *const *work_dests(const struct work *w);

/*
 * Bind ${w} to ${sink}, which was made with its destinations: where rejects and split records go
 * follows from it.
 */
void work_bind(struct work *w, const struct sink *sink);

/* Run all lines of ${j} through the stage; j->stop tells if the work must end here. */
void work_block(struct work *w, struct job *j);

/* End of input: what the stage still holds goes to ${j}. */
void work_flush(struct work *w, struct job *j);

/*
 * Let the stage commit; what it held back goes to ${j}.  Return 0, or -1 with j->stop: then nothing
 * that ${j} holds may be written.
 */
int work_commit(struct work *w, struct job *j);

/* As tick of the stage; -1 if it has none.  -2: j->stop says why. */
int work_tick(struct work *w, bool hangup, struct job *j);

#endif
