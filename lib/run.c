/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "diag.h"
#include "sig.h"
#include "sink.h"

struct runner {
	const struct run *run;
	struct link *links;
	struct work *works[RUN_JOBS_MAX];
	unsigned n_works;
	struct sink *sink;
	unsigned *channels; /* how many there were before those of each stage */
	struct lines *lines;
	struct meter_stage *counts;
	struct meter meter;
	bool timed;       /* a stage wants to know when a block was read */
	bool hangup;      /* SIGHUP came, and the stages were not told yet */
	int due;          /* milliseconds until they want to look at the clock, -1: never */
	struct err stop;  /* what ended the run before the end of the input */
	unsigned stopped; /* the stage that this came from */
	bool asked;       /* SIGTERM came */
	bool input_failed; /* an operand could not be read: the run goes on, the exit code remembers */
	struct err input;
};

void run_stage_init(struct run_stage *r, const struct stage *s, const struct args *args)
{
	*r = (struct run_stage){ .stage = s,
				 .name = s->name,
				 .setup = { .args = args },
				 .rejects = opt_value(args, "rejects"),
				 .split = opt_value(args, "split"),
				 .strict = opt_flag(args, "strict") };
}

static unsigned last(const struct runner *r)
{
	return r->run->n_stages - 1;
}

/* Open the channels of stage ${i}. */
static int open_channels(struct runner *r, unsigned i, struct err *e)
{
	const struct run_stage *s = &r->run->stages[i];
	const char *const *dests = s->split ? work_dests(r->works[0], i) : NULL;
	int rejects = 0, split = 0;

	r->channels[i] = sink_channels(r->sink);
	if (s->rejects)
		rejects = sink_file(r->sink, s->rejects, e);
	if (dests && rejects >= 0)
		split = sink_split(r->sink, s->split, dests, e);
	if (rejects < 0 || split < 0)
		return -1;
	r->links[i].rejects = (unsigned)rejects;
	r->links[i].split = (unsigned)split;
	return 0;
}

/*
 * Open the stages once for each thread, and then the sink, whose channels follow from the stages'
 * destinations.
 */
static int open_all(struct runner *r, struct err *e)
{
	const struct run *run = r->run;

	for (; r->n_works < run->jobs; r->n_works++) {
		r->works[r->n_works] = work_new(r->links, run->n_stages, e);
		if (!r->works[r->n_works])
			return -1;
	}
	r->sink = sink_new();
	for (unsigned i = 0; i < run->n_stages; i++)
		if (open_channels(r, i, e) < 0)
			return -1;
	return 0;
}

static void init_job(const struct runner *r, struct job *j)
{
	job_init(j, r->run->n_stages, sink_channels(r->sink));
}

/* Take the signals and, after SIGTERM, let reading end. */
static void heed(struct runner *r, int came)
{
	if (came & SIG_STOP) {
		r->asked = true;
		lines_stop(r->lines);
	}
	if (came & SIG_STATS)
		meter_show(&r->meter);
	if (came & SIG_LOAD)
		r->hangup = true;
}

/* Sooner of two time-outs; negative is never. */
static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/*
 * The counts of a finished job are added, the meter is shown.  Return when to call again, as
 * meter_tick.
 */
static int account(struct runner *r, struct job *j)
{
	for (unsigned i = 0; j && i < j->n_links; i++) {
		counts_add(&r->counts[i].counts, &j->at[i].counts);
		j->at[i].counts = (struct counts){ 0 };
		r->meter.dirty = true;
	}
	r->meter.consumed = lines_consumed(r->lines);
	return meter_tick(&r->meter);
}

static void stop(struct runner *r, const struct job *j)
{
	r->stop = j->stop;
	r->stopped = j->stopped;
}

/* The stage that ${channel} belongs to: of a file of several, the first. */
static unsigned owner(const struct runner *r, unsigned channel)
{
	unsigned i = last(r);

	while (channel != SINK_OUT && i > 0 && r->channels[i] > channel)
		i--;
	return i;
}

/* Write what ${j} has become.  What an effect has not made durable is not said to have been done. */
static int write_out(struct runner *r, struct job *j)
{
	bool alone = r->n_works == 1; /* several threads work for pure stages only */

	if (alone && work_commit(r->works[0], j) < 0) {
		stop(r, j);
		return -1;
	}
	for (unsigned i = 0; i < j->n_out; i++) {
		if (j->out[i].n > 0 && sink_write(r->sink, i, buf_get(&j->out[i]), &r->stop) < 0) {
			r->stopped = owner(r, i);
			return -1;
		}
		r->counts[last(r)].counts.bytes_out += j->out[i].n;
		buf_reset(&j->out[i]);
	}
	r->due = alone ? work_tick(r->works[0], r->hangup, j) : -1;
	r->hangup = false;
	if (r->due == -2)
		stop(r, j);
	return r->due == -2 ? -1 : 0;
}

/*
 * Sleep until there is input or one of the ${n} ${fds} is readable, or a signal, or it is time for the
 * meter; or until the reader of the output has gone: a pipeline in which one program was killed ends at
 * once, and not with the next record, which would be the one to suffer.
 */
static void wait_for(struct runner *r, bool input, const int *fds, unsigned n, int meter)
{
	struct pollfd p[2 + WORK_HOLDERS] = { { .fd = input ? lines_fd(r->lines) : -1, .events = POLLIN },
					      { .fd = STDOUT_FILENO } };

	for (unsigned i = 0; i < n; i++)
		p[2 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	heed(r, sig_poll(p, 2 + n, sooner(sooner(meter, r->due), input ? lines_timeout(r->lines) : -1)));
	if (p[1].revents & POLLERR) {
		raise(SIGPIPE); /* as a write would; who has effects ignores it */
		err_set(&r->stop, FAULT_IO, "output", "standard output: the reader is gone");
		r->stopped = last(r);
	}
}

/* An operand that failed does not keep the others from being read. */
static void input_error(struct runner *r, const struct err *e)
{
	diag_error("%s", e->text);
	if (!r->input_failed)
		r->input = *e;
	r->input_failed = true;
}

/* A commit costs a sync of the disk, so more is written with each of them. */
static bool full(const struct runner *r, const struct job *j)
{
	size_t enough = BLOCK_BYTES;

	for (unsigned i = 0; i < r->run->n_stages; i++)
		if (r->run->stages[i].stage->commit)
			enough = COMMITTED_BYTES;
	for (unsigned i = 0; i < j->n_out; i++)
		if (j->out[i].n >= enough)
			return true;
	return false;
}

/* Write what is there before sleeping: until there is input, unless the stage takes none, or it has something to do. */
static void rest(struct runner *r, struct job *j, bool input)
{
	int meter, fds[WORK_HOLDERS];

	if (write_out(r, j) < 0)
		return;
	meter = account(r, j);
	wait_for(r, input, fds, work_fds(r->works[0], fds), meter);
}

/* What the stages hold may be due: it goes out at once. */
static void let_go(struct runner *r, struct job *j)
{
	int fds[WORK_HOLDERS];

	if (work_fds(r->works[0], fds) == 0)
		return;
	work_due(r->works[0], j);
	if (write_out(r, j) == 0 && j->stop.fault != FAULT_NONE)
		stop(r, j);
}

/* The time of all records of ${j}: whatever thread works on them, and when. */
static void stamp(const struct runner *r, struct job *j)
{
	if (r->timed)
		j->now = clock_now();
}

/* Read and work until the end of the input.  Return false if the work ended before. */
static bool run_input(struct runner *r, struct job *j)
{
	struct err e;

	while (r->stop.fault == FAULT_NONE) {
		heed(r, sig_poll(NULL, 0, 0));
		let_go(r, j);
		if (r->stop.fault != FAULT_NONE)
			break;
		if (work_load(r->works[0]) == STAGE_FULL && !r->asked) {
			rest(r, j, false);
			continue;
		}
		switch (lines_next(r->lines, &j->in, &e)) {
		case LINES_BLOCK:
			stamp(r, j);
			work_block(r->works[0], j);
			if ((full(r, j) || j->stop.fault) && write_out(r, j) < 0)
				break;
			account(r, j);
			stop(r, j);
			break;
		case LINES_WAIT:
			rest(r, j, true);
			break;
		case LINES_ERROR:
			input_error(r, &e);
			break;
		case LINES_END:
			return true;
		}
	}
	return false;
}

/* One thread: read, work, and write when a block is full or before sleeping. */
static void run_alone(struct runner *r)
{
	struct job job;

	init_job(r, &job);
	if (run_input(r, &job)) {
		while (r->stop.fault == FAULT_NONE && !r->asked && work_load(r->works[0]) != STAGE_EMPTY) {
			rest(r, &job, false);
			let_go(r, &job);
		}
		if (r->stop.fault == FAULT_NONE)
			work_flush(r->works[0], &job);
		if (r->stop.fault == FAULT_NONE && write_out(r, &job) == 0)
			stop(r, &job);
		account(r, &job);
	}
	job_free(&job);
}

/* Write what is done, in order.  Return -1 when the run must end. */
static int retire(struct runner *r, struct crew *crew, int *meter)
{
	struct job *j;

	while ((j = crew_done(crew)) != NULL) {
		bool ends = j->stop.fault != FAULT_NONE;

		*meter = account(r, j);
		if (write_out(r, j) < 0)
			return -1;
		if (ends)
			stop(r, j);
		crew_back(crew, j);
		if (ends)
			return -1;
	}
	return 0;
}

/* Several threads: this one reads and writes, and sleeps when it can do neither. */
static void run_crew(struct runner *r)
{
	struct job blank;
	struct crew *crew;
	bool end = false;
	int meter = -1;
	struct err e;

	init_job(r, &blank);
	crew = crew_new(r->works, r->n_works, &blank, &r->stop);
	while (crew && r->stop.fault == FAULT_NONE && retire(r, crew, &meter) == 0 &&
	       !(end && crew_idle(crew))) {
		struct job *j = end ? NULL : crew_blank(crew);
		enum lines_state state = LINES_WAIT;

		heed(r, sig_poll(NULL, 0, 0));
		if (j)
			state = lines_next(r->lines, &j->in, &e);
		if (j && state == LINES_BLOCK) {
			stamp(r, j);
			crew_put(crew, j);
		} else if (j && state == LINES_ERROR) {
			input_error(r, &e);
		} else if (j && state == LINES_END) {
			end = true;
		} else {
			int done = crew_fd(crew);

			wait_for(r, j != NULL, &done, 1, meter);
		}
		meter = account(r, NULL);
	}
	crew_free(crew);
	job_free(&blank);
}

/* The exit code that stage ${i} would have had as a program of its own. */
static int code_of(const struct runner *r, unsigned i)
{
	if (r->stop.fault != FAULT_NONE && r->stopped == i)
		return err_exit(&r->stop);
	if (i == 0 && r->input_failed)
		return r->input.fault == FAULT_DATA ? EXIT_DATA : EXIT_IO;
	return counts_rejects(&r->counts[i].counts) > 0 ? EXIT_REJECTED : EXIT_OK;
}

static int verdict(struct runner *r)
{
	struct err e;
	int rc = EXIT_OK;

	for (unsigned i = r->run->n_stages; i-- > 0 && rc == EXIT_OK;)
		rc = code_of(r, i);
	if (r->stop.fault != FAULT_NONE)
		(void)diag_fail(&r->stop);
	if (sink_close(r->sink, &e) < 0 && r->stop.fault == FAULT_NONE)
		rc = diag_fail(&e);
	if (meter_end(&r->meter) < 0)
		rc = rc ? rc : EXIT_IO;
	if (r->run->verbose)
		meter_show(&r->meter);
	return rc;
}

static struct runner *runner_new(const struct run *run)
{
	struct runner *r = calloc(1, sizeof(*r));

	if (!r)
		diag_oom();
	r->run = run;
	r->due = -1;
	r->links = calloc(run->n_stages, sizeof(*r->links));
	r->counts = calloc(run->n_stages, sizeof(*r->counts));
	r->channels = calloc(run->n_stages, sizeof(*r->channels));
	if (!r->links || !r->counts || !r->channels)
		diag_oom();
	for (unsigned i = 0; i < run->n_stages; i++) {
		const struct run_stage *s = &run->stages[i];

		r->timed |= s->stage->timed;
		r->counts[i].name = s->name;
		r->links[i] = (struct link){ .stage = s->stage,
					     .name = run->n_stages > 1 ? s->name : NULL,
					     .setup = s->setup,
					     .strict = s->strict };
	}
	return r;
}

static void begin(struct runner *r)
{
	const struct run *run = r->run;

	r->lines = lines_new(run->files, run->n_files);
	meter_init(&r->meter, r->counts, run->n_stages);
	r->meter.name = run->name;
	r->meter.metrics = run->metrics;
	r->meter.progress = run->progress && isatty(STDERR_FILENO);
	r->meter.total = lines_total(r->lines);
}

static void runner_free(struct runner *r)
{
	lines_free(r->lines);
	for (unsigned i = 0; i < r->n_works; i++)
		work_free(r->works[i]);
	sink_free(r->sink);
	free(r->channels);
	free(r->counts);
	free(r->links);
	free(r);
}

int run_chain(const struct run *run, struct err *e)
{
	struct runner *r = runner_new(run);
	int rc = -1;

	if (open_all(r, e) < 0)
		goto out;
	for (unsigned i = 0; i < run->n_stages; i++)
		if (run->stages[i].stage->tick)
			sig_hangup();
	begin(r);
	if (r->n_works > 1)
		run_crew(r);
	else
		run_alone(r);
	rc = verdict(r);
out:
	runner_free(r);
	return rc;
}
