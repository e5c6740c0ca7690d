/* SPDX-License-Identifier: MIT */
/* The verbs of omni-store that keep the file in order. */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "diag.h"
#include "store_keep.h"
#include "store_verbs.h"

/* clang-format off */
static const struct opt opts_file[] = { STORE_OPT_FILE, { NULL, 0, NULL, NULL, false } };
/* clang-format on */

static int run_stat(const struct setup *setup, struct err *e)
{
	struct store *s;
	int rc;

	if (store_operand(setup->args, NULL, e) < 0)
		return -1;
	s = store_open(store_path(setup->args), STORE_READONLY, e);
	if (!s)
		return -1;
	rc = store_stat(s, &store_printer, e);
	store_close(s);
	return rc < 0 ? -1 : EXIT_OK;
}

const struct command command_store_stat = {
	.program = {
		.name = "omni-store stat",
		.purpose = "Tell what is in the store.",
		.example = "omni-store stat | jq .",
		.opts = opts_file,
	},
	.run = run_stat,
};

static int run_backup(const struct setup *setup, struct err *e)
{
	struct store *s;
	int rc;

	if (store_operand(setup->args, "the name of the copy", e) < 0)
		return -1;
	s = store_open(store_path(setup->args), STORE_READONLY, e);
	if (!s)
		return -1;
	rc = store_backup(s, setup->args->operands[0], e);
	store_close(s);
	return rc < 0 ? -1 : EXIT_OK;
}

const struct command command_store_backup = {
	.program = {
		.name = "omni-store backup",
		.purpose = "Copy the store while it is in use.",
		.operands = "FILE",
		.example = "omni-store backup /backup/store-$(date +%F).db",
		.opts = opts_file,
	},
	.run = run_backup,
};

static int run_check(const struct setup *setup, struct err *e)
{
	struct store *s;
	int problems;

	if (store_operand(setup->args, NULL, e) < 0)
		return -1;
	s = store_open(store_path(setup->args), 0, e);
	if (!s)
		return -1;
	problems = store_check(s, &store_printer, e);
	store_close(s);
	return problems < 0 ? -1 : problems ? EXIT_REJECTED : EXIT_OK;
}

const struct command command_store_check = {
	.program = {
		.name = "omni-store check",
		.purpose = "Look for damage, and for rows that point to nothing.",
		.example = "omni-store check || echo 'restore the last backup'",
		.opts = opts_file,
	},
	.run = run_check,
};

static void show(const struct store_removed *r, bool dry, bool mentioned)
{
	printf("{\"kind\":\"removed\",\"dry\":%s,\"messages\":%" PRId64 ",\"records\":%" PRId64
	       ",\"changes\":%" PRId64 ",\"conversations\":%" PRId64 ",\"contacts\":%" PRId64
	       ",\"devices\":%" PRId64,
	       dry ? "true" : "false", r->messages, r->records, r->changes, r->conversations,
	       r->contacts, r->devices);
	if (mentioned)
		printf(",\"mentioned\":%" PRId64, r->mentioned);
	puts("}");
}

static int run_prune(const struct setup *setup, struct err *e)
{
	bool dry = opt_flag(setup->args, "dry-run");
	struct store_removed removed;
	struct store *s;
	int64_t keep = -1;
	int rc;

	if (store_operand(setup->args, NULL, e) < 0 ||
	    opt_duration(setup->args, "keep", 0, INT64_MAX / 2, &keep, e) < 0)
		return -1;
	if (keep < 0)
		return err_set(e, FAULT_USAGE, "usage", "--keep is missing: how long things stay, as 90d");
	s = store_open(store_path(setup->args), 0, e);
	if (!s)
		return -1;
	rc = store_prune(s, clock_now() - keep, dry, &removed, e);
	store_close(s);
	if (rc == 0)
		show(&removed, dry, false);
	return rc < 0 ? -1 : EXIT_OK;
}

/* clang-format off */
static const struct opt opts_prune[] = {
	STORE_OPT_FILE,
	{ "keep", 0, "SPAN", "how long things stay: 90d, 2w, 12h", false },
	{ "dry-run", 'n', NULL, "count, and remove nothing", false },
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_erase[] = {
	STORE_OPT_FILE,
	{ "dry-run", 'n', NULL, "count, and remove nothing", false },
	{ "force", 0, NULL, "even if it is an address of ours", false },
	{ NULL, 0, NULL, NULL, false },
};
/* clang-format on */

const struct command command_store_prune = {
	.program = {
		.name = "omni-store prune",
		.purpose = "Remove what is old.",
		.example = "omni-store prune --keep 90d",
		.opts = opts_prune,
	},
	.run = run_prune,
};

static int run_erase(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	bool dry = opt_flag(a, "dry-run");
	struct store_removed removed;
	struct store *s;
	int rc;

	if (store_operand(a, "the address of a person", e) < 0)
		return -1;
	s = store_open(store_path(a), 0, e);
	if (!s)
		return -1;
	rc = store_erase(s, str_c(a->operands[0]), opt_flag(a, "force"), dry, &removed, e);
	store_close(s);
	if (rc == 0)
		show(&removed, dry, true);
	return rc < 0 ? -1 : EXIT_OK;
}

const struct command command_store_erase = {
	.program = {
		.name = "omni-store erase",
		.purpose = "Remove all that is known of a person.",
		.operands = "ADDRESS",
		.example = "omni-store erase +15550123",
		.opts = opts_erase,
	},
	.run = run_erase,
};
