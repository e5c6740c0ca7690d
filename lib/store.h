/* SPDX-License-Identifier: MIT */
/*
 * The store: messages with all that became of them, conversations, participants, contacts and a log of
 * their changes, in one SQLite file.  omni-store(1) has the data model.
 *
 * Records are written in transactions: store_put opens one where there is none, store_commit makes all
 * durable that was put since.  Faults are those of lib/db; after one the transaction is gone.
 */
#ifndef OMNI_STORE_H
#define OMNI_STORE_H

#include "rec.h"

struct store;

enum {
	STORE_CREATE = 1,   /* make the file if it is missing */
	STORE_READONLY = 2, /* queries: no lock is taken that a writer could wait for */
};

/**
 * store_open(path, flags, e):
 * Open the store ${path}; one of an older version is brought to this one.  Return owned, or NULL.
 */
struct store *store_open(const char *path, unsigned flags, struct err *e);

/* What was put and not committed is forgotten.  close(NULL) is legal. */
void store_close(struct store *s);

/* True if ${r} is of a kind that store_put takes: message, status, event, delivery. */
bool store_takes(const struct rec *r);

struct store_done {
	int64_t seq; /* of the record in the store */
	bool new;    /* false: it was there already, and nothing was changed */
};

/**
 * store_put(s, r, done, e):
 * Store ${r}.  Return 0; -1 with FAULT_DATA and nothing changed if it lacks what the store needs; -1 with
 * another fault, which ends the work.
 */
int store_put(struct store *s, const struct rec *r, struct store_done *done, struct err *e);

/* Make durable what was put; legal if that is nothing.  Return 0 or -1. */
int store_commit(struct store *s, struct err *e);

#endif
