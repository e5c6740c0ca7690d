/* SPDX-License-Identifier: MIT */
/* What the parts of following a plan share: schema_run.c, schema_run_object.c. */
#ifndef OMNI_SCHEMA_RUN_H
#define OMNI_SCHEMA_RUN_H

#include "schema_plan.h"

struct run {
	struct schema_set *set;
	struct arena *arena;
	unsigned depth;
	uint64_t steps;
	bool unsure; /* whatever comes out does not count */
};

static inline bool run(struct run *r, const struct plan *p, const struct json *v)
{
	const struct step *s = p->steps[inline_kind(v)];

	return !s || s->run(r, s, v);
}

static inline bool run_unsure(struct run *r)
{
	r->unsure = true;
	return false;
}

static inline bool run_pattern(struct run *r, const struct pattern *p, struct str s)
{
	int rc = pattern_match(p, s);

	return rc > 0 || (rc < 0 && run_unsure(r));
}

/* Words are short: a call to compare them would take longer than that does. */
static inline bool run_same_text(const char *p, const char *q, size_t n)
{
	uint64_t a, b, c, d;
	uint32_t e, f, g, h;
	uint16_t i, j;

	if (n > 16)
		return memcmp(p, q, n) == 0;
	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, q, 8);
		memcpy(&c, p + n - 8, 8);
		memcpy(&d, q + n - 8, 8);
		return ((a ^ b) | (c ^ d)) == 0;
	}
	if (n >= 4) {
		memcpy(&e, p, 4);
		memcpy(&f, q, 4);
		memcpy(&g, p + n - 4, 4);
		memcpy(&h, q + n - 4, 4);
		return ((e ^ f) | (g ^ h)) == 0;
	}
	if (n >= 2) {
		memcpy(&i, p, 2);
		memcpy(&j, q, 2);
		return i == j && p[n - 1] == q[n - 1];
	}
	return n == 0 || *p == *q;
}

/* The members of ${v}, an object. */
bool run_object(struct run *r, struct object_plan *o, const struct json *v);

#endif
