/* SPDX-License-Identifier: MIT */
/*
 * A chain of pure stages from its words: "validate", "-c", "omni.json", ",", "normalize".  What the
 * chain makes is what the programs would make in a pipe.
 */
#ifndef OMNI_CHAIN_H
#define OMNI_CHAIN_H

#include "run.h"

/* What is said once for all stages of a chain; each of them may say otherwise. */
struct chain_defaults {
	const char *config, *rejects;
	bool strict;
};

struct chain;

/**
 * chain_new(words, n, defaults, e):
 * Read the ${n} ${words}, which are changed, and load each configuration once.  Return owned, or
 * NULL with FAULT_USAGE or FAULT_CONFIG.  Where --help was asked of a stage it has been answered:
 * then the fault is FAULT_NONE.
 */
struct chain *chain_new(char **words, int n, const struct chain_defaults *defaults, struct err *e);
void chain_free(struct chain *c);

/* Set the stages and the files of ${r}; they live as long as ${c}. */
void chain_set(const struct chain *c, struct run *r);

/* The names of the stages that may stand in a chain, "validate, normalize, route"; static. */
const char *chain_names(void);

#endif
