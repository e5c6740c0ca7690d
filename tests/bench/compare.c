/* SPDX-License-Identifier: MIT */
/*
 * compare [-n LINES] [-x MEMBER]... OURS THEIRS: exit 0 if both files have the same records line by
 * line (-n: in the first LINES), whatever the order of their members and the spelling of their
 * numbers; -x leaves out members of the record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "json.h"

enum { LEFT_OUT_MAX = 8, DEPTH_MAX = 64 };

struct left_out {
	struct str keys[LEFT_OUT_MAX];
	size_t n;
};

static bool has(const struct left_out *x, struct str key)
{
	for (size_t i = 0; x && i < x->n; i++)
		if (str_eq(x->keys[i], key))
			return true;
	return false;
}

static bool same(const struct json *a, const struct json *b, const struct left_out *x, unsigned depth);

static bool same_members(const struct json *a, const struct json *b, const struct left_out *x,
			 unsigned depth)
{
	size_t n_a = 0, n_b = 0;

	for (struct json_iter it = json_iter(b); json_next(&it);)
		n_b += !has(x, it.key);
	for (struct json_iter it = json_iter(a); json_next(&it);) {
		if (has(x, it.key))
			continue;
		n_a++;
		if (!same(it.value, json_getn(b, it.key), NULL, depth + 1))
			return false;
	}
	return n_a == n_b;
}

static bool same_elements(const struct json *a, const struct json *b, unsigned depth)
{
	struct json_iter ia = json_iter(a), ib = json_iter(b);

	if (json_len(a) != json_len(b))
		return false;
	while (json_next(&ia) && json_next(&ib))
		if (!same(ia.value, ib.value, NULL, depth + 1))
			return false;
	return true;
}

static bool same(const struct json *a, const struct json *b, const struct left_out *x, unsigned depth)
{
	double p, q;

	if (json_type(a) != json_type(b) || depth > DEPTH_MAX)
		return false;
	switch (json_type(a)) {
	case JSON_OBJECT:
		return same_members(a, b, x, depth);
	case JSON_ARRAY:
		return same_elements(a, b, depth);
	case JSON_NUMBER:
		return json_double(a, &p) == 0 && json_double(b, &q) == 0 && !(p < q) && !(p > q);
	case JSON_BOOL:
		return json_true(a) == json_true(b);
	default:
		return str_eq(json_str(a), json_str(b));
	}
}

struct side {
	const char *path;
	FILE *f;
	char *line;
	size_t cap;
};

static ssize_t read_line(struct side *s)
{
	ssize_t n = getline(&s->line, &s->cap, s->f);

	return n > 0 && s->line[n - 1] == '\n' ? n - 1 : n;
}

static bool same_files(struct side *ours, struct side *theirs, const struct left_out *x, uint64_t lines)
{
	struct arena *arena = arena_new();
	bool ok = true;

	for (uint64_t i = 1; ok && i <= lines; i++) {
		ssize_t n = read_line(ours), m = read_line(theirs);
		const struct json *a, *b;
		struct err e;

		if (n < 0 && m < 0)
			break;
		a = n > 0 ? json_parse((struct str){ ours->line, (size_t)n }, arena, &e) : NULL;
		b = m > 0 ? json_parse((struct str){ theirs->line, (size_t)m }, arena, &e) : NULL;
		ok = a && b && same(a, b, x, 0);
		if (!ok)
			printf("line %ju differs:\n%s: %s%s: %s", (uintmax_t)i, ours->path,
			       n > 0 ? ours->line : "(end)\n", theirs->path,
			       m > 0 ? theirs->line : "(end)\n");
		arena_reset(arena);
	}
	arena_free(arena);
	return ok;
}

int main(int argc, char **argv)
{
	struct side side[2] = { 0 };
	struct left_out x = { .n = 0 };
	uint64_t lines = UINT64_MAX;
	bool ok = true;
	int c;

	diag_init("compare");
	while ((c = getopt(argc, argv, "n:x:")) != -1) {
		if (c == 'x' && x.n < LEFT_OUT_MAX)
			x.keys[x.n++] = str_c(optarg);
		else if (c != 'n' || str_u64(str_c(optarg), &lines) < 0)
			ok = false;
	}
	if (!ok || argc - optind != 2) {
		fprintf(stderr, "usage: compare [-n LINES] [-x MEMBER]... OURS THEIRS\n");
		return EXIT_USAGE;
	}
	for (int i = 0; i < 2; i++) {
		side[i].path = argv[optind + i];
		side[i].f = fopen(side[i].path, "r");
		if (!side[i].f) {
			diag_error("%s: can not be read", side[i].path);
			return EXIT_IO;
		}
	}
	ok = same_files(&side[0], &side[1], &x, lines);
	for (int i = 0; i < 2; i++) {
		fclose(side[i].f);
		free(side[i].line);
	}
	return ok ? EXIT_OK : 1;
}
