/* SPDX-License-Identifier: MIT */
/* What comes of an answer: the next part, another attempt, another account, or a reject. */
#include "backoff.h"
#include "clock.h"
#include "deliver.h"
#include "hash.h"

static uint64_t key_of(const struct deliver *d, const struct errand *j)
{
	return hash_64(j->s.id, d->seed);
}

/* ---- where an errand goes next ---- */

static void begin_part(struct errand *j)
{
	j->attempt = 0;
	j->retry_at = 0;
	j->tries = 0;
	j->step = 0;
	j->carry = STR_NONE;
	j->doubt = false;
}

static void finish(struct deliver *d, struct errand *j)
{
	/* Given back as a whole it would be sent a second time to those who have it. */
	if (j->verdict.fault == FAULT_TEMP && !d->ledger && j->n_gone > 0)
		err_set(&j->verdict, FAULT_DATA, "partly-sent",
			"a part of it was sent, and without a ledger the rest can not be sent alone");
	errands_add(&d->finished, j);
}

static void next_recipient(struct deliver *d, struct errand *j)
{
	/* Without a ledger all of it must come back, so nothing of it may go before. */
	bool whole = !d->ledger && j->verdict.fault == FAULT_TEMP;

	if (++j->leg.to == j->s.n_to || whole) {
		finish(d, j);
		return;
	}
	j->leg = (struct leg){ .to = j->leg.to };
	j->parts = 1;
	j->bound = false;
	begin_part(j);
	errands_add(&d->fresh, j);
}

static void next_part(struct deliver *d, struct errand *j)
{
	if (++j->leg.part >= j->parts) {
		next_recipient(d, j);
		return;
	}
	j->bound = true; /* another carrier would have cut the text at another place */
	begin_part(j);
	errands_add(&d->fresh, j);
}

static bool has_other(const struct errand *j)
{
	return !j->bound && j->leg.over + 1 < j->s.n_over;
}

static void go_over(struct deliver *d, struct errand *j)
{
	j->leg.over++;
	j->tries = 0;
	j->retry_at = 0;
	j->step = 0;
	j->carry = STR_NONE;
	policy_go(d, j);
}

static void sleep_now(struct deliver *d, struct errand *j)
{
	j->step = 0;
	j->carry = STR_NONE;
	heap_put(&d->timers, &j->timer);
}

/* ---- what it will be rejected as ---- */

/* What could work later counts more than what will never: a queue gives back the whole record. */
static void blame(struct errand *j, const struct err *why)
{
	if (j->verdict.fault != FAULT_NONE &&
	    (why->fault != FAULT_TEMP || j->verdict.fault == FAULT_TEMP)) {
		if (why->fault == FAULT_TEMP && why->retry_ms > j->verdict.retry_ms)
			j->verdict.retry_ms = why->retry_ms;
		return;
	}
	j->verdict = *why;
}

/* The longer ago it was born, the longer it waits. */
static int64_t later_than(const struct deliver *d, const struct errand *j, int64_t now, int64_t at)
{
	struct backoff b = { d->o.retry_first, d->o.retry_most };
	int64_t born = now, delay;

	if (clock_parse(json_get_str(rec_get(&j->rec, "lease"), "born"), &born) < 0)
		(void)clock_parse(rec_str(&j->rec, "at"), &born);
	delay = backoff_delay(&b, now > born ? now - born : 0, key_of(d, j));
	return now + delay > at ? now + delay : at;
}

static void give_back(struct deliver *d, struct errand *j, const char *code, const char *why, int64_t at)
{
	struct err e;

	if (!errand_fleeting(j)) {
		err_set(&e, FAULT_TEMP, code, "%s", why);
		e.retry_ms = at;
		blame(j, &e);
	}
	next_recipient(d, j);
}

void policy_later(struct deliver *d, struct errand *j, const char *code, const char *why, int64_t at)
{
	int64_t now = clock_now();

	give_back(d, j, code, why, d->stopping ? now : later_than(d, j, now, at));
}

/* ---- what the ledger is told ---- */

static void end(struct deliver *d, struct errand *j, enum ledger_state state,
		const struct attempt *a, void (*then)(struct deliver *d, struct errand *j))
{
	/* Of an earlier attempt nobody knows: that this one reached nobody does not change that. */
	j->state = j->doubt && state == LEDGER_FREE ? LEDGER_UNKNOWN : state;
	j->doubt |= state == LEDGER_UNKNOWN;
	j->outcome = note_make(d, j, a);
	j->then = then;
	errands_add(&d->ended, j);
}

/* It will never go: as ${why}, which becomes a reject. */
static void fail_for_good(struct deliver *d, struct errand *j, struct attempt *a, const struct err *why)
{
	a->outcome = "failed";
	if (!errand_fleeting(j))
		blame(j, why);
	end(d, j, LEDGER_FREE, a, next_recipient);
}

void policy_unmade(struct deliver *d, struct errand *j, const struct err *why)
{
	struct canon_error error = { .code = str_c(why->code),
				     .class = strcmp(why->code, "send-unconfigured") == 0 ?
						      CAUSE_CREDENTIALS :
						      CAUSE_PERMANENT,
				     .text = arena_str(j->arena, str_c(why->text)) };
	struct attempt a = { .error = &error, .at = clock_now() };

	lane_leave(d, j, CIRCUIT_VOID, 0, 0);
	if (has_other(j)) {
		go_over(d, j);
		return;
	}
	j->attempt++;
	fail_for_good(d, j, &a, why);
}

void policy_go(struct deliver *d, struct errand *j)
{
	int64_t now = clock_now();
	struct err e;

	if (d->stopping) {
		/* Whoever comes next waits for what this one waited for. */
		give_back(d, j, "stopped", "this program was asked to end before it was sent",
			  j->retry_at > now ? j->retry_at : now);
	} else if (j->s.expires && now >= j->s.expires) {
		err_set(&e, FAULT_DENIED, "expired", "its expires_at has passed");
		j->bound = true;
		policy_unmade(d, j, &e);
	} else if (now < j->s.not_before) {
		give_back(d, j, "too-early", "its send_at has not come", j->s.not_before);
	} else {
		lane_choose(d, j);
	}
}

/* ---- what the ledger knows ---- */

/* The account that ${known} was made over, among those that ${j} may go over. */
static bool same_account(struct errand *j, const struct ledger_entry *known)
{
	for (size_t i = 0; i < j->s.n_over; i++)
		if (str_eq(j->s.over[i].of->name, known->carrier) &&
		    str_eq(j->s.over[i].account->name, known->account)) {
			j->leg.over = i;
			return true;
		}
	return false;
}

static void duplicate(struct deliver *d, struct errand *j, struct str message)
{
	err_set(&j->verdict, FAULT_DUPLICATE, "sent-already",
		"its idempotency_key is that of the message %.*s, which was sent", STR_FMT(message));
	j->n_notes = 0;
	j->notes = NULL;
	finish(d, j);
}

/* How many parts the message had when it was sent: its request is made once more, and not sent. */
static unsigned parts_of(struct deliver *d, struct errand *j)
{
	struct err e;

	memset(&j->x, 0, sizeof(j->x));
	j->x.parts = 1;
	outgoing_dispatch(&j->d, &j->s, &j->leg, j->arena);
	j->d.split = d->o.split;
	j->d.now = clock_now();
	return j->s.over[j->leg.over].of->carrier->request(&j->d, &j->x, &e) < 0 ? 1 : j->x.parts;
}

/*
 * The other parts of a text go where the first one went, even where the route has another account by now.  Return false if
 * that one is no longer there.
 */
static bool follows(struct deliver *d, struct errand *j, const struct ledger_entry *known,
		    const struct json *outcome)
{
	if (same_account(j, known))
		return true;
	if (!json_get(outcome, "part"))
		return false; /* it was the only one */
	if (!outgoing_beside(&j->s, known->carrier, known->account,
			     json_get_str(json_get(outcome, "from"), "address"), d->carriers))
		return false;
	j->leg.over = j->s.n_over;
	return true;
}

/* The account that ${j} is at, which a later recipient may replace. */
static const struct candidate *here(const struct errand *j)
{
	struct candidate *c = arena_calloc(j->arena, 1, sizeof(*c));

	*c = j->s.over[j->leg.over];
	return c;
}

static void sent_before(struct deliver *d, struct errand *j, const struct ledger_entry *known,
			const struct json *outcome)
{
	bool same = follows(d, j, known, outcome);
	struct err e;

	note_keep(j, known->outcome);
	j->n_gone++;
	if (!j->over) {
		j->over = here(j);
		j->external_id = json_get_str(outcome, "external_id");
	}
	if (j->leg.part == 0 && same)
		j->parts = parts_of(d, j);
	if (!same && json_get(outcome, "part")) {
		err_set(&e, FAULT_DATA, "partly-sent",
			"a part of it was sent over the account \"%.*s\" of %.*s, which is no longer configured",
			STR_FMT(known->account), STR_FMT(known->carrier));
		blame(j, &e);
		next_recipient(d, j);
		return;
	}
	next_part(d, j);
}

static void unknown_verdict(struct errand *j)
{
	struct err e;

	err_set(&e, FAULT_DENIED, "outcome-unknown",
		"it may have been sent, and nobody knows; --resend-unknown sends it again");
	blame(j, &e);
}

/* Nobody knows, and it is not tried again; ${known} tells when and over whom. */
static void never_known(struct deliver *d, struct errand *j, const struct ledger_entry *known,
			const struct json *outcome)
{
	struct canon_error error = { .class = CAUSE_UNKNOWN,
				     .text = STR("the program that sent it died before the answer came") };
	struct attempt a = { .outcome = "unknown", .error = &error, .at = known->at_ms };

	(void)same_account(j, known);
	j->attempt = known->attempt;
	j->intended = true; /* though by a process that has died */
	j->n_gone++;
	unknown_verdict(j);
	if (str_eq(json_get_str(outcome, "outcome"), STR("unknown"))) {
		j->intended = false;
		note_keep(j, known->outcome);
		next_recipient(d, j);
		return;
	}
	if (outcome) /* what was to be tried again */
		error.text = STR("the answer did not tell, and its account can not be asked again");
	end(d, j, LEDGER_UNKNOWN, &a, next_recipient);
}

/* Nobody knows whether it was sent: over the same account, which drops the second of two, or because the operator said so. */
static void send_again(struct deliver *d, struct errand *j)
{
	j->doubt = true;
	j->bound |= !d->o.resend_unknown;
	policy_go(d, j);
}

void policy_found(struct deliver *d, struct errand *j, const struct ledger_entry *known)
{
	struct buf whole = { .max = SIZE_MAX };
	const struct json *outcome = NULL;
	struct str message;
	struct err e;

	if (known->outcome.p) {
		buf_str(&whole, known->outcome);
		buf_char(&whole, '}');
		outcome = json_parse(buf_get(&whole), j->arena, &e);
		buf_free(&whole);
	}
	message = json_get_str(outcome, "message");
	j->attempt = known->attempt;
	if (known->state == LEDGER_SENT && !str_eq(message, j->s.id))
		duplicate(d, j, message);
	else if (known->state == LEDGER_SENT)
		sent_before(d, j, known, outcome);
	else if (known->state == LEDGER_BUSY)
		policy_later(d, j, "in-flight", "another process is sending it",
			     clock_now() + d->o.timeout);
	else if (known->state == LEDGER_NEW || known->state == LEDGER_FREE)
		policy_go(d, j);
	else if (d->o.resend_unknown || (known->idempotent && same_account(j, known)))
		send_again(d, j);
	else
		never_known(d, j, known, outcome);
}

/* ---- what an answer means ---- */

static int64_t wait_of(const struct deliver *d, const struct errand *j, const struct judgement *g)
{
	int64_t wait;

	if (g->retry_ms >= 0)
		return g->retry_ms;
	wait = d->o.retry_first << (j->tries < 16 ? j->tries - 1 : 15);
	return wait + (int64_t)(key_of(d, j) % (uint64_t)(wait / 4 + 1));
}

static bool can_wait(const struct deliver *d, const struct errand *j, int64_t wait)
{
	return !d->stopping && !errand_fleeting(j) && j->tries < d->o.attempts &&
	       wait <= d->o.retry_within && clock_real_ns(1) >= 0;
}

static const char *class_of(const struct judgement *g)
{
	return g->error.class ? g->error.class : CAUSE_UNKNOWN;
}

static bool is(const struct judgement *g, const char *class)
{
	return strcmp(class_of(g), class) == 0;
}

/* Not now: here after a short wait, else over another account, else by whoever comes later. */
static void try_later(struct deliver *d, struct errand *j, const struct judgement *g,
		      struct attempt *a, enum ledger_state state)
{
	int64_t wait = wait_of(d, j, g);
	struct err e;

	a->outcome = "retry";
	if (can_wait(d, j, wait) && !is(g, CAUSE_CREDENTIALS)) {
		a->retry_at = j->retry_at = a->at + wait;
		j->timer.key = clock_steady() + wait;
		end(d, j, state, a, sleep_now);
		return;
	}
	if (state == LEDGER_FREE && has_other(j) && !d->stopping) {
		end(d, j, state, a, go_over);
		return;
	}
	err_set(&e, FAULT_TEMP,
		is(g, CAUSE_CREDENTIALS) ? "credentials" :
		is(g, CAUSE_THROTTLED)   ? "throttled" :
					   "unavailable",
		"%.*s: %.*s", STR_FMT(j->lane->of->name), STR_FMT(g->error.text));
	a->retry_at = e.retry_ms = later_than(d, j, a->at, a->at + wait);
	if (!errand_fleeting(j))
		blame(j, &e);
	end(d, j, state, a, next_recipient);
}

static void refused(struct deliver *d, struct errand *j, const struct judgement *g, struct attempt *a)
{
	struct err e;

	if (is(g, CAUSE_CREDENTIALS)) { /* somebody will repair the account */
		try_later(d, j, g, a, LEDGER_FREE);
		return;
	}
	if (g->failover && has_other(j) && !is(g, CAUSE_OPTED_OUT)) {
		a->outcome = "retry";
		end(d, j, LEDGER_FREE, a, go_over);
		return;
	}
	err_set(&e, is(g, CAUSE_OPTED_OUT) ? FAULT_DENIED : FAULT_DATA,
		is(g, CAUSE_OPTED_OUT) ? "opted-out" : "refused", "%.*s refused it: %.*s%s%.*s%s",
		STR_FMT(j->lane->of->name), STR_FMT(g->error.text), g->error.carrier_code.n ? " (" : "",
		STR_FMT(g->error.carrier_code), g->error.carrier_code.n ? ")" : "");
	fail_for_good(d, j, a, &e);
}

static void not_known(struct deliver *d, struct errand *j, const struct judgement *g, struct attempt *a)
{
	bool same = j->x.idempotent || j->x.prepares || errand_fleeting(j);

	if (same || d->o.resend_unknown) {
		j->bound |= same && !d->o.resend_unknown;
		try_later(d, j, g, a, j->x.prepares ? LEDGER_FREE : LEDGER_UNKNOWN);
		return;
	}
	a->outcome = "unknown";
	j->n_gone++;
	unknown_verdict(j);
	end(d, j, LEDGER_UNKNOWN, a, next_recipient);
}

static void sent(struct deliver *d, struct errand *j, const struct judgement *g, struct attempt *a)
{
	a->outcome = "sent";
	a->error = NULL;
	a->external_id = g->external_id;
	j->n_gone++;
	if (!j->over) {
		j->over = here(j);
		j->external_id = arena_str(j->arena, g->external_id);
		if (g->conversation.p)
			j->conversation = arena_str(j->arena, g->conversation);
	}
	end(d, j, LEDGER_SENT, a, next_part);
}

/* What the answer tells of the account itself. */
static enum circuit_result result_of(const struct judgement *g, int status)
{
	if (g->outcome == OUTCOME_SENT || g->outcome == OUTCOME_NEXT)
		return CIRCUIT_OK;
	if (is(g, CAUSE_THROTTLED))
		return CIRCUIT_THROTTLED;
	return status == 0 || status >= 500 || is(g, CAUSE_CREDENTIALS) ? CIRCUIT_BAD : CIRCUIT_OK;
}

void policy_judged(struct deliver *d, struct errand *j, const struct judgement *g, int status, double ms)
{
	struct attempt a = { .error = &g->error, .at = clock_now(), .status = status, .ms = ms };

	lane_leave(d, j, result_of(g, status), ms, g->retry_ms > 0 ? g->retry_ms : 0);
	switch (g->outcome) {
	case OUTCOME_SENT:
		sent(d, j, g, &a);
		break;
	case OUTCOME_NEXT:
		j->step++;
		j->carry = arena_str(j->arena, g->carry);
		policy_go(d, j);
		break;
	case OUTCOME_FAILED:
		refused(d, j, g, &a);
		break;
	case OUTCOME_RETRY:
		try_later(d, j, g, &a, LEDGER_FREE);
		break;
	case OUTCOME_UNKNOWN:
		not_known(d, j, g, &a);
		break;
	}
}
