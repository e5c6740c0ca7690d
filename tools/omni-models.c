/* SPDX-License-Identifier: MIT */
/* omni-models: lists, shows, explains and checks the models.  omni-models(1) */
#include "models.h"

static const struct verb verbs[] = {
	{ .command = &models_list },    { .command = &models_show },   { .command = &models_doc },
	{ .command = &models_example }, { .command = &models_export }, { .command = &models_check },
};

static const struct suite suite = {
	.name = "omni-models",
	.purpose = "The JSON Schemas of what the programs read and write.",
	.example = "omni-models doc message",
	.verbs = verbs,
	.n = sizeof(verbs) / sizeof(verbs[0]),
};

int main(int argc, char **argv)
{
	return verb_main(&suite, argc, argv);
}
