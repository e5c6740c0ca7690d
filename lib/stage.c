/* SPDX-License-Identifier: MIT */
/* A program with one stage: what its options say, for the runner. */
#include "stage.h"

#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "run.h"
#include "sig.h"

static const struct opt opt_config = { "config", 'c', "FILE",
				       "configuration (default $OMNI_CONFIG, /etc/omni/omni.json)",
				       false };
static const struct opt opt_jobs = { "jobs", 'j', "N", "work in N threads; the output is the same",
				     false };
static const struct opt opt_split = { "split", 0, "DIR/%s",
				      "write each record to the FIFO or file of its destination",
				      false };
static const struct opt opts_own[] = {
	{ "rejects", 'r', "FILE", "append rejects to FILE instead of standard output", false },
	{ "strict", 0, NULL, "end at the first reject, with exit code 65", false },
};
static const struct opt opts_process[] = {
	{ "quiet", 'q', NULL, "no warnings", false },
	{ "verbose", 'v', NULL, "a summary on standard error at the end", false },
	{ "progress", 0, NULL, "show a progress bar if standard error is a terminal", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics in FILE", false },
	OPT_MAX_LINE,
	{ NULL, 0, NULL, NULL, false },
};

/* Return the end of ${table}. */
static struct opt *own_options(const struct stage *s, struct opt *table)
{
	if (s->keys)
		*table++ = opt_config;
	if (s->dests)
		*table++ = opt_split;
	memcpy(table, opts_own, sizeof(opts_own));
	return table + LEN(opts_own);
}

void stage_options(const struct stage *s, struct opt table[STAGE_OPTIONS])
{
	table = own_options(s, table);
	if (s->pure)
		*table++ = opt_jobs;
	memcpy(table, opts_process, sizeof(opts_process));
}

void stage_options_in_chain(const struct stage *s, struct opt table[STAGE_OPTIONS])
{
	*own_options(s, table) = (struct opt){ 0 };
}

/* Run ${s} as ${args} say.  Return the exit code, or -1 where it could not be opened. */
static int run(const struct stage *s, const struct args *args, struct err *e)
{
	struct run_stage one;
	struct run r = { .name = s->name,
			 .stages = &one,
			 .n_stages = 1,
			 .files = args->operands,
			 .n_files = args->n_operands,
			 .metrics = opt_value(args, "metrics"),
			 .progress = opt_flag(args, "progress"),
			 .verbose = opt_flag(args, "verbose") };
	uint64_t jobs = 1;
	int rc;

	run_stage_init(&one, s, args);
	/* What others mean by that word is for them to read. */
	if ((s->pure && opt_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs, e) < 0) ||
	    opt_max_line(args, e) < 0)
		return -1;
	r.jobs = (unsigned)jobs;
	if (sig_init(!s->pure, e) < 0 || ((!s->pure || s->timed) && clock_init(e) < 0))
		return -1;
	if (s->keys) {
		one.setup.conf = conf_load(conf_path(opt_value(args, "config")), s->keys(), e);
		if (!one.setup.conf)
			return -1;
	}
	rc = run_chain(&r, e);
	conf_free(one.setup.conf);
	return rc;
}

static int fail(const struct stage *s, const struct err *e)
{
	return e->fault == FAULT_USAGE ? opt_usage(&s->program, e->text) : diag_fail(e);
}

int stage_main(const struct stage *s, int argc, char **argv)
{
	struct opt common[STAGE_OPTIONS];
	struct args args;
	struct err e;
	int rc;

	diag_init(s->program.name);
	stage_options(s, common);
	rc = opt_parse(&s->program, common, argc, argv, &args, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc < 0)
		return fail(s, &e);
	if (args.n_operands == 0 && isatty(STDIN_FILENO))
		return opt_usage(&s->program,
				 "standard input is a terminal: name a file, or pipe records in");
	diag_quiet(opt_flag(&args, "quiet"));
	rc = run(s, &args, &e);
	return rc < 0 ? fail(s, &e) : rc;
}
