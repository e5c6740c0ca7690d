/* SPDX-License-Identifier: MIT */
#include "opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "complete.h"
#include "clock.h"
#include "diag.h"
#include "limit.h"

static const struct opt standard[] = {
	{ "help", 'h', NULL, "show this help and exit", false },
	{ "version", 'V', NULL, "show the version and exit", false },
	{ NULL, 0, NULL, NULL, false },
};

/* Known to the parser only: not in --help, but what the installed completions are made with. */
static const struct opt hidden[] = {
	{ "completion", 0, "SHELL", NULL, false },
	{ NULL, 0, NULL, NULL, false },
};

static void gather(struct args *a, const struct opt *opts)
{
	for (; opts && opts->name && a->n < OPT_MAX; opts++)
		a->table[a->n++] = opts;
}

void opt_gather(const struct program *p, const struct opt *common, struct args *a)
{
	memset(a, 0, sizeof(*a));
	gather(a, p->opts);
	gather(a, common);
	gather(a, standard);
}

/* " QUEUE [FILE...]" */
static const char *operands(const struct program *p, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s", p->subject ? " " : "", p->subject ? p->subject : "",
		 p->operands ? " " : "", p->operands ? p->operands : "");
	return out;
}

static void help(FILE *f, const struct program *p, const struct args *a)
{
	char rest[80];

	fprintf(f, "usage: %s [OPTION...]%s\n%s\n\n", p->name, operands(p, rest, sizeof(rest)),
		p->purpose);
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];
		char left[64];

		if (!o->help)
			continue;
		snprintf(left, sizeof(left), opt_may(o) ? "--%s%s[%s]" : "--%s%s%s", o->name,
			 o->arg && !opt_may(o) ? " " : "", o->arg ? o->arg : "");
		fprintf(f, "  %c%c%c %-20s  %s%s\n", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			o->letter ? ',' : ' ', left, o->help, o->many ? " (repeatable)" : "");
	}
	if (p->example)
		fprintf(f, "\nexample:\n  %s\n", p->example);
	fprintf(f, "\nSee %.*s(1) and omni(7).\n", (int)strcspn(p->name, " "), p->name);
}

/* Answer --help, --version and --completion; 1 if one of them was given. */
static int answer(const struct program *p, const struct args *a, struct err *e)
{
	const char *shell = opt_value(a, "completion");

	if (opt_flag(a, "help")) {
		help(stdout, p, a);
	} else if (opt_flag(a, "version")) {
		printf("%.*s (omni) %s\n", (int)strcspn(p->name, " "), p->name, OMNI_VERSION);
	} else if (shell) {
		const struct complete one = { p->name, p->purpose, a->table, a->n };

		if (complete_program(shell, &one, e) < 0)
			return -1;
	} else {
		return 0;
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
	return 1;
}

static int take(struct args *a, int i, const char *value, struct err *e)
{
	const struct opt *o = a->table[i];

	if (a->count[i]++ > 0 && o->arg && !o->many)
		return err_set(e, FAULT_USAGE, "usage", "--%s is given twice", o->name);
	a->value[i] = value ? value : "";
	return 0;
}

/* The table in getopt's form; each option's index stands in `val`, above all characters. */
static void getopt_tables(const struct args *a, struct option *longs, char *shorts)
{
	if (!a->mixed)
		*shorts++ = '+'; /* operands end the options */
	*shorts++ = ':';         /* tell a missing argument from an unknown option */
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];

		longs[i] = (struct option){ o->name,
					    opt_may(o) ? optional_argument :
					    o->arg     ? required_argument :
							 no_argument,
					    NULL, 256 + i };
		if (o->letter) {
			*shorts++ = o->letter;
			if (o->arg && !opt_may(o)) /* the short one takes none */
				*shorts++ = ':';
		}
	}
	longs[a->n] = (struct option){ NULL, 0, NULL, 0 };
	*shorts = '\0';
}

/*
 * What getopt did not like about ${word}; `optopt` is the option's value, or 0 for an unknown long
 * name.
 */
static int refuse(const struct args *a, int c, const char *word, struct err *e)
{
	const struct opt *o = optopt >= 256 ? a->table[optopt - 256] : NULL;

	if (c == ':' && o)
		return err_set(e, FAULT_USAGE, "usage", "--%s needs an argument: %s", o->name, o->arg);
	if (c == ':')
		return err_set(e, FAULT_USAGE, "usage", "-%c needs an argument", optopt);
	if (o)
		return err_set(e, FAULT_USAGE, "usage", "--%s takes no argument", o->name);
	if (optopt)
		return err_set(e, FAULT_USAGE, "usage", "unknown option -%c", optopt);
	return err_set(e, FAULT_USAGE, "usage", "unknown option %s", word);
}

int opt_parse(const struct program *p, const struct opt *common, int argc, char **argv,
	      struct args *a, struct err *e)
{
	struct option longs[OPT_MAX + 1];
	char shorts[2 * OPT_MAX + 3];
	int c;

	opt_gather(p, common, a);
	gather(a, hidden);
	a->mixed = strchr(p->name, ' ') != NULL;
	a->argc = argc;
	a->argv = argv;
	getopt_tables(a, longs, shorts);
	optind = 0; /* GNU: forget an earlier command line */
	opterr = 0;
	for (;;) {
		const char *word;
		int i;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c < 0)
			break;
		word = argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
		if (c == ':' || c == '?')
			return refuse(a, c, word, e);
		i = c - 256;
		if (c < 256)
			for (i = 0; a->table[i]->letter != c;)
				i++;
		else if (strncmp(word + 2, a->table[i]->name, strcspn(word + 2, "=")) != 0 ||
			 strlen(a->table[i]->name) != strcspn(word + 2, "="))
			return err_set(e, FAULT_USAGE, "usage", "unknown option %s; did you mean --%s",
				       word, a->table[i]->name);
		if (take(a, i, optarg, e) < 0)
			return -1;
	}
	a->operands = argv + optind;
	a->n_operands = argc - optind;
	c = answer(p, a, e);
	if (c == 0 && p->subject) {
		if (a->n_operands == 0)
			return err_set(e, FAULT_USAGE, "usage", "%s is missing", p->subject);
		a->subject = *a->operands++;
		a->n_operands--;
	}
	if (c == 0 && !p->operands && a->n_operands > 0)
		return err_set(e, FAULT_USAGE, "usage", "unexpected operand \"%s\"", a->operands[0]);
	return c;
}

static int find(const struct args *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->table[i]->name, name) == 0)
			return i;
	return -1;
}

const char *opt_value(const struct args *a, const char *name)
{
	int i = find(a, name);

	return i < 0 ? NULL : a->value[i];
}

const char *opt_values(const struct args *a, const char *name, unsigned nth)
{
	struct option longs[OPT_MAX + 1];
	char shorts[2 * OPT_MAX + 3];
	int at = find(a, name), c;

	if (at < 0 || nth >= a->count[at])
		return NULL;
	getopt_tables(a, longs, shorts); /* once more through a command line that is known to be right */
	optind = 0;
	while ((c = getopt_long(a->argc, a->argv, shorts, longs, NULL)) >= 0)
		if ((c == 256 + at || (c < 256 && c == a->table[at]->letter)) && nth-- == 0)
			return optarg ? optarg : "";
	return NULL;
}

static int number(struct str text, uint64_t unit, uint64_t *value)
{
	if (str_u64(text, value) < 0 || __builtin_mul_overflow(*value, unit, value))
		return -1;
	return 0;
}

int opt_number(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *value,
	       struct err *e)
{
	const char *text = opt_value(a, name);
	uint64_t v;

	if (!text)
		return 0;
	if (number(str_c(text), 1, &v) < 0 || v < min || v > max)
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a whole number from %llu to %llu, not \"%.40s\"", name,
			       (unsigned long long)min, (unsigned long long)max, text);
	*value = v;
	return 0;
}

int opt_size(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *value,
	     struct err *e)
{
	const char *text = opt_value(a, name);
	struct str s = str_c(text);
	uint64_t unit = 1, v;

	if (!text)
		return 0;
	if (str_suffix(s, STR("k")))
		unit = 1u << 10;
	else if (str_suffix(s, STR("M")))
		unit = 1u << 20;
	else if (str_suffix(s, STR("G")))
		unit = 1u << 30;
	if (unit > 1)
		s.n--;
	if (number(s, unit, &v) < 0 || v < min || v > max)
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a size in bytes from %llu to %llu (1000, 64k, 2M), not \"%.40s\"",
			       name, (unsigned long long)min, (unsigned long long)max, text);
	*value = v;
	return 0;
}

int opt_max_line(const struct args *a, struct err *e)
{
	uint64_t size = LINE_DEFAULT_BYTES;

	if (opt_size(a, "max-line", LINE_DEFAULT_BYTES, LINE_MOST_BYTES, &size, e) < 0)
		return -1;
	limit_line = (size_t)size;
	return 0;
}

int opt_duration(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *ms,
		 struct err *e)
{
	const char *text = opt_value(a, name);
	int64_t v;

	if (!text)
		return 0;
	if (clock_span(str_c(text), &v) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a time span (500ms, 60s, 5m, 1h30m, 90d), not \"%.40s\"",
			       name, text);
	if (v < min || v > max)
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a time span from %lld ms to %lld ms, not \"%.40s\"",
			       name, (long long)min, (long long)max, text);
	*ms = v;
	return 0;
}

/* A day by its date or its name, in milliseconds. */
static int day(struct str s, int64_t now, int64_t *ms)
{
	static const int64_t length = 86400000;
	int64_t today = now - (now % length + length) % length;
	char text[CLOCK_TEXT + 1];

	if (s.n == 10) {
		snprintf(text, sizeof(text), "%.10sT00:00:00.000Z", s.p);
		return clock_parse(str_c(text), ms);
	}
	*ms = str_eq(s, STR("yesterday")) ? today - length : today;
	return str_eq(s, STR("yesterday")) || str_eq(s, STR("today")) ? 0 : -1;
}

int opt_time(const struct args *a, const char *name, int64_t now, int64_t *ms, struct err *e)
{
	const char *text = opt_value(a, name);
	struct str s = str_c(text);
	int64_t v;

	if (!text)
		return 0;
	if ((*text == '-' || *text == '+') && clock_span(str_c(text + 1), &v) == 0)
		v = *text == '-' ? now - v : now + v;
	else if (str_eq(s, STR("now")))
		v = now;
	else if (clock_parse(s, &v) < 0 && day(s, now, &v) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--%s takes a time (2026-01-14T09:00:00Z), a day (2026-01-14, today, "
			       "yesterday), now, or a span from now (-2h, +90s), not \"%.40s\"",
			       name, text);
	*ms = v;
	return 0;
}

int opt_usage(const struct program *p, const char *reason)
{
	char rest[80];

	diag_error("%s", reason);
	diag_error("usage: %s [OPTION...]%s (--help tells more)", p->name,
		   operands(p, rest, sizeof(rest)));
	return EXIT_USAGE;
}
