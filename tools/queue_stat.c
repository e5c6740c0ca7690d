/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "figure.h"
#include "file.h"
#include "json.h"
#include "queue.h"
#include "shown.h"
#include "sig.h"

/* One queue, as it was last time and as it is now. */
struct watched {
	char *url; /* owned */
	struct queue *queue;
	struct queue_stat before, now;
	int64_t before_ms, now_ms; /* clock_mono; before 0: not yet looked at */
};

struct stat_run {
	struct watched *list;
	size_t n;
	int64_t interval_ms; /* 0: once */
	uint64_t rounds;     /* 0: for ever */
	bool json, headed;
	const char *metrics;
	struct arena *arena;
	int rc; /* the first queue that could not be looked at */
};

static const struct opt opts[] = {
	QUEUE_OPT_DIR,
	{ "interval", 'i', "SPAN", "again and again, with rates in place of the totals", false },
	{ "count", 0, "N", "with --interval: end after N times", false },
	{ "json", 0, NULL, "an object a line, for programs", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics in FILE; - is standard output", false },
	{ NULL, 0, NULL, NULL, false },
};

/* The counters of ${s}, in the order of their columns. */
enum { COUNTERS = 6 };

static const char *const counter_names[COUNTERS] = { "puts",    "takes",  "dones",
						     "retries", "deaths", "expiries" };

static uint64_t counter(const struct queue_stat *s, int i)
{
	const uint64_t values[COUNTERS] = { s->puts,    s->takes,  s->dones,
					    s->retries, s->deaths, s->expiries };

	return values[i];
}

static double rate(const struct watched *w, int i)
{
	int64_t ms = w->now_ms - w->before_ms;
	uint64_t now = counter(&w->now, i), before = counter(&w->before, i);

	return ms > 0 && now > before ? (double)(now - before) * 1000 / (double)ms : 0;
}

static void add(struct stat_run *r, const char *url)
{
	r->list = reallocarray(r->list, r->n + 1, sizeof(*r->list));
	if (!r->list)
		diag_oom();
	r->list[r->n] = (struct watched){ .url = strdup(url) };
	if (!r->list[r->n++].url)
		diag_oom();
}

static int is_queue(const struct dirent *d)
{
	struct str name = str_c(d->d_name);

	return name.n > 6 && d->d_name[0] != '.' && str_suffix(name, STR(".queue"));
}

static int add_all(struct stat_run *r, const char *dir, struct err *e)
{
	struct dirent **found;
	int n = scandir(dir, &found, is_queue, alphasort);

	if (n < 0)
		return err_set(e, FAULT_CONFIG, "queue-dir", "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *name = found[i]->d_name;

		name[strlen(name) - 6] = '\0';
		add(r, name);
		free(found[i]);
	}
	free(found);
	if (n == 0)
		return err_set(e, FAULT_CONFIG, "queue-dir", "%s: there is no queue in it", dir);
	return 0;
}

/* One that can not be looked at does not keep the others from it. */
static void look(struct stat_run *r, struct watched *w, const struct queue_place *place)
{
	struct err e;

	w->before = w->now;
	w->before_ms = w->now_ms;
	if (!w->queue)
		w->queue = queue_open(w->url, place, 0, &e);
	w->now_ms = clock_mono();
	if (w->queue && queue_stat(w->queue, &w->now, clock_now(), &e) == 0)
		return;
	diag_error("%s", e.text);
	r->rc = r->rc ? r->rc : err_exit(&e);
	queue_close(w->queue);
	w->queue = NULL;
	w->now_ms = 0;
}

static void head(const struct stat_run *r)
{
	const char *each = r->interval_ms ? "/s" : "";

	printf("%-16s %9s %8s %7s %8s %6s %8s %6s", "QUEUE", "READY", "DELAYED", "LEASED", "HELD",
	       "DEAD", "OLDEST", "SIZE");
	for (int i = 0; i < 3; i++)
		printf(" %6s%s", i == 0 ? "PUTS" : i == 1 ? "TAKES" : "DONES", each);
	putchar('\n');
}

static int64_t age(const struct watched *w)
{
	int64_t ms = clock_now() - w->now.oldest_ms;

	return w->now.oldest_ms == 0 ? -1 : ms < 0 ? 0 : ms;
}

static void show_text(const struct stat_run *r, const struct watched *w)
{
	const struct queue_stat *s = &w->now;
	char span[SHOWN_MAX], size[SHOWN_MAX];
	struct buf b = { .max = SIZE_MAX };

	shown_padded(&b, str_c(queue_name(w->queue)), 16);
	buf_fmt(&b, " %9llu %8llu %7llu %8llu %6llu %8s %6s", (unsigned long long)s->ready,
		(unsigned long long)s->delayed, (unsigned long long)s->leased,
		(unsigned long long)s->held, (unsigned long long)s->dead, shown_span(span, age(w)),
		shown_size(size, s->bytes));
	for (int i = 0; i < 3; i++) {
		if (r->interval_ms)
			buf_fmt(&b, " %8.0f", rate(w, i));
		else
			buf_fmt(&b, " %6llu", (unsigned long long)counter(s, i));
	}
	buf_char(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static void show_json(const struct stat_run *r, const struct watched *w)
{
	const struct queue_stat *s = &w->now;
	struct buf b = { .max = SIZE_MAX };

	json_open(&b, '{');
	json_add_str(&b, "queue", str_c(queue_name(w->queue)));
	json_add_str(&b, "at", clock_text(r->arena, clock_now()));
	json_add_i64(&b, "ready", (int64_t)s->ready);
	json_add_i64(&b, "delayed", (int64_t)s->delayed);
	json_add_i64(&b, "leased", (int64_t)s->leased);
	json_add_i64(&b, "held", (int64_t)s->held);
	json_add_i64(&b, "dead", (int64_t)s->dead);
	json_add_i64(&b, "lanes", (int64_t)s->lanes);
	json_add_i64(&b, "bytes", (int64_t)s->bytes);
	if (s->oldest_ms) {
		json_add_str(&b, "oldest", clock_text(r->arena, s->oldest_ms));
		json_add_i64(&b, "oldest_ms", age(w));
	}
	for (int i = 0; i < COUNTERS; i++)
		json_add_i64(&b, counter_names[i], (int64_t)counter(s, i));
	if (r->interval_ms) {
		json_key(&b, "rates");
		json_open(&b, '{');
		for (int i = 0; i < COUNTERS; i++)
			json_add_raw(&b, counter_names[i], arena_fmt(r->arena, "%.1f", rate(w, i)));
		json_close(&b, '}');
	}
	buf_lit(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

/* queue="inbound" and ${more}, as a label of Prometheus. */
static const char *label(struct arena *a, const char *name, const char *more)
{
	struct buf b = { .max = SIZE_MAX };
	char *text;

	buf_lit(&b, "queue=\"");
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			buf_char(&b, '\\');
		if (*name == '\n')
			buf_lit(&b, "\\n");
		else
			buf_char(&b, *name);
	}
	buf_fmt(&b, "\"%s", more);
	text = arena_cstr(a, buf_get(&b));
	buf_free(&b);
	return text;
}

/* The figures of all queues that metric ${i} has, 0 behind the last metric. */
static size_t figures(const struct watched *w, int i, struct figure out[5], struct arena *a)
{
	static const char *const counters[COUNTERS][2] = {
		{ "omni_queue_puts_total", "Records that were put." },
		{ "omni_queue_takes_total", "Leases that were given." },
		{ "omni_queue_dones_total", "Records that were settled as done." },
		{ "omni_queue_retries_total", "Records that were settled for another try." },
		{ "omni_queue_deaths_total", "Records that became dead letters." },
		{ "omni_queue_expiries_total", "Leases that ran out." },
	};
	static const char *const states[] = { "ready", "delayed", "leased", "held", "dead" };
	const struct queue_stat *s = &w->now;
	const uint64_t values[] = { s->ready, s->delayed, s->leased, s->held, s->dead };
	const char *name = queue_name(w->queue), *plain = label(a, name, "");

	if (i < COUNTERS) {
		out[0] = (struct figure){ counters[i][0], plain, counters[i][1], NULL, counter(s, i) };
		return 1;
	}
	switch (i - COUNTERS) {
	case 0:
		for (size_t k = 0; k < LEN(states); k++)
			out[k] = (struct figure){ "omni_queue_records",
						  label(a, name,
							arena_fmt(a, ",state=\"%s\"", states[k]).p),
						  "Records in the queue.", NULL, values[k] };
		return LEN(states);
	case 1:
		out[0] = (struct figure){ "omni_queue_bytes", plain,
					  "Bytes of the records, those of dead letters left out.",
					  NULL, s->bytes };
		return 1;
	case 2:
		out[0] = (struct figure){ "omni_queue_oldest_seconds", plain,
					  "Age of the oldest record that waits.", NULL,
					  (uint64_t)(age(w) < 0 ? 0 : age(w) / 1000) };
		return 1;
	case 3:
		out[0] = (struct figure){ "omni_queue_lanes", plain, "Lanes that hold something.",
					  NULL, s->lanes };
		return 1;
	default:
		return 0;
	}
}

static int metrics(const struct stat_run *r, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct figure *all = arena_calloc(r->arena, r->n * 5, sizeof(*all));
	size_t n = 1;
	int rc = 0;

	for (int i = 0; n > 0; i++) { /* those of one metric stand together */
		n = 0;
		for (size_t k = 0; k < r->n; k++)
			if (r->list[k].queue)
				n += figures(&r->list[k], i, all + n, r->arena);
		figure_write(&b, all, n);
	}
	if (strcmp(r->metrics, "-") == 0)
		fwrite(b.p, 1, b.n, stdout);
	else
		rc = file_replace(r->metrics, buf_get(&b), 0644, false, e);
	buf_free(&b);
	return rc;
}

static int show(struct stat_run *r, struct err *e)
{
	if (r->metrics)
		return metrics(r, e);
	if (!r->json && !r->headed)
		head(r);
	r->headed = true;
	for (size_t i = 0; i < r->n; i++) {
		if (!r->list[i].queue)
			continue;
		if (r->json)
			show_json(r, &r->list[i]);
		else
			show_text(r, &r->list[i]);
	}
	return 0;
}

/* Sleep ${ms}.  False if the program is to end. */
static bool sleep_for(int64_t ms)
{
	int64_t end = clock_mono() + ms, left;

	while ((left = end - clock_mono()) > 0)
		if (sig_poll(NULL, 0, (int)left) & SIG_STOP)
			return false;
	return true;
}

static int watch(struct stat_run *r, const struct queue_place *place, struct err *e)
{
	for (uint64_t round = 0;; round++) {
		for (size_t i = 0; i < r->n; i++)
			look(r, &r->list[i], place);
		/* A rate needs two looks. */
		if (!r->interval_ms || round > 0) {
			if (show(r, e) < 0)
				return -1;
			if (!r->interval_ms || round == r->rounds)
				return 0;
		}
		if (fflush(stdout) != 0 || !sleep_for(r->interval_ms))
			return 0;
		arena_reset(r->arena);
	}
}

static int stat_run(const struct setup *s, struct err *e)
{
	const struct args *a = s->args;
	struct queue_place place = { .dir = opt_value(a, "dir") };
	struct stat_run r = { .json = opt_flag(a, "json"), .metrics = opt_value(a, "metrics") };
	int rc = -1;

	r.arena = arena_new();
	if (opt_duration(a, "interval", 100, 86400000, &r.interval_ms, e) < 0 ||
	    opt_number(a, "count", 1, UINT32_MAX, &r.rounds, e) < 0)
		goto out;
	if (r.rounds && !r.interval_ms) {
		err_set(e, FAULT_USAGE, "usage", "--count goes with --interval");
		goto out;
	}
	if (r.json && r.metrics) {
		err_set(e, FAULT_USAGE, "usage", "--json and --metrics do not go together");
		goto out;
	}
	if (r.rounds == 0)
		r.rounds = UINT64_MAX;
	if (r.interval_ms && sig_init(false, e) < 0)
		goto out;
	for (int i = 0; i < a->n_operands; i++)
		add(&r, a->operands[i]);
	if (r.n == 0 && add_all(&r, queue_dir(&place), e) < 0)
		goto out;
	rc = watch(&r, &place, e) < 0 ? -1 : r.rc;
out:
	for (size_t i = 0; i < r.n; i++) {
		queue_close(r.list[i].queue);
		free(r.list[i].url);
	}
	free(r.list);
	arena_free(r.arena);
	return rc;
}

const struct command command_queue_stat = {
	.program = {
		.name = "omni-queue stat",
		.purpose = "Say what queues hold: all of the directory, or those that are named.",
		.operands = "[QUEUE...]",
		.example = "omni-queue stat inbound outbound --interval 1s",
		.opts = opts,
	},
	.run = stat_run,
};
