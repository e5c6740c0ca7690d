/* SPDX-License-Identifier: MIT */
/* The stream of a replay: each record when its time has come, and the cursor behind what is written. */
#include "replay_pour.h"

#include "clock.h"
#include "diag.h"
#include "replay_diff.h"
#include "sig.h"

/* ---- writing ---- */

/* Write what has gathered; then the cursor says that it went, and stands at ${spot}. */
static int flush(struct replay *r, const struct spot *spot, struct err *e)
{
	r->count.counts.bytes_out += r->out.n;
	if (r->out.n > 0 && sink_write(r->sink, SINK_OUT, buf_get(&r->out), e) < 0)
		return -1;
	if (r->refused.n > 0 && sink_write(r->sink, r->rejects, buf_get(&r->refused), e) < 0)
		return -1;
	buf_reset(&r->out);
	buf_reset(&r->refused);
	if (spot)
		r->cursor.spot = *spot;
	return r->tally ? 0 : cursor_write(&r->cursor, e);
}

static void refuse(struct replay *r, const struct rec *rec, struct str raw, uint64_t lineno,
		   const struct err *e)
{
	struct buf *b = r->rejects == SINK_OUT ? &r->out : &r->refused;

	counts_reject(&r->count.counts, e->fault);
	if (r->tally || r->diff)
		return;
	if (rec)
		rec_reject(b, "replay", rec, e);
	else
		rec_reject_raw(b, "replay", raw, lineno, e);
	buf_char(b, '\n');
	r->count.counts.out++;
}

/* ---- waiting ---- */

static void heed(struct replay *r, int came)
{
	if (came & SIG_STATS)
		meter_show(&r->meter);
	if (came & SIG_STOP) {
		r->stopping = true;
		source_stop(r->source);
	}
}

/* Show the meter; return when to do it again, as meter_tick. */
static int tick(struct replay *r)
{
	r->meter.dirty = true;
	r->meter.consumed = source_consumed(r->source);
	return meter_tick(&r->meter);
}

/* Sleep for ${ms} (-1: until something comes), at most until the meter or ${fd} wants something. */
static void rest(struct replay *r, int ms, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int next = tick(r);

	if (next >= 0 && (ms < 0 || next < ms))
		ms = next;
	heed(r, sig_poll(&p, 1, ms));
}

/* Wait until the record of the time ${at} at ${spot} is due; what went before is written first. */
static int wait_for(struct replay *r, int64_t at, const struct spot *spot, struct err *e)
{
	int ms;

	if (!tempo_is(&r->tempo))
		return 0;
	while (!r->stopping && (ms = tempo_due(&r->tempo, r->ended = clock_mono(), at)) > 0) {
		if ((r->out.n > 0 || r->refused.n > 0) && flush(r, spot, e) < 0)
			return -1;
		rest(r, ms, -1);
	}
	return 0;
}

/* ---- one record ---- */

/* The time of ${rec}, else that of the one before; any, if it is of no consequence. */
static int64_t time_of(struct replay *r, const struct rec *rec)
{
	int64_t ms;

	if (r->timeless)
		return r->last;
	if (clock_parse(rec_str(rec, "at"), &ms) == 0)
		r->last = ms;
	return r->last;
}

static void begin_shift(struct replay *r, int64_t at)
{
	if (!r->make.shift || r->cursor.shifted || at == INT64_MIN)
		return;
	r->make.by = r->cursor.by = r->shift_to - at;
	r->cursor.shifted = true;
}

/* ${rec} goes.  Return 0, 1 where the work is to end before it, or -1. */
static int give(struct replay *r, const struct rec *rec, int64_t at, const struct spot *spot,
		struct err *e)
{
	struct rec made;

	if (r->diff) {
		if (diff_add(r->diff, rec->line, &r->out, e) < 0)
			return -1;
	} else if (r->tally) {
		tally_add(r->tally, rec, at, rec->line.n + 1);
	} else {
		if (wait_for(r, at, spot, e) < 0)
			return -1;
		if (r->stopping)
			return 1;
		if (r->plain) {
			buf_str(&r->out, rec->line);
		} else {
			begin_shift(r, at);
			make_rec(&r->make, rec, &made);
			rec_write(&r->out, &made);
		}
		buf_char(&r->out, '\n');
	}
	r->count.counts.out++;
	r->cursor.given++;
	return 0;
}

static bool in_range(const struct replay *r, int64_t at)
{
	if (r->timeless)
		return true;
	return at == INT64_MIN ? r->range.from == INT64_MIN && r->range.to == INT64_MAX :
				 at >= r->range.from && at < r->range.to;
}

/* Return 0, 1 where the work is to end before the line, or -1. */
static int take_line(struct replay *r, struct str line, const struct source_block *b,
		     const struct spot *spot, uint64_t lineno, struct err *e)
{
	struct rec rec = { .file = b->name, .lineno = lineno };
	struct err why;
	int64_t at;
	int yes;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return 0;
	r->count.counts.in++;
	r->count.counts.bytes_in += line.n + 1;
	/* Not in files: whoever gives those is told of each line that is no record. */
	if (r->timeless && pick_passes_over(r->pick, line))
		return 0;
	if (rec_parse(&rec, line, r->arena, &why) < 0) {
		refuse(r, NULL, line, lineno, &why);
		return 0;
	}
	at = time_of(r, &rec);
	if (!in_range(r, at))
		return 0;
	yes = pick_test(r->pick, &rec, &why);
	if (yes < 0)
		refuse(r, &rec, STR_NONE, lineno, &why);
	return yes > 0 ? give(r, &rec, at, spot, e) : 0;
}

/* ---- the stream ---- */

static bool full(const struct replay *r)
{
	return r->out.n >= BLOCK_BYTES || r->refused.n >= BLOCK_BYTES;
}

static void too_long(struct replay *r, const struct source_block *b)
{
	struct str start = str_utf8_cut(b->text, LINE_MAX_BYTES / 6);
	struct err e;

	r->count.counts.in++;
	err_set(&e, FAULT_DATA, "line-too-long",
		"a line of %llu bytes is longer than %zu; its first %zu are kept",
		(unsigned long long)b->too_long, LINE_MAX_BYTES, start.n);
	refuse(r, NULL, start, b->lineno, &e);
}

/* Return 0, 1 at the end that was asked for, or -1; ${spot} is left behind what was taken. */
static int take_block(struct replay *r, const struct source_block *b, struct spot *spot, struct err *e)
{
	struct str left = b->text;
	uint64_t lineno = b->lineno;
	bool archive = b->spot.pos.segment[0] != '\0';

	*spot = b->spot;
	if (b->before != INT64_MIN)
		r->last = b->before;
	if (b->too_long) {
		too_long(r, b);
		spot->line++;
		return 0;
	}
	while (left.n > 0) {
		size_t n = str_find(left, '\n');
		int rc = 0;

		if (r->limit && r->cursor.given >= r->limit)
			return 1;
		rc = take_line(r, str_sub(left, 0, n), b, spot, lineno, e);
		arena_reset(r->arena);
		if (rc != 0)
			return rc;
		left = str_sub(left, n + 1, left.n);
		lineno++;
		if (archive)
			spot->pos.line++;
		else
			spot->line++;
		if (full(r) && flush(r, spot, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * A part of the input could not be read; the rest is.  Of an archive that is an answer, of an operand
 * a failure, as in a stage.
 */
static void damaged(struct replay *r, const struct err *e)
{
	diag_error("%s", e->text);
	if (r->code != EXIT_OK)
		return;
	if (source_is_archive(r->source))
		r->code = EXIT_REJECTED;
	else
		r->code = e->fault == FAULT_DATA ? EXIT_DATA : EXIT_IO;
}

/* Replay all that the source gives.  Return 0, or -1. */
int pour(struct replay *r, struct err *e)
{
	struct spot spot = r->cursor.spot;
	struct source_block b;
	int rc = 0;

	while (rc == 0) {
		heed(r, sig_poll(NULL, 0, 0));
		switch (r->stopping && !source_fd(r->source) ? SOURCE_END :
							       source_next(r->source, &b, e)) {
		case SOURCE_BLOCK:
			rc = take_block(r, &b, &spot, e);
			tick(r);
			break;
		case SOURCE_WAIT:
			rc = flush(r, &spot, e);
			if (rc == 0)
				rest(r, -1, source_fd(r->source));
			break;
		case SOURCE_DAMAGED:
			damaged(r, e);
			break;
		case SOURCE_FAILED:
			rc = -1;
			break;
		case SOURCE_END:
			rc = 1;
			break;
		}
	}
	if (rc < 0)
		return -1;
	r->cursor.done = !r->stopping;
	return flush(r, &spot, e);
}
