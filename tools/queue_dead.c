/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stdio.h>

#include "clock.h"
#include "diag.h"
#include "queue_pick.h"
#include "rec.h"
#include "shown.h"

enum { PAGE = 32 }; /* letters in memory at a time: each may hold two lines of 1 MiB */

/* What is being written, and how much of it. */
struct listing {
	void (*write)(struct buf *b, const struct queue_dead *d, struct arena *a);
	bool headed;
	uint64_t n;
	struct arena *arena;
	struct buf buf;
};

static const struct opt opts[] = {
	QUEUE_OPT_DIR,
	PICK_OPT_REASON,
	PICK_OPT_SINCE,
	PICK_OPT_UNTIL,
	{ "json", 0, NULL, "list and show write an object a line, for programs", false },
	{ "why", 0, NULL, "export appends to each record a member `dead` with the reason", false },
	{ NULL, 0, NULL, NULL, false },
};

static void list_text(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	buf_fmt(b, "%10llu  %.*s  %5u  ", (unsigned long long)d->seq,
		STR_FMT(clock_text(a, d->dead_ms)), d->attempts);
	shown_padded(b, d->code, 24);
	buf_lit(b, "  ");
	shown_put(b, d->id.n ? d->id : STR("-"));
	buf_char(b, '\n');
}

/* The members that a letter has in all forms. */
static void reason_json(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	json_add_str(b, "at", clock_text(a, d->dead_ms));
	json_add_i64(b, "attempts", d->attempts);
	json_add_str(b, "stage", d->stage.p ? d->stage : STR(""));
	json_add_str(b, "code", d->code.p ? d->code : STR(""));
	json_opt_str(b, "detail", d->detail);
}

static void letter_json(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	json_open(b, '{');
	json_add_i64(b, "seq", (int64_t)d->seq);
	if (d->id.n > 0)
		json_add_str(b, "id", d->id);
	json_add_str(b, "born", clock_text(a, d->born_ms));
	reason_json(b, d, a);
}

static void list_json(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	letter_json(b, d, a);
	json_add_i64(b, "bytes", (int64_t)d->line.n);
	buf_lit(b, "}\n");
}

static void show_json(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	letter_json(b, d, a);
	if (d->history.n > 0)
		json_add_raw(b, "history", d->history);
	json_add_raw(b, "record", d->line);
	if (d->reject.n > 0)
		json_add_raw(b, "reject", d->reject);
	buf_lit(b, "}\n");
}

static void field(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, "%-9s ", name);
	shown_put(b, value);
	buf_char(b, '\n');
}

static void history_text(struct buf *b, struct str history, struct arena *a)
{
	struct err e;
	const struct json *list = json_parse(history, a, &e);

	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct str tries = json_text(json_get(it.value, "attempt"));
		struct str text = arena_fmt(a, "%.*s  try %.*s  %.*s  %.*s",
					    STR_FMT(json_get_str(it.value, "at")), STR_FMT(tries),
					    STR_FMT(json_get_str(it.value, "code")),
					    STR_FMT(json_get_str(it.value, "detail")));

		field(b, it.i == 0 ? "history" : "", text);
	}
}

static void show_text(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	field(b, "seq", arena_fmt(a, "%llu", (unsigned long long)d->seq));
	if (d->id.n > 0)
		field(b, "id", d->id);
	field(b, "born", clock_text(a, d->born_ms));
	field(b, "died", clock_text(a, d->dead_ms));
	field(b, "attempts", arena_fmt(a, "%u", d->attempts));
	field(b, "stage", d->stage);
	field(b, "reason", d->code);
	if (d->detail.n > 0)
		field(b, "detail", d->detail);
	history_text(b, d->history, a);
	field(b, "record", d->line);
	if (d->reject.n > 0)
		field(b, "reject", d->reject);
	buf_char(b, '\n');
}

static void export_line(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	(void)a;
	buf_str(b, d->line);
	buf_char(b, '\n');
}

static void export_why(struct buf *b, const struct queue_dead *d, struct arena *a)
{
	struct buf dead = { .max = SIZE_MAX };
	struct rec r = { .file = "-" };
	struct err e;

	if (rec_parse(&r, d->line, a, &e) < 0) {
		export_line(b, d, a);
		return;
	}
	json_open(&dead, '{');
	reason_json(&dead, d, a);
	json_close(&dead, '}');
	rec_add(&r, "dead", buf_get(&dead));
	rec_write(b, &r);
	buf_char(b, '\n');
	buf_free(&dead);
}

static int each(struct queue *q, const struct queue_pick *pick, struct listing *l, struct err *e)
{
	struct queue_dead page[PAGE];
	char cursor[QUEUE_CURSOR] = "";
	size_t n;

	do {
		if (queue_dead(q, pick, page, PAGE, &n, cursor, e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			buf_reset(&l->buf);
			l->write(&l->buf, &page[i], l->arena);
			fwrite(l->buf.p, 1, l->buf.n, stdout);
			arena_reset(l->arena);
		}
		l->n += n;
	} while (n > 0 && !ferror(stdout));
	return 0;
}

/* What the first operand asks for; ${first} is the operand that ids begin with. */
static int writer(const struct args *a, struct listing *l, int *first, struct err *e)
{
	const char *action = a->n_operands > 0 ? a->operands[0] : "list";
	bool json = opt_flag(a, "json"), why = opt_flag(a, "why");

	*first = a->n_operands > 0;
	if (strcmp(action, "list") == 0) {
		l->write = json ? list_json : list_text;
		l->headed = !json;
	} else if (strcmp(action, "show") == 0) {
		l->write = json ? show_json : show_text;
	} else if (strcmp(action, "export") == 0) {
		l->write = why ? export_why : export_line;
	} else {
		return err_set(e, FAULT_USAGE, "usage",
			       "dead letters are for list, show or export, not \"%.40s\"", action);
	}
	if (why && strcmp(action, "export") != 0)
		return err_set(e, FAULT_USAGE, "usage", "--why goes with export");
	if (json && strcmp(action, "export") == 0)
		return err_set(e, FAULT_USAGE, "usage", "export writes JSON as it is: leave out --json");
	return 0;
}

static int dead_run(const struct setup *s, struct err *e)
{
	const struct args *a = s->args;
	struct queue_place place = { .dir = opt_value(a, "dir") };
	struct listing l = { .buf = { .max = SIZE_MAX } };
	struct queue *q = NULL;
	struct pick pick;
	int first, rc = -1;

	if (writer(a, &l, &first, e) < 0 || pick_read(&pick, a, first, clock_now(), e) < 0)
		return -1;
	l.arena = arena_new();
	q = queue_open(a->subject, &place, QUEUE_LIST, e);
	if (!q)
		goto out;
	if (l.headed)
		printf("%10s  %-24s  %5s  %-24s  %s\n", "SEQ", "DIED", "TRIES", "REASON", "ID");
	if (each(q, &pick.pick, &l, e) < 0)
		goto out;
	rc = EXIT_OK;
	if (l.n == 0 && pick.pick.n_ids > 0) {
		diag_error("%s: there is no such dead letter", a->subject);
		rc = EXIT_REJECTED;
	}
out:
	queue_close(q);
	pick_free(&pick);
	arena_free(l.arena);
	buf_free(&l.buf);
	return rc;
}

const struct command command_queue_dead = {
	.program = {
		.name = "omni-queue dead",
		.purpose = "List dead letters, show why they died, or export the records.",
		.subject = "QUEUE",
		.operands = "[list|show|export] [ID...]",
		.example = "omni-queue dead inbound export --reason bad-phone | jq -c .request",
		.opts = opts,
	},
	.run = dead_run,
};
