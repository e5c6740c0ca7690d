/* SPDX-License-Identifier: MIT */
/*
 * Programs with several verbs: "omni-queue put", "omni-queue take".  A verb is a stage, which the
 * runner runs, or a command, which does its work and is done.
 */
#ifndef OMNI_VERB_H
#define OMNI_VERB_H

#include "stage.h"

struct command {
	struct program program; /* name "omni-queue stat", its own options, operands, help */
	const struct conf_key *(*keys)(void); /* as those of a stage */

	/*
	 * Do it: ${s} is borrowed.  Signals are as in a filter until the command says otherwise
	 * (sig_init).  Return an exit code, or -1 with the fault that is to be shown.
	 */
	int (*run)(const struct setup *s, struct err *e);
};

/* One of the two; the verb is the last word of its program's name. */
struct verb {
	const struct stage *stage;
	const struct command *command;
};

struct suite {
	const char *name;    /* "omni-queue" */
	const char *purpose; /* one line, for --help */
	const char *example;
	const struct verb *verbs;
	size_t n;

	/* Without a verb, with options: the whole of it, which begins with the stage of the first verb; or NULL. */
	const struct program *program;
	int (*main)(int argc, char **argv);
};

/**
 * verb_main(s, argc, argv):
 * Run the verb that is the first operand.  Return the exit code of the program.
 */
int verb_main(const struct suite *s, int argc, char **argv);

/* Run ${c} alone. */
int command_main(const struct command *c, int argc, char **argv);

#endif
