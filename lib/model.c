/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "near.h"

const struct model *model_find(struct str name)
{
	for (size_t i = 0; i < models_n; i++)
		if (str_eq(str_c(models[i].name), name) || str_eq(str_c(models[i].id), name))
			return &models[i];
	return NULL;
}

const struct model *model_nearest(struct str name)
{
	const struct model *nearest = NULL;
	size_t best = NEAR_MAX;

	for (size_t i = 0; i < models_n; i++) {
		size_t d = near_distance(name, str_c(models[i].name), best);

		if (d < best) {
			best = d;
			nearest = &models[i];
		}
	}
	return nearest;
}

const struct model *model_of(struct str kind, struct str carrier)
{
	const struct model *any = NULL;

	for (size_t i = 0; i < models_n; i++) {
		const struct model *m = &models[i];

		if (!m->kind || !str_eq(str_c(m->kind), kind))
			continue;
		if (m->carrier && str_eq(str_c(m->carrier), carrier))
			return m;
		if (!m->carrier)
			any = m;
	}
	return any;
}

/* ---- as documents ---- */

struct parsed {
	struct arena *arena;
	const struct json *roots[]; /* NULL until one is asked for */
};

static const struct json *get(void *ctx, struct str path)
{
	struct parsed *p = ctx;
	struct err e;

	for (size_t i = 0; i < models_n; i++) {
		if (!str_eq(str_c(models[i].id + strlen(MODEL_BASE)), path))
			continue;
		if (!p->roots[i])
			p->roots[i] = json_parse(models[i].text, p->arena, &e);
		return p->roots[i];
	}
	return NULL;
}

void model_docs(struct place_docs *docs, struct arena *arena)
{
	struct parsed *p = arena_calloc(arena, 1, sizeof(*p) + models_n * sizeof(p->roots[0]));

	p->arena = arena;
	*docs = (struct place_docs){ get, p, arena };
}

struct place model_place(const struct place_docs *docs, const struct model *m)
{
	return place_at(docs, str_c(m->id + strlen(MODEL_BASE)));
}
