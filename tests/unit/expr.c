/* SPDX-License-Identifier: MIT */
#include "expr.h"

#include <pthread.h>
#include <stdlib.h>

#include "unit.h"

static struct err e;

static int collect(void *arg, struct str json, struct err *why)
{
	struct buf *b = arg;

	(void)why;
	if (b->n)
		buf_char(b, ' ');
	buf_str(b, json);
	return 0;
}

/* The results of ${program} on ${input}, with a space between; or the code of the failure. */
static struct str run(const char *program, const char *input)
{
	struct expr *x = expr_new("test", str_c(program), &e);
	struct expr_input *in = expr_input_text(str_c(input));
	struct buf b = { .max = 1u << 20 };
	struct str s = STR("not compiled");

	if (x)
		s = expr_run(x, in, collect, &b, &e) < 0 ? str_c(e.code) :
							   arena_str(arena, buf_get(&b));
	buf_free(&b);
	expr_input_free(in);
	expr_free(x);
	return s;
}

static void programs_give_results(void)
{
	CHECK_STR(run(".", "{\"b\":[1,true,null],\"a\":\"x\"}"), "{\"b\":[1,true,null],\"a\":\"x\"}");
	CHECK_STR(run(".a, .b # all", "{\"a\":1,\"b\":2}"), "1 2");
	CHECK_STR(run("empty", "1"), "");
	CHECK_STR(run("def f: .a; f", "{\"a\":\"\\u00e9\\n\\u0000\"}"), "\"\xc3\xa9\\n\\u0000\"");
	CHECK_STR(run(".a", "{\"a\":1,\"a\":2}"), "1");
}

static void numbers_are_written_alike_by_all_versions(void)
{
	CHECK_STR(run(".", "[1.0,-0.5,1e2,0.1,1e300,123456789012]"),
		  "[1,-0.5,100,0.1,1e+300,123456789012]");
	CHECK_STR(run("nan, infinite, 1/3", "0"), "null 1.7976931348623157e+308 0.3333333333333333");
}

static void nothing_outside_is_to_be_had(void)
{
	setenv("OMNI_TEST_SECRET", "s3cret", 1);
	CHECK_STR(run("env.OMNI_TEST_SECRET, $ENV.OMNI_TEST_SECRET", "0"), "null null");
	CHECK_STR(run("input", "0"), "expr-failed");
	CHECK_STR(run("[inputs]", "0"), "[]");
	CHECK_STR(run("halt", "0"), "expr-failed");
	CHECK_STR(run("halt_error", "0"), "expr-failed");
	CHECK_STR(run("halt_error(3)", "0"), "expr-failed");
	CHECK_STR(run("now", "0"), "expr-failed");
	CHECK_STR(run("localtime", "0"), "expr-failed");
	CHECK_STR(run("\"a\" | modulemeta", "0"), "expr-failed");
	CHECK_STR(run("debug | stderr | input_filename", "0"), "null");
	CHECK_STR(run("include \"x\"; 1", "0"), "not compiled");
	CHECK_STR(run("import \"x\" as x; 1", "0"), "not compiled");
}

static void errors_name_the_line(void)
{
	CHECK_STR(run(".a\n| .b |\n| .c", "0"), "not compiled");
	CHECK(e.fault == FAULT_CONFIG);
	CHECK_STR(str_c(e.text), "test: line 3: syntax error, unexpected '|'");
	CHECK_STR(run("(.a", "0"), "not compiled");
	CHECK(str_prefix(str_c(e.text), STR("test: line 1: syntax error, unexpected ")));
	CHECK_STR(run("1 +\n nosuch", "0"), "not compiled");
	CHECK_STR(str_c(e.text), "test: line 2: nosuch/0 is not defined");
	CHECK(!expr_new("test", STR(".a\0.b"), &e));
	CHECK_STR(str_c(e.text), "test: the program holds a NUL character");
}

static void programs_that_fail_say_why(void)
{
	CHECK_STR(run("[55296] | implode", "0"), "\"\xef\xbf\xbd\"");
	CHECK_STR(run(".a", "[]"), "expr-failed");
	CHECK(e.fault == FAULT_DATA);
	CHECK(str_prefix(str_c(e.text), STR("test: Cannot index array with ")));
	CHECK_STR(run("error({a:1})", "0"), "expr-failed");
	CHECK_STR(str_c(e.text), "test: {\"a\":1}");
}

static void depth_is_bounded(void)
{
	struct buf b = { .max = 1u << 20 };

	for (int i = 0; i < 100000; i++)
		buf_char(&b, '[');
	for (int i = 0; i < 100000; i++)
		buf_char(&b, ']');
	buf_char(&b, '\0');
	CHECK_STR(run(".", b.p), "expr-failed");
	CHECK_STR(run("reduce range(1000) as $i (0; [.])", "0"), "expr-failed");
	buf_free(&b);
}

static int refuse(void *arg, struct str json, struct err *why)
{
	(void)json;
	++*(int *)arg;
	return err_set(why, FAULT_DATA, "refused", "refused");
}

static void the_caller_can_stop(void)
{
	struct expr *x = expr_new("test", STR("1,2,3"), &e);
	struct expr_input *in = expr_input_text(STR("0"));
	struct buf b = { .max = 100 };
	int n = 0;

	CHECK(expr_run(x, in, refuse, &n, &e) == -1 && n == 1);
	CHECK_STR(str_c(e.code), "refused");
	CHECK(expr_run(x, in, collect, &b, &e) == 0);
	CHECK_STR(buf_get(&b), "1 2 3");
	buf_free(&b);
	expr_input_free(in);
	expr_free(x);
}

static void a_list_is_tested_by_number(void)
{
	const struct str programs[] = { STR(".a == 1 # one"), STR(".a"),   STR("empty"),
					STR(".a | not"),      STR(".a.b"), STR("1, false") };
	const int want[] = { 1, 1, 0, 0, -1, 1 };
	struct expr *x = expr_list_new("list", programs, 6, &e);
	struct expr_input *in = expr_input_text(STR("{\"a\":1}"));

	CHECK(x != NULL);
	for (size_t i = 0; x && i < 6; i++)
		CHECK(expr_test(x, i, in, &e) == want[i]);
	expr_input_free(in);
	expr_free(x);
	CHECK(!expr_list_new("list", (const struct str[]){ STR("."), STR("(") }, 2, &e));
}

static void *runaway(void *arg)
{
	const char *const *programs = arg;

	for (int i = 0; programs[i]; i++) {
		struct expr *x = expr_new("loop", str_c(programs[i]), &(struct err){ 0 });
		struct expr_input *in = expr_input_text(STR("{\"a\":1}"));
		struct buf b = { .max = 100 };
		struct err why = { .code = "none" };

		if (!x || expr_run(x, in, collect, &b, &why) == 0 || strcmp(why.code, "expr-timeout") != 0)
			return (void *)programs[i];
		expr_input_free(in);
		expr_free(x);
		buf_free(&b);
	}
	return NULL;
}

static void runaway_programs_are_stopped_in_every_thread(void)
{
	static const char *const programs[2][3] = { { "last(range(1e15))", "def f: f; f", NULL },
						    { "reduce range(1e15) as $i (0; . + 1)",
						      "[limit(1; repeat(empty))]", NULL } };
	pthread_t threads[2];
	void *failed;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, runaway, (void *)(uintptr_t)programs[i]);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &failed);
		CHECK(!failed);
		if (failed)
			unit_show("program", str_c(failed));
	}
	CHECK_STR(run(".", "1"), "1");
}

static void *ordinary(void *arg)
{
	struct expr *x = expr_new("thread", STR(".a * 2"), &(struct err){ 0 });
	struct expr_input *in = expr_input_text(STR("{\"a\":21}"));

	for (int i = 0; i < 2000; i++) {
		struct buf b = { .max = 100 };

		if (expr_run(x, in, collect, &b, &(struct err){ 0 }) < 0 ||
		    !str_eq(buf_get(&b), STR("42")))
			*(bool *)arg = true;
		buf_free(&b);
	}
	expr_input_free(in);
	expr_free(x);
	return NULL;
}

static void threads_do_not_disturb_each_other(void)
{
	bool failed[4] = { false };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ordinary, &failed[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CHECK(!failed[i]);
	}
}

UNIT_MAIN(UNIT(programs_give_results), UNIT(numbers_are_written_alike_by_all_versions),
	  UNIT(nothing_outside_is_to_be_had), UNIT(errors_name_the_line),
	  UNIT(programs_that_fail_say_why), UNIT(depth_is_bounded), UNIT(the_caller_can_stop),
	  UNIT(a_list_is_tested_by_number), UNIT(runaway_programs_are_stopped_in_every_thread),
	  UNIT(threads_do_not_disturb_each_other))
