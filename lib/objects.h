/* SPDX-License-Identifier: MIT */
/*
 * A store of files by their content: DIR/ab/cd/abcd…, named by the SHA-256 of the bytes in lower-case
 * hexadecimal.  A file is there whole or not at all, never changes, and the same bytes are kept once.
 * Several processes may use one store.
 *
 *	draft = objects_draft(o, &e);		in any one thread,
 *	draft_add(draft, bytes) …		likewise
 *	objects_keep(o, draft, &object);	named; not there for certain
 *	objects_commit(o, &e);			all that were kept are there, and last
 *
 * What is being written lies in DIR/new, locked by its writer, and so do the rooms of those who write by other means;
 * what is not locked there was left by one that died, and goes at the next start.
 */
#ifndef OMNI_OBJECTS_H
#define OMNI_OBJECTS_H

#include "crypto.h"
#include "err.h"

enum { OBJECT_NAME = 64 };

struct object {
	char sha256[OBJECT_NAME + 1];
	uint64_t size;
};

struct objects;
struct draft;

/**
 * objects_open(dir, e):
 * Open the store ${dir}, made if it is missing.  Return owned, or NULL with FAULT_IO.
 */
struct objects *objects_open(const char *dir, struct err *e);

/* What was kept and not committed is dropped.  close(NULL) is legal. */
void objects_close(struct objects *o);

/* Where the object ${sha256} is, or would be: an absolute path, living in ${a}. */
struct str objects_path(const struct objects *o, struct str sha256, struct arena *a);

/* True if ${sha256} is such a name, and there with ${size} bytes. */
bool objects_has(const struct objects *o, struct str sha256, uint64_t size);

/* The same, and its bytes, which are read for that, are those of its name: no disk and nobody has changed them. */
bool objects_intact(const struct objects *o, struct str sha256, uint64_t size);

/**
 * objects_draft(o, e):
 * Begin a file.  Return owned, for objects_keep or draft_drop, or NULL with FAULT_IO.
 */
struct draft *objects_draft(struct objects *o, struct err *e);

/* Append; false if it could not be written, and then draft_error says why. */
bool draft_add(struct draft *d, struct str bytes);

/* Begin again with nothing. */
bool draft_restart(struct draft *d);

uint64_t draft_size(const struct draft *d);

/* The errno of what failed, or 0. */
int draft_error(const struct draft *d);
void draft_drop(struct objects *o, struct draft *d);

/**
 * objects_keep(o, d, out):
 * Name ${d}, which is the store's from then on; it is there when objects_commit has been called.
 */
void objects_keep(struct objects *o, struct draft *d, struct object *out);

/**
 * objects_commit(o, e):
 * Make durable all that was kept; what is there by that name and is not intact is replaced.  Return 0, or -1 with FAULT_IO.
 */
int objects_commit(struct objects *o, struct err *e);

/**
 * objects_room(o, a, e):
 * A directory on the same file system for files that may become objects; it goes, with what is in it, when ${o} is closed,
 * or when a process opens the store that finds this one dead.  Return its path, living in ${a}, or NULL with FAULT_IO.
 */
const char *objects_room(struct objects *o, struct arena *a, struct err *e);

/**
 * objects_copy(o, fd, max, out, e):
 * Keep a copy of the file that ${fd} reads, at most ${max} bytes.  Return 0; 1 if it is larger; or -1 with
 * FAULT_IO.
 */
int objects_copy(struct objects *o, int fd, uint64_t max, struct object *out, struct err *e);

#endif
