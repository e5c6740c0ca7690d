/* SPDX-License-Identifier: MIT */
#include "push_engine.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "push_list.h"
#include "strmap.h"

static struct push_parcel *parcel_new(struct push_engine *g)
{
	struct push_parcel *p = g->parcels;
	struct arena *arena;

	if (p) {
		g->parcels = p->next;
		arena = p->arena;
	} else {
		p = malloc(sizeof(*p));
		if (!p)
			diag_oom();
		arena = arena_new();
	}
	*p = (struct push_parcel){ .arena = arena };
	return p;
}

static void parcel_back(struct push_engine *g, struct push_parcel *p)
{
	arena_reset(p->arena);
	p->next = g->parcels;
	g->parcels = p;
}

/* A copy of ${r}, which lives as long as the parcel. */
static void keep(struct push_parcel *p, const struct rec *r)
{
	struct buf b = { .max = SIZE_MAX };
	struct rec origin = { .arena = p->arena, .file = r->file, .lineno = r->lineno };

	if (r->n_added == 0) {
		rec_made(&p->rec, &origin, arena_str(p->arena, r->line));
		return;
	}
	rec_write(&b, r);
	rec_made(&p->rec, &origin, arena_str(p->arena, buf_get(&b)));
	buf_free(&b);
}

/* What is sent to one device keeps its order: ${s} goes now, or behind what is under way. */
static void line_up(struct push_engine *g, struct push_shot *s)
{
	struct push_shot **place, *head;

	s->hash = strmap_hash(s->device.token);
	place = &g->devices[s->hash % PUSH_DEVICE_PLACES];
	for (head = *place; head; head = head->same)
		if (head->hash == s->hash && head->device.platform == s->device.platform)
			break; /* another device with this hash only waits a little */
	if (!head) {
		s->same = *place;
		*place = s;
		s->tail = s;
		push_queue(g, s, false);
		return;
	}
	head->tail->behind = s;
	head->tail = s;
}

/* One after the other: what is told of a shot may release the next, and so on without end. */
static void release(struct push_engine *g, struct push_shot *s)
{
	if (g->released)
		g->released_end->next = s;
	else
		g->released = s;
	g->released_end = s;
	if (g->releasing)
		return;
	g->releasing = true;
	while ((s = g->released) != NULL) {
		g->released = s->next;
		s->next = NULL;
		push_queue(g, s, false);
	}
	g->releasing = false;
}

void push_done(struct push_engine *g, struct push_shot *s)
{
	struct push_shot **place = &g->devices[s->hash % PUSH_DEVICE_PLACES], *next = s->behind;
	struct push_parcel *p = s->parcel;

	g->held--;
	if (s->tail) { /* it was the first of its device */
		while (*place != s)
			place = &(*place)->same;
		*place = s->same;
	}
	if (next) {
		next->tail = s->tail;
		next->same = *place;
		*place = next;
	}
	if (--p->left == 0)
		parcel_back(g, p);
	if (next)
		release(g, next);
}

static void shoot(struct push_engine *g, struct push_shot *s, const struct push_aim *aim)
{
	struct err e;

	g->held++;
	s->entered = clock_mono();
	if (push_list_device(&s->device, aim, &s->parcel->rec, &e) < 0 ||
	    (s->account = push_account_for(g->accounts, &s->device, &e)) == NULL) {
		push_failed(g, s, &e, false);
		return;
	}
	s->sender = push_sender_for(g, s);
	line_up(g, s);
}

int push_engine_take(struct push_engine *g, const struct rec *r, struct out *o, struct err *e)
{
	struct push_parcel *p = parcel_new(g);
	struct push_list list;
	struct push_shot *shots;

	keep(p, r);
	if (push_list_read(&list, &p->rec, g->store, e) < 0 ||
	    push_note_read(&p->note, &p->rec, clock_now(), e) < 0) {
		parcel_back(g, p);
		return -1;
	}
	g->out = o;
	p->n = (unsigned)list.n;
	p->left = p->n + 1; /* one for us: it must last until all have been looked at */
	shots = arena_calloc(p->arena, p->n, sizeof(*shots));
	for (unsigned i = 0; i < list.n; i++) {
		shots[i] = (struct push_shot){ .parcel = p, .index = i };
		shoot(g, &shots[i], &list.aims[i]);
	}
	if (--p->left == 0)
		parcel_back(g, p);
	return 0;
}
