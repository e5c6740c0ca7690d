/* SPDX-License-Identifier: MIT */
#include "push_engine.h"

#include <stdio.h>

#include "cause.h"
#include "clock.h"
#include "diag.h"
#include "push_bearer.h"
#include "url.h"

enum {
	APNS_LATER_MS = 15 * 60000, /* Apple's advice for its own trouble */
	LATER_MS = 60000,
	FIRST_WAIT_MS = 500,
	WAIT_MOST_MS = 60000,
	WINDOW_LEAST = 1,
};

static void tell(struct push_engine *g, struct push_shot *s, struct push_result *r)
{
	r->shot = s;
	r->status = s->status;
	r->ms = s->ms;
	r->at = r->at ? r->at : clock_now();
	if (s->intended)
		push_note_end(g, s,
			      strcmp(r->outcome, "sent") == 0    ? LEDGER_SENT :
			      strcmp(r->outcome, "unknown") == 0 ? LEDGER_UNKNOWN :
								   LEDGER_FREE,
			      r->external_id, r->at);
	push_report(r, g->out);
	push_done(g, s);
}

void push_failed(struct push_engine *g, struct push_shot *s, const struct err *e, bool gone)
{
	struct push_result r = { .outcome = "failed",
				 .class = CAUSE_PERMANENT,
				 .code = e->code,
				 .text = str_c(e->text),
				 .gone = gone,
				 .gone_at = -1 };

	tell(g, s, &r);
}

void push_later(struct push_engine *g, struct push_shot *s, const char *class, const char *code,
		struct str text, int64_t retry_at)
{
	struct push_result r = { .outcome = "retry",
				 .class = class,
				 .code = code,
				 .text = text.p ? text : STR("it could not be sent now"),
				 .gone_at = -1,
				 .retry_at = retry_at };

	tell(g, s, &r);
}

static void gone(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	struct push_result r = {
		.outcome = "failed",
		.class = CAUSE_PERMANENT,
		.code = "device-gone",
		.text = j->text.p ? j->text :
				    STR("the device can not be reached under this token any more"),
		.carrier_code = j->code,
		.gone = true,
		.gone_at = j->gone_at
	};

	tell(g, s, &r);
}

/* All that ${sd} was in doubt about was true. */
static void believe(struct push_engine *g, struct push_sender *sd)
{
	struct push_shot *s = sd->doubt, *next;

	sd->doubt = NULL;
	sd->n_doubt = 0;
	for (; s; s = next) {
		next = s->next;
		s->next = NULL;
		gone(g, s, &s->doubt);
	}
}

/* It failed for a reason that passes: again here, if that is soon, else by whoever keeps the record. */
static void again(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	int64_t now = clock_now(), mono = clock_mono(), wait = FIRST_WAIT_MS;
	bool limited = j->verdict == PUSH_LIMITED;
	int64_t later = s->device.platform == PUSH_APNS && !limited ? APNS_LATER_MS : LATER_MS;

	for (unsigned i = 1; i < s->attempts && wait < WAIT_MOST_MS; i++)
		wait *= 2;
	wait += wait / 4 * (int64_t)(s->hash % 97) / 97; /* what failed together does not come back together */
	if (j->retry_at >= 0)
		wait = j->retry_at - now;
	if (limited && j->whole) {
		s->sender->window = s->sender->window / 2 > WINDOW_LEAST ? s->sender->window / 2 :
									   WINDOW_LEAST;
		push_pause(g, s->sender, mono + wait, "throttled");
	}
	if (g->stopping || s->attempts >= PUSH_ATTEMPTS || mono + wait - s->entered > g->limits.hold_ms)
		push_later(g, s, limited ? CAUSE_THROTTLED : CAUSE_TEMP,
			   limited ? "throttled" : "unavailable", j->text,
			   now + (j->retry_at >= 0 || wait > later ? wait : later));
	else
		push_wait(g, s, mono + wait);
}

/* The network, not the gateway: others of this sender would meet the same. */
static void trouble(struct push_engine *g, struct push_sender *sd, const char *text)
{
	int64_t wait = FIRST_WAIT_MS, mono = clock_mono();

	snprintf(sd->text, sizeof(sd->text), "%s", text);
	for (unsigned i = 0; i < sd->troubles && wait < WAIT_MOST_MS; i++)
		wait *= 2;
	if (sd->pause <= mono) {
		sd->troubles++;
		sd->proven = false;
		push_pause(g, sd, mono + wait, "unavailable");
	}
}

static void unsent(struct push_engine *g, struct push_flight *f)
{
	struct push_judgement j = { .verdict = PUSH_RETRY, .retry_at = -1, .text = str_c(f->x.text) };

	trouble(g, f->shot->sender, f->x.text);
	again(g, f->shot, &j);
}

void push_unknown(struct push_engine *g, struct push_shot *s, struct str text, int64_t at)
{
	struct push_result r = { .outcome = "unknown",
				 .class = CAUSE_UNKNOWN,
				 .code = "no-answer",
				 .text = text,
				 .gone_at = -1,
				 .at = at };

	tell(g, s, &r);
}

void push_was_sent(struct push_engine *g, struct push_shot *s, struct str external_id, int64_t at)
{
	struct push_result r = { .outcome = "sent", .external_id = external_id, .gone_at = -1, .at = at };

	tell(g, s, &r);
}

/* Nobody knows whether it went: again where the second does no harm. */
static void broken(struct push_engine *g, struct push_flight *f)
{
	struct push_judgement j = { .verdict = PUSH_RETRY, .retry_at = -1, .text = str_c(f->x.text) };
	f->shot->sender->proven = false;
	if (f->post.idempotent)
		again(g, f->shot, &j);
	else
		push_unknown(g, f->shot, j.text, clock_now());
}

static void sent(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	struct push_sender *sd = s->sender;
	struct push_result r = { .outcome = "sent", .external_id = j->external_id, .gone_at = -1 };

	sd->proven = true;
	sd->troubles = sd->refusals = 0;
	sd->sent++;
	if (sd->window < g->limits.window)
		sd->window++;
	believe(g, sd);
	tell(g, s, &r);
}

/* ---- credentials ---- */

static void refused(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	struct push_sender *sd = s->sender;
	bool web = s->device.platform == PUSH_WEB;
	struct push_result r = { .outcome = "failed",
				 .class = CAUSE_CREDENTIALS,
				 .code = "credentials",
				 .text = j->text.p ? j->text :
						     STR("the service refuses our key for this browser"),
				 .carrier_code = j->code,
				 .gone_at = -1 };

	if (j->renew && !s->renewed && push_bearer_renew(s->account, clock_now())) {
		s->renewed = true;
		push_queue(g, s, true);
		return;
	}
	if (web && sd->sent > 0) { /* our key is good there: the browser subscribed under another */
		tell(g, s, &r);
		return;
	}
	if (!web || ++sd->refusals >= PUSH_POISON)
		push_stop(g, sd, j->code, j->text);
	push_later(g, s, CAUSE_CREDENTIALS, "credentials", j->text.p ? j->text : j->code,
		   clock_now() + PUSH_REPAIR_MS);
}

/* All that was in doubt was due to us: the devices are fine. */
static void acquit(struct push_engine *g, struct push_sender *sd, struct str code)
{
	struct push_shot *s = sd->doubt, *next;
	struct str text = STR(
		"so many tokens in a row can not be wrong: is it the other environment, topic or project?");

	sd->doubt = NULL;
	sd->n_doubt = 0;
	push_stop(g, sd, code, text);
	for (; s; s = next) {
		next = s->next;
		s->next = NULL;
		push_later(g, s, CAUSE_CREDENTIALS, "credentials", text, clock_now() + PUSH_REPAIR_MS);
	}
}

static struct str kept(struct push_shot *s, struct str text)
{
	return text.p ? arena_str(s->parcel->arena, text) : STR_NONE;
}

static void maybe_gone(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	struct push_sender *sd = s->sender;

	if (!j->doubtful || sd->sent > 0) {
		gone(g, s, j);
		return;
	}
	s->doubt = *j;
	s->doubt.code = kept(s, j->code);
	s->doubt.text = kept(s, j->text);
	s->next = sd->doubt;
	sd->doubt = s;
	if (++sd->n_doubt >= PUSH_DOUBTS)
		acquit(g, sd, s->doubt.code);
}

/* ---- answers ---- */

static bool same_origin(struct str a, struct str b)
{
	struct url x, y;

	return url_split(a, &x) == 0 && url_split(b, &y) == 0 && str_eq_nocase(x.scheme, y.scheme) &&
	       str_eq_nocase(x.host, y.host) && str_eq(x.port, y.port);
}

/* The browser is elsewhere at its service: once, and never at another service. */
static bool follow(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	if (!j->moved.p || s->moved || !same_origin(j->moved, s->device.token))
		return false;
	s->moved = true;
	s->for_ever = j->for_ever;
	s->endpoint = s->device.token;
	s->device.token = arena_str(s->parcel->arena, j->moved);
	push_queue(g, s, true);
	return true;
}

static void permanent(struct push_engine *g, struct push_shot *s, const struct push_judgement *j)
{
	struct push_result r = { .outcome = "failed",
				 .class = CAUSE_PERMANENT,
				 .code = "push-refused",
				 .text = j->text,
				 .carrier_code = j->code,
				 .gone_at = -1 };

	tell(g, s, &r);
}

static void judged(struct push_engine *g, struct push_flight *f)
{
	struct push_shot *s = f->shot;
	struct push_judgement j = { .verdict = PUSH_PERMANENT, .gone_at = -1, .retry_at = -1 };
	struct response r = { .status = f->x.status,
			      .headers = f->x.answer,
			      .n_headers = f->x.n_answer,
			      .body = f->x.answer_body,
			      .cut = f->x.end == FETCH_LARGE };

	s->status = r.status;
	push_gateways[s->device.platform]->judge(&r, clock_now(), f->arena, &j);
	if ((j.verdict == PUSH_GONE && !j.doubtful) || j.verdict == PUSH_PERMANENT)
		s->sender->proven = true; /* it knows us */
	if (j.verdict != PUSH_CREDENTIALS)
		s->sender->refusals = 0;
	switch (j.verdict) {
	case PUSH_SENT:
		sent(g, s, &j);
		break;
	case PUSH_GONE:
		maybe_gone(g, s, &j);
		break;
	case PUSH_PERMANENT:
		permanent(g, s, &j);
		break;
	case PUSH_RETRY:
	case PUSH_LIMITED:
		if (!follow(g, s, &j))
			again(g, s, &j);
		break;
	case PUSH_CREDENTIALS:
		refused(g, s, &j);
		break;
	}
}

void push_answered(struct push_engine *g, struct push_flight *f)
{
	struct push_sender *sd = f->shot->sender;
	struct err e;

	sd->flying--;
	f->shot->status = 0;
	f->shot->ms = f->x.ms;
	switch (f->x.end) {
	case FETCH_OK:
	case FETCH_LARGE:
		judged(g, f);
		break;
	case FETCH_UNSENT:
	case FETCH_STOPPED:
		unsent(g, f);
		break;
	case FETCH_BROKEN:
		broken(g, f);
		break;
	case FETCH_REFUSED:
		err_set(&e, FAULT_DATA, "address-refused", "%s", f->x.text);
		push_failed(g, f->shot, &e, false);
		break;
	}
	if (sd->flying == 0 && !sd->first)
		believe(g, sd);
}

void push_token_answered(struct push_engine *g, struct push_account *a)
{
	struct push_line *l = &g->lines[a - g->accounts->list];
	struct response r = { .status = l->ask.status,
			      .headers = l->ask.answer,
			      .n_headers = l->ask.n_answer,
			      .body = l->ask.answer_body };
	struct err e;
	int rc = -1;

	l->asking = false;
	if (l->ask.end == FETCH_OK)
		rc = push_bearer_got(a, &r, clock_now(), &e);
	else
		err_set(&e, FAULT_TEMP, "unavailable", "%s", l->ask.text);
	for (size_t i = 0; i < g->n_senders; i++) {
		struct push_sender *sd = g->senders[i];

		if (sd->account != a)
			continue;
		if (rc == 0)
			push_pump(g, sd);
		else if (push_bearer_good(a, clock_now()))
			continue; /* the old one will do for a while */
		else if (e.fault == FAULT_CONFIG)
			push_stop(g, sd, STR_NONE, str_c(e.text));
		else
			trouble(g, sd, e.text);
	}
}
