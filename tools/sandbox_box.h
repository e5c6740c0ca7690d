/* SPDX-License-Identifier: MIT */
/* What the files of omni-sandbox share that no player sees. */
#ifndef OMNI_SANDBOX_BOX_H
#define OMNI_SANDBOX_BOX_H

#include "fetch.h"
#include "id.h"
#include "map.h"
#include "sandbox.h"
#include "sandbox_scenario.h"
#include "schema.h"
#include "serve.h"

/* A carrier with its accounts. */
struct stage_of {
	const struct player *player;
	struct box_account *accounts;
	size_t n;
};

/* Something that is to happen: an answer, or a callback. */
struct due {
	int64_t at;     /* on the sandbox's clock */
	uint64_t order; /* of those at the same instant */
	bool answer;    /* else a callback */
	union {
		struct later *later;
		struct hook *hook;
	};
};

/* An answer that waits. */
struct later {
	struct call *call; /* NULL: the other end is gone */
	struct reply reply;
	bool never;                  /* it is not given at all */
	struct later *older, *newer; /* of those */
};

/* A callback that is due, is under way, or is to be tried again. */
struct hook {
	struct fetch_request request; /* first */
	struct callback callback;
	struct hook *spare;
	struct hook *older, *newer; /* of those under way */
	struct box_message *message;
	bool receipt; /* else the message itself comes in */
	struct receipt what;
	unsigned tries;
	bool asked; /* with 401, for user and password */
	struct str auth;
};

struct box_counts {
	uint64_t requests, answered, taken, refused, mishaps;
	uint64_t callbacks, delivered, failed, again, lost, abandoned;
};

struct box {
	struct conf *conf;
	struct scenario *scenario;
	struct schema_set *shapes; /* the models of bodies, from the first one on */
	struct stage_of *stages;
	size_t n_stages;
	const char *hook_base; /* --callback, or NULL */
	int64_t began, shift;  /* on the clock of the sandbox */
	struct id run;
	struct arena *arena; /* as long as the box */

	/* what is kept */
	struct box_message *oldest, *newest;
	size_t n_messages;
	struct map *by_id, *seen; /* seen: how often a request came, by its content */
	struct box_media *media;
	size_t media_bytes;

	/* what is to happen */
	struct due *heap;
	size_t n_due, heap_cap;
	uint64_t order;
	struct later *silent; /* answers that are never given */
	struct fetch *fetch;
	struct hook *spare, *flying;
	struct hook *ready, *ready_end; /* due, and waiting until fewer fly */
	unsigned n_flying, n_ready;

	/* the record */
	int fd; /* -1: none */
	const char *record;
	struct buf line;
	uint64_t seq;
	struct box_counts counts;

	/* the service */
	struct serve *serve;
	int drained;          /* eventfd: what was done has been collected */
	_Atomic bool collect; /* something is done */
	_Atomic bool tell;    /* the summary was asked for */
	_Atomic bool stopping;
	_Atomic bool broken; /* the record can not be written */
};

/* ---- sandbox_accounts.c ---- */

/* Read the accounts of all players.  Return 0, or -1 with FAULT_CONFIG. */
int accounts_open(struct box *b, struct err *e);

/* Where clients find them, and where callbacks go: once it is known where we listen. */
void accounts_place(struct box *b, const char *address);
void accounts_close(struct box *b);

/* ---- sandbox_shape.c ---- */

/* Let the player refuse ${v}, which it has taken, if its body is not of ${v}->model. */
void shape_check(struct visit *v);
void shape_close(struct box *b);

/* ---- sandbox_keep.c ---- */

/* Keep a copy of ${draft}.  Return it, with one reference more for the caller. */
struct box_message *keep_message(struct box *b, const struct box_message *draft);
void keep_release(struct box_message *m);

/* How often the same was asked for, this time included. */
unsigned keep_seen(struct box *b, uint64_t content);

/* Forget all: messages, files, how often. */
void keep_reset(struct box *b);

/* ---- sandbox_time.c ---- */

/* Milliseconds on the sandbox's clock since it began. */
int64_t box_since(const struct box *b);

/* Let ${d} happen at ${d}->at. */
void time_put(struct box *b, struct due d);

/* Take what is due at ${now} out.  Return false if nothing is. */
bool time_take(struct box *b, int64_t now, struct due *d);

/* How many real milliseconds until the next is due; -1: there is none. */
int time_wait(const struct box *b, int64_t now);

/* ---- sandbox_hook.c ---- */

/*
 * Let receipts and replies of ${m} come, as the scenario has it.  ${v} took it, and is answered ${after}
 * milliseconds from now.
 */
void hook_follow(struct visit *v, struct box_message *m, int64_t after);

/* Let ${m} come in after ${ms}. */
void hook_arrive(struct box *b, struct box_message *m, int64_t ms);

/* Send ${h}, which is due. */
void hook_fire(struct box *b, struct hook *h);

/* Take up what fetch has done. */
void hook_collect(struct box *b);

/* Let all that are under way end at once: hook_collect has them soon. */
void hook_stop(struct box *b);

/* Those that are due and did not begin yet are abandoned. */
void hook_abandon(struct box *b);

/* Forget ${h}, which was not sent. */
void hook_drop(struct box *b, struct hook *h);
void hook_close(struct box *b);

/* ---- sandbox_record.c ---- */

int record_open(struct box *b, struct err *e);
void record_start(struct box *b);

/* What became of a request. */
void record_request(struct box *b, const struct visit *v, const struct reply *r, int64_t after,
		    enum mishap mishap, bool taken);

/* What became of a callback: ${outcome} is "done", "again", "failed" or "abandoned". */
void record_hook(struct box *b, const struct hook *h, const char *outcome);
void record_end(struct box *b);

/* One line of counts on standard error. */
void record_summary(const struct box *b);

/* Append the counts as members of the object that is open in ${out}. */
void record_counts(struct buf *out, const struct box *b);

/* ---- sandbox_admin.c ---- */

/* Answer what is asked of the sandbox itself, below /_sandbox/. */
void admin_call(struct box *b, struct call *c, struct str path, struct reply *r);

/* ---- sandbox_play.c ---- */

/* ${v} and ${m} (may be NULL) as the scenario is asked about them. */
struct occasion play_occasion(const struct visit *v, const struct box_message *m);

extern const struct serve_handler box_handler;

/* Drop all answers that wait, so that connections can end. */
void play_stop(struct box *b);

/* ${s} without its percent-encoding; lives in ${a}. */
struct str box_decode(struct arena *a, struct str s);

#endif
