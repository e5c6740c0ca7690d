/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include <stdlib.h>

#include "diag.h"
#include "map.h"

/*
 * A record that leaves a little late counts from when it was due: if it counted from when it left, each would move all that
 * are behind it, and the rate would never be reached.  What is later than this is lost, so that a process that was stopped
 * does not send in one burst what it missed.
 */
#define LATE (RATES_SECOND / 50)

/* Records that keep their order. */
struct flow {
	uint64_t hash;
	struct held *first, **end;
	struct flow *next; /* behind it at its gate */
};

/* A key that held records use.  Flows that wait for it stand in line; it opens when the first may go. */
struct gate {
	uint64_t hash;
	__int128 pending; /* what the records that wait anywhere will take of it, in nanoseconds */
	size_t records;
	struct flow *first, **end;
	int64_t opens;
	size_t at; /* in the heap, from 1; 0: nobody waits here */
};

struct pace {
	struct rates *rates;
	struct map *flows, *gates;
	struct gate **heap; /* the soonest first; element 0 is not used */
	size_t n, cap;
	size_t count;
};

struct pace *pace_new(struct rates *t)
{
	struct pace *p = calloc(1, sizeof(*p));

	if (!p)
		diag_oom();
	p->rates = t;
	p->flows = map_new();
	p->gates = map_new();
	return p;
}

void pace_free(struct pace *p)
{
	void *each;

	if (!p)
		return;
	for (size_t i = 0; (each = map_each(p->flows, &i)) != NULL;)
		free(each);
	for (size_t i = 0; (each = map_each(p->gates, &i)) != NULL;)
		free(each);
	map_free(p->flows);
	map_free(p->gates);
	free(p->heap);
	free(p);
}

/* ---- the heap of gates ---- */

static void place(struct pace *p, size_t at, struct gate *g)
{
	p->heap[at] = g;
	g->at = at;
}

/* Move ${g}, which may be too late or too early for its place, to where it belongs. */
static void sift(struct pace *p, struct gate *g)
{
	size_t at = g->at, child;

	for (; at > 1 && p->heap[at / 2]->opens > g->opens; at /= 2)
		place(p, at, p->heap[at / 2]);
	for (; (child = at * 2) <= p->n; at = child) {
		if (child < p->n && p->heap[child + 1]->opens < p->heap[child]->opens)
			child++;
		if (p->heap[child]->opens >= g->opens)
			break;
		place(p, at, p->heap[child]);
	}
	place(p, at, g);
}

static void heap_add(struct pace *p, struct gate *g)
{
	if (p->n + 2 > p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->heap = reallocarray(p->heap, p->cap, sizeof(struct gate *));
		if (!p->heap)
			diag_oom();
	}
	place(p, ++p->n, g);
	sift(p, g);
}

static void heap_cut(struct pace *p, struct gate *g)
{
	struct gate *last = p->heap[p->n--];
	size_t at = g->at;

	g->at = 0;
	if (last == g)
		return;
	place(p, at, last);
	sift(p, last);
}

/* ---- flows and gates ---- */

static __int128 cost(const struct rates_key *k)
{
	return (__int128)k->rate.interval * k->units;
}

static void count_in(struct pace *p, const struct held *h)
{
	p->count++;
	for (unsigned i = 0; i < h->n; i++) {
		struct gate *g = map_get(p->gates, h->keys[i].hash);

		if (!g) {
			g = calloc(1, sizeof(*g));
			if (!g)
				diag_oom();
			g->hash = h->keys[i].hash;
			g->end = &g->first;
			map_set(p->gates, g->hash, g);
		}
		g->pending += cost(&h->keys[i]);
		g->records++;
	}
}

static void count_out(struct pace *p, const struct held *h)
{
	p->count--;
	for (unsigned i = 0; i < h->n; i++) {
		struct gate *g = map_get(p->gates, h->keys[i].hash);

		g->pending -= cost(&h->keys[i]);
		if (--g->records > 0)
			continue;
		map_set(p->gates, g->hash, NULL);
		free(g);
	}
}

/* When the first flow at ${g} may go, as far as this key is concerned. */
static void reckon(struct pace *p, struct gate *g, int64_t now)
{
	const struct held *h = g->first ? g->first->first : NULL;

	if (!h) {
		if (g->at)
			heap_cut(p, g);
		return;
	}
	for (unsigned i = 0; i < h->n; i++)
		if (h->keys[i].hash == g->hash)
			g->opens = rates_when(p->rates, &h->keys[i], 1, now, NULL);
	if (g->at)
		sift(p, g);
	else
		heap_add(p, g);
}

/* ${f} waits for the key ${slowest} of its first record: at the end of the line there. */
static void stand(struct pace *p, struct flow *f, unsigned slowest, int64_t now)
{
	struct gate *g = map_get(p->gates, f->first->keys[slowest].hash);

	f->first->slowest = slowest;
	f->next = NULL;
	*g->end = f;
	g->end = &f->next;
	if (g->first == f)
		reckon(p, g, now);
}

/* ${f} waits for the key that holds its first record longest. */
static void line_up(struct pace *p, struct flow *f, int64_t now)
{
	unsigned slowest = 0;

	rates_when(p->rates, f->first->keys, f->first->n, now, &slowest);
	stand(p, f, slowest, now);
}

bool pace_waits(const struct pace *p, uint64_t flow)
{
	return p->count > 0 && map_get(p->flows, flow) != NULL;
}

/* Somebody stands in line for a key of ${h}, or is of its flow: it must not overtake them. */
static bool has_line(const struct pace *p, const struct held *h)
{
	if (p->count == 0)
		return false;
	if (pace_waits(p, h->flow))
		return true;
	for (unsigned i = 0; i < h->n; i++) {
		const struct gate *g = map_get(p->gates, h->keys[i].hash);

		if (g && g->first)
			return true;
	}
	return false;
}

int64_t pace_pass(struct pace *p, struct held *h, int64_t now)
{
	int64_t last = now + 1, t;

	h->slowest = 0;
	h->went = now;
	if (!has_line(p, h) && rates_take(p->rates, h->keys, h->n, now, &h->slowest) == now)
		return now;
	for (unsigned i = 0; i < h->n; i++) {
		const struct gate *g = map_get(p->gates, h->keys[i].hash);

		t = rates_when(p->rates, &h->keys[i], 1, now, NULL);
		if (g)
			t = g->pending < INT64_MAX - t ? t + (int64_t)g->pending : INT64_MAX;
		if (t > last) {
			last = t;
			h->slowest = i;
		}
	}
	return last;
}

void pace_hold(struct pace *p, struct held *h, int64_t now)
{
	struct flow *f = map_get(p->flows, h->flow);

	h->next = NULL;
	count_in(p, h);
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			diag_oom();
		f->hash = h->flow;
		f->end = &f->first;
		map_set(p->flows, f->hash, f);
	}
	*f->end = h;
	f->end = &h->next;
	if (f->first == h)
		line_up(p, f, now);
}

/* The flow in front of ${g} leaves the line. */
static struct flow *step_up(struct gate *g)
{
	struct flow *f = g->first;

	g->first = f->next;
	if (!g->first)
		g->end = &g->first;
	return f;
}

/* The first record of ${f} may go: the next one of its flow gets in line. */
static struct held *release(struct pace *p, struct flow *f, int64_t now)
{
	struct held *h = f->first;

	f->first = h->next;
	if (f->first) {
		line_up(p, f, now);
	} else {
		map_set(p->flows, f->hash, NULL);
		free(f);
	}
	return h;
}

/*
 * Take the units of ${h}, whose time was ${opens}.  Return the instant at which they were taken, or the one to ask
 * again, after ${now}.
 */
static int64_t take(struct pace *p, const struct held *h, int64_t opens, int64_t now, unsigned *slowest)
{
	int64_t at = opens > now - LATE ? opens : now - LATE, t;

	while ((t = rates_take(p->rates, h->keys, h->n, at, slowest)) > at && t <= now)
		at = t;
	return t;
}

struct held *pace_due(struct pace *p, int64_t now)
{
	while (p->n > 0 && p->heap[1]->opens <= now) {
		struct gate *g = p->heap[1];
		struct flow *f = g->first;
		struct held *h = f->first;
		unsigned slowest = 0;
		int64_t at = take(p, h, g->opens, now, &slowest);

		if (at <= now) {
			h->went = at;
			step_up(g);
			release(p, f, at);
			reckon(p, g, at);
			count_out(p, h);
			return h;
		}
		/* Another key holds it now, or another process took the turn. */
		if (h->keys[slowest].hash != g->hash) {
			step_up(g);
			stand(p, f, slowest, now);
		}
		reckon(p, g, now);
	}
	return NULL;
}

void pace_set_back(struct pace *p, int64_t now)
{
	struct gate *g;

	for (size_t i = 0; (g = map_each(p->gates, &i)) != NULL;)
		if (g->at)
			reckon(p, g, now);
}

struct held *pace_any(struct pace *p)
{
	struct gate *g = p->n > 0 ? p->heap[1] : NULL;
	struct held *h;

	if (!g)
		return NULL;
	h = release(p, step_up(g), g->opens);
	reckon(p, g, g->opens);
	count_out(p, h);
	return h;
}

int64_t pace_next(const struct pace *p)
{
	return p->n > 0 ? p->heap[1]->opens : INT64_MAX;
}

size_t pace_count(const struct pace *p)
{
	return p->count;
}
