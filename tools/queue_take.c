/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "json.h"
#include "limit.h"
#include "meter.h"
#include "queue.h"
#include "rec.h"
#include "sig.h"

enum {
	BATCH = 256,
	ATTEMPTS = 20,
	IN_FLIGHT = 10000,
	HOLD_MS = 15 * 60000,
	STUCK_MS = 30000, /* without a record settled, while no more may be taken */
};

struct take {
	struct queue *queue;
	bool follow, stop;
	uint64_t batch, left; /* records of one commit; that may still be taken */
	int64_t lease_ms, hold_ms;
	int64_t extend_at; /* clock_steady, as leases go by the same clock */
	int64_t gave_at;   /* clock_mono, the last record */
	bool warned;
	struct queue_lease *leases;
	struct buf out; /* written up to sent */
	size_t sent;
	size_t chunk; /* that can be written at once when poll says so */
	bool pipe;
	struct arena *arena;
	struct meter_stage count;
	struct meter meter;
};

static const struct opt opts[] = {
	{ "batch", 0, "N", "lease at most N records at a time (default 256)", false },
	QUEUE_OPT_DIR,
	{ "follow", 'f', NULL, "wait for more when there is nothing to take", false },
	{ "hold", 0, "SPAN", "with --follow: extend leases of what is out up to SPAN (15m, 0: not)", false },
	{ "in-flight", 0, "N", "with --follow: have at most N records out (default 10000)", false },
	{ "lease", 0, "SPAN", "what is not settled within SPAN is taken again (default 60s)", false },
	{ "limit", 0, "N", "end after N records", false },
	{ "max-attempts", 0, "N", "bury what was taken N times (default 20, 0: never)", false },
	{ "metrics", 0, "FILE", "keep Prometheus metrics in FILE", false },
	{ "verbose", 'v', NULL, "a summary on standard error at the end", false },
	{ NULL, 0, NULL, NULL, false },
};

static int read_options(struct take *t, const struct args *a, struct queue_place *place, struct err *e)
{
	uint64_t attempts = ATTEMPTS, in_flight = IN_FLIGHT;

	t->follow = opt_flag(a, "follow");
	if (!t->follow && (opt_value(a, "hold") || opt_value(a, "in-flight")))
		return err_set(e, FAULT_USAGE, "usage", "--hold and --in-flight are for --follow");
	if (opt_number(a, "batch", 1, QUEUE_BATCH, &t->batch, e) < 0 ||
	    opt_number(a, "limit", 1, UINT64_MAX, &t->left, e) < 0 ||
	    opt_number(a, "max-attempts", 0, 1000000, &attempts, e) < 0 ||
	    opt_number(a, "in-flight", 1, UINT32_MAX, &in_flight, e) < 0 ||
	    opt_duration(a, "lease", 2000, 12 * INT64_C(3600000), &t->lease_ms, e) < 0 ||
	    opt_duration(a, "hold", 0, 30 * INT64_C(86400000), &t->hold_ms, e) < 0)
		return -1;
	place->lease_ms = t->lease_ms;
	place->hold_ms = t->hold_ms;
	place->max_attempts = (uint32_t)attempts;
	place->in_flight = t->follow ? (uint32_t)in_flight : 0;
	return 0;
}

/*
 * A pipe that is ready takes PIPE_BUF bytes without blocking, and all of its size when it is empty.
 * Elsewhere a write may block: a disk does not for long.
 */
static size_t fitting(const struct take *t)
{
	int waiting = 1;

	if (!t->pipe)
		return SIZE_MAX;
	return ioctl(STDOUT_FILENO, FIONREAD, &waiting) == 0 && waiting == 0 ? t->chunk : PIPE_BUF;
}

static int write_some(struct take *t, struct err *e)
{
	size_t n = t->out.n - t->sent, most = fitting(t);
	ssize_t wrote = write(STDOUT_FILENO, t->out.p + t->sent, n < most ? n : most);

	if (wrote < 0 && errno != EINTR && errno != EAGAIN)
		return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
	if (wrote > 0) {
		t->sent += (size_t)wrote;
		t->count.counts.bytes_out += (uint64_t)wrote;
	}
	if (t->sent == t->out.n) {
		buf_reset(&t->out);
		t->sent = 0;
	}
	return 0;
}

static void lease_value(struct buf *b, const struct queue *q, const struct queue_lease *l)
{
	char born[CLOCK_TEXT + 1];

	clock_format(born, l->born_ms);
	buf_lit(b, "{\"queue\":");
	json_put_str(b, str_c(queue_name(q)));
	json_add_i64(b, "seq", (int64_t)l->seq);
	json_add_str(b, "token", l->token);
	json_add_str(b, "born", (struct str){ born, CLOCK_TEXT });
	json_add_i64(b, "attempt", l->attempts);
	buf_char(b, '}');
}

/*
 * Whether ${line} may have a member `lease`: put takes it out, but others may have written the file.  A
 * key can also be written with escapes.
 */
static bool leased(struct str line)
{
	return str_search(line, STR("\"lease\"")) < line.n || str_search(line, STR("\\u00")) < line.n;
}

static void show(struct take *t, const struct queue_lease *l)
{
	struct buf *b = &t->out, value = { .max = KIB(4) };
	struct str line = l->line;
	struct rec r = { .file = "-" };
	struct err e;

	if (leased(line) && rec_parse(&r, line, t->arena, &e) == 0) {
		lease_value(&value, t->queue, l);
		rec_add(&r, "lease", buf_get(&value));
		rec_write(b, &r);
	} else { /* an object: what is no record is never put */
		line = str_trim(line);
		buf_add(b, line.p, line.n - (line.n > 0));
		json_key(b, "lease");
		lease_value(b, t->queue, l);
		buf_char(b, '}');
	}
	buf_char(b, '\n');
	buf_free(&value);
	arena_reset(t->arena);
}

static int take_some(struct take *t, size_t *n, struct err *e)
{
	size_t max = t->batch < t->left ? (size_t)t->batch : (size_t)t->left;

	if (queue_take(t->queue, t->leases, max, n, clock_now(), e) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		show(t, &t->leases[i]);
	t->left -= *n;
	t->count.counts.in += *n;
	t->count.counts.out += *n;
	t->meter.dirty |= *n > 0;
	if (*n > 0)
		t->gave_at = clock_mono();
	return 0;
}

/* Leases of what is out end when this program does, not because a pipe is slow. */
static int extend(struct take *t, struct err *e)
{
	int64_t now = clock_steady();

	if (!t->follow || t->hold_ms == 0 || now < t->extend_at)
		return 0;
	t->extend_at = now + t->lease_ms / 3;
	return queue_extend(t->queue, NULL, 0, clock_now() + t->lease_ms, clock_now(), e);
}

/* When nothing has been settled for long and no more may be taken, somebody has forgotten something. */
static int look_stuck(struct take *t, struct err *e)
{
	struct queue_stat s;

	if (t->warned || clock_mono() - t->gave_at < STUCK_MS)
		return 0;
	t->gave_at = clock_mono();
	if (queue_stat(t->queue, &s, clock_now(), e) < 0)
		return -1;
	if (s.ready == 0 || s.leased < t->queue->place.in_flight)
		return 0;
	t->warned = true;
	diag_warn("%llu records are out and none has been settled for %d s; does the pipeline end with \"omni-queue settle %s\"?",
		  (unsigned long long)s.leased, STUCK_MS / 1000, queue_name(t->queue));
	return 0;
}

static int sooner(int a, int64_t b)
{
	if (b < 0)
		b = 0;
	return a < 0 || b < a ? (int)b : a;
}

/* As sig_poll sleeps, whatever OMNI_CLOCK says. */
static int64_t real_ms(int64_t ms)
{
	int64_t ns = ms > 0 ? clock_real_ns(ms * 1000000) : 0;

	return ns < 0 ? INT_MAX : (ns + 999999) / 1000000;
}

/* Sleep until the output takes more or ${fd} (-1: none) is readable, or something is due. */
static int wait_for(struct take *t, int fd, int timeout, struct err *e)
{
	struct pollfd p[2] = { { .fd = STDOUT_FILENO, .events = t->out.n > 0 ? POLLOUT : 0 },
			       { .fd = fd, .events = POLLIN } };
	int meter = meter_tick(&t->meter), came;

	if (meter >= 0)
		timeout = sooner(timeout, meter);
	if (t->follow && t->hold_ms > 0)
		timeout = sooner(timeout, real_ms(t->extend_at - clock_steady()));
	came = sig_poll(p, 2, timeout);
	if (came & SIG_STOP)
		t->stop = true;
	if (came & SIG_STATS)
		meter_show(&t->meter);
	if (t->out.n == 0 && (p[0].revents & (POLLERR | POLLHUP)))
		return err_set(e, FAULT_IO, "output", "standard output: the reader is gone");
	if (t->out.n > 0 && p[0].revents)
		return write_some(t, e);
	return 0;
}

static int loop(struct take *t, struct err *e)
{
	size_t n;
	int fd, timeout;

	for (;;) {
		if (extend(t, e) < 0)
			return -1;
		if (t->out.n > 0) {
			if (wait_for(t, -1, -1, e) < 0)
				return -1;
			continue;
		}
		if (t->stop || t->left == 0)
			return 0;
		fd = queue_watch(t->queue, clock_now(), &timeout, e);
		if (fd < 0 || take_some(t, &n, e) < 0)
			return -1;
		if (n == 0 && !t->follow)
			return 0;
		if (n == 0 && (look_stuck(t, e) < 0 || wait_for(t, fd, timeout, e) < 0))
			return -1;
	}
}

static void output_is(struct take *t)
{
	struct stat st;
	int size;

	t->pipe = fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
	size = t->pipe ? fcntl(STDOUT_FILENO, F_GETPIPE_SZ) : -1;
	t->chunk = size > PIPE_BUF ? (size_t)size : PIPE_BUF;
}

static int take_run(const struct setup *setup, struct err *e)
{
	const struct args *a = setup->args;
	struct take t = { .batch = BATCH,
			  .left = UINT64_MAX,
			  .lease_ms = QUEUE_LEASE_MS,
			  .hold_ms = HOLD_MS,
			  .out = { .max = SIZE_MAX } };
	struct queue_place place = { .dir = opt_value(a, "dir") };
	int rc = -1;

	if (read_options(&t, a, &place, e) < 0 || sig_init(true, e) < 0)
		return -1;
	place.create = t.follow;
	t.queue = queue_open(a->subject, &place, 0, e);
	if (!t.queue)
		return -1;
	t.leases = calloc(t.batch, sizeof(*t.leases));
	if (!t.leases)
		diag_oom();
	t.arena = arena_new();
	t.gave_at = clock_mono();
	t.extend_at = clock_steady() + t.lease_ms / 3;
	t.count.name = "take";
	meter_init(&t.meter, &t.count, 1);
	t.meter.metrics = opt_value(a, "metrics");
	output_is(&t);
	rc = loop(&t, e);
	(void)meter_end(&t.meter);
	if (opt_flag(a, "verbose"))
		meter_show(&t.meter);
	queue_close(t.queue);
	free(t.leases);
	arena_free(t.arena);
	buf_free(&t.out);
	return rc;
}

const struct command command_queue_take = {
	.program = {
		.name = "omni-queue take",
		.purpose = "Lease records from a queue and write them, each with its lease.",
		.subject = "QUEUE",
		.example = "omni-queue take inbound --follow | omni-normalize | omni-queue settle inbound",
		.opts = opts,
	},
	.run = take_run,
};
