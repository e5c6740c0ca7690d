/* SPDX-License-Identifier: MIT */
#include "json_same.h"

#include <stdlib.h>

#include "limit.h"
#include "number.h"

enum { FEW = 16 }; /* below it, each with each costs less than sorting */

struct member {
	struct str key;
	const struct json *value;
	size_t i;
};

static int member_cmp(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int d = str_cmp(a->key, b->key);

	return d ? d : a->i < b->i ? -1 : 1;
}

static int canonical(struct buf *b, const struct json *v, struct arena *a, unsigned depth);

static int canonical_object(struct buf *b, const struct json *v, struct arena *a, unsigned depth)
{
	size_t n = 0, len = json_len(v);
	struct member *m = arena_alloc(a, (len + 1) * sizeof(*m));
	struct json_iter it;

	for (it = json_iter(v); json_next(&it); n++)
		m[n] = (struct member){ it.key, it.value, n };
	qsort(m, n, sizeof(*m), member_cmp);
	buf_fmt(b, "{%zu:", n);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(b, "%zu:", m[i].key.n);
		buf_str(b, m[i].key);
		if (canonical(b, m[i].value, a, depth) < 0)
			return -1;
	}
	return 0;
}

/* Each part tells its length, so that no two values run into the same bytes. */
static int canonical(struct buf *b, const struct json *v, struct arena *a, unsigned depth)
{
	struct json_iter it;
	struct number n;

	if (depth == 0)
		return -1;
	switch (json_type(v)) {
	case JSON_NUMBER:
		n = number_read(json_text(v));
		number_put(b, &n);
		return 0;
	case JSON_STRING:
		buf_fmt(b, "\"%zu:", json_str(v).n);
		buf_str(b, json_str(v));
		return 0;
	case JSON_BOOL:
		buf_char(b, json_true(v) ? 't' : 'f');
		return 0;
	case JSON_ARRAY:
		buf_fmt(b, "[%zu:", json_len(v));
		for (it = json_iter(v); json_next(&it);)
			if (canonical(b, it.value, a, depth - 1) < 0)
				return -1;
		return 0;
	case JSON_OBJECT:
		return canonical_object(b, v, a, depth - 1);
	default:
		buf_char(b, 'n');
		return 0;
	}
}

static int same(const struct json *x, const struct json *y, struct arena *a, unsigned depth);

static int same_canonical(const struct json *x, const struct json *y, struct arena *a, unsigned depth)
{
	struct buf p = { .max = SIZE_MAX }, q = { .max = SIZE_MAX };
	int rc = -1;

	if (canonical(&p, x, a, depth) == 0 && canonical(&q, y, a, depth) == 0)
		rc = str_eq(buf_get(&p), buf_get(&q));
	buf_free(&p);
	buf_free(&q);
	return rc;
}

/* Where keys stand twice, order decides which is compared with which: sorted, as in a large one. */
static int same_object(const struct json *x, const struct json *y, struct arena *a, unsigned depth)
{
	struct json_iter it, other;

	if (json_len(x) != json_len(y))
		return 0;
	if (json_len(x) > FEW)
		return same_canonical(x, y, a, depth);
	for (it = json_iter(x); json_next(&it);) {
		unsigned here = 0, there = 0;
		const struct json *z = NULL;
		int rc;

		for (other = json_iter(x); json_next(&other);)
			here += str_eq(other.key, it.key);
		for (other = json_iter(y); json_next(&other);)
			if (str_eq(other.key, it.key)) {
				z = other.value;
				there++;
			}
		if (here > 1 || there > 1)
			return same_canonical(x, y, a, depth);
		rc = z ? same(it.value, z, a, depth) : 0;
		if (rc != 1)
			return rc;
	}
	return 1;
}

static int same_array(const struct json *x, const struct json *y, struct arena *a, unsigned depth)
{
	struct json_iter p = json_iter(x), q = json_iter(y);

	if (json_len(x) != json_len(y))
		return 0;
	while (json_next(&p) && json_next(&q)) {
		int rc = same(p.value, q.value, a, depth);

		if (rc != 1)
			return rc;
	}
	return 1;
}

static int same(const struct json *x, const struct json *y, struct arena *a, unsigned depth)
{
	enum json_type type = json_type(x);
	struct number m, n;

	if (json_type(y) != type)
		return 0;
	switch (type) {
	case JSON_STRING:
		return str_eq(json_str(x), json_str(y));
	case JSON_NUMBER:
		m = number_read(json_text(x));
		n = number_read(json_text(y));
		return number_cmp(&m, &n) == 0;
	case JSON_BOOL:
		return json_true(x) == json_true(y);
	case JSON_ARRAY:
		return depth > 0 ? same_array(x, y, a, depth - 1) : -1;
	case JSON_OBJECT:
		return depth > 0 ? same_object(x, y, a, depth - 1) : -1;
	default:
		return 1;
	}
}

int json_same(const struct json *x, const struct json *y, struct arena *a)
{
	return same(x, y, a, JSON_SAME_DEPTH);
}

struct element {
	struct str text;
	size_t i;
};

static int element_cmp(const void *x, const void *y)
{
	const struct element *a = x, *b = y;
	int d = str_cmp(a->text, b->text);

	return d ? d : a->i < b->i ? -1 : a->i > b->i;
}

static int unique_few(const struct json *arr, struct arena *a, size_t *first, size_t *second)
{
	const struct json *before[FEW];
	struct json_iter it;

	for (it = json_iter(arr); json_next(&it);) {
		for (size_t i = 0; i < it.i; i++) {
			int rc = json_same(before[i], it.value, a);

			if (rc == 0)
				continue;
			*first = i;
			*second = it.i;
			return rc < 0 ? -1 : 0;
		}
		before[it.i] = it.value;
	}
	return 1;
}

/* Sorted by their canonical form, equal ones stand side by side. */
static int unique_sorted(struct element *list, size_t n, size_t *first, size_t *second)
{
	int rc = 1;

	qsort(list, n, sizeof(*list), element_cmp);
	for (size_t i = 1; i < n; i++)
		if (str_eq(list[i - 1].text, list[i].text) && (rc || list[i].i < *second)) {
			rc = 0;
			*first = list[i - 1].i;
			*second = list[i].i;
		}
	return rc;
}

int json_unique(const struct json *arr, struct arena *a, size_t *first, size_t *second)
{
	struct buf b = { .max = SIZE_MAX };
	size_t n = json_len(arr), at = 0;
	struct element *list;
	struct json_iter it;
	int rc = 1;

	if (n <= FEW)
		return unique_few(arr, a, first, second);
	list = arena_alloc(a, n * sizeof(*list));
	for (it = json_iter(arr); rc > 0 && json_next(&it);) {
		list[it.i].i = b.n; /* where it begins, until the buffer is complete */
		rc = canonical(&b, it.value, a, JSON_SAME_DEPTH) < 0 ? -1 : 1;
	}
	if (rc > 0) {
		for (size_t i = 0; i < n; i++) {
			size_t end = i + 1 < n ? list[i + 1].i : b.n;

			at = list[i].i;
			list[i] = (struct element){ { b.p + at, end - at }, i };
		}
		rc = unique_sorted(list, n, first, second);
	}
	buf_free(&b);
	return rc;
}
