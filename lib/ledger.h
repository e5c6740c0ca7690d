/* SPDX-License-Identifier: MIT */
/*
 * What was sent: for each part of a message an intent, durable before its request is made, and the
 * outcome after it.  So a message that is taken again, by whomever, is not sent again.  One SQLite file for
 * all processes of a machine; beside it stands PATH-owners, in which each process that has the ledger open holds a
 * lock: an intent of one that does not is of one that has died.
 *
 * Everything between ledger_begin and ledger_commit is one transaction: many parts share one sync of the
 * disk, and no other process claims any of them meanwhile.  Faults are those of lib/db.
 */
#ifndef OMNI_LEDGER_H
#define OMNI_LEDGER_H

#include "arena.h"
#include "err.h"

enum { LEDGER_SUBJECT = 16 };

/* A part of what is sent: the ledger's key. */
struct ledger_part {
	unsigned char subject[LEDGER_SUBJECT]; /* the message: the bytes of a UUID */
	uint32_t to, part;
};

/* Where a part stands. */
enum ledger_state {
	LEDGER_NEW,     /* never heard of */
	LEDGER_BUSY,    /* somebody who lives is sending it */
	LEDGER_CRASHED, /* somebody was sending it who has died: nobody knows */
	LEDGER_SENT,
	LEDGER_FREE,    /* the last attempt did not reach anybody */
	LEDGER_UNKNOWN, /* nobody knows, and that was said */
};

struct ledger_entry {
	enum ledger_state state;
	int64_t attempt;             /* the number of the last one; 0: there was none */
	int64_t at_ms;               /* of its intent, or of its outcome */
	bool idempotent;             /* the carrier drops the second of two */
	struct str carrier, account; /* that it was made over */
	struct str outcome;          /* the text that was kept; {NULL, 0} without outcome */
};

struct ledger;

/**
 * ledger_open(path, e):
 * Open or make ${path}.  Return owned, or NULL.
 */
struct ledger *ledger_open(const char *path, struct err *e);

/* Legal on NULL.  Intents without outcome are crashed from then on. */
void ledger_close(struct ledger *l);

/*
 * True if its file is no longer where it was opened: removed, or replaced by another.  What is written goes on to be read by
 * this process, and by no other.
 */
bool ledger_gone(const struct ledger *l);

int ledger_begin(struct ledger *l, struct err *e);
int ledger_commit(struct ledger *l, struct err *e);

/**
 * ledger_find(l, part, a, out, e):
 * Fill ${out} with what is known of ${part}; texts live in ${a}.  Return 0 or -1.
 */
int ledger_find(struct ledger *l, const struct ledger_part *part, struct arena *a,
		struct ledger_entry *out, struct err *e);

/**
 * ledger_intend(l, part, entry, e):
 * This process makes the attempt that ${entry} (attempt, at_ms, idempotent, carrier, account) tells of: it may
 * begin when ledger_commit has returned.  Return 0 or -1.
 */
int ledger_intend(struct ledger *l, const struct ledger_part *part,
		  const struct ledger_entry *entry, struct err *e);

/**
 * ledger_done(l, part, state, at_ms, outcome, e):
 * The attempt has ended in ${state}: LEDGER_SENT, LEDGER_FREE or LEDGER_UNKNOWN.  Return 0 or -1.
 */
int ledger_done(struct ledger *l, const struct ledger_part *part, enum ledger_state state,
		int64_t at_ms, struct str outcome, struct err *e);

/**
 * ledger_prune(l, before_ms, e):
 * Forget a little of what was sent, or failed, before ${before_ms}: each call looks at a part of the file, in turn, so
 * that a call for each few hundred intents keeps it from growing.  What is not known is kept.  Inside a transaction.  Return 0 or -1.
 */
int ledger_prune(struct ledger *l, int64_t before_ms, struct err *e);

#endif
