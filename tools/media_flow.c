/* SPDX-License-Identifier: MIT */
#include "media_flow.h"

#include <stdlib.h>

#include "crypto.h"
#include "diag.h"
#include "hash.h"
#include "map.h"

struct flow {
	struct flow_job *first, *last;
};

struct flows {
	struct map *map;
	uint64_t seed, alone; /* alone: how many had no conversation */
};

struct flows *flows_new(void)
{
	struct flows *l = calloc(1, sizeof(*l));

	if (!l)
		diag_oom();
	l->map = map_new();
	l->seed = hash_seed();
	return l;
}

void flows_free(struct flows *l)
{
	struct flow *flow;

	if (!l)
		return;
	for (size_t i = 0; (flow = map_each(l->map, &i)) != NULL;)
		free(flow);
	map_free(l->map);
	free(l);
}

bool flows_has(const struct flows *l, struct str conversation)
{
	return conversation.n && map_get(l->map, hash_64(conversation, l->seed)) != NULL;
}

static uint64_t key_of(struct flows *l, struct str conversation)
{
	uint64_t key;

	if (conversation.n)
		return hash_64(conversation, l->seed);
	do {
		l->alone++;
		key = hash_64((struct str){ (const char *)&l->alone, sizeof(l->alone) }, l->seed);
	} while (map_get(l->map, key));
	return key;
}

void flows_add(struct flows *l, struct str conversation, struct flow_job *j)
{
	uint64_t key = key_of(l, conversation);
	struct flow *flow = map_get(l->map, key);

	if (!flow) {
		flow = calloc(1, sizeof(*flow));
		if (!flow)
			diag_oom();
		map_set(l->map, key, flow);
	}
	j->key = key;
	j->next = NULL;
	if (flow->first)
		flow->last->next = j;
	else
		flow->first = j;
	flow->last = j;
}

static struct flow_job *take(struct flows *l, struct flow *flow)
{
	struct flow_job *j = flow->first;

	flow->first = j->next;
	if (!flow->first) {
		map_set(l->map, j->key, NULL);
		free(flow);
	}
	return j;
}

struct flow_job *flows_next(struct flows *l, uint64_t key)
{
	struct flow *flow = map_get(l->map, key);

	return flow && flow->first->done ? take(l, flow) : NULL;
}

struct flow_job *flows_any(struct flows *l)
{
	size_t i = 0;
	struct flow *flow = map_each(l->map, &i);

	return flow ? take(l, flow) : NULL;
}
