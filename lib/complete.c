/* SPDX-License-Identifier: MIT */
#include "complete.h"

#include <stdio.h>

static bool is_file(const struct opt *o)
{
	return strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "DIR") == 0;
}

/* A function of bash; ${verb} is "" or the verb that it is for. */
static void bash_function(const char *name, const char *verb, const struct complete *c)
{
	printf("_%s%s%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tcase $prev in\n",
	       name, *verb ? "_" : "", verb);
	for (int i = 0; i < c->n; i++) {
		const struct opt *o = c->table[i];

		if (!o->help || !o->arg || opt_may(o))
			continue;
		printf("\t--%s", o->name);
		if (o->letter)
			printf("|-%c", o->letter);
		printf(") %s; return ;;\n",
		       is_file(o) ? "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")" : "COMPREPLY=()");
	}
	printf("\t*) ;;\n\tesac\n\tif [[ $cur == -* ]]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (int i = 0; i < c->n; i++)
		if (c->table[i]->help)
			printf("--%s ", c->table[i]->name);
	printf("' -- \"$cur\")\n\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\tfi\n}\n");
}

/* Of a program that does something without a verb, too: what begins with a dash is its option. */
static void bash_verbs(const struct complete_suite *s)
{
	const char *name = s->name;

	for (size_t i = 0; i < s->n; i++)
		bash_function(name, s->verbs[i].name, &s->verbs[i]);
	if (s->bare)
		bash_function(name, "-", s->bare);
	printf("_%s() {\n", name);
	if (s->bare)
		printf("\tif [[ ${COMP_WORDS[1]} == -* ]]; then\n\t\t_%s_-\n\t\treturn\n\tfi\n", name);
	printf("\tif ((COMP_CWORD == 1)); then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (size_t i = 0; i < s->n; i++)
		printf("%s ", s->verbs[i].name);
	printf("--help --version' -- \"${COMP_WORDS[1]}\")\n\telif declare -F \"_%s_${COMP_WORDS[1]}\" >/dev/null; then\n"
	       "\t\t\"_%s_${COMP_WORDS[1]}\"\n\tfi\n}\n",
	       name, name);
	printf("complete -o filenames -F _%s %s\n", name, name);
}

/* Text inside single quotes and brackets of zsh's _arguments. */
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

static void zsh_arguments(const struct complete *c)
{
	printf("_arguments -S \\\n");
	for (int i = 0; i < c->n; i++) {
		const struct opt *o = c->table[i];

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
			if (o->arg && !opt_may(o))
				printf(":%s:%s", o->arg, is_file(o) ? "_files" : " ");
			printf("' \\\n");
		}
	}
	printf("\t'*:file:_files'\n");
}

static void zsh_verbs(const struct complete_suite *s)
{
	printf("#compdef %s\n", s->name);
	if (s->bare) {
		printf("if [[ $words[2] == -* ]]; then\n");
		zsh_arguments(s->bare);
		printf("\treturn\nfi\n");
	}
	printf("if (( CURRENT == 2 )); then\n\tlocal -a verbs=(\n");
	for (size_t i = 0; i < s->n; i++) {
		printf("\t\t'%s:", s->verbs[i].name);
		quoted(s->verbs[i].purpose);
		printf("'\n");
	}
	printf("\t)\n\t_describe verb verbs\n\treturn\nfi\nlocal verb=$words[2]\nshift words\n(( CURRENT-- ))\ncase $verb in\n");
	for (size_t i = 0; i < s->n; i++) {
		printf("%s)\n", s->verbs[i].name);
		zsh_arguments(&s->verbs[i]);
		printf("\t;;\n");
	}
	printf("esac\n");
}

/* Text inside single quotes of fish. */
static void fish_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

/* ${when}: what must be so for these options, or NULL. */
static void fish_options(const char *name, const char *when, const struct complete *c)
{
	for (int i = 0; i < c->n; i++) {
		const struct opt *o = c->table[i];

		if (!o->help)
			continue;
		printf("complete -c %s", name);
		if (when)
			printf(" -n '%s'", when);
		printf(" -l %s", o->name);
		if (o->letter)
			printf(" -s %c", o->letter);
		if (o->arg && !opt_may(o))
			printf(" -r");
		printf(" -d ");
		fish_quoted(o->help);
		putchar('\n');
	}
}

static void fish_verbs(const struct complete_suite *s)
{
	struct buf when = { .max = SIZE_MAX };

	for (size_t i = 0; i < s->n; i++) {
		printf("complete -c %s -n __fish_use_subcommand -f -a %s -d ", s->name, s->verbs[i].name);
		fish_quoted(s->verbs[i].purpose);
		putchar('\n');
		buf_reset(&when);
		buf_fmt(&when, "__fish_seen_subcommand_from %s%c", s->verbs[i].name, '\0');
		fish_options(s->name, when.p, &s->verbs[i]);
	}
	buf_reset(&when);
	buf_fmt(&when, "not __fish_seen_subcommand_from");
	for (size_t i = 0; i < s->n; i++)
		buf_fmt(&when, " %s", s->verbs[i].name);
	buf_char(&when, '\0');
	if (s->bare)
		fish_options(s->name, when.p, s->bare);
	buf_free(&when);
}

static int unknown(struct err *e)
{
	return err_set(e, FAULT_USAGE, "usage", "--completion takes bash, zsh or fish");
}

int complete_program(const char *shell, const struct complete *c, struct err *e)
{
	if (strcmp(shell, "bash") == 0) {
		bash_function(c->name, "", c);
		printf("complete -o filenames -F _%s %s\n", c->name, c->name);
	} else if (strcmp(shell, "zsh") == 0) {
		printf("#compdef %s\n", c->name);
		zsh_arguments(c);
	} else if (strcmp(shell, "fish") == 0) {
		fish_options(c->name, NULL, c);
	} else {
		return unknown(e);
	}
	return 0;
}

int complete_verbs(const char *shell, const struct complete_suite *s, struct err *e)
{
	if (strcmp(shell, "bash") == 0)
		bash_verbs(s);
	else if (strcmp(shell, "zsh") == 0)
		zsh_verbs(s);
	else if (strcmp(shell, "fish") == 0)
		fish_verbs(s);
	else
		return unknown(e);
	return 0;
}
