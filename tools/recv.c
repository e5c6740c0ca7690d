/* SPDX-License-Identifier: MIT */
#include "recv.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "file.h"
#include "form.h"
#include "opt.h"
#include "pack.h"
#include "queue.h"
#include "sig.h"
#include "sink.h"

enum { DRAIN_MS = 2000 }; /* after SIGTERM: how long the file in hand may still take to arrive */

struct recv {
	struct args args;
	struct conf *conf;
	struct carriers *carriers;
	struct recv_setup setup;
	int64_t at;                  /* --at */
	struct id id;                /* --id; empty if not given */
	uint64_t requests, rejected; /* the one in hand included */
	struct arena *arena;         /* of one request */
	struct buf line, out;
	struct sink *sink;
	struct queue *queue; /* instead of standard output, or NULL */
	int rejects;         /* their channel; SINK_OUT: in band */
	int status;          /* the exit code so far */
	int64_t deadline;    /* of the file in hand once SIGTERM has come, else 0 */
};

/* A file of raw requests. */
struct capture {
	struct recv *recv;
	const char *name;
	int fd;
	struct pack *pack; /* reads fd; NULL: not compressed */
	struct buf text;
	bool begun;        /* some of it was read */
	bool cut;          /* there is more that could not be read */
	uint64_t requests; /* in it so far, the one in hand included */
	uint64_t lineno;   /* where that begins, from 1 */
};

static const struct opt options[] = {
	{ "listen", 0, "ADDR", "serve on HOST:PORT or unix:PATH (else 127.0.0.1:8080)", true },
	{ "output", 'o', "FILE",
	  "append records to FILE, a file or FIFO, instead of standard output", false },
	{ "queue", 0, "QUEUE",
	  "put records into QUEUE, a name or URL, each committed before its answer", false },
	QUEUE_OPT_DIR,
	{ "max-size", 0, "SIZE", "with --queue: refuse while its records take more (else no limit)", false },
	OPT_MAX_LINE,
	{ "verify", 0, NULL, "check proofs before anything is written; forged requests get 403", false },
	{ "tls-cert", 0, "FILE", "certificate chain, PEM: what comes over TCP is TLS", false },
	{ "tls-key", 0, "FILE", "its key, PEM", false },
	{ "trusted-proxy", 0, "CIDR",
	  "believe X-Forwarded-* from there; \"unix\": from Unix sockets", true },
	{ "max-body", 0, "SIZE", "largest body (else the most, 900k of 1M of --max-line)", false },
	{ "max-head", 0, "SIZE", "longest request line and headers together (else 8k)", false },
	{ "max-connections", 0, "N", "connections at the same time (else 16384)", false },
	{ "max-per-address", 0, "N", "of them from one address, 0 for any number (else 1024)", false },
	{ "timeout", 0, "SECONDS", "for a request to arrive whole (else 20)", false },
	{ "idle", 0, "SECONDS", "until the next request of a connection (else 60)", false },
	{ "threads", 0, "N", "threads (else one for each processor, up to 8)", false },
	{ "access-log", 0, "FILE", "append a line of JSON for each answer to FILE", false },
	{ "metrics", 0, "FILE", "keep FILE current with counts, in the format of Prometheus", false },
	{ "ready", 'd', "FD", "write a newline to FD when requests are taken", false },
	{ "inetd", 0, NULL, "serve the one connection on standard input; needs -o", false },
	{ "from", 0, NULL, "read raw HTTP requests from files instead of the network", false },
	{ "carrier", 'C', "NAME",
	  "the carrier that sent them (else the path /webhooks/NAME says it)", false },
	{ "account", 'A', "NAME", "the account they are for (else the path /webhooks/NAME/ACCOUNT)", false },
	{ "url", 0, "BASE", "public URL that the carrier called, up to the path (else public_url)", false },
	{ "body", 0, NULL, "each file is a bare payload, JSON or a form; needs -C", false },
	{ "at", 0, "TIME", "when they came, RFC 3339 (else now)", false },
	{ "id", 0, "UUID", "id of the first record; further ones are derived from it (else new)", false },
	{ "config", 'c', "FILE", "configuration", false },
	{ "rejects", 'r', "FILE", "append rejects to FILE instead of standard output", false },
	{ "quiet", 'q', NULL, "no warnings", false },
	{ "verbose", 'v', NULL, "name each reject, and close with a summary", false },
	{ 0 },
};

static const struct program program = {
	.name = "omni-recv",
	.purpose = "Take webhooks of carriers as HTTP requests, write webhook records.",
	.operands = "[FILE...]",
	.example = "omni-recv --from request.http | omni-validate -c omni.json | omni-normalize",
	.opts = options,
};

static int flush(struct recv *r, struct err *e)
{
	struct str lines = buf_get(&r->out);
	int rc = r->queue ? recv_queue_put(r->queue, lines, e) :
			    sink_write(r->sink, SINK_OUT, lines, e);

	buf_reset(&r->out);
	return rc;
}

/* Put the line that was written where the records go. */
static int put(struct recv *r, struct err *e)
{
	buf_str(&r->out, buf_get(&r->line));
	return r->out.n < BLOCK_BYTES ? 0 : flush(r, e);
}

/* The start of ${s}, not cut inside a character if it is text. */
static struct str start_of(struct str s, size_t max)
{
	struct str text = str_utf8_cut(s, max);

	return str_utf8(text) ? text : str_sub(s, 0, max);
}

/* Make a reject of the request ${raw}: of a long one what fits into a line when it is escaped. */
static int reject(struct recv *r, const struct capture *c, struct str raw, struct err *e)
{
	struct err why;
	size_t max = LINE_KEPT;

	do {
		struct str kept = start_of(raw, max);

		why = *e;
		if (kept.n < raw.n)
			err_hint(&why, "of %zu bytes the first %zu are kept", raw.n, kept.n);
		buf_reset(&r->line);
		rec_reject_raw(&r->line, "recv", kept, c->lineno, &why);
		buf_char(&r->line, '\n');
		max /= 2;
	} while (r->line.over);
	r->rejected++;
	if (opt_flag(&r->args, "verbose"))
		diag_note("%s: line %" PRIu64 ": rejected: %s", c->name, c->lineno, why.text);
	if (r->rejects != SINK_OUT)
		return sink_write(r->sink, (unsigned)r->rejects, buf_get(&r->line), e);
	return put(r, e);
}

/* ---- requests ---- */

/* The id of the record of the request in hand. */
static struct id make_id(struct recv *r, int64_t at)
{
	struct buf n = { .max = 20 };
	struct str parts[2] = { id_str(&r->id) };
	struct id id = r->id;

	if (r->id.text[0] == '\0')
		return id_born(at);
	if (r->requests > 1) {
		buf_u64(&n, r->requests);
		parts[1] = buf_get(&n);
		id = id_derive(parts, 2);
		buf_free(&n);
	}
	return id;
}

/* Make a record of ${req}, which came as the bytes ${raw}. */
static int put_request(struct recv *r, const struct capture *c, const struct request *req,
		       struct str raw, struct err *e)
{
	struct recv_origin o = { .at = opt_flag(&r->args, "at") ? r->at : clock_now() };

	o.id = make_id(r, o.at);
	if (recv_place(&r->setup, req, r->arena, &o, e) < 0)
		return e->fault == FAULT_DATA ? reject(r, c, raw, e) : -1;
	buf_reset(&r->line);
	recv_write(&r->line, req, &o);
	buf_char(&r->line, '\n');
	if (!r->line.over)
		return put(r, e);
	err_set(e, FAULT_DATA, "request-too-large",
		"the request takes more than the %zu bytes of a line as a record", LINE_MAX_BYTES);
	return reject(r, c, raw, e);
}

/* True if ${req} says where it ends; else the end of the file is its end. */
static bool is_delimited(const struct request *req)
{
	return http_header(req, "content-length").p || http_header(req, "transfer-encoding").p;
}

/* Handle the first request in ${rest}.  Set ${used} to its length. */
static int take_request(struct recv *r, struct capture *c, struct str rest, size_t *used, struct err *e)
{
	struct request req;

	arena_reset(r->arena);
	*used = rest.n;
	if (http_parse(rest, r->arena, &req, used, e) < 0) {
		*used = rest.n; /* where the next one begins can not be known */
		if (c->requests > 1 && strcmp(e->code, "request-malformed") == 0)
			err_hint(e, "the body before it may be longer than its Content-Length says");
		return reject(r, c, rest, e);
	}
	if (c->cut && *used == rest.n && !is_delimited(&req)) {
		err_set(e, FAULT_DATA, "request-short",
			"the file could not be read to the end of this request");
		return reject(r, c, rest, e);
	}
	return put_request(r, c, &req, str_sub(rest, 0, *used), e);
}

static int put_requests(struct recv *r, struct capture *c, struct err *e)
{
	struct str rest = buf_get(&c->text);
	size_t used;

	for (;;) {
		for (; rest.n > 0 && (rest.p[0] == '\r' || rest.p[0] == '\n');
		     rest = str_sub(rest, 1, rest.n))
			c->lineno += rest.p[0] == '\n';
		if (rest.n == 0)
			return 0;
		r->requests++;
		c->requests++;
		if (take_request(r, c, rest, &used, e) < 0)
			return -1;
		for (size_t i = 0; i < used; i++)
			c->lineno += rest.p[i] == '\n';
		rest = str_sub(rest, used, rest.n);
	}
}

/* --body: all of the file is the body of one request, but for what an editor put around it. */
static int put_bare(struct recv *r, struct capture *c, struct err *e)
{
	struct str raw = buf_get(&c->text), body = raw;
	struct request req = { .method = STR("POST"), .n_headers = 1 };
	struct buf target = { .max = SIZE_MAX };
	char first;
	int rc;

	if (c->cut && raw.n == 0)
		return 0;
	r->requests++;
	if (str_prefix(body, STR("\xEF\xBB\xBF")))
		body = str_sub(body, 3, body.n);
	while (str_suffix(body, STR("\n")) || str_suffix(body, STR("\r")))
		body.n--;
	if (str_trim(body).n == 0 || c->cut) {
		err_set(e, FAULT_DATA, "request-short",
			c->cut ? "the file could not be read to its end" : "the file holds no payload");
		return reject(r, c, raw, e);
	}
	arena_reset(r->arena);
	first = str_trim(body).p[0];
	req.headers[0].name = STR("content-type");
	req.headers[0].value = first == '{' || first == '[' ? STR("application/json") :
							      STR("application/x-www-form-urlencoded");
	req.body = body;
	buf_lit(&target, RECV_PATH);
	buf_str(&target, r->setup.carrier->name);
	if (r->setup.account.p) {
		buf_char(&target, '/');
		form_escape(&target, r->setup.account);
	}
	req.target = buf_get(&target);
	rc = put_request(r, c, &req, raw, e);
	buf_free(&target);
	return rc;
}

/* ---- files ---- */

static void summary(const struct recv *r)
{
	diag_note("%" PRIu64 " requests, %" PRIu64 " rejected", r->requests, r->rejected);
}

/* Wait for ${f} or a signal, ${timeout} milliseconds, and do what the signal asks for. */
static void wait_for(struct recv *r, struct pollfd *f, unsigned n, int timeout)
{
	int came = sig_poll(f, n, timeout);

	if (came & SIG_STATS)
		summary(r);
	if ((came & SIG_STOP) && !r->deadline)
		r->deadline = clock_mono() + DRAIN_MS;
}

/*
 * Read a file as packs do, but no longer than the deadline, and once it is set only what has begun: then
 * 0 with c->cut.
 */
static ssize_t read_in_time(void *with, void *dst, size_t n, struct err *e)
{
	struct capture *c = with;
	struct recv *r = c->recv;
	struct pollfd f = { .fd = c->fd, .events = POLLIN };
	ssize_t got;

	for (;;) {
		int64_t left = r->deadline - clock_mono();

		if (r->deadline && (left <= 0 || !c->begun)) {
			c->cut = true;
			return 0;
		}
		wait_for(r, &f, 1, r->deadline ? (int)left : -1);
		if (!f.revents)
			continue;
		got = read(c->fd, dst, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, FAULT_IO, "read-failed", "%s: %s", c->name, strerror(errno));
		c->begun |= got > 0;
		return got;
	}
}

/* Read ${c} whole, as far as it can be read. */
static int slurp(struct capture *c, struct err *e)
{
	char *p;
	ssize_t n;

	c->text.max = CAPTURE_MAX_BYTES + BLOCK_BYTES;
	for (;;) {
		p = buf_grow(&c->text, BLOCK_BYTES);
		if (!p) {
			c->cut = true;
			return err_set(e, FAULT_DATA, "file-too-large",
				       "%s: larger than %zu MiB: split it between two requests",
				       c->name, CAPTURE_MAX_BYTES >> 20);
		}
		n = c->pack ? pack_read(c->pack, p, BLOCK_BYTES, e) :
			      read_in_time(c, p, BLOCK_BYTES, e);
		if (n <= 0)
			break;
		c->text.n += (size_t)n;
	}
	if (n == 0 || (c->cut && !c->begun)) /* a pack that nobody waited for is not a bad one */
		return 0;
	c->cut = true;
	return -1;
}

static int open_capture(struct recv *r, struct capture *c, const char *path, struct err *e)
{
	struct pack_source source = { .read = read_in_time, .with = c };

	*c = (struct capture){ .recv = r, .name = path, .fd = STDIN_FILENO, .lineno = 1 };
	if (strcmp(path, "-") == 0) {
		c->name = "standard input";
		return 0;
	}
	c->fd = file_open(path);
	if (c->fd < 0)
		return err_set(e, FAULT_IO, "open-failed", "%s: %s", path, strerror(errno));
	if (pack_is(path))
		c->pack = pack_open_source(&source, path);
	return 0;
}

static void close_capture(struct capture *c)
{
	pack_close(c->pack);
	if (c->fd != STDIN_FILENO)
		close(c->fd);
	buf_free(&c->text);
}

/*
 * Handle one file.  Return -1 only if nothing more can be done: what ails the file itself is
 * reported here.
 */
static int take_file(struct recv *r, const char *path, struct err *e)
{
	struct capture c;
	struct err bad;
	int rc, status;

	if (flush(r, e) < 0) /* reading may block */
		return -1;
	if (open_capture(r, &c, path, &bad) < 0) {
		status = diag_fail(&bad);
	} else {
		status = slurp(&c, &bad) < 0 ? diag_fail(&bad) : EXIT_OK;
		rc = opt_flag(&r->args, "body") ? put_bare(r, &c, e) : put_requests(r, &c, e);
		close_capture(&c);
		if (rc < 0)
			return -1;
	}
	if (r->status < status)
		r->status = status;
	return 0;
}

/* ---- the program ---- */

/* -C, once the configuration is there: it may name carriers of the user's own. */
static int find_carrier(struct recv *r, struct err *e)
{
	const char *name = opt_value(&r->args, "carrier");
	const struct carrier_conf *c;

	if (!name)
		return 0;
	r->setup.carrier = carriers_find(r->carriers, str_c(name));
	if (r->setup.carrier)
		return 0;
	err_set(e, FAULT_USAGE, "usage", "unknown carrier \"%.40s\"; there are", name);
	for (size_t i = 0; (c = carriers_at(r->carriers, i)) != NULL; i++)
		snprintf(e->text + strlen(e->text), sizeof(e->text) - strlen(e->text), " %.*s",
			 STR_FMT(c->name));
	return -1;
}

/* Files are read with other options than sockets are. */
static int check_options(const struct args *a, struct err *e)
{
	static const char *const offline[] = { "carrier", "account", "body", "at",
					       "id",      "rejects", NULL };
	static const char *const service[] = { "listen",          "output",     "verify",
					       "tls-cert",        "tls-key",    "trusted-proxy",
					       "max-body",        "max-head",   "max-connections",
					       "max-per-address", "timeout",    "idle",
					       "threads",         "access-log", "metrics",
					       "ready",           "inetd",      NULL };
	bool from = opt_flag(a, "from"), queue = opt_flag(a, "queue");

	if (queue && opt_flag(a, "output"))
		return err_set(e, FAULT_USAGE, "usage", "-o and --queue exclude each other");
	if (!queue && (opt_flag(a, "dir") || opt_flag(a, "max-size")))
		return err_set(e, FAULT_USAGE, "usage", "--dir and --max-size need --queue");
	for (const char *const *name = from ? service : offline; *name; name++)
		if (opt_flag(a, *name))
			return err_set(e, FAULT_USAGE, "usage",
				       from ? "--%s is for the service, without --from" :
					      "--%s needs --from: it is for files",
				       *name);
	if (!from && a->n_operands > 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "unexpected operand \"%s\"; files are read with --from", a->operands[0]);
	return 0;
}

static int read_options(struct recv *r, struct err *e)
{
	const struct args *a = &r->args;
	const char *at = opt_value(a, "at"), *id = opt_value(a, "id");

	if (opt_flag(a, "body") && !opt_flag(a, "carrier"))
		return err_set(e, FAULT_USAGE, "usage",
			       "--body needs -C: a bare payload does not say its carrier");
	r->setup.account = str_c(opt_value(a, "account"));
	if (r->setup.account.p && (r->setup.account.n == 0 || !str_utf8(r->setup.account)))
		return err_set(e, FAULT_USAGE, "usage", "--account takes a name in UTF-8");
	r->setup.base = str_c(opt_value(a, "url"));
	if (r->setup.base.p && recv_check_base(r->setup.base, "--url", FAULT_USAGE, e) < 0)
		return -1;
	if (at && clock_parse(str_c(at), &r->at) < 0)
		return err_set(e, FAULT_USAGE, "usage",
			       "--at takes a time as 2026-01-14T09:00:00Z, not \"%.40s\"", at);
	if (id && !id_valid(str_c(id)))
		return err_set(e, FAULT_USAGE, "usage", "--id takes a UUID, not \"%.40s\"", id);
	for (size_t i = 0; id && i < ID_TEXT; i++)
		r->id.text[i] = (char)tolower((unsigned char)id[i]);
	return 0;
}

static int take_files(struct recv *r, struct err *e)
{
	static char *const standard_input[] = { "-", NULL };
	char *const *files = r->args.n_operands ? r->args.operands : standard_input;

	for (; *files && !r->deadline; files++) {
		if (take_file(r, *files, e) < 0) {
			(void)flush(r, &(struct err){ 0 }); /* what was done before is not lost */
			return -1;
		}
		wait_for(r, NULL, 0, 0);
	}
	return flush(r, e);
}

static int open_queue(struct recv *r, struct err *e)
{
	const char *url = opt_value(&r->args, "queue");
	struct queue_place place;

	if (!url)
		return 0;
	if (recv_queue_place(&r->args, &place, e) < 0)
		return -1;
	r->queue = queue_open(url, &place, QUEUE_SYNCED, e);
	return r->queue ? 0 : -1;
}

static int run(struct recv *r, struct err *e)
{
	int rc = -1;

	r->line.max = LINE_MAX_BYTES;
	r->out.max = SIZE_MAX;
	r->arena = arena_new();
	r->setup.conf = r->conf = conf_load(conf_path(opt_value(&r->args, "config")), config_keys(), e);
	if (!r->conf || clock_init(e) < 0 || sig_init(true, e) < 0)
		goto out;
	r->setup.carriers = r->carriers = carriers_open(r->conf, 0, &carrier_custom, e); /* it holds no secrets */
	if (!r->carriers || find_carrier(r, e) < 0)
		goto out;
	r->sink = sink_new();
	if (opt_flag(&r->args, "rejects"))
		r->rejects = sink_file(r->sink, opt_value(&r->args, "rejects"), e);
	if (r->rejects < 0 || open_queue(r, e) < 0)
		goto out;
	rc = take_files(r, e);
	if (rc == 0)
		rc = sink_close(r->sink, e);
	if (opt_flag(&r->args, "verbose"))
		summary(r);
out:
	queue_close(r->queue);
	sink_free(r->sink);
	carriers_close(r->carriers);
	conf_free(r->conf);
	arena_free(r->arena);
	buf_free(&r->line);
	buf_free(&r->out);
	return rc;
}

int recv_main(int argc, char **argv)
{
	struct recv r = { .status = EXIT_OK };
	struct err e;
	int rc;

	diag_init(program.name);
	rc = opt_parse(&program, NULL, argc, argv, &r.args, &e);
	if (rc > 0)
		return EXIT_OK;
	if (rc < 0 || opt_max_line(&r.args, &e) < 0 || check_options(&r.args, &e) < 0 ||
	    read_options(&r, &e) < 0)
		return e.fault == FAULT_USAGE ? opt_usage(&program, e.text) : diag_fail(&e);
	if (!opt_flag(&r.args, "from"))
		return recv_serve(&program, &r.args);
	if (r.args.n_operands == 0 && isatty(STDIN_FILENO))
		return opt_usage(&program,
				 "standard input is a terminal; name a file, or - to type a request");
	diag_quiet(opt_flag(&r.args, "quiet"));
	if (run(&r, &e) < 0)
		return e.fault == FAULT_USAGE ? opt_usage(&program, e.text) : diag_fail(&e);
	if (r.status == EXIT_OK && r.rejected > 0)
		return EXIT_REJECTED;
	return r.status;
}
