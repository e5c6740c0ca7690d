/* SPDX-License-Identifier: MIT */
#include "push_engine.h"

#include <stdlib.h>

#include "cause.h"
#include "clock.h"
#include "diag.h"

enum {
	PRUNE_EACH = 500, /* intents, for which some rows are looked at */
	BUSY_MS = 60000,  /* longer than an answer of any service takes */
};

#define KEEP_MS (INT64_C(30) * 86400000) /* no service holds a notification longer */

/* What is sent once: this notification on this device, wherever in the record it stands. */
static void subject_of(const struct push_shot *s, unsigned char out[LEDGER_SUBJECT])
{
	struct str token = s->moved ? s->endpoint : s->device.token;
	struct id id = id_derive((struct str[]){ s->parcel->note.id, STR("push"), token }, 3);

	(void)id_bytes(id_str(&id), out);
}

static struct ledger_part part_of(const struct push_shot *s)
{
	struct ledger_part part = { .to = 0 };

	subject_of(s, part.subject);
	return part;
}

void push_place(struct push_engine *g, struct push_shot *s)
{
	s->sender->flying++; /* it has its place from now on */
	g->flying++;
	if (g->placed)
		g->placed_end->next = s;
	else
		g->placed = s;
	g->placed_end = s;
}

void push_note_end(struct push_engine *g, const struct push_shot *s, enum ledger_state state,
		   struct str external_id, int64_t at)
{
	struct push_ended *ended;

	if (g->n_ended == g->cap_ended) {
		g->cap_ended = g->cap_ended ? g->cap_ended * 2 : 64;
		g->ended = realloc(g->ended, g->cap_ended * sizeof(*g->ended));
		if (!g->ended)
			diag_oom();
	}
	ended = &g->ended[g->n_ended++];
	*ended = (struct push_ended){ .state = state, .at = at };
	subject_of(s, ended->subject);
	if (external_id.p)
		ended->external_id = arena_str(g->noted, external_id);
}

static int write_ended(struct push_engine *g, struct err *e)
{
	for (size_t i = 0; i < g->n_ended; i++) {
		struct ledger_part part = { .to = 0 };

		memcpy(part.subject, g->ended[i].subject, sizeof(part.subject));
		if (ledger_done(g->ledger, &part, g->ended[i].state, g->ended[i].at,
				g->ended[i].external_id, e) < 0)
			return -1;
	}
	g->n_ended = 0;
	arena_reset(g->noted);
	return 0;
}

static bool idempotent(const struct push_shot *s)
{
	return s->device.platform == PUSH_APNS || s->parcel->note.collapse.n > 0;
}

static int intend(struct push_engine *g, struct push_shot *s, struct err *e)
{
	struct ledger_part part = part_of(s);
	struct ledger_entry entry = { .attempt = s->attempts + 1,
				      .at_ms = clock_now(),
				      .idempotent = idempotent(s),
				      .carrier = str_c(push_platforms[s->device.platform]),
				      .account = s->account->name };

	if (ledger_intend(g->ledger, &part, &entry, e) < 0)
		return -1;
	s->intended = true;
	if (++g->intents % PRUNE_EACH == 0)
		return ledger_prune(g->ledger, entry.at_ms - KEEP_MS, e);
	return 0;
}

/* What is known of ${s} forbids to send it: tell that.  Return false if it does not. */
static bool known_to(struct push_engine *g, struct push_shot *s, const struct ledger_entry *known)
{
	s->attempts = (unsigned)known->attempt;
	switch (known->state) {
	case LEDGER_SENT:
		push_was_sent(g, s, known->outcome, known->at_ms);
		return true;
	case LEDGER_BUSY:
		push_later(g, s, CAUSE_TEMP, "in-flight", STR("another process is sending it"),
			   clock_now() + BUSY_MS);
		return true;
	case LEDGER_CRASHED:
	case LEDGER_UNKNOWN:
		if (known->idempotent || g->limits.resend_unknown)
			return false;
		push_unknown(g, s, STR("the program that sent it died before the answer came"),
			     known->at_ms);
		return true;
	default:
		return false;
	}
}

/* One transaction: ${go} gets those whose intent is in it.  What is known already makes room for others, which come in too. */
static int transact(struct push_engine *g, struct push_shot **go, struct err *e)
{
	struct push_shot *s, **end = go;
	if (ledger_begin(g->ledger, e) < 0 || write_ended(g, e) < 0)
		return -1;
	while ((s = g->placed) != NULL) {
		struct ledger_entry known = { .state = LEDGER_NEW };
		struct ledger_part part = part_of(s);

		struct push_sender *sd = s->sender;

		g->placed = s->next;
		s->next = NULL;
		if (!s->intended) {
			if (ledger_find(g->ledger, &part, s->parcel->arena, &known, e) < 0)
				return -1;
			sd->flying--;
			g->flying--;
			if (known_to(g, s, &known)) {
				push_pump(g, sd);
				continue;
			}
			sd->flying++;
			g->flying++;
			if (intend(g, s, e) < 0)
				return -1;
		}
		*end = s;
		end = &s->next;
	}
	return ledger_commit(g->ledger, e);
}

int push_engine_commit(struct push_engine *g, struct out *o, struct err *e)
{
	struct push_shot *go, *s;

	g->out = o;
	while (g->ledger && (g->placed || g->n_ended > 0)) {
		go = NULL;
		if (transact(g, &go, e) < 0)
			return -1;
		while ((s = go) != NULL) {
			go = s->next;
			s->next = NULL;
			s->sender->flying--;
			g->flying--;
			push_launch(g, s);
		}
	}
	push_flush(g);
	return 0;
}
