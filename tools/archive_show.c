/* SPDX-License-Identifier: MIT */
/* omni-archive cat, get: lines out of an archive as they went in. */
#include "archive_batch.h"
#include "archive_verbs.h"
#include "diag.h"

static const struct opt cat_opts[] = {
	ARCHIVE_OPT_ROOT, ARCHIVE_OPT_STREAM, ARCHIVE_OPT_FROM, ARCHIVE_OPT_TO, ARCHIVE_OPT_END,
};

static const struct opt get_opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	ARCHIVE_OPT_FROM,
	ARCHIVE_OPT_TO,
	{ "by", 0, "MEMBER", "the member that has the value (default \"id\")", false },
	ARCHIVE_OPT_END,
};

/* Write all that ${a} gives.  Return 0, 1 if something was damaged, -1; ${given} counts blocks. */
static int pour(struct archive *a, uint64_t *given, struct err *e)
{
	struct archive_block b;
	int rc, bad = 0;

	while ((rc = archive_next(a, &b, e)) != 0) {
		if (rc > 0 && archive_put(b.text, e) < 0)
			return -1;
		if (rc > 0) {
			++*given;
			continue;
		}
		if (e->fault != FAULT_DATA)
			return -1;
		diag_error("%s", e->text);
		bad = EXIT_REJECTED;
	}
	return bad;
}

static struct archive *open_range(const struct setup *s, struct err *e)
{
	struct archive_range range;

	if (archive_range_of(s->args, &range, e) < 0)
		return NULL;
	return archive_open(archive_root(s->args), opt_value(s->args, "stream"), range, e);
}

static int cat_archive(const struct setup *s, struct err *e)
{
	struct archive *a = open_range(s, e);
	uint64_t given = 0;
	int rc = a ? pour(a, &given, e) : -1;

	archive_close(a);
	return rc;
}

static int put_lines(void *with, struct str lines, const char *name, uint64_t lineno, struct err *e)
{
	(void)with;
	(void)name;
	(void)lineno;
	return archive_put(lines, e);
}

/* Batches of others: a damaged one does not keep the next from being read. */
static int cat_files(const struct args *args, struct err *e)
{
	static const char *const ours[] = { "root", "stream", "from", "to" };
	struct batch_to to = { put_lines, NULL };
	int bad = 0;

	for (size_t i = 0; i < LEN(ours); i++)
		if (opt_flag(args, ours[i]))
			return err_set(e, FAULT_USAGE, "usage",
				       "--%s is for an archive, not for files", ours[i]);
	for (int i = 0; i < args->n_operands; i++) {
		if (batch_read(args->operands[i], &to, e) == 0)
			continue;
		if (e->fault != FAULT_DATA)
			return -1;
		diag_error("%s", e->text);
		bad = EXIT_REJECTED;
	}
	return bad;
}

static int cat_run(const struct setup *s, struct err *e)
{
	if (s->args->n_operands > 0)
		return cat_files(s->args, e);
	return cat_archive(s, e);
}

static int get_run(const struct setup *s, struct err *e)
{
	const char *by = opt_value(s->args, "by");
	uint64_t given = 0;
	struct archive *a;
	int rc;

	if (s->args->n_operands != 1)
		return err_set(e, FAULT_USAGE, "usage", "name one value");
	a = open_range(s, e);
	if (!a)
		return -1;
	archive_find(a, by ? str_c(by) : STR("id"), str_c(s->args->operands[0]));
	rc = pour(a, &given, e);
	archive_close(a);
	return rc == 0 && given == 0 ? EXIT_REJECTED : rc;
}

const struct command archive_cat = {
	.program = {
		.name = "omni-archive cat",
		.purpose = "write the records of a time range, byte for byte, or those of batches",
		.operands = "[FILE...]",
		.example = "omni-archive cat -s webhooks --from yesterday --to today | omni-validate",
		.opts = cat_opts,
	},
	.run = cat_run,
};

const struct command archive_get = {
	.program = {
		.name = "omni-archive get",
		.purpose = "write the records with an id",
		.operands = "ID",
		.example = "omni-archive get --by external_id SM0123456789abcdef | jq .text",
		.opts = get_opts,
	},
	.run = get_run,
};
