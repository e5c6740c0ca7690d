/* SPDX-License-Identifier: MIT */
/*
 * The door to SQLite: one file, opened so that what has been committed survives a crash of the
 * machine (WAL, synchronous=FULL), several processes side by side.
 *
 * Faults: FAULT_AWAY, the file stayed locked longer than DB_BUSY_MS (nothing is lost, run again);
 * FAULT_IO, the disk is full, read-only or failing, or the file is damaged; FAULT_CONFIG, it is not
 * ours, or of a newer version than this program knows.  The text names the file.  After a fault
 * inside a transaction the transaction is rolled back.  A handle belongs to one thread at a time.
 */
#ifndef OMNI_DB_H
#define OMNI_DB_H

#include "bytes.h"
#include "err.h"

enum { DB_BUSY_MS = 10000 };

/* What a file holds, and how an older one becomes it. */
struct db_schema {
	unsigned magic;           /* PRAGMA application_id: what kind of file it is */
	const char *what;         /* "queue", for messages */
	const char *const *steps; /* SQL that makes version i+1 out of version i; NULL-terminated */
	int page_size;            /* of a file that is made; 0: SQLite's own choice */
};

enum {
	DB_CREATE = 1,   /* make the file, and the directories above it, if missing */
	DB_READONLY = 2, /* never write; an older version is refused, not migrated */
};

struct db;
struct db_stmt;

/**
 * db_open(path, schema, flags, e):
 * Open ${path} and bring it to the newest version of ${schema}.  Borrows ${schema}.  A file that is
 * made has mode 0600.  Return owned, or NULL.
 */
struct db *db_open(const char *path, const struct db_schema *schema, unsigned flags, struct err *e);

/* Close, with all statements.  close(NULL) is legal. */
void db_close(struct db *d);

const char *db_path(const struct db *d);

/**
 * db_exec(d, sql, e):
 * Run ${sql}, one or more statements without results.  Return 0 or -1.
 */
int db_exec(struct db *d, const char *sql, struct err *e);

/**
 * db_begin(d, e), db_commit(d, e):
 * A transaction that may write; it holds the only write lock of the file.  Durable when db_commit
 * has returned 0.  db_rollback never fails, and is legal outside.
 */
int db_begin(struct db *d, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d);

/*
 * The same, for what may be forgotten when the machine dies: db_commit does not wait for the disk.  It
 * survives the death of the process, and is durable as soon as any later db_commit of the other kind is,
 * by whomever.
 */
int db_begin_quick(struct db *d, struct err *e);

/*
 * A transaction that reads: all statements up to db_commit see the same state.
 */
int db_begin_read(struct db *d, struct err *e);

/**
 * db_stmt(d, sql):
 * Prepare ${sql} (a literal: the same pointer gives the same statement again), once; it lives until
 * db_close.  A text that SQLite does not take, on a file of our own, is a fault of the program or of a
 * damaged file: it shows at db_step.
 */
struct db_stmt *db_stmt(struct db *d, const char *sql);

/* Parameters, from 1.  Texts are borrowed until db_reset. */
void db_bind_i64(struct db_stmt *s, int i, int64_t v);
void db_bind_text(struct db_stmt *s, int i, struct str v); /* {NULL, 0} is NULL */
void db_bind_blob(struct db_stmt *s, int i, const void *p, size_t n);
void db_bind_null(struct db_stmt *s, int i);

/* Return 1 and a row, 0 behind the last one, or -1.  Then, and before new parameters: db_reset. */
int db_step(struct db_stmt *s, struct err *e);
void db_reset(struct db_stmt *s);

/* Step a statement that gives no rows, and reset it.  Return 0 or -1. */
int db_run(struct db_stmt *s, struct err *e);

/* Columns of the row, from 0; texts and blobs live until the next db_step or db_reset. */
int64_t db_i64(const struct db_stmt *s, int i);
struct str db_text(const struct db_stmt *s, int i);
struct str db_blob(const struct db_stmt *s, int i);
bool db_is_null(const struct db_stmt *s, int i);

/* Rows that the last statement inserted, updated or deleted. */
int64_t db_changes(const struct db *d);

/**
 * db_version(d, version, e):
 * A number that changes when another handle has committed since the last call on this one: cheap,
 * for waiting.  Return 0 or -1.
 */
int db_version(struct db *d, int64_t *version, struct err *e);

/*
 * Move what the write-ahead log holds into the file, as far as readers allow, and let it be used again.
 * ${moved}: how many of its pages have been by now; 0 if somebody else is at it.
 */
int db_checkpoint(struct db *d, int *moved, struct err *e);

/* Another handle of the same file, for another thread. */
struct db *db_open_again(const struct db *d, struct err *e);

/*
 * Call ${fn} after each commit of ${d} with the pages of the write-ahead log, instead of moving it
 * each thousand pages; NULL: as it was.  The commit is durable whatever ${fn} returns.
 */
void db_on_commit(struct db *d, int (*fn)(void *arg, int pages, struct err *e), void *arg);

/**
 * db_backup(d, path, e):
 * Copy the file as it is now to ${path}, while others go on writing; there it appears by rename, whole
 * and synced.  Return 0 or -1.
 */
int db_backup(struct db *d, const char *path, struct err *e);

/**
 * db_check(d, problem, arg, e):
 * SQLite's integrity check: call ${problem} with a text for each thing that is wrong.  Return 0, or -1 if
 * it could not be run to its end.
 */
int db_check(struct db *d, void (*problem)(void *arg, struct str text), void *arg, struct err *e);

#endif
