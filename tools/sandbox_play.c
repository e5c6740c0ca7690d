/* SPDX-License-Identifier: MIT */
/* What happens to a request: the player's answer, what the scenario makes of it, and when it goes out. */
#include "sandbox_box.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "hash.h"

enum { CUT = 4096 }; /* how much longer than it is a body that breaks off is said to be */

#define GARBAGE "<html><head><title>200 OK</title></head><body><h1>It works!</h1></body></html>\n"

/* ---- the request ---- */

struct occasion play_occasion(const struct visit *v, const struct box_message *m)
{
	struct occasion o = { .carrier = str_c(v->player->name),
			      .account = v->account ? v->account->name : STR(""),
			      .kind = str_c(v->kind),
			      .roll = v->roll,
			      .attempt = v->attempt,
			      .since = v->now - v->box->began };

	if (m) {
		o.from = m->from;
		o.type = m->type;
		o.text = m->text;
		o.to = m->to;
		o.n_to = m->n_to;
	}
	return o;
}

static void split(struct visit *v, struct str path)
{
	struct str rest = str_sub(path, 1, path.n);

	for (; rest.n > 0 && v->n_seg < BOX_SEGMENTS; v->n_seg++) {
		size_t slash = str_find(rest, '/');

		v->seg[v->n_seg] = box_decode(v->arena, str_sub(rest, 0, slash));
		rest = str_sub(rest, slash + 1, rest.n);
	}
}

/* What the same request sent again has in common with it, and no other. */
static uint64_t content_of(const struct visit *v)
{
	struct str key = http_header(v->req, "idempotency-key");
	uint64_t h = hash_64(str_c(v->player->name), scenario_seed(v->box->scenario));

	h = hash_64(v->req->method, h);
	h = hash_64(v->req->target, h);
	h = hash_64(key, h);
	return hash_64(v->req->body, h);
}

static void begin(struct visit *v, struct box *b, struct call *c, const struct player *p, struct str path)
{
	struct str target = c->req->target;
	size_t query = str_find(target, '?');
	struct err e;

	*v = (struct visit){ .box = b,
			     .player = p,
			     .req = c->req,
			     .arena = c->arena,
			     .path = path,
			     .now = clock_now(),
			     .body = &c->text,
			     .type = "application/json",
			     .status = 404,
			     .kind = "query" };
	c->text.max = MIB(512);
	split(v, path);
	if (form_decode(str_sub(target, query + 1, target.n), v->arena, &v->query, &e) < 0)
		v->query = (struct form){ 0 };
	v->roll = content_of(v);
	v->attempt = keep_seen(b, v->roll);
	/* A second time everything can turn out differently. */
	if (v->attempt > 1)
		v->roll = hash_64((struct str){ (const char *)&v->attempt, sizeof(v->attempt) }, v->roll);
}

/* ---- the answer ---- */

static void later_link(struct box *b, struct later *l)
{
	l->newer = NULL;
	l->older = b->silent;
	if (b->silent)
		b->silent->newer = l;
	b->silent = l;
}

static void later_unlink(struct box *b, struct later *l)
{
	if (b->silent == l)
		b->silent = l->older;
	if (l->older)
		l->older->newer = l->newer;
	if (l->newer)
		l->newer->older = l->older;
}

/* Let ${r} be given ${after} milliseconds from now; never, if that is negative. */
static void put_off(struct box *b, struct call *c, const struct reply *r, int64_t after)
{
	struct later *l = calloc(1, sizeof(*l));

	if (!l)
		diag_oom();
	l->call = c;
	l->reply = *r;
	c->own = l;
	if (after < 0) {
		l->never = true;
		later_link(b, l);
		return;
	}
	time_put(b, (struct due){ .at = clock_now() + after, .answer = true, .later = l });
}

/* What the carrier says becomes what ${m} makes of it. */
static void spoil(struct reply *r, enum mishap m)
{
	if (m == MISHAP_CLOSE || m == MISHAP_SILENT)
		r->status = 0;
	if (m == MISHAP_CUT)
		r->cut = CUT;
	if (m == MISHAP_GARBAGE)
		*r = (struct reply){ .status = 200, .type = "text/html", .body = STR(GARBAGE) };
}

static void refuse(struct visit *v, const struct conduct *c)
{
	struct refusal why = { .class = c->class, .word = c->code, .status = c->status };
	uint64_t code;

	if (str_u64(c->code, &code) == 0)
		why.code = (int64_t)code;
	buf_reset(v->body);
	v->header = v->value = NULL;
	v->type = "application/json";
	v->player->refuse(v, &why);
	v->retry_after = (unsigned)((c->retry_after + 999) / 1000);
}

/* Take the message of ${v}, which is answered in ${after} milliseconds. */
static void take(struct visit *v, int64_t after)
{
	struct box_message *m;

	v->box->counts.taken++;
	if (v->message->inbound)
		return;
	m = keep_message(v->box, v->message);
	hook_follow(v, m, after);
	keep_release(m);
}

/* A request is answered: at once (true), or later. */
static bool play(struct box *b, struct call *c, const struct player *p, struct str path, struct reply *r)
{
	struct conduct conduct = { .taken = true };
	struct occasion o;
	struct visit v;
	int64_t after;

	begin(&v, b, c, p, path);
	p->call(&v);
	shape_check(&v);
	o = play_occasion(&v, v.message);
	after = scenario_latency(b->scenario, &o);
	if (v.status < 400)
		conduct = scenario_conduct(b->scenario, &o);
	if (conduct.class)
		refuse(&v, &conduct);
	*r = (struct reply){ .status = v.status,
			     .type = v.body->n ? v.type : NULL,
			     .body = buf_get(v.body),
			     .header = v.header,
			     .value = v.value,
			     .once = true,
			     .retry_after = v.retry_after };
	spoil(r, conduct.mishap);
	b->counts.requests++;
	b->counts.refused += v.status >= 400;
	b->counts.mishaps += conduct.mishap != MISHAP_NONE;
	record_request(b, &v, r, after, conduct.mishap, v.message && conduct.taken && v.status < 400);
	if (atomic_load(&b->broken)) {
		atomic_store(&b->stopping, true);
		serve_drain(b->serve);
		*r = (struct reply){ .status = 500 };
		return true;
	}
	if (v.message && conduct.taken && v.status < 400)
		take(&v, after);
	if (conduct.mishap == MISHAP_SILENT)
		after = -1;
	if (after == 0)
		return true;
	put_off(b, c, r, after);
	return false;
}

/* ---- the handler ---- */

static struct str path_of(struct str target)
{
	return str_sub(target, 0, str_find(target, '?'));
}

static const struct player *find(const struct box *b, struct str path, struct str *rest)
{
	size_t slash = str_find(str_sub(path, 1, path.n), '/') + 1;
	struct str name = str_sub(path, 1, slash - 1);

	for (size_t i = 0; i < b->n_stages; i++)
		if (str_eq(name, str_c(b->stages[i].player->name))) {
			*rest = str_sub(path, slash, path.n);
			return b->stages[i].player;
		}
	return NULL;
}

static bool on_head(void *ctx, struct call *c, struct reply *r)
{
	(void)ctx, (void)c, (void)r;
	return false;
}

static bool on_request(void *ctx, struct call *c, struct reply *r)
{
	struct str path = path_of(c->req->target), rest = STR("");
	const struct player *p = find(ctx, path, &rest);

	if (p)
		return play(ctx, c, p, rest, r);
	admin_call(ctx, c, path, r);
	return true;
}

static void on_gone(void *ctx, struct call *c)
{
	struct later *l = c->own;

	if (!l)
		return;
	l->call = NULL;
	if (l->never) {
		later_unlink(ctx, l);
		free(l);
	}
}

static void answer_later(struct later *l)
{
	if (l->call) {
		l->call->own = NULL;
		serve_answer(l->call, &l->reply);
	}
	free(l);
}

void play_stop(struct box *b)
{
	struct due d;

	while (b->silent) {
		struct later *l = b->silent;

		later_unlink(b, l);
		answer_later(l);
	}
	hook_abandon(b);
	while (time_take(b, INT64_MAX, &d)) {
		if (d.answer) {
			answer_later(d.later);
			continue;
		}
		b->counts.abandoned++;
		hook_drop(b, d.hook);
	}
}

static int on_turn(void *ctx, int *watch)
{
	struct box *b = ctx;
	const uint64_t one = 1;
	struct due d;

	(void)watch;
	if (atomic_exchange(&b->collect, false)) {
		hook_collect(b);
		(void)!write(b->drained, &one, sizeof(one));
	}
	if (atomic_exchange(&b->tell, false))
		record_summary(b);
	if (atomic_load(&b->stopping))
		play_stop(b);
	while (time_take(b, clock_now(), &d)) {
		if (d.answer)
			answer_later(d.later);
		else
			hook_fire(b, d.hook);
	}
	return time_wait(b, clock_now());
}

static void on_done(void *ctx, const struct call *c, const struct address *peer, int status, size_t bytes)
{
	struct box *b = ctx;

	(void)c, (void)peer, (void)status, (void)bytes;
	b->counts.answered++;
}

static void on_post(void *ctx, void *what)
{
	(void)ctx, (void)what;
}

const struct serve_handler box_handler = {
	.head = on_head,
	.request = on_request,
	.gone = on_gone,
	.turn = on_turn,
	.done = on_done,
	.post = on_post,
};
