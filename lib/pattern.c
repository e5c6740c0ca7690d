/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "regex.h"

enum { PARTS_MAX = 16, REPEAT_MAX = 100000 };

static const unsigned for_ever = ~0u;

/* Bytes, one after the other, that belong to the set: at least ${min}, at most ${max} of them. */
struct part {
	uint64_t set[4];
	unsigned min, max;
};

struct pattern {
	struct regex *regex; /* NULL: the parts are it */
	unsigned n;
	bool to_end; /* "$" */
	struct part parts[];
};

/* ---- reading ---- */

struct reader {
	struct str in;
	size_t i;
	struct part parts[PARTS_MAX];
	unsigned n;
};

static bool has(const uint64_t set[4], unsigned char c)
{
	return set[c >> 6] >> (c & 63) & 1;
}

static void add(uint64_t set[4], unsigned from, unsigned to)
{
	for (; from <= to; from++)
		set[from >> 6] |= (uint64_t)1 << (from & 63);
}

/* An escape that stands for ASCII alone.  False: leave it to the library. */
static bool read_escape(struct reader *r, uint64_t set[4], bool *many)
{
	char c = r->i < r->in.n ? r->in.p[r->i++] : 'x';

	*many = c == 'd' || c == 'w';
	if (*many)
		add(set, '0', '9');
	if (c == 'w') {
		add(set, 'a', 'z');
		add(set, 'A', 'Z');
		add(set, '_', '_');
	}
	if (*many)
		return true;
	if (!strchr("^$\\.*+?()[]{}|/-@:#\"'!%&,;<=>`~", c))
		return false;
	add(set, (unsigned char)c, (unsigned char)c);
	return true;
}

/* One character of a class, or an escape that stands for several. */
static bool read_member(struct reader *r, uint64_t set[4], int *one)
{
	unsigned char c = (unsigned char)r->in.p[r->i++];
	uint64_t escaped[4] = { 0 };
	bool many;

	*one = c;
	if (c >= 0x80 || c == '[')
		return false;
	if (c == '\\') {
		*one = r->i < r->in.n ? (unsigned char)r->in.p[r->i] : 0;
		if (!read_escape(r, escaped, &many))
			return false;
		if (many)
			*one = -1;
		for (int i = 0; i < 4; i++)
			set[i] |= escaped[i];
		return true;
	}
	add(set, c, c);
	return true;
}

/* From behind "[" to behind "]". */
static bool read_class(struct reader *r, uint64_t set[4], bool *inverse)
{
	int from, to;

	*inverse = r->i < r->in.n && r->in.p[r->i] == '^';
	r->i += *inverse;
	while (r->i < r->in.n && r->in.p[r->i] != ']') {
		if (!read_member(r, set, &from))
			return false;
		if (r->i + 1 >= r->in.n || r->in.p[r->i] != '-' || r->in.p[r->i + 1] == ']')
			continue;
		r->i++;
		if (!read_member(r, set, &to) || from < 0 || to < from)
			return false;
		add(set, (unsigned)from, (unsigned)to);
	}
	if (r->i++ >= r->in.n)
		return false;
	for (int i = 0; *inverse && i < 4; i++)
		set[i] = ~set[i];
	return true;
}

static bool read_count(struct reader *r, unsigned *out)
{
	unsigned v = 0;
	size_t from = r->i;

	for (; r->i < r->in.n && r->in.p[r->i] >= '0' && r->in.p[r->i] <= '9'; r->i++) {
		v = v * 10 + (unsigned)(r->in.p[r->i] - '0');
		if (v > REPEAT_MAX)
			return false;
	}
	*out = v;
	return r->i > from;
}

/* "*", "+", "?", "{n}", "{n,}", "{n,m}", or nothing. */
static bool read_quantifier(struct reader *r, struct part *p)
{
	char c = r->i < r->in.n ? r->in.p[r->i] : '\0';

	p->min = c == '*' || c == '?' ? 0 : 1;
	p->max = c == '*' || c == '+' ? for_ever : 1;
	if (c && strchr("*+?", c)) {
		r->i++;
	} else if (c == '{') {
		r->i++;
		if (!read_count(r, &p->min))
			return false;
		p->max = p->min;
		if (r->i < r->in.n && r->in.p[r->i] == ',') {
			r->i++;
			p->max = for_ever;
			if (r->i < r->in.n && r->in.p[r->i] != '}' && !read_count(r, &p->max))
				return false;
		}
		if (r->i >= r->in.n || r->in.p[r->i++] != '}' || p->max < p->min)
			return false;
	}
	return r->i >= r->in.n || !strchr("*+?{", r->in.p[r->i]);
}

static bool read_part(struct reader *r, struct part *p)
{
	unsigned char c = (unsigned char)r->in.p[r->i++];
	bool inverse = false, many;

	*p = (struct part){ 0 };
	if (c >= 0x80 || strchr("^$.|()*+?{}]", c))
		return false;
	if (c == '\\') {
		if (!read_escape(r, p->set, &many))
			return false;
	} else if (c == '[') {
		if (!read_class(r, p->set, &inverse))
			return false;
	} else {
		add(p->set, c, c);
	}
	if (!read_quantifier(r, p))
		return false;
	/* A character beyond ASCII is several bytes: that is right only where their number is free. */
	return !inverse || (p->min <= 1 && p->max == for_ever);
}

static bool disjoint(const struct part *x, const struct part *y)
{
	for (int i = 0; i < 4; i++)
		if (x->set[i] & y->set[i])
			return false;
	return true;
}

/*
 * Greedy and without a way back is right where it is certain at each byte which part it belongs
 * to: what may follow a part of free length has no byte in common with it.
 */
static bool certain(const struct reader *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->parts[i].min == r->parts[i].max)
			continue;
		for (unsigned k = i + 1; k < r->n; k++) {
			if (!disjoint(&r->parts[i], &r->parts[k]))
				return false;
			if (r->parts[k].min > 0)
				break;
		}
	}
	return true;
}

static struct pattern *read_plain(struct str text, struct arena *a)
{
	struct reader r = { .in = text, .i = 1 };
	struct pattern *p;
	bool to_end;

	if (!str_prefix(text, STR("^")))
		return NULL;
	to_end = text.p[text.n - 1] == '$' && !(text.n > 1 && text.p[text.n - 2] == '\\');
	r.in.n -= to_end;
	while (r.i < r.in.n)
		if (r.n == PARTS_MAX || !read_part(&r, &r.parts[r.n++]))
			return NULL;
	if (!certain(&r))
		return NULL;
	p = arena_alloc(a, sizeof(*p) + r.n * sizeof(*r.parts));
	*p = (struct pattern){ .n = r.n, .to_end = to_end };
	memcpy(p->parts, r.parts, r.n * sizeof(*r.parts));
	return p;
}

struct pattern *pattern_new(struct str text, struct arena *a, struct err *e)
{
	struct pattern *p = read_plain(text, a);
	struct regex *regex;

	if (p)
		return p;
	regex = regex_new_ecma(text, e);
	if (!regex)
		return NULL;
	p = arena_alloc(a, sizeof(*p));
	*p = (struct pattern){ .regex = regex };
	return p;
}

void pattern_release(struct pattern *p)
{
	if (p)
		regex_free(p->regex);
}

/* ---- matching ---- */

int pattern_match(const struct pattern *p, struct str s)
{
	size_t i = 0;

	if (p->regex)
		return regex_match(p->regex, s);
	for (const struct part *part = p->parts, *end = part + p->n; part < end; part++) {
		size_t most = part->max < s.n - i ? part->max : s.n - i, from = i, to = i + most;

		while (i < to && has(part->set, (unsigned char)s.p[i]))
			i++;
		if (i - from < part->min)
			return 0;
	}
	return !p->to_end || i == s.n;
}

bool pattern_plain(const struct pattern *p)
{
	return !p->regex;
}
