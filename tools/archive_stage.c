/* SPDX-License-Identifier: MIT */
/* omni-archive write: a stage that keeps what passes through it. */
#include <stdlib.h>

#include "archive_verbs.h"
#include "diag.h"

struct keeper {
	struct archive_write_how how;
	struct archive_writer *writer;
	struct arena *arena;
	struct buf line; /* a record that was changed since it was read */
};

static const struct opt opts[] = {
	ARCHIVE_OPT_ROOT,
	{ "stream", 's', "NAME", "the stream that is written (default \"records\")", false },
	{ "level", 'l', "N", "compression, 1 to 19 (default 3)", false },
	{ "sync", 0, "LEVEL", "what is certain when a record passes on: frame, segment, none", false },
	{ "every", 0, "SPAN", "end a segment when the clock passes a multiple of it (default 1h)", false },
	{ "size", 0, "SIZE", "and when its lines are so many bytes (default 256M)", false },
	{ "frame", 0, "SIZE", "bytes of lines in a frame (default 1M)", false },
	{ "index", 0, "MEMBER", "besides \"id\", find records by this member", true },
	ARCHIVE_OPT_END,
};

static void keep_close(void *st)
{
	struct keeper *k = st;

	if (!k)
		return;
	archive_writer_close(k->writer);
	buf_free(&k->line);
	arena_free(k->arena);
	free(k);
}

static void *keep_open(const struct setup *s, struct err *e)
{
	struct keeper *k = calloc(1, sizeof(*k));
	const char *stream = opt_value(s->args, "stream");

	if (!k)
		diag_oom();
	k->line.max = SIZE_MAX;
	k->arena = arena_new();
	if (archive_how_of(s->args, &k->how, e) == 0)
		k->writer = archive_writer_open(archive_root(s->args), stream ? stream : "records",
						&k->how, e);
	if (k->writer)
		return k;
	keep_close(k);
	return NULL;
}

static int keep_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct keeper *k = st;
	struct str line = r->line;

	if (r->n_added > 0) {
		buf_reset(&k->line);
		rec_write(&k->line, r);
		line = buf_get(&k->line);
	}
	if (archive_writer_add(k->writer, line, r->root, e) < 0)
		return -1;
	out_put(o, r);
	return 0;
}

static int keep_rejected(void *st, struct str line, struct err *e)
{
	struct keeper *k = st;
	struct err none;
	int rc = archive_writer_add(k->writer, line, json_parse(line, k->arena, &none), e);

	arena_reset(k->arena);
	return rc;
}

static int keep_tick(void *st, bool hangup, struct err *e)
{
	struct keeper *k = st;

	if (hangup && archive_writer_seal(k->writer, e) < 0)
		return -2;
	return archive_writer_tick(k->writer, e);
}

static int keep_commit(void *st, struct out *o, struct err *e)
{
	(void)o;
	return archive_writer_commit(((struct keeper *)st)->writer, e);
}

/* At the end of the input nothing is left open: the segment is whole and can be verified. */
static int keep_flush(void *st, struct out *o, struct err *e)
{
	(void)o;
	return archive_writer_seal(((struct keeper *)st)->writer, e);
}

const struct stage stage_archive_write = {
	.program = {
		.name = "omni-archive write",
		.purpose = "keep the records that pass through",
		.operands = "[FILE...]",
		.example = "omni-recv | omni-archive write -s webhooks | omni-validate",
		.opts = opts,
	},
	.name = "archive",
	.open = keep_open,
	.step = keep_step,
	.flush = keep_flush,
	.commit = keep_commit,
	.rejected = keep_rejected,
	.tick = keep_tick,
	.close = keep_close,
};
