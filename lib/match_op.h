/* SPDX-License-Identifier: MIT */
/* What match_read.c compiles and match.c runs; for these two only. */
#ifndef OMNI_MATCH_OP_H
#define OMNI_MATCH_OP_H

#include "match.h"

/* Where a test jumps to when the condition is decided; all else is the number of the next test. */
enum { HOLDS = -1, FAILS = -2 };

#define NO_INDEX SIZE_MAX

enum test {
	TEST_TEXT,
	TEST_EQ,
	TEST_IN,
	TEST_PREFIX,
	TEST_SUFFIX,
	TEST_EXISTS,
	TEST_RANGE,
	TEST_REGEX,
	TEST_JQ
};

/*
 * A text to compare with: before memcmp is called, up to eight bytes at the end where texts differ
 * most are compared as one number.
 */
struct probe {
	struct str text;
	uint64_t bits; /* the first eight for a prefix, the last eight for all else */
};

/* A constant of a condition. */
struct value {
	struct probe probe; /* of a string, and of a number as it was written */
	uint64_t mask;      /* of a prefix or suffix: where its bits are */
	double number;
	enum json_type type;
	bool truth;
};

struct range {
	double min, max, above, below; /* NAN: no such bound */
};

struct op {
	enum test test;
	int yes, no;
	struct slot *slot; /* NULL: none, a jq filter */
	union {
		struct probe text;
		struct {
			const struct value *values; /* TEST_IN: strings first, in the order of match_probe_cmp */
			uint32_t n, n_texts;
		};
		const struct range *range;
		const struct regex *regex;
		size_t filter;
	};
};

/* One step of a path, and what lies there in the record whose number is in `seen`. */
struct slot {
	struct slot *parent; /* NULL: a member of the record */
	struct str key;      /* NUL-terminated */
	size_t index;        /* the key as an index of an array, or NO_INDEX */
	uint64_t seen;
	const struct json *value;
	enum json_type type;
	struct str text;
	uint64_t head, tail; /* its first and its last eight bytes */
	double number;
};

struct match {
	const char *file;
	struct arena *arena;
	struct op *ops;
	struct str *wheres; /* of each op */
	size_t n_ops, cap_ops, cap_wheres;
	struct slot **slots;
	size_t n_slots, cap_slots;
	int *entries; /* the first op of each condition */
	size_t n_entries, cap_entries;
	struct regex **regexes;
	size_t n_regexes, cap_regexes;
	struct str *filters, *filter_wheres;
	size_t n_filters, cap_filters, cap_filter_wheres;
	struct expr *expr;
	struct expr_input *input; /* the record for libjq; NULL until a filter needs it */
	const struct rec *rec;
	uint64_t seen;
	int last; /* the op that was run last */
};

/*
 * The first eight bytes of ${s}, at the beginning of the number where there are fewer; the last
 * eight, at its end.
 */
static inline uint64_t match_head(struct str s)
{
	uint64_t x = 0;

	if (s.n >= sizeof(x))
		memcpy(&x, s.p, sizeof(x));
	else if (s.n > 0)
		memcpy(&x, s.p, s.n);
	return x;
}

static inline uint64_t match_tail(struct str s)
{
	uint64_t x = 0;

	if (s.n >= sizeof(x))
		memcpy(&x, s.p + s.n - sizeof(x), sizeof(x));
	else if (s.n > 0)
		memcpy((char *)&x + sizeof(x) - s.n, s.p, s.n);
	return x;
}

/*
 * An order in which equal texts are equal and that is quick to find out: length, last bytes, all
 * bytes.
 */
static inline int match_probe_cmp(const struct probe *a, const struct probe *b)
{
	if (a->text.n != b->text.n)
		return a->text.n < b->text.n ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return a->text.n > sizeof(a->bits) ? memcmp(a->text.p, b->text.p, a->text.n) : 0;
}

#endif
