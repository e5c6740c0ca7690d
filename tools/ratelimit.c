/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "crypto.h"
#include "diag.h"
#include "hash.h"
#include "ratelimit_conf.h"
#include "pace.h"

enum mode { MODE_PACE, MODE_TAG, MODE_REJECT };

enum {
	HOLD_MS = 10000,   /* well below the minute that a lease lasts */
	HELD_MAX = 100000, /* records that wait at once */
	KEYS = 1000000,    /* of a new state file */
};

struct ratelimit {
	struct limits *limits;
	struct rates *rates;
	struct pace *pace;
	enum mode mode;
	bool explain, simulate, quiet;
	int64_t max_hold; /* nanoseconds */
	uint64_t max_held;
	struct arena *arena; /* for a record that is let go */
	struct buf text, key;
	int timer;
	int64_t set;         /* the instant that the timer is set to */
	int64_t now;         /* the last time that was read; of a simulation its own */
	int64_t first, last; /* of a simulation: when the first and the last record go */
	uint64_t gone, waited;
};

/* A record that waits: its keys and its line stand behind it. */
struct waiting {
	struct held held;
	struct limits_use use;
	uint64_t lineno;
	struct str line;
};

static const struct opt opts[] = {
	{ "mode", 0, "MODE", "pace (the default), tag or reject", false },
	{ "max-hold", 0, "SPAN", "in mode pace, reject what would wait longer (10s)", false },
	{ "max-held", 0, "N", "stop reading while N records wait (100000)", false },
	{ "state", 0, "FILE", "share the state with other processes, and keep it, in FILE", false },
	{ "keys", 0, "N", "make a new state file for N keys (1000000)", false },
	{ "explain", 0, NULL, "say for each key of a record what it asks and allows", false },
	{ "simulate", 0, NULL, "on virtual time: when would each record go, when would the last", false },
	{ "stat", 0, NULL, "before all else: show where the keys of the state file stand", false },
	{ NULL, 0, NULL, NULL, false },
};

static void ratelimit_close(void *st)
{
	struct ratelimit *rl = st;
	struct held *h;

	if (!rl)
		return;
	/* Only after a fault is anything left. */
	while (rl->pace && (h = pace_any(rl->pace)) != NULL)
		free(h);
	pace_free(rl->pace);
	rates_free(rl->rates);
	limits_free(rl->limits);
	arena_free(rl->arena);
	buf_free(&rl->text);
	buf_free(&rl->key);
	if (rl->timer >= 0)
		close(rl->timer);
	free(rl);
}

static int read_mode(struct ratelimit *rl, const char *mode, struct err *e)
{
	static const char *const names[] = { "pace", "tag", "reject" };

	for (size_t i = 0; i < LEN(names); i++)
		if (!mode || strcmp(mode, names[i]) == 0) {
			rl->mode = (enum mode)i;
			return 0;
		}
	return err_set(e, FAULT_USAGE, "usage", "--mode takes pace, tag or reject, not \"%.40s\"", mode);
}

static int read_options(struct ratelimit *rl, const struct args *a, uint64_t *keys, struct err *e)
{
	int64_t hold = HOLD_MS;

	rl->explain = opt_flag(a, "explain");
	rl->simulate = opt_flag(a, "simulate");
	rl->quiet = opt_flag(a, "quiet");
	rl->max_held = rl->simulate ? UINT64_MAX : HELD_MAX;
	*keys = KEYS;
	if (read_mode(rl, opt_value(a, "mode"), e) < 0 ||
	    opt_duration(a, "max-hold", 0, CLOCK_SPAN_MAX, &hold, e) < 0 ||
	    opt_number(a, "max-held", 1, 100000000, &rl->max_held, e) < 0 ||
	    opt_number(a, "keys", 1, UINT64_C(1) << 32, keys, e) < 0)
		return -1;
	rl->max_hold = rl->simulate && !opt_value(a, "max-hold") ? INT64_MAX / 2 : hold * 1000000;
	if (opt_flag(a, "stat"))
		return err_set(e, FAULT_USAGE, "usage", "--stat must be the first option");
	if (rl->simulate && (rl->mode != MODE_PACE || opt_value(a, "state")))
		return err_set(e, FAULT_USAGE, "usage", "--simulate goes with neither --mode nor --state");
	return 0;
}

static void *ratelimit_open(const struct setup *s, struct err *e)
{
	struct ratelimit *rl = calloc(1, sizeof(*rl));
	const char *state = opt_value(s->args, "state");
	uint64_t keys;

	if (!rl)
		diag_oom();
	rl->arena = arena_new();
	rl->text.max = rl->key.max = SIZE_MAX;
	rl->timer = -1;
	if (read_options(rl, s->args, &keys, e) < 0)
		goto fail;
	rl->limits = limits_new(s->conf, e);
	if (!rl->limits)
		goto fail;
	if (!json_get(s->conf->root, "limits")) /* a pipeline needs none; [] says that this is meant */
		diag_warn("%s: no \"limits\": all records go at once", s->conf->path);
	rl->rates = state ? rates_file(state, keys, e) : rates_memory();
	if (!rl->rates)
		goto fail;
	rl->pace = pace_new(rl->rates);
	rl->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (rl->timer < 0) {
		err_set(e, FAULT_OS, "timer", "timerfd_create: %s", strerror(errno));
		goto fail;
	}
	rl->now = clock_now_ns();
	rl->set = INT64_MAX;
	return rl;
fail:
	ratelimit_close(rl);
	return NULL;
}

static int64_t now_of(struct ratelimit *rl)
{
	int64_t now;

	if (rl->simulate)
		return rl->now;
	now = clock_now_ns();
	if (now < rl->now)
		pace_set_back(rl->pace, now);
	return rl->now = now;
}

/* Whole milliseconds, as records have them: never 0 for a record that waited. */
static int64_t ms_of(int64_t ns)
{
	return ns / 1000000 + (ns % 1000000 > 0);
}

/* What is asked of each key of ${r}, and when it allows that. */
static void explain(struct ratelimit *rl, const struct rec *r, const struct limits_use *use, int64_t now)
{
	struct buf *b = &rl->text;

	json_key(b, "keys");
	json_open(b, '[');
	for (unsigned i = 0; i < use->n && use->limit[i] != LIMITS_NONE; i++) {
		struct rate rate = limits_rate(rl->limits, use->limit[i]);
		int64_t when = rates_when(rl->rates, &use->keys[i], 1, now, NULL);

		buf_reset(&rl->key);
		limits_key(rl->limits, use->limit[i], r, &rl->key);
		json_open(b, '{');
		json_add_str(b, "limit", limits_name(rl->limits, use->limit[i]));
		json_add_str(b, "key", buf_get(&rl->key));
		json_key(b, "rate");
		buf_fmt(b, "%.6g", 1e9 / (double)rate.interval * rates_share(rl->rates, &use->keys[i]));
		json_key(b, "burst");
		json_put_i64(b, rate.burst);
		json_key(b, "cost");
		json_put_i64(b, use->keys[i].units);
		json_key(b, "wait_ms");
		json_put_i64(b, ms_of(when - now));
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* Put ${r} with `limit`: how long it waits or has waited, and for which limit. */
static void put(struct ratelimit *rl, struct out *o, const struct rec *r,
		const struct limits_use *use, const struct held *h, int64_t wait)
{
	struct rec limited = *r;
	struct buf *b = &rl->text;

	buf_reset(b);
	json_open(b, '{');
	json_key(b, "wait_ms");
	json_put_i64(b, ms_of(wait));
	if (wait > 0 && use->limit[h->slowest] != LIMITS_NONE)
		json_add_str(b, "by", limits_name(rl->limits, use->limit[h->slowest]));
	if (rl->explain)
		explain(rl, r, use, now_of(rl));
	json_close(b, '}');
	rec_add(&limited, "limit", buf_get(b));
	out_put(o, &limited);
}

/* The plan of one record: what --simulate puts in its place. */
static void plan(struct ratelimit *rl, struct out *o, const struct rec *r,
		 const struct limits_use *use, const struct held *h, int64_t wait)
{
	struct buf *b = &rl->text;
	struct str id = rec_str(r, "id");
	char at[CLOCK_TEXT + 1];
	struct rec made;

	clock_format(at, rl->now / 1000000);
	buf_reset(b);
	json_open(b, '{');
	if (id.p)
		json_add_str(b, "id", id);
	json_add_str(b, "kind", STR("plan"));
	json_add_str(b, "at", str_c(at));
	json_key(b, "wait_ms");
	json_put_i64(b, ms_of(wait));
	if (wait > 0 && use->limit[h->slowest] != LIMITS_NONE)
		json_add_str(b, "by", limits_name(rl->limits, use->limit[h->slowest]));
	if (rl->explain)
		explain(rl, r, use, rl->now);
	json_close(b, '}');
	rec_made(&made, r, buf_get(b));
	out_put(o, &made);
	rl->first = rl->gone++ == 0 ? rl->now : rl->first;
	rl->last = rl->now;
	rl->waited += wait > 0;
}

static void let_go(struct ratelimit *rl, struct out *o, const struct rec *r,
		   const struct limits_use *use, const struct held *h, int64_t wait)
{
	if (rl->simulate)
		plan(rl, o, r, use, h, wait);
	else
		put(rl, o, r, use, h, wait);
}

static int limited(struct ratelimit *rl, const struct limits_use *use, const struct held *h,
		   int64_t now, int64_t when, struct err *e)
{
	unsigned limit = use->limit[h->slowest];
	struct str name = limit == LIMITS_NONE ? STR_NONE : limits_name(rl->limits, limit);

	if (name.p)
		err_set(e, FAULT_TEMP, "rate-limited", "limit \"%.*s\" lets it go in %" PRId64 " ms",
			STR_FMT(name), ms_of(when - now));
	else
		err_set(e, FAULT_TEMP, "rate-limited", "others of its conversation wait before it");
	e->retry_ms = ms_of(when);
	return -1;
}

/* What must keep its order: the conversation, else whatever has the same keys. */
static uint64_t flow_of(const struct ratelimit *rl, const struct rec *r, const struct limits_use *use)
{
	struct str conversation = rec_str(r, "conversation");
	uint64_t hashes[LIMITS_MAX];

	if (conversation.n > 0)
		return hash_64(conversation, rates_seed(rl->rates));
	for (unsigned i = 0; i < use->n; i++)
		hashes[i] = use->keys[i].hash;
	return hash_64((struct str){ (const char *)hashes, use->n * sizeof(*hashes) },
		       rates_seed(rl->rates));
}

/* Of a simulation only the id is kept, so that a campaign fits into memory. */
static void line_of(struct ratelimit *rl, const struct rec *r)
{
	struct str id = rec_str(r, "id");

	buf_reset(&rl->text);
	if (!rl->simulate || rl->explain) {
		rec_write(&rl->text, r);
		return;
	}
	json_open(&rl->text, '{');
	if (id.p)
		json_add_str(&rl->text, "id", id);
	json_close(&rl->text, '}');
}

/* Keep ${r} until its time comes. */
static void hold(struct ratelimit *rl, const struct rec *r, const struct held *h,
		 const struct limits_use *use, int64_t now)
{
	size_t keys = use->n * sizeof(*use->keys), limits = use->n * sizeof(*use->limit);
	struct waiting *w;
	char *p;

	line_of(rl, r);
	w = malloc(sizeof(*w) + keys + limits + rl->text.n);
	if (!w)
		diag_oom();
	p = (char *)(w + 1);
	w->use = (struct limits_use){ memcpy(p, use->keys, keys),
				      memcpy(p + keys, use->limit, limits), use->n };
	w->line = (struct str){ memcpy(p + keys + limits, rl->text.p, rl->text.n), rl->text.n };
	w->lineno = r->lineno;
	w->held = *h;
	w->held.since = now;
	w->held.keys = w->use.keys;
	pace_hold(rl->pace, &w->held, now);
}

/* At least a nanosecond, even if the clock was set back. */
static int64_t waited(struct ratelimit *rl, const struct held *h)
{
	int64_t ns = now_of(rl) - h->since;

	return ns > 0 ? ns : 1;
}

/* ${w} may go: put it, or reject it with ${e}, and forget it. */
static void dismiss(struct ratelimit *rl, struct out *o, struct waiting *w, struct err *e)
{
	struct rec origin = { .arena = rl->arena, .file = "-", .lineno = w->lineno }, r;

	rec_made(&r, &origin, w->line);
	if (e)
		out_reject(o, &r, e);
	else
		let_go(rl, o, &r, &w->use, &w->held, waited(rl, &w->held));
	arena_reset(rl->arena);
	free(w);
}

static void set_timer(struct ratelimit *rl)
{
	int64_t next = pace_next(rl->pace), real = -1;
	struct itimerspec t = { 0 };

	if (rl->simulate || next == rl->set)
		return;
	rl->set = next;
	if (next < INT64_MAX)
		real = clock_real_ns(next - clock_now_ns());
	if (real > 0) {
		t.it_value.tv_sec = real / RATES_SECOND;
		t.it_value.tv_nsec = real % RATES_SECOND;
	}
	timerfd_settime(rl->timer, 0, &t, NULL);
}

/* A throttle of the carrier slows down the keys of the record that it is about, a success lets them recover. */
static void learn(struct ratelimit *rl, const struct rec *r)
{
	struct str outcome = rec_str(r, "outcome");
	int64_t status = 0, now = now_of(rl);
	struct limits_use use;
	struct err why;
	bool throttled;

	json_i64(json_get(rec_get(r, "http"), "status"), &status);
	throttled = status == 429 ||
		    str_eq(json_get_str(rec_get(r, "error"), "class"), STR("throttled"));
	if (!throttled && !str_eq(outcome, STR("sent")))
		return;
	/* What was sent must not be rejected because a limit can make nothing of it. */
	if (limits_of(rl->limits, r, rl->rates, &use, &why) < 0)
		return;
	for (unsigned i = 0; i < use.n; i++)
		rates_learn(rl->rates, &use.keys[i], throttled, now);
}

/* What somebody is to be sent. */
static bool outbound(const struct rec *r)
{
	struct str kind = rec_str(r, "kind");

	return str_eq(kind, STR("push")) ||
	       (str_eq(kind, STR("message")) && str_eq(rec_str(r, "direction"), STR("out")));
}

static int ratelimit_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct ratelimit *rl = st;
	struct limits_use use;
	struct rates_key free_key;
	struct held h;
	int64_t now = now_of(rl), when;

	if (rec_is(r, "delivery"))
		learn(rl, r);
	if (!outbound(r)) {
		out_put(o, r);
		return 0;
	}
	if (limits_of(rl->limits, r, rl->rates, &use, e) < 0)
		return -1;
	h = (struct held){ .keys = use.keys, .n = use.n, .flow = flow_of(rl, r, &use) };
	if (use.n == 0 && pace_waits(rl->pace, h.flow)) {
		/* Nothing limits it, but it must not overtake: a key of its own that allows everything. */
		free_key = (struct rates_key){ h.flow, { 1, RATES_SECOND, 1 }, 1 };
		h.keys = use.keys = &free_key;
		use.limit[0] = LIMITS_NONE;
		h.n = use.n = 1;
	}
	when = use.n == 0 ? now : pace_pass(rl->pace, &h, now);
	if (when == now || rl->mode == MODE_TAG) {
		let_go(rl, o, r, &use, &h, when - now);
		return 0;
	}
	if (rl->mode == MODE_REJECT || when - now > rl->max_hold ||
	    (!rl->simulate && clock_real_ns(1) < 0))
		return limited(rl, &use, &h, now, when, e);
	hold(rl, r, &h, &use, now);
	set_timer(rl);
	return 0;
}

static int ratelimit_due(void *st, struct out *o, struct err *e)
{
	struct ratelimit *rl = st;
	struct held *h;
	uint64_t ticks;

	(void)e;
	while (read(rl->timer, &ticks, sizeof(ticks)) > 0)
		rl->set = INT64_MAX; /* it may have rung a little early */
	while ((h = pace_due(rl->pace, now_of(rl))) != NULL)
		dismiss(rl, o, (struct waiting *)h, NULL);
	set_timer(rl);
	return 0;
}

static int ratelimit_fd(void *st)
{
	return ((struct ratelimit *)st)->timer;
}

static enum stage_load ratelimit_load(void *st)
{
	struct ratelimit *rl = st;
	size_t n = rl->simulate ? 0 : pace_count(rl->pace);

	return n == 0 ? STAGE_EMPTY : n < rl->max_held ? STAGE_HOLDS : STAGE_FULL;
}

/* All records have come: let virtual time run until the last has gone. */
static void simulate(struct ratelimit *rl, struct out *o)
{
	struct held *h;

	while (pace_count(rl->pace) > 0) {
		rl->now = pace_next(rl->pace);
		while ((h = pace_due(rl->pace, rl->now)) != NULL)
			dismiss(rl, o, (struct waiting *)h, NULL);
	}
}

static void summary(const struct ratelimit *rl)
{
	char first[CLOCK_TEXT + 1], last[CLOCK_TEXT + 1];

	clock_format(first, rl->first / 1000000);
	clock_format(last, rl->last / 1000000);
	diag_note("%" PRIu64 " records, %" PRIu64
		  " of them wait; the first goes at %s, the last at %s, %.1f s later",
		  rl->gone, rl->waited, first, last, (double)(rl->last - rl->first) / 1e9);
}

/* What still waits was asked to stop waiting: the queue has it back, and gives it again in time. */
static int ratelimit_flush(void *st, struct out *o, struct err *e)
{
	struct ratelimit *rl = st;
	struct held *h;

	(void)e;
	if (rl->simulate) {
		simulate(rl, o);
		if (rl->gone > 0 && !rl->quiet)
			summary(rl);
		return 0;
	}
	while ((h = pace_any(rl->pace)) != NULL) {
		struct waiting *w = (struct waiting *)h;
		int64_t now = now_of(rl);
		struct err why;

		limited(rl, &w->use, h, now, rates_when(rl->rates, h->keys, h->n, now, NULL), &why);
		dismiss(rl, o, w, &why);
	}
	return 0;
}

const struct stage stage_ratelimit = {
	.program = {
		.name = "omni-ratelimit",
		.purpose = "Let outbound records go no faster than their limits allow.",
		.operands = "[FILE...]",
		.example = "omni-queue take outbound --follow | omni-ratelimit -c omni.json | omni-queue settle outbound",
		.opts = opts,
	},
	.name = "ratelimit",
	.keys = config_keys,
	.open = ratelimit_open,
	.step = ratelimit_step,
	.fd = ratelimit_fd,
	.due = ratelimit_due,
	.load = ratelimit_load,
	.flush = ratelimit_flush,
	.close = ratelimit_close,
};
