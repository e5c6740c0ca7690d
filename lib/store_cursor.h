/* SPDX-License-Identifier: MIT */
/*
 * Where a query left off, as a text that its user hands back: a place between two rows, which stays
 * where it is whatever is stored or deleted meanwhile, and what the query was, so that no other goes on
 * there.
 */
#ifndef OMNI_STORE_CURSOR_H
#define OMNI_STORE_CURSOR_H

#include "arena.h"
#include "err.h"

/* The last row that was given. */
struct page_cursor {
	int64_t at, seq;
};

enum { CURSOR_TEXT = 28 };

/* A number for the query that the ${n} texts ${parts} make up; {NULL, 0} is not the same as "". */
uint32_t page_cursor_query(const struct str *parts, size_t n);

/* ${c} as text for ${query}; lives in ${a}. */
struct str page_cursor_write(struct arena *a, uint32_t query, const struct page_cursor *c);

/**
 * page_cursor_read(a, text, query, c, e):
 * Read ${text} into ${c}.  Return 0, or -1 with FAULT_USAGE if it is no cursor, or of another query.
 */
int page_cursor_read(struct arena *a, struct str text, uint32_t query, struct page_cursor *c,
		     struct err *e);

#endif
