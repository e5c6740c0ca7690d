/* SPDX-License-Identifier: MIT */
/*
 * What a player has not looked at itself: whether all members of a body are of their types, and there, as the models
 * of carriers/ have them.  What the models do not have at all carriers pass over.
 */
#include "diag.h"
#include "model.h"
#include "sandbox_box.h"

/* The path ${pointer} as carriers write it: "channelList.0.content". */
static struct str dotted(struct arena *a, struct str pointer)
{
	char *p = arena_alloc(a, pointer.n + 1);

	for (size_t i = 0; i < pointer.n; i++)
		p[i] = pointer.p[i] == '/' ? '.' : pointer.p[i];
	p[pointer.n] = '\0';
	return str_sub((struct str){ p, pointer.n }, 1, pointer.n);
}

static bool listed(struct str member, const char *const *list)
{
	for (; list && *list; list++)
		if (str_eq(member, str_c(*list)))
			return true;
	return false;
}

/* True for what the carrier lets pass though the model does not. */
static bool passes(const struct visit *v, const struct schema_unit *u)
{
	struct str rest = str_sub(u->instance, 1, u->instance.n);

	return str_suffix(u->keyword, STR("/additionalProperties")) ||
	       listed(str_sub(rest, 0, str_find(rest, '/')), v->looked_at);
}

static const struct schema *model_for(struct box *b, const char *name, struct arena *a)
{
	const struct schema *s = NULL;
	struct err e;

	if (!b->shapes) {
		b->shapes = schema_set_new(0);
		if (model_add_all(b->shapes, &e) < 0)
			goto out;
	}
	s = schema_set_get(b->shapes, arena_fmt(a, "omni:%s", name), &e);
out:
	if (!s)
		diag_warn("%s: %s", name, e.text);
	return s;
}

void shape_check(struct visit *v)
{
	const struct schema *s;
	struct schema_report report;

	if (!v->model || !v->json || v->status >= 300)
		return;
	s = model_for(v->box, v->model, v->arena);
	if (!s || schema_valid(s, v->json, v->arena))
		return;
	report = schema_explain(s, v->json, v->arena);
	for (size_t i = 0; i < report.n; i++)
		if (!passes(v, &report.units[i])) {
			buf_reset(v->body);
			v->player->misshapen(v, dotted(v->arena, report.units[i].instance),
					     report.units[i].text);
			return;
		}
}

void shape_close(struct box *b)
{
	schema_set_free(b->shapes);
	b->shapes = NULL;
}
