/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include "clock.h"
#include "id.h"

/* Times that are ours; what a carrier said stays as it is, inside the webhook and everywhere else. */
static const char *const times[] = { "at", "retry_at" };

static struct str quoted(struct arena *a, struct str text)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	json_put_str(&b, text);
	s = arena_str(a, buf_get(&b));
	buf_free(&b);
	return s;
}

static void shift(const struct make *m, const struct rec *r, struct rec *out)
{
	for (size_t i = 0; i < LEN(times); i++) {
		struct str text = rec_str(r, times[i]);
		int64_t ms;

		if (text.n > 0 && clock_parse(text, &ms) == 0)
			rec_add(out, times[i], quoted(r->arena, clock_text(r->arena, ms + m->by)));
	}
}

static void mark(const struct make *m, struct str of, struct rec *out)
{
	struct buf b = { .max = SIZE_MAX };

	json_open(&b, '{');
	json_add_str(&b, "at", clock_text(out->arena, clock_now()));
	json_add_str(&b, "run", m->run);
	if (m->new_ids)
		json_opt_str(&b, "of", of);
	json_close(&b, '}');
	rec_add(out, "replay", arena_str(out->arena, buf_get(&b)));
	buf_free(&b);
}

void make_rec(const struct make *m, const struct rec *r, struct rec *out)
{
	struct str of = rec_str(r, "id");

	*out = *r;
	if (m->shift)
		shift(m, r, out);
	if (m->new_ids && of.n > 0) {
		struct str parts[3] = { STR("replay"), m->run, of };
		struct id id = id_derive(parts, LEN(parts));

		rec_add(out, "id", quoted(r->arena, id_str(&id)));
	}
	if (m->mark)
		mark(m, of, out);
}
