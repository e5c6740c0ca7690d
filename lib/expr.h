/* SPDX-License-Identifier: MIT */
/*
 * The door to libjq: the user's own expressions.  Programs must run on jq 1.6 and 1.7.  They see no
 * environment, no files, no clock and no other input, and are stopped after EXPR_TIME_MS.
 *
 * Compiling costs 22 ms on jq 1.6: put all expressions of a file into one program.  One struct expr
 * belongs to one thread.
 */
#ifndef OMNI_EXPR_H
#define OMNI_EXPR_H

#include "json.h"

struct expr;

/* A record made ready for libjq; made once a record, when the first expression needs it. */
struct expr_input;

/**
 * expr_new(name, program, e):
 * Compile ${program}, one jq filter; ${name} stands for it in messages.  Return owned, or NULL with
 * FAULT_CONFIG naming the line.
 */
struct expr *expr_new(const char *name, struct str program, struct err *e);

/* The same from the file ${path}, of at most EXPR_MAX_BYTES. */
struct expr *expr_load(const char *path, struct err *e);

/**
 * expr_list_new(name, programs, n, e):
 * Compile ${n} filters into one program; expr_test takes the index of one.
 */
struct expr *expr_list_new(const char *name, const struct str *programs, size_t n, struct err *e);

void expr_free(struct expr *x);

/* Convert ${root}, a record's value.  Return owned; numbers become doubles. */
struct expr_input *expr_input_new(const struct json *root);

/* The same from the text of a record. */
struct expr_input *expr_input_text(struct str json);

void expr_input_free(struct expr_input *in);

/**
 * expr_run(x, in, each, arg, e):
 * Run ${x} on ${in} (which it borrows) and call ${each} with the text of each result, compact JSON.
 * ${each} returns 0 to go on, or -1 having filled the error.  Return 0, or -1 with FAULT_DATA, code
 * "expr-failed" (the program raised an error), "expr-timeout", "expr-halted".
 */
int expr_run(struct expr *x, const struct expr_input *in,
	     int (*each)(void *arg, struct str json, struct err *e), void *arg, struct err *e);

/**
 * expr_test(x, i, in, e):
 * Run the ${i}-th filter of a list on ${in}.  Return 1 if its first result is neither false nor
 * null, 0 otherwise (also when it has none), -1 as expr_run.
 */
int expr_test(struct expr *x, size_t i, const struct expr_input *in, struct err *e);

#endif
