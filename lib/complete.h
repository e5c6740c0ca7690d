/* SPDX-License-Identifier: MIT */
/* Completions for bash, zsh and fish, made from the tables of options. */
#ifndef OMNI_COMPLETE_H
#define OMNI_COMPLETE_H

#include "opt.h"

/* A program, or one verb of a program, and the options that it takes. */
struct complete {
	const char *name; /* "omni-route", "put" */
	const char *purpose;
	const struct opt *const *table;
	int n;
};

/**
 * complete_program(shell, c, e):
 * Write what ${shell} reads to complete ${c} to standard output.  Return 0, or -1 with FAULT_USAGE if
 * it is not one of the three shells.
 */
int complete_program(const char *shell, const struct complete *c, struct err *e);

/* A program whose first operand is a verb. */
struct complete_suite {
	const char *name;
	const struct complete *verbs;
	size_t n;
	const struct complete *bare; /* what it takes where it has options and no verb, or NULL */
};

/* The same for the program ${s}. */
int complete_verbs(const char *shell, const struct complete_suite *s, struct err *e);

#endif
