/* SPDX-License-Identifier: MIT */
/*
 * A set of intervals of 0 to 1 whose ends are fractions, kept sorted, apart and exact: 1/3 and 2/6
 * are one point.
 */
#ifndef OMNI_SPANS_H
#define OMNI_SPANS_H

#include "bytes.h"

/* Above this a set is full: a webhook makes at most some thousand records. */
enum { SPANS_MAX = 4096 };

struct fraction {
	int64_t n, of; /* 0 <= n <= of, 1 <= of */
};

struct span {
	struct fraction from, to; /* from < to */
};

struct spans {
	struct span *list;
	unsigned n, cap;
};

void spans_free(struct spans *s);

/**
 * spans_add(s, add):
 * Add ${add} to ${s}; what touches becomes one.  Return 0, or -1 if ${s} is full.
 */
int spans_add(struct spans *s, struct span add);

/* Add all of ${from}.  Return as spans_add. */
int spans_merge(struct spans *s, const struct spans *from);

/* True if nothing of 0 to 1 is missing. */
bool spans_whole(const struct spans *s);

/* <0, 0, >0 as ${a} is less than, equal to or greater than ${b}. */
int fraction_cmp(struct fraction a, struct fraction b);

/* As text, "0/1-1/3,2/3-1/1". */
void spans_write(struct buf *b, const struct spans *s);

/**
 * spans_read(s, text):
 * Add what spans_write has written.  Return 0, or -1 if ${text} is anything else.
 */
int spans_read(struct spans *s, struct str text);

#endif
