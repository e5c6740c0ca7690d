/* SPDX-License-Identifier: MIT */
/*
 * A durable queue, whatever holds it.  The states of a record and what each transition writes:
 * omni-queue(7).
 *
 * Batches.  The caller gives 1 to QUEUE_BATCH items; the back end cuts them into its own units and
 * returns when every item has a result.  A batch is not atomic.  Inside one lane an item is never
 * stored when an earlier one of the same call failed: the rest of the lane gets QUEUE_AWAY, or what
 * the earlier one got.
 * Ownership: inputs are borrowed for the call; what take and dead hand out belongs to the queue until
 * the next call of the same function on the same handle.  One handle, one thread; several handles a
 * process, and several processes.  Instants are milliseconds since 1970 of the caller's clock.
 * Return 0, or -1 when the whole call failed: FAULT_AWAY (busy, no network: try again later),
 * FAULT_IO (disk full, damaged), FAULT_CONFIG.  Then nothing of the call is known to be done.
 */
#ifndef OMNI_QUEUE_H
#define OMNI_QUEUE_H

#include "bytes.h"
#include "err.h"

enum {
	QUEUE_BATCH = 4096,
	QUEUE_CURSOR = 64,
	QUEUE_TOKEN = 64,      /* longest token of the embedded back end */
	QUEUE_PRIORITIES = 10, /* 0 the most urgent */
	QUEUE_PRIORITY = 5,    /* where nothing is said */
	QUEUE_LEASE_MS = 60000,
	QUEUE_WINDOW_MS = 86400000, /* of ids */
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
	struct str line;          /* one record, without a line end and without a member `lease` */
	struct str id;            /* dedupe by it; {NULL, 0}: none */
	struct str lane;          /* kept in order; {NULL, 0}: none */
	int64_t at_ms;            /* not before; 0: now */
	uint8_t priority;         /* below QUEUE_PRIORITIES; QUEUE_PRIORITY costs nothing */
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
	struct str stage, code, detail; /* retry and dead: the reason, for the history; UTF-8 */
	struct str reject; /* the reject's line as it arrived, kept with a dead letter; may be {NULL, 0} */
	enum queue_result result; /* out: OK or LOST */
};

struct queue_dead {
	struct str line; /* the original */
	struct str id;   /* of the record, "" if it has none */
	uint64_t seq;
	uint32_t attempts;
	int64_t born_ms, dead_ms;
	struct str code, detail, stage; /* code "attempts" and stage "queue" if it died of its attempts */
	struct str reject;              /* {NULL, 0} if it died of its attempts */
	struct str history; /* JSON array: [{"at","attempt","code","stage"?,"detail"?}…], the oldest first, bounded */
};

/* Which dead letters: all members that are set must hold. */
struct queue_pick {
	struct str code;
	int64_t since_ms, until_ms; /* when they died, closed-open; 0: no bound */
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

/* How a queue is opened.  What is 0 has the meaning that stands here. */
struct queue_place {
	const char *dir; /* where plain names are; NULL: $OMNI_QUEUE_DIR, /var/lib/omni/queue */
	bool create;     /* make it if it is missing */
	bool steady; /* it is put to without end: housekeeping goes on beside that, in a thread */
	uint64_t max_bytes; /* put refuses above it; 0: no limit */
	uint64_t max_records;
	int64_t dedupe_ms;     /* how long ids of what is done are remembered; 0: QUEUE_WINDOW_MS */
	int64_t lease_ms;      /* 0: QUEUE_LEASE_MS */
	uint32_t max_attempts; /* then a record that is due again is buried by itself; 0: never */
	int64_t hold_ms; /* extend with n 0 leaves leases alone that were taken longer ago; 0: none */
	uint32_t in_flight; /* take gives no more while so many leases of this handle are out; 0: no bound */
};

/* The part of a handle that all back ends have; theirs follows. */
struct queue {
	const struct queue_backend *backend;
	char *name; /* what `lease.queue` says: inbound for inbound and sqlite:/srv/q/inbound.queue alike */
	char *path; /* behind the scheme */
	struct queue_place place;
};

/* One kind of queue. */
struct queue_backend {
	const char *scheme; /* "sqlite" */
	unsigned can;

	/* Return 0 with ${out}, whose first member is a struct queue that queue_open fills then. */
	int (*open)(struct queue **out, const char *path, const struct queue_place *place,
		    struct err *e);
	int (*put)(struct queue *q, struct queue_item *items, size_t n, int64_t now_ms, struct err *e);

	/* Lease at most ${max} records, the first that are due.  Never waits: none is ${n} 0. */
	int (*take)(struct queue *q, struct queue_lease *leases, size_t max, size_t *n,
		    int64_t now_ms, struct err *e);

	/*
	 * A descriptor that is readable when there may be something to take, or room to put; at the
	 * latest after ${timeout} milliseconds it should be tried.  To be asked again before each wait:
	 * that empties it.  Ask, then take, and wait only if there was nothing: so no wake-up is missed.
	 * Return it, or -1.
	 */
	int (*watch)(struct queue *q, int64_t now_ms, int *timeout, struct err *e);
	int (*settle)(struct queue *q, struct queue_verdict *verdicts, size_t n, int64_t now_ms,
		      struct err *e);

	/*
	 * The leases of ${verdicts} (only the token counts) end at ${until_ms}.  With ${n} 0: all that
	 * this handle has taken and that are still out.
	 */
	int (*extend)(struct queue *q, struct queue_verdict *verdicts, size_t n, int64_t until_ms,
		      int64_t now_ms, struct err *e);
	int (*stat)(struct queue *q, struct queue_stat *out, int64_t now_ms, struct err *e);

	/* Dead letters, the oldest first, from ${cursor} on ("" is the start), which is moved behind them. */
	int (*dead)(struct queue *q, const struct queue_pick *pick, struct queue_dead *out,
		    size_t max, size_t *n, char cursor[QUEUE_CURSOR], struct err *e);

	/* Put the dead letters ${pick} back, their attempts forgotten, or delete them; with ${dry} count only. */
	int (*redrive)(struct queue *q, const struct queue_pick *pick, bool purge, bool dry,
		       uint64_t *n, int64_t now_ms, struct err *e);

	/*
	 * Delete all that the queue holds, dead letters and what is leased among it; ${n} is how many.  Their
	 * ids are forgotten, those of what is done are not.
	 */
	int (*purge)(struct queue *q, uint64_t *n, struct err *e);
	void (*close)(struct queue *q); /* the back end's part: queue_close frees the rest */
};

/**
 * queue_open(url, place, need, e):
 * Open "sqlite:PATH", or a plain name (letters, digits, ".", "_", "-"), which is the file NAME.queue in
 * the directory of queues.  ${need} are bits of queue_can.  ${place} is copied, its texts are borrowed for
 * the life of the handle.  Return owned, or NULL with FAULT_CONFIG (unknown scheme, malformed name,
 * missing, foreign, or it can not do what is needed), FAULT_AWAY or FAULT_IO.
 */
struct queue *queue_open(const char *url, const struct queue_place *place, unsigned need, struct err *e);

/* close(NULL) is legal.  Leases that are out stay so until they are settled or expire. */
void queue_close(struct queue *q);

/* The directory of queues with plain names that ${place} stands for. */
const char *queue_dir(const struct queue_place *place);

static inline const char *queue_name(const struct queue *q)
{
	return q->name;
}

/* For the tables of options of all who open a queue: then place.dir = opt_value(args, "dir"). */
#define QUEUE_OPT_DIR                                                                                  \
	{                                                                                              \
		"dir", 0, "DIR",                                                                       \
			"where named queues are (default $OMNI_QUEUE_DIR, /var/lib/omni/queue)", false \
	}

static inline int queue_put(struct queue *q, struct queue_item *items, size_t n, int64_t now_ms,
			    struct err *e)
{
	return q->backend->put(q, items, n, now_ms, e);
}

static inline int queue_take(struct queue *q, struct queue_lease *leases, size_t max, size_t *n,
			     int64_t now_ms, struct err *e)
{
	return q->backend->take(q, leases, max, n, now_ms, e);
}

static inline int queue_watch(struct queue *q, int64_t now_ms, int *timeout, struct err *e)
{
	return q->backend->watch(q, now_ms, timeout, e);
}

static inline int queue_settle(struct queue *q, struct queue_verdict *verdicts, size_t n,
			       int64_t now_ms, struct err *e)
{
	return q->backend->settle(q, verdicts, n, now_ms, e);
}

static inline int queue_extend(struct queue *q, struct queue_verdict *verdicts, size_t n,
			       int64_t until_ms, int64_t now_ms, struct err *e)
{
	return q->backend->extend(q, verdicts, n, until_ms, now_ms, e);
}

static inline int queue_stat(struct queue *q, struct queue_stat *out, int64_t now_ms, struct err *e)
{
	return q->backend->stat(q, out, now_ms, e);
}

static inline int queue_dead(struct queue *q, const struct queue_pick *pick, struct queue_dead *out,
			     size_t max, size_t *n, char cursor[QUEUE_CURSOR], struct err *e)
{
	return q->backend->dead(q, pick, out, max, n, cursor, e);
}

static inline int queue_redrive(struct queue *q, const struct queue_pick *pick, bool purge,
				bool dry, uint64_t *n, int64_t now_ms, struct err *e)
{
	return q->backend->redrive(q, pick, purge, dry, n, now_ms, e);
}

static inline int queue_purge(struct queue *q, uint64_t *n, struct err *e)
{
	return q->backend->purge(q, n, e);
}

#endif
