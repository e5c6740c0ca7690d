/* SPDX-License-Identifier: MIT */
/* Lanes: one for each account, as wide as it has shown that it can take. */
#include <stdlib.h>

#include "clock.h"
#include "deliver.h"
#include "diag.h"

static unsigned window_of(const struct deliver *d, const struct account *a)
{
	int64_t own;

	if (json_i64(json_get(a->conf, "concurrency"), &own) == 0 && own >= 1)
		return own < d->o.window ? (unsigned)own : d->o.window;
	return d->o.window;
}

void lanes_open(struct deliver *d)
{
	const struct carrier_conf *c;
	size_t n = 0;

	for (size_t i = 0; (c = carriers_at(d->carriers, i)) != NULL; i++)
		n += c->accounts.n;
	d->lanes = calloc(n ? n : 1, sizeof(*d->lanes));
	if (!d->lanes)
		diag_oom();
	for (size_t i = 0; (c = carriers_at(d->carriers, i)) != NULL; i++)
		for (size_t k = 0; k < c->accounts.n; k++) {
			struct lane *l = &d->lanes[d->n_lanes++];

			l->of = c;
			l->account = &c->accounts.list[k];
			circuit_init(&l->circuit, window_of(d, l->account));
		}
}

void lanes_close(struct deliver *d)
{
	free(d->lanes);
	d->lanes = NULL;
}

/* Those of one carrier stand together. */
static struct lane *lane_of(const struct deliver *d, const struct candidate *c)
{
	size_t nth = (size_t)(c->account - c->of->accounts.list), at = 0;

	for (size_t i = 0; carriers_at(d->carriers, i) != c->of; i++)
		at += carriers_at(d->carriers, i)->accounts.n;
	return &d->lanes[at + nth];
}

/* Where the account can be asked again within the time that an errand waits here. */
static bool near(const struct deliver *d, int64_t when, int64_t now)
{
	return when <= now || (when - now <= d->o.retry_within && clock_real_ns(1) >= 0);
}

/* A dead account keeps nobody waiting; one that has asked for a pause does, for a while. */
static bool usable(const struct deliver *d, const struct lane *l, int64_t now)
{
	int64_t when = circuit_when(&l->circuit, now);

	return l->circuit.state == CIRCUIT_CLOSED ? near(d, when, now) : when <= now;
}

/*
 * What a queue has lent goes back where it would wait too long: its lease would run out.  What has no lease waits, and
 * with it the input.
 */
static bool crowded(const struct deliver *d, const struct errand *j, const struct lane *l, int64_t *wait)
{
	*wait = circuit_wait(&l->circuit, l->waiting.n);
	return *wait > d->o.retry_within && rec_get(&j->rec, "lease") != NULL;
}

static void enter(struct deliver *d, struct lane *l, struct errand *j)
{
	j->lane = l;
	errands_add(&l->waiting, j);
	lane_pump(d, l);
}

void lane_choose(struct deliver *d, struct errand *j)
{
	int64_t now = clock_steady(), soonest = INT64_MAX, wait = 0;
	size_t i = j->leg.over;

	do {
		struct lane *l = lane_of(d, &j->s.over[i]);
		int64_t when = circuit_when(&l->circuit, now);

		if (usable(d, l, now) && !crowded(d, j, l, &wait)) {
			if (i != j->leg.over) {
				j->tries = j->step = 0; /* what was prepared there is nothing here */
				j->carry = STR_NONE;
			}
			j->leg.over = i;
			enter(d, l, j);
			return;
		}
		if (usable(d, l, now)) {
			policy_later(d, j, "account-busy", "too many wait for its account",
				     clock_now() + wait);
			return;
		}
		soonest = when < soonest ? when : soonest;
	} while (!j->bound && ++i < j->s.n_over);
	policy_later(d, j, "account-down", "no account that it could go over answers as it should",
		     clock_now() + (soonest - now));
}

void lane_pump(struct deliver *d, struct lane *l)
{
	int64_t now;

	if (!l->waiting.first)
		return;
	now = clock_steady();
	while (l->waiting.first && !d->stopping && circuit_take(&l->circuit, now)) {
		struct errand *j = errands_take(&l->waiting);

		j->placed = true;
		errands_add(&d->placed, j);
	}
	/* It is dead, or pauses for long: who waits here looks elsewhere. */
	if (d->stopping || !usable(d, l, now)) {
		struct errands row = l->waiting;
		struct errand *j;

		l->waiting = (struct errands){ 0 };
		while ((j = errands_take(&row)) != NULL)
			policy_go(d, j);
	}
}

void lane_leave(struct deliver *d, struct errand *j, enum circuit_result result, double ms, int64_t pause_ms)
{
	struct lane *l = j->lane;

	if (!j->placed)
		return;
	j->placed = false;
	circuit_done(&l->circuit, result, j->steady, ms, pause_ms, clock_steady());
	d->health_changed |= result != CIRCUIT_VOID;
	lane_pump(d, l);
}

int64_t lanes_next(const struct deliver *d, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < d->n_lanes; i++) {
		const struct lane *l = &d->lanes[i];
		int64_t when;

		if (!l->waiting.first)
			continue;
		when = circuit_when(&l->circuit, now);
		if (when > now && when < next)
			next = when;
	}
	return next;
}
