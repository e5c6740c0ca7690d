/* SPDX-License-Identifier: MIT */
#include "replay_pour.h"

#include <unistd.h>

#include "archive_verbs.h"
#include "clock.h"
#include "crypto.h"
#include "diag.h"
#include "id.h"
#include "replay_diff.h"
#include "sig.h"

static const struct opt opts[] = {
	ARCHIVE_OPT_ROOT,
	ARCHIVE_OPT_STREAM,
	ARCHIVE_OPT_FROM,
	ARCHIVE_OPT_TO,
	{ "filter", 0, "RULE",
	  "only records for which this condition of omni-route holds, or @FILE", false },
	{ "jq", 0, "FILTER", "only records of which this makes neither false nor null", false },
	{ "ids", 0, "FILE", "only records whose id stands in FILE, one a line", false },
	{ "limit", 0, "N", "no more than N records", false },
	{ "rate", 0, "N/s", "so many a second (/m, /h)", false },
	{ "speed", 0, "Nx",
	  "as far apart as they were, N times as fast; max (default) without pause", false },
	{ "shift-to", 0, "TIME", "move our times so that the first record is of TIME", false },
	{ "new-ids", 0, NULL, "give records new ids, so that nobody takes them for duplicates", false },
	{ "mark", 0, NULL, "append `replay`, which says when and in which run", false },
	{ "run", 0, "NAME", "what the run is called (default: a new id)", false },
	{ "cursor", 0, "FILE", "keep in FILE how far it went, and go on from there", false },
	{ "allow-outbound", 0, NULL, "let messages go that would be sent again", false },
	{ "dry-run", 'n', NULL, "write no records, but how many there are", false },
	{ "diff", 0, "A B", "compare what configurations A and B make of the records", false },
	{ "exec", 0, "DIR", "with --diff: A is run by the omni-pipe in DIR", false },
	{ "json", 0, NULL, "with --dry-run and --diff: as JSON", false },
	{ "rejects", 'r', "FILE", "append rejects to FILE instead of standard output", false },
	{ "quiet", 'q', NULL, "no warnings", false },
	{ "verbose", 'v', NULL, "a summary on standard error at the end", false },
	{ "progress", 0, NULL, "show a progress bar if standard error is a terminal", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics in FILE", false },
	OPT_MAX_LINE,
	{ NULL, 0, NULL, NULL, false },
};

static const struct program program = {
	.name = "omni-replay",
	.purpose = "Write records once more, from an archive, from files or from standard input.",
	.operands = "[FILE...]",
	.example = "omni-replay -s webhooks --from yesterday --to today --rate 200/s | omni-validate",
	.opts = opts,
};

/* A digest of what says which records go: a cursor belongs to these. */
static void digest(const struct replay *r, char out[65])
{
	static const char *const telling[] = { "root", "stream", "from",
					       "to",   "filter", "jq",
					       "ids",  "limit",  "allow-outbound" };
	struct buf b = { .max = MIB(8) };
	struct str hex;

	for (size_t i = 0; i < LEN(telling); i++) {
		const char *value = opt_value(&r->args, telling[i]);

		buf_fmt(&b, "%s=", telling[i]);
		buf_str(&b, str_c(value));
		buf_char(&b, '\0');
	}
	for (int i = 0; i < r->args.n_operands; i++) {
		buf_str(&b, str_c(r->args.operands[i]));
		buf_char(&b, '\0');
	}
	hex = hash_hex(r->arena, HASH_SHA256, buf_get(&b));
	memcpy(out, hex.p, 64);
	out[64] = '\0';
	buf_free(&b);
}

static void begin_anew(struct cursor *c, const char *run)
{
	struct id id = id_born(clock_now());
	size_t n = run ? strlen(run) : 0;

	memset(&c->spot, 0, sizeof(c->spot));
	c->given = 0;
	c->shifted = c->done = false;
	memcpy(c->run, run ? run : id.text, run ? n + 1 : sizeof(id.text));
}

static int open_cursor(struct replay *r, struct err *e)
{
	struct cursor *c = &r->cursor;
	const char *path = opt_value(&r->args, "cursor"), *run = opt_value(&r->args, "run");
	char options[65];

	c->fd = -1;
	if (run && (strlen(run) > CURSOR_RUN_MAX || !*run || !str_utf8(str_c(run))))
		return err_set(e, FAULT_USAGE, "usage", "--run takes 1 to %d bytes of text",
			       CURSOR_RUN_MAX);
	if (path && cursor_open(c, path, e) < 0)
		return -1;
	digest(r, options);
	if (c->begun && strcmp(options, c->options) != 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "%s: the cursor is of a replay with other options; remove it to begin anew",
			       path);
	memcpy(c->options, options, sizeof(options));
	if (!c->begun)
		begin_anew(c, run);
	r->resumed = c->begun && !c->done;
	return 0;
}

/* What says something about records that go has no meaning where none go. */
static int open_diff(struct replay *r, struct err *e)
{
	static const char *const others[] = { "cursor", "dry-run", "mark",    "new-ids", "shift-to",
					      "rate",   "speed",   "rejects", "run" };
	const struct args *a = &r->args;

	if (opt_flag(a, "exec") && !r->other)
		return err_set(e, FAULT_USAGE, "usage", "--exec is for --diff");
	if (!r->other)
		return 0;
	for (size_t i = 0; i < LEN(others); i++)
		if (opt_flag(a, others[i]))
			return err_set(e, FAULT_USAGE, "usage", "--%s and --diff can not both be",
				       others[i]);
	r->diff = diff_new(opt_value(a, "diff"), r->other, opt_value(a, "exec"), opt_flag(a, "json"), e);
	return r->diff ? 0 : -1;
}

static int read_options(struct replay *r, struct err *e)
{
	const struct args *a = &r->args;
	const char *rejects = opt_value(a, "rejects");
	int channel = SINK_OUT;

	if (a->n_operands == 0 && !opt_flag(a, "root") && !opt_flag(a, "stream") && isatty(STDIN_FILENO))
		return err_set(e, FAULT_USAGE, "usage",
			       "standard input is a terminal: name a stream or a file, or pipe records in");
	r->make.shift = opt_flag(a, "shift-to");
	r->make.new_ids = opt_flag(a, "new-ids");
	r->make.mark = opt_flag(a, "mark");
	r->shift_to = clock_now();
	if (archive_range_of(a, &r->range, e) < 0 || tempo_read(&r->tempo, a, e) < 0 ||
	    opt_time(a, "shift-to", r->shift_to, &r->shift_to, e) < 0 ||
	    opt_number(a, "limit", 1, INT64_MAX, &r->limit, e) < 0 || opt_max_line(a, e) < 0)
		return -1;
	if (opt_flag(a, "json") && !opt_flag(a, "dry-run") && !r->other)
		return err_set(e, FAULT_USAGE, "usage",
			       "--json is for --dry-run and --diff; records are JSON anyway");
	r->pick = pick_new(a, e);
	if (!r->pick || open_diff(r, e) < 0 || open_cursor(r, e) < 0)
		return -1;
	r->sink = sink_new();
	if (rejects && !opt_flag(a, "dry-run"))
		channel = sink_file(r->sink, rejects, e);
	r->rejects = (unsigned)channel;
	if (opt_flag(a, "dry-run"))
		r->tally = tally_new();
	return channel < 0 ? -1 : 0;
}

/* Replay what is in ${range}, from the place where the cursor stands. */
static int replay_range(struct replay *r, struct archive_range range, struct err *e)
{
	r->range = r->cursor.range = range;
	r->plain = !r->make.shift && !r->make.new_ids && !r->make.mark;
	r->make.run = str_c(r->cursor.run);
	r->make.by = r->cursor.by;
	r->last = INT64_MIN;
	source_free(r->source);
	r->source = source_new(&r->args, range, &r->cursor.spot, e);
	if (!r->source)
		return -1;
	/* An archive gives what is in the range and nothing else. */
	r->timeless = source_is_archive(r->source) && r->plain && !r->tally && !tempo_is(&r->tempo);
	r->meter.total = source_total(r->source);
	return pour(r, e);
}

/*
 * One that was interrupted is brought to its end first, with the range that it had.  If that is the
 * one that is asked for now, all is done; else, "yesterday" of another day, it comes next.
 */
static int replay(struct replay *r, struct err *e)
{
	struct archive_range now = r->range, before = r->cursor.range;
	bool same = now.from == before.from && now.to == before.to;
	const char *run = opt_value(&r->args, "run");

	if (r->resumed) {
		/* A line that was cut when the last run was killed ends here; an empty one is nothing. */
		if (!r->tally && r->cursor.given > 0)
			buf_char(&r->out, '\n');
		if (replay_range(r, before, e) < 0)
			return -1;
		if (same || r->stopping)
			return 0;
	}
	if (r->cursor.begun && !same)
		begin_anew(&r->cursor, run);
	return replay_range(r, now, e);
}

static int finish(struct replay *r, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	int rc = 0;

	if (r->diff) {
		rc = diff_end(r->diff, &b, e);
		if (rc > 0 && r->code == EXIT_OK)
			r->code = EXIT_REJECTED;
		if (rc >= 0)
			rc = sink_write(r->sink, SINK_OUT, buf_get(&b), e);
		buf_free(&b);
	} else if (r->tally) {
		tally_write(r->tally, &r->tempo, opt_flag(&r->args, "json"), &b);
		rc = sink_write(r->sink, SINK_OUT, buf_get(&b), e);
		buf_free(&b);
	}
	return rc == 0 ? sink_close(r->sink, e) : rc;
}

/* The summary; and how well a rate was kept: records by the time between the first and the last. */
static void show(const struct replay *r)
{
	double s = (double)(r->ended - r->tempo.start) / 1000;

	meter_show(&r->meter);
	if (r->tempo.rate > 0 && r->tempo.n > 1 && s > 0)
		diag_note("%.3f/s, where %.3f/s was asked for", (double)(r->tempo.n - 1) / s,
			  r->tempo.rate);
}

static int run(struct replay *r, struct err *e)
{
	int rc = -1;

	r->out.max = r->refused.max = SIZE_MAX; /* a block and a line */
	r->arena = arena_new();
	r->count.name = "replay";
	meter_init(&r->meter, &r->count, 1);
	r->meter.metrics = opt_value(&r->args, "metrics");
	r->meter.progress = opt_flag(&r->args, "progress") && isatty(STDERR_FILENO);
	if (sig_init(false, e) < 0 || clock_init(e) < 0 || read_options(r, e) < 0 ||
	    replay(r, e) < 0 || finish(r, e) < 0)
		goto out;
	rc = r->code ? r->code : counts_rejects(&r->count.counts) > 0 ? EXIT_REJECTED : EXIT_OK;
	if (meter_end(&r->meter) < 0)
		rc = rc ? rc : EXIT_IO;
	if (opt_flag(&r->args, "verbose"))
		show(r);
out:
	return rc;
}

static void close_all(struct replay *r)
{
	source_free(r->source);
	pick_free(r->pick);
	tally_free(r->tally);
	diff_free(r->diff);
	sink_free(r->sink);
	cursor_close(&r->cursor);
	arena_free(r->arena);
	buf_free(&r->out);
	buf_free(&r->refused);
}

/* --diff A is followed by B, and options may stand behind that, too. */
static int parse_diff(struct replay *r, struct err *e)
{
	struct args *a = &r->args, more;
	int rc;

	if (a->n_operands == 0)
		return err_set(e, FAULT_USAGE, "usage", "--diff takes two configurations: --diff A B");
	r->other = a->operands[0];
	rc = opt_parse(&program, NULL, a->n_operands, a->operands, &more, e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < a->n; i++) {
		if (a->value[i] && more.value[i] && a->table[i]->arg)
			return err_set(e, FAULT_USAGE, "usage", "--%s is given twice", a->table[i]->name);
		if (more.value[i])
			a->value[i] = more.value[i];
	}
	a->operands = more.operands;
	a->n_operands = more.n_operands;
	return 0;
}

int replay_main(int argc, char **argv)
{
	struct replay r = { .cursor = { .fd = -1 } };
	struct err e = { .fault = FAULT_NONE };
	int rc;

	diag_init(program.name);
	rc = opt_parse(&program, NULL, argc, argv, &r.args, &e);
	if (rc == 0 && opt_flag(&r.args, "diff"))
		rc = parse_diff(&r, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0) {
		diag_quiet(opt_flag(&r.args, "quiet"));
		rc = run(&r, &e);
	}
	if (rc < 0)
		rc = e.fault == FAULT_USAGE ? opt_usage(&program, e.text) : diag_fail(&e);
	close_all(&r);
	return rc;
}
