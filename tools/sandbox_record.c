/* SPDX-License-Identifier: MIT */
/*
 * The record: a line for each request, each callback, the start and the end.  A request is written before it
 * is answered.
 */
#include "sandbox_box.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "file.h"
#include "url.h"

#define BODY_MAX KIB(256) /* of a request that the record has whole */

int record_open(struct box *b, struct err *e)
{
	b->fd = -1;
	b->line.max = MIB(4);
	if (!b->record)
		return 0;
	if (strcmp(b->record, "-") == 0) {
		b->fd = STDOUT_FILENO;
		return 0;
	}
	b->fd = open(b->record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
	if (b->fd < 0)
		return err_set(e, FAULT_IO, "record", "%s: %s", b->record, strerror(errno));
	return 0;
}

/* ---- lines ---- */

static void begin(struct box *b, const char *what)
{
	int64_t now = clock_now();
	struct id id = id_born(now);
	char at[CLOCK_TEXT + 1];

	clock_format(at, now);
	buf_reset(&b->line);
	json_open(&b->line, '{');
	json_add_str(&b->line, "id", id_str(&id));
	json_add_str(&b->line, "kind", STR("sandbox"));
	json_add_str(&b->line, "at", str_c(at));
	json_add_str(&b->line, "run", id_str(&b->run));
	json_add_str(&b->line, "what", str_c(what));
}

static void finish(struct box *b)
{
	struct err e;

	json_close(&b->line, '}');
	buf_char(&b->line, '\n');
	if (file_write(b->fd, strcmp(b->record, "-") == 0 ? "standard output" : b->record,
		       buf_get(&b->line), &e) == 0)
		return;
	/* Who relies on the record must not be told of more than is in it. */
	if (!atomic_exchange(&b->broken, true))
		diag_error("%s", e.text);
}

/* Text as it is, or base64 where it is none. */
static void put_bytes(struct buf *out, const char *key, const char *key64, struct str bytes)
{
	if (str_utf8(bytes)) {
		json_add_str(out, key, bytes);
		return;
	}
	json_key(out, key64);
	buf_char(out, '"');
	base64_put(out, bytes);
	buf_char(out, '"');
}

void record_start(struct box *b)
{
	if (b->fd < 0)
		return;
	begin(b, "start");
	json_add_i64(&b->line, "seed", (int64_t)scenario_seed(b->scenario));
	json_key(&b->line, "listen");
	json_open(&b->line, '[');
	for (unsigned i = 0; serve_address(b->serve, i); i++)
		json_put_str(&b->line, str_c(serve_address(b->serve, i)));
	json_close(&b->line, ']');
	finish(b);
}

/* ---- requests ---- */

static bool is_secret(struct str name)
{
	static const char *const names[] = { "authorization", "proxy-authorization", "cookie",
					     "x-api-key",     "crypto-key",          "accesskey" };

	for (size_t i = 0; i < LEN(names); i++)
		if (str_eq(name, str_c(names[i])))
			return true;
	return false;
}

/* The body of an upload can be larger than any line: then what tells it from others. */
static void put_body(struct buf *out, struct str body, struct arena *a)
{
	if (body.n <= BODY_MAX) {
		put_bytes(out, "body", "body64", body);
		return;
	}
	json_add_i64(out, "size", (int64_t)body.n);
	json_add_str(out, "sha256", hash_hex(a, HASH_SHA256, body));
}

static void put_request(struct buf *out, const struct request *req, bool secret, struct arena *a)
{
	json_key(out, "request");
	json_open(out, '{');
	json_add_str(out, "method", req->method);
	json_add_str(out, "target", url_without(a, req->target, "access_token"));
	json_key(out, "headers");
	json_open(out, '{');
	for (size_t i = 0; i < req->n_headers; i++) {
		if (is_secret(req->headers[i].name))
			continue;
		json_key_str(out, req->headers[i].name);
		json_put_str(out, req->headers[i].value);
	}
	json_close(out, '}');
	if (!secret)
		put_body(out, req->body, a);
	json_close(out, '}');
}

static void put_message(struct buf *out, const struct box_message *m)
{
	json_key(out, "message");
	json_open(out, '{');
	json_add_str(out, "external_id", m->id);
	json_add_str(out, "direction", m->inbound ? STR("in") : STR("out"));
	json_opt_str(out, "from", m->from);
	json_add_strs(out, "to", m->to, m->n_to);
	json_add_str(out, "type", m->type);
	json_opt_str(out, "channel", m->channel);
	json_opt_str(out, "text", m->text);
	json_opt_str(out, "tag", m->tag);
	json_opt_str(out, "chat", m->chat);
	json_opt_str(out, "reply_to", m->reply_to);
	json_close(out, '}');
}

static void put_answer(struct buf *out, const struct reply *r, int64_t after, enum mishap mishap,
		       bool secret)
{
	static const char *const names[] = { "", "silent", "close", "cut", "garbage" };

	json_key(out, "answer");
	json_open(out, '{');
	if (r->status)
		json_add_i64(out, "status", r->status);
	if (after)
		json_add_i64(out, "after_ms", after);
	if (mishap != MISHAP_NONE)
		json_add_str(out, "fault", str_c(names[mishap]));
	if (r->status && r->type && strstr(r->type, "json") && !secret)
		put_bytes(out, "body", "body64", r->body);
	json_close(out, '}');
}

void record_request(struct box *b, const struct visit *v, const struct reply *r, int64_t after,
		    enum mishap mishap, bool taken)
{
	bool secret = v->kind && strcmp(v->kind, "token") == 0; /* a token is asked for with another */
	struct buf *out = &b->line;

	if (b->fd < 0)
		return;
	begin(b, "request");
	json_add_i64(out, "seq", (int64_t)++b->seq);
	json_add_str(out, "carrier", str_c(v->player->name));
	if (v->account)
		json_add_str(out, "account", v->account->name);
	if (v->kind)
		json_add_str(out, "about", str_c(v->kind));
	json_add_i64(out, "attempt", v->attempt);
	json_add_bool(out, "taken", taken);
	if (v->message)
		put_message(out, v->message);
	put_request(out, v->req, secret, v->arena);
	put_answer(out, r, after, mishap, secret);
	finish(b);
}

/* ---- callbacks ---- */

void record_hook(struct box *b, const struct hook *h, const char *outcome)
{
	const struct fetch_request *x = &h->request;
	struct buf *out = &b->line;

	if (b->fd < 0)
		return;
	begin(b, "callback");
	json_add_i64(out, "seq", (int64_t)++b->seq);
	json_add_str(out, "carrier", str_c(h->message->player->name));
	json_add_str(out, "account", h->message->account->name);
	json_add_str(out, "about", h->receipt ? STR("receipt") : STR("message"));
	json_add_str(out, "external_id", h->message->id);
	if (h->receipt) {
		json_add_str(out, "status", h->what.status);
		json_opt_str(out, "recipient", h->message->to[h->what.to]);
	}
	json_add_i64(out, "try", h->tries);
	json_add_str(out, "outcome", str_c(outcome));
	if (h->tries > 0) {
		json_add_str(out, "url", x->url);
		json_key(out, "http");
		json_open(out, '{');
		if (x->status)
			json_add_i64(out, "status", x->status);
		json_add_i64(out, "ms", (int64_t)(x->ms + 0.5));
		if (x->end != FETCH_OK)
			json_add_str(out, "text", str_c(x->text));
		json_close(out, '}');
	}
	finish(b);
}

/* ---- counts ---- */

void record_counts(struct buf *out, const struct box *b)
{
	const struct box_counts *n = &b->counts;

	json_add_i64(out, "requests", (int64_t)n->requests);
	json_add_i64(out, "answered", (int64_t)n->answered);
	json_add_i64(out, "taken", (int64_t)n->taken);
	json_add_i64(out, "refused", (int64_t)n->refused);
	json_add_i64(out, "faults", (int64_t)n->mishaps);
	json_add_i64(out, "callbacks", (int64_t)n->callbacks);
	json_add_i64(out, "delivered", (int64_t)n->delivered);
	json_add_i64(out, "failed", (int64_t)n->failed);
	json_add_i64(out, "again", (int64_t)n->again);
	json_add_i64(out, "lost", (int64_t)n->lost);
	json_add_i64(out, "abandoned", (int64_t)n->abandoned);
	json_add_i64(out, "waiting", (int64_t)b->n_due + b->n_ready + b->n_flying);
	json_add_i64(out, "messages", (int64_t)b->n_messages);
}

void record_summary(const struct box *b)
{
	const struct box_counts *n = &b->counts;

	diag_note("%" PRIu64 " requests, %" PRIu64 " messages taken, %" PRIu64 " refused, %" PRIu64
		  " faults, %" PRIu64 " callbacks: %" PRIu64 " delivered, %" PRIu64
		  " failed, %" PRIu64 " abandoned",
		  n->requests, n->taken, n->refused, n->mishaps, n->callbacks, n->delivered,
		  n->failed, n->abandoned);
}

void record_end(struct box *b)
{
	if (b->fd < 0)
		return;
	begin(b, "end");
	json_key(&b->line, "counts");
	json_open(&b->line, '{');
	record_counts(&b->line, b);
	json_close(&b->line, '}');
	finish(b);
	if (b->fd != STDOUT_FILENO)
		close(b->fd);
	b->fd = -1;
}
