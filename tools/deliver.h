/* SPDX-License-Identifier: MIT */
/*
 * The inside of omni-deliver; tools/deliver*.c alone include it.
 *
 * An errand is one record on its way.  It goes part by part, recipient by recipient:
 *
 *	fresh      its part is to be looked up in the ledger
 *	waiting    in the lane of an account, for a place
 *	placed     has one; its request is made, its intent written, and then it is
 *	           under way, until the answer is there
 *	ended      the outcome is to be written; then the next part, another account, or
 *	asleep     a short wait before another attempt
 *	finished   it leaves, with a record of each attempt
 *
 * Behind the first errand of a conversation the others of that conversation wait.
 */
#ifndef OMNI_DELIVER_H
#define OMNI_DELIVER_H

#include "circuit.h"
#include "deliver_read.h"
#include "fetch.h"
#include "heap.h"
#include "ledger.h"
#include "map.h"
#include "stage.h"

struct deliver;
struct errand;

/* Errands in a row. */
struct errands {
	struct errand *first, *last;
	size_t n;
};

/* An account, and who waits for it. */
struct lane {
	const struct carrier_conf *of;
	struct account *account;
	struct circuit circuit;
	struct errands waiting;
};

/* A record of an attempt, to be put when its message leaves: JSON without the closing brace. */
struct note {
	struct note *next;
	struct str text;
};

struct errand {
	struct errand *next;    /* in the row that it stands in */
	struct errand *behind;  /* the next of its conversation */
	struct errand *row_end; /* of the first of a conversation: the last behind it */
	struct heap_item timer;
	struct arena *arena;
	struct rec rec;
	struct outgoing s;
	uint64_t flow;
	size_t bytes; /* of its line */

	/* the part that it is at */
	struct leg leg;
	unsigned parts;  /* of this recipient; known once part 0 was made */
	bool bound;      /* it may go over no other account */
	bool doubt;      /* an attempt was made of which nobody knows */
	bool intended;   /* the ledger has the intent of this attempt, and no outcome yet */
	uint64_t looked; /* the transaction in which it was looked up */
	int64_t attempt; /* number of the last attempt of this part */
	int64_t retry_at; /* what it waited for before it goes over this account again; 0: for nothing */
	unsigned tries; /* attempts in a row, over this account, in this process */
	unsigned step;
	struct str carry;
	struct dispatch d;
	struct submit x;
	struct lane *lane;
	bool placed;           /* has a place in its lane */
	int64_t began, steady; /* when its request did, by clock_now and by clock_steady */
	struct fetch_request request;
	struct header headers[SUBMIT_HEADERS + 2];
	struct fetch_field fields[SUBMIT_FIELDS];

	/* ended: what the ledger is to hold, and what comes then */
	enum ledger_state state;
	struct str outcome;
	void (*then)(struct deliver *d, struct errand *j);

	/* so far */
	struct note *notes, **end;
	unsigned n_notes;
	unsigned n_gone;                      /* parts that were sent, or may have been */
	struct str external_id, conversation; /* of the first part that was sent */
	const struct candidate *over;         /* that it went over */
	struct err verdict; /* the reject that it will leave as; FAULT_NONE: none */
};

struct deliver_options {
	bool split, resend_unknown;
	int64_t retry_within, timeout, keep; /* milliseconds */
	int64_t retry_first, retry_most;
	unsigned attempts, held, window;
};

struct deliver {
	struct deliver_options o;
	struct carriers *carriers;
	struct ledger *ledger; /* NULL: there is none */
	struct fetch *fetch;
	struct lane *lanes;
	size_t n_lanes;
	struct map *flows; /* the first errand of each conversation; what waits behind it hangs on it */
	struct heap timers;
	struct errands fresh, placed, ended, finished, idle;
	size_t n_errands, under_way;
	size_t bytes; /* of the lines of all errands */
	int fd, timer;
	int64_t set; /* what the timer is set to */
	uint64_t seed;
	uint64_t intents;     /* since the ledger was pruned */
	uint64_t transaction; /* its number */
	bool stopping;
	bool gone;          /* the ledger: what is under way is ended, and then the program */
	bool failed;        /* the ledger: nothing more is written */
	const char *health; /* the file; NULL: none */
	bool health_changed, health_failed;
	int64_t health_at; /* when it was written */
	struct buf text;

	int dry; /* enum dry of deliver_show.c; 0: no */
};

/* ---- rows ---- */

static inline void errands_add(struct errands *row, struct errand *j)
{
	j->next = NULL;
	if (row->last)
		row->last->next = j;
	else
		row->first = j;
	row->last = j;
	row->n++;
}

/* Before all others. */
static inline void errands_push(struct errands *row, struct errand *j)
{
	j->next = row->first;
	row->first = j;
	if (!row->last)
		row->last = j;
	row->n++;
}

static inline struct errand *errands_take(struct errands *row)
{
	struct errand *j = row->first;

	if (!j)
		return NULL;
	row->first = j->next;
	if (!row->first)
		row->last = NULL;
	row->n--;
	return j;
}

/* ---- deliver_errand.c: errands ---- */

/*
 * Make an errand of ${r}, which is copied, and let it begin when those before it in its conversation are done.  Return
 * 0, or -1 with the fault that rejects it.
 */
int errand_new(struct deliver *d, const struct rec *r, struct err *e);

/* ${j} has left: the next of its conversation begins. */
void errand_free(struct deliver *d, struct errand *j);

/* All that are kept for reuse, and all that are still there. */
void errand_free_all(struct deliver *d);

/* True for what is worth nothing later, and is neither written down nor tried again. */
bool errand_fleeting(const struct errand *j);

/* ---- deliver_lane.c: over which account, and when ---- */

void lanes_open(struct deliver *d);
void lanes_close(struct deliver *d);

/* Let ${j} wait for the best account that its part can go over now; or let it end, where there is none. */
void lane_choose(struct deliver *d, struct errand *j);

/* Those who wait go as far as there are places. */
void lane_pump(struct deliver *d, struct lane *l);

/* Give back the place of ${j}: its request has ended so (circuit_done). */
void lane_leave(struct deliver *d, struct errand *j, enum circuit_result result, double ms,
		int64_t pause_ms);

/* When the next lane with somebody in it opens; INT64_MAX: none does by itself. */
int64_t lanes_next(const struct deliver *d, int64_t now);

/* ---- deliver_send.c: ledger and requests ---- */

/* All that is fresh, placed or ended, until nothing is; what has finished is put. */
int send_commit(struct deliver *d, struct out *o, struct err *e);

/* Take the answers that have come. */
void send_collect(struct deliver *d);

/* ---- deliver_policy.c: what comes of an answer ---- */

/* The request of ${j} has come back, and ${g} is what it means; ${status}: HTTP, 0 where there is none. */
void policy_judged(struct deliver *d, struct errand *j, const struct judgement *g, int status, double ms);

/* Its request could not even be made. */
void policy_unmade(struct deliver *d, struct errand *j, const struct err *why);

/* What the ledger knows of its part forbids to send it, or asks for nothing more; else it goes on. */
void policy_found(struct deliver *d, struct errand *j, const struct ledger_entry *known);

/* It can not go now: it is to come back at ${at}. */
void policy_later(struct deliver *d, struct errand *j, const char *code, const char *why, int64_t at);

/* Its part may go now: over some account, unless it is too early or too late for that. */
void policy_go(struct deliver *d, struct errand *j);

/* ---- deliver_out.c: records ---- */

struct attempt {
	const char *outcome;
	const struct canon_error *error; /* NULL: none */
	int64_t at, retry_at;            /* retry_at 0: none */
	int status;                      /* HTTP; 0: there was no answer */
	double ms;
	struct str external_id;
};

/* Write a record of the last attempt of ${j}: its text, which lives in the errand. */
struct str note_make(struct deliver *d, struct errand *j, const struct attempt *a);

/* ${text} will leave with ${j}. */
void note_keep(struct errand *j, struct str text);

/* Put ${j} with its notes. */
void errand_put(struct deliver *d, struct errand *j, struct out *o);

/* ---- deliver_health.c ---- */

/*
 * Keep the file of the accounts' health current, once a second at most.  Return when to call again, in
 * milliseconds, -1: when something has changed.
 */
int health_tick(struct deliver *d, bool last);

/* ---- deliver_show.c ---- */

int show_open(struct deliver *d, const char *format, struct err *e);
int show_step(struct deliver *d, const struct rec *r, struct out *o, struct err *e);

#endif
