/* SPDX-License-Identifier: MIT */
/*
 * schema validate FILE: parse all records of FILE, then check each against the message model
 * without parsing again; print how many are valid and the nanoseconds of processor time a record
 * (the best of some rounds, as the peer counts).
 * schema compile: the microseconds to load and compile all models, in a new set each time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "diag.h"
#include "file.h"
#include "model.h"

enum { ROUNDS = 1000, COMPILES = 7, RECORDS_MAX = 1000000 };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static const struct schema *message_model(struct schema_set *set)
{
	struct err e;
	const struct schema *s = NULL;

	if (model_add_all(set, &e) == 0)
		s = schema_set_get(set, STR("omni:message"), &e);
	if (!s) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return s;
}

static size_t read_records(const char *path, struct arena *a, const struct json **records)
{
	struct str text;
	struct err e;
	size_t n = 0;

	if (file_read(path, (size_t)1 << 30, a, &text, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	while (text.n > 0 && n < RECORDS_MAX) {
		size_t end = str_find(text, '\n');

		records[n++] = json_parse(str_sub(text, 0, end), a, &e);
		text = str_sub(text, end + 1, text.n);
	}
	return n;
}

static int validate(const char *path)
{
	struct schema_set *set = schema_set_new(SCHEMA_FORMATS);
	const struct schema *s = message_model(set);
	struct arena *a = arena_new(), *scratch = arena_new();
	const struct json **records = calloc(RECORDS_MAX, sizeof(*records));
	size_t n = read_records(path, a, records), valid = 0;
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t from = now(), spent;

		valid = 0;
		for (size_t i = 0; i < n; i++) {
			valid += schema_valid(s, records[i], scratch);
			arena_reset(scratch);
		}
		spent = now() - from;
		best = spent < best ? spent : best;
	}
	printf("%zu %" PRIu64 "\n", valid, n ? best / n : 0);
	free(records);
	arena_free(scratch);
	arena_free(a);
	schema_set_free(set);
	return 0;
}

static int compile(void)
{
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < COMPILES; round++) {
		uint64_t from = now(), spent;
		struct schema_set *set = schema_set_new(SCHEMA_FORMATS);
		struct err e;

		if (model_add_all(set, &e) < 0)
			return 1;
		for (size_t i = 0; i < models_n; i++)
			if (!schema_set_get(set, str_c(models[i].uri), &e)) {
				fprintf(stderr, "%s\n", e.text);
				return 1;
			}
		spent = now() - from;
		best = spent < best ? spent : best;
		schema_set_free(set);
	}
	printf("%zu %" PRIu64 "\n", models_n, best / 1000);
	return 0;
}

int main(int argc, char **argv)
{
	diag_init("schema");
	if (argc == 3 && strcmp(argv[1], "validate") == 0)
		return validate(argv[2]);
	if (argc == 2 && strcmp(argv[1], "compile") == 0)
		return compile();
	return 64;
}
