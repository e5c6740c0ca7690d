/* SPDX-License-Identifier: MIT */
#include "recv_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "diag.h"
#include "recv_proxy.h"
#include "verify.h"

enum {
	HOLD_MS = 4000, /* that a request waits for its record to be taken: Inteliquent wants an answer within 5 s */
	WAITING_MAX = 4096, /* requests of one worker that wait */
	RETRY_AFTER = 10,   /* seconds */
	LOG_BYTES = KIB(256),
};

#define WAITING_BYTES MIB(32) /* their records */

/* A request whose record waits to be taken. */
struct ticket {
	struct handover_item item; /* first */
	struct call *call;
	struct ticket *prev, *next;
	struct answer answer;
	struct str carrier;
	int64_t since;
};

enum route_kind { ROUTE_NONE, ROUTE_HEALTH, ROUTE_METRICS, ROUTE_WEBHOOK };

struct route {
	enum route_kind kind;
	const struct carrier_conf *carrier;
	struct accounts accounts; /* that the request can be for */
};

/* ---- configuration ---- */

void worker_conf_free(struct worker_conf *c)
{
	if (!c)
		return;
	carriers_close(c->carriers);
	conf_free(c->conf);
	free(c);
}

struct worker_conf *worker_conf_load(const struct service *s, const char *path, struct err *e)
{
	struct worker_conf *c = calloc(1, sizeof(*c));
	unsigned secrets = CARRIER_HANDSHAKE | (s->verify ? CARRIER_PROOF : 0);

	if (!c)
		diag_oom();
	c->conf = conf_load(path, config_keys(), e);
	if (c->conf)
		c->carriers = carriers_open(c->conf, secrets, &carrier_custom, e);
	if (c->carriers)
		return c;
	worker_conf_free(c);
	return NULL;
}

static void use_conf(struct worker *w, struct worker_conf *c)
{
	worker_conf_free(w->own);
	w->own = c;
	w->setup.conf = c->conf;
	w->setup.carriers = c->carriers;
}

struct worker *worker_new(struct service *s, struct worker_conf *conf, struct str base)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		diag_oom();
	w->service = s;
	w->index = s->n_workers;
	w->setup.base = base;
	w->log.max = LOG_BYTES + KIB(64);
	use_conf(w, conf);
	return w;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	worker_conf_free(w->own);
	free(w->items);
	buf_free(&w->log);
	free(w);
}

static void on_post(void *ctx, void *what)
{
	use_conf(ctx, what);
}

/* ---- answers ---- */

static bool say(struct reply *r, int status, const char *body)
{
	*r = (struct reply){ .status = status, .type = "application/json", .body = str_c(body) };
	return true;
}

static bool say_busy(struct reply *r)
{
	say(r, 503, "{\"error\":\"the record could not be taken now\"}\n");
	r->retry_after = RETRY_AFTER;
	return true;
}

static bool say_large(struct reply *r)
{
	return say(r, 413, "{\"error\":\"the request is too large for a record\"}\n");
}

static bool say_method(struct reply *r, const char *allow)
{
	say(r, 405, "{\"error\":\"the method is not one of those that Allow names\"}\n");
	r->header = "Allow";
	r->value = allow;
	return true;
}

static void say_answer(struct reply *r, const struct answer *a)
{
	*r = (struct reply){
		.status = a->status, .type = a->type, .body = a->body, .header = a->header, .value = a->value
	};
}

/* ---- routes ---- */

static struct str path_of(struct str target)
{
	size_t start = 0;

	if (!str_prefix(target, STR("/"))) {
		start = str_search(target, STR("://")) + 3;
		target = str_sub(target, start, target.n);
		target = str_sub(target, str_find(target, '/'), target.n);
	}
	return str_sub(target, 0, str_find(target, '?'));
}

static struct route route_webhook(const struct worker *w, struct str rest)
{
	struct route to = { ROUTE_NONE, NULL, { NULL, 0 } };
	size_t slash = str_find(rest, '/');
	struct str account = str_sub(rest, slash + 1, rest.n);
	const struct carrier_conf *c = carriers_find(w->own->carriers, str_sub(rest, 0, slash));

	if (str_suffix(account, STR("/")))
		account.n--;
	if (!c || str_find(account, '/') < account.n)
		return to;
	to.accounts = c->accounts;
	if (account.n > 0 && c->accounts.n > 0) {
		to.accounts = (struct accounts){ carrier_account(c, account), 1 };
		if (!to.accounts.list)
			return to;
	}
	to.kind = ROUTE_WEBHOOK;
	to.carrier = c;
	return to;
}

static struct route route(const struct worker *w, const struct request *req)
{
	struct str path = path_of(req->target);

	if (str_prefix(path, STR(RECV_PATH)))
		return route_webhook(w, str_sub(path, strlen(RECV_PATH), path.n));
	if (str_eq(path, STR("/health")))
		return (struct route){ .kind = ROUTE_HEALTH };
	if (str_eq(path, STR("/metrics")))
		return (struct route){ .kind = ROUTE_METRICS };
	return (struct route){ .kind = ROUTE_NONE };
}

static bool on_head(void *ctx, struct call *c, struct reply *r)
{
	const struct worker *w = ctx;
	struct route to = route(w, c->req);
	struct str method = c->req->method, coding = http_header(c->req, "content-encoding");
	bool get = str_eq(method, STR("GET"));

	if (to.kind == ROUTE_NONE)
		return say(r, 404,
			   "{\"error\":\"there is nothing here; webhooks go to /webhooks/CARRIER or "
			   "/webhooks/CARRIER/ACCOUNT\"}\n");
	if (to.kind != ROUTE_WEBHOOK)
		return get || str_eq(method, STR("HEAD")) ? false : say_method(r, "GET, HEAD");
	if (!str_eq(method, STR("POST")) && !(get && to.carrier->carrier->receive))
		return say_method(r, to.carrier->carrier->receive ? "GET, POST" : "POST");
	if (coding.p && !str_eq_nocase(coding, STR("identity")))
		return say(r, 415,
			   "{\"error\":\"Content-Encoding is not taken: send the body as it is\"}\n");
	if (w->n_waiting >= WAITING_MAX || w->waiting_bytes >= WAITING_BYTES ||
	    atomic_load(&w->service->gone) || w->service->handover->shut(w->service->handover))
		return say_busy(r);
	return false;
}

/* ---- records ---- */

static bool say_fault(struct worker *w, const struct call *c, const struct err *e, struct reply *r)
{
	struct str why = { e->text, strlen(e->text) };

	switch (e->fault) {
	case FAULT_DENIED:
		atomic_fetch_add_explicit(&w->denied, 1, memory_order_relaxed);
		return say(r, 403, "{\"error\":\"the request is not genuine\"}\n");
	case FAULT_DATA:
		return say(r, 400, "{\"error\":\"the request can not be made a record\"}\n");
	default:
		diag_error("%.*s: %.*s", STR_FMT(path_of(c->req->target)), STR_FMT(why));
		return say(r, 500,
			   "{\"error\":\"the service is not configured right; its log says more\"}\n");
	}
}

/* The proof is checked on the record itself: what later stages see, and nothing else. */
static int check(struct call *c, const struct carrier_conf *carrier, struct err *e)
{
	struct str line = str_sub(buf_get(&c->text), 0, c->text.n - 1);
	struct verdict verdict;
	struct hook h;
	struct rec rec;

	if (rec_parse(&rec, line, c->arena, e) < 0 || hook_read(&h, &rec, e) < 0)
		return -1;
	return verify_hook(carrier, &h, false, &verdict, e);
}

static int write_record(struct worker *w, struct call *c, struct err *e)
{
	struct recv_setup setup = w->setup;
	struct recv_origin o = { .at = clock_now() };

	o.id = id_born(o.at);
	proxy_origin(w->service, c, &setup.fallback, &o.peer);
	if (recv_place(&setup, c->req, c->arena, &o, e) < 0)
		return -1;
	c->text.max = LINE_MAX_BYTES;
	recv_write(&c->text, c->req, &o);
	buf_char(&c->text, '\n');
	return 0;
}

static void wait_for(struct worker *w, struct ticket *t)
{
	t->since = clock_mono();
	t->prev = w->last;
	*(w->last ? &w->last->next : &w->first) = t;
	w->last = t;
	w->n_waiting++;
	w->waiting_bytes += t->item.text.n;
	t->call->own = t;
}

static void unlink_ticket(struct worker *w, struct ticket *t)
{
	*(t->prev ? &t->prev->next : &w->first) = t->next;
	*(t->next ? &t->next->prev : &w->last) = t->prev;
	w->n_waiting--;
	w->waiting_bytes -= t->item.text.n;
	t->call->own = NULL;
}

static bool take_webhook(struct worker *w, struct call *c, const struct route *to, struct reply *r)
{
	struct ticket *t = arena_calloc(c->arena, 1, sizeof(*t));
	const struct carrier *carrier = to->carrier->carrier;
	struct err e;

	t->answer = (struct answer){ .hand_over = true, .status = 200, .arena = c->arena };
	if (carrier->receive)
		carrier->receive(&to->accounts, c->req, &t->answer);
	if (!t->answer.hand_over) {
		say_answer(r, &t->answer);
		return true;
	}
	if (write_record(w, c, &e) < 0)
		return say_fault(w, c, &e, r);
	if (c->text.over)
		return say_large(r);
	if (w->service->verify && check(c, to->carrier, &e) < 0)
		return say_fault(w, c, &e, r);
	t->call = c;
	t->item.owner = w;
	t->carrier = to->carrier->name;
	t->item.text = buf_get(&c->text);
	wait_for(w, t);
	return false;
}

/* ---- health and metrics ---- */

static bool say_health(struct worker *w, struct call *c, struct reply *r)
{
	bool well = worker_well(w->service);
	char at[CLOCK_TEXT + 1];

	clock_format(at, clock_now());
	json_open(&c->text, '{');
	json_add_str(&c->text, "status", well ? STR("healthy") : STR("unhealthy"));
	json_add_str(&c->text, "version", str_c(OMNI_VERSION));
	json_add_str(&c->text, "timestamp", str_c(at));
	json_close(&c->text, '}');
	buf_char(&c->text, '\n');
	*r = (struct reply){ .status = well ? 200 : 503,
			     .type = "application/json",
			     .body = buf_get(&c->text) };
	return true;
}

static bool say_metrics(struct worker *w, struct call *c, struct reply *r)
{
	worker_metrics(&c->text, w->service);
	*r = (struct reply){ .status = 200, .type = "text/plain; version=0.0.4", .body = buf_get(&c->text) };
	return true;
}

static bool on_request(void *ctx, struct call *c, struct reply *r)
{
	struct worker *w = ctx;
	struct route to = route(w, c->req); /* anew: the configuration may be another one by now */

	switch (to.kind) {
	case ROUTE_HEALTH:
		return say_health(w, c, r);
	case ROUTE_METRICS:
		return say_metrics(w, c, r);
	case ROUTE_WEBHOOK:
		return take_webhook(w, c, &to, r);
	case ROUTE_NONE:
		break;
	}
	return say(r, 404, "{\"error\":\"there is nothing here any more\"}\n");
}

/* ---- handing over ---- */

static void on_gone(void *ctx, struct call *c)
{
	struct worker *w = ctx;
	struct ticket *t = c->own;

	if (!t)
		return;
	w->service->handover->withdraw(w->service->handover, &t->item);
	unlink_ticket(w, t);
}

void worker_wake(void *owner)
{
	struct worker *w = owner;

	serve_wake(w->service->serve, w->index);
}

bool worker_well(const struct service *s)
{
	return !atomic_load(&s->troubled) ||
	       clock_mono() - atomic_load(&s->troubled_at) > RETRY_AFTER * 1000;
}

/* Say once that the hand-over has trouble, and once that it is over. */
static void tell_trouble(struct service *s, bool troubled, const char *why)
{
	if (troubled)
		atomic_store(&s->troubled_at, clock_mono());
	if (atomic_exchange(&s->troubled, troubled) == troubled)
		return;
	if (troubled)
		diag_warn("%s: requests are answered with 503", why);
	else
		diag_warn("records are taken again");
}

static void answer_ticket(struct worker *w, struct ticket *t)
{
	enum handover_state state = t->item.state;
	struct call *c = t->call;
	struct reply r;

	unlink_ticket(w, t);
	switch (state) {
	case HANDOVER_TAKEN:
		worker_count_record(w, t->carrier, t->item.text.n);
		say_answer(&r, &t->answer);
		break;
	case HANDOVER_BIG:
		say_large(&r);
		break;
	case HANDOVER_WAITS:
	case HANDOVER_REFUSED:
		w->service->handover->withdraw(w->service->handover, &t->item);
		say_busy(&r);
		break;
	}
	serve_answer(c, &r);
}

static size_t gather(struct worker *w)
{
	size_t n = 0;

	if (w->n_items < w->n_waiting) {
		w->n_items = w->n_waiting * 2;
		w->items = reallocarray(w->items, w->n_items, sizeof(*w->items));
		if (!w->items)
			diag_oom();
	}
	for (struct ticket *t = w->first; t; t = t->next)
		w->items[n++] = &t->item;
	return n;
}

static void put_waiting(struct worker *w)
{
	struct service *s = w->service;
	struct err e;
	int64_t now = clock_mono();
	bool refused = s->handover->put(s->handover, w->items, gather(w), &e) < 0;
	bool taken = false, bad = refused;

	for (struct ticket *t = w->first, *next; t; t = next) {
		enum handover_state state = t->item.state;

		next = t->next;
		if (state == HANDOVER_WAITS && now - t->since < HOLD_MS)
			continue;
		if (state == HANDOVER_WAITS)
			tell_trouble(s, true, "the output is blocked");
		else if (state == HANDOVER_REFUSED)
			tell_trouble(s, true, e.text);
		taken |= state == HANDOVER_TAKEN;
		bad |= state == HANDOVER_WAITS;
		answer_ticket(w, t);
	}
	if (refused && e.fault == FAULT_IO && !atomic_exchange(&s->gone, true))
		serve_drain(s->serve);
	if (taken && !bad)
		tell_trouble(s, false, NULL);
}

static void write_log(struct worker *w)
{
	ssize_t n;

	if (w->log.n == 0)
		return;
	do
		n = write(w->service->access_log, w->log.p, w->log.n);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)w->log.n && atomic_fetch_add(&w->service->log_errors, 1) == 0)
		diag_warn("the access log can not be written and has gaps: %s",
			  n < 0 ? strerror(errno) : "the disk is full");
	buf_reset(&w->log);
}

static int on_turn(void *ctx, int *watch)
{
	struct worker *w = ctx;
	int64_t left = -1;

	if (w->first)
		put_waiting(w);
	atomic_store_explicit(&w->waiting, w->n_waiting, memory_order_relaxed);
	write_log(w);
	if (w->first) {
		*watch = w->service->handover->fd(w->service->handover);
		left = w->first->since + HOLD_MS - clock_mono();
		left = left < 0 ? 0 : left;
	}
	return (int)left;
}

/* ---- the access log ---- */

/* No queries, which hold tokens of handshakes, and no headers, which hold credentials. */
static void on_done(void *ctx, const struct call *c, const struct address *peer, int status, size_t bytes)
{
	struct worker *w = ctx;
	char at[CLOCK_TEXT + 1], address[CIDR_TEXT];
	struct str from;

	worker_count_status(w, status);
	if (w->service->access_log < 0)
		return;
	clock_format(at, clock_now());
	address_format(address, peer);
	from = str_c(address);
	if (c)
		proxy_origin(w->service, c, NULL, &from);
	json_open(&w->log, '{');
	json_add_str(&w->log, "at", str_c(at));
	if (from.n > 0)
		json_add_str(&w->log, "peer", from);
	if (c) {
		json_add_str(&w->log, "method", c->req->method);
		json_add_str(&w->log, "path", path_of(c->req->target));
		json_add_i64(&w->log, "received", (int64_t)c->req->body.n);
		json_add_i64(&w->log, "ms", clock_mono() - c->began);
	}
	json_add_i64(&w->log, "status", status);
	json_add_i64(&w->log, "sent", (int64_t)bytes);
	json_close(&w->log, '}');
	buf_char(&w->log, '\n');
	if (w->log.n >= LOG_BYTES)
		write_log(w);
}

const struct serve_handler worker_handler = {
	.head = on_head,
	.request = on_request,
	.gone = on_gone,
	.turn = on_turn,
	.done = on_done,
	.post = on_post,
};
