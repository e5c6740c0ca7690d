/* SPDX-License-Identifier: MIT */
#include "deliver.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "hash.h"
#include "limit.h"
#include "stages.h"

enum {
	RETRY_WITHIN_MS = 10000, /* well below the minute that a lease lasts */
	TIMEOUT_MS = 30000,
	HELD_MAX = 4096,   /* errands at once, each with some 20 KB */
	WINDOW_MAX = 256,  /* requests at once to one account */
	IN_ALL_MAX = 4096, /* connections */
	ATTEMPTS = 3,
	RETRY_FIRST_MS = 500,
	RETRY_MOST_MS = 3600000,
};

#define KEEP_MS (INT64_C(30) * 86400000)

static const struct opt opts[] = {
	{ "ledger", 'l', "FILE", "remember in FILE what was sent, so that nothing is sent twice", false },
	{ "resend-unknown", 0, NULL, "send again what may have been sent, where nobody knows", false },
	{ "keep", 0, "SPAN", "forget in the ledger what was sent longer ago (30d)", false },
	{ "dry-run", 'n', "=json",
	  "send nothing: show each request, as a command of curl or as JSON", false },
	{ "retry-within", 0, "SPAN", "wait so long for another attempt; else reject as temp (10s)", false },
	{ "timeout", 0, "SPAN", "of a request, from its start to the end of its answer (30s)", false },
	{ "max-held", 0, "N", "stop reading while N records are under way (4096)", false },
	{ "ca", 0, "FILE", "certificates to trust instead of the system's", false },
	{ NULL, 0, NULL, NULL, false },
};

/* ---- options and configuration ---- */

/* A time span in the configuration, by its key below `deliver`. */
static int conf_span(const struct conf *c, const struct json *of, const char *key, int64_t *ms,
		     struct err *e)
{
	struct str text = json_get_str(of, key);

	if (text.p && (clock_span(text, ms) < 0 || *ms < 1))
		return err_set(e, FAULT_CONFIG, "config",
			       "%s: /deliver/retry/%s: no time span (500ms, 2s, 5m, 1h)", c->path, key);
	return 0;
}

static int read_conf(struct deliver *d, const struct conf *c, struct err *e)
{
	const struct json *own = json_get(c->root, "deliver"), *retry = json_get(own, "retry");
	struct str health = json_get_str(c->root, "health");
	int64_t n;

	d->o.split = !str_eq(json_get_str(own, "long_text"), STR("refuse"));
	if (json_i64(json_get(own, "concurrency"), &n) == 0)
		d->o.window = (unsigned)n;
	if (json_i64(json_get(retry, "attempts"), &n) == 0)
		d->o.attempts = (unsigned)n;
	if (health.n > 0)
		d->health = arena_cstr(c->arena, health);
	return conf_span(c, retry, "first", &d->o.retry_first, e) < 0 ||
			       conf_span(c, retry, "most", &d->o.retry_most, e) < 0 ?
		       -1 :
		       0;
}

static int read_options(struct deliver *d, const struct setup *s, struct err *e)
{
	const struct args *a = s->args;
	uint64_t held = HELD_MAX;

	d->o = (struct deliver_options){ .retry_within = RETRY_WITHIN_MS,
					 .timeout = TIMEOUT_MS,
					 .keep = KEEP_MS,
					 .retry_first = RETRY_FIRST_MS,
					 .retry_most = RETRY_MOST_MS,
					 .attempts = ATTEMPTS,
					 .window = WINDOW_MAX,
					 .resend_unknown = opt_flag(a, "resend-unknown") };
	if (read_conf(d, s->conf, e) < 0 || show_open(d, opt_value(a, "dry-run"), e) < 0 ||
	    opt_duration(a, "retry-within", 0, CLOCK_SPAN_MAX, &d->o.retry_within, e) < 0 ||
	    opt_duration(a, "timeout", 1, 3600000, &d->o.timeout, e) < 0 ||
	    opt_duration(a, "keep", 60000, CLOCK_SPAN_MAX, &d->o.keep, e) < 0 ||
	    opt_number(a, "max-held", 1, 1000000, &held, e) < 0)
		return -1;
	d->o.held = (unsigned)held;
	if (!opt_value(a, "ledger") && (d->o.resend_unknown || opt_value(a, "keep")))
		return err_set(e, FAULT_USAGE, "usage", "--resend-unknown and --keep need a --ledger");
	return 0;
}

/* ---- running ---- */

static int deliver_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct deliver *d = st;

	if (d->dry)
		return show_step(d, r, o, e);
	if (outgoing_wanted(r))
		return errand_new(d, r, e);
	out_put(o, r);
	return 0;
}

static void set_timer(struct deliver *d)
{
	int64_t now = clock_steady(), next = lanes_next(d, now), real = -1;
	struct heap_item *first = heap_first(&d->timers);
	struct itimerspec t = { 0 };

	if (first && first->key < next)
		next = first->key;
	if (next == d->set)
		return;
	d->set = next;
	if (next < INT64_MAX)
		real = clock_real_ns(next > now ? (next - now) * 1000000 : 1);
	if (real > 0) {
		t.it_value.tv_sec = real / 1000000000;
		t.it_value.tv_nsec = real % 1000000000;
	}
	timerfd_settime(d->timer, 0, &t, NULL);
}

/* Who has slept long enough, and lanes that have opened. */
static void wake(struct deliver *d)
{
	int64_t now = clock_steady();
	struct heap_item *i;
	uint64_t ticks;

	while (read(d->timer, &ticks, sizeof(ticks)) > 0)
		d->set = INT64_MAX;
	while ((i = heap_first(&d->timers)) != NULL && (i->key <= now || d->stopping)) {
		heap_remove(&d->timers, i);
		policy_go(d, (struct errand *)(void *)((char *)i - offsetof(struct errand, timer)));
	}
	for (size_t k = 0; k < d->n_lanes; k++)
		lane_pump(d, &d->lanes[k]);
}

/* Who sleeps or waits goes back unsent. */
static void give_up(struct deliver *d)
{
	d->gone = d->stopping = true;
	wake(d);
}

static int deliver_commit(void *st, struct out *o, struct err *e)
{
	struct deliver *d = st;

	if (d->dry)
		return 0;
	if (d->ledger && !d->gone && ledger_gone(d->ledger))
		give_up(d);
	if (send_commit(d, o, e) < 0) {
		d->failed = true;
		return -1;
	}
	set_timer(d);
	return 0;
}

static int deliver_due(void *st, struct out *o, struct err *e)
{
	struct deliver *d = st;

	(void)o, (void)e;
	send_collect(d);
	wake(d);
	return 0;
}

static int deliver_fd(void *st)
{
	return ((struct deliver *)st)->fd;
}

static enum stage_load deliver_load(void *st)
{
	const struct deliver *d = st;

	if (d->n_errands == 0)
		return STAGE_EMPTY;
	if (d->gone)
		return STAGE_FULL;
	return d->n_errands < d->o.held && d->bytes < DELIVER_HELD_BYTES ? STAGE_HOLDS : STAGE_FULL;
}

static int deliver_tick(void *st, bool hangup, struct err *e)
{
	const struct deliver *d = st;

	(void)hangup;
	if (d->gone && d->n_errands == 0) {
		err_set(e, FAULT_IO, "ledger-gone",
			"the ledger was removed or replaced while it was in use: nothing more is sent");
		return -2;
	}
	return health_tick(st, false);
}

/* What is under way gets its answer, or its time runs out; what is not goes back unsent. */
static int deliver_flush(void *st, struct out *o, struct err *e)
{
	struct deliver *d = st;

	if (d->dry)
		return 0;
	d->stopping = true;
	while (d->n_errands > 0) {
		struct pollfd p = { .fd = d->fd, .events = POLLIN };

		if (deliver_due(d, o, e) < 0 || deliver_commit(d, o, e) < 0)
			return -1;
		if (d->n_errands > 0 && d->under_way > 0)
			(void)poll(&p, 1, -1);
	}
	return 0;
}

/* ---- opening and closing ---- */

static void deliver_close(void *st)
{
	struct deliver *d = st;
	struct err e;

	if (!d)
		return;
	/* Where the output is gone nobody is told what becomes of these; but the ledger is, and then it is known. */
	if (d->ledger && !d->failed && d->under_way > 0)
		(void)deliver_flush(d, &out_nowhere, &e);
	if (d->fetch)
		health_tick(d, true);
	fetch_close(d->fetch);
	errand_free_all(d);
	map_free(d->flows);
	heap_free(&d->timers);
	lanes_close(d);
	ledger_close(d->ledger);
	carriers_close(d->carriers);
	if (d->timer >= 0)
		close(d->timer);
	if (d->fd >= 0)
		close(d->fd);
	buf_free(&d->text);
	free(d);
}

static int watch(struct deliver *d, int fd, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_ctl(d->fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_set(e, FAULT_OS, "poll", "epoll_ctl: %s", strerror(errno));
	return 0;
}

static int open_engine(struct deliver *d, const struct setup *s, struct err *e)
{
	const char *ledger = opt_value(s->args, "ledger");
	struct fetch_options f = { .per_host = d->o.window,
				   .total = IN_ALL_MAX,
				   .ca = opt_value(s->args, "ca"),
				   .multiplex = true };

	d->flows = map_new();
	d->seed = hash_seed();
	lanes_open(d);
	if (ledger && (d->ledger = ledger_open(ledger, e)) == NULL)
		return -1;
	d->fetch = fetch_open(&f, e);
	if (!d->fetch)
		return -1;
	d->fd = epoll_create1(EPOLL_CLOEXEC);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (d->fd < 0 || d->timer < 0)
		return err_set(e, FAULT_OS, "timer", "timerfd_create: %s", strerror(errno));
	d->set = INT64_MAX;
	return watch(d, d->timer, e) < 0 ? -1 : watch(d, fetch_fd(d->fetch), e);
}

static void *deliver_open(const struct setup *s, struct err *e)
{
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		diag_oom();
	d->text.max = SIZE_MAX;
	d->fd = d->timer = -1;
	if (read_options(d, s, e) == 0 &&
	    (d->carriers = carriers_open(s->conf, CARRIER_SEND, &carrier_custom, e)) != NULL &&
	    (d->dry || open_engine(d, s, e) == 0))
		return d;
	deliver_close(d);
	return NULL;
}

const struct stage stage_deliver = {
	.program = {
		.name = "omni-deliver",
		.purpose = "Send outbound messages through the APIs of their carriers.",
		.operands = "[FILE...]",
		.example = "omni-queue take outbound --follow | omni-route -c omni.json | omni-deliver -c omni.json -l sent.db | omni-queue settle outbound",
		.opts = opts,
	},
	.name = "deliver",
	.keys = config_keys,
	.open = deliver_open,
	.step = deliver_step,
	.commit = deliver_commit,
	.tick = deliver_tick,
	.fd = deliver_fd,
	.due = deliver_due,
	.load = deliver_load,
	.flush = deliver_flush,
	.close = deliver_close,
};
