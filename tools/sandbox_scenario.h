/* SPDX-License-Identifier: MIT */
/*
 * The scenario of omni-sandbox: rules that say how the carriers behave, omni-sandbox(1).  A rule says
 * something about some of five subjects (latency, answer, rate, receipts, replies); of the rules whose
 * conditions hold the first that says something about a subject decides it.
 *
 * Chance is a function of the seed, the message and the rule: the same whatever else happens.
 */
#ifndef OMNI_SANDBOX_SCENARIO_H
#define OMNI_SANDBOX_SCENARIO_H

#include "json.h"

struct scenario;

/* What is asked about. */
struct occasion {
	struct str carrier, account;
	struct str kind;             /* "message", … */
	struct str from, type, text; /* of a message */
	const struct str *to;
	unsigned n_to;
	uint64_t roll;    /* of this message or request */
	unsigned attempt; /* from 1 */
	int64_t since;    /* milliseconds since the sandbox began, on its clock */
};

/* What happens instead of the answer. */
enum mishap {
	MISHAP_NONE,
	MISHAP_SILENT,  /* nothing is answered, and the connection stays open */
	MISHAP_CLOSE,   /* the connection is closed without an answer */
	MISHAP_CUT,     /* it is closed in the middle of the body */
	MISHAP_GARBAGE, /* 200 and a page that no carrier sends */
};

struct conduct {
	enum mishap mishap;
	bool taken;          /* it counts as accepted, whatever is answered */
	const char *class;   /* it is refused with a failure of this class; NULL: it is not */
	struct str code;     /* the carrier's own; {NULL, 0}: any of that class */
	int status;          /* HTTP; 0: as the carrier does */
	int64_t retry_after; /* milliseconds; 0: not said */
};

struct course {
	const struct str *statuses; /* in our words; NULL: what the carrier usually does */
	unsigned n;
	bool none;              /* no receipts */
	double duplicate, lose; /* share of receipts */
	bool shuffle;
	struct str code; /* of a failure; {NULL, 0}: any */
};

struct saying {
	struct str text;
	int64_t after; /* milliseconds */
};

/**
 * scenario_read(text, a, name, seed, e):
 * Read ${text}, JSON with comments, which stays in ${a} as long as the scenario lives; ${name} is for messages; NULL:
 * there is no text, and no rules.  ${seed} counts where the scenario has none.  Return owned, or NULL with
 * FAULT_CONFIG.
 */
struct scenario *scenario_read(struct str text, struct arena *a, const char *name, uint64_t seed,
			       struct err *e);

/* The same of ${root}, which is of the model of scenarios (NULL: empty). */
struct scenario *scenario_of(const struct json *root, const char *name, uint64_t seed, struct err *e);
void scenario_free(struct scenario *s);

uint64_t scenario_seed(const struct scenario *s);

/* Forget how much of the rates has been used. */
void scenario_reset(struct scenario *s);

/* How long the answer to ${o} takes: milliseconds. */
int64_t scenario_latency(const struct scenario *s, const struct occasion *o);

/* What becomes of ${o}, which is otherwise in order; a rate counts it as one of its requests. */
struct conduct scenario_conduct(struct scenario *s, const struct occasion *o);

/* The receipts of ${o}. */
struct course scenario_course(const struct scenario *s, const struct occasion *o);

/* How long after the one before it the ${i}-th receipt of ${o} comes: milliseconds. */
int64_t scenario_delay(const struct scenario *s, const struct occasion *o, unsigned i);

/* What the other end says to ${o}: ${n} sayings. */
const struct saying *scenario_replies(const struct scenario *s, const struct occasion *o, unsigned *n);

/* A number from 0 to below 1, made of ${roll} and ${what}. */
double scenario_chance(uint64_t roll, uint64_t what);

#endif
