/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "stages.h"

enum { NAME_MAX_BYTES = 32 };

/* All that may share a process: no effects, and no clock but the runner's. */
static const struct stage *const known[] = { &stage_validate, &stage_normalize, &stage_route };

/* One stage of the chain, as its words say. */
struct part {
	struct program program; /* the stage's, under the name that it has here */
	char name[NAME_MAX_BYTES], title[NAME_MAX_BYTES + 10];
	struct opt options[STAGE_OPTIONS];
	struct args args;
	const char *path;  /* of its configuration; NULL: it has none */
	struct conf *conf; /* owned by the first part that has it */
	bool owns_conf;
};

struct chain {
	struct part *parts;
	struct run_stage *stages; /* one for each part */
	unsigned n;
};

const char *chain_names(void)
{
	static char names[LEN(known) * NAME_MAX_BYTES];

	names[0] = '\0';
	for (size_t i = 0; i < LEN(known); i++) {
		strcat(names, i > 0 ? ", " : "");
		strcat(names, known[i]->name);
	}
	return names;
}

static const struct stage *find(const char *name, struct err *e)
{
	for (size_t i = 0; i < LEN(known); i++)
		if (strcmp(known[i]->name, name) == 0)
			return known[i];
	err_set(e, FAULT_USAGE, "usage", "\"%.40s\" is no pure stage: those are %s", name,
		chain_names());
	return NULL;
}

/* What messages and metrics call the stage: the second "route" is "route-2". */
static void name_part(const struct chain *c, struct part *p, const struct stage *s)
{
	unsigned before = 0;

	for (unsigned i = 0; i < c->n; i++)
		before += c->stages[i].stage == s;
	if (before > 0)
		snprintf(p->name, sizeof(p->name), "%s-%u", s->name, before + 1);
	else
		snprintf(p->name, sizeof(p->name), "%s", s->name);
	snprintf(p->title, sizeof(p->title), "omni-pipe %s", s->name);
	p->program = s->program;
	p->program.name = p->title;
}

/* Where the stage stands sets limits to what it may say.  Return -1 with FAULT_USAGE. */
static int check_place(const struct chain *c, const struct part *p, struct err *e)
{
	if (c->n > 0 && p->args.n_operands > 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "%s: \"%.40s\": only the first stage reads files; stages are separated by \",\"",
			       p->name, p->args.operands[0]);
	return 0;
}

static int option_error(const struct part *p, const struct err *cause, struct err *e)
{
	err_set(e, cause->fault, cause->code, "%s: %s", p->name, cause->text);
	if (cause->fault == FAULT_USAGE)
		err_hint(e, "what is for the whole process stands before the first stage");
	return -1;
}

/* Add the stage that ${words}, ended by NULL, call.  Return 0, 1 if it answered by itself, or -1. */
static int add(struct chain *c, char **words, int n, const struct chain_defaults *d, struct err *e)
{
	struct part *p = &c->parts[c->n];
	struct run_stage *rs = &c->stages[c->n];
	const struct stage *s;
	struct err cause;
	int rc;

	if (n == 0)
		return err_set(e, FAULT_USAGE, "usage", "a stage is missing: %s",
			       c->n > 0 ? "nothing stands behind \",\"" : "nothing stands before \",\"");
	s = find(words[0], e);
	if (!s)
		return -1;
	name_part(c, p, s);
	stage_options_in_chain(s, p->options);
	rc = opt_parse(&p->program, p->options, n, words, &p->args, &cause);
	if (rc < 0)
		return option_error(p, &cause, e);
	if (rc > 0)
		return 1;
	if (check_place(c, p, e) < 0)
		return -1;
	run_stage_init(rs, s, &p->args);
	rs->name = p->name;
	rs->rejects = rs->rejects ? rs->rejects : d->rejects;
	rs->strict |= d->strict;
	c->n++;
	return 0;
}

/* The configuration of part ${i}: one that an earlier part has loaded, or a new one. */
static int load(struct chain *c, unsigned i, const struct chain_defaults *d, struct err *e)
{
	struct part *p = &c->parts[i];
	const struct stage *s = c->stages[i].stage;
	const char *said = opt_value(&p->args, "config");

	if (!s->keys)
		return 0;
	p->path = conf_path(said ? said : d->config);
	for (unsigned k = 0; k < i && !p->conf; k++) {
		const struct part *other = &c->parts[k];

		if (other->conf && c->stages[k].stage->keys == s->keys &&
		    str_eq(str_c(other->path), str_c(p->path)))
			p->conf = other->conf;
	}
	if (!p->conf) {
		p->conf = conf_load(p->path, s->keys(), e);
		p->owns_conf = p->conf != NULL;
	}
	c->stages[i].setup.conf = p->conf;
	return p->conf ? 0 : -1;
}

/* Cut ${words} at each ",". */
static int read_words(struct chain *c, char **words, int n, const struct chain_defaults *d, struct err *e)
{
	for (int from = 0, to; from <= n; from = to + 1) {
		int rc;

		for (to = from; to < n && strcmp(words[to], ",") != 0;)
			to++;
		words[to] = NULL; /* the list ends with NULL, so words[n] may be written */
		rc = add(c, words + from, to - from, d, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

struct chain *chain_new(char **words, int n, const struct chain_defaults *defaults, struct err *e)
{
	struct chain *c = calloc(1, sizeof(*c));
	size_t most = (size_t)n / 2 + 1; /* a stage and a comma each */
	int rc;

	if (!c)
		diag_oom();
	c->parts = calloc(most, sizeof(*c->parts));
	c->stages = calloc(most, sizeof(*c->stages));
	if (!c->parts || !c->stages)
		diag_oom();
	rc = read_words(c, words, n, defaults, e);
	for (unsigned i = 0; i < c->n && rc == 0; i++)
		rc = load(c, i, defaults, e);
	if (rc == 0)
		return c;
	if (rc > 0)
		e->fault = FAULT_NONE;
	chain_free(c);
	return NULL;
}

void chain_free(struct chain *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n; i++)
		if (c->parts[i].owns_conf)
			conf_free(c->parts[i].conf);
	free(c->parts);
	free(c->stages);
	free(c);
}

void chain_set(const struct chain *c, struct run *r)
{
	r->stages = c->stages;
	r->n_stages = c->n;
	r->files = c->parts[0].args.operands;
	r->n_files = c->parts[0].args.n_operands;
}
