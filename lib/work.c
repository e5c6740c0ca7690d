/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <stdlib.h>

#include "crypto.h"
#include "diag.h"

/* A stage at its place in the chain. */
struct place {
	struct out out; /* first: the stage's sink is this object */
	const struct link *link;
	struct work *work;
	unsigned i;
	void *state;
	struct arena *arena; /* of the record that the stage has in hand */
	struct buf text;     /* a line on its way to the next place */
};

struct work {
	struct job *job; /* being worked on */
	unsigned n;
	struct place at[];
};

void job_init(struct job *j, unsigned links, unsigned channels)
{
	*j = (struct job){ .n_out = channels, .n_links = links };
	j->out = calloc(channels, sizeof(*j->out));
	j->at = calloc(links, sizeof(*j->at));
	if (!j->out || !j->at)
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
	free(j->at);
}

void job_reset(struct job *j)
{
	for (unsigned i = 0; i < j->n_out; i++)
		buf_reset(&j->out[i]);
	memset(j->at, 0, j->n_links * sizeof(*j->at));
	j->stop.fault = FAULT_NONE;
}

static bool last(const struct place *p)
{
	return p->i + 1 == p->work->n;
}

static struct passage *passage(const struct place *p)
{
	return &p->work->job->at[p->i];
}

static void pass(struct place *p, const struct rec *r);
static void pass_line(struct place *p, struct str line);

static void put_line(struct work *w, unsigned channel, const struct rec *r)
{
	rec_write(&w->job->out[channel], r);
	buf_char(&w->job->out[channel], '\n');
}

/* Each destination has its own share of the lease, or the first to be settled would settle all. */
static void put_split(struct place *p, const struct rec *r)
{
	for (unsigned i = 0; i < r->n_dests; i++) {
		struct rec copy = *r;

		rec_share(&copy, i + 1, r->n_dests);
		put_line(p->work, p->link->split + r->dests[i], &copy);
	}
}

/* struct out: the stage puts a record. */
static void put(struct out *o, const struct rec *r)
{
	struct place *p = (struct place *)o;

	passage(p)->counts.out++;
	if (p->link->split && r->n_dests > 0)
		put_split(p, r);
	else if (last(p))
		put_line(p->work, WORK_OUT, r);
	else
		pass(p + 1, r);
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

/* The number of the line that came to ${p} as the ${lineno}th of the job, or of the input. */
static uint64_t numbered(const struct place *p, uint64_t lineno)
{
	struct job *j = p->work->job;

	if (p->i > 0 && j->number)
		j->number(j);
	return lineno + passage(p)->first;
}

/* The work ends at ${p}; where two end, it is the later one that the shell would tell of. */
static void stop(const struct place *p, const struct err *e)
{
	struct job *j = p->work->job;

	if (j->stop.fault != FAULT_NONE && p->i <= j->stopped)
		return;
	j->stop = *e;
	j->stopped = p->i;
}

/* True if nothing is taken any more at ${p}, as by a program that has ended. */
static bool ended(const struct place *p)
{
	const struct job *j = p->work->job;

	return j->stop.fault != FAULT_NONE && j->stopped >= p->i;
}

/* --strict: whatever its class, the input is not what it should be. */
static void stop_strictly(const struct place *p, uint64_t lineno, const struct err *e)
{
	unsigned long long line = lineno;
	const char *file = p->work->job->in.file;
	struct err why;

	if (!p->link->name)
		err_set(&why, FAULT_DATA, e->code, "%s: line %llu: %s", file, line, e->text);
	else if (p->i == 0)
		err_set(&why, FAULT_DATA, e->code, "%s: %s: line %llu: %s", p->link->name, file,
			line, e->text);
	else
		err_set(&why, FAULT_DATA, e->code, "%s: line %llu of its input: %s", p->link->name,
			line, e->text);
	stop(p, &why);
}

static void put_reject(struct place *p, struct buf *b, const struct rec *r, struct str raw,
		       uint64_t lineno, struct err *e)
{
	const char *stage = p->link->stage->name;
	struct str start;
	struct rec at;

	if (r) {
		at = *r;
		at.lineno = lineno;
		rec_reject(b, stage, &at, e);
		return;
	}
	start = fitting(raw);
	if (start.n < raw.n)
		err_hint(e, "its first %zu bytes are kept", start.n);
	rec_reject_raw(b, stage, start, lineno, e);
}

/* A line ended in a fault: a reject where the fault is the record's, else the end of the work. */
static void fault(struct place *p, const struct rec *r, struct str raw, uint64_t lineno, struct err *e)
{
	struct job *j = p->work->job;
	bool on = p->link->rejects == 0 && !last(p);
	struct buf *b = on ? &p->text : &j->out[p->link->rejects];
	struct err why;
	size_t from;

	if (!fault_class(e->fault)) {
		stop(p, e);
		return;
	}
	if (p->link->strict || !r || !rec_str(r, "id").n) /* who has an id is not known by its line */
		lineno = numbered(p, lineno);
	if (on)
		buf_reset(b);
	from = b->n;
	put_reject(p, b, r, raw, lineno, e);
	if (p->link->stage->rejected && p->link->rejects == 0 &&
	    p->link->stage->rejected(p->state, str_sub(buf_get(b), from, b->n), &why) < 0)
		stop(p, &why);
	passage(p)->counts.out++;
	counts_reject(&passage(p)->counts, e->fault);
	if (on)
		pass_line(p + 1, buf_get(b));
	else
		buf_char(b, '\n');
	if (p->link->strict)
		stop_strictly(p, lineno, e);
}

/* struct out: the stage rejects a record by itself. */
static void reject(struct out *o, const struct rec *r, struct err *e)
{
	fault((struct place *)o, r, STR_NONE, r->lineno, e);
}

/* Where there are several stages, ${e} says which one. */
static void name_stage(const struct link *link, struct err *e)
{
	struct err cause = *e;

	if (link->name)
		err_set(e, cause.fault, cause.code, "%s: %s", link->name, cause.text);
}

struct work *work_new(const struct link *links, unsigned n, struct err *e)
{
	struct work *w = calloc(1, sizeof(*w) + n * sizeof(*w->at));

	if (!w)
		diag_oom();
	for (; w->n < n; w->n++) {
		struct place *p = &w->at[w->n];

		*p = (struct place){ .out = { put, reject }, .link = &links[w->n], .work = w, .i = w->n };
		p->text.max = SIZE_MAX; /* one record */
		p->state = p->link->stage->open(&p->link->setup, e);
		if (!p->state) {
			name_stage(p->link, e);
			work_free(w);
			return NULL;
		}
		p->arena = arena_new();
	}
	return w;
}

void work_free(struct work *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->n; i++) {
		w->at[i].link->stage->close(w->at[i].state);
		arena_free(w->at[i].arena);
		buf_free(&w->at[i].text);
	}
	free(w);
}

const char *const *work_dests(const struct work *w, unsigned i)
{
	const struct place *p = &w->at[i];

	return p->link->stage->dests ? p->link->stage->dests(p->state) : NULL;
}

static void too_long(struct place *p, struct str start, uint64_t bytes, uint64_t lineno)
{
	struct err e;

	/* One byte less than there is, so that it is seen whether a character is cut. */
	start = fitting(str_utf8_cut(start, LINE_KEPT - 1));
	err_set(&e, FAULT_DATA, "line-too-long",
		"a line of %llu bytes is longer than %zu; its first %zu are kept",
		(unsigned long long)bytes, LINE_MAX_BYTES, start.n);
	fault(p, NULL, start, lineno, &e);
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

static void step(struct place *p, const struct rec *r)
{
	struct err e = { .fault = FAULT_NONE };

	if (p->link->stage->step(p->state, r, &p->out, &e) < 0)
		fault(p, r, r->line, r->lineno, &e);
}

static void work_line(struct place *p, struct str line, const char *file, uint64_t lineno)
{
	struct counts *counts = &passage(p)->counts;
	struct rec r = { .file = file, .lineno = lineno, .now = p->work->job->now };
	struct err e;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return;
	counts->in++;
	counts->bytes_in += line.n + 1;
	if (line.n > LINE_MAX_BYTES + LINE_GROWTH) {
		too_long(p, line, line.n, lineno);
	} else if (rec_parse(&r, line, p->arena, &e) < 0) {
		if (line.n > LINE_MAX_BYTES)
			too_long(p, line, line.n, lineno);
		else
			fault(p, NULL, line, lineno, &e);
	} else if (line.n > LINE_MAX_BYTES && !grown(&r)) {
		too_long(p, line, line.n, lineno);
	} else {
		step(p, &r);
	}
	arena_reset(p->arena); /* nothing outlives its record */
}

/* A line comes to ${p} from the place before it. */
static void pass_line(struct place *p, struct str line)
{
	if (!ended(p))
		work_line(p, line, "-", ++passage(p)->lines);
}

/* True if ${r} is surely within the limit of a line when it is written. */
static bool short_enough(const struct rec *r)
{
	size_t n = r->line.n;

	for (unsigned i = 0; i < r->n_added; i++)
		n += r->added[i].key.n + r->added[i].value.n + 4; /* quotes, colon, comma */
	return n <= LINE_MAX_BYTES;
}

/* A record comes to ${p} from the place before it: as it is where it may, else as its line. */
static void pass(struct place *p, const struct rec *r)
{
	struct place *from = p - 1;
	struct rec got;

	if (r->n_added == 0 && !r->root) {
		pass_line(p, r->line);
		return;
	}
	if (!r->root || !short_enough(r)) {
		buf_reset(&from->text);
		rec_write(&from->text, r);
		pass_line(p, buf_get(&from->text));
		return;
	}
	if (ended(p))
		return;
	got = *r;
	got.n_settled = r->n_added;
	got.arena = p->arena;
	got.file = "-";
	got.lineno = ++passage(p)->lines;
	got.report = STR_NONE;
	got.dests = NULL;
	got.n_dests = 0;
	if (r->n_added == 0 && got.line.p[got.line.n - 1] == '\r')
		got.line.n--;
	passage(p)->counts.in++;
	step(p, &got);
	arena_reset(p->arena);
}

void work_block(struct work *w, struct job *j)
{
	const struct block *b = &j->in;
	const char *p = b->p, *end = b->p + b->n;
	uint64_t lineno = b->lineno;
	struct place *first = &w->at[0];

	w->job = j;
	if (b->too_long) {
		passage(first)->counts.in++;
		passage(first)->counts.bytes_in += b->too_long;
		too_long(first, (struct str){ b->p, b->n }, b->too_long, lineno);
		return;
	}
	if (b->first && b->n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3; /* a byte order mark: some editors and Windows tools write one */
	while (p < end && j->stop.fault == FAULT_NONE) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		work_line(first, (struct str){ p, (size_t)(eol - p) }, b->file, lineno++);
		p = eol + 1;
	}
}

void work_flush(struct work *w, struct job *j)
{
	w->job = j;
	for (unsigned i = 0; i < w->n && j->stop.fault == FAULT_NONE; i++) {
		struct place *p = &w->at[i];
		struct err e = { .fault = FAULT_NONE };

		if (p->link->stage->flush && p->link->stage->flush(p->state, &p->out, &e) < 0)
			stop(p, &e);
		arena_reset(p->arena);
	}
}

int work_commit(struct work *w, struct job *j)
{
	w->job = j;
	for (unsigned i = 0; i < w->n; i++) {
		struct place *p = &w->at[i];
		struct err e = { .fault = FAULT_NONE };

		if (!p->link->stage->commit)
			continue;
		if (p->link->stage->commit(p->state, &p->out, &e) < 0) {
			stop(p, &e);
			return -1;
		}
		arena_reset(p->arena);
	}
	return 0;
}

int work_tick(struct work *w, bool hangup, struct job *j)
{
	int soonest = -1;

	w->job = j;
	for (unsigned i = 0; i < w->n; i++) {
		const struct place *p = &w->at[i];
		struct err e = { .fault = FAULT_NONE };
		int next = p->link->stage->tick ? p->link->stage->tick(p->state, hangup, &e) : -1;

		if (next == -2) {
			stop(p, &e);
			return -2;
		}
		if (next >= 0 && (soonest < 0 || next < soonest))
			soonest = next;
	}
	return soonest;
}

/* Where there is something to wait for; -1: there is not. */
static int fd_of(const struct place *p)
{
	return p->link->stage->fd ? p->link->stage->fd(p->state) : -1;
}

static enum stage_load load_of(const struct place *p)
{
	return p->link->stage->load ? p->link->stage->load(p->state) : STAGE_EMPTY;
}

unsigned work_fds(const struct work *w, int fds[WORK_HOLDERS])
{
	unsigned n = 0;

	for (unsigned i = w->n; i-- > 0 && n < WORK_HOLDERS;) {
		const struct place *p = &w->at[i];

		int fd = fd_of(p);

		if (fd >= 0)
			fds[n++] = fd;
		if (load_of(p) == STAGE_FULL)
			break;
	}
	return n;
}

enum stage_load work_load(const struct work *w)
{
	enum stage_load most = STAGE_EMPTY;

	for (unsigned i = 0; i < w->n; i++)
		if (load_of(&w->at[i]) > most)
			most = load_of(&w->at[i]);
	return most;
}

void work_due(struct work *w, struct job *j)
{
	w->job = j;
	for (unsigned i = w->n; i-- > 0 && j->stop.fault == FAULT_NONE;) {
		struct place *p = &w->at[i];
		struct err e = { .fault = FAULT_NONE };

		if (fd_of(p) >= 0 && p->link->stage->due(p->state, &p->out, &e) < 0)
			stop(p, &e);
		arena_reset(p->arena);
		if (load_of(p) == STAGE_FULL)
			break;
	}
}
