/* SPDX-License-Identifier: MIT */
#include "match_op.h"

#include <stdlib.h>

#include "diag.h"
#include "expr.h"
#include "regex.h"

struct match *match_new(const char *file)
{
	struct match *m = calloc(1, sizeof(*m));

	if (!m)
		diag_oom();
	m->file = file;
	m->arena = arena_new();
	return m;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_regexes; i++)
		regex_free(m->regexes[i]);
	expr_input_free(m->input);
	expr_free(m->expr);
	arena_free(m->arena);
	free(m);
}

int match_ready(struct match *m, struct err *e)
{
	if (m->n_filters == 0)
		return 0;
	m->expr = expr_list_new("jq", m->filters, m->n_filters, e);
	if (m->expr)
		return 0;
	/* One of them is to blame: alone it fails too, and then the message can name it. */
	for (size_t i = 0; i < m->n_filters; i++) {
		struct str name = arena_fmt(m->arena, "%s: %.*s", m->file, STR_FMT(m->filter_wheres[i]));
		struct expr *alone = expr_new(name.p, m->filters[i], e);

		if (!alone)
			return -1;
		expr_free(alone);
	}
	return err_set(e, FAULT_CONFIG, "config", "%s: the jq filters do not go together", m->file);
}

/* ---- running ---- */

void match_begin(struct match *m, const struct rec *r)
{
	m->rec = r;
	m->seen++;
	expr_input_free(m->input);
	m->input = NULL;
}

static const struct slot *look_up(struct match *m, struct slot *s);

static inline const struct slot *look(struct match *m, struct slot *s)
{
	return s->seen == m->seen ? s : look_up(m, s);
}

static const struct slot *look_up(struct match *m, struct slot *s)
{
	const struct slot *up;

	if (!s->parent) {
		s->value = rec_get(m->rec, s->key.p);
	} else {
		up = look(m, s->parent);
		if (up->type == JSON_ARRAY)
			s->value = s->index == NO_INDEX ? NULL : json_at(up->value, s->index);
		else
			s->value = json_getn(up->value, s->key);
	}
	s->seen = m->seen;
	s->type = json_type(s->value);
	s->text = json_text(s->value);
	s->head = match_head(s->text);
	s->tail = match_tail(s->text);
	(void)json_double(s->value, &s->number);
	return s;
}

/* True for a number without fraction and exponent. */
static bool whole(struct str number)
{
	return str_digits(str_sub(number, number.p[0] == '-', number.n));
}

static bool same_text(const struct slot *s, const struct probe *p)
{
	return s->text.n == p->text.n && s->tail == p->bits &&
	       (s->text.n <= sizeof(s->tail) || memcmp(s->text.p, p->text.p, s->text.n) == 0);
}

/* ${v} is no string: those have their own test. */
static bool same(const struct slot *s, const struct value *v)
{
	if (s->type != v->type)
		return false;
	switch (v->type) {
	case JSON_NUMBER:
		/* Ids have more digits than a double holds. */
		if (whole(s->text) && whole(v->probe.text) && (s->number < 0 || s->number > 0))
			return str_eq(s->text, v->probe.text);
		return s->number >= v->number && s->number <= v->number;
	case JSON_BOOL:
		return json_true(s->value) == v->truth;
	default:
		return true; /* null */
	}
}

static bool test_in(const struct slot *s, const struct op *op)
{
	struct probe wanted = { .text = s->text, .bits = s->tail };
	uint32_t from = 0, to = op->n_texts;

	if (s->type != JSON_STRING) {
		for (uint32_t i = op->n_texts; i < op->n; i++)
			if (same(s, &op->values[i]))
				return true;
		return false;
	}
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		int c = match_probe_cmp(&wanted, &op->values[middle].probe);

		if (c == 0)
			return true;
		if (c < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

static bool test_ends(const struct slot *s, const struct op *op)
{
	bool prefix = op->test == TEST_PREFIX;
	uint64_t bits = prefix ? s->head : s->tail;

	for (uint32_t i = 0; s->type == JSON_STRING && i < op->n; i++) {
		const struct value *v = &op->values[i];
		const struct probe *p = &v->probe;

		if (s->text.n < p->text.n || (bits & v->mask) != p->bits)
			continue;
		if (p->text.n <= sizeof(bits) ||
		    memcmp(s->text.p + (prefix ? 0 : s->text.n - p->text.n), p->text.p, p->text.n) == 0)
			return true;
	}
	return false;
}

static bool test_range(const struct slot *s, const struct range *r)
{
	double d = s->number;

	return s->type == JSON_NUMBER && !(d < r->min) && !(d > r->max) && !(d <= r->above) &&
	       !(d >= r->below);
}

static int test_regex(const struct slot *s, const struct regex *regex, struct err *e)
{
	int rc = s->type == JSON_STRING ? regex_match(regex, s->text) : 0;

	return rc < 0 ? err_set(e, FAULT_DATA, "regex-limit",
				"a regular expression takes too many steps on this text") :
			rc;
}

/* Kept apart: its buffer would cost every test a guarded stack frame. */
__attribute__((noinline)) static int test_jq(struct match *m, size_t filter, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };

	if (!m->input && m->rec->root && m->rec->n_added == 0) {
		m->input = expr_input_new(m->rec->root);
	} else if (!m->input) {
		rec_write(&b, m->rec);
		m->input = expr_input_text(buf_get(&b));
		buf_free(&b);
	}
	return expr_test(m->expr, filter, m->input, e);
}

static int test(struct match *m, const struct op *op, struct err *e)
{
	const struct slot *s;

	if (op->test == TEST_JQ)
		return test_jq(m, op->filter, e);
	s = look(m, op->slot);
	switch (op->test) {
	case TEST_TEXT:
		return s->type == JSON_STRING && same_text(s, &op->text);
	case TEST_EQ:
		return same(s, op->values);
	case TEST_IN:
		return test_in(s, op);
	case TEST_PREFIX:
	case TEST_SUFFIX:
		return test_ends(s, op);
	case TEST_EXISTS:
		return s->value != NULL;
	case TEST_RANGE:
		return test_range(s, op->range);
	default:
		return test_regex(s, op->regex, e);
	}
}

int match_test(struct match *m, int i, struct err *e)
{
	int at = m->entries[i];

	do {
		int yes = test(m, &m->ops[at], e);

		if (yes < 0)
			return -1;
		m->last = at;
		if (__builtin_expect(yes, 0))
			at = m->ops[at].yes;
		else
			at = m->ops[at].no;
	} while (at >= 0);
	return at == HOLDS;
}

struct str match_why(const struct match *m, const struct json **found)
{
	const struct slot *s = m->ops[m->last].slot;

	*found = s ? s->value : NULL;
	return m->wheres[m->last];
}
