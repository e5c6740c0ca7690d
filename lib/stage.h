/* SPDX-License-Identifier: MIT */
/*
 * A stage: one record in, 0..n records out, no input or output of its own.  The runner (stage_main)
 * gives it standard input or files, rejects, threads, signals, statistics and an exit code;
 * omni(7).
 */
#ifndef OMNI_STAGE_H
#define OMNI_STAGE_H

#include "conf.h"
#include "opt.h"
#include "rec.h"

/* Where a stage puts its records: the runner's output, or the next stage. */
struct out {
	void (*put)(struct out *o, const struct rec *r);
	void (*reject)(struct out *o, const struct rec *r, struct err *e);
};

static inline void out_put(struct out *o, const struct rec *r)
{
	o->put(o, r);
}

/*
 * Reject ${r}: for a stage that must not show the record as it came; else step returns -1, which
 * does the same.
 */
static inline void out_reject(struct out *o, const struct rec *r, struct err *e)
{
	o->reject(o, r, e);
}

/* Drops what it gets: for a stage that must bring something to its end when its records can no longer leave. */
extern struct out out_nowhere;

/* What a stage is opened with.  All of it is borrowed for the life of the stage. */
struct setup {
	const struct args *args;
	struct conf *conf;
};

/* What a stage holds that it will put by itself. */
enum stage_load {
	STAGE_EMPTY, /* nothing */
	STAGE_HOLDS, /* records that wait for a time or for an answer */
	STAGE_FULL,  /* as many as it may: it is given no more until there are fewer */
};

struct stage {
	struct program program; /* name, options, help */
	const char *name;       /* "route": in rejects and metrics */
	const struct conf_key *(*keys)(void); /* what the configuration is checked against; NULL: it takes none, and no -c */
	bool pure; /* no commit, no clock, no effects: may run in several threads, one opened stage each */
	bool timed; /* pure, but what it decides depends on rec.now, which the runner reads (OMNI_CLOCK) */

	/* Return the opened stage, or NULL with FAULT_CONFIG or FAULT_USAGE. */
	void *(*open)(const struct setup *s, struct err *e);

	/*
	 * Handle one record: put it on, changed or not, or others in its place.  Return 0, or -1
	 * having put nothing: then the runner makes a reject of the record (FAULT_DATA, DENIED,
	 * DUPLICATE, TEMP), or ends (any other fault).
	 */
	int (*step)(void *st, const struct rec *r, struct out *o, struct err *e);

	/*
	 * End of input.  May be NULL, and is for pure stages: their records have nothing to do with
	 * each other.
	 */
	int (*flush)(void *st, struct out *o, struct err *e);

	/*
	 * Make durable what was stepped since the last call, and put what was held back for that:
	 * no byte of output is written, and nobody waits for input, before this has been called.
	 * Where it fails nothing that was put since is written.  For stages with effects; may be
	 * NULL.  Return 0, or -1 with the fault that ends the work.
	 */
	int (*commit)(void *st, struct out *o, struct err *e);

	/*
	 * The runner has made a reject, ${line} without its line end, of what never came to step or of
	 * what step refused, and it goes to standard output: for a stage that keeps what passes.  May be
	 * NULL.  Return 0, or -1 with the fault that ends the work.
	 */
	int (*rejected)(void *st, struct str line, struct err *e);

	/*
	 * Look at the clock: called after each commit, and again when the time has come that it returned:
	 * milliseconds, -1 never, -2 with the fault that ends the work.  ${hangup}: SIGHUP came, which
	 * ends programs whose stage has no tick.  May be NULL.
	 */
	int (*tick)(void *st, bool hangup, struct err *e);

	/*
	 * For a stage that holds records back and puts them when a time has come or an answer: all
	 * three or none.  fd is readable when due has something to do; due puts what is due, and returns 0,
	 * or -1 with the fault that ends the work.  At the end of the input the runner waits until the load is
	 * empty; after SIGTERM it calls flush at once, which lets go of all that is still held.
	 */
	int (*fd)(void *st);
	int (*due)(void *st, struct out *o, struct err *e);
	enum stage_load (*load)(void *st);

	/* close(NULL) is legal. */
	void (*close)(void *st);

	/*
	 * Names of the destinations that rec.dests indexes, for --split; NULL-terminated, living as
	 * long as ${st}.  NULL if the stage has none, and then it has no --split.
	 */
	const char *const *(*dests)(void *st);
};

/**
 * stage_main(s, argc, argv):
 * Run ${s} as a program.  Return its exit code.
 */
int stage_main(const struct stage *s, int argc, char **argv);

/**
 * stage_chain_main(p, stages, n, argc, argv):
 * The same with ${n} stages behind each other, at most 4, with effects, that share their configuration and the options of
 * ${p}: those of all of them.  In messages and metrics each has the last word of its program's name.
 */
int stage_chain_main(const struct program *p, const struct stage *const *stages, unsigned n,
		     int argc, char **argv);

enum { STAGE_OPTIONS = 12 };

/* The options that the runner itself reads for ${s}, with the end of the table. */
void stage_options(const struct stage *s, struct opt table[STAGE_OPTIONS]);

/* Those of a stage among others in one process: what is the process's own is not among them. */
void stage_options_in_chain(const struct stage *s, struct opt table[STAGE_OPTIONS]);

#endif
