/* SPDX-License-Identifier: MIT */
/* omni-models check: schemas of the user's own. */
#include "diag.h"
#include "file.h"
#include "limit.h"
#include "models.h"

/* What the schema itself gives as examples must be valid.  Return whether it is. */
static bool check_examples(const char *path, const struct json *root, const struct schema *s,
			   struct arena *a)
{
	struct buf text = { .max = SIZE_MAX };
	bool fine = true;

	for (struct json_iter it = json_iter(json_get(root, "examples")); json_next(&it);) {
		struct schema_report report = schema_explain(s, it.value, a);

		for (size_t i = 0; i < report.n; i++) {
			buf_reset(&text);
			schema_put_text(&text, &report.units[i]);
			diag_error("%s: /examples/%zu: %.*s", path, it.i, STR_FMT(buf_get(&text)));
			fine = false;
		}
	}
	buf_free(&text);
	return fine;
}

/* Each file in a set of its own, so that one that is wrong does not spoil the next. */
static bool check_file(const char *path, unsigned flags, struct arena *a)
{
	struct schema_set *set = schema_set_new(flags);
	const struct schema *s = NULL;
	const struct json *root;
	struct str text;
	struct err e, unread;
	bool fine = false;

	if (file_read(path, CONF_MAX_BYTES, a, &text, NULL, &e) < 0)
		goto out;
	root = json_parse_relaxed(text, a, &unread); /* what is wrong with it schema_set_file says */
	if (model_add_but(set, json_get_str(root, "$id"), &e) == 0 && schema_set_file(set, path, &e) == 0)
		s = schema_set_get(set, str_c(path), &e);
	if (s)
		fine = check_examples(path, root, s, a);
out:
	if (!s)
		diag_error("%s", e.text);
	schema_set_free(set);
	return fine;
}

static int check_run(const struct setup *s, struct err *e)
{
	unsigned flags = SCHEMA_FORMATS | SCHEMA_FILES |
			 (opt_flag(s->args, "lenient") ? 0 : SCHEMA_STRICT);
	struct arena *a;
	bool fine = true;

	if (s->args->n_operands == 0)
		return err_set(e, FAULT_USAGE, "usage", "name a file with a schema");
	a = arena_new();
	for (int i = 0; i < s->args->n_operands; i++) {
		fine = check_file(s->args->operands[i], flags, a) && fine;
		arena_reset(a);
	}
	arena_free(a);
	return fine ? EXIT_OK : EXIT_REJECTED;
}

static const struct opt options[] = {
	{ "lenient", 0, NULL, "keywords and formats that are not known are no errors", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct command models_check = {
	.program = {
		.name = "omni-models check",
		.purpose = "Check schemas of your own: keywords, references, patterns, and their examples.",
		.operands = "FILE...",
		.example = "omni-models check order.schema.json",
		.opts = options,
	},
	.run = check_run,
};
