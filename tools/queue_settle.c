/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <stdlib.h>

#include "backoff.h"
#include "clock.h"
#include "diag.h"
#include "figure.h"
#include "join.h"
#include "queue_lease.h"

enum { BACKOFF_MS = 5000, BACKOFF_MAX_MS = 3600000 };

/*
 * What a share asks for; the greatest is heard.  As long as a part may still succeed the whole is tried
 * again, and what is beyond help is a dead letter when nothing else is left to do.
 */
enum { FINE, BURY, AGAIN };

static const enum queue_what what_of[] = { QUEUE_DONE, QUEUE_DEAD, QUEUE_RETRY };

enum { DONE, DEAD, RETRIED, LOST, FORGOTTEN, FIGURES };

static const struct figure figures[FIGURES] = {
	{ "omni_settled_total", "result=\"done\"", "Leases settled.", "done", 0 },
	{ "omni_settled_total", "result=\"dead\"", "Leases settled.", "dead", 0 },
	{ "omni_settled_total", "result=\"retry\"", "Leases settled.", "to be tried again", 0 },
	{ "omni_settled_total", "result=\"lost\"", "Leases settled.", "settled too late", 0 },
	{ "omni_join_forgotten_total", NULL, "Leases forgotten before all shares were in.",
	  "forgotten before all shares were in", 0 },
};

struct settle {
	struct queue *queue;
	struct join *join;
	struct backoff backoff;
	struct arena *arena; /* of the verdicts */
	struct queue_verdict *verdicts;
	size_t n, cap;
	struct figure figures[FIGURES];
};

static const struct opt opts[] = {
	QUEUE_OPT_DIR,
	{ "join", 0, "FILE", "shares of leases come together in FILE, which several settlers use", false },
	{ "backoff", 0, "SPAN", "what names no time is tried again after N*N spans (default 5s)", false },
	{ "backoff-max", 0, "SPAN", "but never waits longer than this (default 1h)", false },
	{ NULL, 0, NULL, NULL, false },
};

static void settle_close(void *st)
{
	struct settle *s = st;

	if (!s)
		return;
	figure_use(NULL, 0);
	queue_close(s->queue);
	join_free(s->join);
	arena_free(s->arena);
	free(s->verdicts);
	free(s);
}

static void *settle_open(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	struct settle *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->arena = arena_new();
	s->backoff = (struct backoff){ BACKOFF_MS, BACKOFF_MAX_MS };
	memcpy(s->figures, figures, sizeof(figures));
	if (opt_duration(a, "backoff", 1, QUEUE_RETRY_MAX_MS, &s->backoff.unit_ms, e) < 0 ||
	    opt_duration(a, "backoff-max", 1, QUEUE_RETRY_MAX_MS, &s->backoff.max_ms, e) < 0)
		goto fail;
	s->queue = lease_queue(a, e);
	if (!s->queue)
		goto fail;
	s->join = join_new(opt_value(a, "join"), e);
	if (!s->join)
		goto fail;
	figure_use(s->figures, FIGURES);
	return s;
fail:
	settle_close(s);
	return NULL;
}

/* What the class of ${r} asks for; a class that nothing here knows is looked at by people. */
static unsigned asked(const struct rec *r)
{
	struct str class = rec_str(r, "class");

	if (!rec_is(r, "reject") || str_eq(class, STR("duplicate")))
		return FINE;
	return str_eq(class, STR("temp")) ? AGAIN : BURY;
}

/* When to try ${r} again: at the time that it names, within bounds, or by its age. */
static int64_t retry_at(const struct settle *s, const struct rec *r, const struct lease *l)
{
	int64_t now = clock_now(), at;

	if (clock_parse(rec_str(r, "retry_at"), &at) < 0)
		return now + backoff_delay(&s->backoff, l->born_ms ? now - l->born_ms : 0,
					   (uint64_t)l->seq);
	if (at < now)
		return now;
	return at > now + QUEUE_RETRY_MAX_MS ? now + QUEUE_RETRY_MAX_MS : at;
}

/* What a settled reject is remembered by: all of it with a dead letter, its reason with a try. */
static struct str kept(const struct rec *r, unsigned what)
{
	struct buf b = { .max = SIZE_MAX }; /* a part of the line, which is bounded */
	struct str s;

	if (what == BURY && r->n_added == 0)
		return r->line;
	if (what == BURY) {
		rec_write(&b, r);
	} else {
		json_open(&b, '{');
		json_opt_str(&b, "stage", rec_str(r, "stage"));
		json_opt_str(&b, "code", rec_str(r, "code"));
		json_opt_str(&b, "detail", rec_str(r, "detail"));
		json_close(&b, '}');
	}
	s = arena_str(r->arena, buf_get(&b));
	buf_free(&b);
	return s;
}

/* Settle ${token} at the next commit by ${w}; both are copied. */
static void decide(struct settle *s, struct str token, const struct join_word *w)
{
	struct queue_verdict *v;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->verdicts = reallocarray(s->verdicts, s->cap, sizeof(*v));
		if (!s->verdicts)
			diag_oom();
	}
	v = &s->verdicts[s->n++];
	*v = (struct queue_verdict){ .token = arena_str(s->arena, token),
				     .what = what_of[w->what],
				     .at_ms = w->at_ms };
	if (w->what != FINE)
		lease_reason(v, arena_str(s->arena, w->text), s->arena);
}

static int settle_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct settle *s = st;
	struct join_word w = { 0 };
	struct rec settled = *r;
	struct lease l;

	(void)e;
	if (!lease_read(&l, r, queue_name(s->queue))) {
		out_put(o, r);
		return 0;
	}
	w.share = l.share;
	w.what = asked(r);
	if (w.what != FINE)
		w.text = kept(r, w.what);
	if (w.what == AGAIN)
		w.at_ms = retry_at(s, r, &l);
	if (l.share.parts == 1)
		decide(s, l.token, &w);
	else
		join_add(s->join, l.token, &w);
	rec_drop(&settled, "lease");
	out_put(o, &settled);
	return 0;
}

static void count(struct settle *s, const struct queue_verdict *v)
{
	if (v->result == QUEUE_LOST)
		s->figures[LOST].value++;
	else
		s->figures[v->what == QUEUE_DONE ? DONE :
			   v->what == QUEUE_DEAD ? DEAD :
						   RETRIED]
			.value++;
}

static int settle_commit(void *st, struct out *o, struct err *e)
{
	struct settle *s = st;
	struct join_done done;
	int64_t now = clock_now();
	int rc;

	(void)o;
	while ((rc = join_next(s->join, now, &done, e)) > 0)
		decide(s, done.key, &done.word);
	if (rc < 0)
		return -1;
	for (size_t i = 0; i < s->n; i += QUEUE_BATCH) {
		size_t n = s->n - i < QUEUE_BATCH ? s->n - i : QUEUE_BATCH;

		if (queue_settle(s->queue, s->verdicts + i, n, now, e) < 0)
			return -1;
	}
	/* Only now: what was joined stays in the file until it is settled. */
	if (join_commit(s->join, e) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		count(s, &s->verdicts[i]);
	s->figures[FORGOTTEN].value = join_forgotten(s->join);
	s->n = 0;
	arena_reset(s->arena);
	return 0;
}

const struct stage stage_queue_settle = {
	.program = {
		.name = "omni-queue settle",
		.purpose = "Say of records that were taken what became of them, and pass them on.",
		.subject = "QUEUE",
		.operands = "[FILE...]",
		.example = "omni-queue take inbound --follow | omni-validate | omni-normalize | omni-queue settle inbound",
		.opts = opts,
	},
	.name = "settle",
	.open = settle_open,
	.step = settle_step,
	.commit = settle_commit,
	.close = settle_close,
};
