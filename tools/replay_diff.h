/* SPDX-License-Identifier: MIT */
/*
 * The time machine: the same records through normalize and route under two configurations, or by two
 * builds, and what differs in what comes out.
 */
#ifndef OMNI_REPLAY_DIFF_H
#define OMNI_REPLAY_DIFF_H

#include "bytes.h"
#include "err.h"

/* ---- one of the two: replay_side.c ---- */

struct side;

/**
 * side_new(conf, dir, e):
 * Run the stages with the configuration ${conf}: in this process, or by the omni-pipe in the directory
 * ${dir} (NULL: in this process).  Return owned, or NULL.
 */
struct side *side_new(const char *conf, const char *dir, struct err *e);
void side_free(struct side *s);

/* What became of some lines, in their order: the n-th ends at ends[n] of the text. */
struct became {
	struct buf text;
	size_t *ends;
};

/**
 * side_run(s, lines, n, out, e):
 * Send ${n} ${lines}, each with its line end, through; ${out} has room for as many ends.  Return 0, or
 * -1 with FAULT_IO or FAULT_OS if the other process failed.
 */
int side_run(struct side *s, const struct str *lines, size_t n, struct became *out, struct err *e);

/* ---- both: replay_diff.c ---- */

struct diff;

/**
 * diff_new(a, b, exec, json, e):
 * Compare configuration ${a} with ${b}; with ${exec}, a directory, ${a} is run by the build there.
 * With ${json} the report is lines of JSON.  Return owned, or NULL.
 */
struct diff *diff_new(const char *a, const char *b, const char *exec, bool json, struct err *e);
void diff_free(struct diff *d);

/* Take ${line}, without its line end; the report of what is done goes to ${out}.  0, or -1. */
int diff_add(struct diff *d, struct str line, struct buf *out, struct err *e);

/* The rest of the report, and the counts.  Return 1 if anything differs, 0 if not, or -1. */
int diff_end(struct diff *d, struct buf *out, struct err *e);

#endif
