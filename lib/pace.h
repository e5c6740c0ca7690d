/* SPDX-License-Identifier: MIT */
/*
 * Records that wait until all their keys allow them (rates.h).  Records of one flow keep their order; flows that wait for one key take turns; a flow that waits for one key takes nothing of its
 * others, so it holds up nobody else.  No clock: instants come in, as nanoseconds.
 */
#ifndef OMNI_PACE_H
#define OMNI_PACE_H

#include <stdbool.h>

#include "limit.h"
#include "rates.h"

/* A record that waits.  The owner's own members stand around it. */
struct held {
	struct held *next; /* private */
	uint64_t flow;     /* hash of what must keep its order: a conversation */
	int64_t since;     /* when it came */
	int64_t went; /* the instant that it counts from: when it was due, if it left a little later */
	unsigned slowest;       /* index of the key that held it last */
	unsigned n;             /* at least 1 */
	struct rates_key *keys; /* ${n} of them, LIMITS_MAX at most; live as long as it waits */
};

struct pace;

/* Borrows ${t}.  Returns owned. */
struct pace *pace_new(struct rates *t);

/* Release ${p}; what waits is the owner's.  NULL is legal. */
void pace_free(struct pace *p);

/* True if records of ${flow} wait. */
bool pace_waits(const struct pace *p, uint64_t flow);

/**
 * pace_pass(p, h, now):
 * Take the units of ${h} if it may go at once, and return ${now}.  Else take nothing and return when it would
 * go, all that waits before it considered; h->slowest is the key that says so.
 */
int64_t pace_pass(struct pace *p, struct held *h, int64_t now);

/**
 * pace_hold(p, h, now):
 * Let ${h}, whose keys pace_pass did not let through, wait.  Borrows it until pace_due gives it back.
 */
void pace_hold(struct pace *p, struct held *h, int64_t now);

/* The next record that may go at ${now}, its units taken; NULL if there is none. */
struct held *pace_due(struct pace *p, int64_t now);

/* The clock was set back to ${now}: what waits is reckoned anew, or it would wait until the clock is there again. */
void pace_set_back(struct pace *p, int64_t now);

/* A record that waits, taken out without its units, those of a flow in their order; NULL if none does. */
struct held *pace_any(struct pace *p);

/* When pace_due should be called next; INT64_MAX if nothing waits. */
int64_t pace_next(const struct pace *p);

size_t pace_count(const struct pace *p);

#endif
