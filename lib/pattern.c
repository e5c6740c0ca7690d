/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "regex.h"

enum { PARTS_MAX = 16, REPEAT_MAX = 65535, RANGES_MAX = 3, WIDTH = 16, CHUNKS_MAX = 8 };

static const unsigned for_ever = ~0u;

/* Bytes, one after the other, that belong to the set: at least ${min}, at most ${max} of them. */
struct part {
	uint64_t set[4];
	unsigned min, max;
};

/* Sixteen bytes at a time: each is in one of up to three ranges, which are `span` wide. */
struct chunk {
	unsigned char low[RANGES_MAX][WIDTH], span[RANGES_MAX][WIDTH];
	size_t at; /* where in the text; the last chunk may overlap the one before */
};

struct pattern {
	struct regex *regex; /* NULL: the parts are it */
	unsigned n;
	bool to_end;   /* "$" */
	size_t length; /* not 0: all texts that match have it, and the chunks are it */
	struct chunk *chunks;
	size_t n_chunks;
	unsigned ranges; /* of each byte */
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
		if (v > REPEAT_MAX || r->i - from > 4)
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

/* The ranges that ${part} is made of; 0 if they are too many, or go beyond ASCII. */
static unsigned ranges_of(const struct part *part, unsigned char low[RANGES_MAX],
			  unsigned char high[RANGES_MAX])
{
	unsigned n = 0;

	if (part->set[2] | part->set[3])
		return 0;
	for (unsigned c = 0; c < 128; c++) {
		if (!has(part->set, (unsigned char)c))
			continue;
		if (n > 0 && high[n - 1] == c - 1) {
			high[n - 1] = (unsigned char)c;
			continue;
		}
		if (n == RANGES_MAX)
			return 0;
		low[n] = high[n] = (unsigned char)c;
		n++;
	}
	return n;
}

/* Put the byte ${at} of the text, of ${part}, into the chunks. */
static bool put_byte(struct pattern *p, const struct part *part, size_t at)
{
	unsigned char low[RANGES_MAX], high[RANGES_MAX];
	unsigned n = ranges_of(part, low, high);

	if (n == 0)
		return false;
	if (n > p->ranges)
		p->ranges = n;
	for (size_t c = 0; c < p->n_chunks; c++) {
		struct chunk *chunk = &p->chunks[c];

		if (at < chunk->at || at >= chunk->at + WIDTH)
			continue;
		for (unsigned i = 0; i < RANGES_MAX; i++) { /* the last one again where there are fewer */
			unsigned k = i < n ? i : n - 1;

			chunk->low[i][at - chunk->at] = low[k];
			chunk->span[i][at - chunk->at] = (unsigned char)(high[k] - low[k]);
		}
	}
	return true;
}

/* Make chunks of the parts, if all of them have a fixed length. */
static void make_chunks(struct pattern *p, struct arena *a)
{
	size_t length = 0, at = 0;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->parts[i].min != p->parts[i].max)
			return;
		length += p->parts[i].min;
	}
	if (!p->to_end || length < WIDTH || length > WIDTH * (size_t)CHUNKS_MAX)
		return;
	p->n_chunks = (length + WIDTH - 1) / WIDTH;
	p->chunks = arena_calloc(a, p->n_chunks, sizeof(*p->chunks));
	for (size_t c = 0; c < p->n_chunks; c++)
		p->chunks[c].at = (c + 1) * WIDTH <= length ? c * WIDTH : length - WIDTH;
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < p->parts[i].min; k++)
			if (!put_byte(p, &p->parts[i], at++))
				return;
	p->length = length;
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
	make_chunks(p, a);
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

static int match_chunks(const struct pattern *p, struct str s)
{
	signed char all __attribute__((vector_size(WIDTH)));
	uint64_t halves[2];

	if (s.n != p->length)
		return 0;
	memset(&all, 0xff, sizeof(all));
	for (const struct chunk *c = p->chunks, *end = c + p->n_chunks; c < end; c++) {
		unsigned char x __attribute__((vector_size(WIDTH)));
		signed char in __attribute__((vector_size(WIDTH))) = { 0 };

		memcpy(&x, s.p + c->at, WIDTH);
		for (unsigned i = 0; i < p->ranges; i++) {
			unsigned char low __attribute__((vector_size(WIDTH)));
			unsigned char span __attribute__((vector_size(WIDTH)));

			memcpy(&low, c->low[i], WIDTH);
			memcpy(&span, c->span[i], WIDTH);
			in |= x - low <= span;
		}
		all &= in;
	}
	memcpy(halves, &all, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

int pattern_match(const struct pattern *p, struct str s)
{
	size_t i = 0;

	if (p->length)
		return match_chunks(p, s);
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
