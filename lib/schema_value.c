/* SPDX-License-Identifier: MIT */
/* Clauses that look at the value alone. */
#include "json_same.h"
#include "schema_walk.h"

static const char deep[] = "is nested too deeply to be compared";

/* "string", "string or null", "string, number or null" */
static void put_types(struct buf *b, unsigned bits)
{
	unsigned left = (unsigned)__builtin_popcount(bits);

	for (unsigned t = JSON_NULL; left > 0 && t <= JSON_OBJECT + 1; t++) {
		if (!(bits & TYPE_BIT(t)))
			continue;
		left--;
		buf_str(b, t > JSON_OBJECT ? STR("integer") : str_c(json_type_name(t)));
		if (left > 0)
			buf_str(b, left == 1 ? STR(" or ") : STR(", "));
	}
	buf_char(b, '\0');
}

static bool type_holds(const struct frame *f, unsigned allowed)
{
	struct number n;

	if (allowed & TYPE_BIT(f->type))
		return true;
	if (f->type != JSON_NUMBER || !(allowed & TYPE_INTEGER))
		return false;
	n = number_read(json_text(f->value));
	return number_whole(&n);
}

static bool walk_type(struct frame *f, const struct clause *c)
{
	struct buf b = { .max = 200 };

	if (type_holds(f, c->allowed))
		return true;
	if (f->walk->quiet)
		return false;
	put_types(&b, c->allowed);
	walk_fail(f, str_c(c->name), "must be %s, is %s", b.p,
		  f->type == JSON_NUMBER && (c->allowed & TYPE_INTEGER) ? "no whole number" :
									  json_type_name(f->type));
	buf_free(&b);
	return false;
}

static bool walk_const(struct frame *f, const struct clause *c)
{
	struct str text;
	int rc = json_same(f->value, c->value, f->walk->arena);

	if (rc < 0)
		return walk_stop(f, str_c(c->name), deep);
	if (rc > 0 || f->walk->quiet)
		return rc > 0;
	text = json_compact(f->walk->arena, c->value);
	return walk_fail(f, str_c(c->name), "must be %.*s", (int)str_utf8_cut(text, 120).n, text.p);
}

static bool walk_enum(struct frame *f, const struct clause *c)
{
	struct str text;
	struct json_iter it;
	int rc;

	for (it = json_iter(c->value); json_next(&it);) {
		rc = json_same(f->value, it.value, f->walk->arena);
		if (rc < 0)
			return walk_stop(f, str_c(c->name), deep);
		if (rc > 0)
			return true;
	}
	if (f->walk->quiet)
		return false;
	text = json_compact(f->walk->arena, c->value);
	return walk_fail(f, str_c(c->name), "must be one of %.*s%s", (int)str_utf8_cut(text, 300).n,
			 text.p, text.n > 300 ? "…" : "");
}

static bool walk_number(struct frame *f, const struct clause *c)
{
	struct number n = number_read(json_text(f->value));
	const char *must = NULL;
	int d = c->op == CLAUSE_MULTIPLE_OF ? 0 : number_cmp(&n, &c->number);

	if (c->op == CLAUSE_MULTIPLE_OF && !number_multiple(&n, &c->number))
		must = "a multiple of";
	else if (c->op == CLAUSE_MAXIMUM && d > 0)
		must = "at most";
	else if (c->op == CLAUSE_EXCLUSIVE_MAXIMUM && d >= 0)
		must = "less than";
	else if (c->op == CLAUSE_MINIMUM && d < 0)
		must = "at least";
	else if (c->op == CLAUSE_EXCLUSIVE_MINIMUM && d <= 0)
		must = "more than";
	if (!must)
		return true;
	return walk_fail(f, str_c(c->name), "must be %s %.*s", must, STR_FMT(c->text));
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static bool walk_length(struct frame *f, const struct clause *c)
{
	size_t n = characters(json_str(f->value));

	if (c->op == CLAUSE_MAX_LENGTH ? n <= c->count : n >= c->count)
		return true;
	return walk_fail(f, str_c(c->name), "must have at %s %llu characters, has %zu",
			 c->op == CLAUSE_MAX_LENGTH ? "most" : "least", (unsigned long long)c->count, n);
}

static bool walk_pattern(struct frame *f, const struct clause *c)
{
	int rc = pattern_match(c->pattern, json_str(f->value));

	if (rc < 0)
		return walk_stop(f, str_c(c->name), "takes too many steps to be matched");
	if (rc > 0)
		return true;
	return walk_fail(f, str_c(c->name), "does not match %.*s",
			 (int)str_utf8_cut(c->text, 300).n, c->text.p);
}

bool walk_value(struct frame *f, const struct clause *c)
{
	switch (c->op) {
	case CLAUSE_TYPE:
		return walk_type(f, c);
	case CLAUSE_CONST:
		return walk_const(f, c);
	case CLAUSE_ENUM:
		return walk_enum(f, c);
	case CLAUSE_MAX_LENGTH:
	case CLAUSE_MIN_LENGTH:
		return walk_length(f, c);
	case CLAUSE_PATTERN:
		return walk_pattern(f, c);
	case CLAUSE_FORMAT:
		if (c->format->valid(json_str(f->value)))
			return true;
		return walk_fail(f, str_c(c->name), "is no %.*s", STR_FMT(c->text));
	default:
		return walk_number(f, c);
	}
}
