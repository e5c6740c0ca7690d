/* SPDX-License-Identifier: MIT */
/*
 * One thread's share of a run: a chain of opened stages that turns a block of lines into output,
 * without touching a descriptor.  What one stage puts arrives at the next as if it had been written
 * and read again, but is neither; a program with one stage is a chain of one.  The runner (run.c)
 * moves the blocks, in this thread or in several.
 */
#ifndef OMNI_WORK_H
#define OMNI_WORK_H

#include "line.h"
#include "meter.h"
#include "stage.h"

/* One stage of a chain: borrowed while the chain lives. */
struct link {
	const struct stage *stage;
	const char *name; /* for messages, where there are several; else NULL */
	struct setup setup;
	bool strict; /* the first reject ends the work */

	/* Known once the stages are open, before work_block. */
	unsigned rejects; /* the channel of its rejects; 0: they go on with the records */
	unsigned split;   /* the channel of its first destination; 0: they are not split */
};

enum { WORK_OUT = 0 }; /* the channel of what the last stage puts */

/* What passed one link of a chain in one job. */
struct passage {
	struct counts counts;
	uint64_t lines; /* that came to it */
	uint64_t first; /* how many had come before this job; known once the job is numbered */
};

/* A block on its way through: lines in, bytes for each channel out. */
struct job {
	struct block in;
	struct buf *out; /* one for each channel */
	unsigned n_out;
	struct passage *at; /* one for each link */
	unsigned n_links;
	int64_t now; /* when it was read, where a stage is `timed`; all its records have it */
	struct err stop; /* fault other than FAULT_NONE: what ended the work in the middle of this block */
	unsigned stopped; /* the link that this came from */

	/* Fill at[].first, waiting for the jobs before this one; NULL: it is known. */
	void (*number)(struct job *j);
};

void job_init(struct job *j, unsigned links, unsigned channels);
void job_free(struct job *j);

/* Take up the next block: forget output, passages and error of the last one. */
void job_reset(struct job *j);

struct work;

/**
 * work_new(links, n, e):
 * Open the stages of ${links} once more.  Return owned, or NULL with the stage's error.
 */
struct work *work_new(const struct link *links, unsigned n, struct err *e);
void work_free(struct work *w);

/* The names of the destinations of the stage of link ${i}, or NULL. */
const char *const *work_dests(const struct work *w, unsigned i);

/* Run all lines of ${j} through the chain; j->stop tells if the work must end here. */
void work_block(struct work *w, struct job *j);

/* End of input: what the stages still hold goes to ${j}. */
void work_flush(struct work *w, struct job *j);

/*
 * Let the stages commit; what they held back goes to ${j}.  Return 0, or -1 with j->stop: then
 * nothing that ${j} holds may be written.
 */
int work_commit(struct work *w, struct job *j);

/* As tick of the stages, the soonest; -1 if none has any.  -2: j->stop says why. */
int work_tick(struct work *w, bool hangup, struct job *j);

enum { WORK_HOLDERS = 4 }; /* stages of one chain that may hold records back */

/*
 * Of the stages that hold records back: how many have something that work_due may put, and their descriptors.  Those
 * before one that is full are not among them: as in a pipe they wait.
 */
unsigned work_fds(const struct work *w, int fds[WORK_HOLDERS]);

/* How much they hold: full if one of them is, empty if all are. */
enum stage_load work_load(const struct work *w);

/* Let them put what is due into ${j}, the last first; j->stop tells if the work must end here. */
void work_due(struct work *w, struct job *j);

#endif
