/* SPDX-License-Identifier: MIT */
/*
 * One table of options serves the parser, --help and the shell completions, so they can not drift.
 * Options end at the first operand or at "--" (POSIX guideline 9 and 10); those of a verb may also
 * stand behind its operands ("take inbound --follow").  Repeating an option that
 * takes one value is an error, and so is an abbreviated long name.
 */
#ifndef OMNI_OPT_H
#define OMNI_OPT_H

#include "bytes.h"
#include "err.h"

enum { OPT_MAX = 48 };

struct opt {
	const char *name; /* long name; NULL ends a table */
	char letter;      /* short name, or 0 */
	const char *arg; /* name of its argument in upper case ("FILE" completes file names), or NULL for a flag; "=FORMAT": it may be left out, and stands behind "=" */
	const char *help; /* one line, lower case, no dot */
	bool many;        /* may be given several times (then opt_values) */
};

/* True if ${o} takes an argument that may be left out. */
static inline bool opt_may(const struct opt *o)
{
	return o->arg && o->arg[0] == '=';
}

struct program {
	const char *name;       /* "omni-route"; of a verb "omni-queue put" */
	const char *purpose;    /* one line, after the name in --help */
	const char *operands;   /* "[FILE...]", those behind it, or NULL if it takes none */
	const char *example;    /* a pipeline for the end of --help */
	const struct opt *opts; /* its own; the common ones come from the table given to opt_parse */
	const char *subject; /* "QUEUE": a first operand that must be there, for args.subject; or NULL */
};

struct args {
	const struct opt *table[OPT_MAX];
	const char *value[OPT_MAX]; /* the last one given, "" for a flag, NULL if absent */
	unsigned count[OPT_MAX];
	int n;
	char *subject;
	char **operands; /* NULL-terminated */
	int n_operands;
	bool mixed; /* options may stand behind operands */
	int argc;   /* for opt_values */
	char **argv;
};

/**
 * opt_parse(p, common, argc, argv, a, e):
 * Read the command line of ${p} against its own table and ${common} (may be NULL).  --help,
 * --version and the hidden --completion SHELL are answered here, on standard output: then return 1,
 * and the program ends with EXIT_OK. Return 0 when ${a} is filled, -1 with FAULT_USAGE.
 */
int opt_parse(const struct program *p, const struct opt *common, int argc, char **argv,
	      struct args *a, struct err *e);

/* The table that opt_parse would read by, alone: for completions. */
void opt_gather(const struct program *p, const struct opt *common, struct args *a);

/* The value of --${name}, or NULL if it was not given. */
const char *opt_value(const struct args *a, const char *name);

static inline bool opt_flag(const struct args *a, const char *name)
{
	return opt_value(a, name) != NULL;
}

/**
 * opt_values(a, name, i):
 * The ${i}-th value (from 0) of an option that may be repeated, or NULL behind the last.
 */
const char *opt_values(const struct args *a, const char *name, unsigned i);

/**
 * opt_number(a, name, min, max, value, e):
 * Put the value of --${name}, if given, into ${value}.  Return 0, or -1 with FAULT_USAGE unless it
 * is a whole number in range.
 */
int opt_number(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *value,
	       struct err *e);

/**
 * opt_size(a, name, min, max, value, e):
 * The same for a number of bytes, where k, M and G stand for 2^10, 2^20, 2^30.
 */
int opt_size(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *value,
	     struct err *e);

/**
 * opt_duration(a, name, min, max, ms, e):
 * The same for a time span in milliseconds: "60s", "5m", "1h30m", "90d", "500ms", "2w", or "0".
 */
int opt_duration(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *ms,
		 struct err *e);

/**
 * opt_time(a, name, now, ms, e):
 * The same for an instant: RFC 3339; relative to ${now}, "-2h", "+90s"; "now"; or the beginning of a
 * day in UTC: "2026-01-14", "today", "yesterday".
 */
int opt_time(const struct args *a, const char *name, int64_t now, int64_t *ms, struct err *e);

/* For the tables of all who read records, and what they do with it at first. */
#define OPT_MAX_LINE                                                                               \
	{                                                                                          \
		"max-line", 0, "SIZE",                                                             \
			"longest line, the same in all programs of a pipeline (default 1M)", false \
	}
int opt_max_line(const struct args *a, struct err *e);

/* The reason and the usage line of ${p} on standard error; return EXIT_USAGE. */
int opt_usage(const struct program *p, const char *reason);

#endif
