/* SPDX-License-Identifier: MIT */
/* A program with one stage: what its options say, for the runner. */
#include "stage.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "run.h"
#include "sig.h"

enum { CHAIN_MAX = 4 };

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

static void drop(struct out *o, const struct rec *r)
{
	(void)o, (void)r;
}

static void drop_reject(struct out *o, const struct rec *r, struct err *e)
{
	(void)o, (void)r, (void)e;
}

struct out out_nowhere = { .put = drop, .reject = drop_reject };

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

/* What messages call ${s} where there are several. */
static const char *short_name(const struct stage *s)
{
	const char *space = strrchr(s->program.name, ' ');

	return space ? space + 1 : s->name;
}

/* Run ${stages} as ${args} say.  Return the exit code, or -1 where one could not be opened. */
static int run(const struct stage *const *stages, unsigned n, const struct args *args, struct err *e)
{
	const struct stage *s = stages[0];
	struct run_stage list[CHAIN_MAX];
	struct run r = { .name = s->name,
			 .stages = list,
			 .n_stages = n,
			 .files = args->operands,
			 .n_files = args->n_operands,
			 .metrics = opt_value(args, "metrics"),
			 .progress = opt_flag(args, "progress"),
			 .verbose = opt_flag(args, "verbose") };
	struct conf *conf = NULL;
	uint64_t jobs = 1;
	int rc;

	/* What others mean by that word is for them to read. */
	if ((s->pure && opt_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs, e) < 0) ||
	    opt_max_line(args, e) < 0)
		return -1;
	r.jobs = (unsigned)jobs;
	if (sig_init(!s->pure, e) < 0 || ((!s->pure || s->timed) && clock_init(e) < 0))
		return -1;
	if (s->keys) {
		conf = conf_load(conf_path(opt_value(args, "config")), s->keys(), e);
		if (!conf)
			return -1;
	}
	for (unsigned i = 0; i < n; i++) {
		run_stage_init(&list[i], stages[i], args);
		list[i].setup.conf = conf;
		if (n > 1)
			list[i].name = short_name(stages[i]);
	}
	rc = run_chain(&r, e);
	conf_free(conf);
	return rc;
}

static int fail(const struct program *p, const struct err *e)
{
	return e->fault == FAULT_USAGE ? opt_usage(p, e->text) : diag_fail(e);
}

int stage_chain_main(const struct program *p, const struct stage *const *stages, unsigned n,
		     int argc, char **argv)
{
	struct opt common[STAGE_OPTIONS];
	struct args args;
	struct err e;
	int rc;

	diag_init(p->name);
	stage_options(stages[0], common);
	rc = opt_parse(p, common, argc, argv, &args, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc < 0)
		return fail(p, &e);
	if (args.n_operands == 0 && isatty(STDIN_FILENO))
		return opt_usage(p, "standard input is a terminal: name a file, or pipe records in");
	diag_quiet(opt_flag(&args, "quiet"));
	rc = run(stages, n, &args, &e);
	return rc < 0 ? fail(p, &e) : rc;
}

int stage_main(const struct stage *s, int argc, char **argv)
{
	return stage_chain_main(&s->program, &s, 1, argc, argv);
}
