/* SPDX-License-Identifier: MIT */
#include "store_image.h"

/* The members of the state but for the content, which goes where the message had it. */
static void add_state(struct buf *b, const struct json *state)
{
	struct json_iter it = json_iter(state);

	while (json_next(&it))
		if (!str_eq(it.key, STR("content"))) {
			json_key_str(b, it.key);
			json_put_value(b, it.value);
		}
}

void image_message(struct buf *b, struct str line, struct str state, struct str about, struct arena *a)
{
	struct rec parent = { .arena = a }, r;
	struct buf store = { .max = SIZE_MAX };
	struct err e;
	const struct json *v = state.n ? json_parse(state, a, &e) : NULL;
	struct json_iter content = json_iter(json_get(v, "content"));

	rec_made(&r, &parent, line);
	while (json_next(&content))
		rec_add(&r, arena_cstr(a, content.key), json_compact(a, content.value));
	json_open(&store, '{');
	buf_str(&store, about);
	add_state(&store, v);
	json_close(&store, '}');
	rec_add(&r, "store", buf_get(&store));
	rec_write(b, &r);
	buf_free(&store);
}
