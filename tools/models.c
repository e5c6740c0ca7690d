/* SPDX-License-Identifier: MIT */
/* omni-models list, show, example, export: the models as they are. */
#include "models.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const struct model *models_named(const char *name, struct err *e)
{
	const struct model *m = model_find(str_c(name)), *near;

	if (m)
		return m;
	near = model_nearest(str_c(name));
	err_set(e, FAULT_USAGE, "usage", "there is no model \"%.100s\"", name);
	if (near)
		err_hint(e, "did you mean \"%s\"", near->name);
	else
		err_hint(e, "omni-models list names them all");
	return NULL;
}

static int put(struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
	buf_reset(b);
	return EXIT_OK;
}

/* ---- list ---- */

static bool has_group(const char *group)
{
	for (size_t i = 0; i < models_n; i++)
		if (strcmp(models[i].group, group) == 0)
			return true;
	return false;
}

/* Shared parts are listed only when asked for. */
static bool listed(const struct model *m, const struct args *a)
{
	if (a->n_operands == 0 && strcmp(m->group, "defs") == 0)
		return false;
	if ((opt_flag(a, "planned") && !m->planned) || (opt_flag(a, "used") && m->planned))
		return false;
	for (int i = 0; i < a->n_operands; i++)
		if (strcmp(m->group, a->operands[i]) == 0)
			return true;
	return a->n_operands == 0;
}

static void list_json(struct buf *b, const struct model *m)
{
	json_open(b, '{');
	json_add_str(b, "name", str_c(m->name));
	json_add_str(b, "group", str_c(m->group));
	json_add_str(b, "title", str_c(m->title));
	json_add_str(b, "id", str_c(m->id));
	json_opt_str(b, "kind", str_c(m->kind));
	json_opt_str(b, "carrier", str_c(m->carrier));
	json_add_bool(b, "planned", m->planned);
	json_key(b, "programs");
	json_open(b, '[');
	for (struct str s = str_c(m->programs); s.n > 0;) {
		size_t n = str_find(s, ' ');

		json_put_str(b, str_sub(s, 0, n));
		s = str_sub(s, n + 1, s.n);
	}
	json_close(b, ']');
	json_close(b, '}');
	buf_char(b, '\n');
}

static void list_text(struct buf *b, const struct model *m, const char **group)
{
	if (!*group || strcmp(*group, m->group) != 0) {
		buf_fmt(b, "%s%s\n", *group ? "\n" : "", m->group);
		*group = m->group;
	}
	buf_fmt(b, "  %-24s %-8s %s\n", m->name, m->planned ? "planned" : "", m->title);
}

static int list_run(const struct setup *s, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	const char *group = NULL;

	for (int i = 0; i < s->args->n_operands; i++)
		if (!has_group(s->args->operands[i]))
			return err_set(e, FAULT_USAGE, "usage", "there is no group \"%.100s\"",
				       s->args->operands[i]);
	for (size_t i = 0; i < models_n; i++) {
		if (!listed(&models[i], s->args))
			continue;
		if (opt_flag(s->args, "json"))
			list_json(&b, &models[i]);
		else
			list_text(&b, &models[i], &group);
	}
	put(&b);
	buf_free(&b);
	return EXIT_OK;
}

static const struct opt list_options[] = {
	{ "json", 0, NULL, "one JSON object for each model", false },
	{ "planned", 0, NULL, "only those that nothing reads or writes yet", false },
	{ "used", 0, NULL, "only those that something does", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct command models_list = {
	.program = {
		.name = "omni-models list",
		.purpose = "List the models, or those of some groups.",
		.operands = "[GROUP...]",
		.example = "omni-models list --json carrier | jq -r .name",
		.opts = list_options,
	},
	.run = list_run,
};

/* ---- show ---- */

static int no_names(struct err *e)
{
	return err_set(e, FAULT_USAGE, "usage", "the name of a model is missing");
}

static int show_run(const struct setup *s, struct err *e)
{
	if (s->args->n_operands == 0)
		return no_names(e);
	for (int i = 0; i < s->args->n_operands; i++) {
		const struct model *m = models_named(s->args->operands[i], e);

		if (!m)
			return -1;
		fwrite(m->text.p, 1, m->text.n, stdout);
	}
	return EXIT_OK;
}

static const struct opt no_options[] = { { NULL, 0, NULL, NULL, false } };

const struct command models_show = {
	.program = {
		.name = "omni-models show",
		.purpose = "Print the JSON Schema of a model.",
		.operands = "NAME...",
		.example = "omni-models show message | jq .properties",
		.opts = no_options,
	},
	.run = show_run,
};

/* ---- example ---- */

static int example_run(const struct setup *s, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct arena *a = arena_new();
	const struct model *m;
	struct place_docs docs;
	int rc = EXIT_OK;

	if (s->args->n_operands == 0)
		rc = no_names(e);
	model_docs(&docs, a);
	for (int i = 0; rc == EXIT_OK && i < s->args->n_operands; i++) {
		struct json_iter it;

		m = models_named(s->args->operands[i], e);
		if (!m) {
			rc = -1;
			break;
		}
		it = json_iter(place_get(model_place(&docs, m), "examples").v);
		while (json_next(&it)) {
			buf_str(&b, json_compact(a, it.value));
			buf_char(&b, '\n');
		}
		put(&b);
	}
	buf_free(&b);
	arena_free(a);
	return rc;
}

const struct command models_example = {
	.program = {
		.name = "omni-models example",
		.purpose = "Print the examples of a model, one a line.",
		.operands = "NAME...",
		.example = "omni-models example message | omni-route",
		.opts = no_options,
	},
	.run = example_run,
};

/* ---- export ---- */

/* Make the directories that ${path} is in. */
static int make_parents(char *path, struct err *e)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
		*slash = '/';
	}
	return 0;
}

static int export_one(const char *dir, const struct model *m, struct arena *a, struct err *e)
{
	char *path = arena_cstr(a, arena_fmt(a, "%s/%s", dir, m->id + strlen(MODEL_BASE)));
	size_t done = 0;
	int fd;

	if (make_parents(path, e) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	while (fd >= 0 && done < m->text.n) {
		ssize_t n = write(fd, m->text.p + done, m->text.n - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < m->text.n || close(fd) < 0)
		return err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
	return 0;
}

static int export_run(const struct setup *s, struct err *e)
{
	struct arena *a;
	int rc = EXIT_OK;

	if (s->args->n_operands != 1)
		return err_set(e, FAULT_USAGE, "usage", "name one directory");
	a = arena_new();
	for (size_t i = 0; rc == EXIT_OK && i < models_n; i++)
		rc = export_one(s->args->operands[0], &models[i], a, e);
	arena_free(a);
	return rc;
}

const struct command models_export = {
	.program = {
		.name = "omni-models export",
		.purpose = "Write all schemas into a directory, where other tools find what they refer to.",
		.operands = "DIR",
		.example = "omni-models export schemas && ls schemas/message",
		.opts = no_options,
	},
	.run = export_run,
};
