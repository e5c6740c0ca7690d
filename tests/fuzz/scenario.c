/* SPDX-License-Identifier: MIT */
/*
 * What is read of any JSON as a scenario, of its model or not, answers all questions, with times that are none below
 * zero.  (The models are not in this program: nothing is checked against them.)
 */
#include <stdlib.h>

#include "clock.h"
#include "model.h"
#include "sandbox_scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int model_add_all(struct schema_set *set, struct err *e)
{
	(void)set;
	return err_set(e, FAULT_CONFIG, "models", "there are none");
}

static void ask(struct scenario *s, unsigned attempt, int64_t since)
{
	static const struct str to[] = { STR("+15550123"), STR("u1") };
	struct occasion o = { .carrier = STR("twilio"),
			      .account = STR("a"),
			      .kind = STR("message"),
			      .from = STR("+15550100"),
			      .type = STR("text"),
			      .text = STR("aaaaaaaaaaaaaaaaaaab"),
			      .to = to,
			      .n_to = LEN(to),
			      .roll = attempt * 7919,
			      .attempt = attempt,
			      .since = since };
	struct course course = scenario_course(s, &o);
	unsigned n = 0;

	if (scenario_latency(s, &o) < 0 || scenario_conduct(s, &o).retry_after < 0)
		abort();
	for (unsigned i = 0; i <= course.n; i++)
		if (scenario_delay(s, &o, i) < 0)
			abort();
	const struct saying *say = scenario_replies(s, &o, &n);
	for (unsigned i = 0; i < n; i++)
		if (say[i].after < 0 || say[i].after > CLOCK_SPAN_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str text = { (const char *)data, size };
	struct err e;
	const struct json *root = json_parse_relaxed(text, a, &e);
	struct scenario *s = root ? scenario_of(root, "scenario", 1, &e) : NULL;

	if (s) {
		for (unsigned i = 1; i < 4; i++)
			ask(s, i, i * 100);
		ask(s, 4, CLOCK_SPAN_MAX);
		scenario_reset(s);
		ask(s, 1, 0);
	}
	scenario_free(s);
	arena_free(a);
	return 0;
}
