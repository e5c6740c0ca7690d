/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "near.h"
#include "unit.h"

static void a_model_is_found_by_name_and_id(void)
{
	const struct model *m = model_find(STR("message"));

	CHECK(m && strcmp(m->group, "message") == 0 && !m->planned);
	CHECK(m && model_find(str_c(m->id)) == m);
	CHECK(model_find(STR("twilio/webhook")) != NULL);
	CHECK(!model_find(STR("messag")) && !model_find(STR("")));
	m = model_nearest(STR("messag"));
	CHECK(m && strcmp(m->name, "message") == 0);
	CHECK(!model_nearest(STR("quite another thing")));
}

static void the_model_of_a_record_is_that_of_its_kind(void)
{
	static const char *const kinds[] = { "webhook", "message",  "status", "event",
					     "reject",  "delivery", "push",   "change" };

	for (size_t i = 0; i < LEN(kinds); i++) {
		const struct model *m = model_of(str_c(kinds[i]), STR("acme"));

		CHECK(m && strcmp(m->name, kinds[i]) == 0);
	}
	CHECK(strcmp(model_of(STR("webhook"), STR("twilio"))->name, "twilio/record") == 0);
	CHECK(!model_of(STR("note"), STR_NONE));
	CHECK(!model_of(STR_NONE, STR_NONE));
}

static void all_models_compile(void)
{
	struct schema_set *set = schema_set_new(SCHEMA_FORMATS | SCHEMA_STRICT);
	struct err e = { 0 };

	CHECK(model_add_all(set, &e) == 0);
	for (size_t i = 0; i < models_n; i++) {
		if (!schema_set_get(set, str_c(models[i].uri), &e))
			unit_show(models[i].name, str_c(e.text));
		CHECK(schema_set_get(set, str_c(models[i].id), &e) != NULL);
	}
	CHECK(models_n > 100);
	schema_set_free(set);
}

static void words_that_differ_little_are_near(void)
{
	CHECK(near_distance(STR("abc"), STR("abc"), 4) == 0);
	CHECK(near_distance(STR("abc"), STR("abd"), 4) == 1);
	CHECK(near_distance(STR("abc"), STR("ab"), 4) == 1);
	CHECK(near_distance(STR(""), STR("abc"), 4) == 3);
	CHECK(near_distance(STR("abcdef"), STR("ghijkl"), 4) == 4);
}

UNIT_MAIN(UNIT(a_model_is_found_by_name_and_id), UNIT(the_model_of_a_record_is_that_of_its_kind),
	  UNIT(all_models_compile), UNIT(words_that_differ_little_are_near))
