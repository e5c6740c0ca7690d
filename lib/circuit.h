/* SPDX-License-Identifier: MIT */
/*
 * How many requests may be under way at a destination: it learns that from what becomes of them.  Each
 * success lets one more go, until the first failure; from then on it grows by one for as many successes as are
 * allowed at once, and each failure halves it (AIMD, as TCP has it: RFC 5681).  When several failed in a row
 * the circuit opens: nothing goes until a time has passed, then one request alone, to see; when that one
 * fails too, the time doubles.  A pure value: the time is passed in, milliseconds of a clock
 * that nobody sets back (clock_steady).
 */
#ifndef OMNI_CIRCUIT_H
#define OMNI_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

enum circuit_result {
	CIRCUIT_OK,        /* it answered as it should, whatever the answer was */
	CIRCUIT_BAD,       /* it did not answer, or that it can not */
	CIRCUIT_THROTTLED, /* it said that this was too much */
	CIRCUIT_VOID,      /* this tells nothing about it */
};

enum {
	CIRCUIT_FIRST = 16,      /* requests at once, to begin with */
	CIRCUIT_FAILURES = 5,    /* in a row open it */
	CIRCUIT_WAIT_MS = 1000,  /* until the first probe */
	CIRCUIT_MOST_MS = 60000, /* between two probes */
};

struct circuit {
	enum circuit_state state;
	int64_t since;        /* in this state; 0: from the beginning */
	int64_t probe_at;     /* CIRCUIT_OPEN */
	int64_t paused_until; /* throttled: nothing goes before */
	int64_t wait_ms;      /* that the last opening took */
	int64_t shrunk_at;    /* when it was halved: what began before tells nothing more */
	double window;        /* how many may be under way; a part of one counts when it is whole */
	unsigned max;         /* the window is never larger */
	unsigned under_way;   /* now */
	unsigned failures;    /* in a row */
	bool grown;           /* a failure has ended the quick growth */
	double success, throttled,
		latency; /* of those answered, of all; milliseconds: recent ones count more */
	uint64_t seen;
};

/* ${max}: at least 1. */
void circuit_init(struct circuit *c, unsigned max);

/* Take a place for one request, if there is one now. */
bool circuit_take(struct circuit *c, int64_t now);

/*
 * When it makes sense to ask again: ${now} or earlier where only others must end first, else a later time.
 */
int64_t circuit_when(const struct circuit *c, int64_t now);

/*
 * The request that a place was taken for at ${began} has ended so, after ${ms}.  ${pause_ms}: with
 * CIRCUIT_THROTTLED, how long nothing may go.
 */
void circuit_done(struct circuit *c, enum circuit_result result, int64_t began, double ms,
		  int64_t pause_ms, int64_t now);

/* How long a request will wait behind ${n} others, as far as one can tell; milliseconds. */
int64_t circuit_wait(const struct circuit *c, uint64_t n);

#endif
