/* SPDX-License-Identifier: MIT */
/* omni-sandbox as a service: options, signals, start and end. */
#include "commands.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "file.h"
#include "notify.h"
#include "sandbox_box.h"
#include "serve_args.h"
#include "sig.h"
#include "url.h"

enum {
	CONNECTIONS = 16384,
	REQUEST_MS = 60000, /* uploads are large */
	IDLE_MS = 60000,
	LINGER_MS = 2000, /* at the end, for callbacks that are under way */
};

#define RECORD_BROKEN "the record could not be written"

#define BODY_DEFAULT MIB(16)  /* the most that most carriers take */
#define BODY_MOST    MIB(128) /* documents of WhatsApp: 100 MB */

struct run {
	const struct args *args;
	struct box box;
	struct serve_setup setup;
	struct serve_args serve;
	void *ctx[1];
	bool draining;
};

static const struct opt options[] = {
	{ "listen", 0, "ADDR", "serve on HOST:PORT or unix:PATH (else 127.0.0.1:8090)", true },
	{ "scenario", 's', "FILE", "how the carriers behave (else well)", false },
	{ "seed", 0, "N",
	  "what chance and ids are made of, if the scenario does not say (else new)", false },
	{ "callback", 0, "URL", "where receipts and replies go (else there are none)", false },
	{ "record", 'o', "FILE",
	  "append a line for each request and callback to FILE, \"-\" is standard output", false },
	{ "ca", 0, "FILE", "certificates that callbacks trust, PEM (else the system's)", false },
	{ "tls-cert", 0, "FILE", "certificate chain, PEM: what comes over TCP is TLS", false },
	{ "tls-key", 0, "FILE", "its key, PEM", false },
	{ "max-body", 0, "SIZE", "largest body (else 16M)", false },
	{ "ready", 'd', "FD", "write a newline to FD when requests are taken", false },
	{ "verbose", 'v', NULL, "say where it listens, and close with a summary", false },
	{ 0 },
};

/* ---- options ---- */

static int read_options(struct run *r, struct err *e)
{
	uint64_t body = BODY_DEFAULT;
	const struct args *a = r->args;
	struct box *b = &r->box;
	struct url url;

	if (serve_args_read(&r->serve, a, &r->setup, e) < 0 ||
	    opt_size(a, "max-body", 1, BODY_MOST, &body, e) < 0)
		return -1;
	b->hook_base = opt_value(a, "callback");
	if (b->hook_base && (url_split(str_c(b->hook_base), &url) < 0 || url.query.p))
		return err_set(e, FAULT_USAGE, "usage",
			       "--callback takes the start of a URL, as http://127.0.0.1:8080, not \"%.60s\"",
			       b->hook_base);
	b->record = opt_value(a, "record");
	r->setup.fallback = "127.0.0.1:8090";
	r->setup.head_max = REQUEST_HEAD_MAX;
	r->setup.body_max = (size_t)body;
	r->setup.connections = CONNECTIONS;
	r->setup.request_ms = REQUEST_MS;
	r->setup.idle_ms = IDLE_MS;
	r->setup.threads = 1;
	return 0;
}

static int open_scenario(struct run *r, struct err *e)
{
	const char *path = opt_value(r->args, "scenario");
	struct str text = STR("");
	uint64_t seed;

	crypto_random(&seed, sizeof(seed));
	seed >>= 12; /* any reader of JSON has it whole */
	if (opt_number(r->args, "seed", 0, INT64_MAX, &seed, e) < 0)
		return -1;
	if (path && file_read(path, CONF_MAX_BYTES, r->box.arena, &text, NULL, e) < 0)
		return -1;
	r->box.scenario = scenario_read(text, r->box.arena, path, seed, e);
	return r->box.scenario ? 0 : -1;
}

/* ---- signals ---- */

static void drain(struct run *r)
{
	if (r->draining)
		return;
	r->draining = true;
	notify("STOPPING=1");
	atomic_store(&r->box.stopping, true);
	serve_drain(r->box.serve);
}

/*
 * Callbacks that are done are collected in the thread that serves: it is woken, and until it has looked the
 * descriptor that says so is not watched.
 */
static void watch(struct run *r)
{
	struct box *b = &r->box;
	struct pollfd p[2] = { { .fd = serve_ended(b->serve), .events = POLLIN },
			       { .fd = fetch_fd(b->fetch), .events = POLLIN } };
	uint64_t n;

	while (!p[0].revents) {
		int came = sig_poll(p, 2, -1);

		if (p[1].revents && p[1].fd == b->drained) {
			(void)!read(b->drained, &n, sizeof(n));
			p[1].fd = fetch_fd(b->fetch);
		} else if (p[1].revents) {
			atomic_store(&b->collect, true);
			serve_wake(b->serve, 0);
			p[1].fd = b->drained;
		}
		if (came & SIG_STATS) {
			atomic_store(&b->tell, true);
			serve_wake(b->serve, 0);
		}
		if (came & SIG_STOP)
			drain(r);
	}
}

/* Wait for callbacks that are under way, at most ${ms}. */
static void await(struct box *b, int64_t ms)
{
	int64_t until = clock_mono() + ms, left = ms;
	struct pollfd p = { .fd = fetch_fd(b->fetch), .events = POLLIN };

	hook_collect(b);
	play_stop(b);
	for (; b->n_flying > 0 && left > 0; left = until - clock_mono()) {
		sig_poll(&p, 1, (int)left);
		hook_collect(b);
		play_stop(b);
	}
}

/* Nobody serves any more: callbacks have a little time left. */
static void linger(struct box *b)
{
	await(b, LINGER_MS);
	hook_stop(b);
	await(b, LINGER_MS);
}

/* ---- the service ---- */

static int open_box(struct run *r, struct err *e)
{
	struct box *b = &r->box;
	struct fetch_options o = { .ca = opt_value(r->args, "ca") };

	b->by_id = map_new();
	b->seen = map_new();
	b->drained = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->drained < 0)
		return err_set(e, FAULT_OS, "eventfd", "eventfd: %s", strerror(errno));
	if (open_scenario(r, e) < 0 || accounts_open(b, e) < 0 || record_open(b, e) < 0)
		return -1;
	b->fetch = fetch_open(&o, e);
	return b->fetch ? 0 : -1;
}

static void close_box(struct box *b)
{
	hook_close(b);
	accounts_close(b);
	shape_close(b);
	scenario_free(b->scenario);
	if (b->seen)
		keep_reset(b);
	map_free(b->by_id);
	map_free(b->seen);
	free(b->heap);
	buf_free(&b->line);
	if (b->drained >= 0)
		close(b->drained);
	arena_free(b->arena);
}

static int serve(struct run *r, struct err *e)
{
	struct box *b = &r->box;

	/* A FIFO that is to be written to waits for its reader: signals end that. */
	if (clock_init(e) < 0 || open_box(r, e) < 0 || sig_service(e) < 0)
		return -1;
	r->ctx[0] = b;
	r->setup.ctx = r->ctx;
	r->setup.handler = &box_handler;
	b->serve = serve_new(&r->setup, e);
	if (!b->serve)
		return -1;
	accounts_place(b, serve_address(b->serve, 0));
	b->began = clock_now();
	b->run = id_born(b->began);
	record_start(b);
	if (atomic_load(&b->broken))
		return err_set(e, FAULT_IO, "record", "%s", RECORD_BROKEN);
	if (serve_start(b->serve, e) < 0)
		return -1;
	serve_args_announce(&r->serve, b->serve);
	watch(r);
	serve_free(b->serve);
	b->serve = NULL;
	linger(b);
	record_end(b);
	if (r->serve.verbose)
		record_summary(b);
	return atomic_load(&b->broken) ? err_set(e, FAULT_IO, "record", "%s", RECORD_BROKEN) : 0;
}

static int sandbox_run(const struct setup *s, struct err *e)
{
	struct run r = { .args = s->args, .box = { .conf = s->conf, .drained = -1, .fd = -1 } };
	int rc;

	r.box.arena = arena_new();
	rc = read_options(&r, e) < 0 ? -1 : serve(&r, e);
	serve_free(r.box.serve);
	close_box(&r.box);
	return rc;
}

const struct command command_sandbox = {
	.program = {
		.name = "omni-sandbox",
		.purpose = "Stand in for the carriers' APIs: take messages, call back with receipts and replies.",
		.example = "omni-sandbox -c omni.json --callback http://127.0.0.1:8080 -o record.ndjson",
		.opts = options,
	},
	.keys = config_keys,
	.run = sandbox_run,
};
