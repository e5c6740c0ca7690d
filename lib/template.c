/* SPDX-License-Identifier: MIT */
#include "template.h"

struct step {
	const char *name; /* of a member, also where it is a number */
	size_t index;     /* of an element; SIZE_MAX if the name is no number */
	const struct step *next;
};

struct piece {
	struct str text;         /* what stands before the place */
	const struct step *path; /* NULL: the end of the template */
	const struct piece *next;
};

struct template
{
	const struct piece *first;
};

static int bad(struct str text, size_t at, const char *what, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "\"%.*s\": %s at character %zu", STR_FMT(text),
		       what, at + 1);
}

/* The way in ${s}, as "to.0.address". */
static const struct step *read_path(struct str s, struct arena *a)
{
	struct step *step = arena_calloc(a, 1, sizeof(*step));
	size_t dot = str_find(s, '.');
	struct str name = str_sub(s, 0, dot);
	uint64_t index;

	step->name = arena_cstr(a, name);
	step->index = name.n < 10 && str_u64(name, &index) == 0 ? (size_t)index : SIZE_MAX;
	if (name.n == 0)
		return NULL;
	if (dot < s.n) {
		step->next = read_path(str_sub(s, dot + 1, s.n), a);
		if (!step->next)
			return NULL;
	}
	return step;
}

struct template *template_read(struct str text, struct arena *a, struct err *e)
{
	struct template *t = arena_calloc(a, 1, sizeof(*t));
	const struct piece **link = &t->first;
	struct buf plain = { .max = SIZE_MAX };
	size_t i = 0;

	if (text.n > TEMPLATE_MAX_BYTES) {
		err_set(e, FAULT_CONFIG, "config", "a template of %zu characters is longer than %zu",
			text.n, TEMPLATE_MAX_BYTES);
		return NULL;
	}
	for (;;) {
		struct piece *piece = arena_calloc(a, 1, sizeof(*piece));
		size_t close;

		for (; i < text.n; i++) {
			char c = text.p[i];

			if ((c == '{' || c == '}') && i + 1 < text.n && text.p[i + 1] == c)
				i++;
			else if (c == '{' || c == '}')
				break;
			buf_char(&plain, c);
		}
		piece->text = arena_str(a, buf_get(&plain));
		buf_reset(&plain);
		*link = piece;
		link = &piece->next;
		if (i == text.n)
			break;
		close = text.p[i] == '{' ? str_find(str_sub(text, i, text.n), '}') + i : text.n;
		piece->path = close < text.n ? read_path(str_sub(text, i + 1, close - i - 1), a) : NULL;
		if (!piece->path) {
			bad(text, i,
			    close < text.n ? "no way to a member" : "a brace without its other half", e);
			t = NULL;
			break;
		}
		i = close + 1;
	}
	buf_free(&plain);
	return t;
}

static const struct json *follow(const struct step *path, const struct rec *r)
{
	const struct json *v = rec_get(r, path->name);

	for (const struct step *s = path->next; s && v; s = s->next)
		v = json_is(v, JSON_ARRAY) ? (s->index == SIZE_MAX ? NULL : json_at(v, s->index)) :
					     json_get(v, s->name);
	return v;
}

bool template_put(const struct template *t, const struct rec *r, struct buf *b)
{
	size_t start = b->n;

	for (const struct piece *p = t->first; p; p = p->next) {
		const struct json *v;
		struct str text;

		buf_str(b, p->text);
		if (!p->path)
			break;
		v = follow(p->path, r);
		text = json_is(v, JSON_BOOL) ? (json_true(v) ? STR("true") : STR("false")) :
					       json_text(v);
		if (!text.p) {
			b->n = start;
			return false;
		}
		buf_str(b, text);
	}
	return true;
}
