/* SPDX-License-Identifier: MIT */
/* Following a plan. */
#include "schema_run.h"

#include "json_same.h"

/* ---- values ---- */

static bool one_of_texts(const struct step *s, struct str text)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->texts[i].n == text.n && run_same_text(s->texts[i].p, text.p, text.n))
			return true;
	return false;
}

static bool one_of_values(struct run *r, const struct step *s, const struct json *v)
{
	for (size_t i = 0; i < s->n; i++) {
		int rc = json_same(s->values[i], v, r->arena);

		if (rc != 0)
			return rc > 0 || run_unsure(r);
	}
	return false;
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* A character is one to four bytes: mostly that is enough to know. */
static bool at_most(struct str s, uint64_t max)
{
	return s.n <= max || (s.n / 4 <= max && characters(s) <= max);
}

static bool at_least(struct str s, uint64_t min)
{
	return s.n >= min && (s.n / 4 >= min || characters(s) >= min);
}

static __attribute__((noinline)) bool number_holds(const struct step *s, struct str text)
{
	struct number n = number_read(text);

	switch (s->op) {
	case STEP_INTEGER:
		return number_whole(&n);
	case STEP_MAXIMUM:
		return number_cmp(&n, &s->number) <= 0;
	case STEP_EXCLUSIVE_MAXIMUM:
		return number_cmp(&n, &s->number) < 0;
	case STEP_MINIMUM:
		return number_cmp(&n, &s->number) >= 0;
	case STEP_EXCLUSIVE_MINIMUM:
		return number_cmp(&n, &s->number) > 0;
	default:
		return number_multiple(&n, &s->number);
	}
}

/* Most numbers are a few digits.  False: it is none of these. */
static inline bool read_digits(struct str text, int64_t *out)
{
	bool minus = text.p[0] == '-';
	int64_t v = 0;

	if (text.n > 18)
		return false;
	for (size_t i = minus; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (text.p[i] - '0');
	}
	*out = minus ? -v : v;
	return true;
}

static bool step_integer(struct run *r, const struct step *s, const struct json *v)
{
	int64_t x;

	(void)r;
	return read_digits(inline_text(v), &x) || number_holds(s, inline_text(v));
}

static bool step_minimum(struct run *r, const struct step *s, const struct json *v)
{
	int64_t x;

	(void)r;
	if (s->number.small && read_digits(inline_text(v), &x))
		return x >= s->number.value;
	return number_holds(s, inline_text(v));
}

static bool step_maximum(struct run *r, const struct step *s, const struct json *v)
{
	int64_t x;

	(void)r;
	if (s->number.small && read_digits(inline_text(v), &x))
		return x <= s->number.value;
	return number_holds(s, inline_text(v));
}

static bool step_number(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return number_holds(s, inline_text(v));
}

/* ---- items ---- */

static bool run_prefix(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v) < s->n ? inline_len(v) : s->n;
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n; i++, item = inline_next(item))
		if (!run(r, s->plans[i], item))
			return false;
	return true;
}

static bool run_items(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v);
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n; i++, item = inline_next(item))
		if (i >= s->n && !run(r, s->plan, item))
			return false;
	return true;
}

static bool run_contains(struct run *r, const struct step *s, const struct json *v)
{
	size_t n = inline_len(v);
	uint64_t found = 0, enough = s->contains.max == UINT64_MAX ? s->contains.min : UINT64_MAX;
	const struct json *item = inline_first(v);

	for (size_t i = 0; i < n && found < enough && !r->unsure; i++, item = inline_next(item))
		found += run(r, s->contains.plan, item);
	return found >= s->contains.min && found <= s->contains.max;
}

static bool unique(struct run *r, const struct json *v)
{
	size_t first, second;
	int rc = json_unique(v, r->arena, &first, &second);

	return rc > 0 || (rc < 0 && run_unsure(r));
}

/* ---- steps ---- */

static bool any_of(struct run *r, const struct step *s, const struct json *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (run(r, s->plans[i], v))
			return true;
	return false;
}

static bool one_of(struct run *r, const struct step *s, const struct json *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n && n < 2; i++)
		n += run(r, s->plans[i], v);
	return n == 1;
}

static bool run_if(struct run *r, const struct step *s, const struct json *v)
{
	const struct plan *then = run(r, s->branch.test, v) ? s->branch.yes : s->branch.no;

	return !then || run(r, then, v);
}

static bool walk(struct run *r, const struct node *node, const struct json *v)
{
	int rc = schema_walk(r->set, node, v, r->arena);

	return rc > 0 || (rc < 0 && run_unsure(r));
}

/* A step that looks into the value, or at more than one plan. */
static bool run_deep(struct run *r, const struct step *s, const struct json *v)
{
	switch (s->op) {
	case STEP_PREFIX:
		return run_prefix(r, s, v);
	case STEP_ITEMS:
		return run_items(r, s, v);
	case STEP_CONTAINS:
		return run_contains(r, s, v);
	case STEP_UNIQUE:
		return unique(r, v);
	case STEP_PLAN:
		return run(r, s->plan, v);
	case STEP_ANY_OF:
		return any_of(r, s, v);
	case STEP_ONE_OF:
		return one_of(r, s, v);
	case STEP_NOT:
		return !run(r, s->plan, v);
	case STEP_IF:
		return run_if(r, s, v);
	default:
		return walk(r, s->node, v);
	}
}

/* True if there may be one step more inside of this one. */
static inline bool enter(struct run *r)
{
	if (r->depth == SCHEMA_DEPTH_MAX || ++r->steps > SCHEMA_STEPS_MAX || r->unsure)
		return run_unsure(r);
	r->depth++;
	return true;
}

static bool step_deep(struct run *r, const struct step *s, const struct json *v)
{
	bool ok;

	if (!enter(r))
		return false;
	ok = run_deep(r, s, v);
	r->depth--;
	return ok;
}

static bool step_object(struct run *r, const struct step *s, const struct json *v)
{
	bool ok;

	if (!enter(r))
		return false;
	ok = run_object(r, s->object, v);
	r->depth--;
	return ok;
}

static bool step_fail(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	(void)s;
	(void)v;
	return false;
}

static bool step_text(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return one_of_texts(s, inline_text(v));
}

static bool step_max_length(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return at_most(inline_text(v), s->count);
}

static bool step_min_length(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return at_least(inline_text(v), s->count);
}

static bool step_max_items(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return inline_len(v) <= s->count;
}

static bool step_min_items(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return inline_len(v) >= s->count;
}

static bool step_bool(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return s->count >> json_true(v) & 1;
}

static bool step_pattern(struct run *r, const struct step *s, const struct json *v)
{
	return run_pattern(r, s->pattern, inline_text(v));
}

static bool step_format(struct run *r, const struct step *s, const struct json *v)
{
	(void)r;
	return s->format(inline_text(v));
}

static bool step_same(struct run *r, const struct step *s, const struct json *v)
{
	return one_of_values(r, s, v);
}

static bool step_all(struct run *r, const struct step *s, const struct json *v)
{
	for (const struct step *one = s->steps, *end = one + s->n; one < end; one++)
		if (!one->run(r, one, v))
			return false;
	return true;
}

bool (*const schema_steps[STEPS])(struct run *r, const struct step *s, const struct json *v) = {
	[STEP_FAIL] = step_fail,
	[STEP_TEXT] = step_text,
	[STEP_MAX_LENGTH] = step_max_length,
	[STEP_MIN_LENGTH] = step_min_length,
	[STEP_INTEGER] = step_integer,
	[STEP_MAXIMUM] = step_maximum,
	[STEP_EXCLUSIVE_MAXIMUM] = step_number,
	[STEP_MINIMUM] = step_minimum,
	[STEP_EXCLUSIVE_MINIMUM] = step_number,
	[STEP_MULTIPLE_OF] = step_number,
	[STEP_MAX_ITEMS] = step_max_items,
	[STEP_MIN_ITEMS] = step_min_items,
	[STEP_BOOL] = step_bool,
	[STEP_PATTERN] = step_pattern,
	[STEP_FORMAT] = step_format,
	[STEP_SAME] = step_same,
	[STEP_OBJECT] = step_object,
	[STEP_PREFIX] = step_deep,
	[STEP_ITEMS] = step_deep,
	[STEP_CONTAINS] = step_deep,
	[STEP_UNIQUE] = step_deep,
	[STEP_PLAN] = step_deep,
	[STEP_ANY_OF] = step_deep,
	[STEP_ONE_OF] = step_deep,
	[STEP_NOT] = step_deep,
	[STEP_IF] = step_deep,
	[STEP_WALK] = step_deep,
	[STEP_ALL] = step_all,
};

int schema_run(struct schema_set *set, const struct plan *plan, const struct json *v, struct arena *a)
{
	struct run r = { .set = set, .arena = a };
	bool ok = run(&r, plan, v);

	return r.unsure ? -1 : ok;
}
