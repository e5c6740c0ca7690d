/* SPDX-License-Identifier: MIT */
/*
 * The runner: moves blocks from the inputs through a chain of stages to the outputs, and keeps the
 * contract of a program.
 */
#ifndef OMNI_RUN_H
#define OMNI_RUN_H

#include "work.h"

enum { RUN_JOBS_MAX = 256 };

/* One stage of the chain, and what its options say. */
struct run_stage {
	const struct stage *stage;
	const char *name; /* for metrics and messages: "route" */
	struct setup setup;
	const char *rejects; /* file that its rejects are appended to; NULL: they stay in band */
	const char *split;   /* as sink_split takes it; NULL: none */
	bool strict;
};

/* Make ${r} the stage ${s} with the options ${args}; its configuration is for the caller to load. */
void run_stage_init(struct run_stage *r, const struct stage *s, const struct args *args);

/* All of it is borrowed. */
struct run {
	const char *name; /* for the progress bar */
	const struct run_stage *stages;
	unsigned n_stages;
	char *const *files; /* to read; none: standard input */
	int n_files;
	unsigned jobs; /* threads, from 1; more than one for pure stages only */
	const char *metrics;
	bool progress, verbose;
};

/**
 * run_chain(r, e):
 * Do it, after sig_init.  Errors that end the work are shown.  Return the exit code, that of the
 * last stage that has one other than 0; or -1 with ${e}, not shown, where a stage could not be
 * opened.
 */
int run_chain(const struct run *r, struct err *e);

#endif
