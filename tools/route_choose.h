/* SPDX-License-Identifier: MIT */
/*
 * The choice for one outbound record: who can send it at all, in which order they are tried, or why it
 * may not go.  omni-route(1).
 */
#ifndef OMNI_ROUTE_CHOOSE_H
#define OMNI_ROUTE_CHOOSE_H

#include "route_health.h"
#include "route_known.h"
#include "route_offer.h"
#include "route_price.h"
#include "route_quiet.h"
#include "sms.h"

/* How far an opt-out reaches. */
enum scope { SCOPE_ALL, SCOPE_CHANNEL, SCOPE_ACCOUNT, SCOPE_ADDRESS };

/* An offer, as it stands for the record at hand. */
struct standing {
	const struct offer *offer;
	struct str from;                 /* {NULL, 0}: the account has but one address */
	const char *lost;                /* a code; NULL: it can */
	const struct store_talk *window; /* the talk that keeps its service window open, or NULL */
	struct cost cost;
	double key[ORDERS]; /* one for each word of the policy's order: smaller ones first */
};

/* All that decides. */
struct chooser {
	struct offers *offers;
	struct prices *prices;
	struct health *health;
	struct known *known;
	struct quiet *quiet;
	enum scope scope;
	unsigned exempt; /* categories that go in spite of an opt-out */
	bool push;       /* notifications have accounts of their own, of omni-push */
	int64_t looked;  /* when known and health were looked at */
	bool ever;
	struct standing *standings; /* room for those of any policy */
	unsigned *ranking;          /* the best, indexes into them */
};

/* The record at hand. */
struct choice {
	struct rec *r;
	bool event;
	int64_t now, expires;
	struct str channel, carrier, account, from,
		conversation; /* the last four: what the message asks for, {NULL, 0} if it leaves it open */
	int channel_no;
	enum category category;
	struct str *to;               /* addresses */
	const struct person **people; /* of each */
	size_t n_to;
	struct ability_need need;
	struct str text; /* as it is to be sent */
	bool reworded;   /* it is not that of the message */
	bool short_text; /* it goes as short messages: plan is filled */
	struct sms_plan plan;
	const struct store_talk *sticky; /* the last talk with the first recipient, or NULL */

	bool push; /* it goes to devices: omni-push knows the way */
	const struct policy *policy;
	size_t n;        /* standings */
	unsigned ranked; /* of these could, so many stand in the ranking */
	unsigned able;
};

/**
 * chooser_new(conf, store, e), chooser_free(c):
 * Read all that decides from ${conf}, which is borrowed, and the store ${store} (NULL: none).  Return owned, or
 * NULL with the fault.
 */
struct chooser *chooser_new(struct conf *conf, const char *store, struct err *e);
void chooser_free(struct chooser *c);

/**
 * chooser_choose(c, r, x, e):
 * Choose for ${r}: fill ${x}, whose ranking begins with the winner, valid until the next call; a push has none.  Return 0; -1 with the
 * reason why it may not go, or with the fault that ends the work.  Codes: omni-route(1).
 */
int chooser_choose(struct chooser *c, struct rec *r, struct choice *x, struct err *e);

/* ---- what its files share ---- */

/* True if ${name} is that of ${a}, or its carrier's id of it; {NULL, 0} is that of any. */
static inline bool choose_account(const struct account *a, struct str name)
{
	return !name.p || str_eq(name, a->name) || str_eq(name, a->id);
}

/* route_read.c: fill in what ${r} asks for.  Return 0, or -1 with FAULT_DATA. */
int choose_read(const struct chooser *c, struct rec *r, struct choice *x, struct err *e);

/* The same for its text, once the policy is known. */
void choose_text(struct choice *x);

/* route_refuse.c: what forbids it whoever sends it.  Return 0, or -1. */
int choose_refuse(struct chooser *c, struct choice *x, struct err *e);

/* The code for which ${s} may not write to the people of ${x}, though others may; or NULL. */
const char *choose_forbids(const struct chooser *c, const struct choice *x, struct standing *s);

/* Nobody is left: say why. */
int choose_nobody(const struct chooser *c, const struct choice *x, struct err *e);

/* route_rank.c: fill in the keys of those who can, and the ranking. */
void choose_rank(struct chooser *c, struct choice *x);

#endif
