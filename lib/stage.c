/* SPDX-License-Identifier: MIT */
/*
 * The runner: moves blocks from the inputs through the stage to the sink, and keeps the contract of
 * a program.
 */
#include "stage.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crew.h"
#include "diag.h"
#include "sig.h"

enum { JOBS_MAX = 256 };

struct runner {
	const struct stage *stage;
	struct args args;
	struct setup setup;
	struct work *works[JOBS_MAX];
	unsigned n_works;
	struct sink *sink;
	struct lines *lines;
	struct meter meter;
	bool hangup;     /* SIGHUP came, and the stage was not told yet */
	int due;         /* milliseconds until it wants to look at the clock, -1: never */
	struct err stop; /* what ended the run before the end of the input */
	bool input_failed; /* an operand could not be read: the run goes on, the exit code remembers */
	struct err input;
};

static const struct opt opt_config = { "config", 'c', "FILE",
				       "configuration (default $OMNI_CONFIG, /etc/omni/omni.json)",
				       false };
static const struct opt opt_jobs = { "jobs", 'j', "N", "work in N threads; the output is the same",
				     false };
static const struct opt opt_split = { "split", 0, "DIR/%s",
				      "write each record to the FIFO or file of its destination",
				      false };
static const struct opt opts_all[] = {
	{ "rejects", 'r', "FILE", "append rejects to FILE instead of standard output", false },
	{ "strict", 0, NULL, "end at the first reject, with exit code 65", false },
	{ "quiet", 'q', NULL, "no warnings", false },
	{ "verbose", 'v', NULL, "a summary on standard error at the end", false },
	{ "progress", 0, NULL, "show a progress bar if standard error is a terminal", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics in FILE", false },
	{ NULL, 0, NULL, NULL, false },
};

void stage_options(const struct stage *s, struct opt table[STAGE_OPTIONS])
{
	if (s->keys)
		*table++ = opt_config;
	if (s->pure)
		*table++ = opt_jobs;
	if (s->dests)
		*table++ = opt_split;
	memcpy(table, opts_all, sizeof(opts_all));
}

/*
 * Open the stage once for each thread, and then the sink, whose channels follow from the stage's
 * destinations.
 */
static int open_all(struct runner *r, struct err *e)
{
	bool strict = opt_flag(&r->args, "strict");
	uint64_t jobs = 1;

	if (opt_number(&r->args, "jobs", 1, JOBS_MAX, &jobs, e) < 0)
		return -1;
	r->setup.args = &r->args;
	if (r->stage->keys) {
		r->setup.conf = conf_load(conf_path(opt_value(&r->args, "config")), r->stage->keys(), e);
		if (!r->setup.conf)
			return -1;
	}
	for (; r->n_works < jobs; r->n_works++) {
		r->works[r->n_works] = work_new(r->stage, &r->setup, NULL, strict, e);
		if (!r->works[r->n_works])
			return -1;
	}
	r->sink = sink_new(opt_value(&r->args, "rejects"), opt_value(&r->args, "split"),
			   work_dests(r->works[0]), e);
	if (!r->sink)
		return -1;
	for (unsigned i = 0; i < r->n_works; i++)
		work_bind(r->works[i], r->sink);
	return 0;
}

/* Take the signals and, after SIGTERM, let reading end. */
static void heed(struct runner *r, int came)
{
	if (came & SIG_STOP)
		lines_stop(r->lines);
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
	struct err e;
	int next;

	if (j) {
		counts_add(&r->meter.counts, &j->counts);
		j->counts = (struct counts){ 0 };
		r->meter.dirty = true;
	}
	r->meter.consumed = lines_consumed(r->lines);
	next = meter_tick(&r->meter, &e);
	if (next == -2) { /* a full disk under the metrics is no reason to stop the messages */
		diag_warn("%s", e.text);
		r->meter.metrics = NULL;
		next = -1;
	}
	return next;
}

/* Write what ${j} has become.  What an effect has not made durable is not said to have been done. */
static int write_out(struct runner *r, struct job *j)
{
	if (r->stage->commit && work_commit(r->works[0], j) < 0) {
		r->stop = j->stop;
		return -1;
	}
	for (unsigned i = 0; i < j->n_out; i++) {
		if (j->out[i].n > 0 && sink_write(r->sink, i, buf_get(&j->out[i]), &r->stop) < 0)
			return -1;
		r->meter.counts.bytes_out += j->out[i].n;
		buf_reset(&j->out[i]);
	}
	r->due = work_tick(r->works[0], r->hangup, j);
	r->hangup = false;
	if (r->due == -2)
		r->stop = j->stop;
	return r->due == -2 ? -1 : 0;
}

/*
 * Sleep until there is input or ${fd} (-1: none) is readable, or a signal, or it is time for the
 * meter.
 */
static void wait_for(struct runner *r, bool input, int fd, int meter)
{
	struct pollfd p[2] = { { .fd = input ? lines_fd(r->lines) : -1, .events = POLLIN },
			       { .fd = fd, .events = POLLIN } };

	heed(r, sig_poll(p, 2, sooner(sooner(meter, r->due), input ? lines_timeout(r->lines) : -1)));
}

/* An operand that failed does not keep the others from being read. */
static void input_error(struct runner *r, const struct err *e)
{
	diag_error("%s", e->text);
	if (!r->input_failed)
		r->input = *e;
	r->input_failed = true;
}

static bool full(const struct job *j)
{
	for (unsigned i = 0; i < j->n_out; i++)
		if (j->out[i].n >= BLOCK_BYTES)
			return true;
	return false;
}

/* One thread: read, work, and write when a block is full or before sleeping. */
static void run_alone(struct runner *r)
{
	struct job job;
	struct err e;
	int meter = -1;
	bool more = true;

	job_init(&job, sink_channels(r->sink));
	while (more && r->stop.fault == FAULT_NONE) {
		heed(r, sig_poll(NULL, 0, 0));
		switch (lines_next(r->lines, &job.in, &e)) {
		case LINES_BLOCK:
			work_block(r->works[0], &job);
			if ((full(&job) || job.stop.fault) && write_out(r, &job) < 0)
				break;
			meter = account(r, &job);
			r->stop = job.stop;
			break;
		case LINES_WAIT:
			if (write_out(r, &job) < 0)
				break;
			meter = account(r, &job);
			wait_for(r, true, -1, meter);
			break;
		case LINES_ERROR:
			input_error(r, &e);
			break;
		case LINES_END:
			more = false;
			break;
		}
	}
	if (!more) {
		work_flush(r->works[0], &job);
		if (write_out(r, &job) == 0)
			r->stop = job.stop;
		account(r, &job);
	}
	job_free(&job);
}

/* Write what is done, in order.  Return -1 when the run must end. */
static int retire(struct runner *r, struct crew *crew, int *meter)
{
	struct job *j;

	while ((j = crew_done(crew)) != NULL) {
		struct err stop = j->stop;

		*meter = account(r, j);
		if (write_out(r, j) < 0)
			return -1;
		crew_back(crew, j);
		if (stop.fault != FAULT_NONE) {
			r->stop = stop;
			return -1;
		}
	}
	return 0;
}

/* Several threads: this one reads and writes, and sleeps when it can do neither. */
static void run_crew(struct runner *r)
{
	struct crew *crew = crew_new(r->works, r->n_works, sink_channels(r->sink), &r->stop);
	bool end = false;
	int meter = -1;
	struct err e;

	while (crew && retire(r, crew, &meter) == 0 && !(end && crew_idle(crew))) {
		struct job *j = end ? NULL : crew_blank(crew);
		enum lines_state state = LINES_WAIT;

		heed(r, sig_poll(NULL, 0, 0));
		if (j)
			state = lines_next(r->lines, &j->in, &e);
		if (j && state == LINES_BLOCK)
			crew_put(crew, j);
		else if (j && state == LINES_ERROR)
			input_error(r, &e);
		else if (j && state == LINES_END)
			end = true;
		else
			wait_for(r, j != NULL, crew_fd(crew), meter);
		meter = account(r, NULL);
	}
	crew_free(crew);
}

static int verdict(struct runner *r)
{
	struct err e;
	int rc = EXIT_OK;

	if (r->stop.fault != FAULT_NONE)
		rc = diag_fail(&r->stop);
	else if (r->input_failed)
		rc = r->input.fault == FAULT_DATA ? EXIT_DATA : EXIT_IO;
	else if (counts_rejects(&r->meter.counts) > 0)
		rc = EXIT_REJECTED;
	if (sink_close(r->sink, &e) < 0 && r->stop.fault == FAULT_NONE)
		rc = diag_fail(&e);
	if (meter_end(&r->meter, &e) < 0) {
		diag_warn("%s", e.text);
		rc = rc ? rc : EXIT_IO;
	}
	if (opt_flag(&r->args, "verbose"))
		meter_show(&r->meter);
	return rc;
}

static void close_all(struct runner *r)
{
	lines_free(r->lines);
	for (unsigned i = 0; i < r->n_works; i++)
		work_free(r->works[i]);
	sink_free(r->sink);
	conf_free(r->setup.conf);
}

int stage_main(const struct stage *s, int argc, char **argv)
{
	struct runner *r = calloc(1, sizeof(*r));
	struct opt common[STAGE_OPTIONS];
	struct err e;
	int rc;

	diag_init(s->program.name);
	if (!r)
		diag_oom();
	r->stage = s;
	stage_options(s, common);
	rc = opt_parse(&s->program, common, argc, argv, &r->args, &e);
	if (rc > 0) {
		rc = EXIT_OK;
		goto out;
	}
	if (rc < 0) {
		rc = e.fault == FAULT_USAGE ? opt_usage(&s->program, e.text) : diag_fail(&e);
		goto out;
	}
	if (r->args.n_operands == 0 && isatty(STDIN_FILENO)) {
		rc = opt_usage(&s->program,
			       "standard input is a terminal: name a file, or pipe records in");
		goto out;
	}
	diag_quiet(opt_flag(&r->args, "quiet"));
	if (sig_init(!s->pure, &e) < 0 || (!s->pure && clock_init(&e) < 0) || open_all(r, &e) < 0) {
		rc = e.fault == FAULT_USAGE ? opt_usage(&s->program, e.text) : diag_fail(&e);
		goto out;
	}
	if (s->tick)
		sig_hangup();
	r->lines = lines_new(r->args.operands, r->args.n_operands);
	meter_init(&r->meter, s->name, opt_value(&r->args, "metrics"),
		   opt_flag(&r->args, "progress") && isatty(STDERR_FILENO));
	r->meter.total = lines_total(r->lines);
	if (r->n_works > 1)
		run_crew(r);
	else
		run_alone(r);
	rc = verdict(r);
out:
	close_all(r);
	free(r);
	return rc;
}
