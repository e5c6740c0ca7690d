/* SPDX-License-Identifier: MIT */
/*
 * A durable queue, whatever holds it.  The states of a record and what each transition writes:
 * omni-queue(7).
 *
 * Batches.  The caller gives 1 to QUEUE_BATCH items; the back end cuts them into its own units and
 * returns when every item has a result.  A batch is not atomic.  Inside one lane an item is never
 * stored when an earlier one of the same call failed: the rest of the lane gets QUEUE_AWAY.
 * Ownership: inputs are borrowed for the call; what take and dead hand out belongs to the queue until
 * the next call of the same function on the same handle.  One handle, one thread; several handles a
 * process, and several processes.  Instants are milliseconds since 1970 of the caller's clock.
 * Return 0, or -1 when the whole call failed: FAULT_AWAY (busy, no network: try again later),
 * FAULT_IO (disk full, damaged), FAULT_CONFIG.
 */
#ifndef OMNI_QUEUE_H
#define OMNI_QUEUE_H

#include "bytes.h"
#include "err.h"

enum {
	QUEUE_BATCH = 4096,
	QUEUE_CURSOR = 64,
	QUEUE_PRIORITIES = 10, /* 0 the most urgent */
	QUEUE_PRIORITY = 5,    /* where nothing is said */
};

/* What a back end can do: checked when the queue is opened, never silently weaker. */
enum queue_can {
	QUEUE_LANES = 1,
	QUEUE_DELAY = 2,
	QUEUE_LONG_DELAY = 4, /* above 15 minutes */
	QUEUE_PRIORITIZE = 8,
	QUEUE_DEDUPE = 16, /* refuses an id that is in the queue or was done within the window */
	QUEUE_LIST = 32,   /* dead letters in order, one by id */
	QUEUE_SYNCED = 64, /* on disk before yes */
};

enum queue_result {
	QUEUE_OK,     /* durable */
	QUEUE_DUP,    /* known to be stored before */
	QUEUE_UNSURE, /* sent, no answer: put again, at least once */
	QUEUE_AWAY,   /* try later */
	QUEUE_FULL,   /* above the size limit: stop reading, or reject */
	QUEUE_BIG,    /* more than the back end takes in one record */
	QUEUE_LOST,   /* the lease is gone, somebody else has it: not an error of the record */
	QUEUE_BAD,    /* the back end refuses it for ever */
};

struct queue_item {
	struct str line; /* one record, without a line end */
	struct str id;   /* dedupe by it; {NULL, 0}: none */
	struct str lane; /* kept in order; {NULL, 0}: none */
	int64_t at_ms;   /* not before; 0: now */
	uint8_t priority;
	enum queue_result result; /* out */
};

struct queue_lease {
	struct str line;
	struct str token; /* proves the lease: printable ASCII without quotes; any process may settle with it */
	uint64_t seq;
	uint32_t attempts; /* this one included */
	int64_t born_ms;   /* when it was put first: back-off grows with age */
	int64_t until_ms;  /* the lease ends, shortened by the margin of the clock */
};

enum queue_what { QUEUE_DONE, QUEUE_RETRY, QUEUE_DEAD };

struct queue_verdict {
	struct str token;
	enum queue_what what;
	int64_t at_ms;                  /* retry: not before */
	struct str stage, code, detail; /* retry and dead: the reason, for the history */
	struct str reject; /* the reject's line as it arrived, kept with a dead letter; may be {NULL, 0} */
	enum queue_result result; /* out: OK or LOST */
};

struct queue_dead {
	struct str line; /* the original */
	struct str id;   /* of the record, "" if it has none */
	uint64_t seq;
	uint32_t attempts;
	int64_t born_ms, dead_ms;
	struct str code, detail, stage;
	struct str reject; /* {NULL, 0} if it died of its attempts */
	struct str history; /* JSON array: [{"at","attempt","code","detail"?}…], the oldest first, bounded */
};

/* Which dead letters: all members that are set must hold. */
struct queue_pick {
	struct str code;
	int64_t since_ms, until_ms; /* when they died; 0: open */
	const struct str *ids;      /* of the record, or its seq in decimal */
	size_t n_ids;
};

struct queue_stat {
	uint64_t ready, delayed, leased, held, dead; /* held: behind another one of its lane */
	uint64_t bytes;                              /* of the lines of all but the dead */
	uint64_t puts, takes, dones, retries, deaths, expiries; /* since the queue was made */
	int64_t oldest_ms; /* when the oldest that waits was born; 0: none */
	uint64_t lanes;    /* that hold something */
};

/* How a queue is opened. */
struct queue_place {
	const char *url;  /* as the user wrote it: for messages */
	const char *path; /* behind the scheme */
	bool create;
	uint64_t max_bytes; /* put refuses above it; 0: no limit */
	uint64_t max_records;
	uint32_t max_attempts; /* then a record that is due again is buried by itself; 0: never */
	int64_t lease_ms;
	int64_t dedupe_ms; /* how long ids of what is done are remembered */
};

struct queue;

/* One kind of queue: eight functions and their close. */
struct queue_backend {
	const char *scheme; /* "sqlite" */
	unsigned can;
	struct queue *(*open)(const struct queue_place *place, struct err *e);
	int (*put)(struct queue *q, struct queue_item *items, size_t n, int64_t now_ms, struct err *e);

	/* Lease at most ${max} records, waiting ${wait_ms} (0: not at all) until there is one. */
	int (*take)(struct queue *q, struct queue_lease *leases, size_t max, size_t *n, int wait_ms,
		    struct err *e);
	int (*settle)(struct queue *q, struct queue_verdict *verdicts, size_t n, int64_t now_ms,
		      struct err *e);
	int (*extend)(struct queue *q, struct queue_verdict *verdicts, size_t n, int64_t until_ms,
		      struct err *e);
	int (*stat)(struct queue *q, struct queue_stat *out, int64_t now_ms, struct err *e);

	/* Dead letters, the oldest first, from ${cursor} on ("" is the start), which is moved behind them. */
	int (*dead)(struct queue *q, const struct queue_pick *pick, struct queue_dead *out,
		    size_t max, size_t *n, char cursor[QUEUE_CURSOR], struct err *e);

	/* Put the dead letters ${pick} back, their attempts forgotten, or delete them; with ${dry} count only. */
	int (*redrive)(struct queue *q, const struct queue_pick *pick, bool purge, bool dry,
		       uint64_t *n, struct err *e);
	void (*close)(struct queue *q);
};

#endif
