/* SPDX-License-Identifier: MIT */
#include "spans.h"

#include <stdlib.h>

#include "diag.h"

void spans_free(struct spans *s)
{
	free(s->list);
	*s = (struct spans){ 0 };
}

int fraction_cmp(struct fraction a, struct fraction b)
{
	__int128 x = (__int128)a.n * b.of, y = (__int128)b.n * a.of;

	return x < y ? -1 : x > y;
}

/* The first interval that does not end before ${at}; s->n if all do. */
static unsigned find(const struct spans *s, struct fraction at)
{
	unsigned lo = 0, hi = s->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (fraction_cmp(s->list[mid].to, at) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Make room for one more at ${i}. */
static int insert(struct spans *s, unsigned i)
{
	if (s->n == SPANS_MAX)
		return -1;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 4;
		s->list = reallocarray(s->list, s->cap, sizeof(*s->list));
		if (!s->list)
			diag_oom();
	}
	memmove(s->list + i + 1, s->list + i, (s->n - i) * sizeof(*s->list));
	s->n++;
	return 0;
}

int spans_add(struct spans *s, struct span add)
{
	unsigned i = find(s, add.from), end = i;

	while (end < s->n && fraction_cmp(s->list[end].from, add.to) <= 0)
		end++;
	if (end == i) {
		if (insert(s, i) < 0)
			return -1;
	} else {
		if (fraction_cmp(s->list[i].from, add.from) < 0)
			add.from = s->list[i].from;
		if (fraction_cmp(s->list[end - 1].to, add.to) >= 0)
			add.to = s->list[end - 1].to;
		memmove(s->list + i + 1, s->list + end, (s->n - end) * sizeof(*s->list));
		s->n -= end - i - 1;
	}
	s->list[i] = add;
	return 0;
}

int spans_merge(struct spans *s, const struct spans *from)
{
	for (unsigned i = 0; i < from->n; i++)
		if (spans_add(s, from->list[i]) < 0)
			return -1;
	return 0;
}

bool spans_whole(const struct spans *s)
{
	return s->n == 1 && s->list->from.n == 0 && s->list->to.n == s->list->to.of;
}

void spans_write(struct buf *b, const struct spans *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct span *p = &s->list[i];

		buf_fmt(b, "%s%lld/%lld-%lld/%lld", i ? "," : "", (long long)p->from.n,
			(long long)p->from.of, (long long)p->to.n, (long long)p->to.of);
	}
}

/* Take a number and the ${end} behind it off the front of ${text}. */
static int number(struct str *text, char end, int64_t *out)
{
	struct str digits = str_sub(*text, 0, str_find(*text, end));
	uint64_t v;

	if (digits.n == text->n || str_u64(digits, &v) < 0 || v > INT64_MAX)
		return -1;
	*out = (int64_t)v;
	*text = str_sub(*text, digits.n + 1, text->n);
	return 0;
}

static bool proper(struct fraction f)
{
	return f.of >= 1 && f.n <= f.of;
}

static int read_span(struct span *p, struct str text)
{
	uint64_t v;

	if (number(&text, '/', &p->from.n) < 0 || number(&text, '-', &p->from.of) < 0 ||
	    number(&text, '/', &p->to.n) < 0 || str_u64(text, &v) < 0 || v > INT64_MAX)
		return -1;
	p->to.of = (int64_t)v;
	return proper(p->from) && proper(p->to) && fraction_cmp(p->from, p->to) < 0 ? 0 : -1;
}

int spans_read(struct spans *s, struct str text)
{
	struct span p;

	while (text.n > 0) {
		struct str one = str_sub(text, 0, str_find(text, ','));

		if (read_span(&p, one) < 0 || spans_add(s, p) < 0)
			return -1;
		text = str_sub(text, one.n + 1, text.n);
	}
	return 0;
}
