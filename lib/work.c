/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <stdlib.h>

#include "crypto.h"
#include "diag.h"

struct work {
	struct out out; /* first: the stage's sink is this object */
	const struct stage *stage;
	void *state;
	struct arena *arena;
	struct job *job;  /* being worked on */
	unsigned rejects; /* channel of rejects */
	bool split, strict;
};

void job_init(struct job *j, unsigned channels)
{
	*j = (struct job){ .n_out = channels };
	j->out = calloc(channels, sizeof(*j->out));
	if (!j->out)
		diag_oom();
	for (unsigned i = 0; i < channels; i++)
		j->out[i].max = SIZE_MAX; /* bounded by the block that it is made from */
}

void job_free(struct job *j)
{
	block_free(&j->in);
	for (unsigned i = 0; i < j->n_out; i++)
		buf_free(&j->out[i]);
	free(j->out);
}

void job_reset(struct job *j)
{
	for (unsigned i = 0; i < j->n_out; i++)
		buf_reset(&j->out[i]);
	j->counts = (struct counts){ 0 };
	j->stop.fault = FAULT_NONE;
}

static void put_line(struct work *w, unsigned channel, const struct rec *r)
{
	rec_write(&w->job->out[channel], r);
	buf_char(&w->job->out[channel], '\n');
}

/* struct out: the stage puts a record. */
static void put(struct out *o, const struct rec *r)
{
	struct work *w = (struct work *)o;

	w->job->counts.out++;
	if (!w->split || r->n_dests == 0) {
		put_line(w, SINK_OUT, r);
		return;
	}
	for (unsigned i = 0; i < r->n_dests; i++) {
		struct rec copy = *r;

		/* Each has its own share of the lease, or the first to be settled would settle all. */
		rec_share(&copy, i + 1, r->n_dests);
		put_line(w, SINK_SPLIT + r->dests[i], &copy);
	}
}

/*
 * The start of ${raw} that fits into a reject: escaped, or as base64, it is longer, and the next
 * stage must still take it.
 */
static struct str fitting(struct str raw)
{
	struct buf b = { .max = LINE_MAX_BYTES + LINE_GROWTH / 2 };
	struct str start = raw;

	for (size_t n = raw.n; n > LINE_MAX_BYTES / 6; n /= 2) {
		start = str_utf8_cut(raw, n);
		buf_reset(&b);
		if (str_utf8(start))
			json_escape(&b, start);
		else
			base64_put(&b, start);
		if (!b.over)
			break;
		start = str_utf8_cut(raw, n / 2);
	}
	buf_free(&b);
	return start;
}

/* A line ended in a fault: a reject where the fault is the record's, else the end of the work. */
static void fault(struct work *w, const struct rec *r, struct str raw, uint64_t lineno, struct err *e)
{
	struct job *j = w->job;
	struct buf *out = &j->out[w->rejects];
	size_t from = out->n;

	if (!fault_class(e->fault)) {
		j->stop = *e;
		return;
	}
	if (r) {
		rec_reject(out, w->stage->name, r, e);
	} else {
		struct str start = fitting(raw);

		if (start.n < raw.n)
			err_hint(e, "its first %zu bytes are kept", start.n);
		rec_reject_raw(out, w->stage->name, start, lineno, e);
	}
	if (w->stage->rejected && w->rejects == SINK_OUT)
		(void)w->stage->rejected(w->state, str_sub(buf_get(out), from, SIZE_MAX), &j->stop);
	buf_char(out, '\n');
	j->counts.out++;
	counts_reject(&j->counts, e->fault);
	if (w->strict) /* whatever its class: the input is not what it should be */
		err_set(&j->stop, FAULT_DATA, e->code, "%s: line %llu: %s", j->in.file,
			(unsigned long long)lineno, e->text);
}

/* struct out: the stage rejects a record by itself. */
static void reject(struct out *o, const struct rec *r, struct err *e)
{
	fault((struct work *)o, r, STR_NONE, r->lineno, e);
}

struct work *work_new(const struct stage *stage, const struct setup *setup, const struct sink *sink,
		      bool strict, struct err *e)
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w)
		diag_oom();
	w->out.put = put;
	w->out.reject = reject;
	w->stage = stage;
	w->strict = strict;
	w->arena = arena_new();
	w->state = stage->open(setup, e);
	if (!w->state) {
		work_free(w);
		return NULL;
	}
	if (sink)
		work_bind(w, sink);
	return w;
}

void work_free(struct work *w)
{
	if (!w)
		return;
	w->stage->close(w->state);
	arena_free(w->arena);
	free(w);
}

const char *const *work_dests(const struct work *w)
{
	return w->stage->dests ? w->stage->dests(w->state) : NULL;
}

void work_bind(struct work *w, const struct sink *sink)
{
	w->rejects = sink_has(sink, SINK_REJECTS) ? SINK_REJECTS : SINK_OUT;
	w->split = sink_channels(sink) > SINK_SPLIT;
}

static void too_long(struct work *w, struct str start, uint64_t bytes, uint64_t lineno)
{
	struct err e;

	/* One byte less than there is, so that it is seen whether a character is cut. */
	start = fitting(str_utf8_cut(start, LINE_KEPT - 1));
	err_set(&e, FAULT_DATA, "line-too-long",
		"a line of %llu bytes is longer than %zu; its first %zu are kept",
		(unsigned long long)bytes, LINE_MAX_BYTES, start.n);
	fault(w, NULL, start, lineno, &e);
}

/*
 * Stages add to a line that was within the limit: their members, a reject around it.  Such a line
 * is still taken, or the second stage would refuse what the first one made.
 */
static bool grown(const struct rec *r)
{
	static const char *const ours[] = { "verified", "route", "lease", "store", "limit", "replay" };
	bool found = rec_is(r, "reject");

	for (size_t i = 0; i < LEN(ours) && !found; i++)
		found = rec_get(r, ours[i]) != NULL;
	return found && r->line.n <= LINE_MAX_BYTES + LINE_GROWTH;
}

static void work_line(struct work *w, struct str line, const char *file, uint64_t lineno)
{
	struct rec r = { .file = file, .lineno = lineno };
	struct err e = { .fault = FAULT_NONE };

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return;
	w->job->counts.in++;
	w->job->counts.bytes_in += line.n + 1;
	if (line.n > LINE_MAX_BYTES + LINE_GROWTH) {
		too_long(w, line, line.n, lineno);
	} else if (rec_parse(&r, line, w->arena, &e) < 0) {
		if (line.n > LINE_MAX_BYTES)
			too_long(w, line, line.n, lineno);
		else
			fault(w, NULL, line, lineno, &e);
	} else if (line.n > LINE_MAX_BYTES && !grown(&r)) {
		too_long(w, line, line.n, lineno);
	} else if (w->stage->step(w->state, &r, &w->out, &e) < 0) {
		fault(w, &r, line, lineno, &e);
	}
	arena_reset(w->arena); /* nothing outlives its record */
}

void work_block(struct work *w, struct job *j)
{
	const struct block *b = &j->in;
	const char *p = b->p, *end = b->p + b->n;
	uint64_t lineno = b->lineno;

	w->job = j;
	if (b->too_long) {
		j->counts.in++;
		j->counts.bytes_in += b->too_long;
		too_long(w, (struct str){ b->p, b->n }, b->too_long, lineno);
		return;
	}
	if (b->first && b->n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3; /* a byte order mark: some editors and Windows tools write one */
	while (p < end && j->stop.fault == FAULT_NONE) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		work_line(w, (struct str){ p, (size_t)(eol - p) }, b->file, lineno++);
		p = eol + 1;
	}
}

void work_flush(struct work *w, struct job *j)
{
	w->job = j;
	if (w->stage->flush && w->stage->flush(w->state, &w->out, &j->stop) == 0)
		j->stop.fault = FAULT_NONE;
	arena_reset(w->arena);
}

int work_commit(struct work *w, struct job *j)
{
	struct err e = { .fault = FAULT_NONE };
	int rc;

	w->job = j;
	rc = w->stage->commit(w->state, &w->out, &e);
	arena_reset(w->arena);
	if (rc < 0)
		j->stop = e;
	return rc;
}

int work_tick(struct work *w, bool hangup, struct job *j)
{
	struct err e = { .fault = FAULT_NONE };
	int next = w->stage->tick ? w->stage->tick(w->state, hangup, &e) : -1;

	if (next == -2)
		j->stop = e;
	return next;
}
