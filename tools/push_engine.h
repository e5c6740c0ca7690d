/* SPDX-License-Identifier: MIT */
/*
 * What the files of the engine share.  push_send.c: senders and what they let go; push_outcome.c: answers; push_parcel.c: what comes in;
 * push_intent.c: the ledger.
 */
#ifndef OMNI_PUSH_ENGINE_H
#define OMNI_PUSH_ENGINE_H

#include "push_send.h"

enum {
	PUSH_DEVICE_PLACES = 16384,
	PUSH_FLIGHTS = 4096, /* requests in flight in all */
	/*
	 * Senders of Web Push: services share one where their hashes do.  Browsers name them, and one that is nobody's
	 * must not hold up those of others.
	 */
	PUSH_ORIGINS = 4096,
	PUSH_DOUBTS = 10, /* devices in a row that a wrong configuration would kill */
	PUSH_POISON = 5, /* browsers in a row whose service refuses our key, until nothing more is sent there */
	PUSH_ATTEMPTS = 5,
	PUSH_REPAIR_MS = 300000, /* until refused credentials are tried again */
};

/* A request of a shot, used again for the next one. */
struct push_flight {
	struct fetch_request x;
	struct push_shot *shot;
	struct push_post post;
	struct header headers[PUSH_HEADERS + 1];
	struct arena *arena;
	struct buf body;
	struct push_flight *next; /* in the pool */
};

/* An account at one host. */
struct push_sender {
	struct push_account *account;
	unsigned tag; /* apns: 1 the sandbox; webpush: of the origin */
	struct push_shot *first, *last;
	unsigned flying, window;
	bool proven; /* something went well since the last trouble: more than one may fly */
	uint64_t sent;
	unsigned troubles, refusals; /* in a row */
	int64_t pause;               /* until then nothing goes: the monotonic clock */
	const char *why;             /* the code of that */
	char text[240];              /* what the last trouble was */
	struct push_shot *doubt;     /* shots that may be gone, if it is not us */
	unsigned n_doubt;
};

/* What an account has of its own: connections, and for fcm the request for a token. */
struct push_line {
	struct h2 *h2;
	struct push_flight *pool; /* requests of its own: they stay with its connections */
	struct fetch_request ask;
	struct arena *arena;
	struct header type;
	bool asking;
};

/* What the ledger is to be told of a shot that is done. */
struct push_ended {
	unsigned char subject[LEDGER_SUBJECT];
	enum ledger_state state;
	int64_t at;
	struct str external_id;
};

struct push_engine {
	struct push_accounts *accounts;
	struct ledger *ledger; /* NULL: there is none */
	struct store *store;   /* likewise */
	struct arena *noted;   /* for texts of those that have ended */
	struct push_ended *ended;
	size_t n_ended, cap_ended;
	struct push_shot *placed, *placed_end; /* they may be sent when their intent is durable */
	uint64_t intents;
	struct push_limits limits;
	uint64_t seed;           /* of what browsers must not aim at */
	struct push_line *lines; /* as accounts->list */
	struct push_sender **senders;
	size_t n_senders;
	unsigned flying;
	struct push_parcel *parcels; /* to be used again */
	struct push_shot **waiting;  /* a heap by due */
	size_t n_waiting, cap_waiting;
	struct push_shot *devices[PUSH_DEVICE_PLACES];
	size_t held;
	struct sealer *sealer;
	struct out *out;                           /* of the call at hand */
	struct push_shot *released, *released_end; /* whose turn came, but were not queued yet */
	bool releasing;
	int epoll, timer;
	int64_t set; /* what the timer is set to */
	bool stopping;
};

/* push_send.c */
struct push_sender *push_sender_for(struct push_engine *g, const struct push_shot *s);
void push_queue(struct push_engine *g, struct push_shot *s, bool front);
void push_pump(struct push_engine *g, struct push_sender *sd);
/* Let nothing go before ${until}; what can not wait so long is let go of, with ${why}. */
void push_pause(struct push_engine *g, struct push_sender *sd, int64_t until, const char *why);
/* Nothing goes over ${sd} until somebody has repaired its account: say so. */
void push_stop(struct push_engine *g, struct push_sender *sd, struct str code, struct str text);
void push_wait(struct push_engine *g, struct push_shot *s, int64_t due);
/* Make the request of ${s} and start it; what can not be made has failed. */
void push_launch(struct push_engine *g, struct push_shot *s);

/* Let what was started leave. */
void push_flush(struct push_engine *g);

/* push_outcome.c */
void push_answered(struct push_engine *g, struct push_flight *f);
void push_token_answered(struct push_engine *g, struct push_account *a);
/* The shot will not go: tell why, of class "permanent", with the code of ${e}. */
void push_failed(struct push_engine *g, struct push_shot *s, const struct err *e, bool gone);
/* It could go later: at ${retry_at}. */
void push_later(struct push_engine *g, struct push_shot *s, const char *class, const char *code,
		struct str text, int64_t retry_at);

/* Nobody knows what became of it, at ${at}: told again it is the same delivery. */
void push_unknown(struct push_engine *g, struct push_shot *s, struct str text, int64_t at);
/* It was sent at ${at}, and is ${external_id} there. */
void push_was_sent(struct push_engine *g, struct push_shot *s, struct str external_id, int64_t at);

/* push_intent.c */
void push_place(struct push_engine *g, struct push_shot *s);
void push_note_end(struct push_engine *g, const struct push_shot *s, enum ledger_state state,
		   struct str external_id, int64_t at);

/* push_parcel.c: ${s} is done; the next for its device goes. */
void push_done(struct push_engine *g, struct push_shot *s);

#endif
