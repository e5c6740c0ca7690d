/* SPDX-License-Identifier: MIT */
#include "match_op.h"

/* What decides a condition from one test on fails, for sure, where none of these texts stands. */
struct need {
	struct str text[MATCH_NEED_MAX];
	unsigned n; /* 0: it fails in any case */
	bool open;  /* that can not be said */
};

static const struct need fails, open = { .open = true };

static void add(struct need *to, struct str text)
{
	for (unsigned i = 0; i < to->n; i++)
		if (str_eq(to->text[i], text))
			return;
	if (to->n == MATCH_NEED_MAX)
		*to = open;
	else if (!to->open)
		to->text[to->n++] = text;
}

static struct need either(const struct need *a, const struct need *b)
{
	struct need to = *a;

	if (b->open)
		return open;
	for (unsigned i = 0; i < b->n; i++)
		add(&to, b->text[i]);
	return to;
}

static size_t shortest(const struct need *n)
{
	size_t least = SIZE_MAX;

	for (unsigned i = 0; i < n->n; i++)
		if (n->text[i].n < least)
			least = n->text[i].n;
	return least;
}

/* Where both are needed: the one that is found sooner, and less often by chance. */
static struct need both(const struct need *a, const struct need *b)
{
	if (a->open || b->open)
		return a->open ? *b : *a;
	if (a->n != b->n)
		return a->n < b->n ? *a : *b;
	return shortest(a) >= shortest(b) ? *a : *b;
}

/* ${text} between the quotes of JSON, or with one of them only; unless JSON must escape some of it. */
static void add_quoted(struct match *m, struct need *to, struct str text, bool before, bool behind)
{
	char *p = arena_alloc(m->arena, text.n + 2);

	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == '"' || text.p[i] == '\\')
			*to = open;
		p[i + before] = text.p[i];
	}
	if (before)
		p[0] = '"';
	if (behind)
		p[text.n + before] = '"';
	add(to, (struct str){ p, text.n + before + behind });
}

/* For ${op} to hold. */
static struct need need_of(struct match *m, const struct op *op)
{
	bool suffix = op->test == TEST_SUFFIX, prefix = op->test == TEST_PREFIX;
	struct need to = fails;

	if (op->test == TEST_TEXT)
		add_quoted(m, &to, op->text.text, true, true);
	else if (!prefix && !suffix && (op->test != TEST_IN || op->n > op->n_texts))
		return open;
	else
		for (uint32_t i = 0; i < op->n; i++)
			add_quoted(m, &to, op->values[i].probe.text, !suffix, !prefix);
	return to;
}

const struct match_need *match_need(struct match *m, int i)
{
	struct need *of = arena_calloc(m->arena, m->n_ops, sizeof(*of)), *found;
	struct match_need *need;

	/* A test jumps only to tests that were compiled before it. */
	for (size_t at = 0; at < m->n_ops; at++) {
		const struct op *op = &m->ops[at];
		struct need mine = need_of(m, op), *to = &of[at];
		const struct need *yes = op->yes < 0 ? (op->yes == HOLDS ? &open : &fails) :
						       &of[op->yes];
		const struct need *no = op->no < 0 ? (op->no == HOLDS ? &open : &fails) : &of[op->no];

		mine = both(&mine, yes);
		*to = either(&mine, no);
		/* These can end in an error, whatever follows. */
		if (op->test == TEST_REGEX || op->test == TEST_JQ)
			*to = open;
	}
	found = &of[m->entries[i]];
	if (found->open)
		return NULL;
	need = arena_calloc(m->arena, 1, sizeof(*need));
	need->text = found->text;
	need->n = found->n;
	for (unsigned k = 0; k < found->n; k++)
		need->slash |= memchr(found->text[k].p, '/', found->text[k].n) != NULL;
	return need;
}

/* True if ${line} has an escape that can stand for a character of a text that is needed. */
static bool spelled(const struct match_need *need, struct str line)
{
	const char *p = line.p, *end = line.p + line.n;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL && ++p < end)
		if (*p == 'u' || (*p == '/' && need->slash))
			return true;
	return false;
}

bool match_lacks(const struct match_need *need, struct str line)
{
	for (unsigned i = 0; i < need->n; i++)
		if (memmem(line.p, line.n, need->text[i].p, need->text[i].n))
			return false;
	return !spelled(need, line);
}
