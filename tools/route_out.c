/* SPDX-License-Identifier: MIT */
#include "route_out.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "id.h"
#include "route_choose.h"
#include "route_explain.h"

struct selector {
	struct chooser *chooser, *shadow;
	struct conf *other; /* of the shadow */
	struct buf text, aside;
	bool explain;
};

/* ---- opening ---- */

static int open_shadow(struct selector *s, const struct selector_options *o, struct err *e)
{
	if (!o->shadow)
		return 0;
	s->other = conf_load(o->shadow, o->keys, e);
	s->shadow = s->other ? chooser_new(s->other, o->store, e) : NULL;
	return s->shadow ? 0 : -1;
}

struct selector *selector_new(struct conf *conf, const struct selector_options *o, struct err *e)
{
	struct selector *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->explain = o->explain;
	s->text.max = s->aside.max = LINE_MOST_BYTES;
	s->chooser = chooser_new(conf, o->store, e);
	if (s->chooser && open_shadow(s, o, e) == 0)
		return s;
	selector_free(s);
	return NULL;
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	chooser_free(s->chooser);
	chooser_free(s->shadow);
	conf_free(s->other);
	buf_free(&s->text);
	buf_free(&s->aside);
	free(s);
}

static bool derived(struct str id)
{
	return id_valid(id) && id.p[14] == '5'; /* the version of a UUID, RFC 9562 */
}

bool selector_wants(const struct selector *s, const struct rec *r)
{
	struct str event;

	if (s->chooser->offers->n_policies == 0 || !str_eq(rec_str(r, "direction"), STR("out")))
		return false;
	if (rec_is(r, "message"))
		return !rec_str(r, "external_id").n;
	/* The external_id of an event is that of its subject; the id of what came in is derived. */
	event = rec_str(r, "event");
	return rec_is(r, "event") && !derived(rec_str(r, "id")) &&
	       (str_eq(event, STR("typing")) || str_eq(event, STR("read")));
}

/* ---- writing ---- */

static void put_way(struct buf *b, const struct standing *s)
{
	json_put_raw(b, s->offer->way);
	if (!s->offer->number)
		json_opt_str(b, "from", s->from);
}

static void put_fallback(struct buf *b, const struct chooser *c, const struct choice *x)
{
	json_key(b, "fallback");
	json_open(b, '[');
	for (unsigned i = 1; i < x->ranked; i++) {
		json_open(b, '{');
		put_way(b, &c->standings[c->ranking[i]]);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_cost(struct buf *b, const struct cost *cost)
{
	if (!cost->known)
		return;
	json_key(b, "cost");
	json_open(b, '{');
	json_add_i64(b, "amount", cost->amount);
	json_add_str(b, "currency", cost->currency);
	json_close(b, '}');
}

static void put_window(struct buf *b, const struct choice *x, const struct store_talk *t)
{
	char text[CLOCK_TEXT + 1];

	if (!t)
		return;
	json_key(b, "window");
	json_open(b, '{');
	json_add_str(b, "channel", x->channel);
	clock_format(text, t->inbound);
	json_add_str(b, "opened_at", (struct str){ text, CLOCK_TEXT });
	clock_format(text, t->inbound + KNOWN_WINDOW_MS);
	json_add_str(b, "expires_at", (struct str){ text, CLOCK_TEXT });
	json_close(b, '}');
}

/* True if the conversation is the one between the two addresses. */
static bool derives(const struct choice *x, const struct standing *won)
{
	return !x->event && won->from.p && x->n_to > 0 && !x->conversation.p;
}

/* What the message left open, and is filled now or was by an earlier run of ours. */
static void put_open(struct buf *b, const struct choice *x, const struct standing *won)
{
	json_key(b, "open");
	json_open(b, '[');
	if (!x->carrier.p)
		json_put_str(b, STR("carrier"));
	if (!x->account.p)
		json_put_str(b, STR("account"));
	if (!x->from.p && won->from.p)
		json_put_str(b, STR("from"));
	if (derives(x, won))
		json_put_str(b, STR("conversation"));
	json_close(b, ']');
}

static void put_route(struct buf *b, const struct chooser *c, const struct choice *x)
{
	const struct standing *won = &c->standings[c->ranking[0]];

	json_open(b, '{');
	json_add_str(b, "policy", x->policy->name);
	put_way(b, won);
	put_fallback(b, c, x);
	if (x->reworded)
		json_add_str(b, "text", x->text);
	if (x->short_text) {
		json_add_i64(b, "segments", (int64_t)x->plan.parts);
		json_add_str(b, "encoding", str_c(sms_encoding_name(x->plan.encoding)));
	}
	put_cost(b, &won->cost);
	put_window(b, x, won->window);
	put_open(b, x, won);
}

static struct str quoted(struct arena *a, struct str s)
{
	struct buf b = { .max = LINE_MOST_BYTES };
	struct str text;

	json_put_str(&b, s);
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* As lib/canon derives it for what comes in, so that an answer joins it. */
static struct str conversation(const struct choice *x, struct str from)
{
	struct str *parts = arena_alloc(x->r->arena, (x->n_to + 2) * sizeof(*parts));
	struct id id;

	parts[0] = x->channel;
	parts[1] = from;
	memcpy(parts + 2, x->to, x->n_to * sizeof(*parts));
	qsort(parts + 2, x->n_to, sizeof(*parts), by_text);
	id = id_derive(parts, x->n_to + 2);
	return arena_str(x->r->arena, id_str(&id));
}

/* Later stages, limits among them, go by these members. */
static void fill_open(struct rec *r, const struct choice *x, const struct standing *won)
{
	struct arena *a = r->arena;

	if (!x->carrier.p)
		rec_add(r, "carrier", quoted(a, won->offer->of->name));
	if (!x->account.p)
		rec_add(r, "account", quoted(a, won->offer->account->name));
	if (!x->from.p && won->from.p)
		rec_add(r, "from", arena_fmt(a, "{\"address\":%s}", quoted(a, won->from).p));
	if (derives(x, won))
		rec_add(r, "conversation", quoted(a, conversation(x, won->from)));
}

/* ---- the shadow ---- */

/* What a run of a chooser came to: the one that won, or the fault. */
struct end {
	struct err e;
	struct choice x;
	const struct standing *won; /* NULL: it was refused, or is a push */
};

static void run(struct chooser *c, struct rec *r, struct end *end)
{
	end->e.fault = FAULT_NONE;
	end->won = NULL;
	if (chooser_choose(c, r, &end->x, &end->e) == 0 && !end->x.push)
		end->won = &c->standings[c->ranking[0]];
}

static bool same(const struct end *a, const struct end *b)
{
	if (!a->won || !b->won)
		return !a->won && !b->won && strcmp(a->e.code, b->e.code) == 0;
	return str_eq(a->won->offer->of->name, b->won->offer->of->name) &&
	       str_eq(a->won->offer->account->name, b->won->offer->account->name) &&
	       str_eq(a->won->from, b->won->from);
}

/* The other choice where it is another; its text goes to s->aside. */
static int cast_shadow(struct selector *s, struct rec *r, const struct end *mine, struct err *e)
{
	struct buf *b = &s->aside;
	struct end other;

	buf_reset(b);
	if (!s->shadow)
		return 0;
	run(s->shadow, r, &other);
	if (other.x.push) /* there is nothing to choose */
		return 0;
	if (!other.won && !fault_class(other.e.fault)) {
		*e = other.e;
		return -1;
	}
	if (same(mine, &other))
		return 0;
	json_open(b, '{');
	if (other.won) {
		json_add_str(b, "policy", other.x.policy->name);
		put_way(b, other.won);
		put_cost(b, &other.won->cost);
	} else {
		json_add_str(b, "class", str_c(fault_class(other.e.fault)));
		json_add_str(b, "code", str_c(other.e.code));
	}
	json_close(b, '}');
	return 0;
}

/* ---- both ---- */

static int refuse(struct selector *s, struct rec *r, const struct end *mine, struct err *e)
{
	struct buf *b = &s->text;

	buf_reset(b);
	json_open(b, '{');
	if (s->explain && mine->x.policy && mine->x.n > 0 && mine->x.able == 0)
		explain_losers(b, s->chooser, &mine->x);
	if (s->aside.n > 0)
		json_add_raw(b, "shadow", buf_get(&s->aside));
	json_close(b, '}');
	if (b->n > 2)
		r->report = arena_str(r->arena, buf_get(b));
	*e = mine->e;
	return -1;
}

int selector_apply(struct selector *s, struct rec *r, struct err *e)
{
	struct end mine;

	run(s->chooser, r, &mine);
	if (mine.x.push)
		return 0;
	if (!mine.won && !fault_class(mine.e.fault)) {
		*e = mine.e;
		return -1;
	}
	if (cast_shadow(s, r, &mine, e) < 0)
		return -1;
	if (!mine.won)
		return refuse(s, r, &mine, e);
	buf_reset(&s->text);
	put_route(&s->text, s->chooser, &mine.x);
	if (s->explain)
		explain_choice(&s->text, s->chooser, &mine.x);
	if (s->aside.n > 0)
		json_add_raw(&s->text, "shadow", buf_get(&s->aside));
	json_close(&s->text, '}');
	fill_open(r, &mine.x, mine.won);
	rec_add(r, "route", arena_str(r->arena, buf_get(&s->text)));
	return 0;
}
