/* SPDX-License-Identifier: MIT */
/*
 * page DIR TEMPLATE: a manual page in mdoc, made of ${TEMPLATE} and the models below ${DIR}.  Run by
 * make.  Lines of the template that begin with .\"@ are replaced:
 *
 *	.\"@members PLACE [but PLACE]  the members of a record that the schema itself names
 *	.\"@all PLACE [but PLACE]      the same with those of the schemas that it is based on
 *	.\"@keys PLACE                 the keys of an object of the configuration
 *	.\"@words PLACE                the words of a string, and what they mean
 *	.\"@ranks PLACE                the words of a status, by their rank
 *
 * without those that the other place has.
 */
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "file.h"
#include "load.h"
#include "mdoc.h"

enum { TEMPLATE_MAX = 1 << 20, DEEP = 2, SEEN_MAX = 64 };

struct style {
	bool keys; /* as omni-config(5) shows them, else as omni-record(5) */
	struct place_member *but;
	size_t n_but;
};

/* Objects that were shown: the members of each stand once in a list. */
static struct {
	const struct json *list[SEEN_MAX];
	size_t n;
} seen;

static void put(struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
	buf_reset(b);
}

static bool is_excluded(const struct style *s, struct str name)
{
	for (size_t i = 0; i < s->n_but; i++)
		if (str_eq(s->but[i].name, name))
			return true;
	return false;
}

static bool is_new(const struct json *v)
{
	for (size_t i = 0; i < seen.n; i++)
		if (seen.list[i] == v)
			return false;
	if (seen.n < SEEN_MAX)
		seen.list[seen.n++] = v;
	return true;
}

/* The object whose members are shown below ${p}; v is NULL if there is none, or it is not to be. */
static struct place object_below(struct place p)
{
	struct place to = place_follow(p);

	if (json_get(to.v, "items"))
		to = place_follow(place_get(to, "items"));
	if (!json_get(to.v, "properties") ||
	    json_is(json_get(to.v, "additionalProperties"), JSON_OBJECT) || !is_new(to.v))
		to.v = NULL;
	return to;
}

static void put_list(struct buf *b, struct place p, bool bases, const struct style *s, int depth);

/* "whole number, seconds, 0 to 86400" */
static void put_type(struct buf *b, struct place p)
{
	struct str unit = json_str(place_word(p, "x-unit"));
	struct str min = json_text(place_word(p, "minimum")), max = json_text(place_word(p, "maximum"));

	place_type(b, p);
	if (unit.n)
		buf_fmt(b, ", %.*s", STR_FMT(unit));
	if (min.n && max.n)
		buf_fmt(b, ", %.*s to %.*s", STR_FMT(min), STR_FMT(max));
}

static const struct json *words_of(struct place p, const char *key)
{
	const struct json *words = place_word(p, key);

	if (!words)
		load_die(p, "does not say what its words mean");
	return words;
}

static void put_words(struct buf *b, struct place p)
{
	struct str longest = STR("");

	for (struct json_iter it = json_iter(words_of(p, "x-words")); json_next(&it);)
		if (it.key.n > longest.n)
			longest = it.key;
	buf_fmt(b, ".Bl -tag -width \"%.*s\" -compact\n", STR_FMT(longest));
	for (struct json_iter it = json_iter(words_of(p, "x-words")); json_next(&it);) {
		buf_fmt(b, ".It %.*s\n", STR_FMT(it.key));
		mdoc_text(b, json_str(it.value));
	}
	buf_lit(b, ".El\n");
}

/*
 * ${what}, and the words that a string may be, unless they stand there already or a table of ranks
 * will have them.
 */
static void put_choice(struct buf *b, struct place p, struct str what)
{
	const struct json *words = place_word(p, "x-words") ? NULL : place_word(p, "enum");
	size_t n = json_len(words);
	struct buf text = { .max = SIZE_MAX };

	buf_str(&text, what);
	if (n > 0)
		buf_str(&text, str_suffix(what, STR(".")) ? STR(" One of ") : STR(": "));
	for (struct json_iter it = json_iter(words); json_next(&it);) {
		struct str one = arena_fmt(load_arena(), "`%.*s`", STR_FMT(json_str(it.value)));

		if (str_search(what, one) < what.n)
			n = 0;
		buf_fmt(&text, "%s%s", it.i == 0 ? "" : it.i + 1 < n ? ", " : " or ", one.p);
	}
	if (n > 0 && str_suffix(what, STR(".")))
		buf_char(&text, '.');
	mdoc_text(b, n > 0 ? buf_get(&text) : what);
	buf_free(&text);
	if (place_word(p, "x-words") && !place_word(p, "x-rank"))
		put_words(b, p);
}

static void put_member(struct buf *b, const struct place_member *m, const struct style *s, int depth)
{
	struct str what = json_str(place_word(m->at, "description"));
	struct buf type = { .max = SIZE_MAX };
	struct place below;

	if (!what.n)
		load_die(m->at, "a member has no description");
	put_type(&type, m->at);
	if (s->keys) {
		buf_fmt(b, ".It Ic %.*s Pq %.*s\n", STR_FMT(m->name), STR_FMT(buf_get(&type)));
	} else {
		buf_fmt(b, ".It %.*s%s\n", STR_FMT(m->name), m->required ? "" : "?");
		buf_fmt(b, "(%.*s)\n", STR_FMT(buf_get(&type)));
	}
	put_choice(b, m->at, what);
	/* What a program checks by itself its own page describes. */
	below = depth < DEEP && !json_get(m->at.v, "x-owner") ? object_below(m->at) :
								(struct place){ 0 };
	if (below.v)
		put_list(b, below, true, s, depth + 1);
	buf_free(&type);
}

static bool is_shown(const struct place_member *m, const struct style *s, int depth)
{
	/* "false": a base has it, this one does not */
	return !json_is(m->at.v, JSON_BOOL) && !(depth == 0 && is_excluded(s, m->name));
}

static void put_list(struct buf *b, struct place p, bool bases, const struct style *s, int depth)
{
	struct place_member *m;
	size_t n = place_members(p, bases, &m);
	struct str longest = STR("");

	for (size_t i = 0; i < n; i++)
		if (is_shown(&m[i], s, depth) && m[i].name.n > longest.n)
			longest = m[i].name;
	if (s->keys && depth == 0)
		buf_lit(b, ".Bl -tag -width Ds\n");
	else
		buf_fmt(b, ".Bl -tag -width \"%.*s?\"%s\n", STR_FMT(longest), depth ? " -compact" : "");
	for (size_t i = 0; i < n; i++)
		if (is_shown(&m[i], s, depth))
			put_member(b, &m[i], s, depth);
	buf_lit(b, ".El\n");
}

/* ---- words ---- */

static void put_ranks(struct buf *b, struct place p)
{
	const struct json *means = words_of(p, "x-words");

	buf_lit(b, ".Bl -column \"rank\" \"undelivered\" \"what it means, in a few words\" -compact\n"
		   ".It Em rank Ta Em status Ta\n");
	for (struct json_iter it = json_iter(words_of(p, "x-rank")); json_next(&it);) {
		struct str rank = json_text(it.value);

		buf_fmt(b, ".It %.*s Ta %.*s Ta\n", STR_FMT(rank), STR_FMT(it.key));
		mdoc_text(b, json_str(json_getn(means, it.key)));
	}
	buf_lit(b, ".El\n");
}

/* ---- the template ---- */

static struct str word(struct str *rest)
{
	size_t n = str_find(*rest, ' ');
	struct str w = str_sub(*rest, 0, n);

	*rest = str_trim(str_sub(*rest, n, rest->n));
	return w;
}

static void directive(struct buf *b, struct str line)
{
	struct str verb = word(&line), name = word(&line), but = word(&line);
	struct place p = load_place(name);
	struct style s = { .keys = str_eq(verb, STR("keys")) };

	if (str_eq(but, STR("but")))
		s.n_but = place_members(load_place(word(&line)), true, &s.but);
	if (s.keys || str_eq(verb, STR("members")))
		put_list(b, p, false, &s, 0);
	else if (str_eq(verb, STR("all")))
		put_list(b, p, true, &s, 0);
	else if (str_eq(verb, STR("words")))
		put_words(b, p);
	else if (str_eq(verb, STR("ranks")))
		put_ranks(b, p);
	else
		load_die(p, "the template asks for what is unknown");
}

int main(int argc, char **argv)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text, line;
	struct err e;

	diag_init("page");
	if (argc != 3)
		return 1;
	load_open(argv[1]);
	if (file_read(argv[2], TEMPLATE_MAX, load_arena(), &text, NULL, &e) < 0)
		return diag_fail(&e);
	while (text.n > 0) {
		line = str_sub(text, 0, str_find(text, '\n'));
		text = str_sub(text, line.n + 1, text.n);
		if (str_prefix(line, STR(".\\\"@"))) {
			directive(&b, str_sub(line, 4, line.n));
		} else {
			buf_str(&b, line);
			buf_char(&b, '\n');
		}
		put(&b);
	}
	buf_free(&b);
	load_finish();
	return 0;
}
