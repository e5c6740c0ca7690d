/* SPDX-License-Identifier: MIT */
/* omni-recv as a service: options, signals, and the files that are kept current. */
#include "recv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "file.h"
#include "notify.h"
#include "recv_worker.h"
#include "serve_args.h"
#include "sig.h"

enum {
	THREADS_MAX = 64,
	THREADS_DEFAULT = 8, /* at most: there are seldom more webhooks than that can take */
	METRICS_MS = 1000,
	CLOSE_MS = 2000, /* for the rest of a record, when the reader is slow */
	PROXIES_MAX = 256,
};

struct run {
	const struct args *args;
	struct service service;
	struct serve_setup setup;
	struct serve_args serve;
	struct cidr trusted[PROXIES_MAX];
	void *ctx[THREADS_MAX];
	struct worker *workers[THREADS_MAX];
	const char *conf, *access_log, *metrics;
	int64_t written;     /* the metrics */
	bool metrics_failed; /* the last time */
	bool draining;
};

/* ---- options ---- */

static int read_inetd(struct run *r, struct err *e)
{
	r->setup.inetd = opt_flag(r->args, "inetd");
	if (r->setup.inetd &&
	    (r->setup.n_listen > 0 || (!opt_flag(r->args, "output") && !opt_flag(r->args, "queue"))))
		return err_set(e, FAULT_USAGE, "usage",
			       "--inetd takes no --listen, and needs -o or --queue: standard output is the connection");
	return 0;
}

static int read_proxies(struct run *r, struct err *e)
{
	const char *value;

	for (unsigned i = 0; (value = opt_values(r->args, "trusted-proxy", i)) != NULL; i++) {
		if (strcmp(value, "unix") == 0) {
			r->service.trust_unix = true;
			continue;
		}
		if (r->service.n_trusted == PROXIES_MAX)
			return err_set(e, FAULT_USAGE, "usage", "more than %d trusted proxies",
				       PROXIES_MAX);
		if (cidr_read(str_c(value), &r->trusted[r->service.n_trusted++]) < 0)
			return err_set(e, FAULT_USAGE, "usage",
				       "--trusted-proxy takes an address, a network (192.0.2.0/24) or \"unix\", not \"%.60s\"",
				       value);
	}
	r->service.trusted = r->trusted;
	r->setup.trusted = r->trusted;
	r->setup.n_trusted = r->service.n_trusted;
	return 0;
}

static uint64_t processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > THREADS_DEFAULT ? THREADS_DEFAULT : (uint64_t)n;
}

static int read_limits(struct run *r, struct err *e)
{
	uint64_t body = REQUEST_BODY_MAX, head = KIB(8), connections = 16384, per_address = 1024,
		 timeout = 20, idle = 60;
	uint64_t threads = r->setup.inetd ? 1 : processors();
	const struct args *a = r->args;

	if (opt_size(a, "max-body", 1, REQUEST_BODY_MAX, &body, e) < 0 ||
	    opt_size(a, "max-head", 256, REQUEST_HEAD_MAX, &head, e) < 0 ||
	    opt_number(a, "max-connections", 1, 1000000, &connections, e) < 0 ||
	    opt_number(a, "max-per-address", 0, 1000000, &per_address, e) < 0 ||
	    opt_number(a, "timeout", 1, 3600, &timeout, e) < 0 ||
	    opt_number(a, "idle", 1, 3600, &idle, e) < 0 ||
	    opt_number(a, "threads", 1, THREADS_MAX, &threads, e) < 0)
		return -1;
	r->setup.body_max = (size_t)body;
	r->setup.head_max = (size_t)head;
	r->setup.connections = (unsigned)connections;
	r->setup.per_address = (unsigned)per_address;
	r->setup.request_ms = (int)timeout * 1000;
	r->setup.idle_ms = (int)idle * 1000;
	r->setup.threads = (unsigned)threads;
	return 0;
}

static int read_options(struct run *r, struct err *e)
{
	const struct args *a = r->args;

	r->service.verify = opt_flag(a, "verify");
	r->access_log = opt_value(a, "access-log");
	r->metrics = opt_value(a, "metrics");
	r->conf = conf_path(opt_value(a, "config"));
	r->setup.fallback = "127.0.0.1:8080";
	if (serve_args_read(&r->serve, a, &r->setup, e) < 0 || read_inetd(r, e) < 0 ||
	    read_proxies(r, e) < 0 || read_limits(r, e) < 0)
		return -1;
	return 0;
}

/* ---- files ---- */

/*
 * Open the access log, or after a rotation the new one under the same descriptor.  At the start a FIFO is
 * waited for until it has a reader, by a program that signals still end; a service can not wait.
 */
static int open_log(struct run *r, struct err *e)
{
	int fd, wait = r->service.access_log < 0 ? 0 : O_NONBLOCK;

	if (!r->access_log)
		return 0;
	fd = open(r->access_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | wait, 0640);
	if (fd < 0)
		return err_set(e, FAULT_IO, "access-log", "%s: %s", r->access_log, strerror(errno));
	if (r->service.access_log < 0) {
		r->service.access_log = fd;
		return 0;
	}
	(void)fcntl(fd, F_SETFL, O_APPEND);
	(void)dup3(fd, r->service.access_log, O_CLOEXEC);
	close(fd);
	atomic_store(&r->service.log_errors, 0);
	return 0;
}

/* Readers of the file see the old counts or the new ones, never a part. */
static void write_metrics(struct run *r)
{
	struct buf b = { .max = KIB(256) };
	struct err e;
	bool failed;

	if (!r->metrics)
		return;
	worker_metrics(&b, &r->service);
	failed = file_replace(r->metrics, buf_get(&b), 0644, false, &e) < 0;
	if (failed && !r->metrics_failed) /* said once, until they can be written again */
		diag_warn("%s", e.text);
	r->metrics_failed = failed;
	r->written = clock_mono();
	buf_free(&b);
}

/* ---- signals ---- */

static void summary(const struct run *r)
{
	struct serve_counts n;

	serve_counts(r->service.serve, &n);
	diag_note("%" PRIu64 " requests, %" PRIu64 " records, %" PRIu64 " malformed, %" PRIu64
		  " timed out, %" PRIu64 " connections open, %.1f s",
		  n.requests, worker_records(&r->service), n.malformed, n.timeouts, n.connections,
		  (double)(clock_mono() - r->service.began) / 1000);
}

/* Read everything anew; what can not be used leaves the old in its place. */
static void reload(struct run *r)
{
	struct worker_conf *fresh[THREADS_MAX];
	unsigned n = r->setup.threads;
	struct err e;

	notify("RELOADING=1");
	for (unsigned i = 0; i < n; i++) {
		fresh[i] = worker_conf_load(&r->service, r->conf, &e);
		if (fresh[i])
			continue;
		while (i > 0)
			worker_conf_free(fresh[--i]);
		n = 0;
		diag_error("%s; the old configuration stays", e.text);
	}
	for (unsigned i = 0; i < n; i++)
		worker_conf_free(serve_post(r->service.serve, i, fresh[i]));
	if (serve_reload(r->service.serve, &e) < 0)
		diag_error("%s; the old certificate stays", e.text);
	if (open_log(r, &e) < 0)
		diag_error("%s; the old log stays", e.text);
	notify("READY=1");
}

static void drain(struct run *r)
{
	if (r->draining)
		return;
	r->draining = true;
	notify("STOPPING=1");
	serve_drain(r->service.serve);
}

static void wait_for_end(struct run *r)
{
	struct pollfd ended = { .fd = serve_ended(r->service.serve), .events = POLLIN };
	int came;

	while (!ended.revents) {
		came = sig_poll(&ended, 1, r->metrics ? METRICS_MS : -1);
		if (came & SIG_STATS)
			summary(r);
		if (came & SIG_LOAD)
			reload(r);
		if (came & SIG_STOP)
			drain(r);
		if (clock_mono() - r->written >= METRICS_MS)
			write_metrics(r);
	}
	write_metrics(r);
}

/* ---- the service ---- */

static int open_workers(struct run *r, struct err *e)
{
	struct str base = str_c(opt_value(r->args, "url"));

	for (unsigned i = 0; i < r->setup.threads; i++) {
		struct worker_conf *c = worker_conf_load(&r->service, r->conf, e);

		if (!c)
			return -1;
		r->ctx[i] = r->workers[i] = worker_new(&r->service, c, base);
		r->service.n_workers++;
	}
	r->service.workers = r->workers;
	r->setup.ctx = r->ctx;
	r->setup.handler = &worker_handler;
	return 0;
}

static struct handover *open_handover(const struct run *r, struct err *e)
{
	const char *url = opt_value(r->args, "queue");
	struct queue_place place;

	if (!url)
		return handover_file(opt_value(r->args, "output"), e);
	if (recv_queue_place(r->args, &place, e) < 0)
		return NULL;
	return handover_queue(url, &place, worker_wake, e);
}

static int run(struct run *r, struct err *e)
{
	struct service *s = &r->service;
	int rc = -1;

	s->began = clock_mono();
	s->access_log = -1;
	if (clock_init(e) < 0 || open_log(r, e) < 0 || sig_service(e) < 0 || open_workers(r, e) < 0)
		goto out;
	s->handover = open_handover(r, e);
	if (!s->handover)
		goto out;
	s->serve = serve_new(&r->setup, e);
	if (!s->serve || serve_start(s->serve, e) < 0)
		goto out;
	serve_args_announce(&r->serve, r->service.serve);
	wait_for_end(r);
	if (r->serve.verbose)
		summary(r);
	rc = 0;
out:
	serve_free(s->serve);
	if (s->handover && s->handover->close(s->handover, CLOSE_MS, e) < 0)
		rc = -1;
	if (rc == 0 && atomic_load(&s->gone))
		rc = err_set(e, FAULT_IO, "output", "nobody takes records any more");
	for (unsigned i = 0; i < s->n_workers; i++)
		worker_free(r->workers[i]);
	if (s->access_log >= 0)
		close(s->access_log);
	return rc;
}

int recv_serve(const struct program *p, const struct args *a)
{
	struct run r = { .args = a };
	struct err e;

	if (read_options(&r, &e) < 0)
		return opt_usage(p, e.text);
	diag_quiet(opt_flag(a, "quiet"));
	if (run(&r, &e) < 0)
		return e.fault == FAULT_USAGE ? opt_usage(p, e.text) : diag_fail(&e);
	return EXIT_OK;
}
