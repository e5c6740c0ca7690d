/* SPDX-License-Identifier: MIT */
/* Callbacks: when they are due, what they are, and what becomes of them. */
#include "sandbox_box.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "diag.h"

enum {
	CONNECT_MS = 5000,
	TOTAL_MS = 15000, /* as long as the most patient carrier waits */
	ANSWER_MAX = KIB(16),
	/*
	 * At once: what is in flight takes some 20 KB, and its time runs while it waits for a connection.
	 */
	FLYING_MOST = 128,
};

/* What chances of one message are made of. */
enum { CHANCE_LOSE = 10000, CHANCE_DUPLICATE = 20000, CHANCE_ORDER = 30000 };

/* ---- those that exist ---- */

static struct hook *hook_new(struct box *b, struct box_message *m)
{
	struct hook *h = b->spare;

	if (h) {
		b->spare = h->spare;
	} else {
		h = calloc(1, sizeof(*h));
		if (!h)
			diag_oom();
		h->callback.arena = arena_new();
		h->callback.body.max = MIB(1);
	}
	m->refs++;
	h->message = m;
	h->tries = 0;
	h->asked = false;
	return h;
}

void hook_drop(struct box *b, struct hook *h)
{
	keep_release(h->message);
	h->message = NULL;
	arena_reset(h->callback.arena);
	h->spare = b->spare;
	b->spare = h;
}

void hook_close(struct box *b)
{
	fetch_close(b->fetch);
	b->fetch = NULL;
	while (b->spare) {
		struct hook *h = b->spare;

		b->spare = h->spare;
		arena_free(h->callback.arena);
		buf_free(&h->callback.body);
		free(h);
	}
}

/* ---- when ---- */

static void put(struct box *b, struct hook *h, int64_t at)
{
	time_put(b, (struct due){ .at = at, .hook = h });
}

static void put_receipt(struct box *b, struct box_message *m, const struct receipt *r, int64_t at)
{
	struct hook *h = hook_new(b, m);

	h->receipt = true;
	h->what = *r;
	put(b, h, at);
}

/* The receipts for the recipient ${to}. */
static void follow(struct visit *v, struct box_message *m, const struct course *c,
		   const struct occasion *o, unsigned to, int64_t at)
{
	const char *const *usual = v->player->course;
	const int64_t from = at;

	for (unsigned i = 0; c->statuses ? i < c->n : usual[i] != NULL; i++) {
		uint64_t which = to * 100u + i;
		struct receipt r = { .status = c->statuses ? c->statuses[i] : str_c(usual[i]),
				     .to = to,
				     .word = c->code };
		uint64_t code;

		at += scenario_delay(v->box->scenario, o, i + to);
		if (str_u64(c->code, &code) == 0)
			r.code = (int64_t)code;
		r.at = at;
		if (scenario_chance(m->roll, CHANCE_LOSE + which) < c->lose) {
			v->box->counts.lost++;
			continue;
		}
		if (c->shuffle)
			r.at = from + 1 +
			       (int64_t)(scenario_chance(m->roll, CHANCE_ORDER + which) *
					 (double)(i + 2) * (double)(at - from));
		put_receipt(v->box, m, &r, r.at);
		if (scenario_chance(m->roll, CHANCE_DUPLICATE + which) < c->duplicate)
			put_receipt(v->box, m, &r, r.at + 1 + (at - from));
	}
}

/* The person at the other end writes ${s}. */
static void reply(struct visit *v, struct box_message *m, const struct saying *s, unsigned i, int64_t at)
{
	struct box_message in = { .player = m->player, .account = m->account, .inbound = true, .parts = 1 };
	struct visit own = *v;

	own.roll = v->roll ^ (0x9e3779b97f4a7c15u * (i + 1));
	in.at = at;
	in.roll = own.roll;
	in.type = STR("text");
	in.text = s->text;
	in.from = m->n_to > 0 ? m->to[0] : m->chat;
	in.to[in.n_to++] = m->from;
	in.chat = m->chat;
	in.channel = m->channel;
	in.extra = m->extra;
	v->player->arrive(&own, &in);
	hook_arrive(v->box, &in, at - v->now);
}

void hook_follow(struct visit *v, struct box_message *m, int64_t after)
{
	struct occasion o = play_occasion(v, m);
	struct course c = scenario_course(v->box->scenario, &o);
	const struct saying *says;
	int64_t at = v->now + after;
	unsigned n;

	if (!m->account->hook.n)
		return;
	for (unsigned i = 0; i < m->n_to && !c.none; i++)
		follow(v, m, &c, &o, i, at);
	if (m->n_to == 0 && !c.none)
		follow(v, m, &c, &o, 0, at);
	says = scenario_replies(v->box->scenario, &o, &n);
	for (unsigned i = 0; i < n; i++)
		reply(v, m, &says[i], i, at + says[i].after);
}

void hook_arrive(struct box *b, struct box_message *m, int64_t ms)
{
	struct box_message *kept = keep_message(b, m);
	struct hook *h = hook_new(b, kept);

	h->receipt = false;
	put(b, h, clock_now() + ms);
	keep_release(kept);
}

/* ---- sending ---- */

/* Where ${url}, as the carrier knows it, is reached. */
static struct str reached(const struct box *b, struct arena *a, const struct box_account *of,
			  struct str url)
{
	struct str base = str_c(b->hook_base);

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (!base.n || !of->base.n || !str_prefix(url, of->base))
		return url;
	return arena_join(a, base, str_sub(url, of->base.n, url.n));
}

static void fire(struct box *b, struct hook *h)
{
	struct box_message *m = h->message;
	struct callback *c = &h->callback;
	struct fetch_request *x = &h->request;
	struct buf body = c->body;

	arena_reset(c->arena);
	buf_reset(&body);
	*c = (struct callback){ .arena = c->arena,
				.account = m->account,
				.now = clock_now(),
				.body = body,
				.method = "POST",
				.url = m->account->hook };
	if (h->receipt && m->url.n)
		c->url = m->url;
	if (h->receipt ? !m->player->receipt(c, m, &h->what) : !m->player->inbound(c, m)) {
		hook_drop(b, h);
		return;
	}
	if (h->receipt && h->tries == 0)
		m->status = h->what.status;
	x->method = c->method;
	x->url = reached(b, c->arena, m->account, c->url);
	x->headers = c->headers;
	x->n_headers = c->n_headers;
	x->body = buf_get(&c->body);
	x->user = h->asked ? c->user : STR_NONE;
	x->password = h->asked ? c->password : STR_NONE;
	x->connect_ms = CONNECT_MS;
	x->total_ms = TOTAL_MS;
	x->answer_max = ANSWER_MAX;
	h->tries++;
	if (h->tries == 1 && !h->asked)
		b->counts.callbacks++;
	b->n_flying++;
	h->newer = NULL;
	h->older = b->flying;
	if (b->flying)
		b->flying->newer = h;
	b->flying = h;
	fetch_start(b->fetch, x);
}

/* Those whose time has come, in its order, as many as may be on their way. */
static void fire_ready(struct box *b)
{
	struct hook *h;

	while ((h = b->ready) != NULL && b->n_flying < FLYING_MOST) {
		b->ready = h->older;
		b->n_ready--;
		fire(b, h);
	}
}

void hook_fire(struct box *b, struct hook *h)
{
	h->older = NULL;
	*(b->ready ? &b->ready_end->older : &b->ready) = h;
	b->ready_end = h;
	b->n_ready++;
	fire_ready(b);
}

static void landed(struct box *b, struct hook *h)
{
	b->n_flying--;
	*(h->newer ? &h->newer->older : &b->flying) = h->older;
	if (h->older)
		h->older->newer = h->newer;
}

void hook_abandon(struct box *b)
{
	struct hook *h;

	while ((h = b->ready) != NULL) {
		b->ready = h->older;
		b->n_ready--;
		b->counts.abandoned++;
		hook_drop(b, h);
	}
}

void hook_stop(struct box *b)
{
	for (struct hook *h = b->flying; h; h = h->older)
		fetch_stop(b->fetch, &h->request);
}

static bool asks_who(const struct fetch_request *x)
{
	if (x->status != 401)
		return false;
	for (size_t i = 0; i < x->n_answer; i++)
		if (str_eq(x->answer[i].name, STR("www-authenticate")))
			return true;
	return false;
}

static void settle(struct box *b, struct hook *h)
{
	const struct fetch_request *x = &h->request;
	const int64_t *again = h->message->player->again;

	landed(b, h);
	if (x->end == FETCH_STOPPED) {
		b->counts.abandoned++;
		record_hook(b, h, "abandoned");
		hook_drop(b, h);
		return;
	}
	if (x->end == FETCH_OK && x->status >= 200 && x->status < 300) {
		b->counts.delivered++;
		record_hook(b, h, "done");
		hook_drop(b, h);
		return;
	}
	if (x->end == FETCH_OK && !h->asked && h->callback.user.n && asks_who(x)) {
		h->asked = true;
		h->tries--;
		put(b, h, clock_now());
		return;
	}
	if (again[h->tries - 1] > 0 && !atomic_load(&b->stopping)) {
		b->counts.again++;
		record_hook(b, h, "again");
		put(b, h, clock_now() + again[h->tries - 1]);
		return;
	}
	b->counts.failed++;
	record_hook(b, h, "failed");
	hook_drop(b, h);
}

void hook_collect(struct box *b)
{
	struct fetch_request *x;

	while ((x = fetch_done(b->fetch)) != NULL)
		settle(b, (struct hook *)(void *)x);
	if (!atomic_load(&b->stopping))
		fire_ready(b);
}

/* ---- what players write with ---- */

void box_header(struct callback *c, const char *name, struct str value)
{
	if (c->n_headers < BOX_HEADERS)
		c->headers[c->n_headers++] = (struct header){ str_c(name), value };
}

static struct tm date_of(int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

struct str box_rfc2822(struct arena *a, int64_t ms)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm t = date_of(ms);

	return arena_fmt(a, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
			 months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

struct str box_seconds(struct arena *a, int64_t ms)
{
	return arena_fmt(a, "%lld", (long long)(ms / 1000));
}

struct str box_micros(struct arena *a, int64_t ms)
{
	struct str s = clock_text(a, ms);

	return arena_fmt(a, "%.*s000Z", STR_FMT(str_sub(s, 0, s.n - 1)));
}

struct str box_offset(struct arena *a, int64_t ms)
{
	return arena_fmt(a, "%.*s+00:00", STR_FMT(str_sub(clock_text(a, ms), 0, 19)));
}
