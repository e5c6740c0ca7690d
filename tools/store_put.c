/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "diag.h"
#include "stages.h"
#include "store_verbs.h"

enum { BATCH_MAX = 1000000 };

struct put {
	struct store *store;
	bool dedupe;
	uint64_t batch, held; /* records a transaction, and those in it; batch 0: as they are read */
};

static const struct opt opts[] = {
	STORE_OPT_FILE,
	{ "batch", 'b', "N",
	  "commit after N records at the latest (default: after a block of 256 KiB)", false },
	{ "dedupe", 0, NULL, "reject what is in the store already, class duplicate", false },
	{ NULL, 0, NULL, NULL, false },
};

static void put_close(void *st)
{
	struct put *p = st;

	if (!p)
		return;
	store_close(p->store);
	free(p);
}

static void *put_open(const struct setup *s, struct err *e)
{
	struct put *p = calloc(1, sizeof(*p));

	if (!p)
		diag_oom();
	p->dedupe = opt_flag(s->args, "dedupe");
	if (opt_number(s->args, "batch", 1, BATCH_MAX, &p->batch, e) == 0 &&
	    (p->store = store_open(store_path(s->args), STORE_CREATE, e)) != NULL)
		return p;
	put_close(p);
	return NULL;
}

static int put_commit(void *st, struct out *o, struct err *e)
{
	struct put *p = st;

	(void)o;
	p->held = 0;
	return store_commit(p->store, e);
}

static int put_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct put *p = st;
	struct store_done done;
	struct rec stored = *r;

	if (!store_takes(r)) {
		out_put(o, r);
		return 0;
	}
	if (store_put(p->store, r, &done, e) < 0)
		return -1;
	if (p->dedupe && !done.new)
		return err_set(e, FAULT_DUPLICATE, "stored-already",
			       "the store has it: record %lld", (long long)done.seq);
	rec_add(&stored, "store",
		arena_fmt(r->arena, "{\"seq\":%lld,\"new\":%s}", (long long)done.seq,
			  done.new ? "true" : "false"));
	out_put(o, &stored);
	return ++p->held == p->batch ? put_commit(p, o, e) : 0;
}

const struct stage stage_store_put = {
	.program = {
		.name = "omni-store put",
		.purpose = "Store messages, receipts and events, each once.",
		.operands = "[FILE...]",
		.example = "omni-route -c omni.json in.ndjson | omni-store put",
		.opts = opts,
	},
	.name = "store",
	.open = put_open,
	.step = put_step,
	.commit = put_commit,
	.close = put_close,
};
