/* SPDX-License-Identifier: MIT */
#include "match_op.h"

#include <math.h>
#include <stdlib.h>

#include "conf.h"
#include "regex.h"

/* Make room for item number ${n}. */
static void *room(struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
	size_t old = *cap;

	if (n < old)
		return items;
	*cap = old ? old * 2 : 16;
	return arena_resize(a, items, old * size, *cap * size);
}

/* ---- reading: JSON to a tree of all and any, with "not" pushed down to the tests ---- */

struct node {
	enum { NODE_ALL, NODE_ANY, NODE_TEST } kind;
	bool negate; /* of a test */
	bool jq;     /* here or below */
	struct op op;
	struct str where;
	struct node *up, *last, *before; /* parent, last child, the child before this one */
};

struct reader {
	struct match *m;
	struct arena *arena;
	size_t base; /* length of the pointer to the whole condition */
	unsigned depth;
	bool negate;
	struct err *e;
};

enum word { ALL, ANY, NOT, EQ, IN, PREFIX, SUFFIX, RANGE, REGEX, EXISTS, JQ };

static const struct conf_key words[] = {
	[ALL] = { .name = "all" },       [ANY] = { .name = "any" },
	[NOT] = { .name = "not" },       [EQ] = { .name = "eq" },
	[IN] = { .name = "in" },         [PREFIX] = { .name = "prefix" },
	[SUFFIX] = { .name = "suffix" }, [RANGE] = { .name = "range" },
	[REGEX] = { .name = "regex" },   [EXISTS] = { .name = "exists" },
	[JQ] = { .name = "jq" },         { .name = NULL },
};

static int bad(struct reader *rd, struct str where, const char *what)
{
	return err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s: %s", rd->m->file, STR_FMT(where), what);
}

static int must(struct reader *rd, struct str where, const char *wanted, const struct json *v)
{
	const char *is = json_is(v, JSON_ARRAY) && json_len(v) == 0  ? "an empty array" :
			 json_is(v, JSON_OBJECT) && json_len(v) == 0 ? "an empty object" :
								       json_type_name(json_type(v));

	return err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s: must be %s, not %s", rd->m->file,
		       STR_FMT(where), wanted, is);
}

/* Find ${key} in ${keys}; return its index, or -1 having said what is meant. */
static int find(struct reader *rd, const struct conf_key *keys, struct str where, const char *what)
{
	struct str key = str_sub(where, (size_t)((char *)memrchr(where.p, '/', where.n) + 1 - where.p),
				 where.n);
	const char *nearest;

	for (int i = 0; keys[i].name; i++)
		if (str_eq(str_c(keys[i].name), key))
			return i;
	nearest = conf_nearest(keys, key);
	err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s: unknown %s", rd->m->file, STR_FMT(where), what);
	if (nearest)
		err_hint(rd->e, "did you mean \"%s\"", nearest);
	return -1;
}

/* The JSON Pointer of the member ${key}, and of the element ${i}, of what is at ${where}. */
static struct str below(struct reader *rd, struct str where, struct str key)
{
	struct buf b = { .max = SIZE_MAX };
	struct str to;

	buf_str(&b, where);
	buf_char(&b, '/');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~')
			buf_lit(&b, "~0");
		else if (key.p[i] == '/')
			buf_lit(&b, "~1");
		else
			buf_char(&b, key.p[i]);
	}
	to = arena_str(rd->arena, buf_get(&b));
	buf_free(&b);
	return to;
}

static struct str below_at(struct reader *rd, struct str where, size_t i)
{
	return arena_fmt(rd->arena, "%.*s/%zu", STR_FMT(where), i);
}

static struct node *node_add(struct reader *rd, struct node *up, struct node n)
{
	struct node *to = arena_alloc(rd->arena, sizeof(*to));

	*to = n;
	to->up = up;
	if (!up)
		return to;
	to->before = up->last;
	up->last = to;
	for (struct node *at = to; at && n.jq; at = at->up)
		at->jq = true;
	return to;
}

/* Where the parts of an `all` or `any` go: into ${up} itself if it is of that kind already. */
static struct node *group(struct reader *rd, struct node *up, bool all)
{
	int kind = all ? NODE_ALL : NODE_ANY;

	if (up && (int)up->kind == kind)
		return up;
	return node_add(rd, up, (struct node){ .kind = all ? NODE_ALL : NODE_ANY });
}

static void test_add(struct reader *rd, struct node *into, struct str where, struct op op)
{
	node_add(rd, into,
		 (struct node){ .kind = NODE_TEST,
				.negate = rd->negate,
				.jq = op.test == TEST_JQ,
				.op = op,
				.where = str_sub(where, rd->base, where.n) });
}

/* The slot of the member ${key} below ${parent}. */
static struct slot *slot_of(struct match *m, struct slot *parent, struct str key)
{
	bool index = str_digits(key) && (key.n == 1 || key.p[0] != '0');
	struct slot *s;
	uint64_t i;

	for (size_t k = 0; k < m->n_slots; k++)
		if (m->slots[k]->parent == parent && str_eq(m->slots[k]->key, key))
			return m->slots[k];
	s = arena_calloc(m->arena, 1, sizeof(*s));
	s->parent = parent;
	s->key = arena_str(m->arena, key);
	s->index = index && str_u64(key, &i) == 0 ? (size_t)i : NO_INDEX;
	m->slots = room(m->arena, m->slots, m->n_slots, &m->cap_slots, sizeof(*m->slots));
	m->slots[m->n_slots++] = s;
	return s;
}

/*
 * Take one step of a JSON Pointer off ${path}, without its "/", into ${key}.  Return 0, or -1 for a
 * "~" that is no escape.
 */
static int step_of(struct str *path, char *key, size_t *n)
{
	*n = 0;
	for (; path->n > 0 && path->p[0] != '/'; path->p++, path->n--) {
		char c = path->p[0];

		if (c == '~') {
			if (path->n < 2 || (path->p[1] != '0' && path->p[1] != '1'))
				return -1;
			c = path->p[1] == '0' ? '~' : '/';
			path->p++;
			path->n--;
		}
		key[(*n)++] = c;
	}
	return 0;
}

static int read_path(struct reader *rd, struct str path, struct str where, struct slot **slot)
{
	char *key = arena_alloc(rd->arena, path.n + 1);
	struct slot *at = NULL;
	unsigned steps = 0;
	size_t n;

	if (path.n == 0)
		return bad(rd, where, "an empty path names the whole record; name a member");
	if (memchr(path.p, '\0', path.n))
		return bad(rd, where, "the path holds a NUL character");
	if (path.p[0] != '/') {
		*slot = slot_of(rd->m, NULL, path);
		return 0;
	}
	while (path.n > 0) {
		path = str_sub(path, 1, path.n);
		if (step_of(&path, key, &n) < 0)
			return bad(rd, where, "in a JSON Pointer \"~\" must be followed by 0 or 1");
		if (++steps > MATCH_DEPTH_MAX)
			return bad(rd, where, "the path has too many steps");
		at = slot_of(rd->m, at, (struct str){ key, n });
	}
	*slot = at;
	return 0;
}

static int read_value(struct reader *rd, const struct json *v, struct str where, struct value *to)
{
	*to = (struct value){ .type = json_type(v), .truth = json_true(v) };
	if (to->type == JSON_ARRAY || to->type == JSON_OBJECT)
		return must(rd, where, "a string, a number, true, false or null", v);
	to->probe.text = arena_str(rd->m->arena, json_text(v));
	to->probe.bits = match_tail(to->probe.text);
	(void)json_double(v, &to->number);
	return 0;
}

/* Strings first. */
static int value_cmp(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if ((x->type == JSON_STRING) != (y->type == JSON_STRING))
		return x->type == JSON_STRING ? -1 : 1;
	return x->type == JSON_STRING ? match_probe_cmp(&x->probe, &y->probe) : 0;
}

static int read_in(struct reader *rd, const struct json *v, struct str where, struct op *op)
{
	struct value *to = arena_calloc(rd->m->arena, json_len(v), sizeof(*to));

	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return must(rd, where, "an array of values", v);
	for (struct json_iter it = json_iter(v); json_next(&it); op->n++) {
		if (read_value(rd, it.value, below_at(rd, where, it.i), &to[it.i]) < 0)
			return -1;
		op->n_texts += to[it.i].type == JSON_STRING;
	}
	qsort(to, op->n, sizeof(*to), value_cmp);
	op->values = to;
	return 0;
}

/* A text that others shall begin or end with. */
static int read_text(struct reader *rd, const struct json *v, struct str where, bool prefix,
		     struct value *to)
{
	struct probe *p = &to->probe;
	size_t n;

	if (!json_is(v, JSON_STRING))
		return must(rd, where, "a string", v);
	if (read_value(rd, v, where, to) < 0)
		return -1;
	n = p->text.n < sizeof(p->bits) ? p->text.n : sizeof(p->bits);
	memset((char *)&to->mask + (prefix ? 0 : sizeof(p->bits) - n), 0xff, n);
	p->bits = prefix ? match_head(p->text) : match_tail(p->text);
	return 0;
}

/* Such a text, or several. */
static int read_texts(struct reader *rd, const struct json *v, struct str where, struct op *op)
{
	struct value *to = arena_calloc(rd->m->arena, json_len(v) + 1, sizeof(*to));
	bool prefix = op->test == TEST_PREFIX;

	op->values = to;
	if (json_is(v, JSON_STRING)) {
		op->n = 1;
		return read_text(rd, v, where, prefix, to);
	}
	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return must(rd, where, "a string or an array of strings", v);
	for (struct json_iter it = json_iter(v); json_next(&it); op->n++)
		if (read_text(rd, it.value, below_at(rd, where, it.i), prefix, &to[it.i]) < 0)
			return -1;
	return 0;
}

static int read_range(struct reader *rd, const struct json *v, struct str where, struct op *op)
{
	static const struct conf_key bounds[] = {
		{ .name = "min" },   { .name = "max" }, { .name = "above" },
		{ .name = "below" }, { .name = NULL },
	};
	double to[4] = { NAN, NAN, NAN, NAN };
	struct range *range = arena_alloc(rd->m->arena, sizeof(*range));

	if (!json_is(v, JSON_OBJECT) || json_len(v) == 0)
		return must(rd, where, "an object with min, max, above or below", v);
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		struct str at = below(rd, where, it.key);
		int i = find(rd, bounds, at, "bound");

		if (i < 0)
			return -1;
		if (json_double(it.value, &to[i]) < 0)
			return must(rd, at, "a number", it.value);
	}
	*range = (struct range){ .min = to[0], .max = to[1], .above = to[2], .below = to[3] };
	op->range = range;
	return 0;
}

static int read_regex(struct reader *rd, const struct json *v, struct str where, struct op *op)
{
	struct match *m = rd->m;
	struct regex *regex;
	struct err why;

	if (!json_is(v, JSON_STRING))
		return must(rd, where, "a regular expression, a string", v);
	regex = regex_new(json_str(v), &why);
	if (!regex)
		return bad(rd, where, why.text);
	m->regexes = room(m->arena, m->regexes, m->n_regexes, &m->cap_regexes, sizeof(struct regex *));
	m->regexes[m->n_regexes++] = regex;
	op->regex = regex;
	return 0;
}

static int read_jq(struct reader *rd, const struct json *v, struct str where, struct node *into)
{
	struct match *m = rd->m;

	if (!json_is(v, JSON_STRING))
		return must(rd, where, "a jq filter, a string", v);
	m->filters = room(m->arena, m->filters, m->n_filters, &m->cap_filters, sizeof(*m->filters));
	m->filter_wheres = room(m->arena, m->filter_wheres, m->n_filters, &m->cap_filter_wheres,
				sizeof(*m->filter_wheres));
	m->filters[m->n_filters] = arena_str(m->arena, json_str(v));
	m->filter_wheres[m->n_filters] = arena_str(m->arena, where);
	test_add(rd, into, where, (struct op){ .test = TEST_JQ, .filter = m->n_filters++ });
	return 0;
}

/* The test of ${word} with ${v} on the path that ${op} has already. */
static int read_test(struct reader *rd, enum word word, const struct json *v, struct str where,
		     struct op *op)
{
	struct value *value;

	switch (word) {
	case EQ:
		value = arena_alloc(rd->m->arena, sizeof(*value));
		if (read_value(rd, v, where, value) < 0)
			return -1;
		op->test = value->type == JSON_STRING ? TEST_TEXT : TEST_EQ;
		if (op->test == TEST_TEXT)
			op->text = value->probe;
		else
			op->values = value;
		return 0;
	case IN:
		op->test = TEST_IN;
		return read_in(rd, v, where, op);
	case PREFIX:
	case SUFFIX:
		op->test = word == PREFIX ? TEST_PREFIX : TEST_SUFFIX;
		return read_texts(rd, v, where, op);
	case RANGE:
		op->test = TEST_RANGE;
		return read_range(rd, v, where, op);
	default:
		op->test = TEST_REGEX;
		return read_regex(rd, v, where, op);
	}
}

/* {PATH: what ${word} takes, …} */
static int read_paths(struct reader *rd, enum word word, const struct json *v, struct str where,
		      struct node *into)
{
	if (!json_is(v, JSON_OBJECT) || json_len(v) == 0)
		return must(rd, where, "an object of paths", v);
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		struct str at = below(rd, where, it.key);
		struct op op = { 0 };

		if (read_path(rd, it.key, at, &op.slot) < 0 || read_test(rd, word, it.value, at, &op) < 0)
			return -1;
		test_add(rd, into, at, op);
	}
	return 0;
}

static int read_exists(struct reader *rd, const struct json *v, struct str where, struct node *into)
{
	struct op op = { .test = TEST_EXISTS };

	if (json_is(v, JSON_STRING)) {
		if (read_path(rd, json_str(v), where, &op.slot) < 0)
			return -1;
		test_add(rd, into, where, op);
		return 0;
	}
	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return must(rd, where, "a path or an array of paths", v);
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		struct str at = below_at(rd, where, it.i);

		if (!json_is(it.value, JSON_STRING))
			return must(rd, at, "a path, a string", it.value);
		if (read_path(rd, json_str(it.value), at, &op.slot) < 0)
			return -1;
		test_add(rd, into, at, op);
	}
	return 0;
}

static int read_cond(struct reader *rd, const struct json *cond, struct str where, struct node *into);

/* all and any.  Negated, each becomes the other. */
static int read_each(struct reader *rd, enum word word, const struct json *v, struct str where,
		     struct node *into)
{
	struct node *to = group(rd, into, (word == ALL) != rd->negate);

	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return must(rd, where, "an array of conditions", v);
	for (struct json_iter it = json_iter(v); json_next(&it);)
		if (read_cond(rd, it.value, below_at(rd, where, it.i), group(rd, to, !rd->negate)) < 0)
			return -1;
	return 0;
}

static int read_word(struct reader *rd, enum word word, const struct json *v, struct str where,
		     struct node *into)
{
	int rc;

	switch (word) {
	case ALL:
	case ANY:
		return read_each(rd, word, v, where, into);
	case NOT:
		rd->negate = !rd->negate;
		rc = read_cond(rd, v, where, group(rd, into, !rd->negate));
		rd->negate = !rd->negate;
		return rc;
	case EXISTS:
		return read_exists(rd, v, where, into);
	case JQ:
		return read_jq(rd, v, where, into);
	default:
		return read_paths(rd, word, v, where, into);
	}
}

static int read_cond(struct reader *rd, const struct json *cond, struct str where, struct node *into)
{
	if (!json_is(cond, JSON_OBJECT) || json_len(cond) == 0)
		return must(rd, where,
			    "a condition, an object such as {\"eq\":{\"channel\":\"sms\"}}", cond);
	if (rd->depth == MATCH_DEPTH_MAX)
		return bad(rd, where, "conditions are nested too deep");
	rd->depth++;
	for (struct json_iter it = json_iter(cond); json_next(&it);) {
		struct str at = below(rd, where, it.key);
		int word = find(rd, words, at, "condition");

		if (word < 0 || read_word(rd, (enum word)word, it.value, at, into) < 0)
			return -1;
	}
	rd->depth--;
	return 0;
}

/* ---- compiling: the tree to tests that jump ---- */

static int op_put(struct match *m, const struct node *n, int yes, int no)
{
	m->ops = room(m->arena, m->ops, m->n_ops, &m->cap_ops, sizeof(*m->ops));
	m->wheres = room(m->arena, m->wheres, m->n_ops, &m->cap_wheres, sizeof(*m->wheres));
	m->ops[m->n_ops] = n->op;
	m->ops[m->n_ops].yes = n->negate ? no : yes;
	m->ops[m->n_ops].no = n->negate ? yes : no;
	m->wheres[m->n_ops] = arena_str(m->arena, n->where);
	return (int)m->n_ops++;
}

/*
 * Write the tests of ${n} from the last to the first, as each must know where to go on, and those
 * with jq behind the others.  Return the first of them.
 */
static int emit(struct match *m, const struct node *n, int yes, int no)
{
	int next = n->kind == NODE_ALL ? yes : no;

	if (n->kind == NODE_TEST)
		return op_put(m, n, yes, no);
	for (int jq = 1; jq >= 0; jq--)
		for (const struct node *c = n->last; c; c = c->before)
			if (c->jq == jq)
				next = n->kind == NODE_ALL ? emit(m, c, next, no) :
							     emit(m, c, yes, next);
	return next;
}

int match_add(struct match *m, const struct json *cond, struct str where, struct err *e)
{
	struct reader rd = { .m = m, .arena = arena_new(), .base = where.n, .e = e };
	struct node *root = group(&rd, NULL, true);
	int rc = -1;

	if (read_cond(&rd, cond, where, root) == 0) {
		m->entries = room(m->arena, m->entries, m->n_entries, &m->cap_entries,
				  sizeof(*m->entries));
		m->entries[m->n_entries] = emit(m, root, HOLDS, FAILS);
		rc = (int)m->n_entries++;
	}
	arena_free(rd.arena);
	return rc;
}
