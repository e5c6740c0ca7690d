/* SPDX-License-Identifier: MIT */
#include "opt.h"

#include "unit.h"

static const struct opt own[] = {
	{ "map", 'm', "FILE", "map", true },
	{ "size", 0, "BYTES", "size", false },
	{ NULL, 0, NULL, NULL, false },
};
static const struct opt common[] = {
	{ "quiet", 'q', NULL, "quiet", false },
	{ "jobs", 'j', "N", "jobs", false },
	{ NULL, 0, NULL, NULL, false },
};
static const struct program files = { "unit", "tests", "[FILE...]", NULL, own, NULL };
static const struct program none = { "unit", "tests", NULL, NULL, own, NULL };
static const struct program verb = { "unit verb", "tests", "[FILE...]", NULL, own, "QUEUE" };

static struct args args;
static struct err e;
static char *argv[16];

/* Parse the words of ${line}, which are divided by single spaces. */
static int parse(const struct program *p, const char *line)
{
	char *word = arena_cstr(arena, str_c(line));
	int argc = 0;

	argv[argc++] = arena_cstr(arena, STR("unit"));
	while (word && argc < 15) {
		argv[argc++] = word;
		word = strchr(word, ' ');
		if (word)
			*word++ = '\0';
	}
	argv[argc] = NULL;
	e = (struct err){ 0 };
	return opt_parse(p, common, argc, argv, &args, &e);
}

static bool refused(const char *line, const char *text)
{
	return parse(&files, line) == -1 && e.fault == FAULT_USAGE && strstr(e.text, text);
}

static bool is(const char *have, const char *want)
{
	return have && want ? strcmp(have, want) == 0 : have == want;
}

static void options_are_found_however_they_are_written(void)
{
	CHECK(parse(&files, "-qj4 --size=1k a -q") == 0);
	CHECK(opt_flag(&args, "quiet") && is(opt_value(&args, "jobs"), "4") &&
	      is(opt_value(&args, "size"), "1k"));
	CHECK(args.n_operands == 2 && is(args.operands[0], "a") && is(args.operands[1], "-q"));
	CHECK(parse(&files, "--size 7 -j 2 -- -q") == 0);
	CHECK(is(opt_value(&args, "size"), "7") && !opt_flag(&args, "quiet") && args.n_operands == 1);
	CHECK(parse(&files, "-") == 0);
	CHECK(args.n_operands == 1 && is(args.operands[0], "-"));
	CHECK(opt_value(&args, "nonsense") == NULL);
}

static void an_option_may_be_repeated_only_if_it_says_so(void)
{
	CHECK(parse(&files, "-ma --map b --map=c -q -q") == 0);
	CHECK(is(opt_values(&args, "map", 0), "a") && is(opt_values(&args, "map", 1), "b"));
	CHECK(is(opt_values(&args, "map", 2), "c") && opt_values(&args, "map", 3) == NULL);
	CHECK(is(opt_value(&args, "map"), "c"));
	CHECK(refused("-j1 --jobs 1", "--jobs is given twice"));
}

static void what_is_wrong_is_said(void)
{
	CHECK(refused("--nonsense", "--nonsense"));
	CHECK(refused("-Z", "-Z"));
	CHECK(refused("-qZ", "-Z"));
	CHECK(refused("--quiet=1", "--quiet takes no argument"));
	CHECK(refused("--jobs", "--jobs needs an argument"));
	CHECK(refused("-j", "-j needs an argument"));
	CHECK(refused("--job 4", "--jobs"));
	CHECK(parse(&none, "a") == -1 && strstr(e.text, "\"a\""));
	CHECK(parse(&none, "-q") == 0);
}

static void numbers_are_whole_and_in_range(void)
{
	static const char *const bad[] = {
		"-j0", "-j9", "-j-1", "-j1x", "-jx", "-j1.5", "-j18446744073709551617", "--jobs="
	};
	uint64_t v = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK(parse(&files, bad[i]) == 0);
		CHECK(opt_number(&args, "jobs", 1, 8, &v, &e) == -1 && e.fault == FAULT_USAGE && v == 77);
	}
	CHECK(parse(&files, "-q") == 0 && opt_number(&args, "jobs", 1, 8, &v, &e) == 0 && v == 77);
	CHECK(parse(&files, "-j8") == 0 && opt_number(&args, "jobs", 1, 8, &v, &e) == 0 && v == 8);
}

static void sizes_have_units(void)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = { { "--size=1", 1 },
		     { "--size=3k", 3072 },
		     { "--size=2M", 2097152 },
		     { "--size=1G", 1073741824 } };
	static const char *const bad[] = { "--size=k", "--size=1K", "--size=1kk",
					   "--size=18014398509481984k", "--size=0" };
	uint64_t v = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CHECK(parse(&files, good[i].text) == 0 &&
		      opt_size(&args, "size", 1, UINT64_MAX, &v, &e) == 0 && v == good[i].size);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(parse(&files, bad[i]) == 0 && opt_size(&args, "size", 1, UINT64_MAX, &v, &e) == -1);
}

static void spans_and_instants_are_read(void)
{
	int64_t ms = -1;

	CHECK(parse(&files, "--size=90s") == 0);
	CHECK(opt_duration(&args, "size", 0, 100000, &ms, &e) == 0 && ms == 90000);
	CHECK(opt_duration(&args, "size", 0, 89999, &ms, &e) == -1 && e.fault == FAULT_USAGE);
	CHECK(opt_duration(&args, "size", 90001, 100000, &ms, &e) == -1 && strstr(e.text, "--size"));
	CHECK(opt_duration(&args, "jobs", 1, 2, &ms, &e) == 0 && ms == 90000);
	CHECK(opt_time(&args, "size", 5, &ms, &e) == -1 && e.fault == FAULT_USAGE);
	CHECK(parse(&files, "--size=-2h") == 0 && opt_time(&args, "size", 7200001, &ms, &e) == 0 &&
	      ms == 1);
	CHECK(opt_duration(&args, "size", 0, 100000, &ms, &e) == -1 && ms == 1);
	CHECK(parse(&files, "--size=+1s") == 0 && opt_time(&args, "size", 1, &ms, &e) == 0 && ms == 1001);
	CHECK(parse(&files, "--size=1970-01-01T00:00:01Z") == 0);
	CHECK(opt_time(&args, "size", 77, &ms, &e) == 0 && ms == 1000);
}

static void options_of_a_verb_may_stand_behind_its_operands(void)
{
	CHECK(parse(&verb, "-j 2 inbound --size 7 -m a f -m b -- -q") == 0);
	CHECK(is(args.subject, "inbound") && args.n_operands == 2);
	CHECK(is(args.operands[0], "f") && is(args.operands[1], "-q") && !opt_flag(&args, "quiet"));
	CHECK(is(opt_value(&args, "size"), "7") && is(opt_values(&args, "map", 0), "a") &&
	      is(opt_values(&args, "map", 1), "b") && !opt_values(&args, "map", 2));
	CHECK(parse(&verb, "-q") == -1 && is(e.text, "QUEUE is missing"));
	CHECK(parse(&verb, "inbound f --sizes 7") == -1 && is(e.text, "unknown option --sizes"));
	CHECK(parse(&verb, "inbound f --siz 7 g") == -1 &&
	      is(e.text, "unknown option --siz; did you mean --size"));
	CHECK(parse(&verb, "inbound f --siz=7 g") == -1 &&
	      is(e.text, "unknown option --siz=7; did you mean --size"));
}

UNIT_MAIN(UNIT(options_are_found_however_they_are_written),
	  UNIT(an_option_may_be_repeated_only_if_it_says_so), UNIT(what_is_wrong_is_said),
	  UNIT(numbers_are_whole_and_in_range), UNIT(sizes_have_units),
	  UNIT(spans_and_instants_are_read), UNIT(options_of_a_verb_may_stand_behind_its_operands))
