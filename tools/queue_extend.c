/* SPDX-License-Identifier: MIT */
#include "stages.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "figure.h"
#include "queue_lease.h"

enum { EXTENDED, LOST, FIGURES };

static const struct figure figures[FIGURES] = {
	{ "omni_extended_total", "result=\"extended\"", "Leases extended.", "extended", 0 },
	{ "omni_extended_total", "result=\"lost\"", "Leases extended.", "too late", 0 },
};

/* A record that waits for its lease to be extended: it goes on only when nobody else has it. */
struct held {
	struct str line, token;
	const char *file;
	uint64_t lineno;
};

struct extend {
	struct queue *queue;
	int64_t lease_ms;
	struct arena *arena; /* of what is held */
	struct held held[QUEUE_BATCH];
	struct queue_verdict verdicts[QUEUE_BATCH];
	size_t n, bytes;
	struct figure figures[FIGURES];
};

static const struct opt opts[] = {
	QUEUE_OPT_DIR,
	{ "lease", 0, "SPAN", "from now on it lasts so long (default 60s)", false },
	{ NULL, 0, NULL, NULL, false },
};

static void extend_close(void *st)
{
	struct extend *x = st;

	if (!x)
		return;
	figure_use(NULL, 0);
	queue_close(x->queue);
	arena_free(x->arena);
	free(x);
}

static void *extend_open(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	struct extend *x = calloc(1, sizeof(*x));

	if (!x)
		diag_oom();
	x->arena = arena_new();
	x->lease_ms = QUEUE_LEASE_MS;
	memcpy(x->figures, figures, sizeof(figures));
	if (opt_duration(a, "lease", 1000, QUEUE_RETRY_MAX_MS, &x->lease_ms, e) == 0)
		x->queue = lease_queue(a, e);
	if (!x->queue) {
		extend_close(x);
		return NULL;
	}
	figure_use(x->figures, FIGURES);
	return x;
}

/* What is held goes on, or is rejected: what comes behind must not do it a second time. */
static int release(const struct held *h, bool lost, struct arena *a, struct out *o, struct err *e)
{
	struct rec r = { .file = h->file, .lineno = h->lineno };
	struct err why;

	if (rec_parse(&r, h->line, a, e) < 0)
		return -1;
	if (!lost) {
		out_put(o, &r);
		return 0;
	}
	err_set(&why, FAULT_DUPLICATE, "lease-lost",
		"the lease ran out, and the record was taken again by another or is settled");
	out_reject(o, &r, &why);
	return 0;
}

static int extend_commit(void *st, struct out *o, struct err *e)
{
	struct extend *x = st;
	int64_t now = clock_now();
	int rc = 0;

	if (x->n == 0)
		return 0;
	if (queue_extend(x->queue, x->verdicts, x->n, now + x->lease_ms, now, e) < 0)
		return -1;
	for (size_t i = 0; i < x->n && rc == 0; i++) {
		bool lost = x->verdicts[i].result == QUEUE_LOST;

		x->figures[lost ? LOST : EXTENDED].value++;
		rc = release(&x->held[i], lost, x->arena, o, e);
	}
	x->n = x->bytes = 0;
	arena_reset(x->arena);
	return rc;
}

static int extend_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct extend *x = st;
	struct buf b = { .max = SIZE_MAX };
	struct held *h = &x->held[x->n];
	struct lease l;

	if (!lease_read(&l, r, queue_name(x->queue))) {
		/* Not before those that came earlier. */
		if (extend_commit(x, o, e) < 0)
			return -1;
		out_put(o, r);
		return 0;
	}
	rec_write(&b, r);
	*h = (struct held){ arena_str(x->arena, buf_get(&b)), arena_str(x->arena, l.token), r->file,
			    r->lineno };
	buf_free(&b);
	x->verdicts[x->n++] = (struct queue_verdict){ .token = h->token };
	x->bytes += h->line.n;
	/* The runner asks for a commit when there is output, and what is held is none yet. */
	return x->n == QUEUE_BATCH || x->bytes >= BLOCK_BYTES ? extend_commit(x, o, e) : 0;
}

const struct stage stage_queue_extend = {
	.program = {
		.name = "omni-queue extend",
		.purpose = "Keep the leases of records that pass for longer; reject those that are lost.",
		.subject = "QUEUE",
		.operands = "[FILE...]",
		.example = "omni-queue take out | slow-lookup | omni-queue extend out --lease 5m | omni-queue settle out",
		.opts = opts,
	},
	.name = "extend",
	.open = extend_open,
	.step = extend_step,
	.commit = extend_commit,
	.close = extend_close,
};
