/* SPDX-License-Identifier: MIT */
/* The verbs of omni-store that ask. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "store_query.h"
#include "store_verbs.h"

/* clang-format off */
#define OPTS_FILTER \
	{ "carrier", 'C', "NAME", "of this carrier", false }, \
	{ "account", 'A', "ID", "of this account of ours", false }, \
	{ "channel", 0, "NAME", "of this channel: sms, whatsapp, ...", false }, \
	{ "from", 0, "ADDRESS", "from this address", false }, \
	{ "to", 0, "ADDRESS", "to this address", false }, \
	{ "direction", 0, "WORD", "in or out", false }, \
	{ "type", 0, "WORD", "of this type: text, media, ...", false }, \
	{ "status", 0, "WORD", "whose best receipt is this", false }, \
	{ "since", 0, "TIME", "not older; 2026-01-14T09:00:00Z, 2026-01-14, -2h, today", false }, \
	{ "until", 0, "TIME", "not younger", false }

#define OPTS_PAGE \
	{ "limit", 'n', "N", "at most N lines", false }, \
	{ "cursor", 0, "TEXT", "go on behind the line that had this in store.cursor", false }, \
	{ "reverse", 0, NULL, "oldest first", false }
/* clang-format on */

static int print(void *arg, struct str line, struct err *e)
{
	(void)arg;
	if (fwrite(line.p, 1, line.n, stdout) == line.n && putchar('\n') != EOF)
		return 0;
	return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
}

static const struct store_sink printer = { print, NULL };

static int read_filter(const struct args *a, struct store_filter *f, struct err *e)
{
	*f = (struct store_filter){ .carrier = str_c(opt_value(a, "carrier")),
				    .account = str_c(opt_value(a, "account")),
				    .channel = str_c(opt_value(a, "channel")),
				    .direction = str_c(opt_value(a, "direction")),
				    .type = str_c(opt_value(a, "type")),
				    .status = str_c(opt_value(a, "status")),
				    .from = str_c(opt_value(a, "from")),
				    .to = str_c(opt_value(a, "to")),
				    .since = INT64_MIN,
				    .until = INT64_MAX };
	if (f->direction.p && !str_eq(f->direction, STR("in")) && !str_eq(f->direction, STR("out")))
		return err_set(e, FAULT_USAGE, "usage",
			       "--direction: \"%.*s\" is neither in nor out", STR_FMT(f->direction));
	return opt_time(a, "since", clock_now(), &f->since, e) < 0 ||
			       opt_time(a, "until", clock_now(), &f->until, e) < 0 ?
		       -1 :
		       0;
}

static int read_page(const struct args *a, struct store_page *p, struct err *e)
{
	*p = (struct store_page){ .cursor = str_c(opt_value(a, "cursor")),
				  .reverse = opt_flag(a, "reverse") };
	return opt_number(a, "limit", 1, INT64_MAX, &p->limit, e);
}

static int operands(const struct args *a, int n, const char *what, struct err *e)
{
	if (a->n_operands == n)
		return 0;
	if (a->n_operands < n)
		return err_set(e, FAULT_USAGE, "usage", "%s is missing", what);
	return err_set(e, FAULT_USAGE, "usage", "\"%s\" is one operand too many", a->operands[n]);
}

static int run_messages(const struct setup *setup, struct err *e)
{
	struct store_filter f;
	struct store_page p;
	struct store *s;
	int rc;

	if (operands(setup->args, 0, "", e) < 0 || read_filter(setup->args, &f, e) < 0 ||
	    read_page(setup->args, &p, e) < 0)
		return -1;
	s = store_open(store_path(setup->args), STORE_READONLY, e);
	if (!s)
		return -1;
	rc = store_messages(s, &f, &p, &printer, e);
	store_close(s);
	return rc < 0 ? -1 : EXIT_OK;
}

static const struct opt opts_messages[] = {
	STORE_OPT_FILE, OPTS_FILTER, OPTS_PAGE, { NULL, 0, NULL, NULL, false }
};

const struct command command_store_messages = {
	.program = {
		.name = "omni-store messages",
		.purpose = "List messages, newest first.",
		.example = "omni-store messages --status failed --limit 20 | jq -c '[.at, .store.error]'",
		.opts = opts_messages,
	},
	.run = run_messages,
};

static int run_message(const struct setup *setup, struct err *e)
{
	struct store_filter f;
	struct store *s;
	int rc;

	if (operands(setup->args, 1, "the id of a message", e) < 0 || read_filter(setup->args, &f, e) < 0)
		return -1;
	s = store_open(store_path(setup->args), STORE_READONLY, e);
	if (!s)
		return -1;
	rc = store_message(s, str_c(setup->args->operands[0]), &f, &printer, e);
	store_close(s);
	if (rc == 0) {
		diag_error("%s: there is no such message", setup->args->operands[0]);
		return EXIT_REJECTED;
	}
	return rc < 0 ? -1 : EXIT_OK;
}

static const struct opt opts_message[] = {
	STORE_OPT_FILE,
	{ "carrier", 'C', "NAME", "ID is what this carrier calls the message", false },
	{ "account", 'A', "ID", "and this the account of ours there", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct command command_store_message = {
	.program = {
		.name = "omni-store message",
		.purpose = "Show a message and all that happened to it.",
		.operands = "ID",
		.example = "omni-store message 324db4d8-fd97-51c4-baa9-7ac68f1e53ef | jq -c '[.at, .step]'",
		.opts = opts_message,
	},
	.run = run_message,
};
