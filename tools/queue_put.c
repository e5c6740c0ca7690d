/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "json_scan.h"
#include "queue.h"
#include "sig.h"

enum {
	BATCH = 1000,          /* records of one commit, where nothing is said */
	BATCH_BYTES = 4 << 20, /* and their bytes */
	FULL_RETRY_MS = 10000, /* after so long a full queue may have room again */
};

/* A record on its way: into the queue, or past it. */
struct held {
	struct rec rec; /* its line lives in the arena of the batch; not parsed */
	bool passes;
};

struct put {
	struct queue *queue;
	struct str id, lane, at, priority; /* pointers into the record; {NULL, 0}: none */
	int64_t delay_ms, at_ms;           /* for all; 0: none */
	uint64_t priority_all, batch;
	bool all, wait;
	struct arena *arena;
	struct held *held;
	struct queue_item *items; /* of those that do not pass, in order */
	size_t n_held, n_items, bytes;
};

static const struct opt opts[] = {
	{ "all", 0, NULL, "put rejects too; else they pass", false },
	{ "at", 0, "TIME", "not to be taken before TIME, or the time at a POINTER", false },
	{ "batch", 0, "N", "records of one commit (default 1000; less when input is slow)", false },
	{ "delay", 0, "SPAN", "not to be taken before SPAN has passed", false },
	QUEUE_OPT_DIR,
	{ "id", 0, "POINTER", "refuse what has there what one has that is in, or was done lately", false },
	{ "lane", 0, "POINTER", "keep in order what has the same value there", false },
	{ "max-records", 0, "N", "the queue is full with N records", false },
	{ "max-size", 0, "BYTES", "the queue is full with lines of BYTES", false },
	{ "priority", 0, "N", "0 (most urgent) to 9, or a POINTER to it (default 5)", false },
	{ "wait", 0, NULL, "wait while the queue is full, instead of rejecting", false },
	{ "window", 0, "SPAN", "how long the ids of what is done are remembered (default 24h)", false },
	{ NULL, 0, NULL, NULL, false },
};

static void put_close(void *st)
{
	struct put *p = st;

	if (!p)
		return;
	queue_close(p->queue);
	arena_free(p->arena);
	free(p->held);
	free(p->items);
	free(p);
}

/* The JSON Pointer that --${name} gives, if it does. */
static int pointer(const struct args *a, const char *name, struct str *out, struct err *e)
{
	struct str s = str_c(opt_value(a, name));

	if (s.p && (s.n == 0 || s.p[0] != '/'))
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a JSON Pointer (/id, /from/address), not \"%.*s\"", name,
			       STR_FMT(s));
	*out = s;
	return 0;
}

static bool is_pointer(const struct args *a, const char *name)
{
	const char *text = opt_value(a, name);

	return text && *text == '/';
}

static int read_options(struct put *p, const struct args *a, struct queue_place *place, struct err *e)
{
	if (opt_value(a, "at") && opt_value(a, "delay"))
		return err_set(e, FAULT_USAGE, "usage", "--at and --delay exclude each other");
	if (is_pointer(a, "at"))
		p->at = str_c(opt_value(a, "at"));
	else if (opt_time(a, "at", clock_now(), &p->at_ms, e) < 0)
		return -1;
	if (is_pointer(a, "priority"))
		p->priority = str_c(opt_value(a, "priority"));
	else if (opt_number(a, "priority", 0, QUEUE_PRIORITIES - 1, &p->priority_all, e) < 0)
		return -1;
	p->all = opt_flag(a, "all");
	p->wait = opt_flag(a, "wait");
	if (pointer(a, "id", &p->id, e) < 0 || pointer(a, "lane", &p->lane, e) < 0 ||
	    opt_duration(a, "delay", 0, CLOCK_SPAN_MAX, &p->delay_ms, e) < 0 ||
	    opt_duration(a, "window", 1, CLOCK_SPAN_MAX, &place->dedupe_ms, e) < 0 ||
	    opt_number(a, "batch", 1, QUEUE_BATCH, &p->batch, e) < 0 ||
	    opt_number(a, "max-records", 1, INT64_MAX, &place->max_records, e) < 0)
		return -1;
	return opt_size(a, "max-size", 1, INT64_MAX, &place->max_bytes, e);
}

/* What the queue must be able to do for this. */
static unsigned needs(const struct put *p)
{
	unsigned need = 0;

	if (p->lane.p)
		need |= QUEUE_LANES;
	if (p->id.p)
		need |= QUEUE_DEDUPE;
	if (p->priority.p || p->priority_all != QUEUE_PRIORITY)
		need |= QUEUE_PRIORITIZE;
	if (p->at.p || p->at_ms || p->delay_ms)
		need |= QUEUE_DELAY;
	if (p->at.p || p->at_ms || p->delay_ms > 15 * 60000)
		need |= QUEUE_LONG_DELAY;
	return need;
}

static void *put_open(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	struct queue_place place = { .dir = opt_value(a, "dir"), .create = true };
	struct put *p = calloc(1, sizeof(*p));

	if (!p)
		diag_oom();
	p->arena = arena_new();
	p->batch = BATCH;
	p->priority_all = QUEUE_PRIORITY;
	if (read_options(p, a, &place, e) < 0)
		goto fail;
	p->held = calloc(QUEUE_BATCH, sizeof(*p->held));
	p->items = calloc(QUEUE_BATCH, sizeof(*p->items));
	if (!p->held || !p->items)
		diag_oom();
	p->queue = queue_open(a->subject, &place, needs(p), e);
	if (!p->queue)
		goto fail;
	return p;
fail:
	put_close(p);
	return NULL;
}

/* The text at ${at} in ${r}; {NULL, 0} if there is none or ${at} is not given. */
static int text_at(const struct rec *r, struct str at, const char *what, struct str *out, struct err *e)
{
	const struct json *v = at.p ? json_pointer(r->root, at) : NULL;

	*out = json_text(v);
	if (v && !out->p && !json_is(v, JSON_NULL))
		return err_set(e, FAULT_DATA, "malformed",
			       "%s at %.*s is a JSON %s, not a string or a number", what,
			       STR_FMT(at), json_type_name(json_type(v)));
	return 0;
}

static int when(const struct put *p, const struct rec *r, int64_t *at_ms, struct err *e)
{
	struct str s;

	*at_ms = p->at_ms;
	if (p->delay_ms)
		*at_ms = clock_now() + p->delay_ms;
	if (text_at(r, p->at, "the time", &s, e) < 0)
		return -1;
	if (s.p && clock_parse(s, at_ms) < 0)
		return err_set(e, FAULT_DATA, "time-malformed", "%.*s is not an RFC 3339 time",
			       STR_FMT(p->at));
	return 0;
}

static int urgency(const struct put *p, const struct rec *r, uint8_t *priority, struct err *e)
{
	const struct json *v = p->priority.p ? json_pointer(r->root, p->priority) : NULL;
	int64_t n = (int64_t)p->priority_all;

	if (v && !json_is(v, JSON_NULL) && (json_i64_text(v, &n) < 0 || n < 0 || n >= QUEUE_PRIORITIES))
		return err_set(e, FAULT_DATA, "priority-malformed", "%.*s is no whole number from 0 to %d",
			       STR_FMT(p->priority), QUEUE_PRIORITIES - 1);
	*priority = (uint8_t)n;
	return 0;
}

/* Make ${item} of ${r}, but for its line. */
static int describe(const struct put *p, const struct rec *r, struct queue_item *item, struct err *e)
{
	if (text_at(r, p->id, "the id", &item->id, e) < 0 ||
	    text_at(r, p->lane, "the lane", &item->lane, e) < 0)
		return -1;
	if (p->id.p && item->id.n == 0)
		return err_set(e, FAULT_DATA, "id-missing",
			       "there is nothing at %.*s, by which it could be told from others",
			       STR_FMT(p->id));
	if (item->lane.n == 0)
		item->lane = STR_NONE;
	return when(p, r, &item->at_ms, e) < 0 ? -1 : urgency(p, r, &item->priority, e);
}

/* What is stored: the lease of the queue that it came from is settled there, not here. */
static struct str stored(struct put *p, const struct rec *r, struct str line)
{
	struct buf b = { .max = SIZE_MAX }; /* less than the line */

	if (!json_get(r->root, "lease"))
		return line;
	json_cut(&b, line, STR("lease"));
	line = arena_str(p->arena, buf_get(&b));
	buf_free(&b);
	return line;
}

static struct str owned(struct put *p, struct str s)
{
	return s.p ? arena_str(p->arena, s) : s;
}

/* What the queue said about the record ${h}. */
static void answer(struct held *h, const struct queue_item *item, struct arena *a, struct out *o)
{
	struct err e;

	switch (item->result) {
	case QUEUE_OK:
		out_put(o, &h->rec);
		return;
	case QUEUE_DUP:
		err_set(&e, FAULT_DUPLICATE, "id-known",
			"the id \"%.*s\" is in the queue, or was done not long ago", STR_FMT(item->id));
		break;
	case QUEUE_FULL:
		err_set(&e, FAULT_TEMP, "queue-full", "the queue has reached its size limit");
		e.retry_ms = clock_now() + FULL_RETRY_MS;
		break;
	case QUEUE_BIG:
	case QUEUE_BAD:
		err_set(&e, FAULT_DATA, "queue-refused", "the queue does not take a record like this");
		break;
	default:
		err_set(&e, FAULT_TEMP, "queue-away", "the queue can not be had just now");
		e.retry_ms = clock_now() + FULL_RETRY_MS;
		break;
	}
	h->rec.arena = a;
	out_reject(o, &h->rec, &e);
}

/* Wait until there may be room.  Return false if somebody wants the program to end. */
static bool wait_for_room(struct put *p, int *fd, struct err *e)
{
	struct pollfd fds[2] = { { .fd = sig_fd(), .events = POLLIN }, { .events = POLLIN } };
	int timeout;

	if (*fd >= 0) {
		fds[1].fd = *fd;
		if (queue_watch(p->queue, clock_now(), &timeout, e) < 0 ||
		    poll(fds, 2, timeout) < 0 || fds[0].revents)
			return false;
	}
	*fd = queue_watch(p->queue, clock_now(), &timeout, e);
	return *fd >= 0;
}

/* Put all items, with --wait the last too. */
static int put_items(struct put *p, struct err *e)
{
	size_t from = 0;
	int fd = -1;

	while (from < p->n_items) {
		if (queue_put(p->queue, p->items + from, p->n_items - from, clock_now(), e) < 0)
			return -1;
		while (from < p->n_items && p->items[from].result != QUEUE_FULL)
			from++;
		e->fault = FAULT_NONE;
		if (from < p->n_items && (!p->wait || !wait_for_room(p, &fd, e)))
			return e->fault == FAULT_NONE ? 0 : -1;
	}
	return 0;
}

static int put_commit(void *st, struct out *o, struct err *e)
{
	struct put *p = st;
	int rc = put_items(p, e);
	struct arena *scratch;

	if (rc == 0) {
		scratch = arena_new();
		for (size_t i = 0, item = 0; i < p->n_held; i++) {
			if (p->held[i].passes)
				out_put(o, &p->held[i].rec);
			else
				answer(&p->held[i], &p->items[item++], scratch, o);
			arena_reset(scratch);
		}
		arena_free(scratch);
	}
	p->n_held = p->n_items = p->bytes = 0;
	arena_reset(p->arena);
	return rc;
}

static int put_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct put *p = st;
	struct queue_item item = { .result = QUEUE_OK };
	bool passes = !p->all && rec_is(r, "reject");
	struct held *h = &p->held[p->n_held];

	if (!passes && describe(p, r, &item, e) < 0)
		return -1;
	p->n_held++;
	*h = (struct held){ .passes = passes };
	rec_made(&h->rec, r, arena_str(p->arena, r->line));
	h->rec.arena = p->arena;
	p->bytes += r->line.n;
	if (!passes) {
		item.line = stored(p, r, h->rec.line);
		item.id = owned(p, item.id);
		item.lane = owned(p, item.lane);
		p->items[p->n_items++] = item;
	}
	if (p->n_items < p->batch && p->n_held < QUEUE_BATCH && p->bytes < BATCH_BYTES)
		return 0;
	return put_commit(p, o, e);
}

const struct stage stage_queue_put = {
	.program = {
		.name = "omni-queue put",
		.purpose = "Put records into a queue; pass them on when they are on the disk.",
		.subject = "QUEUE",
		.operands = "[FILE...]",
		.example = "omni-recv --listen 8080 | omni-queue put inbound --id /id >/dev/null",
		.opts = opts,
	},
	.name = "put",
	.open = put_open,
	.step = put_step,
	.commit = put_commit,
	.close = put_close,
};
