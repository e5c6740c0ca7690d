/* SPDX-License-Identifier: MIT */
/* omni-models doc: a model as text for people. */
#include <stdio.h>

#include "models.h"

enum {
	WIDTH = 79, /* columns */
	SEEN_MAX = 64,
	WORD = 20, /* of a word in front of what it means */
	DEEP = 3,  /* levels of members that are shown in place */
};

struct doc {
	struct buf text;
	const struct json *seen[SEEN_MAX]; /* objects whose members were shown */
	size_t n_seen;
};

/* ${text} in lines of WIDTH columns, each behind ${indent} spaces. */
static void put_wrapped(struct buf *b, struct str text, int indent)
{
	size_t room = (size_t)(WIDTH - indent);

	while (text.n > 0) {
		size_t n = text.n;

		if (n > room) {
			for (n = room; n > 0 && text.p[n] != ' '; n--)
				;
			if (n == 0)
				n = str_find(text, ' ');
		}
		buf_fmt(b, "%*s%.*s\n", indent, "", (int)n, text.p);
		text = str_trim(str_sub(text, n, text.n));
	}
}

/* A word, and behind it what it means. */
static void put_word(struct buf *b, struct str word, struct str means, int indent)
{
	struct buf text = { .max = SIZE_MAX };
	size_t skip = (size_t)(indent + WORD);

	put_wrapped(&text, means, indent + WORD);
	buf_fmt(b, "%*s%-*.*s", indent, "", WORD, STR_FMT(word));
	if (word.n >= (size_t)WORD) {
		buf_char(b, '\n');
		skip = 0;
	}
	buf_str(b, str_sub(buf_get(&text), skip, text.n));
	buf_free(&text);
}

/* Which words a string may have. */
static void put_words(struct buf *b, struct place p, int indent)
{
	const struct json *words = place_word(p, "x-words"), *list = place_word(p, "enum");
	struct buf line = { .max = SIZE_MAX };

	for (struct json_iter it = json_iter(words); json_next(&it);)
		put_word(b, it.key, json_str(it.value), indent);
	for (struct json_iter it = json_iter(words ? NULL : list); json_next(&it);)
		buf_fmt(&line, "%s%.*s", it.i ? ", " : "", STR_FMT(json_str(it.value)));
	put_wrapped(b, buf_get(&line), indent);
	buf_free(&line);
}

static void put_members(struct doc *d, struct place p, int depth);

/* The object whose members are shown below ${p}: itself, or what its array holds; v is NULL if none. */
static struct place object_of(struct place p)
{
	struct place to = place_follow(p);

	if (json_get(to.v, "items"))
		to = place_follow(place_get(to, "items"));
	if (!json_get(to.v, "properties"))
		to.v = NULL;
	return to;
}

static void put_one(struct doc *d, const struct place_member *m, int depth)
{
	struct buf *b = &d->text;
	struct str unit = json_str(place_word(m->at, "x-unit"));
	struct place below = object_of(m->at);
	int indent = 2 + 4 * depth;

	if (json_is(m->at.v, JSON_BOOL)) /* "false": a base has it, this one does not */
		return;
	buf_fmt(b, "%*s%.*s%s (", indent, "", STR_FMT(m->name), m->required ? "" : "?");
	place_type(b, m->at);
	if (unit.n)
		buf_fmt(b, ", %.*s", STR_FMT(unit));
	buf_lit(b, ")\n");
	put_wrapped(b, json_str(place_word(m->at, "description")), indent + 4);
	put_words(b, m->at, indent + 4);
	if (below.v && depth < DEEP)
		put_members(d, below, depth + 1);
}

static void put_members(struct doc *d, struct place p, int depth)
{
	struct place_member *list;
	size_t n = place_members(p, true, &list);

	if (d->n_seen < SEEN_MAX)
		d->seen[d->n_seen++] = p.v;
	for (size_t i = 0; i < n; i++)
		put_one(d, &list[i], depth);
}

static bool is_seen(const struct doc *d, const struct json *v)
{
	for (size_t i = 0; i < d->n_seen; i++)
		if (d->seen[i] == v)
			return true;
	return false;
}

/* What the schema calls a part, and no member has led to: one of several things that it describes. */
static void put_parts(struct doc *d, struct place root)
{
	for (struct json_iter it = json_iter(json_get(root.v, "$defs")); json_next(&it);) {
		struct place part = { it.value, root.doc, root.docs };

		if (!json_get(part.v, "properties") || is_seen(d, part.v))
			continue;
		buf_fmt(&d->text, "\n%.*s\n", STR_FMT(it.key));
		put_wrapped(&d->text, json_str(place_word(part, "description")), 2);
		put_members(d, part, 0);
	}
}

static void put_programs(struct buf *b, const struct model *m)
{
	struct buf text = { .max = SIZE_MAX };

	if (!m->programs[0])
		return;
	buf_lit(&text, "Read or written by ");
	for (const char *c = m->programs; *c; c++) {
		if (*c == ' ')
			buf_lit(&text, ", ");
		else
			buf_char(&text, *c);
	}
	buf_fmt(&text, "%s.", m->planned ? ", in a version to come" : "");
	put_wrapped(b, buf_get(&text), 2);
	buf_free(&text);
}

static void put_doc(struct buf *b, const struct place_docs *docs, const struct model *m)
{
	struct place root = model_place(docs, m);
	struct json_iter it = json_iter(json_get(root.v, "examples"));
	struct place_member *list;
	struct doc d = { .text = { .max = SIZE_MAX } };

	buf_fmt(&d.text, "%s: %s\n", m->name, m->title);
	put_wrapped(&d.text, json_get_str(root.v, "description"), 2);
	put_programs(&d.text, m);
	if (place_members(root, true, &list) > 0) {
		buf_lit(&d.text, "\nmembers (those with a question mark may be missing)\n");
		put_members(&d, root, 0);
	}
	put_parts(&d, root);
	if (json_next(&it)) {
		buf_lit(&d.text, "\nexample\n  ");
		buf_str(&d.text, json_compact(docs->arena, it.value));
		buf_char(&d.text, '\n');
	}
	buf_str(b, buf_get(&d.text));
	buf_free(&d.text);
}

static int doc_run(const struct setup *s, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct arena *a = arena_new();
	struct place_docs docs;
	int rc = EXIT_OK;

	if (s->args->n_operands == 0)
		rc = err_set(e, FAULT_USAGE, "usage", "the name of a model is missing");
	model_docs(&docs, a);
	for (int i = 0; rc == EXIT_OK && i < s->args->n_operands; i++) {
		const struct model *m = models_named(s->args->operands[i], e);

		if (!m) {
			rc = -1;
			break;
		}
		if (i > 0)
			buf_char(&b, '\n');
		put_doc(&b, &docs, m);
	}
	if (rc == EXIT_OK)
		fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
	arena_free(a);
	return rc;
}

static const struct opt no_options[] = { { NULL, 0, NULL, NULL, false } };

const struct command models_doc = {
	.program = {
		.name = "omni-models doc",
		.purpose = "Explain a model: its members, their types and what they mean.",
		.operands = "NAME...",
		.example = "omni-models doc message | less",
		.opts = no_options,
	},
	.run = doc_run,
};
