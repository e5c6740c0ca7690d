/* SPDX-License-Identifier: MIT */
/*
 * Questions to a store.  Answers are lines of JSON, given to a function one after the other, all of one
 * state of the file.  Texts that are {NULL, 0} do not filter.
 */
#ifndef OMNI_STORE_QUERY_H
#define OMNI_STORE_QUERY_H

#include "store.h"

struct store_filter {
	struct str carrier, account, channel, direction, type, status;
	struct str from, to;     /* addresses */
	struct str conversation; /* its id */
	struct str search;       /* words, or with ${expert} an expression of FTS5 */
	bool expert;
	int64_t since, until; /* milliseconds since 1970; both count themselves */
};

struct store_page {
	uint64_t limit;    /* 0: none */
	struct str cursor; /* {NULL, 0}: from the start */
	bool reverse;      /* oldest first */
};

struct store_sink {
	/* Take ${line}, which has no line end.  Return 0, or -1 to end the query with ${e}. */
	int (*line)(void *arg, struct str line, struct err *e);
	void *arg;
};

/**
 * store_messages(s, f, p, to, e):
 * The messages that pass ${f}, newest first.  Return 0 or -1: FAULT_USAGE for a cursor or an expression
 * that can not be used.
 */
int store_messages(struct store *s, const struct store_filter *f, const struct store_page *p,
		   const struct store_sink *to, struct err *e);

/**
 * store_message(s, id, f, to, e):
 * The message ${id} and its timeline.  ${id} is that of the record, or what the carrier in ${f} (with
 * account, or without) calls it.  Return 1, 0 if there is none, or -1.
 */
int store_message(struct store *s, struct str id, const struct store_filter *f,
		  const struct store_sink *to, struct err *e);

#endif
