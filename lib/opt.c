/* SPDX-License-Identifier: MIT */
#include "opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "diag.h"

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

static void help(FILE *f, const struct program *p, const struct args *a)
{
	fprintf(f, "usage: %s [OPTION...]%s%s\n%s\n\n", p->name, p->operands ? " " : "",
		p->operands ? p->operands : "", p->purpose);
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];
		char left[64];

		if (!o->help)
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
			 o->arg ? o->arg : "");
		fprintf(f, "  %c%c%c %-20s  %s%s\n", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			o->letter ? ',' : ' ', left, o->help, o->many ? " (repeatable)" : "");
	}
	if (p->example)
		fprintf(f, "\nexample:\n  %s\n", p->example);
	fprintf(f, "\nSee %s(1) and omni(7).\n", p->name);
}

static void completion_bash(const struct program *p, const struct args *a)
{
	printf("_%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tcase $prev in\n",
	       p->name);
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];

		if (!o->help || !o->arg)
			continue;
		printf("\t--%s", o->name);
		if (o->letter)
			printf("|-%c", o->letter);
		printf(") %s; return ;;\n", strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "DIR") == 0 ?
						    "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")" :
						    "COMPREPLY=()");
	}
	printf("\tesac\n\tif [[ $cur == -* ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (int i = 0; i < a->n; i++)
		if (a->table[i]->help)
			printf("--%s ", a->table[i]->name);
	printf("' -- \"$cur\")\n\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\tfi\n}\n");
	printf("complete -o filenames -F _%s %s\n", p->name, p->name);
}

/* Text inside single quotes and brackets of zsh's _arguments, or single quotes of fish. */
static void quoted(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (*text == '[' || *text == ']' || *text == ':')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void completion_zsh(const struct program *p, const struct args *a)
{
	printf("#compdef %s\n_arguments -S \\\n", p->name);
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];

		if (!o->help)
			continue;
		for (int kind = o->letter ? 0 : 1; kind < 2; kind++) {
			printf("\t'%s", o->many ? "*" : "");
			if (kind == 0)
				printf("-%c", o->letter);
			else
				printf("--%s", o->name);
			putchar('[');
			quoted(o->help);
			putchar(']');
			if (o->arg)
				printf(":%s:%s", o->arg, strcmp(o->arg, "FILE") == 0 ? "_files" : " ");
			printf("' \\\n");
		}
	}
	printf("\t'*:file:_files'\n");
}

static void completion_fish(const struct program *p, const struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];

		if (!o->help)
			continue;
		printf("complete -c %s -l %s", p->name, o->name);
		if (o->letter)
			printf(" -s %c", o->letter);
		if (o->arg)
			printf(" -r");
		printf(" -d '");
		for (const char *t = o->help; *t; t++)
			if (*t == '\'')
				fputs("\\'", stdout);
			else
				putchar(*t);
		printf("'\n");
	}
}

/* Answer --help, --version and --completion; 1 if one of them was given. */
static int answer(const struct program *p, const struct args *a, struct err *e)
{
	const char *shell = opt_value(a, "completion");

	if (opt_flag(a, "help")) {
		help(stdout, p, a);
	} else if (opt_flag(a, "version")) {
		printf("%s (omni) %s\n", p->name, OMNI_VERSION);
	} else if (shell && strcmp(shell, "bash") == 0) {
		completion_bash(p, a);
	} else if (shell && strcmp(shell, "zsh") == 0) {
		completion_zsh(p, a);
	} else if (shell && strcmp(shell, "fish") == 0) {
		completion_fish(p, a);
	} else if (shell) {
		return err_set(e, FAULT_USAGE, "usage", "--completion takes bash, zsh or fish");
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
	*shorts++ = '+'; /* operands end the options */
	*shorts++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < a->n; i++) {
		const struct opt *o = a->table[i];

		longs[i] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL,
					    256 + i };
		if (o->letter) {
			*shorts++ = o->letter;
			if (o->arg)
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

	memset(a, 0, sizeof(*a));
	a->argc = argc;
	a->argv = argv;
	gather(a, p->opts);
	gather(a, common);
	gather(a, standard);
	gather(a, hidden);
	getopt_tables(a, longs, shorts);
	optind = 0; /* GNU: forget an earlier command line */
	opterr = 0;
	for (;;) {
		const char *word = argv[optind > 0 ? optind : 1];
		int i;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c < 0)
			break;
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

int opt_usage(const struct program *p, const char *reason)
{
	diag_error("%s", reason);
	diag_error("usage: %s [OPTION...]%s%s (--help tells more)", p->name, p->operands ? " " : "",
		   p->operands ? p->operands : "");
	return EXIT_USAGE;
}
