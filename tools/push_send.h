/* SPDX-License-Identifier: MIT */
/*
 * The engine of omni-push: which notification is sent when, over which account, and what is done with the answer.
 *
 * A parcel is a record with its devices, a shot what one of them gets.  A sender is an account at one host: shots queue
 * there and are let go as far as its window allows.  Two shots for one device follow each other.
 */
#ifndef OMNI_PUSH_SEND_H
#define OMNI_PUSH_SEND_H

#include "h2.h"
#include "ledger.h"
#include "push_gateway.h"
#include "stage.h"

struct push_sender;

struct push_parcel {
	struct arena *arena;
	struct rec rec;
	struct push_note note;
	unsigned n, left; /* devices, and those of them that are not done */
	struct push_parcel *next;
};

struct push_shot {
	struct push_parcel *parcel;
	unsigned index; /* from 0 */
	struct push_device device;
	uint64_t hash; /* of the token that it came with */
	struct push_account *account;
	struct push_sender *sender;
	unsigned attempts;
	int64_t entered, due; /* when it came, when it may go again: milliseconds of the monotonic clock */
	bool intended;        /* the ledger has its intent */
	bool renewed;         /* it had its second chance with a new bearer token */
	bool moved, for_ever;            /* the browser has another URL */
	struct str endpoint;             /* where it went first, if so */
	struct push_shot *next;          /* in a queue */
	struct push_shot *behind, *tail; /* those for the same device that wait for this one */
	struct push_shot *same;          /* in its place of the table of devices */
	struct push_judgement doubt;     /* while it is not sure that the device is gone */
	int status;
	double ms;
};

/* What became of a shot, for its records. */
struct push_result {
	const struct push_shot *shot;
	const char *outcome; /* sent, failed, retry, unknown */
	const char *class;   /* of the error; NULL: sent */
	const char *code;    /* ours */
	struct str text, carrier_code, external_id;
	bool gone;
	int64_t gone_at;  /* -1: the gateway does not say */
	int64_t retry_at; /* outcome "retry": milliseconds since 1970 */
	int64_t at;       /* when it ended; 0: now */
	int status;       /* HTTP, 0: none */
	double ms;
};

/* Put the records for ${r}: the delivery, and an event or the reject where it needs one, each with its share of the lease. */
void push_report(const struct push_result *r, struct out *o);

struct push_engine;

struct push_limits {
	unsigned window; /* requests in flight at one host */
	size_t most;     /* shots that are held */
	int64_t hold_ms; /* how long a shot may wait here for its next attempt */
	bool resend_unknown;
};

/* What the engine works with; borrowed.  ledger and store may be NULL. */
struct push_means {
	struct push_accounts *accounts;
	struct ledger *ledger;
	struct store *store;
};

/* Return owned, or NULL with FAULT_OS. */
struct push_engine *push_engine_new(const struct push_means *m, const struct push_limits *limits,
				    struct err *e);
void push_engine_free(struct push_engine *g);

/* Take ${r}, which push_wanted; what is done at once is put into ${o}.  Return 0, or -1 with a fault. */
int push_engine_take(struct push_engine *g, const struct rec *r, struct out *o, struct err *e);

/* A descriptor that is readable when push_engine_due has something to do. */
int push_engine_fd(const struct push_engine *g);
void push_engine_due(struct push_engine *g, struct out *o);
size_t push_engine_load(const struct push_engine *g); /* shots that are held */

/*
 * Write into the ledger what came of shots and what is to be shot, and shoot.  Return 0, or -1 with a fault that ends the work.
 */
int push_engine_commit(struct push_engine *g, struct out *o, struct err *e);

/* Wait for what is in flight, and let go of the rest, to be tried again.  Return as push_engine_commit. */
int push_engine_stop(struct push_engine *g, struct out *o, struct err *e);

#endif
