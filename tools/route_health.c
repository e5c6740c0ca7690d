/* SPDX-License-Identifier: MIT */
#include "route_health.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "route_watch.h"

enum { FILE_MAX = 16 << 20, LATENCIES = 16 };

struct health {
	const struct offers *offers;
	struct watch watch;
	struct arena *arena;
	struct state {
		int64_t at; /* 0: nothing is known */
		double success, latency;
	} * slots;
};

struct health *health_new(const struct conf *conf, const struct offers *offers)
{
	struct health *h = calloc(1, sizeof(*h));
	struct str path = json_get_str(conf->root, "health");

	if (h)
		h->slots = calloc(offers->n_slots + 1, sizeof(*h->slots));
	if (!h || !h->slots)
		diag_oom();
	h->offers = offers;
	h->arena = arena_new();
	h->watch.path = path.p ? arena_cstr(conf->arena, path) : NULL;
	return h;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	arena_free(h->arena);
	free(h->slots);
	free(h);
}

/* What ${v} says goes to each account that it names, or to all of the carrier. */
static void take(struct health *h, const struct json *v)
{
	struct str carrier = json_get_str(v, "carrier"), account = json_get_str(v, "account");
	const struct carrier_conf *of;
	struct state s;
	unsigned slot = 0;

	if (clock_parse(json_get_str(v, "at"), &s.at) < 0 ||
	    json_double(json_get(v, "success"), &s.success) < 0 ||
	    json_double(json_get(v, "latency"), &s.latency) < 0)
		return;
	for (size_t k = 0; (of = carriers_at(h->offers->carriers, k)) != NULL; k++)
		for (size_t i = 0; i < of->accounts.n; i++, slot++) {
			const struct account *a = &of->accounts.list[i];

			if (str_eq(of->name, carrier) &&
			    (!account.p || str_eq(a->name, account) || str_eq(a->id, account)))
				h->slots[slot] = s;
		}
}

int health_look(struct health *h, int64_t now, struct err *e)
{
	struct str text;
	int news;

	if (!h->watch.path)
		return 0;
	news = watch_look(&h->watch, now, FILE_MAX, h->arena, &text, e);
	if (news == WATCH_OTHER)
		memset(h->slots, 0, (h->offers->n_slots + 1) * sizeof(*h->slots));
	while (news > WATCH_SAME && text.n > 0) {
		size_t n = str_find(text, '\n');
		struct err why; /* a line that is none says nothing: who writes the file would have said it */

		take(h, json_parse(str_sub(text, 0, n), h->arena, &why));
		text = str_sub(text, n + 1, text.n);
	}
	arena_reset(h->arena);
	return news < 0 ? -1 : 0;
}

struct condition health_of(const struct health *h, unsigned slot, int64_t now)
{
	const struct state *s = &h->slots[slot];

	if (s->at == 0 || now - s->at > HEALTH_FRESH_MS)
		return (struct condition){ .known = false };
	return (struct condition){ true, s->success, s->latency };
}

unsigned health_band(const struct condition *c)
{
	unsigned success, latency = 0;

	if (!c->known)
		return HEALTH_BEST;
	success = c->success >= 0.98 ? 0 : c->success >= 0.9 ? 1 : c->success >= 0.5 ? 2 : 3;
	for (double ms = 250; c->latency >= ms && latency < LATENCIES - 1; ms *= 2)
		latency++;
	return success * LATENCIES + latency;
}
