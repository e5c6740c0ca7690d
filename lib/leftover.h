/* SPDX-License-Identifier: MIT */
/*
 * What is left of a JSON document when all that has a place in a record is taken out of it: the
 * carrier_data of a record, the data of a reply.  It is an object; what is to be in it is appended
 * with json_add_str and its kin, or from the document by the functions below.
 */
#ifndef OMNI_LEFTOVER_H
#define OMNI_LEFTOVER_H

#include "json.h"

/*
 * An object that stands open and has nothing in it yet.  What is put into it comes from one line.
 */
struct buf leftover_begin(void);

/*
 * Close and release ${b}.  Return its text, which lives in ${a}; {NULL, 0} if nothing is in it.
 */
struct str leftover_end(struct arena *a, struct buf *b);

/* ${v} as it came: an object as it is, anything else as the member "body" of one; lives in ${a}. */
struct str leftover_whole(struct arena *a, const struct json *v);

/**
 * leftover_members(b, under, obj, taken, n):
 * Append the members of ${obj} that are none of the ${n} names ${taken} to ${b}: inside a member
 * ${under} where that has a pointer, which is not there if none are left.
 */
void leftover_members(struct buf *b, struct str under, const struct json *obj,
		      const struct str *taken, size_t n);

enum {
	LEFTOVER_PLACES_MAX = 192
}; /* values that get a place in one record: some 60, and those of media */

/*
 * The values of a document that are not left over, for documents in which not the name but the
 * place decides.  Past LEFTOVER_PLACES_MAX a value is left over though it was taken.
 */
struct leftover {
	bool bare; /* empty values are not left over either: null, "", {} and [] */
	struct {
		const struct json *v;
		bool opened; /* some of what is in it may be taken, not it as a whole */
	} places[LEFTOVER_PLACES_MAX];
	size_t n;
};

/* Say that ${v} got its place in the record; NULL is legal. */
void leftover_taken(struct leftover *l, const struct json *v);

/* Say that parts of ${v}, an object or array, did, or will; NULL is legal. */
void leftover_opened(struct leftover *l, const struct json *v);

/* Append the members of ${root}, an object, that are left over to ${b}. */
void leftover_put(struct buf *b, const struct leftover *l, const struct json *root);

#endif
