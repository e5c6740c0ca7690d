/* SPDX-License-Identifier: MIT */
/*
 * conformance SUITE: run the cases for draft 2020-12 of a checkout of the JSON Schema Test Suite
 * (tests/, remotes/) and say what fails.  A case passes if the plan (schema_valid), the exact
 * evaluation (schema_walk) and the report (schema_explain) all give the answer that it wants.  Exit 1 if a required one fails.
 *
 * conformance --own FILE...: the same for files of cases of our own.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "file.h"
#include "limit.h"
#include "schema_private.h"

enum { PATH_BYTES = 4096, REMOTES_MAX = 200 };

struct count {
	unsigned passed, failed;
};

struct remote {
	struct str uri, text;
};

static struct remote remotes[REMOTES_MAX];
static size_t n_remotes;
static struct arena *kept;

static struct str read_file(const char *path, struct arena *a)
{
	struct str text;
	struct err e;

	if (file_read(path, SCHEMA_MAX_BYTES, a, &text, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(2);
	}
	return text;
}

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static int shown(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Files below ${dir}, known as ${uri} and their path from there; drafts other than 2020-12 are left out. */
static void load_remotes(const char *dir, const char *uri)
{
	struct dirent **list;
	char path[PATH_BYTES], name[PATH_BYTES];
	int n = scandir(dir, &list, shown, by_name);

	for (int i = 0; i < n; i++) {
		const char *entry = list[i]->d_name;
		bool json = str_suffix(str_c(entry), STR(".json"));

		snprintf(path, sizeof(path), "%s/%s", dir, entry);
		snprintf(name, sizeof(name), "%s/%s", uri, entry);
		if (json && n_remotes < REMOTES_MAX)
			remotes[n_remotes++] = (struct remote){ arena_str(kept, str_c(name)),
								read_file(path, kept) };
		else if (!json && strcmp(entry, "v1") != 0 &&
			 (strncmp(entry, "draft", 5) != 0 || strcmp(entry, "draft2020-12") == 0))
			load_remotes(path, name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void complain(const char *file, struct str group, struct str test, const char *what)
{
	printf("FAIL %s: %.*s: %.*s: %s\n", file, STR_FMT(group), STR_FMT(test), what);
}

static bool run_case(const struct schema *s, const struct json *test, const char *file,
		     struct str group, struct arena *a)
{
	struct str name = json_get_str(test, "description");
	bool want = json_true(json_get(test, "valid"));
	const struct json *data = json_get(test, "data");
	bool quick = schema_valid(s, data, a);
	bool exact = schema_walk(s->set, s->root, data, a) == 1;
	bool told = schema_explain(s, data, a).n > 0;

	if (quick == want && exact == want && told != want)
		return true;
	complain(file, group, name,
		 quick == exact && told != exact ? want ? "refused" : "accepted" :
						   "the two evaluations differ");
	return false;
}

static void run_group(const struct json *group, unsigned flags, const char *file, struct count *c)
{
	struct schema_set *set = schema_set_new(flags);
	struct str name = json_get_str(group, "description"), uri = STR("test:/schema"), text;
	const struct schema *s = NULL;
	struct arena *a = arena_new();
	struct json_iter it;
	struct err e = { 0 };

	for (size_t i = 0; i < n_remotes; i++)
		if (schema_set_add(set, remotes[i].uri, remotes[i].text, &e) < 0)
			printf("remote: %s\n", e.text);
	text = json_compact(a, json_get(group, "schema"));
	if (schema_set_add(set, uri, text, &e) == 0)
		s = schema_set_get(set, uri, &e);
	for (it = json_iter(json_get(group, "tests")); json_next(&it);) {
		bool ok = s && run_case(s, it.value, file, name, a);

		if (!s)
			complain(file, name, json_get_str(it.value, "description"), e.text);
		*(ok ? &c->passed : &c->failed) += 1;
	}
	schema_set_free(set);
	arena_free(a);
}

static struct count run_file(const char *path, const char *name, unsigned flags)
{
	struct arena *a = arena_new();
	struct count c = { 0, 0 };
	struct json_iter it;
	struct err e;

	for (it = json_iter(json_parse(read_file(path, a), a, &e)); json_next(&it);)
		run_group(it.value, flags, name, &c);
	arena_free(a);
	return c;
}

/* All files of ${dir}; a line for each that is ${verbose} or in which something failed. */
static struct count run_dir(const char *dir, const char *what, unsigned flags, bool verbose)
{
	struct count all = { 0, 0 };
	struct dirent **list;
	char path[PATH_BYTES];
	int n = scandir(dir, &list, shown, by_name);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (str_suffix(str_c(path), STR(".json"))) {
			struct count c = run_file(path, list[i]->d_name, flags);

			all.passed += c.passed;
			all.failed += c.failed;
			if (verbose || c.failed)
				printf("  %5u of %5u  %s\n", c.passed, c.passed + c.failed,
				       list[i]->d_name);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	printf("%s: %u of %u\n", what, all.passed, all.passed + all.failed);
	return all;
}

static int run_suite(const char *suite)
{
	char dir[PATH_BYTES];
	struct count required;

	snprintf(dir, sizeof(dir), "%s/remotes", suite);
	load_remotes(dir, "http://localhost:1234");
	snprintf(dir, sizeof(dir), "%s/tests/draft2020-12", suite);
	required = run_dir(dir, "required", 0, false);
	snprintf(dir, sizeof(dir), "%s/tests/draft2020-12/optional", suite);
	run_dir(dir, "optional", 0, true);
	snprintf(dir, sizeof(dir), "%s/tests/draft2020-12/optional/format", suite);
	run_dir(dir, "optional/format", SCHEMA_FORMATS, true);
	return required.failed > 0 || required.passed == 0;
}

int main(int argc, char **argv)
{
	unsigned failed = 0;

	diag_init("conformance");
	kept = arena_new();
	if (argc == 2)
		return run_suite(argv[1]);
	if (argc < 3 || strcmp(argv[1], "--own") != 0) {
		fprintf(stderr, "usage: conformance SUITE | --own FILE...\n");
		return 64;
	}
	for (int i = 2; i < argc; i++) {
		struct count c = run_file(argv[i], argv[i], SCHEMA_FORMATS);

		printf("%s: %u of %u\n", argv[i], c.passed, c.passed + c.failed);
		failed += c.failed + (c.passed == 0);
	}
	arena_free(kept);
	return failed > 0;
}
