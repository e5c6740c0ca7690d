/* SPDX-License-Identifier: MIT */
#include "pipe.h"

#include <unistd.h>

#include "chain.h"
#include "clock.h"
#include "diag.h"
#include "sig.h"

static const struct opt options[] = {
	{ "config", 'c', "FILE", "configuration of the stages that name none", false },
	{ "jobs", 'j', "N", "work in N threads; the output is the same", false },
	{ "rejects", 'r', "FILE", "append the rejects of all stages to FILE", false },
	{ "strict", 0, NULL, "end at the first reject of any stage, with exit code 65", false },
	{ "quiet", 'q', NULL, "no warnings", false },
	{ "verbose", 'v', NULL, "a summary of each stage on standard error at the end", false },
	{ "progress", 0, NULL, "show a progress bar if standard error is a terminal", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics of all stages in FILE", false },
	OPT_MAX_LINE,
	{ NULL, 0, NULL, NULL, false },
};

static const struct program program = {
	.name = "omni-pipe",
	.purpose = "Run pure stages in one process: the bytes of the pipe, without the pipe.",
	.operands = "STAGE [OPTION...] [FILE...] [, STAGE [OPTION...]]...",
	.example = "omni-pipe -c omni.json validate hooks.ndjson , normalize , route | jq -r .text",
	.opts = options,
};

static int fail(const struct err *e)
{
	return e->fault == FAULT_USAGE ? opt_usage(&program, e->text) : diag_fail(e);
}

/* Some stages want the time of what they read. */
static int set_clock(const struct run *r, struct err *e)
{
	for (unsigned i = 0; i < r->n_stages; i++)
		if (r->stages[i].stage->timed)
			return clock_init(e);
	return 0;
}

/* Run the chain that ${args} name.  Return the exit code, or -1 where that did not begin. */
static int run(const struct args *args, struct err *e)
{
	const struct chain_defaults defaults = { opt_value(args, "config"), opt_value(args, "rejects"),
						 opt_flag(args, "strict") };
	struct run r = { .name = "pipe",
			 .metrics = opt_value(args, "metrics"),
			 .progress = opt_flag(args, "progress"),
			 .verbose = opt_flag(args, "verbose") };
	struct chain *c;
	uint64_t jobs = 1;
	int rc;

	if (opt_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs, e) < 0 || opt_max_line(args, e) < 0 ||
	    sig_init(false, e) < 0)
		return -1;
	c = chain_new(args->operands, args->n_operands, &defaults, e);
	if (!c)
		return e->fault == FAULT_NONE ? EXIT_OK : -1;
	r.jobs = (unsigned)jobs;
	chain_set(c, &r);
	if (r.n_files == 0 && isatty(STDIN_FILENO))
		rc = err_set(e, FAULT_USAGE, "usage",
			     "standard input is a terminal: name a file behind the first stage, or pipe records in");
	else
		rc = set_clock(&r, e) < 0 ? -1 : run_chain(&r, e);
	chain_free(c);
	return rc;
}

int pipe_main(int argc, char **argv)
{
	struct args args;
	struct err e = { .fault = FAULT_NONE };
	int rc;

	diag_init(program.name);
	rc = opt_parse(&program, NULL, argc, argv, &args, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0 && args.n_operands == 0)
		rc = err_set(&e, FAULT_USAGE, "usage", "a stage is missing: %s", chain_names());
	if (rc < 0)
		return fail(&e);
	diag_quiet(opt_flag(&args, "quiet"));
	rc = run(&args, &e);
	return rc < 0 ? fail(&e) : rc;
}
