/* SPDX-License-Identifier: MIT */
/* Errands: made of records, one after the other in each conversation. */
#include <stdlib.h>

#include "deliver.h"
#include "diag.h"
#include "hash.h"

enum { IDLE_MAX = 1024 }; /* errands that are kept for reuse, each with its memory */

bool errand_fleeting(const struct errand *j)
{
	return str_eq(rec_str(&j->rec, "event"), STR("typing"));
}

/* What must keep its order: the conversation, else all that goes from one address to another. */
static uint64_t flow_of(const struct deliver *d, const struct errand *j)
{
	struct str conversation = rec_str(&j->rec, "conversation");
	uint64_t sum;

	if (conversation.n > 0)
		return hash_64(conversation, d->seed);
	sum = hash_64(j->s.over[0].from, d->seed);
	for (size_t i = 0; i < j->s.n_to; i++)
		sum = sum * 31 + hash_64(j->s.to[i], d->seed);
	return sum;
}

static struct errand *blank(struct deliver *d)
{
	struct errand *j = errands_take(&d->idle);
	struct arena *arena;

	if (!j) {
		j = calloc(1, sizeof(*j));
		if (!j)
			diag_oom();
		j->arena = arena_new();
	}
	arena = j->arena;
	*j = (struct errand){ .arena = arena };
	j->end = &j->notes;
	return j;
}

static void keep(struct deliver *d, struct errand *j)
{
	arena_reset(j->arena);
	if (d->idle.n < IDLE_MAX) {
		errands_push(&d->idle, j); /* it is still in the processor's cache */
		return;
	}
	arena_free(j->arena);
	free(j);
}

static int read_record(struct deliver *d, struct errand *j, const struct rec *r, struct err *e)
{
	struct str line;

	buf_reset(&d->text);
	rec_write(&d->text, r);
	line = arena_str(j->arena, buf_get(&d->text));
	if (rec_parse(&j->rec, line, j->arena, e) < 0)
		return -1;
	j->bytes = line.n;
	j->rec.file = "-";
	j->rec.lineno = r->lineno;
	return outgoing_read(&j->s, &j->rec, d->carriers, e);
}

int errand_new(struct deliver *d, const struct rec *r, struct err *e)
{
	struct errand *j = blank(d), *first;

	if (read_record(d, j, r, e) < 0) {
		keep(d, j);
		return -1;
	}
	j->parts = 1;
	j->flow = flow_of(d, j);
	d->n_errands++;
	d->bytes += j->bytes;
	first = map_get(d->flows, j->flow);
	if (!first) {
		map_set(d->flows, j->flow, j);
		errands_add(&d->fresh, j);
		return 0;
	}
	/* Behind the last: the first knows it, so that a long row is not walked through. */
	if (first->behind)
		first->row_end->behind = j;
	else
		first->behind = j;
	first->row_end = j;
	return 0;
}

void errand_free(struct deliver *d, struct errand *j)
{
	struct errand *next = j->behind;

	map_set(d->flows, j->flow, next);
	if (next) {
		next->row_end = j->row_end;
		errands_add(&d->fresh, next);
	}
	d->n_errands--;
	d->bytes -= j->bytes;
	keep(d, j);
}

void errand_free_all(struct deliver *d)
{
	struct errand *j;

	/* Only after a fault is anything left in the flows. */
	for (size_t i = 0; d->flows && (j = map_each(d->flows, &i)) != NULL;)
		for (struct errand *next; j; j = next) {
			next = j->behind;
			errands_add(&d->idle, j);
		}
	while ((j = errands_take(&d->idle)) != NULL) {
		arena_free(j->arena);
		free(j);
	}
}
