/* SPDX-License-Identifier: MIT */
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "complete.h"
#include "diag.h"

static const struct opt opts_command[] = {
	{ "config", 'c', "FILE", "configuration (default $OMNI_CONFIG, /etc/omni/omni.json)", false },
	{ "quiet", 'q', NULL, "no warnings", false },
	{ NULL, 0, NULL, NULL, false },
};

/* What every command takes; --config where it reads one. */
static const struct opt *command_options(const struct command *c)
{
	return c->keys ? opts_command : opts_command + 1;
}

static const struct program *program_of(const struct verb *v)
{
	return v->stage ? &v->stage->program : &v->command->program;
}

static const char *verb_name(const struct verb *v)
{
	return strrchr(program_of(v)->name, ' ') + 1;
}

static const struct verb *find(const struct suite *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(verb_name(&s->verbs[i]), name) == 0)
			return &s->verbs[i];
	return NULL;
}

static void help(const struct suite *s)
{
	printf("usage: %s VERB [OPTION...] [OPERAND...]\n", s->name);
	if (s->program)
		printf("       %s OPTION... %s\n", s->name, s->program->operands);
	printf("%s\n\n", s->purpose);
	for (size_t i = 0; i < s->n; i++)
		printf("  %-10s %s\n", verb_name(&s->verbs[i]), program_of(&s->verbs[i])->purpose);
	if (s->program)
		printf("\nWithout a verb: %s\n", s->program->purpose);
	printf("\n%s VERB --help tells more of each.\n", s->name);
	if (s->example)
		printf("\nexample:\n  %s\n", s->example);
	printf("\nSee %s(1) and omni(7).\n", s->name);
}

static int completion(const struct suite *s, const char *shell, struct err *e)
{
	struct described {
		struct args args;
		struct opt common[STAGE_OPTIONS];
	} *all = calloc(s->n, sizeof(*all));
	struct complete *list = calloc(s->n, sizeof(*list)), bare;
	struct complete_suite suite = { .name = s->name, .verbs = list, .n = s->n };
	struct described whole;
	int rc;

	if (!all || !list)
		diag_oom();
	for (size_t i = 0; i < s->n; i++) {
		const struct verb *v = &s->verbs[i];
		struct described *d = &all[i];

		if (v->stage)
			stage_options(v->stage, d->common);
		opt_gather(program_of(v), v->stage ? d->common : command_options(v->command), &d->args);
		list[i] = (struct complete){ verb_name(v), program_of(v)->purpose, d->args.table,
					     d->args.n };
	}
	if (s->program) {
		stage_options(s->verbs[0].stage, whole.common);
		opt_gather(s->program, whole.common, &whole.args);
		bare = (struct complete){ s->name, s->program->purpose, whole.args.table, whole.args.n };
		suite.bare = &bare;
	}
	rc = complete_verbs(shell, &suite, e);
	free(list);
	free(all);
	return rc;
}

static int finish(const struct program *p, const struct err *e)
{
	return e->fault == FAULT_USAGE ? opt_usage(p, e->text) : diag_fail(e);
}

int command_main(const struct command *c, int argc, char **argv)
{
	struct args args;
	struct setup setup = { .args = &args };
	struct err e = { .fault = FAULT_NONE };
	int rc;

	diag_init(c->program.name);
	rc = opt_parse(&c->program, command_options(c), argc, argv, &args, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc < 0)
		return finish(&c->program, &e);
	diag_quiet(opt_flag(&args, "quiet"));
	if (clock_init(&e) < 0)
		return finish(&c->program, &e);
	if (c->keys) {
		setup.conf = conf_load(conf_path(opt_value(&args, "config")), c->keys(), &e);
		if (!setup.conf)
			return finish(&c->program, &e);
	}
	rc = c->run(&setup, &e);
	conf_free(setup.conf);
	if (rc < 0)
		return finish(&c->program, &e);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		diag_error("standard output: %s", strerror(errno));
		return EXIT_IO;
	}
	return rc;
}

/* What stands in the verb's place: an answer, or a mistake. */
static int no_verb(const struct suite *s, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	struct err e;

	if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
		help(s);
	} else if (word && (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)) {
		printf("%s (omni) %s\n", s->name, OMNI_VERSION);
	} else if (argc > 2 && strcmp(word, "--completion") == 0) {
		if (completion(s, argv[2], &e) < 0) {
			diag_error("%s", e.text);
			return EXIT_USAGE;
		}
	} else if (word && word[0] == '-' && s->main) {
		return s->main(argc, argv);
	} else {
		if (word)
			diag_error("unknown verb \"%s\"", word);
		else
			diag_error("a verb is missing");
		diag_error("usage: %s VERB [OPTION...] [OPERAND...] (--help tells more)", s->name);
		return EXIT_USAGE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		diag_error("standard output: %s", strerror(errno));
		return EXIT_IO;
	}
	return EXIT_OK;
}

int verb_main(const struct suite *s, int argc, char **argv)
{
	const struct verb *v = argc > 1 ? find(s, argv[1]) : NULL;

	diag_init(s->name);
	if (!v)
		return no_verb(s, argc, argv);
	argv[1] = argv[0]; /* the verb reads its own command line */
	return v->stage ? stage_main(v->stage, argc - 1, argv + 1) :
			  command_main(v->command, argc - 1, argv + 1);
}
