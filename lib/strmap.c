/* SPDX-License-Identifier: MIT */
#include "strmap.h"

struct strmap_slot {
	struct str key;
	uint64_t hash;
	void *value; /* NULL: free */
};

/* The middle of a long text counts too here: URIs differ there. */
static uint64_t hash(struct str s)
{
	uint64_t h = strmap_hash(s);

	for (size_t i = 8; s.n > 16 && i + 8 < s.n; i += 8)
		h = h * 31 + strmap_hash(str_sub(s, i, 8));
	return h;
}

static struct strmap_slot *find(const struct strmap *m, struct str key, uint64_t h)
{
	size_t i = h & (m->cap - 1);

	while (m->slots[i].value && !(m->slots[i].hash == h && str_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

void *strmap_get(const struct strmap *m, struct str key)
{
	return m->cap ? find(m, key, hash(key))->value : NULL;
}

static void grow(struct strmap *m)
{
	struct strmap old = *m;

	m->cap = m->cap ? m->cap * 2 : 16;
	m->slots = arena_calloc(m->arena, m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*find(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
}

void *strmap_put(struct strmap *m, struct str key, void *value)
{
	uint64_t h = hash(key);
	struct strmap_slot *slot;

	if (m->n * 2 >= m->cap)
		grow(m);
	slot = find(m, key, h);
	if (slot->value)
		return slot->value;
	*slot = (struct strmap_slot){ key, h, value };
	m->n++;
	return NULL;
}
