/* SPDX-License-Identifier: MIT */
#include "map.h"

#include <stdlib.h>

#include "diag.h"

struct place {
	uint64_t key;
	void *p; /* NULL: free */
};

struct map {
	struct place *places;
	size_t n, used; /* n is a power of two, at least a quarter of it free */
};

static struct place *places(size_t n)
{
	struct place *p = calloc(n, sizeof(*p));

	if (!p)
		diag_oom();
	return p;
}

struct map *map_new(void)
{
	struct map *m = malloc(sizeof(*m));

	if (!m)
		diag_oom();
	*m = (struct map){ .places = places(64), .n = 64 };
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	free(m->places);
	free(m);
}

/* Where ${key} stands, or would. */
static size_t find(const struct map *m, uint64_t key)
{
	size_t i = key & (m->n - 1);

	while (m->places[i].p && m->places[i].key != key)
		i = (i + 1) & (m->n - 1);
	return i;
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->places[find(m, key)].p;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->n *= 2;
	m->places = places(m->n);
	for (size_t i = 0; i < old.n; i++)
		if (old.places[i].p)
			m->places[find(m, old.places[i].key)] = old.places[i];
	free(old.places);
}

/* Free the place ${i}, and move up what stands behind it only because it was taken. */
static void take_out(struct map *m, size_t i)
{
	size_t hole = i;

	for (size_t k = (i + 1) & (m->n - 1); m->places[k].p; k = (k + 1) & (m->n - 1)) {
		size_t home = m->places[k].key & (m->n - 1);

		/* It may move into the hole unless its home lies behind it. */
		if (((k - home) & (m->n - 1)) >= ((k - hole) & (m->n - 1))) {
			m->places[hole] = m->places[k];
			hole = k;
		}
	}
	m->places[hole].p = NULL;
	m->used--;
}

void map_set(struct map *m, uint64_t key, void *p)
{
	size_t i = find(m, key);

	if (!p) {
		if (m->places[i].p)
			take_out(m, i);
		return;
	}
	if (!m->places[i].p) {
		m->used++;
		if (m->used > m->n / 4 * 3) {
			grow(m);
			i = find(m, key);
		}
	}
	m->places[i] = (struct place){ key, p };
}

size_t map_count(const struct map *m)
{
	return m->used;
}

void *map_each(const struct map *m, size_t *i)
{
	while (*i < m->n)
		if (m->places[(*i)++].p)
			return m->places[*i - 1].p;
	return NULL;
}
