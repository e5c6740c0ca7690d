/* SPDX-License-Identifier: MIT */
/*
 * A record: one JSON object on one line, the members that stages have appended to it since it was
 * read, and where it came from.  Copying a struct rec is how a stage makes a changed record; it
 * borrows all that it points to, which lives in the record's arena.
 */
#ifndef OMNI_REC_H
#define OMNI_REC_H

#include "json.h"
#include "limit.h"

struct rec_member {
	struct str key, value; /* value is JSON; {NULL, 0}: the member is taken out */
	bool replaces;         /* the line has a member of this name, which must go */
};

struct hook;

struct rec {
	struct str line;         /* the bytes as they came, without their line end */
	const struct json *root; /* the same, parsed: an object */
	struct arena *arena;     /* lives until the record is done; what a step makes goes here */
	const char *file;        /* for messages: the operand, "-" for standard input */
	uint64_t lineno; /* from 1; for the runner, which alone may know what to count from */
	int64_t now; /* of a stage that is `timed`: when the runner read it, milliseconds since 1970; 0: it does not say */
	struct rec_member added[REC_ADDED_MAX];
	unsigned n_added;
	unsigned n_settled; /* so many of them were added by stages before this one in the same process */
	struct str report;           /* JSON that its reject has as `report`, or {NULL, 0} */
	const unsigned short *dests; /* where --split sends it: indexes into the stage's destinations */
	unsigned n_dests;
	const struct hook *hook; /* what an earlier stage read of it (hook_share), or NULL */
};

/**
 * rec_parse(r, line, arena, e):
 * Make ${r} of ${line}.  Return 0, or -1 with FAULT_DATA: not UTF-8, not JSON, not an object.
 */
int rec_parse(struct rec *r, struct str line, struct arena *arena, struct err *e);

/**
 * rec_get(r, key):
 * The member ${key} as later stages will see it: appended ones first, then those of the line.  NULL
 * if there is none.
 */
const struct json *rec_get(const struct rec *r, const char *key);

/**
 * rec_root(r):
 * The whole record as one value: what earlier stages have added becomes a part of the line.  For who
 * looks at all members; rec_get is cheaper.
 */
const struct json *rec_root(struct rec *r);

static inline struct str rec_str(const struct rec *r, const char *key)
{
	return json_str(rec_get(r, key));
}

/* True if the record's kind is ${kind}. */
bool rec_is(const struct rec *r, const char *kind);

/**
 * rec_add(r, key, value):
 * Append the member ${key} with the JSON ${value} to ${r}; one that is there already is replaced.
 * Both are borrowed until the record has been put.  ${key} needs no escapes.
 */
void rec_add(struct rec *r, const char *key, struct str value);

/* Take the member ${key} out of ${r}, if it is there.  ${key} is borrowed as by rec_add. */
void rec_drop(struct rec *r, const char *key);

/* Write ${r} with all that was appended, without a line end. */
void rec_write(struct buf *b, const struct rec *r);

/**
 * rec_made(r, parent, text, e):
 * Make ${r} a new record out of ${text}, the JSON of one object; it inherits place and arena of
 * ${parent}. The root is parsed only when somebody asks for a member (rec_get).
 */
void rec_made(struct rec *r, const struct rec *parent, struct str text);

/* What a record has of its lease: the interval from (part - 1)/parts to part/parts of 0 to 1. */
struct share {
	int64_t part, parts;
};

/**
 * rec_share_of(lease, s):
 * Read the share that stands in ${lease}; without one it is the whole.  Return 0, or -1 if what
 * stands there is none.
 */
int rec_share_of(const struct json *lease, struct share *s);

/**
 * rec_inherit(b, parent, part, parts):
 * Append the members that every record made from ${parent} takes over, inside the open object in
 * ${b}: `trace`, and `lease` with this record's share.  ${part} counts from 1.  A share of a share
 * is again a fraction: of part p/P, the k-th of n is ((p-1)n+k)/(Pn), so the shares of one lease
 * always add up to 1.  What is no share, or too small to be divided, becomes part 0 of 0, which
 * settles nothing: the lease runs out, and nothing is lost.
 */
void rec_inherit(struct buf *b, const struct rec *parent, unsigned part, unsigned parts);

/**
 * rec_share(r, part, parts):
 * The same for a record that goes on unchanged beside others that were made from it: replace its
 * lease by this share.
 */
void rec_share(struct rec *r, unsigned part, unsigned parts);

/**
 * rec_reject(b, stage, r, e):
 * Write the reject of ${r} by ${stage} for ${e}, without a line end.  Its id is derived, its `at`
 * that of the record.
 */
void rec_reject(struct buf *b, const char *stage, const struct rec *r, const struct err *e);

/**
 * rec_reject_raw(b, stage, raw, lineno, e):
 * The same for bytes that are no record: they go into `raw`, or `raw64` when they are not UTF-8.
 * ${lineno} 0 is left out.
 */
void rec_reject_raw(struct buf *b, const char *stage, struct str raw, uint64_t lineno,
		    const struct err *e);

#endif
