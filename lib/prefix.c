/* SPDX-License-Identifier: MIT */
#include "prefix.h"

struct node {
	uint32_t next[10]; /* 0: none, as nothing leads to the root */
	uint32_t value;
};

struct prefix {
	struct arena *arena;
	struct node *nodes;
	size_t n, cap;
};

struct prefix *prefix_new(struct arena *a)
{
	struct prefix *p = arena_calloc(a, 1, sizeof(*p));

	p->arena = a;
	p->cap = 16;
	p->nodes = arena_calloc(a, p->cap, sizeof(*p->nodes));
	p->n = 1;
	return p;
}

static uint32_t add(struct prefix *p)
{
	if (p->n == p->cap) {
		p->nodes = arena_resize(p->arena, p->nodes, p->cap * sizeof(*p->nodes),
					2 * p->cap * sizeof(*p->nodes));
		p->cap *= 2;
	}
	p->nodes[p->n] = (struct node){ .value = 0 };
	return (uint32_t)p->n++;
}

static unsigned digit(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

uint32_t *prefix_put(struct prefix *p, struct str digits)
{
	uint32_t at = 0;

	if (digits.n > PREFIX_MAX || (digits.n > 0 && !str_digits(digits)))
		return NULL;
	for (size_t i = 0; i < digits.n; i++) {
		unsigned d = digit(digits.p[i]);

		if (!p->nodes[at].next[d]) {
			uint32_t made = add(p);

			p->nodes[at].next[d] = made;
		}
		at = p->nodes[at].next[d];
	}
	return &p->nodes[at].value;
}

unsigned prefix_path(const struct prefix *p, struct str digits, uint32_t out[PREFIX_MAX + 1])
{
	const struct node *at = p->nodes;
	unsigned n = 0;

	for (size_t i = 0;; i++) {
		if (at->value)
			out[n++] = at->value;
		if (i >= digits.n || i >= PREFIX_MAX || digit(digits.p[i]) > 9 ||
		    !at->next[digit(digits.p[i])])
			return n;
		at = &p->nodes[at->next[digit(digits.p[i])]];
	}
}

uint32_t prefix_get(const struct prefix *p, struct str digits)
{
	uint32_t path[PREFIX_MAX + 1];
	unsigned n = prefix_path(p, digits, path);

	return n ? path[n - 1] : 0;
}
