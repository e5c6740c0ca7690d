/* SPDX-License-Identifier: MIT */
/*
 * Numbers as JSON writes them, compared by their decimal digits: nothing is rounded, 1, 1.0 and
 * 10e-1 are the same, and 1e400 is as good a number as any.
 */
#ifndef OMNI_NUMBER_H
#define OMNI_NUMBER_H

#include "bytes.h"

/* The value is sign * 0.DIGITS * 10^exponent; DIGITS neither begins nor ends with a zero. */
struct number {
	const char *p;    /* from the first digit that counts; a point may stand between them */
	size_t digits;    /* how many count; 0 for zero */
	int64_t exponent; /* beyond 10^15 all are taken for that */
	int sign;         /* -1, 0, 1 */
	bool small;       /* `value` is the number */
	int64_t value;
};

/* A number in the grammar of JSON; ${text} is borrowed. */
struct number number_read(struct str text);

/* True if there is no fraction. */
bool number_whole(const struct number *n);

/* <0, 0, >0 */
int number_cmp(const struct number *x, const struct number *y);

/**
 * number_unit(n):
 * True if ${n} can be the unit of number_multiple: more than 0, of at most 19 digits.
 */
bool number_unit(const struct number *n);

/* True if ${n} is ${unit} times a whole number. */
bool number_multiple(const struct number *n, const struct number *unit);

/* Append a form that is the same for all ways to write ${n}. */
void number_put(struct buf *b, const struct number *n);

#endif
