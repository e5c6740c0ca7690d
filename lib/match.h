/* SPDX-License-Identifier: MIT */
/*
 * Conditions on records, written in JSON and compiled: a condition becomes a row of tests that jump
 * to each other, over a table of member paths in which each path stands once and is looked up at
 * most once a record, when the first test needs it.
 *
 *	COND   {"all":[COND…]} {"any":[COND…]} {"not":COND}
 *	       {"eq":{PATH:VALUE…}}           string, number (by value), true, false, null
 *	       {"in":{PATH:[VALUE…]…}}        one of them
 *	       {"prefix":{PATH:TEXT|[TEXT…]…}}  "suffix" likewise
 *	       {"exists":PATH|[PATH…]}        all of them; null exists
 *	       {"range":{PATH:{"min":N,"max":N,"above":N,"below":N}…}}   numbers only
 *	       {"regex":{PATH:PATTERN…}}      found anywhere in a string
 *	       {"jq":FILTER}                  its first result is neither false nor null
 *	PATH   a JSON Pointer ("/from/address", "/to/0/address") or a plain member name ("channel")
 *
 * Several keys in one COND, and several paths under one key, mean all of them.  What is not there
 * matches nothing.  All that is cheap is decided before a jq filter of the same condition runs.
 */
#ifndef OMNI_MATCH_H
#define OMNI_MATCH_H

#include "rec.h"

struct match; /* the conditions of one configuration; belongs to one thread */

/**
 * match_new(file):
 * An empty set; ${file} stands in front of messages and is borrowed.  Return owned.
 */
struct match *match_new(const char *file);
void match_free(struct match *m);

/**
 * match_add(m, cond, where, e):
 * Compile ${cond}, which stands at the JSON Pointer ${where} of the file; copies what it needs.
 * Return the number of the condition, from 0, or -1 with FAULT_CONFIG naming file and path.
 */
int match_add(struct match *m, const struct json *cond, struct str where, struct err *e);

/**
 * match_ready(m, e):
 * Compile the jq filters of all that was added, as one program.  Call it once, before the first
 * match_begin.  Return 0, or -1 with FAULT_CONFIG naming file, path and line.
 */
int match_ready(struct match *m, struct err *e);

/* Test ${r} from here on, as later stages will see it; it must not change until the next call. */
void match_begin(struct match *m, const struct rec *r);

/**
 * match_test(m, i, e):
 * Return 1 if condition ${i} holds, 0 if not, -1 with FAULT_DATA if that can not be said: a jq
 * filter failed (codes of expr_run), or a pattern took more than REGEX_MATCH_LIMIT steps
 * ("regex-limit").
 */
int match_test(struct match *m, int i, struct err *e);

/**
 * match_why(m, found):
 * After match_test: return the test that decided, as a JSON Pointer from the condition on
 * ("/eq/channel"), and set ${found} to the value that it looked at; NULL if there was none.
 */
struct str match_why(const struct match *m, const struct json **found);

/* Texts that must stand in the JSON of a record for a condition to hold: one of them, at least. */
struct match_need {
	const struct str *text;
	unsigned n; /* 0: it never holds */
	bool slash; /* one of them has a "/", which JSON may spell "\/" */
};

enum { MATCH_NEED_MAX = 8 };

/**
 * match_need(m, i):
 * What condition ${i} needs, derived from its tests of strings; lives as long as ${m}.  NULL where
 * nothing can be said: tests of other things, more than MATCH_NEED_MAX texts, texts that JSON must
 * escape, and where a regex or jq that could fail comes first.
 */
const struct match_need *match_need(struct match *m, int i);

/**
 * match_lacks(need, line):
 * True if the record whose JSON ${line} is has none of them, however it is spelled: match_test would
 * return 0.  A scan, for who has not parsed the line yet and would rather not.
 */
bool match_lacks(const struct match_need *need, struct str line);

#endif
