/* SPDX-License-Identifier: MIT */
/* The change log of a store, followed, and acknowledged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "sig.h"
#include "stages.h"
#include "store_log.h"
#include "store_verbs.h"

enum { LINES = 500, WAIT_MS = 1000 };

struct follow {
	struct store *read, *write; /* write: NULL unless the cursor is moved */
	struct str name;            /* of the cursor, or {NULL, 0} */
	int64_t at, saved;
	uint64_t left; /* lines that may still be given */
	bool on;       /* wait for more */
};

/* Where to begin: --from, else the cursor, else the oldest that there is. */
static int begin(struct follow *f, const struct args *a, struct err *e)
{
	const char *from = opt_value(a, "from");
	int64_t trimmed, last;
	uint64_t seq = 0;
	int rc = 0;

	if (store_log_ends(f->read, &trimmed, &last, e) < 0)
		return -1;
	f->at = trimmed;
	if (f->name.p)
		rc = store_cursor_get(f->read, f->name, &f->at, e);
	if (rc < 0 || !from)
		return rc < 0 ? -1 : 0;
	if (strcmp(from, "start") == 0)
		f->at = trimmed;
	else if (strcmp(from, "now") == 0)
		f->at = last;
	else if (str_u64(str_c(from), &seq) < 0 || seq > (uint64_t)last)
		return err_set(e, FAULT_USAGE, "usage",
			       "--from: \"%s\" is not start, now, or a number up to %lld", from,
			       (long long)last);
	else
		f->at = (int64_t)seq;
	f->saved = -1;
	return f->name.p && f->write ? store_cursor_set(f->write, f->name, f->at, true, e) : 0;
}

/* What was given is out, and on the disk if it went to a file: then the cursor may move. */
static int save(struct follow *f, struct err *e)
{
	if (fflush(stdout) != 0 ||
	    (fdatasync(STDOUT_FILENO) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP))
		return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
	if (!f->write || f->at == f->saved)
		return 0;
	f->saved = f->at;
	return store_cursor_set(f->write, f->name, f->at, false, e);
}

static int loop(struct follow *f, struct err *e)
{
	int came = 0;

	while (f->left > 0 && !(came & SIG_STOP)) {
		uint64_t n;

		if (store_log(f->read, &f->at, f->left < LINES ? f->left : LINES, &store_printer,
			      &n, e) < 0 ||
		    save(f, e) < 0)
			return -1;
		f->left -= n;
		came = sig_poll(NULL, 0, 0);
		if (n > 0 || came & SIG_STOP)
			continue;
		if (!f->on)
			break;
		came = store_wait(f->read, WAIT_MS, e);
		if (came < 0)
			return -1;
	}
	return EXIT_OK;
}

static int run_changes(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	struct follow f = { .name = str_c(opt_value(a, "cursor")),
			    .left = UINT64_MAX,
			    .on = opt_flag(a, "follow") };
	const char *path = store_path(a);
	int rc = -1;

	if (store_operand(a, NULL, e) < 0 || opt_number(a, "limit", 1, INT64_MAX, &f.left, e) < 0)
		return -1;
	if (f.name.p && !store_cursor_name(f.name))
		return err_set(e, FAULT_USAGE, "usage",
			       "--cursor: a name has 1 to %d of A-Z a-z 0-9 . _ -", STORE_CURSOR_NAME);
	if (opt_flag(a, "hold") && !f.name.p)
		return err_set(e, FAULT_USAGE, "usage", "--hold needs --cursor");
	f.read = store_open(path, STORE_READONLY, e);
	if (f.read && f.name.p && !opt_flag(a, "hold")) {
		f.write = store_open(path, 0, e);
		if (!f.write)
			goto out;
	}
	if (f.read && sig_init(true, e) == 0 && begin(&f, a, e) == 0)
		rc = loop(&f, e);
out:
	store_close(f.read);
	store_close(f.write);
	return rc;
}

/* clang-format off */
static const struct opt opts_changes[] = {
	STORE_OPT_FILE,
	{ "follow", 'F', NULL, "wait for more", false },
	{ "cursor", 0, "NAME", "go on where this name stands, and move it", false },
	{ "hold", 0, NULL, "do not move the cursor: omni-store ack does", false },
	{ "from", 0, "PLACE", "begin at start, now, or behind a number", false },
	{ "limit", 'n', "N", "at most N lines", false },
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_ack[] = {
	STORE_OPT_FILE,
	{ "cursor", 0, "NAME", "the cursor that is moved", false },
	{ NULL, 0, NULL, NULL, false },
};
/* clang-format on */

const struct command command_store_changes = {
	.program = {
		.name = "omni-store changes",
		.purpose = "Give the change log, each line at least once.",
		.example = "omni-store changes --follow --cursor billing | jq -c '[.op, .table, .key]'",
		.opts = opts_changes,
	},
	.run = run_changes,
};

struct ack {
	struct store *store;
	struct str name;
	int64_t seq; /* the highest that came; 0: none since the last commit */
};

static void ack_close(void *st)
{
	struct ack *a = st;

	if (!a)
		return;
	store_close(a->store);
	free(a);
}

static void *ack_open(const struct setup *s, struct err *e)
{
	struct ack *a = calloc(1, sizeof(*a));

	if (!a)
		diag_oom();
	a->name = str_c(opt_value(s->args, "cursor"));
	if (!store_cursor_name(a->name))
		err_set(e, FAULT_USAGE, "usage",
			"--cursor is missing, or not a name of 1 to %d of A-Z a-z 0-9 . _ -",
			STORE_CURSOR_NAME);
	else
		a->store = store_open(store_path(s->args), 0, e);
	if (a->store)
		return a;
	ack_close(a);
	return NULL;
}

static int ack_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct ack *a = st;
	int64_t seq;

	if (rec_is(r, "change")) {
		if (json_i64(rec_get(r, "seq"), &seq) < 0 || seq < 1)
			return err_set(e, FAULT_DATA, "record-malformed",
				       "the change has no number in seq");
		if (seq > a->seq)
			a->seq = seq;
	}
	out_put(o, r);
	return 0;
}

static int ack_commit(void *st, struct out *o, struct err *e)
{
	struct ack *a = st;
	int64_t seq = a->seq;

	(void)o;
	a->seq = 0;
	return seq > 0 ? store_cursor_set(a->store, a->name, seq, false, e) : 0;
}

const struct stage stage_store_ack = {
	.program = {
		.name = "omni-store ack",
		.purpose = "Move a cursor behind the changes that come by.",
		.operands = "[FILE...]",
		.example = "omni-store changes -F --cursor crm --hold | crm-import | omni-store ack --cursor crm",
		.opts = opts_ack,
	},
	.name = "ack",
	.open = ack_open,
	.step = ack_step,
	.commit = ack_commit,
	.close = ack_close,
};
