/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stdio.h>

#include "clock.h"
#include "diag.h"
#include "queue_pick.h"

static const struct opt opts[] = {
	QUEUE_OPT_DIR,
	PICK_OPT_REASON,
	PICK_OPT_SINCE,
	PICK_OPT_UNTIL,
	{ "all", 0, NULL, "all dead letters of the queue", false },
	{ "dry-run", 'n', NULL, "say how many it would be, and leave them where they are", false },
	{ NULL, 0, NULL, NULL, false },
};

static const struct opt opts_purge[] = {
	QUEUE_OPT_DIR,
	PICK_OPT_REASON,
	PICK_OPT_SINCE,
	PICK_OPT_UNTIL,
	{ "dead", 0, NULL, "all dead letters, and nothing else", false },
	{ "all", 0, NULL, "all that the queue holds: what waits, what is leased, what is dead", false },
	{ "dry-run", 'n', NULL, "say how many it would be, and leave them where they are", false },
	{ "yes", 0, NULL, "do it: what is deleted is lost", false },
	{ NULL, 0, NULL, NULL, false },
};

/* What is to be done to which records. */
struct job {
	struct pick pick;
	bool purge, all, dry;
};

static int work(struct queue *q, const struct job *j, uint64_t *n, struct err *e)
{
	struct queue_stat before;

	if (!j->all)
		return queue_redrive(q, &j->pick.pick, j->purge, j->dry, n, clock_now(), e);
	if (!j->dry)
		return queue_purge(q, n, e);
	if (queue_stat(q, &before, clock_now(), e) < 0)
		return -1;
	*n = before.ready + before.delayed + before.leased + before.held + before.dead;
	return 0;
}

static int run(const struct args *a, struct job *j, struct err *e)
{
	struct queue_place place = { .dir = opt_value(a, "dir") };
	struct queue *q = queue_open(a->subject, &place, 0, e);
	uint64_t n = 0;
	int rc;

	if (!q)
		return -1;
	rc = work(q, j, &n, e);
	queue_close(q);
	if (rc < 0)
		return -1;
	printf("%llu %s%s\n", (unsigned long long)n, j->dry ? "would be " : "",
	       j->purge ? "deleted" : "put back");
	if (n == 0 && j->pick.pick.n_ids > 0) {
		diag_error("%s: there is no such dead letter", a->subject);
		return EXIT_REJECTED;
	}
	return EXIT_OK;
}

static int redrive_run(const struct setup *s, struct err *e)
{
	const struct args *a = s->args;
	struct job j = { .dry = opt_flag(a, "dry-run") };
	int rc = -1;

	if (pick_read(&j.pick, a, 0, clock_now(), e) < 0)
		return -1;
	if (pick_some(&j.pick) == opt_flag(a, "all"))
		err_set(e, FAULT_USAGE, "usage",
			"say which dead letters: ids, --reason, --since or --until; or --all alone");
	else
		rc = run(a, &j, e);
	pick_free(&j.pick);
	return rc;
}

static int purge_run(const struct setup *s, struct err *e)
{
	const struct args *a = s->args;
	struct job j = { .purge = true, .all = opt_flag(a, "all"), .dry = opt_flag(a, "dry-run") };
	bool some;
	int rc = -1;

	if (pick_read(&j.pick, a, 0, clock_now(), e) < 0)
		return -1;
	some = pick_some(&j.pick) || opt_flag(a, "dead");
	if (some == j.all)
		err_set(e, FAULT_USAGE, "usage",
			"say what: --dead, or which dead letters by ids, --reason, --since or --until; or --all alone");
	else if (j.dry == opt_flag(a, "yes"))
		err_set(e, FAULT_USAGE, "usage",
			"what is deleted is lost: -n tells how much it is, --yes does it");
	else
		rc = run(a, &j, e);
	pick_free(&j.pick);
	return rc;
}

const struct command command_queue_redrive = {
	.program = {
		.name = "omni-queue redrive",
		.purpose = "Put dead letters back into the queue, as if they had never been tried.",
		.subject = "QUEUE",
		.operands = "[ID...]",
		.example = "omni-queue redrive inbound --reason store-away --since -2h -n",
		.opts = opts,
	},
	.run = redrive_run,
};

const struct command command_queue_purge = {
	.program = {
		.name = "omni-queue purge",
		.purpose = "Delete dead letters, or all that a queue holds.",
		.subject = "QUEUE",
		.operands = "[ID...]",
		.example = "omni-queue purge inbound --dead --until -90d --yes",
		.opts = opts_purge,
	},
	.run = purge_run,
};
