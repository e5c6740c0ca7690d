/* SPDX-License-Identifier: MIT */
/*
 * The inside of queues in SQLite: queue_sqlite*.c alone include it.  Tables, and what each transition
 * writes: omni-queue(7).
 */
#ifndef OMNI_QUEUE_SQLITE_PRIVATE_H
#define OMNI_QUEUE_SQLITE_PRIVATE_H

#include "arena.h"
#include "db.h"
#include "db_tidy.h"
#include "queue_sqlite.h"

/* plan.state.  A record without a plan is ready where its seq is above the head, else leased. */
enum plan_state { PLAN_READY, PLAN_DELAYED, PLAN_LEASED, PLAN_HELD };

enum { KEY_BYTES = 16 };

/* The one row of `meta`: read at the start of a transaction, written at its end. */
struct meta {
	int64_t tail;    /* seq of the last record that was put */
	int64_t head;    /* seq of the last record without a plan that was taken */
	int64_t plain;   /* seq of the last record that was put without a plan */
	int64_t leases;  /* id of the last lease */
	int64_t records; /* in the table of records */
	int64_t bytes;   /* of their lines */
	int64_t seen_ms; /* the clock at the last take */
	int64_t puts, takes, dones, retries, deaths, expiries;
};

/* A take of this handle that may still be out. */
struct taken {
	int64_t lease;
	int64_t at_ms; /* clock_steady */
	uint32_t n;
};

struct sqlite_queue {
	struct queue q; /* first */
	struct db *db;
	struct db_tidy *tidy; /* NULL: SQLite does it */
	struct meta meta;
	struct arena *lines; /* what take handed out */
	struct arena *dead;  /* what dead handed out */
	struct arena *work;  /* inside one record */
	struct buf history;
	struct taken *mine;
	size_t n_mine, cap_mine, sweep_at;
	uint64_t out; /* leases of this handle that are out, at most */
	int notify;   /* inotify, -1 until watch was asked */
};

static inline struct sqlite_queue *sqlite_of(struct queue *q)
{
	return (struct sqlite_queue *)q;
}

/* A lease as its taker holds it in its hand. */
struct token {
	int64_t seq, lease;
	uint64_t secret;
};

/* Text of ${t} in ${a}; read it again.  Return 0, or -1 if ${s} is none. */
struct str token_text(struct arena *a, const struct token *t);
int token_read(struct str s, struct token *t);

/* The 16 bytes that stand for a text as the key of an id or of a lane. */
void queue_key(struct str s, unsigned char out[KEY_BYTES]);

/*
 * sqlite_begin and sqlite_end enclose a transaction: read meta; write it, commit, wake who waits.
 * Between them every failure leads to sqlite_fail, which gives all up and returns -1.
 */
int sqlite_begin(struct sqlite_queue *s, bool quick, struct err *e);
int sqlite_end(struct sqlite_queue *s, bool wake, struct err *e);
int sqlite_fail(struct sqlite_queue *s);

/* A record on its way out of a state. */
struct subject {
	int64_t seq;
	bool planned; /* it has a plan */
	enum plan_state state;
	int64_t lease;   /* of a leased one */
	uint64_t secret; /* of the last lease, which ran out; 0: none */
	uint32_t attempts;
	int64_t priority;
	bool laned;
	unsigned char lane[KEY_BYTES];
	struct str history; /* in s->work, or {NULL, 0} */
};

struct reason {
	struct str stage, code, detail, reject;
};

/* Read the plan of ${seq} into ${out}.  Return 1, 0 if it has none, -1. */
int plan_read(struct sqlite_queue *s, int64_t seq, struct subject *out, struct err *e);

/*
 * ${sub} waits from now on, until ${at_ms} (0: it is ready); a plan is made where it had none.
 * ${secret}: of a lease that ran out, with which it may still be settled.
 */
int plan_wait(struct sqlite_queue *s, const struct subject *sub, int64_t at_ms, uint64_t secret,
	      struct err *e);

/* The record is gone from the queue: done, or (bury) to the dead letters.  Its lane goes on. */
int record_done(struct sqlite_queue *s, const struct subject *sub, int64_t now_ms, struct err *e);
int record_bury(struct sqlite_queue *s, const struct subject *sub, const struct reason *why,
		int64_t now_ms, struct err *e);

/* The history of ${sub} with one entry more, in s->work. */
struct str history_add(struct sqlite_queue *s, const struct subject *sub, const struct reason *why,
		       int64_t now_ms);

/*
 * Leases whose time has come are forgotten, their records wait.  Return 0, 1 if it was enough for once and there
 * may be more, -1.
 */
int leases_expire(struct sqlite_queue *s, int64_t now_ms, struct err *e);

/* ${n} records less are out under ${lease}. */
int lease_less(struct sqlite_queue *s, int64_t lease, int64_t n, struct err *e);

int sqlite_put(struct queue *q, struct queue_item *items, size_t n, int64_t now_ms, struct err *e);
int sqlite_take(struct queue *q, struct queue_lease *leases, size_t max, size_t *n, int64_t now_ms,
		struct err *e);
int sqlite_settle(struct queue *q, struct queue_verdict *v, size_t n, int64_t now_ms, struct err *e);
int sqlite_extend(struct queue *q, struct queue_verdict *v, size_t n, int64_t until_ms,
		  int64_t now_ms, struct err *e);
int sqlite_stat(struct queue *q, struct queue_stat *out, int64_t now_ms, struct err *e);
int sqlite_dead(struct queue *q, const struct queue_pick *pick, struct queue_dead *out, size_t max,
		size_t *n, char cursor[QUEUE_CURSOR], struct err *e);
int sqlite_redrive(struct queue *q, const struct queue_pick *pick, bool purge, bool dry,
		   uint64_t *n, int64_t now_ms, struct err *e);

int sqlite_purge(struct queue *q, uint64_t *n, struct err *e);

#endif
